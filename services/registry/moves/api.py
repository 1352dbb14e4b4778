"""転出入 over HTTP: announce a move for both schools at once, follow its steps, change it, take it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.moves import around, looking, making, rules, store
from services.registry.moves.asker import Asker, Reg, Who, asker_of, see, shown_pupils, strong_enough, widen
from services.registry.moves.making import Asked, Depended
from services.registry.moves.rules import Dates, Place, Refused
from services.registry.moves.shapes import (
    DatesIn,
    MovesIn,
    PlacedIn,
    PlaceIn,
    Saved,
    SeenIn,
    StepIn,
)
from services.registry.moves.steps import TICKS, side_of
from services.registry.moves.store import Move
from services.registry.room import Registry
from services.registry.roster import offices
from services.registry.roster import store as roster
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.ids import new_id
from shared.web import FieldError, Problem, command_of, denied, not_found, run_command

router = APIRouter(prefix="/v1", tags=["転出入"])

Cmd = Annotated[Command, Depends(command_of)]

_WHY_NOT = {
    "MakeMove": "転出入を直せるのは、出る学校と入る学校の事務と、名簿を受け持つ課です。",
    "PlaceMover": "学級を決めるのは、受け入れる学校の事務です。",
    "TickLeaving": "これは出る学校の手続きです。済ませるのは、出る学校の事務です。",
    "TickAccepting": "これは受け入れる学校の手続きです。済ませるのは、受け入れる学校の事務です。",
}


@router.post("/moves", summary="転出を届ける", response_model=Saved)
async def announce(body: MovesIn, room: Reg, who: Who, command: Cmd) -> Response:
    """A pupil and siblings change the school, within the city or away, in one act for both schools."""

    async def act(work: Work) -> Saved:
        asker = await asker_of(room, work.session, who)
        today = room.clock.today()

        async def decided() -> list[Callable[[UUID], Asked]]:
            return [await _asked(work.session, asker, body, at) for at in range(len(body.movers))]

        await decided()
        await strong_enough(room, work.session, who)
        await roster.lock_roster(work, patient=False)
        asked = await decided()
        await widen(work.session, asker)
        together, made = new_id(), []
        for at, each in enumerate(asked):
            with refusals(f"movers.{at}." if len(asked) > 1 else ""):
                made.append(await making.make(work, each(together), asker.person, today))
        pupils = [each.pupil for each in made]
        await log_change(work.session, who, Seen("MakeMove", "move", made[0].id, "II", pupils), work.at)
        return await saved(work, asker, [each.id for each in made])

    return await run_command("registry", room.units, Scope(who.board), command, act)


@router.post("/moves/{move}/dates", summary="日付を直す・受け入れた日を入れる", response_model=Saved)
async def set_dates(move: UUID, body: DatesIn, room: Reg, who: Who, command: Cmd) -> Response:
    """Other days; of one who has left the city, the day of acceptance when it is told: 転学日 follows."""

    async def act(work: Work, asker: Asker, found: Move) -> None:
        dates = Dates(
            body.left_on if "left_on" in body.model_fields_set else found.left_on,
            body.accepted_on if "accepted_on" in body.model_fields_set else found.accepted_on,
        )
        missing = [
            rules.Wrong(name, "日付を入れてください。")
            for name, day, needed in (
                ("left_on", dates.left_on, found.kind != "arriving"),
                ("accepted_on", dates.accepted_on, found.kind != "leaving"),
            )
            if needed and day is None
        ]
        if missing:
            raise Refused(missing)
        await making.change(work, found, dates, found.place, room.clock.today())
        if found.kind == "leaving" and found.accepted_on is None and dates.accepted_on is not None:
            await store.tick(work, move, "acceptance_known", room.clock.today(), asker.person)

    return await _change(room, who, command, move, "MakeMove", body.seen, act)


@router.post("/moves/{move}/place", summary="学級を決める", response_model=Saved)
async def place(move: UUID, body: PlacedIn, room: Reg, who: Who, command: Cmd) -> Response:
    """The class and number at the new school."""

    async def act(work: Work, asker: Asker, found: Move) -> None:
        if found.to_school is None:
            raise not_found()
        where = Place(body.class_id, body.number)
        await making.change(work, found, found.dates, where, room.clock.today())
        await store.tick(work, move, "placed", room.clock.today(), asker.person)

    return await _change(room, who, command, move, "PlaceMover", body.seen, act)


@router.post("/moves/{move}/steps", summary="手続きを済ませる", response_model=Saved)
async def tick(move: UUID, body: StepIn, room: Reg, who: Who, command: Cmd) -> Response:
    """A paper was sent or received; ``on`` null: it was not. Each school says so of its own steps only."""

    def of(found: Move) -> str:
        side = side_of(found.kind, body.step)
        # What is no step of this move is told to whoever may change the move at all.
        return "MakeMove" if side is None else TICKS[side]

    async def act(work: Work, asker: Asker, found: Move) -> None:
        if side_of(found.kind, body.step) is None:
            raise Refused([rules.Wrong("step", "この転出入に、その手続きはありません。")])
        if body.on is not None:
            wrong = rules.wrong_year("on", "済んだ日", body.on, room.clock.today())
            if wrong is not None:
                raise Refused([wrong])
        await store.tick(work, move, body.step, body.on, asker.person)

    return await _change(room, who, command, move, of, None, act)


@router.post("/moves/{move}/undo", summary="転出入を取り消す", response_model=Saved)
async def undo(move: UUID, body: SeenIn, room: Reg, who: Who, command: Cmd) -> Response:
    """Everything as it was before the move, while nothing depends on it."""

    async def act(work: Work, asker: Asker, found: Move) -> None:
        if found.undone_at is None:
            await making.undo(work, found, asker.person)

    return await _change(room, who, command, move, "MakeMove", body.seen, act, undone_too=True)


async def _change(
    room: Registry,
    who: Principal,
    command: Command,
    move: UUID,
    action_of: str | Callable[[Move], str],
    seen: int | None,
    act: Callable[[Work, Asker, Move], Awaitable[None]],
    *,
    undone_too: bool = False,
) -> Response:
    async def run(work: Work) -> Saved:
        asker = await asker_of(room, work.session, who)

        def action(of: Move) -> str:
            return action_of if isinstance(action_of, str) else action_of(of)

        async def decided() -> Move:
            found = await see(work.session, asker, move)
            if not asker.may(action(found), asker.resource_of(found)):
                raise denied(_WHY_NOT[action(found)])
            return found

        await decided()
        await strong_enough(room, work.session, who)
        await roster.lock_roster(work, patient=False)
        found = await decided()
        await widen(work.session, asker)
        if found.undone_at is not None and not undone_too:
            raise Problem(409, "undone", "取り消された転出入です", "もう直せません。新しく届けてください。")
        if seen is not None and seen != found.revision:
            raise Problem(
                409, "moved", "ほかの人が先に変えました", "画面を読み直してから、もう一度保存してください。"
            )
        with refusals():
            await act(work, asker, found)
        offices.tell(work, who.board, *found.schools)
        await log_change(work.session, who, Seen(action(found), "move", move, "II", [found.pupil]), work.at)
        return await saved(work, asker, [move])

    return await run_command("registry", room.units, Scope(who.board), command, run)


class refusals:  # noqa: N801
    """Rules' refusals as problems; ``prefix`` says which of several it is."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refused):
            errors = [
                FieldError(field=self._prefix + each.field, message=each.message) for each in error.wrong
            ]
            words = errors[0].message
            raise Problem(422, "move-refused", "保存していません", words, errors=errors) from None
        if isinstance(error, Depended):
            raise Problem(409, "depended", "変えられません", str(error)) from None


async def saved(work: Work, asker: Asker, ids: list[UUID]) -> Saved:
    found = [await see(work.session, asker, each) for each in ids]
    return Saved(moves=await looking.shown(work.session, asker.room, asker.holder, asker.offices, found))


async def _asked(session: AsyncSession, asker: Asker, body: MovesIn, at: int) -> Callable[[UUID], Asked]:
    """What is asked for one of the movers. Raises 404 when the asker may not see them."""
    mover = body.movers[at]
    today = asker.room.clock.today()
    there = await around.places(session, asker.board, [mover.pupil], body.left_on, today)
    if not there:
        here_now = await shown_pupils(session, asker, [mover.pupil], today)
        if not here_now:
            raise not_found()
        with refusals():
            raise Refused([rules.Wrong("left_on", "その日には在籍していません。日を確かめてください。")])
    here = there[0]
    asked = looking.resource(
        asker.board, asker.offices, [here.school], [], here.protected, here.confidential_from
    )
    if not asker.may("ReadMove", asked):
        raise not_found()
    if not asker.may("MakeMove", asked):
        raise denied("転出を届けられるのは、その学校の事務と、名簿を受け持つ課です。")
    wrong = []
    if body.kind == "within":
        if mover.to_school is None:
            wrong.append(rules.Wrong("to_school", "受け入れる学校を選んでください。"))
        if body.accepted_on is None:
            wrong.append(rules.Wrong("accepted_on", "受け入れる日を入れてください。"))
        if body.elsewhere is not None:
            wrong.append(rules.Wrong("elsewhere", "市内の転学では、市外の学校は入れません。"))
    elif body.elsewhere is None:
        wrong.append(rules.Wrong("elsewhere", "転出先の学校の名前を入れてください。"))
    if body.kind == "leaving" and (mover.to_school is not None or mover.place is not None):
        wrong.append(rules.Wrong("to_school", "市外への転出では、市内の学校は選べません。"))
    with refusals():
        if wrong:
            raise Refused(wrong)
    return lambda together: Asked(
        kind=body.kind,
        pupil=mover.pupil,
        from_school=here.school,
        to_school=mover.to_school,
        dates=Dates(body.left_on, body.accepted_on),
        place=_place(mover.place),
        elsewhere=body.elsewhere.model_dump() if body.elsewhere else None,
        reason=body.reason,
        together=together,
    )


def _place(given: PlaceIn | None) -> Place | None:
    return None if given is None else Place(given.class_id, given.number)
