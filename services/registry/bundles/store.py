"""The tables of a school's month in one file: what was asked for, and the file until it is removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.register.printing import Paper
from services.registry.roster import offices
from shared.database import Scope, Units, Work
from shared.dates import business_date

State = Literal["writing", "ready", "stopped", "removed"]
KEPT = timedelta(hours=1)
"""How long a file lies here: it has the days of every child of a school."""
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file that somebody asked for."""

    id: UUID
    board: UUID
    school: UUID
    by_person: UUID
    month: date
    paper: Paper
    state: State
    made_at: datetime
    ready_at: datetime | None
    sheets: int
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
    "select id, board_id, school_id, by_person, month, paper, state, made_at, ready_at, sheets, bytes, stopped"
    " from register_bundle where board_id = :board"
)
_ONE = text(f"{_COLUMNS} and id = :id")
_MINE = text(f"{_COLUMNS} and school_id = :school and by_person = :person order by number desc limit :limit")
_WAITING = text(f"{_COLUMNS} and state = 'writing' order by number")
_MAKE = text(
    "insert into register_bundle (id, board_id, school_id, by_person, month, paper, state, made_at)"
    " values (:id, :board, :school, :person, :month, :paper, 'writing', :at)"
)
_BLOCK = text(
    "insert into register_bundle_block (bundle_id, board_id, school_id, ordinal, content)"
    " values (:id, :board, :school, :ordinal, :content)"
)
_CONTENT = text(
    "select content from register_bundle_block where bundle_id = :id and board_id = :board and ordinal = :ordinal"
)
_EMPTY = text("delete from register_bundle_block where bundle_id = :id and board_id = :board")
_READY = text(
    "update register_bundle set state = 'ready', ready_at = :at, sheets = :sheets, bytes = :bytes"
    " where id = :id and board_id = :board and state = 'writing' returning id"
)
_END = text(
    "update register_bundle set state = :state, stopped = :words"
    " where id = :id and board_id = :board and state in ('writing', 'ready')"
)
_OLD = text(
    "select id, school_id from register_bundle where board_id = :board and state = 'ready' and ready_at < :before"
)
# Of the time since it was asked for: a file that was being written then may have the child, too. A mark may have been
# recorded before that and have begun since.
_ANOTHER_NOW = text(
    "select exists (select from protection_period where board_id = :board and voided_at is null"
    " and (recorded_at > :since or lower(valid) > :asked_on and lower(valid) <= :today)"
    " and cast(:person as uuid) = any (confidential_from))"
    " or exists (select from erasure where board_id = :board and erased_at > :since)"
)


async def make(work: Work, bundle: Bundle) -> None:
    """Keep that somebody asks for it."""
    values = {
        "id": bundle.id,
        "board": bundle.board,
        "school": bundle.school,
        "person": bundle.by_person,
        "month": bundle.month,
        "paper": bundle.paper,
        "at": bundle.made_at,
    }
    await work.session.execute(_MAKE, values)
    offices.tell(work, bundle.school)


async def bundle(session: AsyncSession, board: UUID, id_: UUID) -> Bundle | None:
    """One."""
    row = (await session.execute(_ONE, {"board": board, "id": id_})).first()
    return None if row is None else Bundle(*row)


async def of(session: AsyncSession, board: UUID, school: UUID, person: UUID, limit: int) -> list[Bundle]:
    """What somebody asked for last, the newest first."""
    values = {"board": board, "school": school, "person": person, "limit": limit}
    return [Bundle(*row) for row in await session.execute(_MINE, values)]


async def under_way(session: AsyncSession, board: UUID) -> list[Bundle]:
    """Those that are being written, or will be."""
    return [Bundle(*row) for row in await session.execute(_WAITING, {"board": board})]


async def ready(work: Work, of: Bundle, content: bytes, sheets: int) -> bool:
    """Keep the file; False when nobody wants it any more."""
    values = {"id": of.id, "board": of.board}
    await work.session.execute(_EMPTY, values)
    told = {**values, "at": work.at, "sheets": sheets, "bytes": len(content)}
    if await work.session.scalar(_READY, told) is None:
        return False
    for ordinal, start in enumerate(range(0, len(content), BLOCK)):
        block = {"school": of.school, "ordinal": ordinal, "content": content[start : start + BLOCK]}
        await work.session.execute(_BLOCK, {**values, **block})
    offices.tell(work, of.school)
    return True


async def end(work: Work, id_: UUID, school: UUID | None, state: State, words: str | None = None) -> None:
    """It is not wanted, has lain long enough, or cannot be written: then ``words`` say why."""
    values = {"id": id_, "board": work.scope.board}
    await work.session.execute(_EMPTY, values)
    await work.session.execute(_END, {**values, "state": state, "words": words})
    offices.tell(work, school)


async def another_now(session: AsyncSession, of: Bundle, today: date) -> bool:
    """Whether a child has been kept from whoever asked, or erased, since it was asked for."""
    asked_on = business_date(of.made_at)
    values = {"board": of.board, "since": of.made_at, "person": of.by_person}
    values |= {"asked_on": asked_on, "today": today}
    return bool(await session.scalar(_ANOTHER_NOW, values))


async def content(units: Units, of: Bundle) -> AsyncIterator[bytes]:
    """The file, block by block, each read by itself: a slow line holds no connection."""
    for ordinal in range((of.bytes + BLOCK - 1) // BLOCK):
        async with units.read(Scope(of.board)) as session:
            values = {"id": of.id, "board": of.board, "ordinal": ordinal}
            block: bytes | None = await session.scalar(_CONTENT, values)
        if block is None:
            return
        yield block


async def old(session: AsyncSession, board: UUID, now: datetime) -> list[tuple[UUID, UUID]]:
    """Files that have lain here long enough, with their schools."""
    return [(row[0], row[1]) for row in await session.execute(_OLD, {"board": board, "before": now - KEPT})]
