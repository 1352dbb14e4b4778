"""A department's program: nothing lost, nothing asked twice, and words when it may not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from services.dashboard.cli import Deployment, add_commands, print_items
from services.dashboard.feeds import consumer
from services.dashboard.feeds.consumer import Away, Consumer, Refused, department_token
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import Town
from shared.dates import in_words
from tests.support.waiting import eventually


@asynccontextmanager
async def following(origin: Origin, after: int | None = None) -> AsyncIterator[list[dict[str, Any]]]:
    """What a consumer has received so far."""
    received: list[dict[str, Any]] = []
    async with httpx.AsyncClient(base_url=origin.url) as http:

        async def token() -> str:
            return await department_token(http, origin.issuer.url, "kitchen", "the kitchen's secret")

        async def follow() -> None:
            async for items in Consumer(http, "lunch-count", token, wait=5).batches(after):
                received.extend(items)

        task = asyncio.create_task(follow())
        try:
            yield received
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def children(origin: Origin, town: Town) -> list[Any]:
    """A class that eats."""
    origin.issuer.who = {"board": str(town.board)}
    school = await town.school()
    made = await town.children(await town.klass(school), school, 5)
    await origin.caught_up()
    await town.grant()
    await origin.caught_up()
    return made


async def confirmed(origin: Origin) -> int:
    connection = await origin.database.server.connect(origin.database.name)
    try:
        return int(await connection.fetchval("select coalesce(max(position), 0) from feed_ack"))
    finally:
        await connection.close()


async def test_it_goes_on_where_it_stopped(origin: Origin, town: Town, children: list[Any]) -> None:
    async with following(origin) as received:
        await eventually(lambda: received and received[-1]["value"]["members"] == 5)
        first = received[-1]

        async def proved() -> bool:
            return bool(await confirmed(origin) == first["position"])

        await eventually(proved)
    await town.mark(children[0], "absent_sick")
    async with following(origin) as received:
        await eventually(lambda: received)
        assert [item["value"]["absent"] for item in received] == [1]
    async with following(origin, after=0) as received:
        await eventually(lambda: received)
        assert received[0]["value"]["absent"] == 1
        assert len(received) == 1


async def test_a_token_that_runs_out_is_replaced(origin: Origin, town: Town, children: list[Any]) -> None:
    async with following(origin) as received:
        await eventually(lambda: received)
        # The dashboard refuses every token there is; the next one is good.
        verify = origin.app.state.service.verifier.verify
        refused: set[str] = set()

        async def strict(token: str) -> Any:
            if not refused or token in refused:
                refused.add(token)
                return await verify("x." + token)
            return await verify(token)

        origin.app.state.service.verifier.verify = strict
        origin.issuer.life = 299
        await town.mark(children[0], "late")
        await town.mark(children[1], "absent_sick")
        await eventually(lambda: received[-1]["value"]["absent"] == 1, within=20)
    assert origin.issuer.asked["client_credentials"] >= 2


async def test_it_outlives_a_dashboard_that_is_away(
    origin: Origin, town: Town, children: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "RETRY_SECONDS", 0.02)
    async with httpx.AsyncClient(base_url=origin.url) as http:
        real, failures = http.request, 3

        async def flaky(method: str, path: str, **more: Any) -> httpx.Response:
            nonlocal failures
            if failures:
                failures -= 1
                raise httpx.ConnectError("away")
            return await real(method, path, **more)

        http.request = flaky  # type: ignore[method-assign, assignment]

        async def token() -> str:
            return await department_token(http, origin.issuer.url, "kitchen", "the kitchen's secret")

        async for items in Consumer(http, "lunch-count", token, wait=5).batches():
            assert items
            break
    assert failures == 0


async def test_refusals_end_it_in_words(origin: Origin, town: Town, children: list[Any]) -> None:
    async with httpx.AsyncClient(base_url=origin.url) as http:
        with pytest.raises(Refused, match="kitchen"):
            await department_token(http, origin.issuer.url, "kitchen", "wrong")
        with pytest.raises(Away):
            await department_token(http, "http://localhost:1", "kitchen", "x")

        async def token() -> str:
            return await department_token(http, origin.issuer.url, "kitchen", "the kitchen's secret")

        with pytest.raises(Refused, match="見られません"):
            await Consumer(http, "another", token).receive(None)


async def test_the_command_prints_one_line_an_item(
    origin: Origin, town: Town, children: list[Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    deployment = Deployment(origin.url, origin.issuer.url, "kitchen", lambda client: tmp_path / client)
    task = asyncio.create_task(
        print_items(deployment, "kitchen", "the kitchen's secret", "lunch-count", None)
    )
    lines: list[str] = []

    def printed() -> bool:
        lines.extend(capsys.readouterr().out.splitlines())
        return bool(lines)

    await eventually(printed)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [orjson.loads(line)["value"]["members"] for line in lines] == [5]


async def test_on_a_terminal_it_says_of_which_day_the_lines_are(
    origin: Origin,
    town: Town,
    children: list[Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    deployment = Deployment(origin.url, origin.issuer.url, "kitchen", lambda client: tmp_path / client)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    task = asyncio.create_task(
        print_items(deployment, "kitchen", "the kitchen's secret", "lunch-count", None)
    )
    lines: list[str] = []

    def printed() -> bool:
        lines.extend(capsys.readouterr().out.splitlines())
        return any(line.startswith("{") for line in lines)

    await eventually(printed)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    said, item = lines
    assert said == f"── {in_words(date.fromisoformat(orjson.loads(item)['on']))}の分 ──"


def test_a_missing_secret_is_told(tmp_path: Path) -> None:
    app = typer.Typer()
    console = Console(width=200)
    add_commands(app, lambda: Deployment("http://x", "http://y", "kitchen", lambda c: tmp_path / c), console)

    @app.command()
    def other() -> None:
        """So that `lunch` stays a word of its own."""

    result = CliRunner().invoke(app, ["lunch", "follow"])
    assert result.exit_code == 1
    assert "kitchen の秘密が" in result.output
