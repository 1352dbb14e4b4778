"""Job rows: what Keycloak shall be brought to, one row a user or client. As the feed role, for every board at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.issuer.rules import APP
from services.identity.keycloak.rules import Department, Hat, Wanted, pause
from shared.contracts.identity import AccountKind

LEASE = timedelta(minutes=2)
"""Whoever is killed with a job leaves it to be taken again after this."""


@dataclass(frozen=True)
class UserJob:
    """A user that is not yet what it shall be."""

    hat: Hat
    wanted: Wanted
    keycloak_id: str | None
    tries: int


@dataclass(frozen=True)
class ClientJob:
    """A client that is not yet what it shall be."""

    department: Department
    wanted: Wanted
    tries: int


@dataclass(frozen=True)
class Outcome:
    """What became of a user's job. ``reason``: why not, in a word."""

    job: UserJob
    keycloak_id: str | None
    reason: str | None = None


_FIND = text(
    "insert into keycloak_user (account, kind, board_id, person, wanted, due_at)"
    " select a.id, k.kind, a.board_id, a.person, 'enabled', :now from account a"
    " cross join lateral unnest(a.kinds) as k(kind)"
    " where not exists (select from keycloak_user u where u.account = a.id and u.kind = k.kind)"
    " and not exists (select from feed.erased e where e.person = a.person)"
)
_TURN = text(
    "update keycloak_user u set wanted = w.wanted, tries = 0, due_at = :now, reason = null"
    " from (select u.account, u.kind, case when u.kind = any (a.kinds) then 'enabled' else 'disabled' end as wanted"
    " from keycloak_user u join account a on a.id = u.account where u.wanted <> 'gone') w"
    " where u.account = w.account and u.kind = w.kind and u.wanted <> w.wanted"
)
_FIND_CLIENTS = text(
    """
insert into keycloak_client as c (id, board_id, wanted, due_at)
select d.id, d.board_id, case when exists (
        select from purpose_period p where p.subject_id = d.id and p.voided_at is null
        and p.valid @> cast(:today as date)) then 'enabled' else 'disabled' end, :now
from department_client d
on conflict (id) do update set wanted = excluded.wanted, tries = 0, due_at = excluded.due_at, reason = null
where c.wanted <> excluded.wanted
"""
)


async def find(session: AsyncSession, today: date, now: datetime) -> None:
    """Make the rows equal to the accounts and grants of ``today``; of who was erased, no new ones."""
    await session.execute(_FIND, {"now": now})
    await session.execute(_TURN, {"now": now})
    await session.execute(_FIND_CLIENTS, {"today": today, "now": now})


_OTHER_REALM = text(
    "insert into keycloak_realm as r (client) values (:client)"
    " on conflict (one) do update set client = excluded.client where r.client <> excluded.client returning client"
)
_DOUBT = text(
    "with users as (update keycloak_user set done = null, tries = 0, due_at = :now, reason = null"
    " where wanted <> 'gone' returning kind), clients as (update keycloak_client set done = null, tries = 0,"
    " due_at = :now, reason = null returning id)"
    " select (select count(*) from users) as users, (select count(*) from clients) as clients"
)


async def realm_is(session: AsyncSession, client: UUID, now: datetime) -> tuple[int, int] | None:
    """Note which realm is told from here on. In another one than before, everything is to be made: how many users and
    clients; None when it is the same. A user that was erased is in no realm, unless an old one was brought back."""
    if (await session.execute(_OTHER_REALM, {"client": client})).first() is None:
        return None
    row = (await session.execute(_DOUBT, {"now": now})).one()
    return row.users, row.clients


_AGAIN = text(
    "update keycloak_user set done = null, tries = 0, due_at = :now, reason = null"
    " where board_id = :board and (account = cast(:account as uuid) or cast(:account as uuid) is null)"
)
_CLIENTS_AGAIN = text(
    "update keycloak_client set done = null, tries = 0, due_at = :now, reason = null where board_id = :board"
)


async def again(session: AsyncSession, board: UUID, now: datetime, account: UUID | None = None) -> int:
    """Of one account, or of all users and clients of ``board``, nothing is taken for done; how many users those are.

    Also of whoever was erased: a Keycloak that was brought back may have them again.
    """
    counted = await session.execute(_AGAIN, {"board": board, "now": now, "account": account})
    if account is None:
        await session.execute(_CLIENTS_AGAIN, {"board": board, "now": now})
    return counted.rowcount  # type: ignore[attr-defined, no-any-return]


# What takes something away goes first.
_CLAIM = text(
    """
with mine as (
    select account, kind from keycloak_user where done is distinct from wanted and due_at <= :now
    order by wanted = 'enabled', array_position(array['staff', 'guardian', 'pupil'], kind), due_at, account
    limit :most for update skip locked
)
update keycloak_user u set tries = u.tries + 1, due_at = :lease from mine m
where u.account = m.account and u.kind = m.kind
returning u.account, u.kind, u.board_id, u.person, u.wanted, u.keycloak_id, u.tries
"""
)
_CLAIM_CLIENTS = text(
    """
with mine as (
    select id from keycloak_client where done is distinct from wanted and due_at <= :now
    order by wanted = 'enabled', due_at, id limit :most for update skip locked
)
update keycloak_client c set tries = c.tries + 1, due_at = :lease from mine m, department_client d
where c.id = m.id and d.id = m.id
returning c.id, c.board_id, d.client_id, c.wanted, c.tries
"""
)


async def claim(session: AsyncSession, now: datetime, most: int) -> list[UserJob]:
    """Take users that are due."""
    rows = await session.execute(_CLAIM, {"now": now, "lease": now + LEASE, "most": most})
    return [
        UserJob(
            Hat(row.account, row.kind, row.board_id, row.person),
            row.wanted,
            None if row.keycloak_id is None else str(row.keycloak_id),
            row.tries,
        )
        for row in rows
    ]


async def claim_clients(session: AsyncSession, now: datetime, most: int) -> list[ClientJob]:
    """Take clients that are due."""
    rows = await session.execute(_CLAIM_CLIENTS, {"now": now, "lease": now + LEASE, "most": most})
    return [
        ClientJob(
            Department(row.id, row.board_id, row.client_id, row.client_id.startswith(APP)),
            row.wanted,
            row.tries,
        )
        for row in rows
    ]


_NOTE = text(
    """
update keycloak_user u set
    keycloak_id = cast(n.keycloak_id as uuid),
    done = case when n.reason is null then n.wanted else u.done end,
    reason = n.reason,
    tries = case when n.reason is null then 0 else u.tries end,
    due_at = case when u.wanted = n.wanted then n.due_at else u.due_at end
from unnest(cast(:accounts as uuid[]), cast(:kinds as text[]), cast(:wanted as text[]),
    cast(:keycloak_ids as text[]), cast(:reasons as text[]), cast(:dues as timestamptz[]))
    as n(account, kind, wanted, keycloak_id, reason, due_at)
where u.account = n.account and u.kind = n.kind
"""
)


async def note(session: AsyncSession, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write down what became of jobs. What is wanted now may be something else already: then it is due again."""
    await session.execute(
        _NOTE,
        {
            "accounts": [each.job.hat.account for each in outcomes],
            "kinds": [each.job.hat.kind for each in outcomes],
            "wanted": [each.job.wanted for each in outcomes],
            "keycloak_ids": [each.keycloak_id for each in outcomes],
            "reasons": [each.reason for each in outcomes],
            "dues": [now if each.reason is None else now + pause(each.job.tries) for each in outcomes],
        },
    )


_GIVE_BACK = text(
    "update keycloak_user u set tries = greatest(u.tries - 1, 0), due_at = :now"
    " from unnest(cast(:accounts as uuid[]), cast(:kinds as text[])) as n(account, kind)"
    " where u.account = n.account and u.kind = n.kind"
)


async def give_back(session: AsyncSession, jobs: Collection[UserJob], now: datetime) -> None:
    """Jobs that were not tried: Keycloak was away."""
    given = {"accounts": [job.hat.account for job in jobs], "kinds": [job.hat.kind for job in jobs]}
    await session.execute(_GIVE_BACK, {**given, "now": now})


_GIVE_BACK_CLIENTS = text(
    "update keycloak_client set tries = greatest(tries - 1, 0), due_at = :now where id = any (:ids)"
)


async def give_back_clients(session: AsyncSession, jobs: Collection[ClientJob], now: datetime) -> None:
    """The same of clients."""
    await session.execute(_GIVE_BACK_CLIENTS, {"ids": [job.department.id for job in jobs], "now": now})


_NOTE_CLIENT = text(
    "update keycloak_client set done = case when cast(:reason as text) is null then :wanted else done end,"
    " reason = :reason, tries = case when cast(:reason as text) is null then 0 else tries end, due_at = :due"
    " where id = :id and wanted = :wanted"
)


async def note_client(session: AsyncSession, job: ClientJob, reason: str | None, now: datetime) -> None:
    """Write down what became of a client's job, unless another thing is wanted by now."""
    due = now if reason is None else now + pause(job.tries)
    values = {"id": job.department.id, "wanted": job.wanted, "reason": reason, "due": due}
    await session.execute(_NOTE_CLIENT, values)


_REFUSED = text(
    "select count(*) as many, min(reason) as reason from (select reason from keycloak_user"
    " where reason is not null and done is distinct from wanted union all select reason from keycloak_client"
    " where reason is not null and done is distinct from wanted) as refused"
)


async def refused(session: AsyncSession) -> tuple[int, str | None]:
    """How much Keycloak does not take, and one of the reasons."""
    row = (await session.execute(_REFUSED)).one()
    return row.many, row.reason


_OF_PERSON = text(
    "select account, kind, board_id, person, keycloak_id from keycloak_user"
    " where board_id = :board and done = 'enabled' and wanted = 'enabled'"
    " and (person::text = :whom or account::text = :whom) and kind = coalesce(:kind, kind) order by kind"
)


async def users_of(
    session: AsyncSession, board: UUID, whom: str, kind: AccountKind | None = None
) -> list[tuple[Hat, str]]:
    """The users of a person or account that can sign in now, and their ids in Keycloak."""
    rows = await session.execute(_OF_PERSON, {"board": board, "whom": whom, "kind": kind})
    return [(Hat(row.account, row.kind, row.board_id, row.person), str(row.keycloak_id)) for row in rows]


_LISTED = text(
    "select account, kind, board_id, person from keycloak_user where board_id = :board and done = 'enabled'"
    " and wanted = 'enabled' and (kind = :kind or cast(:kind as text) is null) order by kind desc, account limit :most"
)


async def listed(
    session: AsyncSession, board: UUID, kind: AccountKind | None, most: int | None = None
) -> list[Hat]:
    """Users that can sign in now."""
    rows = await session.execute(_LISTED, {"board": board, "kind": kind, "most": most})
    return [Hat(row.account, row.kind, row.board_id, row.person) for row in rows]
