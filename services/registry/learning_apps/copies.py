"""Copy ``apps``: what each learning app may read of the roster, for which purpose.

The wording of a purpose stays with identity; here are the terms that a decision needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Topic
from shared.contracts.identity import ONEROSTER, PURPOSE, PurposeChanged
from shared.database.roles import open_copy
from shared.events.copies import Copy
from shared.events.intake import Arrived
from shared.events.upsert import GUARD, GuardedTable, Put, SetTable

_GRANT = SetTable(
    "app_grant",
    GuardedTable("app", "app_id", {"client": "text"}),
    {
        "purpose_id": "uuid",
        "fields": "jsonb",
        "schools": "jsonb",
        "grades": "jsonb",
        "protected": "boolean",
        "since": "date",
        "until": "date",
    },
)
_SHAPE = f"""
create table app (app_id uuid primary key, {GUARD}, client text);
create index app_client on app (client);
create table app_grant (
    app_id uuid not null,
    board_id uuid not null,
    purpose_id uuid not null,
    fields jsonb not null,
    schools jsonb,
    grades jsonb,
    protected boolean not null,
    since date not null,
    until date
);
create index app_grant_app on app_grant (app_id);
{open_copy("registry", "app")}
{open_copy("registry", "app_grant")}
"""


class AppsCopy(Copy):
    """Learning apps and their grants."""

    name: ClassVar[str] = "apps"
    topics: ClassVar[tuple[Topic, ...]] = (PURPOSE,)
    tables: ClassVar[tuple[str, ...]] = ("app", "app_grant")
    shape: ClassVar[str] = _SHAPE

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        puts = [Put(one, UUID(one.record.key), _client) for one in arrived]
        await _GRANT.put(session, puts, _grants)
        return ()


def _client(one: Arrived) -> dict[str, Any]:
    return {"client": one.payload.client} if isinstance(one.payload, PurposeChanged) else {}


def _grants(purpose: PurposeChanged) -> list[dict[str, Any]]:
    return [
        {
            "purpose_id": grant.purpose,
            "fields": sorted(grant.fields),
            "schools": None if grant.schools is None else sorted(map(str, grant.schools)),
            "grades": None if grant.grades is None else sorted(grant.grades),
            "protected": grant.protected,
            "since": grant.since,
            "until": grant.until,
        }
        for grant in purpose.grants
        if grant.feed == ONEROSTER
    ]
