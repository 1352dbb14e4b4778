"""Reading a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4–2.6): the authority says a sign-in is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError

from shared.access.principal import Unauthenticated
from shared.access.tokens import ALGORITHM, LEEWAY_SECONDS, KeySource, header_of

TYPE = "logout+jwt"
"""Said in the header, so that no other token of the authority is ever taken for one (RFC 8725 §3.11)."""
EVENT = "http://schemas.openid.net/event/backchannel-logout"
FRESH = timedelta(minutes=5)
"""How old one may be; so long it is remembered that it has come."""
_LONGEST = 255


class NoLogout(Exception):
    """The token ends nothing; the text is why."""


@dataclass(frozen=True)
class Over:
    """What is over: one sign-in, or, without ``sid``, all of an account."""

    jti: str
    sid: str | None
    subject: str | None


class LogoutTokens:
    """Reads those of one authority for one client."""

    def __init__(self, issuer: str, client_id: str, keys: KeySource) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._keys = keys

    async def read(self, token: str, now: datetime) -> Over:
        """What ``token`` says is over. ``now`` is real time. Raises :class:`NoLogout`."""
        try:
            header = header_of(token)
            if header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
                raise NoLogout("typ or alg")
            keys = await self._keys.get(header.get("kid"))
            claims = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
            self._registry(now).validate(claims)
        except (JoseError, ValueError, Unauthenticated, httpx.HTTPError) as error:
            raise NoLogout(type(error).__name__) from error
        if claims["aud"] not in (self._client_id, [self._client_id]):
            raise NoLogout("aud")
        return _over(claims, now)

    def _registry(self, now: datetime) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
            jti={"essential": True},
            events={"essential": True},
        )


def _over(claims: Mapping[str, Any], now: datetime) -> Over:
    if "nonce" in claims:
        raise NoLogout("nonce: an ID token, not a logout token")
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise NoLogout("events")
    if now.timestamp() - claims["iat"] > FRESH.total_seconds():
        raise NoLogout("iat")
    over = Over(_text(claims, "jti") or "", _text(claims, "sid"), _text(claims, "sub"))
    if over.sid is None and over.subject is None:
        raise NoLogout("neither sid nor sub")
    return over


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    found = claims.get(name)
    if found is not None and (not isinstance(found, str) or not 0 < len(found) <= _LONGEST):
        raise NoLogout(name)
    return found
