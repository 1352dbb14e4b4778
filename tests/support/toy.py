"""A service in miniature, for tests of what all services stand on.

It owns things (a state topic: what a thing is; a fact topic: what was counted of it on a day), desks that belong to a
school, and people's stays (periods). It also keeps a copy of its own events, as another service would, and a peer may
read one of its topics.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.contracts import Contract, Lane, Topic, catalogue
from shared.database import Work
from shared.database.migrate import later_scripts, platform_sql, run_script
from shared.database.periods import GUARD, period_columns, period_guard
from shared.database.roles import open_copy, open_to_feed, platform_grants, protect, reader_grants
from shared.events import shapes
from shared.events.copies import Copy
from shared.events.intake import Arrived, Stream, Version
from shared.events.reactions import Reaction
from shared.events.records import Record
from shared.events.upsert import GUARD as COPY_GUARD
from shared.ids import natural_id

THING = Topic("toy.thing", Lane.STATE, key="thing", importance="IV")
COUNT = Topic("toy.count", Lane.FACT, key="thing", importance="IV")
SECRET = Topic("toy.secret", Lane.FACT, key="thing", importance="I")


class ThingChanged(Contract):
    """A thing as it now is."""

    TOPIC: ClassVar[Topic] = THING
    TYPE: ClassVar[str] = "toy.thing.changed"

    thing: UUID
    label: str
    amount: int


class Counted(Contract):
    """What was counted of a thing on a day: the complete new fact."""

    TOPIC: ClassVar[Topic] = COUNT
    TYPE: ClassVar[str] = "toy.count.counted"

    thing: UUID
    on: date
    amount: int
    note: str = ""


class Whispered(Contract):
    """Something that only the publisher's own copies read."""

    TOPIC: ClassVar[Topic] = SECRET
    TYPE: ClassVar[str] = "toy.secret.whispered"

    thing: UUID


CONTRACTS: tuple[type[Contract], ...] = (ThingChanged, Counted, Whispered)
catalogue.BY_TYPE.update({contract.TYPE: contract for contract in CONTRACTS})
TOPICS = (THING, COUNT, SECRET)


class Base(SQLModel, registry=registry()):
    """Tables of the toy service."""


class Thing(Base, table=True):
    """A thing, its present amount and how often it changed."""

    id: UUID = Field(primary_key=True)
    board_id: UUID
    label: str
    amount: int
    version: int


SCHEMA = f"""
create table thing (
    id uuid primary key,
    board_id uuid not null,
    label text not null,
    amount integer not null,
    version integer not null
);
{protect("toy", "thing")}
{open_to_feed("toy", "thing")}
grant select, insert, update, delete on thing to toy_app;

create table desk (id uuid primary key, board_id uuid not null, school_id uuid not null, label text not null);
{protect("toy", "desk", school=True)}
grant select, insert, update, delete on desk to toy_app;

create table person (id uuid primary key, board_id uuid not null);
{protect("toy", "person")}
grant select, insert, update, delete on person to toy_app;

{GUARD}
create table stay_period ({period_columns()}, school_id uuid not null);
{period_guard("stay_period")}
{protect("toy", "stay_period", school=True)}
grant select, insert, update, delete on stay_period to toy_app;
"""

COPIED = f"""
create table thing_card (thing uuid primary key, {COPY_GUARD}, label text, amount integer);
create table count_day (
    stream uuid primary key, {COPY_GUARD},
    thing uuid not null,
    on_day date,
    amount integer,
    version integer not null
);
{open_copy("toy", "thing_card")}
{open_copy("toy", "count_day")}
"""


async def build(engine: AsyncEngine) -> None:
    """The whole schema, as the owner."""
    async with engine.begin() as connection:
        for script in (
            platform_sql("0001_log"),
            "select log.keep_year(year) from generate_series(2025, 2027) as year",
            platform_grants("toy"),
            *later_scripts("toy").values(),
            SCHEMA,
            reader_grants("toy", [topic.name for topic in TOPICS]),
            reader_grants("peer", [THING.name]),
        ):
            await connection.run_sync(run_script, script)
    await shapes.make_missing(engine, [ToyCopy()])


@dataclass(frozen=True)
class Change:
    """A command: the thing gets ``amount``, and that is counted on ``on``."""

    thing: UUID
    amount: int
    on: date
    label: str = "thing"
    note: str = ""


async def change(work: Work, command: Change) -> Thing:
    """Carry out ``command``: one row, one state event, one fact event."""
    thing = await work.session.get(Thing, command.thing, with_for_update=True)
    if thing is None:
        thing = Thing(id=command.thing, board_id=work.scope.board, label=command.label, amount=0, version=0)
        work.session.add(thing)
    thing.amount, thing.label = command.amount, command.label
    thing.version += 1
    work.publish(
        ThingChanged(thing=thing.id, label=thing.label, amount=thing.amount),
        key=thing.id,
        expected=thing.version - 1,
        subject=thing.id,
    )
    work.publish(
        Counted(thing=thing.id, on=command.on, amount=command.amount, note=command.note),
        key=thing.id,
        stream=day_stream(work.scope.board, thing.id, command.on),
        subject=thing.id,
    )
    return thing


def day_stream(board: UUID, thing: UUID, on: date) -> UUID:
    """The aggregate "what was counted of a thing on a day"."""
    return natural_id(board, "count", thing, on.isoformat())


_CARD = text(
    """
insert into thing_card as c (thing, board_id, label, amount, epoch, position)
select * from unnest(cast(:things as uuid[]), cast(:boards as uuid[]), cast(:labels as text[]),
                     cast(:amounts as integer[]), cast(:epochs as integer[]), cast(:positions as bigint[]))
on conflict (thing) do update set label = excluded.label, amount = excluded.amount,
    epoch = excluded.epoch, position = excluded.position
where (c.epoch, c.position) < (excluded.epoch, excluded.position)
"""
)
_DAY = text(
    """
insert into count_day as c (stream, thing, board_id, on_day, amount, version, epoch, position)
select * from unnest(cast(:streams as uuid[]), cast(:things as uuid[]), cast(:boards as uuid[]),
                     cast(:days as date[]), cast(:amounts as integer[]), cast(:versions as integer[]),
                     cast(:epochs as integer[]), cast(:positions as bigint[]))
on conflict (stream) do update set on_day = excluded.on_day, amount = excluded.amount,
    version = excluded.version, epoch = excluded.epoch, position = excluded.position
where (c.epoch, c.position) < (excluded.epoch, excluded.position)
"""
)
_VERSIONS = text("select stream, epoch, version from count_day where stream = any (cast(:streams as uuid[]))")


class ToyCopy(Copy):
    """Cards of things, and what was counted on which day."""

    name = "things"
    topics = (THING, COUNT)
    tables = ("thing_card", "count_day")
    shape = COPIED

    def __init__(self) -> None:
        self.poison = {"poison"}
        """Labels that do not fold: a mistake in the code that a later version mends."""
        self.trouble: Callable[[AsyncSession], Awaitable[None]] | None = None
        """Something that happens in the midst of folding."""

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        cards: dict[str, tuple[Record, ThingChanged | None]] = {}
        days: dict[UUID, tuple[Record, Counted | None]] = {}
        for one in arrived:
            match one.payload:
                case ThingChanged() as thing:
                    if thing.label in self.poison:
                        raise ValueError(thing.label)
                    cards[one.record.key] = (one.record, thing)
                case Counted() as counted:
                    days[one.record.stream] = (one.record, counted)
                case _ if one.record.lane is Lane.STATE:
                    cards[one.record.key] = (one.record, None)
                case _:
                    days[one.record.stream] = (one.record, None)
        if cards:
            records, things = zip(*cards.values(), strict=True)
            await session.execute(
                _CARD,
                {
                    "things": [UUID(record.key) for record in records],
                    "boards": [record.board for record in records],
                    "labels": [thing and thing.label for thing in things],
                    "amounts": [thing and thing.amount for thing in things],
                    "epochs": [record.epoch for record in records],
                    "positions": [record.position for record in records],
                },
            )
        if self.trouble:
            await self.trouble(session)
        if days:
            records, counts = zip(*days.values(), strict=True)
            await session.execute(
                _DAY,
                {
                    "streams": [record.stream for record in records],
                    "things": [UUID(record.key) for record in records],
                    "boards": [record.board for record in records],
                    "days": [counted and counted.on for counted in counts],
                    "amounts": [counted and counted.amount for counted in counts],
                    "versions": [record.version for record in records],
                    "epochs": [record.epoch for record in records],
                    "positions": [record.position for record in records],
                },
            )
        return sorted({f"thing:{one.record.key}" for one in arrived})

    async def known_versions(self, session: AsyncSession, facts: Sequence[Record]) -> dict[Stream, Version]:
        streams = list({record.stream for record in facts})
        rows = await session.execute(_VERSIONS, {"streams": streams})
        return {(COUNT.name, row.stream): (row.epoch, row.version) for row in rows}


class Echo(Reaction):
    """Whispers once for everything counted, and adds the amounts up: not harmless if done twice."""

    name = "echo"
    topics = (COUNT,)

    def __init__(self) -> None:
        self.poison: set[int] = set()
        """Amounts that cannot be handled."""
        self.trouble: Callable[[AsyncSession], Awaitable[None]] | None = None
        """Something that happens in the midst of reacting."""

    async def react(self, work: Work, arrived: Sequence[Arrived]) -> None:
        for one in arrived:
            assert isinstance(one.payload, Counted)
            if one.payload.amount in self.poison:
                raise ValueError("poison")
            echo = natural_id(work.scope.board, "echo", one.payload.thing)
            await work.session.execute(
                text(
                    "insert into thing (id, board_id, label, amount, version) values (:id, :board, 'echo', :amount, 1)"
                    " on conflict (id) do update set amount = thing.amount + excluded.amount"
                ),
                {"id": echo, "board": work.scope.board, "amount": one.payload.amount},
            )
            work.publish(Whispered(thing=echo), key=echo, stream=one.record.id)
        if self.trouble:
            await self.trouble(work.session)
