"""What closing a month tells others."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.registry.closing.rules import Step
from services.registry.closing.store import Standing
from shared.contracts.registry import MonthClosed
from shared.database import Work


def publish_step(
    work: Work, of: Standing, step: Step, by: UUID, *, class_id: UUID, school: UUID, month: date
) -> None:
    """Tell how the month stands after ``step``."""
    closed, checked = of.last("closed"), None
    closed_at, closed_by = (closed.at, closed.by.id) if closed is not None else (None, None)
    if step == "closed":
        closed_at, closed_by = work.at, by
    elif step == "checked":
        checked = (work.at, by)
    else:
        closed_at = closed_by = None
    work.publish(
        MonthClosed(
            class_month=of.id,
            class_id=class_id,
            school=school,
            month=month,
            revision=of.revision + 1,
            closed=step != "returned",
            closed_at=closed_at,
            closed_by=closed_by,
            checked_at=checked and checked[0],
            checked_by=checked and checked[1],
        ),
        key=class_id,
        stream=of.id,
        expected=of.revision,
    )
