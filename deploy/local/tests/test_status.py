"""What an operator is told of feeds that stand still."""

from __future__ import annotations

import importlib
import ssl
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from deploy.kafka.marks import KeeperStatus
from deploy.local import cli
from deploy.local.instance import Instance
from deploy.local.shown import show
from deploy.local.status import FeedStatus, ServiceStatus, Status, status

told = importlib.import_module("deploy.local.status")
WHY = "registry のログが復元されています（世代 1 → 2）。"


async def test_a_relay_and_the_age_of_a_copy_are_told_as_they_are_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = {"publisher": "registry", "reached": 5, "head": 7, "stopped_because": None, "looked_at": None}
    relay = {**place, "copy": "relay", "active": True, "unsent_seconds": 41.2}

    async def ask(
        _: Instance, name: str, _trusted: ssl.SSLContext
    ) -> tuple[ServiceStatus, list[dict[str, Any]]]:
        told = {
            "dashboard": [{**place, "copy": "roster", "age_seconds": 3.4}],
            "registry": [relay],
        }
        return ServiceStatus(name, "http://localhost", True, "1"), told.get(name, [])

    async def feeds(_: Instance) -> list[FeedStatus]:
        return [FeedStatus("dashboard", "roster", "registry", 5, 7, 2, 0)]

    monkeypatch.setattr(told, "_ask", ask)
    monkeypatch.setattr(told, "feeds", feeds)
    monkeypatch.setattr(told, "memory", lambda _: {})
    instance = Instance(tmp_path)
    vars(instance)["postgres"] = SimpleNamespace(ready=lambda: True)
    now = await status(instance)
    assert [feed.age_seconds for feed in now.feeds] == [3.4]
    assert [(one.service, one.unsent_seconds) for one in now.relays] == [("registry", 41.2)]
    assert now.reconcilers == []


def test_a_feed_that_stands_still_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After a restore a reader waits for a person: its position alone would look like one that is level."""
    stopped = {"copy": "roster", "publisher": "registry", "stopped_because": WHY, "looked_at": None}

    async def ask(
        _: Instance, name: str, _trusted: ssl.SSLContext
    ) -> tuple[ServiceStatus, list[dict[str, Any]]]:
        return ServiceStatus(name, "http://localhost", True, "1"), [stopped] if name == "dashboard" else []

    async def feeds(_: Instance) -> list[FeedStatus]:
        return [FeedStatus(name, "roster", "registry", 7, 7, 0, 0) for name in ("dashboard", "identity")]

    monkeypatch.setattr(told, "_ask", ask)
    monkeypatch.setattr(told, "feeds", feeds)
    monkeypatch.setattr(told, "memory", lambda _: {})
    monkeypatch.setenv("TSUMUGI_STATE", str(tmp_path))

    async def now(_: Instance) -> Any:
        instance = Instance(tmp_path)
        vars(instance)["postgres"] = SimpleNamespace(ready=lambda: True)
        return await status(instance)

    monkeypatch.setattr(cli, "status", now)
    said = CliRunner().invoke(cli.app, ["status"], catch_exceptions=False).stdout.replace("\n", "")
    assert said.count(f"止まっています: dashboard/roster（registry）: {WHY}") == 1
    assert said.count("止まっています: ") == 1


def test_the_keeper_of_the_brokers_rights_says_when_it_held_them_and_what_is_in_its_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = Status("https://localhost", "kafka", None, "platform")
    now.keeper = KeeperStatus("2026-11-20T03:00:00+00:00", "Kafka が答えません。")
    show(Console(width=200), now)
    said = capsys.readouterr().out
    assert "Kafka のトピックと許可: 2026-11-20 12:00:00 に、定めた形でした" in said
    assert "止まっています: Kafka の許可: Kafka が答えません。" in said
    now.keeper = KeeperStatus(None, None)
    show(Console(width=200), now)
    said = capsys.readouterr().out
    assert "Kafka のトピックと許可: まだ見ていません" in said
    assert "止まっています" not in said
