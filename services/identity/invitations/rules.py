"""What a code on paper looks like, how it is read, when it holds (pure).

Nineteen characters that nobody mistakes for one another on paper, and no vowels, so that no word comes about. Nineteen
is a prime: with the place as its weight, the last character tells any one wrong character and any two that have changed
places, so a slip of the finger is told at once and is no attempt at anybody's code.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

ALPHABET: Final = "34679CDFHJKMNPRTWXY"
LENGTH: Final = 16
GROUP: Final = 4

SETTING: Final = "invitation"
"""Name of the board's dated setting (registry.setting): ``{"days": 30}``."""
DAYS: Final = 30
MOST_DAYS: Final = 180

WINDOW: Final = timedelta(minutes=10)
WRONG_FROM_ONE: Final = 20
"""Wrong codes from one address in one window; a school's hall with its parents has one address."""
WRONG_IN_ALL: Final = 1_000
"""Wrong codes altogether in one window. With 19 to the 15th codes, a month of it against 100,000 sheets that hold
finds one with a chance of about one in ten million."""

_PLACE = {character: value for value, character in enumerate(ALPHABET)}
_JOINERS = frozenset("-‐‑‒–—―−ー－ｰ_・.,、。/")
"""What stands between groups, or comes from a Japanese keyboard in its place."""

Fault = Literal["empty", "strange", "length", "slip"]


class Unreadable(Exception):
    """What was typed is no code at all: nothing was looked up."""

    def __init__(self, fault: Fault, strange: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.strange = strange
        """Characters that no code has, in the order they stand."""


def _check(body: str) -> str:
    # Weights 1…16 are different and none is 0 modulo 19; the sum with the last character is 0.
    total = sum(weight * _PLACE[character] for weight, character in enumerate(body, 1))
    return ALPHABET[-total * pow(LENGTH, -1, len(ALPHABET)) % len(ALPHABET)]


def make(choose: Callable[[str], str] = secrets.choice) -> str:
    """A new code: 15 characters by chance (63 bits) and the one that tells slips."""
    body = "".join(choose(ALPHABET) for _ in range(LENGTH - 1))
    return body + _check(body)


def groups(code: str) -> str:
    """As it is printed: ``3C4D-67FH-9JKM-NPRT``."""
    return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def read(typed: str) -> str:
    """The code somebody typed: full-width, small letters, blanks and hyphens of any kind are forgiven.

    Raises :class:`Unreadable`.
    """
    plain = unicodedata.normalize("NFKC", typed[:200]).upper()
    found = [each for each in plain if each not in _JOINERS and not each.isspace() and each.isprintable()]
    if not found:
        raise Unreadable("empty")
    strange = "".join(dict.fromkeys(each for each in found if each not in _PLACE))
    if strange:
        raise Unreadable("strange", strange[:10])
    code = "".join(found)
    if len(code) != LENGTH:
        raise Unreadable("length")
    if _check(code[:-1]) != code[-1]:
        raise Unreadable("slip")
    return code


def days_of(value: object) -> int:
    """How long a code holds by the board's setting; what makes no sense says nothing."""
    days = value.get("days") if isinstance(value, dict) else None
    return days if isinstance(days, int) and 1 <= days <= MOST_DAYS else DAYS


def last_day(today: date, days: int) -> date:
    """The last day on which a code of today holds."""
    return today + timedelta(days=days)


@dataclass(frozen=True)
class Standing:
    """A code as it stands, as far as its being good depends on it alone."""

    used: bool
    ended: bool
    last_day: date

    def holds(self, today: date) -> bool:
        """Whether it opens anything today."""
        return not self.used and not self.ended and today <= self.last_day


State = Literal["signed_in", "holding", "expired", "none"]
STATES: Sequence[State] = ("signed_in", "holding", "expired", "none")


def state(*, signed_in: bool, open_until: date | None, today: date) -> State:
    """What the office reads of a guardian. ``open_until``: last day of a code neither used nor ended."""
    if signed_in:
        return "signed_in"
    if open_until is None:
        return "none"
    return "holding" if today <= open_until else "expired"
