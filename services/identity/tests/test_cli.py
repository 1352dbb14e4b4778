"""The commands, against a running issuer and a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from services.identity.cli import add_commands
from services.identity.commands import Deployment
from services.identity.issuer.demo import NobodyThere, TokenRefused
from services.identity.issuer.tests.browser import Browser
from services.identity.tests.town import Identity, Town
from services.identity.token_cli import Asked, make_token

GRANT = [
    *("purpose", "grant", "--department", "健康給食課", "--feed", "lunch-count"),
    *("--fields", "members, absent", "--statement", "食数を決める。", "--basis", "学校給食法 第4条"),
]


@pytest.fixture
def deployment(identity: Identity, tmp_path: Path) -> Deployment:
    """What the commands are told."""
    return Deployment(
        identity.settings,
        identity.clock,
        lambda client: tmp_path / f"{client}.secret",
        identity.settings.secrets.__getitem__,
        "`make up` で始めてください。",
    )


def commands(deployment: Deployment) -> Any:
    """Runs command lines on a deployment."""
    app = typer.Typer()
    add_commands(app, lambda: deployment, Console(width=400))

    async def command(*arguments: str) -> Result:
        # The commands bring their own loop, as in a shell.
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), catch_exceptions=False)

    return command


@pytest.fixture
def run(deployment: Deployment, town: Town) -> Any:
    """Runs a command line on the town."""
    return commands(deployment)


class TestToken:
    @pytest.fixture
    async def ask(self, browser: Browser, deployment: Deployment, identity: Identity, town: Town) -> Any:
        """Asks for a token and reads it as its service would."""

        async def token(role: str, service: str = "registry", **options: Any) -> Any:
            asked = Asked(role, service, **options)
            made = await make_token(deployment, identity.app, browser.http, town.board, asked)
            return await browser.read(made, service)

        return token

    async def test_every_role_of_the_town(self, ask: Any, town: Town) -> None:
        for role, person, kind in (
            ("homeroom", town.homeroom, "staff"),
            ("principal", town.principal, "staff"),
            ("nurse", town.nurse, "staff"),
            ("board", town.cook, "staff"),
            ("operator", town.operator, "staff"),
            (str(town.mother_teacher), town.mother_teacher, "staff"),
            (str(town.guardian), town.guardian, "guardian"),
            (str(town.pupil), town.pupil, "pupil"),
        ):
            who = await ask(role)
            assert (who.person, who.kind, who.acr) == (person, kind, 2), role
            assert who.client == "tsumugi-cli"
        assert (await ask("guardian")).kind == "guardian"
        assert (await ask("homeroom", two_factors=False)).acr == 1

    async def test_nobody_of_that_kind(self, ask: Any) -> None:
        for role in ("office", "vice_principal", "kitchen", "nobody", str(uuid4())):
            with pytest.raises(NobodyThere):
                await ask(role)

    async def test_a_service_that_is_not_there(self, ask: Any) -> None:
        with pytest.raises(TokenRefused, match="invalid_target"):
            await ask("homeroom", "grades")

    async def test_the_kitchen_is_the_department_that_holds_the_grant(
        self, ask: Any, run: Any, deployment: Deployment, tmp_path: Path
    ) -> None:
        kept = deployment.department_secret("dept-kenko-kyushoku")
        made = await run(*GRANT, "--secret-file", str(kept))
        assert made.exit_code == 0, made.output
        assert kept.stat().st_mode & 0o777 == 0o600
        for role in ("kitchen", "dept-kenko-kyushoku"):
            who = await ask(role, "dashboard")
            assert (who.kind, who.client) == ("department", "dept-kenko-kyushoku")
        with pytest.raises(typer.Exit):
            await ask("kitchen", "dashboard", secret_file=tmp_path / "missing")

    async def test_whoever_it_is_for_is_asked(self, deployment: Deployment) -> None:
        result = await commands(deployment)("token", "--for", "registry")
        assert (result.exit_code, "--as" in result.output) == (1, True)

    async def test_keycloak_is_not_asked_for_what_is_not_there(
        self, deployment: Deployment, town: Town
    ) -> None:
        elsewhere = replace(deployment, settings=replace(deployment.settings, edition="platform"))
        result = await commands(elsewhere)("token", "--as", "homeroom", "--for", "grades")
        assert (result.exit_code, "--for は" in result.output) == (1, True)

    async def test_keycloak_away_is_said(self, deployment: Deployment, town: Town) -> None:
        nobody_listens = replace(deployment.settings, edition="platform", issuer="http://localhost:9")
        away = commands(replace(deployment, settings=nobody_listens))
        result = await away("token", "--for", "registry")
        assert (result.exit_code, "Keycloak につながりません" in result.output) == (1, True)

    async def test_without_a_running_issuer_it_says_so(self, deployment: Deployment, town: Town) -> None:
        nobody_listens = replace(deployment.settings, issuer="http://localhost:9")
        stopped = commands(replace(deployment, settings=nobody_listens))
        result = await stopped("token", "--as", "homeroom", "--for", "registry")
        assert result.exit_code == 1
        assert "identity が答えません。`make up` で始めてください。" in result.output


async def test_a_grant_from_beginning_to_end(run: Any, identity: Identity, town: Town) -> None:
    made = await run(*GRANT, "--last-day", "2027-03-31", "--small-groups-because", "1人分も食数")
    assert made.exit_code == 0, made.output
    assert "dept-kenko-kyushoku" in made.output
    secret = made.output.strip().splitlines()[-1]
    assert len(secret) == 43
    listed = await run("purpose", "list")
    for word in ("健康給食課", "members、absent", "2026-11-20", "2027-03-31", "1人分も食数"):
        assert word in listed.output
    assert secret not in listed.output
    (published,) = (await identity.published("identity.purpose")).values()
    purpose = UUID(published["grants"][0]["purpose"])
    ended = await run("purpose", "end", str(purpose), "--reason", "契約の終わり", "--last-day", "2026-12-25")
    assert ended.exit_code == 0, ended.output
    assert "2026-12-25" in (await run("purpose", "list")).output


async def test_a_leaked_secret_is_stopped_at_once(
    run: Any, browser: Browser, identity: Identity, town: Town, tmp_path: Path
) -> None:
    file, form = tmp_path / "drill.secret", {"grant_type": "client_credentials"}
    made = await run(
        *("purpose", "grant-app", "--client", "app-drill", "--name", "ドリル", "--fields", "names"),
        *("--statement", "ドリルを配る。", "--basis", "条例", "--secret-file", str(file)),
    )
    assert made.exit_code == 0, made.output
    leaked = file.read_text().strip()
    assert (await run("purpose", "new-secret", "app-drill", "--secret-file", str(file))).exit_code == 0
    assert (await browser.token("app-drill", leaked, **form)).status_code == 401
    secret = file.read_text().strip()
    assert (await browser.token("app-drill", secret, **form)).status_code == 200
    (published,) = (await identity.published("identity.purpose")).values()
    end = ("purpose", "end", published["grants"][0]["purpose"], "--reason", "秘密が漏れた")
    both = await run(*end, "--now", "--last-day", "2026-12-25")
    assert (both.exit_code, "どちらかひとつ" in both.output) == (1, True)
    assert (await run(*end, "--now")).exit_code == 0
    assert (await browser.token("app-drill", secret, **form)).status_code == 401
    (published,) = (await identity.published("identity.purpose")).values()
    assert published["grants"] == []


async def test_mistakes_are_named_in_words(run: Any, identity: Identity) -> None:
    for change, words in (
        (["--feed", "karte"], "--feed"),
        (["--feed", "oneroster", "--fields", "names"], "grant-app"),
        (["--fields", "names"], "names"),
        (["--statement", " "], "--statement"),
        (["--importance", "V"], "重要性分類"),
        (["--department", "ない課"], "ない課"),
        (["--client", "registry"], "dept-"),
        (["--last-day", "2026-01-01"], "--last-day"),
        (["--board", "別の市"], "設置者"),
    ):
        result = await run(*GRANT, *change)
        assert result.exit_code == 1, change
        assert words in result.output
    result = await run("purpose", "end", str(uuid4()), "--reason", "x")
    assert result.exit_code == 1
    assert "purpose list" in result.output
    assert await identity.published("identity.purpose") == {}
