"""A class's day by lessons as it goes over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from services.registry.attendance.rules import PRECEDENCE, Fact, Member, derive
from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import ClassDay, Named
from services.registry.periods import rules
from services.registry.periods.rules import CLASHES, CODES, Mark, Told
from services.registry.periods.shapes import (
    ChildOut,
    ClashOut,
    CodeOut,
    DayOut,
    FactOut,
    LessonOut,
    LessonsOut,
    MarkOut,
)
from services.registry.periods.store import LessonRoll, Plan
from services.registry.roster.shapes import PlaceOut
from shared.contracts.messaging import CHANNEL_WORDS, Channel
from shared.contracts.registry import CORRECTION_WORDS, RELATION_WORDS

_NOBODY = Named("", "", None, None)


def people(
    members: Sequence[Member], told: Mapping[UUID, Told], taken: Mapping[int, LessonRoll]
) -> set[UUID]:
    """Whose names a day by lessons shows: the children, and whoever said something."""
    found = {member.pupil for member in members} | {roll.by for roll in taken.values()}
    found |= {fact.by for member in members for fact in member.facts.values() if _of_the_school(fact)}
    return found | {mark.by for each in told.values() for mark in each.marks.values()}


def _of_the_school(fact: Fact) -> bool:
    """Whether somebody of the school entered it. A guardian who did, by app, is named to nobody here.

    A notice that was taken back no longer says how it came.
    """
    return fact.source != "notice" or fact.channel in ("phone", "paper")


def day_out(
    day: ClassDay,
    plan: Plan,
    members: Sequence[Member],
    told: Mapping[UUID, Told],
    taken: Mapping[int, LessonRoll],
    named: Mapping[UUID, Named],
    *,
    why: str | None,
    may: Collection[str],
    may_sum: bool,
    hidden: bool,
    at: datetime,
) -> LessonsOut:
    """The whole answer. ``hidden``: somebody is kept from the asker, whom no number may tell (docs/decisions/0011)."""
    own = sum(not member.exchange for member in members)

    def person(id_: UUID) -> PersonOut:
        return PersonOut.of(id_, named.get(id_, _NOBODY))

    def lesson(period: int, starts: str | None) -> LessonOut:
        roll = taken.get(period)
        return LessonOut(
            period=period,
            revision=roll.revision if roll else 0,
            starts=starts,
            subject=roll.subject if roll else None,
            members=(own if hidden else roll.members) if roll else None,
            at=roll.at if roll else None,
            by=person(roll.by) if roll else None,
        )

    def mark(period: int, of: Mark) -> MarkOut:
        return MarkOut(
            period=period, code=of.code, revision=of.revision, by=person(of.by), at=of.at, reason=of.reason
        )

    def fact_out(fact: Fact) -> FactOut:
        return FactOut(
            source=fact.source,
            code=fact.code,
            by=person(fact.by) if _of_the_school(fact) else None,
            relation=fact.relation and RELATION_WORDS.get(fact.relation, fact.relation),
            channel=CHANNEL_WORDS.get(cast(Channel, fact.channel)) if fact.channel else None,
            at=fact.at,
        )

    def child(member: Member) -> ChildOut:
        derived = derive(member.facts, day.symbols)
        said = told.get(member.pupil) or Told(member.pupil)
        marks = {n: said.marks[n] for n in sorted(said.marks) if n <= periods}
        came = rules.came_at(member.facts, derived, day.on)
        facts = [member.facts[source] for source in PRECEDENCE if source in member.facts]
        return ChildOut(
            pupil=person(member.pupil),
            number=member.number,
            exchange=member.exchange,
            day=DayOut(
                status=derived.status,
                code=derived.code,
                revision=member.revision,
                facts=[fact_out(fact) for fact in facts],
            ),
            marks=[mark(n, of) for n, of in marks.items()],
            proposed=[
                rules.proposed(derived, came, marks, n, plan.lessons, taken=day.taken is not None)
                if plan.lessons
                else None
                for n in range(1, periods + 1)
            ],
            clashes=[
                ClashOut(
                    kind=clash.kind,
                    words=CLASHES[clash.kind],
                    seen=clash.seen,
                    settled=clash.seen in said.settled,
                )
                for clash in rules.clashes(derived, marks, periods, plan.stands_out)
            ],
        )

    periods = plan.lessons.periods if plan.lessons else 0
    starts = plan.lessons.starts if plan.lessons else ()
    return LessonsOut(
        class_id=day.class_id,
        name=day.name,
        school=PlaceOut(id=day.school, name=plan.school_name),
        on=day.on,
        why_not_open=why,
        may_take="TakeLesson" in may,
        may_settle="SettleLessons" in may,
        may_sum=may_sum,
        month_closed=day.closing is not None,
        day_taken=day.taken is not None,
        symbols=list(day.symbols.values()),
        codes=[CodeOut(code=code, word=word) for code, word in CODES.items()],
        subjects=list(plan.subjects.values()),
        reasons=[CodeOut(code=code, word=word) for code, word in CORRECTION_WORDS.items()],
        lessons=[lesson(n, starts[n - 1] if starts else None) for n in range(1, periods + 1)],
        members=[child(member) for member in members] if periods else [],
        live=[f"class-day:{day.class_id}:{day.on}"],
        as_of=at,
    )
