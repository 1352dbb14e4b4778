"""What is usual: medians over the school days before a day, of classes, grades, schools and the board.

A day counts where its roll was taken, with the class and the members that it had then: what is corrected since is
counted as it is now, a class that was made up anew is not. One statement a page beside the page's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.overview.rules import LEAST, WINDOW, Usual, looked_back, shut
from shared.dates import school_year

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
), summed as (
    select o.school_id, o.grade, o.organisation_id as id, t.day,
           grouping(o.school_id, o.grade, o.organisation_id) as of,
           sum(t.members) as members, sum(t.away) as away, sum(t.late) as late
    from tallied t join copy.organisation o on o.organisation_id = t.class_id
    where not exists (
        select from shut x where x.school_id = o.school_id and x.day = t.day
        and (x.grade = o.grade or x.class_id = o.organisation_id))
    group by grouping sets ((o.school_id, o.grade, o.organisation_id, t.day), (o.school_id, o.grade, t.day),
                            (o.school_id, t.day), (o.grade, t.day), (t.day))
)
select school_id, grade, id, of, count(*) as days,
       percentile_cont(0.5) within group (order by away::float8 / members) as away,
       percentile_cont(0.5) within group (order by late::float8 / members) as late
from summed where members >= :smallest group by school_id, grade, id, of having count(*) >= :least
"""
)
# What `grouping` says of a row: 0 a class, 1 a grade of a school, 3 a school, 5 a grade of the board, 7 the board.
_CLASS, _GRADE, _SCHOOL, _BOARD_GRADE = 0, 1, 3, 5


@dataclass
class Levels:
    """What is usual, by group. A group that is not in it has too few days yet."""

    classes: dict[str, Usual] = field(default_factory=dict)
    grades: dict[tuple[str | None, str | None], Usual] = field(default_factory=dict)
    """By school and grade; of the whole board under no school."""
    schools: dict[str, Usual] = field(default_factory=dict)
    board: Usual | None = None

    def add(self, row: Any) -> None:
        usual = Usual(row.away, row.late, row.days)
        if row.of == _CLASS:
            self.classes[str(row.id)] = usual
        elif row.of == _GRADE:
            self.grades[str(row.school_id), row.grade] = usual
        elif row.of == _SCHOOL:
            self.schools[str(row.school_id)] = usual
        elif row.of == _BOARD_GRADE:
            self.grades[None, row.grade] = usual
        else:
            self.board = usual


async def levels(
    session: AsyncSession, board: UUID, day: date, *, school: UUID | None = None, smallest: int = 1
) -> Levels:
    """What is usual before ``day`` at a school, or everywhere.

    Days on which a group had fewer than ``smallest`` members are passed over.
    """
    given: dict[str, Any] = {"board": board, "day": day, "year": school_year(day), "school": school}
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
            **given,
            "schools": [each[0] for each in asked],
            "days": [each[1] for each in asked],
            "shut_schools": [each[0] for each in closed],
            "shut_days": [each[1] for each in closed],
            "shut_grades": [each[2] for each in closed],
            "shut_classes": [each[3] for each in closed],
            "smallest": smallest,
            "least": LEAST,
        },
    )
    told = Levels()
    for row in found:
        told.add(row)
    return told
