"""What an import would do, in numbers and, if asked, one by one: told before anything happens. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.registry.imports.losses import Leaving, Limits, Loss, losses
from services.registry.imports.moves import moves
from services.registry.imports.rules import SIDES, Ask, Frame, PartPlan, Side
from services.registry.imports.words import Change, Telling
from services.registry.roster.rows import Held, OrganisationRow

Hat = Literal["pupil", "guardian", "staff"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Things of one kind that become new, other or end."""

    new: int = 0
    changed: int = 0
    ended: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.new + other.new, self.changed + other.changed, self.ended + other.ended)


@dataclass(slots=True)
class SchoolCounts:
    """A school's pupils: how many there are on the import's day, then how many, and what happens to how many."""

    pupils: int = 0
    then: int = 0
    enrolled: int = 0
    moved_in: int = 0
    moved_out: int = 0
    left: int = 0
    changed_class: int = 0
    changed_number: int = 0
    changed_dates: int = 0


class Accounts(NamedTuple):
    """People who get an account, can no longer use theirs, or use it in another capacity, from the import's day on."""

    opened: int = 0
    closed: int = 0
    changed: int = 0


class Resembling(NamedTuple):
    """New children who may be children that are here already: somebody is asked of each (docs/matching.md).

    Without those who resemble a protected child: a preview is for everybody who may bring the roster.
    """

    children: int
    lines: str
    """Where the file names them."""


SIDE_WORDS: Mapping[Side, str] = {
    "enrolment": "在籍",
    "membership": "学級の所属",
    "duty": "職務",
    "guardianship": "保護者",
    "protection": "保護の印",
    "contact": "連絡先",
}
KEPT, OVERWRITTEN = "手で直したまま残す人", "手で直したものを上書きする人"
ORGANISATIONS, PEOPLE, CALENDARS = "学校・学級・部署", "人", "学校暦"


@dataclass(frozen=True, slots=True)
class Preview:
    """The whole, as it is told."""

    counts: Mapping[str, Counts]
    schools: Mapping[UUID, SchoolCounts]
    classes: tuple[UUID, ...]
    """Classes whose members change."""
    accounts: Accounts
    losses: tuple[Loss, ...]
    parts: int
    """Schools and more of which something changes."""
    resembling: Resembling | None = None
    """None: not looked for."""


@dataclass(frozen=True, slots=True)
class Now:
    """What is there before the import, as far as the preview must know."""

    pupils: Mapping[UUID, int]
    """By school, from the import's day on."""
    today: Mapping[UUID, int]
    """By school, on that day alone."""
    members: Mapping[UUID, tuple[UUID, int]]
    """By class: its school, and how many."""
    hats: Mapping[tuple[UUID, Hat], int]
    """How many relations give somebody a hat on the import's day; of those about whom :meth:`Tally.wearing` asks."""


@dataclass(slots=True)
class Tally:
    """Gathers what the parts of an import change."""

    frame: Frame
    organisations: dict[UUID, OrganisationRow]
    """All of the board's, as they will be; parts add theirs."""
    tell: Callable[[Change], None] | None = None
    """Where each change goes, when somebody wants to see it."""
    counts: dict[str, Counts] = field(default_factory=dict)
    schools: dict[UUID, SchoolCounts] = field(default_factory=dict)
    classes: set[UUID] = field(default_factory=set)
    leaving: Leaving = field(default_factory=Leaving)
    parts: int = 0
    events: int = 0
    _hats: Counter[tuple[UUID, Hat]] = field(default_factory=Counter)
    _first: set[UUID] = field(default_factory=set)

    def add(self, ask: Ask, plan: PartPlan) -> None:
        """Count one part."""
        self.parts += bool(plan)
        self.events += plan.events()
        self.organisations.update((row.id, row) for row in plan.organisations)
        self._count_organisations(plan)
        self._count(PEOPLE, plan.people, plan.cards_before)
        self._count(CALENDARS, plan.calendars, plan.calendars_before)
        for side in SIDES:
            changes = plan.sides[side].changes
            self._add(SIDE_WORDS[side], Counts(changes.new, changes.changed, changes.ended))
        self._count_moves(plan)
        self._count_hats(ask, plan)
        if self.tell is not None:
            Telling(self.organisations, plan, self.tell).all(self.frame)

    def add_by_hand(self, plan: PartPlan) -> None:
        """Count what people changed by hand, also where the source changes nothing."""
        sides: tuple[tuple[str, Literal["kept", "overwritten"], set[UUID]], ...] = (
            (KEPT, "kept", plan.kept),
            (OVERWRITTEN, "overwritten", plan.overwritten),
        )
        for word, kind, people in sides:
            if people:
                self._add(word, Counts(changed=len(people)))
            if self.tell is not None:
                telling = Telling(self.organisations, plan, self.tell)
                for person in sorted(people):
                    self.tell(Change(kind, telling.who(person), "", "", "", person))

    def place(self, organisation: UUID | None) -> str:
        """An organisation's name; empty for none."""
        row = self.organisations.get(organisation) if organisation is not None else None
        return "" if row is None else row.name

    def wearing(self) -> list[UUID]:
        """People who were known before and whose hats change."""
        return list({person for person, _ in self._hats})

    def finished(self, now: Now, limits: Limits) -> Preview:
        """The preview, when every part was counted."""
        for school, counts in self.schools.items():
            counts.pupils = now.today.get(school, 0)
            counts.then += counts.pupils
        return Preview(
            self.counts,
            self.schools,
            tuple(self.classes),
            self._accounts(now),
            tuple(losses(self.leaving, now.pupils, now.members, limits)),
            self.parts,
        )

    def _add(self, word: str, counts: Counts) -> None:
        self.counts[word] = self.counts.get(word, Counts()) + counts

    def _count(self, word: str, rows: Iterable[Any], before: Mapping[UUID, Any]) -> None:
        listed = list(rows)
        changed = sum(row.id in before for row in listed)
        self._add(word, Counts(len(listed) - changed, changed))

    def _count_organisations(self, plan: PartPlan) -> None:
        self._add(ORGANISATIONS, Counts())
        for row in plan.organisations:
            old = plan.organisations_before.get(row.id)
            closes = row.until is not None
            if closes and (row.kind == "class" or row.school_id == row.id):
                self.leaving.closed[row.id] = row.school_id
            self._add(ORGANISATIONS, Counts(old is None, old is not None and not closes, closes))

    def _count_moves(self, plan: PartPlan) -> None:
        member = plan.sides["membership"]
        voided = {each.id for each in member.changes.voided}
        self.classes.update(each.held.what.class_id for each in member.changes.added)
        self.classes.update(each.held.what.class_id for each in member.standing if each.id in voided)
        for move in moves(self.frame, plan):
            self.leaving.pupils.update(move.leaves)
            self.leaving.members.update(move.classes)
            self.leaving.joining.update(move.joins)
            before, after = move.before, move.after
            if move.here != move.then:
                for school, more in ((move.here, -1), (move.then, 1)):
                    if school is not None:
                        self._at(school).then += more
            if move.kind == "dates":
                for school in {each.school for each in (*move.was, *move.becomes)}:
                    self._at(school).changed_dates += 1
            if before is not None and move.kind == "left":
                self._at(before.school).left += 1
            elif before is not None and move.kind == "moved":
                self._at(before.school).moved_out += 1
            if after is not None:
                here = self._at(after.school)
                here.enrolled += move.kind == "enrolled"
                here.moved_in += move.kind == "moved"
                here.changed_class += move.kind == "class"
                here.changed_number += move.kind == "number"

    def _at(self, school: UUID) -> SchoolCounts:
        return self.schools.setdefault(school, SchoolCounts())

    def _count_hats(self, ask: Ask, plan: PartPlan) -> None:
        hats: tuple[tuple[Side, Hat], ...] = (("enrolment", "pupil"), ("duty", "staff"))
        for side, hat in hats:
            for subject, before, after in plan.changed(side):
                self._wear(ask, subject, hat, self._held(after) - self._held(before))
        for _, before, after in plan.changed("guardianship"):
            for sign, ties in ((-1, before), (1, after)):
                for tie in ties:
                    if (tie.what.may_notify or tie.what.may_read) and tie.valid.holds(self.frame.ends):
                        self._wear(ask, tie.what.guardian_id, "guardian", sign)

    def _held(self, held: Iterable[Held[Any]]) -> int:
        return sum(each.valid.holds(self.frame.ends) for each in held)

    def _wear(self, ask: Ask, person: UUID, hat: Hat, more: int) -> None:
        if person in ask.fresh:
            if more > 0:
                self._first.add(person)
        elif more:
            self._hats[person, hat] += more

    def _accounts(self, now: Now) -> Accounts:
        opened, closed, changed = len(self._first), 0, 0
        people: dict[UUID, dict[Hat, int]] = {}
        for (person, hat), more in self._hats.items():
            people.setdefault(person, {})[hat] = more
        for person, differences in people.items():
            if person in self._first:
                continue
            hats: tuple[Hat, ...] = ("pupil", "guardian", "staff")
            before = {hat for hat in hats if now.hats.get((person, hat), 0) > 0}
            after = {hat for hat in hats if now.hats.get((person, hat), 0) + differences.get(hat, 0) > 0}
            opened += bool(after) and not before
            closed += bool(before) and not after
            changed += bool(before) and bool(after) and before != after
        return Accounts(opened, closed, changed)
