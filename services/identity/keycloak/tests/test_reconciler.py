"""Accounts become users of a real Keycloak, and cease to be."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakError

from services.identity.keycloak import store
from services.identity.keycloak.admin import CLIENT, Admin
from services.identity.keycloak.reconciler import LOOK, Reconciler
from services.identity.keycloak.rules import FIRST, username
from services.identity.keycloak.store import LEASE
from services.identity.keycloak.tests.conftest import SECRET, TRAINING, Realm
from services.identity.tests.town import Identity, Town, duties, duty, guardianship, tie
from shared.contracts.registry import PersonErased
from shared.dates import FixedClock


async def jobs(identity: Identity) -> dict[str, tuple[str, str | None, str | None]]:
    rows = await identity.rows("select account, kind, wanted, done, reason from keycloak_user")
    return {f"{row.account}/{row.kind}": (row.wanted, row.done, row.reason) for row in rows}


async def test_a_user_for_every_hat_and_never_a_name(
    reconciler: Reconciler, realm: Realm, identity: Identity, town: Town
) -> None:
    assert await reconciler.reconcile() is False
    users = realm.users()
    kinds = await identity.kinds()
    assert users.keys() == {
        f"{await identity.account(person)}/{kind}" for person, hats in kinds.items() for kind in hats
    }
    both = await identity.account(town.mother_teacher)
    assert {f"{both}/staff", f"{both}/guardian"} <= users.keys(), "her work and her family apart"
    for name, user in users.items():
        account, _, kind = name.partition("/")
        assert user["enabled"]
        assert user["attributes"]["board"] == [str(town.board)]
        linked = [link["userId"] for link in user.get("federatedIdentities", [])]
        linked = linked or [link["userId"] for link in realm.admin.get_user_social_logins(user["id"])]
        assert linked == ([account] if kind == "guardian" else []), "known by codes on paper"
        assert not any(user.get(field) for field in ("firstName", "lastName", "email"))
    words = str(users)
    for person in ("神", "中村", "佐藤", "ジン", "なかむら"):
        assert person not in words
    assert set((await jobs(identity)).values()) == {("enabled", "enabled", None)}
    assert reconciler.state.stopped_because is None
    assert reconciler.state.looked_at is not None

    name = users[f"{both}/staff"]["username"]
    assert name == username(both, "staff")
    claims = await realm.claims(await realm.sign_in(name, totp=TRAINING.code(datetime.now(UTC))))
    said = {key: claims[key] for key in ("sub", "board", "person", "kind")}
    assert said == {
        "sub": str(both),
        "board": str(town.board),
        "person": str(town.mother_teacher),
        "kind": "staff",
    }
    assert (await realm.sign_in(name)).status_code == 400, "a second factor is asked for"
    guardian = users[f"{both}/guardian"]["username"]
    assert (await realm.claims(await realm.sign_in(guardian)))["kind"] == "guardian"
    (kept,) = realm.admin.get_credentials(users[f"{both}/guardian"]["id"])
    (given,) = TRAINING.credentials("guardian")
    assert json.loads(kept["credentialData"]) == json.loads(given["credentialData"]), "not hashed anew"


async def test_who_leaves_is_shut_out_and_signed_out_and_may_come_back(
    reconciler: Reconciler, realm: Realm, identity: Identity, town: Town
) -> None:
    await reconciler.reconcile()
    account = await identity.account(town.guardian)
    name = username(account, "guardian")
    signed = (await realm.sign_in(name)).json()
    await identity.say(guardianship(town.pupil, tie(town.mother_teacher)))
    await identity.catch_up()
    await reconciler.reconcile()
    user = realm.users()[f"{account}/guardian"]
    assert not user["enabled"]
    assert realm.admin.get_sessions(user["id"]) == []
    assert (await realm.sign_in(name)).status_code == 400
    form = {"grant_type": "refresh_token", "refresh_token": signed["refresh_token"]}
    assert (await realm._token(form, ("probe", "probe's secret"))).status_code == 400

    await identity.say(guardianship(town.pupil, tie(town.guardian), tie(town.mother_teacher)))
    await identity.catch_up()
    await reconciler.reconcile()
    assert (await realm.sign_in(name)).status_code == 200, "the same user, with what it had"
    assert realm.users()[f"{account}/guardian"]["id"] == user["id"]


async def test_one_hat_goes_and_the_other_stays(
    reconciler: Reconciler, realm: Realm, identity: Identity, town: Town
) -> None:
    await reconciler.reconcile()
    await identity.say(duties(town.mother_teacher))
    await identity.catch_up()
    await reconciler.reconcile()
    account, users = await identity.account(town.mother_teacher), realm.users()
    assert (users[f"{account}/staff"]["enabled"], users[f"{account}/guardian"]["enabled"]) == (False, True)


async def test_who_was_erased_is_deleted_and_never_made_again(
    reconciler: Reconciler, realm: Realm, identity: Identity, town: Town
) -> None:
    await reconciler.reconcile()
    account = await identity.account(town.guardian)
    await identity.say(PersonErased(person=town.guardian))
    await identity.catch_up()
    await reconciler.reconcile()
    assert f"{account}/guardian" not in realm.users()
    assert (await jobs(identity))[f"{account}/guardian"] == ("gone", "gone", None)
    await identity.say(duties(town.guardian, duty("office", town.first)))
    await identity.catch_up()
    await reconciler.reconcile()
    assert not [name for name in realm.users() if name.startswith(str(account))]


async def test_a_name_that_somebody_else_has_waits_and_holds_up_nobody(
    admin: Admin, realm: Realm, identity: Identity, town: Town
) -> None:
    nurse, real = await identity.account(town.nurse), FixedClock(datetime.now(UTC))
    reconciler = Reconciler(identity.feed, admin, real=real, training=TRAINING)
    taken = realm.admin.create_user({"username": username(nurse, "staff"), "enabled": True})
    await reconciler.reconcile()
    assert (await jobs(identity))[f"{nurse}/staff"] == (
        "enabled",
        None,
        "the name is another account's",
    )
    assert "1 件" in (reconciler.state.stopped_because or "")
    assert len(realm.users()) == len(await jobs(identity)) - 1, "the others are none the worse for it"

    realm.admin.delete_user(taken)
    await reconciler.reconcile()
    assert f"{nurse}/staff" not in realm.users(), "not asked at every look"
    real.instant += FIRST
    await reconciler.reconcile()
    assert len(realm.users()) == len(await jobs(identity))
    assert set((await jobs(identity)).values()) == {("enabled", "enabled", None)}
    assert reconciler.state.stopped_because is None


async def test_a_try_that_died_before_it_was_noted_is_found(
    admin: Admin, realm: Realm, identity: Identity, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FixedClock(datetime.now(UTC))
    with monkeypatch.context() as patch:
        patch.setattr(store, "note", _died)
        with pytest.raises(RuntimeError, match="died"):
            await Reconciler(identity.feed, admin, real=real).reconcile()
    made = {name: user["id"] for name, user in realm.users().items()}
    assert made.keys() == (await jobs(identity)).keys()
    assert {done for _, done, _ in (await jobs(identity)).values()} == {None}
    real.instant += LEASE
    await Reconciler(identity.feed, admin, real=real).reconcile()
    assert {name: user["id"] for name, user in realm.users().items()} == made
    assert set((await jobs(identity)).values()) == {("enabled", "enabled", None)}


async def _died(*_: object) -> None:
    raise RuntimeError("died")


async def test_a_keycloak_that_lost_everything_is_told_again(
    admin: Admin, realm: Realm, identity: Identity, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    real = FixedClock(datetime.now(UTC))
    reconciler = Reconciler(identity.feed, admin, real=real, training=TRAINING)
    await reconciler.reconcile()
    erased, nurse = await identity.account(town.guardian), await identity.account(town.nurse)
    await identity.say(PersonErased(person=town.guardian), duties(town.nurse))
    await identity.catch_up()
    await reconciler.reconcile()
    left = {name for name, user in realm.users().items() if user["enabled"]}
    assert f"{nurse}/staff" not in left
    assert f"{erased}/guardian" not in left

    realm.lose()
    real.instant += LOOK - timedelta(seconds=1)
    await reconciler.reconcile()
    assert realm.users() == {}, "asked every half minute, not at every look"
    real.instant += timedelta(seconds=1)
    await reconciler.reconcile()
    assert realm.users().keys() == left, "who was erased, or may not come in, is made nowhere"
    assert f"{len(await jobs(identity)) - 1} users and 0 clients" in caplog.text
    assert {(wanted, done) for wanted, done, _ in (await jobs(identity)).values()} == {
        ("enabled", "enabled"),
        ("disabled", "disabled"),
        ("gone", "gone"),
    }
    teacher = username(await identity.account(town.mother_teacher), "staff")
    answer = await realm.sign_in(teacher, totp=TRAINING.code(datetime.now(UTC)))
    assert (await realm.claims(answer))["person"] == str(town.mother_teacher)

    caplog.clear()
    made = {name: user["id"] for name, user in realm.users().items()}
    await Reconciler(identity.feed, admin, real=real).reconcile()
    assert (caplog.text, {name: user["id"] for name, user in realm.users().items()}) == ("", made), (
        "it is remembered by whoever comes next"
    )


class Failing:
    """Between identity and Keycloak: whoever is in ``at`` gets ``code``, whatever is wanted of it."""

    def __init__(self, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at: set[str] = set()
        self.code = 500
        self.asked: list[str] = []
        create = admin._admin.a_create_user

        async def fails(user: dict[str, Any]) -> str:
            self.asked.append(user["username"])
            if user["username"] in self.at:
                raise KeycloakError("no", response_code=self.code, response_body=b'{"error":"unknown_error"}')
            return await create(user)

        monkeypatch.setattr(admin._admin, "a_create_user", fails)


@pytest.mark.parametrize("code", [500, 403])
async def test_one_at_which_keycloak_fails_holds_up_nobody(
    code: int, admin: Admin, realm: Realm, identity: Identity, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    culprit, failing = await identity.account(town.principal), Failing(admin, monkeypatch)
    failing.at, failing.code = {username(culprit, "staff")}, code
    real = FixedClock(datetime.now(UTC))
    reconciler = Reconciler(identity.feed, admin, real=real)
    await reconciler.reconcile()
    assert len(realm.users()) == len(await jobs(identity)) - 1
    wanted, done, reason = (await jobs(identity))[f"{culprit}/staff"]
    assert (wanted, done, f"{code} unknown_error" in (reason or "")) == ("enabled", None, True)
    assert "1 件" in (reconciler.state.stopped_because or "")
    failing.asked.clear()
    await reconciler.reconcile()
    assert failing.asked == [], "it waits by itself"
    failing.at.clear()
    real.instant += FIRST
    await reconciler.reconcile()
    assert set((await jobs(identity)).values()) == {("enabled", "enabled", None)}
    assert reconciler.state.stopped_because is None


async def test_where_keycloak_fails_at_everything_it_is_said_and_the_rest_is_not_tried(
    admin: Admin, realm: Realm, identity: Identity, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.identity.keycloak.reconciler.AT_ONCE", 1)
    monkeypatch.setattr("services.identity.keycloak.reconciler.IN_A_ROW", 2)
    failing, real = Failing(admin, monkeypatch), FixedClock(datetime.now(UTC))
    reconciler = Reconciler(identity.feed, admin, real=real)
    async with identity.feed.maintain() as session:
        await store.find(session, identity.clock.today(), real.now())
    failing.at = names = {
        username(row.account, row.kind)
        for row in await identity.rows("select account, kind from keycloak_user")
    }
    assert await reconciler.reconcile() is False
    assert "答えられない" in (reconciler.state.stopped_because or "")
    first, failing.asked = set(failing.asked), []
    assert len(first) == 2
    rows = await identity.rows("select tries from keycloak_user")
    assert sorted(row.tries for row in rows) == [0] * (len(names) - 2) + [1, 1]

    failing.at = first
    await reconciler.reconcile()
    assert set(failing.asked) == names - first, "whom it fails at is not at the head again"
    assert len(realm.users()) == len(names) - 2
    failing.at = set()
    real.instant += FIRST
    await reconciler.reconcile()
    assert len(realm.users()) == len(names)
    assert reconciler.state.stopped_because is None


async def test_keycloak_away_loses_nothing(
    realm: Realm, identity: Identity, town: Town, admin: Admin
) -> None:
    nobody_there = Admin("http://localhost:9/realms/tsumugi", "x")
    away = Reconciler(identity.feed, nobody_there)
    try:
        assert await away.reconcile() is False
        assert "つながりません" in (away.state.stopped_because or "")
        await away.reconcile()
    finally:
        await nobody_there.close()
    rows = await identity.rows("select distinct tries, reason, done from keycloak_user")
    assert [(row.tries, row.reason, row.done) for row in rows] == [(0, None, None)]
    wrong = Admin(realm.issuer, "another secret")
    shut = Reconciler(identity.feed, wrong)
    try:
        await shut.reconcile()
        assert "identity-admin" in (shut.state.stopped_because or "")
    finally:
        await wrong.close()
    missing = Admin(f"{realm.server.url}/realms/missing", "x")
    early = Reconciler(identity.feed, missing)
    try:
        await early.reconcile()
        assert "realm apply" in (early.state.stopped_because or "")
    finally:
        await missing.close()
    back = Reconciler(identity.feed, admin)
    await back.reconcile()
    assert len(realm.users()) == len(await jobs(identity)) > 0
    assert back.state.stopped_because is None


async def test_it_has_no_more_rights_than_it_needs(realm: Realm) -> None:
    """Keycloak itself refuses what identity has no business with."""
    own = KeycloakAdmin(
        connection=KeycloakOpenIDConnection(
            server_url=f"{realm.server.url}/",
            realm_name=realm.name,
            client_id=CLIENT,
            client_secret_key=SECRET,
        )
    )
    for ask in (
        lambda: own.update_realm(realm.name, {"registrationAllowed": True}),
        own.get_authentication_flows,
        lambda: own.create_idp({"alias": "other", "providerId": "oidc", "config": {}}),
        lambda: own.get_events(),
    ):
        with pytest.raises(KeycloakError) as refused:
            ask()
        assert refused.value.response_code == 403
