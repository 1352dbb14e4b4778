"""What a move does to periods: by example, and whatever the dates are."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.moves.rules import (
    Dates,
    Known,
    Place,
    Plan,
    Recorded,
    Refused,
    Target,
    plan_arriving,
    plan_leaving,
    plan_within,
)
from services.registry.roster.rows import EnrolmentIs, Held, MembershipIs, OrganisationRow, Standing
from services.registry.roster.rules import after
from services.registry.roster.snapshot import Period

PUPIL, FIRST, SECOND, JUNIOR, ROOM, NEW_ROOM = (UUID(int=n) for n in range(1, 7))
APRIL, NEXT_APRIL = date(2026, 4, 1), date(2027, 4, 1)
YEAR, NEXT_YEAR = Period(APRIL, NEXT_APRIL), Period(NEXT_APRIL, date(2028, 4, 1))
FRIDAY, TUESDAY = date(2026, 11, 20), date(2026, 11, 24)
DATES = Dates(FRIDAY, TUESDAY)


def school(id_: UUID, kind: str = "elementary", until: date | None = None) -> OrganisationRow:
    return OrganisationRow(id_, kind, None, id_, "学校", "学校", None, None, None, False, until)


def room(id_: UUID, of: UUID, grade: str | None = "P2", year: int = 2026) -> OrganisationRow:
    return OrganisationRow(id_, "class", of, of, "2年1組", "2年1組", None, year, grade, False)


def at(where: UUID, valid: Period = YEAR, grade: str = "P2") -> Standing[EnrolmentIs]:
    return Standing(uuid4(), Held(PUPIL, valid, EnrolmentIs(where, grade)))


def seat(of: UUID, valid: Period = YEAR, kind: str = "home", where: UUID = FIRST) -> Standing[MembershipIs]:
    return Standing(uuid4(), Held(PUPIL, valid, MembershipIs(where, of, kind, 1)))


def known(*enrolments: Standing[EnrolmentIs], recorded: tuple[Recorded, ...] = ()) -> Known:
    return Known(PUPIL, enrolments or (at(FIRST),), (seat(ROOM), seat(uuid4(), kind="exchange")), recorded)


TARGET = Target(school(SECOND), {NEW_ROOM: room(NEW_ROOM, SECOND)}, frozenset({(NEW_ROOM, 7)}))


def stands(of: Known, plan: Plan) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """What holds afterwards: schools with grade, classes; each with its days."""
    enrolments = after(of.enrolments, plan.enrolments).get(PUPIL, [e.held for e in of.enrolments])
    memberships = after(of.memberships, plan.memberships).get(PUPIL, [m.held for m in of.memberships])
    return (
        [(e.what.school_id, e.what.grade, *e.valid) for e in enrolments],
        [(m.what.class_id, m.what.kind, *m.valid) for m in memberships if m.what.kind == "home"],
    )


def wrong(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [each.field for each in error.value.wrong]


def test_the_roll_ends_with_the_last_day_and_the_enrolment_with_the_day_before_acceptance() -> None:
    child = known()
    plan = plan_within(child, FIRST, TARGET, DATES, Place(NEW_ROOM, 8))
    assert DATES.transferred_on == date(2026, 11, 23)
    assert stands(child, plan) == (
        [(FIRST, "P2", APRIL, TUESDAY), (SECOND, "P2", TUESDAY, NEXT_APRIL)],
        [(ROOM, "home", APRIL, date(2026, 11, 21)), (NEW_ROOM, "home", TUESDAY, NEXT_APRIL)],
    )
    exchange = [a.held for a in plan.memberships.added if a.held.what.kind == "exchange"]
    assert [each.valid.until for each in exchange] == [date(2026, 11, 21)], "交流 ends too"


def test_next_years_enrolment_goes_along_and_its_class_does_not() -> None:
    child = Known(PUPIL, (at(FIRST), at(FIRST, NEXT_YEAR, "P3")), (seat(ROOM), seat(uuid4(), NEXT_YEAR)))
    enrolments, classes = stands(child, plan_within(child, FIRST, TARGET, DATES, None))
    assert enrolments[1:] == [(SECOND, "P2", TUESDAY, NEXT_APRIL), (SECOND, "P3", *NEXT_YEAR)]
    assert classes == [(ROOM, "home", APRIL, date(2026, 11, 21))]


def test_a_junior_high_that_was_prepared_stays_when_the_elementary_school_changes() -> None:
    child = known(at(FIRST, grade="P6"), at(JUNIOR, NEXT_YEAR, "J1"))
    enrolments, _ = stands(child, plan_within(child, FIRST, TARGET, DATES, None))
    assert enrolments[-1] == (JUNIOR, "J1", *NEXT_YEAR)


def test_over_the_new_year_one_is_a_grade_higher_whether_next_year_was_prepared_or_not() -> None:
    over = Dates(date(2027, 3, 24), date(2027, 4, 7))
    plain = known()
    enrolments, _ = stands(plain, plan_within(plain, FIRST, TARGET, over, None))
    assert enrolments == [(FIRST, "P2", *YEAR), (SECOND, "P3", date(2027, 4, 7), date(2028, 4, 1))]
    ready = known(at(FIRST), at(FIRST, NEXT_YEAR, "P3"))
    enrolments, _ = stands(ready, plan_within(ready, FIRST, TARGET, over, None))
    assert enrolments[1:] == [
        (FIRST, "P3", NEXT_APRIL, date(2027, 4, 7)),
        (SECOND, "P3", date(2027, 4, 7), date(2028, 4, 1)),
    ]


def test_leaving_ends_everything_and_acceptance_puts_the_end_right() -> None:
    child = Known(PUPIL, (at(FIRST), at(FIRST, NEXT_YEAR, "P3")), (seat(ROOM), seat(uuid4(), NEXT_YEAR)))
    gone = stands(child, plan_leaving(child, FIRST, Dates(FRIDAY, None)))
    assert gone == (
        [(FIRST, "P2", APRIL, date(2026, 11, 21))],
        [(ROOM, "home", APRIL, date(2026, 11, 21))],
    )
    told = stands(child, plan_leaving(child, FIRST, Dates(FRIDAY, date(2026, 11, 30))))
    assert told[0] == [(FIRST, "P2", APRIL, date(2026, 11, 30))]
    assert told[1] == gone[1], "the roll does not wait for the other school's word"


def test_what_cannot_be_is_refused_by_field() -> None:
    late = Recorded(date(2026, 11, 21), FIRST, ROOM)
    for child, target, dates, place, fields in [
        (known(recorded=(late,)), TARGET, DATES, None, ["left_on"]),
        (known(), Target(school(FIRST)), DATES, None, ["to_school"]),
        (known(), Target(school(JUNIOR, "junior_high")), DATES, None, ["to_school"]),
        (known(), Target(school(SECOND, until=FRIDAY)), DATES, None, ["to_school"]),
        (known(at(SECOND)), TARGET, DATES, None, ["left_on"]),
        (known(), TARGET, DATES, Place(NEW_ROOM, 7), ["number"]),
        (known(), TARGET, DATES, Place(ROOM, 1), ["class_id"]),
        (
            known(recorded=(Recorded(date(2026, 11, 20), SECOND, NEW_ROOM),)),
            TARGET,
            DATES,
            None,
            ["accepted_on"],
        ),
        (known(recorded=(Recorded(TUESDAY, SECOND, ROOM),)), TARGET, DATES, Place(NEW_ROOM, 8), ["class_id"]),
    ]:
        with pytest.raises(Refused) as error:
            plan_within(child, FIRST, target, dates, place)
        assert wrong(error) == fields, error.value.wrong
    other_grade = Target(school(SECOND), {NEW_ROOM: room(NEW_ROOM, SECOND, "P3")})
    with pytest.raises(Refused) as error:
        plan_within(known(), FIRST, other_grade, DATES, Place(NEW_ROOM, 8))
    assert wrong(error) == ["class_id"]


def test_one_who_arrives_may_not_be_here_already() -> None:
    newcomer = Known(PUPIL)
    plan = plan_arriving(newcomer, TARGET, "P2", Dates(None, TUESDAY), Place(NEW_ROOM, 8))
    assert stands(newcomer, plan) == (
        [(SECOND, "P2", TUESDAY, NEXT_APRIL)],
        [(NEW_ROOM, "home", TUESDAY, NEXT_APRIL)],
    )
    with pytest.raises(Refused) as error:
        plan_arriving(known(), TARGET, "P2", Dates(None, TUESDAY), None)
    assert wrong(error) == ["pupil"]
    with pytest.raises(Refused) as error:
        plan_arriving(newcomer, TARGET, "J1", Dates(None, TUESDAY), None)
    assert wrong(error) == ["to_school"]


@pytest.mark.parametrize(
    ("left_on", "accepted_on", "fields"),
    [
        (FRIDAY, FRIDAY, ["accepted_on"]),
        (FRIDAY, date(2026, 11, 19), ["accepted_on"]),
        (FRIDAY, date(2027, 11, 24), ["accepted_on"]),
        (date(2062, 11, 20), None, ["left_on"]),
        (FRIDAY, TUESDAY, []),
        (FRIDAY, date(2026, 11, 21), []),
        (None, TUESDAY, []),
    ],
)
def test_days_that_cannot_be_are_told(
    left_on: date | None, accepted_on: date | None, fields: list[str]
) -> None:
    assert [each.field for each in Dates(left_on, accepted_on).wrong(FRIDAY)] == fields


@given(
    st.integers(0, 360),
    st.integers(1, 150),
    st.booleans(),
    st.one_of(st.none(), st.just(NEXT_APRIL)),
    st.booleans(),
)
def test_whatever_the_days_no_day_is_lost_or_doubled(
    left: int, gap: int, prepared: bool, until: date | None, leaves: bool
) -> None:
    """A pupil is enrolled on every day until the end, at one school; on a class's roll on no day at two."""
    dates = Dates(APRIL + timedelta(days=left), APRIL + timedelta(days=left + gap))
    enrolments = [at(FIRST, Period(APRIL, NEXT_APRIL if prepared else until))]
    if prepared:
        enrolments.append(at(FIRST, NEXT_YEAR, "P3"))
    child = Known(PUPIL, enrolments, [seat(ROOM)])
    assert dates.accepted_on is not None
    if leaves:
        plan = plan_leaving(child, FIRST, dates)
    else:
        plan = plan_within(child, FIRST, TARGET, dates, None)
    held = after(child.enrolments, plan.enrolments).get(PUPIL, [e.held for e in child.enrolments])
    seats = after(child.memberships, plan.memberships).get(PUPIL, [m.held for m in child.memberships])
    for offset in range(0, 520, 3):
        day = APRIL + timedelta(days=offset)
        schools = [each.what.school_id for each in held if each.valid.holds(day)]
        before = [e for e in child.enrolments if e.held.valid.holds(day)]
        if day < dates.accepted_on:
            assert schools == [FIRST] * bool(before), day
        elif leaves:
            assert schools == [], day
        elif before or day.year == dates.accepted_on.year:
            assert schools in ([SECOND], [] if not before else [SECOND]), day
        rolls = [each for each in seats if each.valid.holds(day)]
        on_roll = dates.left_on is not None and day <= dates.left_on and day < NEXT_APRIL
        assert len(rolls) == on_roll, day
