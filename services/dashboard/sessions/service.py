"""Tokens of a session: renewed before they expire, exchanged for the service called, never shown to a browser."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from services.dashboard.sessions import store
from services.dashboard.sessions.issuer import (
    NO_REFRESH_TOKEN,
    Issuer,
    IssuerAway,
    IssuerRefused,
    Tokens,
)
from services.dashboard.sessions.rules import RENEW_BEFORE, SECRET_BYTES, Ticket, ends_at
from services.dashboard.sessions.seal import Seal
from services.dashboard.sessions.store import Session
from shared.access.principal import Principal
from shared.database import Scope, Units
from shared.dates import Clock
from shared.web import Problem
from shared.web.problems import signed_out

_T = TypeVar("_T")

_KEPT = 10_000
"""Tokens remembered at most, exchanged ones and such as are not saved yet; the oldest go first."""
_RENEWALS = 8
"""Renewals at once: each holds a connection while the authority answers, and pages need most of them."""
_TURN_SECONDS = 2.0
"""How long a renewal waits for its turn; afterwards the authority counts as away."""
_PATIENCE_SECONDS = 5.0
"""How long a request waits for a renewal. The renewal goes on without it: its answer given up is a sign-in lost."""
_UNDER_WAY = timedelta(seconds=5)
"""What a token must have left to be sent with a request, where there is no other."""
_OVER = ("invalid_grant", NO_REFRESH_TOKEN)
"""Refusals that mean that this sign-in is over (RFC 6749 §5.2)."""


def issuer_away() -> Problem:
    """The identity authority does not answer; nothing is lost."""
    return Problem(
        503,
        "issuer-away",
        "サインインを確かめられません",
        "サインインのしくみが、いま止まっています。少し待ってから、もう一度お試しください。入力したものは消えていません。",
        headers={"retry-after": "5"},
    )


@dataclass
class _Exchanged:
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class _Unsaved:
    """What the authority gave, until the database has it too: the one before is soon good no more."""

    instead_of: bytes
    tokens: Tokens
    who: Principal


@dataclass
class Sessions:
    """Begins, renews and ends sessions. ``clock`` is real time: tokens and sessions never use the training clock."""

    units: Units
    issuer: Issuer
    seal: Seal
    clock: Clock
    patience: float = _PATIENCE_SECONDS
    _exchanged: dict[tuple[UUID, str], _Exchanged] = field(default_factory=dict)
    _unsaved: dict[UUID, _Unsaved] = field(default_factory=dict)
    _flights: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_RENEWALS))

    async def begin(self, tokens: Tokens, who: Principal) -> tuple[Ticket, datetime]:
        """A new session and when it ends; its ticket goes into the cookie and nowhere else."""
        now = self.clock.now()
        ticket = Ticket(who.board, uuid4(), secrets.token_bytes(SECRET_BYTES))
        sealed = self.seal.close(tokens.to_json(), _place(ticket.session))
        who = replace(who, expires_at=tokens.expires_at)
        end = ends_at(now, who.kind, tokens.stands_until)
        await store.begin(self.units, ticket, who, sealed, at=now, ends_at=end)
        return ticket, end

    async def end(self, session: Session, reason: str) -> None:
        """End a session now, everywhere."""
        await store.end(self.units, session, reason, self.clock.now())

    def tokens(self, session: Session) -> Tokens | None:
        """The session's tokens; None when they cannot be opened (another key)."""
        kept = self.seal.open(session.tokens, _place(session.id))
        return None if kept is None else Tokens.from_json(kept)

    def due(self, session: Session) -> bool:
        """Whether the authority must say again that the sign-in stands."""
        return session.principal.expires_at - self.clock.now() <= RENEW_BEFORE

    async def confirm(self, session: Session) -> None:
        """Have the authority say that the sign-in of a session that is :meth:`due` stands.

        Raises the problem signed-out when it says no. While it is away the token in hand is its word, until that
        expires; then this raises the problem issuer-away.
        """
        try:
            await self.renew(session)
        except Problem as problem:
            if problem.status == 401 or session.principal.expires_at <= self.clock.now():
                raise

    async def access(self, session: Session) -> str:
        """An access token that holds for a while yet. Raises the problem signed-out when the sign-in is over."""
        tokens = self.tokens(session)
        if tokens is not None and tokens.expires_at - self.clock.now() > RENEW_BEFORE:
            return tokens.access
        return await self.renew(session)

    async def renew(self, session: Session) -> str:
        """A new access token, and with it the authority's word that the sign-in still stands.

        One renewal of a session at a time, and few of all: a slow authority must not take every connection away from
        the pages. Raises the problem signed-out and ends the session when the authority refuses, and the problem
        issuer-away when it does not answer or too many wait for it.
        """
        try:
            async with asyncio.timeout(self.patience):
                return await self._once(session.id, lambda: self._renew_in_turn(session))
        except TimeoutError as error:
            raise issuer_away() from error

    async def _renew_in_turn(self, session: Session) -> str:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise issuer_away() from error
        try:
            return await self._renew(session)
        finally:
            self._turns.release()

    async def _renew(self, session: Session) -> str:
        # The session's row is locked meanwhile: a refresh token is good once and several processes may want to use it.
        refused = ""
        async with self.units.work(Scope(session.board), actor=session.principal.subject) as work:
            standing = await store.locked(work.session, session.id)
            if standing is None or standing.ended_at is not None:
                raise signed_out()
            unsaved = self._unsaved.get(session.id)
            if unsaved is not None and unsaved.instead_of != standing.tokens:
                unsaved = None  # another process has renewed them since
            tokens = self.tokens(standing) if unsaved is None else unsaved.tokens
            fresh = tokens is not None and tokens.expires_at - self.clock.now() > RENEW_BEFORE
            if tokens is None:
                refused = "the tokens were sealed with another key"
            elif fresh and unsaved is None:
                return tokens.access
            else:
                try:
                    if not fresh or unsaved is None:
                        # The authority counts each time it is asked, whatever becomes of its answer: not before there
                        # is room for it.
                        await store.renew(work.session, session.id, standing.principal, standing.tokens)
                        tokens, who = await self.issuer.refresh(tokens, self.clock.now())
                        who = replace(who, expires_at=tokens.expires_at)
                        unsaved = self._keep(session.id, _Unsaved(standing.tokens, tokens, who))
                    sealed = self.seal.close(tokens.to_json(), _place(session.id))
                    await store.renew(work.session, session.id, unsaved.who, sealed)
                except IssuerAway as error:
                    raise issuer_away() from error
                except IssuerRefused as error:
                    if str(error) not in _OVER:
                        raise issuer_away() from error  # our own set-up is wrong: signing in would mend nothing
                    refused = f"the authority refuses: {error}"
        self._unsaved.pop(session.id, None)
        if tokens is not None and not refused:
            return tokens.access
        await self.end(session, refused)
        raise signed_out()

    def _keep(self, session: UUID, unsaved: _Unsaved) -> _Unsaved:
        self._unsaved[session] = unsaved
        while len(self._unsaved) > _KEPT:
            del self._unsaved[next(iter(self._unsaved))]
        return unsaved

    async def exchanged(self, session: Session, service: str, *, anew: bool = False) -> str:
        """A token for ``service`` on behalf of the session's person; one exchange at a time for each pair.

        While the authority is away the one in hand serves to its end, as a page's does (:meth:`confirm`).
        """
        key = (session.id, service)
        standing = None if anew else self._exchanged.get(key)
        if standing is not None and standing.expires_at - self.clock.now() > RENEW_BEFORE:
            return standing.token
        try:
            got = await self._once(key, lambda: self._exchange(session, service))
        except Problem as problem:
            left = timedelta(0) if standing is None else standing.expires_at - self.clock.now()
            if standing is None or problem.status == 401 or left <= _UNDER_WAY:
                raise
            return standing.token
        self._exchanged[key] = got
        while len(self._exchanged) > _KEPT:
            del self._exchanged[next(iter(self._exchanged))]
        return got.token

    async def _exchange(self, session: Session, service: str) -> _Exchanged:
        access = await self.access(session)
        try:
            token, expires_at = await self.issuer.exchange(access, service, self.clock.now())
        except IssuerAway as error:
            raise issuer_away() from error
        except IssuerRefused as error:
            if str(error) not in _OVER:
                raise issuer_away() from error  # our own set-up is wrong: signing in would mend nothing
            await self.end(session, "the authority refuses an exchange")
            raise signed_out() from error
        return _Exchanged(token, expires_at)

    async def _once(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """What ``work`` answers, done once for all who ask under ``key`` meanwhile."""
        flight: asyncio.Task[_T] | None = self._flights.get(key)
        if flight is None:
            flight = asyncio.ensure_future(work())
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._landed(key, done))
        # A request that is given up does not take the work away from the others that wait for it.
        return await asyncio.shield(flight)

    def _landed(self, key: Hashable, flight: asyncio.Task[Any]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # seen, also when everybody who waited has gone

    def forget(self, session: UUID) -> None:
        """Drop the tokens of a session that ended."""
        self._unsaved.pop(session, None)
        for key in [key for key in self._exchanged if key[0] == session]:
            del self._exchanged[key]


def _place(session: UUID) -> str:
    return f"session:{session}"
