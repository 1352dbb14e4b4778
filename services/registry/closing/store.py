"""Closed months: how one stands, what was kept of it, and what was corrected since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

import orjson
from asyncpg import Record
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.closing.rules import Correction, Kept, State, Step
from shared.database import Moved, Statement, Work
from shared.ids import class_month_id

_STATES = Statement(
    "select class_id, month, state from class_month where board_id = :board and school_id = :school"
    " and month >= :since and month < :until"
)

_STEPS = Statement(
    """
select m.revision as now, m.state, s.revision, s.step, s.at, s.by, s.sentence,
       case when s.revision >= coalesce((select max(c.revision) from class_month_step c
            where c.class_month_id = m.id and c.step = 'closed'), 0) then s.sheet end as sheet,
       coalesce(p.common_family, p.legal_family) as family, coalesce(p.common_given, p.legal_given) as given
from class_month m
join class_month_step s on s.class_month_id = m.id and s.board_id = :board
left join person p on p.board_id = :board and p.id = s.by
where m.board_id = :board and m.id = :id
order by s.revision
"""
)

_TAKEN = Statement(
    "select day from class_day where board_id = :board and class_id = :class_id"
    " and day >= :since and day < :until"
)

# As the cards are now: what was corrected on a card that was merged since is the other's.
_CORRECTED = Statement(
    """
select coalesce(c.merged_into, c.id) as pupil, d.day, f.held_before, f.held_after, f.reason, f.reason_text,
       f.recorded_by, f.recorded_at, f.closing_revision, f.beside
from (
    select pupil_day_id, revision, held_before, held_after, reason, reason_text, recorded_by, recorded_at,
           closing_revision, false as beside
    from attendance_fact where board_id = :board and class_month_id = :id
    union all
    select pupil_day_id, revision, held_before, code, reason, reason_text, recorded_by, recorded_at,
           closing_revision, true
    from day_beside where board_id = :board and class_month_id = :id
) f
join pupil_day d on d.board_id = :board and d.id = f.pupil_day_id
join person c on c.board_id = :board and c.id = d.pupil_id
where f.closing_revision >= :revision
  and not exists (
      select from protection_period g where g.board_id = :board and g.subject_id in (c.id, c.merged_into)
      and g.voided_at is null and g.valid @> cast(:today as date)
      and cast(:person as uuid) = any (g.confidential_from))
order by f.recorded_at, d.day, pupil, f.revision
"""
)

_TOLD = Statement(
    """
select coalesce(c.merged_into, c.id) as pupil, d.day
from person c
join pupil_day d on d.board_id = :board and d.pupil_id = c.id
join attendance_fact f on f.board_id = :board and f.pupil_day_id = d.id
where c.board_id = :board and (c.id = any (cast(:pupils as uuid[])) or c.merged_into = any (cast(:pupils as uuid[])))
  and d.day >= :since and d.day < :until and f.source = 'notice' and f.recorded_at > :after
"""
)

# Who was erased is in no row: nothing is told of them.
_CARDS = Statement(
    """
select c.id, c.merged_into, exists (
           select from protection_period g where g.board_id = :board and g.subject_id in (c.id, c.merged_into)
           and g.voided_at is null and g.valid @> cast(:today as date)
           and cast(:person as uuid) = any (g.confidential_from)) as hidden
from person c where c.board_id = :board and c.id = any (cast(:pupils as uuid[]))
"""
)

# The days of who is in the class, so that no entry comes between the reading of a sheet and its closing: whoever waits
# for them reads afterwards that the month is closed (attendance/store.py). Their order is the roll's.
_HOLD = Statement(
    """
select d.id from pupil_day d where d.board_id = :board and d.day >= :since and d.day < :until and d.pupil_id in (
    select x.id from membership_period m
    join person c on c.board_id = :board and c.id = m.subject_id
    join person x on x.board_id = :board and (x.id = coalesce(c.merged_into, c.id)
                                              or x.merged_into = coalesce(c.merged_into, c.id))
    where m.board_id = :board and m.class_id = :class_id and m.kind = 'home' and m.voided_at is null
      and m.valid && daterange(cast(:since as date), cast(:until as date)))
order by d.id for update of d
"""
)

_WRITE = Statement(
    """
with written as (
    insert into class_month as m (id, board_id, school_id, class_id, month, revision, state)
    values (:id, :board, :school, :class_id, :month, :revision, :state)
    on conflict (id) do update set revision = excluded.revision, state = excluded.state
    where m.revision = excluded.revision - 1
    returning id
)
insert into class_month_step (class_month_id, board_id, school_id, revision, step, at, by, sentence, sheet)
select id, :board, :school, :revision, :state, :at, :by, :sentence, cast(cast(:sheet as text) as jsonb) from written
returning class_month_id
"""
)


@dataclass(frozen=True)
class Person:
    """Who did something, by name."""

    id: UUID
    family: str
    given: str


@dataclass(frozen=True)
class Done:
    """A step of a month."""

    revision: int
    step: Step
    at: datetime
    by: Person
    sentence: str | None


@dataclass(frozen=True)
class Standing:
    """How a class's month stands."""

    id: UUID
    revision: int
    state: State | None
    steps: tuple[Done, ...]
    taken: frozenset[date]
    """Days whose roll was taken."""
    closed: Kept | None = None
    """The sheet as it was closed, for who reads; none while the month is open."""
    checked: Kept | None = None
    """The sheet as it was last checked."""
    corrections: tuple[Correction, ...] = ()
    told: frozenset[tuple[UUID, date]] = frozenset()
    """Days of which a family has said something since the closing."""

    @property
    def pupils(self) -> frozenset[UUID]:
        """Whom it tells of, as they were kept."""
        sheets = (self.closed, self.checked)
        kept = {pupil for sheet in sheets if sheet is not None for pupil in sheet.lines}
        return frozenset(kept | {each.pupil for each in self.corrections})

    @property
    def is_closed(self) -> bool:
        """Whether a day changes only with a reason."""
        return self.state in ("closed", "checked")

    def last(self, step: Step) -> Done | None:
        """The last step of a kind."""
        return next((each for each in reversed(self.steps) if each.step == step), None)


async def states(
    session: AsyncSession, board: UUID, school: UUID, since: date, until: date
) -> dict[tuple[UUID, str], State]:
    """How months of a school's classes stand, by class and month (``2026-11``); open ones have none."""
    rows = await _STATES.all(session, {"board": board, "school": school, "since": since, "until": until})
    return {(row["class_id"], f"{row['month']:%Y-%m}"): cast("State", row["state"]) for row in rows}


async def standing(
    session: AsyncSession,
    board: UUID,
    class_id: UUID,
    since: date,
    until: date,
    *,
    person: UUID | None,
    today: date,
) -> Standing:
    """A class's month, from its first day ``since``; of children who are kept from ``person`` nothing."""
    month = class_month_id(board, class_id, since)
    rows = await _STEPS.all(session, {"board": board, "id": month})
    days = await _TAKEN.all(session, {"board": board, "class_id": class_id, "since": since, "until": until})
    taken = frozenset(row["day"] for row in days)
    if not rows:
        return Standing(month, 0, None, (), taken)
    found = Standing(month, rows[-1]["now"], rows[-1]["state"], tuple(map(_done, rows)), taken)
    closed = found.last("closed")
    if not found.is_closed or closed is None:
        return found
    sheets = {row["step"]: Kept.of(row["sheet"]) for row in rows if row["sheet"] is not None}
    asking = {"board": board, "person": person, "today": today}
    pupils = sorted({pupil for sheet in sheets.values() for pupil in sheet.lines})
    cards = await _CARDS.all(session, {**asking, "pupils": pupils})
    alias = {row["id"]: row["merged_into"] for row in cards if row["merged_into"]}
    hidden = {alias.get(row["id"], row["id"]) for row in cards if row["hidden"]}
    hidden |= set(pupils) - {row["id"] for row in cards}
    corrections = await _CORRECTED.all(session, {**asking, "id": month, "revision": closed.revision})
    told = await _TOLD.all(
        session,
        {
            "board": board,
            "pupils": sorted({alias.get(pupil, pupil) for pupil in pupils}),
            "since": since,
            "until": until,
            "after": closed.at,
        },
    )
    return Standing(
        found.id,
        found.revision,
        found.state,
        found.steps,
        taken,
        sheets["closed"].read_as(alias, hidden),
        sheets["checked"].read_as(alias, hidden) if "checked" in sheets else None,
        tuple(map(_correction, corrections)),
        frozenset((row["pupil"], row["day"]) for row in told),
    )


def _done(row: Record) -> Done:
    by = Person(row["by"], row["family"] or "", row["given"] or "")
    return Done(row["revision"], row["step"], row["at"], by, row["sentence"])


def _correction(row: Record) -> Correction:
    return Correction(
        row["pupil"],
        row["day"],
        row["held_before"],
        row["held_after"],
        row["reason"],
        row["reason_text"],
        row["recorded_by"],
        row["recorded_at"],
        row["closing_revision"],
        row["beside"],
    )


async def hold(work: Work, board: UUID, class_id: UUID, since: date, until: date) -> None:
    """Hold every day of the class's month until the transaction ends."""
    await _HOLD.all(work.session, {"board": board, "class_id": class_id, "since": since, "until": until})


async def write(
    work: Work,
    of: Standing,
    place: Mapping[str, object],
    step: Step,
    by: UUID,
    *,
    sentence: str | None = None,
    sheet: Kept | None = None,
) -> None:
    """Write a month's next step. Raises :class:`Moved` when somebody else's came first."""
    rows: Sequence[Record] = await _WRITE.all(
        work.session,
        {
            **place,
            "id": of.id,
            "revision": of.revision + 1,
            "state": step,
            "at": work.at,
            "by": by,
            "sentence": sentence,
            "sheet": None if sheet is None else orjson.dumps(sheet.json()).decode(),
        },
    )
    if not rows:
        raise Moved
