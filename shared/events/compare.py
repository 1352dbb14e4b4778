"""Comparing a rebuilt copy with the live one, row by row and byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.copies import Copy
from shared.events.shapes import NEXT
from shared.events.workers import LIVE

_SHOWN = 100


@dataclass(frozen=True)
class Difference:
    """A row that is not the same. ``live`` or ``rebuilt`` is None where there is no such row."""

    table: str
    key: dict[str, Any]
    """Primary key; the whole row where a table has none."""
    live: dict[str, Any] | None
    rebuilt: dict[str, Any] | None

    def columns(self) -> list[str]:
        """Columns whose values differ."""
        live, rebuilt = self.live or {}, self.rebuilt or {}
        return [name for name in {**live, **rebuilt} if live.get(name) != rebuilt.get(name)]


@dataclass(frozen=True)
class Compared:
    """What stands on one side only."""

    different: int
    """Rows that stand on one side only; one that differs stands on each."""
    differences: list[Difference]
    """The first of them, by table and key."""


async def compare(session: AsyncSession, copy: Copy) -> Compared:
    """The rows of both schemas as they stand in this transaction."""
    differences: list[Difference] = []
    different = 0
    for table in copy.tables:
        primary_key = await _primary_key(session, table)
        lines = list(await session.execute(_one_sided(table, primary_key), {"limit": _SHOWN}))
        different += lines[0].total if lines else 0
        differences += _pair(table, primary_key, lines)
    return Compared(different, differences)


def _one_sided(table: str, primary_key: Sequence[str]) -> TextClause:
    """Rows of one side only, the first of them as JSON. Equal values written differently (1.0, 1.00) are a difference.

    Images of rows are compared where a key pairs them, which costs a twentieth of comparing their text.
    """
    live, rebuilt = f"{LIVE}.{table}", f"{NEXT}.{table}"
    if primary_key:
        key = ", ".join(primary_key)
        return text(
            "select side, row::text as row, count(*) over () as total from"  # noqa: S608 (a copy's table)
            f" (select {key}, a, b from {live} a full join {rebuilt} b using ({key})"
            " where a is null or b is null or a *<> b) as pair"
            " cross join lateral (values ('live', to_jsonb(pair.a)), ('rebuilt', to_jsonb(pair.b))) as sides(side, row)"
            f" where row is not null order by {key}, side limit :limit"
        )
    line = "select t::text as line from"
    whole = "select to_jsonb(t)::text from {} t where t::text = shown.line limit 1"
    return text(
        "select side, total,"  # noqa: S608 (a copy's table)
        f" case side when 'live' then ({whole.format(live)}) else ({whole.format(rebuilt)}) end as row"
        " from (select side, line, count(*) over () as total from ("
        f" select 'live' as side, line from ({line} {live} t except all {line} {rebuilt} t) as a"
        f" union all select 'rebuilt', line from ({line} {rebuilt} t except all {line} {live} t) as b"
        ") as sides order by line limit :limit) as shown"
    )


async def _primary_key(session: AsyncSession, table: str) -> list[str]:
    found = await session.scalars(
        text(
            "select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid"
            " and a.attnum = any (i.indkey) where i.indisprimary and i.indrelid = cast(:table as regclass)"
        ),
        {"table": f"{LIVE}.{table}"},
    )
    return list(found)


def _pair(table: str, primary_key: list[str], lines: Sequence[Row[Any]]) -> list[Difference]:
    sides: dict[str, dict[str, dict[str, Any]]] = {}
    for line in lines:
        row = orjson.loads(line.row)
        key = {name: row[name] for name in primary_key or row}
        sides.setdefault(orjson.dumps(key).decode(), {})[line.side] = row
    return [
        Difference(table, orjson.loads(key), rows.get("live"), rows.get("rebuilt"))
        for key, rows in sides.items()
    ]
