"""The town of a later day: what a delta says, next April beside this year, and both in the importer's hands."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from deploy.town.generate import Order
from deploy.town.model import GRADES
from deploy.town.tests.reading import (
    TODAY,
    a_city,
    applied,
    companion_of,
    files_of,
    rows_of,
    snapshot_of,
)
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.rules import read_roster
from services.registry.roster.tests.reading import rows
from shared.database import Units

of_many = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@of_many
@given(
    seed=st.integers(0, 10**6),
    pupils=st.integers(300, 900),
    days=st.lists(st.dates(date(2026, 4, 1), date(2027, 3, 31)), min_size=2, max_size=2, unique=True),
)
def test_a_bulk_package_and_a_delta_are_the_later_bulk_package(
    seed: int, pupils: int, days: list[date]
) -> None:
    first, later = sorted(days)
    before, after = files_of(a_city(seed, pupils, first)), files_of(a_city(seed, pupils, later))
    delta = files_of(a_city(seed, pupils, later, since=first))
    found, told = applied(before, delta)
    assert found == rows_of(after)
    assert told == companion_of(after)


@pytest.mark.parametrize("of_a_city", [True, False])
def test_the_importer_makes_of_a_delta_what_the_later_package_says(*, of_a_city: bool) -> None:
    first, pupils = date(2026, 9, 4), 900

    def order(on: date, since: date | None = None) -> Order:
        return Order(2, 2026, on, pupils, of_a_city=of_a_city, since=since)

    reading = read_roster(files_of(order(TODAY, first)), files_of(order(first)))
    assert reading.problems == ()
    assert reading.snapshot is not None
    if of_a_city:
        later = snapshot_of(order(TODAY))
        for name in (
            "people",
            "enrolments",
            "memberships",
            "duties",
            "guardianships",
            "protections",
            "contacts",
            "calendars",
        ):
            found, expected = set(getattr(reading.snapshot, name)), set(getattr(later, name))
            assert found == expected, name


def test_a_delta_holds_only_what_changed_and_its_manifest_says_so() -> None:
    delta = files_of(a_city(3, 2_000, since=date(2026, 11, 13)))
    changed = rows_of(delta)
    assert 0 < len(changed["users.csv"]) < 60
    assert "orgs.csv" not in delta
    manifest = delta["manifest.csv"].decode()
    assert '"file.users","delta"' in manifest
    assert '"file.orgs","absent"' in manifest
    assert companion_of(delta)["mode"] == "delta"
    assert companion_of(delta)["calendars"] == []
    ties = {part["pupil"] for part in companion_of(delta)["guardianships"]}
    assert len(ties) < 30


def test_the_town_that_is_shown_has_a_delta_too() -> None:
    friday = date(2026, 11, 13)
    before = files_of(Order(1, 2026, friday))
    delta = files_of(Order(1, 2026, date(2026, 12, 18), since=friday))
    found, told = applied(before, delta)
    here = set(rows_of(before)["users.csv"])
    assert here - set(found["users.csv"]) == set()
    assert set(found["users.csv"]) - here
    for row in found["roles.csv"].values():
        assert row["userSourcedId"] in found["users.csv"]
    for row in found["enrollments.csv"].values():
        assert row["classSourcedId"] in found["classes.csv"]
    assert {part["guardian"] for part in told["guardianships"]} <= set(found["users.csv"])


@of_many
@given(
    order=st.builds(
        a_city,
        seed=st.integers(0, 10**6),
        pupils=st.integers(300, 900),
        on=st.dates(date(2026, 4, 1), date(2027, 3, 31)),
        april=st.just(True),
    )
)
def test_in_april_everybody_is_a_grade_further_and_those_of_the_last_have_left(order: Order) -> None:
    this, coming = snapshot_of(a_city(order.seed, order.pupils, order.on)), snapshot_of(order)
    assert (this.board, coming.school_year) == (coming.board, 2027)
    last = date(2027, 3, 31)
    before = {each.pupil: each.grade for each in this.enrolments if each.valid.holds(last)}
    after = {each.pupil: each.grade for each in coming.enrolments}
    assert len(after) == len(coming.enrolments)
    for pupil, grade in before.items():
        if grade == GRADES[-1]:
            assert pupil not in after
        else:
            assert GRADES.index(after[pupil]) == GRADES.index(grade) + 1
    assert {after[pupil] for pupil in after.keys() - before.keys()} == {"P1", "E1"}
    assert abs(len(after) - len(before)) < 0.15 * len(before)
    classes = [{each.key for each in found.organisations if each.kind == "class"} for found in (this, coming)]
    assert classes[0].isdisjoint(classes[1])
    schools = [
        {each.key for each in found.organisations if each.school == each.key} for found in (this, coming)
    ]
    assert schools[0] == schools[1]
    ties = {(each.pupil, each.guardian, each.valid) for each in this.guardianships}
    kept = {(each.pupil, each.guardian, each.valid) for each in coming.guardianships if each.pupil in before}
    assert kept <= ties
    homerooms = {each.class_key for each in coming.duties if each.kind == "homeroom"}
    assert homerooms == classes[1]
    staff = [{each.staff for each in found.duties} for found in (this, coming)]
    assert len(staff[0] & staff[1]) > 0.8 * len(staff[0])


@pytest.mark.parametrize("pupils", [300, 900])
async def test_a_city_is_imported_whole_and_once_and_next_april_stands_beside(
    units: Units, pupils: int
) -> None:
    order = a_city(6, pupils)
    done = await import_package(units, files_of(order))
    assert done.counts["在籍"].new == len(snapshot_of(order).enrolments)
    assert (await import_package(units, files_of(order))).nothing
    later = await import_package(units, files_of(a_city(6, pupils, april=True)))
    assert later.board == done.board
    years = await rows(
        units,
        done.board,
        "select school_year, count(*) as n from organisation where kind = 'class' group by 1",
    )
    assert {row.school_year for row in years} == {2026, 2027}
    assert (await import_package(units, files_of(order))).counts["学級の所属"].new == 0
    standing = await rows(
        units,
        done.board,
        "select count(*) as n from enrolment_period where voided_at is null and valid @> cast(:on as date)",
        on=TODAY,
    )
    here = sum(each.valid.holds(TODAY) for each in snapshot_of(order).enrolments)
    assert [row.n for row in standing] == [here]
