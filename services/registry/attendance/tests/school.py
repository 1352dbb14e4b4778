"""A small school in registry's database, for tests of the roll: two classes, staff, one 交流 pupil."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text

from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from shared.database import Scope, Units
from shared.dates import school_year
from shared.ids import calendar_id

_SINCE = date(2026, 4, 1)


@dataclass
class School:
    """Ids of what is there."""

    board: UUID
    id: UUID = field(default_factory=uuid4)
    class_id: UUID = field(default_factory=uuid4)
    special: UUID = field(default_factory=uuid4)
    pupils: list[UUID] = field(default_factory=list)
    exchange: UUID = field(default_factory=uuid4)
    homeroom: UUID = field(default_factory=uuid4)
    office: UUID = field(default_factory=uuid4)
    principal: UUID = field(default_factory=uuid4)
    substitute: UUID = field(default_factory=uuid4)
    stranger: UUID = field(default_factory=uuid4)
    """A homeroom teacher of another school."""


async def make_school(units: Units, board: UUID, today: date, *, pupils: int = 5) -> School:
    """Write a school as the app role may: class 2年1組 with ``pupils``, one more in 交流."""
    school = School(board)
    school.pupils = [uuid4() for _ in range(pupils)]
    other = uuid4()
    async with units.work(Scope(board), actor="test") as work:
        run = work.session.execute
        at = datetime.now(UTC)
        for id_, kind, name, parent, of in [
            (school.id, "elementary", "第一小学校", board, school.id),
            (school.class_id, "class", "2年1組", school.id, school.id),
            (school.special, "class", "あおぞら学級", school.id, school.id),
            (other, "elementary", "第二小学校", board, other),
        ]:
            await run(
                text(
                    "insert into organisation (id, board_id, kind, parent_id, school_id, name, short_name,"
                    " school_year, grade, recorded_at)"
                    " values (:id, :board, :kind, :parent, :school, :name, :name, :year, :grade, :at)"
                ),
                {
                    "id": id_,
                    "board": board,
                    "kind": kind,
                    "parent": parent,
                    "school": of,
                    "name": name,
                    "year": school_year(today) if kind == "class" else None,
                    "grade": "P2" if kind == "class" else None,
                    "at": at,
                },
            )
        staff = [school.homeroom, school.office, school.principal, school.substitute, school.stranger]
        for number, pupil in enumerate([*school.pupils, school.exchange, *staff], 1):
            await run(
                text(
                    "insert into person (id, board_id, legal_family, legal_given, sort_key, search, sex, recorded_at)"
                    " values (:id, :board, '紬', :given, :given, '', 'unspecified', :at)"
                ),
                {"id": pupil, "board": board, "given": f"子{number}", "at": at},
            )
        seats: list[tuple[UUID, UUID, str, int | None]] = [
            (pupil, school.class_id, "home", n) for n, pupil in enumerate(school.pupils, 1)
        ]
        seats += [
            (school.exchange, school.special, "home", 1),
            (school.exchange, school.class_id, "exchange", None),
        ]
        for pupil, class_id, kind, seat in seats:
            await run(
                text(
                    "insert into membership_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
                    " school_id, class_id, kind, number) values (:id, :board, :pupil, :kind,"
                    " daterange(:since, null), :at, 'test', :school, :class, :kind, :number)"
                ),
                {
                    "id": uuid4(),
                    "board": board,
                    "pupil": pupil,
                    "since": _SINCE,
                    "at": at,
                    "school": school.id,
                    "class": class_id,
                    "kind": kind,
                    "number": seat,
                },
            )
        duties: list[tuple[UUID, str, UUID, UUID | None, date, date | None]] = [
            (school.homeroom, "homeroom", school.id, school.class_id, _SINCE, None),
            (school.office, "office", school.id, None, _SINCE, None),
            (school.principal, "principal", school.id, None, _SINCE, None),
            (school.substitute, "substitute", school.id, school.class_id, today, today + timedelta(days=1)),
            (school.stranger, "homeroom", other, uuid4(), _SINCE, None),
        ]
        for person, kind, organisation, of_class, since, until in duties:
            await run(
                text(
                    "insert into duty_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, kind,"
                    " organisation_id, class_id) values (:id, :board, :person, :kind,"
                    " daterange(:since, cast(:until as date)), :at, 'test', :kind, :organisation, :class)"
                ),
                {
                    "id": uuid4(),
                    "board": board,
                    "person": person,
                    "kind": kind,
                    "since": since,
                    "until": until,
                    "at": at,
                    "organisation": organisation,
                    "class": of_class,
                },
            )
        days = [today - timedelta(days=n) for n in range(30) if (today - timedelta(days=n)).weekday() < 5]
        await run(
            text(
                "insert into calendar (id, board_id, school_id, school_year, school_days, closures, recorded_at)"
                " values (:id, :board, :school, :year, :days, '[]', :at)"
            ),
            {
                "id": calendar_id(school.id, school_year(today)),
                "board": board,
                "school": school.id,
                "year": school_year(today),
                "days": days,
                "at": at,
            },
        )
        symbols = [symbol.model_dump() for symbol in DEFAULT_SYMBOLS]
        await run(
            text(
                "insert into setting (board_id, name, since, value, recorded_at)"
                " values (:board, 'attendance_symbols', :since, cast(:value as jsonb), :at)"
            ),
            {"board": board, "since": date(2000, 4, 1), "value": orjson.dumps(symbols).decode(), "at": at},
        )
    return school
