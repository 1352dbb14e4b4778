"""Two schools with siblings between them, reached as a browser's command reaches registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.conftest import client as client
from shared.database import Scope, Units
from tests.support.databases import Filled

__all__ = ["TODAY", "City", "Client", "city", "client"]


@dataclass
class City:
    """A board with two elementary schools; ids by the words of tests/support/boards.py."""

    units: Units
    client: Client
    ids: dict[str, UUID]

    @property
    def board(self) -> UUID:
        return self.client.board

    async def get(self, path: str, who: str = "office") -> httpx.Response:
        return await self.client.get(path.format_map(self.ids), self.ids[who])

    async def post(self, path: str, body: dict[str, Any], who: str = "office") -> httpx.Response:
        return await self.client.http.post(
            path, json=body, headers={**self.client.headers(self.ids[who]), "idempotency-key": str(uuid4())}
        )

    async def roll(self, who: str, of: str, on: Any, **marks: str) -> httpx.Response:
        cells = [{"pupil": str(self.ids[word]), "seen": 0, "code": code} for word, code in marks.items()]
        return await self.client.roll(self.ids[who], self.ids[of], cells, on=on)

    async def held(self, table: str, pupil: str) -> list[tuple[Any, ...]]:
        """Standing periods of a pupil: since, until, school, and class or grade."""
        what = "class_id" if table == "membership_period" else "grade"
        words = {id_: word for word, id_ in self.ids.items()}
        async with self.units.read(Scope(self.board)) as session:
            rows = await session.execute(
                text(
                    f"select lower(valid), upper(valid), school_id, {what} from {table}"
                    " where subject_id = :pupil and voided_at is null order by 1, 4"
                ),
                {"pupil": self.ids[pupil]},
            )
            return [
                (since, until, words[school], words.get(what, what)) for since, until, school, what in rows
            ]


@pytest.fixture
async def city(units: Units, client: Client, city_template: Filled) -> City:
    """The first board of the matrix, with registry over it."""
    client.board = city_template.board
    async with units.read(Scope(client.board)) as session:
        rows = await session.execute(text("select sourced_id, id from external_id"))
        ids = {row.sourced_id: UUID(str(row.id)) for row in rows}
    return City(units, client, ids)
