"""Hands over what somebody must be told: looks at what stands, makes the jobs that are missing, does what is due.

Without input, idempotent, one process at a time. A job is claimed and counted before it is handed over and noted
afterwards, so it may be handed over twice when the process dies in between, and never not at all; both times it has the
same name (``Message-ID``, ``Topic``), by which its receiver can know it.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from services.messaging.channels import jobs, mail, push
from services.messaging.channels.jobs import Job
from services.messaging.channels.push import Vapid
from services.messaging.channels.rules import Kind, Outcome, code_of, quiet, refused
from services.messaging.channels.settings import Channels, Settings, UnreadableError
from services.messaging.channels.words import mail_text, words
from shared.database import Login, Units
from shared.dates import Clock, SystemClock
from shared.events.workers import WorkerState, lead

logger = logging.getLogger(__name__)

TIMER_SECONDS = 10.0
"""Safety net, and how late a job whose time has come is taken up."""
MOST = 40
AT_ONCE = 5
"""Messages handed over at the same time."""


class Deliveries:
    """The reconciler. ``units`` works as the feed role."""

    def __init__(
        self,
        units: Units,
        settings: Settings,
        origin: str,
        *,
        real: Clock | None = None,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._units = units
        self._settings = settings
        self._origin = origin
        self._real = real or SystemClock()
        self._trusted = trusted
        self._wake = asyncio.Event()
        self._vapid: Vapid | None = None
        self.state = WorkerState("messaging", "deliveries", "messaging")

    def wake(self) -> None:
        """Look at once: something was said that somebody must be told."""
        self._wake.set()

    def vapid(self) -> Vapid:
        """The deployment's key for push, made at first use."""
        if self._vapid is None:
            self._vapid = push.vapid(self._settings.folder)
        return self._vapid

    def offered(self) -> Channels:
        """What the operator has set; what cannot be read counts as nothing, and the operator is told."""
        try:
            return self._settings.read()
        except UnreadableError as error:
            self.state.stopped_because = str(error)
            return Channels()

    def is_code(self, channel: UUID, number: int, code: str) -> bool:
        """Whether it is the code that was sent."""
        return hmac.compare_digest(code_of(self._settings.code_key(), channel, number), code)

    async def run(self, login: Login) -> None:
        """Reconcile until cancelled; a second process stands by."""
        await lead(login, self.state, self._work)

    async def _work(self, lock: asyncpg.Connection) -> None:
        def heard(connection: Any, pid: int, channel: str, payload: object) -> None:
            self.wake()

        await lock.add_listener("live", heard)
        async with httpx.AsyncClient() as http:
            while not lock.is_closed():
                self._wake.clear()
                more = await self.reconcile(http)
                if not more:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(TIMER_SECONDS):
                            await self._wake.wait()

    async def reconcile(self, http: httpx.AsyncClient) -> bool:
        """Look once and do what is due; whether there may be more of it at once."""
        self.state.stopped_because = None
        set_ = self.offered()
        on, now, clock = set_.on(), self._real.now(), self._units.clock
        claimed: list[Job] = []
        async with self._units.maintain() as session:
            await jobs.expire(session, today=clock.today(), now=now)
            if on:
                await jobs.find(session, on, at=clock.now(), today=clock.today(), now=now)
                settings = await jobs.quiet_settings(session, clock.today())
                waiting = await jobs.boards_waiting(session, now)
                claimed = await jobs.claim(
                    session,
                    on,
                    at=clock.now(),
                    now=now,
                    quiet=[board for board in waiting if quiet(settings.get(board)).holds(now)],
                    per_minute=_per_minute(set_),
                    most=MOST,
                )
        if trouble := await self._hand_over_all(http, set_, claimed):
            self.state.stopped_because = trouble
        self.state.looked_at = clock.now()
        return len(claimed) == MOST

    async def _hand_over_all(
        self, http: httpx.AsyncClient, set_: Channels, claimed: Sequence[Job]
    ) -> str | None:
        places = asyncio.Semaphore(AT_ONCE)

        async def one(job: Job) -> Outcome:
            async with places:
                outcome = await self._hand_over(http, set_, job)
                async with self._units.maintain() as session:
                    await jobs.note(session, job, outcome, self._real.now())
                return outcome

        outcomes = await asyncio.gather(*(one(job) for job in claimed))
        if any(outcome.reason == "not_let_in" for outcome in outcomes):
            return "メールサーバーかプッシュのサービスに受け入れられません。`tsumugi mail test` で確かめてください。"
        return None

    async def _hand_over(self, http: httpx.AsyncClient, set_: Channels, job: Job) -> Outcome:
        code = code_of(self._settings.code_key(), job.channel, job.number) if job.what == "code" else ""
        said = words(job.what, job.language, school=job.school, code=code)
        if job.kind == "email":
            assert set_.mail is not None
            text = mail_text(said, job.language, f"{self._origin}/family")
            try:
                message = mail.compose(job.id, set_.mail, job.address, said, text, job.school or "紬")
            except ValueError:  # no such address can be written
                return refused()
            return await mail.hand_over(message, set_.mail, self._settings.password(), trusted=self._trusted)
        assert set_.push is not None
        assert job.keys is not None
        return await push.hand_over(
            http,
            self.vapid(),
            set_.push.contact,
            id=job.id,
            endpoint=job.address,
            keys=job.keys,
            message=push.compose(job.id, said),
            now=self._real.now(),
        )


def _per_minute(set_: Channels) -> dict[Kind, int]:
    return {
        "email": set_.mail.per_minute if set_.mail else 0,
        "push": set_.push.per_minute if set_.push else 0,
    }
