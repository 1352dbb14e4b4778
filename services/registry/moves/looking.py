"""Moves as somebody sees them: with names, steps and what that person may do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance import store as attendance
from services.registry.attendance.shapes import PersonOut
from services.registry.moves import steps, store
from services.registry.moves.shapes import Elsewhere, May, MoveOut, StepOut, UnitOut
from services.registry.moves.steps import BY_HAND, TICKS, WORDS, Done, Side, Step, StepIs
from services.registry.moves.store import Move
from services.registry.people.access import Offices, keeps_roster
from services.registry.room import Registry
from services.registry.roster import store as roster
from services.registry.roster.grades import grade_in_words
from services.registry.roster.rows import OrganisationRow
from shared.access.principal import Holder, entity, ref, refs
from shared.dates import business_date


def resource(
    board: UUID,
    offices: Offices,
    schools: Collection[UUID],
    accepting: Collection[UUID],
    protected: bool,
    kept_from: Collection[UUID],
) -> dict[str, object]:
    """A move, made or only thought of, as the policy knows it."""
    return entity(
        "Move",
        "move",
        board=ref("Board", board),
        schools=refs("School", schools),
        leaving=refs("School", set(schools) - set(accepting)),
        accepting=refs("School", accepting),
        offices=refs("Unit", offices.departments),
        named=refs("Person", offices.named),
        isProtected=protected,
        confidentialFrom=refs("Person", kept_from),
    )


def resource_of(board: UUID, offices: Offices, move: Move) -> dict[str, object]:
    """A move as the policy knows it."""
    accepting = [move.to_school] if move.to_school else []
    return resource(board, offices, move.schools, accepting, move.protected, move.confidential_from)


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose schools a list of moves is for: the SQL side of ``ReadMove``."""

    schools: tuple[UUID, ...]
    duties: tuple[UUID, ...]
    whole_board: bool
    named: bool
    person: UUID | None


def asking(holder: Holder, offices: Offices) -> Asking:
    """Nobody but staff sees any."""
    if holder.principal.kind != "staff":
        return Asking((), (), False, False, holder.principal.person)
    return Asking(
        tuple(sorted(holder.organisations("office", "principal", "vice_principal"))),
        tuple(sorted(holder.schools())),
        keeps_roster(holder, offices),
        holder.principal.person in offices.named,
        holder.principal.person,
    )


async def shown(
    session: AsyncSession, room: Registry, holder: Holder, offices: Offices, moves: Sequence[Move]
) -> list[MoveOut]:
    """Moves for a screen."""
    board = holder.principal.board
    ids = [each.id for each in moves]
    ticked, issued = await store.ticked(session, board, ids), await store.issued(session, board, ids)
    done = {each.id: _done(each, {**ticked.get(each.id, {}), **issued.get(each.id, {})}) for each in moves}
    people = {each.pupil for each in moves} | {d.by for found in done.values() for d in found.values()}
    named = await attendance.names(session, board, sorted(people))
    units = {each for move in moves for each in (*move.schools, move.class_id) if each is not None}
    organisations = await roster.organisations(session, board, units)
    return [_out(room, holder, offices, each, done[each.id], named, organisations) for each in moves]


def _done(move: Move, ticked: Mapping[Step, Done]) -> dict[Step, Done]:
    """What follows from the move itself, and what somebody ticked."""
    announced = Done(business_date(move.recorded_at), move.recorded_by)
    done: dict[Step, Done] = {"announced": announced, **ticked}
    if move.class_id is not None:
        done.setdefault("placed", announced)
    if move.kind == "leaving" and move.accepted_on is not None:
        done.setdefault("acceptance_known", announced)
    return done


def _unit(organisations: Mapping[UUID, OrganisationRow], id_: UUID | None) -> UnitOut | None:
    row = organisations.get(id_) if id_ is not None else None
    return None if row is None else UnitOut(id=row.id, name=row.short_name)


def _out(
    room: Registry,
    holder: Holder,
    offices: Offices,
    move: Move,
    done: Mapping[Step, Done],
    named: Mapping[UUID, attendance.Named],
    organisations: Mapping[UUID, OrganisationRow],
) -> MoveOut:
    asked = resource_of(holder.principal.board, offices, move)
    sides: dict[Side, UnitOut | None] = {
        "leaving": _unit(organisations, move.from_school),
        "accepting": _unit(organisations, move.to_school),
    }
    all_steps = [] if move.undone_at else steps.steps_of(move.kind, done)
    waiting = steps.turn(all_steps)
    open_ = move.undone_at is None
    ticks = {side for side, action in TICKS.items() if room.policies.allows(holder, action, asked)}
    return MoveOut(
        id=move.id,
        kind=move.kind,
        pupil=PersonOut.of(move.pupil, named[move.pupil]),
        grade=move.grade,
        grade_word=grade_in_words(move.grade),
        together=move.together,
        from_school=sides["leaving"],
        to_school=sides["accepting"],
        elsewhere=Elsewhere.model_validate(move.elsewhere) if move.elsewhere else None,
        reason=move.reason,
        left_on=move.left_on,
        transferred_on=move.dates.transferred_on,
        accepted_on=move.accepted_on,
        placed=_unit(organisations, move.class_id),
        number=move.number,
        steps=[
            _step(each, sides[each.side], named, may_tick=each.side in ticks and each.step in BY_HAND)
            for each in all_steps
        ],
        turn=waiting.step if waiting else None,
        provisional=open_ and steps.provisional(all_steps),
        undone_at=move.undone_at,
        revision=move.revision,
        may=May(
            change=open_ and room.policies.allows(holder, "MakeMove", asked),
            place=open_ and room.policies.allows(holder, "PlaceMover", asked) and move.to_school is not None,
            certify=open_ and room.policies.allows(holder, "IssueCertificate", asked),
        ),
    )


def _step(
    each: StepIs, school: UnitOut | None, named: Mapping[UUID, attendance.Named], *, may_tick: bool
) -> StepOut:
    by = each.done.by if each.done else None
    return StepOut(
        step=each.step,
        word=WORDS[each.step],
        side=each.side,
        school=school,
        done_on=each.done.on if each.done else None,
        by=PersonOut.of(by, named[by]) if by is not None and by in named else None,
        may_tick=may_tick,
    )
