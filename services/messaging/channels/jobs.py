"""Jobs: one row a message, made from what stands, claimed, and then the record of what became of it.

Every statement here works as the feed role, for every board at once; the rows are the reconciler's alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.channels.rights import (
    BEFORE_MARK,
    DAY,
    LIVE,
    MARKED,
    MAY,
    SEEN,
    STANDS,
    UNSEEN,
)
from services.messaging.channels.rules import (
    CODE_HOLDS,
    LATELY,
    LEASE,
    NEEDED,
    QUIET_SETTING,
    TOGETHER,
    Kind,
    Outcome,
    Part,
    What,
    receiver,
    settle,
)
from shared.ids import time_ordered_id

_NEW = text(
    f"""
with told as (
    select n.id as notice_id, n.board_id, n.pupil_id, n.guardian_id, 'confirmed' as what,
           n.id || '/' || s.revision || '/' || s.day as about, s.seen_at as at, n.told_at, s.day
    from copy.seen s join notice n on n.id = s.notice_id and n.revision = s.revision
    where s.seen_at > :lately and n.until > :lately_day and not n.withdrawn and n.guardian_id is not null
    union all
    select n.id, n.board_id, n.pupil_id, n.guardian_id, 'answered', r.id::text, r.said_at, null, null
    from notice_reply r join notice n on n.id = r.notice_id
    where r.said_at > :lately and n.guardian_id is not null
), missing as materialized (  -- first what costs least: most of it was told long ago
    select t.*, c.id as channel_id, c.kind, c.address
    from told t join channel c on c.board_id = t.board_id and c.guardian_id = t.guardian_id
    where c.kind = :kind and c.confirmed_at <= t.at
    and not exists (select from delivery d where d.channel_id = c.id and d.what = t.what and d.about = t.about)
)
select c.id as channel_id, c.board_id, c.guardian_id, c.kind, c.address, n.what, n.about, n.notice_id,
       n.what = 'confirmed' and exists ({UNSEEN.format(told="n", day="n.day")}) as early
from missing n join channel c on c.id = n.channel_id
where {LIVE} and {MAY} and not {BEFORE_MARK}
union all
select c.id, c.board_id, c.guardian_id, c.kind, c.address, 'code', c.asked::text, null, false
from channel c where c.confirmed_at is null and c.asked > 0 and c.asked_at > :code_since and c.kind = :kind
and not exists (select from delivery d where d.channel_id = c.id and d.what = 'code' and d.about = c.asked::text)
"""  # noqa: S608 (constants)
)
_ADD = text(
    "insert into delivery (id, board_id, channel_id, guardian_id, kind, receiver, what, about, notice_id, made_at,"
    " due_at, until) values (:id, :board_id, :channel_id, :guardian_id, :kind, :receiver, :what, :about, :notice_id,"
    " :made_at, :due_at, :until) on conflict (channel_id, what, about) do nothing"
)
_HURRY = text(
    "update delivery d set due_at = :now from notice n"  # noqa: S608 (constants)
    " where d.state = 'waiting' and d.tries = 0 and d.due_at > :now and d.what = 'confirmed' and d.kind = :kind"
    f" and n.id = d.notice_id and not exists ({UNSEEN.format(told='n', day=DAY)})"
)
"""The last receipt of an act has come: none of it waits for another any more."""


async def find(session: AsyncSession, kind: Kind, *, at: datetime, today: date, now: datetime) -> int:
    """Make a job of everything that somebody must be told this way and is not yet; how many there were.

    ``at`` and ``today`` are the deployment's, by which notices and receipts are dated; ``now`` is the real instant, by
    which a job waits.
    """
    found = await session.execute(
        _NEW,
        {
            "kind": kind,
            **_day(today),
            "lately_day": today - LATELY,
            "lately": at - LATELY,
            "code_since": at - CODE_HOLDS,
        },
    )
    rows = [
        {
            **row,
            "id": time_ordered_id(at),
            "receiver": receiver(row["kind"], row["address"]),
            "made_at": at,
            "due_at": now + TOGETHER if row["early"] else now,
            "until": now + (CODE_HOLDS if row["what"] == "code" else NEEDED),
        }
        for row in found.mappings()
    ]
    for row in rows:
        del row["address"], row["early"]
    if rows:
        await session.execute(_ADD, rows)
    await session.execute(_HURRY, {"kind": kind, "now": now})
    return len(rows)


@dataclass(frozen=True)
class Job:
    """A message to hand over."""

    id: UUID
    board: UUID
    channel: UUID
    kind: Kind
    address: str
    keys: Mapping[str, str] | None
    language: str
    what: What
    number: int
    """Of the code; 0 where it is none."""
    tries: int
    """With this one."""
    act: tuple[datetime, str] | None = None
    """Of a receipt: when it was told, and the day that was seen. What agrees in both goes as one message."""


_EXPIRE = """
with found as materialized (
    select d.id, case
        when d.notice_id is not null and not exists (
            select from notice n where n.id = d.notice_id and n.guardian_id = d.guardian_id and {STANDS}) then 'not_so'
        when d.notice_id is not null and not exists (
            select from notice n where n.id = d.notice_id and {MAY}) then 'no_right'
        when not exists (
            select from channel c where c.id = d.channel_id and ({LIVE} or d.what = 'code')
            and not exists (select from notice n where n.id = d.notice_id and {BEFORE_MARK})) then 'no_channel'
        when d.until <= :now then coalesce(d.reason, 'too_late') end as why
    from delivery d where d.state = 'waiting' and {which} for update of d skip locked
), untrue as (
    delete from delivery d using found f where d.id = f.id and f.why = 'not_so'
)
update delivery d set state = 'gave_up', reason = f.why
from found f where d.id = f.id and f.why is not null and f.why <> 'not_so'
"""
_CONDITIONS = {"STANDS": STANDS, "MAY": MAY, "LIVE": LIVE, "BEFORE_MARK": BEFORE_MARK}
_EXPIRE_DUE = text(_EXPIRE.format(which="d.kind = :kind and d.due_at <= :now", **_CONDITIONS))
_EXPIRE_ONE = text(_EXPIRE.format(which="d.id = :id", **_CONDITIONS))
_STILL = text(
    f"""
select case when {MARKED} then '' else coalesce(
    (select o.name from copy.place p join copy.organisation o on o.organisation_id = p.school_id
     where p.pupil_id = n.pupil_id and p.class_id is null
     and p.since < n.until and (p.until is null or p.until > n.since) order by p.since desc limit 1), '') end
from delivery d left join notice n on n.id = d.notice_id
where d.id = :id and d.tries = :tries and d.state = 'waiting' and d.due_at > :over
"""  # noqa: S608 (constants)
)
_CLAIM = text(
    """
with counted as (
    select receiver, count(*) as sent from delivery where tried_at > :minute and tried_at <= :at group by receiver
), ranked as (
    select d.id, coalesce(k.sent, 0)
        + row_number() over (partition by d.receiver order by d.what <> 'code', d.due_at, d.id) as place
    from delivery d left join counted k on k.receiver = d.receiver
    where d.state = 'waiting' and d.due_at <= :now and d.kind = :kind
    and (d.what = 'code' or d.board_id <> all (cast(:quiet as uuid[])))
), mine as (
    select d.id from delivery d join ranked r on r.id = d.id
    where r.place <= :per_minute
    order by d.what <> 'code', d.due_at, d.id limit :most for update of d skip locked
)
update delivery d set tries = d.tries + 1, tried_at = :at, due_at = :lease
from mine, channel c
where d.id = mine.id and c.id = d.channel_id
returning d.id, d.board_id, d.channel_id, d.kind, c.address, c.keys, c.language, d.what, d.about, d.tries,
    (select n.told_at from notice n where n.id = d.notice_id and d.what = 'confirmed') as told_at
"""
)
_NOTE = text(
    "update delivery set state = :state, reason = :reason, due_at = :due_at where id = :id and tries = :tries"
    " and state = 'waiting'"
)


def _day(today: date) -> dict[str, object]:
    return {"today": today, "today_text": today.isoformat()}


async def expire(session: AsyncSession, kind: Kind, *, today: date, now: datetime) -> None:
    """Give up what nobody needs any more, and what its receiver must not know any more.

    A job that tells what is no longer so goes without a trace: should it be so again, it is made again.
    """
    await session.execute(_EXPIRE_DUE, {"kind": kind, "now": now, **_day(today)})


async def claim(
    session: AsyncSession,
    kind: Kind,
    *,
    at: datetime,
    now: datetime,
    quiet: Collection[UUID],
    per_minute: int,
    most: int,
) -> list[Job]:
    """Take what is due, codes first: somebody waits for them. Whoever is killed with it leaves it to be taken again
    after :data:`rules.LEASE`."""
    rows = await session.execute(
        _CLAIM,
        {
            "kind": kind,
            "at": at,
            "now": now,
            "minute": at - timedelta(minutes=1),
            "lease": now + LEASE,
            "quiet": sorted(quiet),
            "per_minute": per_minute,
            "most": most,
        },
    )
    return [_job(row) for row in rows.mappings()]


async def still(
    session: AsyncSession, job: Job, *, today: date, now: datetime, takes: timedelta
) -> str | None:
    """Asked right before a job is handed over: the name of the school that its words may say, empty where none may be
    said; None where it must not go any more, or where the lease would be over before it has gone."""
    await session.execute(_EXPIRE_ONE, {"id": job.id, "now": now, **_day(today)})
    name: str | None = await session.scalar(
        _STILL, {"id": job.id, "tries": job.tries, "over": now + takes, **_day(today)}
    )
    return name


def _job(row: Any) -> Job:
    return Job(
        row["id"],
        row["board_id"],
        row["channel_id"],
        row["kind"],
        row["address"],
        row["keys"],
        row["language"],
        row["what"],
        int(row["about"]) if row["what"] == "code" else 0,
        row["tries"],
        None if row["told_at"] is None else (row["told_at"], row["about"].rpartition("/")[2]),
    )


def together(claimed: Iterable[Job]) -> list[list[Job]]:
    """Jobs that are one message: receipts of what somebody told in one act. The first one's name is the message's."""
    groups: dict[object, list[Job]] = {}
    for job in sorted(claimed, key=lambda one: one.id):
        groups.setdefault((job.channel, job.act) if job.act else job.id, []).append(job)
    return list(groups.values())


_ACT = text(
    f"""
select count(*) as size, count(*) filter (where not {SEEN.format(day=DAY)}) as unseen
from delivery d join notice n on n.id = d.notice_id
join notice o on o.guardian_id = n.guardian_id and o.told_at = n.told_at and o.board_id = n.board_id
    and (o.id = n.id or o.pupil_id <> n.pupil_id)
where d.id = :id and not o.withdrawn and o.since <= {DAY} and o.until > {DAY}
"""  # noqa: S608 (constants)
)


async def part_of(session: AsyncSession, job: Job) -> Part:
    """How much of the act a receipt tells of has been seen by now."""
    if job.act is None:
        return "one"
    row = (await session.execute(_ACT, {"id": job.id})).one()
    return "one" if row.size <= 1 else "part" if row.unseen else "all"


async def note(session: AsyncSession, job: Job, outcome: Outcome, now: datetime) -> None:
    """Write down what became of a try, unless somebody has tried again meanwhile."""
    state, due_at = settle(outcome, job.tries, now)
    values = {"id": job.id, "tries": job.tries, "state": state, "reason": outcome.reason, "due_at": due_at}
    await session.execute(_NOTE, values)


async def kept(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Those of ``ids`` that are still a job of an address that is still there."""
    return set(await session.scalars(_KEPT, {"ids": sorted(ids)}))


_KEPT = text(
    "select d.id from delivery d join channel c on c.id = d.channel_id where d.id = any (cast(:ids as uuid[]))"
)
_SETTINGS = text(
    "select distinct on (s.board_id) s.board_id, s.value from copy.setting s"
    " where s.name = :name and s.since <= :today order by s.board_id, s.since desc"
)
_BOARDS = text("select distinct board_id from delivery where state = 'waiting' and due_at <= :now")


async def boards_waiting(session: AsyncSession, now: datetime) -> list[UUID]:
    """Boards with something due."""
    return list(await session.scalars(_BOARDS, {"now": now}))


async def quiet_settings(session: AsyncSession, today: date) -> dict[UUID, object]:
    """What boards say of quiet hours today."""
    rows = await session.execute(_SETTINGS, {"name": QUIET_SETTING, "today": today})
    return {row.board_id: row.value for row in rows}
