"""Engines: one for each login, none of them privileged."""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
import orjson
from sqlalchemy import event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.telemetry import meters
from shared.telemetry.meters import Reading

AWAY = frozenset({"08", "40", "53", "55", "57", "58"})
"""Classes of SQLSTATE that speak of the server, not of a record."""


QUIET_SECONDS, ASK_SECONDS, QUESTIONS = 15, 5, 3
SILENT_SECONDS = 30
"""A machine that is gone says nothing, nor does a firewall that forgot a line. Both ends ask after so long a quiet, and
hang up after three questions, or when what was sent is not acknowledged for so long. By itself a system waits for a
quarter of an hour, and for two hours where nothing was sent."""


class DatabaseAway(ConnectionError):
    """Nobody answers where the database should be, or it takes nobody in just now."""


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
    tls: bool = False
    """Whether the way is encrypted and the host's certificate verified; a socket folder needs neither."""

    @property
    def here(self) -> bool:
        """Whether the server is on this machine, reached by a socket."""
        return self.host.startswith("/")


@cache
def trusted() -> ssl.SSLContext:
    """Verifies the server's name and certificate by whom this process trusts (SSL_CERT_FILE)."""
    return ssl.create_default_context()


def make_engine(login: Login, *, pool_size: int = 8) -> AsyncEngine:
    """An engine for ``login``. JIT is off: every statement of the product is short."""
    engine = create_async_engine(
        URL.create(
            "postgresql+asyncpg", username=login.role, password=login.password, database=login.database
        ),
        async_creator=lambda: _opened(login),
        # Parameters are personal data; an error's text goes to the log.
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,  # a question to the server at every use; _lives asks nobody
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
    )
    event.listen(engine.sync_engine.pool, "checkout", _lives)
    _pools[engine.sync_engine.pool] = login.role, 2 * pool_size
    return engine


async def _opened(login: Login) -> asyncpg.Connection:
    try:
        return await connect(login)
    except OSError as error:
        raise DatabaseAway(*error.args) from error
    except asyncpg.PostgresError as error:
        if str(error.sqlstate)[:2] not in AWAY:
            raise
        raise DatabaseAway(str(error)) from error


def _lives(connection: Any, *_: Any) -> None:
    """The driver hears when the server hangs up: after a restart nobody is given a connection of before."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


async def connect(login: Login, **settings: str) -> asyncpg.Connection:
    """A connection of its own, outside every pool: to listen, to hold a lock for long, to read a log.

    ``settings`` are PostgreSQL's, for this session.
    """
    connection = await asyncpg.connect(
        host=login.host,
        port=login.port,
        user=login.role,
        password=login.password,
        database=login.database,
        ssl=trusted() if login.tls else False,
        server_settings={**_session(login), **settings},
    )
    if not login.here:
        try:
            _hear_of_silence(connection)
        except OSError:  # a sandbox may not have all of it: whoever tries again and again leaves nothing open
            connection.terminate()
            raise
    return connection


def _session(login: Login) -> dict[str, str]:
    told = {"application_name": login.role, "jit": "off", "timezone": "UTC"}
    if not login.here:  # or a worker whose machine is gone would keep its lock, and its standby stand by
        told |= {
            "tcp_keepalives_idle": str(QUIET_SECONDS),
            "tcp_keepalives_interval": str(ASK_SECONDS),
            "tcp_keepalives_count": str(QUESTIONS),
            "tcp_user_timeout": f"{SILENT_SECONDS}s",
        }
    return told


def _hear_of_silence(connection: asyncpg.Connection) -> None:
    line = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined] # the driver has no setting
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", QUIET_SECONDS),
        ("TCP_KEEPINTVL", ASK_SECONDS),
        ("TCP_KEEPCNT", QUESTIONS),
        ("TCP_USER_TIMEOUT", SILENT_SECONDS * 1000),
    ):
        if hasattr(socket, name):  # macOS has not all of them
            line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


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


_pools: WeakKeyDictionary[Any, tuple[str, int]] = WeakKeyDictionary()
"""Pool → the role it connects as, and how many connections it opens at most."""


def _by_role(figure: Callable[[Any, int], float]) -> Callable[[], Iterable[Reading]]:
    def read() -> Iterable[Reading]:
        found: Counter[str] = Counter()
        for pool, (role, most) in list(_pools.items()):
            found[role] += figure(pool, most)  # type: ignore[assignment]
        return [(float(value), {"role": role}) for role, value in found.items()]

    return read


def _waiting(pool: Any, _: int) -> float:
    # SQLAlchemy tells of what it has lent, not of those who wait: they stand in the queue it wraps.
    queue = getattr(getattr(pool, "_pool", None), "_queue", None)
    return float(len(getattr(queue, "_getters", ())))


meters.POOL_IN_USE.watch(_by_role(lambda pool, _: pool.checkedout()))
meters.POOL_WAITING.watch(_by_role(_waiting))
meters.POOL_SIZE.watch(_by_role(lambda _, most: most))
