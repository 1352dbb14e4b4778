"""`tsumugi kafka …`: topics and rights of the broker are brought to what the topology says, or held against it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import certifi
import httpx
import typer
from rich.console import Console

from deploy.deployment import Deployment
from deploy.kafka.marks import Marks
from deploy.local.kafka_security import ADMIN, AUDIENCE
from deploy.local.state import LocalError
from deploy.topology import topology
from shared.access.own_token import NoToken, OwnToken
from shared.events.feed import Stopped
from shared.telemetry.outlets import BadWish, Outlets

if TYPE_CHECKING:
    from deploy.kafka.plan import Drift
    from deploy.kafka.reconcile import Reconciler

T = TypeVar("T")
Replicas = Annotated[
    int,
    typer.Option(
        "--replication",
        envvar="TSUMUGI_KAFKA_REPLICATION",
        show_envvar=False,
        min=1,
        help="トピックの複製の数（ブローカーの台数まで）",
    ),
]


def reconciler(deployment: Deployment, *, replication: int = 1) -> Reconciler:
    """The reconciler of a deployment's broker. Raises LocalError where the broker has no access control."""
    # The broker's clients are loaded only where they are used.
    from deploy.kafka.broker import Broker
    from deploy.kafka.reconcile import Reconciler
    from shared.events.kafka_access import KafkaAccess

    if not deployment.secured_broker:
        raise LocalError(
            "この配備の Kafka には、許可の仕組みがありません（プラットフォーム版だけにあります）。"
        )
    secret = deployment.secret(f"client-{ADMIN}")
    token_url = deployment.token_url

    async def ask() -> str:
        async with httpx.AsyncClient() as http:
            return await OwnToken(http, token_url, ADMIN, secret, AUDIENCE)()

    def token() -> str:
        return asyncio.run(ask())  # librdkafka asks from a thread of its own

    authorities = Path(os.environ.get("SSL_CERT_FILE") or certifi.where())
    broker = Broker(deployment.broker, token, authorities)  # it may fail: nothing is open yet
    own = OwnToken(httpx.AsyncClient(), token_url, ADMIN, secret, AUDIENCE)
    return Reconciler(
        topology(),
        KafkaAccess.secured(deployment.broker, own),
        broker,
        deployment.clock,
        replication,
    )


def add_commands(app: typer.Typer, deployment: Callable[[], Deployment], console: Console) -> None:
    """Put `kafka` on the command line."""
    kafka_app = typer.Typer(no_args_is_help=True, help="Kafka のトピックと許可（プラットフォーム版）")
    app.add_typer(kafka_app, name="kafka")

    def show(found: Drift) -> None:
        for line in found.lines():
            console.print(f"  {line}", soft_wrap=True, markup=False)

    @kafka_app.command()
    def apply(replication: Replicas = 1) -> None:
        """トピックと許可を定めた形にします。何度でも実行できます。トピックは消しません。"""
        found = _run(lambda: reconciler(deployment(), replication=replication).apply())
        show(found)
        console.print("Kafka を定めた形にしました。" if found else "Kafka は定めた形です。")

    @kafka_app.command()
    def drift(replication: Replicas = 1) -> None:
        """定めた形とちがうところを示します。ちがえば終了コード 1。"""
        _, found = _run(lambda: reconciler(deployment(), replication=replication).look())
        show(found)
        if found:
            console.print("`tsumugi kafka apply` で直せます。消すものと区画の数は、人が決めます。")
            raise typer.Exit(1)
        console.print("Kafka は定めた形です。")

    @kafka_app.command()
    def keep(replication: Replicas = 1) -> None:
        """定めた形に保ちつづけます。部署への配信が許されたり終わったりすると、その許可もすぐに変わります。"""
        instance = deployment()
        try:
            outlets = Outlets.of(os.environ).open("kafka-keep")
        except BadWish as error:
            raise LocalError(str(error)) from error
        marks = Marks(instance.state)

        async def work() -> None:
            keeping = asyncio.ensure_future(
                reconciler(instance, replication=replication).keep(show, marks.looked)
            )
            # The first process of a container is ended by no signal that it does not attend to.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, keeping.cancel)
            with suppress(asyncio.CancelledError):
                await keeping

        with outlets:
            _run(work)


def _run(work: Callable[[], Awaitable[T]]) -> T:
    async def run() -> T:
        return await work()

    try:
        return asyncio.run(run())
    except (Stopped, NoToken) as error:
        raise LocalError(str(error)) from error
