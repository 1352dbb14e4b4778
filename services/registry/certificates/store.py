"""The table of issued certificates, and what one is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.certificates.rules import Kind
from shared.database import Work


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was issued."""

    id: UUID
    school: UUID
    kind: Kind
    number: str
    pupil: UUID
    move: UUID
    issued_on: date
    issued_at: datetime
    issued_by: UUID
    voided_at: datetime | None
    void_reason: str | None


_COLUMNS = (
    "id, school_id, kind, number, pupil_id, move_id, issued_on, issued_at, issued_by, voided_at, void_reason"
)
_OF_SCHOOLS = text(
    f"select {_COLUMNS} from certificate where board_id = :board and school_id = any(:schools)"  # noqa: S608
    " order by issued_at desc, id desc limit 500"
)
_OF_MOVE = text(
    f"select {_COLUMNS} from certificate where board_id = :board and move_id = :move order by issued_at"  # noqa: S608
)
_ONE = text(f"select {_COLUMNS} from certificate where board_id = :board and id = :id")  # noqa: S608
_PDF = text("select pdf from certificate where board_id = :board and id = :id")
_NEXT = text(
    "select coalesce(max(serial), 0) + 1 from certificate where board_id = :board and school_id = :school"
    " and school_year = :year and kind = :kind"
)
_ADD = text(
    "insert into certificate (id, board_id, school_id, school_year, kind, serial, number, pupil_id, move_id,"
    " issued_on, issued_at, issued_by, sheet, pdf, sha256) values (:id, :board, :school, :year, :kind, :serial,"
    " :number, :pupil, :move, :issued_on, :at, :by, cast(:sheet as jsonb), :pdf, :sha256)"
)
_VOID = text(
    "update certificate set voided_at = :at, voided_by = :by, void_reason = :reason"
    " where board_id = :board and id = :id and voided_at is null"
)


def _issued(row: Any) -> Issued:
    return Issued(*row)


async def of_schools(session: AsyncSession, board: UUID, schools: list[UUID]) -> list[Issued]:
    """What schools have issued, the newest first."""
    rows = await session.execute(_OF_SCHOOLS, {"board": board, "schools": schools})
    return [_issued(row) for row in rows]


async def of_move(session: AsyncSession, board: UUID, move: UUID) -> list[Issued]:
    """What was issued for a move, the oldest first."""
    return [_issued(row) for row in await session.execute(_OF_MOVE, {"board": board, "move": move})]


async def one(session: AsyncSession, board: UUID, id_: UUID) -> Issued | None:
    """One certificate."""
    row = (await session.execute(_ONE, {"board": board, "id": id_})).first()
    return None if row is None else _issued(row)


async def document(session: AsyncSession, board: UUID, id_: UUID) -> bytes:
    """The document as it was issued."""
    return bytes((await session.execute(_PDF, {"board": board, "id": id_})).scalar_one())


async def next_serial(work: Work, school: UUID, year: int, kind: Kind) -> int:
    """The next number of a school's year; the roster's lock keeps others waiting until it is used."""
    values = {"board": work.scope.board, "school": school, "year": year, "kind": kind}
    return int((await work.session.execute(_NEXT, values)).scalar_one())


async def add(work: Work, values: Mapping[str, Any], sheet: Mapping[str, object]) -> None:
    """Keep a certificate."""
    await work.session.execute(
        _ADD,
        {**values, "sheet": orjson.dumps(sheet).decode(), "board": work.scope.board, "at": work.at},
    )


async def void(work: Work, id_: UUID, by: UUID, reason: str) -> None:
    """A certificate that counts no longer; its number stays used."""
    values = {"board": work.scope.board, "id": id_, "at": work.at, "by": by, "reason": reason}
    await work.session.execute(_VOID, values)


@dataclass(frozen=True, slots=True)
class About:
    """Legal name and what else is printed of a pupil, with the school and its head."""

    family: str
    given: str
    kana: str
    birth_date: date | None
    sex: str
    school: str
    head: str


_ABOUT = text(
    """
select p.legal_family, p.legal_given, p.birth_date, p.sex, s.name as school,
       coalesce(p.legal_kana_family, p.kana_family, '') as kana_family,
       coalesce(p.legal_kana_given, p.kana_given, '') as kana_given,
       coalesce((select coalesce(h.common_family, h.legal_family) || '　' || coalesce(h.common_given, h.legal_given)
                 from duty_period d join person h on h.id = d.subject_id
                 where d.board_id = :board and d.organisation_id = s.id and d.kind = 'principal'
                   and d.voided_at is null and d.valid @> cast(:on as date)
                 order by lower(d.valid) desc, h.id limit 1), '') as head
from person p, organisation s
where p.board_id = :board and p.id = :pupil and s.board_id = :board and s.id = :school
"""
)
_SETTING = text(
    "select value from setting where board_id = :board and name = :name and since <= :on"
    " order by since desc limit 1"
)


async def about(session: AsyncSession, board: UUID, pupil: UUID, school: UUID, on: date) -> About:
    """What is printed of a pupil and the school on a day."""
    values = {"board": board, "pupil": pupil, "school": school, "on": on}
    row = (await session.execute(_ABOUT, values)).one()
    kana = " ".join(part for part in (row.kana_family, row.kana_given) if part)
    return About(row.legal_family, row.legal_given, kana, row.birth_date, row.sex, row.school, row.head)


async def setting(session: AsyncSession, board: UUID, name: str, on: date) -> Any:
    """A dated setting of the board on a day; None until it has said anything."""
    return await session.scalar(_SETTING, {"board": board, "name": name, "on": on})
