"""What becomes of pupils, whose classes are proposed, and what is read from a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.rollover.placing import Child, Wishes, broken, propose
from services.registry.rollover.plans import (
    Candidate,
    Plan,
    PlannedClass,
    Seat,
    numbered,
    read_lines,
    read_rows,
    wrong_with,
)
from services.registry.rollover.proposing import proposed
from services.registry.rollover.rules import (
    Became,
    City,
    Consequences,
    Pupil,
    Rolled,
    Year,
    follow_on,
    roll,
    surprises,
)
from services.registry.roster.grades import GRADES, SCHOOL_KINDS, TAUGHT_AT
from services.registry.roster.rows import EnrolmentIs, GuardianshipIs, Held, MembershipIs, Standing
from services.registry.roster.rules import after
from services.registry.roster.snapshot import Period

FIRST, JUNIOR, SPECIAL, WHOLE, ROOM, NEXT_ROOM, BOARD = (UUID(int=n) for n in range(1, 8))
YEAR = Year(2027)
THIS, NEXT = Period(date(2026, 4, 1), date(2027, 4, 1)), YEAR.period
KINDS = {FIRST: "elementary", JUNIOR: "junior_high", SPECIAL: "special_needs_school", WHOLE: "compulsory"}


def pupil(
    grade: str = "P2", at: UUID = FIRST, valid: Period = THIS, *more: tuple[UUID, str, Period]
) -> Pupil:
    id_ = uuid4()
    held = [Standing(uuid4(), Held(id_, valid, EnrolmentIs(at, grade)))]
    held += [Standing(uuid4(), Held(id_, when, EnrolmentIs(where, what))) for where, what, when in more]
    seat = Standing(uuid4(), Held(id_, valid, MembershipIs(at, ROOM, "home", 3)))
    return Pupil(id_, held, [seat])


def stands(of: Pupil, rolled: Rolled, on: date) -> tuple[list[tuple[UUID, str]], list[UUID]]:
    """Schools with grade, and classes, that hold on a day."""
    enrolments = after(of.enrolments, rolled.enrolments).get(of.id, [e.held for e in of.enrolments])
    memberships = after(of.memberships, rolled.memberships).get(of.id, [m.held for m in of.memberships])
    return (
        [(e.what.school_id, e.what.grade) for e in enrolments if e.valid.holds(on)],
        [m.what.class_id for m in memberships if m.valid.holds(on)],
    )


def seated(child: Pupil, school: UUID = FIRST, room: UUID = NEXT_ROOM) -> City:
    rooms = [PlannedClass(id=room, name="来年度の学級", grade=None)]
    plan = Plan(classes=rooms, seats={child.id: Seat(class_id=room, number=5)})
    return City(KINDS, {FIRST: JUNIOR}, {school: plan})


@pytest.mark.parametrize(
    ("grade", "at", "became", "goes_to"),
    [
        ("P2", FIRST, "promoted", (FIRST, "P3")),
        ("P6", FIRST, "advancing", (JUNIOR, "J1")),
        ("J3", JUNIOR, "graduating", None),
        ("P6", WHOLE, "promoted", (WHOLE, "J1")),
        ("P6", SPECIAL, "promoted", (SPECIAL, "J1")),
        ("J3", WHOLE, "graduating", None),
    ],
)
def test_what_becomes_of_each(grade: str, at: UUID, became: Became, goes_to: tuple[UUID, str] | None) -> None:
    child = pupil(grade, at)
    rolled = roll(child, YEAR, City(KINDS, {FIRST: JUNIOR}))
    assert rolled.became == became
    assert stands(child, rolled, YEAR.begins)[0] == ([goes_to] if goes_to else [])
    assert stands(child, rolled, YEAR.eve) == ([(at, grade)], [ROOM]), "this year stays as it is"


def test_without_a_word_where_a_graduate_goes_nobody_guesses() -> None:
    assert roll(pupil("P6"), YEAR, City(KINDS)).became == "graduating"


def test_one_who_stays_is_in_the_same_grade_whatever_was_prepared() -> None:
    child = pupil()
    stay = City(KINDS, {}, {FIRST: Plan(stay=[child.id])})
    assert stands(child, roll(child, YEAR, stay), YEAR.begins)[0] == [(FIRST, "P2")]
    ready = pupil("P2", FIRST, THIS, (FIRST, "P3", NEXT))
    stay = City(KINDS, {}, {FIRST: Plan(stay=[ready.id])})
    rolled = roll(ready, YEAR, stay)
    assert (rolled.became, stands(ready, rolled, YEAR.begins)[0]) == ("repeating", [(FIRST, "P2")])


def test_what_somebody_has_said_of_next_year_stands() -> None:
    child = pupil("P6", FIRST, THIS, (WHOLE, "J1", NEXT))
    rolled = roll(child, YEAR, City(KINDS, {FIRST: JUNIOR}))
    assert (rolled.became, rolled.next_school, bool(rolled)) == ("prepared", WHOLE, False)


def test_open_ends_are_closed_with_the_year() -> None:
    child = pupil("P2", FIRST, Period(date(2026, 4, 1), None))
    rolled = roll(child, YEAR, seated(child))
    assert stands(child, rolled, YEAR.eve) == ([(FIRST, "P2")], [ROOM])
    assert stands(child, rolled, YEAR.begins) == ([(FIRST, "P3")], [NEXT_ROOM])
    graduate = pupil("J3", JUNIOR, Period(date(2024, 4, 1), None))
    rolled = roll(graduate, YEAR, City(KINDS))
    assert stands(graduate, rolled, YEAR.begins) == ([], [])


@pytest.mark.parametrize(
    ("grade", "at", "until"),
    [("J3", JUNIOR, THIS.until), ("P6", SPECIAL, None), ("P2", FIRST, None)],
    ids=["finished", "nobody has said where", "goes on"],
)
def test_the_rights_of_guardians_end_with_school(grade: str, at: UUID, until: date | None) -> None:
    child = pupil(grade, at)
    tie = GuardianshipIs(uuid4(), "mother", True, True, True)
    child = child._replace(guardianships=[Standing(uuid4(), Held(child.id, Period(THIS.since, None), tie))])
    kinds = {**KINDS, SPECIAL: "elementary"}
    rolled = roll(child, YEAR, City(kinds))
    held = after(child.guardianships, rolled.guardianships).get(
        child.id, [each.held for each in child.guardianships]
    )
    assert [(each.valid, each.what) for each in held] == [(Period(THIS.since, until), tie)]
    again = roll(child._replace(guardianships=[Standing(uuid4(), each) for each in held]), YEAR, City(kinds))
    assert not again.guardianships


def test_a_new_first_grader_gets_a_seat() -> None:
    child = Pupil(uuid4(), [], [])
    child = Pupil(child.id, [Standing(uuid4(), Held(child.id, NEXT, EnrolmentIs(FIRST, "P1")))], [])
    rolled = roll(child, YEAR, seated(child))
    assert (rolled.became, rolled.placed) == ("new", True)
    assert stands(child, rolled, YEAR.begins) == ([(FIRST, "P1")], [NEXT_ROOM])


def test_nobody_is_placed_in_a_class_that_will_not_be() -> None:
    """A seat outlives its class where whoever took the class away may not know of the child."""
    child = pupil()
    plan = Plan(seats={child.id: Seat(class_id=NEXT_ROOM, number=5)})
    rolled = roll(child, YEAR, City(KINDS, {}, {FIRST: plan}))
    assert (rolled.placed, stands(child, rolled, YEAR.begins)) == (False, ([(FIRST, "P3")], []))


@given(st.sampled_from(["P1", "P5", "P6", "J1", "J3"]), st.booleans(), st.booleans(), st.booleans())
def test_twice_is_once(grade: str, open_ended: bool, seat: bool, stays: bool) -> None:
    at = JUNIOR if grade[0] == "J" else FIRST
    child = pupil(grade, at, Period(date(2026, 4, 1), None) if open_ended else THIS)
    plan = Plan(
        classes=[PlannedClass(id=NEXT_ROOM, name="来年度の学級", grade=None)],
        seats={child.id: Seat(class_id=NEXT_ROOM)} if seat else {},
        stay=[child.id] if stays else [],
    )
    city = City(KINDS, {FIRST: JUNIOR}, {FIRST: plan, JUNIOR: plan})
    first = roll(child, YEAR, city)
    enrolments = after(child.enrolments, first.enrolments).get(child.id, [e.held for e in child.enrolments])
    memberships = after(child.memberships, first.memberships).get(
        child.id, [m.held for m in child.memberships]
    )
    again = Pupil(
        child.id, [Standing(uuid4(), e) for e in enrolments], [Standing(uuid4(), m) for m in memberships]
    )
    assert not roll(again, YEAR, city)
    for day in (YEAR.eve, YEAR.begins):
        assert len([e for e in enrolments if e.valid.holds(day)]) <= 1
        assert len([m for m in memberships if m.valid.holds(day)]) <= 1


# ---- proposals ----

children = st.lists(
    st.builds(
        Child,
        id=st.integers(1, 10**6).map(lambda n: UUID(int=n)),
        sex=st.sampled_from(["male", "female"]),
        before=st.sampled_from([ROOM, NEXT_ROOM, None]),
    ),
    min_size=8,
    max_size=80,
    unique_by=lambda child: child.id,
)


@settings(deadline=None, max_examples=40)
@given(children, st.integers(1, 4), st.integers(0, 99), st.randoms(use_true_random=False))
def test_a_proposal_places_everybody_once_evenly_and_alike(
    grade: list[Child], rooms: int, seed: int, random: object
) -> None:
    wishes = Wishes([frozenset(c.id for c in grade[:2])], [frozenset(c.id for c in grade[2:5])])
    found = propose(grade, rooms, wishes, seed)
    assert sorted(each for room in found for each in room) == sorted(each.id for each in grade)
    sizes = [len(room) for room in found]
    assert max(sizes) - min(sizes) <= 3, "a group of three may force that much, no more"
    shuffled = list(grade)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert propose(shuffled, rooms, wishes, seed) == found, "the seed decides, not the order"
    seats = {each: UUID(int=place + 1) for place, room in enumerate(found) for each in room}
    close, parted = broken(seats, wishes)
    assert parted == []
    assert bool(close) == (rooms == 1)


def test_sexes_and_classes_of_this_year_are_mixed() -> None:
    grade = [
        Child(UUID(int=n), "male" if n % 3 else "female", ROOM if n <= 35 else NEXT_ROOM)
        for n in range(1, 71)
    ]
    by_id = {each.id: each for each in grade}
    for room in propose(grade, 2, Wishes(), 5):
        assert len(room) == 35
        sexes = Counter(by_id[each].sex for each in room)
        assert abs(sexes["female"] - 11.5) <= 1
        assert abs(Counter(by_id[each].before for each in room)[ROOM] - 17.5) <= 2


def test_more_apart_than_classes_is_told() -> None:
    grade = [Child(UUID(int=n), "male", None) for n in range(1, 13)]
    wishes = Wishes([frozenset(each.id for each in grade[:3])])
    found = propose(grade, 2, wishes, 1)
    close, _ = broken({e: UUID(int=p + 1) for p, room in enumerate(found) for e in room}, wishes)
    assert len(close) == 1


def candidate(n: int, given_: str = "", grade: str = "P3", **more: object) -> Candidate:
    plain = Candidate(
        UUID(int=n),
        "紬",
        given_ or f"子{n}",
        f"ツムギコ{n}",
        f"{n:03}",
        "male",
        grade,
        ROOM,
        "2年1組",
        n,
        False,
        "",
        "2018",
    )
    return plain._replace(**more)  # type: ignore[arg-type]


def known(*of: Candidate) -> dict[UUID, Candidate]:
    return {each.id: each for each in of}


def test_a_whole_plan_has_the_classes_the_law_gives_and_numbers_by_kana() -> None:
    here = known(
        *(candidate(n) for n in range(1, 72)), candidate(80, special_needs=True, before_name="ひまわり")
    )
    plan = proposed(Plan(), here, board=BOARD, school=FIRST, kind="elementary", year=2027, seed=1)
    assert [each.name for each in plan.classes] == ["3年1組", "3年2組", "3年3組", "ひまわり"]
    assert len(plan.seats) == 72
    for of in plan.classes:
        order = [
            here[p].sort_key
            for p, s in sorted(plan.seats.items(), key=lambda kv: kv[1].number or 0)
            if s.class_id == of.id
        ]
        assert order == sorted(order)
    assert proposed(Plan(), here, board=BOARD, school=FIRST, kind="elementary", year=2027, seed=1) == plan
    assert wrong_with(plan, here) == []


@pytest.mark.parametrize("kind", sorted(TAUGHT_AT))
def test_a_proposal_can_be_kept_at_every_kind_of_school(kind: str) -> None:
    """小2 and 中2 of a 特別支援学校 have classes of their own, six a class; a name in use is not taken over."""
    grades = [grade for grade in TAUGHT_AT[kind] for _ in range(7)]
    here = known(*(candidate(n, grade=grade) for n, grade in enumerate(grades, 1)))
    used = PlannedClass(id=ROOM, name="1年1組", grade=None)
    plan = proposed(Plan(classes=[used]), here, board=BOARD, school=SPECIAL, kind=kind, year=2027, seed=1)
    assert plan.seats.keys() == here.keys()
    assert wrong_with(plan, here) == []
    classes = Counter(each.grade for each in plan.classes)
    several = {grade for grade, count in classes.items() if count > 1}
    assert several == (set(TAUGHT_AT["compulsory"]) if kind == "special_needs_school" else set())


def test_a_class_of_several_grades_is_proposed_grade_by_grade_without_a_number_twice() -> None:
    def special(n: int, grade: str) -> Candidate:
        return candidate(n, grade=grade, special_needs=True, before_name="ひまわり")

    here = known(special(2, "P3"), special(1, "P4"), special(3, "P4"), candidate(4, grade="P5"))
    plan = Plan()
    for grade in ("P3", "P4", "P5"):
        plan = proposed(
            plan, here, board=BOARD, school=FIRST, kind="elementary", year=2027, seed=1, grades=[grade]
        )
    assert wrong_with(plan, here) == []
    assert [plan.seats[UUID(int=n)].number for n in (1, 2, 3, 4)] == [1, 2, 3, 1]


def test_rows_are_read_whole_or_told_line_by_line() -> None:
    room = PlannedClass(id=NEXT_ROOM, name="3年1組", grade="P3")
    here = known(candidate(1, "一郎"), candidate(2, "花"), candidate(3, "花"), candidate(4, "髙志"))
    plan = Plan(classes=[room])
    seats, wrong = read_rows(
        read_lines("氏名\t学級\t番号\n紬 一郎\t３年１組\t１２番\n紬　高志\t3年1組\t\n"), plan, here.values()
    )
    assert wrong == []
    assert seats == {UUID(int=1): Seat(class_id=NEXT_ROOM, number=12), UUID(int=4): Seat(class_id=NEXT_ROOM)}
    bad = "紬 花,3年1組,1\n\n紬 誰,3年9組,四\n紬 一郎,3年1組,0\n紬 一郎\n,4年1組,1\n紬 髙志,3年1組,1\n"
    other = room.model_copy(update={"id": ROOM, "name": "4年1組", "grade": "P4"})
    seats, wrong = read_rows(read_lines(bad), Plan(classes=[room, other]), here.values())
    assert [each.cell for each in wrong] == [
        "1行目の氏名（A列）",
        "3行目の氏名（A列）",
        "3行目の学級（B列）",
        "3行目の番号（C列）",
        "4行目の番号（C列）",
        "5行目の学級（B列）",
        "5行目の氏名（A列）",
        "6行目の氏名（A列）",
        "7行目の番号（C列）",
    ], "every fault, with the line as it stands in the paste and its column"
    assert "4行目にもあります" in wrong[6].message
    assert "1行目にもあります" in wrong[8].message
    assert seats == {}
    _, wrong = read_rows(read_lines("紬 一郎\t4年1組\t1"), Plan(classes=[room, other]), here.values())
    assert [each.cell for each in wrong] == ["1行目の学級（B列）"], "a class of another grade"


@pytest.mark.parametrize("nobody", ["", "・", "　", "\u200b"])
def test_a_name_that_is_none_is_not_that_of_the_child_without_a_reading(nobody: str) -> None:
    room = PlannedClass(id=NEXT_ROOM, name="3年1組", grade="P3")
    here = known(candidate(1), candidate(2, "Thị Lan", family="Nguyễn", kana=""))
    seats, wrong = read_rows([[nobody, "3年1組", "3"]], Plan(classes=[room]), here.values())
    assert (seats, [each.cell[:3] for each in wrong]) == ({}, ["1行目"])
    seats, wrong = read_rows([["nguyễn thị lan", "3年1組", "3"]], Plan(classes=[room]), here.values())
    assert (list(seats), wrong) == ([UUID(int=2)], []), "by name it is found"


def test_a_plan_that_cannot_be_is_told_by_name() -> None:
    room = PlannedClass(id=NEXT_ROOM, name="3年1組", grade="P3")
    here = known(candidate(1), candidate(2), candidate(3, grade="P4"))
    seats = {UUID(int=n): Seat(class_id=NEXT_ROOM, number=1) for n in (1, 2, 3)} | {
        UUID(int=9): Seat(class_id=ROOM)
    }
    found = wrong_with(Plan(classes=[room, room.model_copy(update={"id": ROOM})], seats=seats), here)
    assert len(found) == 4
    assert [each.cell for each in found] == ["3年1組", "紬 子2", "紬 子3", "―"]


@given(st.permutations(list(range(1, 9))))
def test_numbers_follow_the_order_asked_for(births: list[int]) -> None:
    here = known(*(candidate(n, birth=f"2018-0{births[n - 1]}") for n in range(1, 9)))
    plan = Plan(seats={each: Seat(class_id=ROOM) for each in here})
    by_kana = numbered(plan, here, "kana")
    assert [by_kana[UUID(int=n)].number for n in range(1, 9)] == list(range(1, 9))
    by_birth = numbered(plan, here, "birth")
    assert [by_birth[UUID(int=n)].number for n in range(1, 9)] == births


def counted(**more: Any) -> Consequences:
    """A school of a hundred that becomes one of a hundred."""
    return replace(Consequences(here=100, pupils=100), **more)


@pytest.mark.parametrize(
    ("of", "kinds"),
    [
        (counted(), []),
        (counted(without_class=10), []),
        (counted(without_class=11), ["without_class"]),
        (counted(pupils=8, without_class=5), []),
        (counted(pupils=8, without_class=6), ["without_class"]),
        (counted(nowhere=5), []),
        (counted(nowhere=6), ["nowhere"]),
        (counted(nowhere=10, to=Counter({UUID(int=1): 10})), []),
        (counted(nowhere=11, to=Counter({UUID(int=1): 10})), ["nowhere"]),
        (counted(pupils=0), ["empty"]),
        (counted(pupils=0, here=6, nowhere=6), ["nowhere"]),
        (counted(pupils=0, here=0), []),
    ],
)
def test_what_hardly_anybody_wants_of_a_school(of: Consequences, kinds: list[str]) -> None:
    assert [each.kind for each in surprises(of)] == kinds


@given(before=st.sampled_from(SCHOOL_KINDS), after=st.sampled_from(SCHOOL_KINDS))
def test_graduates_go_on_where_their_next_grade_is_taught(before: str, after: str) -> None:
    grades = TAUGHT_AT[before]
    higher = GRADES[GRADES.index(grades[-1]) + 1 :][:1]
    assert follow_on(before, after) == bool(set(higher) & set(TAUGHT_AT[after]))
    assert not follow_on("department", after)
