"""A month of the small school, as tests fill and read it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.registry.attendance.tests.conftest import Client
from services.registry.attendance.tests.school import School
from shared.database import Scope, Units

MONTH = "2026-11"
DAYS = [date(2026, 11, n) for n in range(1, 21) if date(2026, 11, n).weekday() < 5]
"""The small school's 授業日 of November until today."""


def address(class_id: UUID, what: str = f"months/{MONTH}") -> str:
    return f"/v1/classes/{class_id}/register/{what}"


async def month_of(client: Client, person: UUID, class_id: UUID, month: str = MONTH) -> dict[str, Any]:
    answer = await client.get(address(class_id, f"months/{month}"), person)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def take(client: Client, school: School, on: date, code: str = "present", **others: str) -> None:
    marks = [
        {"pupil": str(pupil), "seen": 0, "code": others.get(f"n{number}", code)}
        for number, pupil in enumerate(school.pupils, 1)
    ]
    answer = await client.roll(school.office, school.class_id, marks, on=on, taken=True)
    assert answer.status_code == 200, answer.text


async def run(units: Units, school: School, sql: str, /, **values: Any) -> None:
    async with units.work(Scope(school.board), actor="test") as work:
        await work.session.execute(text(sql), {"board": school.board, "at": work.at, **values})


async def hold(units: Units, school: School, pupil: UUID, since: date, until: date | None) -> None:
    """The pupil's time in its class."""
    await run(
        units,
        school,
        "update membership_period set valid = daterange(:since, :until) where subject_id = :pupil",
        pupil=pupil,
        since=since,
        until=until,
    )


async def enrol(
    units: Units, school: School, pupil: UUID, since: date, until: date | None = None, at: UUID | None = None
) -> None:
    await run(
        units,
        school,
        "insert into enrolment_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, school_id,"
        " grade) values (gen_random_uuid(), :board, :pupil, 'main', daterange(:since, :until), :at, 'test',"
        " :school, 'P2')",
        pupil=pupil,
        since=since,
        until=until,
        school=at or school.id,
    )


async def place(units: Units, school: School, pupil: UUID, class_id: UUID, since: date) -> None:
    await run(
        units,
        school,
        "insert into membership_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, school_id,"
        " class_id, kind, number) values (gen_random_uuid(), :board, :pupil, 'home', daterange(:since, null), :at,"
        " 'test', :school, :class_id, 'home', 9)",
        pupil=pupil,
        since=since,
        school=school.id,
        class_id=class_id,
    )


def line_of(body: dict[str, Any], pupil: UUID) -> dict[str, Any]:
    (found,) = [line for line in body["lines"] if line["pupil"]["id"] == str(pupil)]
    return dict(found)


def kinds(line: dict[str, Any]) -> list[str]:
    return [cell["kind"] for cell in line["cells"]]


def counted(counts: dict[str, int]) -> dict[str, int]:
    return {name: n for name, n in counts.items() if n}


async def protect(
    units: Units,
    school: School,
    pupil: UUID,
    since: date,
    until: date | None = None,
    *,
    kept_from: UUID | None = None,
) -> None:
    await run(
        units,
        school,
        "insert into protection_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
        " confidential_from) values (gen_random_uuid(), :board, :pupil, 'protection', daterange(:since, :until), :at,"
        " 'test', cast(:people as uuid[]))",
        people=[kept_from] if kept_from else [],
        pupil=pupil,
        since=since,
        until=until,
    )
