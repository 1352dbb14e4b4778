"""名寄せ by hand: somebody who keeps the roster asks whether two cards are of one child."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.matching import acting, looking, store
from services.registry.matching.rules import in_order, reasons
from services.registry.matching.shapes import AskedOut, AskIn
from services.registry.people.api import Opened, Reg, Who, opened
from services.registry.people.rules import names_in_use, where_pupil
from services.registry.roster import store as roster
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.web import FieldError, Problem, command_of, denied, run_command

router = APIRouter(prefix="/v1/same-people", tags=["名寄せ"])

_ALREADY = {
    "open": "この二つのカードは、もう名寄せの一覧にあります。その問いを開いて答えてください。",
    "waiting": "この二つのカードは、もう名寄せの一覧にあり、「まだ分かりません」となっています。"
    "分かったら、その問いを開いて答えを変えてください。",
    "different": "この二つのカードは、前に「べつの子です」と答えてあります。"
    "まちがいなら、その問いを開いて答えを変えてください。",
}


@router.post("", summary="二つのカードが同じ子かをたずねる", response_model=AskedOut)
async def ask(body: AskIn, room: Reg, who: Who, command: Annotated[Command, Depends(command_of)]) -> Response:
    """A question like those of imports: nothing is merged before somebody answers it."""

    async def act(work: Work) -> AskedOut:
        await roster.lock_roster(work)  # a merging or another asker does not come between
        one = await opened(room, work.session, who, body.one)
        other = await opened(room, work.session, who, body.other)
        asker = one.asker
        sides = [where_pupil(each.record, asker.today) for each in (one, other)]
        if not looking.may_ask(room, asker.holder, asker.offices, sides):
            raise denied("二つのカードが同じ子かをたずねられるのは、名簿を受け持つ課の職員です。")
        room.strong_enough(who, one.step_up)
        pair = in_order(one.record.id, other.record.id)
        _refuse(one, other, aliased=body.one != body.other)
        await _not_twice(work.session, who, pair)
        known = await store.children(work.session, who.board, pair)
        why = reasons(known[pair[0]], known[pair[1]])
        await acting.ask_about(work, [(*pair, ("hand", *why))], body.note.strip())
        question = await store.between(work.session, who.board, *pair)
        assert question is not None
        noted = Seen("AskSamePerson", "same_person", question[0], "I", list(pair))
        await log_change(work.session, who, noted, work.at)
        return AskedOut(question=question[0])

    return await run_command("registry", room.units, Scope(who.board), command, act)


def _refuse(one: Opened, other: Opened, *, aliased: bool) -> None:
    """Two cards, each of a child and of nobody else."""
    told = []
    if one.record.id == other.record.id:
        told.append(
            FieldError(
                field="other",
                message="この二つのカードは、もうまとめてあります。"
                if aliased
                else "同じカードが二つえらばれています。もう一つのカードをえらんでください。",
            )
        )
    for field, each in (("one", one), ("other", other)):
        if each.record.hats() != {"pupil"}:
            name = " ".join(names_in_use(each.record.now.card))
            told.append(
                FieldError(
                    field=field,
                    message=f"{name}さんのカードは、保護者か職員のものです。子どものカードをえらんでください。",
                )
            )
    if told:
        raise Problem(422, "cannot-ask", "たずねていません", told[0].message, errors=told)


async def _not_twice(session: AsyncSession, who: Principal, pair: tuple[UUID, UUID]) -> None:
    """A pair is asked about once; the way to its question goes with the refusal (``cell``)."""
    found = await store.between(session, who.board, *pair)
    if found is None:
        return
    question, state = found
    words = _ALREADY[state]
    raise Problem(
        409,
        "already-asked",
        "もうたずねてあります",
        words,
        errors=[FieldError(field="other", cell=str(question), message=words)],
    )
