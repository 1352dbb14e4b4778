"""Notices as they were told, and the pupil-days they reach: three statements a batch, however many children."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record as Row
from pydantic import TypeAdapter

from services.registry.announced.rules import Announced
from services.registry.attendance.beside import Beside
from services.registry.attendance.rules import Change, Fact, Member, NoticeSeen, SchoolDay, why_not_open
from services.registry.attendance.symbols import SETTING, Symbol
from shared.contracts.messaging import NoticeChanged
from shared.contracts.registry import Source, closes, grade_is_off
from shared.database import Statement, Work
from shared.dates import school_year
from shared.ids import pupil_day_id

_FACTS = TypeAdapter(dict[Source, Fact])
_SEEN = TypeAdapter(tuple[NoticeSeen, ...])
_BESIDE = TypeAdapter(Beside | None)
_SYMBOLS = TypeAdapter(list[Symbol])

_KEEP = Statement(
    """
with given as (
    select g.* from json_to_recordset(cast(:rows as json)) as g(
        id uuid, pupil_id uuid, revision integer, withdrawn boolean, kind text, reason text, since date, until date,
        channel text, relation text, told_at timestamptz, at timestamptz, by uuid)
    join person p on p.board_id = :board and p.id = g.pupil_id
), stood as (
    select a.id, a.since, a.until from announced a join given g on g.id = a.id where a.board_id = :board
), kept as (
    insert into announced as a (id, board_id, pupil_id, revision, withdrawn, kind, reason, since, until, channel,
                                relation, told_at, at, by)
    select id, :board, pupil_id, revision, withdrawn, kind, reason, since, until, channel, relation, told_at, at, by
    from given
    on conflict (id) do update set revision = excluded.revision, withdrawn = excluded.withdrawn,
        kind = excluded.kind, reason = excluded.reason, since = excluded.since, until = excluded.until,
        channel = excluded.channel, relation = excluded.relation, told_at = excluded.told_at, at = excluded.at,
        by = excluded.by
    where a.revision < excluded.revision
    returning a.id, a.pupil_id, a.since, a.until
)
select k.pupil_id, k.since, k.until, s.since as since_before, s.until as until_before
from kept k left join stood s on s.id = k.id
"""
)


async def keep(work: Work, notices: Collection[NoticeChanged]) -> list[tuple[UUID, date, date]]:
    """Keep each notice whose revision is news; returns whose days, from when to before when, it may change.

    A child that is not known was erased: nothing about it is kept.
    """
    rows = [
        {
            "id": each.notice,
            "pupil_id": each.pupil,
            **each.model_dump(
                include={
                    "revision",
                    "withdrawn",
                    "kind",
                    "reason",
                    "since",
                    "until",
                    "channel",
                    "relation",
                    "told_at",
                    "at",
                    "by",
                }
            ),
        }
        for each in notices
    ]
    found = await _KEEP.all(
        work.session, {"board": work.scope.board, "rows": orjson.dumps(rows, default=str).decode()}
    )
    spans = [(row["pupil_id"], row["since"], row["until"]) for row in found]
    return spans + [
        (row["pupil_id"], row["since_before"], row["until_before"]) for row in found if row["since_before"]
    ]


@dataclass(frozen=True)
class PupilDay:
    """A day of a child that a notice reaches, with what was told about it."""

    board: UUID
    school: UUID
    class_id: UUID
    """Class of 在籍 on that date; where there is none, the nearest the child was or will be in."""
    on: date
    member: Member
    notices: Sequence[Announced]
    symbols: dict[str, Symbol]
    lessons: bool
    """Whether the class has any that day, as far as the calendar is known."""


# Of cards that were merged the day of the own one counts, else that of the lowest id, as on the roll (attendance).
_DAYS = Statement(
    """
with asked as (
    select distinct coalesce(p.merged_into, p.id) as person, a.day, a.year
    from unnest(cast(:pupils as uuid[]), cast(:days as date[]), cast(:years as integer[])) as a(pupil, day, year)
    join person p on p.board_id = :board and p.id = a.pupil
), cards as (
    select person, person as id from asked
    union select a.person, p.id from asked a join person p on p.board_id = :board and p.merged_into = a.person
), locked as (
    select d.* from pupil_day d
    where d.board_id = :board and (d.pupil_id, d.day) in (select c.id, a.day from asked a join cards c using (person))
    order by d.id for update
), said as (
    select distinct on (c.person, k.day) c.person, k.day as on_day, k.pupil_id as kept_under, k.revision, k.status,
           k.facts, k.considered, k.beside
    from locked k join cards c on c.id = k.pupil_id
    order by c.person, k.day, (k.pupil_id = c.person) desc, k.pupil_id
)
select a.person, a.day, s.kept_under, s.revision, s.status, s.facts, s.considered, s.beside,
       m.class_id, m.school_id, o.grade,
       cal.school_year is not null as known, coalesce(a.day = any (cal.school_days), false) as school_day,
       cal.closures, cal.marks,
       (select st.value from setting st where st.board_id = :board and st.name = :symbols and st.since <= a.day
        order by st.since desc limit 1) as symbols,
       (select json_agg(json_build_object(
            'notice', n.id, 'revision', n.revision, 'withdrawn', n.withdrawn, 'kind', n.kind, 'reason', n.reason,
            'since', n.since, 'until', n.until, 'channel', n.channel, 'relation', n.relation, 'told_at', n.told_at,
            'at', n.at, 'by', n.by))
        from cards c join announced n on n.pupil_id = c.id and n.board_id = :board
        where c.person = a.person and n.since <= a.day and n.until > a.day) as notices
from asked a
left join said s on s.person = a.person and s.on_day = a.day
cross join lateral (
    select p.class_id, p.school_id from membership_period p
    where p.board_id = :board and p.subject_id in (select c.id from cards c where c.person = a.person)
    and p.kind = 'home' and p.voided_at is null
    order by p.valid @> a.day desc, lower(p.valid) > a.day, lower(p.valid) desc, p.subject_id limit 1) m
left join organisation o on o.board_id = :board and o.id = m.class_id
left join calendar cal on cal.board_id = :board and cal.school_id = m.school_id
    and cal.school_year = a.year
order by a.person, a.day
"""
)
_NOTICES = TypeAdapter(list[Announced])


async def days(work: Work, wanted: Collection[tuple[UUID, date]]) -> list[PupilDay]:
    """These days of these children, held until the transaction ends. A child who was never in a class has none."""
    asked = sorted(wanted)
    rows = await _DAYS.all(
        work.session,
        {
            "board": work.scope.board,
            "pupils": [pupil for pupil, _ in asked],
            "days": [day for _, day in asked],
            "years": [school_year(day) for _, day in asked],
            "symbols": SETTING,
        },
    )
    return [_day(work.scope.board, row) for row in rows]


def _day(board: UUID, row: Row) -> PupilDay:
    on = row["day"]
    notices = _NOTICES.validate_python(row["notices"] or [])
    member = Member(
        pupil=row["person"],
        number=None,
        exchange=False,
        revision=row["revision"] or 0,
        status=row["status"] or "unrecorded",
        facts=_FACTS.validate_python(row["facts"]) if row["facts"] else {},
        kept_under=row["kept_under"],
        notices={each.notice: each.revision for each in notices},
        considered=_SEEN.validate_python(row["considered"] or []),
        beside=_BESIDE.validate_python(row["beside"]),
    )
    symbols = {symbol.code: symbol for symbol in _SYMBOLS.validate_python(row["symbols"] or [])}
    return PupilDay(
        board, row["school_id"], row["class_id"], on, member, notices, symbols, _has_lessons(row, on)
    )


def _has_lessons(row: Row, on: date) -> bool:
    """As the roll of that day would be open, whenever it comes; without a calendar nobody knows better."""
    closed = any(
        closure["on"] == on.isoformat() and closes(closure, str(row["class_id"]), row["grade"])
        for closure in row["closures"] or []
    )
    off = grade_is_off(row["marks"] or [], on.isoformat(), row["grade"])
    day = SchoolDay(row["known"], row["school_day"] and not off, "closed" if closed else None)
    return not day.known or why_not_open(day, on, on) is None


_SAVE = Statement(
    """
with given as (
    select g.* from json_to_recordset(cast(:rows as json)) as g(
        id uuid, pupil_id uuid, school_id uuid, class_id uuid, day date, revision integer, status text, facts jsonb,
        considered jsonb, fact_revision integer, code text, by uuid, at timestamptz)
), days as (
    insert into pupil_day as d (id, board_id, school_id, class_id, pupil_id, day, revision, status, facts, considered)
    select id, :board, school_id, class_id, pupil_id, day, revision, status, facts, considered from given order by id
    on conflict (id) do update set revision = excluded.revision, status = excluded.status, facts = excluded.facts,
        considered = excluded.considered, class_id = excluded.class_id, school_id = excluded.school_id
)
insert into attendance_fact (pupil_day_id, board_id, school_id, source, revision, code, recorded_by, recorded_at)
select id, :board, school_id, 'notice', fact_revision, code, by, at from given
"""
)


async def save(work: Work, changes: Sequence[tuple[PupilDay, Change]]) -> None:
    """Write the days and the new word of their notices."""
    rows = [_row(day, change) for day, change in changes]
    await _SAVE.all(
        work.session, {"board": work.scope.board, "rows": orjson.dumps(rows, default=str).decode()}
    )


def _row(day: PupilDay, change: Change) -> dict[str, Any]:
    pupil = change.member.day_of
    return {
        "id": pupil_day_id(day.board, pupil, day.on),
        "pupil_id": pupil,
        "school_id": day.school,
        "class_id": day.class_id,
        "day": day.on,
        "revision": change.revision,
        "status": change.derived.status,
        "facts": change.facts,
        "considered": change.considered,
        "fact_revision": change.fact.revision,
        "code": change.fact.code,
        "by": change.fact.by,
        "at": change.fact.at,
    }
