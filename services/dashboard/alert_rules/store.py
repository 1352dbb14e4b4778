"""Versions of a board's rules, trials, and what a trial counts at a school.

A trial reads one school at a time, each in a transaction of a moment, and keeps numbers only. It counts the children
who were at the school on the trial's last day, protected ones among them, by the same ``derive`` as the list itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.alert_rules.rules import Counted, Version, count, raised
from services.dashboard.alerts.api import lessons
from services.dashboard.alerts.rules import Rule
from services.dashboard.roster.rules import ALERT_OFFICE
from services.dashboard.roster.store import CARDS
from services.dashboard.school_day.store import KLASS
from shared.database import Units
from shared.dates import TOKYO, school_year, school_year_bounds

OFFICE_ON = """
select s.value from alert_setting s where s.board_id = :board and s.name = 'office' and s.withdrawn_at is null
and s.since <= :today order by s.since desc limit 1
"""
_OFFICES = text(
    f"""
select o.organisation_id as id from copy.organisation o
where o.board_id = :board and o.school_id is null and o.kind <> 'board'
and coalesce(({OFFICE_ON}), cast(:usual as jsonb)) ? o.code
"""  # noqa: S608 (constants)
)


async def offices(session: AsyncSession, board: UUID, today: date) -> frozenset[UUID]:
    """The departments that keep the rules."""
    given = {"board": board, "today": today, "usual": orjson.dumps(ALERT_OFFICE).decode()}
    return frozenset(await session.scalars(_OFFICES, given))


_VERSIONS = text(
    f"""
with said as (
    select s.id, s.since, s.value, s.reason, s.made_by, s.made_at, s.withdrawn_by, s.withdrawn_at
    from alert_setting s where s.board_id = :board and s.name = 'rules'
)
select (select json_agg(said order by since desc, withdrawn_at desc nulls first, made_at desc) from said) as versions,
       {CARDS.format(people="array(select made_by from said union select withdrawn_by from said)")}
"""  # noqa: S608
)


async def versions(session: AsyncSession, board: UUID) -> Any:
    """One row: everything that was said of the rules, withdrawn or not, and the cards of who said it."""
    return (await session.execute(_VERSIONS, {"board": board})).one()


def standing(said: Sequence[Mapping[str, Any]] | None) -> list[Version]:
    """Of what was said what was not withdrawn."""
    return [
        Version(UUID(each["id"]), date.fromisoformat(each["since"]), each["value"])
        for each in said or []
        if each["withdrawn_at"] is None
    ]


_SAY = text(
    "insert into alert_setting (id, board_id, name, since, value, reason, tried, made_by, made_at)"
    " values (:id, :board, :name, :since, cast(:value as jsonb), :reason, :tried, :by, :at)"
)
_WITHDRAW = text(
    "update alert_setting set withdrawn_by = :by, withdrawn_at = :at"
    " where board_id = :board and name = :name and since = :since and withdrawn_at is null"
)
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('alert_setting ' || cast(:board as text), 0))")


async def lock(session: AsyncSession, board: UUID) -> None:
    """One at a time says what a board's rules are."""
    await session.execute(_LOCK, {"board": str(board)})


async def say(session: AsyncSession, *, value: Any, **said: Any) -> None:
    """Say it from a day on, instead of what was said of that day."""
    await withdraw(session, **{name: said[name] for name in ("board", "name", "since", "by", "at")})
    await session.execute(_SAY, {**said, "value": orjson.dumps(value).decode()})


async def withdraw(session: AsyncSession, **said: Any) -> None:
    """Nothing was said of that day."""
    await session.execute(_WITHDRAW, said)


@dataclass(frozen=True)
class Trial:
    """A draft, and how far it has been tried."""

    id: UUID
    rules: tuple[Rule, ...]
    beside: tuple[Rule, ...]
    months: tuple[date, ...]
    until: date
    schools: tuple[UUID, ...]
    revision: str | None
    """What had been said of the rules when it was begun."""
    counted: Mapping[UUID, Mapping[str, Counted]]

    @property
    def left(self) -> list[UUID]:
        """Schools that are still to be counted."""
        return [school for school in self.schools if school not in self.counted]


_BEGIN = text(
    """
insert into alert_trial (id, board_id, rules, beside, months, until, revision, schools, begun_by, begun_at)
values (:id, :board, cast(:rules as jsonb), cast(:beside as jsonb), :months, :until, :revision,
        array(select o.organisation_id from copy.organisation o join copy.calendar c
                  on c.school_id = o.organisation_id and c.school_year = :year
              where o.board_id = :board and o.school_id = o.organisation_id order by o.kind, o.name, 1), :by, :at)
"""
)
_TRIAL = text(
    """
select t.*, (select json_object_agg(s.school_id, s.counted) from alert_trial_school s where s.trial_id = t.id)
    as counted
from alert_trial t where t.board_id = :board and t.id = :id
"""
)
_KEEP = text(
    "insert into alert_trial_school (trial_id, board_id, school_id, counted)"
    " values (:trial, :board, :school, cast(:counted as jsonb))"
)
_BEGUN = text(
    "select count(*) from alert_trial where board_id = :board and begun_at >= :from and begun_at < :to"
)
_TURN = text("select pg_try_advisory_xact_lock(hashtextextended('alert_trial ' || cast(:board as text), 0))")
_NAMES = text("select organisation_id as id, name from copy.organisation where organisation_id = any (:ids)")


async def begin(
    session: AsyncSession,
    *,
    id: UUID,
    board: UUID,
    rules: Sequence[Rule],
    beside: Sequence[Rule],
    months: Sequence[date],
    until: date,
    revision: str,
    by: UUID,
    at: datetime,
) -> None:
    """A trial of a draft at every school of the board."""

    def dumped(those: Sequence[Rule]) -> str:
        return orjson.dumps([each.model_dump() for each in those]).decode()

    given = {"id": id, "board": board, "months": list(months), "until": until, "revision": revision}
    given |= {"by": by, "at": at}
    written = {"rules": dumped(rules), "beside": dumped(beside), "year": school_year(until)}
    await session.execute(_BEGIN, {**given, **written})


async def trial(session: AsyncSession, board: UUID, id: UUID) -> Trial | None:
    """A trial of the board, as far as it has come."""
    row = (await session.execute(_TRIAL, {"board": board, "id": id})).one_or_none()
    if row is None:
        return None
    return Trial(
        id,
        tuple(Rule(**each) for each in row.rules),
        tuple(Rule(**each) for each in row.beside),
        tuple(row.months),
        row.until,
        tuple(row.schools),
        row.revision,
        {UUID(school): counted for school, counted in (row.counted or {}).items()},
    )


async def begun_on(session: AsyncSession, board: UUID, day: date) -> int:
    """How many trials of the board were begun on a day."""
    midnight = datetime.combine(day, time.min, TOKYO)
    given = {"board": board, "from": midnight, "to": midnight + timedelta(days=1)}
    return int(await session.scalar(_BEGUN, given) or 0)


async def my_turn(session: AsyncSession, board: UUID) -> bool:
    """Whether nobody else of this board counts just now; until the transaction ends."""
    return bool(await session.scalar(_TURN, {"board": str(board)}))


async def names(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, str]:
    """What schools are called."""
    return {row.id: row.name for row in await session.execute(_NAMES, {"ids": list(ids)})}


# A child's days as two arrays: of a thousand children there are two hundred thousand.
_SCHOOL = text(
    f"""
with klass as ({KLASS} and o.board_id = :board and o.school_id = :school and coalesce(o.school_year, :year) = :year),
member as materialized (
    select distinct on (coalesce(a.merged_into, m.pupil_id)) coalesce(a.merged_into, m.pupil_id) as person_id,
           m.class_id
    from copy.membership m left join copy.alias a on a.person_id = m.pupil_id
    where m.school_id = :school and m.kind = 'home' and m.class_id in (select id from klass)
    and m.since <= :until and (m.until is null or m.until > :until)
    order by 1, m.since desc, m.pupil_id
), ids as materialized (
    select x.person_id, x.class_id, x.person_id as id from member x
    union all
    select x.person_id, x.class_id, a.person_id from member x join copy.alias a on a.merged_into = x.person_id
), days as (
    select i.person_id, i.class_id, d.at, d.says, d.own, sum(d.times) over (partition by i.person_id) as times
    from ids i cross join lateral (
        select array_agg(d.day - cast(:begins as date) order by d.day) as at,
               string_agg(case when d.presence = 'present' then 'p' when d.presence is distinct from 'absent' then '-'
                               when d.category in ('suspension', 'bereavement', 'not_required') then 'a'
                               when d.category = 'sick' then 's' else 'o' end, '' order by d.day) as says,
               count(*) filter (where d.presence = 'absent') as times, i.id = i.person_id as own
        from copy.pupil_day d where d.pupil_id = i.id and d.day >= :begins and d.day <= :until) d
)
select (select json_build_object('school_days', c.school_days, 'closures', c.closures, 'marks', c.marks)
        from copy.calendar c where c.school_id = :school and c.school_year = :year) as calendar,
       (select json_object_agg(k.id, k.grade) from klass k) as grades,
       (select json_agg(json_build_array(person_id, class_id, at, says) order by own)
        from days where times >= :least and at is not null) as days
"""  # noqa: S608
)
_SAYS: Mapping[str, Mapping[str, str | None]] = {
    "p": {"presence": "present", "category": None},
    "-": {"presence": "unrecorded", "category": None},
    "a": {"presence": "absent", "category": "suspension"},
    "s": {"presence": "absent", "category": "sick"},
    "o": {"presence": "absent", "category": "other"},
}


async def count_school(
    session: AsyncSession, board: UUID, school: UUID, tried: Trial
) -> Mapping[str, Counted]:
    """How many children of a school the draft and the rules beside it would have raised."""
    year = school_year(tried.until)
    begins = school_year_bounds(year)[0]
    both = {"draft": tried.rules, "now": tried.beside}
    fewest = min((rule.days for rules in both.values() for rule in rules), default=None)
    if fewest is None:
        return {name: count([]) for name in both}
    given = {"board": board, "school": school, "year": year, "begins": begins, "until": tried.until}
    row = (await session.execute(_SCHOOL, {**given, "least": fewest})).one()
    # Off the loop: whoever takes a roll meanwhile does not wait for a thousand children.
    return await asyncio.to_thread(_count, row, begins, both, tried)


def _count(row: Any, begins: date, both: Mapping[str, Sequence[Rule]], tried: Trial) -> Mapping[str, Counted]:
    met = {
        klass: lessons(row.calendar, klass, grade, tried.until) for klass, grade in (row.grades or {}).items()
    }
    children: dict[str, tuple[str, dict[date, Any]]] = {}
    for person, klass, at, says in row.days or []:
        # A child's own word comes last and holds over that of a card that was merged into it.
        of = children.setdefault(person, (klass, {}))[1]
        of.update((begins + timedelta(days=day), _SAYS[word]) for day, word in zip(at, says, strict=True))
    return {
        name: count(raised(rules, tried.months, met[klass], told) for klass, told in children.values())
        for name, rules in both.items()
    }


async def keep(
    session: AsyncSession, board: UUID, trial: UUID, school: UUID, counted: Mapping[str, Counted]
) -> None:
    """Keep a school's numbers."""
    given = {"board": board, "trial": trial, "school": school}
    await session.execute(_KEEP, {**given, "counted": orjson.dumps(counted).decode()})


_FORGET = text("select forget_trials(:before)")


async def forget(units: Units, before: datetime) -> None:
    """Forget what trials that were begun before then have counted, of every board; as the feed role."""
    async with units.maintain() as session:
        await session.execute(_FORGET, {"before": before})
