"""Names, places and duties: what the list of people to sign in as says about each.

Accounts themselves never depend on this copy: a card that has not come yet shows as 「―」 and fills itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Topic
from shared.contracts.registry import (
    DUTY,
    ERASURE,
    ORGANISATION,
    PERSON,
    DutyChanged,
    OrganisationChanged,
    PersonChanged,
)
from shared.database.roles import open_copy
from shared.events.copies import Copy
from shared.events.intake import Arrived
from shared.events.upsert import GUARD, GuardedTable, Put

_TABLES = {
    PERSON.name: GuardedTable(
        "person",
        "id",
        {"family": "text", "given": "text", "kana": "text", "sort_key": "text"},
    ),
    ORGANISATION.name: GuardedTable(
        "organisation",
        "id",
        {"kind": "text", "name": "text", "code": "text", "grade": "text"},
    ),
    DUTY.name: GuardedTable("duty", "id", {"duties": "jsonb"}),
}

# A row whose other columns are null is a tombstone and keeps the guard. Boards are listed before anybody has signed in.
_SHAPE = f"""
create table person (
    id uuid primary key, {GUARD},
    family text,
    given text,
    kana text,
    sort_key text collate "C"
);
create table organisation (
    id uuid primary key, {GUARD},
    kind text,
    name text,
    code text,
    grade text
);
create table duty (id uuid primary key, {GUARD}, duties jsonb);
{open_copy("identity", "person")}
{open_copy("identity", "organisation")}
{open_copy("identity", "duty")}
create policy organisation_boards on organisation for select to identity_app using (kind = 'board');
"""


def _values(one: Arrived) -> dict[str, Any]:
    payload = one.payload
    match payload:
        case PersonChanged():
            # 通称 where one is used: the list is for finding oneself, by the name one is called.
            name = payload.common or payload.legal
            return {
                "family": name.family,
                "given": name.given,
                "kana": f"{payload.kana.family} {payload.kana.given}" if payload.kana else "",
                "sort_key": payload.sort_key,
            }
        case OrganisationChanged():
            return {
                "kind": payload.kind,
                "name": payload.name,
                "code": payload.code,
                "grade": payload.grade,
            }
        case DutyChanged():
            return {"duties": [duty.model_dump(mode="json") for duty in payload.duties]}
        case _:
            return {}


class Directory(Copy):
    """Name cards, organisations and duties."""

    name: ClassVar[str] = "directory"
    topics: ClassVar[tuple[Topic, ...]] = (PERSON, ORGANISATION, DUTY, ERASURE)
    tables: ClassVar[tuple[str, ...]] = ("organisation", "person", "duty")
    shape: ClassVar[str] = _SHAPE

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        for topic, table in _TABLES.items():
            puts = [Put(item, item.record.stream, _values) for item in arrived if item.record.topic == topic]
            await table.put(session, puts)
        return ()
