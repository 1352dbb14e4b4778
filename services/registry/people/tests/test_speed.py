"""A search in a city reads by the indexes, behind row-level security too, and is one statement a kind of person."""

from __future__ import annotations

import os
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.people import search
from services.registry.people.access import Reach
from services.registry.people.tests.town import Town
from shared.database import Scope, Statement, Units

PUPILS = int(os.environ.get("TSUMUGI_PUPILS", "6000"))
"""More for whoever doubts it."""
TODAY = date(2026, 11, 20)

_PEOPLE = text(
    "insert into person (id, board_id, legal_family, legal_given, kana_family, kana_given, sort_key, search, sex,"
    " recorded_at) select gen_random_uuid(), :board, f, g, kf, kg, kf || kg,"
    " f || g || e'\\n' || kf || kg, 'unspecified', :at from ("
    "  select '氏' || n as f, '名' || n as g,"
    "  chr(12353 + n % 80) || chr(12353 + n / 80 % 80) || chr(12353 + n / 6400 % 80) as kf, 'ひな' as kg"
    "  from generate_series(1, :people) n) as made"
)
_ENROLMENTS = text(
    "insert into enrolment_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, school_id, grade)"
    " select gen_random_uuid(), :board, id, 'school', daterange('2026-04-01', '2027-04-01'), :at, 'test',"
    " :school, 'P2' from person where board_id = :board and legal_family like '氏%' order by find_1 limit :pupils"
)


@pytest.fixture
async def city(units: Units, town: Town) -> Town:
    """The town with many more people, two thirds of them guardians."""
    async with units.work(Scope(town.board), actor="test") as work:
        values = {"board": town.board, "people": 3 * PUPILS, "at": work.at}
        await work.session.execute(_PEOPLE, values)
        await work.session.execute(
            _ENROLMENTS, {"board": town.board, "school": town["second"], "pupils": PUPILS, "at": work.at}
        )
    async with units.work(Scope(town.board), actor="test") as work:
        for table in ("person", "enrolment_period"):
            await work.session.execute(text(f"analyze {table}"))
    return town


def reach(town: Town, **more: Any) -> Reach:
    nobody: frozenset[UUID] = frozenset()
    values: dict[str, Any] = {"schools": nobody, "whole_board": True, "named": False}
    return Reach(town["gakumu"], **{**values, "families": nobody, "classes": nobody, **more})


async def test_a_search_of_a_city_reads_by_the_indexes(
    units: Units, city: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[str] = []
    asked: list[str] = []
    whole = Statement.all

    async def explained(self: Statement, session: AsyncSession, values: Any) -> Any:
        asked.append(self.sql)
        driver: Any = session.sync_session.connection().connection.driver_connection
        rows = await driver.fetch("explain " + self.sql, *(values[name] for name in self._names))
        plans.append("\n".join(row[0] for row in rows))
        return await whole(self, session, values)

    monkeypatch.setattr(Statement, "all", explained)
    async with units.read(Scope(city.board)) as session:
        for hat in ("pupil", "staff", "guardian"):
            await search.find(session, city.board, reach(city), hat, search.wanted("かきく"), TODAY, rows=20)
    assert len(asked) == 3
    for plan in plans:
        assert "Seq Scan on person" not in plan, plan
        assert "person_find_1" in plan, plan
