"""Cities of many seeds and sizes: every kind of school, the law's classes, families, and nothing that leads nowhere."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from deploy.town import city, law, names
from deploy.town.generate import Order, package
from deploy.town.model import GRADES, Town
from deploy.town.tests.reading import TODAY, a_city, companion_of, files_of, rows_of, snapshot_of
from services.registry.roster.snapshot import ExternalKey, Organisation, RosterSnapshot

SPRING = date(2026, 4, 1)
KINDS = {"kindergarten", "elementary", "junior_high", "compulsory", "special_needs_school"}

# Without shrinking: a smaller seed is no simpler city.
of_many = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
cities = given(
    order=st.builds(
        a_city,
        seed=st.integers(0, 10**6),
        pupils=st.integers(300, 800),
        on=st.dates(date(2026, 4, 1), date(2027, 3, 31)),
    )
)


def built(seed: int, pupils: int) -> Town:
    """The first part of a city, as it is thought out."""
    town = Town("紬市", 2026, "board", "session", "990001")
    return city.build(0, pupils, seed=seed, town=town).town


def members_on(city_: RosterSnapshot, on: date) -> dict[ExternalKey, list[ExternalKey]]:
    """Pupils of 在籍 by class."""
    found: dict[ExternalKey, list[ExternalKey]] = {}
    for each in city_.memberships:
        if each.kind == "home" and each.valid.holds(on):
            found.setdefault(each.class_key, []).append(each.pupil)
    return found


def most(room: Organisation, kind: str) -> int:
    """Most pupils of a class (義務標準法 3, 施行令 1, 幼稚園設置基準 3)."""
    if room.special_needs:
        return 8
    if kind == "special_needs_school":
        return 6
    if len(room.grades) == 1:
        return 35
    if room.grades[0][0] == "J" or room.grades[0] == "P1":
        return 8
    return 16


@of_many
@cities
def test_every_city_has_every_kind_of_school_and_reads_without_a_problem(order: Order) -> None:
    found = snapshot_of(order)
    assert {each.kind for each in found.organisations} >= KINDS | {"board", "department", "lunch_centre"}
    assert sum(each.valid.holds(SPRING) for each in found.enrolments) == order.pupils
    assert len({each.code for each in found.organisations if each.kind in KINDS}) == len(
        [each for each in found.organisations if each.kind in KINDS]
    )


@of_many
@example(order=a_city(1, 4_000))
@cities
def test_no_class_is_larger_than_the_law_allows_on_any_day(order: Order) -> None:
    found = snapshot_of(order)
    kind_of = {each.key: each.kind for each in found.organisations}
    rooms = {each.key: each for each in found.organisations if each.kind == "class"}
    for on in (SPRING, order.on, date(2027, 3, 31)):
        for key, pupils in members_on(found, on).items():
            room = rooms[key]
            assert room.school is not None
            assert len(pupils) <= most(room, kind_of[room.school]), (room.name, on)


@of_many
@cities
def test_grades_share_a_class_where_they_are_few_and_only_there(order: Order) -> None:
    found = snapshot_of(order)
    home = members_on(found, SPRING)
    grade_of = {each.pupil: each.grade for each in found.enrolments}
    schools = [
        each for each in found.organisations if each.kind in ("elementary", "junior_high", "compulsory")
    ]
    shared = 0
    for school in schools:
        rooms = [
            each
            for each in found.organisations
            if each.kind == "class" and each.school == school.key and not each.special_needs
        ]
        sizes = Counter(grade_of[pupil] for room in rooms for pupil in home[room.key])
        ordered = {grade: sizes[grade] for grade in GRADES if sizes[grade]}
        for room in rooms:
            assert len(room.grades) <= 2
            if len(room.grades) == 2:
                shared += 1
                assert room.grades[0][0] == room.grades[1][0]
                assert list(ordered).index(room.grades[1]) - list(ordered).index(room.grades[0]) == 1
        alone = {room.grades[0] for room in rooms if len(room.grades) == 1}
        for one, other in pairwise(ordered):
            if one in alone and other in alone:
                limit = 8 if one in ("P1", *GRADES[-3:]) else 16
                together = ordered[one] + ordered[other]
                assert one[0] != other[0] or together > limit or int(other[1]) - int(one[1]) > 1
    assert shared


@of_many
@cities
def test_nobody_is_in_two_home_classes_and_nobody_in_none(order: Order) -> None:
    found = snapshot_of(order)
    for on in (SPRING, order.on, date(2027, 3, 31)):
        homes = Counter(pupil for pupils in members_on(found, on).values() for pupil in pupils)
        assert set(homes.values()) == {1}
        assert set(homes) == {each.pupil for each in found.enrolments if each.valid.holds(on)}
    special = {each.key for each in found.organisations if each.special_needs}
    home = {each.pupil for each in found.memberships if each.kind == "home" and each.class_key in special}
    guests = {each.pupil for each in found.memberships if each.kind == "exchange"}
    assert guests
    assert guests <= home


@settings(of_many, max_examples=3)
@given(seed=st.integers(0, 10**6), pupils=st.integers(600, 1_500))
def test_twins_have_a_birthday_and_guardians_in_common_and_no_class_if_there_are_two(
    seed: int, pupils: int
) -> None:
    town = built(seed, pupils)
    twins = [(pupil, pupil.twin) for pupil in town.pupils if pupil.twin is not None]
    assert len(twins) >= 4
    for one, other in twins:
        assert other.twin is one
        assert one.person is not other.person
        assert one.person.birth_date == other.person.birth_date
        assert [tie.guardian for tie in one.ties] == [tie.guardian for tie in other.ties]
        assert one.person.given != other.person.given
        if one.school is other.school:
            rooms = [room for room in one.school.rooms if one.grade in room.grades and not room.special_needs]
            assert one.stays[0].room is not other.stays[0].room or len(rooms) == 1
    for family in town.families:
        births = sorted(pupil.person.birth_date for pupil in family if pupil.person.birth_date)
        assert all(one == other or (other - one).days >= 300 for one, other in pairwise(births))


@of_many
@cities
def test_guardians_live_apart_and_speak_nine_languages(order: Order) -> None:
    found = snapshot_of(order)
    assert len({foreign.language for foreign in names.FOREIGN}) == 9
    cards = {each.key: each for each in found.people}
    surnames = {cards[each.guardian].legal_family for each in found.guardianships}
    for foreign in names.FOREIGN:
        assert surnames & {family.written for family in foreign.families}, foreign.language
    assert surnames >= {family.written for family in names.RARE_FAMILIES}
    rights = {(each.notify, each.read, each.contact) for each in found.guardianships}
    assert rights >= {(True, True, True), (False, True, False), (False, False, False)}
    assert {each.relation for each in found.guardianships} >= {"mother", "father"}
    assert any(each.common_family for each in found.people)
    at: dict[ExternalKey, set[ExternalKey]] = {}
    school_of = {each.pupil: each.school for each in found.enrolments}
    for each in found.guardianships:
        at.setdefault(each.guardian, set()).add(school_of[each.pupil])
    assert sum(len(schools) > 1 for schools in at.values()) > 10


@of_many
@cities
def test_some_serve_two_schools_and_the_small_one_shares_its_nurse(order: Order) -> None:
    found = snapshot_of(order)
    kinds = {each.key: each.kind for each in found.organisations}
    at: dict[ExternalKey, set[ExternalKey]] = {}
    for each in found.duties:
        if kinds[each.organisation] in KINDS:
            at.setdefault(each.staff, set()).add(each.organisation)
    twice = {staff for staff, schools in at.items() if len(schools) > 1}
    assert {each.kind for each in found.duties if each.staff in twice} >= {"subject", "nurse"}
    for school in (key for key, kind in kinds.items() if kind in KINDS):
        duties = {each.kind for each in found.duties if each.organisation == school}
        assert duties >= {"principal", "vice_principal", "nurse", "office", "homeroom", "subject"}


def test_within_a_year_families_move_teachers_change_and_students_train() -> None:
    order = a_city(4, 2_000, on=date(2027, 3, 31))
    found = snapshot_of(order)
    times: dict[ExternalKey, list[tuple[date, date | None]]] = {}
    for each in found.enrolments:
        times.setdefault(each.pupil, []).append(each.valid)
    moved = [periods for periods in times.values() if len(periods) == 2]
    assert len(moved) > 5
    assert all(one[1] == other[0] for one, other in moved)
    assert sum(periods[0][0] > SPRING for periods in times.values()) > 5
    assert sum(periods[-1][1] != date(2027, 4, 1) for periods in times.values()) > 5
    homeroom: dict[ExternalKey | None, list[tuple[date, date | None]]] = {}
    for duty in found.duties:
        if duty.kind == "homeroom":
            homeroom.setdefault(duty.class_key, []).append(duty.valid)
    taken_over = [sorted(periods) for periods in homeroom.values() if len(periods) == 2]
    assert taken_over
    assert all(one[1] == other[0] for one, other in taken_over)
    with_duty = {each.staff.sourced_id for each in found.duties}
    aides = [row for row in rows_of(files_of(order))["roles.csv"].values() if row["role"] == "aide"]
    students = [row for row in aides if row["userSourcedId"] not in with_duty]
    assert students
    assert all("2026-04-01" < row["beginDate"] < row["endDate"] for row in students)
    assert len({each.legal_family for each in found.people} & set(names.SPELLINGS.values())) > 3
    parted = Counter(
        (part["pupil"], part["guardian"]) for part in companion_of(files_of(order))["guardianships"]
    )
    assert 2 in parted.values()


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    for more in ({}, {"since": date(2026, 10, 1)}, {"april": True}):
        order = a_city(2, 320, **more)
        assert package(order) == package(order)
        assert package(order)["users.csv"] != package(a_city(3, 320, **more))["users.csv"]


def test_a_large_city_is_written_part_by_part_and_no_id_comes_twice() -> None:
    assert city.sizes(250_000) == [5_000] * 50
    for pupils in (300, 7_499, 7_500, 99_999):
        assert sum(city.sizes(pupils)) == pupils
    found = snapshot_of(a_city(9, 8_000))
    schools = [each for each in found.organisations if each.kind in KINDS]
    assert len({each.name for each in schools}) == len(schools) > 20
    usernames = Counter(row["username"] for row in rows_of(files_of(a_city(9, 8_000)))["users.csv"].values())
    assert set(usernames.values()) == {1}


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ({"P1": 3, "P2": 5, "P3": 9, "P4": 7, "P5": 10, "P6": 7}, ["P1 P2", "P3 P4", "P5", "P6"]),
        ({"P1": 4, "P2": 5, "P3": 8, "P4": 8, "P5": 1, "P6": 1}, ["P1", "P2 P3", "P4 P5", "P6"]),
        ({"P1": 4, "P2": 0, "P3": 4}, ["P1 P3"]),
        ({"P1": 5, "P2": 0, "P3": 3}, ["P1", "P3"]),
        ({"P2": 9, "P3": 0, "P4": 7}, ["P2", "P4"]),
        ({"P2": 8, "P3": 0, "P4": 8}, ["P2 P4"]),
        ({"P6": 1, "J1": 4, "J2": 4, "J3": 1}, ["P6", "J1 J2", "J3"]),
        ({"J1": 4, "J2": 0, "J3": 4}, ["J1 J3"]),
        ({"J1": 5, "J2": 0, "J3": 3}, ["J1", "J3"]),
        ({"E1": 2, "E2": 3, "E3": 2}, ["E1", "E2", "E3"]),
    ],
)
def test_which_grades_share_a_class(sizes: dict[str, int], groups: list[str]) -> None:
    assert [" ".join(grades) for grades in law.classes_of(sizes)] == groups


def test_today_is_a_day_of_the_year() -> None:
    assert TODAY in built(1, 300).school_days
