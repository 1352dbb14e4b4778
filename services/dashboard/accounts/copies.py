"""Copy ``accounts``: which accounts are shut, and what each department may receive for which purpose.

The wording of a purpose stays with identity; here are the terms that a decision needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Topic
from shared.contracts.identity import ACCOUNT, PURPOSE, AccountChanged, PurposeChanged
from shared.database.roles import open_copy
from shared.events.copies import Copy
from shared.events.intake import Arrived
from shared.events.upsert import GUARD, GuardedTable, Put, SetTable

_ACCOUNT = GuardedTable("account", "person_id", {"enabled": "boolean"})
_PURPOSE_GRANT = SetTable(
    "purpose_grant",
    GuardedTable("purpose_set", "department_id", {"client": "text"}),
    {
        "purpose_id": "uuid",
        "feed": "text",
        "fields": "jsonb",
        "importance": "text",
        "small_groups": "boolean",
        "since": "date",
        "until": "date",
    },
)

_TABLES = f"""
create table account (
    person_id uuid primary key, {GUARD},
    enabled boolean
);
create table purpose_set (department_id uuid primary key, {GUARD}, client text);
create index purpose_set_client on purpose_set (client);
create table purpose_grant (
    department_id uuid not null,
    board_id uuid not null,
    purpose_id uuid not null,
    feed text not null,
    fields jsonb not null,
    importance text not null,
    small_groups boolean not null,
    since date not null,
    until date
);
create index purpose_grant_department on purpose_grant (department_id);
"""


class AccountsCopy(Copy):
    """Accounts and purposes."""

    name: ClassVar[str] = "accounts"
    topics: ClassVar[tuple[Topic, ...]] = (ACCOUNT, PURPOSE)
    tables: ClassVar[tuple[str, ...]] = ("account", "purpose_set", "purpose_grant")
    shape: ClassVar[str] = _TABLES + "".join(
        open_copy("dashboard", table) for table in ("account", "purpose_set", "purpose_grant")
    )

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        accounts = [_put(one, _account) for one in arrived if one.record.topic == ACCOUNT.name]
        purposes = [_put(one, _purpose) for one in arrived if one.record.topic == PURPOSE.name]
        news = await _ACCOUNT.put(session, accounts)
        granted = (await _PURPOSE_GRANT.put(session, purposes, _grants)).news
        return {f"accounts:{put.arrived.record.board}" for put in news} | {
            f"purposes:{put.arrived.record.board}" for put in granted
        }


def _put(one: Arrived, values: Callable[[Arrived], dict[str, Any]]) -> Put:
    return Put(one, UUID(one.record.key), values)


def _account(one: Arrived) -> dict[str, Any]:
    return {"enabled": one.payload.enabled} if isinstance(one.payload, AccountChanged) else {}


def _purpose(one: Arrived) -> dict[str, Any]:
    return {"client": one.payload.client} if isinstance(one.payload, PurposeChanged) else {}


def _grants(purpose: PurposeChanged) -> list[dict[str, Any]]:
    return [
        {
            "purpose_id": grant.purpose,
            "feed": grant.feed,
            "fields": sorted(grant.fields),
            "importance": grant.importance,
            "small_groups": grant.small_groups,
            "since": grant.since,
            "until": grant.until,
        }
        for grant in purpose.grants
    ]
