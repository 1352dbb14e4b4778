"""What Keycloak is told of an account or a department (pure).

One user a hat: a teacher who is a parent signs in at work with one name and as a family with another, and neither
session ever holds both. A user has no name, no address and no class: a number by which it signs in, and four ids that
its tokens say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID

from services.identity.invitations.rules import ALPHABET
from shared.access.principal import ONEROSTER_SCOPES
from shared.contracts.identity import AccountKind

Json = dict[str, Any]
Wanted = Literal["enabled", "disabled", "gone"]

LETTER: Final[Mapping[AccountKind, str]] = {"staff": "s", "guardian": "g", "pupil": "p"}
GROUPS, GROUP = 3, 4
PAPER: Final = "paper"
"""Alias of the provider of codes on paper in the realm."""
CLAIMS: Final = "tsumugi"
"""The realm's client scope that says who somebody is."""
FIRST, LONGEST = timedelta(seconds=5), timedelta(hours=1)


def username(account: UUID, kind: AccountKind) -> str:
    """The name to sign in with, e.g. ``s-7kx4-p3mw-t9hd``: always the same, of characters nobody mistakes.

    51 bits: among 300,000 users two are alike with a chance of 2 in 100,000, and then Keycloak refuses the second.
    """
    number = int.from_bytes(sha256(f"{account}/{kind}".encode()).digest())
    letters = []
    for _ in range(GROUPS * GROUP):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place].lower())
    groups = ("".join(letters[start : start + GROUP]) for start in range(0, len(letters), GROUP))
    return "-".join((LETTER[kind], *groups))


def kind_named(name: str) -> AccountKind | None:
    """As what somebody with this name signs in; None: it is no such name."""
    letter, _, rest = name.partition("-")
    if len(rest) != GROUPS * (GROUP + 1) - 1:
        return None
    return next((kind for kind, its in LETTER.items() if its == letter), None)


@dataclass(frozen=True)
class Hat:
    """One user."""

    account: UUID
    kind: AccountKind
    board: UUID
    person: UUID

    @property
    def username(self) -> str:
        """Its name."""
        return username(self.account, self.kind)


def user(hat: Hat, *, enabled: bool) -> Json:
    """The whole of what a user is, but for how it proves itself."""
    return {
        "username": hat.username,
        "enabled": enabled,
        "attributes": {
            "account": [str(hat.account)],
            "board": [str(hat.board)],
            "person": [str(hat.person)],
            "kind": [hat.kind],
        },
    }


def new_user(hat: Hat, credentials: Sequence[Json] = ()) -> Json:
    """A user that is to be made. A guardian is known by codes on paper from the beginning; nobody else can be."""
    made = user(hat, enabled=True)
    if hat.kind == "guardian":
        link = {"identityProvider": PAPER, "userId": str(hat.account), "userName": hat.username}
        made["federatedIdentities"] = [link]
    if credentials:
        made["credentials"] = list(credentials)
    return made


def is_of(hat: Hat, found: Mapping[str, Any]) -> bool:
    """Whether the user that has the name is the account's, not another one's."""
    said: Mapping[str, Any] = found.get("attributes") or {}
    return said.get("account") == [str(hat.account)] and said.get("kind") == [hat.kind]


@dataclass(frozen=True)
class Department:
    """One client: a department's, or a learning app's."""

    id: UUID
    board: UUID
    client_id: str
    app: bool


def client(department: Department, *, enabled: bool) -> Json:
    """The whole of what a client is, but for its secret. It acts for itself alone; nobody signs in through it.

    It asks for one audience at a time (``scope=dashboard``), as services do.
    """
    audiences = ["registry", *ONEROSTER_SCOPES] if department.app else ["dashboard", "kafka"]
    claims = {"sub": str(department.id), "board": str(department.board), "kind": "department", "acr": "1"}
    return {
        "clientId": department.client_id,
        "enabled": enabled,
        "protocol": "openid-connect",
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": True,
        "fullScopeAllowed": False,
        "redirectUris": [],
        "webOrigins": [],
        "defaultClientScopes": [CLAIMS],
        "optionalClientScopes": audiences,
        "attributes": {
            "access.token.header.type.rfc9068": "true",
            "client_credentials.use_refresh_token": "false",
        },
        "protocolMappers": [_said(name, value) for name, value in claims.items()],
    }


def _said(claim: str, value: str) -> Json:
    return {
        "name": f"department {claim}",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-hardcoded-claim-mapper",
        "config": {
            "claim.name": claim,
            "claim.value": value,
            "jsonType.label": "String",
            "access.token.claim": "true",
            "id.token.claim": "false",
            "userinfo.token.claim": "false",
            "introspection.token.claim": "true",
        },
    }


def pause(tries: int) -> timedelta:
    """How long after a failed try the next one comes."""
    doubled: int = 2 ** min(max(tries - 1, 0), 12)
    return min(LONGEST, FIRST * doubled)
