"""What an import would change, read from what stands, part by part: no more than a part is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.imports.by_hand import Hand, judge, judge_cards, without
from services.registry.imports.hands import hand_of, said_before
from services.registry.imports.marks import (
    after_those_that_stand,
    inheritors,
    keep_marks,
    masked,
    of_sources,
    with_rights_that_stand,
)
from services.registry.imports.merged import of_one_child
from services.registry.imports.rules import (
    SIDES,
    Ask,
    Frame,
    Gone,
    PartPlan,
    Side,
    asks_of,
    changed_cards,
    changed_rows,
    closed,
    read_with,
    side_change,
)
from services.registry.roster import external_ids, store
from services.registry.roster.rows import Standing
from services.registry.roster.snapshot import ExternalKey, RosterSnapshot
from services.registry.roster.store import PeriodTable
from services.registry.school_calendar.by_hand import with_hand
from shared.database import Statement
from shared.ids import new_id

TABLES: Mapping[Side, PeriodTable[Any]] = {
    "enrolment": store.ENROLMENT,
    "membership": store.MEMBERSHIP,
    "duty": store.DUTY,
    "guardianship": store.GUARDIANSHIP,
    "protection": store.PROTECTION,
    "contact": store.CONTACT,
}
_AT_ONCE = 5_000
"""People asked for in one statement."""

_STILL_HERE = {
    side: Statement(
        f"select subject_id, {school} as school from unnest(cast(:people as uuid[])) as gone(id)"  # noqa: S608
        f" cross join lateral (select * from {table.name} where subject_id = gone.id and board_id = :board"
        " and voided_at is null and coalesce(upper(valid), 'infinity') > cast(:since as date)"
        " order by valid desc limit 1) t"
    )
    for side, table, school in (
        ("enrolment", store.ENROLMENT, "school_id"),
        ("membership", store.MEMBERSHIP, "school_id"),
        ("duty", store.DUTY, "organisation_id"),
        ("guardianship", store.GUARDIANSHIP, "null::uuid"),
        ("protection", store.PROTECTION, "null::uuid"),
    )
}
_OPEN_CLASSES = text(
    "select id from organisation where board_id = :board and until is null and kind <> 'board'"
    " and (school_year is null or school_year = :year)"
    " and (cast(:school as uuid) is null or (kind = 'class' and school_id = :school))"
)


@dataclass(slots=True)
class Asked:
    """A snapshot in our ids, in parts. Ids are minted for what is new; they are kept when a run begins."""

    frame: Frame
    ids: Mapping[ExternalKey, UUID]
    minted: dict[ExternalKey, UUID]
    parts: Iterator[Ask]


async def ask(
    session: AsyncSession,
    board: UUID,
    snapshot: RosterSnapshot,
    source: str,
    today: date,
    school: UUID | None = None,
) -> Asked:
    """What the snapshot asks of the board's roster as it stands, or of one school's alone."""
    frame = Frame(board, snapshot.school_year, today, school)
    known = await external_ids.known_ids(session, board, source)
    keys = [*(each.key for each in snapshot.organisations), *(each.key for each in snapshot.people)]
    own = await external_ids.own_ids(session, board, [key for key in keys if key not in known])
    minted = {key: new_id() for key in keys if key not in known and key not in own}
    if snapshot.board in minted:
        minted[snapshot.board] = board
    ids = {**known, **own, **minted}
    aliases = await store.aliases(session, board)
    snapshot, ids = of_one_child(snapshot, ids, aliases)
    gone, closing = await _left_out(session, frame, snapshot, known, set(keys))
    still = {ids[key] for key in keys}
    gone = [each for each in gone if each.person not in still]
    return Asked(frame, ids, minted, asks_of(snapshot, ids, set(minted.values()), gone, closing))


async def _left_out(
    session: AsyncSession,
    frame: Frame,
    snapshot: RosterSnapshot,
    known: Mapping[ExternalKey, UUID],
    there: set[ExternalKey],
) -> tuple[list[Gone], list[UUID]]:
    """People and organisations that the source named once and no longer has, and of whom something still stands."""
    spoken = snapshot.spoken
    missing = {key: own for key, own in known.items() if key not in there}
    people = [
        own
        for key, own in missing.items()
        if key.kind == "person" and any(spoken.of(side, key.sourced_id) for side in SIDES)
    ]
    schools: dict[UUID, UUID | None] = {}
    for start in range(0, len(people), _AT_ONCE):
        some = {
            "board": frame.board,
            "people": people[start : start + _AT_ONCE],
            "since": frame.coverage.since,
        }
        for statement in _STILL_HERE.values():
            for row in await statement.all(session, some):
                if schools.get(row["subject_id"]) is None:
                    schools[row["subject_id"]] = row["school"]
    values = {"board": frame.board, "year": frame.school_year, "school": frame.school}
    still_open = set(await session.scalars(_OPEN_CLASSES, values))
    closing = [
        own
        for key, own in missing.items()
        if own in still_open and key.kind != "person" and spoken.of(key.kind, key.sourced_id)
    ]
    left = (Gone(person, school) for person, school in schools.items())
    return [each for each in left if frame.school in (None, each.school)], closing


async def plan_part(session: AsyncSession, frame: Frame, asked: Ask) -> PartPlan:
    """What must change in one part for what is asked to be so."""
    board, fresh = frame.board, asked.fresh
    ours = await inheritors(session, board)
    # Of whom nothing but 連絡先 is said is called by name nevertheless.
    named = {*(row.id for row in asked.people), *asked.sides["contact"].subjects}
    cards = await store.people(session, board, list((named - fresh) | asked.gone))
    units = await store.organisations(
        session, board, [*(row.id for row in asked.organisations), *asked.closing]
    )
    calendars = await store.calendars(session, board, [row.id for row in asked.calendars])
    standing: dict[Side, list[Standing[Any]]] = {}
    hands: dict[Side, Hand] = {}
    for side in SIDES:
        about = read_with(asked, side)
        standing[side] = await store.standing(session, board, TABLES[side], about)
        hands[side] = await hand_of(session, board, TABLES[side], about, standing[side])
    wants = of_sources(asked.sides, standing["protection"], ours, frame.ends)
    wants["protection"] = after_those_that_stand(wants["protection"], standing["protection"], frame)
    judged = judge(frame, *masked(wants, standing, hands, ours))
    wants["guardianship"] = with_rights_that_stand(wants["guardianship"], standing["guardianship"], ours)
    sides = {
        side: side_change(frame, without(wants[side], judged.kept[side]), standing[side]) for side in SIDES
    }
    lifted = keep_marks(sides["protection"], wants["protection"])
    changed = changed_cards(asked.people, cards)
    people, kept, over = judge_cards(changed, await said_before(session, board, changed, fresh))
    return PartPlan(
        asked.school,
        changed_rows(asked.organisations, units) + closed(frame, asked.closing, units),
        units,
        people,
        cards,
        changed_rows([with_hand(calendars.get(row.id), row) for row in asked.calendars], calendars),
        calendars,
        sides,
        lifted - asked.gone,
        kept | judged.people(judged.kept),
        over | judged.people(judged.overwritten),
    )
