"""No small group in what is told without names, and none by subtraction, whatever the classes are."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.overview import pages
from services.dashboard.overview.pages import Meeting, School
from services.dashboard.overview.small import SMALL, atoms, separable
from services.dashboard.school_day.rules import COUNTED, Calendar

OPEN = Calendar(known=True, school_day=True, closures=())
CLOSED = {"word": "臨時休業", "reason": ""}


def klass(number: int, grade: str | None, members: int, closed: bool) -> dict[str, Any]:
    counts = dict.fromkeys(COUNTED, 0) | {"members": members, "present": members}
    return {"id": number, "name": "", "grade": grade, "closed": CLOSED if closed else None, **counts}


classes_ = st.lists(
    st.tuples(
        st.sampled_from(["P1", "P2", None]),
        st.sampled_from([0, 1, 2, 3, 4, 5, 6, 12]),
        st.sampled_from([False, False, True]),
    ),
    max_size=7,
)


def town(drawn: list[list[tuple[str | None, int, bool]]]) -> list[list[dict[str, Any]]]:
    number = iter(range(1000))
    return [[klass(next(number), *one) for one in school] for school in drawn]


def sets(classes: Any, first: dict[int, int], *, meeting: bool) -> set[int]:
    """The children of these classes, of classes that meet alone where absences are counted."""
    return {
        first[each["id"]] + n
        for each in classes
        if not meeting or each["closed"] is None
        for n in range(each["members"])
    }


def told_of(of: School) -> list[list[Any]]:
    """Every group of which a school's page tells a number."""
    groups = [list(those) for _, those in of.grades] + [[each] for each in of.single]
    return groups + ([list(of.counted)] if of.total is not None else [])


@given(st.lists(classes_, min_size=1, max_size=4))
def test_no_small_group_follows_from_any_of_the_pages_together(
    drawn: list[list[tuple[str | None, int, bool]]],
) -> None:
    """The board's page and every school's page, side by side."""
    schools = town(drawn)
    first, total = {}, 0
    for each in (each for school in schools for each in school):
        first[each["id"]], total = total, total + each["members"]
    ofs = [pages.of_school(school, OPEN, names=False) for school in schools]
    met = [Meeting({}, OPEN, of) for of in ofs]
    groups = [group for of in ofs for group in told_of(of)]
    groups.append([each for each, _ in pages.city_of(met)])
    for grade in ("P1", "P2", None):
        groups.append([each for of in ofs for told, those in of.grades if told == grade for each in those])
    for meeting in (False, True):
        told = [sets(group, first, meeting=meeting) for group in groups]
        assert all(size >= SMALL for size in atoms(told))


@given(classes_)
def test_whoever_knows_them_by_name_is_told_everything(drawn: list[tuple[str | None, int, bool]]) -> None:
    (school,) = town([drawn])
    of = pages.of_school(school, OPEN, names=True)
    there = [each for each in school if each["members"]]
    assert (of.single, of.unsaid) == (there, [])
    assert of.total is not None
    assert of.total["members"] == sum(each["members"] for each in school)
    assert sum(len(those) for _, those in of.grades) == len(there)


@given(classes_)
def test_nobody_is_left_out_without_need(drawn: list[tuple[str | None, int, bool]]) -> None:
    """A grade of five and more who all have lessons is told; and its classes, where none of them is small."""
    (school,) = town([drawn])
    of = pages.of_school(school, OPEN, names=False)
    told = {grade for grade, _ in of.grades}
    for grade in {each["grade"] for each in school}:
        those = [each for each in school if each["grade"] == grade and each["members"]]
        if those and not any(each["closed"] for each in those):
            assert (grade in told) == (sum(each["members"] for each in those) >= SMALL)
        if grade in told and separable(each["members"] for each in those):
            assert all(each in of.single for each in those)
