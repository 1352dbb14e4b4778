"""Each change of an import in words, for whoever wants to see them one by one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.registry.imports.moves import Move, Stay, moves
from services.registry.imports.rules import Frame, PartPlan
from services.registry.roster.contacts import contact_words
from services.registry.roster.grades import grade_in_words
from services.registry.roster.rows import Held, OrganisationRow, PersonRow

Kind = Literal[
    "new",
    "card",
    "enrolled",
    "left",
    "moved",
    "class",
    "number",
    "dates",
    "duty",
    "guardianship",
    "protection",
    "contact",
    "organisation_new",
    "organisation",
    "organisation_closed",
    "calendar",
    "kept",
    "overwritten",
]
"""``new``: a card that was not there; ``left``: no 在籍 any more, one that ends sooner, or none on the import's day;
``moved``: to another school, in the end or on that day; ``class``, ``number``: within a school; ``dates``: other days
of the same, an earlier stay, or 交流; ``kept``: somebody was changed by hand, and the source repeats what it said
before; ``overwritten``: it has news."""


class Change(NamedTuple):
    """One thing that changes, in words."""

    kind: Kind
    who: str
    what: str
    before: str
    after: str
    person: UUID | None = None
    """Whose, in our ids; what is shown to somebody who may not know of a protected child goes without them."""


_FIELDS = {
    "legal_family": "氏",
    "legal_given": "名",
    "common_family": "通称の氏",
    "common_given": "通称の名",
    "kana_family": "氏のよみ",
    "kana_given": "名のよみ",
    "legal_kana_family": "本名の氏のよみ",
    "legal_kana_given": "本名の名のよみ",
    "birth_date": "生年月日",
    "sex": "性別",
    "name": "名前",
    "short_name": "短い名前",
    "code": "コード",
    "kind": "種類",
    "grade": "学年",
    "special_needs": "特別支援学級",
    "until": "終わり",
}
"""What of a row is shown; the other columns follow from these."""


class Telling:
    """Says each change of a part in words."""

    def __init__(
        self, organisations: Mapping[UUID, OrganisationRow], plan: PartPlan, tell: Callable[[Change], None]
    ) -> None:
        self.organisations = organisations
        self.plan = plan
        self.tell = tell
        self.cards = {**plan.cards_before, **{row.id: row for row in plan.people}}

    def all(self, frame: Frame) -> None:
        """Organisations, cards, pupils, then the other relations."""
        self._organisations()
        for row in self.plan.calendars:
            self.tell(Change("calendar", "", f"{self.place(row.school_id)} {row.school_year}年度", "", ""))
        for card in self.plan.people:
            old = self.plan.cards_before.get(card.id)
            if old is None:
                self.tell(Change("new", _name(card), "", "", "", card.id))
            for what, before, after in _differences(old, card):
                self.tell(Change("card", _name(card), what, before, after, card.id))
        for move in moves(frame, self.plan):
            before, after = self._stays(move, move.was), self._stays(move, move.becomes)
            self.tell(Change(move.kind, self.who(move.pupil), "", before, after, move.pupil))
        sides: tuple[Literal["duty", "guardianship", "protection", "contact"], ...] = (
            "duty",
            "guardianship",
            "protection",
            "contact",
        )
        for side in sides:
            for subject, was, becomes in self.plan.changed(side):
                one, other = ({self._relation(each) for each in held} for held in (was, becomes))
                before, after = "、".join(sorted(one - other)), "、".join(sorted(other - one))
                self.tell(Change(side, self.who(subject), "", before, after, subject))

    def _organisations(self) -> None:
        for row in self.plan.organisations:
            old = self.plan.organisations_before.get(row.id)
            if old is None:
                self.tell(Change("organisation_new", "", self.place(row.id), "", ""))
            elif row.until is not None:
                self.tell(Change("organisation_closed", "", self.place(row.id), "", f"{row.until} から"))
            else:
                for what, before, after in _differences(old, row):
                    self.tell(Change("organisation", "", f"{self.place(row.id)} {what}", before, after))

    def who(self, person: UUID) -> str:
        """A person's name; people of other parts are told by a dash."""
        card = self.cards.get(person)
        return _name(card) if card is not None else "―"

    def place(self, organisation: UUID | None) -> str:
        """A school, or a class with its school."""
        row = self.organisations.get(organisation) if organisation is not None else None
        if row is None:
            return "―"
        school = self.organisations.get(row.school_id) if row.school_id else None
        return row.short_name if school is None or school.id == row.id else f"{school.short_name} {row.name}"

    def _stays(self, move: Move, stays: tuple[Stay, ...]) -> str:
        """Days are said from their first where that is what changes."""
        whole = (
            len(move.was) != 1
            or len(move.becomes) != 1
            or move.kind == "dates"
            or (move.was[0].valid.since != move.becomes[0].valid.since)
        )
        return "、".join(self._stay(each, whole=whole) for each in stays)

    def _stay(self, stay: Stay, *, whole: bool) -> str:
        where = self.place(stay.class_id or stay.school)
        if stay.class_id is None and stay.grade:
            where += f" {grade_in_words(stay.grade)}"
        number = f" {stay.number}番" if stay.number is not None else ""
        since = f"{stay.valid.since} から" if whole else ""
        last = f"{stay.valid.until - timedelta(days=1)} まで" if stay.valid.until is not None else ""
        days = " ".join(part for part in (since, last) if part)
        return ("交流 " if stay.exchange else "") + where + number + (f"（{days}）" if days else "")

    def _relation(self, held: Held[Any]) -> str:
        what, valid = held.what, held.valid
        time = f"（{valid.since}～{valid.until or ''}）"
        match what.slot.split(":")[0]:
            case "guardian":
                words = (("連絡", what.may_notify), ("閲覧", what.may_read), ("電話", what.may_contact))
                rights = "・".join(word for word, held_ in words if held_) or "権利なし"
                return f"{self.who(what.guardian_id)} {what.relation} {rights}{time}"
            case "protection":
                return f"保護 {len(what.confidential_from)} 人から{time}"
            case "contact":
                return f"{contact_words(what)}{time}"
            case _:
                return f"{what.kind} {self.place(what.class_id or what.organisation_id)}{time}"


def _name(card: PersonRow) -> str:
    return f"{card.common_family or card.legal_family} {card.common_given or card.legal_given}"


def _differences(old: Any, new: Any) -> list[tuple[str, str, str]]:
    if old is None:
        return []
    return [
        (_FIELDS[name], _shown(getattr(old, name)), _shown(getattr(new, name)))
        for name in new._fields
        if name in _FIELDS and getattr(old, name) != getattr(new, name)
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "はい" if value else "いいえ"
    return "" if value is None else str(value)
