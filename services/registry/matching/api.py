"""名寄せ over HTTP: the questions, both cards side by side, the answer, and taking a merging back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.imports.store import unfinished
from services.registry.matching import acting, looking, store
from services.registry.matching.merging import Plan, plan_merge
from services.registry.matching.shapes import (
    AnsweredOut,
    AnswerIn,
    PairOut,
    QuestionsOut,
    UndoIn,
    UndoneOut,
)
from services.registry.matching.store import Merging, Question, State
from services.registry.people import store as people
from services.registry.people.access import Offices
from services.registry.room import Registry, registry
from services.registry.roster import offices
from services.registry.roster import store as roster
from shared.access.log import Seen, log_change
from shared.access.principal import Holder, Principal
from shared.access.step_up import ActionClass, StepUp
from shared.database import Command, Scope, Work
from shared.web import FieldError, Problem, command_of, current, not_found, run_command

router = APIRouter(prefix="/v1/same-people", tags=["名寄せ"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Given = Annotated[Command, Depends(command_of)]

MOST = 200
"""Lines of one list; whoever has answered them gets the next."""
_STATES: dict[str, tuple[State, ...]] = {
    "open": ("open", "waiting"),
    "different": ("different",),
}


@dataclass(frozen=True)
class Asker:
    """Who asks, with the duties of today."""

    room: Registry
    holder: Holder
    step_up: StepUp
    offices: Offices
    today: date

    @property
    def board(self) -> UUID:
        return self.holder.principal.board

    def may(self, action: str, question: Question) -> bool:
        return looking.allows(self.room, self.holder, self.offices, action, question)

    def strong_enough(self, action: ActionClass = "ordinary") -> None:
        self.room.strong_enough(self.holder.principal, self.step_up, action)

    async def see(self, session: AsyncSession, id_: UUID) -> Question:
        """The question if the asker may see it; otherwise there is none."""
        found = await store.question(session, self.board, id_, self.today)
        if found is None or not self.may("ReadSamePerson", found):
            raise not_found()
        return found


async def asker_of(room: Registry, session: AsyncSession, who: Principal) -> Asker:
    """Who asks."""
    today = room.clock.today()
    holder, step_up, offices = await people.asking(session, who, today)
    return Asker(room, holder, step_up, offices, today)


@router.get("", summary="名寄せの確認の一覧")
async def read_questions(
    room: Reg,
    who: Who,
    state: Literal["open", "different"] = "open",
    rows: Annotated[int, Query(ge=1, le=MOST)] = MOST,
) -> QuestionsOut:
    """Pairs of cards that may be of one child; ``different``: those of whom somebody has said that they are not."""
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        asker.strong_enough()
        mine = looking.asking(asker.holder, asker.offices)
        found = await store.questions(session, who.board, mine, _STATES[state], asker.today, rows)
        shown = [each for each in found[:rows] if asker.may("ReadSamePerson", each)]
        ids = sorted({id_ for each in shown for id_ in (each.one, each.other)})
        seen = await looking.seen(session, who.board, ids, asker.today)
    await room.log.read(who, Seen("ReadSamePerson", "same_person", None, "I", ids))
    return QuestionsOut(
        questions=[looking.question_out(each, seen) for each in shown],
        more=len(found) > rows,
        may_ask=looking.may_ask(room, asker.holder, asker.offices),
        live=offices.live(who.board, (), whole_board=mine.keeps),
    )


@router.get("/{question}", summary="二つのカードをくらべる")
async def read_pair(question: UUID, room: Reg, who: Who, purpose: Literal["rights"] | None = None) -> PairOut:
    """Both cards side by side, and what would follow if they were of one child.

    ``purpose=rights`` asks for the proof of identity that the answer will need: before anything is chosen.
    """
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        found = await asker.see(session, question)
        asker.strong_enough(purpose or "ordinary")
        seen = await looking.seen(session, who.board, [found.one, found.other], asker.today)
        one, other = seen.halves[found.one], seen.halves[found.other]
        plan = plan_merge(one, other, seen.names, asker.today)
        merged = one.card.merged_into is not None or other.card.merged_into is not None
        standing = await _standing(session, who.board, found, plan) if found.state == "same" else None
        shown = await looking.merging_out(session, who.board, standing) if standing else None
        moves = (
            await looking.moves(session, who.board, seen, asker.today) if plan.wrong and not standing else []
        )
    await room.log.read(who, Seen("ReadSamePerson", "same_person", question, "I", [found.one, found.other]))
    return PairOut(
        **looking.question_out(found, seen).model_dump(),
        revision=found.revision,
        lines=seen.lines(one, other),
        keeps=None if plan.wrong else plan.kept.id,
        words=[] if merged or plan.wrong else plan.words,
        wrong=[] if standing else plan.wrong,
        moves=moves,
        merging=shown,
        live=offices.live(who.board, (), whole_board=True),
    )


async def _standing(session: AsyncSession, board: UUID, question: Question, plan: Plan) -> Merging | None:
    for kept in (plan.kept.id, plan.gone.id):
        for each in await store.merged_into(session, board, kept):
            if each.question == question.id:
                return each
    return None


@router.post("/{question}/answer", summary="名寄せに答える", response_model=AnsweredOut)
async def answer(question: UUID, body: AnswerIn, room: Reg, who: Who, command: Given) -> Response:
    """同じ子 merges the cards; 別の子 is remembered and never asked again; 保留 puts the question off."""

    async def act(work: Work) -> AnsweredOut:
        await roster.lock_roster(work)
        asker = await asker_of(room, work.session, who)
        found = await asker.see(work.session, question)
        if not asker.may("AnswerSamePerson", found):
            raise not_found()
        asker.strong_enough("rights" if body.answer == "same" else "ordinary")
        if body.answer == found.state != "same" and body.note == found.note:
            return AnsweredOut(question=question, state=found.state, merging=None, words=[])
        if found.state == "same" or found.revision != body.seen:
            raise Problem(
                409,
                "moved",
                "ほかの人が先に答えました",
                "何も変えていません。画面を読み直して、いまの答えを確かめてください。",
            )
        assert who.person is not None  # the policy asks for staff, and staff are people
        done, words = None, list[str]()
        if body.answer == "same":
            await _no_import(work.session, who.board)
            plan = await _plan(work.session, asker, found)
            merging = await acting.merge(work, plan, found, who.person, body.note)
            done, words = await looking.merging_out(work.session, who.board, merging), plan.words
        else:
            await store.answer(work, question, body.answer, who.person, body.note)
        offices.tell(work, who.board)
        noted = Seen("AnswerSamePerson", "same_person", question, "I", [found.one, found.other])
        await log_change(work.session, who, noted, work.at)
        return AnsweredOut(question=question, state=body.answer, merging=done, words=words)

    return await run_command("registry", room.units, Scope(who.board), command, act)


async def _no_import(session: AsyncSession, board: UUID) -> None:
    """A run keeps what it will write to which card: while one is under way, cards stay as they are."""
    if await unfinished(session, board) is not None:
        raise Problem(
            409,
            "import-unfinished",
            "名簿の取り込みが途中です",
            "取り込みが終わるか、元に戻るのを待ってから、もう一度押してください。",
        )


async def _plan(session: AsyncSession, asker: Asker, question: Question) -> Plan:
    seen = await looking.seen(session, asker.board, [question.one, question.other], asker.today)
    plan = plan_merge(seen.halves[question.one], seen.halves[question.other], seen.names, asker.today)
    if plan.wrong:
        raise Problem(
            422,
            "cannot-merge",
            "まとめていません",
            plan.wrong[0],
            errors=[FieldError(field="answer", message=each) for each in plan.wrong],
        )
    return plan


@router.post("/mergings/{merging}/undo", summary="まとめたカードを元に戻す", response_model=UndoneOut)
async def undo(merging: UUID, body: UndoIn, room: Reg, who: Who, command: Given) -> Response:
    """Two cards again, each as it was; what was written since stays with the card it was written to."""

    async def act(work: Work) -> UndoneOut:
        await roster.lock_roster(work)
        asker = await asker_of(room, work.session, who)
        found = await store.merging(work.session, who.board, merging)
        if found is None:
            raise not_found()
        question = await asker.see(work.session, found.question)
        if not asker.may("AnswerSamePerson", question):
            raise not_found()
        asker.strong_enough("rights")
        assert who.person is not None  # the policy asks for staff, and staff are people
        words: list[str] = []
        if found.undone_at is None:
            await _no_import(work.session, who.board)
            await acting.unmerge(work, found, who.person, body.note)
            words = await _since(work.session, who.board, found)
        offices.tell(work, who.board)
        seen = await looking.merging_out(work.session, who.board, found)
        noted = Seen("AnswerSamePerson", "merging", merging, "I", [found.gone, found.kept])
        await log_change(work.session, who, noted, work.at)
        return UndoneOut(question=found.question, gone=seen.gone, kept=seen.kept, words=words)

    return await run_command("registry", room.units, Scope(who.board), command, act)


async def _since(session: AsyncSession, board: UUID, merging: Merging) -> list[str]:
    """What was written between the merging and its end, and where it stays."""
    written = await store.written_since(session, board, merging)
    words = ["二つのカードに戻しました。まとめる前にあったものは、前のとおりです。"]
    if written:
        words.append(
            f"まとめたあとに書かれた{written}件は、残したカードのものです。"
            "ちがっていたら、カードで直してください。"
        )
    return words
