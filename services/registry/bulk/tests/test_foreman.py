"""The foreman's places, and a process that cannot be started."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk import foreman
from services.registry.bulk.foreman import LOST, NOT_STARTED, TRIES, Foreman, Job, Trade
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import small_package
from shared.database import Units, Work
from shared.service import Worker
from tests.support.waiting import eventually


class Desk:
    """What is to be done, what has begun, and how it ended."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.begun: list[str] = []
        self.ended: dict[str, str | None] = {}

    def trade(self, name: str, *, patient: bool = False) -> Trade:
        async def waiting(_: AsyncSession, board: UUID) -> list[Job]:
            return [Job(board, name, each, ()) for each in self.waiting if each.startswith(name)]

        async def ended(_: Work, job: Job, words: str | None) -> None:
            self.waiting.remove(job.id)
            self.ended[job.id] = words

        return Trade(name, waiting, ended, patient=patient)


@asynccontextmanager
async def at_work(of: Foreman) -> AsyncIterator[None]:
    task = asyncio.create_task(of.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreman, "EVERY_SECONDS", 0.05)


async def test_what_cannot_be_started_is_told_after_some_tries(
    units: Units, monkeypatch: pytest.MonkeyPatch
) -> None:
    await import_package(units, small_package())
    desk, tried = Desk(), 0
    desk.waiting = ["look 1"]
    whole = Foreman._in_its_own

    async def counted(self: Foreman, job: Job) -> tuple[int, Mapping[str, Any]]:
        nonlocal tried
        tried += 1
        return await whole(self, job)

    monkeypatch.setattr(Foreman, "_in_its_own", counted)
    async with at_work(Foreman(units, Worker(("/nowhere/tsumugi",)), [desk.trade("look")])):
        await eventually(lambda: desk.ended)
    assert desk.ended == {"look 1": NOT_STARTED}
    assert tried == TRIES


@pytest.mark.parametrize(("says", "kept"), [("read", False), ("part", True)])
async def test_only_what_stays_done_lets_a_process_die_once_more(
    units: Units, monkeypatch: pytest.MonkeyPatch, says: str, kept: bool
) -> None:
    await import_package(units, small_package())
    desk, tried, whole = Desk(), 0, Foreman._in_its_own
    desk.waiting = ["look 1"]

    async def counted(self: Foreman, job: Job) -> tuple[int, Mapping[str, Any]]:
        nonlocal tried
        tried += 1
        return await whole(self, job)

    monkeypatch.setattr(Foreman, "_in_its_own", counted)
    dies = Worker(("/bin/sh", "-c", f"""echo '{{"{says}": 1}}'; kill -9 $$"""))
    async with at_work(Foreman(units, dies, [desk.trade("look")])):
        await eventually(lambda: desk.ended or tried > TRIES + 1)
    assert desk.ended == ({} if kept else {"look 1": LOST})
    assert kept or tried == TRIES


async def test_rosters_that_are_written_leave_a_place(units: Units, monkeypatch: pytest.MonkeyPatch) -> None:
    await import_package(units, small_package())
    desk, over = Desk(), asyncio.Event()
    desk.waiting = ["export 1", "export 2", "look 1"]

    async def works(_: Foreman, job: Job) -> tuple[int, Mapping[str, Any]]:
        desk.begun.append(job.id)
        if job.kind == "export":
            await over.wait()
        return 0, {}

    monkeypatch.setattr(Foreman, "_in_its_own", works)
    trades = [desk.trade("export", patient=True), desk.trade("look")]
    async with at_work(Foreman(units, Worker(()), trades)):
        await eventually(lambda: "look 1" in desk.ended)
        assert desk.begun.count("export 2") == 0, "it waits for the first one"
        over.set()
        await eventually(lambda: len(desk.ended) == 3)
    assert set(desk.ended.values()) == {None}
