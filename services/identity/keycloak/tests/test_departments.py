"""Departments and learning apps as clients of a real Keycloak, by the commands an operator gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.identity.commands import Deployment
from services.identity.keycloak.admin import CLIENT
from services.identity.keycloak.reconciler import Reconciler
from services.identity.keycloak.rules import username
from services.identity.keycloak.tests.conftest import SECRET, TRAINING, Realm
from services.identity.keycloak.training import training
from services.identity.tests.test_cli import GRANT, commands
from services.identity.tests.town import Identity, Town
from shared.contracts.registry import PersonErased
from shared.dates import TrainingClock

DEPT = "dept-kenko-kyushoku"
APP = [
    *("purpose", "grant-app", "--client", "app-drill", "--name", "ドリル", "--fields", "names,grades"),
    *("--statement", "名前で呼ぶ。", "--basis", "教育委員会の決定"),
]


@pytest.fixture
def deployment(identity: Identity, realm: Realm, tmp_path: Path) -> Deployment:
    """What the commands are told in the platform edition."""
    settings = replace(
        identity.settings,
        edition="platform",
        issuer=realm.issuer,
        origin="https://localhost:8700",
        secrets={CLIENT: SECRET},
        state=tmp_path,
    )
    return Deployment(
        settings,
        identity.clock,
        lambda client: tmp_path / f"{client}.secret",
        settings.secrets.__getitem__,
        "始めてください。",
    )


@pytest.fixture
def run(deployment: Deployment, town: Town) -> Any:
    """Runs a command line on the town."""
    return commands(deployment)


def secret_of(output: str) -> str:
    return output.strip().splitlines()[-1]


async def test_a_department_from_its_grant_to_its_end(
    run: Any, realm: Realm, identity: Identity, town: Town, reconciler: Reconciler
) -> None:
    made = await run(*GRANT)
    assert made.exit_code == 0, made.output
    secret = secret_of(made.output)
    claims = await realm.claims(await realm.own(DEPT, secret, "dashboard"))
    said = {name: claims[name] for name in ("sub", "kind", "board", "azp", "aud", "acr")}
    assert said == {
        "sub": str(town.kitchen),
        "kind": "department",
        "board": str(town.board),
        "azp": DEPT,
        "aud": "dashboard",
        "acr": "1",
    }
    elsewhere = await realm.own(DEPT, secret, "registry")
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (400, "invalid_scope")
    await reconciler.reconcile()
    assert (await realm.own(DEPT, secret, "dashboard")).status_code == 200, "the secret is left as it is"

    again = secret_of((await run("purpose", "new-secret", DEPT)).output)
    assert (await realm.own(DEPT, secret, "dashboard")).status_code == 401
    assert (await realm.own(DEPT, again, "dashboard")).status_code == 200

    (published,) = (await identity.published("identity.purpose")).values()
    purpose = published["grants"][0]["purpose"]
    ended = await run("purpose", "end", purpose, "--reason", "秘密がもれた", "--now")
    assert ended.exit_code == 0, ended.output
    assert (await realm.own(DEPT, again, "dashboard")).status_code == 401, (
        "at once, before anybody reconciles"
    )
    await reconciler.reconcile()
    assert (await realm.own(DEPT, again, "dashboard")).status_code == 401
    once_more = await run(*GRANT)
    assert "秘密は前のまま" in once_more.output
    assert (await realm.own(DEPT, again, "dashboard")).status_code == 200


async def test_a_learning_app_reads_the_roster_and_nothing_else(run: Any, realm: Realm) -> None:
    secret = secret_of((await run(*APP)).output)
    scope = "https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"
    claims = await realm.claims(await realm.own("app-drill", secret, f"registry {scope}"))
    assert (claims["aud"], claims["kind"], claims["azp"]) == ("registry", "department", "app-drill")
    assert scope in claims["scope"].split()
    assert (await realm.own("app-drill", secret, "dashboard")).json()["error"] == "invalid_scope"


async def test_days_end_a_grant_without_any_command(
    run: Any, realm: Realm, identity: Identity, reconciler: Reconciler
) -> None:
    secret = secret_of((await run(*GRANT, "--last-day", "2026-11-30")).output)
    await reconciler.reconcile()
    assert (await realm.own(DEPT, secret, "dashboard")).status_code == 200
    identity.clock.instant = identity.clock.instant.replace(month=12, day=1)
    await reconciler.reconcile()
    assert (await realm.own(DEPT, secret, "dashboard")).status_code == 401


async def test_without_keycloak_nothing_is_granted_and_whatever_ends_has_ended(
    run: Any, deployment: Deployment, identity: Identity
) -> None:
    await run(*GRANT)
    before = await identity.published("identity.purpose")
    away = commands(
        replace(
            deployment,
            settings=replace(deployment.settings, issuer="http://localhost:9/realms/tsumugi"),
        )
    )
    refused = await away(*APP)
    assert (refused.exit_code, "Keycloak につながりません" in refused.output) == (1, True)
    assert await identity.published("identity.purpose") == before
    ((key, held),) = before.items()
    ended = await away("purpose", "end", held["grants"][0]["purpose"], "--reason", "x", "--now")
    assert (ended.exit_code, "終わりました" in ended.output) == (1, True)
    now = (await identity.published("identity.purpose"))[key]
    assert [grant for grant in now["grants"] if grant["until"] is None] == []


async def test_a_first_password_is_said_once_and_must_be_changed(
    run: Any, realm: Realm, identity: Identity, town: Town, reconciler: Reconciler
) -> None:
    await reconciler.reconcile()
    account = await identity.account(town.mother_teacher)
    names = (await run("account", "name", str(town.mother_teacher))).output
    assert f"職員  {username(account, 'staff')}" in names
    assert f"保護者  {username(account, 'guardian')}" in names
    told = await run("account", "password", str(town.mother_teacher))
    assert told.exit_code == 0, told.output
    totp = TRAINING.code(datetime.now(UTC))
    answer = await realm.sign_in(username(account, "staff"), secret_of(told.output), totp=totp)
    assert answer.json()["error_description"] == "Account is not fully set up", "it is to be changed"
    guardian = await run("account", "password", str(town.guardian))
    assert (guardian.exit_code, "紙のコード" in guardian.output) == (1, True)
    as_family = await run("account", "password", f" {username(account, 'guardian').upper()} ")
    assert (as_family.exit_code, "紙のコード" in as_family.output) == (1, True), (
        "not of the same person at work"
    )
    (row,) = await identity.rows("select subjects from access.entry where action = 'account:password'")
    assert list(row.subjects) == [town.mother_teacher]


async def test_a_password_for_a_user_that_keycloak_does_not_know_is_none(
    run: Any, realm: Realm, identity: Identity, town: Town, reconciler: Reconciler
) -> None:
    await reconciler.reconcile()
    account = await identity.account(town.nurse)
    realm.admin.delete_user(realm.users()[f"{account}/staff"]["id"])
    told = await run("account", "password", str(town.nurse))
    assert (told.exit_code, "Keycloak にこの人の利用者がありません" in told.output) == (1, True), told.output
    assert "仮のパスワード" not in told.output
    assert await identity.rows("select action from access.entry where action = 'account:password'") == []
    await reconciler.reconcile()
    assert f"{account}/staff" in realm.users(), "as was said"
    told = await run("account", "password", username(account, "staff"))
    assert told.exit_code == 0, told.output
    assert (await run("account", "name", username(account, "pupil"))).exit_code == 1, "nobody's"


async def test_a_keycloak_brought_back_from_an_older_day_is_gone_through_again(
    run: Any, realm: Realm, identity: Identity, town: Town, reconciler: Reconciler
) -> None:
    """The realm is the same: nobody notices by itself."""
    assert (await run(*GRANT)).exit_code == 0
    await reconciler.reconcile()
    was = realm.users()
    nurse, erased = await identity.account(town.nurse), await identity.account(town.guardian)
    await identity.say(PersonErased(person=town.guardian))
    await identity.catch_up()
    await reconciler.reconcile()
    realm.admin.delete_user(was[f"{nurse}/staff"]["id"])
    old = was[f"{erased}/guardian"]
    realm.admin.create_user({name: old[name] for name in ("username", "attributes")} | {"enabled": True})
    realm.admin.delete_client(realm.admin.get_client_id(DEPT) or "")
    await reconciler.reconcile()
    assert f"{nurse}/staff" not in realm.users()
    told = await run("account", "again")
    assert (told.exit_code, f"{len(was)} 人" in told.output) == (0, True), told.output
    await reconciler.reconcile()
    assert realm.users().keys() == was.keys() - {f"{erased}/guardian"}
    assert realm.admin.get_client_id(DEPT)


async def test_a_department_needs_another_secret_when_keycloak_lost_everything(
    run: Any, realm: Realm, identity: Identity, reconciler: Reconciler
) -> None:
    secret = secret_of((await run(*GRANT)).output)
    await reconciler.reconcile()
    realm.lose()
    await Reconciler(identity.feed, reconciler._admin).reconcile()
    assert realm.admin.get_client_id(DEPT), "with the rights that it had"
    assert (await realm.own(DEPT, secret, "dashboard")).status_code == 401
    again = secret_of((await run("purpose", "new-secret", DEPT)).output)
    assert (await realm.own(DEPT, again, "dashboard")).status_code == 200


async def test_a_town_for_trying_has_one_way_in_and_no_other_has(
    deployment: Deployment, realm: Realm, identity: Identity, town: Town, reconciler: Reconciler
) -> None:
    refused = await commands(deployment)("account", "demo")
    assert (refused.exit_code, "れんしゅう" in refused.output) == (1, True), "no training date"
    clock = TrainingClock(identity.clock.today())
    elsewhere = replace(deployment.settings, origin="https://tsumugi.example")
    refused = await commands(replace(deployment, clock=clock, settings=elsewhere))("account", "demo")
    assert (refused.exit_code, "れんしゅう" in refused.output) == (1, True), "others could come"
    told = await commands(replace(deployment, clock=clock))("account", "demo", "--json")
    assert told.exit_code == 0, told.output
    way = training(deployment.settings.state, deployment.settings.origin, clock)
    assert httpx.Response(200, text=told.output).json()["password"] == way.password
    await Reconciler(identity.feed, reconciler._admin, training=way).reconcile()
    found = httpx.Response(
        200, text=(await commands(replace(deployment, clock=clock))("account", "demo", "--json")).output
    ).json()
    assert {each["role"] for each in found["people"]} >= {"homeroom", "principal", "nurse", "guardian"}
    for each in found["people"]:
        form = {"totp": way.code(datetime.now(UTC))} if each["kind"] == "staff" else {}
        answer = await realm.sign_in(each["username"], found["password"], **form)
        assert (await realm.claims(answer))["person"] == each["person"]
    searched = await commands(replace(deployment, clock=clock))("account", "demo", "担任")
    assert username(await identity.account(town.mother_teacher), "staff") in searched.output
    assert username(await identity.account(town.nurse), "staff") not in searched.output
    listed = await commands(replace(deployment, clock=clock))("account", "demo", "--kind", "pupil")
    assert username(await identity.account(town.pupil), "pupil") in listed.output


async def test_in_the_embedded_edition_there_is_none_of_it(
    deployment: Deployment, identity: Identity
) -> None:
    embedded = commands(replace(deployment, settings=identity.settings))
    for words in (("name", "x"), ("password", "x"), ("again",), ("demo",)):
        refused = await embedded("account", *words)
        assert (refused.exit_code, "platform だけ" in refused.output) == (1, True)
