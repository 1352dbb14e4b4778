"""What the issuer grants, and to whom (pure): RFC 6749 and 9700 narrowed to one way of doing each thing.

Authorization code with PKCE S256 and exact redirect addresses for people, client credentials for departments and
services, RFC 8693 token exchange between a known client and one known service. No implicit flow, no passwords.
Instants here are real time; tokens never use the training clock.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Literal
from uuid import UUID

from shared.access.principal import NO_BOARD, ONEROSTER_SCOPES
from shared.contracts.identity import AccountKind

CODE_LIFE = timedelta(seconds=60)
ACCESS_LIFE = timedelta(minutes=5)
SESSION_LIFE = timedelta(hours=12)
"""Longer than any working day; refresh tokens live as long as their sign-in."""

LOST_ANSWER = timedelta(seconds=30)
"""So long a client may ask again with a refresh token whose answer it did not get: the network swallowed it, or the
client was killed before it could keep it. At 8:30 that must not sign anybody out."""

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 (a name, not a secret)
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
GRANTS = ("authorization_code", "refresh_token", "client_credentials", EXCHANGE)

ErrorCode = Literal[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "invalid_scope",
    "invalid_target",
    "login_required",
    "request_not_supported",
    "access_denied",
]


class Refused(Exception):
    """An OAuth error. ``ends_session``: the request shows that a secret has leaked, so the whole sign-in is over."""

    def __init__(self, error: ErrorCode, why: str, *, ends_session: bool = False) -> None:
        super().__init__(why)
        self.error: ErrorCode = error
        self.why = why
        self.ends_session = ends_session


@dataclass(frozen=True)
class Client:
    """A confidential client, and what it may ask for."""

    id: str
    kind: Literal["service", "department"]
    secret_hash: str
    redirect_uris: tuple[str, ...] = ()
    """Where people who sign in through it come back to; none: nobody does."""
    after_logout: tuple[str, ...] = ()
    board: UUID | None = None
    """Of a department."""
    department: UUID | None = None

    def knows(self, secret: str) -> bool:
        """Whether ``secret`` is the client's; takes equally long for every wrong one."""
        return compare_digest(hash_of(secret), self.secret_hash)


def hash_of(secret: str) -> str:
    """What is stored of a code, a token or a client's secret.

    All of them are 256 random bits, so a slow hash would protect nothing that SHA-256 does not.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def only(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The parameters of a request, each at most once (RFC 6749 §3.1); empty ones count as absent."""
    found: dict[str, str] = {}
    for name, value in parameters:
        if name in found:
            raise Refused("invalid_request", f"{name} comes twice")
        if value:
            found[name] = value
    return found


@dataclass(frozen=True)
class SignInRequest:
    """A good authorization request: who asks, where the answer goes, what it is bound to."""

    client: Client
    redirect_uri: str
    challenge: str
    state: str | None
    nonce: str | None


_S256 = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def asker(parameters: Mapping[str, str], clients: Mapping[str, Client]) -> tuple[Client, str]:
    """Client and redirect address. When this refuses, nobody is redirected: the address may be an attacker's."""
    client = clients.get(parameters.get("client_id", ""))
    if client is None:
        raise Refused("invalid_request", "client_id is not known here")
    redirect_uri = parameters.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise Refused("invalid_request", "redirect_uri is not registered for this client")
    return client, redirect_uri


def sign_in_request(client: Client, redirect_uri: str, parameters: Mapping[str, str]) -> SignInRequest:
    """The rest of an authorization request; a refusal goes back to the client's redirect address."""
    if "request" in parameters or "request_uri" in parameters:
        raise Refused("request_not_supported", "request objects are not supported")
    if parameters.get("response_type") != "code":
        raise Refused("unsupported_response_type", "only response_type=code")
    if parameters.get("response_mode", "query") != "query":
        raise Refused("invalid_request", "only response_mode=query")
    if "openid" not in parameters.get("scope", "").split():
        raise Refused("invalid_scope", "scope must contain openid")
    if parameters.get("prompt") == "none":
        raise Refused("login_required", "a person has to choose")
    challenge = parameters.get("code_challenge", "")
    if parameters.get("code_challenge_method") != "S256" or not _S256.fullmatch(challenge):
        raise Refused("invalid_request", "PKCE with code_challenge_method=S256 is required")
    return SignInRequest(client, redirect_uri, challenge, parameters.get("state"), parameters.get("nonce"))


@dataclass(frozen=True)
class Session:
    """A sign-in: everything given out because of it ends with it."""

    id: UUID
    board: UUID
    account: UUID
    kind: AccountKind
    client_id: str
    acr: int
    auth_time: datetime
    expires_at: datetime
    ended: bool = False

    def alive(self, now: datetime) -> bool:
        """Whether tokens may still be given out."""
        return not self.ended and now < self.expires_at


@dataclass(frozen=True)
class Code:
    """An authorization code as it is stored."""

    session: Session
    redirect_uri: str
    challenge: str
    expires_at: datetime
    used: bool


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636 §4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def redeem(code: Code, client: Client, redirect_uri: str, verifier: str, now: datetime) -> None:
    """Whether ``client`` may have tokens for ``code``; raises :class:`Refused`.

    A code that comes twice, or from another client, was stolen on one of its ways: the sign-in ends (RFC 9700 §4.5).
    """
    if code.used:
        raise Refused("invalid_grant", "the code has been used", ends_session=True)
    if code.session.client_id != client.id:
        raise Refused("invalid_grant", "the code is another client's", ends_session=True)
    if now >= code.expires_at or not code.session.alive(now):
        raise Refused("invalid_grant", "the code is too old")
    if redirect_uri != code.redirect_uri:
        raise Refused("invalid_grant", "redirect_uri differs from the one of the sign-in")
    if not _VERIFIER.fullmatch(verifier) or not compare_digest(challenge_of(verifier), code.challenge):
        raise Refused("invalid_grant", "code_verifier does not fit", ends_session=True)


@dataclass(frozen=True)
class Refresh:
    """A refresh token of a sign-in, as it was before this use."""

    session: Session
    used_at: datetime | None = None
    followed: bool = False
    """One that was given for it has been used, so that answer was not lost."""
    superseded: bool = False
    """Another one was given in its place, because its answer was said to be lost."""

    def is_again(self, now: datetime) -> bool:
        """Whether its use tells that two hold it."""
        late = self.used_at is not None and now - self.used_at > LOST_ANSWER
        return late or self.followed or self.superseded


def renew(token: Refresh, *, client: Client, now: datetime) -> None:
    """Whether ``client`` may have new tokens for a refresh token; raises :class:`Refused`.

    Each refresh token is good once, and for a moment longer as long as nobody has used what was given for it. Any
    other second use tells that two hold it, and not which of them is the thief (RFC 9700 §4.14.2).
    """
    if token.is_again(now):
        raise Refused("invalid_grant", "the refresh token has been used", ends_session=True)
    if token.session.client_id != client.id:
        raise Refused("invalid_grant", "the refresh token is another client's", ends_session=True)
    if not token.session.alive(now):
        raise Refused("invalid_grant", "the sign-in is over")


@dataclass(frozen=True)
class Subject:
    """A subject token of ours, its signature, issuer and expiry already verified."""

    audience: frozenset[str]
    client_id: str
    session: UUID | None
    board: UUID
    expires_at: datetime


def exchange_target(parameters: Mapping[str, str], client: Client, services: Collection[str]) -> str:
    """The one service an exchanged token is for (RFC 8693 §2.1); raises :class:`Refused`."""
    if client.kind == "department":
        raise Refused("unauthorized_client", "a department acts for itself only")
    if parameters.get("subject_token_type") != ACCESS_TOKEN or "subject_token" not in parameters:
        raise Refused("invalid_request", "subject_token must be an access token")
    if parameters.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise Refused("invalid_request", "only access tokens are given in exchange")
    if "actor_token" in parameters or "resource" in parameters:
        raise Refused("invalid_request", "actor_token and resource are not supported; name the audience")
    return audience(parameters, services)


def audience(parameters: Mapping[str, str], services: Collection[str]) -> str:
    """The one known service a request names; raises :class:`Refused`."""
    target = parameters.get("audience", "")
    if target not in services:
        raise Refused("invalid_target", "audience must be one known service")
    return target


def may_exchange(subject: Subject, client: Client) -> UUID:
    """The sign-in whose authority ``client`` may pass on: only one that the token was made for or given to may."""
    if subject.session is None:
        raise Refused("invalid_request", "only a person's token can be exchanged")
    if client.id != subject.client_id and client.id not in subject.audience:
        raise Refused("unauthorized_client", "the token was neither for this client nor given to it")
    return subject.session


def access_until(now: datetime, *bounds: datetime) -> datetime:
    """When an access token ends: after five minutes, and never after what it rests on."""
    return min((now + ACCESS_LIFE, *bounds))


APP = "app-"
"""How the client ids of learning apps begin; those of departments begin otherwise."""


def scopes(client: Client, parameters: Mapping[str, str]) -> tuple[str, ...]:
    """What a learning app may do with its token, of what it asks for (default: everything); raises :class:`Refused`.

    Which of it shows something is up to the app's grant (docs/oneroster-rest.md).
    """
    asked = parameters.get("scope", "").split()
    if not client.id.startswith(APP):
        return ()
    if unknown := set(asked) - set(ONEROSTER_SCOPES):
        raise Refused("invalid_scope", f"not known here: {' '.join(sorted(unknown))}")
    return tuple(each for each in ONEROSTER_SCOPES if not asked or each in asked)


def own_service(client: Client, parameters: Mapping[str, str], services: Collection[str]) -> tuple[UUID, str]:
    """Board and audience of a client acting for itself; raises :class:`Refused`.

    A department's board is its own and it reaches its feeds at the dashboard only, a learning app the roster at
    registry. A service serves every board: it says for which one it acts, or, to read what is not asked by board (a
    log), for none.
    """
    if client.kind == "department" and client.board is not None and client.id.startswith(APP):
        if parameters.get("audience", "registry") != "registry":
            raise Refused("invalid_target", "learning apps read the roster at registry")
        return client.board, "registry"
    if client.kind == "department" and client.board is not None:
        if parameters.get("audience", "dashboard") != "dashboard":
            raise Refused("invalid_target", "departments receive their feeds from dashboard")
        return client.board, "dashboard"
    try:
        board = UUID(parameters["board"]) if "board" in parameters else NO_BOARD
    except ValueError:
        raise Refused("invalid_request", "board must be the id of a board") from None
    return board, audience(parameters, services)
