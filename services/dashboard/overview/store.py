"""What is usual: medians over the school days before a day, of classes, grades, schools and the board.

A day counts where its roll was taken, with the class and the members that it had then: what is corrected since is
counted as it is now, a class that was made up anew is not. For whoever may not know who the numbers are about the rule
of :mod:`~services.dashboard.overview.small` holds on each of these days, too: what is told only as a whole counts as a
whole, and not at all where few of it were there. One statement a page beside the page's own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.overview.rules import LEAST, WINDOW, Usual, looked_back, shut
from services.dashboard.overview.small import SMALL
from services.dashboard.overview.units import Sum, Unit, class_unit
from shared.dates import school_year

Levels = Mapping[Sum, Usual]
"""What is usual, by group. A group that is not in it has too few days yet."""

_CALENDARS = text(
    """
select c.school_id, c.closures, c.marks,
       array(select u.day from unnest(c.school_days) as u(day) where u.day < :day order by u.day desc limit :most)
           as days
from copy.calendar c
where c.board_id = :board and c.school_year = :year and (cast(:school as uuid) is null or c.school_id = :school)
"""
)

# Whoever is away or late has a row in a small index of its own; everybody else of the past is not read at all. Rolls
# and absences are added up, not joined: no statistics say how many days a class has.
_USUAL = text(
    """
with asked as (
    select * from unnest(cast(:schools as uuid[]), cast(:days as date[])) as a(school_id, day)
), shut as (
    select * from unnest(cast(:shut_schools as uuid[]), cast(:shut_days as date[]), cast(:shut_grades as text[]),
                         cast(:shut_classes as uuid[])) as x(school_id, day, grade, class_id)
), said as (
    select r.class_id, r.day, r.members, 0 as away, 0 as late
    from asked a join copy.class_day r on r.school_id = a.school_id and r.day = a.day
    union all
    select d.class_id, d.day, 0, case when d.presence = 'absent' then 1 else 0 end, case when d.late then 1 else 0 end
    from asked a join copy.pupil_day d on d.school_id = a.school_id and d.day = a.day
    left join copy.alias p on p.person_id = d.pupil_id
    where (d.presence = 'absent' or d.late)
    and (p.person_id is null
         or not exists (select from copy.pupil_day e where e.pupil_id = p.merged_into and e.day = d.day))
), tallied as (
    select class_id, day, sum(members) as members, sum(away) as away, sum(late) as late
    from said group by 1, 2 having sum(members) > 0
), united as (
    select u.unit, t.day, sum(t.members) as members, sum(t.away) as away, sum(t.late) as late
    from tallied t join copy.organisation o on o.organisation_id = t.class_id
    join unnest(cast(:unit_of as int[]), cast(:unit_classes as uuid[])) as u(unit, class_id)
        on u.class_id = t.class_id
    where not exists (
        select from shut x where x.school_id = o.school_id and x.day = t.day
        and (x.grade = o.grade or x.class_id = o.organisation_id))
    group by 1, 2 having sum(t.members) >= :smallest
), summed as (
    select s.n, t.day, sum(t.members) as members, sum(t.away) as away, sum(t.late) as late
    from united t join unnest(cast(:sum_units as int[]), cast(:sum_of as int[])) as s(unit, n) on s.unit = t.unit
    group by 1, 2
)
select n, count(*) as days,
       percentile_cont(0.5) within group (order by away::float8 / members) as away,
       percentile_cont(0.5) within group (order by late::float8 / members) as late
from summed group by n having count(*) >= :least
"""
)

_CLASSES = text(
    """
select o.organisation_id as id, o.school_id, o.grade from copy.organisation o
where o.board_id = :board and o.kind = 'class' and coalesce(o.school_year, :year) = :year
and (cast(:school as uuid) is null or o.school_id = :school)
"""
)


async def levels(
    session: AsyncSession,
    board: UUID,
    day: date,
    *,
    school: UUID | None = None,
    units: Collection[Unit] | None = None,
) -> Levels:
    """What is usual before ``day`` at a school, or everywhere.

    ``units``: what is told to whoever may not know who it is about. None: everything, to whoever knows them by name.
    """
    given: dict[str, Any] = {"board": board, "day": day, "year": school_year(day), "school": school}
    smallest = 1 if units is None else SMALL
    if units is None:
        units = [
            class_unit(str(row.id), str(row.school_id), row.grade)
            for row in await session.execute(_CLASSES, given)
        ]
    sums = list(dict.fromkeys(each for unit in units for each in unit.sums))
    if not sums:
        return {}
    number = {each: n for n, each in enumerate(sums)}
    in_units = [(n, class_id) for n, unit in enumerate(units) for class_id in sorted(unit.classes)]
    in_sums = [(n, number[each]) for n, unit in enumerate(units) for each in unit.sums]
    # Twice as many as are looked back on: some may turn out to be closures of the whole school.
    calendars = (await session.execute(_CALENDARS, {**given, "most": 2 * WINDOW})).all()
    asked: list[tuple[UUID, date]] = []
    closed: list[tuple[UUID, date, str | None, str | None]] = []
    for row in calendars:
        days = looked_back(row.days, row.closures or [], day)
        asked += [(row.school_id, on) for on in days]
        gone = shut({"closures": row.closures, "marks": row.marks}, days)
        closed += [(row.school_id, each.day, each.grade, each.class_id) for each in gone]
    found = await session.execute(
        _USUAL,
        {
            "schools": [each[0] for each in asked],
            "days": [each[1] for each in asked],
            "shut_schools": [each[0] for each in closed],
            "shut_days": [each[1] for each in closed],
            "shut_grades": [each[2] for each in closed],
            "shut_classes": [each[3] for each in closed],
            "unit_of": [each[0] for each in in_units],
            "unit_classes": [each[1] for each in in_units],
            "sum_units": [each[0] for each in in_sums],
            "sum_of": [each[1] for each in in_sums],
            "smallest": smallest,
            "least": LEAST,
        },
    )
    return {sums[row.n]: Usual(row.away, row.late, row.days) for row in found}
