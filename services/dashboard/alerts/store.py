"""The days that alerts follow from, and what was said about alerts."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.alerts.rules import RECENT, rules_of
from services.dashboard.roster.store import CARDS
from services.dashboard.school_day.store import HAS_LEFT, KLASS, SEES_PUPIL, Viewer
from shared.dates import school_year_bounds

RULES_ON = """
select s.value from alert_setting s where s.board_id = :board and s.name = 'rules' and s.withdrawn_at is null
and s.since <= least(cast(:day as date), cast(:today as date)) order by s.since desc limit 1
"""
"""The rules that hold on a day, of a day to come those of today; none where the board has said nothing."""
_RULES = text(RULES_ON)

BEGAN = """
(s.since <= :today and (s.withdrawn_at is null or (s.withdrawn_at at time zone 'Asia/Tokyo')::date >= s.since))
"""
"""Whether a version has held, be it for an hour: another one may have been said for its own first day."""

# All days of a child only where a rule may be met: away often enough, and either so often that a rule of the year
# counts it, or lately, or not seen here since. Lately is by the school's calendar and as many days more as were ever
# closed or marked, for a grade may be off then, so that it is never later than what `rules` calls so for any class.
_SCHOOL = text(
    f"""
with klass as ({KLASS} and o.school_id = :school and coalesce(o.school_year, :year) = :year),
member as (
    select distinct on (coalesce(a.merged_into, m.pupil_id)) coalesce(a.merged_into, m.pupil_id) as person_id,
           m.class_id, m.school_id, m.number
    from copy.membership m left join copy.alias a on a.person_id = m.pupil_id
    where m.school_id = :school and m.kind = 'home' and m.class_id in (select id from klass)
    and m.since <= :day and (m.until is null or m.until > :day)
    and (cast(:class as uuid) is null or m.class_id = :class)
    and (cast(:pupil as uuid) is null or coalesce(a.merged_into, m.pupil_id) = :pupil)
    order by 1, m.since desc, m.pupil_id
), seen as (
    select x.*, array[x.person_id] || array(select a.person_id from copy.alias a where a.merged_into = x.person_id)
        as ids
    from member x where {SEES_PUPIL.format(school="x.school_id", person="x.person_id")}
    and not {HAS_LEFT.format(school="x.school_id", person="x.person_id")}
), recent as (
    select min(u.day) as day from (
        select on_.day from copy.calendar c, unnest(c.school_days) as on_(day)
        where c.school_id = :school and c.school_year = :year and on_.day <= :day order by on_.day desc
        limit :recent + (select coalesce(sum(jsonb_array_length(k.closures)), 0)
                                + coalesce(sum(jsonb_array_length(k.marks)), 0) from copy.calendar k
                         where k.school_id = :school and k.school_year = :year)) u
), often as (
    select s.person_id, s.ids from seen s cross join lateral (
        select count(*) as times, max(d.day) as last from copy.pupil_day d
        where d.pupil_id = any (s.ids) and d.day >= :begins and d.day <= :day and d.presence = 'absent') away
    where away.times >= :least and (
        away.times >= :of_year or away.last >= (select day from recent)
        or not exists (select from copy.pupil_day d where d.pupil_id = any (s.ids) and d.presence = 'present'
                       and d.day > away.last and d.day <= :day))
), told as (
    select o.person_id, json_agg(json_build_object('day', d.day, 'presence', d.presence, 'category', d.category)
                                 order by d.day, d.pupil_id = o.person_id) as days
    from often o join copy.pupil_day d on d.pupil_id = any (o.ids)
    where d.day >= :begins and d.day <= :day group by 1
), act as (
    select t.place, s.person_id as pupil_id, t.rule, t.first_day, t.days, t.act, t.done, t.made_by, t.made_at
    from alert_act t join seen s on t.pupil_id = any (s.ids)
    where t.school_id = :school and t.first_day >= :begins
)
select (select json_build_object('id', o.organisation_id, 'name', o.name) from copy.organisation o
        where o.organisation_id = :school) as school,
       (select json_build_object('school_days', c.school_days, 'closures', c.closures, 'marks', c.marks)
        from copy.calendar c where c.school_id = :school and c.school_year = :year) as calendar,
       ({RULES_ON}) as rules,
       (select json_agg(s.value order by s.since, s.made_at) from alert_setting s
        where s.board_id = :board and s.name = 'rules' and {BEGAN}) as ever,
       (select json_object_agg(k.id, k) from klass k) as classes,
       (select json_object_agg(s.person_id, json_build_object('class', s.class_id, 'number', s.number))
        from seen s) as places,
       (select json_object_agg(t.person_id, t.days) from told t) as told,
       (select json_agg(t order by t.place) from act t) as acts,
       {
        CARDS.format(
            people='''array(
            select person_id from told union select pupil_id from act union select made_by from act)'''
        )
    }
"""  # noqa: S608 (put together from constants)
)


async def of_school(
    session: AsyncSession,
    viewer: Viewer,
    school: UUID,
    day: date,
    *,
    klass: UUID | None = None,
    pupil: UUID | None = None,
) -> Any:
    """One row: the days of children whom a rule of the board may be about, and what was said of alerts.

    Of all the school, of a class of 在籍, or of one child.
    """
    asked = viewer.parameters(day)
    rules = rules_of(await session.scalar(_RULES, asked))
    given = {
        **asked,
        "school": school,
        "class": klass,
        "pupil": pupil,
        "begins": school_year_bounds(asked["year"])[0],
        "least": min((rule.days for rule in rules), default=_NEVER),
        "of_year": min((rule.days for rule in rules if rule.kind == "year"), default=_NEVER),
        "recent": RECENT,
    }
    return (await session.execute(_SCHOOL, given)).one()


_NEVER = 1_000_000
"""More days than a school year has."""

_ACT = text(
    "insert into alert_act (id, board_id, school_id, pupil_id, rule, first_day, days, act, done, made_by, made_at)"
    " values (:id, :board, :school, :pupil, :rule, :first, :days, :act, :done, :by, :at)"
)
_TELL = text("select pg_notify('live', :keys)")


async def add(session: AsyncSession, **act: Any) -> None:
    """Keep what was said about an alert."""
    await session.execute(_ACT, act)


async def tell(session: AsyncSession, school: UUID, klass: UUID, day: date) -> None:
    """Wake that day's pages of the school and of the child's class."""
    keys = [f"school-day:{school}:{day}", f"class-day:{klass}:{day}"]
    await session.execute(_TELL, {"keys": orjson.dumps(keys).decode()})
