"""A statement that goes to the driver as it stands, within the session's transaction.

For what every command runs: SQLAlchemy's way of sending text costs 0.14 ms of CPU a statement where the driver's costs
0.04, and a class's save is eight statements. Everything else is written with ``text()`` as usual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

_NAME = re.compile(r"(?<!:):([a-z_]+)\b")


class Statement:
    """SQL with ``:names``, as in ``text()``.

    The session's transaction must have begun: ``Units.read`` and ``work`` do so, in ``maintain`` a ``text()`` does. So
    must a savepoint: ``await session.connection()`` is the first line of every ``begin_nested()``.

    Errors of the database come as :class:`sqlalchemy.exc.DBAPIError`, without the parameters and without the row.
    """

    def __init__(self, sql: str) -> None:
        self._names: list[str] = []
        self.sql = _NAME.sub(self._numbered, sql)
        """As the driver takes it: numbers in place of names, in the order in which those first stand."""

    def _numbered(self, name: re.Match[str]) -> str:
        if name[1] not in self._names:
            self._names.append(name[1])
        return f"${self._names.index(name[1]) + 1}"

    async def all(self, session: AsyncSession, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        """Every row."""
        if session.info.get("appended"):
            raise RuntimeError("append_events is the last statement of a unit of work")
        # Synchronous on purpose: a session that has begun hands out its connection without input or output.
        driver: Any = session.sync_session.connection().connection.driver_connection
        if not driver.is_closed() and not driver.is_in_transaction():
            raise RuntimeError("the session's transaction has not begun: this would be one of its own")
        return await self._fetch(driver, values)

    async def alone(self, engine: AsyncEngine, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        """Every row; the statement is a transaction of its own, and nothing but it travels to the server."""
        async with engine.connect() as connection:
            try:
                return await self._fetch((await connection.get_raw_connection()).driver_connection, values)
            except BaseException:
                await connection.invalidate()  # the pool has not seen what happened to it
                raise

    async def first(self, session: AsyncSession, values: Mapping[str, Any]) -> asyncpg.Record | None:
        """The first row, if there is one."""
        rows = await self.all(session, values)
        return rows[0] if rows else None

    async def _fetch(self, driver: Any, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        arguments = [values[name] for name in self._names]
        try:
            return cast("list[asyncpg.Record]", await driver.fetch(self.sql, *arguments))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            error.detail = None  # "Failing row contains (…)"
            gone = driver.is_closed() or isinstance(error, asyncpg.PostgresConnectionError)
            raise DBAPIError(
                self.sql, None, error, hide_parameters=True, connection_invalidated=gone
            ) from error
