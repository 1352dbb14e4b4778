"""Jobs: one row a message, made from what stands, claimed, and then the record of what became of it.

Every statement here works as the feed role, for every board at once; the rows are the reconciler's alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.channels.rules import (
    CODE_HOLDS,
    LATELY,
    LEASE,
    NEEDED,
    QUIET_SETTING,
    Kind,
    Outcome,
    What,
    receiver,
    settle,
)
from services.messaging.channels.store import GONE
from services.messaging.notices.store import CARDS, MARKS
from shared.ids import time_ordered_id

_MAY = f"""
exists (select from (select coalesce((select a.merged_into from copy.alias a where a.person_id = n.pupil_id),
                                     n.pupil_id) as person) here
        where exists (select from copy.guardian g where g.pupil_id in ({CARDS}) and g.guardian_id = n.guardian_id
                      and (g.notify or g.read) and g.since <= :today and (g.until is null or g.until > :today))
        and not exists ({MARKS} and mark -> 'confidential_from' ? cast(n.guardian_id as text)))
"""  # noqa: S608 (constants)
"""That whoever told it may still know of the child: as ``ReadFamilyNotices``, today. ``n`` is the notice."""

_LIVE = f"c.confirmed_at is not null and not {GONE}"
_NEW = text(
    f"""
with told as (
    select n.id as notice_id, n.board_id, n.guardian_id, 'confirmed' as what,
           n.id || '/' || s.revision || '/' || s.day as about,
           s.seen_at as at
    from notice n join copy.seen s on s.notice_id = n.id and s.revision = n.revision
    where n.until > :lately_day and not n.withdrawn and n.guardian_id is not null and s.seen_at > :lately
    and {_MAY}
    union all
    select n.id, n.board_id, n.guardian_id, 'answered', r.id::text, r.said_at
    from notice_reply r join notice n on n.id = r.notice_id
    where r.said_at > :lately and n.guardian_id is not null and {_MAY}
)
select c.id as channel_id, c.board_id, c.guardian_id, c.kind, c.address, t.what, t.about, t.notice_id
from told t join channel c on c.board_id = t.board_id and c.guardian_id = t.guardian_id
where {_LIVE} and c.confirmed_at <= t.at and c.kind = any (:kinds)
and not exists (select from delivery d where d.channel_id = c.id and d.what = t.what and d.about = t.about)
union all
select c.id, c.board_id, c.guardian_id, c.kind, c.address, 'code', c.asked::text, null
from channel c where c.confirmed_at is null and c.asked > 0 and c.asked_at > :code_since and c.kind = any (:kinds)
and not exists (select from delivery d where d.channel_id = c.id and d.what = 'code' and d.about = c.asked::text)
"""  # noqa: S608 (constants)
)
_ADD = text(
    "insert into delivery (id, board_id, channel_id, guardian_id, kind, receiver, what, about, notice_id, made_at,"
    " due_at, until) values (:id, :board_id, :channel_id, :guardian_id, :kind, :receiver, :what, :about, :notice_id,"
    " :made_at, :now, :until) on conflict (channel_id, what, about) do nothing"
)


async def find(
    session: AsyncSession, kinds: Collection[Kind], *, at: datetime, today: date, now: datetime
) -> int:
    """Make a job of everything that somebody must be told and is not yet; how many there were.

    ``at`` and ``today`` are the deployment's, by which notices and receipts are dated; ``now`` is the real instant, by
    which a job waits.
    """
    found = await session.execute(
        _NEW,
        {
            "kinds": sorted(kinds),
            "today": today,
            "today_text": today.isoformat(),
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
            "now": now,
            "until": now + (CODE_HOLDS if row["what"] == "code" else NEEDED),
        }
        for row in found.mappings()
    ]
    for row in rows:
        del row["address"]
    if rows:
        await session.execute(_ADD, rows)
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
    school: str
    tries: int
    """With this one."""


_EXPIRE = text(
    f"""
update delivery d set state = 'gave_up', reason = case when d.until <= :now then coalesce(d.reason, 'too_late')
                                                       else 'no_right' end
where d.state = 'waiting' and d.due_at <= :now and (d.until <= :now
    or not exists (select from channel c where c.id = d.channel_id and ({_LIVE} or d.what = 'code'))
    or (d.notice_id is not null and not exists (
        select from notice n where n.id = d.notice_id and n.guardian_id = d.guardian_id and {_MAY})))
"""  # noqa: S608 (constants)
)
_CLAIM = text(
    """
with counted as (
    select receiver, count(*) as sent from delivery where tried_at > :minute and tried_at <= :at group by receiver
), ranked as (
    select d.id, d.kind,
           coalesce(k.sent, 0) + row_number() over (partition by d.receiver order by d.due_at, d.id) as place
    from delivery d left join counted k on k.receiver = d.receiver
    where d.state = 'waiting' and d.due_at <= :now and d.kind = any (:kinds)
    and (d.what = 'code' or d.board_id <> all (cast(:quiet as uuid[])))
), mine as (
    select d.id from delivery d join ranked r on r.id = d.id
    where r.place <= case r.kind when 'email' then cast(:mails as int) else cast(:pushes as int) end
    order by d.due_at, d.id limit :most for update of d skip locked
)
update delivery d set tries = d.tries + 1, tried_at = :at, due_at = :lease
from mine, channel c
where d.id = mine.id and c.id = d.channel_id
returning d.id, d.board_id, d.channel_id, d.kind, c.address, c.keys, c.language, d.what, d.about, d.tries,
    (select o.name from notice n join copy.place p on p.pupil_id = n.pupil_id and p.class_id is null
     and p.since < n.until and (p.until is null or p.until > n.since)
     join copy.organisation o on o.organisation_id = p.school_id
     where n.id = d.notice_id order by p.since desc limit 1) as school
"""
)
_NOTE = text(
    "update delivery set state = :state, reason = :reason, due_at = :due_at where id = :id and tries = :tries"
    " and state = 'waiting'"
)


async def expire(session: AsyncSession, *, today: date, now: datetime) -> None:
    """Give up what nobody needs any more, and what its receiver must not know any more."""
    values = {"now": now, "today": today, "today_text": today.isoformat()}
    await session.execute(_EXPIRE, values)


async def claim(
    session: AsyncSession,
    kinds: Collection[Kind],
    *,
    at: datetime,
    now: datetime,
    quiet: Collection[UUID],
    per_minute: Mapping[Kind, int],
    most: int,
) -> list[Job]:
    """Take what is due. Whoever is killed with it leaves it to be taken again after :data:`rules.LEASE`."""
    rows = await session.execute(
        _CLAIM,
        {
            "kinds": sorted(kinds),
            "at": at,
            "now": now,
            "minute": at - timedelta(minutes=1),
            "lease": now + LEASE,
            "quiet": sorted(quiet),
            "mails": per_minute.get("email", 0),
            "pushes": per_minute.get("push", 0),
            "most": most,
        },
    )
    return [_job(row) for row in rows.mappings()]


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
        row["school"] or "",
        row["tries"],
    )


async def note(session: AsyncSession, job: Job, outcome: Outcome, now: datetime) -> None:
    """Write down what became of a try, unless somebody has tried again meanwhile."""
    state, due_at = settle(outcome, job.tries, now)
    values = {"id": job.id, "tries": job.tries, "state": state, "reason": outcome.reason, "due_at": due_at}
    await session.execute(_NOTE, values)


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
