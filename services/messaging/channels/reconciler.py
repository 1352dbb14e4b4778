"""Hands over what somebody must be told: looks at what stands, makes the jobs that are missing, does what is due.

Without input, idempotent, one process at a time; mail and push each in a lane of their own. A job is claimed and
counted before it is handed over and noted afterwards, so it may be handed over twice when the process dies in between,
and never not at all; both times it has the same name (``Message-ID``, ``Topic``), by which its receiver can know it.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import ssl
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import httpx

from services.messaging.channels import jobs, mail, push
from services.messaging.channels.jobs import Job
from services.messaging.channels.kept import MailBox
from services.messaging.channels.push import Vapid
from services.messaging.channels.rules import (
    HANDED_OVER,
    KINDS,
    Kind,
    Outcome,
    Part,
    again,
    code_of,
    quiet,
    refused,
    stop_token,
    stopped,
)
from services.messaging.channels.settings import TRIAL, Channels, Settings, UnreadableError
from services.messaging.channels.words import Words, mail_text, words
from shared.database import Login, Units
from shared.dates import Clock, SystemClock
from shared.events.workers import WorkerState, lead

_T = TypeVar("_T")
logger = logging.getLogger(__name__)

TIMER_SECONDS = 10.0
"""Safety net, and how late a job whose time has come is taken up."""
BREATH_SECONDS = 1.0
"""From one look to the next: a morning's saves come by the hundred, and one look is for all of them."""
MOST = 20
AT_ONCE = 5
"""Messages handed over at the same time, each way."""
HAND_OVER = timedelta(seconds=30)
"""Whoever takes longer is not there. All of a batch, one after the other, stays far below :data:`rules.LEASE`."""


_NOT_LET_IN = (
    "メールサーバーかプッシュのサービスに受け入れられません。`tsumugi mail test` で確かめてください。"
)


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
        self._wakes: dict[Kind, asyncio.Event] = {kind: asyncio.Event() for kind in KINDS}
        self._troubles: dict[Kind, str | None] = {}
        self._vapid: Vapid | None = None
        self._box = MailBox(settings.folder)
        self.state = WorkerState("messaging", "deliveries", "messaging")

    def wake(self) -> None:
        """Look at once: something was said that somebody must be told."""
        for wake in self._wakes.values():
            wake.set()

    def vapid(self) -> Vapid:
        """The deployment's key for push, made at first use."""
        if self._vapid is None:
            self._vapid = push.vapid(self._settings.folder)
        return self._vapid

    def offered(self) -> Channels:
        """What the operator has set; what cannot be read counts as nothing, and the next look tells the operator."""
        return self._read()[0]

    def is_code(self, channel: UUID, number: int, code: str) -> bool:
        """Whether it is the code that was sent."""
        return hmac.compare_digest(code_of(self._settings.code_key(), channel, number), code)

    def stop_link(self, board: UUID, channel: UUID) -> str:
        """The address in a mail that ends mails to its receiver."""
        return f"{self._origin}/stop/{stop_token(self._settings.code_key(), board, channel)}"

    def stopped(self, token: str) -> tuple[UUID, UUID] | None:
        """Whose mails a link of ours ends: board and channel."""
        return stopped(self._settings.code_key(), token)

    async def run(self, login: Login) -> None:
        """Reconcile until cancelled; a second process stands by."""
        await lead(login, self.state, self._work)

    async def _work(self, lock: asyncpg.Connection) -> None:
        def heard(connection: Any, pid: int, channel: str, payload: object) -> None:
            self.wake()

        await lock.add_listener("live", heard)
        failed = asyncio.Event()
        async with httpx.AsyncClient() as http:
            await _all(self._lane(kind, http, lock, failed) for kind in KINDS)

    async def _lane(
        self, kind: Kind, http: httpx.AsyncClient, lock: asyncpg.Connection, failed: asyncio.Event
    ) -> None:
        """One way's own loop: who is slow to take mail holds up no telephone. ``failed`` ends the other one, too."""
        wake, time = self._wakes[kind], asyncio.get_running_loop().time
        try:
            while not lock.is_closed() and not failed.is_set():
                wake.clear()
                began = time()
                if not await self._look(kind, http):
                    with suppress(TimeoutError):
                        async with asyncio.timeout(TIMER_SECONDS):
                            await wake.wait()
                    await asyncio.sleep(max(0.0, began + BREATH_SECONDS - time()))
        except BaseException:
            failed.set()
            self.wake()
            raise

    async def reconcile(self, http: httpx.AsyncClient) -> bool:
        """Look once, all ways, and do what is due; whether there may be more of it at once."""
        return any(await _all(self._look(kind, http) for kind in KINDS))

    async def _look(self, kind: Kind, http: httpx.AsyncClient) -> bool:
        set_, trouble = self._read()
        now, clock = self._real.now(), self._units.clock
        claimed: list[Job] = []
        async with self._units.maintain() as session:
            await jobs.expire(session, kind, today=clock.today(), now=now)
            if kind == "email" and (ids := self._box.ids()):
                self._box.drop(set(ids) - await jobs.kept(session, ids))
            if kind in set_.on():
                await jobs.find(session, kind, at=clock.now(), today=clock.today(), now=now)
                settings = await jobs.quiet_settings(session, clock.today())
                waiting = await jobs.boards_waiting(session, now)
                claimed = await jobs.claim(
                    session,
                    kind,
                    at=clock.now(),
                    now=now,
                    # A mail that stays on this machine wakes nobody.
                    quiet=[
                        board
                        for board in waiting
                        if not (set_.kept and kind == "email") and quiet(settings.get(board)).holds(now)
                    ],
                    per_minute=_per_minute(set_, kind),
                    most=MOST,
                )
        places = asyncio.Semaphore(AT_ONCE)
        troubles = await _all(self._do(http, set_, group, places) for group in jobs.together(claimed))
        self._troubles[kind] = next((each for each in troubles if each is not None), trouble)
        self.state.stopped_because = next(filter(None, self._troubles.values()), None)
        self.state.looked_at = clock.now()
        self.state.level()
        return len(claimed) == MOST

    def _read(self) -> tuple[Channels, str | None]:
        try:
            return self._settings.read(), None
        except UnreadableError as error:
            return Channels(), str(error)

    async def _do(
        self, http: httpx.AsyncClient, set_: Channels, group: Sequence[Job], places: asyncio.Semaphore
    ) -> str | None:
        """Hand over what is claimed as one message, those of it that still may go, and note what became of each;
        what the operator has to mend."""
        async with places:
            today, now = self._units.clock.today(), self._real.now()
            async with self._units.maintain() as session:
                found = [
                    (job, await jobs.still(session, job, today=today, now=now, takes=HAND_OVER))
                    for job in group
                ]
                going = [job for job, school in found if school is not None]
                if not going:
                    return None
                part = await jobs.part_of(session, going[0])
            # Of children at several schools, or one whose school may not be said, none is named.
            schools = {school for _, school in found if school is not None}
            name = schools.pop() if len(schools) == 1 else ""
            outcome, trouble = await self._try(http, set_, going[0], name, part)
            async with self._units.maintain() as session:
                for job in going:
                    await jobs.note(session, job, outcome, self._real.now())
        return trouble

    async def _try(
        self, http: httpx.AsyncClient, set_: Channels, job: Job, school: str, part: Part
    ) -> tuple[Outcome, str | None]:
        try:
            async with asyncio.timeout(HAND_OVER.total_seconds()):
                outcome = await self._hand_over(http, set_, job, school, part)
        except TimeoutError:
            return again("unreachable"), None
        except UnreadableError as error:  # a file of ours: it waits until the operator has mended it
            return again("not_let_in"), str(error)
        if outcome.reason == "not_let_in":
            return outcome, _NOT_LET_IN
        return outcome, None

    async def _hand_over(
        self, http: httpx.AsyncClient, set_: Channels, job: Job, school: str, part: Part
    ) -> Outcome:
        code = code_of(self._settings.code_key(), job.channel, job.number) if job.what == "code" else ""
        at = None if job.act is None else job.act[0]
        said = words(job.what, job.language, school=school, code=code, part=part, at=at)
        if job.kind == "email":
            return await self._mail(set_, job, said, school)
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

    async def _mail(self, set_: Channels, job: Job, said: Words, school: str) -> Outcome:
        # Of a code there is nothing to end: nothing goes to that address before it has come back.
        stop = None if job.what == "code" else self.stop_link(job.board, job.channel)
        text = mail_text(job.what, said, job.language, f"{self._origin}/family", stop)
        try:
            message = mail.compose(job.id, set_.mail or TRIAL, job.address, said, text, school or "紬", stop)
        except ValueError:  # no such address can be written
            return refused()
        if set_.mail is None:
            self._box.put(job.id, message)
            return HANDED_OVER
        return await mail.hand_over(message, set_.mail, self._settings.password(), trusted=self._trusted)


def _per_minute(set_: Channels, kind: Kind) -> int:
    part = (set_.mail or (TRIAL if set_.kept else None)) if kind == "email" else set_.push
    return part.per_minute if part else 0


async def _all(works: Iterable[Coroutine[Any, Any, _T]]) -> list[_T]:
    """Do all of it at the same time, to its end; then raise what the first that failed has raised."""
    done = await asyncio.gather(*works, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return [each for each in done if not isinstance(each, BaseException)]
