"""A class's 欠課時数 as somebody reads them: who reads its 出席簿."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.registry.attendance.left import names_as_left
from services.registry.attendance.store import Named, names
from services.registry.closing import store as closing
from services.registry.closing.store import Standing
from services.registry.periods.hours import rules, store
from services.registry.periods.hours.rules import Correction, Sheet
from services.registry.register import store as register
from services.registry.register.reading import Asking, readable, see
from services.registry.register.rules import ClassYear
from services.registry.register.store import ClassRow
from services.registry.room import Registry
from services.registry.school_calendar.rules import ClassOf
from services.registry.school_calendar.store import school_of
from shared.access.log import Seen
from shared.access.principal import Principal
from shared.database import Scope
from shared.dates import school_year_bounds


@dataclass(frozen=True)
class Read:
    """A sheet as somebody reads it."""

    row: ClassRow
    of: ClassYear
    since: date
    until: date
    sheet: Sheet
    columns: list[tuple[str | None, str]]
    """Subjects by code, with their words."""
    named: Mapping[UUID, Named]
    classes: list[ClassOf]
    homerooms: list[str]
    standing: Standing | None
    """How the month stands; None of a year."""
    corrections: list[Correction]
    """Of a closed month, since it was closed."""
    at: datetime

    @property
    def through(self) -> date | None:
        """The day of the last lesson that is counted; None where none was taken."""
        return self.sheet.lessons[-1].on if self.sheet.lessons else None


async def read(
    room: Registry, who: Principal, class_id: UUID, month: str | None, act: str = "ReadLessonHours"
) -> Read:
    """The sheet of a month (``2026-11``), or of the whole year. ``act``: as the log has it."""
    today, board = room.clock.today(), who.board
    async with room.units.read(Scope(board), frozen=True) as session:
        seen = await see(room, session, who, class_id, month, what="欠課時数")
        row, of, since, until = seen.row, seen.of, seen.since, seen.until
        begins, _ = school_year_bounds(of.school_year)
        asking: Asking = {"person": who.person, "today": today}
        beside = (await school_of(session, board, row.school, row.school_year)).classes
        teachers = await register.homerooms(session, board, class_id, since, until)
        children = await register.children(session, board, row, begins, until, **asking)
        pupils = [child.pupil for child in children]
        marks = await store.marks(session, board, pupils, begins, until)
        taken = await store.lessons(session, board, class_id, begins, until)
        words = await store.subjects(session, board)
        standing, corrected = None, []
        if month is not None:
            standing = await closing.standing(session, board, class_id, since, until, **asking)
            closed = standing.last("closed")
            if standing.is_closed and closed is not None:
                corrected = await store.corrections(session, board, class_id, since, closed.revision, pupils)
        sheet = await asyncio.to_thread(rules.sheet, of, children, marks, taken, since, until)
        shown = [line.child.pupil for line in sheet.lines]
        corrected = [each for each in corrected if each.pupil in set(shown)]
        named = await names(session, board, sorted({*shown, *(each.by for each in corrected)}))
        named |= await names_as_left(session, board, row.school, shown, today)
    await room.log.read(who, Seen(act, "class", class_id, "III", shown))
    return Read(
        row=row,
        of=of,
        since=since,
        until=until,
        sheet=sheet,
        columns=rules.columns(sheet, words),
        named=named,
        classes=readable(room, seen, beside),
        homerooms=[" ".join(filter(None, each)) for each in teachers],
        standing=standing,
        corrections=corrected,
        at=room.clock.now(),
    )
