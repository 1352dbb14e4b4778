"""Waiting for something to become true: the only place in the tests that sleeps (docs/flake-patterns.md)."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def eventually(condition: Callable[[], Any], *, within: float = 10.0, every: float = 0.01) -> Any:
    """The first truthy value of ``condition`` (a function, plain or async).

    Fails with its last value after ``within`` seconds.
    """
    deadline = time.monotonic() + within
    while True:
        outcome = condition()
        value = await outcome if inspect.isawaitable(outcome) else outcome
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {within} s; the last value was {value!r}"
        await asyncio.sleep(every)


async def for_a_while(seconds: float) -> None:
    """Let ``seconds`` pass. Only for those whose matter is time itself, such as a nemesis between two kills."""
    await asyncio.sleep(seconds)
