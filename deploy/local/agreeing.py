"""`tsumugi feed verify` and `republish`: whether the broker has what the logs have, and sending it again."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import httpx
import typer
from rich.console import Console

from deploy.deployment import Deployment
from deploy.kafka.plan import FEEDS_FROM
from deploy.local.admin import feed_units
from deploy.local.serve import senders
from deploy.local.state import LocalError
from deploy.topology import topology
from deploy.transport import way_to_broker

if TYPE_CHECKING:
    from shared.events.kafka_verify import Compared

_SHOWN = 5
_LANES = {1: "いまの状態", 2: "できごと"}
Publisher = Annotated[str, typer.Argument(help="発行するサービス（registry など）")]


async def compared(deployment: Deployment, service: str) -> list[Compared]:
    """The topics of a service, log and broker held together."""
    from shared.events.kafka_verify import compare  # the broker's client is loaded only where it is used

    async with (
        httpx.AsyncClient() as http,
        feed_units(deployment, service) as units,
        units.maintain() as session,
    ):
        access = way_to_broker(deployment.settings(service), deployment.broker, http)
        if service == FEEDS_FROM:
            # What departments may have of it, one partition each; nothing else of its log lies on the broker.
            module = importlib.import_module(topology().services[service].application)
            topics = dict.fromkeys(await module.topics_due(session, deployment.clock.today()), 1)
        else:
            mine = topology().topics.items()
            topics = {name: topic.partitions for name, topic in mine if name.split(".", 1)[0] == service}
        return await compare(session, access, topics)


def line(one: Compared) -> str:
    """One topic for the operator."""
    ends = "、".join(str(end) for end in one.ends) or "―"
    told = (
        f"{one.topic}（{_LANES[one.lane]}）: ログ {one.in_log} 件、Kafka {one.on_broker} 件、"
        f"位置 {one.reached} まで、区画の終わり {ends}"
    )
    if one.agree:
        return f"○ {told}"
    wrong = [] if one.exists else ["トピックがありません"]
    wrong += [
        f"{word} {len(places)} 件（位置 {', '.join(map(str, places[:_SHOWN]))}{' …' if len(places) > _SHOWN else ''}）"
        for word, places in (("Kafka にない", one.lacking), ("Kafka にだけある", one.surplus))
        if places
    ]
    if one.unsent:
        wrong.insert(
            0, f"まだ送っている途中です（{one.in_log + one.unsent} 件のうち {one.in_log} 件を送りました）"
        )
    return f"× {told}\n    {'、'.join(wrong)}"


def add_commands(feed_app: typer.Typer, deployment: Callable[[], Deployment], console: Console) -> None:
    """Add ``feed verify`` and ``feed republish``."""

    def on_broker(service: str | None) -> Deployment:
        if service is not None and service not in senders():
            raise LocalError(f"{service} は発行しません。{'、'.join(senders())} のどれかです。")
        found = deployment()
        if not found.has_broker:
            raise LocalError(
                "この配備の配送は log です。ログそのものが読まれるので、比べるものがありません。"
            )
        return found

    @feed_app.command()
    def verify(
        service: Annotated[str | None, typer.Argument(help="発行するサービス（なければ全部）")] = None,
    ) -> None:
        """ログと Kafka を記録ごとに比べ、足りないものを示します。違うか、送っている途中なら終了コード 1。"""
        found = on_broker(service)
        agree, sending, wrong = True, False, False
        for name in [service] if service else senders():
            for one in asyncio.run(compared(found, name)):
                console.print(line(one), soft_wrap=True, markup=False)
                agree = agree and one.agree
                sending = sending or one.unsent > 0
                wrong = wrong or one.wrong or not (one.exists or one.unsent)
        if sending:
            console.print("まだ全部は送れていません。少し待って、もう一度比べてください。", soft_wrap=True)
        if wrong:
            console.print("`tsumugi feed republish SERVICE` で、ログから送り直せます。")
        if not agree:
            raise typer.Exit(1)
        console.print("ログと Kafka は同じです。")

    @feed_app.command()
    def republish(service: Publisher) -> None:
        """ログの全部を Kafka へ送り直します。読み手は同じ記録を二度あつかいません。"""
        found = on_broker(service)
        asyncio.run(_ask(found, service))
        console.print(
            f"{service} の送り直しを頼みました。30秒以内に始まります。進みは画面「配信の状態」に出ます"
            "（1台の機械では `tsumugi status` にも）。",
            soft_wrap=True,
        )


async def _ask(deployment: Deployment, service: str) -> None:
    from shared.events.kafka_verify import ask_again  # the broker's client is loaded only where it is used

    async with feed_units(deployment, service) as units, units.maintain() as session:
        await ask_again(session)
