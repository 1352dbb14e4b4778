"""Which column of a board's 学齢簿 says what, over HTTP. The file itself goes the way of every import."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.gakureibo import store
from services.registry.gakureibo.mapping import ITEMS, NEEDED, Mapping, lacks, suggested
from services.registry.gakureibo.reasons import BY_SCHOOL, DOES
from services.registry.gakureibo.schools import Schools
from services.registry.gakureibo.shapes import (
    ColumnOut,
    ItemOut,
    LookIn,
    LookOut,
    MappingOut,
    MappingsOut,
    ReasonWord,
    RemovedOut,
    RemoveIn,
    SaveIn,
    SchoolOut,
    SchoolWord,
)
from services.registry.gakureibo.sheet import Sheet, read_sheet
from services.registry.imports.asking import Asker, asker, name_of
from services.registry.oneroster.cells import folded
from services.registry.oneroster.problems import Problems
from services.registry.room import Registry, registry
from services.registry.roster.rows import OrganisationRow
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.dates import school_year
from shared.web import FieldError, Problem, command_of, current, not_found, run_command

router = APIRouter(prefix="/v1/boards/{board}/gakureibo", tags=["学齢簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Cmd = Annotated[Command, Depends(command_of)]

MOST_WORDS = 500
"""Of a column; a city has fewer schools, and a column with more is no column of schools."""


@router.get("/mappings", summary="学齢簿の列の対応づけ")
async def list_mappings(board: UUID, room: Reg, who: Who) -> MappingsOut:
    """Mappings that the board has saved, and what there is to choose from when one is made."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        await _may(room, session, who, board)
        saved = await store.mappings(session, who.board)
        _, schools = await store.places(session, who.board, today)
    await room.log.read(who, Seen("ReadMappings", "board", who.board, "IV"))
    year = school_year(today)
    return MappingsOut(
        items=[ItemOut(item=item, word=each.word, needed=item in NEEDED) for item, each in ITEMS.items()],
        schools=[SchoolOut(id=each.id, name=each.short_name) for each in schools.values()],
        mappings=[
            MappingOut(
                id=each.id,
                name=each.name,
                revision=each.revision,
                content=each.content,
                saved_at=each.saved_at,
                saved_by=each.saved_by,
            )
            for each in saved
        ],
        years=[year, year + 1],
    )


@router.post("/mappings", summary="列の対応づけを覚える", response_model=MappingOut)
async def save_mapping(board: UUID, body: SaveIn, room: Reg, who: Who, command: Cmd) -> Response:
    """Save a mapping under a name: a new one, or a new revision of what was seen."""

    async def save(work: Work) -> MappingOut:
        asking = await _may(room, work.session, who, board)
        wrong = [FieldError(field=each.item, message=each.words) for each in lacks(body.content)]
        _, schools = await store.places(work.session, who.board, room.clock.today())
        for word, school in body.content.schools.items():
            if school is not None and school not in schools:
                wrong.append(FieldError(field="schools", message=f"「{word}」の学校を選び直してください。"))
        if wrong:
            raise Problem(
                422,
                "mapping-lacks",
                "対応づけを覚えられません",
                "示したところを直してください。",
                errors=wrong,
            )
        by = await name_of(work.session, who.board, asking.person)
        kept = await store.save(work, body.name, body.seen, body.content, by)
        if kept is None:
            raise _another("覚えていません。画面を読み直して確かめるか、ほかの名前にしてください。")
        id_, revision = kept
        await log_change(work.session, who, Seen("SaveMapping", "gakureibo-mapping", id_, "IV"), work.at)
        return MappingOut(
            id=id_,
            name=body.name,
            revision=revision,
            content=body.content,
            saved_at=work.at,
            saved_by=by,
        )

    return await run_command("registry", room.units, Scope(who.board), command, save)


@router.post("/mappings/{mapping}/remove", summary="列の対応づけを消す", response_model=RemovedOut)
async def remove_mapping(
    board: UUID, mapping: UUID, body: RemoveIn, room: Reg, who: Who, command: Cmd
) -> Response:
    """Nobody chooses it any more. What was brought with it stays, and goes on being applied."""

    async def remove(work: Work) -> RemovedOut:
        asking = await _may(room, work.session, who, board)
        found = await store.mapping_of(work.session, who.board, mapping)
        if found is None:
            raise not_found()
        if found.removed:  # by a colleague, at the same moment: it is as it was wanted
            return RemovedOut(id=mapping)
        if await store.last_revision(work.session, who.board, found.name) != body.seen:
            raise _another("消していません。画面を読み直して確かめてください。")
        await store.remove(work, found.name, await name_of(work.session, who.board, asking.person))
        await log_change(
            work.session, who, Seen("RemoveMapping", "gakureibo-mapping", mapping, "IV"), work.at
        )
        return RemovedOut(id=mapping)

    return await run_command("registry", room.units, Scope(who.board), command, remove)


def _another(detail: str) -> Problem:
    return Problem(409, "another-mapping", "この名前の対応づけが、ほかの人に変えられました", detail)


@router.post("/columns", summary="学齢簿のファイルの列を見る")
async def look(board: UUID, body: LookIn, room: Reg, who: Who) -> LookOut:
    """What the columns of a file are, by its beginning: nothing of it is kept."""
    async with room.units.read(Scope(who.board)) as session:
        await _may(room, session, who, board)
        _, schools = await store.places(session, who.board, room.clock.today())
    problems = Problems()
    sheet = read_sheet(body.file, body.head, problems)
    await room.log.read(who, Seen("ReadColumns", "board", who.board, "II"))
    if not sheet.headings:
        told = problems.listed()
        words = f"{told[0].rule}。{told[0].remedy}。" if told else "見出しの行がありません。"
        raise Problem(422, "not-a-register", "学齢簿として読めません", words)
    items = suggested(sheet.headings)
    of = {heading: item for item, heading in items.items()}
    return LookOut(
        columns=[
            ColumnOut(heading=heading, examples=sheet.examples(place), item=of.get(heading))
            for place, heading in enumerate(sheet.headings)
            if heading
        ],
        schools=_schools(_words(sheet, body.school or items.get("school")), list(schools.values())),
        reasons=[
            ReasonWord(word=word, does=DOES.get(folded(word)))
            for word in _words(sheet, body.reason or items.get("reason"))
            if folded(word) not in BY_SCHOOL
        ],
    )


async def _may(room: Registry, session: AsyncSession, who: Principal, board: UUID) -> Asker:
    """Raise unless somebody may import the board's whole roster; another board's is not there."""
    asking = await asker(room, session, who)
    if board != who.board:
        raise not_found()
    asking.need(None)
    return asking


def _words(sheet: Sheet, heading: str | None) -> list[str]:
    return sheet.values(sheet.headings.index(heading), MOST_WORDS) if heading in sheet.headings else []


def _schools(words: list[str], schools: list[OrganisationRow]) -> list[SchoolWord]:
    finder = Schools(schools, Mapping(columns={}))
    found = [(word, finder.find(word)) for word in words]
    return [
        SchoolWord(word=word, school=each.id if isinstance(each, OrganisationRow) else None)
        for word, each in found
    ]
