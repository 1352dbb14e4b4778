"""What a guardian may do with a notice, and what of it is theirs to see. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.messaging.notices.rules import Days, Place, Said, Wrong, day

LOOK_BACK = timedelta(days=14)
"""Notices of days that are over are shown for so long."""

NOT_AT_SCHOOL = Wrong("since", "この期間に、お子さんが在籍していない日があります。日付を確かめてください。")


def at_school(places: Iterable[Place], days: Days) -> bool:
    """Whether the child is at some school on each of ``days``: going over from one to the next is no gap."""
    stays = [each.days for each in places if each.class_id is None]
    assert days.until is not None
    return all(
        any(stay.touches(day(days.since + timedelta(days=n))) for stay in stays)
        for n in range((days.until - days.since).days)
    )


def stays(places: Iterable[Place], today: date) -> bool:
    """Whether the child is at a school of the board, today or later."""
    return any(each.days.touches(Days(today, None)) for each in places if each.class_id is None)


def is_own(said: Said, guardian: UUID) -> bool:
    """Whether it is this guardian's word: by the app, or on the telephone. Words are between them and the school."""
    return said.teller.guardian == guardian


@dataclass(frozen=True)
class At:
    """Where a child is."""

    school: UUID
    class_id: UUID | None

    @property
    def units(self) -> set[UUID]:
        """The school and the class."""
        return {self.school} | ({self.class_id} if self.class_id else set())


def place(places: Iterable[Place], today: date) -> At:
    """Where the child is today; of one that comes later, where it comes first."""
    found = list(places)
    coming = [each for each in found if each.class_id is None and each.days.touches(Days(today, None))]
    stay = min(coming, key=lambda each: (max(each.days.since, today), str(each.school)))
    then = day(max(stay.days.since, today))
    rooms = (
        each.class_id
        for each in found
        if each.class_id is not None and each.school == stay.school and each.days.touches(then)
    )
    return At(stay.school, next(rooms, None))
