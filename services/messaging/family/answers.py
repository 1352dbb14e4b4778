"""A guardian's page as it leaves: what is theirs to see of each notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.messaging.family.rules import At, is_own
from services.messaging.family.shapes import ChildOut, FamilyNoticeOut, SchoolOut, SeenOut
from services.messaging.family.store import Board
from services.messaging.notices import answers
from services.messaging.notices.replies import Reply
from services.messaging.notices.rules import cut_off, is_late
from services.messaging.notices.store import Child, Shown


@dataclass(frozen=True)
class Page:
    """What a guardian's page is made from."""

    guardian: UUID
    names: answers.Names
    board: Board
    today: date
    found: Sequence[Shown]
    replies: Sequence[Reply]


def child_out(page: Page, child: Child, at: At, *, may_tell: bool) -> ChildOut:
    """A child with those of its notices that are the guardian's to see: their own, and all with the right to read."""
    tie = child.ties.get(page.guardian)
    reads = tie is not None and tie.read
    return ChildOut(
        pupil=answers.person(child.id, page.names),
        may_tell=may_tell,
        at=SchoolOut(
            school=at.school,
            name=page.board.names.get(at.school, ""),
            class_id=at.class_id,
            class_name=page.board.names.get(at.class_id) if at.class_id else None,
        ),
        notices=[
            _notice(page, each, may_tell=may_tell)
            for each in page.found
            if each.person == child.id and (reads or is_own(each.standing.said, page.guardian))
        ],
    )


def _notice(page: Page, shown: Shown, *, may_tell: bool) -> FamilyNoticeOut:
    standing, said = shown.standing, shown.standing.said
    own = is_own(said, page.guardian)
    return FamilyNoticeOut(
        notice=standing.id,
        revision=standing.revision,
        withdrawn=standing.withdrawn,
        kind=said.kind,
        reason=said.reason,
        since=said.since,
        until=said.until,
        channel=said.channel,
        own=own,
        relation_word=answers.word(standing.relation),
        words=said.words if own else None,
        told_at=standing.told_at,
        entered_at=standing.at,
        late=is_late(said.since, standing.at, cut_off(page.board.cut_off)),
        confirmed=[
            SeenOut(on=seen.on, at=seen.at)
            for seen in shown.confirmed
            if seen.revision == standing.revision and not standing.withdrawn
        ],
        replies=[
            answers.reply(each, page.names) for each in page.replies if own and each.notice == standing.id
        ],
        may_change=own and may_tell,
    )
