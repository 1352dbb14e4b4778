"""What a move tells others: the pupil's whole sets, and the happening beside them."""

from __future__ import annotations

from services.registry.moves.rules import Kind
from services.registry.moves.store import Move
from services.registry.roster import published
from services.registry.roster import store as roster
from shared.contracts.registry import PupilArrived, PupilDeparted, PupilMove, PupilTransferred
from shared.database import Work

_HAPPENING: dict[Kind, type[PupilMove]] = {
    "within": PupilTransferred,
    "leaving": PupilDeparted,
    "arriving": PupilArrived,
}


async def publish(work: Work, move: Move, *, undone: bool = False) -> None:
    """Tell of a move as it now stands, and of the pupil's 在籍 and classes."""
    board, pupil = work.scope.board, move.pupil
    enrolments = await roster.standing(work.session, board, roster.ENROLMENT, [pupil])
    memberships = await roster.standing(work.session, board, roster.MEMBERSHIP, [pupil])
    work.publish(
        published.enrolment_changed(
            pupil,
            sorted((each.held for each in enrolments), key=lambda held: held.valid.since),
            sorted((each.held for each in memberships), key=lambda held: (held.valid.since, held.what.slot)),
        ),
        key=pupil,
        subject=pupil,
    )
    happened(work, move, undone=undone)


def happened(work: Work, move: Move, *, undone: bool = False) -> None:
    """Tell of the happening alone. ``undone``: as it is told the last time, a revision after it was told before."""
    pupil = move.pupil
    work.publish(
        _HAPPENING[move.kind](
            move=move.id,
            pupil=pupil,
            revision=move.revision,
            undone=undone,
            from_school=move.from_school,
            to_school=move.to_school,
            grade=move.grade,
            left_on=move.left_on,
            accepted_on=move.accepted_on,
            transferred_on=move.dates.transferred_on,
        ),
        key=pupil,
        stream=move.id,
        expected=move.revision - 1,
        subject=pupil,
    )
