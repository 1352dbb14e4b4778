"""Questions whether two cards are of one child, their answers, and mergings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.matching.merging import Half
from services.registry.matching.rules import Child, Reason, in_order
from services.registry.roster import store as roster
from services.registry.roster.kana import search_text
from services.registry.roster.rows import I, PersonRow, Standing
from services.registry.roster.store import PeriodTable
from shared.database import Statement, Work
from shared.ids import new_id

MOST_ALIKE = 20
"""Cards that one card is compared with. More than these with one birth date and a name in common are no people: a
source has written the same placeholder everywhere, and nobody could answer."""

State = Literal["open", "waiting", "same", "different"]
_ADULTS = "exists (select from duty_period d where d.board_id = :board and d.subject_id = p.id and d.voided_at is null)"
_PARENTS = (
    "exists (select from guardianship_period g where g.board_id = :board and g.guardian_id = p.id"
    " and g.voided_at is null)"
)
_ENROLLED = (
    "exists (select from enrolment_period e"
    " where e.board_id = :board and e.subject_id = {0}.id and e.voided_at is null)"
)

# Whoever shares a birth date, and a family or a given name in any of its forms: what the rules then look at closely.
# From each card by the index of birth dates, whatever the planner believes of a table that was empty a minute ago.
_BESIDE = Statement(
    f"""
select n.id as one, o.id as other
from jsonb_to_recordset(cast(:news as jsonb)) as n(id uuid, born date, parts text[])
cross join lateral (select c.id from person c where c.board_id = :board and c.birth_date = n.born and c.id <> n.id
                    and c.withdrawn_at is null and c.merged_into is null
                    and (chr(10) || c.search || chr(10)) like any (n.parts) order by c.id limit :most) o
where {_ENROLLED.format("n")} and ({_ENROLLED.format("o")} or exists (
    select from protection_period k where k.board_id = :board and k.subject_id = o.id and k.voided_at is null))
"""  # noqa: S608 (constants)
)
# The same of cards that are not written yet, with children whom everybody who brings a roster may know of: one who is
# protected, now or later, is not among them, and takes nobody's place among the first so many.
_RESEMBLED = Statement(
    f"""
select n.id as one, o.id as other
from jsonb_to_recordset(cast(:news as jsonb)) as n(id uuid, born date, parts text[])
cross join lateral (select c.id from person c where c.board_id = :board and c.birth_date = n.born
                    and c.withdrawn_at is null and c.merged_into is null
                    and (chr(10) || c.search || chr(10)) like any (n.parts) and {_ENROLLED.format("c")}
                    and not exists (select from protection_period k where k.board_id = :board and k.subject_id = c.id
                                    and k.voided_at is null
                                    and coalesce(upper(k.valid), 'infinity') > cast(:today as date))
                    order by c.id limit :most) o
"""  # noqa: S608 (constants)
)
_PUPILS = Statement(
    "select p.id from unnest(cast(:ids as uuid[])) as p(id) where " + _ENROLLED.format("p")  # noqa: S608 (constants)
)
# As above: from each child by the index, then from each guardian. Joined freely, it took 200 ms a school of a city that
# was just being imported.
_GUARDIANS = Statement(
    "select g.subject_id, p.legal_family, p.legal_given from unnest(cast(:ids as uuid[])) as c(id)"
    " cross join lateral (select subject_id, guardian_id from guardianship_period"
    " where board_id = :board and subject_id = c.id and voided_at is null offset 0) g"
    " cross join lateral (select legal_family, legal_given from person"
    " where board_id = :board and id = g.guardian_id offset 0) p"
)


async def beside(session: AsyncSession, board: UUID, cards: Collection[PersonRow]) -> list[tuple[UUID, UUID]]:
    """Children (of those among these cards) with others who might be they; each pair once.

    Also with those of whom nothing stands but a mark of protection (their 転入 was taken back): nobody is asked about
    them (:func:`pupils`), and a new card has their mark all the same.
    """
    if not (news := _news(cards)):
        return []
    values = {"board": board, "news": orjson.dumps(news).decode(), "most": MOST_ALIKE}
    rows = await _BESIDE.all(session, values)
    return sorted({in_order(row["one"], row["other"]) for row in rows})


async def resembled(
    session: AsyncSession, board: UUID, cards: Collection[PersonRow], today: date
) -> list[tuple[UUID, UUID]]:
    """Children's cards that are still to be written, with those here who might be they and are kept from nobody."""
    if not (news := _news(cards)):
        return []
    values = {"board": board, "news": orjson.dumps(news).decode(), "most": MOST_ALIKE, "today": today}
    return [(row["one"], row["other"]) for row in await _RESEMBLED.all(session, values)]


def _news(cards: Collection[PersonRow]) -> list[dict[str, object]]:
    return [
        {"id": str(card.id), "born": card.birth_date.isoformat(), "parts": _parts(card)}
        for card in cards
        if card.birth_date is not None
    ]


async def pupils(session: AsyncSession, board: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Those of these cards of whom a 在籍 stands."""
    return {row["id"] for row in await _PUPILS.all(session, {"board": board, "ids": sorted(ids)})}


def _parts(card: PersonRow) -> list[str]:
    """Patterns of the shadow text's lines: what they begin with (family names), what they end with (given names)."""
    families = (card.legal_family, card.common_family, card.kana_family, card.legal_kana_family)
    givens = (card.legal_given, card.common_given, card.kana_given, card.legal_kana_given)
    begins = {search_text(each) for each in families} - {""}
    ends = {search_text(each) for each in givens} - {""}
    return [
        *(f"%\n{_plain(each)}%" for each in sorted(begins)),
        *(f"%{_plain(each)}\n%" for each in sorted(ends)),
    ]


def _plain(part: str) -> str:
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def children(session: AsyncSession, board: UUID, ids: Collection[UUID]) -> dict[UUID, Child]:
    """What of these cards is compared."""
    cards = await roster.people(session, board, ids)
    guardians: dict[UUID, set[tuple[str, str]]] = {}
    for row in await _GUARDIANS.all(session, {"board": board, "ids": sorted(ids)}):
        guardians.setdefault(row["subject_id"], set()).add((row["legal_family"], row["legal_given"]))
    return {id_: Child(board, card, frozenset(guardians.get(id_, ()))) for id_, card in cards.items()}


_ASK = text(
    "insert into same_person (id, board_id, one_id, other_id, reasons, state, raised_at, raised_by, note, revision)"
    " select id, :board, one_id, other_id, string_to_array(reasons, ','), 'open', :at, :by, :note, 1"
    " from unnest(cast(:ids as uuid[]), cast(:ones as uuid[]), cast(:others as uuid[]), cast(:reasons as text[]))"
    " as asked(id, one_id, other_id, reasons) on conflict (board_id, one_id, other_id) do nothing"
)


async def ask(work: Work, pairs: Sequence[tuple[UUID, UUID, tuple[Reason, ...]]], note: str = "") -> None:
    """Keep questions. A pair that was asked about, whatever the answer, is never asked about again."""
    if not pairs:
        return
    values = {
        "board": work.scope.board,
        "at": work.at,
        "by": work.actor,
        "note": note,
        "ids": [new_id() for _ in pairs],
        "ones": [one for one, _, _ in pairs],
        "others": [other for _, other, _ in pairs],
        "reasons": [",".join(reasons) for _, _, reasons in pairs],
    }
    await work.session.execute(_ASK, values)


_BETWEEN = Statement(
    "select id, state from same_person where board_id = :board and one_id = :one and other_id = :other"
)


async def between(session: AsyncSession, board: UUID, one: UUID, other: UUID) -> tuple[UUID, State] | None:
    """The question about two cards (in order), and its answer."""
    row = await _BETWEEN.first(session, {"board": board, "one": one, "other": other})
    return None if row is None else (row["id"], row["state"])


@dataclass(frozen=True, slots=True)
class Question:
    """Whether two cards are of one child."""

    id: UUID
    one: UUID
    other: UUID
    reasons: tuple[Reason, ...]
    state: State
    raised_at: datetime
    answered_at: datetime | None
    answered_by: UUID | None
    note: str
    revision: int
    protected: bool
    """Either child is protected today."""
    confidential_from: tuple[UUID, ...]


_MARKED = (
    "protection_period k where k.board_id = :board and k.subject_id in (q.one_id, q.other_id) and k.voided_at is null"
    " and k.valid @> cast(:today as date)"
)
_KEPT_FROM = _MARKED.replace(" where ", ", unnest(k.confidential_from) as u(person) where ")
_SELECT = f"""
select q.id, q.one_id, q.other_id, q.reasons, q.state, q.raised_at, q.answered_at, q.answered_by, q.note, q.revision,
       exists (select from {_MARKED}) as protected,
       array(select distinct u.person from {_KEPT_FROM}) as confidential_from
from same_person q
join person a on a.board_id = :board and a.id = q.one_id and a.withdrawn_at is null
join person b on b.board_id = :board and b.id = q.other_id and b.withdrawn_at is null
where q.board_id = :board
"""  # noqa: S608 (constants)
_ONE = Statement(f"{_SELECT} and q.id = :question")
# The SQL side of ReadSamePerson (policy.cedar).
_LIST = Statement(
    f"{_SELECT} and q.state = any (cast(:states as text[])) and :keeps"  # noqa: S608 (constants)
    " and a.merged_into is null and b.merged_into is null"
    f" and (:named or not exists (select from {_MARKED}))"
    f" and not exists (select from {_MARKED} and cast(:person as uuid) = any (k.confidential_from))"
    " order by q.state = 'waiting', q.raised_at, q.id limit :rows"
)


def _question(row: Any) -> Question:
    return Question(
        row["id"],
        row["one_id"],
        row["other_id"],
        tuple(row["reasons"]),
        row["state"],
        row["raised_at"],
        row["answered_at"],
        row["answered_by"],
        row["note"],
        row["revision"],
        row["protected"],
        tuple(row["confidential_from"]),
    )


async def question(session: AsyncSession, board: UUID, id_: UUID, today: date) -> Question | None:
    """A question, answered or not; none while one of its cards was taken back with its import."""
    row = await _ONE.first(session, {"board": board, "question": id_, "today": today})
    return None if row is None else _question(row)


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose questions a list is for: the SQL side of ``ReadSamePerson``."""

    keeps: bool
    named: bool
    person: UUID | None


async def questions(
    session: AsyncSession, board: UUID, asking: Asking, states: Sequence[State], today: date, rows: int
) -> list[Question]:
    """Questions of cards that are not merged, those put off at the end; one more than ``rows`` when there are more."""
    values = {"board": board, "today": today, "states": list(states), "rows": rows + 1}
    values |= {"keeps": asking.keeps, "named": asking.named, "person": asking.person}
    return [_question(row) for row in await _LIST.all(session, values)]


_ANSWER = text(
    "update same_person set state = :state, answered_at = cast(:at as timestamptz), answered_by = :by, note = :note,"
    " revision = revision + 1 where board_id = :board and id = :id"
)


async def answer(work: Work, id_: UUID, state: State, by: UUID, note: str) -> None:
    """What somebody said."""
    values = {"board": work.scope.board, "id": id_, "state": state, "at": work.at, "by": by, "note": note}
    await work.session.execute(_ANSWER, values)


_HALVES = Statement(
    f"""
select p.id, coalesce((select min(b.recorded_at) from person_past b where b.person_id = p.id), p.recorded_at) as first,
       exists (select from external_id x where x.board_id = :board and x.id = p.id and x.kind = 'person') as named,
       {_ADULTS} or {_PARENTS} as grown_up,
       exists (select from person a where a.board_id = :board and a.merged_into = p.id) as has_merged,
       array(select d.day from pupil_day d where d.board_id = :board and d.pupil_id = p.id
             and d.status <> 'unrecorded') as days
from person p where p.board_id = :board and p.id = any (cast(:ids as uuid[]))
"""  # noqa: S608 (constants)
)


async def halves(session: AsyncSession, board: UUID, ids: Sequence[UUID]) -> dict[UUID, Half]:
    """These cards with all that stands about them."""
    cards = await roster.people(session, board, ids)

    async def standing(table: PeriodTable[I]) -> dict[UUID, list[Standing[I]]]:
        found: dict[UUID, list[Standing[I]]] = {}
        for each in await roster.standing(session, board, table, ids):
            found.setdefault(each.held.subject, []).append(each)
        return found

    enrolments = await standing(roster.ENROLMENT)
    memberships = await standing(roster.MEMBERSHIP)
    guardians = await standing(roster.GUARDIANSHIP)
    protections = await standing(roster.PROTECTION)
    contacts = await standing(roster.CONTACT)
    return {
        row["id"]: Half(
            cards[row["id"]],
            row["first"],
            row["named"],
            _sorted(enrolments.get(row["id"], [])),
            _sorted(memberships.get(row["id"], [])),
            _sorted(guardians.get(row["id"], [])),
            _sorted(protections.get(row["id"], [])),
            _sorted(contacts.get(row["id"], [])),
            row["grown_up"],
            row["has_merged"],
            frozenset(row["days"]),
        )
        for row in await _HALVES.all(session, {"board": board, "ids": list(ids)})
        if row["id"] in cards
    }


def _sorted(standing: list[Standing[I]]) -> list[Standing[I]]:
    return sorted(standing, key=lambda each: (each.held.valid.since, each.held.what.slot))


@dataclass(frozen=True, slots=True)
class Merging:
    """Two cards that became one, or were one until it was taken back."""

    id: UUID
    question: UUID
    gone: UUID
    kept: UUID
    merged_at: datetime
    merged_by: UUID
    note: str
    undone_at: datetime | None


_MERGINGS = (
    "select id, question_id, gone_id, kept_id, merged_at, merged_by, note, undone_at from merging"
    " where board_id = :board and {0}"
)
_MERGING = Statement(_MERGINGS.format("id = :merging"))
_INTO = Statement(_MERGINGS.format("kept_id = :kept and undone_at is null order by merged_at, id"))
_NOTE = text(
    "insert into merging (id, board_id, question_id, gone_id, kept_id, merged_at, merged_by, note)"
    " values (:id, :board, :question, :gone, :kept, :at, :by, :note)"
)
_ALIAS = text("update person set merged_into = cast(:kept as uuid) where board_id = :board and id = :gone")
_UNDONE = text(
    "update merging set undone_at = :at, undone_by = :by, undone_note = :note where board_id = :board and id = :id"
)


async def merging(session: AsyncSession, board: UUID, id_: UUID) -> Merging | None:
    """A merging, taken back or not."""
    row = await _MERGING.first(session, {"board": board, "merging": id_})
    return None if row is None else Merging(*row.values())


async def merged_into(session: AsyncSession, board: UUID, kept: UUID) -> list[Merging]:
    """The mergings that stand into a card."""
    return [Merging(*row.values()) for row in await _INTO.all(session, {"board": board, "kept": kept})]


async def note_merging(
    work: Work, id_: UUID, of: Question, gone: UUID, kept: UUID, by: UUID, note: str
) -> None:
    """Keep that a card was merged into another, and make it its alias."""
    values = {"id": id_, "board": work.scope.board, "gone": gone, "kept": kept}
    await work.session.execute(_NOTE, {**values, "question": of.id, "at": work.at, "by": by, "note": note})
    await work.session.execute(_ALIAS, {"board": work.scope.board, "gone": gone, "kept": kept})


async def note_undone(work: Work, of: Merging, by: UUID, note: str) -> None:
    """Keep that a merging was taken back, and make its card one of its own again."""
    values = {"id": of.id, "board": work.scope.board, "at": work.at, "by": by, "note": note}
    await work.session.execute(_UNDONE, values)
    await work.session.execute(_ALIAS, {"board": work.scope.board, "gone": of.gone, "kept": None})


_SINCE = " + ".join(
    f"(select count(*) from {table} t where t.board_id = :board and t.subject_id = :kept and t.voided_at is null"  # noqa: S608
    " and t.recorded_at > :at and t.replaces is null and t.run_id is distinct from :merging)"
    for table in (roster.ENROLMENT.name, roster.MEMBERSHIP.name, roster.GUARDIANSHIP.name)
)
_WRITTEN = Statement(
    f"select {_SINCE} + (select count(*) from pupil_day d join attendance_fact f on f.pupil_day_id = d.id"  # noqa: S608
    " where d.board_id = :board and d.pupil_id = :kept and f.recorded_at > :at)"
    " + (select count(*) from pupil_lessons d join lesson_mark f on f.pupil_lessons_id = d.id"
    " where d.board_id = :board and d.pupil_id = :kept and f.recorded_at > :at) as written"
)


async def written_since(session: AsyncSession, board: UUID, of: Merging) -> int:
    """How many facts were written to the card that stayed while it was both children's."""
    values = {"board": board, "kept": of.kept, "at": of.merged_at, "merging": of.id}
    row = await _WRITTEN.first(session, values)
    return int(row["written"]) if row else 0
