"""Tables while a run is taken back: what depends on it, and rows as they were before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.imports.planning import TABLES
from services.registry.imports.store import Run
from services.registry.roster import store as roster
from services.registry.roster.rows import CalendarRow, OrganisationRow, PersonRow
from services.registry.roster.store import PeriodTable
from shared.database import Work
from shared.ids import new_id


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
}
# In all of these: :run is the run, :people the group that is looked at (null: everybody).
_OF_GROUP = "(cast(:people as uuid[]) is null or {column} = any(:people))"
_MADE_UNITS = "select o.id from organisation o where o.board_id = :board and o.made_by_run = :run"
_MADE_CARDS = "select p.id from person p where p.board_id = :board and p.made_by_run = :run"


def _period_checks(table: str) -> list[tuple[str, str]]:
    """Words and SQL of what may depend on a run in one table of periods."""
    word, group = _WORDS[table], _OF_GROUP.format(column="t.subject_id")
    standing = f"from {table} t where t.board_id = :board and t.voided_at is null and {group}"
    other = "t.run_id is distinct from :run"
    checks = [
        (
            f"あとで変えられた{word}",
            f"select count(*) from {table} t left join import_run r on r.id = t.voided_run_id"  # noqa: S608
            " where t.board_id = :board and t.run_id = :run and t.voided_at is not null"
            " and t.voided_run_id is distinct from :run and coalesce(r.state, '') <> 'reverted'"
            f" and {group}",
        ),
        (
            f"同じ時期にあとで加えられた{word}",
            f"select count(*) {standing} and {other} and exists (select from {table} v"  # noqa: S608
            " where v.board_id = :board and v.voided_run_id = :run and v.subject_id = t.subject_id"
            " and v.slot = t.slot and v.valid && t.valid)",
        ),
        (
            f"この取り込みで加わった人に、あとで加えられた{word}",
            f"select count(*) {standing} and {other} and t.subject_id in ({_MADE_CARDS})",
        ),
    ]
    columns = {
        "enrolment_period": ("school_id",),
        "membership_period": ("class_id",),
        "duty_period": ("organisation_id", "class_id"),
    }
    for column in columns.get(table, ()):
        checks.append(
            (
                f"この取り込みで加わった学校・学級の、あとで加えられた{word}",
                f"select count(*) {standing} and {other} and t.{column} in ({_MADE_UNITS})",
            )
        )
    if table == "guardianship_period":
        made = f"t.guardian_id in ({_MADE_CARDS})"
        checks.append(
            (
                f"この取り込みで加わった人の、あとで加えられた{word}",
                f"select count(*) {standing} and {other} and {made}",
            )
        )
    if table == "protection_period":
        made = f"exists (select from unnest(t.confidential_from) c where c in ({_MADE_CARDS}))"
        checks.append(
            (
                f"この取り込みで加わった人を相手とする、あとで加えられた{word}",
                f"select count(*) {standing} and {other} and {made}",
            )
        )
    return checks


def _row_check(table: str, word: str, group: str) -> tuple[str, str]:
    return (
        f"あとで変えられた{word}",
        f"select count(*) from {table} t where t.board_id = :board and t.run_id is distinct from :run"  # noqa: S608
        " and (t.made_by_run = :run or exists (select from import_before b where b.run_id = :run"
        f" and b.kind = '{table}' and b.id = t.id)) and {group}",
    )


_CHECKS_OF_PEOPLE = [
    *(check for table in TABLES.values() for check in _period_checks(table.name)),
    _row_check("person", "人", _OF_GROUP.format(column="t.id")),
    (
        "あとで付けられた出欠の記録",
        "select count(*) from attendance_fact f join pupil_day d on d.id = f.pupil_day_id"  # noqa: S608
        " where f.board_id = :board and d.board_id = :board and f.recorded_at >= :began"
        f" and {_OF_GROUP.format(column='d.pupil_id')} and (exists (select from membership_period t"
        " where t.subject_id = d.pupil_id and (t.run_id = :run or t.voided_run_id = :run))"
        " or exists (select from enrolment_period t where t.subject_id = d.pupil_id"
        " and (t.run_id = :run or t.voided_run_id = :run)))",
    ),
]
_CHECKS_OF_THE_REST = [
    _row_check("organisation", "学校・学級", "true"),
    _row_check("calendar", "学校暦", "true"),
    (
        "この取り込みで加わった学校の、あとで加えられた学級",
        "select count(*) from organisation t where t.board_id = :board and t.made_by_run is distinct from :run"  # noqa: S608
        f" and (t.parent_id in ({_MADE_UNITS}) or t.school_id in ({_MADE_UNITS}))",
    ),
    (
        "この取り込みで加わった学級の、確定した出席簿",
        f"select count(*) from class_day d where d.board_id = :board and d.class_id in ({_MADE_UNITS})",  # noqa: S608
    ),
]


async def dependents(session: AsyncSession, run: Run, people: Sequence[UUID] | None) -> list[Dependent]:
    """What depends on a run: of everybody and everything (None), of these people, or (empty) of what is no person."""
    checks = [] if people is not None and not people else _CHECKS_OF_PEOPLE
    if not people:
        checks = [*checks, *_CHECKS_OF_THE_REST]
    values = {"board": run.board, "run": run.id, "people": people or None, "began": run.started_at}
    found: dict[str, int] = {}
    for word, statement in checks:
        needed = {name: value for name, value in values.items() if f":{name}" in statement}
        count = await session.scalar(text(statement), needed)
        if count:
            found[word] = found.get(word, 0) + int(count)
    return [Dependent(word, count) for word, count in found.items()]


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


async def take_back_periods(
    work: Work, table: PeriodTable[Any], run: Run, people: Sequence[UUID]
) -> set[UUID]:
    """Void what the run added, let stand again what it voided; returns whose sets are others now."""
    values = {"board": run.board, "run": run.id, "people": list(people)}
    reason = f"import run {run.number} was reverted"
    added = await work.session.execute(
        text(
            f"update {table.name} set voided_at = :at, voided_by = :by, void_reason = :reason"  # noqa: S608
            " where board_id = :board and run_id = :run and subject_id = any(:people) and voided_at is null"
            " returning subject_id"
        ),
        {**values, "at": work.at, "by": work.actor, "reason": reason},
    )
    touched = set(added.scalars())
    ended = (
        await work.session.execute(
            text(
                f"select id, subject_id from {table.name}"  # noqa: S608
                " where board_id = :board and voided_run_id = :run and subject_id = any(:people)"
            ),
            values,
        )
    ).all()
    if ended:
        columns = ", ".join(table.columns)
        await work.session.execute(
            text(
                f"insert into {table.name} (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"  # noqa: S608
                f" replaces, run_id, {columns}) select g.new_id, t.board_id, t.subject_id, t.slot, t.valid, :at, :by,"
                f" t.id, t.run_id, {', '.join(f't.{name}' for name in table.columns)} from {table.name} t"
                " join unnest(cast(:old as uuid[]), cast(:new as uuid[])) as g(old_id, new_id) on g.old_id = t.id"
                " where t.board_id = :board"
            ),
            {
                "board": run.board,
                "at": work.at,
                "by": work.actor,
                "old": [row.id for row in ended],
                "new": [new_id() for _ in ended],
            },
        )
    return touched | {row.subject_id for row in ended}


async def known_otherwise(
    work: Work, table: PeriodTable[Any], run: Run, subjects: Sequence[UUID]
) -> set[UUID]:
    """Those of whom somebody else has told a relation of this kind that was not taken back."""
    found = await work.session.scalars(
        text(
            f"select distinct t.subject_id from {table.name} t left join import_run r on r.id = t.run_id"  # noqa: S608
            " where t.board_id = :board and t.subject_id = any(:people) and t.run_id is distinct from :run"
            " and coalesce(r.state, '') <> 'reverted'"
        ),
        {"board": run.board, "run": run.id, "people": list(subjects)},
    )
    return set(found)


def _restore(table: str, columns: Sequence[str]) -> str:
    assigned = ", ".join(f"{name} = r.{name}" for name in (*columns, "recorded_at", "run_id") if name != "id")
    return (
        f"update {table} t set {assigned} from import_before b, jsonb_populate_record(null::{table}, b.before) r"  # noqa: S608
        f" where b.run_id = :run and b.board_id = :board and b.kind = '{table}' and t.id = b.id"
        f" and t.board_id = :board"
    )


_RESTORE_PEOPLE = text(f"{_restore('person', PersonRow._fields)} and t.id = any(:people) returning t.id")
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
