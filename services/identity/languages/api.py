"""One's own language, asked and chosen. About oneself: no policy is asked."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict

from services.identity.languages import store
from services.identity.languages.rules import Code
from services.identity.room import Identity, identity
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.web import command_of, current, not_found, run_command

router = APIRouter(prefix="/v1/me", tags=["わたしのことば"])

Room = Annotated[Identity, Depends(identity)]
Who = Annotated[Principal, Depends(current)]
Sent = Annotated[Command, Depends(command_of)]


class LanguageIn(BaseModel):
    """A choice, whole."""

    model_config = ConfigDict(extra="forbid")

    language: Code
    furigana: bool


class LanguageOut(BaseModel):
    """What stands; ``language`` is null while nothing was chosen."""

    language: str | None
    furigana: bool


@router.get("/language", summary="わたしのことば")
async def read_language(room: Room, who: Who) -> LanguageOut:
    """What this guardian has chosen, on whatever device."""
    person = _guardian(who)
    async with room.units.read(Scope(who.board)) as session:
        found = await store.chosen(session, who.board, person)
    await room.log.read(who, Seen("ReadLanguage", "account", person, "IV"))
    if found is None:
        return LanguageOut(language=None, furigana=False)
    return LanguageOut(language=found.language, furigana=found.furigana)


@router.post("/language", summary="わたしのことばを選ぶ", response_model=LanguageOut)
async def choose_language(body: LanguageIn, room: Room, who: Who, command: Sent) -> Response:
    """From now on, on every device."""
    person = _guardian(who)

    async def save(work: Work) -> LanguageOut:
        await store.choose(work, person, store.Choice(body.language, body.furigana), room.real.now())
        await log_change(work.session, who, Seen("ChooseLanguage", "account", person, "IV"), work.at)
        return LanguageOut(language=body.language, furigana=body.furigana)

    return await run_command("identity", room.units, Scope(who.board), command, save)


def _guardian(who: Principal) -> UUID:
    """Nobody else has pages in other languages."""
    if who.kind != "guardian" or who.person is None:
        raise not_found()
    return who.person
