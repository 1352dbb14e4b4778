"""What an operator is told of feeds that stand still."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local import cli
from deploy.local.instance import Instance
from deploy.local.status import FeedStatus, ServiceStatus, status

told = importlib.import_module("deploy.local.status")
WHY = "registry のログが復元されています（世代 1 → 2）。"


def test_a_feed_that_stands_still_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After a restore a reader waits for a person: its position alone would look like one that is level."""
    stopped = {"copy": "roster", "publisher": "registry", "stopped_because": WHY, "looked_at": None}

    async def ask(_: Instance, name: str) -> tuple[ServiceStatus, list[dict[str, Any]]]:
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
