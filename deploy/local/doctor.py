"""`make doctor`: what this machine lacks, and how to mend each. Starts and ends nothing. Speaks Japanese."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psutil
from rich.console import Console

from deploy.local import browser, faults, java, kafka, postgres, schema, temporary, web
from deploy.local.instance import Instance
from deploy.local.state import LocalError, cache_dir
from deploy.local.status import services_pid
from deploy.topology import topology

GIB = 2**30
DISK_GIB = 3
MEMORY_GIB = 1
SIGNS = {"well": "[green]✓[/]", "note": "[yellow]•[/]", "ill": "[red]✗[/]"}


@dataclass(frozen=True)
class Finding:
    """`ill` stops something from working; `note` is good to know. `mend` says what to do."""

    part: str
    state: Literal["well", "note", "ill"]
    text: str
    mend: str = ""


def ill(part: str, error: LocalError | OSError) -> Finding:
    """What stopped us from looking, as a finding."""
    words = faults.told(error) if isinstance(error, OSError) else str(error)
    text, _, mend = (words or str(error)).partition("\n")
    return Finding(part, "ill", text, mend)


def deployment() -> tuple[Instance | None, list[Finding]]:
    """The deployment to look at, as far as it can be had, and what is wrong with its folder, port or choices."""
    try:
        return Instance(), []
    except (LocalError, OSError) as error:
        finding = ill("置き場と設定", error)
    try:
        return Instance.to_end(), [finding]
    except (LocalError, OSError):
        return None, [finding]


def machine(instance: Instance | None) -> Iterator[Finding]:
    """Python, disk, memory, time zones."""
    yield Finding("Python", "well", f"{sys.version.split()[0]}（{sys.prefix}）")
    folders = [] if instance is None else [("データ", instance.state)]
    try:
        folders.append(("ダウンロード", cache_dir()))
    except OSError as error:
        yield ill("ディスク", error)
    for what, folder in folders:
        free = shutil.disk_usage(folder).free / GIB
        state: Literal["well", "ill"] = "well" if free >= DISK_GIB else "ill"
        yield Finding(
            "ディスク",
            state,
            f"{what}の {folder} に {free:.1f} GiB の空きがあります",
            f"{DISK_GIB} GiB 空けてください",
        )
    free = psutil.virtual_memory().available / GIB
    yield Finding(
        "メモリ",
        "well" if free >= MEMORY_GIB else "note",
        f"{free:.1f} GiB 使えます",
        "ほかのプログラムを終わらせてください",
    )
    try:
        yield Finding("時刻", "well", f"{ZoneInfo('Asia/Tokyo').key} が分かります")
    except ZoneInfoNotFoundError:
        yield Finding("時刻", "ill", "時間帯のデータがありません", "`make up` で入れ直してください（tzdata）")


def programs(instance: Instance) -> Iterator[Finding]:
    """Every program that comes from a package runs on this machine."""
    try:
        binaries = instance.postgres.binaries()
        yield runs("PostgreSQL", str(binaries / "postgres"), "--version")
    except (LocalError, OSError) as error:
        yield ill("PostgreSQL", error)
    yield runs("Java", str(java.JAVA), "--version")
    try:
        missing = java.missing(kafka.LOCK)
        text = f"まだダウンロードしていない jar が {len(missing)} 個" if missing else "jar はすべてあります"
        state: Literal["well", "note"] = "note" if missing else "well"
        yield Finding("Kafka", state, text, "`make up TRANSPORT=kafka` でダウンロードします")
    except OSError as error:
        yield ill("Kafka", error)
    yield runs("Node", str(web.NODE / "bin" / "node"), "--version")
    chromium = browser.find()
    if chromium is None:
        yield Finding("Chromium", "note", "ありません。画面のテストはとばします", browser.MISSING)
    else:
        yield Finding("Chromium", "well", str(chromium))


def runs(part: str, *command: str) -> Finding:
    mend = "システムがパッケージには古いか、表示にあるライブラリーがありません。"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(part, "ill", f"{command[0]} が動きません: {error}", mend)
    said = (done.stdout or done.stderr).strip().partition("\n")[0]
    return Finding(part, "well" if done.returncode == 0 else "ill", said, mend)


def web_lock(lock: str | None = None) -> Iterator[Finding]:
    """Packages whose platform parts the lock lacks.

    A registry that does not serve all of them leads npm to write a lock that `npm ci` then refuses in an empty folder.
    """
    packages = json.loads(lock or web.LOCK.read_text(encoding="utf-8"))["packages"]
    lacking = [
        f"{place.rpartition('node_modules/')[2]} {package['version']} ({', '.join(parts)})"
        for place, package in packages.items()
        if (
            parts := [
                part for part, wanted in exact(package).items() if not served(packages, place, part, wanted)
            ]
        )
    ]
    if lacking:
        yield Finding(
            "画面",
            "ill",
            f"ロックに機種別の部品がありません: {'; '.join(lacking)}",
            web.PLATFORM_PACKAGES,
        )
    else:
        yield Finding("画面", "well", f"ロックはそろっています（{len(packages)} パッケージ）")


def exact(package: dict[str, dict[str, str]]) -> dict[str, str]:
    """The optional parts that belong to exactly one version, as platform packages do."""
    return {
        name: wanted
        for name, wanted in package.get("optionalDependencies", {}).items()
        if wanted[:1].isdigit()
    }


def served(packages: dict[str, dict[str, str]], place: str, part: str, wanted: str) -> bool:
    """Whether the lock holds `part` in that version where Node looks for it from `place`."""
    folders = [place]
    while folders[-1]:
        folders.append(folders[-1].rpartition("node_modules/")[0].rstrip("/"))
    found = (packages.get(f"{folder}/node_modules/{part}".lstrip("/")) for folder in folders)
    return next((entry["version"] for entry in found if entry), None) == wanted


def ports(instance: Instance) -> Iterator[Finding]:
    """Every port is free or ours."""
    ours = {
        process.pid
        for mark in (services_pid(instance), instance.kafka.pid_file)
        if (process := mark.process()) is not None
    }
    wanted = {name: instance.port(name) for name in topology().services}
    wanted |= {"kafka": instance.kafka.port, "kafka (controller)": instance.kafka.controller_port}
    for name, port in wanted.items():
        if not kafka.takes_connections(port):
            yield Finding("ポート", "well", f"{port}（{name}）は空いています")
        elif (holder := listener(port)) and holder.pid in ours:
            yield Finding("ポート", "well", f"{port}（{name}）は紬が使っています")
        else:
            who = f"{holder.name()}（プロセス {holder.pid}）" if holder else "ほかの人のプログラム"
            yield Finding(
                "ポート",
                "ill",
                f"{port}（{name}）は {who} が使っています",
                "それを止めるか、TSUMUGI_PORT を変えてください",
            )


def listener(port: int) -> psutil.Process | None:
    """The process that listens on this port, where the system lets us see it."""
    try:
        found = [
            each.pid
            for each in psutil.net_connections("tcp")
            if each.status == psutil.CONN_LISTEN and getattr(each.laddr, "port", None) == port and each.pid
        ]
        return psutil.Process(found[0]) if found else None
    except psutil.Error:
        return None


def servers(instance: Instance) -> Iterator[Finding]:
    """What runs, and what was left running."""
    marks = {
        "サービス": services_pid(instance),
        "PostgreSQL": instance.postgres.pid_file,
        "Kafka": instance.kafka.pid_file,
    }
    running = [name for name, mark in marks.items() if mark.process() is not None]
    dead = [mark.path for name, mark in marks.items() if mark.path.exists() and name not in running]
    if running and "サービス" not in running:
        left = "、".join(running)
        yield Finding(
            "動いているもの",
            "note",
            f"{left} だけが動いています（始まりかけて止まりました）",
            f"`{instance.commands.begin}` か `{instance.commands.stop}` をしてください",
        )
    else:
        yield Finding("動いているもの", "well", "、".join(running) or "何も動いていません")
    for path in dead:
        yield Finding(
            "残りもの",
            "note",
            f"{path} は急に止まったあとの残りです",
            "そのままで構いません（次に始めるときに置きかわります）",
        )
    made_by = instance.postgres.data / "PG_VERSION"
    if made_by.exists() and (version := made_by.read_text().strip()) != str(postgres.MAJOR):
        yield Finding(
            "データ",
            "ill",
            f"PostgreSQL {version} のものです",
            f"`{instance.commands.delete}` で消してください（データはなくなります）",
        )
    try:
        schema.refuse_other(instance)
    except LocalError as error:
        yield Finding("データ", "ill", *str(error).split("\n"))
    for home in temporary.abandoned():
        yield Finding("残りもの", "note", f"{home} は打ち切ったテストの残りです", "次のテストが片づけます")


def main() -> int:
    """Print every finding; exit status 1 when something is ill."""
    console = Console(highlight=False)
    sick = False
    for finding in examine():
        sick |= finding.state == "ill"
        console.print(f"{SIGNS[finding.state]} {finding.part}: {finding.text}", soft_wrap=True)
        if finding.state != "well" and finding.mend:
            console.print(f"    → {finding.mend}", soft_wrap=True)
    console.print("[red]先に直すところがあります。[/]" if sick else "[green]要るものはそろっています。[/]")
    return 1 if sick else 0


def examine() -> Iterator[Finding]:
    """Everything that can be looked at; without a folder of ours that is the machine and the lock alone."""
    instance, findings = deployment()
    yield from findings
    yield from machine(instance)
    yield from web_lock()
    if instance is not None:
        for part in (programs, ports, servers):
            yield from part(instance)


if __name__ == "__main__":
    sys.exit(main())
