"""The generated municipality: repeatable, readable, and with everything that later tests rely on."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from deploy.town import names
from deploy.town.generate import generate, write_town
from deploy.town.holidays import national_holidays, school_days
from services.registry.oneroster.packages import open_package
from services.registry.oneroster.rules import read_roster
from services.registry.roster.snapshot import ExternalKey, Membership, Organisation, RosterSnapshot

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def town() -> RosterSnapshot:
    reading = read_roster(generate(seed=1, school_year=2026, training_date=TODAY))
    assert reading.problems == ()
    assert reading.snapshot is not None
    return reading.snapshot


def schools(town: RosterSnapshot) -> list[Organisation]:
    return [each for each in town.organisations if each.kind in ("elementary", "junior_high")]


def first_school(town: RosterSnapshot) -> Organisation:
    return next(each for each in town.organisations if each.short_name == "第一小")


def members(
    town: RosterSnapshot, school: Organisation, title: str, kind: str, on: date = TODAY
) -> list[Membership]:
    room = next(each for each in town.organisations if each.school == school.key and each.name == title)
    return [
        each
        for each in town.memberships
        if each.class_key == room.key and each.kind == kind and each.valid.holds(on)
    ]


def test_three_schools_and_nine_hundred_pupils(town: RosterSnapshot) -> None:
    assert sorted(each.kind for each in schools(town)) == ["elementary", "elementary", "junior_high"]
    assert sum(each.valid.holds(TODAY) for each in town.enrolments) == 900


def test_the_first_second_year_class_has_thirty_five(town: RosterSnapshot) -> None:
    home = members(town, first_school(town), "2年1組", "home")
    assert sorted(each.number or 0 for each in home) == list(range(1, 36))
    assert members(town, first_school(town), "2年1組", "exchange")


def test_no_class_is_larger_than_the_law_allows(town: RosterSnapshot) -> None:
    sizes: dict[ExternalKey, int] = {}
    for each in town.memberships:
        if each.kind == "home" and each.valid.holds(TODAY):
            sizes[each.class_key] = sizes.get(each.class_key, 0) + 1
    special = {each.key for each in town.organisations if each.special_needs}
    assert max(sizes.values()) == 35
    assert special
    assert all(sizes[key] <= 8 for key in special)


def test_pupils_of_special_classes_visit_ordinary_ones(town: RosterSnapshot) -> None:
    special = {each.key for each in town.organisations if each.special_needs}
    at_home = {each.pupil for each in town.memberships if each.kind == "home" and each.class_key in special}
    guests = {each.pupil for each in town.memberships if each.kind == "exchange"}
    assert at_home == guests


def test_siblings_go_to_different_schools(town: RosterSnapshot) -> None:
    at = {each.pupil: each.school for each in town.enrolments if each.valid.holds(TODAY)}
    of_guardian: dict[ExternalKey, set[ExternalKey]] = {}
    for each in town.guardianships:
        if each.pupil in at:
            of_guardian.setdefault(each.guardian, set()).add(at[each.pupil])
    assert sum(len(found) > 1 for found in of_guardian.values()) > 20


def test_twins_are_in_different_classes(town: RosterSnapshot) -> None:
    people = {each.key: each for each in town.people}
    guardians: dict[ExternalKey, set[ExternalKey]] = {}
    for tie in town.guardianships:
        guardians.setdefault(tie.pupil, set()).add(tie.guardian)
    born: dict[tuple[object, ...], list[ExternalKey]] = {}
    for pupil, of_pupil in guardians.items():
        born.setdefault((people[pupil].birth_date, frozenset(of_pupil)), []).append(pupil)
    twins = [pair for pair in born.values() if len(pair) == 2]
    homes = {each.pupil: each.class_key for each in town.memberships if each.kind == "home"}
    assert twins
    assert all(homes[one] != homes[other] for one, other in twins)


def test_one_child_is_protected_from_its_father(town: RosterSnapshot) -> None:
    (mark,) = town.protections
    (father,) = mark.confidential_from
    rights = [(tie.notify, tie.read, tie.contact) for tie in town.guardianships if tie.pupil == mark.pupil]
    assert (False, False, False) in rights
    assert (True, True, True) in rights
    assert father in {tie.guardian for tie in town.guardianships if tie.pupil == mark.pupil}
    assert mark.since < TODAY


def test_guardians_apart_have_different_rights(town: RosterSnapshot) -> None:
    assert {(tie.notify, tie.read, tie.contact) for tie in town.guardianships} == {
        (True, True, True),
        (False, True, False),
        (False, False, False),
    }


def test_a_teacher_serves_two_schools_and_one_is_a_parent(town: RosterSnapshot) -> None:
    at: dict[ExternalKey, set[ExternalKey]] = {}
    for duty in town.duties:
        at.setdefault(duty.staff, set()).add(duty.organisation)
    assert [len(found) for found in at.values()].count(2) == 1
    assert len(set(at) & {tie.guardian for tie in town.guardianships}) == 1


def test_every_duty_of_a_school_and_the_board_is_held(town: RosterSnapshot) -> None:
    for school in schools(town):
        kinds = {duty.kind for duty in town.duties if duty.organisation == school.key}
        assert kinds == {
            "principal", "vice_principal", "nurse", "office", "homeroom", "assistant", "subject"
        }  # fmt: skip
    departments = {each.name: each.key for each in town.organisations if each.kind == "department"}
    assert set(departments) == {"学務課", "健康給食課", "指導課"}
    for key in departments.values():
        assert sum(duty.organisation == key and duty.kind == "board_staff" for duty in town.duties) == 3
    assert [duty.organisation for duty in town.duties if duty.kind == "system_operator"] == [town.board]


def test_rare_foreign_and_common_names_are_kept_code_point_for_code_point(town: RosterSnapshot) -> None:
    pupils = {each.pupil for each in town.enrolments}
    families = {each.legal_family for each in town.people if each.key in pupils}
    assert {each.written for each in names.RARE_FAMILIES} <= families
    assert {each.families[0].written for each in names.FOREIGN[:6]} <= families
    assert "\ufa19田" in families
    called = {(each.legal_family, each.common_family) for each in town.people if each.common_family}
    assert ("KIM", "金田") in called
    people = {each.key: each for each in town.people}
    shown_first = members(town, first_school(town), "2年1組", "home")
    assert {people[each.pupil].legal_family for each in shown_first} & {
        each.written for each in names.RARE_FAMILIES
    }


def test_some_moved_before_the_training_date(town: RosterSnapshot) -> None:
    times: dict[ExternalKey, list[object]] = {}
    for each in town.enrolments:
        times.setdefault(each.pupil, []).append(each.valid)
    assert [len(found) for found in times.values()].count(2) == 1
    ended = [each for each in town.enrolments if not each.valid.holds(TODAY) and len(times[each.pupil]) == 1]
    assert len(ended) == 1
    assert not any(each.valid.since > TODAY for each in town.enrolments)


def test_the_calendar_has_a_typhoon_and_the_training_date(town: RosterSnapshot) -> None:
    for calendar in town.calendars:
        assert TODAY in calendar.school_days
        assert 190 <= len(calendar.school_days) <= 210
        assert [closure.reason for closure in calendar.closures] == ["typhoon"]
        assert calendar.closures[0].on not in calendar.school_days


# Without shrinking: a smaller seed is no simpler town, and each try builds two of them.
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    seed=st.integers(0, 10**6),
    pupils=st.integers(200, 700),
    year=st.integers(2024, 2031),
    after=st.integers(0, 364),
)
def test_every_town_is_a_readable_package_and_the_same_seed_the_same_bytes(
    seed: int, pupils: int, year: int, after: int
) -> None:
    on = date.fromordinal(date(year, 4, 1).toordinal() + after)
    files = generate(seed=seed, school_year=year, training_date=on, pupils=pupils)
    assert files == generate(seed=seed, school_year=year, training_date=on, pupils=pupils)
    reading = read_roster(files)
    assert reading.problems == ()
    assert reading.snapshot is not None
    assert sum(each.valid.holds(on) for each in reading.snapshot.enrolments) == pupils
    assert len(members(reading.snapshot, first_school(reading.snapshot), "2年1組", "home", on)) == 35


def test_a_larger_town_has_more_schools() -> None:
    reading = read_roster(generate(seed=3, school_year=2026, training_date=TODAY, pupils=5000))
    assert reading.problems == ()
    assert reading.snapshot is not None
    kinds = [each.kind for each in schools(reading.snapshot)]
    assert (kinds.count("elementary"), kinds.count("junior_high")) == (7, 4)
    codes = {each.code for each in schools(reading.snapshot)}
    assert len(codes) == len(kinds)


def test_too_small_a_town_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 200"):
        generate(seed=1, school_year=2026, training_date=TODAY, pupils=10)


def test_folder_and_zip_hold_the_same_package(tmp_path: Path) -> None:
    folder, packed = tmp_path / "town", tmp_path / "town.zip"
    for path in (folder, packed):
        write_town(path, seed=1, school_year=2026, training_date=TODAY, pupils=200)
    assert open_package(folder) == open_package(packed)
    first = packed.read_bytes()
    write_town(packed, seed=1, school_year=2026, training_date=TODAY, pupils=200)
    assert packed.read_bytes() == first
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None


def test_holidays_of_2026() -> None:
    days = national_holidays(2026)
    assert {date(2026, 5, 6), date(2026, 9, 22), date(2026, 9, 23), date(2026, 3, 20)} <= days
    assert date(2026, 11, 20) not in days
    assert date(2026, 11, 23) not in school_days(2026)
