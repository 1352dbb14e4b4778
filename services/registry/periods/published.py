"""What the roll of a lesson tells others: the contract filled from what the rules decided."""

from __future__ import annotations

from services.registry.attendance.store import ClassDay
from services.registry.periods.rules import Change
from shared.contracts.registry import LessonMark, LessonsChanged
from shared.database import Work
from shared.ids import pupil_lessons_id


def tell(work: Work, of: ClassDay, change: Change) -> None:
    """Tell a child's lessons of the day as they now are."""
    pupil, after = change.after.card, change.after
    stream = pupil_lessons_id(of.board, pupil, of.on)
    work.publish(
        LessonsChanged(
            pupil_lessons=stream,
            pupil=pupil,
            class_id=of.class_id,
            school=of.school,
            on=of.on,
            revision=after.revision,
            marks=[
                LessonMark(
                    period=period,
                    code=mark.code,
                    revision=mark.revision,
                    by=mark.by,
                    at=mark.at,
                    reason=mark.reason,
                )
                for period, mark in sorted(after.marks.items())
            ],
        ),
        key=pupil,
        stream=stream,
        expected=after.revision - 1,
        subject=pupil,
    )
