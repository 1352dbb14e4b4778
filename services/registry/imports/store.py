"""The tables of import runs, and what is counted before one."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.imports.rules import Frame
from shared.database import Work

State = Literal["applying", "done", "reverting", "reverted"]
Wish = Literal["apply", "revert"]
KEPT_RUNS = 3
"""Packages kept for each school year: the last, which the next delta changes, and those that it falls back to when runs
are reverted. They are personal data; older ones are deleted."""


@dataclass(frozen=True, slots=True)
class Run:
    """One numbered import of a board."""

    id: UUID
    board: UUID
    number: int
    source: str
    school_year: int
    digest: str
    files: Mapping[str, str]
    as_of: date
    state: State
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    reverted_by: str | None
    reverted_at: datetime | None
    revert_reached: UUID | None
    counts: Mapping[str, Any]
    confirmed_losses: bool
    school: UUID | None
    """Whose office brought it, and what alone it may touch; None: the board's."""
    by_person: UUID | None
    """Who brought it, when it came by the web."""
    wish: Wish | None
    """What the service itself goes on doing until it is done; None: an operator's command does it."""
    wished_by: str | None
    stopped: str | None
    """Why the service does not go on, in Japanese."""
    parts: int
    parts_done: int
    events: int

    @property
    def open(self) -> bool:
        """Whether something of it is still to be done."""
        return self.state in ("applying", "reverting")

    @property
    def frame(self) -> Frame:
        """What it is about."""
        return Frame(self.board, self.school_year, self.as_of, self.school)


_RUNS = """
select r.id, r.board_id, r.number, r.source, r.school_year, r.digest, r.files, r.as_of, r.state, r.started_by,
       r.started_at, r.finished_at, r.reverted_by, r.reverted_at, r.revert_reached, r.counts, r.confirmed_losses,
       r.school_id, r.by_person, r.wish, r.wished_by, r.stopped,
       count(p.run_id), count(p.run_id) filter (where p.state = 'done'), coalesce(sum(p.events), 0)
from import_run r left join import_part p on p.run_id = r.id
where r.board_id = :board {which} group by r.id order by r.number
"""
_ALL = text(_RUNS.format(which=""))
_ONE = text(_RUNS.format(which="and r.number = :number"))
_OPEN = text(_RUNS.format(which="and r.state in ('applying', 'reverting')"))
_OF_UPLOAD = text("select number from import_run where board_id = :board and upload_id = :upload")
_BEFORE = text(
    "select number from import_run where board_id = :board and (cast(:before as integer) is null or number < :before)"
    " and (cast(:schools as uuid[]) is null or school_id = any(cast(:schools as uuid[])))"
    " order by number desc limit :limit"
)
_THESE = text(_RUNS.format(which="and r.number = any(cast(:numbers as integer[]))"))
_WISHED = text(_RUNS.format(which="and r.wish is not null"))
_WISH = text(
    "update import_run set wish = cast(:wish as text), wished_by = :by, stopped = null where number = :number"
    " and board_id = :board and wish is null and state <> 'reverted'"
    " and (state <> 'done' or cast(:wish as text) = 'revert') returning true"
)
_NO_LONGER = text(
    "update import_run set wish = null, stopped = :stopped where number = :number and board_id = :board"
)
_LAST = text("select coalesce(max(number), 0) from import_run where board_id = :board")
_BEGIN = text(
    "insert into import_run (id, board_id, number, source, school_year, digest, files, as_of, state, started_by,"
    " started_at, counts, confirmed_losses, school_id, by_person, upload_id, wish, wished_by) values (:id, :board,"
    " nextval('import_run_number'), :source, :year, :digest, cast(:files as jsonb), :as_of, :state, :by, :at,"
    " cast(:counts as jsonb), :confirmed, cast(:school as uuid), cast(:person as uuid), cast(:upload as uuid),"
    " case when cast(:person as uuid) is not null then 'apply' end, :by) returning number"
)
_PART = text(
    "insert into import_part (run_id, board_id, ordinal, school_id, state, content)"
    " values (:run, :board, :ordinal, cast(:school as uuid), 'waiting', :content)"
)
_NEXT = text(
    "select ordinal, school_id, content from import_part"
    " where run_id = :run and board_id = :board and state = 'waiting' order by ordinal limit 1 for update"
)
_DONE = text(
    "update import_part set state = 'done', content = null, events = :events, done_at = :at"
    " where run_id = :run and ordinal = :ordinal and board_id = :board"
)
_CANCEL = text(
    "update import_part set state = 'cancelled', content = null"
    " where run_id = :run and board_id = :board and state = 'waiting'"
)
_FINISH = text(
    "update import_run set state = 'done', finished_at = :at where id = :run and board_id = :board"
    " and state = 'applying'"
)
_REVERTING = text(
    "update import_run set state = 'reverting', reverted_by = :by, reverted_at = :at"
    " where id = :run and board_id = :board and state in ('applying', 'done')"
)
_REACHED = text("update import_run set revert_reached = :reached where id = :run and board_id = :board")
# Later runs that found everything so already have nothing to take back, and what they found is no longer so.
_REVERTED = text(
    "update import_run set state = 'reverted' where board_id = :board and (id = :run or (number > :number"
    " and source = :source and school_year = :year))"
)
# A school's delta changes what the newest package left that spoke of the school: its own or the board's.
_BASE = text(
    "select files from import_run where board_id = :board and source = :source and state = 'done'"
    " and (school_id is null or school_id = cast(:school as uuid))"
    " and (cast(:year as integer) is null or school_year = :year) order by school_year desc, number desc limit 1"
)
_FILE = text("select content from import_file where board_id = :board and sha256 = :hash")
_PUT_FILE = text(
    "insert into import_file (board_id, sha256, content) values (:board, :hash, :content) on conflict do nothing"
)
_ANALYZE = text(
    "analyze organisation, person, external_id, enrolment_period, membership_period, duty_period,"
    " guardianship_period, protection_period, contact_period, calendar"
)
_PRUNE = text(
    """
delete from import_file f where f.board_id = :board and not exists (
    select from (
        select r.files, row_number() over (
            partition by r.source, r.school_year, r.school_id order by r.number desc) as age
        from import_run r where r.board_id = :board and r.state in ('applying', 'done')
    ) k, jsonb_each_text(k.files) as kept
    where k.age <= :kept and kept.value = f.sha256
)
"""
)


def _run(row: Sequence[Any]) -> Run:
    return Run(*row)


async def runs(session: AsyncSession, board: UUID) -> list[Run]:
    """All runs of a board, the oldest first."""
    return [_run(row) for row in await session.execute(_ALL, {"board": board})]


async def runs_before(
    session: AsyncSession, board: UUID, schools: Collection[UUID] | None, before: int | None, limit: int
) -> list[Run]:
    """Runs before a number, the newest first; those of ``schools``, or all."""
    of = None if schools is None else sorted(schools)
    values = {"board": board, "schools": of, "before": before, "limit": limit}
    numbers = list(await session.scalars(_BEFORE, values))
    found = await session.execute(_THESE, {"board": board, "numbers": numbers})
    return [_run(row) for row in found][::-1]


async def run(session: AsyncSession, board: UUID, number: int) -> Run | None:
    """One run."""
    row = (await session.execute(_ONE, {"board": board, "number": number})).first()
    return None if row is None else _run(row)


async def number_of(session: AsyncSession, board: UUID, upload: UUID) -> int | None:
    """The run that began from what somebody sent."""
    number: int | None = await session.scalar(_OF_UPLOAD, {"board": board, "upload": upload})
    return number


async def unfinished(session: AsyncSession, board: UUID) -> Run | None:
    """The run that is under way, or was when its process ended. There is one at most."""
    row = (await session.execute(_OPEN, {"board": board})).first()
    return None if row is None else _run(row)


async def wished(session: AsyncSession, board: UUID) -> list[Run]:
    """Runs that the service itself goes on with, or takes back."""
    return [_run(row) for row in await session.execute(_WISHED, {"board": board})]


async def wish(work: Work, number: int, wish: Wish, by: str) -> bool:
    """Let the service do it. False when it is under way, or over."""
    values = {"number": number, "board": work.scope.board, "wish": wish, "by": by}
    return bool(await work.session.scalar(_WISH, values))


async def no_longer_wished(work: Work, number: int, *, stopped: str | None) -> None:
    """It is done, or cannot be done; ``stopped`` says why."""
    values = {"number": number, "board": work.scope.board, "stopped": stopped}
    await work.session.execute(_NO_LONGER, values)


async def last_number(session: AsyncSession, board: UUID) -> int:
    """The number of a board's last run."""
    return int((await session.execute(_LAST, {"board": board})).scalar_one())


async def begin(
    work: Work,
    frame: Frame,
    *,
    id: UUID,
    source: str,
    digest: str,
    files: Mapping[str, str],
    by: str,
    person: UUID | None,
    upload: UUID | None,
    counts: Mapping[str, Any],
    confirmed: bool,
    parts: Iterable[tuple[UUID | None, bytes]],
) -> int:
    """Keep a run and what it asks of each part; returns its number."""
    values = {
        "id": id,
        "board": frame.board,
        "source": source,
        "year": frame.school_year,
        "digest": digest,
        "files": orjson.dumps(files).decode(),
        "as_of": frame.as_of,
        "state": "applying",
        "by": by,
        "at": work.at,
        "counts": orjson.dumps(counts).decode(),
        "confirmed": confirmed,
        "school": frame.school,
        "person": person,
        "upload": upload,
    }
    number = int((await work.session.execute(_BEGIN, values)).scalar_one())
    for ordinal, (school, content) in enumerate(parts):
        part = {"run": id, "board": frame.board, "ordinal": ordinal, "school": school, "content": content}
        await work.session.execute(_PART, part)
    return number


async def next_part(work: Work, run: UUID) -> tuple[int, UUID | None, bytes] | None:
    """The next part to apply; whoever comes second waits here, and then finds it done."""
    row = (await work.session.execute(_NEXT, {"run": run, "board": work.scope.board})).first()
    return None if row is None else (row.ordinal, row.school_id, row.content)


async def part_done(work: Work, run: UUID, ordinal: int, events: int) -> None:
    """A part is applied; what it asked for is kept no longer."""
    values = {"run": run, "ordinal": ordinal, "events": events, "at": work.at, "board": work.scope.board}
    await work.session.execute(_DONE, values)


async def finish(work: Work, run: UUID, *, changed: bool) -> None:
    """Every part is applied. Packages nobody will need are deleted; the planner learns of what was written."""
    await work.session.execute(_FINISH, {"run": run, "at": work.at, "board": work.scope.board})
    await prune(work)
    if changed:
        await work.session.execute(_ANALYZE)


async def prune(work: Work) -> None:
    """Delete packages nobody will need."""
    await work.session.execute(_PRUNE, {"board": work.scope.board, "kept": KEPT_RUNS})


async def begin_revert(work: Work, run: UUID, by: str) -> None:
    """From here on the run goes backwards; what of it was not applied never will be."""
    values = {"run": run, "by": by, "at": work.at, "board": work.scope.board}
    await work.session.execute(_REVERTING, values)
    await work.session.execute(_CANCEL, {"run": run, "board": work.scope.board})


async def revert_reached(work: Work, run: UUID, person: UUID) -> None:
    """People up to this id are as they were."""
    await work.session.execute(_REACHED, {"run": run, "reached": person, "board": work.scope.board})


async def finish_revert(work: Work, run: Run) -> None:
    """Everything is as it was."""
    values = {"run": run.id, "board": run.board, "number": run.number}
    await work.session.execute(_REVERTED, {**values, "source": run.source, "year": run.school_year})
    await prune(work)


Rows = Literal["organisation", "person", "calendar"]


async def remember_before(work: Work, run: UUID, table: Rows, ids: Collection[UUID]) -> None:
    """Keep rows as they are before a run writes over them."""
    if ids:
        statement = (
            "insert into import_before (run_id, board_id, kind, id, before)"  # noqa: S608
            f" select :run, board_id, '{table}', id, to_jsonb(t) from {table} t"
            " where board_id = :board and id = any(:ids) on conflict do nothing"
        )
        values = {"run": run, "board": work.scope.board, "ids": list(ids)}
        await work.session.execute(text(statement), values)


class Kept(Mapping[str, bytes]):
    """Files that earlier packages left, unpacked when they are asked for."""

    def __init__(self, packed: Mapping[str, bytes]) -> None:
        self._packed = packed

    def __getitem__(self, name: str) -> bytes:
        return zlib.decompress(self._packed[name])

    def __contains__(self, name: object) -> bool:
        return name in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


async def base(
    session: AsyncSession, board: UUID, source: str, year: int | None, school: UUID | None = None
) -> tuple[Mapping[str, str], Kept]:
    """What the last package of a school year left (None: of the newest): names with hashes, and the files."""
    found = await session.scalar(_BASE, {"board": board, "source": source, "year": year, "school": school})
    hashes: Mapping[str, str] = found or {}
    packed = {}
    for name, hash_ in hashes.items():
        content = await session.scalar(_FILE, {"board": board, "hash": hash_})
        if content is not None:
            packed[name] = content
    return hashes, Kept(packed)


async def keep_file(work: Work, hash_: str, packed: bytes) -> None:
    """Keep a file's content."""
    await work.session.execute(_PUT_FILE, {"board": work.scope.board, "hash": hash_, "content": packed})
