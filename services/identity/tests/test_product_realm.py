"""identity in the product's own realm, with the rights that it has there and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.keycloak import admin as operators
from deploy.keycloak.commands import client_in
from deploy.keycloak.realm import Place
from deploy.keycloak.realm import realm as product_realm
from deploy.keycloak.reconcile import Reconciler as RealmReconciler
from deploy.local.keycloak import FIRST_ADMIN, Keycloak
from deploy.local.lifecycle import users_to_make
from services.identity.commands import Deployment
from services.identity.keycloak.admin import CLIENT, Admin, NotTaken
from services.identity.keycloak.reconciler import LOOK, Reconciler
from services.identity.keycloak.rules import Department, Hat, username
from services.identity.tests.test_cli import GRANT, commands
from services.identity.tests.town import Identity, Town
from shared.access.tokens import KeySource, TokenVerifier
from shared.dates import FixedClock
from tests.support.keycloak import ORIGIN, Realmed, client_secret


@pytest.fixture
async def admin(realm: Realmed) -> AsyncIterator[Admin]:
    """identity's way into it."""
    made = Admin(realm.issuer, realm.secret(CLIENT))
    try:
        yield made
    finally:
        await made.close()


def found(realm: Realmed, hat: Hat) -> list[dict[str, object]]:
    users: list[dict[str, object]] = realm.admin.get(
        realm.admin.of("users"), username=hat.username, exact=True
    )
    return users


async def test_it_keeps_users(admin: Admin, realm: Realmed) -> None:
    await admin.enter()
    for kind in ("staff", "guardian", "pupil"):
        hat = Hat(uuid4(), kind, uuid4(), uuid4())
        id = await admin.put_user(hat, None)
        (user,) = found(realm, hat)
        assert (user["id"], user["enabled"]) == (id, True)
        links = realm.admin.get(realm.admin.of("users", id, "federated-identity"))
        assert [link["userId"] for link in links] == ([str(hat.account)] if kind == "guardian" else [])
        assert await admin.put_user(hat, None) == id, "a try that died is found again"
        await admin.set_password(id, "a password of many letters")
        assert await admin.shut_user(hat, id) == id
        (user,) = found(realm, hat)
        assert user["enabled"] is False
        await admin.delete_user(hat, id)
        assert found(realm, hat) == []


async def test_it_keeps_departments(admin: Admin, realm: Realmed) -> None:
    await admin.enter()
    department = Department(uuid4(), uuid4(), f"dept-{uuid4().hex[:8]}", app=False)
    await admin.put_client(department, enabled=True, secret="a secret")
    async with httpx.AsyncClient() as http:

        async def own() -> httpx.Response:
            form = {"grant_type": "client_credentials", "scope": "dashboard"}
            return await http.post(realm.tokens, data=form, auth=(department.client_id, "a secret"))

        answer = await own()
        assert answer.status_code == 200, answer.text
        verifier = TokenVerifier(realm.issuer, "dashboard", KeySource.of(realm.keys))
        who = await verifier.verify(answer.json()["access_token"])
        assert (who.subject, who.kind, who.board, who.client, who.acr, who.scopes) == (
            str(department.id),
            "department",
            department.board,
            department.client_id,
            1,
            frozenset(),
        )
        await admin.put_client(department, enabled=False)
        assert (await own()).status_code == 401


async def test_it_cannot_touch_what_is_the_realm_s(admin: Admin, realm: Realmed) -> None:
    await admin.enter()
    other = Department(uuid4(), uuid4(), "dashboard", app=False)
    with pytest.raises(NotTaken, match="409"):
        await admin.put_client(other, enabled=True, secret="known to somebody")
    await admin.put_client(other, enabled=False)
    (client,) = realm.admin.get(realm.admin.of("clients"), clientId="dashboard")
    assert (client["enabled"], client["secret"]) == (True, realm.secret("dashboard"))


class Losable:
    """The product's realm under a name of its own, because it is lost."""

    def __init__(self, server: Keycloak) -> None:
        name = f"lost-{uuid4().hex[:8]}"
        self.issuer = server.issuer(name)
        self.admin = operators.Admin(server.url, name, FIRST_ADMIN, server.admin_secret)
        self._wanted = product_realm(
            Place(ORIGIN, ORIGIN, f"{ORIGIN}/paper", f"{ORIGIN}/paper", client_secret)
        )

    def make(self) -> None:
        """As `tsumugi realm apply` does."""
        assert list(RealmReconciler(self.admin, self._wanted, mend=True).run())

    def lose(self) -> None:
        """All that Keycloak has of it."""
        self.admin.delete(self.admin.of())

    def users(self) -> dict[str, str]:
        """Name → Keycloak's id."""
        return {each["username"]: each["id"] for each in self.admin.get(self.admin.of("users"), max=1000)}

    def clients(self) -> set[str]:
        """Those of departments."""
        found = {each["clientId"] for each in self.admin.get(self.admin.of("clients"))}
        return {id for id in found if id.startswith("dept-")}


@pytest.fixture
def losable(keycloak: Keycloak) -> Iterator[Losable]:
    """The product's realm."""
    made = Losable(keycloak)
    made.make()
    try:
        yield made
    finally:
        made.lose()


async def to_make(identity: Identity, losable: Losable) -> tuple[int, int]:
    """What a start of the edition waits for."""
    database = await identity.database.server.connect(identity.database.name)
    try:
        return await users_to_make(database, client_in(losable.admin))
    finally:
        await database.close()


async def test_it_notes_which_realm_it_told_and_tells_another_one_all_of_it(
    losable: Losable, identity: Identity, town: Town, tmp_path: Path
) -> None:
    """Whoever asks which realm it is, as an operator or as identity itself, means the same by it."""
    settings = replace(
        identity.settings,
        edition="platform",
        issuer=losable.issuer,
        secrets={CLIENT: client_secret(CLIENT)},
        state=tmp_path,
    )
    run = commands(
        Deployment(
            settings,
            identity.clock,
            lambda client: tmp_path / client,
            settings.secrets.__getitem__,
            "始めてください。",
        )
    )
    admin, real = Admin(losable.issuer, client_secret(CLIENT)), FixedClock(datetime.now(UTC))
    reconciler = Reconciler(identity.feed, admin, real=real)
    try:
        staff, everybody = await to_make(identity, losable)
        assert 0 < staff < everybody, "nobody was told"
        assert (await run(*GRANT)).exit_code == 0
        await reconciler.reconcile()
        assert reconciler.state.stopped_because is None
        (noted,) = await identity.rows("select client from keycloak_realm")
        assert noted.client == admin.realm() == client_in(losable.admin)
        assert await to_make(identity, losable) == (0, 0)
        before, clients = losable.users(), losable.clients()
        assert len(before) == everybody
        assert len(clients) == 1

        losable.lose()
        losable.make()
        assert client_in(losable.admin) != noted.client
        assert await to_make(identity, losable) == (staff, everybody), "what was noted is of another realm"
        real.instant += LOOK
        await reconciler.reconcile()
        (again,) = await identity.rows("select client from keycloak_realm")
        assert again.client == client_in(losable.admin)
        assert (losable.users().keys(), losable.clients()) == (before.keys(), clients)
        assert not set(losable.users().values()) & set(before.values())
        assert await to_make(identity, losable) == (0, 0)

        # The same realm as it was on a day before: two that were made since are not in it.
        nurse, pupil = await identity.account(town.nurse), await identity.account(town.pupil)
        gone = {username(nurse, "staff"), username(pupil, "pupil")}
        for name in gone:
            losable.admin.delete(losable.admin.of("users", losable.users()[name]))
        told = await run("account", "password", str(town.nurse))
        assert (told.exit_code, "作り直します" in told.output) == (1, True), told.output
        await reconciler.reconcile()
        assert before.keys() - losable.users().keys() == {username(pupil, "pupil")}
        kept = losable.users()
        told = await run("account", "again")
        assert (told.exit_code, f"{everybody} 人" in told.output) == (0, True), told.output
        await reconciler.reconcile()
        assert losable.users().keys() == before.keys()
        assert losable.users().items() >= kept.items(), "who was there is who was there"
        assert reconciler.state.stopped_because is None
    finally:
        await admin.close()
