"""``tsumugi token``: an access token on the command line, of a person or of a department."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

import httpx
import typer

from services.identity.commands import Board, Deployment, board_of, run, stopped
from services.identity.issuer import demo
from services.identity.keycloak import person_token as at_keycloak
from services.identity.keycloak.rules import username
from services.identity.purposes import store as purpose_store
from services.identity.service import command_line_redirect
from shared.access.own_token import OwnToken
from shared.access.principal import COMMAND_LINE
from shared.contracts.dashboard import LUNCH_COUNT
from shared.database import Scope, Units


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line."""

    role: str | None
    service: str
    two_factors: bool = True
    again: bool = False
    paste: bool = False
    secret_file: Path | None = None


def add_token(app: typer.Typer, load: Callable[[], Deployment]) -> None:
    """Add ``token``; it asks ``load`` when it runs."""

    @app.command()
    def token(
        service: Annotated[
            str, typer.Option("--for", help="どのサービスのためか（registry、identity、dashboard）")
        ],
        role: Annotated[
            str | None,
            typer.Option(
                "--as",
                help=f"だれとして: {'、'.join(demo.ROLES)}、guardian、kitchen（給食の部署）、"
                "部署の接続名 dept-…、または人の番号（platform では、なければサインインする人）",
            ),
        ] = None,
        one_factor: Annotated[
            bool,
            typer.Option("--one-factor", help="二段階の本人確認をしません（保護者は、いつも一段階です）"),
        ] = False,
        again: Annotated[
            bool,
            typer.Option(
                "--again", help="platform: ブラウザーがサインイン済みでも、本人確認をもう一度します"
            ),
        ] = False,
        paste: Annotated[
            bool,
            typer.Option("--paste", help="platform: ブラウザーがほかの機械にあるとき。戻った住所を貼ります"),
        ] = False,
        secret_file: Annotated[
            Path | None, typer.Option(help="部署の秘密のファイル（既定: れんしゅう用に保管したもの）")
        ] = None,
        board: Board = None,
    ) -> None:
        """API をためすためのトークンを出します（5分で切れます）。

        platform では、示される住所をブラウザーで開き、本人がサインインします。
        """
        deployment = load()
        if deployment.settings.edition == "embedded" and role is None:
            raise stopped("--as で、だれとしてかを決めてください。")
        asked = Asked(role, service, not one_factor, again, paste, secret_file)

        async def work(units: Units) -> str:
            async with httpx.AsyncClient(base_url=deployment.settings.issuer, timeout=30) as http:
                return await make_token(deployment, units, http, await board_of(units, board), asked)

        sys.stdout.write(run(deployment, work) + "\n")


async def make_token(
    deployment: Deployment, units: Units, http: httpx.AsyncClient, board: UUID, asked: Asked
) -> str:
    """An access token as was asked for, got from the running issuer."""
    role, today = asked.role, deployment.clock.today()
    embedded = deployment.settings.edition == "embedded"
    if role is not None and (role == "kitchen" or role.startswith(("dept-", "app-"))):
        client = role if role != "kitchen" else await _kitchen(units, board, today)
        kept = asked.secret_file or deployment.department_secret(client)
        if not kept.is_file():
            raise stopped(f"{client} の秘密が {kept} にありません。--secret-file で指してください。")
        secret = kept.read_text("ascii").strip()
        if embedded:
            return await demo.department_token(http, (client, secret), asked.service)
        return await OwnToken(http, deployment.settings.token_url, client, secret, asked.service)()
    somebody = await demo.somebody(units, board, role, today) if role is not None else None
    secret = deployment.client_secret(COMMAND_LINE)
    if embedded:
        assert somebody is not None
        return await demo.person_token(
            http,
            client=(COMMAND_LINE, secret),
            redirect_uri=command_line_redirect(deployment.settings),
            choice=(board, *somebody),
            audience=asked.service,
            two_factors=asked.two_factors,
        )
    if asked.service not in deployment.settings.urls:
        raise stopped(f"--for は {'、'.join(deployment.settings.urls)} のどれかです。")
    whom = at_keycloak.Whom(somebody[0], username(*somebody)) if somebody is not None else None
    # A family has no second factor, and would be made to set one up.
    two_factors = asked.two_factors and (somebody is None or somebody[1] == "staff")
    return await at_keycloak.person_token(
        at_keycloak.Authority(http, deployment.settings.issuer, secret),
        deployment.settings.jwks_url,
        at_keycloak.Wanted(asked.service, two_factors, asked.again, whom),
        _tell,
        paste=sys.stdin.readline if asked.paste else None,
    )


def _tell(words: str) -> None:
    """Beside the token, which alone goes to where a script reads it."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


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
