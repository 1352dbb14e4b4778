"""identity on the command line: tokens for trying the APIs, and purposes of departments."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import httpx
import typer
from rich.console import Console

from services.identity.issuer import demo
from services.identity.issuer import store as issuer_store
from services.identity.purposes import grants
from services.identity.purposes import store as purpose_store
from services.identity.purposes.rules import GrantRefused, Standing, Wrong, terms
from services.identity.service import command_line_redirect
from services.identity.tables import NOWHERE
from shared.access.principal import COMMAND_LINE, command_line
from shared.contracts.dashboard import FEEDS, LUNCH_COUNT
from shared.contracts.identity import ONEROSTER, ROSTER_FIELDS
from shared.database import Scope, Units, make_engine
from shared.dates import Clock, SystemClock
from shared.private_files import write_over
from shared.service import ServiceSettings

T = TypeVar("T")
DAY = "%Y-%m-%d"
_FIELDS_IN_WORDS = "、".join(f"{name}（{word}）" for name, word in ROSTER_FIELDS.items())


@dataclass(frozen=True)
class Deployment:
    """What the commands need to know of the deployment they work on."""

    settings: ServiceSettings
    """identity's."""
    clock: Clock
    department_secret: Callable[[str], Path]
    """Where a department's secret is kept, by its client id, unless another file is named."""


Board = Annotated[str | None, typer.Option(help="設置者の番号（ひとつしかなければ要りません）")]
Statement = Annotated[str, typer.Option(help="利用目的（保護者に示す言葉で）")]
Basis = Annotated[str, typer.Option(help="根拠となる法令や規則")]
Importance = Annotated[str, typer.Option(help="重要性分類 I〜IV")]
Since = Annotated[datetime | None, typer.Option(formats=[DAY], help="はじめの日（既定: きょう）")]
LastDay = Annotated[datetime | None, typer.Option(formats=[DAY], help="終わりの日（その日まで）")]
NewSecret = Annotated[bool, typer.Option("--new-secret", help="秘密をつくり直します")]
SecretFile = Annotated[
    Path | None,
    typer.Option(help="秘密を書くファイル（持ち主だけが読めます。既定: 画面に一度だけ示します）"),
]


def add_commands(app: typer.Typer, load: Callable[[], Deployment], console: Console) -> None:
    """Add ``token`` and ``purpose grant | grant-app | list | end | new-secret``; each asks ``load`` when it runs."""
    purpose = typer.Typer(no_args_is_help=True, help="部署に配信を認める利用目的")
    app.add_typer(purpose, name="purpose")

    @app.command()
    def token(
        role: Annotated[
            str,
            typer.Option(
                "--as",
                help=f"だれとして: {'、'.join(demo.ROLES)}、guardian、kitchen（給食の部署）、"
                "部署の接続名 dept-…、または人の番号",
            ),
        ],
        service: Annotated[
            str, typer.Option("--for", help="どのサービスのためか（registry、identity、dashboard）")
        ],
        one_factor: Annotated[
            bool, typer.Option("--one-factor", help="二段階の本人確認をしていないことにします")
        ] = False,
        secret_file: Annotated[
            Path | None, typer.Option(help="部署の秘密のファイル（既定: れんしゅう用に保管したもの）")
        ] = None,
        board: Board = None,
    ) -> None:
        """API をためすためのトークンを出します（れんしゅう用だけ。5分で切れます）。"""
        deployment = load()
        if deployment.settings.edition != "embedded":
            raise _stopped("token は、れんしゅう用（embedded）だけで使えます。")

        async def work(units: Units) -> str:
            chosen = await _board(units, board)
            async with httpx.AsyncClient(base_url=deployment.settings.issuer) as http:
                return await make_token(
                    deployment,
                    units,
                    http,
                    chosen,
                    role,
                    service,
                    two_factors=not one_factor,
                    secret_file=secret_file,
                )

        sys.stdout.write(_run(deployment, work) + "\n")

    @purpose.command("grant")
    def purpose_grant(
        department: Annotated[str, typer.Option(help="部署の名前、略号、または番号")],
        feed: Annotated[str, typer.Option(help=f"配信: {'、'.join(FEEDS)}")],
        fields: Annotated[str, typer.Option(help="渡す項目を「,」で区切って（members,absent など）")],
        statement: Statement,
        basis: Basis,
        importance: Importance = "III",
        since: Since = None,
        last_day: LastDay = None,
        small_groups_because: Annotated[str | None, typer.Option(help="5人未満の数も渡すわけ")] = None,
        client: Annotated[str | None, typer.Option(help="部署の接続名 dept-…（既定: 略号から）")] = None,
        new_secret: NewSecret = False,
        secret_file: SecretFile = None,
        board: Board = None,
    ) -> None:
        """部署に、ひとつの配信を、ひとつの目的のために認めます。"""
        deployment = load()

        async def work(units: Units) -> grants.Granted:
            granted = terms(
                feed=feed,
                fields=tuple(name.strip() for name in fields.split(",") if name.strip()),
                statement=statement,
                basis=basis,
                importance=importance,
                since=_day(since) or deployment.clock.today(),
                last_day=_day(last_day),
                small_groups_because=small_groups_because,
            )
            now = SystemClock().now()
            who = command_line(await _board(units, board), now)
            return await grants.grant(
                units, who, department, granted, now=now, client=client, new_secret=new_secret
            )

        made = _run(deployment, work)
        console.print(f"{made.department} に {feed} を認めました。番号 {made.purpose}", soft_wrap=True)
        console.print(f"接続名 {made.client_id}", soft_wrap=True)
        _hand_over(made.secret, secret_file, console)

    @purpose.command("grant-app")
    def purpose_grant_app(
        client: Annotated[str, typer.Option(help="アプリの接続名 app-…")],
        fields: Annotated[str, typer.Option(help=f"渡す項目を「,」で区切って: {_FIELDS_IN_WORDS}")],
        statement: Statement,
        basis: Basis,
        name: Annotated[str, typer.Option(help="アプリの名前（はじめての時）")] = "",
        schools: Annotated[
            str | None, typer.Option(help="学校の番号を「,」で区切って（既定: すべて）")
        ] = None,
        grades: Annotated[
            str | None, typer.Option(help="学年を「,」で区切って P4,P5 など（既定: すべて）")
        ] = None,
        protected_because: Annotated[
            str | None, typer.Option(help="支援措置の対象の児童生徒も渡すわけ（既定: 渡さない）")
        ] = None,
        importance: Importance = "II",
        since: Since = None,
        last_day: LastDay = None,
        new_secret: NewSecret = False,
        secret_file: SecretFile = None,
        board: Board = None,
    ) -> None:
        """学習アプリに、名簿（OneRoster REST）を、ひとつの目的のために認めます。"""
        deployment = load()

        async def work(units: Units) -> grants.Granted:
            granted = terms(
                feed=ONEROSTER,
                fields=_listed(fields),
                statement=statement,
                basis=basis,
                importance=importance,
                since=_day(since) or deployment.clock.today(),
                last_day=_day(last_day),
                small_groups_because=None,
                schools=None if schools is None else _school_ids(schools),
                grades=None if grades is None else _listed(grades),
                protected_because=protected_because,
            )
            now = SystemClock().now()
            who = command_line(await _board(units, board), now)
            return await grants.grant_app(units, who, client, name, granted, now=now, new_secret=new_secret)

        made = _run(deployment, work)
        console.print(f"{made.department} に名簿を認めました。番号 {made.purpose}", soft_wrap=True)
        _hand_over(made.secret, secret_file, console)

    @purpose.command("list")
    def purpose_list(board: Board = None) -> None:
        """認めている利用目的を、これからのものも終わったものも示します。"""
        deployment = load()

        async def work(units: Units) -> list[str]:
            chosen = await _board(units, board)
            async with units.read(Scope(chosen)) as rows:
                found = await purpose_store.everything(rows, chosen)
            return [_in_words(name, client, held) for name, client, held in found]

        lines = _run(deployment, work)
        console.print("\n\n".join(lines) or "認めている利用目的はありません。", soft_wrap=True)

    @purpose.command("end")
    def purpose_end(
        purpose_id: Annotated[UUID, typer.Argument(metavar="PURPOSE", help="利用目的の番号")],
        reason: Annotated[str, typer.Option(help="終わらせるわけ（残ります）")],
        last_day: Annotated[
            datetime | None, typer.Option(formats=[DAY], help="終わりの日（その日まで。既定: きょう）")
        ] = None,
        at_once: Annotated[
            bool,
            typer.Option("--now", help="きょうの終わりを待たず、いま終わらせます（秘密が漏れたときなど）"),
        ] = False,
        board: Board = None,
    ) -> None:
        """利用目的を終わらせます。だれがなぜ終わらせたかは残ります。"""
        if at_once and last_day is not None:
            raise _stopped("--now と --last-day は、どちらかひとつにしてください。")
        deployment = load()
        today = deployment.clock.today()
        last = today - timedelta(days=1) if at_once else _day(last_day) or today

        async def work(units: Units) -> None:
            now = SystemClock().now()
            who = command_line(await _board(units, board), now)
            await grants.end(units, who, purpose_id, last, reason, now=now)

        _run(deployment, work)
        console.print("いま終わりました。" if at_once else f"{last} までで終わります。")

    @purpose.command("new-secret")
    def purpose_new_secret(
        client: Annotated[str, typer.Argument(metavar="CLIENT", help="接続名 dept-… か app-…")],
        secret_file: SecretFile = None,
        board: Board = None,
    ) -> None:
        """部署やアプリの秘密をつくり直します。前の秘密はもう使えません。認めた利用目的は変わりません。"""
        deployment = load()

        async def work(units: Units) -> str:
            now = SystemClock().now()
            who = command_line(await _board(units, board), now)
            return await grants.new_secret(units, who, client, now=now)

        _hand_over(_run(deployment, work), secret_file, console)


def _hand_over(secret: str | None, file: Path | None, console: Console) -> None:
    """A new secret is told once: to a file of its owner's, else on the screen."""
    if secret is None:
        console.print("秘密は前のままです。")
    elif file is not None:
        write_over(file, secret.encode())
        console.print(f"秘密を {file} に書きました。", soft_wrap=True)
    else:
        console.print("秘密（もう一度は表示できません）:")
        sys.stdout.write(secret + "\n")


async def make_token(
    deployment: Deployment,
    units: Units,
    http: httpx.AsyncClient,
    board: UUID,
    role: str,
    service: str,
    *,
    two_factors: bool = True,
    secret_file: Path | None = None,
) -> str:
    """An access token as ``role`` for ``service``, got from the running issuer."""
    if role == "kitchen" or role.startswith(("dept-", "app-")):
        client = role if role != "kitchen" else await _kitchen(units, board, deployment.clock.today())
        kept = secret_file or deployment.department_secret(client)
        if not kept.is_file():
            raise _stopped(f"{client} の秘密が {kept} にありません。--secret-file で指してください。")
        return await demo.department_token(http, (client, kept.read_text("ascii").strip()), service)
    account, kind = await demo.somebody(units, board, role, deployment.clock.today())
    return await demo.person_token(
        http,
        client=(COMMAND_LINE, deployment.settings.secrets[COMMAND_LINE]),
        redirect_uri=command_line_redirect(deployment.settings),
        choice=(board, account, kind),
        audience=service,
        two_factors=two_factors,
    )


async def _kitchen(units: Units, board: UUID, today: date) -> str:
    async with units.read(Scope(board)) as rows:
        for _, client, held in await purpose_store.everything(rows, board):
            granted = held.terms
            if (
                granted.feed == LUNCH_COUNT
                and granted.since <= today
                and (granted.until is None or today < granted.until)
            ):
                return client
    raise demo.NobodyThere("kitchen")


async def _board(units: Units, wanted: str | None) -> UUID:
    async with units.read(NOWHERE) as rows:
        known = await issuer_store.boards(rows)
    found = [id for id, name in known if wanted in (None, str(id), name)]
    if len(found) == 1:
        return found[0]
    if not known:
        raise _stopped("まだ名簿がありません。先に取り込んでください。")
    listed = "、".join(f"{name}（{id}）" for id, name in known)
    raise _stopped(f"--board で設置者をひとつ選んでください: {listed}")


def _run(deployment: Deployment, work: Callable[[Units], Awaitable[T]]) -> T:
    async def run() -> T:
        engine = make_engine(deployment.settings.app, pool_size=2)
        try:
            return await work(Units(engine, deployment.clock))
        finally:
            await engine.dispose()

    try:
        return asyncio.run(run())
    except GrantRefused as refused:
        words = "\n".join(f"--{wrong.field}: {wrong.message}" for wrong in refused.wrong)
    except demo.NobodyThere as nobody:
        words = f"「{nobody}」にあたる人や部署がいません。"
    except demo.TokenRefused as refusal:
        words = f"トークンをもらえませんでした（{refusal}）。--for のサービス名と、利用目的の期間を確かめてください。"
    except httpx.TransportError:
        words = "identity が動いていません。`make up` で始めてください。"
    raise _stopped(words)


def _in_words(department: str, client: str, held: Standing) -> str:
    granted = held.terms
    last = f"{granted.until - timedelta(days=1)} まで" if granted.until else "終わりは決まっていません"
    return (
        f"{department}（{client}）  {granted.feed}: {'、'.join(granted.fields)}\n"
        f"  {granted.since} から、{last}\n"
        f"  {granted.statement}（{granted.basis}）\n"
        f"  番号 {held.purpose}"
    )


def _listed(given: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in given.split(",") if name.strip())


def _school_ids(given: str) -> tuple[UUID, ...]:
    try:
        return tuple(UUID(each) for each in _listed(given))
    except ValueError:
        raise GrantRefused(
            Wrong("schools", "学校は番号（UUID）で書いてください。`GET /v1/people/places` で分かります。")
        ) from None


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _stopped(words: str) -> typer.Exit:
    """Says why the command stops; the caller raises what this returns."""
    Console(stderr=True, highlight=False).print(words, style="red", soft_wrap=True)
    return typer.Exit(1)
