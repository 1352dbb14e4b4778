"""Taking walls down, one at a time, while everything else stands: what is left must hold alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

import services.dashboard.alert_rules.counts_api as dashboard_alert_counts
import services.dashboard.alert_rules.store as dashboard_alert_rules
import services.dashboard.alerts.store as dashboard_alerts
import services.dashboard.overview.store as dashboard_overviews
import services.dashboard.school_day.store as dashboard_pages
import services.dashboard.unannounced.store as dashboard_calls
import services.messaging.channels.store as messaging_channels
import services.messaging.family.store as messaging_families
import services.messaging.notices.replies as messaging_replies
import services.messaging.notices.store as messaging_notices
import services.registry.attendance.store as registry_roll
import services.registry.class_lists.store as registry_lists
import services.registry.duties.store as registry_duties
import services.registry.room as registry_room
import services.registry.school_calendar.store as registry_calendar
from shared.access.policies import Policies
from shared.database import Statement
from tests.matrix.table import rooms
from tests.matrix.world import World

WITH_WALLS = ("registry", "messaging", "dashboard")
"""Services whose policies are taken down."""
_BOARD = re.compile(r"(\w+\.)?board_id = (:board|\$\d+)")
_PEOPLE = dashboard_pages.SEES_PUPIL
_BOUND = """
select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relrowsecurity and n.nspname in ('public', 'copy') order by 1
"""


@contextmanager
def no_policies(world: World, folder: Path) -> Iterator[None]:
    """Every policy says yes to everybody."""
    kept = {}
    for service in WITH_WALLS:
        schemas = [(room / "policy.cedarschema").read_text(encoding="utf-8") for room in rooms()[service]]
        (folder / "policy.cedarschema").write_text("\n".join(schemas), encoding="utf-8")
        (folder / "policy.cedar").write_text("permit (principal, action, resource);", encoding="utf-8")
        state = getattr(world.apps[service].state, service)
        kept[service] = (state, state.policies)
        state.policies = Policies([folder])
    try:
        yield
    finally:
        for state, policies in kept.values():
            state.policies = policies


OF_SERVICES = (
    registry_roll,
    registry_duties,
    registry_lists,
    registry_calendar,
    registry_room,
    messaging_channels,
    messaging_families,
    messaging_notices,
    messaging_replies,
    dashboard_pages,
    dashboard_overviews,
    dashboard_calls,
    dashboard_alerts,
    dashboard_alert_rules,
    dashboard_alert_counts,
)
"""Where the services' own conditions stand."""


@contextmanager
def no_predicates() -> Iterator[None]:
    """The services' own conditions on the board, and on who sees a child, are true for everybody."""
    with pytest.MonkeyPatch.context() as patch:
        changed = 0
        for module in OF_SERVICES:
            for name, statement in list(vars(module).items()):
                if isinstance(statement, TextClause):
                    open_ = _opened(statement.text)
                    changed += open_ != statement.text
                    patch.setattr(module, name, text(open_))
                elif isinstance(statement, Statement):
                    open_ = _opened(statement.sql)
                    changed += open_ != statement.sql
                    patch.setattr(statement, "sql", open_)
        assert changed >= 5
        yield


def _opened(statement: str) -> str:
    words = _BOARD.sub(r"(\g<0> or true)", statement)
    for school, person in (("l.school_id", "l.person_id"), ("h.school_id", "h.person_id")):
        words = words.replace(_PEOPLE.format(school=school, person=person), "true")
    return words


@asynccontextmanager
async def no_row_security(world: World) -> AsyncIterator[None]:
    """PostgreSQL lets every role see every row of the tables it may read."""
    switched = []
    try:
        for service in ("registry", "dashboard"):
            connection = await world.instance.server.connect(service)
            try:
                for row in await connection.fetch(_BOUND):
                    switched.append((service, row["name"]))
                    await connection.execute(f"alter table {row['name']} disable row level security")
            finally:
                await connection.close()
        assert len(switched) > 20
        yield
    finally:
        for service, table in switched:
            connection = await world.instance.server.connect(service)
            try:
                await connection.execute(f"alter table {table} enable row level security")
            finally:
                await connection.close()
