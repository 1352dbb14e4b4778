"""Erasing a person over HTTP: what would go and whether it may, the act, and the list of what was erased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.erasure import acting, rules, store
from services.registry.erasure.rules import Ground, Holdings
from services.registry.people import store as people
from services.registry.people.access import keeps_roster
from services.registry.people.api import Opened, Reg, Who, opened
from services.registry.people.changes import Wrong
from services.registry.people.rules import names_in_use
from services.registry.room import Registry
from services.registry.roster import store as roster
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.web import FieldError, Problem, command_of, denied, run_command

router = APIRouter(prefix="/v1", tags=["記録の消去"])

MOST = 500
"""Rows of the list."""


class ErasureIn(BaseModel):
    """Why somebody is to be erased; ``name`` is their name as it is shown, typed once more."""

    model_config = ConfigDict(extra="forbid")

    ground: Ground
    document: str = Field("", max_length=100, description="決定の文書番号。")
    name: str = Field(max_length=200)


class WouldErase(BaseModel):
    """What would be taken away."""

    words: list[str]


class Erased(BaseModel):
    """That it was done."""

    number: int
    words: list[str]


class ErasureOut(BaseModel):
    """A line of the list: of the person there is only an id that leads nowhere."""

    number: int
    person: UUID
    ground: str
    document: str | None
    words: list[str]
    at: AwareDatetime
    by: str


class ErasuresOut(BaseModel):
    """What was erased, the last first."""

    erasures: list[ErasureOut]


@dataclass(frozen=True)
class _Decided:
    found: Opened
    people: list[UUID]
    holdings: Holdings


@router.post("/people/{person}/erasure/preview", summary="記録を消すと何がなくなるか")
async def preview_erasure(person: UUID, asked: ErasureIn, room: Reg, who: Who) -> WouldErase:
    """The same decision as the command's, without writing anything."""
    async with room.units.read(Scope(who.board)) as session:
        decided = await _decide(room, session, who, person, asked)
    await room.log.read(who, Seen("PreviewErasure", "person", person, "I", [person]))
    return WouldErase(words=decided.holdings.words())


@router.post("/people/{person}/erasure", summary="記録を消す", response_model=Erased)
async def erase_person(
    person: UUID, asked: ErasureIn, room: Reg, who: Who, command: Annotated[Command, Depends(command_of)]
) -> Response:
    """Everything that registry keeps about the person goes, and whoever reads its events is told to forget them."""

    async def erase(work: Work) -> Erased:
        await roster.lock_roster(work)
        decided = await _decide(room, work.session, who, person, asked)
        assert who.person is not None  # the policy lets only people
        document = asked.document.strip() or None
        number = await acting.erase(
            work,
            decided.found.record.id,
            decided.people,
            asked.ground,
            document,
            decided.holdings,
            who.person,
            work.at,
        )
        seen = Seen("ErasePerson", "person", person, "I", decided.people)
        await log_change(work.session, who, seen, work.at)
        return Erased(number=number, words=decided.holdings.words())

    return await run_command("registry", room.units, Scope(who.board), command, erase)


@router.get("/erasures", summary="消去の記録")
async def read_erasures(room: Reg, who: Who, rows: Annotated[int, Query(ge=1, le=MOST)] = 100) -> ErasuresOut:
    """When, why and by whom, for who keeps the roster; who it was, nobody can say any more."""
    async with room.units.read(Scope(who.board)) as session:
        holder, step_up, offices = await people.asking(session, who, room.clock.today())
        room.strong_enough(who, step_up)
        keeper = keeps_roster(holder, offices)
        found = await store.erasures(session, who.board, rows) if keeper else []
    await room.log.read(who, Seen("ReadErasures", "erasure", None, "III", [each.person for each in found]))
    return ErasuresOut(
        erasures=[
            ErasureOut(
                number=each.number,
                person=each.person,
                ground=rules.GROUND_WORDS[each.ground],
                document=each.document,
                words=each.counts.words(),
                at=each.at,
                by=each.by,
            )
            for each in found
        ]
    )


async def _decide(
    room: Registry, session: AsyncSession, who: Principal, person: UUID, asked: ErasureIn
) -> _Decided:
    """404 → 403 → 401, then 422 with everything that stands against it."""
    found = await opened(room, session, who, person)
    if not any("ErasePerson" in allowed for allowed in found.rights.values()):
        raise denied("記録を消せるのは、名簿を受け持つ課です。")
    room.strong_enough(who, found.step_up, "erasure")
    aliases = await store.aliases(session, who.board, [found.record.id])
    holdings = await store.holdings(session, who.board, aliases)
    wrong = rules.refusals(found.record, holdings, asked.ground, asked.document, room.clock.today())
    if await store.imports_at_work(session, who.board):
        wrong.append(Wrong("ground", "名簿の取り込みか書き出しの途中です。終わってから消してください。"))
    if "".join(asked.name.split()) != "".join("".join(names_in_use(found.record.now.card)).split()):
        typed = f"「{asked.name}」は、この人の氏名と違います。" if asked.name.strip() else ""
        wrong.append(Wrong("name", f"{typed}確かめのため、カードの氏名を入れてください。"))
    if wrong:
        raise Problem(
            422,
            "not-erased",
            "消せません",
            "".join(each.message for each in wrong[:3]),
            errors=[FieldError(**each._asdict()) for each in wrong],
        )
    return _Decided(found, aliases, holdings)
