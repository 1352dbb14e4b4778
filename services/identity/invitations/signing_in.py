"""The guardian's side: whose code it is, and a sign-in with it, once.

Whatever is wrong with a code that could be one (unknown, used, ended, too old, its tie over), the answer is the same:
nobody learns from it that such a code was ever printed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.identity.invitations import attempts, rules, store
from services.identity.invitations.codes import Codes
from services.identity.invitations.store import Holder, Invitation
from services.identity.issuer import store as sign_ins
from services.identity.issuer.rules import SESSION_LIFE, Session, SignInRequest
from services.identity.tables import NOWHERE
from shared.access.log import AccessLog, Seen, log_change
from shared.access.principal import Principal, nobody
from shared.database import Scope, Units, Work
from shared.dates import Clock
from shared.ids import new_id

KEPT = timedelta(days=90)
"""How long a guardian's own device stays signed in (ux.md §5.2; docs/decisions/0017)."""
_ACTION = "UseInvitation"


class CodeRefused(Exception):
    """No sign-in comes of this code; which of the reasons it is, is told to nobody."""


class TooMany(Exception):
    """Too many wrong codes from here, or altogether; nothing was looked up."""


@dataclass(frozen=True)
class Named:
    """Whom the page asks whether it is them."""

    guardian: str
    pupil: str
    class_name: str
    school_name: str


@dataclass(frozen=True)
class Paper:
    """Sign-in by a code on paper. ``clock`` gives business dates, ``real`` the instants of sign-ins and attempts."""

    units: Units
    clock: Clock
    real: Clock
    codes: Codes
    log: AccessLog

    async def whose(self, typed: str, address: str, client: str) -> Named:
        """Whose code it is. Raises :class:`rules.Unreadable`, :class:`TooMany`, :class:`CodeRefused`."""
        now = self.real.now()
        async with self._found(typed, address, client, now) as (_, _, holder):
            return Named(
                " ".join(holder.guardian).strip(),
                " ".join(holder.pupil).strip(),
                holder.class_name,
                holder.school_name,
            )

    async def sign_in(self, typed: str, address: str, request: SignInRequest, *, own_device: bool) -> str:
        """Use the code up and sign its guardian in; returns the authorization code. Raises as :meth:`whose`."""
        now = self.real.now()
        async with self._found(typed, address, request.client.id, now) as (work, code, holder):
            session = Session(
                id=new_id(),
                board=work.scope.board,
                account=holder.account,
                kind="guardian",
                client_id=request.client.id,
                acr=1,
                auth_time=now,
                expires_at=now + (KEPT if own_device else SESSION_LIFE),
            )
            await store.use(work.session, code.id, now)
            who = _principal(session, code.guardian)
            for seen in (
                Seen(_ACTION, "invitation", code.id, "III", [code.guardian]),
                Seen("sign-in", "account", holder.account, "III", [code.guardian]),
            ):
                await log_change(work.session, who, seen, work.at)
            return await sign_ins.sign_in(work.session, session, request)

    @asynccontextmanager
    async def _found(
        self, typed: str, address: str, client: str, now: datetime
    ) -> AsyncIterator[tuple[Work, Invitation, Holder]]:
        """The code, held, and its holder, in one transaction; every refusal is logged.

        That of a code which was printed by itself; those of codes that never were together, since anybody can bring
        them about without end.
        """
        hashed = self.codes.hash(rules.read(typed))
        counted = self.codes.address(address)
        if not await attempts.admitted(self.units, counted, now):
            self._turn_away(client)
            raise TooMany
        async with self.units.read(NOWHERE) as rows:
            board = await store.board_of(rows, hashed)
        if board is None:
            self._turn_away(client)
            raise CodeRefused
        today = self.clock.today()
        try:
            async with self.units.work(Scope(board), actor="issuer") as work:
                code = await store.lock_by_hash(work.session, board, hashed)
                if code is None or not code.standing.holds(today):
                    raise CodeRefused
                holder = await store.holder(work.session, board, code, today)
                if holder is None:
                    raise CodeRefused
                yield work, code, holder
        except CodeRefused:
            await self._note(client, now, board)
            raise
        await attempts.forgive(self.units, counted, now)

    def _turn_away(self, client: str) -> None:
        self.log.turned_away(client, _ACTION, "invitation")

    async def _note(self, client: str, now: datetime, board: UUID) -> None:
        async with self.units.work(Scope(board), actor="issuer") as work:
            seen = Seen(_ACTION, "invitation", None, "III", outcome="refused")
            await log_change(work.session, nobody(client, now, board), seen, work.at)


def _principal(session: Session, person: UUID) -> Principal:
    return Principal(
        subject=str(session.account),
        kind=session.kind,
        board=session.board,
        person=person,
        client=session.client_id,
        acr=session.acr,
        auth_time=session.auth_time,
        session=str(session.id),
        expires_at=session.expires_at,
    )
