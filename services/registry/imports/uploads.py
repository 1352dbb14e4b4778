"""The tables of packages that came over the web, until a run has begun from them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk import locks
from services.registry.bulk.locks import Of
from shared.database import Work

State = Literal["receiving", "checking", "refused", "ready", "beginning", "begun", "stopped"]
"""``receiving`` its files → ``checking`` → ``refused`` with problems, or ``ready`` with a preview → ``beginning`` →
``begun`` as a run. ``stopped``: it could not be looked at."""
KEPT = timedelta(days=1)
"""How long a package lies here untouched: it is personal data of everybody in it."""
LOOKED_AT: tuple[State, ...] = ("checking", "beginning")
"""States in which a process of its own works on it."""

Schools = Collection[UUID] | None
"""Of which schools' uploads and runs somebody may know; None: of the board's and all of its schools'."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A package that somebody brought."""

    id: UUID
    board: UUID
    school: UUID | None
    """What alone it may touch; None: all of the board's roster."""
    by_person: UUID
    by_name: str
    state: State
    made_at: datetime
    touched_at: datetime
    found: Mapping[str, Any]
    preview: str | None
    confirmed: bool
    anew: bool
    stopped: str | None
    run: int | None
    mapping: UUID | None = None
    """It is a 学齢簿, to be read with this; None: a OneRoster package."""
    year: int | None = None
    """Of whom a 学齢簿 is taken; None: of the only school year that it speaks of."""


class File(NamedTuple):
    """One of its files."""

    name: str
    bytes: int
    received: bool


class Page(NamedTuple):
    """Entries of a list, packed."""

    part: str
    ordinal: int
    entries: int
    content: bytes


_COLUMNS = (
    "id, board_id, school_id, by_person, by_name, state, made_at, touched_at, found, preview, confirmed, anew,"
    " stopped, run_number, mapping_id, school_year"
)
_SEEN = (
    "board_id = :board and (cast(:schools as uuid[]) is null or school_id = any(cast(:schools as uuid[])))"
)
"""SQL side of the policy's ``ImportRoster``: the board's office sees all, a school's office its own."""
_MAKE = text(
    "insert into import_upload (id, board_id, school_id, by_person, by_name, state, made_at, touched_at, mapping_id,"
    " school_year) values (:id, :board, cast(:school as uuid), :person, :name, 'receiving', :at, :at,"
    " cast(:mapping as uuid), cast(:year as integer))"
)
_MAKE_FILE = text(
    "insert into import_upload_file (upload_id, board_id, name, bytes) values (:upload, :board, :name, :bytes)"
)
_ONE = text(f"select {_COLUMNS} from import_upload where id = :id and {_SEEN}")  # noqa: S608 (constants)
_ALL = text(
    f"select {_COLUMNS} from import_upload where {_SEEN} and state <> 'begun' order by made_at desc"  # noqa: S608
)
_WAITING = text(
    "select id from import_upload where board_id = :board and state in ('checking', 'beginning') order by touched_at"
)
_FILES = text(
    "select name, bytes, content_id is not null from import_upload_file"
    " where upload_id = :upload and board_id = :board order by name"
)
_BLOCK = text(
    "insert into import_upload_block (upload_id, board_id, name, content_id, ordinal, content)"
    " values (:upload, :board, :name, :content_id, :ordinal, :content)"
)
_KEPT_BYTES = text(
    "select coalesce(sum(length(content)), 0) from import_upload_block"
    " where upload_id = :upload and board_id = :board and name = :name and content_id = :content_id"
)
_WHOLE = text(
    "update import_upload_file set content_id = :content_id"
    " where upload_id = :upload and board_id = :board and name = :name"
)
_OTHER_BLOCKS = text(
    "delete from import_upload_block where upload_id = :upload and board_id = :board and name = :name"
    " and content_id <> :content_id"
)
_ALL_WHOLE = text(
    "update import_upload set state = 'checking', touched_at = :at where id = :upload and board_id = :board"
    " and state = 'receiving' and not exists (select from import_upload_file f where f.upload_id = :upload"
    " and f.content_id is null)"
)
_CONTENT = text(
    "select b.content from import_upload_block b join import_upload_file f using (upload_id, name, content_id)"
    " where b.upload_id = :upload and b.board_id = :board and b.name = :name and b.ordinal = :ordinal"
)
_BECOME = text(
    "update import_upload set state = :state, found = cast(:found as jsonb), preview = :preview, anew = :anew,"
    " stopped = :stopped, run_number = coalesce(:run, run_number), touched_at = :at"
    " where id = :upload and board_id = :board and state = :was returning true"
)
_APPLY = text(
    "update import_upload set state = 'beginning', confirmed = :confirmed, anew = false, stopped = null,"
    " touched_at = :at where id = :upload and board_id = :board and state = 'ready' and preview = :preview"
    " returning true"
)
_STOP = text(
    "update import_upload set stopped = :words, touched_at = :at,"
    " state = case state when 'checking' then 'stopped' else 'ready' end"
    " where id = :upload and board_id = :board and state in ('checking', 'beginning')"
)
_NO_PAGES = text("delete from import_upload_page where upload_id = :upload and board_id = :board")
_NO_FILES = text("delete from import_upload_file where upload_id = :upload and board_id = :board")
_NO_BLOCKS = text("delete from import_upload_block where upload_id = :upload and board_id = :board")
_PAGE = text(
    "insert into import_upload_page (upload_id, board_id, list, part, ordinal, entries, content)"
    " values (:upload, :board, :list, :part, :ordinal, :entries, :content)"
)
_PAGES = text(
    "select part, ordinal, entries, content from import_upload_page where upload_id = :upload and board_id = :board"
    " and list = :list and (cast(:part as text) is null or part = :part)"
    " and (part, ordinal) > (:after_part, cast(:after as integer)) order by part, ordinal limit :limit"
)
_DISCARD = text(
    "delete from import_upload where id = :upload and board_id = :board"
    " and state not in ('beginning', 'begun') returning true"
)
_FORGET = text(
    "delete from import_upload where board_id = :board and touched_at < :before and state <> 'beginning'"
)


def _upload(row: Sequence[Any]) -> Upload:
    return Upload(*row)


def _who(schools: Schools) -> list[UUID] | None:
    return None if schools is None else sorted(schools)


async def make(work: Work, upload: Upload, files: Mapping[str, int]) -> None:
    """Keep what somebody is about to send: name and size of each file."""
    board = work.scope.board
    values: dict[str, Any] = {"id": upload.id, "board": board, "school": upload.school, "at": work.at}
    values |= {"person": upload.by_person, "name": upload.by_name}
    await work.session.execute(_MAKE, {**values, "mapping": upload.mapping, "year": upload.year})
    for name, size in files.items():
        await work.session.execute(
            _MAKE_FILE, {"upload": upload.id, "board": board, "name": name, "bytes": size}
        )


async def upload(session: AsyncSession, board: UUID, id: UUID, schools: Schools = None) -> Upload | None:
    """One, if it is of the schools."""
    row = (await session.execute(_ONE, {"id": id, "board": board, "schools": _who(schools)})).first()
    return None if row is None else _upload(row)


async def uploads(session: AsyncSession, board: UUID, schools: Schools = None) -> list[Upload]:
    """Those that are no run yet, the newest first."""
    rows = await session.execute(_ALL, {"board": board, "schools": _who(schools)})
    return [_upload(row) for row in rows]


async def waiting(session: AsyncSession, board: UUID) -> list[UUID]:
    """Those that a process must look at."""
    return list(await session.scalars(_WAITING, {"board": board}))


async def files(session: AsyncSession, upload: Upload) -> list[File]:
    """Its files, by name."""
    rows = await session.execute(_FILES, {"upload": upload.id, "board": upload.board})
    return [File(*row) for row in rows]


async def keep_block(
    work: Work, upload: UUID, name: str, content_id: UUID, ordinal: int, content: bytes
) -> None:
    """Keep a block of a file that is on its way; ``content_id`` is this sending's own."""
    values = {"upload": upload, "board": work.scope.board, "name": name, "content_id": content_id}
    await work.session.execute(_BLOCK, {**values, "ordinal": ordinal, "content": content})


async def received(work: Work, upload: UUID, name: str, content_id: UUID, size: int) -> bool:
    """The file is whole; what was sent of it before goes. False when blocks are missing: it was sent twice at once."""
    values = {"upload": upload, "board": work.scope.board, "name": name, "content_id": content_id}
    if await work.session.scalar(_KEPT_BYTES, values) != size:
        return False
    await work.session.execute(_WHOLE, values)
    await work.session.execute(_OTHER_BLOCKS, values)
    await work.session.execute(_ALL_WHOLE, {"upload": upload, "board": work.scope.board, "at": work.at})
    return True


async def blocks(session: AsyncSession, upload: Upload, name: str) -> AsyncIterator[bytes]:
    """A file's content, block by block."""
    ordinal = 0
    while True:
        values = {"upload": upload.id, "board": upload.board, "name": name, "ordinal": ordinal}
        content = await session.scalar(_CONTENT, values)
        if content is None:
            return
        yield content
        ordinal += 1


async def become(
    work: Work,
    upload: Upload,
    state: State,
    *,
    found: Mapping[str, Any] | None = None,
    preview: str | None = None,
    anew: bool = False,
    stopped: str | None = None,
    run: int | None = None,
) -> bool:
    """Go from the state it was read in to another. False when it has left that state meanwhile."""
    values = {
        "upload": upload.id,
        "board": upload.board,
        "state": state,
        "was": upload.state,
        "found": orjson.dumps(upload.found if found is None else found).decode(),
        "preview": preview,
        "anew": anew,
        "stopped": stopped,
        "run": run,
        "at": work.at,
    }
    return bool(await work.session.scalar(_BECOME, values))


async def stop(work: Work, upload: UUID, words: str) -> None:
    """It could not be looked at, or could not begin; ``words`` say why."""
    values = {"upload": upload, "board": work.scope.board, "words": words, "at": work.at}
    await work.session.execute(_STOP, values)


async def apply(work: Work, upload: UUID, preview: str, *, confirmed: bool) -> bool:
    """Somebody has seen ``preview`` and says that it shall be so. False when there is another one by now."""
    values = {"upload": upload, "board": work.scope.board, "preview": preview, "confirmed": confirmed}
    return bool(await work.session.scalar(_APPLY, {**values, "at": work.at}))


async def put_pages(work: Work, upload: UUID, pages: Mapping[str, Sequence[Page]]) -> None:
    """Keep what was found, instead of what was found before."""
    await work.session.execute(_NO_PAGES, {"upload": upload, "board": work.scope.board})
    rows = [
        {"upload": upload, "board": work.scope.board, "list": list_, **page._asdict()}
        for list_, of_list in pages.items()
        for page in of_list
    ]
    if rows:
        await work.session.execute(_PAGE, rows)


async def pages(
    session: AsyncSession,
    upload: Upload,
    list_: str,
    *,
    part: str | None = None,
    after: tuple[str, int] = ("", -1),
    limit: int = 1,
) -> list[Page]:
    """The next pages of a list, or of a part of it, after a page."""
    values = {"upload": upload.id, "board": upload.board, "list": list_, "part": part, "limit": limit}
    rows = await session.execute(_PAGES, {**values, "after_part": after[0], "after": after[1]})
    return [Page(*row) for row in rows]


async def empty(work: Work, upload: UUID) -> None:
    """Delete the files and what was found: a run has begun, and keeps what it needs."""
    for statement in (_NO_BLOCKS, _NO_FILES, _NO_PAGES):
        await work.session.execute(statement, {"upload": upload, "board": work.scope.board})


async def discard(work: Work, upload: UUID) -> bool:
    """Delete it with everything in it. False when it is about to be a run, or is one."""
    return bool(await work.session.scalar(_DISCARD, {"upload": upload, "board": work.scope.board}))


async def forget(work: Work) -> None:
    """Delete what nobody has touched for :data:`KEPT`."""
    await work.session.execute(_FORGET, {"board": work.scope.board, "before": work.at - KEPT})


async def alone(session: AsyncSession, upload: UUID) -> bool:
    """Whether no other process works on it; takes the lock until the session's transaction ends."""
    return await locks.alone(session, Of.UPLOAD, upload)


async def at_work(session: AsyncSession, upload: UUID) -> bool:
    """Whether a process works on it."""
    return await locks.at_work(session, Of.UPLOAD, upload)
