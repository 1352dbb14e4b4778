"""What is usual, and what stands out: by example, and the database's medians against a plain recount."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.dashboard.overview import store
from services.dashboard.overview.rules import LEAST, WINDOW, Usual, looked_back, measured, shut, stands_out
from services.dashboard.overview.small import SMALL
from services.dashboard.overview.units import BOARD, Sum, class_unit, grade_unit
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.town import TODAY, Child, Town
from shared.contracts.registry import CalendarMark, Closure
from shared.database import Scope

DAYS = [on for n in range(45, 0, -1) if (on := TODAY - timedelta(days=n)).weekday() < 5]


def closure(on: date, scope: str, **of: Any) -> dict[str, Any]:
    return {
        "on": on.isoformat(),
        "scope": scope,
        "grade": None,
        "class_id": None,
        "reason": "influenza",
        **of,
    }


def test_far_above_what_is_usual() -> None:
    usual = Usual(away=0.03, late=0.0, days=20)
    assert stands_out(9, 35, usual)
    assert not stands_out(3, 35, usual), "two more than usual"
    assert stands_out(5, 35, usual)
    assert not stands_out(50, 1000, usual), "less than twice as many"
    assert stands_out(60, 1000, usual)
    assert not stands_out(3, 30, Usual(0.0, 0.0, 20)), "of nobody there is no twofold: one is reckoned with"
    assert stands_out(4, 30, Usual(0.0, 0.0, 20))
    assert not stands_out(30, 30, None)
    assert not stands_out(30, 30, Usual(0.0, 0.0, LEAST - 1)), "too few days to call anything usual"
    assert not stands_out(0, 0, usual)


@given(st.integers(0, 40), st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_more_away_never_stands_out_less(away: int, here: int, one: float, other: float) -> None:
    low, high = (Usual(each, 0.0, 20) for each in sorted((one, other)))
    assert stands_out(away, here, low) >= stands_out(away, here, high)
    assert stands_out(away + 1, here, low) >= stands_out(away, here, low)


def test_a_rate_is_of_confirmed_rolls_and_what_stands_out_of_all_that_is_known() -> None:
    """At 8:20 one class of 30 is confirmed, of 1,000 children; 60 are known to be away."""
    nobody = dict.fromkeys(("members", "present", "absent", "late", "early", "apart", "unrecorded"), 0)
    city = {**nobody, "members": 1000, "absent": 50, "apart": 10, "unrecorded": 900}
    known = {**nobody, "members": 30, "absent": 1, "apart": 1, "late": 3}
    found = measured(city, 1000, Usual(0.03, 0.01, 20), known)
    assert (found["here"], found["away"]) == (1000, 60)
    assert found["rated"] == {"here": 30, "away": 2, "late": 3}
    assert found["stands_out"]
    assert measured(city, 1000, None, nobody)["rated"]["here"] == 0


def test_what_is_looked_back_on() -> None:
    closures = [closure(DAYS[-2], "school"), closure(DAYS[-3], "grade", grade="P2")]
    days = looked_back([*DAYS, TODAY, TODAY + timedelta(days=4)], closures, TODAY)
    assert len(days) == WINDOW
    assert (days[0], days[1]) == (DAYS[-1], DAYS[-3]), "latest first, without the closed day"
    assert [each.grade for each in shut({"closures": closures, "marks": []}, days)] == ["P2"]


def test_grades_that_the_plan_leaves_at_home() -> None:
    marks = [{"on": DAYS[-1].isoformat(), "kind": "grade_off", "grades": ["P1", "P6"]}]
    calendar = {"closures": [closure(DAYS[-1], "class", class_id="k")], "marks": marks}
    found = [(each.grade, each.class_id) for each in shut(calendar, DAYS[-2:])]
    assert found == [("P1", None), ("P6", None), (None, "k")]


async def a_school(town: Town) -> tuple[UUID, dict[UUID, list[Child]]]:
    school = await town.school()
    classes = [
        (await town.klass(school, "1年1組", "P1"), 3),
        (await town.klass(school, "2年1組", "P2"), 6),
        (await town.klass(school, "2年2組", "P2"), 7),
    ]
    return school, {klass: await town.children(klass, school, count) for klass, count in classes}


codes_ = st.sampled_from([None, "absent_sick", "suspended", "late", "late_early", "bereavement"])
pasts_ = st.lists(
    st.tuples(st.integers(0, len(DAYS) - 1), st.integers(0, 15), codes_, st.booleans()), max_size=60
)
closed_ = st.lists(
    st.tuples(st.integers(0, len(DAYS) - 1), st.sampled_from(["school", "P2", "class", "mark"])), max_size=6
)
untaken_ = st.sets(st.tuples(st.integers(0, len(DAYS) - 1), st.integers(0, 2)), max_size=60)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(past=pasts_, closed=closed_, untaken=untaken_)
async def test_medians_are_what_a_person_would_count(
    town: Town, copies: Copies, past: Any, closed: Any, untaken: set[tuple[int, int]]
) -> None:
    school, classes = await a_school(town)
    order = list(classes)
    grades = dict(zip(order, ("P1", "P2", "P2"), strict=True))
    closures, marks, off = [], [], set()
    for n, what in closed:
        on = DAYS[n]
        if what == "mark":
            marks.append(CalendarMark(on=on, kind="grade_off", grades=["P1"]))
            off.add((order[0], on))
            continue
        grade, klass = ("P2", None) if what == "P2" else (None, order[1] if what == "class" else None)
        scope: Any = {"P2": "grade"}.get(what, what)
        closures.append(Closure(on=on, scope=scope, grade=grade, class_id=klass, reason="influenza"))
        reach = {"school": order, "P2": order[1:], "class": [order[1]]}[what]
        off |= {(each, on) for each in reach}
    await town.calendar(school, [*DAYS, TODAY], closures, marks)
    children = [(klass, child) for klass, those in classes.items() for child in those]
    said: dict[tuple[UUID, date], str | None] = {}
    for n, who, code, again in past:
        klass, child = children[who]
        await town.mark(child, "present" if again else code, on=DAYS[n])
        if again:  # a correction of any day counts as it is now
            await town.mark(child, code, on=DAYS[n], source="office", reason="mistaken_entry")
        said[child.id, DAYS[n]] = code
    for n, on in enumerate(DAYS):
        for k, klass in enumerate(order):
            if (n, k) not in untaken:
                await town.take(klass, school, len(classes[klass]), on=on)
    await copies.catch_up()
    async with copies.app.read(Scope(town.board, frozenset({school}))) as session:
        found = await store.levels(session, town.board, TODAY, school=school)
        alike = await store.levels(session, town.board, TODAY)
        one, two, three = (str(klass) for klass in order)
        large = await store.levels(
            session,
            town.board,
            TODAY,
            school=school,
            units=[class_unit(each, str(school), "P2") for each in (two, three)],
        )
        whole_units = [grade_unit((one, two), str(school), "P1"), class_unit(three, str(school), "P2")]
        together = await store.levels(session, town.board, TODAY, school=school, units=whole_units)

    whole = {on for on in DAYS if all((klass, on) in off for klass in order)} & {
        each.on for each in closures if each.scope == "school"
    }
    window = [on for on in DAYS if on not in whole][-WINDOW:]

    def usual(*units: list[UUID], smallest: int = SMALL) -> Usual | None:
        """Of whole units, each left out on days on which fewer of it are told of."""
        away, late = [], []
        for on in window:
            k = {klass: n for n, klass in enumerate(order)}
            codes = []
            for unit in units:
                there = [c for c in unit if (c, on) not in off and (DAYS.index(on), k[c]) not in untaken]
                told = [said.get((child.id, on)) for c in there for child in classes[c]]
                codes += told if len(told) >= smallest else []
            if codes:
                gone = sum(code in ("absent_sick", "suspended", "bereavement") for code in codes)
                away.append(gone / len(codes))
                late.append(sum(code in ("late", "late_early") for code in codes) / len(codes))
        return Usual(median(away), median(late), len(away)) if len(away) >= LEAST else None

    def same(one: Usual | None, other: Usual | None) -> bool:
        if one is None or other is None:
            return one is other
        close = abs(one.away - other.away) < 1e-9 and abs(one.late - other.late) < 1e-9
        return close and one.days == other.days

    for klass in order:
        assert same(found.get(Sum("class", class_id=str(klass))), usual([klass], smallest=1))
    for grade in ("P1", "P2"):
        expected = usual([klass for klass in order if grades[klass] == grade], smallest=1)
        assert same(found.get(Sum("grade", str(school), grade)), expected)
        assert same(alike.get(Sum("grade", str(school), grade)), expected)
    assert same(found.get(Sum("school", str(school))), usual(order, smallest=1))
    # To whoever knows no names: nothing of the three of 1年1組, in no sum.
    for everybody in (Sum("school", str(school)), Sum("grade", None, "P2"), BOARD):
        assert same(large.get(everybody), usual([order[1]], [order[2]]))
    assert not [each for each in large if each.grade == "P1" or each.class_id == one]
    # What is told as a whole is not told of a day on which few of it were there.
    assert same(together.get(Sum("school", str(school))), usual(order[:2], [order[2]]))
    assert same(together.get(Sum("grade", str(school), "P1")), usual(order[:2]))
    assert {each.class_id for each in together if each.kind == "class"} <= {three}
