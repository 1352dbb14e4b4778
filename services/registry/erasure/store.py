"""What registry holds about people, and taking it away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.erasure.rules import Ground, Holdings
from shared.database import Statement, Work
from shared.ids import new_id

KNOWS_PEOPLE: Mapping[str, str] = {
    "person": "its row goes",
    "person_past": "its rows go",
    "external_id": "its rows go: a source that still names the person makes somebody new",
    "enrolment_period": "its rows go",
    "membership_period": "its rows go",
    "duty_period": "its rows go",
    "guardianship_period": "its rows go, also those of which it is the guardian",
    "protection_period": "its rows go; marks of others keep the id of whom they are confidential from",
    "contact_period": "its rows go",
    "pupil_day": "its rows go",
    "attendance_fact": "its rows go",
    "day_beside": "its rows go",
    "pupil_lessons": "its rows go",
    "lesson_mark": "its rows go",
    "lesson_settled": "its rows go",
    "former_days": "its rows go, with why they were corrected",
    "announced": "its rows go",
    "class_month_step": "its line of the kept sheet goes; who closed and checked stays as an id",
    "move": "its rows go",
    "move_step": "its rows go",
    "certificate": "its rows go, with what was printed",
    "same_person": "its rows go, with what was noted; the other card stands alone",
    "merging": "its rows go: a card and its aliases are erased together",
    "import_before": "rows that name it go",
    "import_file": "all go: packages are not taken apart; the next one must be bulk",
    "import_upload": "all go, with their files, blocks and pages; nothing is erased while one is at work",
    "import_upload_file": "goes with its upload",
    "import_upload_block": "goes with its upload",
    "import_upload_page": "goes with its upload",
    "roster_export": "stays without content: who took what, what for; nothing is erased while one is written",
    "roster_export_block": "all go: packages are not taken apart",
    "register_bundle": "stays without content: who printed what; one that is being written is ended",
    "register_bundle_block": "all go: files are not taken apart",
    "import_part": "empty but while a run is unfinished; nothing is erased then",
}
"""Tables that hold more of a person than an id that leads nowhere, and what an erasure does to each."""

KNOWS_IDS = frozenset(
    {
        "class_day",
        "class_month",
        "class_plan",
        "calendar_change",
        "calendar_template",
        "erasure",
        "gakureibo_mapping",
        "import_run",
        "lesson_roll",
        "numbering",
        "rollover_look",
        "rollover_run",
        "rollover_part",
        "undone_act",
        "organisation",
        "calendar",
        "setting",
    }
)
"""Tables that keep at most an id, which leads nowhere once the person is gone."""

_ALIASES = Statement(
    "select id from person where board_id = :board"
    " and (id = any(cast(:people as uuid[])) or merged_into = any(cast(:people as uuid[]))) order by id"
)
_HOLDINGS = Statement(
    """
select (select count(*) from pupil_day d where d.board_id = :board and d.pupil_id = any(w.people)) as attendance_days,
       (select count(*) from move m where m.board_id = :board and m.pupil_id = any(w.people)) as moves,
       (select count(*) from certificate c where c.board_id = :board and c.pupil_id = any(w.people)) as certificates,
       (select count(*) from person p where p.board_id = :board and p.id = any(w.people))
       + (select count(*) from person_past p where p.board_id = :board and p.person_id = any(w.people))
       as card_versions,
       (select count(*) from enrolment_period p where p.board_id = :board and p.subject_id = any(w.people))
       + (select count(*) from membership_period p where p.board_id = :board and p.subject_id = any(w.people))
       + (select count(*) from duty_period p where p.board_id = :board and p.subject_id = any(w.people))
       + (select count(*) from protection_period p where p.board_id = :board and p.subject_id = any(w.people))
       + (select count(*) from contact_period p where p.board_id = :board and p.subject_id = any(w.people))
       + (select count(*) from guardianship_period p where p.board_id = :board
          and (p.subject_id = any(w.people) or p.guardian_id = any(w.people))) as periods
from (select cast(:people as uuid[]) as people) w
"""
)
_BUSY = Statement(
    "select exists (select from import_run where board_id = :board and state in ('applying', 'reverting'))"
    " or exists (select from import_upload where board_id = :board and state in ('receiving', 'checking', 'beginning'))"
    " or exists (select from roster_export where board_id = :board and state = 'writing')"
    " as busy"
)
_CHILDREN = Statement(
    "select distinct subject_id from guardianship_period"
    " where board_id = :board and guardian_id = any(cast(:people as uuid[])) and voided_at is null"
    " and not subject_id = any(cast(:people as uuid[]))"
)
_ERASE = text(
    "select log.redact(:board, cast(:people as uuid[])), erase_people(:board, cast(:people as uuid[]))"
)
# The number stands on a paper. One that is kept from before a restore is ahead of the column's own counter, which would
# give it to somebody else: each board counts on from the highest it has.
_NOTE = text(
    "insert into erasure (id, number, board_id, person_id, cards, ground, document, counts, erased_at, erased_by)"
    " overriding system value select :id, case when cast(:number as bigint) is null or exists"
    " (select from erasure e where e.board_id = :board and e.number = :number)"
    " then (select coalesce(max(e.number), 0) + 1 from erasure e where e.board_id = :board) else :number end,"
    " :board, :person, cast(:cards as uuid[]), :ground, :document, cast(:counts as jsonb), :at, :by returning number"
)
_LIST = Statement(
    "select e.number, e.person_id, e.ground, e.document, e.counts, e.erased_at,"
    " coalesce(p.common_family, p.legal_family) as family, coalesce(p.common_given, p.legal_given) as given"
    " from erasure e left join person p on p.board_id = e.board_id and p.id = e.erased_by"
    " where e.board_id = :board order by e.number desc limit :most"
)


_SINCE = text(
    "select number, person_id, cards, ground, document, erased_at, erased_by from erasure where board_id = :board"
    " and (cast(:since as timestamptz) is null or erased_at > cast(:since as timestamptz)) order by number"
)


async def erased_since(session: AsyncSession, board: UUID, since: datetime | None) -> Sequence[Any]:
    """What was erased after an instant, in its order: number, ids, ground, document, when and by whom."""
    return (await session.execute(_SINCE, {"board": board, "since": since})).all()


async def aliases(session: AsyncSession, board: UUID, people: Collection[UUID]) -> list[UUID]:
    """These people with every card that turned out to be theirs."""
    return [row["id"] for row in await _ALIASES.all(session, {"board": board, "people": sorted(people)})]


async def holdings(session: AsyncSession, board: UUID, people: Sequence[UUID]) -> Holdings:
    """What there is about them."""
    row = await _HOLDINGS.first(session, {"board": board, "people": list(people)})
    assert row is not None
    return Holdings(**dict(row))


async def imports_at_work(session: AsyncSession, board: UUID) -> bool:
    """Whether an import holds rows of its own: of those nobody can say whom they are about."""
    row = await _BUSY.first(session, {"board": board})
    return bool(row and row["busy"])


async def children_of(session: AsyncSession, board: UUID, people: Sequence[UUID]) -> list[UUID]:
    """Children who lose a guardian's tie, past ones too."""
    rows = await _CHILDREN.all(session, {"board": board, "people": list(people)})
    return [row["subject_id"] for row in rows]


async def erase(work: Work, people: Sequence[UUID]) -> None:
    """Take away everything that is kept about them here and in the log; what must follow is published by the caller."""
    await work.session.execute(_ERASE, {"board": work.scope.board, "people": list(people)})


async def note(
    work: Work,
    person: UUID,
    cards: Sequence[UUID],
    ground: Ground,
    document: str | None,
    counts: Holdings,
    by: UUID,
    at: datetime,
    number: int | None = None,
) -> int:
    """Keep that it was done; returns its number: ``number`` if it is free. The roster must be locked."""
    values = {
        "id": new_id(),
        "number": number,
        "board": work.scope.board,
        "person": person,
        "cards": list(cards),
        "ground": ground,
        "document": document,
        "counts": orjson.dumps(asdict(counts)).decode(),
        "at": at,
        "by": by,
    }
    return int((await work.session.execute(_NOTE, values)).scalar_one())


@dataclass(frozen=True)
class Erasure:
    """That somebody was erased."""

    number: int
    person: UUID
    ground: Ground
    document: str | None
    counts: Holdings
    at: datetime
    by: str
    """Name of who did it; empty when they were erased themselves."""


async def erasures(session: AsyncSession, board: UUID, most: int) -> list[Erasure]:
    """What was erased, the last first."""
    rows = await _LIST.all(session, {"board": board, "most": most})
    return [_erasure(dict(row)) for row in rows]


def _erasure(row: Mapping[str, Any]) -> Erasure:
    by = f"{row['family']} {row['given']}" if row["family"] else ""
    counts = row["counts"]
    return Erasure(
        row["number"],
        row["person_id"],
        row["ground"],
        row["document"],
        Holdings(**(orjson.loads(counts) if isinstance(counts, str) else counts)),
        row["erased_at"],
        by,
    )
