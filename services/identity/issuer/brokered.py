"""Codes on paper as an OIDC provider for Keycloak alone (decisions.md §4, docs/decisions/0017).

In the platform edition Keycloak is the issuer of every token. A guardian who comes with a sheet is sent here by it,
proves with the code who they are, and goes back with an ID token about their account. Nothing else is given out: no
refresh token, no access token that opens anything, no list of people, no other client.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.invitations.signing_in import Paper
from services.identity.issuer import store
from services.identity.issuer.provider import Answer, in_force, or_raise
from services.identity.issuer.rules import Client, Code, Refused, hash_of, redeem
from services.identity.issuer.store import scope_of
from services.identity.issuer.tokens import Mint
from shared.database import Units
from shared.dates import Clock

KEYCLOAK = "keycloak"
"""The one client."""
ALIAS = "paper"
"""What this provider is called in the realm: part of the address that people come back to."""
WORTH_SECONDS = 60


def keycloak(issuer: str, secret: str) -> Client:
    """Keycloak as a client of ours; ``issuer`` is its realm."""
    return Client(KEYCLOAK, "service", hash_of(secret), redirect_uris=(f"{issuer}/broker/{ALIAS}/endpoint",))


@dataclass
class Brokered:
    """The provider over one deployment. ``clock`` gives business dates; ``real`` is what tokens are measured by."""

    units: Units
    clock: Clock
    real: Clock
    mint: Mint
    clients: Mapping[str, Client]
    paper: Paper
    trial: bool
    onward: tuple[str, ...]
    keeps: bool = False
    """How long a sign-in stands is Keycloak's to say."""

    async def client(self, id: str, secret: str) -> Client:
        """The client with this secret; raises :class:`Refused`."""
        found = self.clients.get(id)
        if found is None or not found.knows(secret):
            raise Refused("invalid_client", "client id or secret is wrong")
        return found

    async def redeem(self, client: Client, parameters: Mapping[str, str]) -> Answer:
        """Who came with the code on paper. Raises :class:`Refused`."""
        handle, now = parameters.get("code", ""), self.real.now()
        async with self.units.work(scope_of(handle), actor=f"client:{client.id}") as work:
            found = await store.use_code(work.session, handle, now)
            if found is None:
                raise Refused("invalid_grant", "the code is not known")
            outcome = await self._hand_over(work.session, client, *found, parameters, now)
        return or_raise(outcome)

    async def _hand_over(
        self,
        rows: AsyncSession,
        client: Client,
        code: Code,
        nonce: str | None,
        parameters: Mapping[str, str],
        now: datetime,
    ) -> Answer | Refused:
        """The answer, or a refusal, which is returned: what it ends must be committed."""
        session = code.session
        uri, verifier = parameters.get("redirect_uri", ""), parameters.get("code_verifier", "")
        try:
            redeem(code, client, uri, verifier, now)
            account = await in_force(rows, session.board, session.account, session.kind)
        except Refused as refused:
            if refused.ends_session:
                await store.end_session(rows, session.id, refused.why, now)
            return refused
        # From here on the sign-in is Keycloak's.
        await store.end_session(rows, session.id, "handed over", now)
        return {
            # The protocol wants one; it is no token of ours and opens nothing.
            "access_token": secrets.token_urlsafe(16),
            "token_type": "Bearer",
            "expires_in": WORTH_SECONDS,
            "id_token": self.mint.id_token(
                session, nonce, now, person=str(account.person), kind=session.kind
            ),
            "scope": "openid",
        }
