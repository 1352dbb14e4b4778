"""Who may read a class's 出席簿, and what it is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.left import names_as_left
from services.registry.attendance.store import Named, names
from services.registry.closing import store as closing
from services.registry.closing.rules import State
from services.registry.closing.store import Standing
from services.registry.former import store as former_days
from services.registry.former.rules import Former
from services.registry.register import bereaved, remarks, rules, store
from services.registry.register.bereaved import Over
from services.registry.register.rules import Child, ClassYear, Sheet
from services.registry.room import Registry
from services.registry.school_calendar.plans import Lessons
from services.registry.school_calendar.rules import ClassOf
from services.registry.school_calendar.store import school_of
from shared.access.log import Seen
from shared.access.principal import Holder, Principal, entity, ref
from shared.database import Scope
from shared.database.units import narrow
from shared.dates import school_year_bounds
from shared.ids import class_day_id
from shared.web import denied, not_found


class Asking(TypedDict):
    """For whom, and on which day, a sheet is read: nobody (None) is kept from no child."""

    person: UUID | None
    today: date


@dataclass(frozen=True)
class Read:
    """A sheet as somebody reads it."""

    row: store.ClassRow
    of: ClassYear
    since: date
    until: date
    sheet: Sheet
    named: Mapping[UUID, Named]
    classes: list[ClassOf]
    homerooms: list[str]
    notes: list[str]
    states: Mapping[tuple[UUID, str], State]
    """How the months of the school's classes stand, by class and month; of these days only."""
    standing: Standing | None
    """How the month stands; None of a year."""
    former: Mapping[UUID, Former]
    """Of a year: what children who came during it bring from their former schools."""
    over: Mapping[UUID, Sequence[Over]]
    """Rows of 忌引 that are longer than the board allows, by child."""
    may: frozenset[str]
    """What the asker may do with the class's months, and days: ``TakeRoll``."""
    asker: UUID | None
    at: datetime

    @property
    def through(self) -> date | None:
        """The last day that is counted; None of a month that has not begun."""
        return None if self.of.today < self.since else min(self.of.today, self.sheet.days[-1].on)

    def over_of(self, child: Child) -> Sequence[Over]:
        """Rows of 忌引 that are longer than the board allows."""
        return self.over.get(child.pupil, ())


@dataclass(frozen=True)
class Seeing:
    """A class whose 出席簿 somebody may read, and the days that they ask for."""

    row: store.ClassRow
    holder: Holder
    of: ClassYear
    since: date
    until: date

    def may(self, room: Registry, act: str) -> bool:
        """Whether the policies let them do ``act`` with this class's 出席簿."""
        return _may(room, self.holder, self.holder.principal.board, self.row.school, self.row.id, act)


async def see(
    room: Registry,
    session: AsyncSession,
    who: Principal,
    class_id: UUID,
    month: str | None,
    act: str | None = None,
    why: str = "",
    what: str = "出席簿",
) -> Seeing:
    """The class, when the asker may read it, and may do ``act`` (else ``why``); 404, then 403, then 401.

    ``what``: the sheet's name, for who may not.

    The session sees their schools only, then.
    """
    today = room.clock.today()
    row = await store.class_row(session, who.board, class_id, person=who.person, today=today)
    if row is None:
        raise not_found()
    holder = Holder(who, row.duties)
    _decide(room, holder, row, what)
    of = ClassYear(row.id, row.grade, row.school_year, Lessons(row.plan), row.sets, today, row.marks, row.kin)
    seeing = Seeing(row, holder, of, *_span(of, month))
    if act is not None and not seeing.may(room, act):
        raise denied(why)
    room.strong_enough(who, row.step_up)
    await narrow(session, Scope(who.board, holder.schools()))
    return seeing


async def read(
    room: Registry, who: Principal, class_id: UUID, month: str | None, act: str = "ReadRegister"
) -> Read:
    """The sheet of a month (``2026-11``), or of the whole year. ``act``: as the log has it."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board), frozen=True) as session:
        seen = await see(room, session, who, class_id, month)
        row, of, since, until = seen.row, seen.of, seen.since, seen.until
        asking: Asking = {"person": who.person, "today": today}
        beside = (await school_of(session, who.board, row.school, row.school_year)).classes
        teachers = await store.homerooms(session, who.board, class_id, since, until)
        states = await closing.states(session, who.board, row.school, since, until)
        standing = (
            None
            if month is None
            else await closing.standing(session, who.board, class_id, since, until, **asking)
        )
        children = await store.children(session, who.board, row, since, until, **asking)
        lost = await store.unplaced(session, who.board, row, since, until, **asking)
        lost = [(pupil, span) for pupil, span in lost if of.meets(span.since, span.until or until)]
        pupils = {child.pupil for child in children} | {pupil for pupil, _ in lost}
        gone = set(standing.pupils) - pupils if standing else set()
        about = [*pupils, *gone]
        speakers = {each.by for each in standing.corrections} if standing else set()
        if month is not None:  # a month's cells say who entered what stands beside them
            speakers |= {each.by for child in children for each in child.beside.values()}
        former: Mapping[UUID, Former] = {}
        if month is None:
            former = await former_days.read(session, who.board, row.school, row.school_year, pupils)
            speakers |= {each.by for each in former.values()}
        named = await names(session, who.board, [*about, *speakers])
        named |= await names_as_left(session, who.board, row.school, about, today)
    sheet = await asyncio.to_thread(rules.sheet, of, children, since, until)
    over = {line.child.pupil: bereaved.over(of, line.child, since, until) for line in sheet.lines}
    shown = dict.fromkeys(
        [*(line.child.pupil for line in sheet.lines), *(pupil for pupil, _ in lost), *sorted(gone)]
    )
    await room.log.read(who, Seen(act, "class", class_id, "III", list(shown)))
    closed = remarks.closures_of(row.plan.closures, row.id, row.grade, since, until)
    return Read(
        row=row,
        of=of,
        since=since,
        until=until,
        sheet=sheet,
        named=named,
        classes=readable(room, seen, beside),
        homerooms=[" ".join(filter(None, each)) for each in teachers],
        notes=[*remarks.in_runs(closed), *remarks.unplaced(lost, named)],
        states=states,
        standing=standing,
        former=former,
        over=over,
        may=_acts(room, seen),
        asker=who.person,
        at=room.clock.now(),
    )


def readable(room: Registry, seen: Seeing, classes: Iterable[ClassOf]) -> list[ClassOf]:
    """Those classes of the school whose 出席簿 the asker may read."""
    board = seen.holder.principal.board
    return [each for each in classes if _may(room, seen.holder, board, seen.row.school, each.id)]


def _span(of: ClassYear, month: str | None) -> tuple[date, date]:
    if month is None:
        return school_year_bounds(of.school_year)
    if month not in months_of(of):
        raise not_found()
    return of.month(int(month[5:]))


def months_of(of: ClassYear) -> list[str]:
    """``2026-04`` … ``2027-03``."""
    return [f"{of.month(n)[0]:%Y-%m}" for n in of.months()]


def _decide(room: Registry, holder: Holder, row: store.ClassRow, what: str) -> None:
    board = holder.principal.board
    if _may(room, holder, board, row.school, row.id):
        return
    # Who reads the class's roll of a day knows the class; the month is for fewer.
    if room.policies.allows(holder, "ReadRoll", _some_day(room, board, row)):
        raise denied(f"{what}を見られるのは、その学級の担任・副担任と、校長・教頭・事務です。")
    raise not_found()


def _acts(room: Registry, seen: Seeing) -> frozenset[str]:
    found = {act for act in ("CloseMonth", "CheckMonth", "EnterFormerDays") if seen.may(room, act)}
    if room.policies.allows(seen.holder, "TakeRoll", _some_day(room, seen.holder.principal.board, seen.row)):
        found.add("TakeRoll")
    board, school = seen.holder.principal.board, seen.row.school
    whole = entity("SchoolRegister", school, board=ref("Board", board), school=ref("School", school))
    if room.policies.allows(seen.holder, "PrintBundle", whole):
        found.add("PrintBundle")
    return frozenset(found)


def _some_day(room: Registry, board: UUID, row: store.ClassRow) -> dict[str, object]:
    """Of a class, and not the day of a substitute."""
    return entity(
        "ClassDay",
        class_day_id(board, row.id, room.clock.today()),
        **{
            "board": ref("Board", board),
            "school": ref("School", row.school),
            "class": ref("Class", row.id),
            "isToday": False,
        },
    )


def _may(
    room: Registry, holder: Holder, board: UUID, school: UUID, class_id: UUID, act: str = "ReadRegister"
) -> bool:
    attributes = {"school": ref("School", school), "class": ref("Class", class_id)}
    resource = entity("ClassRegister", class_id, board=ref("Board", board), **attributes)
    return room.policies.allows(holder, act, resource)
