"""Keeps ``absence-count`` up: counts of touched grades, given where they differ. Nothing of it is ever frozen."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.feeds import store
from services.dashboard.feeds.absence_rules import ABSENCES, ClassCount, grade_id, groups, next_revision
from services.dashboard.feeds.reconciler import DepartmentFeed
from services.dashboard.feeds.store import Receiver
from services.dashboard.school_day.rules import Calendar
from shared.contracts.dashboard import AbsenceCount, AbsenceItemChanged, feed_topic
from shared.database import Scope
from shared.dates import school_year

_NEVER = datetime.min.replace(tzinfo=UTC)

_CLASSES = """
select o.organisation_id as id, o.school_id, o.grade,
       (select json_build_object('school_day', :day = any (c.school_days), 'closures', c.closures, 'marks', c.marks)
        from copy.calendar c where c.school_id = o.school_id and c.school_year = :year) as calendar,
       counts.members, counts.absent, counts.suspended, counts.excused, counts.late,
       counts.unrecorded,
       (select min(r.taken_at) from copy.class_day r where r.class_id = o.organisation_id and r.day = :day) as taken_at
from copy.organisation o
cross join lateral (
    select count(*) as members,
           count(*) filter (where h.presence = 'absent'
                            and coalesce(h.category, '') not in ('suspension', 'bereavement', 'not_required'))
               as absent,
           count(*) filter (where h.presence = 'absent' and h.category = 'suspension') as suspended,
           count(*) filter (where h.presence = 'absent' and h.category = 'not_required') as excused,
           count(*) filter (where h.late) as late,
           count(*) filter (where coalesce(h.presence, 'unrecorded') = 'unrecorded') as unrecorded
    from standing_in(o.organisation_id, :day) h) counts
where o.kind = 'class' and o.board_id = :board and coalesce(o.school_year, :year) = :year {of}
order by o.organisation_id
"""
# Two statements, as of the lunch count; a touched class brings the whole of its grade.
_ALL = text(_CLASSES.format(of=""))
_SOME = text(
    _CLASSES.format(
        of="and (o.school_id, coalesce(o.grade, '')) in (select t.school_id, coalesce(t.grade, '')"
        " from copy.organisation t where t.organisation_id = any (cast(:classes as uuid[])))"
    )
)


async def counted(
    session: AsyncSession, board: UUID, day: date, classes: Collection[UUID] | None
) -> list[ClassCount]:
    """The classes of a board on a date, counted; of ``classes``, all of their grades (None: everything)."""
    given: dict[str, Any] = {"board": board, "day": day, "year": school_year(day)}
    if classes is None:
        rows = await session.execute(_ALL, given)
    else:
        rows = await session.execute(_SOME, {**given, "classes": sorted(classes)})
    found = []
    for row in rows:
        calendar = Calendar.of(row.calendar, day)
        meets = calendar.meets() and not calendar.closes(str(row.id), row.grade)
        numbers = (row.members, row.absent, row.suspended, row.excused, row.late, row.unrecorded)
        found.append(ClassCount(row.id, row.school_id, row.grade, meets, *numbers, row.taken_at))
    return found


class AbsenceFeed(DepartmentFeed):
    """``absence-count``, for the department that answers for attendance (学務課)."""

    name = ABSENCES

    async def _give(self, receiver: Receiver, day: date, classes: Collection[UUID] | None) -> datetime:
        board = receiver.board
        async with self._units.work(Scope(board), actor=f"feed:{ABSENCES}") as work:
            there = await counted(work.session, board, day, classes)
            ids = {each.id for each in there} | {grade_id(board, each.school, each.grade) for each in there}
            items = {id_: store.item_id(board, ABSENCES, id_, day) for id_ in ids}
            kept = await store.kept_items(work.session, receiver, items.values(), AbsenceCount)
            told = {id_ for id_, item in items.items() if item in kept}
            given = []
            for group in groups(board, there, small_groups=receiver.grant.small_groups, told=told):
                step = next_revision(group, kept.get(items[group.id]))
                if step is not None:
                    given.append((items[group.id], group, step))
            if given:
                await store.add_items(work.session, receiver, ABSENCES, day, given, work.at)
            for item, group, step in given:
                work.publish(
                    AbsenceItemChanged(
                        feed=ABSENCES,
                        item=item,
                        group=group.id,
                        grade=group.grade,
                        school=group.school,
                        on=day,
                        revision=step.revision,
                        value=step.value,
                    ),
                    key=item,
                    expected=step.revision - 1,
                    topic=feed_topic(board, receiver.department, ABSENCES),
                )
        return _NEVER
