"""What the roll tells others: contracts filled from what the rules decided."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Protocol
from uuid import UUID

from services.registry.attendance.beside import Beside
from services.registry.attendance.rules import PRECEDENCE, Change, Derived, Fact, Member
from services.registry.attendance.store import ClassDay, Taken
from shared.contracts.registry import AttendanceDayChanged, Considered, DayBeside, DayFact, RollTaken
from shared.database import Work
from shared.ids import class_day_id, pupil_day_id


class Place(Protocol):
    """Where a pupil-day belongs."""

    @property
    def board(self) -> UUID: ...
    @property
    def school(self) -> UUID: ...
    @property
    def class_id(self) -> UUID: ...
    @property
    def on(self) -> date: ...


def publish_day(work: Work, day: Place, change: Change) -> None:
    """Tell a pupil's whole day as a save of the roll, or a family's word, has made it."""
    after = replace(change.member, revision=change.revision, facts=change.facts, considered=change.considered)
    tell_day(work, day, after, change.derived)


def tell_day(work: Work, day: Place, member: Member, derived: Derived) -> None:
    """Tell a pupil's whole day as it now is."""
    pupil = member.day_of
    stream = pupil_day_id(day.board, pupil, day.on)
    work.publish(
        AttendanceDayChanged(
            pupil_day=stream,
            pupil=pupil,
            class_id=day.class_id,
            school=day.school,
            on=day.on,
            revision=member.revision,
            status=derived.status,
            code=derived.code,
            presence=derived.presence,
            category="suspension" if derived.category == "not_required" else derived.category,
            late=derived.late,
            early_leave=derived.early,
            decided_by=derived.decided_by,
            facts=[_day_fact(member.facts[source]) for source in PRECEDENCE if source in member.facts],
            considered=[Considered(**asdict(each)) for each in member.considered],
            contradiction=derived.contradiction,
            not_required=derived.category == "not_required",
            beside=_beside(member.beside),
        ),
        key=pupil,
        stream=stream,
        expected=member.revision - 1,
        subject=pupil,
    )


def _beside(beside: Beside | None) -> DayBeside | None:
    # A kinship is told to nobody: whose death it was is no other service's, nor a department's (docs/decisions/0023).
    if beside is None or beside.code is None or beside.kind is None or beside.kind == "kin":
        return None
    return DayBeside(code=beside.code, kind=beside.kind, revision=beside.revision, by=beside.by, at=beside.at)


def _day_fact(fact: Fact) -> DayFact:
    return DayFact(
        source=fact.source,
        revision=fact.revision,
        code=fact.code,
        by=fact.by,
        at=fact.at,
        claimed_at=fact.claimed_at,
        corrects=fact.corrects,
        reason=fact.reason,
        relation=fact.relation,
        channel=fact.channel,
        to_read=fact.to_read,
    )


def publish_taken(work: Work, day: ClassDay, taken: Taken) -> None:
    """Tell that the roll was taken."""
    stream = class_day_id(day.board, day.class_id, day.on)
    work.publish(
        RollTaken(
            class_day=stream,
            class_id=day.class_id,
            school=day.school,
            on=day.on,
            revision=1,
            members=taken.members,
            taken_at=taken.at,
            taken_by=taken.by,
        ),
        key=day.class_id,
        stream=stream,
        expected=0,
    )
