"""A month of the small school: filled, closed, checked."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import httpx

from services.registry.attendance.tests.conftest import Client
from services.registry.attendance.tests.school import School
from services.registry.register.tests.sheets import DAYS, MONTH, address, month_of, take


async def fill(client: Client, school: School, days: list[date] | None = None, **others: str) -> None:
    """Take the roll of each day; of the last one as ``others`` say (``n1="late"``)."""
    days = DAYS if days is None else days
    for day in days:
        told = others if day == days[-1] else {}
        await take(client, school, day, **told)


async def closing(client: Client, person: UUID, class_id: UUID, month: str = MONTH) -> dict[str, Any]:
    """How the month stands, as ``person`` sees it."""
    found: dict[str, Any] = (await month_of(client, person, class_id, month))["closing"]
    return found


async def step(
    client: Client, person: UUID, class_id: UUID, act: str, month: str = MONTH, **body: Any
) -> httpx.Response:
    """Close, check or send back what ``person`` sees."""
    if not body:
        body = {"seen": (await closing(client, person, class_id, month))["digest"]}
    return await client.post(address(class_id, f"months/{month}/{act}"), person, body)


async def closed(client: Client, school: School, **others: str) -> None:
    """A November that is filled and closed."""
    await fill(client, school, None, **others)
    answer = await step(client, school.homeroom, school.class_id, "close")
    assert answer.status_code == 200, answer.text


async def correct(
    client: Client, school: School, pupil: UUID, on: date, mark: str | None, seen: int = 1, **reason: str
) -> httpx.Response:
    """Another word of the homeroom teacher's, with a reason when one is given."""
    entry = {"pupil": str(pupil), "seen": seen, "code": mark, "reason": reason or None}
    return await client.roll(school.homeroom, school.class_id, [entry], on=on)
