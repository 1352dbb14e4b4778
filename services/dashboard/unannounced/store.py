"""Who is missing without a word, the calls made for them, and the statements that keep those.

Calls are this service's own facts (docs/decisions/0016): who took one on and what it came to, in codes. A child's row
is found from the copies, class by class at that date, as on every page of a day.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.roster.store import CARDS
from services.dashboard.school_day.store import CALENDAR, GONE, KLASS, SEES_PUPIL, SYMBOLS, Viewer
from services.dashboard.unannounced.rules import Claim
from shared.database import Units

# Not here by a teacher's word (the office's is its own, and a notice is one), for no reason that is known: 病欠 is one,
# 出席停止 and 忌引 are. Or nothing said of them in a class whose roll was taken, or while somebody calls for them.
_MISSING = """
child as (
    select h.person_id, h.school_id, h.class_id, h.number, h.status, h.code, d.revision,
           coalesce(h.presence, 'unrecorded') as presence, r.taken_at is not null as taken,
           c.claimed_by, c.claimed_at, t.tries,
           h.presence = 'absent' and coalesce(h.category, 'other') = 'other'
           and coalesce(d.decided_by, '') not in ('office', 'notice')
           and not exists (select from jsonb_array_elements(d.facts) f
                           where f ->> 'source' = 'notice' and f ->> 'code' is not null) as absent,
           (select max((f ->> 'at')::timestamptz) from jsonb_array_elements(d.facts) f
            where f ->> 'source' = d.decided_by) as since
    from klass k
    cross join lateral standing_in(k.id, :day) h
    left join lateral (select taken_at from copy.class_day where class_id = k.id and day = :day limit 1) r on true
    left join lateral (
        select p.revision, p.decided_by, p.facts from copy.pupil_day p where p.pupil_id = h.person_id and p.day = :day
        union all
        select a.revision, a.decided_by, a.facts from said_by_aliases(:day) a where a.person_id = h.person_id
        and not exists (select from copy.pupil_day p where p.pupil_id = h.person_id and p.day = :day)
        limit 1) d on true
    left join calling c on c.pupil_id = h.person_id and c.day = :day and c.school_id = :school
    left join lateral (
        select json_agg(json_build_object('id', m.id, 'what', m.outcome, 'relation', m.relation, 'by', m.made_by,
                                          'at', m.made_at) order by m.made_at, m.id) as tries
        from call_made m where m.pupil_id = h.person_id and m.day = :day and m.school_id = :school
        and m.undone_at is null) t on true
    where h.school_id = :school
), missing as (
    select c.*, (c.absent or (c.presence = 'unrecorded'
                              and (c.taken or c.claimed_by is not null or c.tries is not null))) as open
    from child c where c.absent or c.presence = 'unrecorded'
)
"""

_LIST = text(
    f"""
with klass as ({KLASS} and o.school_id = :school and coalesce(o.school_year, :year) = :year), {_MISSING},
seen as (
    select x.*, {GONE.format(school="x.school_id", person="x.person_id")} from missing x
    where x.open and {SEES_PUPIL.format(school="x.school_id", person="x.person_id")}
), homeroom as (
    select distinct on (d.class_id) d.class_id, d.staff_id from copy.duty d
    where d.kind = 'homeroom' and d.class_id in (select id from klass)
    and d.since <= :day and (d.until is null or d.until > :day)
    order by d.class_id, d.since, d.staff_id
), waiting as (
    select k.id as class_id, h.staff_id as homeroom,
           (select count(*) from missing m where m.class_id = k.id and m.presence = 'unrecorded') as unrecorded
    from klass k left join homeroom h on h.class_id = k.id
    where not exists (select from copy.class_day r where r.class_id = k.id and r.day = :day
                      and r.taken_at is not null)
    and exists (select from copy.membership m where m.class_id = k.id and m.kind = 'home' and m.since <= :day
                and (m.until is null or m.until > :day))
)
select (select json_build_object('id', o.organisation_id, 'name', o.name) from copy.organisation o
        where o.organisation_id = :school) as school,
       ({CALENDAR.format(school=":school")}) as calendar,
       {SYMBOLS},
       (select json_object_agg(k.id, k) from klass k) as classes,
       (select json_object_agg(x.class_id, x.open)
        from (select class_id, count(*) as open from missing where open group by class_id) x) as counted,
       (select json_agg(s order by k.special_needs, k.grade, k.name, k.id, s.number nulls last, s.person_id)
        from seen s join klass k on k.id = s.class_id) as children,
       (select json_agg(w order by k.special_needs, k.grade, k.name, k.id)
        from waiting w join klass k on k.id = w.class_id) as waiting,
       {
        CARDS.format(
            people='''array(
            select person_id from seen union select claimed_by from seen union select homeroom from waiting
            union select (t ->> 'by')::uuid from seen cross join json_array_elements(seen.tries) as t)'''
        )
    }
"""  # noqa: S608 (put together from constants)
)

_ONE = text(
    f"""
with klass as ({KLASS} and o.school_id = :school and coalesce(o.school_year, :year) = :year
               and o.organisation_id in (select m.class_id from copy.membership m
                                         left join copy.alias a on a.person_id = m.pupil_id
                                         where coalesce(a.merged_into, m.pupil_id) = :pupil)), {_MISSING}
select c.class_id, k.grade, exists (select from missing m where m.person_id = c.person_id) as open,
       ({CALENDAR.format(school=":school")}) as calendar
from child c join klass k on k.id = c.class_id
where c.person_id = :pupil and {SEES_PUPIL.format(school="c.school_id", person="c.person_id")}
limit 1
"""  # noqa: S608
)


async def of_school(session: AsyncSession, viewer: Viewer, school: UUID, day: date) -> Any:
    """One row: the children without a word whom the viewer may see, how many there are, classes not taken."""
    return (await session.execute(_LIST, {**viewer.parameters(day), "school": school})).one()


async def child(session: AsyncSession, viewer: Viewer, school: UUID, day: date, pupil: UUID) -> Any:
    """A child of the school whom the viewer may see, and whether a call is wanted (``open``); else None."""
    asked = {**viewer.parameters(day), "school": school, "pupil": pupil}
    return (await session.execute(_ONE, asked)).one_or_none()


_HOLD = text(
    "insert into calling (board_id, school_id, pupil_id, day) values (:board, :school, :pupil, :day)"
    " on conflict (pupil_id, day, school_id) do update set school_id = excluded.school_id"
    " returning claimed_by, claimed_at"
)
_CLAIM = text("update calling set claimed_by = :by, claimed_at = :at where pupil_id = :pupil and day = :day")
_MADE = text(
    "insert into call_made (id, board_id, school_id, pupil_id, day, outcome, relation, made_by, made_at)"
    " values (:id, :board, :school, :pupil, :day, :outcome, :relation, :by, :at)"
)
_UNDO = text(
    "update call_made set undone_at = :at where id = :id and pupil_id = :pupil and day = :day and made_by = :by"
    " and undone_at is null returning id"
)
_TELL = text("select pg_notify('live', :keys)")
_FORGET = text("select forget_calls(:before)")


async def hold(session: AsyncSession, *, board: UUID, school: UUID, pupil: UUID, day: date) -> Claim | None:
    """The claim as it stands; nobody else changes it before this transaction ends."""
    place = {"board": board, "school": school, "pupil": pupil, "day": day}
    row = (await session.execute(_HOLD, place)).one()
    return None if row.claimed_by is None else Claim(row.claimed_by, row.claimed_at)


async def claim(session: AsyncSession, claim: Claim | None, *, school: UUID, pupil: UUID, day: date) -> None:
    """Who calls from now on; None: nobody."""
    now = {"by": claim and claim.by, "at": claim and claim.at}
    await session.execute(_CLAIM, {"school": school, "pupil": pupil, "day": day, **now})


async def made(session: AsyncSession, **call: Any) -> None:
    """Keep what a call came to."""
    await session.execute(_MADE, call)


async def undo(session: AsyncSession, *, id: UUID, pupil: UUID, day: date, by: UUID, at: datetime) -> bool:
    """Take one's own word back; false when there is none that stands."""
    done = await session.execute(_UNDO, {"id": id, "pupil": pupil, "day": day, "by": by, "at": at})
    return done.one_or_none() is not None


async def tell(session: AsyncSession, school: UUID, day: date) -> None:
    """Wake the school's pages of that day."""
    await session.execute(_TELL, {"keys": orjson.dumps([f"school-day:{school}:{day}"]).decode()})


async def forget(units: Units, before: date) -> None:
    """Forget the calls of days before ``before``, of every board; as the feed role."""
    async with units.maintain() as session:
        await session.execute(_FORGET, {"before": before})
