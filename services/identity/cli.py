"""identity on the command line: tokens for the APIs, accounts, and purposes of departments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from rich.console import Console

from services.identity.commands import Board, Deployment, at_keycloak, board_of, run, stopped
from services.identity.keycloak.admin import Away, NotTaken
from services.identity.keycloak.cli import add_commands as account_commands
from services.identity.keycloak.departments import bring
from services.identity.purposes import grants
from services.identity.purposes import store as purpose_store
from services.identity.purposes.rules import GrantRefused, Standing, Wrong, terms
from services.identity.token_cli import add_token
from shared.access.principal import command_line
from shared.contracts.dashboard import FEEDS
from shared.contracts.identity import ONEROSTER, ROSTER_FIELDS
from shared.database import Scope, Units
from shared.dates import SystemClock
from shared.private_files import write_over

T = TypeVar("T")
DAY = "%Y-%m-%d"
_FIELDS_IN_WORDS = "、".join(f"{name}（{word}）" for name, word in ROSTER_FIELDS.items())


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
    """Add ``token``, ``account …`` and ``purpose …``; each asks ``load`` when it runs."""
    add_token(app, load)
    account_commands(app, load, console)
    purpose = typer.Typer(no_args_is_help=True, help="部署に配信を認める利用目的")
    app.add_typer(purpose, name="purpose")

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
            who = command_line(await board_of(units, board), now)
            async with at_keycloak(deployment) as admin:
                made = await grants.grant(
                    units, who, department, granted, now=now, client=client, new_secret=new_secret
                )
                today = deployment.clock.today()
                await bring(admin, units, who.board, today, client=made.client_id, secret=made.secret)
            return made

        made = run(deployment, work)
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
            who = command_line(await board_of(units, board), now)
            async with at_keycloak(deployment) as admin:
                made = await grants.grant_app(
                    units, who, client, name, granted, now=now, new_secret=new_secret
                )
                today = deployment.clock.today()
                await bring(admin, units, who.board, today, client=made.client_id, secret=made.secret)
            return made

        made = run(deployment, work)
        console.print(f"{made.department} に名簿を認めました。番号 {made.purpose}", soft_wrap=True)
        _hand_over(made.secret, secret_file, console)

    @purpose.command("list")
    def purpose_list(board: Board = None) -> None:
        """認めている利用目的を、これからのものも終わったものも示します。"""
        deployment = load()

        async def work(units: Units) -> list[str]:
            chosen = await board_of(units, board)
            async with units.read(Scope(chosen)) as rows:
                found = await purpose_store.everything(rows, chosen)
            return [_in_words(name, client, held) for name, client, held in found]

        lines = run(deployment, work)
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
            raise stopped("--now と --last-day は、どちらかひとつにしてください。")
        deployment = load()
        today = deployment.clock.today()
        last = today - timedelta(days=1) if at_once else _day(last_day) or today

        async def work(units: Units) -> None:
            now = SystemClock().now()
            who = command_line(await board_of(units, board), now)
            # Ended here whether or not Keycloak answers: services look at the grant itself.
            await grants.end(units, who, purpose_id, last, reason, now=now)
            try:
                async with at_keycloak(deployment) as admin:
                    await bring(admin, units, who.board, today, purpose=purpose_id)
            except Away as away:
                raise NotTaken(f"利用目的は終わりました。{away}") from away

        run(deployment, work)
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
            who = command_line(await board_of(units, board), now)
            async with at_keycloak(deployment) as admin:
                secret = await grants.new_secret(units, who, client, now=now)
                await bring(admin, units, who.board, deployment.clock.today(), client=client, secret=secret)
            return secret

        _hand_over(run(deployment, work), secret_file, console)


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
