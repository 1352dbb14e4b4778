"""Token verification: every service verifies every token itself; no network and no header of a proxy is believed.

Issuer, audience (this service and no other), expiry, algorithm and header type are pinned; signing keys are cached.
OWASP ASVS 5 V9.1–9.2; an ID token is never accepted as an access token (V9.2.2), a token for another service neither
(V9.2.3). Tokens use real time in every edition.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import DecodeError, ExpiredTokenError, JoseError
from joserfc.jwk import KeySet
from joserfc.util import urlsafe_b64decode

from shared.access.principal import Kind, Principal, Unauthenticated

ALGORITHM = "RS256"
TYPE = "at+jwt"
LEEWAY_SECONDS = 5
_COOL_DOWN_SECONDS = 10.0
_RETRY_SECONDS = 2.0
LEVEL_SECONDS = 12 * 60 * 60
"""A proof is worth a working day (services/dashboard/sessions/rules.py ``WHOLE``); then it is asked for again."""
_REMEMBERED = 10_000
"""Verified tokens kept: a morning's teachers of a large city."""


class KeySource:
    """The issuer's public keys, fetched once and again only when a token names a key that is not known."""

    def __init__(self, fetch: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._fetch = fetch
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._lock = asyncio.Lock()

    @classmethod
    def of(cls, jwks_url: str) -> KeySource:
        """Keys published at ``jwks_url``."""

        async def fetch() -> dict[str, Any]:
            async with httpx.AsyncClient(timeout=5) as client:
                response = await client.get(jwks_url)
                response.raise_for_status()
                return cast("dict[str, Any]", response.json())

        return cls(fetch)

    @property
    def current(self) -> KeySet | None:
        """The keys that are believed now."""
        return self._keys

    async def get(self, kid: str | None) -> KeySet:
        """A key set that holds ``kid`` if the issuer has it. An unknown ``kid`` costs one fetch in ten seconds."""
        if self._keys is not None and (kid is None or kid in {key.kid for key in self._keys.keys}):
            return self._keys
        async with self._lock:
            if time.monotonic() - self._fetched_at > _COOL_DOWN_SECONDS:
                try:
                    self._keys = KeySet.import_key_set(cast("Any", await self._fetch()))
                except httpx.HTTPError:
                    # Whoever waits for the lock would wait as long again for an issuer that is away.
                    self._fetched_at = time.monotonic() - _COOL_DOWN_SECONDS + _RETRY_SECONDS
                    raise
                self._fetched_at = time.monotonic()
        if self._keys is None:
            raise Unauthenticated("no signing keys", "unchecked")
        return self._keys


class TokenVerifier:
    """Turns a bearer token into a :class:`Principal`, or raises :class:`Unauthenticated`."""

    def __init__(self, issuer: str, audience: str, keys: KeySource) -> None:
        self._keys = keys
        self._audience = audience
        self._claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            exp={"essential": True},
            sub={"essential": True},
            board={"essential": True},
            kind={"essential": True},
            azp={"essential": True},
        )
        self._verified: OrderedDict[str, tuple[Principal, KeySet]] = OrderedDict()

    async def verify(self, token: str) -> Principal:
        """The principal of ``token``. A token verified before is only held against the clock and the keys of now."""
        known = self._verified.get(token)
        if known is not None and self._still_good(*known):
            return known[0]
        principal, keys = await self._verify(token)
        self._verified[token] = principal, keys
        if len(self._verified) > _REMEMBERED:
            self._verified.popitem(last=False)
        return principal

    def _still_good(self, principal: Principal, keys: KeySet) -> bool:
        return self._keys.current is keys and time.time() < principal.expires_at.timestamp() + LEEWAY_SECONDS

    async def _verify(self, token: str) -> tuple[Principal, KeySet]:
        header = header_of(token)
        if header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
            raise Unauthenticated("typ or alg")
        try:
            keys = await self._keys.get(header.get("kid"))
            decoded = jwt.decode(token, keys, algorithms=[ALGORITHM])
            self._claims.validate(decoded.claims)
        except ExpiredTokenError as error:
            raise Unauthenticated("expired", "expired") from error
        except DecodeError as error:
            raise Unauthenticated("not a token", "malformed") from error
        except (JoseError, ValueError) as error:
            raise Unauthenticated(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise Unauthenticated("signing keys cannot be had", "unchecked") from error
        claims = decoded.claims
        if claims.get("aud") not in (self._audience, [self._audience]):
            raise Unauthenticated("aud", "elsewhere")
        return _principal(claims), keys


def header_of(token: str) -> dict[str, Any]:
    """The header of a token that nobody has verified yet. Raises :class:`Unauthenticated`."""
    try:
        header = orjson.loads(urlsafe_b64decode(token.split(".", 1)[0].encode()))
    except ValueError as error:
        raise Unauthenticated("not a token", "malformed") from error
    if not isinstance(header, dict):
        raise Unauthenticated("not a token", "malformed")
    return header


def _level(claims: dict[str, Any]) -> int:
    """Keycloak's exchanged tokens say ``acr`` 1 whatever the sign-in was (26.7); ``loa`` says when the session reached
    which level, in every token (docs/decisions/0032), and names a proof still that is worth nothing any more.
    """
    since = time.time() - LEVEL_SECONDS
    proved = {int(level) for level, at in dict(claims.get("loa") or {}).items() if int(at) > since}
    return max(int(claims.get("acr", 1)), *proved, 0)


def _proved_at(claims: dict[str, Any]) -> datetime | None:
    """When somebody proved what their level asks for. ``auth_time`` is of any proof, a password alone, too: Keycloak
    goes on naming the second factor that was proved hours before it, and ``loa`` says when.
    """
    times = [
        int(at)
        for at in (claims.get("auth_time"), dict(claims.get("loa") or {}).get(str(_level(claims))))
        if at
    ]
    return datetime.fromtimestamp(min(times), UTC) if times else None


def _principal(claims: dict[str, Any]) -> Principal:
    try:
        return Principal(
            subject=str(claims["sub"]),
            kind=cast("Kind", claims["kind"]),
            board=UUID(claims["board"]),
            person=UUID(claims["person"]) if claims.get("person") else None,
            client=str(claims["azp"]),
            acr=_level(claims),
            auth_time=_proved_at(claims),
            session=claims.get("sid"),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            scopes=frozenset(str(claims.get("scope", "")).split()),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise Unauthenticated("claims") from error
