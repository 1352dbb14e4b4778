"""A database on another machine: neither end waits for ever for one that says nothing any more."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from deploy.local import postgres
from deploy.local.postgres import Postgres
from deploy.local.temporary import free_ports, temporary_home
from shared.database import Login, connect


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Login]:
    """A server that is reached by TCP, as in Compose and Kubernetes."""
    monkeypatch.setitem(postgres.SETTINGS, "listen_addresses", "127.0.0.1")
    monkeypatch.setattr(Postgres, "port", free_ports())
    with temporary_home() as home:
        server = Postgres(home / "postgres", durable=False)
        server.start()
        yield Login("127.0.0.1", server.port, "postgres", server.superuser, server.password)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have not all of these settings")
async def test_both_ends_hang_up_on_silence(elsewhere: Login) -> None:
    connection = await connect(elsewhere)
    try:
        line = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
        here = [
            line.getsockopt(socket.IPPROTO_TCP, option)
            for option in (
                socket.TCP_KEEPIDLE,
                socket.TCP_KEEPINTVL,
                socket.TCP_KEEPCNT,
                socket.TCP_USER_TIMEOUT,
            )
        ]
        names = ("keepalives_idle", "keepalives_interval", "keepalives_count", "user_timeout")
        there = [await connection.fetchval("select current_setting($1)", f"tcp_{name}") for name in names]
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    finally:
        await connection.close()
    assert here == [15, 5, 3, 30_000]
    assert there == ["15", "5", "3", "30000"]
