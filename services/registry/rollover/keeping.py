"""A school's plan as one person may know it, and what stays of the whole when that person keeps theirs. Pure.

Some children are not for everybody at a school to know of: one who is kept from the reader, one under protection who
comes from another school. Their seats stay as they are, and a wish that names one of them is nobody else's to read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from services.registry.rollover.plans import MOST_WISHES, Plan, Wrong
from services.registry.roster.grades import TAUGHT_AT


def shown(plan: Plan, known: Collection[UUID], everybody: Collection[UUID]) -> Plan:
    """The plan without whom the reader may not know of (``everybody`` but not ``known``) and who is gone."""
    return plan.model_copy(
        update={
            "seats": {pupil: seat for pupil, seat in plan.seats.items() if pupil in known},
            "stay": [pupil for pupil in plan.stay if pupil in known],
            "apart": [wish for wish in _of(plan.apart, everybody) if set(wish) <= set(known)],
            "together": [wish for wish in _of(plan.together, everybody) if set(wish) <= set(known)],
        }
    )


def kept(given: Plan, stored: Plan, known: Collection[UUID], everybody: Collection[UUID]) -> Plan:
    """What ``given`` says of those whom its writer knows, and of the others what ``stored`` says.

    A hidden child whose class is gone has none, and one whose number somebody else was given has no number: either is
    for those who know the child to see and to give, and no reason to tell the writer that there is one.
    """
    hidden = set(everybody) - set(known)
    rooms = {each.id for each in given.classes}
    taken = {(seat.class_id, seat.number) for seat in given.seats.values()}
    seats = {
        pupil: seat.model_copy(update={"number": None}) if (seat.class_id, seat.number) in taken else seat
        for pupil, seat in stored.seats.items()
        if pupil in hidden and seat.class_id in rooms
    }
    return given.model_copy(
        update={
            "seats": {**given.seats, **seats},
            "stay": [*given.stay, *(pupil for pupil in stored.stay if pupil in hidden)],
            "apart": [*given.apart, *_naming(stored.apart, hidden, everybody)],
            "together": [*given.together, *_naming(stored.together, hidden, everybody)],
        }
    )


def _of(wishes: Iterable[Sequence[UUID]], everybody: Collection[UUID]) -> list[list[UUID]]:
    """Wishes about those who are there; of one who has left none is left."""
    there = ([pupil for pupil in wish if pupil in everybody] for wish in wishes)
    return [wish for wish in there if len(wish) > 1]


def _naming(
    wishes: Iterable[Sequence[UUID]], hidden: Collection[UUID], everybody: Collection[UUID]
) -> list[list[UUID]]:
    return [wish for wish in _of(wishes, everybody) if set(hidden) & set(wish)]


def wrong_classes(plan: Plan, kind: str, others: Collection[UUID]) -> list[Wrong]:
    """Classes that a school of this ``kind`` cannot have; ``others``: ids that are somebody else's already."""
    found = []
    ids = [each.id for each in plan.classes]
    for each in plan.classes:
        if each.grade is not None and each.grade not in TAUGHT_AT.get(kind, ()):
            found.append(
                Wrong(each.name, f"「{each.name}」の学年は、この学校にありません。学年を選び直してください。")
            )
        if each.id in others or ids.count(each.id) > 1:
            words = "をつくり直してください（ほかの学級と同じ番号が付いています）。"
            found.append(Wrong(each.name, f"学級「{each.name}」{words}"))
    return found


def strangers(plan: Plan, known: Collection[UUID], may_stay: Collection[UUID]) -> list[Wrong]:
    """Wishes about, and stays of, somebody who is none of the school's for the writer; and more than a plan takes."""
    wishes = {pupil for wish in (*plan.apart, *plan.together) for pupil in wish}
    found = []
    if not wishes <= set(known) or not set(plan.stay) <= {*known, *may_stay}:
        found.append(Wrong("―", "来年度この学校にいない子が入っています。画面を読み直してください。"))
    return found


def too_many(plan: Plan) -> list[Wrong]:
    """What a plan has more of than can be kept."""
    if max(len(plan.apart), len(plan.together), len(plan.stay)) <= MOST_WISHES:
        return []
    return [Wrong("―", f"学級の約束と原級留置は、それぞれ{MOST_WISHES}件までです。減らしてください。")]
