"""The bad way between servers: what it does to those who use it, since faults are proved with it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from deploy.local.instance import Instance
from deploy.local.kafka import HOST
from deploy.local.state import make_folder
from tests.histories.nemesis import spoil
from tests.support import proxy as proxies
from tests.support.between import Between
from tests.support.proxy import BAD, Place, Proxy, Way, proxied, ways
from tests.support.waiting import eventually


@pytest.fixture
async def way(tmp_path: Path) -> AsyncIterator[Proxy]:
    """Leads to a server that says everything again."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while said := await reader.read(1000):
                writer.write(said)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_unix_server(echo, tmp_path / "there")
    async with proxied(tmp_path / "here", tmp_path / "there") as proxy:
        yield proxy
    server.close()


async def say(way: Proxy, words: bytes) -> tuple[bytes, float]:
    """The echo over a line of its own, and how long it took."""
    assert isinstance(way.here, Path)
    reader, writer = await asyncio.open_unix_connection(way.here)
    began = time.monotonic()
    try:
        writer.write(words)
        return await asyncio.wait_for(reader.read(len(words)), 5), time.monotonic() - began
    except ConnectionError:
        return b"", time.monotonic() - began
    finally:
        await hung_up(writer)


async def hung_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_good_way_passes_everything_on(way: Proxy) -> None:
    assert (await say(way, b"good morning"))[0] == b"good morning"


async def test_a_refused_line_is_closed_without_a_word(way: Proxy) -> None:
    way.refusing = True
    assert (await say(way, b"x"))[0] == b""
    way.heal()
    assert (await say(way, b"x"))[0] == b"x"


async def test_a_slow_way_is_slow(way: Proxy) -> None:
    way.delay = 0.2
    assert (await say(way, b"x"))[1] >= 0.4
    way.heal()
    way.rate = 100.0
    assert (await say(way, b"x" * 40))[1] >= 0.8


async def test_a_cut_line_ends_and_the_next_one_works(way: Proxy) -> None:
    assert isinstance(way.here, Path)
    reader, writer = await asyncio.open_unix_connection(way.here)
    writer.write(b"x")
    assert await reader.read(1) == b"x"
    assert way.cut() == 1
    with suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(1), 5) == b""
    await hung_up(writer)
    assert (await say(way, b"y"))[0] == b"y"


async def test_a_silent_way_says_nothing_and_loses_nothing(way: Proxy) -> None:
    way.fall_silent()
    waiting = asyncio.create_task(say(way, b"x"))
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    way.speak()
    assert (await waiting)[0] == b"x"


async def test_a_forgotten_line_stays_open_and_dead_and_the_next_one_works(way: Proxy) -> None:
    assert isinstance(way.here, Path)
    reader, writer = await asyncio.open_unix_connection(way.here)
    writer.write(b"x")
    assert await reader.read(1) == b"x"
    assert way.forget() == 1
    writer.write(b"x")
    assert (await say(way, b"y"))[0] == b"y"
    way.heal()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.3)
    await hung_up(writer)
    await eventually(lambda: not way.open)


async def test_a_way_beside_its_user_is_spoilt_and_made_good(way: Proxy, tmp_path: Path) -> None:
    assert isinstance(way.here, Path)
    with ways({"longer": (tmp_path / "longer", way.here)}) as found:
        longer = found["longer"]
        assert (await say(longer.proxy, b"x"))[0] == b"x"
        await eventually(lambda: not longer.proxy.open)
        longer.become(lambda proxy: setattr(proxy, "refusing", True))
        assert (await say(longer.proxy, b"x"))[0] == b""
        longer.become(Proxy.heal)
        assert (await say(longer.proxy, b"x"))[0] == b"x"


@pytest.mark.parametrize("fault", BAD)
async def test_a_fault_waits_until_it_meets_somebody(way: Proxy, fault: str) -> None:
    over, spoilt = asyncio.Event(), Way(way, asyncio.get_running_loop())
    striking = asyncio.create_task(spoil(spoilt, fault, 0.1, over))
    done, _ = await asyncio.wait([striking], timeout=0.3)
    assert not done, "nobody was there"
    assert isinstance(way.here, Path)
    _, writer = await asyncio.open_unix_connection(way.here)

    def speaks() -> bool:
        with suppress(ConnectionError):
            writer.write(b"x")
        return striking.done()

    await eventually(speaks)
    assert striking.result()
    await hung_up(writer)
    assert (await say(way, b"y"))[0] == b"y", "it is good again"


@pytest.mark.parametrize("fault", BAD)
async def test_a_fault_that_met_nobody_is_none(way: Proxy, fault: str) -> None:
    over = asyncio.Event()
    spoilt = Way(way, asyncio.get_running_loop())
    assert not await spoil(spoilt, fault, 60, over, waits=0.2)
    over.set()
    assert not await spoil(spoilt, fault, 60, over)
    assert (await say(way, b"y"))[0] == b"y", "it is good again"


async def test_a_proxy_that_does_not_end_well_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def stumbling(here: Place, there: Place) -> AsyncIterator[Proxy]:
        yield Proxy(here, there)
        raise OSError("it did not close")

    monkeypatch.setattr(proxies, "proxied", stumbling)
    before = set(threading.enumerate())
    with (
        pytest.raises(OSError, match="did not close"),
        ways({"one": (tmp_path / "here", tmp_path / "there")}),
    ):
        assert {each.daemon for each in set(threading.enumerate()) - before} == {True}
    assert set(threading.enumerate()) <= before


def test_everybody_is_told_the_ways_and_the_servers_listen_elsewhere(tmp_path: Path) -> None:
    straight = Instance(tmp_path / "state").choose(edition="platform", port=8700)
    between = Between(straight.state)
    before, told = (each.deployed("registry").told for each in (straight, between))
    assert (told.kafka, told.issuer) == (before.kafka, before.issuer)
    assert {name: here for name, (here, _) in between.places().items()} == {
        "PostgreSQL": Path(told.database_host) / ".s.PGSQL.5432",
        "Kafka": (HOST, straight.kafka.port),
        "Keycloak": (HOST, straight.keycloak.ports.main),
    }
    there = {name: there for name, (_, there) in between.places().items()}
    straight.authority.make()
    make_folder(between.kafka.home)
    settings = between.kafka._listeners()
    assert settings["advertised.listeners"].startswith(f"CLIENTS://{told.kafka},")
    assert there == {
        "PostgreSQL": Path(before.database_host) / ".s.PGSQL.5432",
        "Kafka": (HOST, int(settings["listeners"].partition(",")[0].rpartition(":")[2])),
        "Keycloak": (HOST, int(between.keycloak._settings()["https-port"])),
    }
    assert not set(there.values()) & {here for here, _ in between.places().values()}
