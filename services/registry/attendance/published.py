"""What the roll tells others: contracts filled from what the rules decided."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Protocol
from uuid import UUID

from services.registry.attendance.rules import PRECEDENCE, Change, Fact
from services.registry.attendance.store import ClassDay, Taken
from shared.contracts.registry import AttendanceDayChanged, Considered, DayFact, RollTaken
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
    """Tell a pupil's whole day as it now is."""
    derived = change.derived
    pupil = change.member.day_of
    stream = pupil_day_id(day.board, pupil, day.on)
    work.publish(
        AttendanceDayChanged(
            pupil_day=stream,
            pupil=pupil,
            class_id=day.class_id,
            school=day.school,
            on=day.on,
            revision=change.revision,
            status=derived.status,
            code=derived.code,
            presence=derived.presence,
            category=derived.category,
            late=derived.late,
            early_leave=derived.early,
            decided_by=derived.decided_by,
            facts=[_day_fact(change.facts[source]) for source in PRECEDENCE if source in change.facts],
            considered=[Considered(**asdict(each)) for each in change.considered],
            contradiction=derived.contradiction,
        ),
        key=pupil,
        stream=stream,
        expected=change.revision - 1,
        subject=pupil,
    )


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
