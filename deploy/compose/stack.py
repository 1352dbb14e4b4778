"""`make stack ENGINE=compose`: the platform in containers, with the town that is made up; and how it is.

All that an engine does by itself stands in docker-compose.yml. Here is what is for trying alone: a training date, and
the town.
"""

from __future__ import annotations

import os
import subprocess
import time
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.example import training_day
from deploy.local.state import ROOT, LocalError
from shared.dates import SystemClock

TRAINING_DATE = "TSUMUGI_TRAINING_DATE"
ORIGIN = "https://tsumugi.localhost:8443"
Command = list[str]
Profile = Annotated[str, typer.Option(help="small: サービスと、その下の3つ / full: 見るための3つも")]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="プラットフォーム版をコンテナーで")
console = Console(highlight=False)


def compose(profile: str, *words: str) -> Command:
    """Compose's command line."""
    return ["docker", "compose", "--profile", profile, *words]


def starting(profile: str, pupils: int | None) -> list[Command]:
    """What starts everything, and imports the town if nothing was imported yet."""
    town = "tsumugi town write /tmp/town" + (f" --pupils {pupils}" if pupils else "")
    once = f"tsumugi import runs --json | grep -q '\"number\"' || {{ {town} && tsumugi import oneroster /tmp/town; }}"
    return [
        compose(profile, "up", "--build", "--detach", "--wait"),
        compose(profile, "run", "--rm", "--no-deps", "--entrypoint", "sh", "migrate", "-c", once),
    ]


def showing(profile: str) -> list[Command]:
    """What tells how each container is, and what it takes."""
    return [
        compose(profile, "ps", "--all", "--format", "table {{.Service}}\t{{.Status}}\t{{.Ports}}"),
        compose(profile, "stats", "--no-stream", "--format", "table {{.Name}}\t{{.MemUsage}}\t{{.CPUPerc}}"),
    ]


@app.command()
def up(
    profile: Profile = "full",
    on: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="れんしゅうの日付（既定: 最近の授業日）"),
    ] = None,
    pupils: Annotated[int | None, typer.Option(help="はじめてのとき: 子どもの数")] = None,
) -> None:
    """すべてを始め、つくりものの町を取り込みます。"""
    day = on.date() if on else training_day(SystemClock().today())
    began = time.monotonic()
    for command in starting(profile, pupils):
        _run(command, **{TRAINING_DATE: day.isoformat()})
    console.print(f"\n[bold]{ORIGIN}[/bold]  （{time.monotonic() - began:.0f} 秒）")
    console.print(f"れんしゅう用です（日付 {day}）。本当の記録は入れないでください。")
    console.print(
        "サインインの名前とパスワード: docker compose exec identity tsumugi account demo", soft_wrap=True
    )
    status(profile)


@app.command()
def status(profile: Profile = "full") -> None:
    """コンテナーの準備と、メモリ。"""
    for command in showing(profile):
        _run(command)


@app.command()
def down(profile: Profile = "full") -> None:
    """すべてを止めます。データは残ります。"""
    _run(compose(profile, "down"))


def _run(command: Command, **told: str) -> None:
    try:
        subprocess.run(command, cwd=ROOT, env={**os.environ, **told}, check=True)
    except FileNotFoundError:
        raise LocalError("docker がありません。Docker Engine と Compose v2 を入れてください。") from None
    except subprocess.CalledProcessError as error:
        raise LocalError(f"終了コード {error.returncode}: {' '.join(command)}") from None


def main() -> None:
    """Run the command line; what went wrong is said in a sentence."""
    try:
        app()
    except LocalError as error:
        Console(stderr=True, highlight=False).print(str(error), style="red", soft_wrap=True, markup=False)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
