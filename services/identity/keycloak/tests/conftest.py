"""A realm of this test's own in the run's Keycloak: what identity needs of the product's, and a way to sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from keycloak import KeycloakAdmin, KeycloakOpenIDConnection

from deploy.local.keycloak import FIRST_ADMIN, Keycloak
from services.identity.keycloak.admin import CLIENT, Admin
from services.identity.keycloak.reconciler import Reconciler
from services.identity.keycloak.training import Training
from services.identity.tests.town import Identity
from shared.access.principal import ONEROSTER_SCOPES

SECRET = "the secret of identity-admin"
TRAINING = Training("a password for trying", "34679cdfhjkmnprtwxy3")


@dataclass
class Realm:
    """The realm."""

    server: Keycloak
    name: str
    admin: KeycloakAdmin
    """As its first administrator: to look behind identity's back."""

    @property
    def issuer(self) -> str:
        """Its URL."""
        return self.server.issuer(self.name)

    def lose(self) -> None:
        """All that Keycloak has of it is gone, and `tsumugi realm apply` has made it again."""
        self.admin.delete_realm(self.name)
        self.admin.create_realm(_shape(self.name))

    def users(self, **query: Any) -> dict[str, dict[str, Any]]:
        """Account/kind → user."""
        found = self.admin.get_users({"max": 1000, "briefRepresentation": False, **query})
        said = [(each, each.get("attributes", {})) for each in found]
        return {f"{of['account'][0]}/{of['kind'][0]}": each for each, of in said if "kind" in of}

    async def sign_in(self, username: str, password: str = TRAINING.password, **form: str) -> httpx.Response:
        """By a client that may do what no client of the product may: send a password."""
        asked = {"grant_type": "password", "username": username, "password": password, "scope": "openid"}
        return await self._token(asked | form, ("probe", "probe's secret"))

    async def own(self, client: str, secret: str, scope: str) -> httpx.Response:
        """A client's own token."""
        return await self._token({"grant_type": "client_credentials", "scope": scope}, (client, secret))

    async def _token(self, form: dict[str, str], auth: tuple[str, str]) -> httpx.Response:
        async with httpx.AsyncClient() as http:
            return await http.post(f"{self.issuer}/protocol/openid-connect/token", data=form, auth=auth)

    async def claims(self, answer: httpx.Response) -> dict[str, Any]:
        """What an access token says, verified."""
        assert answer.status_code == 200, answer.text
        async with httpx.AsyncClient() as http:
            keys = KeySet.import_key_set(
                (await http.get(f"{self.issuer}/protocol/openid-connect/certs")).json()
            )
        return dict(jwt.decode(answer.json()["access_token"], keys, algorithms=["RS256"]).claims)


def first_admin(server: Keycloak, realm: str) -> KeycloakAdmin:
    """Keycloak's first administrator, at work on ``realm``."""
    connection = KeycloakOpenIDConnection(
        server_url=f"{server.url}/",
        realm_name=realm,
        user_realm_name="master",
        client_id=FIRST_ADMIN,
        client_secret_key=server.admin_secret,
    )
    return KeycloakAdmin(connection=connection)


def _scope(name: str, mappers: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "protocol": "openid-connect", "protocolMappers": mappers}


def _mapper(name: str, kind: str, **config: str) -> dict[str, Any]:
    told = {"access.token.claim": "true", **{key.replace("_", "."): value for key, value in config.items()}}
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": told}


def _said(attribute: str, claim: str) -> dict[str, Any]:
    config = {"user_attribute": attribute, "claim_name": claim, "jsonType_label": "String"}
    return _mapper(claim, "oidc-usermodel-attribute-mapper", **config)


def _shape(name: str) -> dict[str, Any]:
    """As deploy/keycloak makes it, where identity depends on it."""
    client = {"protocol": "openid-connect", "publicClient": False, "clientAuthenticatorType": "client-secret"}
    plain = {"standardFlowEnabled": False, "defaultClientScopes": ["tsumugi"], "fullScopeAllowed": False}
    audience = "oidc-audience-mapper"
    attributes = [
        {"name": each, "permissions": {"view": ["admin"], "edit": ["admin"]}}
        for each in ("username", "email", "account", "board", "person", "kind")
    ]
    return {
        "realm": name,
        "enabled": True,
        "sslRequired": "none",
        "clientScopes": [
            _scope("tsumugi", [_said("account", "sub"), *(_said(n, n) for n in ("board", "person", "kind"))]),
            *(
                _scope(each, [_mapper("audience", audience, included_custom_audience=each)])
                for each in ("dashboard", "registry", "kafka")
            ),
            *(_scope(each, []) for each in ONEROSTER_SCOPES),
        ],
        "clients": [
            {
                **client,
                **plain,
                "clientId": CLIENT,
                "secret": SECRET,
                "serviceAccountsEnabled": True,
                "fullScopeAllowed": True,
            },
            {
                **client,
                **plain,
                "clientId": "probe",
                "secret": "probe's secret",
                "directAccessGrantsEnabled": True,
            },
        ],
        "users": [
            {
                "username": f"service-account-{CLIENT}",
                "enabled": True,
                "serviceAccountClientId": CLIENT,
                "clientRoles": {"realm-management": ["manage-users", "query-users", "manage-clients"]},
            }
        ],
        "identityProviders": [
            {
                "alias": "paper",
                "providerId": "oidc",
                "enabled": True,
                "config": {
                    "clientId": "keycloak",
                    "clientSecret": "x",
                    "tokenUrl": "https://x.example/token",
                    "authorizationUrl": "https://x.example/authorize",
                },
            }
        ],
        "components": {
            "org.keycloak.userprofile.UserProfileProvider": [
                {
                    "providerId": "declarative-user-profile",
                    "config": {"kc.user.profile.config": [_json({"attributes": attributes})]},
                }
            ]
        },
    }


def _json(value: Any) -> str:
    return httpx.Response(200, json=value).text


@pytest.fixture(scope="module")
def realm_of_all(keycloak: Keycloak) -> Iterator[Realm]:
    """One for a file of tests: making one takes seconds."""
    name = f"identity-{uuid4().hex[:8]}"
    admin = first_admin(keycloak, "master")
    admin.create_realm(_shape(name))
    try:
        yield Realm(keycloak, name, first_admin(keycloak, name))
    finally:
        admin.delete_realm(name)


@pytest.fixture
def realm(realm_of_all: Realm) -> Iterator[Realm]:
    """A realm without any user or department."""
    yield realm_of_all
    admin = realm_of_all.admin
    for user in admin.get_users({"max": 1000}):
        admin.delete_user(user["id"])
    for client in admin.get_clients():
        if client["clientId"].startswith(("dept-", "app-")):
            admin.delete_client(client["id"])


@pytest.fixture
async def admin(realm: Realm) -> AsyncIterator[Admin]:
    """identity's way into it."""
    made = Admin(realm.issuer, SECRET)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
def reconciler(identity: Identity, admin: Admin) -> Reconciler:
    """Brings the realm up to what identity says, when asked."""
    return Reconciler(identity.feed, admin, training=TRAINING)
