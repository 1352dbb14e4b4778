"""A town as registry would tell it, and identity over databases of its own, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.identity import service
from shared.contracts import Contract
from shared.contracts.registry import (
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
from shared.service import ServiceSettings
from tests.support.databases import Database
from tests.support.fixtures import catch_up

READ = sorted(
    {topic for each in service.COPIES for topic in each.topics_of("registry")}
    | {topic for each in service.REACTIONS for topic in each.topics_of("registry")}
)
SINCE = date(2026, 4, 1)
ORIGIN = "http://localhost:8600"
ISSUER = "http://localhost:8602"
SERVICES = ("dashboard", "registry", "identity")
SECRETS = {client: f"secret-of-{client}" for client in (*SERVICES, "tsumugi-cli")}


async def build_log(engine: AsyncEngine) -> None:
    """A database with a log and nothing else: registry, as far as identity can see it."""
    async with engine.begin() as connection:
        for script in (
            platform_sql("0001_log"),
            "select log.keep_year(2026)",
            platform_grants("school_log"),
            reader_grants("identity", READ),
        ):
            await connection.run_sync(run_script, script)


def duties(staff: UUID, *held: Duty) -> DutyChanged:
    """All duties of a staff member."""
    return DutyChanged(staff=staff, duties=list(held))


def duty(
    kind: DutyKind,
    organisation: UUID,
    class_id: UUID | None = None,
    since: date = SINCE,
    until: date | None = None,
) -> Duty:
    """One duty."""
    return Duty(kind=kind, organisation=organisation, class_id=class_id, since=since, until=until)


def person(id: UUID, family: str, given: str, kana: str) -> PersonChanged:
    """A name card."""
    kana_family, kana_given = kana.split()
    return PersonChanged(
        person=id,
        legal=Name(family=family, given=given),
        common=None,
        kana=Name(family=kana_family, given=kana_given),
        sort_key=kana,
        birth_date=None,
        sex="unspecified",
        merged_into=None,
    )


def organisation(
    id: UUID, kind: str, name: str, parent: UUID | None, *, code: str | None = None, grade: str | None = None
) -> OrganisationChanged:
    """A unit."""
    return OrganisationChanged(
        organisation=id,
        kind=kind,
        name=name,
        short_name=name,
        parent=parent,
        school=None,
        code=code,
        school_year=None,
        grade=grade,
        special_needs=False,
    )


def guardianship(pupil: UUID, *guardians: Guardian) -> GuardianshipChanged:
    """All guardians of a pupil, without any protection mark."""
    return GuardianshipChanged(pupil=pupil, guardians=list(guardians), protections=[])


def tie(
    guardian: UUID, *, notify: bool = True, read: bool = True, since: date = SINCE, until: date | None = None
) -> Guardian:
    """A guardian's tie."""
    return Guardian(
        guardian=guardian,
        relation="mother",
        notify=notify,
        read=read,
        contact=True,
        since=since,
        until=until,
    )


def enrolment(
    pupil: UUID,
    school: UUID,
    since: date = SINCE,
    until: date | None = None,
    *,
    of: UUID | None = None,
    number: int = 1,
) -> EnrolmentChanged:
    """A pupil's only enrolment, in a class or in none."""
    held = Enrolment(school=school, grade="P2", since=since, until=until)
    member = (
        []
        if of is None
        else [Membership(class_id=of, school=school, kind="home", number=number, since=since, until=until)]
    )
    return EnrolmentChanged(pupil=pupil, enrolments=[held], memberships=member)


@dataclass
class Town:
    """Ids of a small town."""

    board: UUID
    first: UUID = field(default_factory=uuid4)
    second: UUID = field(default_factory=uuid4)
    class_11: UUID = field(default_factory=uuid4)
    class_21: UUID = field(default_factory=uuid4)
    kitchen: UUID = field(default_factory=uuid4)
    principal: UUID = field(default_factory=uuid4)
    homeroom: UUID = field(default_factory=uuid4)
    mother_teacher: UUID = field(default_factory=uuid4)
    nurse: UUID = field(default_factory=uuid4)
    cook: UUID = field(default_factory=uuid4)
    operator: UUID = field(default_factory=uuid4)
    guardian: UUID = field(default_factory=uuid4)
    pupil: UUID = field(default_factory=uuid4)

    def facts(self) -> list[Contract]:
        """What registry says about it."""
        return [
            organisation(self.board, "board", "紬市教育委員会", None),
            organisation(self.kitchen, "department", "健康給食課", self.board, code="kenko-kyushoku"),
            organisation(self.first, "elementary", "紬市立第一小学校", self.board, code="A1"),
            organisation(self.second, "junior_high", "紬市立第二中学校", self.board, code="B1"),
            organisation(self.class_11, "class", "1年1組", self.first, grade="P1"),
            organisation(self.class_21, "class", "2年1組", self.first, grade="P2"),
            person(self.principal, "青木", "正", "あおき ただし"),
            person(self.homeroom, "神\ufa19", "花子", "ジン ハナコ"),
            person(self.mother_teacher, "佐藤", "恵", "さとう めぐみ"),
            person(self.nurse, "山田", "薫", "やまだ かおる"),
            person(self.cook, "田中", "実", "たなか みのる"),
            person(self.operator, "森", "学", "もり まなぶ"),
            person(self.guardian, "中村", "マリア", "なかむら まりあ"),
            person(self.pupil, "中村", "空", "なかむら そら"),
            duties(self.principal, duty("principal", self.first)),
            duties(self.homeroom, duty("homeroom", self.first, self.class_21)),
            duties(self.mother_teacher, duty("homeroom", self.first, self.class_11)),
            duties(self.nurse, duty("nurse", self.first), duty("nurse", self.second)),
            duties(self.cook, duty("board_staff", self.kitchen)),
            duties(self.operator, duty("system_operator", self.board)),
            enrolment(self.pupil, self.first, of=self.class_21, number=7),
            guardianship(self.pupil, tie(self.guardian), tie(self.mother_teacher)),
        ]


def key_of(fact: Contract) -> UUID:
    """The record key of a fact of registry's state topics."""
    key: UUID = getattr(fact, fact.TOPIC.key)
    return key


@dataclass
class Identity:
    """identity over a database of its own, and registry's log beside it."""

    database: Database
    log: Database
    clock: FixedClock
    board: UUID
    state: Path
    engines: list[AsyncEngine] = field(default_factory=list)

    def units(self, role: str, database: Database | None = None) -> Units:
        """Rows as ``role`` sees them."""
        self.engines.append(make_engine((database or self.database).login(role), pool_size=2))
        return Units(self.engines[-1], self.clock)

    def __post_init__(self) -> None:
        self.app = self.units("identity_app")
        self.feed = self.units("identity_feed")
        self._registry = self.units("school_log_app", self.log)

    @property
    def settings(self) -> ServiceSettings:
        """What the service is given."""
        return ServiceSettings(
            service="identity",
            edition="embedded",
            origin=ORIGIN,
            issuer=ISSUER,
            urls={name: f"http://localhost:{8600 + number}" for number, name in enumerate(SERVICES)},
            app=self.database.app,
            feed=self.database.feed,
            state=self.state,
            secrets=SECRETS,
        )

    def make_feed(self, publisher: str, topics: Sequence[str], seed: int | None = 0) -> Feed:
        """registry's log, as identity reads it: in any legal order (``seed`` None: as published)."""
        feed = LogFeed(publisher, self.log.reader("identity"), topics)
        return feed if seed is None else AdversarialFeed(feed, seed)

    async def say(self, *facts: Contract) -> None:
        """registry publishes, one transaction a fact."""
        for fact in facts:
            async with self._registry.work(Scope(self.board), actor="registry") as work:
                work.publish(fact, key=key_of(fact))

    async def head(self) -> int:
        """How far registry's log goes."""
        async with self._registry.read(Scope(self.board)) as session:
            return int(await session.scalar(text("select position from log.head")) or 0)

    async def retract(self, kind: type[Contract], key: UUID) -> None:
        """registry erases a state."""
        async with self._registry.work(Scope(self.board), actor="registry") as work:
            work.tombstone(kind, key=key)

    async def catch_up(self, *, seed: int | None = 0, limit: int = 7) -> None:
        """Let the copy and the reaction take all there is, in any legal order (``seed`` None: as published)."""
        workers: list[CopyWorker | ReactionWorker] = [
            CopyWorker(
                "identity", each, self.make_feed("registry", each.topics_of("registry"), seed), self.feed
            )
            for each in service.COPIES
        ]
        workers += [
            ReactionWorker(
                "identity", each, self.make_feed("registry", each.topics_of("registry"), seed), self.feed
            )
            for each in service.REACTIONS
        ]
        for worker in workers:
            try:
                await catch_up(worker, limit=limit)
            finally:
                await worker.feed.close()

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """What the feed role sees."""
        async with self.feed.maintain() as session:
            return list(await session.execute(text(statement), values))

    async def rows_as_owner(self, statement: str) -> list[Any]:
        """What is there, whoever may see it in service."""
        async with self.units("identity_owner").maintain() as session:
            return list(await session.execute(text(statement)))

    async def kinds(self) -> dict[UUID, tuple[str, ...]]:
        """Person → hats of every enabled account."""
        rows = await self.rows("select person, kinds from account where kinds <> '{}'")
        return {row.person: tuple(row.kinds) for row in rows}

    async def account(self, person: UUID) -> UUID:
        """The subject of a person's account."""
        rows = await self.rows("select id from account where person = :person", person=person)
        found: UUID = rows[0].id
        return found

    async def published(self, topic: str) -> dict[str, Any]:
        """Key → payload of the newest record of a topic of identity's log."""
        rows = await self.rows("select key, payload from log.log_state where topic = :topic", topic=topic)
        return {row.key: row.payload for row in rows}

    async def close(self) -> None:
        """Give back connections."""
        for engine in self.engines:
            await engine.dispose()


@asynccontextmanager
async def running(identity: Identity, **changes: Any) -> AsyncIterator[Any]:
    """The service's application, started as in production."""
    app = service.build(replace(identity.settings, **changes), identity.clock, identity.make_feed)
    async with app.router.lifespan_context(app):
        yield app
