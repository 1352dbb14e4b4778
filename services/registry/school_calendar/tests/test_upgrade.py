"""A calendar that was there before calendars were changed by hand."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import text

from services.registry import service
from services.registry.roster import store as roster
from services.registry.roster.rows import CalendarRow
from services.registry.school_calendar.by_hand import with_hand
from shared.database import Scope, Units, make_engine
from shared.database.migrate import migrate
from shared.database.roles import make_database
from shared.dates import FixedClock
from tests.support.databases import Database, Databases, Template

DAYS = (date(2026, 11, 19), date(2026, 11, 20))
SHUT = {"on": "2026-11-18", "scope": "school", "grade": None, "class_id": None, "reason": "typhoon"}


@pytest.fixture
async def empty(databases: Databases, registry_template: Template) -> AsyncIterator[Database]:
    """A database of registry without a table."""
    name = "registry_before_calendars"
    await make_database(databases.server, registry_template.service, [], database=name)
    try:
        yield Database(databases.server, registry_template.service, name)
    finally:
        await databases.drop(name)


async def test_what_stood_before_was_said_by_packages(
    empty: Database, clock: FixedClock, tmp_path: Path
) -> None:
    """So the next package takes away what it no longer says; nothing of it counts as entered by hand."""
    old = Path(shutil.copytree(service.MIGRATIONS, tmp_path / "old"))
    for path in (old / "versions").glob("r*.py"):
        if path.name >= "r0010":
            path.unlink()
    shutil.rmtree(old / "functions")  # what functions do today is of today's tables
    board, id_ = uuid4(), uuid4()
    owner = make_engine(empty.login("registry_owner"))
    app = make_engine(empty.app)
    try:
        await migrate(owner, old)
        units = Units(app, clock)
        async with units.work(Scope(board), actor="import") as work:
            await work.session.execute(
                text(
                    "insert into calendar (id, board_id, school_id, school_year, school_days, closures, recorded_at)"
                    " values (:id, :board, :id, 2026, :days, cast(:closures as jsonb), :at)"
                ),
                {
                    "id": id_,
                    "board": board,
                    "days": list(DAYS),
                    "closures": orjson.dumps([SHUT]).decode(),
                    "at": work.at,
                },
            )
        await migrate(owner, service.MIGRATIONS)
        async with units.read(Scope(board)) as session:
            stands = (await roster.calendars(session, board))[id_]
    finally:
        await owner.dispose()
        await app.dispose()
    after = with_hand(stands, CalendarRow(id_, id_, 2026, DAYS[1:], ()))
    assert (after.school_days, after.closures) == (DAYS[1:], ())
