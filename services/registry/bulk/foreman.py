"""Sees to it that what was asked for over the web is done, by processes of their own (decisions.md §3 "Bulk yields").

A reconciler: what is to be done stands in the tables, so a request, a process or the service may end at any time and
the work goes on. Two processes never work on the same thing: each takes its lock first.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, NamedTuple, cast
from uuid import UUID

import orjson
from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.roster.external_ids import boards
from shared.database import Scope, Units, Work
from shared.events.workers import told, transient
from shared.service import Worker

logger = logging.getLogger(__name__)

ACTOR = "foreman"
EVERY_SECONDS = 5.0
"""Safety net, and how soon another process's requests are seen: every request of this one wakes."""
AT_ONCE = 2
"""Processes: a city's package takes more than half a gigabyte of memory while it is looked at."""
FOR_THE_PATIENT = AT_ONCE - 1
"""Of these, for trades that leave a place to others."""
TRIES = 3
"""How often in a row a process may end without a word and without having finished a part that stays done.

A process says ``part`` of such a one; ``read`` of what the next would have to do again.
"""
FORGET_SECONDS = 600.0
NOT_STARTED = "始められませんでした。システム管理に伝えてください。"
LOST = "途中で、わけを言わずに終わりました。もう一度続けても同じときは、システム管理に伝えてください。"
_UNSTARTED: Mapping[str, Any] = {}
"""What a process has said that could not be started."""


class Job(NamedTuple):
    """Something to do."""

    board: UUID
    kind: str
    """Of what: a word of the trade."""
    id: str
    words: tuple[str, ...]
    """What the process is told."""


@dataclass(frozen=True)
class Trade:
    """A capability's long work."""

    name: str
    waiting: Callable[[AsyncSession, UUID], Awaitable[Sequence[Job]]]
    """What of a board is to be done and is done by nobody."""
    ended: Callable[[Work, Job, str | None], Awaitable[None]]
    """A process has done it, or cannot: then in words why."""
    forget: Callable[[Work], Awaitable[None]] | None = None
    """Delete what has lain long enough."""
    patient: bool = False
    """It leaves a place to others: nobody waits for a look at a package because two rosters are being written."""


class Foreman:
    """``units`` works as the app role; what ``worker`` is to do is appended to its command."""

    def __init__(self, units: Units, worker: Worker, trades: Sequence[Trade]) -> None:
        self._units = units
        self._worker = worker
        self._trades = trades
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._patient = asyncio.Semaphore(FOR_THE_PATIENT)
        self._tries: Counter[Job] = Counter()
        self._forgot_at = float("-inf")
        self._said: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._jobs: dict[Job, asyncio.Task[bool]] = {}

    def said(self, kind: str, id_: object) -> Mapping[str, Any]:
        """What the process that works on something said last; nothing while none does."""
        return self._said.get((kind, str(id_)), {})

    def wake(self) -> None:
        """Something is to be done."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; processes are ended then, and go on at the next start."""
        try:
            while True:
                self._wake.clear()
                try:
                    await self._forget()
                    for trade, job in await self._waiting():
                        if job not in self._jobs:
                            self._jobs[job] = task = asyncio.create_task(self._do(trade, job))
                            task.add_done_callback(partial(self._over, job))
                except Exception as error:
                    if not transient(error):
                        raise
                    logger.warning("bulk work waits: %s", told(error))
                with suppress(TimeoutError):
                    async with asyncio.timeout(EVERY_SECONDS):
                        await self._wake.wait()
        finally:
            tasks = list(self._jobs.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _over(self, job: Job, task: asyncio.Task[bool]) -> None:
        """What was asked for while a process was ending begins at once; what must be tried again waits a while."""
        del self._jobs[job]
        if not task.cancelled() and task.result():
            self._wake.set()

    async def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._forgot_at < FORGET_SECONDS:
            return
        for board in await boards(self._units):
            for trade in self._trades:
                if trade.forget is not None:
                    async with self._units.work(Scope(board), actor=ACTOR) as work:
                        await trade.forget(work)
        self._forgot_at = now

    async def _waiting(self) -> list[tuple[Trade, Job]]:
        found: list[tuple[Trade, Job]] = []
        for board in await boards(self._units):
            async with self._units.read(Scope(board)) as session:
                for trade in self._trades:
                    found += [(trade, job) for job in await trade.waiting(session, board)]
        return found

    async def _do(self, trade: Trade, job: Job) -> bool:
        """Whether a process has worked on it, and has not to be begun again."""
        async with self._patient if trade.patient else nullcontext(), self._places:
            try:
                code, last = await self._in_its_own(job)
                await self._ended(trade, job, code, last)
            except Exception as error:
                if not transient(error):
                    logger.exception("%s %s %s", trade.name, job.kind, job.id)
                logger.warning("%s %s %s: %s", trade.name, job.kind, job.id, told(error))
                return False
            finally:
                self._said.pop((job.kind, job.id), None)
        return last is not _UNSTARTED and job not in self._tries

    async def _in_its_own(self, job: Job) -> tuple[int, Mapping[str, Any]]:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._worker.command,
                *job.words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                env=None if self._worker.environment is None else dict(self._worker.environment),
            )
        except OSError as error:  # no memory for it, or no such program: that may pass, or not
            logger.warning("%s %s cannot be started: %s", job.kind, job.id, error)
            return 1, _UNSTARTED
        assert process.stdout is not None
        last: Mapping[str, Any] = {}
        try:
            async for line in process.stdout:
                with suppress(orjson.JSONDecodeError):
                    last = orjson.loads(line)
                    if "part" in last:
                        self._tries.pop(job, None)
                    self._said[job.kind, job.id] = last
            return await process.wait(), last
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def _ended(self, trade: Trade, job: Job, code: int, last: Mapping[str, Any]) -> None:
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
            logger.warning("%s %s %s ended with %d", trade.name, job.kind, job.id, code)
            self._tries[job] += 1
            if self._tries[job] < TRIES:
                return
            self._tries.pop(job)
            words = NOT_STARTED if last is _UNSTARTED else LOST
        async with self._units.work(Scope(job.board), actor=ACTOR) as work:
            await trade.ended(work, job, words)


async def the_foreman(request: Request) -> Foreman:
    """Who sees to it that what is asked for is done."""
    return cast("Foreman", request.app.state.foreman)


Fore = Annotated[Foreman, Depends(the_foreman)]
