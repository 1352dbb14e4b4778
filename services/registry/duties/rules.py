"""Duties at a school: which may be given, from when to when, and who takes the roll of which class. Pure.

Rights follow from a duty on the days it holds and on no other (decisions.md §4 "Deciding"), so that nothing has to
happen at midnight for a substitute to be none any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from services.registry.roster.rows import Added, DutyIs, Held, Standing, Voided
from services.registry.roster.snapshot import Period
from shared.contracts.registry import DutyKind
from shared.dates import in_words, school_year, school_year_bounds

Needs = Literal["class", "maybe", "none"]
"""Whether a duty is about a class, may be, or never is."""

AT_SCHOOL: Mapping[DutyKind, tuple[str, Needs]] = {
    "homeroom": ("担任", "class"),
    "assistant": ("副担任", "class"),
    "substitute": ("補欠", "class"),
    "subject": ("教科", "maybe"),
    "nurse": ("養護教諭", "none"),
    "office": ("事務", "none"),
    "vice_principal": ("教頭", "none"),
    "principal": ("校長", "none"),
}
"""Duties of a school in the order in which they are offered: their words, and whether they name a class."""

HEADS: frozenset[DutyKind] = frozenset({"principal", "vice_principal"})
"""Duties that the board gives, not the school."""

TAKES: tuple[DutyKind, ...] = ("substitute", "homeroom", "assistant")
"""Who takes a class's roll (policy ``TakeRoll``), who is meant first. The office may too, and is not counted on."""

ENDED = "ended by hand"
TAKEN_BACK = "taken back by hand"


class Wrong(NamedTuple):
    """What cannot be done, in which field, and what to do about it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class ClassOf:
    """A class, as far as a duty must know it."""

    id: UUID
    name: str
    school: UUID
    school_year: int
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A duty that somebody shall have."""

    kind: DutyKind
    class_id: UUID | None
    valid: Period


@dataclass(slots=True)
class Change:
    """Periods that no longer stand and those that are new, of several people."""

    voided: list[Voided]
    added: list[Added[DutyIs]]

    def sets(self, standing: Iterable[Standing[DutyIs]]) -> dict[UUID, list[Held[DutyIs]]]:
        """The whole sets of those who change, as they will be."""
        gone = {each.id for each in self.voided}
        found: dict[UUID, list[Held[DutyIs]]] = {each.subject: [] for each in self.voided}
        found |= {each.held.subject: [] for each in self.added}
        for stored in standing:
            if stored.held.subject in found and stored.id not in gone:
                found[stored.held.subject].append(stored.held)
        for added in self.added:
            found[added.held.subject].append(added.held)
        for held in found.values():
            held.sort(key=lambda each: (each.valid.since, each.what.slot))
        return found


def wrong_wish(
    wish: Wish,
    school: UUID,
    of: ClassOf | None,
    theirs: Sequence[Held[DutyIs]],
    today: date,
    *,
    lessons: bool = True,
) -> list[Wrong]:
    """Why somebody with the duties ``theirs`` cannot have a duty; empty when they can.

    ``lessons``: whether the class has any on the day the duty begins; nobody stands in where there are none.
    """
    if wish.kind not in AT_SCHOOL:
        return [Wrong("kind", "学校の職務から選んでください。")]
    word, needs = AT_SCHOOL[wish.kind]
    found = [*_wrong_class(wish, word, needs, school, of), *_wrong_dates(wish, of, today)]
    if not found and wish.kind == "substitute" and of is not None and not lessons:
        found.append(Wrong("since", no_lessons(of.name, wish.valid.since)))
    if not found:
        what = DutyIs(wish.kind, school, wish.class_id)
        for held in theirs:
            if held.what == what and held.valid.overlaps(wish.valid):
                found.append(
                    Wrong(
                        "staff",
                        f"この人は、すでに{words(what, of.name if of else None)}です（{span(held.valid)}）。",
                    )
                )
    return found


def no_lessons(name: str, on: date) -> str:
    """Why nobody stands in for a class on a day, and what to do."""
    return f"{in_words(on)}は、{name}の授業がない日です。授業のある日にしてください。"


def _wrong_class(wish: Wish, word: str, needs: Needs, school: UUID, of: ClassOf | None) -> list[Wrong]:
    if wish.class_id is None:
        return [Wrong("class", f"{word}をする学級を選んでください。")] if needs == "class" else []
    if needs == "none":
        return [Wrong("class", f"{word}に学級は付きません。学級を空けてください。")]
    if of is None or of.school != school:
        return [Wrong("class", "この学校の学級から選んでください。")]
    return []


def _wrong_dates(wish: Wish, of: ClassOf | None, today: date) -> list[Wrong]:
    since, until = wish.valid
    first = school_year_bounds(school_year(today))[0]
    last = school_year_bounds(school_year(today) + 1)[1]
    if not first <= since < last:
        return [Wrong("since", f"始まりの日は{in_words(first)}から来年度の終わりまでの日にしてください。")]
    if until is not None and until <= since:
        return [Wrong("until", "終わりの日は、始まりの日より後にしてください。")]
    if wish.kind == "substitute":
        if until != since + timedelta(days=1):
            return [Wrong("until", "補欠はその日だけです。つづくときは、担任か副担任にしてください。")]
        if since < today:
            return [Wrong("since", "過ぎた日の補欠は入れられません。きょうか、これからの日にしてください。")]
    if of is not None:
        begins, ends = school_year_bounds(of.school_year)
        if not begins <= since < ends or (until is not None and until > ends):
            return [
                Wrong("since", f"{of.name}は{of.school_year}年度の学級です。その年度の日にしてください。")
            ]
    return []


def given(staff: UUID, school: UUID, wish: Wish, of: ClassOf | None) -> Held[DutyIs]:
    """The duty to store. One of a class ends with the class's school year at the latest."""
    until = wish.valid.until
    if until is None and of is not None:
        until = school_year_bounds(of.school_year)[1]
    return Held(staff, Period(wish.valid.since, until), DutyIs(wish.kind, school, wish.class_id))


def ended(stored: Standing[DutyIs], until: date) -> Change | Wrong:
    """What must change for a duty to hold no longer from ``until`` on; nothing when it ends then anyway."""
    held = stored.held
    if until == held.valid.until:
        return Change([], [])
    if held.valid.until is not None and until > held.valid.until:
        return Wrong("until", f"この職務は{span(held.valid)}です。それより前の日にしてください。")
    if until <= held.valid.since:
        return Change([Voided(stored.id, held.subject, TAKEN_BACK)], [])
    shortened = Held(held.subject, Period(held.valid.since, until), held.what)
    return Change([Voided(stored.id, held.subject, ENDED)], [Added(shortened, stored.id)])


def takers(duties: Iterable[Held[DutyIs]], on: date) -> dict[UUID, list[Held[DutyIs]]]:
    """Class → who takes its roll on a day, a substitute before the others."""
    found: dict[UUID, list[Held[DutyIs]]] = {}
    for held in duties:
        if held.what.class_id is not None and held.what.kind in TAKES and held.valid.holds(on):
            found.setdefault(held.what.class_id, []).append(held)
    for of in found.values():
        of.sort(key=lambda each: (TAKES.index(_kind(each)), each.valid.since, str(each.subject)))
    return found


def _kind(held: Held[DutyIs]) -> DutyKind:
    return next(kind for kind in TAKES if kind == held.what.kind)


def words(what: DutyIs, class_name: str | None) -> str:
    """「2年1組の担任」."""
    word = next((word for kind, (word, _) in AT_SCHOOL.items() if kind == what.kind), what.kind)
    return f"{class_name}の{word}" if class_name else word


def span(valid: Period) -> str:
    """「4月1日（水）から3月31日（水）まで」; on screens the last day belongs to a period."""
    last = None if valid.until is None else valid.until - timedelta(days=1)
    if last == valid.since:
        return f"{in_words(valid.since)}だけ"
    return f"{in_words(valid.since)}から" + (f"{in_words(last)}まで" if last else "")
