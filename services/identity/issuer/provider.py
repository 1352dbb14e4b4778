"""The identity authority at work: rules decide, stores remember, tokens leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.accounts.rules import Account
from services.identity.accounts.store import account as find_account
from services.identity.invitations.signing_in import Paper
from services.identity.issuer import store
from services.identity.issuer.rules import (
    ACCESS_TOKEN,
    SESSION_LIFE,
    Client,
    Refused,
    Session,
    SignInRequest,
    exchange_target,
    may_exchange,
    own_service,
    redeem,
    renew,
    scopes,
)
from services.identity.issuer.store import scope_of
from services.identity.issuer.tokens import Mint
from services.identity.purposes.store import department_client
from services.identity.tables import NOWHERE
from shared.access.log import Seen, log_change
from shared.access.principal import NO_BOARD, Principal, nobody
from shared.contracts.identity import AccountKind
from shared.database import Scope, Units
from shared.dates import Clock
from shared.ids import new_id

Answer = dict[str, Any]


class Front(Protocol):
    """What the pages need of whoever signs people in: the embedded issuer, or the one that Keycloak brokers."""

    clock: Clock
    mint: Mint
    clients: Mapping[str, Client]
    paper: Paper
    trial: bool
    """Whether the pages say that this is for trying."""
    keeps: bool
    """Whether a sign-in can stand for long on one's own device."""
    onward: tuple[str, ...]
    """Origins to which the client sends a browser on; browsers hold a form to them too."""


@dataclass
class Provider:
    """The issuer over one deployment. ``clock`` gives business dates; ``real`` is what tokens are measured by."""

    units: Units
    clock: Clock
    real: Clock
    mint: Mint
    clients: Mapping[str, Client]
    """Applications and services; departments are found in the database."""
    services: frozenset[str]
    paper: Paper
    """Guardians' first sign-in."""
    trial: bool = True
    keeps: bool = True
    onward: tuple[str, ...] = ()

    async def client(self, id: str, secret: str) -> Client:
        """The confidential client with this secret; raises :class:`Refused`."""
        found = self.clients.get(id) or await department_client(self.units, id, self.clock.today())
        if found is None or not found.knows(secret):
            raise Refused("invalid_client", "client id or secret is wrong")
        return found

    async def sign_in(
        self, request: SignInRequest, board: UUID, account_id: UUID, kind: AccountKind, acr: int
    ) -> str:
        """Somebody chose an account: a new sign-in and its code. Raises :class:`Refused`."""
        now = self.real.now()
        try:
            return await self._sign_in(request, board, account_id, kind, acr, now)
        except Refused:
            await self._note_refusal(board, request.client, now)
            raise

    async def _note_refusal(self, board: UUID, client: Client, now: datetime) -> None:
        """A row in the access log, of the board if there is such a board; which account was tried is not kept."""
        async with self.units.read(NOWHERE) as rows:
            known = {id for id, _ in await store.boards(rows)}
        who = nobody(client.id, now, board if board in known else NO_BOARD)
        async with self.units.work(Scope(who.board), actor="issuer") as work:
            seen = Seen("sign-in", "account", None, "III", outcome="refused")
            await log_change(work.session, who, seen, work.at)

    async def _sign_in(
        self,
        request: SignInRequest,
        board: UUID,
        account_id: UUID,
        kind: AccountKind,
        acr: int,
        now: datetime,
    ) -> str:
        async with self.units.work(Scope(board), actor=f"account:{account_id}") as work:
            account = await in_force(work.session, board, account_id, kind)
            session = Session(
                new_id(), board, account.id, kind, request.client.id, acr, now, now + SESSION_LIFE
            )
            seen = Seen("sign-in", "account", account.id, "III", subjects=[account.person])
            await log_change(work.session, _principal(session, account), seen, work.at)
            return await store.sign_in(work.session, session, request)

    async def redeem(self, client: Client, parameters: Mapping[str, str]) -> Answer:
        """Tokens for an authorization code."""
        handle, now = parameters.get("code", ""), self.real.now()
        async with self.units.work(scope_of(handle), actor=f"client:{client.id}") as work:
            found = await store.use_code(work.session, handle, now)
            if found is None:
                raise Refused("invalid_grant", "the code is not known")
            code, nonce = found
            uri, verifier = parameters.get("redirect_uri", ""), parameters.get("code_verifier", "")
            outcome = await self._give(
                work.session, code.session, nonce, lambda: redeem(code, client, uri, verifier, now), now
            )
        return or_raise(outcome)

    async def renew(self, client: Client, parameters: Mapping[str, str]) -> Answer:
        """New tokens for a refresh token, which is thereby used up, but for an answer that got lost."""
        handle, now = parameters.get("refresh_token", ""), self.real.now()
        async with self.units.work(scope_of(handle), actor=f"client:{client.id}") as work:
            found = await store.use_refresh(work.session, handle, now)
            if found is None:
                raise Refused("invalid_grant", "the refresh token is not known")
            outcome = await self._give(
                work.session,
                found.session,
                None,
                lambda: renew(found, client=client, now=now),
                now,
                follows=handle,
            )
        return or_raise(outcome)

    async def _give(
        self,
        rows: AsyncSession,
        session: Session,
        nonce: str | None,
        decide: Callable[[], None],
        now: datetime,
        *,
        follows: str | None = None,
    ) -> Answer | Refused:
        """Tokens of a sign-in if ``decide`` lets them. A refusal is returned: what it ends must be committed."""
        try:
            decide()
            account = await in_force(rows, session.board, session.account, session.kind)
        except Refused as refused:
            if refused.ends_session:
                await store.end_session(rows, session.id, refused.why, now)
            return refused
        token, seconds = self.mint.person_token(
            session, account.person, session.client_id, session.client_id, now
        )
        return {
            **_answer(token, seconds),
            "refresh_token": store.give_refresh(rows, session, follows),
            # As Keycloak tells it: whoever holds the session knows how long the sign-in may stand.
            "refresh_expires_in": int((session.expires_at - now).total_seconds()),
            "id_token": self.mint.id_token(session, nonce, now),
            "scope": "openid",
        }

    async def exchange(self, client: Client, parameters: Mapping[str, str]) -> Answer:
        """A token of the same person for one other service; it ends with the one it was exchanged for."""
        target, now = exchange_target(parameters, client, self.services), self.real.now()
        subject = self.mint.read_subject(parameters["subject_token"], now)
        sid = may_exchange(subject, client)
        async with self.units.read(Scope(subject.board)) as rows:
            session = await store.find_session(rows, sid)
            if session is None or not session.alive(now):
                raise Refused("invalid_grant", "the sign-in is over")
            account = await in_force(rows, session.board, session.account, session.kind)
        token, seconds = self.mint.person_token(
            session, account.person, client.id, target, now, subject.expires_at
        )
        return {**_answer(token, seconds), "issued_token_type": ACCESS_TOKEN}

    async def own(self, client: Client, parameters: Mapping[str, str]) -> Answer:
        """A token for a department or a service itself."""
        board, audience = own_service(client, parameters, self.services)
        async with self.units.read(NOWHERE) as rows:
            if board != NO_BOARD and board not in {known for known, _ in await store.boards(rows)}:
                raise Refused("invalid_request", "board is not known here")
        granted = scopes(client, parameters)
        answer = _answer(*self.mint.client_token(client, board, audience, self.real.now(), granted))
        return {**answer, "scope": " ".join(granted)} if granted else answer

    async def sign_out(self, hint: str) -> Client:
        """End the sign-in that an ID token tells of; returns its client. Raises :class:`Refused`."""
        board, sid, client_id = self.mint.read_hint(hint)
        async with self.units.work(Scope(board), actor=f"client:{client_id}") as work:
            await store.end_session(work.session, sid, "signed out", self.real.now())
        return self.clients[client_id]


def or_raise(outcome: Answer | Refused) -> Answer:
    """What came of a request; a refusal is raised now that what it ends is committed."""
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def _answer(token: str, seconds: int) -> Answer:
    return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}


async def in_force(rows: AsyncSession, board: UUID, id: UUID, kind: str) -> Account:
    """The account, if it still wears the hat; raises :class:`Refused`."""
    found = await find_account(rows, board, id)
    if found is None or not found.acts_as(kind):
        raise Refused("invalid_grant", "the account is not enabled for this", ends_session=True)
    return found


def _principal(session: Session, account: Account) -> Principal:
    return Principal(
        subject=str(account.id),
        kind=session.kind,
        board=session.board,
        person=account.person,
        client=session.client_id,
        acr=session.acr,
        auth_time=session.auth_time,
        session=str(session.id),
        expires_at=session.expires_at,
    )
