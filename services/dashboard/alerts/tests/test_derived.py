"""Whatever a school year was like: the page's alerts are those of everybody's days, however few of them it reads."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.dashboard.alerts import rules, store
from services.dashboard.alerts.api import alerts_of
from services.dashboard.school_day.store import Viewer
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.town import TODAY, Town
from shared.contracts.registry import CalendarMark, Closure
from shared.database import Scope

DAYS = [on for n in range(110, -1, -1) if (on := TODAY - timedelta(days=n)).weekday() < 5]
SAYS: dict[str, dict[str, str | None]] = {
    "present": {"presence": "present", "category": None},
    "absent_sick": {"presence": "absent", "category": "sick"},
    "absent_other": {"presence": "absent", "category": "other"},
    "suspended": {"presence": "absent", "category": "suspension"},
}
years = st.lists(st.tuples(st.sampled_from([*SAYS, "unsaid"]), st.integers(1, 35)), min_size=1, max_size=12)
closed_ = st.sets(st.integers(0, len(DAYS) - 1), max_size=8)


def spread(year: list[tuple[str, int]]) -> dict[date, str]:
    """One stretch after the other, the last one ending today."""
    codes = [code for code, length in year for _ in range(length)][-len(DAYS) :]
    return {on: code for on, code in zip(DAYS[-len(codes) :], codes, strict=True) if code != "unsaid"}


def ended(ago: int) -> list[tuple[str, int]]:
    """Three days away, and here since for so many school days."""
    return [("present", 20), ("absent_other", 3), ("present", ago)]


LAST_EIGHT = set(range(len(DAYS) - 8, len(DAYS)))


@example(past=(ended(1), ended(9), ended(10), ended(11)), closed=set(), off=set())
@example(past=(ended(9), ended(12), ended(15), ended(18)), closed=LAST_EIGHT, off=set())
@example(past=(ended(9), ended(12), ended(15), ended(18)), closed=set(), off=LAST_EIGHT)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(past=st.tuples(years, years, years, years), closed=closed_, off=closed_)
async def test_the_page_has_the_alerts_of_all_days(
    town: Town, copies: Copies, past: Any, closed: set[int], off: set[int]
) -> None:
    school = await town.school()
    klass = await town.klass(school)
    children = await town.children(klass, school, len(past))
    closures = [
        Closure(on=DAYS[n], scope="class", grade=None, class_id=klass, reason="influenza")
        for n in sorted(closed)
    ]
    marks = [CalendarMark(on=DAYS[n], kind="grade_off", grades=["P2"]) for n in sorted(off)]
    await town.calendar(school, DAYS, closures, marks)
    expected: dict[UUID, list[tuple[str, tuple[date, ...]]]] = {}
    for child, year in zip(children, past, strict=True):
        said = spread(year)
        for on, code in said.items():
            await town.mark(child, code, on=on)
        met = [on for n, on in enumerate(DAYS) if n not in closed | off]
        found = rules.derive(rules.DEFAULT, met, {on: SAYS[code] for on, code in said.items()})
        expected[child.id] = [(alert.rule.code, alert.days) for alert in found]
    await copies.catch_up()
    viewer = Viewer(town.board, None, frozenset({school}), TODAY)
    async with copies.app.read(Scope(town.board, frozenset({school}))) as session:
        row = await store.of_school(session, viewer, school, TODAY)
    shown: dict[UUID, list[tuple[str, tuple[date, ...]]]] = {child.id: [] for child in children}
    for pupil, alert in alerts_of(row, TODAY):
        shown[UUID(pupil)].append((alert.rule.code, alert.days))
    assert shown == expected
