"""A realm's signing key is changed on a running Keycloak: what was signed before counts on, until its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from deploy.keycloak import commands
from deploy.keycloak.admin import MASTER, Admin, RealmError, path
from deploy.keycloak.keys import VERIFIES, Keys, change_own_secret
from deploy.local.keycloak import FIRST_ADMIN, Keycloak
from deploy.local.state import LocalError
from deploy.platform.deployed import Deployed
from deploy.platform.settings import PlatformSettings
from shared.access.tokens import ALGORITHM, header_of
from shared.dates import TOKYO
from tests.support.command_lines import command_line

REALM = "keys"
CLIENT = {"clientId": "somebody", "serviceAccountsEnabled": True, "secret": "a secret for tests"}
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture
def own(keycloak: Keycloak) -> Iterator[Admin]:
    """The administrator of a realm of this test's own, with Keycloak's own keys."""
    admin = Admin(keycloak.url, REALM, FIRST_ADMIN, keycloak.admin_secret)
    admin.post(path(), {"realm": REALM, "enabled": True, "clients": [CLIENT]})
    try:
        yield admin
    finally:
        admin.delete(admin.of())


def token(keycloak: Keycloak) -> str:
    answer = httpx.post(
        f"{keycloak.issuer(REALM)}/protocol/openid-connect/token",
        data={"grant_type": "client_credentials"},
        auth=("somebody", "a secret for tests"),
    )
    return str(answer.raise_for_status().json()["access_token"])


def is_believed(keycloak: Keycloak, token: str) -> bool:
    """By whoever asks for the realm's keys now."""
    told = httpx.get(f"{keycloak.issuer(REALM)}/protocol/openid-connect/certs").raise_for_status()
    try:
        jwt.decode(token, KeySet.import_key_set(told.json()), algorithms=[ALGORITHM])
    except (JoseError, ValueError):
        return False
    return True


def test_a_new_key_signs_and_the_old_one_verifies_until_its_time_is_over(
    keycloak: Keycloak, own: Admin
) -> None:
    keys, before = Keys(own), token(keycloak)
    (first,) = keys.all()
    assert (first.kid, first.signs, first.until) == (header_of(before)["kid"], True, None)

    new, old = keys.rotate(NOW)
    assert [(key.kid, key.signs, key.until) for key in old] == [(first.kid, False, NOW + VERIFIES)]
    after = token(keycloak)
    assert header_of(after)["kid"] == new.kid != first.kid
    assert is_believed(keycloak, before)
    assert is_believed(keycloak, after)

    assert list(keys.forget(NOW + VERIFIES - timedelta(seconds=1))) == []
    newest, old = keys.rotate(NOW + timedelta(hours=1))  # a second time before the first is over
    assert [key.kid for key in old] == [new.kid, first.kid]
    assert [key.kid for key in keys.forget(NOW + VERIFIES)] == [first.kid]
    assert not is_believed(keycloak, before)
    assert is_believed(keycloak, after)
    assert [key.kid for key in keys.forget(NOW, at_once=True)] == [new.kid]
    assert [key.kid for key in keys.all()] == [newest.kid]
    assert not is_believed(keycloak, after)
    assert is_believed(keycloak, token(keycloak))


def test_an_operator_is_told_which_key_ends_when(
    keycloak: Keycloak, own: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = SimpleNamespace(told=SimpleNamespace(issuer=keycloak.issuer(REALM)))
    monkeypatch.setattr(commands, "_told", lambda _: (told, keycloak.admin_secret))
    deployed = Deployed(PlatformSettings.model_construct())
    run = command_line(lambda app, console: commands.add_commands(app, lambda: deployed, console))
    (old,) = Keys(own).all()
    status, said = run("realm", "rotate-key")
    new, passive = Keys(own).all()
    assert (status, new.kid in said, passive.kid) == (0, True, old.kid)
    assert passive.until is not None
    ends = f"{passive.until.astimezone(TOKYO):%Y-%m-%d %H:%M}"
    assert f"鍵 {old.kid} は、{ends} まで検証だけに残します。" in said
    assert f"鍵 {old.kid} は、{ends} まで" in run("realm", "forget-keys")[1]
    assert f"鍵 {old.kid} を消しました。" in run("realm", "forget-keys", "--now")[1]
    with pytest.raises(LocalError, match="32 字以上"):
        run("realm", "own-secret")  # nothing at its standard input


def test_a_realm_that_is_not_there_is_said(keycloak: Keycloak) -> None:
    with pytest.raises(RealmError, match="nowhere"):
        Keys(Admin(keycloak.url, "nowhere", FIRST_ADMIN, keycloak.admin_secret)).all()


def test_the_first_administrator_changes_its_own_secret(keycloak: Keycloak) -> None:
    def come(secret: str) -> Admin:
        admin = Admin(keycloak.url, MASTER, FIRST_ADMIN, secret)
        assert admin.get(admin.of()) is not None
        return admin

    admin, new = come(keycloak.admin_secret), "another secret for tests"
    change_own_secret(admin, FIRST_ADMIN, new)
    try:
        with pytest.raises(RealmError):
            come(keycloak.admin_secret)
        come(new)
    finally:
        change_own_secret(come(new), FIRST_ADMIN, keycloak.admin_secret)
    come(keycloak.admin_secret)
