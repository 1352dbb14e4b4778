"""Dated relations: one pattern for enrolments, memberships, duties, guardianships (decisions.md §1).

A period is never edited. It is voided and, if something else holds instead, replaced in the same transaction; what was
known when stays readable. ``valid`` is half open. ``slot`` names what a subject can have only one of at a time, so that
``home`` memberships exclude each other while duties in two classes do not.

The overlap guard needs no extension (btree_gist is absent): one statement trigger locks the rows of the subjects, then
compares the new periods with the standing ones over a btree. It runs as the owner: a writer who may see one school only
must still not overlap a period of another.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.dialects.postgresql import Range

GUARD = """
create function period_guard() returns trigger language plpgsql security definer set search_path = pg_temp as $$
declare
    v_subject uuid;
begin
    -- Others who write periods of these subjects wait here; the next statement sees what they have committed.
    execute format(
        'select from %1$I.%2$I s where s.id in (select subject_id from new_rows where voided_at is null)'
        ' order by s.id for no key update',
        tg_table_schema, tg_argv[0]);
    execute format(
        'select n.subject_id from new_rows n join %1$I.%2$I t'
        ' on t.subject_id = n.subject_id and t.slot = n.slot and t.id <> n.id'
        ' where n.voided_at is null and t.voided_at is null and t.valid && n.valid limit 1',
        tg_table_schema, tg_table_name) into v_subject;
    if v_subject is not null then
        raise exception '% already has a period of this kind then', v_subject
            using errcode = '23P01', table = tg_table_name;
    end if;
    return null;
end $$;
revoke all on function period_guard() from public;
"""
"""Once per service, before its first period table. Raises SQLSTATE 23P01."""


def period_columns(*, subjects: str = "person") -> str:
    """The columns every period table has, for its ``create table``; ``subjects`` is the table of its subjects."""
    return f"""
    id uuid primary key,
    board_id uuid not null,
    subject_id uuid not null references {subjects},
    slot text not null,
    valid daterange not null check (not isempty(valid)),
    recorded_at timestamptz not null,
    recorded_by text not null,
    voided_at timestamptz,
    voided_by text,
    void_reason text,
    replaces uuid"""


def period_guard(table: str, *, subjects: str = "person") -> str:
    """SQL: the index and triggers of a period table. The subjects' rows are what its writers line up at."""
    return f"""
create index {table}_subject on {table} (subject_id, slot) where voided_at is null;
create trigger {table}_no_overlap_insert after insert on {table}
    referencing new table as new_rows for each statement execute function period_guard('{subjects}');
create trigger {table}_no_overlap_update after update on {table}
    referencing new table as new_rows for each statement execute function period_guard('{subjects}');
"""


def period(since: date, until: date | None) -> Range[date]:
    """``[since, until)``."""
    return Range(since, until, bounds="[)")


def holds(valid: Range[date], on: date) -> bool:
    """Whether a period holds on a business date."""
    return (valid.lower is None or valid.lower <= on) and (valid.upper is None or on < valid.upper)
