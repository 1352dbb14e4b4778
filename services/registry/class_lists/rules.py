"""出席番号 of a class from a day on: what is refused, and which periods must change. Pure.

A number is data: nothing here makes one up. Whoever asks says every child's number; a gap is a number somebody has
said shall stay open (欠番).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.roster.rows import Added, Held, MembershipIs, Standing, Voided
from services.registry.roster.snapshot import Period
from shared.dates import in_words, school_year_bounds

HIGHEST = 99
"""Lists have two digits for it."""
RENUMBERED = "numbers of the class set by hand"
TAKEN_BACK = "numbers of the class taken back by hand"


class Wrong(NamedTuple):
    """A row that cannot be, and what to do about it."""

    cell: str
    message: str


class Renumbered(NamedTuple):
    """A child whose number changes."""

    pupil: UUID
    before: int | None
    after: int


@dataclass(slots=True)
class Decision:
    """What the wished numbers come to."""

    wrong: list[Wrong] = field(default_factory=list)
    changed: list[Renumbered] = field(default_factory=list)
    voided: list[Voided] = field(default_factory=list)
    added: list[Added[MembershipIs]] = field(default_factory=list)


Stored = Standing[MembershipIs]


def members_on(standing: Iterable[Stored], on: date) -> list[Stored]:
    """The children of 在籍 of a day."""
    return [each for each in standing if each.held.what.kind == "home" and each.held.valid.holds(on)]


def revision(members: Iterable[Stored]) -> str:
    """Tells one state of a day's list from every other."""
    ids = sorted(str(each.id) for each in members)
    return hashlib.sha256("".join(ids).encode()).hexdigest()[:16]


def decide(
    standing: Sequence[Stored],
    wished: Sequence[tuple[UUID, int]],
    gaps: Collection[int],
    since: date,
    school_year: int,
    name_of: Callable[[UUID], str],
    hidden: Collection[UUID] = (),
) -> Decision:
    """Give the class ``wished`` numbers from ``since`` on. ``standing``: its periods of 在籍, of any time.

    Every child of that day needs one number, no two the same, none left out but those in ``gaps``. A number that
    changes later by itself still does; who joins later keeps theirs and must not meet another's. Of ``hidden``
    children whoever decides is told nothing, neither by an answer nor by a refusal: they make way (decision 0011).
    """
    unseen = [each for each in standing if each.held.subject in hidden]
    standing = [each for each in standing if each.held.subject not in hidden]
    begins, ends = school_year_bounds(school_year)
    if not begins <= since < ends:
        return Decision(
            [Wrong("始まりの日", f"{school_year}年度の学級です。{in_words(begins)}からの日にしてください。")]
        )
    members = {each.held.subject: each for each in members_on(standing, since)}
    decision = Decision(_wrong_rows(members, wished, gaps, name_of))
    if decision.wrong:
        return decision
    for pupil, number in wished:
        stored = members[pupil]
        held, what = stored.held, stored.held.what
        if what.number == number:
            continue
        decision.changed.append(Renumbered(pupil, what.number, number))
        decision.voided.append(Voided(stored.id, pupil, RENUMBERED))
        if held.valid.since < since:
            decision.added.append(Added(Held(pupil, Period(held.valid.since, since), what), stored.id))
        later = Held(pupil, Period(since, held.valid.until), what._replace(number=number))
        decision.added.append(Added(later, stored.id))
    decision.wrong = _wrong_later(standing, decision, since, name_of)
    _make_way(unseen, standing, decision, since)
    return decision


def _make_way(unseen: Sequence[Stored], seen: Sequence[Stored], decision: Decision, since: date) -> None:
    """Give a hidden child whose number was taken the first one after all others."""
    gone = {each.id for each in decision.voided}
    beside = [each.held for each in seen if each.id not in gone and each.held.what.kind == "home"]
    beside += [each.held for each in decision.added]
    there = [each for each in unseen if each.held.what.kind == "home"]
    used = {each.what.number or 0 for each in [*beside, *(each.held for each in there)]} | {0}
    for stored in sorted(there, key=lambda each: (each.held.valid.since, each.held.subject)):
        held = stored.held
        if held.valid.until is not None and held.valid.until <= since:
            continue
        ahead = Period(max(held.valid.since, since), held.valid.until)
        if all(each.what.number != held.what.number or not each.valid.overlaps(ahead) for each in beside):
            continue
        after = range(max(used) + 1, HIGHEST + 1)
        number = next((n for n in (*after, *range(1, HIGHEST + 1)) if n not in used), None)
        used |= {number or 0}
        decision.voided.append(Voided(stored.id, held.subject, RENUMBERED))
        if held.valid.since < since:
            before = Held(held.subject, Period(held.valid.since, since), held.what)
            decision.added.append(Added(before, stored.id))
        decision.added.append(Added(Held(held.subject, ahead, held.what._replace(number=number)), stored.id))


def _wrong_rows(
    members: Mapping[UUID, Stored],
    wished: Sequence[tuple[UUID, int]],
    gaps: Collection[int],
    name_of: Callable[[UUID], str],
) -> list[Wrong]:
    found: list[Wrong] = []
    by_number: dict[int, list[UUID]] = {}
    for pupil, number in wished:
        if pupil not in members:
            found.append(
                Wrong(f"{number}番", f"{name_of(pupil)}は、その日この学級にいません。行を除いてください。")
            )
        elif not 1 <= number <= HIGHEST:
            found.append(Wrong(f"{number}番", f"{name_of(pupil)}の番号は1から{HIGHEST}にしてください。"))
        else:
            by_number.setdefault(number, []).append(pupil)
    counted = [pupil for pupil, _ in wished]
    for pupil in members:
        if pupil not in counted:
            found.append(Wrong(name_of(pupil), "番号がありません。番号を入れてください。"))
        elif counted.count(pupil) > 1:
            found.append(Wrong(name_of(pupil), "2回出てきます。1行にしてください。"))
    for number, pupils in sorted(by_number.items()):
        others = list(dict.fromkeys(pupils))
        if len(others) > 1:
            names = "・".join(name_of(pupil) for pupil in others)
            found.append(Wrong(f"{number}番", f"{names}が同じ番号です。ひとりを別の番号にしてください。"))
    last = max(by_number, default=0)
    for number in range(1, last + 1):
        if number not in by_number and number not in gaps:
            found.append(Wrong(f"{number}番", "だれもいません。欠番にするか、番号をつめてください。"))
    return found


def _wrong_later(
    standing: Sequence[Stored], decision: Decision, since: date, name_of: Callable[[UUID], str]
) -> list[Wrong]:
    """Children who come later, or whose number changes later, and would meet a number that is given now."""
    gone = {each.id for each in decision.voided}
    given = [each.held for each in decision.added if each.held.valid.since >= since]
    rest = [
        each.held
        for each in standing
        if each.id not in gone and each.held.what.kind == "home" and each.held.valid.since > since
    ]
    found = []
    for later in rest:
        for now in given:
            same = later.what.number == now.what.number and later.subject != now.subject
            if same and later.valid.overlaps(now.valid):
                found.append(
                    Wrong(
                        f"{now.what.number}番",
                        f"{in_words(later.valid.since)}から{name_of(later.subject)}の番号です。"
                        f"{name_of(now.subject)}を別の番号にしてください。",
                    )
                )
    return found
