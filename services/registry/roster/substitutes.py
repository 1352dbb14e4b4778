"""補欠: somebody stands in for a class's teacher on one day, and only then (decisions.md §4 "Deciding")."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import text

from services.registry.duties.rules import no_lessons
from services.registry.roster import published, store
from services.registry.roster.acting import log_act, once_more
from services.registry.roster.rows import Added, DutyIs, Held
from services.registry.roster.snapshot import Period
from services.registry.school_calendar.store import with_lessons
from shared.access.log import Seen
from shared.database import Scope, Units, Work
from shared.dates import school_year_bounds

_CLASSES = text(
    "select c.id, c.school_id, c.name, s.name as school_name, s.short_name as school_short"
    " from organisation c join organisation s on s.id = c.school_id and s.board_id = c.board_id"
    " where c.board_id = :board and c.kind = 'class' and c.school_year = :year"
)
_CLASS = text(
    "select name, grade, school_id, school_year from organisation"
    " where board_id = :board and id = :id and kind = 'class'"
)
_STAFF = text(
    "select distinct p.id, p.search, coalesce(p.common_family, p.legal_family) as family,"
    " coalesce(p.common_given, p.legal_given) as given"
    " from person p join duty_period d on d.subject_id = p.id and d.board_id = p.board_id"
    " where p.board_id = :board and d.organisation_id = :school and d.voided_at is null"
    " and d.valid @> cast(:on as date)"
    " order by family, given, p.id"
)


class NoSubstitute(Exception):
    """The substitute cannot stand in; the message says why, in Japanese."""


async def add_substitute(
    units: Units, board: UUID, *, class_id: UUID, staff: UUID, on: date, actor: str
) -> int | None:
    """Give ``staff`` the duty of the class on that one day; returns the log's position, None if it was so already.

    Raises :class:`NoSubstitute`: only somebody who has a duty at the class's school that day may stand in;
    :class:`Moved` when others came first twice.
    """
    return await once_more(lambda: _add(units, board, class_id, staff, on, actor))


async def _add(units: Units, board: UUID, class_id: UUID, staff: UUID, on: date, actor: str) -> int | None:
    async with units.work(Scope(board), actor=actor) as work:
        await store.lock_roster(work)
        school, year = await _class_of(work, class_id)
        begins, ends = school_year_bounds(year)
        if not begins <= on < ends:
            raise NoSubstitute(f"この学級は{year}年度の学級です。その年度の日にしてください。")
        duties = await store.standing(work.session, board, store.DUTY, [staff])
        here = [d for d in duties if d.held.what.organisation_id == school and d.held.valid.holds(on)]
        if not here:
            raise NoSubstitute("この学校にその日の職務がない人は、補欠に入れません。")
        duty = Held(staff, Period(on, on + timedelta(days=1)), DutyIs("substitute", school, class_id))
        if any(each.held.what == duty.what for each in here):
            return None
        await store.add(work, store.DUTY, [Added(duty, None)])
        whole = sorted(
            [*(each.held for each in duties), duty], key=lambda held: (held.valid.since, held.what.slot)
        )
        work.publish(published.duty_changed(staff, whole), key=staff, subject=staff)
        await log_act(work, Seen("AddSubstitute", "class", class_id, "III", [staff]))
    return work.position


async def _class_of(work: Work, class_id: UUID) -> tuple[UUID, int]:
    """The class's school and school year."""
    rows = await work.session.execute(_CLASS, {"board": work.scope.board, "id": class_id})
    row = rows.one_or_none()
    if row is None:
        raise NoSubstitute("その学級はありません。")
    return row.school_id, row.school_year


async def find_class(units: Units, board: UUID, *, school: str, name: str, year: int) -> UUID:
    """The class by the names people use, e.g. 第一小 and 2年1組. Raises :class:`NoSubstitute`."""
    async with units.read(Scope(board)) as session:
        rows = (await session.execute(_CLASSES, {"board": board, "year": year})).all()
    found: list[UUID] = [
        row.id for row in rows if row.name == name and school in (row.school_short, row.school_name)
    ]
    if len(found) != 1:
        here = sorted(row.name for row in rows if school in (row.school_short, row.school_name))
        if here:
            raise NoSubstitute(
                f"{school}に「{name}」という学級はありません。{year}年度の学級: {'・'.join(here)}"
            )
        schools = sorted({row.school_short for row in rows})
        raise NoSubstitute(f"「{school}」という学校はありません。学校: {'・'.join(schools)}")
    return found[0]


async def check_lessons(units: Units, board: UUID, *, class_id: UUID, on: date) -> None:
    """Raises :class:`NoSubstitute` when the class has no lessons on the day: nobody can stand in for it."""
    async with units.read(Scope(board)) as session:
        row = (await session.execute(_CLASS, {"board": board, "id": class_id})).one()
        if not await with_lessons(session, board, row.school_id, {class_id: row.grade}, on):
            raise NoSubstitute(no_lessons(row.name, on))


async def find_staff(units: Units, board: UUID, *, class_id: UUID, name: str, on: date) -> UUID:
    """Staff of the class's school by name, blanks aside. Raises :class:`NoSubstitute`."""
    async with units.read(Scope(board)) as session:
        school = await session.scalar(
            text("select school_id from organisation where board_id = :board and id = :id"),
            {"board": board, "id": class_id},
        )
        rows = (await session.execute(_STAFF, {"board": board, "school": school, "on": on})).all()
    plain = "".join(name.split())
    found: list[UUID] = [row.id for row in rows if f"{row.family}{row.given}" == plain]
    if len(found) != 1:
        what = "が二人以上います" if found else "という職員がいません"
        names = "・".join(f"{row.family} {row.given}" for row in rows)
        raise NoSubstitute(f"「{name}」{what}。この学校の職員: {names}")
    return found[0]
