"""No small group in what is told without names, and none by subtraction, whatever the classes are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.overview import pages
from services.dashboard.overview.pages import Meeting, School
from services.dashboard.overview.small import SMALL, atoms, separable
from services.dashboard.overview.units import BOARD, Sum
from services.dashboard.school_day.rules import COUNTED, Calendar

OPEN = Calendar(known=True, school_day=True, closures=())
AWAY = Calendar(known=True, school_day=False, closures=())
CLOSED = Calendar(known=True, school_day=True, closures=({"scope": "school"},))
SHUT = {"word": "臨時休業", "reason": ""}


def klass(
    number: int, calendar: Calendar, grade: str | None, members: int, closed: bool, taken: bool = True
) -> dict[str, Any]:
    """``lessons``: what the pages must find out by themselves."""
    counts: dict[str, Any] = dict.fromkeys(COUNTED, 0) | {"members": members, "absent": members}
    counts["taken_at"] = "2026-11-20T08:21:00+09:00" if taken else None
    counts["lessons"] = calendar.meets() and not closed
    found = {**pages.closed_of(calendar, {"id": str(number), "grade": grade}), "name": "", **counts}
    return found | {"closed": SHUT, "meets": False} if closed and calendar.meets() else found


classes_ = st.lists(
    st.tuples(
        st.sampled_from(["P1", "P2", None]),
        st.sampled_from([0, 1, 2, 3, 4, 5, 6, 12]),
        st.sampled_from([False, False, True]),
        st.sampled_from([True, True, False]),
    ),
    max_size=7,
)
calendars_ = st.sampled_from([OPEN, OPEN, AWAY, CLOSED])
schools_ = st.lists(st.tuples(classes_, calendars_), min_size=1, max_size=4)
Drawn = list[tuple[Any, ...]]


def town(drawn: list[tuple[Drawn, Calendar]]) -> list[Meeting]:
    number = iter(range(1000))
    found = []
    for n, (school, calendar) in enumerate(drawn):
        classes = [klass(next(number), calendar, *one) for one in school]
        found.append(Meeting({"id": f"school {n}"}, calendar, pages.of_school(classes, names=False)))
    return found


def one_school(drawn: Drawn, calendar: Calendar) -> list[dict[str, Any]]:
    return [klass(number, calendar, *one) for number, one in enumerate(drawn)]


def everybody(of: School) -> list[Any]:
    """The classes of a school that have any children."""
    return [*of.counted, *of.unsaid]


def sets(classes: Any, first: dict[str, int], *, meeting: bool) -> set[int]:
    """The children of these classes, of classes that meet alone where absences are counted."""
    return {
        first[each["id"]] + n
        for each in classes
        if not meeting or each["lessons"]
        for n in range(each["members"])
    }


def told_of(of: School) -> list[list[Any]]:
    """Every group of which a school's page tells a number."""
    groups = [list(those) for _, those in of.grades] + [[each] for each in of.single]
    return groups + ([list(of.counted)] if of.total is not None else [])


def groups_of(schools: list[Meeting]) -> list[list[Any]]:
    """Every group of which the board's page or a school's tells a number."""
    groups = [group for one in schools for group in told_of(one.of)]
    groups.append(pages.city_of(schools))
    for grade in ("P1", "P2", None):
        for there in ([one for one in schools if one.calendar.meets()], schools):
            groups.append(
                [each for one in there for told, those in one.of.grades if told == grade for each in those]
            )
    return groups


def rated_of(schools: list[Meeting]) -> list[list[Any]]:
    """Those that rates are of: confirmed rolls, which come one by one."""
    known = pages.city_known(schools)
    return [[each for each in group if any(each is one for one in known)] for group in groups_of(schools)]


@given(schools_)
def test_no_small_group_follows_from_any_of_the_pages_together(drawn: list[tuple[Drawn, Calendar]]) -> None:
    """The board's page and every school's page, side by side; of schools that meet and of others."""
    schools = town(drawn)
    first, total = {}, 0
    for each in (each for one in schools for each in everybody(one.of)):
        first[each["id"]], total = total, total + each["members"]
    for meeting in (False, True):
        groups = groups_of(schools) + (rated_of(schools) if meeting else [])
        told = [sets(group, first, meeting=meeting) for group in groups]
        assert all(size >= SMALL for size in atoms(told))
    for group in rated_of(schools):
        assert pages.rate(group, pages.city_known(schools))["members"] == pages.here(group)
    for group in groups_of(schools):
        assert pages.summed(group)["absent"] == len(sets(group, first, meeting=True)) == pages.here(group)


def test_a_grade_that_is_told_as_a_whole_is_known_as_a_whole() -> None:
    """Four of a small class whose roll came first would be all that the grade's rate is of."""
    small, large = ("P2", 4, False, True), ("P2", 20, False, False)
    (one,) = town([([small, large, ("P1", 20, False, True)], OPEN)])
    assert [each["grade"] for each in one.of.known] == ["P1"]
    (one,) = town([([small, (*large[:3], True)], OPEN)])
    assert [each["members"] for each in one.of.known] == [4, 20]
    by_name = pages.of_school(one_school([small, large], OPEN), names=True)
    assert [each["members"] for each in by_name.known] == [4]


def test_those_left_of_an_open_school_are_not_hidden_by_a_closed_one() -> None:
    """Four of a school without lessons and three of another: the board's sum less the schools' would be the three."""
    schools = town([([("P1", 4, False)], CLOSED), ([("P1", 20, False), ("P2", 3, False)], OPEN)])
    assert sum(each["members"] for each in pages.city_of(schools)) == 20
    open_ = town([([("P1", 4, False)], OPEN), ([("P1", 20, False), ("P2", 3, False)], OPEN)])
    assert sum(each["members"] for each in pages.city_of(open_)) == 27


@given(schools_)
def test_what_is_usual_is_of_those_who_are_counted(drawn: list[tuple[Drawn, Calendar]]) -> None:
    """The same children as beside it: nobody of whom nothing is said, and by no smaller groups than are told."""
    schools = town(drawn)
    members = {each["id"]: each["members"] for one in schools for each in everybody(one.of)}
    units = pages.units_of(schools)
    of: dict[Sum, set[str]] = defaultdict(set)
    for unit in units:
        assert sum(members[each] for each in unit.classes) >= SMALL
        for of_unit in unit.sums:
            assert of[of_unit].isdisjoint(unit.classes), "counted once"
            of[of_unit] |= unit.classes

    def ids(classes: Iterable[Any]) -> set[str]:
        return {each["id"] for each in classes}

    wanted = {BOARD: ids(pages.city_of(schools))}
    for one in schools:
        school = one.school["id"]
        wanted[Sum("school", school)] = ids(one.of.counted)
        for each in one.of.single:
            wanted[Sum("class", class_id=each["id"])] = {each["id"]}
        for grade, those in one.of.grades:
            wanted[Sum("grade", school, grade)] = ids(those)
            wanted.setdefault(Sum("grade", None, grade), set()).update(ids(those))
    assert dict(of) == {each: those for each, those in wanted.items() if those}


@given(classes_, calendars_)
def test_whoever_knows_them_by_name_is_told_everything(drawn: Drawn, calendar: Calendar) -> None:
    school = one_school(drawn, calendar)
    of = pages.of_school(school, names=True)
    there = [each for each in school if each["members"]]
    assert (of.single, of.unsaid) == (there, [])
    assert of.total is not None
    assert of.total["members"] == sum(each["members"] for each in school)
    assert of.here == of.total["members"] - of.total["off"]
    assert sum(len(those) for _, those in of.grades) == len(there)


@given(classes_, calendars_)
def test_nobody_is_left_out_without_need(drawn: Drawn, calendar: Calendar) -> None:
    """A grade of five and more who all have lessons is told; and its classes, where none of them is small."""
    school = one_school(drawn, calendar)
    of = pages.of_school(school, names=False)
    told = {grade for grade, _ in of.grades}
    for grade in {each["grade"] for each in school}:
        those = [each for each in school if each["grade"] == grade and each["members"]]
        if those and not any(each["closed"] for each in those):
            assert (grade in told) == (sum(each["members"] for each in those) >= SMALL)
        if grade in told and separable(each["members"] for each in those):
            assert all(each in of.single for each in those)
