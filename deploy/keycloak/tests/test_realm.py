"""The realm as a running Keycloak has it: made, found changed, mended; and what each client's own token is good for."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from deploy.keycloak.admin import Admin, RealmError
from deploy.keycloak.clients import IDENTITY_ADMIN, KAFKA_ADMIN, audiences
from deploy.keycloak.realm import REALM, Place
from deploy.keycloak.realm import realm as product_realm
from deploy.keycloak.reconcile import BUILT_IN, Reconciler
from deploy.topology import topology
from shared.access.own_token import NoToken, OwnToken
from shared.access.principal import COMMAND_LINE, NO_BOARD, Unauthenticated
from shared.access.tokens import KeySource, TokenVerifier
from tests.support.keycloak import Realmed


def differing(realm: Realmed, *, mend: bool) -> list[str]:
    return list(Reconciler(realm.admin, realm.wanted, mend=mend).run())


def own(realm: Realmed, http: httpx.AsyncClient, client: str, audience: str) -> OwnToken:
    return OwnToken(http, realm.tokens, client, realm.secret(client), audience)


def verifier(realm: Realmed, audience: str) -> TokenVerifier:
    return TokenVerifier(realm.issuer, audience, KeySource.of(realm.keys))


def test_a_realm_that_was_made_differs_in_nothing(realm: Realmed) -> None:
    assert differing(realm, mend=False) == []


def of_client(realm: Realmed, client: str) -> dict[str, Any]:
    (found,) = realm.admin.get(realm.admin.of("clients"), clientId=client)
    return dict(found)


def open_redirect(realm: Realmed) -> None:
    found = of_client(realm, "dashboard")
    found["redirectUris"].append("https://elsewhere.example/*")
    realm.admin.put(realm.admin.of("clients", found["id"]), found)


def token_for_anybody(realm: Realmed) -> None:
    found = of_client(realm, COMMAND_LINE)
    change = {"redirectUris": ["*"], "publicClient": True, "serviceAccountsEnabled": True}
    realm.admin.put(realm.admin.of("clients", found["id"]), found | change)


def other_secret(realm: Realmed) -> None:
    found = of_client(realm, "registry")
    realm.admin.put(realm.admin.of("clients", found["id"]), found | {"secret": "known to somebody"})


def reach_more(realm: Realmed) -> None:
    scopes = {each["name"]: each["id"] for each in realm.admin.get(realm.admin.of("client-scopes"))}
    here = realm.admin.of("clients", of_client(realm, KAFKA_ADMIN)["id"], "optional-client-scopes")
    realm.admin.put(f"{here}/{scopes['registry']}")


def own_client(realm: Realmed) -> None:
    realm.admin.post(realm.admin.of("clients"), {"clientId": "back-door", "serviceAccountsEnabled": True})


def weak_passwords(realm: Realmed) -> None:
    realm.admin.put(realm.admin.of(), {"passwordPolicy": "length(1)"})


def no_second_factor(realm: Realmed) -> None:
    here = realm.admin.of("authentication", "flows", "tsumugi browser", "executions")
    (factor,) = [each for each in realm.admin.get(here) if each.get("providerId") == "auth-otp-form"]
    realm.admin.put(here, factor | {"requirement": "DISABLED"})


def more_of_people(realm: Realmed) -> None:
    here = realm.admin.of("users", "profile")
    profile = realm.admin.get(here)
    profile["attributes"].append({"name": "telephone", "permissions": {"view": ["admin"], "edit": ["admin"]}})
    realm.admin.put(here, profile)


def another_board(realm: Realmed) -> None:
    user = realm.admin.get(
        realm.admin.of("clients", of_client(realm, "registry")["id"], "service-account-user")
    )
    user["attributes"]["kind"] = ["staff"]
    realm.admin.put(realm.admin.of("users", user["id"]), user)


def more_rights(realm: Realmed) -> None:
    user = realm.admin.get(
        realm.admin.of("clients", of_client(realm, IDENTITY_ADMIN)["id"], "service-account-user")
    )
    management = of_client(realm, "realm-management")["id"]
    roles = realm.admin.get(realm.admin.of("clients", management, "roles"))
    given = [role for role in roles if role["name"] == "manage-realm"]
    realm.admin.post(realm.admin.of("users", user["id"], "role-mappings", "clients", management), given)


def other_audience(realm: Realmed) -> None:
    (scope,) = [each for each in realm.admin.get(realm.admin.of("client-scopes")) if each["name"] == "kafka"]
    models = realm.admin.of("client-scopes", scope["id"], "protocol-mappers", "models")
    (mapper,) = scope["protocolMappers"]
    mapper["config"]["included.custom.audience"] = "registry"
    realm.admin.put(f"{models}/{mapper['id']}", mapper)


def other_provider(realm: Realmed) -> None:
    here = realm.admin.of("identity-provider", "instances", "paper")
    found = realm.admin.get(here)
    found["config"]["validateSignature"] = "false"
    realm.admin.put(here, found)


def permissions(realm: Realmed) -> tuple[str, dict[str, Any]]:
    here = realm.admin.of("clients", of_client(realm, "admin-permissions")["id"], "authz", "resource-server")
    where = f"{here}/permission/scope"
    return where, {each["name"]: each for each in realm.admin.get(where)}


def more_to_see(realm: Realmed) -> None:
    where, all_of_them = permissions(realm)
    ours = all_of_them["clients are the realm's"]
    realm.admin.delete(f"{where}/{ours['id']}")


def another_permission(realm: Realmed) -> None:
    where, _ = permissions(realm)
    told = {"name": "all of it", "resourceType": "Users", "scopes": ["map-roles"], "policies": ["identity"]}
    realm.admin.post(where, told)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (open_redirect, "dashboard: redirectUris"),
        (token_for_anybody, "tsumugi-cli: redirectUris"),
        (other_secret, "registry: secret"),
        (reach_more, "kafka-admin: optionalClientScopes"),
        (own_client, "back-door"),
        (weak_passwords, "passwordPolicy"),
        (no_second_factor, "tsumugi browser"),
        (more_of_people, "telephone"),
        (another_board, "registry: attributes.kind"),
        (more_rights, "identity-admin: roles"),
        (other_audience, "kafka"),
        (other_provider, "validateSignature"),
        (more_to_see, "clients are the realm's"),
        (another_permission, "all of it"),
    ],
)
def test_what_somebody_changed_is_told_and_mended(
    realm: Realmed, change: Callable[[Realmed], None], named: str
) -> None:
    change(realm)
    told = differing(realm, mend=False)
    assert [line for line in told if named in line], told
    assert "known to somebody" not in str(told)
    assert realm.secret("registry") not in str(told)
    assert differing(realm, mend=False) == told  # telling changes nothing
    differing(realm, mend=True)
    assert differing(realm, mend=False) == []


def test_what_the_code_says_anew_is_there_after_one_run(realm: Realmed) -> None:
    """Other names, as after a restore at another address, and other secrets, as after one was rotated."""
    elsewhere = "http://localhost:29999"
    place = Place(
        elsewhere, elsewhere, f"{elsewhere}/paper", f"{elsewhere}/paper", lambda id: f"anew, of {id}"
    )
    moved = product_realm(place)
    try:
        told = "\n".join(Reconciler(realm.admin, moved, mend=True).run())
        assert "dashboard: redirectUris" in told
        assert "registry: secret" in told
        assert list(Reconciler(realm.admin, moved, mend=False).run()) == []
    finally:
        differing(realm, mend=True)


def test_mending_touches_nobody_and_no_grant_of_identitys(realm: Realmed) -> None:
    user = realm.make_user("someone-kept", "a long password for tests", account="1", kind="staff")
    realm.admin.post(realm.admin.of("clients"), department("department-kept"))
    weak_passwords(realm)
    differing(realm, mend=True)
    assert realm.admin.get(realm.admin.of("users", user))["username"] == "someone-kept"
    assert of_client(realm, "department-kept")["enabled"] is True


async def test_every_client_gets_tokens_for_what_the_topology_says_and_no_other(realm: Realmed) -> None:
    every = {*topology().services, "kafka"}
    async with httpx.AsyncClient() as http:
        for service in topology().services:
            may = set(audiences(topology(), service))
            for audience in sorted(every):
                token = own(realm, http, service, audience)
                if audience not in may:
                    with pytest.raises(NoToken, match="invalid_scope"):
                        await token()
                    continue
                text = await token()
                if audience == "kafka":
                    assert claims(text)["aud"] == "kafka"
                    assert claims(text)["azp"] == service
                    continue
                who = await verifier(realm, audience).verify(text)
                assert (who.subject, who.client, who.kind, who.board) == (
                    service,
                    service,
                    "service",
                    NO_BOARD,
                )
                assert who.scopes == frozenset()
                for other in set(topology().services) - {audience}:
                    with pytest.raises(Unauthenticated, match="aud"):
                        await verifier(realm, other).verify(text)


async def test_a_token_without_an_audience_opens_nothing(realm: Realmed) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            realm.tokens,
            data={"grant_type": "client_credentials"},
            auth=httpx.BasicAuth("registry", "a+secret+of+registry+for+tests+%2B%2F%3D"),
        )
    text = answer.json()["access_token"]
    assert "refresh_token" not in answer.json()
    for service in topology().services:
        with pytest.raises(Unauthenticated):
            await verifier(realm, service).verify(text)


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def department(id: str) -> dict[str, Any]:
    """A client as identity makes it for a grant."""
    said = {"claim.name": "kind", "claim.value": "department", "access.token.claim": "true"}
    mapper = {
        "name": "department kind",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-hardcoded-claim-mapper",
        "config": {**said, "jsonType.label": "String"},
    }
    return {
        "clientId": id,
        "enabled": True,
        "serviceAccountsEnabled": True,
        "fullScopeAllowed": False,
        "secret": "a secret for tests",
        "defaultClientScopes": ["tsumugi"],
        "optionalClientScopes": ["dashboard", "kafka"],
        "protocolMappers": [mapper],
    }


# --- what identity may do with its own way into the Admin API


@pytest.fixture
def identity(realm: Realmed) -> Admin:
    secret = realm.secret(IDENTITY_ADMIN)
    return Admin(realm.server.url, REALM, IDENTITY_ADMIN, secret, client_realm=REALM)


def test_identity_keeps_users(identity: Admin) -> None:
    credential = {"type": "password", "value": "a long password for tests", "temporary": True}
    told = {
        "username": "kept-by-identity",
        "enabled": True,
        "attributes": {"account": ["1"], "kind": ["guardian"]},
        "credentials": [credential],
        "federatedIdentities": [{"identityProvider": "paper", "userId": "1", "userName": "one"}],
    }
    identity.post(identity.of("users"), told)
    (user,) = identity.get(identity.of("users"), username="kept-by-identity", exact=True)
    here = identity.of("users", user["id"])
    assert [link["userId"] for link in identity.get(f"{here}/federated-identity")] == ["1"]
    identity.put(here, user | {"enabled": False})
    assert identity.get(here)["enabled"] is False
    identity.put(f"{here}/reset-password", credential)
    identity.post(f"{here}/logout", {})
    identity.delete(here)
    assert identity.get(here) is None


def test_identity_keeps_clients_of_departments(identity: Admin) -> None:
    identity.post(identity.of("clients"), department("department-of-identity"))
    (found,) = identity.get(identity.of("clients"), clientId="department-of-identity")
    here = identity.of("clients", found["id"])
    identity.put(here, found | {"enabled": False, "secret": "another secret"})
    assert identity.get(here)["enabled"] is False


def test_identity_sees_and_changes_no_client_of_the_realms_own(realm: Realmed, identity: Admin) -> None:
    ours = BUILT_IN | {each["clientId"] for each in realm.wanted.clients}
    for each in realm.admin.get(realm.admin.of("clients")):
        if each["clientId"] not in ours:
            continue
        here = identity.of("clients", each["id"])
        with pytest.raises(RealmError, match="403"):
            identity.get(here)
        with pytest.raises(RealmError, match="403"):
            identity.put(here, each | {"redirectUris": ["https://elsewhere.example/*"]})
        with pytest.raises(RealmError, match="403"):
            identity.get(f"{here}/client-secret")


def test_identity_sees_and_changes_no_service_account(realm: Realmed, identity: Admin) -> None:
    for client in (*topology().services, KAFKA_ADMIN, IDENTITY_ADMIN):
        own_place = realm.admin.of("clients", of_client(realm, client)["id"], "service-account-user")
        user = realm.admin.get(own_place)
        with pytest.raises(RealmError, match="403"):
            identity.get(identity.of("users", user["id"]))
        with pytest.raises(RealmError, match="403"):
            identity.put(identity.of("users", user["id"]), user | {"enabled": False})


@pytest.mark.parametrize(
    "where",
    [
        ("identity-provider", "instances"),
        ("events",),
        ("admin-events",),
        ("components",),
        ("keys",),
    ],
)
def test_identity_reads_nothing_else_of_the_realm(identity: Admin, where: tuple[str, ...]) -> None:
    with pytest.raises(RealmError, match="403"):
        identity.get(identity.of(*where))


def test_identity_changes_nothing_else_of_the_realm(identity: Admin) -> None:
    with pytest.raises(RealmError, match="403"):
        identity.put(identity.of(), {"bruteForceProtected": False})
    with pytest.raises(RealmError, match="403"):
        identity.put(identity.of("users", "profile"), {"attributes": []})
    for where, body in (
        (identity.of("authentication", "flows"), {"alias": "another", "topLevel": True}),
        (identity.of("identity-provider", "instances"), {"alias": "another", "providerId": "oidc"}),
        ("/admin/realms", {"realm": "another"}),
    ):
        with pytest.raises(RealmError, match="403"):
            identity.post(where, body)


def test_what_identity_could_do_to_scopes_is_found(realm: Realmed, identity: Admin) -> None:
    """Whoever keeps any client may change client scopes: 26.7 has no permission for them (docs/decisions/0032)."""
    (scope,) = [each for each in identity.get(identity.of("client-scopes")) if each["name"] == "registry"]
    here = identity.of("client-scopes", scope["id"])
    identity.put(here, scope | {"attributes": scope["attributes"] | {"include.in.token.scope": "true"}})
    assert [line for line in differing(realm, mend=False) if "registry" in line]
    differing(realm, mend=True)
    assert differing(realm, mend=False) == []


def test_identity_makes_nobody_an_administrator(realm: Realmed, identity: Admin) -> None:
    user = realm.make_user("no-administrator", "a long password for tests", account="1", kind="staff")
    management = of_client(realm, "realm-management")["id"]
    roles = realm.admin.get(realm.admin.of("clients", management, "roles"))
    assert {"manage-users", "realm-admin"} <= {role["name"] for role in roles}
    here = identity.of("users", user, "role-mappings", "clients", management)
    for role in roles:
        with pytest.raises(RealmError, match="403"):
            identity.post(here, [role])
    assert realm.admin.get(realm.admin.of("users", user, "role-mappings", "clients", management)) == []
