"""`tsumugi`: the operator's and the developer's command line."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy import catalogue
from deploy.deployment import Deployment
from deploy.kafka.commands import add_commands as kafka_commands
from deploy.keycloak.commands import add_commands as realm_commands
from deploy.local import admin, epochs, faults, lifecycle, schema
from deploy.local.agreeing import add_commands as agreeing_commands
from deploy.local.audit import add_commands as audit_commands
from deploy.local.backup import owing
from deploy.local.example import KITCHEN_CLIENT, PEOPLE, department_secret, only_board, training_day
from deploy.local.here import begun, here, local, of_this_machine
from deploy.local.instance import STACK, TOWN, Instance, Transport
from deploy.local.keeping import add_commands as keeping_commands
from deploy.local.manual import speak_japanese
from deploy.local.parked import add_commands as parked_commands
from deploy.local.prepare import prepare_databases
from deploy.local.serve import run as run_services
from deploy.local.serve import senders
from deploy.local.shown import show
from deploy.local.state import ROOT, LocalError
from deploy.local.status import Status, feeds, services_pid, status
from deploy.platform.deployed import Deployed
from deploy.platform.settings import chosen
from deploy.topology import topology
from deploy.town import city
from deploy.town.cli import add_commands as town_commands
from deploy.town.generate import PUPILS
from services.dashboard.alert_rules.commands import add_commands as alert_commands
from services.dashboard.cli import Deployment as DashboardDeployment
from services.dashboard.cli import add_commands as dashboard_commands
from services.dashboard.cli import add_session_commands as session_commands
from services.identity.cli import add_commands as identity_commands
from services.identity.commands import Deployment as IdentityDeployment
from services.messaging.channels.settings import Settings as ChannelSettings
from services.messaging.cli import add_commands as messaging_commands
from services.registry.cli import add_commands as registry_commands
from services.registry.import_commands import Bulk
from shared.events.feed import Stopped
from shared.events.rebuild import Progress
from shared.service import Edition

speak_japanese()
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="紬（つむぎ）: 統合型校務支援システム",
)
Service = Annotated[str, typer.Argument(help="サービス（registry、identity、dashboard）")]
Copied = Annotated[str, typer.Argument(help="写しの名前（画面「配信の状態」が示す roster など）")]
State = Annotated[Path | None, typer.Option(help="状態のフォルダー（既定: TSUMUGI_STATE か .tsumugi）")]

ELSEWHERE = (
    "\n配送の遅れと止まっているわけは、画面「配信の状態」と Grafana に、"
    "動いているかどうかは `docker compose ps`、`kubectl get pods` に出ます。"
)

copy_app = typer.Typer(no_args_is_help=True, help="ほかのサービスの事実の写し")
feed_app = typer.Typer(no_args_is_help=True, help="サービスのあいだの配送")
console = Console(highlight=False)
parked_commands(app, console)
audit_commands(app, console)
kafka_commands(app, begun, console)
app.add_typer(copy_app, name="copy")
app.add_typer(feed_app, name="feed")


def _identity(instance: Deployment) -> IdentityDeployment:
    return IdentityDeployment(
        instance.settings("identity"),
        instance.clock,
        lambda client: department_secret(instance, client),
        lambda client: instance.secret(f"client-{client}"),
        faults.remedy(),
    )


def _dashboard(instance: Deployment) -> DashboardDeployment:
    return DashboardDeployment(
        instance.origin,
        instance.settings("dashboard").issuer,
        KITCHEN_CLIENT,
        lambda client: department_secret(instance, client),
    )


async def _behind() -> int:
    """By how many records the slowest reader of registry's log is behind; 0 while nobody reads."""
    deployment = here()
    if isinstance(deployment, Instance) and services_pid(deployment).process() is None:
        return 0
    return max(feed.lag for feed in await feeds(deployment) if feed.publisher == "registry")


@app.command()
def up(
    transport: Annotated[
        Transport | None,
        typer.Option(help="配送。log: データベースから直接 / kafka: Apache Kafka（既定: 前と同じ）"),
    ] = None,
    edition: Annotated[
        Edition | None,
        typer.Option(
            help="embedded: 1つのプロセスで / platform: Kafka と Keycloak で、サービスごとのプロセスで"
            "（はじめてのときに決めます）"
        ),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="れんしゅうの日付（既定: 前と同じか、最近の授業日）"
        ),
    ] = None,
    pupils: Annotated[
        int | None,
        typer.Option(
            min=city.SMALLEST,
            max=city.LARGEST,
            help="はじめてのとき: 子どもの数。幼稚園から特別支援学校まである市になります"
            f"（既定: {PUPILS} 人の町）",
        ),
    ] = None,
) -> None:
    """すべてを始め、使えるようになったら戻ります。"""
    began = datetime.now().astimezone()
    day = on.date() if on else None
    now = lifecycle.up(
        local(), transport=transport, edition=edition, training_date=day, pupils=pupils, say=console.print
    )
    seconds = (datetime.now().astimezone() - began).total_seconds()
    _show_ready(now, seconds)


def _show_ready(now: Status, seconds: float) -> None:
    memory = sum(now.memory_mib.values())
    parts = "、".join(f"{name} {mib}" for name, mib in now.memory_mib.items())
    console.print(
        f"\n[bold]{now.origin}[/bold]  （{seconds:.1f} 秒、メモリ {memory} MiB: {parts}）", soft_wrap=True
    )
    console.print(
        f"れんしゅう用です（日付 {now.training_date}、配送 {now.transport}）。本当の記録は入れないでください。",
        soft_wrap=True,
    )
    if now.edition == "platform":
        console.print(
            "サインインの名前とパスワードは `tsumugi account demo`、さがすなら `tsumugi account demo 2年1組`。おすすめ:"
        )
    else:
        console.print("サインインのページで人を選びます。パスワードはありません。おすすめ:")
    table = Table(box=None, show_header=False, pad_edge=False)
    for who, what in PEOPLE:
        table.add_row(f"  {who}", what)
    console.print(table)
    console.print(f"説明: README.md  止める: {(STACK if now.edition == 'platform' else TOWN).stop}")


@app.command()
def down() -> None:
    """すべてを止めます。データは残ります。"""
    of_this_machine()
    lifecycle.down(Instance.to_end(), lambda words: console.print(words, soft_wrap=True, markup=False))


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="たずねずに消します（プログラムから）")] = False,
) -> None:
    """すべてを止め、データと鍵を消します。端末では、消す前にたずねます。"""
    of_this_machine()
    instance = Instance.to_end()
    if not yes:
        if not sys.stdin.isatty():
            raise LocalError(
                "消していません。この町のデータをすべて消すので、端末でないところでは"
                f" `tsumugi reset --yes`（`{instance.commands.delete} YES=1`）としてください。"
            )
        question = f"この町のデータをすべて消します（{instance.state}）。元に戻せません。消しますか [y/N]: "
        try:
            answer = input(question)
        except EOFError:
            answer = ""
        if answer.strip().lower() not in ("y", "yes", "ｙ"):
            console.print("消していません。")
            raise typer.Exit(1)
    lifecycle.reset(instance)


@app.command()
def serve(
    service: Annotated[
        str | None, typer.Argument(help="サービス（registry、identity、dashboard）。--all なら書きません")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="すべてのサービスを1つのプロセスで")] = False,
    state: State = None,
) -> None:
    """サービスを前面で動かします。プラットフォーム版では、その記録を Kafka に送る役もします。"""
    if every == (service is not None):
        raise LocalError("`tsumugi serve SERVICE` か `tsumugi serve --all` のどちらかにしてください。")
    names = lifecycle.services() if every else [service or ""]
    unknown = set(names) - set(lifecycle.services())
    if unknown:
        raise LocalError(
            f"{', '.join(unknown)} というサービスはありません: {', '.join(lifecycle.services())}"
        )
    if chosen():
        run_services(Deployed.here(), names, [name for name in names if name in senders()])
        return
    instance = Instance(state)
    schema.refuse_other(instance)
    relays = senders() if every and instance.choices.transport == "kafka" else []
    run_services(instance, names, relays)


@app.command()
def relay(service: Service, state: State = None) -> None:
    """サービスの記録を Kafka に送り続けます。"""
    instance = local(state)
    if instance.choices.transport != "kafka":
        raise LocalError("配送は log です。`make up TRANSPORT=kafka` で Kafka にしてください。")
    if service not in senders():
        raise LocalError(
            f"{service} の記録を読むサービスはありません。送るのは {', '.join(senders())} です。"
        )
    schema.refuse_other(instance)
    run_services(instance, [], [service])


@app.command()
def migrate() -> None:
    """データベースを今の版にします。"""
    if not chosen():
        instance = local()
        schema.refuse_other(instance)
        lifecycle.start_postgres(instance)
    asyncio.run(prepare_databases(here(), console.print))


@app.command("status")
def show_status(as_json: Annotated[bool, typer.Option("--json", help="JSON で")] = False) -> None:
    """住所、準備、版、メモリ、配送の遅れを示します。準備ができていなければ終了コード 1。"""
    now = asyncio.run(status(local(instead=ELSEWHERE)))
    if as_json:
        sys.stdout.write(json.dumps(now.to_json(), ensure_ascii=False, indent=2) + "\n")
    else:
        show(console, now)
    raise typer.Exit(0 if now.ready else 1)


@app.command()
def events() -> None:
    """docs/events.md と型の見本を契約からつくり直します。"""
    for file in catalogue.write():
        console.print(str(file.relative_to(ROOT)))


@copy_app.command("rebuild")
def copy_rebuild(
    service: Service,
    copy: Copied,
    swap: Annotated[
        bool,
        typer.Option("--swap", help="できたものを今のものと入れかえる（途中で切れたら、もう一度で続きから）"),
    ] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="取り込めない記録が今より多くても、入れかえる")
    ] = False,
) -> None:
    """写しをはじめからつくり、今のものと一字一句くらべます。違えば終了コード 1（入れかえたときは 0）。"""
    with _building() as tell:
        done = asyncio.run(admin.rebuild_copy(here(), service, copy, swap=swap, anyway=anyway, tell=tell))
    table = Table("表", "行", box=None)
    for name, rows in done.rows.items():
        table.add_row(name, str(rows))
    console.print(table)
    different = str(done.different) if done.compared else "（形が変わったため、くらべられません）"
    console.print(f"{done.records} 件の記録から。取り込めない記録 {done.parked}、違う行 {different}。")
    for difference in done.differences:
        console.print(
            f"  {difference.table} {difference.key}: {', '.join(difference.columns())}", markup=False
        )
    if done.swapped:
        console.print("今のものと入れかえました。")
    raise typer.Exit(1 if done.different and not done.swapped else 0)


@contextmanager
def _building() -> Iterator[Callable[[Progress], None]]:
    """Says how far a copy has come that is built anew."""
    with Console(stderr=True).status("つくり直しています") as line:

        def tell(now: Progress) -> None:
            how = "続きから" if now.resumed else "はじめから"
            line.update(f"{how}つくっています: {now.publisher} の {now.head} のうち {now.reached} まで")

        yield tell


@feed_app.command("begin-epoch")
def feed_begin_epoch(service: Service) -> None:
    """サービスの記録をバックアップから戻したあと、新しい世代を始めます。読む側は、確かめるまで止まります。"""
    deployment = begun()
    epoch = asyncio.run(epochs.begin(deployment, service, broker=deployment.has_broker))
    console.print(
        f"{service} の記録は {epoch} 代目になりました。読む側を確かめ、`tsumugi feed accept-epoch` を。"
    )


keeping_commands(app, feed_app, console)
realm_commands(app, here, console)
agreeing_commands(feed_app, begun, console)
registry_commands(
    app,
    lambda: admin.app_units(here(), "registry"),
    console,
    Bulk(
        lambda number: [sys.executable, "-m", "deploy.local", "import", "work", str(number)],
        lambda: {name: here().url(name) for name in topology().readers_of("registry")},
        lambda: nullcontext() if chosen() else owing(Instance(), console.print),
    ),
)
identity_commands(app, lambda: _identity(here()), console)
messaging_commands(app, lambda: ChannelSettings.of(begun().settings("messaging"), begun().clock), console)
dashboard_commands(app, lambda: _dashboard(here()), console)
session_commands(app, lambda: admin.app_units(here(), "dashboard"), lambda: only_board(here()), console)
alert_commands(
    app,
    lambda: admin.app_units(here(), "dashboard"),
    lambda: only_board(here()),
    lambda: here().clock.today(),
    console,
)
town_commands(
    app,
    lambda: training_day(here().clock.today()),
    lambda: admin.app_units(here(), "registry"),
    _behind,
    console,
)


def main() -> None:
    """Run the command line; what this machine does not allow is said in a sentence, without a trace."""
    try:
        app()
    except (LocalError, Stopped) as error:
        _fail(str(error))
    except OSError as error:
        words = faults.told(error)
        if words is None:
            raise
        _fail(words)


def _fail(words: str) -> None:
    Console(stderr=True, highlight=False).print(words, style="red", soft_wrap=True, markup=False)
    sys.exit(1)
