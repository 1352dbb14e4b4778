"""Everybody comes at once."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

import pytest
import uvicorn
import uvloop
from starlette.responses import PlainTextResponse

from deploy.local.serve import ACCEPTS, listening
from tests.support.waiting import eventually

COMING = 128


def test_those_who_come_at_once_are_all_heard_within_a_few_turns() -> None:
    """Where a turn took one connection, a burst of families waited in the kernel until it was reset."""
    server = uvicorn.Server(uvicorn.Config(PlainTextResponse("there"), log_config=None, lifespan="off"))

    async def taken_in(turns: int) -> int:
        sockets = listening("localhost", 0)
        serving = asyncio.create_task(server.serve(sockets))
        await eventually(lambda: server.started)
        with ExitStack() as hang_up:
            for _ in range(COMING):  # the loop stands still meanwhile, as while it is at work
                hang_up.enter_context(socket.create_connection(sockets[0].getsockname()[:2]))
            for _ in range(turns):
                await asyncio.sleep(0)
            taken = len(server.server_state.connections)
        server.should_exit = True
        await serving
        return taken

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(taken_in(turns=16)) == COMING


def test_a_port_that_is_taken_is_said_so() -> None:
    """As before a server bound it itself."""
    with ExitStack() as close:
        taken = socket.create_server(("127.0.0.1", 0))
        close.enter_context(taken)
        with pytest.raises(OSError, match="in use"):
            listening("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_without_ipv6_the_other_address_is_enough(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A container names ::1 in /etc/hosts and has no IPv6."""
    real = socket.create_server

    def create(address: Any, *, family: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(number, "no IPv6 here")
        return real(address, family=family)

    both = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0)),
    ]
    monkeypatch.setattr(socket, "create_server", create)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with ExitStack() as close:
        found = [close.enter_context(each) for each in listening("localhost", 0)]
    assert len(found) == ACCEPTS
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both[:1])
    with pytest.raises(OSError, match="no IPv6 here"):
        listening("localhost", 0)


def test_six_services_listen_where_a_machine_begins_with_few_open_files() -> None:
    """In a process of its own: what it may open is not given back."""
    script = (
        "import resource, deploy.local.serve as s\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (150, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
        "s.more_files()\n"
        "print(sum(len(s.listening('127.0.0.1', 0)) for _ in range(6)))"
    )
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 6 * ACCEPTS * 2:
        pytest.skip("this machine allows no more")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == f"{6 * ACCEPTS}\n", done.stderr
