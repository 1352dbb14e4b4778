"""Feed items, proofs of delivery, and the counts they are made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.feeds.absence_rules import whole_grade
from services.dashboard.feeds.rules import (
    CUT_OFF_SETTING,
    Grant,
    Group,
    Kept,
    Next,
    Value,
    together,
    within,
)
from services.dashboard.school_day.rules import Calendar
from shared.dates import school_year
from shared.ids import natural_id


class Counted(Protocol):
    """What an item is about."""

    @property
    def id(self) -> UUID:
        """The group's."""
        ...

    @property
    def school(self) -> UUID:
        """Whose school it is of."""
        ...


@dataclass(frozen=True)
class Receiver:
    """A department with a purpose that holds today."""

    board: UUID
    department: UUID
    grant: Grant


_GRANTS = """
select g.feed, s.board_id, s.department_id, s.client,
       coalesce(json_agg(json_build_object('fields', g.fields, 'small_groups', g.small_groups,
                                           'importance', g.importance))
                filter (where g.since <= :day and (g.until is null or g.until > :day)), '[]') as grants
from copy.purpose_set s join copy.purpose_grant g on g.department_id = s.department_id
where {of}
group by g.feed, s.board_id, s.department_id, s.client
"""
_EVERYBODY = text(_GRANTS.format(of="true"))
_RECEIVERS = text(_GRANTS.format(of="g.feed = :feed"))
_OF_CLIENT = text(_GRANTS.format(of="g.feed = :feed and s.client = :client and s.board_id = :board"))


async def receivers(session: AsyncSession, feed: str, day: date) -> list[Receiver]:
    """Who receives ``feed`` on a day, of every board."""
    return [
        receiver for _, receiver in _received(await session.execute(_RECEIVERS, {"feed": feed, "day": day}))
    ]


async def everybody(session: AsyncSession, day: date) -> list[tuple[str, Receiver]]:
    """Who receives what on a day, of every board."""
    return _received(await session.execute(_EVERYBODY, {"day": day}))


def _received(rows: Iterable[Any]) -> list[tuple[str, Receiver]]:
    found = [(row, together(row.grants)) for row in rows]
    return [(row.feed, Receiver(row.board_id, row.department_id, grant)) for row, grant in found if grant]


@dataclass(frozen=True)
class Known:
    """A department that has, or had, a purpose for a feed."""

    department: UUID
    grant: Grant | None
    """None: no purpose holds today."""


async def known(session: AsyncSession, board: UUID, client: str, feed: str, day: date) -> Known | None:
    """What a client may receive of ``feed``; None when it never had a purpose for it."""
    given = {"feed": feed, "day": day, "client": client, "board": board}
    row = (await session.execute(_OF_CLIENT, given)).one_or_none()
    return None if row is None else Known(row.department_id, together(row.grants))


_SETTING = text(
    "select s.value from copy.setting s where s.board_id = :board and s.name = :name and s.since <= :day"
    " order by s.since desc limit 1"
)


async def cut_off_setting(session: AsyncSession, board: UUID, day: date) -> Any:
    """The board's cut-off as it says it, or None."""
    return await session.scalar(_SETTING, {"board": board, "name": CUT_OFF_SETTING, "day": day})


_GROUPS = """
select o.organisation_id as id, o.school_id, o.grade,
       (select json_build_object('school_day', :day = any (c.school_days), 'closures', c.closures, 'marks', c.marks)
        from copy.calendar c where c.school_id = o.school_id and c.school_year = :year) as calendar,
       counts.members, counts.absent, counts.unrecorded,
       (select min(r.taken_at) from copy.class_day r where r.class_id = o.organisation_id and r.day = :day) as taken_at
from copy.organisation o
cross join lateral (
    select count(*) as members, count(*) filter (where h.presence = 'absent') as absent,
           count(*) filter (where coalesce(h.presence, 'unrecorded') = 'unrecorded') as unrecorded
    from standing_in(o.organisation_id, :day) h) counts
where o.kind = 'class' and o.board_id = :board and coalesce(o.school_year, :year) = :year {of}
order by o.organisation_id
"""
# Two statements: one that may ask for either has a plan that walks the town for a single class.
_ALL_GROUPS = text(_GROUPS.format(of=""))
_SOME_GROUPS = text(_GROUPS.format(of="and o.organisation_id = any (cast(:classes as uuid[]))"))


async def groups(
    session: AsyncSession, board: UUID, day: date, classes: Collection[UUID] | None
) -> list[Group]:
    """The classes of a board on a date (None: all), counted."""
    given: dict[str, Any] = {"board": board, "day": day, "year": school_year(day)}
    if classes is None:
        rows = await session.execute(_ALL_GROUPS, given)
    else:
        rows = await session.execute(_SOME_GROUPS, {**given, "classes": sorted(classes)})
    found = []
    for row in rows:
        calendar = Calendar.of(row.calendar, day)
        meets = calendar.meets() and not calendar.closes(str(row.id), row.grade)
        found.append(
            Group(row.id, row.school_id, meets, row.members, row.absent, row.unrecorded, row.taken_at)
        )
    return found


_KEPT = text(
    "select i.id, newest.revision, newest.value, exists (select from feed_item f where f.department_id = :department"
    " and f.item_id = i.id and f.frozen_at is not null) as frozen"
    " from unnest(cast(:items as uuid[])) as i(id) cross join lateral (select n.revision, n.value from feed_item n"
    " where n.department_id = :department and n.item_id = i.id order by n.revision desc limit 1) as newest"
)
_ADD = text(
    "insert into feed_item (board_id, department_id, feed, item_id, revision, school_id, group_id, day, value,"
    " frozen_at, recorded_at) select :board, :department, :feed, i.item, i.revision, i.school, i.group_id, :day,"
    " i.value::jsonb, i.frozen_at, :at from unnest(cast(:items as uuid[]), cast(:revisions as integer[]),"
    " cast(:schools as uuid[]), cast(:groups as uuid[]), cast(:values as text[]),"
    " cast(:frozen as timestamptz[])) as i(item, revision, school, group_id, value, frozen_at)"
)


def item_id(board: UUID, feed: str, group: UUID, day: date) -> UUID:
    """An item's key: the same however often it is computed."""
    return natural_id(board, "feed", feed, group, day.isoformat())


async def kept_items(
    session: AsyncSession, receiver: Receiver, items: Collection[UUID], of: type[Value]
) -> dict[UUID, Kept[Value]]:
    """The newest revision of each of ``items`` that a department was given; values ``of`` the feed."""
    rows = await session.execute(_KEPT, {"department": receiver.department, "items": list(items)})
    return {row.id: Kept(row.revision, of.model_validate(row.value), row.frozen) for row in rows}


async def given_days(session: AsyncSession, receiver: Receiver, feed: str, since: date) -> set[date]:
    """Days from ``since`` on of which the department was given anything."""
    rows = await session.scalars(
        text(
            "select distinct i.day from feed_item i"
            " where i.department_id = :department and i.feed = :feed and i.day >= :since"
        ),
        {"department": receiver.department, "feed": feed, "since": since},
    )
    return set(rows)


async def add_items(
    session: AsyncSession,
    receiver: Receiver,
    feed: str,
    day: date,
    given: Sequence[tuple[UUID, Counted, Next[Any]]],
    at: datetime,
) -> None:
    """Keep revisions that are being given."""
    await session.execute(
        _ADD,
        {
            "board": receiver.board,
            "department": receiver.department,
            "feed": feed,
            "day": day,
            "at": at,
            "items": [item for item, _, _ in given],
            "revisions": [step.revision for _, _, step in given],
            "schools": [group.school for _, group, _ in given],
            "groups": [group.id for _, group, _ in given],
            "values": [step.value.model_dump_json() for _, _, step in given],
            "frozen": [step.frozen_at for _, _, step in given],
        },
    )


_ITEMS = text(
    """
select l.position, l.ce_id, l.key, l.stream, l.stream_version, l.actor, l.traceparent, l.recorded_at, l.payload,
       g.name as group_name, s.name as school_name,
       (select json_build_object('revision', f.revision, 'value', f.value, 'frozen_at', f.frozen_at)
        from feed_item f where f.department_id = :department and f.item_id = l.stream and f.frozen_at is not null
        order by f.revision limit 1) as frozen
from log.log_state l
left join copy.organisation g on g.organisation_id = (l.payload ->> 'group')::uuid
left join copy.organisation s on s.organisation_id = (l.payload ->> 'school')::uuid
where l.topic = :topic and l.position > :after and l.payload is not null
order by l.position limit :limit
"""
)
_HEAD = text("select epoch, position from log.head")
_HELD = text(
    "select k.topic, k.key, coalesce(l.position, 0) as position"
    " from unnest(cast(:topics as text[]), cast(:keys as text[])) as k(topic, key)"
    " left join log.log_state l on l.topic = k.topic and l.key = k.key"
)
_NEWEST = text("select max(position) from log.log_state where topic = :topic")
_CONFIRMED = text("select max(position) from feed_ack where department_id = :department and feed = :feed")
_CONFIRM = text(
    "insert into feed_ack (board_id, department_id, feed, client, position, confirmed_at)"
    " values (:board, :department, :feed, :client, :position, :at) on conflict do nothing"
)


async def items_after(
    session: AsyncSession, department: UUID, topic: str, after: int, limit: int
) -> list[Any]:
    """Items whose newest revision lies after a position of this service's log, in its order."""
    given = {"department": department, "topic": topic, "after": after, "limit": limit}
    return list((await session.execute(_ITEMS, given)).all())


async def head(session: AsyncSession) -> tuple[int, int]:
    """The epoch of this service's log, and the position of its last record."""
    row = (await session.execute(_HEAD)).one()
    return row.epoch, row.position


async def held(session: AsyncSession, items: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Where the log has each of some items (topic and key) now; 0: it does not know it."""
    given = {"topics": [topic for topic, _ in items], "keys": [key for _, key in items]}
    return {(row.topic, row.key): row.position for row in await session.execute(_HELD, given)}


async def newest(session: AsyncSession, topic: str) -> int:
    """The position of the newest item of a department's feed; nothing behind it can have been delivered."""
    return await session.scalar(_NEWEST, {"topic": topic}) or 0


async def confirmed(session: AsyncSession, department: UUID, feed: str) -> int:
    """Up to which position a department has confirmed to have everything."""
    return await session.scalar(_CONFIRMED, {"department": department, "feed": feed}) or 0


async def confirm(
    session: AsyncSession,
    *,
    board: UUID,
    department: UUID,
    feed: str,
    client: str,
    position: int,
    at: datetime,
) -> None:
    """Keep a proof of delivery. The first word about a position stands."""
    await session.execute(
        _CONFIRM,
        {
            "board": board,
            "department": department,
            "feed": feed,
            "client": client,
            "position": position,
            "at": at,
        },
    )


def line(row: Any, grant: Grant) -> bytes:
    """An item as the department receives it: the value's fields that its purpose allows, and no others."""
    item = row.payload
    told = {
        "position": row.position,
        **{name: item[name] for name in ("feed", "item", "group", "school", "on", "revision")},
        # A grade told as a whole is no unit of the roster and has no name there.
        "group_name": row.group_name or (whole_grade(item["grade"]) if "grade" in item else None),
        **({"grade": item["grade"]} if "grade" in item else {}),
        "school_name": row.school_name,
        "value": within(item["value"], grant),
        "frozen_at": item["frozen_at"],
        "frozen": row.frozen and {**row.frozen, "value": within(row.frozen["value"], grant)},
    }
    return orjson.dumps(told) + b"\n"
