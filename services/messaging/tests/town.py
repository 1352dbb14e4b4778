"""A small town as registry would tell it, and messaging over databases of its own, asked as a browser asks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.messaging import service
from shared.contracts import Contract, Lane
from shared.contracts.registry import (
    AttendanceDayChanged,
    Considered,
    DayFact,
    Duty,
    DutyChanged,
    DutyKind,
    Enrolment,
    EnrolmentChanged,
    Guardian,
    GuardianshipChanged,
    Membership,
    Name,
    OrganisationChanged,
    PersonChanged,
    Protection,
)
from shared.database import Scope, Units, make_engine
from shared.database.migrate import platform_sql, run_script
from shared.database.roles import platform_grants, reader_grants
from shared.dates import FixedClock
from shared.events.adversary import AdversarialFeed
from shared.events.copies import CopyWorker
from shared.events.feed import Feed
from shared.events.log_feed import LogFeed
from shared.events.reactions import ReactionWorker
from shared.ids import pupil_day_id
from tests.support.databases import Database
from tests.support.fixtures import catch_up
from tests.support.tokens import Authority

SINCE = date(2026, 4, 1)
TODAY = date(2026, 11, 20)
READ = sorted(
    {topic for each in service.COPIES for topic in each.topics_of("registry")}
    | {topic for each in service.REACTIONS for topic in each.topics_of("registry")}
)


async def build_log(engine: AsyncEngine) -> None:
    """A database with a log and nothing else: registry, as far as messaging can see it."""
    async with engine.begin() as connection:
        for script in (
            platform_sql("0001_log"),
            "select log.keep_year(2026)",
            platform_grants("roster_log"),
            reader_grants("messaging", READ),
        ):
            await connection.run_sync(run_script, script)


@dataclass
class Town:
    """Ids of a small town."""

    board: UUID
    first: UUID = field(default_factory=uuid4)
    second: UUID = field(default_factory=uuid4)
    class_21: UUID = field(default_factory=uuid4)
    class_22: UUID = field(default_factory=uuid4)
    office: UUID = field(default_factory=uuid4)
    principal: UUID = field(default_factory=uuid4)
    homeroom: UUID = field(default_factory=uuid4)
    neighbour: UUID = field(default_factory=uuid4)
    elsewhere: UUID = field(default_factory=uuid4)
    mother: UUID = field(default_factory=uuid4)
    father: UUID = field(default_factory=uuid4)
    """May not tell about his children."""
    sister: UUID = field(default_factory=uuid4)
    brother: UUID = field(default_factory=uuid4)
    hidden: UUID = field(default_factory=uuid4)
    """Kept from the homeroom teacher, who is its father."""

    def facts(self) -> list[Contract]:
        """What registry says about it."""
        return [
            self._unit(self.first, "elementary", "第一小学校", self.first),
            self._unit(self.second, "elementary", "第二小学校", self.second),
            self._unit(self.class_21, "class", "2年1組", self.first),
            self._unit(self.class_22, "class", "2年2組", self.first),
            *(
                self.card(id, given)
                for id, given in (
                    (self.office, "事務"),
                    (self.homeroom, "担任"),
                    (self.mother, "母"),
                    (self.father, "父"),
                    (self.sister, "妹"),
                    (self.brother, "兄"),
                    (self.hidden, "秘"),
                )
            ),
            self._duty(self.office, "office", self.first),
            self._duty(self.principal, "principal", self.first),
            self._duty(self.homeroom, "homeroom", self.first, self.class_21),
            self._duty(self.neighbour, "homeroom", self.first, self.class_22),
            self._duty(self.elsewhere, "office", self.second),
            self.place(self.sister, self.class_21, 1),
            self.place(self.brother, self.class_22, 2),
            self.place(self.hidden, self.class_21, 3),
            self.family(self.sister),
            self.family(self.brother),
            self.family(self.hidden, kept_from=[self.homeroom]),
        ]

    def _unit(self, id: UUID, kind: str, name: str, school: UUID) -> OrganisationChanged:
        return OrganisationChanged(
            organisation=id,
            kind=kind,
            name=name,
            short_name=name,
            parent=self.board,
            school=school,
            code=None,
            school_year=2026 if kind == "class" else None,
            grade="P2" if kind == "class" else None,
            special_needs=False,
        )

    def card(self, id: UUID, given: str, merged_into: UUID | None = None) -> PersonChanged:
        """A name card."""
        return PersonChanged(
            person=id,
            legal=Name(family="紬", given=given),
            common=None,
            kana=None,
            sort_key=given,
            birth_date=None,
            sex="unspecified",
            merged_into=merged_into,
        )

    def _duty(self, staff: UUID, kind: DutyKind, at: UUID, of: UUID | None = None) -> DutyChanged:
        return DutyChanged(
            staff=staff, duties=[Duty(kind=kind, organisation=at, class_id=of, since=SINCE, until=None)]
        )

    def place(
        self, pupil: UUID, of: UUID, number: int, school: UUID | None = None, until: date | None = None
    ) -> EnrolmentChanged:
        """Where a pupil is."""
        at = school or self.first
        return EnrolmentChanged(
            pupil=pupil,
            enrolments=[Enrolment(school=at, grade="P2", since=SINCE, until=until)],
            memberships=[
                Membership(class_id=of, school=at, kind="home", number=number, since=SINCE, until=until)
            ],
        )

    def room(self, id: UUID, name: str, school: UUID) -> OrganisationChanged:
        """A class of a school."""
        return self._unit(id, "class", name, school)

    def stays(self, pupil: UUID, *stays: tuple[UUID, UUID | None, date, date | None]) -> EnrolmentChanged:
        """A pupil who is at one school after another: school, class, first day, the day after the last one."""
        return EnrolmentChanged(
            pupil=pupil,
            enrolments=[
                Enrolment(school=school, grade="P2", since=since, until=until)
                for school, _, since, until in stays
            ],
            memberships=[
                Membership(class_id=of, school=school, kind="home", number=31, since=since, until=until)
                for school, of, since, until in stays
                if of is not None
            ],
        )

    def family(self, pupil: UUID, kept_from: Sequence[UUID] = ()) -> GuardianshipChanged:
        """A mother who tells about the child, a father who may not."""
        return GuardianshipChanged(
            pupil=pupil,
            guardians=[
                Guardian(
                    guardian=guardian,
                    relation=relation,
                    notify=notify,
                    read=True,
                    contact=True,
                    since=SINCE,
                    until=None,
                )
                for guardian, relation, notify in (
                    (self.mother, "mother", True),
                    (self.father, "father", False),
                )
            ],
            protections=[Protection(since=SINCE, until=None, confidential_from=list(kept_from))]
            if kept_from
            else [],
        )

    def day_seen(
        self, pupil: UUID, revision: int, seen: Sequence[tuple[UUID, int]], on: date = TODAY
    ) -> AttendanceDayChanged:
        """The teacher has saved a day with these notices before her."""
        at = datetime(2026, 11, 19, 23, 21, tzinfo=UTC)
        return AttendanceDayChanged(
            pupil_day=pupil_day_id(self.board, pupil, on),
            pupil=pupil,
            class_id=self.class_21,
            school=self.first,
            on=on,
            revision=revision,
            status="absent",
            code="absent_sick",
            presence="absent",
            category="sick",
            late=False,
            early_leave=False,
            decided_by="teacher",
            facts=[
                DayFact(
                    source="teacher",
                    revision=revision,
                    code="absent_sick",
                    by=self.homeroom,
                    at=at,
                    claimed_at=None,
                    corrects=None,
                    reason=None,
                )
            ],
            considered=[
                Considered(notice=notice, revision=number, at=at, by=self.homeroom) for notice, number in seen
            ],
            contradiction=None,
        )


def said(**changes: Any) -> dict[str, Any]:
    """A mother telephones: her child is ill today."""
    return {
        "kind": "absent",
        "reason": "sick",
        "since": "2026-11-20",
        "until": "2026-11-21",
        "channel": "phone",
        "teller": {"words": "祖母"},
        **changes,
    }


@dataclass
class Messaging:
    """messaging over a database of its own, registry's log beside it."""

    database: Database
    log: Database
    clock: FixedClock
    town: Town
    authority: Authority = field(default_factory=Authority)
    engines: list[AsyncEngine] = field(default_factory=list)
    app: FastAPI = field(default_factory=FastAPI)
    _http: httpx.AsyncClient | None = None

    def __post_init__(self) -> None:
        self.feed = self.units(self.database.feed)
        self._registry = self.units(self.log.app)

    def units(self, login: Any) -> Units:
        """Rows as a role sees them."""
        self.engines.append(make_engine(login, pool_size=2))
        return Units(self.engines[-1], self.clock)

    def serve(self, http: httpx.AsyncClient, app: FastAPI) -> None:
        """The way in."""
        self._http, self.app = http, app

    def make_feed(self, publisher: str, topics: Sequence[str], seed: int = 0) -> Feed:
        """registry's log as messaging reads it, in any legal order."""
        return AdversarialFeed(LogFeed(publisher, self.log.reader("messaging"), topics), seed)

    async def say(self, *facts: Contract) -> None:
        """registry publishes, one transaction a fact."""
        for fact in facts:
            key: UUID = getattr(fact, fact.TOPIC.key)
            async with self._registry.work(Scope(self.town.board), actor="registry") as work:
                if fact.TOPIC.lane is Lane.STATE:
                    work.publish(fact, key=key)
                else:
                    work.publish(fact, key=key, stream=fact.pupil_day, subject=key)  # type: ignore[attr-defined]

    async def catch_up(self, seed: int = 0) -> None:
        """Let copies and reactions take all there is."""
        workers: list[CopyWorker | ReactionWorker] = [
            CopyWorker(
                "messaging", copy, self.make_feed("registry", copy.topics_of("registry"), seed), self.feed
            )
            for copy in service.COPIES
        ]
        workers += [
            ReactionWorker(
                "messaging",
                reaction,
                self.make_feed("registry", reaction.topics_of("registry"), seed),
                self.feed,
            )
            for reaction in service.REACTIONS
        ]
        for worker in workers:
            try:
                await catch_up(worker, limit=7)
            finally:
                await worker.feed.close()

    def _headers(self, who: UUID, **claims: Any) -> dict[str, str]:
        token = self.authority.token("messaging", self.town.board, who, **claims)
        return {"authorization": f"Bearer {token}"}

    async def anybody(self, method: str, path: str, form: dict[str, str] | None = None) -> httpx.Response:
        """Ask without a token, as a mailbox does."""
        assert self._http is not None
        return await self._http.request(method, path, data=form)

    async def get(self, path: str, who: UUID, **claims: Any) -> httpx.Response:
        """Read as somebody."""
        assert self._http is not None
        return await self._http.get(path, headers=self._headers(who, **claims))

    async def send(
        self,
        method: str,
        path: str,
        who: UUID,
        body: dict[str, Any],
        *,
        key: UUID | None = None,
        **claims: Any,
    ) -> httpx.Response:
        """Send a command as somebody."""
        assert self._http is not None
        headers = {**self._headers(who, **claims), "idempotency-key": str(key or uuid4())}
        return await self._http.request(method, path, json=body, headers=headers)

    async def take(self, *pupils: UUID, who: UUID | None = None, **changes: Any) -> httpx.Response:
        """The office takes a call about children."""
        body = said(pupils=[str(pupil) for pupil in pupils], **changes)
        return await self.send("POST", "/v1/notices", who or self.town.office, body)

    async def taken(self, *pupils: UUID, **changes: Any) -> UUID:
        """The same, and it was well: the first child's notice."""
        answer = await self.take(*pupils, **changes)
        assert answer.status_code == 200, answer.text
        return UUID(answer.json()["notices"][0]["notice"])

    async def of(self, pupil: UUID, who: UUID | None = None) -> dict[str, Any]:
        """A child's notices."""
        answer = await self.get(f"/v1/pupils/{pupil}/notices", who or self.town.office)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def published(self) -> list[dict[str, Any]]:
        """What messaging has told, in its order."""
        return [
            row.payload
            for row in await self.rows(
                "select payload from log.log_fact where topic = 'messaging.notice' order by position"
            )
        ]

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """What the owner sees."""
        async with self.units(self.database.login("messaging_owner")).maintain() as session:
            return list(await session.execute(text(statement), values))

    async def close(self) -> None:
        """Give back connections."""
        for engine in self.engines:
            await engine.dispose()
