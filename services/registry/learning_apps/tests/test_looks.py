"""However apps ask, rolls are saved; and no answer costs more from year to year."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.exports import store as exports
from services.registry.exports.known import People
from services.registry.exports.rules import Frame
from services.registry.learning_apps import looks
from services.registry.learning_apps.looks import Looks
from services.registry.learning_apps.tests.conftest import App
from services.registry.learning_apps.tests.standard import Status
from services.registry.roster.tests.reading import id_of
from shared.contracts.identity import ROSTER_FIELDS
from shared.database import Scope, Units
from tests.support.waiting import eventually

TODAY = date(2026, 11, 20)
ALL: dict[str, Any] = {"filter": "sourcedId!='x'"}


class Barrier:
    """Holds every look where it reads the people."""

    def __init__(self) -> None:
        self.held = 0
        self.open = asyncio.Event()

    async def people(self, session: AsyncSession, frame: Frame, ids: list[UUID], source: str) -> People:
        """In the place of ``exports.people``."""
        self.held += 1
        await self.open.wait()
        return await _people(session, frame, ids, source)


_people = exports.people


@pytest.fixture
def barrier(monkeypatch: pytest.MonkeyPatch) -> Iterator[Barrier]:
    """Closed at first."""
    barrier = Barrier()
    monkeypatch.setattr(exports, "people", barrier.people)
    yield barrier
    barrier.open.set()


async def save_a_roll(app: App, units: Units) -> httpx.Response:
    """As the class's teacher."""
    pupil, teacher, class_id = [await id_of(units, app.board, each) for each in ("p1", "t1", "k21")]
    headers = {
        "authorization": f"Bearer {app.authority.token('registry', app.board, teacher)}",
        "idempotency-key": str(uuid4()),
    }
    body = {"marks": [{"pupil": str(pupil), "seen": 0, "code": "present"}], "taken": False}
    return await app.http.post(f"/v1/classes/{class_id}/days/{TODAY}/roll", json=body, headers=headers)


async def test_a_roll_is_saved_whatever_apps_ask(app: App, units: Units, barrier: Barrier) -> None:
    await app.grant(*ROSTER_FIELDS)
    async with units.work(Scope(app.board), actor="test") as work:
        await work.session.execute(
            text("update calendar set school_days = school_days || cast(:day as date)"), {"day": TODAY}
        )
    asking = [asyncio.create_task(app.ask("schools/e1/students")) for _ in range(20)]
    await eventually(lambda: barrier.held >= 2 * looks.CONNECTIONS, within=20)
    async with asyncio.timeout(20):
        saved = await save_a_roll(app, units)
    assert saved.status_code == 200, saved.text
    assert barrier.held == 2 * looks.CONNECTIONS
    barrier.open.set()
    assert {each.status_code for each in await asyncio.gather(*asking)} == {200}


async def test_there_is_one_look_at_everybody_at_a_time(app: App, barrier: Barrier) -> None:
    await app.grant(*ROSTER_FIELDS)
    first = asyncio.create_task(app.ask("users", **ALL))
    await eventually(lambda: barrier.held == 1, within=20)
    for path, params in (
        ("users", ALL),
        ("students", {"sort": "familyName"}),
        ("demographics", {}),
        ("enrollments/x", {}),
    ):
        asked: dict[str, Any] = params
        async with asyncio.timeout(20):
            answer = await app.ask(path, **asked)
        assert answer.status_code == 429, path
        assert int(answer.headers["retry-after"]) > 0
        told = Status.model_validate(answer.json())
        assert told.imsx_CodeMinor is not None
        assert told.imsx_CodeMinor.imsx_codeMinorField[0].imsx_codeMinorFieldValue == "server_busy"
    assert barrier.held == 1
    assert (await app.ask("classes")).status_code == 200
    barrier.open.set()
    assert (await first).status_code == 200
    assert (await app.ask("users", **ALL)).status_code == 200


async def test_a_look_gives_way_to_those_who_work(app: App) -> None:
    await app.grant(*ROSTER_FIELDS)
    given: Looks = app.service.state.looks
    at_work: list[AsyncConnection] = [await given.shared.connect() for _ in range(8)]
    app.service.state.looks = replace(given, pauses=1)
    assert (await app.ask("users", **ALL)).status_code == 429
    app.service.state.looks = given
    waiting = asyncio.create_task(app.ask("users", **ALL))
    await at_work.pop().close()
    assert (await waiting).status_code == 200
    for each in at_work:
        await each.close()


async def test_classes_of_other_years_are_not_even_read(app: App, units: Units) -> None:
    """Else every answer would cost more from year to year."""
    old = uuid4()
    school = await id_of(units, app.board, "e1")
    async with units.work(Scope(app.board), actor="test") as work:
        values = {"id": old, "board": app.board, "school": school, "at": work.at}
        await work.session.execute(
            text(
                "insert into organisation (id, board_id, kind, parent_id, school_id, name, short_name, school_year,"
                " grade, recorded_at) values (:id, :board, 'class', :school, :school, '2年1組', '2年1組', 2025, 'P2',"
                " :at)"
            ),
            values,
        )
        await work.session.execute(
            text(
                "insert into external_id (id, board_id, source, kind, sourced_id)"
                " values (:id, :board, 'oneroster', 'class', 'k21-2025')"
            ),
            values,
        )
    frame = Frame.on(app.board, TODAY, units.clock.now())
    async with units.read(Scope(app.board)) as session:
        there = await exports.places(session, frame, "oneroster")
        of_a_delta = await exports.places(session, replace(frame, since=units.clock.now()), "oneroster")
    assert there.names[await id_of(units, app.board, "k21")] == "k21"
    assert old not in there.names
    assert of_a_delta.names[old] == "k21-2025", "a delta may have to tell its end"
