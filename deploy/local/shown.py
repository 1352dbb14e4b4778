"""`tsumugi status` for people."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.table import Table

from deploy.local.status import Status
from shared.dates import TOKYO


def show(console: Console, now: Status) -> None:
    """Print it."""
    console.print(f"{now.origin}  配送 {now.transport}  れんしゅうの日付 {now.training_date or 'なし'}")
    table = Table("サービス", "住所", "準備", "版", box=None)
    for service in now.services:
        table.add_row(
            service.name, service.url, "できています" if service.ready else "まだ", service.version or "―"
        )
    console.print(table)
    feeds = Table("写し・反応", "もと", "位置", "先頭", "遅れ", "待ち", "古さ（秒）", box=None)
    for feed in now.feeds:
        feeds.add_row(
            f"{feed.service}/{feed.copy}",
            feed.publisher,
            *map(str, (feed.reached, feed.head, feed.lag, feed.parked)),
            "―" if feed.age_seconds is None else f"{feed.age_seconds:.0f}",
        )
    console.print(feeds)
    for feed in now.feeds:
        _stopped(console, f"{feed.service}/{feed.copy}（{feed.publisher}）", feed.stopped_because)
    if now.relays:
        relays = Table("Kafka へ送るもの", "位置", "先頭", "送っていない最も古いもの（秒）", box=None)
        for relay in now.relays:
            unsent = "―" if relay.unsent_seconds is None else f"{relay.unsent_seconds:.0f}"
            relays.add_row(relay.service, str(relay.reached), str(relay.head or "―"), unsent)
        console.print(relays)
        for relay in now.relays:
            _stopped(console, f"{relay.service} から Kafka へ", relay.stopped_because)
    if now.keeper:
        held = (
            f"{_moment(now.keeper.kept_at)} に、定めた形でした" if now.keeper.kept_at else "まだ見ていません"
        )
        console.print(f"Kafka のトピックと許可: {held}")
        _stopped(console, "Kafka の許可", now.keeper.stopped_because)
    if now.reconcilers:
        reconcilers = Table("照合", "照合した時刻", "止まっているわけ", box=None)
        for one in now.reconcilers:
            reconcilers.add_row(
                f"{one.service}/{one.name}", _moment(one.looked_at), one.stopped_because or "―"
            )
        console.print(reconcilers)
    console.print("メモリ MiB: " + "、".join(f"{name} {mib}" for name, mib in now.memory_mib.items()))


def _stopped(console: Console, who: str, why: str | None) -> None:
    if why:
        console.print(f"止まっています: {who}: {why}", soft_wrap=True, markup=False)


def _moment(told: str | None) -> str:
    return f"{datetime.fromisoformat(told).astimezone(TOKYO):%Y-%m-%d %H:%M:%S}" if told else "まだ"
