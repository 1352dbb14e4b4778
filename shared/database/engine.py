"""Engines: one for each login, none of them privileged."""

from __future__ import annotations

from dataclasses import dataclass, field

import asyncpg
import orjson
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


class PrivilegedRole(RuntimeError):
    """The login would see through row-level security; the service refuses to start."""


@dataclass(frozen=True)
class Login:
    """How one role reaches one database. ``host`` is a socket folder or a host name."""

    host: str
    port: int
    database: str
    role: str
    password: str = field(repr=False)


def make_engine(login: Login, *, pool_size: int = 8) -> AsyncEngine:
    """An engine for ``login``. JIT is off: every statement of the product is short."""
    return create_async_engine(
        URL.create(
            "postgresql+asyncpg", username=login.role, password=login.password, database=login.database
        ),
        connect_args={"host": login.host, "port": login.port, "server_settings": _session(login)},
        # Parameters are personal data; an error's text goes to the log.
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
    )


async def connect(login: Login, **settings: str) -> asyncpg.Connection:
    """A connection of its own, outside every pool: to listen, to hold a lock for long, to read a log.

    ``settings`` are PostgreSQL's, for this session.
    """
    return await asyncpg.connect(
        host=login.host,
        port=login.port,
        user=login.role,
        password=login.password,
        database=login.database,
        server_settings={**_session(login), **settings},
    )


def _session(login: Login) -> dict[str, str]:
    return {"application_name": login.role, "jit": "off", "timezone": "UTC"}


async def refuse_privileged(engine: AsyncEngine) -> None:
    """Raise :class:`PrivilegedRole` when the login is superuser or has BYPASSRLS.

    Row-level security, even FORCEd, does not bind such a role (decisions.md §4).
    """
    async with engine.connect() as connection:
        row = (
            await connection.execute(
                text("select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
            )
        ).one()
    if row.rolsuper or row.rolbypassrls:
        raise PrivilegedRole(
            f"{row.rolname} は全ての行が見える権限を持っています。deploy/topology.toml の役割で接続してください。"
        )
