"""What tokens say (decisions.md §4 "Tokens"), in real time; and reading our own again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError

from services.identity.issuer.keys import SigningKey
from services.identity.issuer.rules import Client, Refused, Session, Subject, access_until
from shared.access.tokens import ALGORITHM, TYPE

ID_TOKEN_TYPE = "JWT"  # noqa: S105 (a name, not a secret)


@dataclass(frozen=True)
class Mint:
    """Makes tokens of one issuer."""

    issuer: str
    key: SigningKey

    def person_token(
        self, session: Session, person: UUID, azp: str, audience: str, now: datetime, *bounds: datetime
    ) -> tuple[str, int]:
        """An access token for a signed-in person, and its life in seconds."""
        return self._access(
            {
                "sub": str(session.account),
                "board": str(session.board),
                "person": str(person),
                "kind": session.kind,
                "acr": str(session.acr),
                "auth_time": _seconds(session.auth_time),
                "sid": str(session.id),
                "azp": azp,
                "aud": audience,
            },
            now,
            access_until(now, session.expires_at, *bounds),
        )

    def client_token(
        self, client: Client, board: UUID, audience: str, now: datetime, scopes: Sequence[str] = ()
    ) -> tuple[str, int]:
        """An access token for a department or a service acting for itself, and its life in seconds."""
        claims = {"board": str(board), "kind": client.kind, "acr": "1", "azp": client.id, "aud": audience}
        if scopes:
            claims["scope"] = " ".join(scopes)
        return self._access({"sub": str(client.department or client.id), **claims}, now, access_until(now))

    def _access(self, claims: dict[str, Any], now: datetime, until: datetime) -> tuple[str, int]:
        timed = {"iss": self.issuer, "iat": _seconds(now), "exp": _seconds(until), "jti": str(uuid4())}
        return self.key.sign(TYPE, {**timed, **claims}), _seconds(until) - _seconds(now)

    def id_token(self, session: Session, nonce: str | None, now: datetime, **more: str) -> str:
        """What tells the client, and nobody else, who signed in; ``board`` so that it can be signed out with it."""
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": str(session.account),
            "aud": session.client_id,
            "iat": _seconds(now),
            "exp": _seconds(access_until(now)),
            "auth_time": _seconds(session.auth_time),
            "acr": str(session.acr),
            "sid": str(session.id),
            "board": str(session.board),
            **more,
        }
        return self.key.sign(ID_TOKEN_TYPE, claims if nonce is None else {**claims, "nonce": nonce})

    def read_subject(self, token: str, now: datetime) -> Subject:
        """An access token of ours, still good; raises :class:`Refused`."""
        claims = self._read(token, TYPE)
        audience = claims["aud"]
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        if now >= expires_at:
            raise Refused("invalid_grant", "the subject token is too old")
        return Subject(
            audience=frozenset([audience] if isinstance(audience, str) else audience),
            client_id=claims["azp"],
            session=UUID(claims["sid"]) if "sid" in claims else None,
            board=UUID(claims["board"]),
            expires_at=expires_at,
        )

    def read_hint(self, token: str) -> tuple[UUID, UUID, str]:
        """Board, sign-in and client of an ID token of ours, however old; raises :class:`Refused`."""
        claims = self._read(token, ID_TOKEN_TYPE)
        return UUID(claims["board"]), UUID(claims["sid"]), claims["aud"]

    def _read(self, token: str, typ: str) -> dict[str, Any]:
        try:
            decoded = jwt.decode(token, self.key.key, algorithms=[ALGORITHM])
        except (JoseError, ValueError) as error:
            raise Refused("invalid_grant", "the token is not one of ours") from error
        if decoded.header.get("typ") != typ or decoded.claims.get("iss") != self.issuer:
            raise Refused("invalid_grant", "the token is not one of ours, or of another kind")
        return decoded.claims


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
