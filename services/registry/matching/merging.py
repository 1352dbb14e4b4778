"""Which of two cards stays, what follows when they are found to be one child, and why they cannot be. Pure.

Facts keep the id they were written to. What still runs at the card that is merged goes on at the one that stays, from
the day of the merging (guardians from their own first day); what both say of the same days stands once. Everything that
is written for it carries the id of the merging, so that taking it back restores what stood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.registry.people.history import (
    Names,
    grade_words,
    relation_word,
    rights_words,
    span,
    what_words,
)
from services.registry.people.rules import names_in_use
from services.registry.roster.rows import (
    Added,
    ContactIs,
    EnrolmentIs,
    GuardianshipIs,
    Held,
    I,
    MembershipIs,
    PersonRow,
    ProtectionIs,
    Standing,
    Voided,
)
from services.registry.roster.snapshot import Period

MERGED = "merged with another card of the same child"
UNMERGED = "the merging of two cards was taken back"


@dataclass(frozen=True, slots=True)
class Half:
    """One of two cards with all that stands about it."""

    card: PersonRow
    first: datetime
    """When it was first written."""
    named: bool = False
    """A source of rosters names it, and will write to it again."""
    enrolments: Sequence[Standing[EnrolmentIs]] = ()
    memberships: Sequence[Standing[MembershipIs]] = ()
    guardians: Sequence[Standing[GuardianshipIs]] = ()
    protections: Sequence[Standing[ProtectionIs]] = ()
    contacts: Sequence[Standing[ContactIs]] = ()
    grown_up: bool = False
    """It has duties or children of its own."""
    has_merged: bool = False
    """Other cards were merged into it."""
    days: frozenset[date] = frozenset()
    """Of which somebody has recorded attendance."""

    @property
    def id(self) -> UUID:
        """The person."""
        return self.card.id

    @property
    def name(self) -> str:
        """「青木 陽菜さん」."""
        return f"{' '.join(names_in_use(self.card))}さん"

    @property
    def lasts(self) -> date:
        """The day from which it is enrolled nowhere."""
        return max((each.held.valid.until or date.max for each in self.enrolments), default=date.min)


@dataclass(slots=True)
class Changes:
    """Of one kind of relation what is voided and added, of both cards."""

    voided: list[Voided] = field(default_factory=list)
    added: list[Added[Any]] = field(default_factory=list)

    def subjects(self) -> set[UUID]:
        """Whose sets change."""
        return {each.subject for each in self.voided} | {each.held.subject for each in self.added}


@dataclass(slots=True)
class Plan:
    """What merging two cards would do; ``wrong``: why it cannot be done as they stand."""

    kept: Half
    gone: Half
    wrong: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    enrolments: Changes = field(default_factory=Changes)
    memberships: Changes = field(default_factory=Changes)
    guardians: Changes = field(default_factory=Changes)
    protections: Changes = field(default_factory=Changes)
    contacts: Changes = field(default_factory=Changes)


def plan_merge(one: Half, other: Half, names: Names, today: date) -> Plan:
    """The plan of merging two cards; the same in either order."""
    kept, gone = _which_stays(one, other)
    plan = Plan(kept, gone)
    plan.wrong += _refusals(kept, gone)
    plan.words.append(
        f"{_told(kept, names, today)}のカードを残し、{_told(gone, names, today)}のカードをそれにまとめます。"
    )
    plan.enrolments = _go_on(
        gone.id, gone.enrolments, kept.id, kept.enrolments, today, plan, names, _same_enrolment
    )
    plan.memberships = _go_on(
        gone.id, gone.memberships, kept.id, kept.memberships, today, plan, names, _same_membership
    )
    plan.guardians = _go_on(gone.id, gone.guardians, kept.id, kept.guardians, today, plan, names, None)
    plan.protections = _marks(kept, gone, today, plan)
    plan.contacts = _go_on(gone.id, gone.contacts, kept.id, kept.contacts, today, plan, names, None)
    plan.words += _more_words(kept, gone)
    plan.wrong, plan.words = list(dict.fromkeys(plan.wrong)), list(dict.fromkeys(plan.words))
    return plan


def _which_stays(one: Half, other: Half) -> tuple[Half, Half]:
    """The card that is enrolled longest (so that nothing of the day moves), else a source's own, else the older."""

    def weight(half: Half) -> tuple[bool, date, bool, float, int]:
        return (half.has_merged, half.lasts, half.named, -half.first.timestamp(), -half.id.int)

    return (one, other) if weight(one) > weight(other) else (other, one)


def _refusals(kept: Half, gone: Half) -> Iterable[str]:
    for half in (kept, gone):
        if half.card.merged_into is not None:
            yield f"{half.name}のカードは、もうほかのカードとまとめてあります。"
        if half.grown_up:
            yield f"{half.name}は職員か保護者でもあります。まとめられるのは、子どものカードだけです。"
    if gone.has_merged:
        yield (
            "どちらのカードにも、前にまとめたカードがあります。"
            f"{gone.name}のほうを先に元に戻してから、もう一度まとめてください。"
        )
    days = [half.card.birth_date for half in (kept, gone)]
    if days[0] is not None and days[1] is not None and days[0] != days[1]:
        yield (
            f"生年月日がちがいます（{day_in_full(days[0])}と{day_in_full(days[1])}）。"
            "同じ子なら、まちがっているほうをカードで先に直してください。"
        )


def _told(half: Half, names: Names, today: date) -> str:
    at = next(
        (each.held.what for each in half.memberships if each.held.valid.holds(today)),
        None,
    )
    if at is not None:
        return f"{half.name}（{names.place(at.school_id)} {names.place(at.class_id)}）"
    last = max(half.enrolments, key=lambda each: each.held.valid.since, default=None)
    return half.name if last is None else f"{half.name}（{names.place(last.held.what.school_id)}）"


def _same_enrolment(one: EnrolmentIs, other: EnrolmentIs, names: Names) -> str | None:
    if one.school_id != other.school_id:
        return (
            f"{names.place(one.school_id)}と{names.place(other.school_id)}の両方に在籍しています。"
            "同じ子なら、まちがっているほうの在籍を先に直してください。"
        )
    if one.grade != other.grade:
        return (
            f"学年がちがいます（{grade_words(one.grade)}と{grade_words(other.grade)}）。"
            "同じ子なら、まちがっているほうを先に直してください。"
        )
    return None


def _same_membership(one: MembershipIs, other: MembershipIs, names: Names) -> str | None:
    if one.class_id != other.class_id:
        return (
            f"{names.place(one.class_id)}と{names.place(other.class_id)}の両方にいます。"
            "同じ子なら、まちがっているほうの学級を先に直してください。"
        )
    return None


def _go_on(
    gone: UUID,
    ending: Sequence[Standing[I]],
    kept: UUID,
    staying: Sequence[Standing[I]],
    today: date,
    plan: Plan,
    names: Names,
    contradiction: Callable[[Any, Any, Names], str | None] | None,
) -> Changes:
    """What runs at ``gone`` goes on at ``kept`` from today; what ``kept`` has itself stands once."""
    changes = Changes()
    for each in ending:
        held = each.held
        beside = [
            other.held
            for other in staying
            if other.held.what.slot == held.what.slot and other.held.valid.overlaps(held.valid)
        ]
        for other in beside:
            why = contradiction(other.what, held.what, names) if contradiction else None
            if why is not None:
                both = held.valid.within(other.valid)
                plan.wrong.append(f"{span(both, today)}、{why}")
        rest = _without(held.valid, [other.valid for other in beside])
        past = [part for period in rest for part in _before(period, today)]
        coming = [part for period in rest for part in _after(period, today)]
        if isinstance(held.what, GuardianshipIs):  # whoever is a child's guardian was the same child's before
            coming = [period for period in rest if _after(period, today)]
        if past == [held.valid]:
            continue
        changes.voided.append(Voided(each.id, gone, MERGED))
        changes.added += [Added(Held(gone, part, held.what), each.id) for part in past]
        changes.added += [Added(Held(kept, part, held.what), None) for part in coming]
        plan.words += [_goes_on_words(held.what, part, names, today) for part in coming]
        if beside:
            plan.words.append(_twice_words(held.what, beside[0].what, names))
    return changes


def _goes_on_words(what: Any, part: Period, names: Names, today: date) -> str:
    if isinstance(what, GuardianshipIs):
        tie = f"{relation_word(what.relation)}、{rights_words(what)}"
        return f"保護者の{names.person(what.guardian_id)}（{tie}）が、残すカードに加わります。"
    return f"{span(part, today)}の「{what_words(what, names)}」は、残すカードで続きます。"


def _twice_words(what: Any, other: Any, names: Names) -> str:
    if isinstance(what, GuardianshipIs):
        name = names.person(what.guardian_id)
        if what == other:
            return f"保護者の{name}は両方のカードにいます。一人として残ります。"
        return f"保護者の{name}は両方のカードにいます。続柄と権利は、残すカードのもの（{rights_words(other)}）です。"
    if what == other:
        return f"「{what_words(what, names)}」は両方のカードにあります。一つだけ残ります。"
    stays = what_words(other, names)
    return f"「{what_words(what, names)}」と「{stays}」は、残すカードの「{stays}」だけになります。"


def _marks(kept: Half, gone: Half, today: date, plan: Plan) -> Changes:
    """A protection of either is one of both: nothing of the child may be seen by way of the other card."""
    changes = Changes()
    running = {
        half.id: [
            each
            for each in half.protections
            if each.held.valid.until is None or each.held.valid.until > today
        ]
        for half in (kept, gone)
    }
    marks = [each.held for half in (kept, gone) for each in running[half.id]]
    if not marks:
        return changes
    hidden_from = sorted({person for each in marks for person in each.what.confidential_from})
    wanted = ProtectionIs(tuple(hidden_from))
    since = max(today, min(each.valid.since for each in marks))
    ends = [each.valid.until for each in marks]
    until = None if None in ends else max(end for end in ends if end is not None)
    for half in (kept, gone):
        mine = running[half.id]
        if len(mine) == 1 and mine[0].held.what == wanted and mine[0].held.valid.covers(Period(since, until)):
            continue
        for each in mine:
            changes.voided.append(Voided(each.id, half.id, MERGED))
            past = _before(each.held.valid, since)
            changes.added += [Added(Held(half.id, part, each.held.what), each.id) for part in past]
        changes.added.append(Added(Held(half.id, Period(since, until), wanted), mine[0].id if mine else None))
    if changes.added:
        plan.words.append("支援措置の印は、両方のカードに付きます。秘匿する相手も合わせます。")
    return changes


def _more_words(kept: Half, gone: Half) -> Iterable[str]:
    if any(
        getattr(kept.card, name) != getattr(gone.card, name)
        for name in PersonRow._fields
        if name not in ("id", "sort_key", "search", "merged_into")
    ):
        yield "氏名・よみ・性別は、残すカードのものです。ちがっていたら、まとめたあとにカードで直してください。"
    if gone.days:
        both = len(kept.days & gone.days)
        yield f"{gone.name}の出欠の記録{len(gone.days)}日分は、そのまま残ったうえで、残すカードで見られます。"
        if both:
            yield f"そのうち{both}日は両方に記録があります。残すカードの記録を使います。"
    yield "まとめられたカードのアカウントは、使えなくなります。残すカードのものを使ってください。"


def _without(period: Period, others: Iterable[Period]) -> list[Period]:
    """The parts of a period that none of the others covers."""
    parts = [period]
    for other in others:
        parts = [rest for part in parts for rest in part.outside(other)]
    return parts


def _before(period: Period, day: date) -> list[Period]:
    if period.since >= day:
        return []
    return [Period(period.since, day if period.until is None else min(day, period.until))]


def _after(period: Period, day: date) -> list[Period]:
    if period.until is not None and period.until <= day:
        return []
    return [Period(max(day, period.since), period.until)]


def day_in_full(on: date) -> str:
    """``2018年5月6日``: of a birth the year matters and the weekday does not."""
    return f"{on.year}年{on.month}月{on.day}日"
