"""Brings Keycloak to what accounts and grants say: users by the hundred, what takes something away first.

Without input, idempotent, one process at a time. Keycloak away is nothing lost: rows say what it lacks, and it catches
up; a try that died in between finds what it has made. A Keycloak whose data were lost has another realm of the same
name: that is looked for every half minute, and all is made again. What somebody changed or deleted by hand in the realm
that was told stays so until that account changes, or somebody asks for it (`tsumugi account again`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.identity.keycloak import store
from services.identity.keycloak.admin import AT_ONCE, Admin, Away, Failed, NotTaken
from services.identity.keycloak.store import ClientJob, Outcome, UserJob
from services.identity.keycloak.training import Training
from shared.database import Login, Units
from shared.dates import Clock, SystemClock
from shared.events.workers import WorkerState, lead

logger = logging.getLogger(__name__)

NAME = "keycloak"
TIMER_SECONDS = 10.0
"""Safety net, and how late a job whose time has come is taken up."""
BREATH_SECONDS = 0.5
"""From one look to the next: an import's accounts come by the thousand, and one look is for all of them."""
MOST = 200
MOST_CLIENTS = 20
LONGEST_PAUSE = 60.0
LOOK = timedelta(seconds=30)
"""How often it is asked which realm this is."""
IN_A_ROW = 5
"""So many different ones that Keycloak fails at, and none between them that went well: it is not about those."""


class Reconciler:
    """The reconciler. ``units`` works as the feed role. ``training``: how everybody of a town for trying gets in."""

    def __init__(
        self, units: Units, admin: Admin, *, real: Clock | None = None, training: Training | None = None
    ) -> None:
        self._units = units
        self._admin = admin
        self._real = real or SystemClock()
        self._credentials = training
        self._wake = asyncio.Event()
        self._away = 0
        self._looked: datetime | None = None
        self._failed: list[Failed] = []
        """At what Keycloak failed, one after the other."""
        self.state = WorkerState("identity", NAME, "identity")

    async def run(self, login: Login) -> None:
        """Reconcile until cancelled; a second process stands by."""
        await lead(login, self.state, self._work)

    async def _work(self, lock: asyncpg.Connection) -> None:
        def heard(connection: Any, pid: int, channel: str, payload: object) -> None:
            self._wake.set()

        # Every account and grant that changes is published: that is when the log is told of.
        await lock.add_listener("log", heard)
        while not lock.is_closed():
            self._wake.clear()
            if await self.reconcile():
                continue
            if self._away:  # whatever is said meanwhile: asked too often, whoever starts up never gets there
                await asyncio.sleep(min(LONGEST_PAUSE, 2.0 ** (self._away - 1)))
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(TIMER_SECONDS):
                    await self._wake.wait()
            await asyncio.sleep(BREATH_SECONDS)

    async def reconcile(self) -> bool:
        """Look once and do what is due; whether there may be more of it at once."""
        now, clock = self._real.now(), self._units.clock
        trouble = await self._look(now)
        users: Sequence[UserJob] = ()
        clients: Sequence[ClientJob] = ()
        async with self._units.maintain() as session:
            await store.find(session, clock.today(), now)
            if trouble is None:
                users = await store.claim(session, now, MOST)
                clients = await store.claim_clients(session, now, MOST_CLIENTS)
        if users or clients:
            trouble = await self._do(users, clients)
        async with self._units.maintain() as session:
            many, why = await store.refused(session)
        self._away = self._away + 1 if trouble else 0
        self.state.stopped_because = trouble or (
            f"{many} 件を Keycloak が受け付けません（{why}）。" if many else None
        )
        self.state.looked_at = clock.now()
        if trouble is None:
            self.state.level()
        return trouble is None and (len(users) == MOST or len(clients) == MOST_CLIENTS)

    async def _look(self, now: datetime) -> str | None:
        """Notice a realm that is another than the one that was told; what the operator has to know otherwise."""
        if self._looked is not None and now - self._looked < LOOK:
            return None
        try:
            await self._admin.enter()
            realm = self._admin.realm()
        except Away as away:
            return str(away)
        async with self._units.maintain() as session:
            lost = await store.realm_is(session, realm, now)
        self._looked = now
        if lost is not None and any(lost):
            logger.warning(
                "Keycloak has another realm than the one noted: %d users and %d clients are gone through again;"
                " those that it lacks are made, and need new passwords, codes and secrets (tsumugi account"
                " password, tsumugi purpose new-secret)",
                *lost,
            )
        return None

    async def _do(self, users: Sequence[UserJob], clients: Sequence[ClientJob]) -> str | None:
        """Do what is claimed; what the operator has to know, when Keycloak is away or fails at everything."""
        self._failed = []
        outcomes: list[Outcome] = []
        tried: set[UUID] = set()
        away: list[str] = []
        places = asyncio.Semaphore(AT_ONCE)

        async def one(job: UserJob) -> None:
            async with places:
                if away or self._fails:
                    return
                try:
                    outcomes.append(await self._user(job))
                except Away as trouble:
                    away.append(str(trouble))

        try:
            await self._admin.enter()
            await asyncio.gather(*(one(job) for job in users))
            for job in clients:
                if away or self._fails:
                    break
                await self._client(job)
                tried.add(job.department.id)
        except Away as trouble:
            away.append(str(trouble))
        finally:
            done = {(each.job.hat.account, each.job.hat.kind) for each in outcomes}
            now = self._real.now()
            async with self._units.maintain() as session:
                await store.note(session, outcomes, now)
                left = [job for job in users if (job.hat.account, job.hat.kind) not in done]
                await store.give_back(session, left, now)
                untried = [job for job in clients if job.department.id not in tried]
                await store.give_back_clients(session, untried, now)
        return away[0] if away else self._failed[-1].trouble if self._fails else None

    @property
    def _fails(self) -> bool:
        return len(self._failed) >= IN_A_ROW

    def _went(self, error: NotTaken | None) -> None:
        """Those it fails at wait by themselves, whatever it is about: so the next look begins with others."""
        if isinstance(error, Failed):
            self._failed.append(error)
        elif not self._fails:
            self._failed = []

    async def _user(self, job: UserJob) -> Outcome:
        id: str | None = job.keycloak_id
        try:
            match job.wanted:
                case "enabled":
                    made = self._credentials.credentials(job.hat.kind) if self._credentials else ()
                    id = await self._admin.put_user(job.hat, id, made)
                case "disabled":
                    id = await self._admin.shut_user(job.hat, id)
                case "gone":
                    await self._admin.delete_user(job.hat, id)
                    id = None
        except NotTaken as error:
            logger.warning("Keycloak does not take a user: %s", error)
            self._went(error)
            return Outcome(job, id, str(error))
        self._went(None)
        return Outcome(job, id)

    async def _client(self, job: ClientJob) -> None:
        reason = None
        try:
            await self._admin.put_client(job.department, enabled=job.wanted == "enabled")
            self._went(None)
        except NotTaken as error:
            logger.warning("Keycloak does not take a client: %s", error)
            self._went(error)
            reason = str(error)
        async with self._units.maintain() as session:
            await store.note_client(session, job, reason, self._real.now())
