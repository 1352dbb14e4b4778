"""Moves are made, changed and taken back: within one unit of work, the whole of a pupil's relations each time.

A change of days or class takes the act back and decides anew, so that a move that was changed three times has left
what one that was right at once would have left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from services.registry.moves import around, published, rules, store
from services.registry.moves.rules import Dates, Kind, Place, Plan, Refused, Wrong
from services.registry.moves.store import Move
from services.registry.roster import offices
from services.registry.roster import store as roster
from services.registry.roster.rows import I
from services.registry.roster.rules import PeriodChanges
from services.registry.roster.store import PeriodTable
from services.registry.roster.taking_back import note_undone, take_back_periods
from shared.database import Work
from shared.dates import in_words
from shared.ids import new_id

UNDONE = "the move was taken back"
_DAY = timedelta(days=1)


class Depended(Exception):
    """Something depends on the move; the message says what, in Japanese."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A move that somebody announces."""

    kind: Kind
    pupil: UUID
    from_school: UUID | None
    to_school: UUID | None
    dates: Dates
    place: Place | None
    elsewhere: Mapping[str, str] | None
    reason: str
    together: UUID
    grade: str | None = None
    """Of one who arrives."""


async def make(work: Work, asked: Asked, by: UUID, today: date) -> Move:
    """Write a move and what follows from it. Raises :class:`Refused`. The roster must be locked.

    Both schools may announce the same: the second finds the first's.
    """
    since = asked.dates.left_on or asked.dates.accepted_on
    assert since is not None
    for other in await store.moves_of(work.session, work.scope.board, asked.pupil, since, today):
        if _same(asked, other):
            return other
        day = other.accepted_on or other.left_on
        assert day is not None
        words = f"この子には、{in_words(day)}の転出入がもう届けてあります。それを直すか、取り消してください。"
        raise Refused([Wrong("pupil", words)])
    move = Move(
        id=new_id(),
        kind=asked.kind,
        pupil=asked.pupil,
        together=asked.together,
        from_school=asked.from_school,
        to_school=asked.to_school,
        elsewhere=asked.elsewhere,
        grade=asked.grade or "",
        left_on=asked.dates.left_on,
        accepted_on=asked.dates.accepted_on,
        class_id=asked.place.class_id if asked.place else None,
        number=asked.place.number if asked.place else None,
        reason=asked.reason,
        act=new_id(),
        revision=1,
        recorded_at=work.at,
        recorded_by=by,
        undone_at=None,
        confidential_from=(),
        protected=False,
    )
    offices.tell(work, work.scope.board, *move.schools)
    return await _write(work, move, today)


def _same(asked: Asked, move: Move) -> bool:
    return (asked.kind, asked.from_school, asked.to_school, asked.dates) == (
        move.kind,
        move.from_school,
        move.to_school,
        move.dates,
    ) and asked.place in (None, move.place)


async def change(work: Work, move: Move, dates: Dates, place: Place | None, today: date) -> Move:
    """Give a move other days or another class. Raises :class:`Refused` and :class:`Depended`."""
    if (dates, place) == (move.dates, move.place):
        return move
    await _take_back(work, move)
    changed = replace(
        move,
        left_on=dates.left_on,
        accepted_on=dates.accepted_on,
        class_id=place.class_id if place else None,
        number=place.number if place else None,
        act=new_id(),
        revision=move.revision + 1,
    )
    return await _write(work, changed, today)


async def undo(work: Work, move: Move, by: UUID) -> Move:
    """Take a move back while nothing depends on it. Raises :class:`Depended`."""
    since = move.dates.enrolment_ends if move.accepted_on is None else move.accepted_on
    known = await around.known(work.session, work.scope.board, move.pupil, since)
    days = sorted(each.on for each in known.recorded if each.school == move.to_school)
    if days:
        raise Depended(f"受け入れた学校に、{len(days)}日分の出欠の記録があります。取り消せません。")
    if await store.issued(work.session, work.scope.board, [move.id]):
        raise Depended("証明書を出しています。証明書を無効にしてから、取り消してください。")
    await _take_back(work, move)
    await store.undo(work, move.id, by)
    undone = replace(move, revision=move.revision + 1, undone_at=work.at)
    await published.publish(work, undone, undone=True)
    return undone


async def _take_back(work: Work, move: Move) -> None:
    if await store.later_changes(work.session, work.scope.board, move.pupil, move.act):
        raise Depended("この転出入のあとで、在籍か学級が変えられています。新しいほうを先に戻してください。")
    for table in (roster.ENROLMENT, roster.MEMBERSHIP):
        await take_back_periods(work, table, move.act, [move.pupil], UNDONE)
    # One who arrives has ended nothing. Its act may be a 学齢簿's import, which did more than this move.
    if move.kind != "arriving":
        await note_undone(work, move.act)


async def _write(work: Work, move: Move, today: date) -> Move:
    wrong = move.dates.wrong(today)
    if wrong:
        raise Refused(wrong)
    plan = await _plan(work, move)
    await _apply(work, roster.ENROLMENT, plan.enrolments, move.act)
    await _apply(work, roster.MEMBERSHIP, plan.memberships, move.act)
    move = replace(move, grade=plan.grade)
    await store.put(work, move)
    await published.publish(work, move)
    return move


async def _apply(work: Work, table: PeriodTable[I], changes: PeriodChanges[I], act: UUID) -> None:
    await roster.void(work, table, changes.voided, run=act)
    await roster.add(work, table, changes.added, run=act)


async def _plan(work: Work, move: Move) -> Plan:
    board, dates = work.scope.board, move.dates
    first = min(day for day in (move.left_on and move.left_on + _DAY, move.accepted_on) if day is not None)
    # A year back: a day recorded at the new school before an acceptance that is put off is found, too.
    known = await around.known(work.session, board, move.pupil, first - timedelta(days=400))
    if move.to_school is None:
        assert move.from_school is not None
        return rules.plan_leaving(known, move.from_school, dates)
    assert dates.accepted_on is not None
    target = await around.target(work.session, board, move.to_school, dates.accepted_on, move.pupil)
    if target is None:
        raise Refused([Wrong("to_school", "その学校はありません。一覧から選び直してください。")])
    if move.from_school is None:
        return rules.plan_arriving(known, target, move.grade, dates, move.place)
    return rules.plan_within(known, move.from_school, target, dates, move.place)
