"""The list of what was erased, kept beside the backups, and erasing it again after one was restored.

A backup that is restored brings everybody back who was erased since it was made. The list says by ids that lead nowhere
whom to erase again; it has no name, and nothing that a name could be found by.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.erasure import acting, store
from services.registry.erasure.rules import Ground
from services.registry.matching import store as matching
from services.registry.matching.acting import unmerge
from services.registry.oneroster.importing import ACTOR
from services.registry.roster import store as roster
from services.registry.roster.acting import log_act, once_more
from services.registry.roster.external_ids import boards
from shared.access.log import Seen
from shared.database import Scope, Units


class NotErased(Exception):
    """Nothing was erased; the message says why and what to do, in Japanese."""


class AtWork(NotErased):
    """An import or an export is under way, and has to be ended before."""


class _Listed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(_Listed):
    """One erasure."""

    board: UUID
    number: int
    person: UUID
    cards: list[UUID] = Field(min_length=1)
    """The person with every card that had turned out to be theirs."""
    ground: Ground
    document: str | None
    at: AwareDatetime
    by: UUID


class List(_Listed):
    """The file."""

    format: Literal["tsumugi.erasures"] = "tsumugi.erasures"
    version: Literal[1] = 1
    erasures: list[Line]


@dataclass(frozen=True, slots=True)
class Again:
    """What was done, or would be."""

    erased: int
    """People who were here again."""
    known: int
    """Those of the list whose erasure this database knows."""
    parted: int = 0
    """Cards of others that the backup holds as one with somebody of the list, and that stand alone again."""
    renumbered: tuple[tuple[int, int], ...] = ()
    """Numbers of the list that are another erasure's here → the ones that stand for them."""


async def listed(units: Units, since: datetime | None) -> List:
    """What was erased after an instant, of all boards, in its order; None: everything."""
    found: list[Line] = []
    for board in await boards(units):
        async with units.read(Scope(board)) as session:
            for each in await store.erased_since(session, board, since):
                found.append(
                    Line(
                        board=board,
                        number=each.number,
                        person=each.person_id,
                        cards=list(each.cards),
                        ground=each.ground,
                        document=each.document,
                        at=each.erased_at,
                        by=each.erased_by,
                    )
                )
    return List(erasures=found)


def read(path: Path) -> List:
    """The list in a file. Raises :class:`NotErased` for what is none."""
    try:
        return List.model_validate_json(path.read_bytes())
    except OSError as error:
        raise NotErased(f"{path} を読めません（{type(error).__name__}）。") from None
    except ValidationError as error:
        where = "・".join(str(each) for each in error.errors()[0]["loc"]) or "はじめ"
        words = f"{path} は消去の記録の一覧ではないか、途中で切れています（{where}）。"
        raise NotErased(f"{words}`tsumugi erasure list` で書いたファイルを指定してください。") from None


async def erase_again(units: Units, wanted: List, *, dry_run: bool = False) -> Again:
    """Erase everybody of a list whose erasure this database does not know, under the list's number where it is free.

    Again changes nothing more.

    Whether they may be erased was decided then, and which cards were theirs: a card that is theirs in the backup alone
    is somebody else's (the merging was taken back since), and is parted from them before. Raises :class:`AtWork`
    while an import is, and :class:`NotErased` for a list of another deployment; nothing is erased then.
    """
    here = set(await boards(units))
    if strange := {each.board for each in wanted.erasures} - here:
        words = "ほかの紬の一覧です（教育委員会が、この控えにありません）。"
        raise NotErased(f"{words} {'、'.join(map(str, sorted(strange)))}")
    erased = known = parted = 0
    renumbered: list[tuple[int, int]] = []
    for board in sorted({each.board for each in wanted.erasures}):
        async with units.read(Scope(board)) as session:
            before = {each.person_id: each.number for each in await store.erased_since(session, board, None)}
            busy = await store.imports_at_work(session, board)
            lines = [each for each in wanted.erasures if each.board == board]
            left = [each for each in lines if each.person not in before]
            others = {card for line in left for card in await _others(session, line)}
        if left and busy:
            words = "控えの中で、名簿の取り込みか書き出しが途中です。まだだれも消していません。"
            raise AtWork(f"{words}始めて、それを終わらせるか取り消してから、`tsumugi erasure again` を。")
        known += len(lines) - len(left)
        erased += len(left)
        parted += len(others - {card for line in lines for card in line.cards})
        numbers = numbered(left, {*before.values()}, lines)
        for each in sorted(left, key=lambda line: line.number) if not dry_run else ():
            await once_more(partial(_part, units, each))
            numbers[each.person] = await once_more(partial(_one, units, each, numbers[each.person]))
        now = before | numbers
        renumbered += [(each.number, now[each.person]) for each in lines if now[each.person] != each.number]
    return Again(erased, known, parted, tuple(sorted(renumbered)))


def numbered(left: Sequence[Line], taken: Collection[int], lines: Sequence[Line]) -> dict[UUID, int]:
    """The numbers of those who are to be erased: the list's, which stands on a paper, where no erasure has it here.

    Others come after all that either knows, so that no paper's number becomes another person's.
    """
    used, after = {*taken}, max((*taken, *(each.number for each in lines)), default=0)
    found: dict[UUID, int] = {}
    for each in sorted(left, key=lambda line: line.number):
        number = each.number
        if number in used:
            after += 1
            number = after
        used.add(number)
        found[each.person] = number
    return found


async def _others(session: AsyncSession, line: Line) -> list[UUID]:
    """Cards that point at erased ones and were not erased with them: at the time of the erasure all were known."""
    return sorted({*await store.aliases(session, line.board, line.cards)} - {*line.cards})


async def _part(units: Units, line: Line) -> None:
    """Take back the mergings with cards of others. A unit of its own: it tells of the erased cards, too."""
    async with units.work(Scope(line.board), actor=ACTOR) as work:
        await roster.lock_roster(work)
        others = await _others(work.session, line)
        for card in line.cards if others else ():
            for each in await matching.merged_into(work.session, line.board, card):
                if each.gone in others:
                    await unmerge(work, each, line.by, "")
                    seen = Seen("AnswerSamePerson", "merging", each.id, "I", [each.gone, each.kept])
                    await log_act(work, seen)


async def _one(units: Units, line: Line, number: int) -> int:
    async with units.work(Scope(line.board), actor=ACTOR) as work:
        await roster.lock_roster(work)
        cards = sorted(line.cards)
        counts = await store.holdings(work.session, line.board, cards)
        given = await acting.erase(
            work, line.person, cards, line.ground, line.document, counts, line.by, line.at, number
        )
        await log_act(work, Seen("ErasePerson", "person", line.person, "I", cards))
    return given
