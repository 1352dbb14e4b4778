"""What an import asks of each part of a board's roster, and what must change for it. Pure.

A part is one school with the people who belong to it, or what is above schools. Everybody is in exactly one part, so
that a person's whole sets are written and published in one transaction, and parts can be applied one by one, in any
state the others are in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, Literal, NamedTuple, get_args
from uuid import UUID

from services.registry.roster.rows import (
    CalendarRow,
    DutyIs,
    Held,
    I,
    Is,
    OrganisationRow,
    PersonRow,
    Standing,
    place_of,
)
from services.registry.roster.rules import PeriodChanges, Translator, after, diff_periods
from services.registry.roster.snapshot import Aspect, ExternalKey, Period, RosterSnapshot
from shared.dates import school_year_bounds

Side = Literal["enrolment", "membership", "duty", "guardianship", "protection", "contact"]
SIDES: tuple[Side, ...] = get_args(Side)
TOGETHER: Mapping[Side, tuple[Side, ...]] = {
    "enrolment": ("enrolment", "membership"),
    "membership": ("enrolment", "membership"),
    "duty": ("duty",),
    "guardianship": ("guardianship", "protection"),
    "protection": ("guardianship", "protection"),
    "contact": ("contact",),
}
"""Kinds of relations that are published together, as one whole set of a person."""


class Gone(NamedTuple):
    """Somebody the source no longer has, and the school that loses them."""

    person: UUID
    school: UUID | None


@dataclass(slots=True)
class Wants(Generic[I]):
    """One kind of relation: of whom the source speaks, and what it says. Of the others nothing is touched."""

    subjects: list[UUID] = field(default_factory=list)
    held: list[Held[I]] = field(default_factory=list)


@dataclass(slots=True)
class Ask:
    """What a source asks of one part. ``school`` None: of what is above schools."""

    school: UUID | None
    organisations: list[OrganisationRow] = field(default_factory=list)
    closing: list[UUID] = field(default_factory=list)
    """Organisations the source no longer has."""
    people: list[PersonRow] = field(default_factory=list)
    calendars: list[CalendarRow] = field(default_factory=list)
    sides: dict[Side, Wants[Any]] = field(default_factory=lambda: {side: Wants() for side in SIDES})
    fresh: set[UUID] = field(default_factory=set)
    """People whom this import has named for the first time: nothing can stand about them."""
    gone: set[UUID] = field(default_factory=set)
    """People the source no longer has."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What an import is about: a board's school year, as of a day."""

    board: UUID
    school_year: int
    as_of: date
    school: UUID | None = None
    """The only school whose roster it may touch; None: all of the board's. Of the others it says nothing."""

    @property
    def coverage(self) -> Period:
        """The time the source speaks about."""
        return Period(*school_year_bounds(self.school_year))

    @property
    def ends(self) -> date:
        """The day from which what the source no longer has is no longer so."""
        return max(self.as_of, self.coverage.since)

    @property
    def past(self) -> bool:
        """Whether the whole school year is over: a source about it ends nothing."""
        return self.coverage.until is not None and self.coverage.until <= self.as_of


def asks_of(
    snapshot: RosterSnapshot,
    ids: Mapping[ExternalKey, UUID],
    fresh: Collection[UUID],
    gone: Iterable[Gone],
    closing: Iterable[UUID],
) -> Iterator[Ask]:
    """The parts of a snapshot, what is above schools first. ``gone`` and ``closing``: what it no longer has."""
    translator, parts = Translator.of(snapshot, ids), _Parts(snapshot, ids)
    leaving: dict[UUID | None, list[UUID]] = {}
    for each in gone:
        leaving.setdefault(each.school, []).append(each.person)
    ended = list(closing)
    for school in [None, *parts.schools, *sorted(leaving.keys() - {None, *parts.schools}, key=str)]:
        ask = Ask(school)
        if school is None:
            ask.closing = ended
            ask.organisations = [
                translator.organisation(each)
                for each in snapshot.organisations
                if snapshot.spoken.of(aspect_of(each.key), each.key.sourced_id)
            ]
        parts.fill(ask, translator, fresh, leaving.get(school, []))
        yield ask


class _Parts:
    """Who and what of a snapshot belongs where."""

    def __init__(self, snapshot: RosterSnapshot, ids: Mapping[ExternalKey, UUID]) -> None:
        self.snapshot = snapshot
        self.ids = ids
        self.schools = [
            ids[each.key]
            for each in snapshot.organisations
            if each.key.kind == "organisation" and each.key != snapshot.board
        ]
        self._of = self._homes()
        pupils = {each.pupil for each in snapshot.enrolments}
        told = {
            each.person for each in snapshot.contacts
        }  # also of one who has no tie, but is kept from a child
        self._families = pupils | told | {each.guardian for each in snapshot.guardianships}
        self._people = self._grouped(snapshot.people, lambda each: each.key)
        self._told: dict[Side, dict[UUID | None, list[Any]]] = {
            "enrolment": self._grouped(snapshot.enrolments, lambda each: each.pupil),
            "membership": self._grouped(snapshot.memberships, lambda each: each.pupil),
            "duty": self._grouped(snapshot.duties, lambda each: each.staff),
            "guardianship": self._grouped(snapshot.guardianships, lambda each: each.pupil),
            "protection": self._grouped(snapshot.protections, lambda each: each.pupil),
            "contact": self._grouped(snapshot.contacts, lambda each: each.person),
        }

    def _homes(self) -> dict[ExternalKey, UUID]:
        """The school of everybody who has one: of a pupil the last, of staff the first, of a guardian the child's."""
        last: dict[ExternalKey, date] = {}
        found: dict[ExternalKey, UUID] = {}
        for each in self.snapshot.enrolments:
            if each.pupil not in last or each.valid.since > last[each.pupil]:
                last[each.pupil] = each.valid.since
                found[each.pupil] = self.ids[each.school]
        schools = set(self.schools)
        for duty in self.snapshot.duties:
            if self.ids[duty.organisation] in schools:
                found.setdefault(duty.staff, self.ids[duty.organisation])
        for tie in self.snapshot.guardianships:
            if tie.pupil in found:
                found.setdefault(tie.guardian, found[tie.pupil])
        return found

    def _grouped(self, things: Iterable[Any], whose: Any) -> dict[UUID | None, list[Any]]:
        groups: dict[UUID | None, list[Any]] = {}
        of = self._of
        for each in things:
            groups.setdefault(of.get(whose(each)), []).append(each)
        return groups

    def fill(self, ask: Ask, translator: Translator, fresh: Collection[UUID], leaving: list[UUID]) -> None:
        """Put into a part what belongs there, as far as the source speaks about it."""
        spoken, ids, school = self.snapshot.spoken, self.ids, ask.school
        people = self._people.pop(school, [])
        ask.gone = set(leaving)
        ask.fresh = {id_ for each in people if (id_ := ids[each.key]) in fresh}
        ask.people = [translator.person(each) for each in people if spoken.of("card", each.key.sourced_id)]
        ask.calendars = [
            translator.calendar(each)
            for each in self.snapshot.calendars
            if ids[each.school] == school and spoken.of("calendar", each.school.sourced_id)
        ]
        make: dict[Side, Callable[[Any], Held[Any]]] = {
            "enrolment": translator.enrolment,
            "membership": translator.membership,
            "duty": translator.duty,
            "guardianship": translator.guardianship,
            "protection": translator.protection,
            "contact": translator.contact,
        }
        for side in SIDES:
            told = self._told[side].pop(school, [])
            held = [make[side](each) for each in told]
            # Who has left can still be reached where they could be: 連絡先 do not end with 在籍 or a guardian's tie,
            # and those of staff whose child has gone stay as those of everybody else's parents.
            gone, mine = leaving, people
            if side == "contact":
                gone, mine = [], [each for each in people if each.key in self._families]
            if spoken.everything(side):
                here = [id_ for each in mine if (id_ := ids[each.key]) not in fresh]
                ask.sides[side] = Wants(here + gone, held)
                continue
            about = {ids[each.key] for each in mine if spoken.of(side, each.key.sourced_id)}
            ask.sides[side] = Wants(
                [*(about - ask.fresh), *gone], [each for each in held if each.subject in about]
            )


@dataclass(slots=True)
class SideChange(Generic[I]):
    """One kind of relation in a part: what stands, what must change."""

    standing: list[Standing[I]]
    changes: PeriodChanges[I]

    def sets(self) -> dict[UUID, list[Held[I]]]:
        """The whole sets of those who change, as they will be."""
        return after(self.standing, self.changes)

    def before(self) -> dict[UUID, list[Held[I]]]:
        """The whole sets of everybody about whom something stands, in the order in which they are published."""
        found: dict[UUID, list[Held[I]]] = {}
        for each in self.standing:
            found.setdefault(each.held.subject, []).append(each.held)
        for held in found.values():
            held.sort(key=lambda each: (each.valid.since, each.what.slot))
        return found


@dataclass(slots=True)
class PartPlan:
    """What changes in a part."""

    school: UUID | None
    organisations: list[OrganisationRow]
    organisations_before: Mapping[UUID, OrganisationRow]
    people: list[PersonRow]
    cards_before: Mapping[UUID, PersonRow]
    calendars: list[CalendarRow]
    calendars_before: Mapping[UUID, CalendarRow]
    sides: dict[Side, SideChange[Any]]
    forgotten: set[UUID] = field(default_factory=set)
    """Protected people whose mark the source has left out: it stays, and the source is asked."""
    kept: set[UUID] = field(default_factory=set)
    """People whose changes by hand stay: the source only repeats what it said before them."""
    overwritten: set[UUID] = field(default_factory=set)
    """People whose changes by hand the source writes over: it has news of them."""

    def together(self, one: Side, other: Side) -> Iterator[tuple[UUID, list[Held[Any]], list[Held[Any]]]]:
        """People who change on either of two sides, with their whole sets on both, as they will be."""
        mine, theirs = self.sides[one].sets(), self.sides[other].sets()
        here = self.sides[one].before() if theirs else {}
        there = self.sides[other].before() if mine else {}
        for subject in sorted(mine.keys() | theirs.keys()):
            yield (
                subject,
                mine[subject] if subject in mine else here.get(subject, []),
                theirs[subject] if subject in theirs else there.get(subject, []),
            )

    def events(self) -> int:
        """How many events tell of it."""
        whole = len(self.organisations) + len(self.people) + len(self.calendars)
        for sides in {*TOGETHER.values()}:
            whole += len(set[UUID]().union(*(self.sides[side].changes.subjects() for side in sides)))
        return whole

    def changed(self, side: Side) -> Iterator[tuple[UUID, list[Held[Any]], list[Held[Any]]]]:
        """People who change on a side, with their whole sets before and after."""
        change = self.sides[side]
        if change.changes:
            before = change.before()
            for subject, later in change.sets().items():
                yield subject, before.get(subject, []), later

    def __bool__(self) -> bool:
        return bool(
            self.organisations
            or self.people
            or self.calendars
            or any(each.changes for each in self.sides.values())
        )


def changed_rows(wanted: Iterable[Any], before: Mapping[UUID, Any]) -> list[Any]:
    """Rows that are new or other than they stand."""
    return [row for row in wanted if before.get(row.id) != row]


def changed_cards(wanted: Iterable[PersonRow], before: Mapping[UUID, PersonRow]) -> list[PersonRow]:
    """Cards that are new or other than they stand. Whom a card was merged into is decided here, not by a source."""
    found = []
    for row in wanted:
        card = before.get(row.id)
        if card is not None and card.merged_into is not None:
            row = row._replace(merged_into=card.merged_into)
        if card != row:
            found.append(row)
    return found


def closed(
    frame: Frame, ids: Iterable[UUID], before: Mapping[UUID, OrganisationRow]
) -> list[OrganisationRow]:
    """Organisations the source no longer has: they exist until the day it became so, and their rows for ever.

    A class is of one school year, and a source speaks of the classes of its own.
    """
    if frame.past:
        return []
    return [
        row._replace(until=frame.ends)
        for each in ids
        if (row := before.get(each)) is not None
        and row.until is None
        and row.kind != "board"
        and row.school_year in (None, frame.school_year)
    ]


def side_change(frame: Frame, wants: Wants[Any], standing: list[Standing[Any]]) -> SideChange[Any]:
    """What must change for the wanted relations to stand; ``standing`` may be also of people nothing is said about.

    Nobody's roster knows who stood in for a day.
    """
    about, wanted = set(wants.subjects), wants.held
    theirs = [each for each in standing if each.held.subject in about and not _stands_in(each.held.what)]
    if frame.school is not None:
        others = {(each.held.subject, each.held.what) for each in theirs if not here(frame, each.held.what)}
        theirs = [each for each in theirs if here(frame, each.held.what)]
        wanted = [each for each in wanted if (each.subject, each.what) not in others]
    return SideChange(standing, diff_periods(theirs, wanted, frame.coverage, frame.as_of))


def here(frame: Frame, what: Is) -> bool:
    """Whether a relation is this import's business."""
    return frame.school is None or place_of(what) in (None, frame.school)


def _stands_in(what: Is) -> bool:
    return isinstance(what, DutyIs) and what.kind == "substitute"


def reduced(ask: Ask, plan: PartPlan) -> Ask:
    """What is left to ask when what stands already is left out: what a run keeps until it has applied it."""
    asked = {row.id for row in ask.organisations}
    return Ask(
        ask.school,
        organisations=[row for row in plan.organisations if row.id in asked],
        closing=[row.id for row in plan.organisations if row.id not in asked],
        people=plan.people,
        calendars=[row for row in ask.calendars if row.id in {each.id for each in plan.calendars}],
        sides={side: _reduced(ask.sides[side], plan.sides[side].changes) for side in SIDES},
        fresh=ask.fresh,
        gone=ask.gone,
    )


def _reduced(wants: Wants[Any], changes: PeriodChanges[Any]) -> Wants[Any]:
    if not changes:
        return Wants()
    touched = changes.subjects()
    return Wants(
        [each for each in wants.subjects if each in touched],
        [each for each in wants.held if each.subject in touched],
    )


def read_with(ask: Ask, side: Side) -> list[UUID]:
    """Of whom what stands on a side must be read: also of those of whom only the side beside it speaks."""
    one, *others = TOGETHER[side]
    if not others:
        return ask.sides[one].subjects
    here, there = ask.sides[one].subjects, ask.sides[others[0]].subjects
    if here is there or not there:
        return here
    return list({*here, *there})


def aspect_of(key: ExternalKey) -> Aspect:
    """The aspect under which a source speaks of an organisation."""
    return "card" if key.kind == "person" else key.kind
