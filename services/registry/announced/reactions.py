"""A family's notice becomes the word of source ``notice`` on each school day it speaks of (decisions.md §2).

What a day's notices say together is derived anew from all of them, so that order and repetition change nothing; a
revision that is not news is passed over. A word is taken back by a revision without a code.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from services.registry.announced import rules, store
from services.registry.announced.store import PupilDay
from services.registry.attendance.published import publish_day
from services.registry.attendance.rules import Change, derive
from shared.contracts import Topic
from shared.contracts.messaging import NOTICE, NoticeChanged
from shared.database import Work
from shared.events.intake import Arrived
from shared.events.reactions import Reaction


class NoticesToRoll(Reaction):
    """Puts what families tell into the roll."""

    name: ClassVar[str] = "notices"
    topics: ClassVar[tuple[Topic, ...]] = (NOTICE,)

    async def react(self, work: Work, arrived: Sequence[Arrived]) -> None:
        newest: dict[UUID, NoticeChanged] = {}
        for one in arrived:
            notice = one.payload
            if isinstance(notice, NoticeChanged) and (
                notice.notice not in newest or newest[notice.notice].revision < notice.revision
            ):
                newest[notice.notice] = notice
        if not newest:
            return
        spans = await store.keep(work, newest.values())
        wanted = {
            (pupil, since + timedelta(days=n))
            for pupil, since, until in spans
            for n in range((until - since).days)
        }
        if not wanted:
            return
        changes = [
            (day, change) for day in await store.days(work, wanted) if (change := _change(day)) is not None
        ]
        if changes:
            await store.save(work, changes)
            for day, change in changes:
                publish_day(work, day, change)


def _change(day: PupilDay) -> Change | None:
    member = day.member
    before = member.facts.get("notice")
    if not day.lessons and before is None:
        return None
    fact = rules.fact_of(before, day.notices, day.on, day.symbols.values())
    if fact is None:
        return None
    facts = {**member.facts, "notice": fact}
    return Change(
        member, fact, derive(facts, day.symbols), member.revision + 1, facts, None, member.considered
    )
