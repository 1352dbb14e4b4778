"""A person's whole record, taken together from the roster's tables, and who asks for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.people.access import SETTING, Offices, RosterOffice
from services.registry.people.history import Names
from services.registry.people.rules import Record, Told, Version
from services.registry.room import ASKING, DUTIES, proof
from services.registry.roster.rows import Held, I, PersonRow, Phone
from services.registry.roster.snapshot import Period
from services.registry.roster.store import (
    CONTACT,
    DUTY,
    ENROLMENT,
    GUARDIANSHIP,
    MEMBERSHIP,
    PROTECTION,
    PeriodTable,
)
from shared.access.principal import Holder, Principal
from shared.access.step_up import StepUp
from shared.database import Statement

_ASKING = Statement(
    f"""
select {ASKING},
       (select s.value from setting s where s.board_id = :board and s.name = '{SETTING}' and s.since <= :today
        order by s.since desc limit 1) as offices,
       (select coalesce(json_object_agg(o.code, o.id), '{{}}') from organisation o
        where o.board_id = :board and o.code is not null and o.school_id is null and o.until is null) as departments
"""  # noqa: S608 (constants)
)


async def asking(session: AsyncSession, who: Principal, today: date) -> tuple[Holder, StepUp, Offices]:
    """The principal with today's duties, whether the board asks for fresh proof, and who keeps its roster."""
    row = await _ASKING.first(session, {"board": who.board, "person": who.person, "today": today})
    assert row is not None
    said = RosterOffice() if row["offices"] is None else RosterOffice.model_validate(row["offices"])
    known: Mapping[str, str] = row["departments"]
    offices = Offices(
        frozenset(UUID(str(known[code])) for code in said.departments if code in known),
        frozenset(said.protection),
    )
    duties = DUTIES.validate_python(row["duties"]) if who.person is not None else ()
    return Holder(who, duties), proof(row["step_up"]), offices


_CARD = PersonRow._fields[:13]
_VERSION = ("revision", "act", "recorded_at", "recorded_by", "holds_from", "reason")
_PERSON = Statement(
    f"select {', '.join((*_CARD, 'merged_into', *_VERSION))} from person"  # noqa: S608
    " where board_id = :board and id = :person and withdrawn_at is null"
)
_KEPT_FIELDS = tuple(name for name in _CARD if name not in ("id", "sort_key", "search"))
_PAST = Statement(
    f"select {', '.join((*_KEPT_FIELDS, *_VERSION))} from person_past"  # noqa: S608
    " where board_id = :board and person_id = :person order by revision"
)


def _of(table: PeriodTable[Any], column: str = "subject_id", *, voided: bool = True) -> Statement:
    """Every period, halves apart so that each has its index."""
    columns = ", ".join(
        (*table.select, "recorded_at", "recorded_by", "replaces", "voided_at", "voided_by", "void_reason")
    )
    halves = " union all ".join(
        f"select {columns} from {table.name} where board_id = :board and {column} = :person"  # noqa: S608
        f" and voided_at is {half}"
        for half in (("null", "not null") if voided else ("null",))
    )
    return Statement(f"{halves} order by recorded_at, id")


_SIDES = {
    table.name: _of(table) for table in (ENROLMENT, MEMBERSHIP, DUTY, GUARDIANSHIP, PROTECTION, CONTACT)
}
_CHILDREN = _of(GUARDIANSHIP, "guardian_id", voided=False)


async def record(session: AsyncSession, board: UUID, person: UUID) -> Record | None:
    """All that was ever said about somebody; of a card that turned out to be another's, that other one's."""
    values = {"board": board, "person": person}
    row = await _PERSON.first(session, values)
    if row is not None and row["merged_into"] is not None:
        values["person"] = row["merged_into"]
        row = await _PERSON.first(session, values)
    return None if row is None else await _record(session, values, row)


_MERGED = Statement(
    f"select {', '.join((*_CARD, 'merged_into', *_VERSION))} from person"  # noqa: S608
    " where board_id = :board and merged_into = :person and withdrawn_at is null order by id"
)


async def merged(session: AsyncSession, board: UUID, person: UUID) -> list[Record]:
    """All that was said about the cards that were merged into somebody's, each of its own."""
    rows = await _MERGED.all(session, {"board": board, "person": person})
    return [await _record(session, {"board": board, "person": row["id"]}, row) for row in rows]


async def _record(session: AsyncSession, values: Mapping[str, Any], row: Any) -> Record:
    past = await _PAST.all(session, values)
    versions = [_version({**dict(each), "id": row["id"], "sort_key": "", "search": ""}) for each in past]
    return Record(
        [*versions, _version(dict(row))],
        await _told(session, _SIDES[ENROLMENT.name], ENROLMENT, values),
        await _told(session, _SIDES[MEMBERSHIP.name], MEMBERSHIP, values),
        await _told(session, _SIDES[DUTY.name], DUTY, values),
        await _told(session, _SIDES[GUARDIANSHIP.name], GUARDIANSHIP, values),
        await _told(session, _SIDES[PROTECTION.name], PROTECTION, values),
        await _told(session, _CHILDREN, GUARDIANSHIP, values),
        await _told(session, _SIDES[CONTACT.name], CONTACT, values),
    )


def _version(row: Mapping[str, Any]) -> Version:
    card = PersonRow(*(row[name] for name in _CARD))
    at, by = row["recorded_at"], row["recorded_by"]
    return Version(card, row["revision"], row["act"], at, by, row["holds_from"], row["reason"])


async def _told(
    session: AsyncSession, statement: Statement, table: PeriodTable[I], values: Mapping[str, Any]
) -> list[Told[I]]:
    return [
        Told(
            row["id"],
            Held(row["subject_id"], Period(row["valid"].lower, row["valid"].upper), table.read(row)),
            row["recorded_at"],
            row["recorded_by"],
            row["replaces"],
            row["voided_at"],
            row["voided_by"],
            row["void_reason"],
        )
        for row in await statement.all(session, values)
    ]


_PHONES = Statement(
    "select subject_id, phones from contact_period where board_id = :board and voided_at is null"
    " and subject_id = any(cast(:ids as uuid[])) and valid @> cast(:on as date)"
)


_WARDS = Statement(
    "select guardian_id, subject_id from guardianship_period where board_id = :board and voided_at is null"
    " and guardian_id = any(cast(:ids as uuid[])) and coalesce(upper(valid), 'infinity') > cast(:today as date)"
)


async def wards(
    session: AsyncSession, board: UUID, guardians: Collection[UUID], today: date
) -> dict[UUID, list[UUID]]:
    """Whose guardians these people are, from today on."""
    found: dict[UUID, list[UUID]] = {each: [] for each in guardians}
    if guardians:
        for row in await _WARDS.all(session, {"board": board, "ids": sorted(guardians), "today": today}):
            found[row["guardian_id"]].append(row["subject_id"])
    return found


async def phones(
    session: AsyncSession, board: UUID, ids: Collection[UUID], on: date
) -> dict[UUID, list[Phone]]:
    """The numbers at which these people can be called on a day."""
    if not ids:
        return {}
    rows = await _PHONES.all(session, {"board": board, "ids": sorted(ids), "on": on})
    return {row["subject_id"]: [Phone(**each) for each in row["phones"]] for row in rows}


_PLACES = Statement(
    "select o.id, o.name, o.short_name, o.kind, o.school_id, s.short_name as school_short, s.kind as school_kind"
    " from organisation o left join organisation s on s.board_id = o.board_id and s.id = o.school_id"
    " where o.board_id = :board and o.id = any(cast(:ids as uuid[]))"
)
_PEOPLE = Statement(
    "select id, coalesce(common_family, legal_family) as family, coalesce(common_given, legal_given) as given,"
    " coalesce(kana_family, '') as family_kana, coalesce(kana_given, '') as given_kana"
    " from person where board_id = :board and id = any(cast(:ids as uuid[]))"
)


async def places(session: AsyncSession, board: UUID, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Organisations by id."""
    if not ids:
        return {}
    return {row["id"]: dict(row) for row in await _PLACES.all(session, {"board": board, "ids": sorted(ids)})}


async def people(session: AsyncSession, board: UUID, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Name cards by id."""
    if not ids:
        return {}
    return {row["id"]: dict(row) for row in await _PEOPLE.all(session, {"board": board, "ids": sorted(ids)})}


def names_of(places: Mapping[UUID, Mapping[str, Any]], people: Mapping[UUID, Mapping[str, Any]]) -> Names:
    """The words of a history: classes with their school when it is named beside them."""
    return Names(
        {
            id_: each["name"] if each["kind"] == "class" else each["short_name"]
            for id_, each in places.items()
        },
        {id_: f"{each['family']} {each['given']}" for id_, each in people.items()},
    )


_TOUCHED = Statement(
    "select g.id, w.school_id as enrolled, c.class_id, k.confidential_from is not null as protected,"
    " k.confidential_from from unnest(cast(:ids as uuid[])) as g(id)"
    " left join lateral (select array_agg(e.school_id) as school_id from enrolment_period e where e.board_id = :board"
    "  and e.subject_id = g.id and e.voided_at is null"
    "  and coalesce(upper(e.valid), 'infinity') > cast(:today as date)) w on true"
    " left join lateral (select array_agg(m.class_id) as class_id from membership_period m where m.board_id = :board"
    "  and m.subject_id = g.id and m.voided_at is null and m.valid @> cast(:today as date)) c on true"
    " left join lateral (select p.confidential_from from protection_period p where p.board_id = :board"
    "  and p.subject_id = g.id and p.voided_at is null and p.valid @> cast(:today as date)) k on true"
)


async def children(
    session: AsyncSession, board: UUID, ids: Collection[UUID], today: date
) -> dict[UUID, dict[str, Any]]:
    """Of these children what decides who sees them: schools from today on, classes of today, protection."""
    if not ids:
        return {}
    values = {"board": board, "ids": sorted(ids), "today": today}
    return {row["id"]: dict(row) for row in await _TOUCHED.all(session, values)}
