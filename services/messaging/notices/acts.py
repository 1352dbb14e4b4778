"""What every way of writing a notice does alike, whoever writes it: the office, the teacher, the guardian."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.messaging.notices import store
from services.messaging.notices.published import publish
from services.messaging.notices.rules import Said, Wrong
from services.messaging.notices.shapes import NoticesSaved, SavedOut
from services.messaging.notices.store import Child, Standing
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Work
from shared.ids import new_id
from shared.web import FieldError, Problem


def refuse_unseen(standing: Standing, seen: int) -> None:
    """Raise when another revision stands than the one that was seen."""
    if standing.revision != seen:
        raise Problem(
            409,
            "moved",
            "ほかの人が先に変えました",
            "この連絡は、見ているあいだに変わりました。何も保存していません。画面を読み直してから、もう一度入れてください。",
        )


def refused(wrong: Iterable[Wrong]) -> Problem:
    """Nothing was written; what to mend."""
    return Problem(
        422,
        "notice-refused",
        "保存していません",
        "下の項目を直してから、もう一度届けてください。",
        errors=[FieldError(field=each.field, message=each.message) for each in wrong],
    )


def first(said: Said, child: Child, by: UUID, at: datetime) -> Standing:
    """A notice of a child as it is told for the first time."""
    return Standing(
        id=new_id(),
        pupil=child.id,
        revision=1,
        withdrawn=False,
        said=said,
        relation=relation(said, child),
        told_at=at,
        at=at,
        by=by,
    )


def changed(before: Standing, said: Said, child: Child, by: UUID, at: datetime) -> Standing:
    """The revision that stands in a notice's place; one that was taken back holds again by it."""
    return replace(
        before,
        revision=before.revision + 1,
        withdrawn=False,
        said=said,
        relation=relation(said, child),
        at=at,
        by=by,
    )


def withdrawal(before: Standing, by: UUID, at: datetime) -> Standing:
    """The revision that takes a notice back. Raises when it was taken back already."""
    if before.withdrawn:
        raise Problem(
            422,
            "withdrawn",
            "もう取り消してあります",
            "この連絡は取り消し済みです。画面を読み直してください。",
        )
    return replace(before, revision=before.revision + 1, withdrawn=True, at=at, by=by)


def relation(said: Said, child: Child) -> str | None:
    """What the guardian whose word it is, is to the child."""
    guardian = said.teller.guardian
    return None if guardian is None else child.ties[guardian].relation


async def write(work: Work, who: Principal, action: str, notices: list[Standing]) -> NoticesSaved:
    """Write a revision of each, tell of it, and put it into the access log."""
    for each in notices:
        await store.save(work, each)
        publish(work, each)
    seen = Seen(action, "notice", notices[0].id, "II", [each.pupil for each in notices])
    await log_change(work.session, who, seen, work.at)
    return NoticesSaved(
        notices=[SavedOut(notice=each.id, pupil=each.pupil, revision=each.revision) for each in notices]
    )
