"""identity in the product's own realm, with the rights that it has there and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from services.identity.keycloak.admin import CLIENT, Admin, NotTaken
from services.identity.keycloak.rules import Department, Hat
from shared.access.tokens import KeySource, TokenVerifier
from tests.support.keycloak import Realmed


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
