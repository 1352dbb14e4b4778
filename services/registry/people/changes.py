"""Changing a card by hand: what is asked, what is wrong with it, what must be written, what follows. Pure.

A correction says that something was wrong all along and needs its reason; a change says from which day something else
holds. Periods are voided and replaced, never edited (decisions.md §1), so that what was known when stays known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.oneroster import cells
from services.registry.people import history
from services.registry.people.asks import CorrectBasics, NameAct, NameIn, Seat
from services.registry.people.rules import Record, Told, standing
from services.registry.roster.kana import reading
from services.registry.roster.rows import (
    Added,
    ContactIs,
    GuardianshipIs,
    Held,
    I,
    MembershipIs,
    PersonRow,
    ProtectionIs,
    Voided,
)
from services.registry.roster.rules import PeriodChanges, Translator
from services.registry.roster.snapshot import ExternalKey, Period, Person
from shared.dates import school_year, school_year_bounds

OLDEST = date(1900, 1, 1)
CHANGED = ""
"""Reason kept with a period that ends because another begins: nobody took it back."""


class Wrong(NamedTuple):
    """A field that cannot be as it is, and what to do."""

    field: str
    message: str
    instead: str | None = None


@dataclass(frozen=True)
class Stale(Exception):
    """What was on the screen is no more: somebody else came first."""

    told: Told[Any] | None
    """What stands in its place; None for a card."""


@dataclass
class Plan:
    """What is to be written, and what to say of it before."""

    wrong: list[Wrong] = field(default_factory=list)
    card: PersonRow | None = None
    since: date | None = None
    reason: str | None = None
    members: PeriodChanges[MembershipIs] = field(default_factory=PeriodChanges)
    guardians: PeriodChanges[GuardianshipIs] = field(default_factory=PeriodChanges)
    protections: PeriodChanges[ProtectionIs] = field(default_factory=PeriodChanges)
    contacts: PeriodChanges[ContactIs] = field(default_factory=PeriodChanges)
    words: list[str] = field(default_factory=list)
    """The difference and its consequences, in sentences."""

    @property
    def nothing(self) -> bool:
        """Whether everything would stay as it is."""
        periods = (self.members, self.guardians, self.protections, self.contacts)
        return self.card is None and not any(periods)


@dataclass(frozen=True)
class Around:
    """What must be known beside the card itself."""

    today: date
    names: history.Names
    classes: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)
    """Classes that are named: school_id, school_year, name, homeroom (in words)."""
    taken_numbers: frozenset[int] = frozenset()
    """Numbers of the class that others have in the time asked about."""
    recorded_days: int = 0
    """Days of the pupil's attendance from the day on."""
    guardian_elsewhere: bool = False
    """Whether the guardian has rights for another child."""


# ---- names and basics ----


def name_card(record: Record, legal: NameIn, common: NameIn | None) -> PersonRow:
    """The card with another name; its order and search follow from it."""
    card = record.now.card
    stand = {card.kana_family, card.kana_given, card.legal_kana_family, card.legal_kana_given}
    made = made_card(card.id, legal, common, card.birth_date, card.sex, stand)
    return made._replace(merged_into=card.merged_into)


def made_card(
    id_: UUID,
    legal: NameIn,
    common: NameIn | None,
    born: date | None,
    sex: str,
    stand: Collection[str | None] = (),
) -> PersonRow:
    """A card from what was typed. Names stay code point for code point, readings become full-width katakana.

    ``stand``: readings as they stand on the card; nobody has typed them, so they stay.
    """
    key = ExternalKey("person", "by-hand")
    kana, own = _kana(legal, stand), _kana(common, stand) if common else (None, None)
    person = Person(
        key=key,
        legal_family=legal.family,
        legal_given=legal.given,
        kana_family=kana[0],
        kana_given=kana[1],
        common_family=common.family if common else None,
        common_given=common.given if common else None,
        common_kana_family=own[0],
        common_kana_given=own[1],
        birth_date=born,
        sex=sex,
    )
    return Translator({key: id_}, {}).person(person)


def _kana(name: NameIn, stand: Collection[str | None]) -> tuple[str | None, str | None]:
    family, given = (
        typed if typed in stand else reading(typed) for typed in (name.family_kana, name.given_kana)
    )
    return family or None, given or None


_PARTS = (("family", "氏"), ("given", "名"), ("family_kana", "氏のよみ"), ("given_kana", "名のよみ"))


def wrong_name(name: NameIn, where: str, called: str) -> list[Wrong]:
    """What is wrong with a name, part by part."""
    found = []
    for part, word in _PARTS:
        value: str = getattr(name, part)
        kana = part.endswith("_kana")
        if not value.strip():
            if not kana:
                found.append(Wrong(f"{where}.{part}", f"{called}の{word}を入れてください。"))
            continue
        kind = cells.KANA if kana else cells.NAME
        fault = kind.check(reading(value) if kana else value)
        if fault is not None:
            message = f"{called}の{word}「{value}」: {fault.rule}。{fault.remedy}。"
            found.append(Wrong(f"{where}.{part}", message))
    if bool(name.family_kana.strip()) != bool(name.given_kana.strip()):
        part = "given_kana" if name.family_kana.strip() else "family_kana"
        found.append(Wrong(f"{where}.{part}", f"{called}のよみは、氏と名の両方を入れてください。"))
    return found


def names(record: Record, asked: NameAct, around: Around) -> Plan:
    """A correction or a change of name. Raises :class:`Stale`."""
    _seen(record, asked.seen)
    plan = Plan(wrong_name(asked.legal, "legal", "氏名"))
    if asked.common is not None:
        plan.wrong += wrong_name(asked.common, "common", "通称")
    if asked.act == "change_name":
        plan.wrong += _past_day(asked.since, "since", "変わった日", around.today)
        plan.since = asked.since
    plan.reason = asked.reason
    if not plan.wrong:
        _card(plan, record, name_card(record, asked.legal, asked.common))
        plan.words.append(
            "名前を使う画面（朝の記録、学校の今日、名簿）と、サインインの名前がすぐに変わります。"
        )
        plan.words.append("前の名前は、このカードの経過に残ります。")
    return plan


def basics(record: Record, asked: CorrectBasics, around: Around) -> Plan:
    """A correction of birth date and sex. Raises :class:`Stale`."""
    _seen(record, asked.seen)
    plan = Plan(reason=asked.reason)
    if asked.birth_date is not None:
        plan.wrong += _past_day(asked.birth_date, "birth_date", "生年月日", around.today)
    if not plan.wrong:
        _card(plan, record, record.now.card._replace(birth_date=asked.birth_date, sex=asked.sex))
        plan.words.append("このカードを写して持つサービスに、すぐに届きます。出席簿の記録は変わりません。")
    return plan


def _seen(record: Record, revision: int) -> None:
    if record.now.revision != revision:
        raise Stale(None)


def _card(plan: Plan, record: Record, card: PersonRow) -> None:
    told = list(history.differences(record.now.card, card))
    if told:
        plan.card = card
        plan.words = told


def _past_day(day: date, where: str, called: str, today: date) -> list[Wrong]:
    if OLDEST <= day <= today:
        return []
    return [Wrong(where, f"{called}は、今日までの日を入れてください。入力: {day}")]


# ---- class and number ----


def seat(record: Record, asked: Seat, around: Around) -> Plan:
    """Another class or number, from a day on or as a correction. Raises :class:`Stale`."""
    homes = [each for each in standing(record.memberships) if each.held.what.kind == "home"]
    before = still_standing(homes, asked.seen)
    plan = Plan(reason=asked.reason)
    room = around.classes.get(asked.class_id)
    valid = before.held.valid if before else None
    since = valid.since if valid and asked.act == "correct_seat" else asked.since
    stay = _enrolled(record, since)
    if room is None or stay is None or room["school_id"] != stay[0]:
        plan.wrong.append(Wrong("class_id", "その日に在籍している学校の学級を選んでください。"))
        return plan
    year = Period(*school_year_bounds(room["school_year"] or school_year(since)))
    if not year.holds(since):
        plan.wrong.append(
            Wrong("since", f"{room['name']}は{year.since.year}年度の学級です。年度の中の日を入れてください。")
        )
    if valid is not None and not valid.holds(since):
        span = history.span(valid, around.today)
        plan.wrong.append(Wrong("since", f"直すのは「{span}」の学級です。その間の日を入れてください。"))
    if asked.number is not None and asked.number in around.taken_numbers:
        own = before.held.what.number if before else None  # what it has now is no other number
        free = next(n for n in range(1, 1000) if n not in around.taken_numbers and n != own)
        message = f"{asked.number}番は、{room['name']}のほかの子の番号です。空いている番号: {free}番"
        plan.wrong.append(Wrong("number", message, str(free)))
    if plan.wrong:
        return plan
    what = MembershipIs(room["school_id"], asked.class_id, "home", asked.number)
    if before is None:
        until = min(filter(None, (stay[1], year.until)))
        plan.members = new(Held(record.id, Period(since, until), what))
    elif before.held.what != what:
        plan.members = replaced(before, what, since, asked.reason)
    if plan.nothing:
        return plan
    _say_seat(plan, before, what, since, around)
    placed = plan.members.added[-1].held.valid
    for visit in standing(record.memberships):
        _end_visit(plan, visit, asked.class_id, placed, around)
    return plan


def _end_visit(plan: Plan, visit: Told[MembershipIs], room: UUID, placed: Period, around: Around) -> None:
    """Whoever belongs to a class is no guest there: 交流 with that class stops for as long."""
    held = visit.held
    if held.what.kind != "exchange" or held.what.class_id != room or not held.valid.overlaps(placed):
        return
    plan.members.voided.append(Voided(visit.id, held.subject, plan.reason or CHANGED))
    for rest in held.valid.outside(placed):
        plan.members.added.append(Added(held._replace(valid=rest), visit.id))
    plan.words.append(
        f"{around.names.place(room)}での交流は、{history.day_words(placed.since, around.today)}から、なくなります。"
    )


def _say_seat(
    plan: Plan, before: Told[MembershipIs] | None, what: MembershipIs, since: date, around: Around
) -> None:
    day = history.day_words(since, around.today)
    was = history.what_words(before.held.what, around.names) if before else "学級なし"
    plan.words.append(f"{day}から {was} → {history.what_words(what, around.names)}")
    old = before.held.what.class_id if before else None
    if old != what.class_id:
        if old is not None:
            plan.words.append(f"{around.names.place(old)}の朝の記録から外れます（{day}から）。")
        plan.words.append(f"{around.names.place(what.class_id)}の朝の記録に載ります（{day}から）。")
        if around.recorded_days:
            plan.words.append(
                f"{day}から今日までに付けた出欠{around.recorded_days}日分は消えません。"
                f"{around.names.place(what.class_id)}の出席簿に出ます。"
            )
    both = dict.fromkeys(filter(None, (old, what.class_id)))
    rooms = [around.classes[each] for each in both if each in around.classes]
    told = "、".join(f"{each['name']}（担任 {each['homeroom'] or 'なし'}）" for each in rooms)
    plan.words.append(f"画面がすぐに変わる学級: {told}")


def _enrolled(record: Record, day: date) -> tuple[UUID, date | None] | None:
    for each in standing(record.enrolments):
        if each.held.valid.holds(day):
            return each.held.what.school_id, each.held.valid.until
    return None


# ---- periods ----


def still_standing(told: Sequence[Told[I]], seen: UUID | None) -> Told[I] | None:
    """The period that was on the screen. Raises :class:`Stale` when it stands no more."""
    if seen is None:
        return None
    for each in told:
        if each.id == seen:
            return each
    raise Stale(told[-1] if told else None)


def new(held: Held[I]) -> PeriodChanges[I]:
    return PeriodChanges(added=[Added(held, None)])


def replaced(before: Told[I], what: I, since: date, reason: str | None) -> PeriodChanges[I]:
    """Something else holds from ``since``; from the first day on it is a correction."""
    held = before.held
    changes: PeriodChanges[I] = PeriodChanges(voided=[Voided(before.id, held.subject, reason or CHANGED)])
    if held.valid.since < since:
        changes.added.append(Added(Held(held.subject, Period(held.valid.since, since), held.what), before.id))
    changes.added.append(Added(Held(held.subject, Period(since, held.valid.until), what), before.id))
    return changes


def ended(before: Told[I], until: date, reason: str | None) -> PeriodChanges[I]:
    """It holds until the day before ``until``."""
    held = before.held
    return PeriodChanges(
        voided=[Voided(before.id, held.subject, reason or CHANGED)],
        added=[Added(Held(held.subject, Period(held.valid.since, until), held.what), before.id)],
    )


def near_day(day: date, where: str, today: date) -> list[Wrong]:
    if abs(day - today) <= timedelta(days=366 * 16):
        return []
    return [Wrong(where, f"日付を確かめてください。入力: {day}")]
