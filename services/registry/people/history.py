"""A card's history in words: what held from when, and how it came to be known so. Pure.

``4月1日から 2年1組3番（9月1日に訂正: 前は2番）``. What was taken back without anything in its place is told too:
nothing that was ever said is lost (decisions.md §1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.registry.people.rules import Act, Record, Told, Version
from services.registry.roster.contacts import contact_words
from services.registry.roster.rows import (
    ContactIs,
    DutyIs,
    EnrolmentIs,
    GuardianshipIs,
    Is,
    MembershipIs,
    PersonRow,
    ProtectionIs,
)
from services.registry.roster.snapshot import Period
from shared.contracts.registry import RELATION_WORDS, DutyKind
from shared.dates import business_date

Side = Literal["name", "enrolment", "class", "duty", "guardian", "protection", "contact"]

SEXES = {"male": "男", "female": "女", "unspecified": "記載なし", "other": "その他"}
DUTIES: dict[DutyKind, str] = {
    "homeroom": "担任",
    "assistant": "副担任",
    "subject": "教科",
    "substitute": "補欠",
    "office": "事務",
    "nurse": "養護教諭",
    "principal": "校長",
    "vice_principal": "教頭",
    "board_staff": "教育委員会",
    "system_operator": "システム管理",
}
FIELDS: Mapping[str, str] = {
    "legal_family": "氏",
    "legal_given": "名",
    "legal_kana_family": "本名の氏のよみ",
    "legal_kana_given": "本名の名のよみ",
    "common_family": "通称の氏",
    "common_given": "通称の名",
    "kana_family": "氏のよみ",
    "kana_given": "名のよみ",
    "birth_date": "生年月日",
    "sex": "性別",
}


class Entry(NamedTuple):
    """One line of the history."""

    side: Side
    since: date
    """The day from which it holds; of a card's first writing the day it was recorded."""
    words: str
    notes: tuple[str, ...]
    at: datetime
    by: str | None
    """Whoever recorded it: a person's id, or the name of a service."""
    reason: str | None
    taken_back: bool = False


@dataclass(frozen=True)
class Names:
    """How organisations and people are called."""

    places: dict[UUID, str]
    people: dict[UUID, str]

    def place(self, id_: UUID | None) -> str:
        """A school, class or department."""
        return self.places.get(id_, "―") if id_ is not None else "―"

    def person(self, id_: UUID) -> str:
        """Somebody, or a dash whose name the reader is not told."""
        return self.people.get(id_, "―")


def day_words(on: date, today: date) -> str:
    """``4月1日``; with its year where it is not this calendar year's."""
    return f"{on.month}月{on.day}日" if on.year == today.year else f"{on.year}年{on.month}月{on.day}日"


def span(valid: Period, today: date) -> str:
    """``4月1日から``, ``4月1日から8月31日まで``: people say the last day, not the day after."""
    begins = f"{day_words(valid.since, today)}から"
    if valid.until is None:
        return begins
    last = valid.until - timedelta(days=1)
    return begins if last.month == 3 and last.day == 31 else f"{begins}{day_words(last, today)}まで"


def relation_word(relation: str) -> str:
    """母, 父 …; a word of the source that is not offered here as it came."""
    return RELATION_WORDS.get(relation, relation)


def duty_word(kind: str) -> str:
    """担任, 事務 …"""
    return {str(each): word for each, word in DUTIES.items()}.get(kind, kind)


def rights_words(tie: GuardianshipIs) -> str:
    """連絡・閲覧・電話, or that there are none."""
    words = (("連絡", tie.may_notify), ("閲覧", tie.may_read), ("電話", tie.may_contact))
    return "・".join(word for word, held in words if held) or "権利なし"


def what_words(what: Is, names: Names) -> str:
    """A relation as people say it."""
    match what:
        case EnrolmentIs(school_id, grade):
            return f"{names.place(school_id)} {grade_words(grade)}"
        case MembershipIs(_, class_id, kind, number):
            seat = f"{number}番" if number is not None else ""
            return f"{names.place(class_id)}{seat}{'（交流）' if kind == 'exchange' else ''}"
        case DutyIs(kind, organisation_id, class_id):
            word = duty_word(kind)
            taught = f" {names.place(class_id)}" if class_id is not None else ""
            return f"{names.place(organisation_id)}{taught} {word}"
        case GuardianshipIs(guardian_id, relation):
            return f"{relation_word(relation)} {names.person(guardian_id)}（{rights_words(what)}）"
        case ContactIs():
            return f"連絡先 {contact_words(what)}"
        case ProtectionIs(people):
            kept = "・".join(names.person(each) for each in people)
            return f"支援措置（{kept}に秘匿）" if kept else "支援措置"
    raise AssertionError("unreachable")


def _before_words(before: Is, after: Is, names: Names) -> str:
    """What differed, in the fewest words."""
    if isinstance(before, MembershipIs) and before[1:3] == after[1:3]:
        return f"{before.number}番" if before.number is not None else "番号なし"
    if isinstance(before, EnrolmentIs) and before[0] == after[0]:
        return grade_words(before.grade)
    if isinstance(before, GuardianshipIs) and isinstance(after, GuardianshipIs):
        if before.relation == after.relation:
            return rights_words(before)
        return f"{relation_word(before.relation)}（{rights_words(before)}）"
    return what_words(before, names)


def grade_words(grade: str) -> str:
    """``P2`` → 2年; 幼稚園 and 高校 say theirs."""
    return f"{ {'E': '幼', 'H': '高'}.get(grade[:1], '') }{grade[1:]}年"


def entries(record: Record, names: Names, today: date) -> list[Entry]:
    """The whole history, newest first; last the card as it came."""
    sides: tuple[tuple[Side, Sequence[Told[Any]]], ...] = (
        ("enrolment", record.enrolments),
        ("class", record.memberships),
        ("duty", record.duties),
        ("guardian", record.guardians),
        ("protection", record.protections),
        ("contact", record.contacts),
    )
    first, *found = _cards(record.versions, today)
    for side, told in sides:
        found += _relations(side, told, names, today)
    return [*sorted(found, key=lambda each: (each.since, each.at), reverse=True), first]


def _relations(side: Side, told: Sequence[Told[Any]], names: Names, today: date) -> Iterator[Entry]:
    known = {each.id: each for each in told}
    led_to = {each.replaces for each in told if each.replaces is not None}
    for each in told:
        words = f"{span(each.held.valid, today)} {what_words(each.held.what, names)}"
        if each.stands:
            notes, reason = _notes(each, known, names, today)
            yield Entry(side, each.held.valid.since, words, notes, each.at, each.by, reason)
        elif each.id not in led_to:
            day = day_words(business_date(each.voided_at or each.at), today)
            notes = (f"{day}に取り消し",)
            at = each.voided_at or each.at
            yield Entry(side, each.held.valid.since, words, notes, at, each.voided_by, each.void_reason, True)


def _notes(
    told: Told[Any], known: Mapping[UUID, Told[Any]], names: Names, today: date
) -> tuple[tuple[str, ...], str | None]:
    """How a relation read before, correction by correction, the last one first; and why the last one was made."""
    notes: list[str] = []
    reason: str | None = None
    at: Told[Any] = told
    while at.replaces is not None and (before := known.get(at.replaces)) is not None:
        day = day_words(business_date(at.at), today)
        one, other = before.held, at.held
        if one.valid.since == other.valid.since and one.what != other.what:
            notes.append(f"{day}に訂正: 前は{_before_words(one.what, other.what, names)}")
        elif one.what == other.what and one.valid.since != other.valid.since:
            notes.append(f"{day}に訂正: 前は{span(one.valid, today)}")
        elif one.what == other.what and one.valid.until != other.valid.until:
            notes.append(f"{day}に終わりの日を記録" if other.valid.until else f"{day}に終わりの日を取り消し")
        else:  # it follows the one before it
            break
        if reason is None:
            reason = before.void_reason
        at = before
    return tuple(notes), reason


_ACTS: Mapping[Act, Callable[[str], str]] = {
    "import": lambda day: f"{day}の取り込み",
    "entry": lambda day: f"{day}に記入",
    "correction": lambda day: f"{day}に訂正",
    "change": lambda day: f"{day}に変更を記録",
}


def _cards(versions: Sequence[Version], today: date) -> Iterator[Entry]:
    before: PersonRow | None = None
    for each in versions:
        day = business_date(each.at)
        recorded = _ACTS[each.act](day_words(day, today))
        since = each.since or day
        if before is None:
            yield Entry("name", since, f"氏名 {_name(each.card)}", (recorded,), each.at, each.by, each.reason)
        else:
            told = "、".join(differences(before, each.card))
            begins = f"{day_words(since, today)}から " if each.act == "change" else ""
            yield Entry("name", since, begins + told, (recorded,), each.at, each.by, each.reason)
        before = each.card


def differences(before: PersonRow, after: PersonRow) -> Iterable[str]:
    """``氏 高橋 → 髙橋`` for each field that differs."""
    for name, word in FIELDS.items():
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            yield f"{word} {_value(name, one)} → {_value(name, other)}"


def _value(name: str, value: Any) -> str:
    if name == "sex":
        return SEXES.get(str(value), str(value))
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return str(value) if value else "（なし）"


def _name(card: PersonRow) -> str:
    legal = f"{card.legal_family} {card.legal_given}"
    if card.common_family is None:
        return legal
    return f"{legal}（通称 {card.common_family} {card.common_given}）"
