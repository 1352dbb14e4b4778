"""One Keycloak a run, started when first asked for: half a minute, so every test of a run shares it.

Tests that ask for it run in one worker and are marked `keycloak`. It speaks plain HTTP on loopback and keeps its data
in the run's PostgreSQL. Make a realm of your own in it, or ask for the product's.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.keycloak.admin import Admin
from deploy.keycloak.realm import REALM, Place, Realm
from deploy.keycloak.realm import realm as product_realm
from deploy.keycloak.reconcile import Reconciler
from deploy.local.keycloak import FIRST_ADMIN, Keycloak, make_own_database
from deploy.local.postgres import Postgres
from deploy.local.temporary import temporary_keycloak
from shared.database import Login
from shared.database.roles import Server


@pytest.fixture(scope="session")
def keycloak(servers_home: Path, postgres: Postgres) -> Keycloak:
    """A running Keycloak; its first administrator is the client ``FIRST_ADMIN`` with ``admin_secret``."""
    login = Login(str(postgres.host), postgres.port, "keycloak", "keycloak", "a password for tests")
    server = Server(str(postgres.host), postgres.port, postgres.superuser, postgres.password)
    asyncio.run(make_own_database(server, login))
    running = temporary_keycloak(servers_home, login)
    running.start()
    return running


ORIGIN = "http://localhost:19999"
"""Where the product would be; nobody listens there."""


@dataclass(frozen=True)
class Realmed:
    """A Keycloak with the product's realm in it."""

    server: Keycloak
    wanted: Realm
    admin: Admin
    """The reconciler's way in."""

    @property
    def issuer(self) -> str:
        """The realm's issuer URL."""
        return self.server.issuer(REALM)

    @property
    def tokens(self) -> str:
        """Where tokens are asked for."""
        return f"{self.issuer}/protocol/openid-connect/token"

    @property
    def keys(self) -> str:
        """Where the signing keys are."""
        return f"{self.issuer}/protocol/openid-connect/certs"

    def secret(self, client: str) -> str:
        """A client's secret."""
        return client_secret(client)

    def make_user(self, name: str, password: str, **attributes: object) -> str:
        """A user who signs in with a password; returns Keycloak's own number of it."""
        told = {
            "username": name,
            "enabled": True,
            "attributes": {key: [str(value)] for key, value in attributes.items()},
            "credentials": [{"type": "password", "value": password, "temporary": False}],
        }
        self.admin.post(self.admin.of("users"), told)
        (found,) = self.admin.get(self.admin.of("users"), username=name, exact=True)
        return str(found["id"])


def client_secret(client: str) -> str:
    """The secret of a client in tests; with characters that a form must encode."""
    return f"a secret of {client} for tests +/="


@pytest.fixture(scope="session")
def realm(keycloak: Keycloak) -> Realmed:
    """The product's realm, as a deployment's first `tsumugi realm apply` makes it. Make users of your own in it."""
    wanted = product_realm(Place(ORIGIN, ORIGIN, f"{ORIGIN}/paper", f"{ORIGIN}/paper", client_secret))
    admin = Admin(keycloak.url, REALM, FIRST_ADMIN, keycloak.admin_secret)
    made = list(Reconciler(admin, wanted, mend=True).run())
    assert made
    return Realmed(keycloak, wanted, admin)
