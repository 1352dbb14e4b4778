"""The roster's tables: read whole for a board, written in bulk, one round trip a table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.roster.rows import (
    Added,
    CalendarRow,
    ContactIs,
    DutyIs,
    EnrolmentIs,
    GuardianshipIs,
    Held,
    I,
    MembershipIs,
    OrganisationRow,
    PersonRow,
    Phone,
    ProtectionIs,
    Standing,
    Voided,
)
from services.registry.roster.snapshot import Period
from shared.database import Statement, Work
from shared.ids import new_id


@dataclass(frozen=True)
class PeriodTable(Generic[I]):
    """A table of dated relations: its columns beside those of the pattern, and how a row is read."""

    name: str
    columns: Mapping[str, str]
    read: Callable[[Any], I]

    @property
    def select(self) -> tuple[str, ...]:
        """Columns of a standing row."""
        return ("id", "subject_id", "valid", *self.columns)


ENROLMENT = PeriodTable(
    "enrolment_period",
    {"school_id": "uuid", "grade": "text"},
    lambda row: EnrolmentIs(row["school_id"], row["grade"]),
)
MEMBERSHIP = PeriodTable(
    "membership_period",
    {"school_id": "uuid", "class_id": "uuid", "kind": "text", "number": "integer"},
    lambda row: MembershipIs(row["school_id"], row["class_id"], row["kind"], row["number"]),
)
DUTY = PeriodTable(
    "duty_period",
    {"kind": "text", "organisation_id": "uuid", "class_id": "uuid"},
    lambda row: DutyIs(row["kind"], row["organisation_id"], row["class_id"]),
)
_RIGHTS = ("may_notify", "may_read", "may_contact")
GUARDIANSHIP = PeriodTable(
    "guardianship_period",
    {"guardian_id": "uuid", "relation": "text", **dict.fromkeys(_RIGHTS, "boolean")},
    lambda row: GuardianshipIs(row["guardian_id"], row["relation"], *(row[each] for each in _RIGHTS)),
)
# The people of a protection are an array; arrays of unlike length cannot be unnested, so they travel as JSON.
PROTECTION = PeriodTable(
    "protection_period",
    {"confidential_from": "uuid[]"},
    lambda row: ProtectionIs(tuple(row["confidential_from"])),
)
CONTACT = PeriodTable(
    "contact_period",
    {"postal_code": "text", "address": "text", "phones": "jsonb", "language": "text"},
    lambda row: ContactIs(
        row["postal_code"], row["address"], tuple(Phone(**each) for each in row["phones"]), row["language"]
    ),
)
_AS_JSON = {
    "uuid[]": "array(select jsonb_array_elements_text({name}::jsonb))::uuid[]",
    "jsonb": "{name}::jsonb",
}
"""Types whose values travel as JSON text, and how they are read from it."""

_NOT_FOR_EVER = text("set local lock_timeout = '3s'")
_LOCK_ROSTER = text("select pg_advisory_xact_lock(7481, hashtext(cast(:board as text)))")


async def lock_roster(work: Work, *, patient: bool = True) -> None:
    """Whoever changes relations of a board's roster stands in line here, before reading any of them.

    Whom a browser waits for is not ``patient``: after some seconds the wait ends in :class:`shared.database.Busy`. Ask
    it after deciding who may, and never to only look: everybody in the line holds one of few connections.

    What is published is the whole set of a subject: two writers that read side by side would each publish without what
    the other has added.
    """
    if not patient:
        await work.session.execute(_NOT_FOR_EVER)
    await work.session.execute(_LOCK_ROSTER, {"board": str(work.scope.board)})


async def standing(
    session: AsyncSession,
    board: UUID,
    table: PeriodTable[I],
    subjects: Collection[UUID] | None = None,
) -> list[Standing[I]]:
    """All periods that are not voided, of everybody or of these people."""
    if subjects is not None and not subjects:
        return []
    rows, values = _chosen(f"{table.name} where voided_at is null", "subject_id", board, subjects)
    statement = f"select {', '.join(table.select)}, run_id is null as by_hand from {rows}"  # noqa: S608
    return [
        Standing(row["id"], Held(row["subject_id"], _period(row["valid"]), table.read(row)), row["by_hand"])
        for row in await Statement(statement).all(session, values)
    ]


def _chosen(rows: str, column: str, board: UUID, ids: Collection[UUID] | None) -> tuple[str, dict[str, Any]]:
    """``from`` the rows of a board, all or those whose ``column`` is one of these ids; and the values of the statement.

    From each id to its rows by the index, whatever the planner believes of a table that was empty a minute ago: other
    plans compare each row with each id (measured: a second a school).
    """
    of_board = f"(select * from {rows}{' and' if ' where ' in rows else ' where'} board_id = :board"  # noqa: S608
    if ids is None:
        return f"{of_board}) t", {"board": board}
    chosen = f"unnest(cast(:ids as uuid[])) as chosen(chosen_id) cross join lateral {of_board}"
    return f"{chosen} and {column} = chosen_id offset 0) t", {"board": board, "ids": list(ids)}


def _period(valid: Any) -> Period:
    return Period(valid.lower, valid.upper)


async def void(
    work: Work, table: PeriodTable[I], voided: Sequence[Voided], *, run: UUID | None = None
) -> None:
    """Void periods; who, when and why stay readable, and in which import ``run``."""
    if not voided:
        return
    await work.session.execute(
        text(
            f"update {table.name} t set voided_at = :at, voided_by = :by, void_reason = g.reason,"  # noqa: S608
            " voided_run_id = cast(:run as uuid)"
            " from unnest(cast(:ids as uuid[]), cast(:reasons as text[])) as g(id, reason)"
            " where t.board_id = :board and t.id = g.id"
        ),
        {
            "at": work.at,
            "by": work.actor,
            "run": run,
            "board": work.scope.board,
            "ids": [each.id for each in voided],
            "reasons": [each.reason for each in voided],
        },
    )


async def add(
    work: Work, table: PeriodTable[I], added: Sequence[Added[I]], *, run: UUID | None = None
) -> None:
    """Store new periods. The database refuses those that overlap another of the same slot."""
    if not added:
        return
    given = {"id": "uuid", "subject_id": "uuid", "slot": "text", "since": "date", "until": "date"}
    given |= {"replaces": "uuid"} | {
        name: "text" if kind in _AS_JSON else kind for name, kind in table.columns.items()
    }
    values: dict[str, list[Any]] = {
        "id": [new_id() for _ in added],
        "subject_id": [each.held.subject for each in added],
        "slot": [each.held.what.slot for each in added],
        "since": [each.held.valid.since for each in added],
        "until": [each.held.valid.until for each in added],
        "replaces": [each.replaces for each in added],
    }
    for place, (name, kind) in enumerate(table.columns.items()):
        column = [each.held.what[place] for each in added]
        values[name] = [_json(each) for each in column] if kind in _AS_JSON else column
    own = ", ".join(_AS_JSON.get(kind, "{name}").format(name=name) for name, kind in table.columns.items())
    await work.session.execute(
        text(
            f"insert into {table.name} (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, replaces,"  # noqa: S608
            f" run_id, {', '.join(table.columns)})"
            f" select id, :board, subject_id, slot, daterange(since, until, '[)'), :at, :by, replaces,"
            f" cast(:run as uuid), {own} from {_unnest(given)}"
        ),
        {"board": work.scope.board, "at": work.at, "by": work.actor, "run": run, **values},
    )


_ORGANISATION = {
    "id": "uuid",
    "kind": "text",
    "parent_id": "uuid",
    "school_id": "uuid",
    "name": "text",
    "short_name": "text",
    "code": "text",
    "school_year": "integer",
    "grade": "text",
    "special_needs": "boolean",
    "until": "date",
}
_NAMES = ("legal_family", "legal_given", "common_family", "common_given", "kana_family", "kana_given")
_PERSON = {
    "id": "uuid",
    **dict.fromkeys((*_NAMES, "legal_kana_family", "legal_kana_given", "sort_key", "search"), "text"),
    "birth_date": "date",
    "sex": "text",
    "merged_into": "uuid",
}


async def organisations(
    session: AsyncSession, board: UUID, ids: Collection[UUID] | None = None
) -> dict[UUID, OrganisationRow]:
    """Organisations of a board, all of them or these."""
    return {
        row.id: row
        for row in await _rows(session, board, "organisation", _ORGANISATION, OrganisationRow, ids)
    }


async def people(session: AsyncSession, board: UUID, ids: Collection[UUID]) -> dict[UUID, PersonRow]:
    """The cards of these people."""
    return {row.id: row for row in await _rows(session, board, "person", _PERSON, PersonRow, ids)}


_ALIASES = text("select id, merged_into from person where board_id = :board and merged_into is not null")


async def aliases(session: AsyncSession, board: UUID) -> dict[UUID, UUID]:
    """Cards that were merged into another's → that other."""
    return {row.id: row.merged_into for row in await session.execute(_ALIASES, {"board": board})}


async def put_organisations(work: Work, rows: Sequence[OrganisationRow], *, run: UUID | None = None) -> None:
    """Insert or replace organisations."""
    await _put(work, "organisation", _ORGANISATION, rows, run)


async def put_people(work: Work, rows: Sequence[PersonRow], *, run: UUID | None = None) -> None:
    """Insert or replace people's cards."""
    await _put(work, "person", _PERSON, rows, run)


async def _rows(
    session: AsyncSession,
    board: UUID,
    table: str,
    columns: Mapping[str, str],
    make: Callable[..., Any],
    ids: Collection[UUID] | None,
) -> list[Any]:
    if ids is not None and not ids:
        return []
    # A card whose import was reverted is none until it comes again.
    there = "person where withdrawn_at is null" if table == "person" else table
    rows, values = _chosen(there, "id", board, ids)
    statement = f"select {', '.join(columns)} from {rows}"  # noqa: S608
    return [make(*row) for row in await Statement(statement).all(session, values)]


async def _put(
    work: Work, table: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]], run: UUID | None
) -> None:
    if not rows:
        return
    names = [name for name in (*columns, "recorded_at", "run_id") if name != "id"]
    replaced = ", ".join(f"{name} = excluded.{name}" for name in names)
    if table == "person":
        replaced += (
            ", withdrawn_at = null, made_by_run = case when t.withdrawn_at is null"
            " then t.made_by_run else excluded.made_by_run end"
        )
    await work.session.execute(
        text(
            f"insert into {table} as t (board_id, recorded_at, made_by_run, run_id, {', '.join(columns)})"  # noqa: S608
            f" select :board, :at, cast(:run as uuid), cast(:run as uuid), * from {_unnest(columns)}"
            f" on conflict (id) do update set {replaced} where t.board_id = :board"
        ),
        {
            "board": work.scope.board,
            "at": work.at,
            "run": run,
            **{name: [row[place] for row in rows] for place, name in enumerate(columns)},
        },
    )


def _unnest(columns: Mapping[str, str]) -> str:
    arrays = ", ".join(f"cast(:{name} as {kind}[])" for name, kind in columns.items())
    return f"unnest({arrays}) as g({', '.join(columns)})"


def _json(value: Any) -> str:
    # The driver's UUIDs are a subclass that orjson does not know.
    return orjson.dumps(value, default=str).decode()


_PUT_CALENDAR = text(
    "insert into calendar as c (id, board_id, school_id, school_year, school_days, closures, marks, terms, told,"
    " recorded_at, made_by_run, run_id) values (:id, :board, :school_id, :school_year,"
    " cast(:school_days as date[]), cast(:closures as jsonb), cast(:marks as jsonb), cast(:terms as jsonb),"
    " cast(:told as jsonb), :at, cast(:run as uuid), cast(:run as uuid))"
    " on conflict (id) do update set school_days = excluded.school_days, closures = excluded.closures,"
    " marks = excluded.marks, terms = excluded.terms, told = excluded.told,"
    " recorded_at = excluded.recorded_at, run_id = excluded.run_id where c.board_id = :board"
)
_SETTINGS = text("select name, since, value from setting where board_id = :board order by name, since")
_PUT_SETTING = text(
    "insert into setting (board_id, name, since, value, recorded_at, recorded_by, made_by_run)"
    " values (:board, :name, :since, cast(:value as jsonb), :at, :by, cast(:run as uuid))"
)


async def calendars(
    session: AsyncSession, board: UUID, ids: Collection[UUID] | None = None
) -> dict[UUID, CalendarRow]:
    """Calendars of a board, all of them or these."""
    rows, values = _chosen("calendar", "id", board, ids)
    statement = f"select {', '.join(CalendarRow._fields)} from {rows}"  # noqa: S608
    return {
        row.id: CalendarRow(
            row.id,
            row.school_id,
            row.school_year,
            tuple(row.school_days),
            tuple(row.closures),
            tuple(row.marks),
            tuple(row.terms),
            row.told,
        )
        for row in await session.execute(text(statement), values)
    }


async def put_calendars(work: Work, rows: Sequence[CalendarRow], *, run: UUID | None = None) -> None:
    """Insert or replace calendars: a few rows, each with an array of its own."""
    for row in rows:
        values = {
            **row._asdict(),
            "school_days": list(row.school_days),
            "closures": _json(row.closures),
            "marks": _json(row.marks),
            "terms": _json(row.terms),
            "told": None if row.told is None else _json(row.told),
            "board": work.scope.board,
            "at": work.at,
            "run": run,
        }
        await work.session.execute(_PUT_CALENDAR, values)


async def settings(session: AsyncSession, board: UUID) -> list[tuple[str, date, Any]]:
    """All dated settings of a board: name, first day, value."""
    rows = await session.execute(_SETTINGS, {"board": board})
    return [(row.name, row.since, row.value) for row in rows]


async def put_setting(work: Work, name: str, since: date, value: Any, *, run: UUID | None = None) -> None:
    """Store a dated setting."""
    values = {
        "board": work.scope.board,
        "name": name,
        "since": since,
        "at": work.at,
        "by": work.actor,
        "run": run,
    }
    await work.session.execute(_PUT_SETTING, {**values, "value": orjson.dumps(value).decode()})
