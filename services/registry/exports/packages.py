"""The tables of exports that are asked for in the web: who, what for, what was written, until it is removed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.exports.exporting import Exported
from services.registry.exports.rules import Frame
from services.registry.oneroster.packing import Profile
from services.registry.roster import offices
from services.registry.roster.grades import SCHOOL_KINDS
from shared.database import Scope, Units, Work

State = Literal["writing", "ready", "stopped", "removed"]
KEPT = timedelta(hours=1)
"""How long a package lies here: it is everybody's personal data."""
TICKET = timedelta(minutes=2)
"""How long a package may be fetched after somebody has pressed the button."""


class Asked(BaseModel):
    """What shall leave."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: Profile = "1.2_JP"
    since: datetime | None = None
    """Only what changed after this instant."""
    as_of: date
    school: UUID | None = None
    for_others: bool = False
    protected: bool = False
    counted: bool = False
    """Whoever asked may know how many protected children are left out."""

    def frame(self, board: UUID, now: datetime, reader: UUID) -> Frame:
        """The export it asks for, as its reader may see it."""
        return Frame.on(
            board,
            self.as_of,
            now,
            since=self.since,
            companion=not self.for_others,
            protected=self.protected,
            reader=reader,
            counted=self.counted,
            school=self.school,
            profile=self.profile,
        )


@dataclass(frozen=True, slots=True)
class Package:
    """One export that somebody asked for."""

    id: UUID
    board: UUID
    by_person: UUID
    by_name: str
    purpose: str
    asked: Asked
    state: State
    made_at: datetime
    ready_at: datetime | None
    instant: datetime | None
    rows: Mapping[str, int]
    protected: int
    bytes: int
    stopped: str | None

    @property
    def until(self) -> datetime | None:
        """When it is removed."""
        return None if self.ready_at is None else self.ready_at + KEPT

    def lies_here(self, now: datetime) -> bool:
        """Whether it can be fetched."""
        return self.state == "ready" and self.until is not None and now < self.until


_COLUMNS = (
    "select id, board_id, by_person, by_name, purpose, asked, state, made_at, ready_at, instant, rows, protected,"
    " bytes, stopped from roster_export where board_id = :board"
)
_ONE = text(f"{_COLUMNS} and id = :id")
_LAST = text(f"{_COLUMNS} order by number desc limit :limit")
_WAITING = text(f"{_COLUMNS} and state = 'writing' order by number")
_MAKE = text(
    "insert into roster_export (id, board_id, by_person, by_name, purpose, asked, state, made_at)"
    " values (:id, :board, :person, :name, :purpose, cast(:asked as jsonb), 'writing', :at)"
)
_BLOCK = text(
    "insert into roster_export_block (export_id, board_id, ordinal, content) values (:id, :board, :ordinal, :content)"
)
_CONTENT = text(
    "select content from roster_export_block where export_id = :id and board_id = :board and ordinal = :ordinal"
)
_NO_BLOCKS = text("delete from roster_export_block where export_id = :id and board_id = :board")
_READY = text(
    "update roster_export set state = 'ready', ready_at = :at, instant = :instant, rows = cast(:rows as jsonb),"
    " protected = :protected, bytes = :bytes where id = :id and board_id = :board and state = 'writing'"
)
_STOP = text(
    "update roster_export set state = 'stopped', stopped = :words"
    " where id = :id and board_id = :board and state = 'writing'"
)
_REMOVE = text(
    "update roster_export set state = 'removed', ticket = null where id = :id and board_id = :board and state = 'ready'"
)
_KEPT_SINCE = text(
    "select exists (select from protection_period where board_id = :board and voided_at is null"
    " and recorded_at > :instant and cast(:person as uuid) = any(confidential_from))"
)
_WRITING = text("select state = 'writing' from roster_export where id = :id and board_id = :board for update")
_OLD = text("select id from roster_export where board_id = :board and state = 'ready' and ready_at < :before")
_SCHOOLS = text(
    "select id, name from organisation where board_id = :board and kind = any(:kinds) and until is null"
    " order by kind, name, id"
)
_TICKET = text(
    "update roster_export set ticket = :ticket, ticket_until = :until where id = :id and board_id = :board"
)
_FITS = text(
    "select exists (select from roster_export where id = :id and board_id = :board and ticket = :ticket"
    " and ticket_until > :now)"
)


def _package(row: Sequence[Any]) -> Package:
    id_, board, person, name, purpose, asked, *rest = row
    return Package(id_, board, person, name, purpose, Asked.model_validate(asked), *rest)


async def make(work: Work, id_: UUID, person: UUID, name: str, purpose: str, asked: Asked) -> None:
    """Keep that somebody asks for it."""
    values = {"id": id_, "board": work.scope.board, "person": person, "name": name, "purpose": purpose}
    await work.session.execute(_MAKE, {**values, "asked": asked.model_dump_json(), "at": work.at})
    offices.tell(work, work.scope.board)


async def package(session: AsyncSession, board: UUID, id_: UUID) -> Package | None:
    """One."""
    row = (await session.execute(_ONE, {"board": board, "id": id_})).first()
    return None if row is None else _package(row)


async def packages(session: AsyncSession, board: UUID, limit: int) -> list[Package]:
    """The last ones, the newest first."""
    return [_package(row) for row in await session.execute(_LAST, {"board": board, "limit": limit})]


async def schools(session: AsyncSession, board: UUID) -> dict[UUID, str]:
    """Schools that may be exported by themselves, with their names."""
    rows = await session.execute(_SCHOOLS, {"board": board, "kinds": list(SCHOOL_KINDS)})
    return {row.id: row.name for row in rows}


async def under_way(session: AsyncSession, board: UUID) -> list[Package]:
    """Those that are being written, or will be."""
    return [_package(row) for row in await session.execute(_WAITING, {"board": board})]


async def keep_block(work: Work, id_: UUID, ordinal: int, content: bytes) -> None:
    """Keep a block of what was written."""
    values = {"id": id_, "board": work.scope.board, "ordinal": ordinal, "content": content}
    await work.session.execute(_BLOCK, values)


async def empty(work: Work, id_: UUID) -> None:
    """Delete what was written."""
    await work.session.execute(_NO_BLOCKS, {"id": id_, "board": work.scope.board})


async def ready(work: Work, id_: UUID, done: Exported, size: int) -> None:
    """It is written whole."""
    values = {"id": id_, "board": work.scope.board, "at": work.at, "instant": done.instant, "bytes": size}
    rows = orjson.dumps(dict(done.rows)).decode()
    await work.session.execute(_READY, {**values, "rows": rows, "protected": done.protected})
    offices.tell(work, work.scope.board)


async def stop(work: Work, id_: UUID, words: str) -> None:
    """It cannot be written; ``words`` say why. What was written so far goes."""
    await empty(work, id_)
    await work.session.execute(_STOP, {"id": id_, "board": work.scope.board, "words": words})
    offices.tell(work, work.scope.board)


async def remove(work: Work, id_: UUID) -> bool:
    """Delete the package; that it left is kept. False while it is being written: nothing is taken from under that."""
    values = {"id": id_, "board": work.scope.board}
    if await work.session.scalar(_WRITING, values):
        return False
    await work.session.execute(_REMOVE, values)
    offices.tell(work, work.scope.board)
    await empty(work, id_)
    return True


async def say_ticket(work: Work, id_: UUID, ticket: str) -> datetime:
    """From now on ``ticket`` (a hash) fetches it, for a moment; returns until when."""
    until = work.at + TICKET
    values = {"id": id_, "board": work.scope.board, "ticket": ticket, "until": until}
    await work.session.execute(_TICKET, values)
    return until


async def fits(session: AsyncSession, board: UUID, id_: UUID, ticket: str, now: datetime) -> bool:
    """Whether a ticket (its hash) fetches it now."""
    values = {"id": id_, "board": board, "ticket": ticket, "now": now}
    return bool(await session.scalar(_FITS, values))


async def kept_since(session: AsyncSession, each: Package) -> bool:
    """Whether, since it was written, a child was given a mark that keeps it from whoever asked for the package."""
    values = {"board": each.board, "instant": each.instant, "person": each.by_person}
    return bool(await session.scalar(_KEPT_SINCE, values))


async def content(units: Units, package: Package) -> AsyncIterator[bytes]:
    """The package, block by block, each read by itself: a slow line holds no connection."""
    ordinal = 0
    while True:
        async with units.read(Scope(package.board)) as session:
            values = {"id": package.id, "board": package.board, "ordinal": ordinal}
            block: bytes | None = await session.scalar(_CONTENT, values)
        if block is None:
            return
        yield block
        ordinal += 1


async def old(session: AsyncSession, board: UUID, now: datetime) -> list[UUID]:
    """Packages that have lain here long enough."""
    return list(await session.scalars(_OLD, {"board": board, "before": now - KEPT}))
