"""`tsumugi realm …`: the realm of a deployment is brought to what the code says, or held against it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from deploy.deployment import Deployment
from deploy.keycloak.admin import MASTER, Admin, RealmError
from deploy.keycloak.clients import IDENTITY_ADMIN
from deploy.keycloak.keys import Key, Keys, change_own_secret
from deploy.keycloak.realm import Place, realm
from deploy.keycloak.reconcile import Reconciler
from deploy.local.instance import Instance
from deploy.local.keycloak import FIRST_ADMIN
from deploy.local.state import LocalError
from deploy.platform.deployed import Deployed
from shared.dates import TOKYO

LEAST_SECRET = 32
"""Characters."""


def reconciler(deployment: Deployment, *, mend: bool) -> Reconciler:
    """The reconciler of a deployment's realm. Raises LocalError where a secret is missing."""
    deployed, admin_secret = _told(deployment)
    place = Place(
        origin=deployment.origin,
        dashboard=deployment.url("dashboard"),
        paper=deployed.paper,
        paper_inside=f"{deployment.url('identity')}/paper",
        secret=lambda client: deployment.secret(f"client-{client}"),
    )
    return Reconciler(_admin(deployed, admin_secret), realm(place), mend=mend)


def _told(deployment: Deployment) -> tuple[Deployed, str]:
    """The deployment as a process is told of it, and the first administrator's secret."""
    if isinstance(deployment, Instance) and deployment.platform:
        return deployment.deployed("identity"), deployment.keycloak.admin_secret
    if isinstance(deployment, Deployed):
        return deployment, deployment.secret(f"client-{FIRST_ADMIN}")
    raise LocalError("この配備には Keycloak がありません。")


def _admin(deployed: Deployed, secret: str, *, realm: str | None = None) -> Admin:
    """``realm``: another than the product's."""
    url, _, name = deployed.told.issuer.partition("/realms/")
    return Admin(url, realm or name, FIRST_ADMIN, secret)


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except RealmError as error:
        raise LocalError(str(error)) from error


def changed(deployment: Deployment, *, mend: bool) -> Iterator[str]:
    """What differs, line by line, and is mended when told to. Raises LocalError when Keycloak refuses."""
    with _refused():
        yield from reconciler(deployment, mend=mend).run()


def told(deployment: Deployment) -> UUID:
    """Which realm this is, as identity notes it: who its own client is in it, made with the realm."""
    with _refused():
        return client_in(_admin(*_told(deployment)))


def client_in(admin: Admin) -> UUID:
    """Who identity's own client is in a realm."""
    (client,) = admin.get(admin.of("clients"), clientId=IDENTITY_ADMIN)
    account = admin.get(admin.of("clients", client["id"], "service-account-user"))
    return UUID(account["id"])


def add_commands(app: typer.Typer, deployment: Callable[[], Deployment], console: Console) -> None:
    """Put `realm` on the command line."""
    realm_app = typer.Typer(no_args_is_help=True, help="Keycloak のレルム（プラットフォーム版）")
    app.add_typer(realm_app, name="realm")

    def show(line: str) -> None:
        console.print(f"  {line}", soft_wrap=True, markup=False)

    @realm_app.command()
    def apply() -> None:
        """レルムを定めた形にします。何度でも実行できます。利用者は消しません。"""
        count = 0
        for line in changed(deployment(), mend=True):
            show(line)
            count += 1
        console.print(
            f"レルムを定めた形にしました（直したところ {count}）。" if count else "レルムは定めた形です。"
        )

    @realm_app.command()
    def drift() -> None:
        """レルムが定めた形とちがうところを示します。ちがえば終了コード 1。"""
        lines = list(changed(deployment(), mend=False))
        for line in lines:
            show(line)
        if lines:
            console.print(f"定めた形と {len(lines)} か所ちがいます。`tsumugi realm apply` で直せます。")
            raise typer.Exit(1)
        console.print("レルムは定めた形です。")

    @realm_app.command("rotate-key")
    def rotate_key() -> None:
        """署名の鍵を新しくします。だれもサインインし直しません。古い鍵は、しばらく検証だけに残ります。"""
        with _refused():
            new, old = Keys(_admin(*_told(deployment()))).rotate(datetime.now(UTC))
        console.print(f"新しい鍵 {new.kid} で署名します。", soft_wrap=True, markup=False)
        for key in old:
            show(_kept(key))
        console.print("その時刻を過ぎたら `tsumugi realm forget-keys` で消してください。", soft_wrap=True)

    @realm_app.command("forget-keys")
    def forget_keys(
        at_once: Annotated[
            bool,
            typer.Option(
                "--now", help="時刻を待たずに消す（鍵がもれたとき）。手もとのトークンは使えなくなります"
            ),
        ] = False,
    ) -> None:
        """検証だけに残した古い鍵のうち、時刻を過ぎたものを消します。"""
        with _refused():
            keys = Keys(_admin(*_told(deployment())))
            for key in keys.forget(datetime.now(UTC), at_once=at_once):
                show(f"鍵 {key.kid} を消しました。")
            first, *left = keys.all()
        for key in left:
            show(_kept(key))
        console.print(f"署名している鍵は {first.kid} です。", soft_wrap=True, markup=False)

    @realm_app.command("own-secret")
    def own_secret() -> None:
        """このコマンド自身（realm-reconciler）の秘密を、標準入力から読んだものにします。そのあと秘密のもとも同じにしてください。"""
        asked = deployment()
        if not isinstance(asked, Deployed):
            raise LocalError(
                "`make stack` の Keycloak の秘密は、この機械だけのものです。取りかえは要りません。"
            )
        new = sys.stdin.readline().strip()
        if len(new) < LEAST_SECRET or not new.isascii():
            raise LocalError(f"新しい秘密を {LEAST_SECRET} 字以上の英数字で、標準入力に1行で渡してください。")
        with _refused():
            change_own_secret(_admin(*_told(asked), realm=MASTER), FIRST_ADMIN, new)
        console.print(
            f"{FIRST_ADMIN} の秘密を取りかえました。いま、秘密のもとも同じにしてください（Kubernetes では金庫の"
            f" client-{FIRST_ADMIN}.secret と keycloak-bootstrap、Compose では authority ボリューム。"
            "docs/operations.md の「取りかえる」）。それまで、レルムのコマンドは入れません。",
            soft_wrap=True,
        )


def _kept(key: Key) -> str:
    if key.until is None:
        return f"鍵 {key.kid} は、検証だけに残っています。"
    return f"鍵 {key.kid} は、{key.until.astimezone(TOKYO):%Y-%m-%d %H:%M} まで検証だけに残します。"
