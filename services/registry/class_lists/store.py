"""What a class's list reads, and which acts on its numbers there were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.store import Named
from services.registry.class_lists.rules import Stored
from services.registry.roster.rows import Held
from services.registry.roster.snapshot import Period
from services.registry.roster.store import MEMBERSHIP
from shared.database import Work

_CLASS = text(
    "select c.id, c.name, c.grade, c.special_needs, c.school_id, c.school_year, s.name as school_name"
    " from organisation c join organisation s on s.board_id = :board and s.id = c.school_id"
    " where c.board_id = :board and c.id = :class_id and c.kind = 'class'"
)
_BESIDE = text(
    "select id, name, grade, special_needs from organisation where board_id = :board and kind = 'class'"
    " and school_id = :school and school_year = :year and (until is null or until > :on)"
    " order by special_needs, grade, name, id"
)
_STANDING = text(
    "select id, subject_id, valid, school_id, class_id, kind, number from membership_period"
    " where board_id = :board and class_id = :class_id and voided_at is null"
)
# The list's side of the policy ``ReadCard`` for protected children (people/policy.cedar).
_HIDDEN = text(
    "select subject_id from protection_period k where board_id = :board and voided_at is null"
    " and subject_id = any (cast(:pupils as uuid[])) and valid @> cast(:today as date)"
    " and (cast(:person as uuid) = any (confidential_from) or not (:named or exists ("
    "  select from enrolment_period e where e.board_id = :board and e.subject_id = k.subject_id"
    "  and e.voided_at is null and e.school_id = any (cast(:schools as uuid[]))"
    "  and coalesce(upper(e.valid), 'infinity') > cast(:today as date))))"
)
_CARDS = text(
    "select id, coalesce(common_family, legal_family) as family, coalesce(common_given, legal_given) as given,"
    " kana_family, kana_given, sort_key, birth_date from person"
    " where board_id = :board and id = any (cast(:ids as uuid[]))"
)
_TAKEN = text(
    "select count(*) from class_day where board_id = :board and class_id = :class_id and day >= :since"
)
_LAST = text(
    "select id, since, made_by, made_at, changed, left_as from numbering"
    " where board_id = :board and class_id = :class_id and undone_at is null order by made_at desc, id desc limit 1"
)
_IS_UNDONE = text(
    "select true from numbering where board_id = :board and class_id = :class_id and id = :id"
    " and undone_at is not null"
)
_NOTE = text(
    "insert into numbering (id, board_id, school_id, class_id, since, changed, left_as, made_by, made_at)"
    " values (:id, :board, :school, :class_id, :since, :changed, :left_as, :by, :at)"
)
_UNDO = text("update numbering set undone_at = :at where board_id = :board and id = :id")


class ClassRow(NamedTuple):
    """A class with its school."""

    id: UUID
    name: str
    grade: str | None
    special_needs: bool
    school_id: UUID
    school_year: int
    school_name: str


class Card(NamedTuple):
    """What a list shows of a child, and what it may be ordered by."""

    id: UUID
    family: str
    given: str
    kana_family: str | None
    kana_given: str | None
    sort_key: str
    birth_date: date | None

    @property
    def named(self) -> Named:
        """The name as answers write it."""
        return Named(self.family, self.given, self.kana_family, self.kana_given)

    @property
    def name(self) -> str:
        """「青木 陽菜さん」."""
        return f"{self.family} {self.given}さん"


class Numbering(NamedTuple):
    """An act that set the numbers of a class."""

    id: UUID
    since: date
    made_by: UUID
    made_at: datetime
    changed: int
    left_as: str
    """Revision of the class's periods, of any time, as it left them."""


async def class_row(session: AsyncSession, board: UUID, class_id: UUID) -> ClassRow | None:
    """A class of the board."""
    row = (await session.execute(_CLASS, {"board": board, "class_id": class_id})).one_or_none()
    return None if row is None else ClassRow(*row)


async def classes_beside(session: AsyncSession, board: UUID, of: ClassRow, on: date) -> Sequence[Any]:
    """The classes of the same school and school year: id, name, grade, special needs."""
    values = {"board": board, "school": of.school_id, "year": of.school_year, "on": on}
    return (await session.execute(_BESIDE, values)).all()


async def standing(session: AsyncSession, board: UUID, class_id: UUID) -> list[Stored]:
    """All periods in the class that are not voided."""
    rows = await session.execute(_STANDING, {"board": board, "class_id": class_id})
    return [
        Stored(
            row.id,
            Held(row.subject_id, Period(row.valid.lower, row.valid.upper), MEMBERSHIP.read(row._mapping)),
        )
        for row in rows
    ]


async def hidden_from(
    session: AsyncSession,
    board: UUID,
    person: UUID | None,
    pupils: Sequence[UUID],
    today: date,
    *,
    schools: Collection[UUID],
    named: bool,
) -> set[UUID]:
    """Which of these children are not there for somebody with a duty at ``schools`` (docs/decisions/0011).

    Those who are kept from them; and, unless they are ``named`` for protected children, those protected who are at none
    of the schools any more.
    """
    values = {"board": board, "pupils": list(pupils), "person": person, "today": today}
    return set(await session.scalars(_HIDDEN, {**values, "schools": list(schools), "named": named}))


async def cards(session: AsyncSession, board: UUID, ids: Sequence[UUID]) -> dict[UUID, Card]:
    """The cards of these children."""
    rows = await session.execute(_CARDS, {"board": board, "ids": list(ids)})
    return {row.id: Card(*row) for row in rows}


async def rolls_since(session: AsyncSession, board: UUID, class_id: UUID, since: date) -> int:
    """How many rolls of the class were taken on that day or later."""
    found: int = await session.scalar(_TAKEN, {"board": board, "class_id": class_id, "since": since})
    return found


async def last_numbering(session: AsyncSession, board: UUID, class_id: UUID) -> Numbering | None:
    """The last act on the class's numbers that still stands."""
    row = (await session.execute(_LAST, {"board": board, "class_id": class_id})).one_or_none()
    return None if row is None else Numbering(*row)


async def is_undone(session: AsyncSession, board: UUID, class_id: UUID, id_: UUID) -> bool:
    """Whether an act on the class's numbers was taken back."""
    values = {"board": board, "class_id": class_id, "id": id_}
    return bool(await session.scalar(_IS_UNDONE, values))


async def note(
    work: Work, id_: UUID, of: ClassRow, since: date, changed: int, by: UUID, left_as: str
) -> None:
    """Keep that somebody set the numbers of a class, and as what that left its list."""
    await work.session.execute(
        _NOTE,
        {
            "id": id_,
            "board": work.scope.board,
            "school": of.school_id,
            "class_id": of.id,
            "since": since,
            "changed": changed,
            "left_as": left_as,
            "by": by,
            "at": work.at,
        },
    )


async def note_undone(work: Work, id_: UUID) -> None:
    """Keep that an act on numbers was taken back."""
    await work.session.execute(_UNDO, {"board": work.scope.board, "id": id_, "at": work.at})
