"""Waiting for something to become true: the only place in the tests that sleeps (docs/flake-patterns.md)."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    condition: Callable[[], T | Awaitable[T]], *, within: float = 10.0, every: float = 0.01
) -> T:
    """The first truthy value of ``condition``; fails with its last value after ``within`` seconds."""
    deadline = time.monotonic() + within
    while True:
        outcome = condition()
        value: T = await outcome if inspect.isawaitable(outcome) else outcome
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {within} s; the last value was {value!r}"
        await asyncio.sleep(every)
