"""The notices' tables, and what the copies say of the children they are about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from asyncpg import Record as Row
from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.notices.rules import Days, Place, Said, Teller, Tie, day
from shared.database import Statement, Work

_MOST = 50
"""Notices of one child that are shown: more than a term of anybody's."""


@dataclass(frozen=True)
class Child:
    """A child as the copies have it today. Cards found to be one person's are one child."""

    id: UUID
    places: tuple[Place, ...]
    """在籍 and classes of 在籍, of any day."""
    is_protected: bool
    """A mark runs today."""
    kept_from: frozenset[UUID]
    """People from whom everything about the child is withheld today."""
    ties: dict[UUID, Tie]
    """Guardians of today, but for those from whom the child is kept."""


_CHILDREN = Statement(
    """
with asked as (
    select p.pupil, coalesce(a.merged_into, p.pupil) as id from unnest(cast(:pupils as uuid[])) as p(pupil)
    left join copy.alias a on a.person_id = p.pupil
), cards as (
    select pupil, id as card from asked
    union select pupil, a.person_id from asked join copy.alias a on a.merged_into = asked.id
), places as (
    select c.pupil, p.* from cards c join copy.place p on p.pupil_id = c.card
    where p.board_id = :board
)
select k.pupil,
       (select json_agg(json_build_object('school', p.school_id, 'class', p.class_id, 'since', p.since,
                                          'until', p.until))
        from places p where p.pupil = k.pupil) as places,
       (select json_agg(f.protections) from cards c join copy.family_set f on f.pupil_id = c.card
        where c.pupil = k.pupil and f.protections is not null) as protections,
       (select json_agg(json_build_object('guardian', g.guardian_id, 'relation', g.relation, 'notify', g.notify,
                                          'read', g.read))
        from cards c join copy.guardian g on g.pupil_id = c.card where c.pupil = k.pupil
        and g.since <= :today and (g.until is null or g.until > :today)) as ties
from asked k
"""
)


async def children(
    session: AsyncSession, board: UUID, pupils: Collection[UUID], today: date
) -> dict[UUID, Child]:
    """Children by the id that was asked for; whoever is at no school of the board is not among them."""
    rows = await _CHILDREN.all(session, {"board": board, "pupils": sorted(pupils), "today": today})
    return {row["pupil"]: _child(row, today) for row in rows if row["places"]}


def _child(row: Row, today: date) -> Child:
    marks = [mark for marks in row["protections"] or [] for mark in marks if _days(mark).touches(day(today))]
    kept = frozenset(UUID(person) for mark in marks for person in mark["confidential_from"])
    ties = [
        Tie(UUID(tie["guardian"]), tie["relation"], tie["notify"], tie["read"]) for tie in row["ties"] or []
    ]
    return Child(
        row["pupil"],
        tuple(
            Place(UUID(each["school"]), each["class"] and UUID(each["class"]), _days(each))
            for each in row["places"]
        ),
        bool(marks),
        kept,
        {tie.guardian: tie for tie in ties if tie.guardian not in kept},
    )


def _days(period: dict[str, Any]) -> Days:
    until = period["until"]
    return Days(date.fromisoformat(period["since"]), until and date.fromisoformat(until))


@dataclass(frozen=True)
class Standing:
    """A notice as it is kept: its newest revision."""

    id: UUID
    pupil: UUID
    revision: int
    withdrawn: bool
    said: Said
    relation: str | None
    told_at: datetime
    at: datetime
    by: UUID


_COLUMNS = (
    "n.id, n.pupil_id, n.revision, n.withdrawn, n.kind, n.reason, n.since, n.until, n.channel, n.guardian_id,"
    " n.relation, n.teller, n.words, n.told_at, n.entered_at, n.entered_by"
)
_LOCK = Statement(f"select {_COLUMNS} from notice n where n.board_id = :board and n.id = :id for update")  # noqa: S608
_SAVE = Statement(
    """
with written as (
    insert into notice as n (id, board_id, pupil_id, revision, withdrawn, kind, reason, since, until, channel,
                             guardian_id, relation, teller, words, told_at, entered_at, entered_by)
    values (:id, :board, :pupil, :revision, :withdrawn, :kind, :reason, :since, :until, :channel,
            cast(:guardian as uuid), :relation, :teller, :words, :told_at, :at, :by)
    on conflict (id) do update set revision = excluded.revision, withdrawn = excluded.withdrawn,
        kind = excluded.kind, reason = excluded.reason, since = excluded.since, until = excluded.until,
        channel = excluded.channel, guardian_id = excluded.guardian_id, relation = excluded.relation,
        teller = excluded.teller, words = excluded.words, entered_at = excluded.entered_at,
        entered_by = excluded.entered_by
    returning n.*
)
insert into notice_revision (notice_id, revision, board_id, fact)
select id, revision, board_id, to_jsonb(written) - 'board_id' from written
"""
)


async def lock(session: AsyncSession, board: UUID, notice: UUID) -> Standing | None:
    """A notice, held until the transaction ends; None when there is none of that id in the board."""
    row = await _LOCK.first(session, {"board": board, "id": notice})
    return None if row is None else _standing(row)


def _standing(row: Row) -> Standing:
    said = Said(
        row["kind"],
        row["reason"],
        row["since"],
        row["until"],
        row["channel"],
        Teller(row["guardian_id"], row["teller"]),
        row["words"],
    )
    return Standing(
        row["id"],
        row["pupil_id"],
        row["revision"],
        row["withdrawn"],
        said,
        row["relation"],
        row["told_at"],
        row["entered_at"],
        row["entered_by"],
    )


async def save(work: Work, notice: Standing) -> None:
    """Write a revision: the row as it stands, and beside those before it."""
    said = notice.said
    await _SAVE.all(
        work.session,
        {
            "id": notice.id,
            "board": work.scope.board,
            "pupil": notice.pupil,
            "revision": notice.revision,
            "withdrawn": notice.withdrawn,
            "kind": said.kind,
            "reason": said.reason,
            "since": said.since,
            "until": said.until,
            "channel": said.channel,
            "guardian": said.teller.guardian,
            "relation": notice.relation,
            "teller": said.teller.words,
            "words": said.words,
            "told_at": notice.told_at,
            "at": notice.at,
            "by": notice.by,
        },
    )


CARDS = "select here.person union select a.person_id from copy.alias a where a.merged_into = here.person"
MARKS = f"""
select from copy.family_set f
cross join lateral jsonb_array_elements(f.protections) as mark
where f.pupil_id in ({CARDS})
and mark ->> 'since' <= :today_text and coalesce(mark ->> 'until', '9999-12-31') > :today_text
"""
_SEES_CHILD = f"""
not exists ({MARKS} and mark -> 'confidential_from' ? cast(:viewer as text))
and (not exists ({MARKS}) or exists (
    select from copy.place p
    where p.pupil_id in ({CARDS})
    and p.school_id = :school and (p.until is null or p.until > :today)))
"""
"""SQL side of the policy's ``forbid`` and of :func:`rules.places_on` for a child who is at the school on that day."""

_SHOWN = f"""
with cards as (
    select here.person, x.card from ({{here}}) here
    cross join lateral ({CARDS}) x (card)
    where {{sees}}
)
select {_COLUMNS}, cards.person, at.class_name, at.number,
       array(select json_build_object('on', s.day, 'revision', s.revision, 'at', s.seen_at, 'by', s.seen_by)
             from copy.seen s where s.notice_id = n.id order by s.day) as confirmed
from cards
join notice n on n.pupil_id = cards.card
left join lateral (
    select o.name as class_name, p.number from copy.place p
    left join copy.organisation o on o.organisation_id = p.class_id
    where p.pupil_id in (select c.card from cards c where c.person = cards.person)
    and p.class_id is not null and p.school_id = any (cast(:schools as uuid[])) and {{during}}
    order by p.since limit 1) at on true
where n.board_id = :board and {{where}}
order by {{order}} limit :most
"""  # noqa: S608 (constants)
_THEN = "p.since < n.until and (p.until is null or p.until > n.since)"
_ON = "p.since <= :on and (p.until is null or p.until > :on)"
_OF_CHILD = Statement(
    _SHOWN.format(
        here="select coalesce((select a.merged_into from copy.alias a where a.person_id = :pupil),"
        " cast(:pupil as uuid)) as person",
        sees="true",
        during=_THEN,
        where="exists (select from copy.place p where p.pupil_id in (select c.card from cards c)"  # noqa: S608
        f" and p.school_id = any (cast(:schools as uuid[])) and {_THEN})",
        order="n.since desc, n.told_at desc, n.id",
    )
)
_OF_SCHOOL = Statement(
    _SHOWN.format(
        here="select distinct coalesce(a.merged_into, p.pupil_id) as person from copy.place p"  # noqa: S608
        f" left join copy.alias a on a.person_id = p.pupil_id where p.school_id = :school and {_ON}",
        sees=_SEES_CHILD,
        during=_ON,
        where="n.since <= :on and n.until > :on",
        order="n.told_at desc, n.id",
    )
)
_OF_FAMILY = Statement(
    _SHOWN.format(
        here="select distinct coalesce(a.merged_into, x.id) as person from unnest(cast(:pupils as uuid[])) as x (id)"
        " left join copy.alias a on a.person_id = x.id",
        sees="true",
        during="false",
        where="n.until > :from",
        order="n.since desc, n.told_at desc, n.id",
    )
)
_OF_CLASS = Statement(
    _SHOWN.format(
        here="select distinct coalesce(a.merged_into, p.pupil_id) as person from copy.place p"  # noqa: S608
        f" left join copy.alias a on a.person_id = p.pupil_id where p.class_id = :class_id and {_ON}",
        sees=_SEES_CHILD,
        during=_ON,
        where="n.since <= :on and n.until > :on",
        order="n.told_at desc, n.id",
    )
)
_CLASS = Statement(
    "select school_id from copy.organisation where board_id = :board and organisation_id = :class_id"
    " and school_id is not null and school_id <> organisation_id"
)
_NAMES = Statement(
    "select i.id, c.family, c.given from unnest(cast(:ids as uuid[])) as i(id)"
    " left join copy.alias a on a.person_id = i.id"
    # `case`, not `coalesce`: behind row-level security that one is joined without an index.
    " join copy.person_card c on c.person_id = case when a.merged_into is null then i.id else a.merged_into end"
    " and c.board_id = :board"
)
_SCHOOL = Statement(
    "select true from copy.organisation where board_id = :board and organisation_id = :school"
    " and school_id = organisation_id"
)


@dataclass(frozen=True)
class Seen:
    """Somebody took the roll of a day with that revision before them."""

    on: date
    revision: int
    at: datetime
    by: UUID


@dataclass(frozen=True)
class Shown:
    """A notice on a list."""

    standing: Standing
    person: UUID
    """The child it is about now: the card that a merged one was merged into."""
    class_name: str | None
    number: int | None
    confirmed: Sequence[Seen]


def _shown(row: Row) -> Shown:
    confirmed = [
        Seen(
            date.fromisoformat(seen["on"]),
            seen["revision"],
            datetime.fromisoformat(seen["at"]),
            UUID(seen["by"]),
        )
        for seen in row["confirmed"]
    ]
    return Shown(_standing(row), row["person"], row["class_name"], row["number"], confirmed)


async def of_child(session: AsyncSession, board: UUID, pupil: UUID, schools: Collection[UUID]) -> list[Shown]:
    """What was told about days on which a child was at one of ``schools``, the newest first."""
    values = {"board": board, "pupil": pupil, "schools": sorted(schools), "most": _MOST}
    return [_shown(row) for row in await _OF_CHILD.all(session, values)]


async def of_school(
    session: AsyncSession, board: UUID, school: UUID, on: date, *, viewer: UUID | None, today: date
) -> list[Shown]:
    """What was told about a day of a school's children: the list form of ``ReadNotices`` for its office.

    ``viewer`` is whose own hidden children are left out, ``today`` the day on which marks are looked at.
    """
    values: dict[str, Any] = {
        "board": board,
        "school": school,
        "schools": [school],
        "on": on,
        "viewer": str(viewer),
        "today": today,
        "today_text": today.isoformat(),
        "most": 2_000,
    }
    return [_shown(row) for row in await _OF_SCHOOL.all(session, values)]


async def of_class(
    session: AsyncSession,
    board: UUID,
    class_id: UUID,
    school: UUID,
    on: date,
    *,
    viewer: UUID | None,
    today: date,
) -> list[Shown]:
    """What was told about a day of the children whose class of 在籍 it is on that day; as :func:`of_school`."""
    values: dict[str, Any] = {
        "board": board,
        "class_id": class_id,
        "school": school,
        "schools": [school],
        "on": on,
        "viewer": str(viewer),
        "today": today,
        "today_text": today.isoformat(),
        "most": 500,
    }
    return [_shown(row) for row in await _OF_CLASS.all(session, values)]


async def of_family(session: AsyncSession, board: UUID, pupils: Collection[UUID], since: date) -> list[Shown]:
    """What was told about these children of days after ``since``, whoever told it; the newest first."""
    values: dict[str, Any] = {
        "board": board,
        "pupils": sorted(pupils),
        "schools": [],
        "from": since,
        "most": _MOST * max(1, len(pupils)),
    }
    return [_shown(row) for row in await _OF_FAMILY.all(session, values)]


async def school_of_class(session: AsyncSession, board: UUID, class_id: UUID) -> UUID | None:
    """The school of a class of the board; None when no such class is known here."""
    row = await _CLASS.first(session, {"board": board, "class_id": class_id})
    return None if row is None else row["school_id"]


async def is_school(session: AsyncSession, board: UUID, school: UUID) -> bool:
    """Whether the board has such a school, as far as is known here."""
    return bool(await _SCHOOL.all(session, {"board": board, "school": school}))


async def names(session: AsyncSession, board: UUID, people: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """Family and given names; whose card has not come is not among them."""
    rows = await _NAMES.all(session, {"board": board, "ids": sorted(people)})
    return {row["id"]: (row["family"] or "", row["given"] or "") for row in rows}
