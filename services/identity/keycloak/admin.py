"""Keycloak's Admin API as identity uses it, with the rights of ``identity-admin`` and no more."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakConnectionError, KeycloakError

from services.identity.keycloak.rules import Department, Hat, Json, client, is_of, new_user, user

T = TypeVar("T")

CLIENT = "identity-admin"
AT_ONCE = 8
"""Requests under way: on two cores with Keycloak more of them only wait for one another."""
TIMEOUT_SECONDS = 20


class Away(Exception):
    """Keycloak cannot be reached, or is in no state to answer; the text says so to the operator."""


class NotTaken(Exception):
    """Keycloak does not take this one; the others are none the worse for it."""


class Failed(NotTaken):
    """It failed at this one, or shut it out. One alone is its own trouble; several in a row are Keycloak's."""

    def __init__(self, trouble: str, why: str) -> None:
        super().__init__(f"{trouble}（{why}）")
        self.trouble = trouble
        """What to say when it is Keycloak's."""


class NoSuchUser(NotTaken):
    """Keycloak does not know a user that it was brought to once."""


_AWAY = "Keycloak につながりません。動き出せば自動で追いつきます。"
_FAILS = "Keycloak が答えられない状態です。直れば自動で追いつきます。"
_SHUT_OUT = (
    "Keycloak が identity-admin を受け付けません。`tsumugi realm drift` で領域と秘密を確かめてください。"
)
NO_REALM = "Keycloak に領域がまだありません。`tsumugi realm apply` で作ってください。"


class Admin:
    """One realm. ``issuer`` is its URL."""

    def __init__(self, issuer: str, secret: str) -> None:
        server, _, realm = issuer.rpartition("/realms/")
        self._connection = KeycloakOpenIDConnection(
            server_url=f"{server}/",
            realm_name=realm,
            client_id=CLIENT,
            client_secret_key=secret,
            timeout=TIMEOUT_SECONDS,
            max_retries=0,
            pool_maxsize=AT_ONCE,
        )
        self._admin = KeycloakAdmin(connection=self._connection)

    async def close(self) -> None:
        """Give back connections."""
        await self._connection.aclose()
        # It asks for its tokens over a connection of its own.
        await self._connection.keycloak_openid.connection.aclose()

    async def enter(self) -> None:
        """A token for what follows; lasts for minutes. Raises :class:`Away`."""
        try:
            await self._connection.a_get_token()
        except KeycloakError as error:
            code = error.response_code
            raise Away({400: _SHUT_OUT, 401: _SHUT_OUT, 404: NO_REALM}.get(code or 0, _AWAY)) from error

    def realm(self) -> UUID:
        """What tells this realm from another of the same name: who identity-admin is in it, as the token of
        :meth:`enter` says. (Its own client, and the realm's id, Keycloak does not show it.) Raises :class:`Away`."""
        try:
            said = (self._connection.token or {})["access_token"].split(".")[1]
            return UUID(json.loads(urlsafe_b64decode(said + "=" * (-len(said) % 4)))["sub"])
        except (LookupError, TypeError, ValueError) as error:
            raise Away(_SHUT_OUT) from error

    async def put_user(self, hat: Hat, id: str | None, credentials: Sequence[Json] = ()) -> str:
        """The user is there and enabled; returns Keycloak's id of it."""
        if id is not None and await self._change(hat, id, enabled=True):
            return id
        try:
            return str(await self._ask(self._admin.a_create_user(new_user(hat, credentials))))
        except _Refused as refused:
            if refused.code != 409:
                raise NotTaken(refused.why) from refused
        found = await self._find(hat)
        if found is None or not await self._change(hat, found, enabled=True):
            raise NotTaken("the name is taken")
        return found

    async def shut_user(self, hat: Hat, id: str | None) -> str | None:
        """The user is disabled and its sign-ins are over, also at the dashboard; None when there is none."""
        id = id or await self._find(hat)
        if id is None or not await self._change(hat, id, enabled=False):
            return None
        await self._done(self._admin.a_user_logout(id))
        return id

    async def delete_user(self, hat: Hat, id: str | None) -> None:
        """The user is not there, and its sign-ins are over."""
        # Deleted with its sessions alone, nobody would tell the dashboard that they are over.
        if (found := await self.shut_user(hat, id)) is not None:
            await self._done(self._admin.a_delete_user(found))

    async def set_password(self, id: str, password: str) -> None:
        """A password that is to be changed at the next sign-in. Raises :class:`NoSuchUser`."""
        if not await self._done(self._admin.a_set_user_password(id, password, temporary=True)):
            raise NoSuchUser(
                "Keycloak にこの人の利用者がありません（Keycloak のデータが失われたか、前のものに戻っています）。"
            )

    async def put_client(self, department: Department, *, enabled: bool, secret: str | None = None) -> None:
        """The client is as it shall be; without ``secret`` it keeps the one it has, and is not made to be shut."""
        shape = client(department, enabled=enabled) | ({} if secret is None else {"secret": secret})
        try:
            id = await self._ask(self._admin.a_get_client_id(department.client_id))
            if id is None and not enabled and secret is None:
                return
            if id is None:
                await self._ask(self._admin.a_create_client(shape))
                return
            # What is in the scopes and mappers of a client that is there is not changed by its update.
            shape.pop("protocolMappers")
            await self._ask(self._admin.a_update_client(id, shape))
        except _Refused as refused:
            raise NotTaken(refused.why) from refused

    async def _find(self, hat: Hat) -> str | None:
        """The user with the name, which must be this account's."""
        asked = {"username": hat.username, "exact": True, "briefRepresentation": False}
        try:
            found = await self._ask(self._admin.a_get_users(asked))
        except _Refused as refused:
            raise NotTaken(refused.why) from refused
        for each in found:
            if not is_of(hat, each):
                raise NotTaken("the name is another account's")
            return str(each["id"])
        return None

    async def _change(self, hat: Hat, id: str, *, enabled: bool) -> bool:
        """Whether there was such a user to be changed."""
        return await self._done(self._admin.a_update_user(id, user(hat, enabled=enabled)))

    async def _done(self, work: Awaitable[Any]) -> bool:
        """Whether it was there to be done."""
        try:
            await self._ask(work)
        except _Refused as refused:
            if refused.code == 404:
                return False
            raise NotTaken(refused.why) from refused
        return True

    async def _ask(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except KeycloakConnectionError as error:
            raise Away(_AWAY) from error
        except KeycloakError as error:
            code = error.response_code or 500
            if code >= 500:
                raise Failed(_FAILS, _why(error)) from error
            if code in (401, 403):
                raise Failed(_SHUT_OUT, _why(error)) from error
            raise _Refused(code, _why(error)) from error


class _Refused(Exception):
    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def _why(error: KeycloakError) -> str:
    """Keycloak's own word for it: the name of a rule, never what was sent."""
    try:
        said = json.loads(error.response_body or b"{}")
    except ValueError:
        said = {}
    word = said.get("errorMessage") or said.get("error") or "" if isinstance(said, dict) else ""
    return f"{error.response_code} {word}"[:200].strip()
