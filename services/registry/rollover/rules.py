"""年度更新: what becomes of a pupil on 1 April, as dated facts that are known beforehand. Pure.

Nothing is executed on the day. A pupil is promoted by having, beside this year's 在籍, one that begins on 1 April
(課程の修了, 学校教育法施行規則 57, is the school's word and not this rule's); graduated, by having none at that school.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from services.registry.rollover.plans import Plan, Seat
from services.registry.roster.grades import TAUGHT_AT, next_grade, taught
from services.registry.roster.rows import (
    Added,
    EnrolmentIs,
    GuardianshipIs,
    Held,
    MembershipIs,
    Standing,
    Voided,
)
from services.registry.roster.rules import PeriodChanges
from services.registry.roster.snapshot import Period
from shared.dates import school_year_bounds

Became = Literal["promoted", "repeating", "advancing", "graduating", "prepared", "new"]
"""``advancing``: graduates and goes on to a school of the board; ``graduating``: nobody has said where; ``prepared``:
next year's 在籍 stood already; ``new``: comes from outside the board's schools."""
CHANGED = "rollover: the plan says otherwise"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Year:
    """The school year that begins."""

    number: int

    @property
    def period(self) -> Period:
        """From its 1 April to the next."""
        return Period(*school_year_bounds(self.number))

    @property
    def begins(self) -> date:
        """Its 1 April."""
        return self.period.since

    @property
    def eve(self) -> date:
        """The last day of the year before."""
        return self.begins - _DAY


@dataclass(frozen=True, slots=True)
class City:
    """What holds for all schools: their kinds, and where their graduates go."""

    kinds: Mapping[UUID, str]
    next_schools: Mapping[UUID, UUID] = field(default_factory=dict)
    plans: Mapping[UUID, Plan] = field(default_factory=dict)
    """School → its plan."""

    def of(self, schools: Collection[UUID]) -> City:
        """The same with the plans of these schools alone."""
        return replace(self, plans={each: plan for each, plan in self.plans.items() if each in schools})

    def stays(self, school: UUID) -> frozenset[UUID]:
        """Pupils of a school who stay in their grade."""
        plan = self.plans.get(school)
        return frozenset(plan.stay) if plan else frozenset()

    def classes(self, school: UUID) -> int | None:
        """How many classes a school has planned; None while it has no plan."""
        plan = self.plans.get(school)
        return len(plan.classes) if plan else None

    def seat(self, school: UUID, pupil: UUID) -> Seat | None:
        """A pupil's seat at next year's school; none in a class that the school will not have."""
        plan = self.plans.get(school)
        seat = plan.seats.get(pupil) if plan else None
        there = (
            plan is not None and seat is not None and any(each.id == seat.class_id for each in plan.classes)
        )
        return seat if there else None


class Pupil(NamedTuple):
    """A pupil with what stands."""

    id: UUID
    enrolments: Sequence[Standing[EnrolmentIs]]
    memberships: Sequence[Standing[MembershipIs]]
    guardianships: Sequence[Standing[GuardianshipIs]] = ()


@dataclass(slots=True)
class Rolled:
    """What must change for one pupil, and what it means."""

    became: Became
    enrolments: PeriodChanges[EnrolmentIs] = field(default_factory=PeriodChanges)
    memberships: PeriodChanges[MembershipIs] = field(default_factory=PeriodChanges)
    guardianships: PeriodChanges[GuardianshipIs] = field(default_factory=PeriodChanges)
    next_school: UUID | None = None
    placed: bool = False

    def __bool__(self) -> bool:
        return bool(self.enrolments or self.memberships or self.guardianships)


def enrolled(pupil: Pupil, on: date) -> Standing[EnrolmentIs] | None:
    """在籍 on a day."""
    return next((each for each in pupil.enrolments if each.held.valid.holds(on)), None)


def follow_on(kind: str, next_kind: str) -> bool:
    """Whether graduates of a kind of school can go on to another: it has the grade after the first one's last."""
    last = TAUGHT_AT.get(kind, ())[-1:]
    higher = next_grade(last[0]) if last else None
    return higher is not None and taught(next_kind, higher)


def goes_to(school: UUID, grade: str, city: City, *, stays: bool) -> tuple[UUID | None, str]:
    """Next year's school and grade of one who is at a school now; None: none of the board's that anybody knows."""
    if stays:
        return school, grade
    higher = next_grade(grade)
    if higher is None:
        return None, grade
    if taught(city.kinds.get(school, ""), higher):
        return school, higher
    onward = city.next_schools.get(school)
    if onward is not None and taught(city.kinds.get(onward, ""), higher):
        return onward, higher
    return None, higher


def roll(pupil: Pupil, year: Year, city: City) -> Rolled:
    """What must change so that everything is right on 1 April."""
    now, later = enrolled(pupil, year.eve), enrolled(pupil, year.begins)
    if now is None:
        if later is None:
            return Rolled("graduating")
        rolled = Rolled("new", next_school=later.held.what.school_id)
    else:
        rolled = _from_here(pupil, now, later, year, city)
    _seat(rolled, pupil, year, city)
    if rolled.next_school is not None:
        _keep_guardians(rolled, pupil, year)
    elif now is not None and not nowhere_known(rolled, now.held.what.grade):
        _end_guardians(rolled, pupil, year)
    return rolled


def _keep_guardians(rolled: Rolled, pupil: Pupil, year: Year) -> None:
    """A source speaks of one school year; a guardian whom it names to its end is one the next day, too.

    A tie with an end of its own ends then, and a protection mark is never prolonged or lifted by a rollover.
    """
    for each in pupil.guardianships:
        held = each.held
        goes_on = any(
            other.held.what.slot == held.what.slot and other.held.valid.overlaps(year.period)
            for other in pupil.guardianships
        )
        if held.valid.until == year.begins and not goes_on:
            rolled.guardianships.added.append(Added(Held(pupil.id, year.period, held.what), None))


def _end_guardians(rolled: Rolled, pupil: Pupil, year: Year) -> None:
    """Who has finished school has nothing more here to tell or to read: the rights end with 在籍, accounts with them.

    Of one who must go somewhere, and nobody has said where, they stay until somebody does.
    """
    for each in pupil.guardianships:
        held = each.held
        if held.valid.since < year.begins and (held.valid.until is None or held.valid.until > year.begins):
            rolled.guardianships.voided.append(Voided(each.id, pupil.id, CHANGED))
            kept = Held(pupil.id, Period(held.valid.since, year.begins), held.what)
            rolled.guardianships.added.append(Added(kept, each.id))


def _from_here(
    pupil: Pupil, now: Standing[EnrolmentIs], later: Standing[EnrolmentIs] | None, year: Year, city: City
) -> Rolled:
    here, stays = now.held.what, pupil.id in city.stays(now.held.what.school_id)
    school, grade = goes_to(here.school_id, here.grade, city, stays=stays)
    if later is not None and later.id != now.id:
        wanted = EnrolmentIs(here.school_id, here.grade)
        if stays and later.held.what != wanted:
            rolled = Rolled("repeating", next_school=here.school_id)
            rolled.enrolments.voided.append(Voided(later.id, pupil.id, CHANGED))
            rolled.enrolments.added.append(Added(Held(pupil.id, year.period, wanted), later.id))
            return rolled
        # Somebody has said where the child will be: an import, a move, an earlier run.
        became: Became = "repeating" if later.held.what == wanted else "prepared"
        return Rolled(became, next_school=later.held.what.school_id)
    became = "repeating" if stays else "promoted" if school == here.school_id else "advancing"
    rolled = Rolled("graduating" if school is None else became, next_school=school)
    if later is not None:  # 在籍 without an end: it ends with the year, like everybody's
        rolled.enrolments.voided.append(Voided(now.id, pupil.id, CHANGED))
        rolled.enrolments.added.append(
            Added(Held(pupil.id, Period(now.held.valid.since, year.begins), here), now.id)
        )
    if school is not None:
        rolled.enrolments.added.append(Added(Held(pupil.id, year.period, EnrolmentIs(school, grade)), None))
    return rolled


def _seat(rolled: Rolled, pupil: Pupil, year: Year, city: City) -> None:
    """The class of next year; what an open-ended class of this year would have been ends with it."""
    for each in pupil.memberships:
        valid = each.held.valid
        if valid.since < year.begins and (valid.until is None or valid.until > year.begins):
            rolled.memberships.voided.append(Voided(each.id, pupil.id, CHANGED))
            kept = Held(pupil.id, Period(valid.since, year.begins), each.held.what)
            rolled.memberships.added.append(Added(kept, each.id))
    standing = [
        each
        for each in pupil.memberships
        if each.held.what.kind == "home"
        and each.held.valid.since >= year.begins
        and each.held.valid.overlaps(year.period)
    ]
    seat = None if rolled.next_school is None else city.seat(rolled.next_school, pupil.id)
    if seat is None or rolled.next_school is None:
        rolled.placed = bool(standing)
        return
    rolled.placed = True
    wanted = Held(pupil.id, year.period, MembershipIs(rolled.next_school, seat.class_id, "home", seat.number))
    if any(each.held == wanted for each in standing):
        return
    rolled.memberships.voided += [Voided(each.id, pupil.id, CHANGED) for each in standing]
    rolled.memberships.added.append(Added(wanted, standing[0].id if standing else None))


def nowhere_known(rolled: Rolled, grade: str) -> bool:
    """Whether nobody has said where a graduate goes who must go somewhere."""
    return rolled.became == "graduating" and next_grade(grade) is not None


@dataclass(slots=True)
class Consequences:
    """What a rollover does to a school, in numbers."""

    became: Counter[str] = field(default_factory=Counter)
    pupils: int = 0
    """Who are there on 1 April, from wherever they come."""
    without_class: int = 0
    """Of those."""
    changed: int = 0
    """Pupils of whom something is written and who do not graduate: whether a graduate's 在籍 and guardians end already
    is how a source writes them, and nobody's to look at."""
    exchange: int = 0
    """Pupils who learn in another class this year, too (交流): next year's is for the school to give."""

    without_teacher: int = 0
    """Planned classes without a homeroom teacher on 1 April."""
    lacking: Counter[str] = field(default_factory=Counter)
    """Duties that nobody has on 1 April: 校長, 事務 (人事異動 is entered by hand or imported)."""
    here: int = 0
    """Pupils of the eve."""
    to: Counter[UUID] = field(default_factory=Counter)
    """School → how many go there from here."""
    coming: Counter[UUID] = field(default_factory=Counter)
    """School → how many come from there."""
    nowhere: int = 0
    """Who leave the last grade of this school, and not the last of all, for nowhere that is known."""

    def count(self, rolled: Rolled, pupil: Pupil, year: Year) -> None:
        """One pupil more of the school's part: what becomes of those who are here now, or come from outside."""
        self.became[rolled.became] += 1
        now = enrolled(pupil, year.eve)
        if now is not None:
            self.here += 1
            self.nowhere += nowhere_known(rolled, now.held.what.grade)
            if rolled.next_school not in (None, now.held.what.school_id):
                self.to[rolled.next_school] += 1
        self.changed += bool(rolled) and rolled.became != "graduating"
        self.exchange += any(
            each.held.what.kind == "exchange" and each.held.valid.holds(year.eve)
            for each in pupil.memberships
        )

    def enter(self, rolled: Rolled, pupil: Pupil, year: Year) -> None:
        """One more who is at this school on 1 April, of whichever school's part: its rooms and books are here."""
        self.pupils += 1
        self.without_class += not rolled.placed
        now = enrolled(pupil, year.eve)
        if now is not None and now.held.what.school_id != rolled.next_school:
            self.coming[now.held.what.school_id] += 1


Odd = Literal["without_class", "nowhere", "empty"]
FEW = 5
"""So many of a school are an ordinary loose end: a new pupil, a graduate who goes to a private school."""
MANY_WITHOUT_CLASS, MANY_NOWHERE = 0.1, 0.5
"""Parts of next year's pupils, and of those who go on."""


class Surprise(NamedTuple):
    """What hardly anybody wants of a school: it is confirmed by itself before it becomes true."""

    kind: Odd
    number: int
    of: int


def surprises(counted: Consequences) -> list[Surprise]:
    """Of one school: a year without classes, graduates for whom no school is known, nobody left."""
    going = counted.nowhere + counted.to.total()
    found = []
    if counted.here > counted.nowhere and not counted.pupils:
        found.append(Surprise("empty", counted.here, counted.here))
    if counted.without_class > max(FEW, MANY_WITHOUT_CLASS * counted.pupils):
        found.append(Surprise("without_class", counted.without_class, counted.pupils))
    if counted.nowhere > max(FEW, MANY_NOWHERE * going):
        found.append(Surprise("nowhere", counted.nowhere, going))
    return found
