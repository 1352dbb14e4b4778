"""A database on another machine: neither end waits for ever for one that says nothing any more."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
import uvloop

from deploy.local import postgres
from deploy.local.authority import Authority
from deploy.local.postgres import Postgres
from deploy.local.temporary import free_ports, temporary_home
from shared.database import Login, connect, engine

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="other systems have not all of these settings"
)

OPTIONS = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
NAMES = ("keepalives_idle", "keepalives_interval", "keepalives_count", "user_timeout")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Login]:
    """A server that is reached by TCP, as in Compose and Kubernetes."""
    monkeypatch.setitem(postgres.SETTINGS, "listen_addresses", "127.0.0.1")
    monkeypatch.setattr(Postgres, "port", free_ports())
    with temporary_home() as home:
        server = Postgres(home / "postgres", durable=False)
        server.start()
        yield Login("127.0.0.1", server.port, "postgres", server.superuser, server.password)


@asynccontextmanager
async def encrypted(login: Login, authority: Authority) -> AsyncIterator[Login]:
    """The same server behind TLS, which the one that tests have was not built with."""
    found = authority.issue("postgres")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(found.chain, found.key)
    lines: set[asyncio.Task[None]] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(1000):
            writer.write(said)
            await writer.drain()
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines.add(task)
        await reader.readexactly(8)  # PostgreSQL's question whether there is TLS
        writer.write(b"S")
        await writer.start_tls(context)
        further, back = await asyncio.open_connection(login.host, login.port)
        await asyncio.gather(pass_on(reader, back), pass_on(further, writer), return_exceptions=True)

    async with await asyncio.start_server(carry, login.host, 0) as server:
        yield replace(login, port=server.sockets[0].getsockname()[1], tls=True)
        await asyncio.wait(lines)


async def both_ends_ask(login: Login) -> None:
    connection = await connect(login)
    try:
        line = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
        here = [line.getsockopt(socket.IPPROTO_TCP, option) for option in OPTIONS]
        there = [await connection.fetchval("select current_setting($1)", f"tcp_{name}") for name in NAMES]
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    finally:
        await connection.close()
    assert here == [15, 5, 3, 30_000]
    assert there == ["15", "5", "3", "30000"]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_both_ends_hang_up_on_silence(
    elsewhere: Login,
    loop: Callable[[], asyncio.AbstractEventLoop],
    tls: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the product's loop and on Python's own, whose lines differ, and so do theirs under TLS."""
    authority = Authority(tmp_path)

    async def ask() -> None:
        if not tls:
            await both_ends_ask(elsewhere)
            return
        async with encrypted(elsewhere, authority) as login:
            trusted = ssl.create_default_context(cafile=str(authority.certificate))
            monkeypatch.setattr(engine, "trusted", lambda: trusted)
            await both_ends_ask(login)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(ask())


async def test_a_system_without_all_of_it_is_left_with_nothing_open(
    elsewhere: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[asyncpg.Connection] = []
    tell = engine._hear_of_silence

    def kept(connection: asyncpg.Connection) -> None:
        opened.append(connection)
        tell(connection)

    monkeypatch.setattr(engine, "_hear_of_silence", kept)
    monkeypatch.setattr(socket, "TCP_USER_TIMEOUT", 9999)
    with pytest.raises(OSError, match="rotocol"):
        await connect(elsewhere)
    (connection,) = opened
    assert connection.is_closed()
