"""What identity's commands have in common: which board, rows to work on, and trouble in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import httpx
import typer
from rich.console import Console

from services.identity.issuer import demo
from services.identity.issuer import store as issuer_store
from services.identity.keycloak.admin import CLIENT, Admin, Away, NotTaken
from services.identity.keycloak.training import NotForTraining
from services.identity.purposes.rules import GrantRefused
from services.identity.tables import NOWHERE
from shared.access.own_token import NoToken
from shared.database import Units, make_engine
from shared.dates import Clock
from shared.service import ServiceSettings

T = TypeVar("T")


@dataclass(frozen=True)
class Deployment:
    """What the commands need to know of the deployment they work on."""

    settings: ServiceSettings
    """identity's."""
    clock: Clock
    department_secret: Callable[[str], Path]
    """Where a department's secret is kept, by its client id, unless another file is named."""
    client_secret: Callable[[str], str]
    """The secret of a client of the deployment's own, by its id."""
    remedy: str
    """What to do where a part of the deployment does not answer, in a sentence."""


Board = Annotated[str | None, typer.Option(help="設置者の番号（ひとつしかなければ要りません）")]


@asynccontextmanager
async def at_keycloak(deployment: Deployment) -> AsyncIterator[Admin | None]:
    """Keycloak, which answers; None in the embedded edition. Raises Away before anything is done without it."""
    if deployment.settings.edition == "embedded":
        yield None
        return
    admin = Admin(deployment.settings.issuer, deployment.settings.secrets[CLIENT])
    try:
        await admin.enter()
        yield admin
    finally:
        await admin.close()


async def board_of(units: Units, wanted: str | None) -> UUID:
    """The board that is meant: the only one, or the one that was named."""
    async with units.read(NOWHERE) as rows:
        known = await issuer_store.boards(rows)
    found = [id for id, name in known if wanted in (None, str(id), name)]
    if len(found) == 1:
        return found[0]
    if not known:
        raise stopped("まだ名簿がありません。先に取り込んでください。")
    listed = "、".join(f"{name}（{id}）" for id, name in known)
    raise stopped(f"--board で設置者をひとつ選んでください: {listed}")


def run(deployment: Deployment, work: Callable[[Units], Awaitable[T]]) -> T:
    """Do ``work`` on identity's rows; whatever it cannot do is said in words, and the command ends."""

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
    except (Away, NotTaken, NotForTraining, NoToken) as trouble:
        words = str(trouble)
    except httpx.TransportError:
        authority = "identity" if deployment.settings.edition == "embedded" else "Keycloak"
        words = f"{authority} が答えません。{deployment.remedy}"
    raise stopped(words)


def stopped(words: str) -> typer.Exit:
    """Says why the command stops; the caller raises what this returns."""
    Console(stderr=True, highlight=False).print(words, style="red", soft_wrap=True)
    return typer.Exit(1)
