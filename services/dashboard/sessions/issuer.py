"""The identity authority, as its confidential client ``dashboard`` sees it.

Addresses come from its discovery document, so that the embedded issuer and Keycloak differ in nothing here. Times are
real: tokens never use the training clock.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError

from services.dashboard.sessions.rules import WHOLE
from shared.access.principal import Principal, Unauthenticated
from shared.access.tokens import ALGORITHM, LEEWAY_SECONDS, KeySource, TokenVerifier, header_of

NO_REFRESH_TOKEN = "no refresh token"  # noqa: S105 (a reason, not a secret)
RENEWAL_SECONDS = 25.0
"""How long the answer to a refresh token is waited for: the token is used up when the authority has read it, and it
lets an answer be asked for again for a moment only (OAuth 2.0 Security BCP, RFC 9700 §4.14.2). Where everybody comes at
once its answers take seconds, and who no longer waited for one had to sign in anew."""
_SECONDS = 5.0
"""The same of any other answer, and of a connection."""
_HEARD_SECONDS = 5.0
"""So long after its last answer the authority counts as there."""
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 (a name, not a secret)


class IssuerAway(Exception):
    """The identity authority cannot be reached, or answers nonsense; trying again later may help."""


class IssuerRefused(Exception):
    """The identity authority says no; trying again does not help."""


@dataclass(frozen=True)
class Tokens:
    """What a sign-in is worth. ``expires_at`` is the access token's."""

    access: str
    refresh: str | None
    identity: str | None
    expires_at: datetime
    stands_until: datetime | None = None
    """How long the authority lets the whole sign-in stand, where it says so (``refresh_expires_in``)."""

    def to_json(self) -> dict[str, Any]:
        """For sealing."""
        return {
            "access": self.access,
            "refresh": self.refresh,
            "identity": self.identity,
            "expires_at": self.expires_at.isoformat(),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Tokens:
        """What ``to_json`` gave."""
        return cls(
            kept["access"], kept["refresh"], kept["identity"], datetime.fromisoformat(kept["expires_at"])
        )


class Issuer:
    """Talks to the identity authority."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: str,
        redirect_uri: str,
        keys: KeySource,
        http: httpx.AsyncClient,
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        # RFC 6749 §2.3.1: both halves are encoded as in a form before they are joined.
        self._credentials = (quote_plus(client_id), quote_plus(secret))
        self._redirect_uri = redirect_uri
        self._keys = keys
        self._http = http
        self._verifier = TokenVerifier(issuer, client_id, keys)
        self._endpoints: dict[str, Any] | None = None
        self._heard_at = float("-inf")

    async def _endpoint(self, name: str) -> str:
        return str((self._endpoints or await self._discover())[name])

    async def _discover(self) -> dict[str, Any]:
        try:
            address = f"{self.issuer}/.well-known/openid-configuration"
            answer = await self._http.get(address, timeout=_SECONDS)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise IssuerAway(type(error).__name__) from error
        if found.get("issuer") != self.issuer:
            raise IssuerAway("the discovery document is another issuer's")
        self._endpoints, self._heard_at = found, time.monotonic()
        return found

    async def sign_in_address(
        self, *, state: str, nonce: str, challenge: str, again: bool, paper: bool = False
    ) -> str:
        """Where the browser goes to sign in. ``again``: even if it is signed in, and with two factors.

        Raises :class:`IssuerAway` when nobody is there: the browser would show a page of its own, in no words of ours.
        ``paper``: with a code that the school has printed; Keycloak is told so by the same parameter.
        """
        if time.monotonic() - self._heard_at > _HEARD_SECONDS:
            await self._discover()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            # Keycloak reads for whom the token is from a scope of that name, the embedded issuer from the client.
            "scope": f"openid {self._client_id}",
            # Keycloak remembers a guardian's browser for months: whoever signs in on it anew proves who they are.
            "max_age": str(int(WHOLE.total_seconds())),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if again:
            asked |= {"prompt": "login", "acr_values": "2"}
        if paper:
            asked["kc_idp_hint"] = "paper"
        return f"{await self._endpoint('authorization_endpoint')}?{urlencode(asked)}"

    async def sign_out(self, tokens: Tokens) -> None:
        """End the sign-in at the authority (OpenID Connect RP-Initiated Logout 1.0), from here.

        Sent by the browser, the hint would show it a token. Raises :class:`IssuerAway` or :class:`IssuerRefused`.
        """
        told = {"client_id": self._client_id}
        if tokens.identity:
            told["id_token_hint"] = tokens.identity
        if tokens.refresh:
            told["refresh_token"] = tokens.refresh
        address = await self._endpoint("end_session_endpoint")
        try:
            answer = await self._http.post(address, data=told, auth=self._credentials)
        except httpx.HTTPError as error:
            raise IssuerAway(type(error).__name__) from error
        if answer.status_code >= 400:
            raise IssuerRefused(str(answer.status_code))

    async def redeem(self, code: str, verifier: str, nonce: str, now: datetime) -> tuple[Tokens, Principal]:
        """Tokens for an authorization code, and who signed in."""
        answer = await self._ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_uri,
                "code_verifier": verifier,
            }
        )
        tokens = _tokens(answer, now, None)
        await self._check_identity(tokens.identity, nonce)
        return tokens, await self._holder(tokens)

    async def refresh(self, tokens: Tokens, now: datetime) -> tuple[Tokens, Principal]:
        """New tokens for the same sign-in. A refresh token is good once."""
        if tokens.refresh is None:
            raise IssuerRefused(NO_REFRESH_TOKEN)
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
        answer = await self._ask(form, RENEWAL_SECONDS)
        renewed = _tokens(answer, now, tokens)
        return renewed, await self._holder(renewed)

    async def exchange(self, access: str, audience: str, now: datetime) -> tuple[str, datetime]:
        """A token for ``audience`` on behalf of the same person (RFC 8693), and when it expires."""
        answer = await self._ask(
            {
                "grant_type": EXCHANGE,
                "subject_token": access,
                "subject_token_type": ACCESS_TOKEN,
                "audience": audience,
                "scope": audience,
            }
        )
        exchanged = _tokens(answer, now, None)
        return exchanged.access, exchanged.expires_at

    async def _ask(self, form: Mapping[str, str], seconds: float = _SECONDS) -> dict[str, Any]:
        address = await self._endpoint("token_endpoint")
        try:
            timeout = httpx.Timeout(seconds, connect=_SECONDS)
            answer = await self._http.post(address, data=form, auth=self._credentials, timeout=timeout)
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise IssuerAway(type(error).__name__) from error
        if answer.status_code not in (200, 400, 401, 403) or not isinstance(body, dict):
            raise IssuerAway(f"status {answer.status_code}")
        self._heard_at = time.monotonic()
        if answer.status_code != 200:
            raise IssuerRefused(str(body.get("error", answer.status_code)))
        return body

    async def _holder(self, tokens: Tokens) -> Principal:
        try:
            return await self._verifier.verify(tokens.access)
        except Unauthenticated as error:
            raise IssuerAway(f"an access token that is not good here: {error}") from error

    async def _check_identity(self, token: str | None, nonce: str) -> None:
        """OpenID Connect Core §3.1.3.7: the ID token is for us, from there, and for this very sign-in."""
        claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            keys = await self._keys.get(header_of(token or "").get("kid"))
            decoded = jwt.decode(token or "", keys, algorithms=[ALGORITHM])
            claims.validate(decoded.claims)
        except (JoseError, ValueError, Unauthenticated, httpx.HTTPError) as error:
            raise IssuerRefused(f"ID token: {type(error).__name__}") from error


def _tokens(answer: Mapping[str, Any], now: datetime, before: Tokens | None) -> Tokens:
    try:
        return Tokens(
            access=str(answer["access_token"]),
            refresh=answer.get("refresh_token") or (before.refresh if before else None),
            identity=answer.get("id_token") or (before.identity if before else None),
            expires_at=now.astimezone(UTC) + timedelta(seconds=int(answer.get("expires_in", 60))),
            stands_until=_until(answer.get("refresh_expires_in"), now),
        )
    except (KeyError, ValueError) as error:
        raise IssuerAway("a token answer without a token") from error


def _until(seconds: Any, now: datetime) -> datetime | None:
    # Keycloak says 0 where there is no end; then ours holds.
    return now.astimezone(UTC) + timedelta(seconds=int(seconds)) if seconds else None
