"""The load generator: what was meant to be asked counts, not what there was time for."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from benchmarks import load
from benchmarks.arrival import delays
from benchmarks.cost import Cost
from benchmarks.load import Connection, Figure, Timings, offered, report
from benchmarks.stack.outcome import ratios
from deploy.local.authority import Authority
from tests.support.waiting import for_a_while

NOBODY = "http://localhost:1"
"""Connections open when they are first asked; these never are."""


async def test_latency_counts_from_when_a_request_was_due() -> None:
    async def slow(_: Connection, __: int) -> bool:
        await for_a_while(0.02)
        return True

    found = await offered(NOBODY, slow, rate=100, seconds=0.2, connections=1)
    # Twenty in a row take 400 ms at least; the last was due after 190.
    assert max(found.milliseconds) >= 200
    assert found.well == 20
    assert found.done < 51


async def test_what_has_no_answer_in_time_is_given_up_and_counts_as_slow() -> None:
    never = asyncio.Event()

    async def stuck(_: Connection, number: int) -> bool:
        if number % 2:
            await never.wait()
        return True

    found = await offered(NOBODY, stuck, rate=100, seconds=0.1, patience=0.1)
    assert (found.well, found.given_up, found.errors) == (5, 5, 0)
    assert found.percentile(0.99) >= 100


async def test_what_fails_is_an_error() -> None:
    async def refused(_: Connection, number: int) -> bool:
        if number == 0:
            raise ConnectionResetError
        return number > 2

    found = await offered(NOBODY, refused, rate=100, seconds=0.1)
    assert (found.well, found.errors) == (7, 3)


async def test_who_hangs_up_is_gone_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's loop ends next: a connection that still waited for the server's farewell would be left open."""
    authority = Authority(tmp_path)
    own = authority.issue("server")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(own.chain, own.key)
    monkeypatch.setattr(load, "trusted", lambda: ssl.create_default_context(cafile=authority.certificate))
    let_go = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        writer.transport.pause_reading()  # type: ignore[attr-defined] # it will not hear the farewell
        await let_go.wait()
        writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=server_side)
    connection = Connection(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert (await connection.ask("GET", "/", {})).body == b"ok"
    assert connection._streams is not None
    line: socket.socket = connection._streams[1].get_extra_info("socket")
    connection.close()
    await asyncio.sleep(0)  # the loop lets go in its next turn
    assert line.fileno() == -1
    let_go.set()
    server.close()
    await server.wait_closed()


def test_a_command_is_shown_when_the_copy_has_come_as_far() -> None:
    accepted = [(10, 1.0, 1.1), (11, 1.0, 1.2), (12, 1.0, 1.3)]
    """Position, due, answered."""
    shown, whole = delays(accepted, [(9, 1.1), (11, 1.15), (11, 1.4)])
    assert [round(each) for each in shown.milliseconds] == [50, 0]
    assert [round(each) for each in whole.milliseconds] == [150, 150]
    assert shown.errors == 1  # the third was never seen


def test_a_report_says_what_was_missed() -> None:
    assert "≤ 1 s: **missed**" in report([Figure("a", "2 s", "≤ 1 s", met=False)])
    assert "≤ 1 s: met" in report([Figure("a", "1 s", "≤ 1 s", met=True)])
    assert report([Figure("a", "1 s")]).endswith("| a | 1 s | – |")


def test_both_sides_are_compared_where_both_have_a_number() -> None:
    (found,) = ratios({"p50": 30.0, "only Kafka": 1.0}, {"p50": 15.0, "only the log": 1.0})
    assert found.measured == "2.00 (30.0 ÷ 15.0)"


def test_a_cost_is_told_by_part_the_dearest_first() -> None:
    cost = Cost({"registry": 1.0, "kafka": 0.001}).with_more(Cost({"postgres": 2.0, "registry": 0.5}))
    assert cost.each(100) == "processor 35.0 ms each (postgres 20.0, registry 15.0)"
    assert Cost({"registry": 1.0}).each(2_000) == "processor 500.0 µs each (registry 500.0)"
    assert cost.per_second("postgres", 100) == 50


def test_nothing_measured_is_no_figure() -> None:
    assert Timings().done == 0.0
