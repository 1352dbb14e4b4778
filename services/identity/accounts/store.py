"""Accounts and the hats they follow from. Everything is done for many people at once: an import brings thousands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.accounts.rules import Account, Hat, changes
from shared.contracts.identity import AccountChanged
from shared.database import Work
from shared.ids import new_id


@dataclass(frozen=True)
class SourceKey:
    """The state record that a set of hats comes from."""

    topic: str
    key: UUID


@dataclass(frozen=True, order=True)
class Version:
    """Place of a record in its publisher's log; the higher one is the newer."""

    epoch: int
    position: int


# Everything that changes accounts of a board stands in line here: hats that arrive from three topics and the day that
# changes would otherwise each count without the other.
_LOCK = text("select pg_advisory_xact_lock(7470, hashtext(cast(:board as text)))")

_GUARD = text(
    "insert into hat_source as s (board_id, topic, key, epoch, position)"
    " select :board, topic, key, epoch, position"
    " from unnest(cast(:topics as text[]), cast(:keys as uuid[]), cast(:epochs as integer[]),"
    " cast(:positions as bigint[])) as r(topic, key, epoch, position)"
    " on conflict (topic, key) do update set epoch = excluded.epoch, position = excluded.position"
    " where (s.epoch, s.position) < (excluded.epoch, excluded.position) returning topic, key"
)
_TAKE_OFF = text(
    "delete from hat using unnest(cast(:topics as text[]), cast(:keys as uuid[])) as r(topic, key)"
    " where hat.topic = r.topic and hat.key = r.key returning hat.person"
)
_PUT_ON = text(
    "insert into hat (board_id, topic, key, person, kind, valid)"
    " select :board, topic, key, person, kind, daterange(since, until, '[)')"
    " from unnest(cast(:topics as text[]), cast(:keys as uuid[]), cast(:people as uuid[]), cast(:kinds as text[]),"
    " cast(:sinces as date[]), cast(:untils as date[])) as h(topic, key, person, kind, since, until)"
)


async def replace_hats(work: Work, sources: Mapping[SourceKey, tuple[Version, Collection[Hat]]]) -> set[UUID]:
    """Put the hats of newer records in the place of the old ones. Returns the people whose hats were touched.

    A record that is not newer than the one its hats come from changes nothing.
    """
    await work.session.execute(_LOCK, {"board": str(work.scope.board)})
    rows = await work.session.execute(
        _GUARD,
        {
            "board": work.scope.board,
            "topics": [source.topic for source in sources],
            "keys": [source.key for source in sources],
            "epochs": [version.epoch for version, _ in sources.values()],
            "positions": [version.position for version, _ in sources.values()],
        },
    )
    newer = [SourceKey(row.topic, row.key) for row in rows]
    if not newer:
        return set()
    names = {"topics": [source.topic for source in newer], "keys": [source.key for source in newer]}
    people = set(await work.session.scalars(_TAKE_OFF, names))
    hats = [(source, hat) for source in newer for hat in sources[source][1]]
    await work.session.execute(
        _PUT_ON,
        {
            "board": work.scope.board,
            "topics": [source.topic for source, _ in hats],
            "keys": [source.key for source, _ in hats],
            "people": [hat.person for _, hat in hats],
            "kinds": [hat.kind for _, hat in hats],
            "sinces": [hat.since for _, hat in hats],
            "untils": [hat.until for _, hat in hats],
        },
    )
    return people | {hat.person for _, hat in hats}


_DUE = text(
    "select p.person, array_remove(array_agg(distinct h.kind), null) as kinds"
    " from unnest(cast(:people as uuid[])) as p(person)"
    " left join hat h on h.board_id = :board and h.person = p.person and h.valid @> cast(:today as date)"
    " group by p.person"
)
_STANDING = text(
    "select id, person, kinds from account where board_id = :board and person = any (cast(:people as uuid[]))"
)
_OPEN = text(
    "insert into account (id, board_id, person, kinds, opened_at)"
    " select id, :board, person, string_to_array(kinds, ','), :at"
    " from unnest(cast(:ids as uuid[]), cast(:people as uuid[]), cast(:kinds as text[])) as given(id, person, kinds)"
)
_CHANGE = text(
    "update account a set kinds = string_to_array(given.kinds, ',')"
    " from unnest(cast(:ids as uuid[]), cast(:people as uuid[]), cast(:kinds as text[])) as given(id, person, kinds)"
    " where a.board_id = :board and a.id = given.id and a.person = given.person"
)


async def settle(work: Work, people: Collection[UUID], today: date) -> int:
    """Make the accounts of ``people`` equal to the hats they wear today, and publish every change. Returns how many."""
    if not people:
        return 0
    among = {"board": work.scope.board, "people": sorted(people)}
    due = await work.session.execute(_DUE, {**among, "today": today})
    standing = await work.session.execute(_STANDING, among)
    todo = changes(
        {row.person: row.kinds for row in due},
        [Account(row.id, row.person, tuple(row.kinds)) for row in standing],
    )
    opened = [Account(new_id(), person, kinds) for person, kinds in sorted(todo.open.items())]
    if opened:
        await work.session.execute(_OPEN, {**_given(work, opened), "at": work.at})
    if todo.changed:
        await work.session.execute(_CHANGE, _given(work, todo.changed))
    for account in [*opened, *todo.changed]:
        work.publish(
            AccountChanged(
                account=account.id, person=account.person, kinds=list(account.kinds), enabled=account.enabled
            ),
            key=account.person,
            subject=account.person,
        )
    return len(opened) + len(todo.changed)


def _given(work: Work, accounts: Collection[Account]) -> dict[str, Any]:
    return {
        "board": work.scope.board,
        "ids": [account.id for account in accounts],
        "people": [account.person for account in accounts],
        "kinds": [",".join(account.kinds) for account in accounts],
    }


_OVERDUE = text(
    "select coalesce(a.person, d.person) as person"
    " from (select person, kinds from account where board_id = :board) a"
    " full join (select person, array_agg(distinct kind order by kind) as kinds from hat"
    " where board_id = :board and valid @> cast(:today as date) group by person) d on d.person = a.person"
    " where coalesce(a.kinds, '{}') is distinct from coalesce(d.kinds, '{}')"
)


async def settle_all(work: Work, today: date) -> int:
    """Settle everybody of the board whose hats begin or end with the day, without any event. Returns how many."""
    await work.session.execute(_LOCK, {"board": str(work.scope.board)})
    people = await work.session.scalars(_OVERDUE, {"board": work.scope.board, "today": today})
    return await settle(work, list(people), today)


async def boards_with_hats(session: AsyncSession) -> list[UUID]:
    """Every board that has somebody in it; as the feed role, which sees all of them."""
    return list(await session.scalars(text("select distinct board_id from hat_source order by board_id")))


async def account(session: AsyncSession, board: UUID, id: UUID) -> Account | None:
    """The account with the subject ``id``."""
    row = (
        await session.execute(
            text("select id, person, kinds from account where board_id = :board and id = :id"),
            {"board": board, "id": id},
        )
    ).one_or_none()
    return None if row is None else Account(row.id, row.person, tuple(row.kinds))
