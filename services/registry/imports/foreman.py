"""Sees to it that what was asked for over the web is done, by processes of their own (decisions.md §3 "Bulk yields").

A reconciler: what is to be done stands in the tables, so a request, a process or the service may end at any time and
the work goes on. Two processes never work on the same thing: each takes its lock first.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson

from services.registry.imports import store, uploads
from services.registry.imports.applying import at_work
from services.registry.roster.external_ids import boards
from shared.database import Scope, Units
from shared.events.workers import told, transient
from shared.service import Worker

logger = logging.getLogger(__name__)

ACTOR = "importer"
EVERY_SECONDS = 5.0
"""Safety net, and how soon another process's requests are seen: every request of this one wakes."""
AT_ONCE = 2
"""Processes: a city's package takes more than half a gigabyte of memory while it is looked at."""
TRIES = 3
"""How often in a row a process may end without a word and without having finished a part."""
FORGET_SECONDS = 3_600.0
LOST = "取り込みの過程が途中で終わりました。もう一度続けても同じときは、システム管理に伝えてください。"


class Job(NamedTuple):
    """Something to do."""

    board: UUID
    kind: Literal["upload", "run"]
    id: str
    """The upload's, or the run's number."""
    words: tuple[str, ...]
    """What the process is told."""


class Foreman:
    """``units`` works as the app role; what ``worker`` is to do is appended to its command."""

    def __init__(self, units: Units, worker: Worker) -> None:
        self._units = units
        self._worker = worker
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tries: Counter[Job] = Counter()
        self._forgot_at = float("-inf")
        self.said: dict[int, Mapping[str, Any]] = {}
        """What the process that works on a run said last."""

    def wake(self) -> None:
        """Something is to be done."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; processes are ended then, and go on at the next start."""
        jobs: dict[Job, asyncio.Task[None]] = {}
        try:
            while True:
                self._wake.clear()
                jobs = {job: task for job, task in jobs.items() if not task.done()}
                try:
                    await self._forget()
                    for job in await self._waiting():
                        if job not in jobs:
                            jobs[job] = asyncio.create_task(self._do(job))
                except Exception as error:
                    if not transient(error):
                        raise
                    logger.warning("imports wait: %s", told(error))
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_SECONDS):
                        await self._wake.wait()
        finally:
            for task in jobs.values():
                task.cancel()
            await asyncio.gather(*jobs.values(), return_exceptions=True)

    async def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._forgot_at < FORGET_SECONDS:
            return
        for board in await boards(self._units):
            async with self._units.work(Scope(board), actor=ACTOR) as work:
                await uploads.forget(work)
        self._forgot_at = now

    async def _waiting(self) -> list[Job]:
        found: list[Job] = []
        for board in await boards(self._units):
            async with self._units.read(Scope(board)) as session:
                for id_ in await uploads.waiting(session, board):
                    if not await uploads.at_work(session, id_):
                        found.append(Job(board, "upload", str(id_), ("upload", str(board), str(id_))))
                for run in await store.wished(session, board):
                    if not await at_work(session, run):
                        by = (f"--revert-by={run.wished_by or ACTOR}",) if run.wish == "revert" else ()
                        found.append(Job(board, "run", str(run.number), ("work", *by, str(run.number))))
        return found

    async def _do(self, job: Job) -> None:
        async with self._places:
            try:
                code, last = await self._in_its_own(job)
                await self._ended(job, code, last)
            except Exception as error:
                if not transient(error):
                    logger.exception("import %s %s", job.kind, job.id)
                logger.warning("import %s %s: %s", job.kind, job.id, told(error))
            finally:
                if job.kind == "run":
                    self.said.pop(int(job.id), None)
                self._wake.set()

    async def _in_its_own(self, job: Job) -> tuple[int, Mapping[str, Any]]:
        process = await asyncio.create_subprocess_exec(
            *self._worker.command,
            *job.words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=None if self._worker.environment is None else dict(self._worker.environment),
        )
        assert process.stdout is not None
        last: Mapping[str, Any] = {}
        try:
            async for line in process.stdout:
                with suppress(orjson.JSONDecodeError):
                    last = orjson.loads(line)
                    if "part" in last:
                        self._tries.pop(job, None)
                    if job.kind == "run":
                        self.said[int(job.id)] = last
            return await process.wait(), last
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def _ended(self, job: Job, code: int, last: Mapping[str, Any]) -> None:
        if "busy" in last:  # another process has it, and will say how it ends
            return
        if code == 0:
            self._tries.pop(job, None)
            words = None
        elif "stopped" in last:
            words = str(last["stopped"])
        elif "depended" in last:
            of = "、".join(f"{each['what']} {each['number']} 件" for each in last["depended"])
            words = f"頼っているものがあるので、元に戻せません: {of}"
        else:
            logger.warning("import %s %s ended with %d", job.kind, job.id, code)
            self._tries[job] += 1
            if self._tries[job] < TRIES:
                return
            self._tries.pop(job)
            words = LOST
        async with self._units.work(Scope(job.board), actor=ACTOR) as work:
            if job.kind == "run":
                await store.no_longer_wished(work, int(job.id), stopped=words)
            elif words is not None:
                await uploads.stop(work, UUID(job.id), words)
