"""What of a live representation is not as it shall be (pure). Only what is wanted is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SECRET = frozenset({"secret", "clientSecret"})
HIDDEN = "（秘密）"


def differences(wanted: Any, live: Any, where: str = "") -> Iterator[str]:
    """One line for each value that is not as wanted: its path, what it is and what it shall be; never a secret."""
    if isinstance(wanted, Mapping):
        found = live if isinstance(live, Mapping) else {}
        for name, value in wanted.items():
            yield from differences(value, found.get(name), f"{where}.{name}" if where else name)
    elif _named(wanted):
        yield from _by_name(wanted, live if isinstance(live, list) else [], where)
    elif not same(wanted, live):
        if where.rpartition(".")[2] in SECRET:
            live = wanted = HIDDEN
        yield f"{where}: {_short(live)} → {_short(wanted)}"


def same(wanted: Any, live: Any) -> bool:
    """Whether a value is as wanted: lists without their order, and what is absent is false or empty."""
    if isinstance(wanted, list):
        return sorted(map(str, wanted)) == sorted(map(str, live or []))
    if live is None:
        return wanted in (None, False, "", "false")
    return bool(wanted == live)


def _named(wanted: Any) -> bool:
    return (
        isinstance(wanted, list) and bool(wanted) and all(isinstance(x, dict) and "name" in x for x in wanted)
    )


def _by_name(wanted: Sequence[Mapping[str, Any]], live: Sequence[Any], where: str) -> Iterator[str]:
    found = {str(each["name"]): each for each in live if isinstance(each, Mapping)}
    for each in wanted:
        name = each["name"]
        if name in found:
            yield from differences(each, found[name], f"{where}[{name}]")
        else:
            yield f"{where}[{name}]: ない → ある"
    for odd in sorted(set(found) - {each["name"] for each in wanted}):
        yield f"{where}[{odd}]: ある → ない"


def _short(value: Any) -> str:
    text = "ない" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
