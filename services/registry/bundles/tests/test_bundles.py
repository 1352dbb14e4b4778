"""A school's month of 出席簿 as one file: asked for, written by a process of its own, fetched, ended."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pypdf import PdfReader

from services.registry import service
from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School, make_school
from services.registry.bulk import foreman
from services.registry.bundles import store, writing
from services.registry.bundles.chores import BUNDLES
from services.registry.bundles.store import Bundle
from services.registry.register import printing, reading
from services.registry.register.tests.sheets import DAYS, MONTH, protect, run, take
from shared.database import Scope, Units
from shared.dates import FixedClock
from shared.service import Worker
from tests.support.at_work import at_work, settings_of
from tests.support.databases import Database
from tests.support.feeds import silent_feed
from tests.support.tokens import Authority
from tests.support.waiting import eventually


@pytest.fixture
async def school(units: Units, board: UUID) -> School:
    """A small school of a board that the foreman knows of."""
    found = await make_school(units, board, TODAY)
    await run(
        units,
        found,
        "insert into external_id (board_id, source, kind, sourced_id, id) "
        "values (:board, 'test', 'board', 'b', :board)",
    )
    return found


@pytest.fixture
async def client(
    registry_database: Database, clock: FixedClock, board: UUID, tmp_path: Path
) -> AsyncIterator[Client]:
    """The service with processes of its own, as a deployment has them."""
    login = json.dumps(asdict(registry_database.app) | {"password": registry_database.app.password})
    module = "services.registry.imports.tests.process"
    worker = Worker([sys.executable, "-m", module, login, clock.instant.isoformat()])
    authority = Authority()
    app = service.build(
        settings_of("registry", registry_database, tmp_path, worker=worker), clock, silent_feed
    )
    async with at_work(app, "registry", authority) as http:
        yield Client(http, authority, board)


def path(school: School, rest: str = "") -> str:
    return f"/v1/schools/{school.id}/register/bundles{rest}"


async def listed(client: Client, person: UUID, school: School) -> list[dict[str, Any]]:
    answer = await client.get(path(school), person)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["bundles"])


async def ask(client: Client, person: UUID, school: School, **more: str) -> httpx.Response:
    return await client.post(path(school), person, {"month": MONTH, **more})


async def written(client: Client, person: UUID, school: School, **more: str) -> dict[str, Any]:
    """What was asked for, when nothing works on it any more."""
    answer = await ask(client, person, school, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = {}

    async def done() -> bool:
        (mine,) = [each for each in await listed(client, person, school) if each["id"] == answer.json()["id"]]
        found.update(mine)
        return bool(found["state"] != "writing")

    await eventually(done, within=90)
    return found


async def fetched(client: Client, person: UUID, school: School, told: dict[str, Any]) -> httpx.Response:
    return await client.get(path(school, f"/{told['id']}/pdf"), person)


@pytest.mark.parametrize("paper", ["a4", "a3"])
async def test_every_class_is_in_one_file_in_the_order_of_the_school(
    client: Client, school: School, paper: str
) -> None:
    await take(client, school, DAYS[-1])
    told = await written(client, school.principal, school, paper=paper)
    assert (told["state"], told["sheets"], told["stopped"]) == ("ready", 2, None)
    file = await fetched(client, school.principal, school, told)
    assert (file.status_code, len(file.content)) == (200, told["bytes"])
    assert "%E5%87%BA%E5%B8%AD%E7%B0%BF_%E7%AC%AC%E4%B8%80" in file.headers["content-disposition"]
    pages = PdfReader(io.BytesIO(file.content)).pages
    texts = [page.extract_text().replace(" ", "") for page in pages]
    assert len(texts) == 2
    assert ["あおぞら学級" in each for each in texts].count(True) == 1
    assert all("この月はまだ締めていません" in each for each in texts)
    wide = {"a4": 842, "a3": 1191}[paper]
    assert {round(float(page.mediabox.width)) for page in pages} == {wide}
    assert b"pdfaid" in file.content


async def test_a_child_kept_from_whoever_asks_is_in_no_sheet_nor_sum(
    client: Client, school: School, units: Units
) -> None:
    await protect(units, school, school.pupils[1], DAYS[0], kept_from=school.office)
    seen = {}
    for who in (school.office, school.principal):
        told = await written(client, who, school)
        file = await fetched(client, who, school, told)
        pages = PdfReader(io.BytesIO(file.content)).pages
        seen[who] = "".join(page.extract_text() for page in pages).replace(" ", "").replace("　", "")
    assert ("紬子2" in seen[school.office], "紬子2" in seen[school.principal]) == (False, True)


async def test_a_file_is_gone_when_a_child_is_kept_from_its_reader_after_an_hour_or_when_thrown_away(
    client: Client, school: School, units: Units, clock: FixedClock
) -> None:
    first = await written(client, school.office, school)
    assert (await fetched(client, school.principal, school, first)).status_code == 404, "of somebody else"
    clock.instant += timedelta(minutes=1)
    await protect(units, school, school.pupils[1], DAYS[0], kept_from=school.office)
    assert (await fetched(client, school.office, school, first)).status_code == 410
    other = await written(client, school.principal, school)
    clock.instant += timedelta(minutes=61)
    assert (await fetched(client, school.principal, school, other)).status_code == 410
    third = await written(client, school.principal, school)
    gone = await client.post(path(school, f"/{third['id']}/remove"), school.principal, {})
    assert gone.status_code == 200
    assert (await fetched(client, school.principal, school, third)).status_code == 410


async def test_a_file_is_gone_when_a_mark_of_before_begins_to_hold(
    client: Client, school: School, units: Units, clock: FixedClock
) -> None:
    """Asked for before midnight and fetched after it."""
    await protect(units, school, school.pupils[1], TODAY + timedelta(days=1), kept_from=school.office)
    told = {who: await written(client, who, school) for who in (school.office, school.principal)}
    assert (await fetched(client, school.office, school, told[school.office])).status_code == 200
    clock.instant += timedelta(days=1)
    await run(units, school, "update register_bundle set ready_at = :at")
    assert (await fetched(client, school.office, school, told[school.office])).status_code == 410
    assert (await fetched(client, school.principal, school, told[school.principal])).status_code == 200


async def made(units: Units, school: School) -> Bundle:
    """What the principal asked for, with nobody at work on it."""
    month = DAYS[0].replace(day=1)
    async with units.work(Scope(school.board), actor="test") as work:
        asked = Bundle(
            uuid4(),
            school.board,
            school.id,
            school.principal,
            month,
            "a4",
            "writing",
            work.at,
            None,
            0,
            0,
            None,
        )
        await store.make(work, asked)
    return asked


async def state_of(units: Units, asked: Bundle) -> tuple[str, str | None]:
    async with units.read(Scope(asked.board)) as session:
        found = await store.bundle(session, asked.board, asked.id)
    assert found is not None
    return found.state, found.stopped


async def test_what_is_ended_while_it_is_written_is_read_no_further(
    units: Units, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, read = await made(units, school), reading.read

    async def read_and_end(*those: Any) -> Any:
        async with units.work(Scope(school.board), actor="test") as work:
            await store.end(work, asked.id, school.id, "removed")
        return await read(*those)

    monkeypatch.setattr(writing, "read", read_and_end)
    told: list[int] = []
    await writing.work_on(units, school.board, asked.id, lambda n, _: told.append(n))
    assert (told, await state_of(units, asked)) == ([0], ("removed", None))


async def test_whoever_has_lost_the_duty_meanwhile_gets_nothing(units: Units, school: School) -> None:
    asked = await made(units, school)
    await run(
        units,
        school,
        "update duty_period set voided_at = :at where subject_id = :who",
        who=school.principal,
    )
    await writing.work_on(units, school.board, asked.id, lambda *_: None)
    state, why = await state_of(units, asked)
    assert (state, bool(why)) == ("stopped", True)


async def test_a_writer_that_is_killed_each_time_is_given_up(
    units: Units,
    school: School,
    registry_database: Database,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many sheets it had read: each try writes every child into the access log."""
    monkeypatch.setattr(foreman, "EVERY_SECONDS", 0.1)
    monkeypatch.setattr(foreman, "TRIES", 2)
    asked = await made(units, school)
    login = json.dumps(asdict(registry_database.app) | {"password": registry_database.app.password})
    module = "services.registry.bundles.tests.dying"
    worker = Worker([sys.executable, "-m", module, login, clock.instant.isoformat()])
    working = asyncio.create_task(foreman.Foreman(units, worker, [BUNDLES]).run())

    async def over() -> bool:
        return (await state_of(units, asked))[0] != "writing"

    try:
        await eventually(over, within=90, every=0.1)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    assert await state_of(units, asked) == ("stopped", foreman.LOST)
    read = "select count(*) from access.entry where action = 'PrintRegister'"
    connection = await registry_database.server.connect(registry_database.name)
    try:
        assert await connection.fetchval(read) == 2 * foreman.TRIES
    finally:
        await connection.close()


async def test_what_fails_in_any_other_way_is_told(
    units: Units, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> bytes:
        raise ValueError("no such template")

    monkeypatch.setattr(printing, "book", fails)
    asked = await made(units, school)
    await writing.work_on(units, school.board, asked.id, lambda *_: None)
    assert await state_of(units, asked) == ("stopped", writing.FAILED)


async def test_each_sheet_that_was_read_is_in_the_access_log(
    units: Units, school: School, registry_database: Database
) -> None:
    asked = await made(units, school)
    await writing.work_on(units, school.board, asked.id, lambda *_: None)
    assert (await state_of(units, asked))[0] == "ready"
    connection = await registry_database.server.connect(registry_database.name)
    try:
        rows = await connection.fetch("select action from access.entry where person = $1", school.principal)
    finally:
        await connection.close()
    assert [row["action"] for row in rows] == ["PrintRegister", "PrintRegister"]


async def test_a_month_to_come_is_not_printed(client: Client, school: School) -> None:
    refused = await client.post(path(school), school.office, {"month": "2026-12"})
    assert (refused.status_code, refused.json()["detail"]) == (422, "この月はまだ始まっていません。")
    teacher = await ask(client, school.homeroom, school)
    assert (teacher.status_code, "校長・教頭・事務" in teacher.json()["detail"]) == (403, True)


async def test_what_is_asked_for_twice_is_written_once(
    client: Client, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is written: here no process begins."""
    held = asyncio.Event()

    async def waits(*_: Any) -> tuple[int, dict[str, Any]]:
        await held.wait()
        return 1, {"busy": True}

    monkeypatch.setattr(foreman.Foreman, "_in_its_own", waits)
    first, second = await ask(client, school.office, school), await ask(client, school.office, school)
    assert (first.status_code, first.json()["id"]) == (200, second.json()["id"])
    assert [each["state"] for each in await listed(client, school.office, school)] == ["writing"]
    others = [
        await ask(client, school.principal, school),
        await ask(client, school.office, school, paper="a3"),
    ]
    assert len({each.json()["id"] for each in (first, *others)}) == 3, "another's, and on other paper"
