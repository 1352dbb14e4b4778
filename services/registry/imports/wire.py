"""An ask as bytes, in which a run keeps it until it has been applied. Pure.

JSON in columns of rows, compressed; what a version of the program has written it reads again, nobody else does.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from services.registry.imports.rules import SIDES, Ask, Side, Wants
from services.registry.roster.rows import (
    CalendarRow,
    ContactIs,
    DutyIs,
    EnrolmentIs,
    GuardianshipIs,
    Held,
    MembershipIs,
    OrganisationRow,
    PersonRow,
    Phone,
    ProtectionIs,
)
from services.registry.roster.snapshot import Period

_LEVEL = 1
"""Of compression: the least that makes repeated words small; more costs time and saves a tenth."""

_id = lru_cache(4_096)(UUID)
_day = lru_cache(4_096)(date.fromisoformat)


def _some_id(text: str | None) -> UUID | None:
    return None if text is None else _id(text)


def _some_day(text: str | None) -> date | None:
    return None if text is None else _day(text)


_WHAT: dict[Side, Callable[..., Any]] = {
    "enrolment": lambda school, grade: EnrolmentIs(_id(school), grade),
    "membership": lambda school, class_id, kind, number: MembershipIs(
        _id(school), _id(class_id), kind, number
    ),
    "duty": lambda kind, organisation, class_id: DutyIs(kind, _id(organisation), _some_id(class_id)),
    "guardianship": lambda guardian, *rest: GuardianshipIs(UUID(guardian), *rest),
    "protection": lambda hidden_from: ProtectionIs(tuple(UUID(each) for each in hidden_from)),
    "contact": lambda postal_code, address, phones, language: ContactIs(
        postal_code, address, tuple(Phone(**each) for each in phones), language
    ),
}


def packed(ask: Ask) -> bytes:
    """The ask as bytes."""
    told = {
        "school": ask.school,
        "organisations": _plain(ask.organisations),
        "closing": ask.closing,
        "people": _plain(ask.people),
        "calendars": _plain(ask.calendars),
        "fresh": list(ask.fresh),
        "gone": list(ask.gone),
        "sides": {
            side: [
                wants.subjects,
                [(each.subject, each.valid.since, each.valid.until, *each.what) for each in wants.held],
            ]
            for side, wants in ask.sides.items()
        },
    }
    # The driver's UUIDs are a subclass that orjson does not know.
    return zlib.compress(orjson.dumps(told, default=str), _LEVEL)


def _plain(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]


def unpacked(content: bytes) -> Ask:
    """The ask that was packed."""
    told = orjson.loads(zlib.decompress(content))
    return Ask(
        _some_id(told["school"]),
        [_organisation(*row) for row in told["organisations"]],
        [UUID(each) for each in told["closing"]],
        [_person(*row) for row in told["people"]],
        [_calendar(*row) for row in told["calendars"]],
        {side: _wants(side, *told["sides"][side]) for side in SIDES},
        {UUID(each) for each in told["fresh"]},
        {UUID(each) for each in told["gone"]},
    )


def _wants(side: Side, subjects: list[str], held: list[Any]) -> Wants[Any]:
    make = _WHAT[side]
    return Wants(
        [UUID(each) for each in subjects],
        [
            Held(_id(subject), Period(_day(since), _some_day(until)), make(*what))
            for subject, since, until, *what in held
        ],
    )


def _organisation(own: str, *rest: Any) -> OrganisationRow:
    kind, parent, school, *middle, until = rest
    row: Any = (UUID(own), kind, _some_id(parent), _some_id(school), *middle, _some_day(until))
    return OrganisationRow(*row)


def _person(own: str, *rest: Any) -> PersonRow:
    *names, birth_date, sex, merged_into = rest
    row: Any = (UUID(own), *names, _some_day(birth_date), sex, _some_id(merged_into))
    return PersonRow(*row)


def _calendar(
    own: str, school: str, year: int, days: list[str], closures: list[Any], marks: Any, terms: Any, told: Any
) -> CalendarRow:
    days_, entries = tuple(map(_day, days)), (tuple(closures), tuple(marks), tuple(terms))
    return CalendarRow(UUID(own), UUID(school), year, days_, *entries, told)
