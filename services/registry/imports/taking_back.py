"""Tables while a run is taken back: what depends on it, and rows as they were before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.imports.planning import TABLES
from services.registry.imports.store import Run
from services.registry.roster import store as roster
from services.registry.roster.rows import CalendarRow, OrganisationRow, PersonRow
from services.registry.roster.store import PeriodTable
from services.registry.roster.taking_back import rows_of
from shared.database import Work


class Dependent(NamedTuple):
    """Something that depends on a run, in words, and how many there are of it."""

    what: str
    number: int


_WORDS = {
    "enrolment_period": "在籍",
    "membership_period": "学級の所属",
    "duty_period": "職務",
    "guardianship_period": "保護者",
    "protection_period": "保護の印",
    "contact_period": "連絡先",
}
# In all of these :run is the run. Voided rows and those that stand are asked for apart: each have their own index.
_MADE_UNITS = "select o.id from organisation o where o.board_id = :board and o.made_by_run = :run"
_MADE_CARDS = "select p.id from person p where p.board_id = :board and p.made_by_run = :run"


@dataclass(frozen=True, slots=True)
class _Check:
    """What may depend on a run: rows ``t`` of a table that meet a condition, and what else must hold of them."""

    word: str
    table: str
    rows: str
    column: str
    also: str = "true"

    def statement(self, *, narrowed: bool) -> str:
        """The SQL that counts it, of everybody or of some people."""
        rows = rows_of(self.table, self.rows, self.column, narrowed=narrowed)
        return f"select count(*) from {rows} where {self.also}"  # noqa: S608


def _checks_of(table: str) -> list[_Check]:
    """What may depend on a run in one table of periods."""
    word, mine = _WORDS[table], (table, "voided_at is null and run_id is distinct from :run", "subject_id")
    checks = [
        _Check(
            f"あとで変えられた{word}",
            table,
            "voided_at is not null and run_id = :run and voided_run_id is distinct from :run",
            "subject_id",
            "not exists (select from import_run r where r.id = t.voided_run_id and r.state = 'reverted')"
            " and not exists (select from undone_act a where a.id = t.voided_run_id)",
        ),
        _Check(
            f"同じ時期にあとで加えられた{word}",
            *mine,
            f"exists (select from {table} v where v.board_id = :board and v.voided_run_id = :run"
            " and v.voided_at is not null and v.subject_id = t.subject_id and v.slot = t.slot and v.valid && t.valid)",
        ),
        _Check(
            f"この取り込みで加わった人に、あとで加えられた{word}", *mine, f"subject_id in ({_MADE_CARDS})"
        ),
    ]
    places = {
        "enrolment_period": ("school_id",),
        "membership_period": ("class_id",),
        "duty_period": ("organisation_id", "class_id"),
    }
    for column in places.get(table, ()):
        told = f"この取り込みで加わった学校・学級の、あとで加えられた{word}"
        checks.append(_Check(told, *mine, f"{column} in ({_MADE_UNITS})"))
    told = f"この取り込みで加わった人を相手とする、あとで加えられた{word}"
    if table == "guardianship_period":
        checks.append(_Check(told, *mine, f"guardian_id in ({_MADE_CARDS})"))
    if table == "protection_period":
        among = f"exists (select from unnest(confidential_from) c where c in ({_MADE_CARDS}))"
        checks.append(_Check(told, *mine, among))
    return checks


def _written_over(table: str, word: str) -> _Check:
    before = (
        f"exists (select from import_before b where b.run_id = :run and b.kind = '{table}' and b.id = t.id)"
    )
    return _Check(
        f"あとで変えられた{word}",
        table,
        "run_id is distinct from :run",
        "id",
        f"(made_by_run = :run or {before})",
    )


def _touched(table: str) -> str:
    return " or ".join(
        f"exists (select from {table} p where p.subject_id = t.pupil_id and p.voided_at is {voided} and {by} = :run)"
        for voided, by in (("null", "p.run_id"), ("not null", "p.run_id"), ("not null", "p.voided_run_id"))
    )


_OF_PEOPLE = [
    *(check for table in TABLES.values() for check in _checks_of(table.name)),
    _written_over("person", "人"),
    _Check(
        "あとで進められた転入",
        "move",
        "act_id = :run and exists (select from move_step s where s.move_id = move.id and s.done_on is not null)",
        "pupil_id",
    ),
    _Check(
        "あとで付けられた出欠の記録",
        "pupil_day",
        "true",
        "pupil_id",
        "exists (select from attendance_fact f where f.pupil_day_id = t.id and f.recorded_at >= :began)"
        f" and ({_touched('membership_period')} or {_touched('enrolment_period')})",
    ),
    _Check(
        "あとで付けられた時限の出欠",
        "pupil_lessons",
        "true",
        "pupil_id",
        "exists (select from lesson_mark f where f.pupil_lessons_id = t.id and f.recorded_at >= :began)"
        f" and ({_touched('membership_period')} or {_touched('enrolment_period')})",
    ),
]
_OF_THE_REST = [
    _written_over("organisation", "学校・学級"),
    _written_over("calendar", "学校暦"),
    _Check(
        "この取り込みで加わった学校の、あとで加えられた学級",
        "organisation",
        "made_by_run is distinct from :run",
        "id",
        f"(parent_id in ({_MADE_UNITS}) or school_id in ({_MADE_UNITS}))",
    ),
    _Check(
        "この取り込みで加わった学級の、確定した出席簿",
        "class_day",
        "true",
        "id",
        f"class_id in ({_MADE_UNITS})",
    ),
    _Check(
        "この取り込みで加わった学級の、確定した時限",
        "lesson_roll",
        "true",
        "id",
        f"class_id in ({_MADE_UNITS})",
    ),
]


async def dependents(session: AsyncSession, run: Run, people: Sequence[UUID] | None) -> list[Dependent]:
    """What depends on a run: of everybody and everything (None), of these people, or (empty) of what is no person."""
    checks = [] if people is not None and not people else _OF_PEOPLE
    if not people:
        checks = [*checks, *_OF_THE_REST]
    values = {"board": run.board, "run": run.id, "people": people, "began": run.started_at}
    found: dict[str, int] = {}
    for check in checks:
        statement = check.statement(narrowed=bool(people))
        needed = {name: value for name, value in values.items() if f":{name}" in statement}
        number = await session.scalar(text(statement), needed)
        if number:
            found[check.word] = found.get(check.word, 0) + int(number)
    return [Dependent(word, number) for word, number in found.items()]


_PEOPLE_OF = text(
    " union ".join(
        [
            *(
                f"select subject_id from {table.name}"  # noqa: S608
                " where board_id = :board and (run_id = :run or voided_run_id = :run)"
                for table in TABLES.values()
            ),
            "select id from person where board_id = :board and run_id = :run",
        ]
    )
)
_ORGANISATIONS_OF = text("select id from organisation where board_id = :board and run_id = :run")


async def people_of(session: AsyncSession, run: Run) -> set[UUID]:
    """Everybody a run has touched."""
    return set(await session.scalars(_PEOPLE_OF, {"board": run.board, "run": run.id}))


async def organisations_of(session: AsyncSession, run: Run) -> set[UUID]:
    """Every organisation a run has touched."""
    return set(await session.scalars(_ORGANISATIONS_OF, {"board": run.board, "run": run.id}))


async def known_otherwise(
    work: Work, table: PeriodTable[Any], run: Run, subjects: Sequence[UUID]
) -> set[UUID]:
    """Those of whom somebody else has told a relation of this kind that was not taken back."""
    halves = " union all ".join(
        f"select t.subject_id from {rows_of(table.name, condition, 'subject_id', narrowed=True)}"  # noqa: S608
        " where not exists (select from import_run r where r.id = t.run_id and r.state = 'reverted')"
        for condition in (
            "voided_at is null and run_id is distinct from :run",
            "voided_at is not null and run_id is distinct from :run",
        )
    )
    values = {"board": run.board, "run": run.id, "people": list(subjects)}
    return set(await work.session.scalars(text(halves), values))


def _restore(table: str, columns: Sequence[str]) -> str:
    assigned = ", ".join(f"{name} = r.{name}" for name in (*columns, "recorded_at", "run_id") if name != "id")
    return (
        f"update {table} t set {assigned} from import_before b, jsonb_populate_record(null::{table}, b.before) r"  # noqa: S608
        f" where b.run_id = :run and b.board_id = :board and b.kind = '{table}' and t.id = b.id"
        f" and t.board_id = :board"
    )


_WRITTEN = ("act", "recorded_by", "holds_from", "reason")
_RESTORE_PEOPLE = text(
    f"{_restore('person', (*PersonRow._fields, *_WRITTEN))} and t.id = any(:people) returning t.id"
)
_WITHDRAW = text(
    "update person set withdrawn_at = :at where board_id = :board and made_by_run = :run and id = any(:people)"
    " and withdrawn_at is null returning id"
)
_RESTORE_UNITS = text(f"{_restore('organisation', OrganisationRow._fields)} returning t.id")
_DROP_UNITS = text("delete from organisation where board_id = :board and made_by_run = :run returning id")
_RESTORE_CALENDARS = text(f"{_restore('calendar', CalendarRow._fields)} returning t.id")
_DROP_CALENDARS = text("delete from calendar where board_id = :board and made_by_run = :run returning id")
_DROP_SETTINGS = text("delete from setting where board_id = :board and made_by_run = :run returning name")


async def restore_people(work: Work, run: Run, people: Sequence[UUID]) -> list[PersonRow]:
    """Cards the run wrote over, as they were."""
    values = {"board": run.board, "run": run.id, "people": list(people)}
    restored = list((await work.session.execute(_RESTORE_PEOPLE, values)).scalars())
    return list((await roster.people(work.session, run.board, restored)).values())


async def withdraw_people(work: Work, run: Run, people: Sequence[UUID]) -> list[UUID]:
    """Cards the run made: nobody sees them until a source brings them again. What is voided still names its subject."""
    values = {"board": run.board, "run": run.id, "people": list(people), "at": work.at}
    return list((await work.session.execute(_WITHDRAW, values)).scalars())


async def take_back_calendars(work: Work, run: Run) -> tuple[list[CalendarRow], list[UUID]]:
    """Calendars as they were, and those the run made, which are no more."""
    values = {"board": run.board, "run": run.id}
    restored = list((await work.session.execute(_RESTORE_CALENDARS, values)).scalars())
    dropped = list((await work.session.execute(_DROP_CALENDARS, values)).scalars())
    return list((await roster.calendars(work.session, run.board, restored)).values()), dropped


async def take_back_organisations(work: Work, run: Run) -> tuple[list[OrganisationRow], list[UUID]]:
    """Organisations as they were, and those the run made, which are no more."""
    values = {"board": run.board, "run": run.id}
    restored = list((await work.session.execute(_RESTORE_UNITS, values)).scalars())
    dropped = list((await work.session.execute(_DROP_UNITS, values)).scalars())
    return list((await roster.organisations(work.session, run.board, restored)).values()), dropped


async def take_back_settings(work: Work, run: Run) -> bool:
    """Settings the run began with; returns whether there were any."""
    values = {"board": run.board, "run": run.id}
    return bool(list((await work.session.execute(_DROP_SETTINGS, values)).scalars()))
