"""Writing many rows of a copy with one statement.

``GuardedTable``: one row a key, with the publisher's ``(epoch, position)`` beside it; an older or repeated record
changes nothing. ``SetTable``: the rows of a subject whose whole set arrives at once (decisions.md §2 "Complete facts");
their guard is the subject's row in a ``GuardedTable``. Statements are built once a table, from names that are
constants of the code; every value travels as an array parameter of ``unnest``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Statement
from shared.events.intake import Arrived

_GUARD = {"board_id": "uuid", "epoch": "integer", "position": "bigint"}
GUARD = ", ".join(f"{column} {kind} not null" for column, kind in _GUARD.items())
"""The guard's columns, for the SQL that makes a ``GuardedTable``."""


def _as_text(kind: str) -> bool:
    # unnest flattens arrays of arrays, and JSON has a shape of its own: both travel as text and are read there.
    return kind == "jsonb" or kind.endswith("[]")


def _source(columns: Mapping[str, str]) -> str:
    arrays = ", ".join(
        f"cast(:{name} as {'text' if _as_text(kind) else kind}[])" for name, kind in columns.items()
    )
    values = ", ".join(
        f"given.{name}::{kind}" if _as_text(kind) else f"given.{name}" for name, kind in columns.items()
    )
    return f"select {values} from unnest({arrays}) as given({', '.join(columns)})"  # noqa: S608 (names are ours)


def _array(kind: str, values: list[Any]) -> list[Any]:
    """The parameter of a column; a whole column at a time, since a rebuild writes hundreds of thousands of values."""
    if kind == "jsonb":
        return [
            None if value is None else orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()
            for value in values
        ]
    if kind.endswith("[]"):
        return [None if value is None else "{" + ",".join(map(str, value)) + "}" for value in values]
    return values


def _arrays(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: _array(kind, [row.get(name) for row in rows]) for name, kind in columns.items()}


class Put(NamedTuple):
    """A row to be written, of what arrived for its key."""

    arrived: Arrived
    key: UUID
    values: Callable[[Arrived], Mapping[str, Any]]
    """Gives the row's values, none for a tombstone or an erased fact. Asked only of the newest of a key in a batch, so
    whatever can be read must have values: else it would depend on the batch whether a record is parked.
    """


def _nothing(_: Any) -> dict[str, Any]:
    return {}


def puts(group: Iterable[Arrived], values: Callable[[Any], dict[str, Any]] = _nothing) -> Iterator[Put]:
    """A row for each record of a state topic: ``values`` of its fact, none where it is a tombstone."""

    def of(one: Arrived) -> dict[str, Any]:
        return {} if one.payload is None else values(one.payload)

    for one in group:
        yield Put(one, one.record.stream, of)


class GuardedTable:
    """A copy table with one row a key. ``values`` are its columns beside key and guard, with their SQL types.

    A tombstone leaves the row with its guard and every other value null, so that an older record cannot bring the
    content back. Array columns hold ids, dates or numbers only: nothing that would need quoting.
    """

    def __init__(self, name: str, key: str, values: Mapping[str, str]) -> None:
        self.name = name
        self.key = key
        self._values = values
        columns = {key: "uuid", **_GUARD, **values}
        updates = ", ".join(f"{column} = excluded.{column}" for column in columns if column != key)
        self._statement = Statement(
            f"insert into {name} as kept ({', '.join(columns)}) {_source(columns)}"
            f" on conflict ({key}) do update set {updates}"
            " where (kept.epoch, kept.position) < (excluded.epoch, excluded.position)"
            f" returning {key}"
        )

    async def put(self, session: AsyncSession, puts: Iterable[Put]) -> list[Put]:
        """Write the newest of each key; return those that were news."""
        newest: dict[UUID, Put] = {}
        for put in puts:
            standing = newest.get(put.key)
            if standing is None or _place(standing) < _place(put):
                newest[put.key] = put
        if not newest:
            return []
        rows = list(newest.values())
        records = [put.arrived.record for put in rows]
        given = {
            self.key: list(newest),
            "board_id": [record.board for record in records],
            "epoch": [record.epoch for record in records],
            "position": [record.position for record in records],
            **_arrays(self._values, [put.values(put.arrived) for put in rows]),
        }
        return [newest[row[0]] for row in await self._statement.all(session, given)]


def _place(put: Put) -> tuple[int, int]:
    return put.arrived.record.epoch, put.arrived.record.position


@dataclass(frozen=True)
class Replaced:
    """What a write of sets has done."""

    news: list[Put]
    """The subjects whose set was news."""
    before: Sequence[Mapping[str, Any]]
    """Their rows as they stood."""
    after: Sequence[Mapping[str, Any]]
    """Their rows as they stand now."""

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """Those that went and those that came."""
        return chain(self.before, self.after)


class SetTable:
    """The rows of subjects whose whole set arrives at once. ``guard`` has a row a subject, and its key's name.

    ``columns`` are the table's columns beside subject and board, with their SQL types.
    """

    def __init__(self, name: str, guard: GuardedTable, columns: Mapping[str, str]) -> None:
        self._guard = guard
        self._columns = {guard.key: "uuid", "board_id": "uuid", **columns}
        listed = ", ".join(self._columns)
        self._delete = text(
            f"delete from {name} where {guard.key} = any (cast(:subjects as uuid[])) returning {listed}"  # noqa: S608
        )
        self._insert = text(f"insert into {name} ({listed}) {_source(self._columns)}")

    async def put(
        self,
        session: AsyncSession,
        puts: Iterable[Put],
        rows_of: Callable[[Any], Iterable[Mapping[str, Any]]],
    ) -> Replaced:
        """Write the newest set of each subject in the place of its rows; ``rows_of`` a payload are the set."""
        news = await self._guard.put(session, puts)
        if not news:
            return Replaced([], [], [])
        subjects = {"subjects": [put.key for put in news]}
        before = [dict(row) for row in (await session.execute(self._delete, subjects)).mappings()]
        after = [
            {**row, self._guard.key: put.key, "board_id": put.arrived.record.board}
            for put in news
            if put.arrived.payload is not None
            for row in rows_of(put.arrived.payload)
        ]
        if after:
            await session.execute(self._insert, _arrays(self._columns, after))
        return Replaced(news, before, after)
