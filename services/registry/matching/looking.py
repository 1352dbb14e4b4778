"""Two cards side by side, as somebody who must tell whether they are of one child reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import Named, names
from services.registry.matching import store
from services.registry.matching.merging import Half, day_in_full
from services.registry.matching.rules import WORDS
from services.registry.matching.shapes import CardOut, LineOut, MergingOut, MoveOut, QuestionOut
from services.registry.matching.store import Merging, Question
from services.registry.moves import store as announced
from services.registry.people import store as people
from services.registry.people.access import Offices, keeps_roster
from services.registry.people.history import SEXES, Names, relation_word, rights_words, span, what_words
from services.registry.people.rules import Where, names_in_use
from services.registry.room import Registry
from services.registry.roster.kana import reading
from services.registry.roster.rows import Standing
from shared.access.principal import Holder, entity, ref, refs
from shared.dates import in_words


def resource(
    board: UUID, offices: Offices, protected: bool, kept_from: Collection[UUID]
) -> dict[str, object]:
    """A question as the policy knows it."""
    return entity(
        "SamePerson",
        "pair",
        board=ref("Board", board),
        offices=refs("Unit", offices.departments),
        named=refs("Person", offices.named),
        isProtected=protected,
        confidentialFrom=refs("Person", kept_from),
    )


def asking(holder: Holder, offices: Offices) -> store.Asking:
    """Whose list it is: the SQL side of the policy."""
    person = holder.principal.person
    return store.Asking(keeps_roster(holder, offices), person in offices.named, person)


def allows(room: Registry, holder: Holder, offices: Offices, action: str, question: Question) -> bool:
    """What the policy allows, within the reach of the list: two walls, each of which holds alone."""
    mine = asking(holder, offices)
    if not mine.keeps or (question.protected and not mine.named) or mine.person in question.confidential_from:
        return False
    asked = resource(holder.principal.board, offices, question.protected, question.confidential_from)
    return room.policies.allows(holder, action, asked)


def may_ask(room: Registry, holder: Holder, offices: Offices, sides: Sequence[Where] = ()) -> bool:
    """Whether somebody may ask about these cards (none: about any) by hand: who asks must see the question after it."""
    protected = any(each.protected for each in sides)
    kept_from = {person for each in sides for person in each.confidential_from}
    mine = asking(holder, offices)
    if not mine.keeps or (protected and not mine.named) or mine.person in kept_from:
        return False
    asked = resource(holder.principal.board, offices, protected, kept_from)
    return room.policies.allows(holder, "AskSamePerson", asked)


@dataclass(frozen=True)
class Seen:
    """Cards with the words that name what they speak of."""

    halves: dict[UUID, Half]
    names: Names
    today: date

    def card(self, id_: UUID) -> CardOut:
        """A card as a list names it."""
        half = self.halves[id_]
        return CardOut(person=person_out(half), where=self.where(half))

    def where(self, half: Half) -> str:
        """School and class of today; of one who has left or is to come, the last school."""
        for each in half.memberships:
            if each.held.what.kind == "home" and each.held.valid.holds(self.today):
                at = each.held.what
                return f"{self.names.place(at.school_id)} {self.names.place(at.class_id)}"
        last = max(half.enrolments, key=lambda each: each.held.valid.since, default=None)
        if last is None:
            return "在籍なし"
        school = self.names.place(last.held.what.school_id)
        until = last.held.valid.until
        return f"{school}（在籍は終わり）" if until is not None and until <= self.today else school

    def lines(self, one: Half, other: Half) -> list[LineOut]:
        """Everything both cards say, thing by thing; what differs is marked."""
        sides = (self._said(one), self._said(other))
        return [
            LineOut(name=name, one=said, other=sides[1][name], differs=_differ(name, said, sides[1][name]))
            for name, said in sides[0].items()
        ]

    def _said(self, half: Half) -> dict[str, list[str]]:
        card = half.card
        common = (card.common_family, card.common_given)
        legal_kana = (card.legal_kana_family, card.legal_kana_given)
        return {
            "氏名（本名）": [f"{card.legal_family} {card.legal_given}"],
            "通称": _some(*common),
            "よみ": _some(card.kana_family, card.kana_given),
            "本名のよみ": _some(*legal_kana),
            "生年月日": [day_in_full(card.birth_date)] if card.birth_date else [],
            "性別": [SEXES.get(card.sex, card.sex)],
            "在籍": self._periods(half.enrolments),
            "学級": self._periods(half.memberships),
            "保護者": sorted(
                f"{self.names.person(each.held.what.guardian_id)}"
                f"（{relation_word(each.held.what.relation)}、{rights_words(each.held.what)}）"
                for each in half.guardians
                if each.held.valid.until is None or each.held.valid.until > self.today
            ),
            "出欠の記録": [f"{len(half.days)}日分"] if half.days else [],
        }

    def _periods(self, standing: Sequence[Standing[Any]]) -> list[str]:
        return [
            f"{span(each.held.valid, self.today)} {what_words(each.held.what, self.names)}"
            for each in standing
        ]


def _differ(name: str, one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two cards say different things; a reading says the same in any kana and width."""
    if name in ("よみ", "本名のよみ"):
        return [reading(each) for each in one] != [reading(each) for each in other]
    return one != other


_MOVED: Mapping[str, str] = {"arriving": "転入", "leaving": "転出", "within": "転学"}


def _some(family: str | None, given: str | None) -> list[str]:
    return [f"{family or ''} {given or ''}".strip()] if family or given else []


def person_out(half: Half) -> PersonOut:
    """A child by the name that schools use."""
    family, given = names_in_use(half.card)
    return PersonOut.of(half.id, Named(family, given, half.card.kana_family, half.card.kana_given))


async def moves(session: AsyncSession, board: UUID, of: Seen, today: date) -> list[MoveOut]:
    """What was announced for either child and still stands, the latest first."""
    found = [
        (move, half)
        for half in of.halves.values()
        for move in await announced.moves_of(session, board, half.id, date.min, today)
    ]
    out = []
    for move, half in sorted(found, key=lambda each: each[0].recorded_at, reverse=True):
        day = move.accepted_on or move.left_on
        school = of.names.place(move.to_school) if move.to_school else ""
        name = " ".join(names_in_use(half.card))
        words = [f"{name}さん", in_words(day) if day else "", school, _MOVED[move.kind]]
        out.append(MoveOut(move=move.id, words=" ".join(word for word in words if word)))
    return out


async def seen(session: AsyncSession, board: UUID, ids: Iterable[UUID], today: date) -> Seen:
    """These cards and the words for what is on them."""
    halves = await store.halves(session, board, sorted(set(ids)))
    places: set[UUID] = set()
    guardians: set[UUID] = set()
    for half in halves.values():
        places |= {each.held.what.school_id for each in half.enrolments}
        for each in half.memberships:
            places |= {each.held.what.school_id, each.held.what.class_id}
        guardians |= {each.held.what.guardian_id for each in half.guardians}
    found = await people.places(session, board, places)
    return Seen(halves, people.names_of(found, await people.people(session, board, guardians)), today)


def question_out(question: Question, seen: Seen) -> QuestionOut:
    """A line of the list."""
    one, other = seen.halves[question.one].card, seen.halves[question.other].card
    born = ["生年月日が同じ"] if one.birth_date is not None and one.birth_date == other.birth_date else []
    return QuestionOut(
        id=question.id,
        one=seen.card(question.one),
        other=seen.card(question.other),
        reasons=[*born, *(WORDS[each] for each in question.reasons)],
        state=question.state,
        raised_at=question.raised_at,
        note=question.note,
    )


async def merging_out(session: AsyncSession, board: UUID, merging: Merging) -> MergingOut:
    """A merging that stands."""
    known = await names(session, board, [merging.gone, merging.kept, merging.merged_by])

    def person(id_: UUID) -> PersonOut:
        return PersonOut.of(id_, known.get(id_) or Named("", "", None, None))

    return MergingOut(
        id=merging.id,
        gone=person(merging.gone),
        kept=person(merging.kept),
        at=merging.merged_at,
        by=person(merging.merged_by),
        note=merging.note,
    )


async def undoable(
    session: AsyncSession, room: Registry, holder: Holder, offices: Offices, kept: UUID, today: date
) -> list[Merging]:
    """The mergings into a card that somebody may see and take back."""
    board, found = holder.principal.board, []
    for each in await store.merged_into(session, board, kept):
        question = await store.question(session, board, each.question, today)
        if question is not None and allows(room, holder, offices, "ReadSamePerson", question):
            found.append(each)
    return found
