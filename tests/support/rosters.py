"""Small rosters by hand: people, units and duties under the words that a test calls them by."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Literal

from services.registry.roster.snapshot import Duty, ExternalKey, Organisation, Period, Person

YEAR = Period(date(2026, 4, 1), date(2027, 4, 1))
SCHOOLS = ("elementary", "junior_high")


def key(kind: Literal["organisation", "class", "department", "person"], word: str) -> ExternalKey:
    """Where a source would have its id a test has its word."""
    return ExternalKey(kind, word)


def person(
    word: str,
    name: tuple[str, str],
    kana: tuple[str, str] | None = None,
    born: date | None = None,
    *,
    sex: str = "unspecified",
) -> Person:
    """A card without a 通称."""
    return Person(
        key=key("person", word),
        legal_family=name[0],
        legal_given=name[1],
        kana_family=kana[0] if kana else None,
        kana_given=kana[1] if kana else None,
        common_family=None,
        common_given=None,
        common_kana_family=None,
        common_kana_given=None,
        birth_date=born,
        sex=sex,
    )


def unit(word: str, kind: str, name: str, school: str | None = None, code: str | None = None) -> Organisation:
    """The board, a department, a school, or a class of ``school`` whose name begins with its grade's digit."""
    of: Literal["organisation", "class", "department"] = (
        "class" if kind == "class" else "department" if kind == "department" else "organisation"
    )
    board = key("organisation", "board")
    at = key("organisation", school) if school else key(of, word) if kind in SCHOOLS else None
    return Organisation(
        key=key(of, word),
        kind=kind,
        parent=None if kind == "board" else at if kind == "class" else board,
        school=at,
        name=name,
        short_name=name,
        code=code,
        school_year=2026 if kind == "class" else None,
        grades=(f"P{name[0]}",) if kind == "class" else (),
    )


def duty(
    staff: str, kind: str, where: str, of: str | None, valid: Period, departments: Collection[str]
) -> Duty:
    """A duty at a unit, one of ``departments`` or a school, or at its class ``of``."""
    at = key("department" if where in departments else "organisation", where)
    return Duty(key("person", staff), kind, at, key("class", of) if of else None, valid)
