"""Lessons of the small school, as tests switch them on, take and read them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.periods.setting import SETTING
from services.registry.register.tests.sheets import run
from shared.database import Units


async def switch_on(
    units: Units, school: School, since: date = date(2026, 4, 1), periods: int = 6, **more: Any
) -> None:
    """The board has lessons' rolls taken at the small school, which is of kind ``elementary``."""
    value = {"kinds": {"elementary": {"periods": periods}}, **more}
    await run(
        units,
        school,
        "insert into setting (board_id, name, since, value, recorded_at)"
        " values (:board, :name, :since, cast(:value as jsonb), :at)",
        name=SETTING,
        since=since,
        value=orjson.dumps(value).decode(),
    )


async def teacher(units: Units, school: School, class_id: UUID | None) -> UUID:
    """Somebody who teaches a subject: at a class, or at the whole school."""
    person = uuid4()
    await run(
        units,
        school,
        "insert into person (id, board_id, legal_family, legal_given, sort_key, search, sex, recorded_at)"
        " values (:id, :board, '教科', '担任', '教科', '', 'unspecified', :at)",
        id=person,
    )
    await run(
        units,
        school,
        "insert into duty_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, kind,"
        " organisation_id, class_id) values (gen_random_uuid(), :board, :person, 'subject',"
        " daterange('2026-04-01', null), :at, 'test', 'subject', :school, cast(:class_id as uuid))",
        person=person,
        school=school.id,
        class_id=class_id,
    )
    return person


def address(school: School, what: str = "", on: date = TODAY) -> str:
    return f"/v1/classes/{school.class_id}/days/{on}/periods{what}"


def whole(school: School, codes: dict[int, str] | None = None) -> list[dict[str, Any]]:
    """A mark of every child: 出席 but for those of ``codes`` (number → code)."""
    return [
        {"pupil": str(pupil), "seen": 0, "code": (codes or {}).get(number, "here")}
        for number, pupil in enumerate(school.pupils, 1)
    ]


async def take(
    client: Client,
    person: UUID,
    school: School,
    period: int,
    codes: dict[int, str] | None = None,
    on: date = TODAY,
    **more: Any,
) -> httpx.Response:
    """Take a lesson's roll."""
    body = {"marks": whole(school, codes), **more}
    return await client.post(address(school, f"/{period}", on), person, body)


async def change(
    client: Client,
    person: UUID,
    school: School,
    period: int,
    number: int,
    to: str,
    seen: int,
    on: date = TODAY,
    **reason: str,
) -> httpx.Response:
    """Say something else of a child."""
    mark = {"pupil": str(school.pupils[number - 1]), "seen": seen, "code": to, "reason": reason or None}
    return await client.post(address(school, f"/{period}", on), person, {"marks": [mark]})


async def day_of(client: Client, person: UUID, school: School, on: date = TODAY) -> dict[str, Any]:
    answer = await client.get(address(school, "", on), person)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def child(body: dict[str, Any], school: School, number: int) -> dict[str, Any]:
    (found,) = [each for each in body["members"] if each["pupil"]["id"] == str(school.pupils[number - 1])]
    return dict(found)


def codes_of(line: dict[str, Any]) -> dict[int, str]:
    return {mark["period"]: mark["code"] for mark in line["marks"]}
