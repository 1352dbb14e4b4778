"""What a read 学齢簿 asks of the roster: of new children everything, of known ones what is not theirs to lose. Pure.

A register tells of beginnings. It ends nothing: no stay at a school, no guardian, no mark that somebody has given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from uuid import UUID

from services.registry.gakureibo import addresses
from services.registry.gakureibo.addresses import Reached
from services.registry.gakureibo.entries import Entry, Guardian, Read
from services.registry.gakureibo.standing import Stands, as_told, with_standing
from services.registry.oneroster.cells import folded
from services.registry.oneroster.problems import Problems
from services.registry.roster.kana import search_text
from services.registry.roster.rows import EnrolmentIs, Held, OrganisationRow, ProtectionIs
from services.registry.roster.snapshot import (
    Aspect,
    Contact,
    Enrolment,
    ExternalKey,
    Guardianship,
    Organisation,
    Period,
    Person,
    Protection,
    RosterSnapshot,
    Spoken,
)
from shared.dates import school_year, school_year_bounds

SOURCE = "gakureibo"


@dataclass(frozen=True, slots=True)
class Known:
    """What stands of a child whom an earlier 学齢簿 has named."""

    enrolments: tuple[Held[EnrolmentIs], ...] = ()
    planned: bool = False
    """Nothing but a 学齢簿 has said where the child will be, and no class was given."""
    guarded: bool = False
    """A guardian stands."""
    guardians: frozenset[str] = frozenset()
    """How registers have named those who stand."""
    marks: tuple[Held[ProtectionIs], ...] = ()
    """Of today and later; their people are those of whom there is a card."""

    @property
    def protected(self) -> bool:
        """Whether a mark stands, of today or a later day."""
        return bool(self.marks)


def child_key(number: str) -> ExternalKey:
    """How the source names a child."""
    return ExternalKey("person", number)


def guardian_key(child: str, guardian: Guardian) -> ExternalKey:
    """How it names a guardian: by their own number; without one somebody of this child's alone, and of this name."""
    if guardian.number is not None:
        return ExternalKey("person", guardian.number)
    name = blake2b(search_text(*guardian.name).encode(), digest_size=8).hexdigest()
    return ExternalKey("person", f"{child}#{name}")


@dataclass(slots=True)
class _Asking:
    today: date
    file: str
    problems: Problems
    reached: Mapping[str, Reached]
    people: dict[ExternalKey, Person] = field(default_factory=dict)
    enrolments: list[Enrolment] = field(default_factory=list)
    guardianships: list[Guardianship] = field(default_factory=list)
    protections: list[Protection] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    addresses: dict[ExternalKey, tuple[str, int]] = field(default_factory=dict)
    """Of whom an address was told, and in which line."""
    about: dict[Aspect, set[str]] = field(default_factory=dict)

    def speak(self, aspect: Aspect, key: ExternalKey) -> None:
        self.about.setdefault(aspect, set()).add(key.sourced_id)

    def note(self, line: int, words: str) -> None:
        self.problems.note(self.file, line, "", words)

    def lives(self, key: ExternalKey, told: str | None, line: int, known: Known) -> None:
        """Ask for somebody's 現住所. Whoever several rows tell of lives where the first of them says.

        ``known``: of the row's child. That a protected one's family lives elsewhere by now is nobody's to be told.
        """
        if told is None:
            return
        first, where = self.addresses.setdefault(key, (told, line))
        if (first, where) != (told, line):
            if folded(first) != folded(told):
                self.note(line, f"同じ保護者の現住所が {where} 行とちがうので、{where} 行のものにしました")
            return
        reached = self.reached.get(key.sourced_id, Reached())
        if not known.protected and addresses.by_hand(reached, told, self.today):
            self.note(
                line, "住所が手で直されているので、そのままにしました（学齢簿は、前と同じことを言っています）"
            )
        if found := addresses.asked(key, told, reached, self.today):
            self.contacts += found
            self.speak("contact", key)


def to_snapshot(
    read: Read,
    board: OrganisationRow,
    schools: Mapping[UUID, OrganisationRow],
    known: Mapping[str, Known],
    today: date,
    file: str,
    problems: Problems,
    cards: Mapping[str, Stands],
    reached: Mapping[str, Reached],
) -> RosterSnapshot:
    """The roster of one school year as far as the register speaks of it. ``cards``, ``reached``: of those known, by
    number."""
    asking = _Asking(today, file, problems, reached)
    for entry in read.entries:
        _ask(asking, entry, known.get(entry.number))
    people = [with_standing(each, cards.get(key.sourced_id)) for key, each in asking.people.items()]
    # Whom a mark names is known by our own id; of their cards nothing is said.
    kept_from = {each for mark in asking.protections for each in mark.confidential_from}
    people += [as_told(each, cards[each.sourced_id].card) for each in sorted(kept_from)]
    spoken: dict[Aspect, frozenset[str] | None] = dict.fromkeys(
        (*sorted(Spoken.OF_PEOPLE), "calendar", "organisation", "class", "department"), frozenset()
    )
    spoken |= {aspect: frozenset(ids) for aspect, ids in asking.about.items()}
    there = {entry.school for entry in read.entries}
    return RosterSnapshot(
        read.year,
        ExternalKey("organisation", str(board.id)),
        tuple(_organisation(each) for each in (board, *(schools[id_] for id_ in sorted(there)))),
        tuple(people),
        tuple(asking.enrolments),
        (),
        (),
        tuple(asking.guardianships),
        tuple(asking.protections),
        (),
        Spoken(spoken),
        tuple(asking.contacts),
    )


def _ask(asking: _Asking, entry: Entry, known: Known | None) -> None:
    child, now = child_key(entry.number), known or Known()
    asking.people[child] = child_of(entry)
    asking.speak("card", child)
    stay = Enrolment(
        child,
        ExternalKey("organisation", str(entry.school)),
        entry.grade,
        Period(entry.on, school_year_bounds(school_year(entry.on))[1]),
    )
    # Everybody has a place in the run by the school, also those of whose stay nothing is said.
    asking.enrolments.append(stay)
    beside = [each for each in now.enrolments if each.valid.overlaps(stay.valid)]
    if not beside or (now.planned and not entry.arrives):
        asking.speak("enrolment", child)
    elif not any(_same(each, entry) for each in beside):
        words = "もう在籍が決まっている子なので、学校と日付はそのままにしました（変えるときは転出入か子のカードで）"
        asking.note(entry.line, words)
    if entry.protected:
        _ask_mark(asking, child, entry, now.marks)
    asking.lives(child, entry.address, entry.line, now)
    if entry.guardian is not None:
        told = _ask_guardian(asking, entry, entry.guardian, now)
        if (
            told and entry.protected
        ):  # of a mark that only the card has nothing is said: not everybody may know of it
            words = "支援措置の子なので、保護者の権利（連絡・閲覧）は付けません。指名された職員が子のカードで決めます"
            asking.note(entry.line, words)


def _ask_mark(asking: _Asking, child: ExternalKey, entry: Entry, marks: Sequence[Held[ProtectionIs]]) -> None:
    """A mark without an end from today on; beside marks that stand for the days on which none of them holds.

    Those stay as they are, also one that is to end: whoever the register still marks is not to be found from that day.
    Whom they keep the child from it is kept from then, too.
    """
    since = asking.today if marks else min(asking.today, entry.on)
    missing = Period(since, None).uncovered(each.valid for each in marks)
    if not missing:
        return
    told = [(each.valid, each.what.confidential_from) for each in marks]
    everybody = tuple(sorted({person for _, people in told for person in people}))
    for valid, people in (*told, *((each, everybody) for each in missing)):
        keys = tuple(ExternalKey("person", str(each)) for each in people)
        asking.protections.append(Protection(child, valid.since, valid.until, keys))
    asking.speak("protection", child)


def _same(held: Held[EnrolmentIs], entry: Entry) -> bool:
    return (held.what.school_id, held.what.grade, held.valid.since) == (entry.school, entry.grade, entry.on)


def _ask_guardian(asking: _Asking, entry: Entry, guardian: Guardian, now: Known) -> bool:
    """Ask for the guardian unless one stands, of whom nothing but the 現住所 is asked; returns whether it is asked for.

    Of a child under 支援措置 the register's 保護者 may be the very one it has fled from: the tie gives no right.
    """
    child, key = child_key(entry.number), guardian_key(entry.number, guardian)
    if now.guarded and key.sourced_id not in now.guardians:
        return False
    asking.people.setdefault(key, _guardian(key, guardian))
    right = not (entry.protected or now.protected)
    valid = Period(min(asking.today, entry.on), None)
    # Everybody has a place in the run by a child, also those of whose tie nothing is said.
    asking.guardianships.append(
        Guardianship(child, key, guardian.relation, notify=right, read=right, contact=right, valid=valid)
    )
    asking.lives(key, guardian.address, entry.line, now)
    if now.guarded:
        return False
    asking.speak("card", key)
    asking.speak("guardianship", child)
    return True


def child_of(entry: Entry) -> Person:
    """The child as the row writes it."""
    common, common_reading = entry.common, entry.common_reading
    return Person(
        child_key(entry.number),
        legal_family=entry.name.family,
        legal_given=entry.name.given,
        kana_family=entry.reading.family,
        kana_given=entry.reading.given,
        common_family=common.family if common else None,
        common_given=common.given if common else None,
        common_kana_family=common_reading.family if common_reading else None,
        common_kana_given=common_reading.given if common_reading else None,
        birth_date=entry.birth_date,
        sex=entry.sex,
    )


def _guardian(key: ExternalKey, guardian: Guardian) -> Person:
    reading = guardian.reading
    return Person(
        key,
        legal_family=guardian.name.family,
        legal_given=guardian.name.given,
        kana_family=reading.family if reading else None,
        kana_given=reading.given if reading else None,
        common_family=None,
        common_given=None,
        common_kana_family=None,
        common_kana_given=None,
        birth_date=None,
        sex="unspecified",
    )


def _organisation(row: OrganisationRow) -> Organisation:
    def key(id_: UUID | None) -> ExternalKey | None:
        return None if id_ is None else ExternalKey("organisation", str(id_))

    own = key(row.id)
    assert own is not None
    return Organisation(
        own, row.kind, key(row.parent_id), key(row.school_id), row.name, row.short_name, row.code
    )


def named(entries: Iterable[Entry]) -> set[str]:
    """How the source names everybody of these entries, guardians too."""
    found = set[str]()
    for each in entries:
        found.add(each.number)
        if each.guardian is not None:
            found.add(guardian_key(each.number, each.guardian).sourced_id)
    return found


def other_spellings(entries: Collection[Entry], known: Collection[str]) -> dict[str, str]:
    """Unknown numbers of entries → the known one that differs by zeros at its beginning: a spreadsheet's doing.

    A longer one is known: the file has lost them. A shorter one: an earlier file had. A file that has both spellings
    speaks of two people.
    """
    by_plain: dict[str, str] = {}
    for each in sorted(known, key=len):
        if each.isdigit():
            by_plain[each.lstrip("0")] = each
    there = {each.number for each in entries}
    found = ((each, by_plain.get(each.lstrip("0"))) for each in there - set(known) if each.isdigit())
    return {number: other for number, other in found if other is not None and other not in there}
