"""Tokens of the real issuer, good ones and every way of getting one wrong (RFC 8725, OWASP ASVS 5 V9)."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import orjson
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64encode

from services.identity.issuer.tokens import ID_TOKEN_TYPE, Mint
from shared.access.principal import NO_BOARD
from shared.access.tokens import ALGORITHM, TYPE


@cache
def _another_key() -> RSAKey:
    return RSAKey.generate_key(2048)


@dataclass(frozen=True)
class Tokens:
    """Signs as the issuer does."""

    mint: Mint

    def of_person(self, audience: str, board: UUID, person: UUID, kind: str, *, acr: int = 2) -> str:
        """A token such as the issuer gives a signed-in person."""
        return self.mint.key.sign(TYPE, self._claims(audience, board, kind, person=str(person), acr=str(acr)))

    def of_client(self, audience: str, board: UUID, client: str, scopes: Sequence[str] = ()) -> str:
        """A token such as the issuer gives a department, or with scopes a learning app."""
        more = {"scope": " ".join(scopes)} if scopes else {}
        claims = self._claims(audience, board, "department", azp=client, acr="1", **more)
        return self.mint.key.sign(TYPE, claims)

    def of_service(self, audience: str, client: str) -> str:
        """A token such as the issuer gives a service that acts for no board."""
        return self.mint.key.sign(TYPE, self._claims(audience, NO_BOARD, "service", azp=client, acr="1"))

    def _claims(self, audience: str, board: UUID, kind: str, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.mint.issuer,
            "aud": audience,
            "sub": f"account-{more.get('person') or more.get('azp')}",
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "sid": str(uuid4()),
            "azp": "dashboard",
            "board": str(board),
            "kind": kind,
            **more,
        }

    def mutations(self, audience: str, board: UUID, who: Mapping[str, Any]) -> dict[str, str]:
        """Name → a token of somebody who would be let in with a good one."""
        claims = self._claims(audience, board, **who)
        header = {"typ": TYPE, "alg": ALGORITHM, "kid": self.mint.key.kid}
        other = next(name for name in ("registry", "identity", "dashboard") if name != audience)

        def signed(changed: Mapping[str, Any], *, typ: str = TYPE) -> str:
            return self.mint.key.sign(typ, {**claims, **changed})

        def by(key: RSAKey, **more: Any) -> str:
            return jwt.encode({**header, **more}, claims, key, algorithms=[ALGORITHM])

        def unsigned(algorithm: str) -> str:
            return ".".join(_part({**header, "alg": algorithm}, claims)) + "."

        def hmac_with_the_public_key() -> str:
            start = ".".join(_part({**header, "alg": "HS256"}, claims))
            mac = hmac.digest(self.mint.key.key.as_pem(private=False), start.encode(), "sha256")
            return f"{start}.{urlsafe_b64encode(mac).decode()}"

        made: dict[str, Callable[[], str]] = {
            "of another audience": lambda: signed({"aud": other}),
            "of two audiences": lambda: signed({"aud": [audience, other]}),
            "expired": lambda: signed({"exp": int(time.time()) - 60}),
            "alg none": lambda: unsigned("none"),
            "signature taken off": lambda: unsigned(ALGORITHM),
            "HS256 with the public key": hmac_with_the_public_key,
            "unknown kid": lambda: by(_another_key(), kid="unknown"),
            "another key under our kid": lambda: by(_another_key()),
            "ID token": lambda: signed({"nonce": "n"}, typ=ID_TOKEN_TYPE),
            "another issuer": lambda: signed({"iss": "http://localhost:1"}),
            "no board": lambda: signed({"board": None}),
            "not a token": lambda: "AAAA.BBBB.CCCC",
        }
        return {name: make() for name, make in made.items()}


def _part(*parts: Mapping[str, Any]) -> list[str]:
    return [urlsafe_b64encode(orjson.dumps(part)).decode() for part in parts]
