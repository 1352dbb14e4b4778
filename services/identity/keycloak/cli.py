"""``tsumugi account …``: names to sign in with, first passwords, and how to get into a town for trying (platform)."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from typing import Annotated, get_args
from uuid import UUID

import orjson
import typer
from rich.console import Console

from services.identity.commands import Board, Deployment, at_keycloak, board_of, run, stopped
from services.identity.invitations.rules import ALPHABET
from services.identity.issuer import demo
from services.identity.keycloak import store
from services.identity.keycloak.admin import NoSuchUser, NotTaken
from services.identity.keycloak.finding import found as find
from services.identity.keycloak.finding import line
from services.identity.keycloak.rules import Hat, kind_named, username
from services.identity.keycloak.training import training
from shared.access.log import Seen, log_change
from shared.access.principal import command_line
from shared.contracts.identity import AccountKind
from shared.database import Scope, Units
from shared.dates import SystemClock

Whom = Annotated[
    str,
    typer.Argument(metavar="WHO", help="サインインの名前（s-7kx4-…）、人の番号、アカウントの番号のどれか"),
]
_WORDS = {"staff": "職員", "guardian": "保護者", "pupil": "児童生徒"}
_PASSWORD_GROUPS = 4


def new_password() -> str:
    """75 bits, of characters that nobody mistakes for one another."""
    groups = ("".join(secrets.choice(ALPHABET.lower()) for _ in range(_PASSWORD_GROUPS)) for _ in range(4))
    return "-".join(groups) + secrets.choice(ALPHABET.lower())


def add_commands(app: typer.Typer, load: Callable[[], Deployment], console: Console) -> None:
    """Add ``account name | password | again | demo``; each asks ``load`` when it runs."""
    account = typer.Typer(no_args_is_help=True, help="サインインの名前とパスワード（platform だけ）")
    app.add_typer(account, name="account")

    @account.command("name")
    def account_name(whom: Whom, board: Board = None) -> None:
        """サインインの名前を示します。職員と保護者を兼ねる人には、ふたつあります。"""
        deployment = _platform(load())

        async def work(units: Units) -> list[tuple[Hat, str]]:
            return await _users(units, await board_of(units, board), whom)

        for hat, _ in run(deployment, work):
            console.print(f"{_WORDS[hat.kind]}  {hat.username}")

    @account.command("password")
    def account_password(whom: Whom, board: Board = None) -> None:
        """新しい仮のパスワードを一度だけ示します。本人が、次のサインインで変えます。"""
        deployment = _platform(load())

        async def work(units: Units) -> tuple[Hat, str]:
            chosen = await board_of(units, board)
            found = [each for each in await _users(units, chosen, whom) if each[0].kind != "guardian"]
            if not found:
                raise NotTaken(
                    "保護者にパスワードはありません。学校の「保護者の招待」で紙のコードを出してください。"
                )
            ((hat, id), *_) = found
            password, now = new_password(), SystemClock().now()
            who = command_line(chosen, now)
            actor = f"{who.kind}:{who.subject}"
            try:
                async with at_keycloak(deployment) as admin, units.work(Scope(chosen), actor=actor) as acts:
                    seen = Seen("account:password", "account", hat.account, "III", [hat.person])
                    await log_change(acts.session, who, seen, acts.at)
                    assert admin is not None
                    await admin.set_password(id, password)
            except NoSuchUser as missing:
                async with units.work(Scope(chosen), actor=actor) as acts:
                    await store.again(acts.session, chosen, now, hat.account)
                raise NotTaken(
                    f"{missing} この人の分を作り直します。1分ほどしてから、もう一度実行してください。"
                    "ほかの人の分は `tsumugi account again` で。"
                ) from missing
            return hat, password

        hat, password = run(deployment, work)
        console.print(f"名前　　　　　 {hat.username}")
        console.print("仮のパスワード（もう一度は表示できません）:")
        sys.stdout.write(password + "\n")

    @account.command("again")
    def account_again(board: Board = None) -> None:
        """Keycloak の利用者と部署のクライアントを、はじめから照らし合わせます（ないものは作り直します）。"""
        deployment = _platform(load())

        async def work(units: Units) -> int:
            chosen, now = await board_of(units, board), SystemClock().now()
            who = command_line(chosen, now)
            async with units.work(Scope(chosen), actor=f"{who.kind}:{who.subject}") as acts:
                return await store.again(acts.session, chosen, now)

        many = run(deployment, work)
        console.print(f"利用者 {many:,} 人を、動いている identity が順に照らし合わせます。")

    @account.command("demo")
    def account_demo(
        search: Annotated[
            str | None, typer.Argument(metavar="SEARCH", help="名前・学級・役割（「2年1組」「第一小 校長」）")
        ] = None,
        kind: Annotated[
            str | None,
            typer.Option(help="staff、guardian、pupil だけ（さがさないときの既定: 役ごとにひとり）"),
        ] = None,
        limit: Annotated[int, typer.Option(min=1, max=10_000, help="多くて何人まで")] = 20,
        as_json: Annotated[bool, typer.Option("--json", help="JSON で")] = False,
        board: Board = None,
    ) -> None:
        """れんしゅう用の町に入る名前を、みんなに同じパスワードと示します（この機械だけの配備で）。"""
        deployment = _platform(load())
        if kind is not None and kind not in get_args(AccountKind):
            raise stopped("--kind は staff、guardian、pupil のどれかです。")

        async def work(units: Units) -> dict[str, object]:
            way = training(deployment.settings.state, deployment.settings.origin, deployment.clock)
            chosen = await board_of(units, board)
            if search is not None:
                people = [
                    {
                        "role": line(each),
                        "kind": each.kind,
                        "username": username(each.account, each.kind),
                        "account": each.account,
                    }
                    for each in await find(units, chosen, search, deployment.clock.today(), limit)
                    if kind in (None, each.kind)
                ]
            elif kind is None:
                people = await _one_a_role(units, chosen, deployment)
            else:
                async with units.read(Scope(chosen)) as rows:
                    found = await store.listed(rows, chosen, kind, limit)  # type: ignore[arg-type]
                people = [{"kind": hat.kind, "username": hat.username, "person": hat.person} for hat in found]
            now = SystemClock().now()
            return {"password": way.password, "code": way.code(now), "factor": way.factor, "people": people}

        told = run(deployment, work)
        if as_json:
            sys.stdout.write(orjson.dumps(told, default=str).decode() + "\n")
            return
        console.print(f"パスワード　　　 {told['password']}")
        console.print(f"確認コード（職員） {told['code']}（30秒ごとに変わります）\n")
        people = told["people"]
        assert isinstance(people, list)
        for each in people:
            console.print(f"{each['username']}  {each.get('role') or _WORDS[each['kind']]}", soft_wrap=True)


def _platform(deployment: Deployment) -> Deployment:
    if deployment.settings.edition != "platform":
        raise stopped(
            "account は、platform だけで使えます。れんしゅう用（embedded）では、一覧から選んで入ります。"
        )
    return deployment


async def _users(units: Units, board: UUID, whom: str) -> list[tuple[Hat, str]]:
    whom = whom.strip().lower()  # as it was read to somebody, or copied
    async with units.read(Scope(board)) as rows:
        found = await store.users_of(rows, board, whom)
        if not found and (kind := kind_named(whom)):
            # Names are made from accounts and kept nowhere: each is made anew, 100,000 in half a second.
            named = [hat for hat in await store.listed(rows, board, kind) if hat.username == whom]
            found = [
                each for hat in named for each in await store.users_of(rows, board, str(hat.account), kind)
            ]
    if not found:
        raise NotTaken(
            "その名前や番号でサインインできる人はいません（取り込んだばかりなら、少し待ってください）。"
        )
    return found


async def _one_a_role(units: Units, board: UUID, deployment: Deployment) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for role in (*demo.ROLES, "guardian"):
        try:
            account, kind = await demo.somebody(units, board, role, deployment.clock.today())
        except demo.NobodyThere:
            continue
        async with units.read(Scope(board)) as rows:
            for hat, _ in await store.users_of(rows, board, str(account)):
                if hat.kind == kind:
                    found.append({"role": role, "kind": kind, "username": hat.username, "person": hat.person})
    return found
