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
from sqlalchemy.ext.asyncio import AsyncSession

_NAME = re.compile(r"(?<!:):([a-z_]+)\b")


class Statement:
    """SQL with ``:names``, as in ``text()``. The session's transaction must have begun, as every ``Units`` does.

    Errors of the database come as :class:`sqlalchemy.exc.DBAPIError`, without the parameters.
    """

    def __init__(self, sql: str) -> None:
        self._names: list[str] = []
        self._sql = _NAME.sub(self._numbered, sql)

    def _numbered(self, name: re.Match[str]) -> str:
        if name[1] not in self._names:
            self._names.append(name[1])
        return f"${self._names.index(name[1]) + 1}"

    async def all(self, session: AsyncSession, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        """Every row."""
        arguments = [values[name] for name in self._names]
        try:
            return await _driver(session).fetch(self._sql, *arguments)
        except asyncpg.PostgresError as error:
            gone = isinstance(error, asyncpg.PostgresConnectionError)
            raise DBAPIError(
                self._sql, None, error, hide_parameters=True, connection_invalidated=gone
            ) from error

    async def first(self, session: AsyncSession, values: Mapping[str, Any]) -> asyncpg.Record | None:
        """The first row, if there is one."""
        rows = await self.all(session, values)
        return rows[0] if rows else None


def _driver(session: AsyncSession) -> asyncpg.Connection:
    # Synchronous on purpose: a session whose transaction has begun hands out its connection without input or output.
    return cast("asyncpg.Connection", session.sync_session.connection().connection.driver_connection)
