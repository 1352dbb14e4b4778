"""Writing many rows of a copy with one statement.

``GuardedTable``: one row a key, with the publisher's ``(epoch, position)`` beside it; an older or repeated record
changes nothing. ``SetTable``: the derived rows of a subject whose whole set arrives at once (decisions.md §2 "Complete
facts"); its guard is the subject's row in a ``GuardedTable``. Statements are built once a table, from names that are
constants of the code; every value travels as an array parameter of ``unnest``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.intake import Arrived

_GUARD = {"board_id": "uuid", "epoch": "integer", "position": "bigint"}


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


def _parameter(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "jsonb":
        return orjson.dumps(value).decode()
    if kind.endswith("[]"):
        return "{" + ",".join(str(item) for item in value) + "}"
    return value


def _parameters(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [_parameter(kind, row.get(name)) for row in rows] for name, kind in columns.items()}


@dataclass(frozen=True)
class Put:
    """A row to be written: what arrived last for its key, and the values; none for a tombstone or an erased fact."""

    arrived: Arrived
    key: UUID
    values: Mapping[str, Any]


class GuardedTable:
    """A copy table with one row a key. ``values`` are its columns beside key and guard, with their SQL types.

    A tombstone leaves the row with its guard and every other value null, so that an older record cannot bring the
    content back. Array columns hold ids, dates or numbers only: nothing that would need quoting.
    """

    def __init__(self, name: str, key: str, values: Mapping[str, str]) -> None:
        self.name = name
        self.key = key
        self._columns = {key: "uuid", **_GUARD, **values}
        updates = ", ".join(f"{column} = excluded.{column}" for column in self._columns if column != key)
        self._statement = text(
            f"insert into {name} as kept ({', '.join(self._columns)}) {_source(self._columns)}"
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
        rows = [
            {
                **put.values,
                self.key: put.key,
                "board_id": put.arrived.record.board,
                "epoch": put.arrived.record.epoch,
                "position": put.arrived.record.position,
            }
            for put in newest.values()
        ]
        written = await session.scalars(self._statement, _parameters(self._columns, rows))
        return [newest[key] for key in written]


def _place(put: Put) -> tuple[int, int]:
    return put.arrived.record.epoch, put.arrived.record.position


class SetTable:
    """The derived rows of subjects. ``columns`` are all of its columns with their SQL types, the subject's first."""

    def __init__(self, name: str, subject: str, columns: Mapping[str, str]) -> None:
        self._subject = subject
        self._columns = {subject: "uuid", **columns}
        listed = ", ".join(self._columns)
        self._delete = text(
            f"delete from {name} where {subject} = any (cast(:subjects as uuid[])) returning {listed}"  # noqa: S608
        )
        self._insert = text(f"insert into {name} ({listed}) {_source(self._columns)}")

    async def replace(
        self, session: AsyncSession, subjects: Sequence[UUID], rows: Sequence[Mapping[str, Any]]
    ) -> list[Row[Any]]:
        """Put ``rows`` in the place of all rows of ``subjects``; return the rows that stood there before."""
        if not subjects:
            return []
        before = list((await session.execute(self._delete, {"subjects": list(subjects)})).all())
        if rows:
            await session.execute(self._insert, _parameters(self._columns, rows))
        return before
