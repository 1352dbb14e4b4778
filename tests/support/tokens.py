"""An identity authority in miniature: signs the tokens that services verify, for tests of one service alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey

from shared.access.tokens import ALGORITHM, TYPE, KeySource, TokenVerifier

ISSUER = "http://localhost:8602"


@cache
def _signing_key() -> RSAKey:
    """One for a whole process: looking for two primes costs more than what most tests do with the key."""
    return RSAKey.generate_key(2048, {"kid": "test"})


@dataclass
class Authority:
    """One signing key; every token is real but for who issues it."""

    key: RSAKey = field(default_factory=_signing_key)

    def verifier(self, audience: str) -> TokenVerifier:
        """A verifier that trusts this authority."""

        async def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        return TokenVerifier(ISSUER, audience, KeySource(keys))

    def token(
        self, audience: str, board: UUID, person: UUID | None = None, *, kind: str = "staff", **claims: Any
    ) -> str:
        """A token good for five minutes; ``claims`` replace what it would say."""
        now = int(datetime.now(UTC).timestamp())
        said: dict[str, Any] = {
            "iss": ISSUER,
            "aud": audience,
            "sub": str(uuid4()) if person is None else f"account-{person}",
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "acr": "2",
            "azp": "dashboard",
            "sid": "test-session",
            "board": str(board),
            "kind": kind,
            "person": str(person) if person else None,
        }
        said.update(claims)
        header = {"typ": TYPE, "alg": ALGORITHM, "kid": self.key.kid}
        return jwt.encode(header, said, self.key, algorithms=[ALGORITHM])
