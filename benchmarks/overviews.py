"""Overviews and alerts of a city of 100,000 pupils: their SQL as requests run it, on copies filled by hand.

A hundred schools of a thousand children with twenty school days each, and of one school every day since April: what is
usual looks back twenty days in all schools, alerts look at a school's year.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.deployment import Deployment, deployment, feed_engine
from benchmarks.load import Figure, Timings
from services.dashboard.alert_rules import store as trials
from services.dashboard.alert_rules.rules import months_until
from services.dashboard.alerts import store as alerts
from services.dashboard.alerts.rules import DEFAULT
from services.dashboard.overview import store as overview
from services.dashboard.overview.units import Unit, class_unit
from services.dashboard.school_day import store as pages
from services.dashboard.school_day.store import Viewer
from shared.database import Scope, Units, make_engine
from shared.dates import TOKYO, school_year, school_year_bounds

SCHOOLS, CLASSES, PUPILS = 100, 32, 31
LOOKS = 9
"""How often each statement runs."""

_PLACES = """
insert into copy.organisation (organisation_id, board_id, epoch, position, kind, name, school_id, school_year, grade)
select id, :board, 1, 0, case when school = id then 'elementary' else 'class' end, name, school, year, grade
from unnest(cast(:ids as uuid[]), cast(:names as text[]), cast(:schools as uuid[]), cast(:years as int[]),
            cast(:grades as text[])) as u(id, name, school, year, grade)
"""
_CALENDARS = """
insert into copy.calendar (calendar_id, board_id, epoch, position, school_id, school_year, school_days, closures, marks)
select gen_random_uuid(), :board, 1, 0, o.organisation_id, :year, cast(:days as date[]), '[]', '[]'
from copy.organisation o where o.board_id = :board and o.kind = 'elementary'
"""
_MEMBERS = """
insert into copy.membership (pupil_id, board_id, school_id, class_id, kind, number, since)
select gen_random_uuid(), :board, o.school_id, o.organisation_id, 'home', n, :april
from copy.organisation o cross join generate_series(1, :pupils) n where o.board_id = :board and o.kind = 'class'
"""
# Three in a hundred are away, two are late, and one child in two hundred has hardly been here at all.
_PAST = """
insert into copy.pupil_day (pupil_day_id, board_id, epoch, position, version, pupil_id, school_id, class_id, day,
                            revision, status, code, presence, category, late, early_leave, decided_by, facts)
select gen_random_uuid(), :board, 1, 0, 1, m.pupil_id, m.school_id, m.class_id, d.day, 1,
       case when away then 'absent' else 'present' end, case when away then 'absent_sick' else 'present' end,
       case when away then 'absent' else 'present' end, case when away then 'sick' end, not away and chance > 0.98,
       false, 'teacher', '[]'
from copy.membership m cross join unnest(cast(:days as date[])) d(day)
cross join lateral (select random() as chance where m.pupil_id is not null and d.day is not null) r
cross join lateral (select r.chance < 0.03 or hashtext(m.pupil_id::text) % 200 = 0 as away) a
where m.board_id = :board and (cast(:school as uuid) is null or m.school_id = :school)
order by d.day, m.school_id, m.class_id
"""
_TAKEN = """
insert into copy.class_day (class_day_id, board_id, epoch, position, version, class_id, school_id, day, members,
                            taken_at)
select gen_random_uuid(), :board, 1, 0, 1, o.organisation_id, o.school_id, d.day, :pupils, :taken
from copy.organisation o cross join unnest(cast(:days as date[])) d(day) where o.board_id = :board and o.kind = 'class'
"""


def measure() -> list[Figure]:
    """Each statement of the pages, as the role that answers requests."""
    with deployment() as deployed:
        return asyncio.run(_measure(deployed))


async def fill(deployed: Deployment, board: UUID, today: date) -> tuple[UUID, list[Unit]]:
    """A city in the dashboard's copies; one of its schools, and what is told of all of them."""
    april = school_year_bounds(school_year(today))[0]
    year = [on for n in range((today - april).days + 1) if (on := april + timedelta(days=n)).weekday() < 5]
    schools = [uuid4() for _ in range(SCHOOLS)]
    classes = [(uuid4(), school, f"P{1 + n % 6}") for school in schools for n in range(CLASSES)]
    ids = [*schools, *(klass for klass, _, _ in classes)]
    engine = feed_engine(deployed, "dashboard")
    try:
        async with engine.begin() as db:
            given: dict[str, Any] = {
                "board": board,
                "year": school_year(today),
                "pupils": PUPILS,
                "april": april,
            }

            async def say(statement: str, **more: Any) -> None:
                await db.execute(text(statement), {**given, **more})

            await say(
                _PLACES,
                ids=ids,
                names=[str(n) for n in range(len(ids))],
                schools=[*schools, *(school for _, school, _ in classes)],
                years=[None] * SCHOOLS + [given["year"]] * len(classes),
                grades=[None] * SCHOOLS + [grade for _, _, grade in classes],
            )
            await say(_CALENDARS, days=year)
            await say(_MEMBERS)
            # As they came: day by day, so that a morning lies together.
            await say(_PAST, days=year[:-21], school=schools[0])
            await say(_PAST, days=year[-21:], school=None)
            taken = datetime.combine(today, datetime.min.time(), TOKYO)
            await say(_TAKEN, days=year[-21:], taken=taken)
        async with engine.connect() as db:
            await db.execution_options(isolation_level="AUTOCOMMIT")
            for table in ("pupil_day", "membership", "organisation", "class_day", "calendar"):
                await db.execute(text(f"analyze copy.{table}"))
    finally:
        await engine.dispose()
    return schools[0], [class_unit(str(klass), str(school), grade) for klass, school, grade in classes]


async def _measure(deployed: Deployment) -> list[Figure]:
    board, today = uuid4(), deployed.day
    school, told = await fill(deployed, board, today)
    engine = make_engine(deployed.instance.settings("dashboard").app, pool_size=1)
    units = Units(engine, deployed.instance.clock)
    viewer = Viewer(board, uuid4(), frozenset({school}), today)
    months = tuple(months_until(today))
    tried = trials.Trial(uuid4(), DEFAULT, DEFAULT, months, today, (school,), None, {})
    one, city = Scope(board, frozenset({school})), Scope(board)
    asked: list[tuple[str, Scope, Callable[[AsyncSession], Awaitable[Any]]]] = [
        ("school page: the day", one, lambda db: pages.school_day(db, viewer, school, today)),
        ("school page: what is usual", one, lambda db: overview.levels(db, board, today, school=school)),
        ("board page: the day, 100 schools", city, lambda db: pages.board_day(db, board, today)),
        (
            "board page: what is usual, 100 schools",
            city,
            lambda db: overview.levels(db, board, today, units=told),
        ),
        (
            "alerts of a school of 992, a year's days",
            one,
            lambda db: alerts.of_school(db, viewer, school, today),
        ),
        (
            "a draft of their rules tried on that school and year",
            city,
            lambda db: trials.count_school(db, board, school, tried),
        ),
    ]
    try:
        return [Figure(what, await _timed(units, scope, ask), "–") for what, scope, ask in asked]
    finally:
        await engine.dispose()


async def _timed(units: Units, scope: Scope, ask: Callable[[AsyncSession], Awaitable[Any]]) -> str:
    timings = Timings()
    for _ in range(LOOKS):
        async with units.read(scope) as session:
            began = time.perf_counter()
            await ask(session)
            timings.milliseconds.append((time.perf_counter() - began) * 1000)
    return f"p50 {timings.percentile(0.5):.0f}, largest {max(timings.milliseconds):.0f} ms"
