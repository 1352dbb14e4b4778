"""What an export reads: one transaction that sees the roster at one instant, people a few hundred at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.exports.known import Card, Charge, People
from services.registry.exports.places import Days, Grades, Places, Unit
from services.registry.exports.rules import Frame, Told
from services.registry.roster import store as roster
from services.registry.roster.rows import CalendarRow, Held, I, OrganisationRow, PersonRow
from services.registry.roster.snapshot import Period
from services.registry.roster.store import PeriodTable
from shared.database import Statement

AT_ONCE = 500
"""People in memory. Whoever shares the event loop waits for no more than these."""

# A city has some thousand classes a year. Only a delta speaks of those of other years: of what ended there.
_OF_THE_YEAR = "(school_year is null or school_year = :year or cast(:others as boolean))"
_UNITS = text(
    "select id, kind, parent_id, school_id, name, short_name, code, school_year, grade, special_needs, until,"  # noqa: S608
    f" recorded_at from organisation where board_id = :board and {_OF_THE_YEAR}"
)
_CALENDARS = text(
    "select id, school_id, school_year, school_days, closures, recorded_at from calendar"
    " where board_id = :board and school_year = :year"
)
_NAMES = Statement(
    "select id, min(sourced_id) as sourced_id from external_id"
    " where board_id = :board and source = :source and kind <> 'board' and id = any(cast(:ids as uuid[])) group by id"
)
_CLASS_NAMES = text(
    "select id, min(sourced_id) as sourced_id from external_id"  # noqa: S608
    " where board_id = :board and source = :source and kind in ('organisation', 'class', 'department')"
    f" and id in (select id from organisation where board_id = :board and {_OF_THE_YEAR}) group by id"
)
_REVERTED = text(
    "select exists (select from import_run where board_id = :board"
    " and (state = 'reverting' or reverted_at > cast(:cutoff as timestamptz)))"
)
_PROTECTED = (
    "exists (select from protection_period m where m.board_id = :board and m.subject_id = {subject}"
    " and m.voided_at is null and (upper(m.valid) is null or upper(m.valid) > cast(:marks_from as date)){more})"
)
_IS_PROTECTED = _PROTECTED.format(subject="e.subject_id", more="")
_IS_KEPT_FROM_THE_READER = _PROTECTED.format(
    subject="e.subject_id", more=" and cast(:reader as uuid) = any(m.confidential_from)"
)
# A child who is not told moves no instant of its class's row, and adds no grade to it.
_GRADES = text(
    "select m.class_id, array_agg(distinct e.grade) filter (where m.voided_at is null and e.voided_at is null)"  # noqa: S608
    " as grades, max(greatest(m.recorded_at, m.voided_at, e.recorded_at, e.voided_at)) as moved from organisation o"
    " join membership_period m on m.class_id = o.id and m.kind = 'home'"
    " join enrolment_period e on e.subject_id = m.subject_id and e.valid && m.valid"
    " where o.board_id = :board and o.kind = 'class' and o.grade is null and o.school_year = :year"
    f" and (cast(:protected as boolean) or not {_IS_PROTECTED}) and not {_IS_KEPT_FROM_THE_READER}"
    " group by m.class_id"
)
_COUNT_PROTECTED = text(
    f"select count(distinct e.subject_id) from enrolment_period e where e.board_id = :board and e.voided_at is null"  # noqa: S608
    " and e.valid && daterange(cast(:since as date), cast(:until as date))"
    " and e.school_id = any(cast(:places as uuid[])) and "
    f"{_IS_PROTECTED} and not {_IS_KEPT_FROM_THE_READER}"
)
_OPEN = "(upper(valid) is null or upper(valid) > cast(:since as date))"
PUPIL = f"""
pupil as materialized (
  select distinct e.subject_id as id from enrolment_period e where e.board_id = :board and e.voided_at is null
  and e.valid && daterange(cast(:since as date), cast(:until as date)) and e.school_id = any(cast(:places as uuid[]))
  and (cast(:grades as text[]) is null or e.grade = any(cast(:grades as text[])))
  and (cast(:protected as boolean) or not {_IS_PROTECTED})
  and not {_IS_KEPT_FROM_THE_READER}
  and e.subject_id not in (select id from person where board_id = :board and merged_into is not null)
)
"""  # noqa: S608
_STAFF = f"""
select subject_id from duty_period where board_id = :board and voided_at is null and {_OPEN}
  and kind <> 'substitute' and organisation_id = any(cast(:places as uuid[]))
  and (class_id is null or class_id = any(cast(:classes as uuid[])))
"""  # noqa: S608
_GUARDIAN = f"""
select g.guardian_id from pupil join guardianship_period g on g.subject_id = pupil.id
  where g.voided_at is null and {_OPEN.replace("valid", "g.valid")}
  and (cast(:companion as boolean) or g.may_notify or g.may_read or g.may_contact)
"""  # noqa: S608
_NAMED = f"""
select c.id from pupil join protection_period m on m.subject_id = pupil.id and m.voided_at is null,
  unnest(m.confidential_from) as c(id) where cast(:companion as boolean) and {_OPEN.replace("valid", "m.valid")}
"""  # noqa: S608
BRANCHES = {
    "pupils": "select id from pupil",
    "teachers": f"{_STAFF} and kind not in ('principal', 'vice_principal', 'office', 'board_staff', 'system_operator')",
    "staff": _STAFF,
    "guardians": _GUARDIAN,
    "named": _NAMED,
}
"""Hats people may wear, and who does."""


def there(*hats: str) -> str:
    """SQL: everybody of the roster who wears one of these hats, by id."""
    return (
        f"with {PUPIL} select id from person where board_id = :board and withdrawn_at is null"  # noqa: S608
        f" and merged_into is null and id in ({union(*hats)})"
    )


def union(*hats: str) -> str:
    """SQL after ``PUPIL``: who wears one of these hats."""
    return " union ".join(f"({BRANCHES[hat]})" for hat in hats)


_NEW = (
    "(recorded_at > :cutoff or voided_at > :cutoff or lower(valid) between cast(:cutoff_day as date) and"
    " cast(:as_of as date) or upper(valid) between cast(:cutoff_day as date) and cast(:as_of as date))"
)
_CHANGED = f"""
with moved as (
  select subject_id as id from enrolment_period where board_id = :board and {_NEW}
  union select subject_id from protection_period where board_id = :board and {_NEW}
)
select id from person where board_id = :board and (recorded_at > :cutoff or withdrawn_at > :cutoff or id in (
  select id from moved
  union select subject_id from membership_period where board_id = :board and {_NEW}
  union select subject_id from duty_period where board_id = :board and {_NEW}
  union select unnest(array[subject_id, guardian_id]) from guardianship_period where board_id = :board and {_NEW}
  union select subject_id from contact_period where board_id = :board and {_NEW}
  union select g.guardian_id from moved join guardianship_period g on g.subject_id = moved.id
  union select c.id from moved join protection_period m on m.subject_id = moved.id,
    unnest(m.confidential_from) as c(id)
  union select unnest(array[gone_id, kept_id]) from merging where board_id = :board
    and (merged_at > :cutoff or undone_at > :cutoff)
)) order by id
"""  # noqa: S608


async def reverted_since(session: AsyncSession, frame: Frame) -> bool:
    """Whether an import was taken back since: what it ended stands again, and no instant tells that."""
    return bool(await session.scalar(_REVERTED, {"board": frame.board, "cutoff": frame.cutoff}))


async def places(session: AsyncSession, frame: Frame, source: str, *, grades: bool = True) -> Places:
    """The organisations that the export may tell of; with the ``grades`` of classes that have several."""
    board = {"board": frame.board, "year": frame.school_year}
    wanted = {**board, "others": frame.since is not None}
    rows = await session.execute(_CLASS_NAMES, {**wanted, "source": source})
    names = {row.id: row.sourced_id for row in rows}
    seen = {"protected": frame.protected, "reader": frame.reader, "marks_from": frame.marks_from}
    members = (await session.execute(_GRADES, board | seen)).all() if grades else ()
    mixed = {row.class_id: Grades(frozenset(row.grades or ()), row.moved) for row in members}
    found = await session.execute(_UNITS, wanted)
    units = [
        Unit(OrganisationRow(*row[:-1]), names.get(row.id, str(row.id)), row.recorded_at) for row in found
    ]
    return Places.of(frame, units, mixed)


async def calendars(session: AsyncSession, frame: Frame) -> list[Days]:
    """The school year's calendars."""
    rows = await session.execute(_CALENDARS, {"board": frame.board, "year": frame.school_year})
    return [
        Days(
            CalendarRow(row.id, row.school_id, row.school_year, tuple(row.school_days), tuple(row.closures)),
            row.recorded_at,
        )
        for row in rows
    ]


def values_of(places: Places) -> dict[str, Any]:
    """The values of :func:`there`."""
    frame, units = places.frame, places.units.values()
    return {
        "board": frame.board,
        "since": frame.term.since,
        "until": frame.term.until,
        "marks_from": frame.marks_from,
        "protected": frame.protected,
        "reader": frame.reader,
        "companion": frame.companion,
        "grades": None if frame.grades is None else sorted(frame.grades),
        "places": [unit.row.id for unit in units if unit.row.kind != "class"],
        "classes": [unit.row.id for unit in units if unit.row.kind == "class"],
    }


async def protected_pupils(session: AsyncSession, places: Places) -> int:
    """How many pupils of the export's schools are protected now or will be, as far as its reader may know of them."""
    wanted = ("board", "since", "until", "marks_from", "reader", "places")
    values = {name: value for name, value in values_of(places).items() if name in wanted}
    return int(await session.scalar(_COUNT_PROTECTED, values) or 0)


async def groups(session: AsyncSession, places: Places) -> AsyncIterator[list[UUID]]:
    """Everybody the export may have to tell of, in groups."""
    frame = places.frame
    values = values_of(places)
    if frame.cutoff is None:
        statement = there("pupils", "staff", "guardians", "named") + " order by id"
    else:
        statement = _CHANGED
        # In UTC, a day early at worst: whoever is told twice loses nothing.
        values = {
            "board": frame.board,
            "as_of": frame.as_of,
            "cutoff": frame.cutoff,
            "cutoff_day": frame.cutoff.date(),
        }
    stream = await session.stream_scalars(text(statement).execution_options(yield_per=AT_ONCE), values)
    async for group in stream.partitions(AT_ONCE):
        yield list(group)


async def people(session: AsyncSession, frame: Frame, ids: list[UUID], source: str) -> People:
    """All that is stored about these people."""
    charges = await _charges(session, frame, ids)
    shielded = await _shielded(session, frame, ids)
    wards = {each.pupil for ties in charges.values() for each in ties}
    wards |= {pupil for pupils in shielded.values() for pupil in pupils}
    there = list({*ids, *wards})
    enrolments = await _told(session, frame, roster.ENROLMENT, there)
    protections = await _told(session, frame, roster.PROTECTION, there)
    guardianships = await _told(session, frame, roster.GUARDIANSHIP, ids)
    mentioned = {*ids}
    mentioned |= {each.held.what.guardian_id for ties in guardianships.values() for each in ties}
    mentioned |= {
        one for marks in protections.values() for each in marks for one in each.held.what.confidential_from
    }
    cards = await _cards(session, frame.board, mentioned)
    return People(
        ids,
        cards,
        await _names(session, frame.board, source, cards),
        enrolments,
        await _told(session, frame, roster.MEMBERSHIP, ids),
        await _told(session, frame, roster.DUTY, ids),
        guardianships,
        protections,
        charges,
        await _told(session, frame, roster.CONTACT, ids) if frame.companion else {},
        shielded,
    )


async def _told(
    session: AsyncSession, frame: Frame, table: PeriodTable[I], ids: Collection[UUID]
) -> dict[UUID, list[Told[I]]]:
    found: dict[UUID, list[Told[I]]] = {}
    for row in await _periods(session, frame, table, "subject_id", ids):
        found.setdefault(row["subject_id"], []).append(_one(table, row))
    return found


def _one(table: PeriodTable[I], row: Any) -> Told[I]:
    valid = Period(row["valid"].lower, row["valid"].upper)
    return Told(Held(row["subject_id"], valid, table.read(row)), row["recorded_at"], row["voided_at"])


async def _periods(
    session: AsyncSession, frame: Frame, table: PeriodTable[Any], column: str, ids: Collection[UUID]
) -> list[Any]:
    """Periods of these people: those that stand, and in a delta those that were taken back since.

    From each id to its rows by the index, whatever the planner believes of a table that was empty a minute ago.
    """
    statement = (
        f"select {', '.join(table.select)}, recorded_at, voided_at from unnest(cast(:ids as uuid[])) as who(who_id)"  # noqa: S608
        f" cross join lateral (select * from {table.name} where board_id = :board"
        " and (voided_at is null or voided_at > cast(:cutoff as timestamptz))"
        f" and {column} = who_id offset 0) t order by valid, recorded_at, id"
    )
    if not ids:
        return []
    values = {"ids": list(ids), "board": frame.board, "cutoff": frame.cutoff}
    return await Statement(statement).all(session, values)


async def _charges(session: AsyncSession, frame: Frame, ids: list[UUID]) -> dict[UUID, list[Charge]]:
    found: dict[UUID, list[Charge]] = {}
    for row in await _periods(session, frame, roster.GUARDIANSHIP, "guardian_id", ids):
        found.setdefault(row["guardian_id"], []).append(
            Charge(row["subject_id"], _one(roster.GUARDIANSHIP, row))
        )
    return found


_SHIELDED = Statement(
    "select c.id, m.subject_id from protection_period m, unnest(m.confidential_from) as c(id)"
    " where m.board_id = :board and m.voided_at is null and c.id = any(cast(:ids as uuid[]))"
    " and (upper(m.valid) is null or upper(m.valid) > cast(:since as date))"
)


async def _shielded(session: AsyncSession, frame: Frame, ids: list[UUID]) -> dict[UUID, list[UUID]]:
    """Protected children by the people they are protected from; only where protection is told at all."""
    found: dict[UUID, list[UUID]] = {}
    if frame.protected and frame.companion:
        values = {"board": frame.board, "ids": ids, "since": frame.term.since}
        for row in await _SHIELDED.all(session, values):
            found.setdefault(row["id"], []).append(row["subject_id"])
    return found


# A card that was merged into another's leaves as one that was taken back does: whoever it is about is there once.
_CARDS = Statement(
    "select id, legal_family, legal_given, common_family, common_given, kana_family, kana_given, legal_kana_family,"
    " legal_kana_given, sort_key, search, birth_date, sex, merged_into, recorded_at, coalesce(withdrawn_at,"
    " (select max(m.merged_at) from merging m where m.gone_id = person.id and m.undone_at is null)) as withdrawn_at"
    " from person where board_id = :board and id = any(cast(:ids as uuid[]))"
)


async def _cards(session: AsyncSession, board: UUID, ids: Iterable[UUID]) -> dict[UUID, Card]:
    rows = await _CARDS.all(session, {"board": board, "ids": list(ids)})
    return {
        row["id"]: Card(PersonRow(*tuple(row)[:-2]), row["recorded_at"], row["withdrawn_at"]) for row in rows
    }


async def _names(
    session: AsyncSession, board: UUID, source: str, cards: Mapping[UUID, Card]
) -> dict[UUID, str]:
    """Names outside: those of the source, our own id for whoever was entered here."""
    rows = await _NAMES.all(session, {"board": board, "source": source, "ids": list(cards)})
    known = {row["id"]: row["sourced_id"] for row in rows}
    return {
        own: known.get(own, str(own))
        for own, card in cards.items()
        if card.withdrawn_at is None or own in known
    }
