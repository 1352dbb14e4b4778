"""The Admin API of a Keycloak, over python-keycloak's connection: it renews the token; paths are the API's own.

The library's own methods wrap each path with its habits (some raise where others answer None); a reconciler wants one.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

MASTER = "master"


class RealmError(Exception):
    """Keycloak refuses, or cannot be reached. The text has the path and its reason, and nothing that was sent."""


def path(*parts: str) -> str:
    """A path below ``/admin/realms``, each part quoted; alone it is the realms themselves."""
    return "/".join(["/admin/realms", *(quote(part, safe="") for part in parts)])


class Admin:
    """One realm of the Keycloak at ``url``, administered by ``client`` of ``client_realm``."""

    def __init__(self, url: str, realm: str, client: str, secret: str, *, client_realm: str = MASTER) -> None:
        # A second of every command's start otherwise, and hardly one needs it.
        from keycloak import KeycloakOpenIDConnection

        self.realm = realm
        self._connection = KeycloakOpenIDConnection(
            server_url=url,
            realm_name=realm,
            user_realm_name=client_realm,
            client_id=client,
            client_secret_key=secret,
            grant_type="client_credentials",
            timeout=60,
        )

    def of(self, *parts: str) -> str:
        """A path of the realm."""
        return path(self.realm, *parts)

    def get(self, where: str, **asked: Any) -> Any:
        """What is there; None where nothing is."""
        answer = self._ask("get", where, **asked)
        return None if answer.status_code == 404 else self._good(answer, where).json()

    def post(self, where: str, body: Any) -> None:
        """Make something."""
        self._good(self._ask("post", where, data=json.dumps(body)), where)

    def put(self, where: str, body: Any = None) -> None:
        """Set something."""
        self._good(self._ask("put", where, data=json.dumps(body)), where)

    def delete(self, where: str, body: Any = None) -> None:
        """Take something away."""
        self._good(
            self._ask("delete", where, **({"data": json.dumps(body)} if body is not None else {})), where
        )

    def _ask(self, how: str, where: str, **more: Any) -> Any:
        from keycloak.exceptions import KeycloakError

        try:
            return getattr(self._connection, f"raw_{how}")(where, **more)
        except KeycloakError as error:
            raise RealmError(f"Keycloak: {where}: {error}") from error

    def _good(self, answer: Any, where: str) -> Any:
        if answer.status_code < 400:
            return answer
        try:
            said = answer.json()
            why = said.get("errorMessage") or said.get("error") or ""
        except ValueError:
            why = ""
        raise RealmError(f"Keycloak: {where}: {answer.status_code} {why}".rstrip())
