"""転出入: what a move does to a pupil's dated relations. Pure.

Three days are told apart (指導要録 様式1, 30文科初第1845号 別紙1): the last day at the former school (去った日), the
day the new school accepts the pupil (受入日), and 転学日, which is the day before that. The pupil is on the class's
roll until the last day, and enrolled (在籍) until 転学日; while the acceptance is not known, provisionally until the
last day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from services.registry.roster.grades import grade_in_words, next_grade, taught
from services.registry.roster.rows import (
    Added,
    EnrolmentIs,
    Held,
    I,
    MembershipIs,
    OrganisationRow,
    Standing,
    Voided,
)
from services.registry.roster.rules import PeriodChanges
from services.registry.roster.snapshot import Period
from shared.dates import in_words, school_year, school_year_bounds

Kind = Literal["within", "leaving", "arriving"]
MOVED = "moved"
_DAY = timedelta(days=1)
_MOST = timedelta(days=180)
"""Between the last day and the acceptance: longer is a slip of the finger, not a move."""


class Wrong(NamedTuple):
    """What is wrong with a field, and what to do."""

    field: str
    message: str


class Refused(Exception):
    """The move cannot be; every reason at once."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__(f"{len(wrong)} wrong")
        self.wrong = list(wrong)


def wrong_year(field: str, word: str, day: date, today: date) -> Wrong | None:
    """Whether a day lies outside last, this and next school year: a slip of the finger."""
    year = school_year(today)
    if school_year_bounds(year - 1)[0] <= day < school_year_bounds(year + 1)[1]:
        return None
    return Wrong(field, f"{word}の年を確かめてください。入力: {day.isoformat()}")


@dataclass(frozen=True, slots=True)
class Dates:
    """The days of a move. ``left_on`` None: not known of one who arrives; ``accepted_on`` None: not told yet."""

    left_on: date | None
    accepted_on: date | None

    @property
    def transferred_on(self) -> date | None:
        """転学日."""
        return None if self.accepted_on is None else self.accepted_on - _DAY

    @property
    def enrolment_ends(self) -> date:
        """The first day the pupil is no longer enrolled at the former school."""
        if self.accepted_on is not None:
            return self.accepted_on
        assert self.left_on is not None
        return self.left_on + _DAY

    @property
    def roll_ends(self) -> date:
        """The first day the pupil is no longer on the roll of the former class."""
        return self.enrolment_ends if self.left_on is None else self.left_on + _DAY

    def wrong(self, today: date) -> list[Wrong]:
        """What is wrong with the days as such."""
        found = []
        for name, word, day in (
            ("left_on", "最後に登校する日", self.left_on),
            ("accepted_on", "受け入れる日", self.accepted_on),
        ):
            if day is not None and (wrong := wrong_year(name, word, day, today)):
                found.append(wrong)
        if not found and self.left_on is not None and self.accepted_on is not None:
            if self.accepted_on <= self.left_on:
                found.append(
                    Wrong(
                        "accepted_on",
                        f"受け入れる日は、最後に登校する日（{in_words(self.left_on)}）より後にしてください。",
                    )
                )
            elif self.accepted_on - self.left_on > _MOST:
                found.append(
                    Wrong("accepted_on", "最後に登校する日から半年より離れています。年を確かめてください。")
                )
        return found


@dataclass(frozen=True, slots=True)
class Recorded:
    """A day on which the pupil's attendance is recorded."""

    on: date
    school: UUID
    class_id: UUID


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a pupil when a move is decided."""

    pupil: UUID
    enrolments: Sequence[Standing[EnrolmentIs]] = ()
    memberships: Sequence[Standing[MembershipIs]] = ()
    recorded: Sequence[Recorded] = ()
    """Recorded days from the earliest day on that the move touches."""

    def enrolled(self, on: date) -> Standing[EnrolmentIs] | None:
        """在籍 on a day."""
        return next((each for each in self.enrolments if each.held.valid.holds(on)), None)


@dataclass(frozen=True, slots=True)
class Place:
    """A class at the new school, and the number there."""

    class_id: UUID
    number: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """The new school as it will be on the day of acceptance."""

    school: OrganisationRow
    classes: Mapping[UUID, OrganisationRow] = field(default_factory=dict)
    numbers: frozenset[tuple[UUID, int]] = frozenset()
    """Classes and numbers that somebody has, then or later. Whose they are is for the class's own school to know."""


@dataclass(slots=True)
class Plan:
    """What must change for a move, and the pupil's grade at the new school (leaving: at the former)."""

    grade: str
    enrolments: PeriodChanges[EnrolmentIs] = field(default_factory=PeriodChanges)
    memberships: PeriodChanges[MembershipIs] = field(default_factory=PeriodChanges)


def plan_within(known: Known, school: UUID, target: Target, dates: Dates, place: Place | None) -> Plan:
    """From one school of the board to another: one act for both. Raises :class:`Refused`.

    What was prepared at the former school for later (next year's 在籍) goes along where the new school has the grade;
    next year's class is for the new school to give.
    """
    assert dates.accepted_on is not None
    wrong = _not_there(known, school, dates) + _recorded_after(known, school, dates)
    if target.school.id == school:
        wrong.append(Wrong("to_school", "いまの学校とはべつの学校を選んでください。"))
    if target.school.until is not None and target.school.until <= dates.accepted_on:
        wrong.append(Wrong("to_school", "その日には、もうない学校です。ほかの学校を選んでください。"))
    if wrong:
        raise Refused(wrong)
    going_on = [
        each
        for each in known.enrolments
        # Also a school for which next year was prepared, when that is the year of the acceptance.
        if each.held.what.school_id == school or each.held.valid.holds(dates.accepted_on)
    ]
    changes = _cut(going_on, dates.enrolment_ends)
    begun = [
        Held(
            known.pupil,
            Period(max(was.since, dates.accepted_on), was.until),
            EnrolmentIs(target.school.id, grade),
        )
        for was, grade in _rest(going_on, dates.accepted_on)
    ]
    if not begun or begun[0].valid.since > dates.accepted_on:
        begun.insert(0, _next_year(known, target, dates.accepted_on, begun[0].valid.since if begun else None))
    grade = begun[0].what.grade
    if not taught(target.school.kind, grade):
        raise Refused([_no_grade(target, grade)])
    kept = [each for each in begun if taught(target.school.kind, each.what.grade)]
    replaced = changes.voided[0].id if changes.voided else None
    changes.added += [Added(each, replaced if place_ == 0 else None) for place_, each in enumerate(kept)]
    left = {each.held.what.school_id for each in going_on}
    here = [each for each in known.memberships if each.held.what.school_id in left]
    plan = Plan(grade, changes, _cut(here, dates.roll_ends))
    _put(plan, known, target, dates, place)
    return plan


def plan_leaving(known: Known, school: UUID, dates: Dates) -> Plan:
    """To a school elsewhere: all that the board's schools had planned ends. Raises :class:`Refused`."""
    wrong = _not_there(known, school, dates) + _recorded_after(known, school, dates)
    if wrong:
        raise Refused(wrong)
    last = known.enrolled(dates.roll_ends - _DAY)
    assert last is not None
    grade = last.held.what.grade
    return Plan(grade, _cut(known.enrolments, dates.enrolment_ends), _cut(known.memberships, dates.roll_ends))


def plan_arriving(known: Known, target: Target, grade: str, dates: Dates, place: Place | None) -> Plan:
    """From a school elsewhere. Raises :class:`Refused`."""
    on = dates.accepted_on
    assert on is not None
    wrong = []
    if not taught(target.school.kind, grade):
        wrong.append(_no_grade(target, grade))
    valid = Period(on, school_year_bounds(school_year(on))[1])
    standing = [each for each in known.enrolments if each.held.valid.overlaps(valid)]
    if standing:
        day = max(standing[0].held.valid.since, on)
        wrong.append(
            Wrong(
                "pupil",
                f"{in_words(day)}には、もう市内の学校に在籍しています。市内の転学として届けてください。",
            )
        )
    if wrong:
        raise Refused(wrong)
    plan = Plan(grade)
    plan.enrolments.added.append(Added(Held(known.pupil, valid, EnrolmentIs(target.school.id, grade)), None))
    _put(plan, known, target, dates, place)
    return plan


def _not_there(known: Known, school: UUID, dates: Dates) -> list[Wrong]:
    assert dates.left_on is not None
    at = known.enrolled(dates.left_on)
    if at is None or at.held.what.school_id != school:
        return [
            Wrong(
                "left_on",
                f"{in_words(dates.left_on)}には、この学校に在籍していません。日を確かめてください。",
            )
        ]
    return []


def _recorded_after(known: Known, school: UUID, dates: Dates) -> list[Wrong]:
    """Attendance that would be left without a school."""
    late = sorted(each.on for each in known.recorded if each.school == school and each.on >= dates.roll_ends)
    if not late:
        return []
    days = "・".join(in_words(day) for day in late[:3]) + ("ほか" if len(late) > 3 else "")
    return [
        Wrong(
            "left_on",
            f"{days}に、この学校の出欠の記録があります。最後に登校する日を{in_words(late[-1])}以後にするか、"
            "先に出欠を「未入力」に訂正してください。",
        )
    ]


def _no_grade(target: Target, grade: str) -> Wrong:
    return Wrong(
        "to_school",
        f"{target.school.short_name}に{grade_in_words(grade)}はありません。学校を確かめてください。",
    )


def _cut(standing: Sequence[Standing[I]], at: date) -> PeriodChanges[I]:
    """Nothing of these holds from ``at`` on."""
    changes: PeriodChanges[I] = PeriodChanges()
    for each in standing:
        held = each.held
        if held.valid.until is not None and held.valid.until <= at:
            continue
        changes.voided.append(Voided(each.id, held.subject, MOVED))
        if held.valid.since < at:
            changes.added.append(Added(Held(held.subject, Period(held.valid.since, at), held.what), each.id))
    return changes


def _rest(standing: Sequence[Standing[EnrolmentIs]], at: date) -> list[tuple[Period, str]]:
    """What would have gone on from ``at``, in order."""
    later = [e.held for e in standing if e.held.valid.until is None or e.held.valid.until > at]
    return [(held.valid, held.what.grade) for held in sorted(later, key=lambda held: held.valid.since)]


def _next_year(known: Known, target: Target, on: date, until: date | None) -> Held[EnrolmentIs]:
    """在籍 in a school year that nobody has prepared yet: a grade higher than the last one's."""
    last = max((e.held for e in known.enrolments), key=lambda held: held.valid.since)
    grade: str | None = last.what.grade
    year = school_year(last.valid.until - _DAY if last.valid.until else on)
    for _ in range(school_year(on) - year):
        grade = next_grade(grade) if grade else None
    if grade is None:
        raise Refused([Wrong("accepted_on", "その日には、もう卒業しています。日を確かめてください。")])
    ends = school_year_bounds(school_year(on))[1]
    return Held(
        known.pupil, Period(on, min(ends, until) if until else ends), EnrolmentIs(target.school.id, grade)
    )


def _there(known: Known, day: Recorded) -> bool:
    """Whether a recorded day is one of an earlier time at that school."""
    at = known.enrolled(day.on)
    return at is not None and at.held.what.school_id == day.school


def _put(plan: Plan, known: Known, target: Target, dates: Dates, place: Place | None) -> None:
    """Into a class of the new school, when it is known already."""
    on = dates.accepted_on
    assert on is not None
    early = sorted(
        each.on
        for each in known.recorded
        if each.school == target.school.id and each.on < on and not _there(known, each)
    )
    if early:
        raise Refused(
            [
                Wrong(
                    "accepted_on",
                    f"{in_words(early[0])}に、受け入れる学校の出欠の記録があります。その日より後にはできません。",
                )
            ]
        )
    if place is None:
        return
    room = target.classes.get(place.class_id)
    if room is None or room.school_id != target.school.id or room.school_year != school_year(on):
        raise Refused(
            [Wrong("class_id", f"{target.school.short_name}の、その日のある学級から選んでください。")]
        )
    if room.grade is not None and room.grade != plan.grade:
        raise Refused([Wrong("class_id", f"{room.name}は{grade_in_words(plan.grade)}の学級ではありません。")])
    other = {each.class_id for each in known.recorded if each.school == target.school.id and each.on >= on}
    if other - {place.class_id}:
        raise Refused(
            [
                Wrong(
                    "class_id",
                    "ほかの学級で出欠が記録されています。学級の変更は、子のカードから、日付を決めてしてください。",
                )
            ]
        )
    if place.number is not None and (place.class_id, place.number) in target.numbers:
        raise Refused(
            [
                Wrong(
                    "number",
                    f"{room.name}の{place.number}番は、もう使われています。ほかの番号にしてください。",
                )
            ]
        )
    valid = Period(on, school_year_bounds(school_year(on))[1])
    seat = MembershipIs(target.school.id, place.class_id, "home", place.number)
    plan.memberships.added.append(Added(Held(known.pupil, valid, seat), None))


def next_number(taken: Collection[int]) -> int:
    """出席番号 of one who comes later: after all others, the list is not renumbered."""
    return max(taken, default=0) + 1
