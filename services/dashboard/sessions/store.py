"""Sessions in the database: found by the cookie's ticket behind the wall of its board, revocable at once.

Every end is told on the channel ``session`` when it is committed, so that live streams of any process end with it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.sessions.logout_token import NoLogout, Over
from services.dashboard.sessions.rules import FORGOTTEN, IDLE, SEEN_EVERY, WHOLE, Ticket
from shared.access.log import Seen, log_change
from shared.access.principal import NO_BOARD, Principal
from shared.database import Scope, Units


@dataclass(frozen=True)
class Session:
    """A session as it stands."""

    id: UUID
    board: UUID
    principal: Principal
    """As of the last renewal; ``expires_at`` is the access token's, by our own clock."""
    tokens: bytes
    """Sealed."""
    seen_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    revoked: bool
    """Ended by an order (:func:`end_all_of`), not by running out or by its person."""


COLUMNS = (
    "w.id, w.board_id, w.subject, w.person_id, w.kind, w.acr, w.auth_time, w.issuer_session, w.tokens,"
    " w.token_expires_at, w.seen_at, w.ends_at, w.ended_at, w.revoked"
)
"""What :func:`of_row` needs, of ``web_session as w``."""

_INSERT = text(
    "insert into web_session (id, board_id, secret_hash, subject, person_id, kind, acr, auth_time, issuer_session,"
    " tokens, token_expires_at, created_at, seen_at, ends_at) values (:id, :board, :secret, :subject,"
    " cast(:person as uuid), :kind, :acr, cast(:auth_time as timestamptz), :sid, :tokens, :expires_at, :at, :at,"
    " :ends_at)"
)
_LOCKED = text(f"select {COLUMNS} from web_session w where w.id = :id for update")  # noqa: S608 (a constant)
_RENEW = text(
    "update web_session set tokens = :tokens, token_expires_at = :expires_at, acr = :acr,"
    " auth_time = cast(:auth_time as timestamptz) where id = :id"
)
_SEEN = text("update web_session set seen_at = :at where id = :id and seen_at < :at")
_END = text(
    "with ended as (update web_session set ended_at = :at, end_reason = :reason, tokens = '', revoked = :revoked"
    " where ended_at is null and (id = cast(:id as uuid) or person_id = cast(:person as uuid) or subject = :account)"
    " returning id, person_id)"
    " select person_id, pg_notify('session', id::text) from ended"
)

_OPEN = text(
    "select w.subject, w.person_id, w.kind, count(*) as places, min(w.created_at) as since, max(w.seen_at) as seen_at,"
    " min(concat_ws(' ', coalesce(c.common_family, c.legal_family), coalesce(c.common_given, c.legal_given))) as name"
    " from web_session w left join copy.person_card c on c.person_id = w.person_id and w.kind = 'staff'"
    " where w.ended_at is null and w.ends_at > :now"
    " and (w.seen_at > :busy_after or w.ends_at - w.created_at > cast(:whole as interval))"
    " group by w.subject, w.person_id, w.kind order by max(w.seen_at) desc, w.subject"
)


@dataclass(frozen=True)
class SignedIn:
    """One account that is signed in now, in one or more places."""

    account: str
    person: UUID | None
    kind: str
    name: str
    """Of staff, else empty: who stands beside the operator must not read where a hidden child's family signs in."""
    places: int
    since: datetime
    seen_at: datetime


def secret_hash(secret: bytes) -> bytes:
    """What is stored of a cookie's secret. It is 256 random bits: a slow hash would protect nothing more."""
    return hashlib.sha256(secret).digest()


def of_row(row: Any) -> Session:
    """The session in a row with :data:`COLUMNS`."""
    principal = Principal(
        subject=row.subject,
        kind=row.kind,
        board=_plain(row.board_id),
        person=None if row.person_id is None else _plain(row.person_id),
        client="dashboard",
        acr=row.acr,
        auth_time=row.auth_time,
        session=row.issuer_session,
        expires_at=row.token_expires_at,
    )
    return Session(
        _plain(row.id),
        principal.board,
        principal,
        row.tokens,
        row.seen_at,
        row.ends_at,
        row.ended_at,
        row.revoked,
    )


def _plain(id: UUID) -> UUID:
    # The driver has a UUID class of its own, which JSON writers refuse.
    return UUID(bytes=id.bytes)


async def begin(
    units: Units, ticket: Ticket, who: Principal, tokens: bytes, *, at: datetime, ends_at: datetime
) -> None:
    """Store a new session."""
    async with units.work(Scope(ticket.board), actor=who.subject) as work:
        await work.session.execute(
            _INSERT,
            {
                "id": ticket.session,
                "board": ticket.board,
                "secret": secret_hash(ticket.secret),
                "subject": who.subject,
                "person": who.person,
                "kind": who.kind,
                "acr": who.acr,
                "auth_time": who.auth_time,
                "sid": who.session,
                "tokens": tokens,
                "expires_at": who.expires_at,
                "at": at,
                "ends_at": ends_at,
            },
        )


async def locked(session: AsyncSession, id: UUID) -> Session | None:
    """The session, locked: of several processes one renews its tokens, the others wait and find them."""
    row = (await session.execute(_LOCKED, {"id": id})).one_or_none()
    return None if row is None else of_row(row)


async def renew(session: AsyncSession, id: UUID, who: Principal, tokens: bytes) -> None:
    """Replace the tokens."""
    await session.execute(
        _RENEW,
        {
            "id": id,
            "tokens": tokens,
            "expires_at": who.expires_at,
            "acr": who.acr,
            "auth_time": who.auth_time,
        },
    )


async def seen(units: Units, session: Session, at: datetime) -> None:
    """Note that the session is in use."""
    async with units.work(Scope(session.board), actor=session.principal.subject) as work:
        await work.session.execute(_SEEN, {"id": session.id, "at": at})


async def end(units: Units, session: Session, reason: str, at: datetime) -> None:
    """End one session now."""
    async with units.work(Scope(session.board), actor="sessions") as work:
        given = {
            "id": session.id,
            "person": None,
            "account": None,
            "reason": reason,
            "at": at,
            "revoked": False,
        }
        await work.session.execute(_END, given)


async def signed_in(units: Units, by: Principal, at: datetime) -> list[SignedIn]:
    """Who is signed in in the board of ``by`` at ``at`` (real time), the last seen first; the look is in the log."""
    async with units.work(Scope(by.board), actor=by.subject) as work:
        rows = (await work.session.execute(_OPEN, {"now": at, "busy_after": at - IDLE, "whole": WHOLE})).all()
        found = [
            SignedIn(
                row.subject,
                None if row.person_id is None else _plain(row.person_id),
                row.kind,
                row.name,
                row.places,
                row.since,
                row.seen_at,
            )
            for row in rows
        ]
        people = sorted({each.person for each in found if each.person is not None})
        await log_change(work.session, by, Seen("ListSessions", "session", None, "II", people), work.at)
    return found


async def end_all_of(units: Units, by: Principal, whom: UUID | str, reason: str, at: datetime) -> int:
    """End every session of a person (an id) or an account (its subject) in the board of ``by`` now.

    The way to take a right away at once (decisions.md §4 "Deciding"); live streams end with the sessions. Returns how
    many there were. The order is in the access log, also when there was nothing to end.
    """
    person, account = (whom, None) if isinstance(whom, UUID) else (None, whom)
    async with units.work(Scope(by.board), actor=by.subject) as work:
        given = {
            "id": None,
            "person": person,
            "account": account,
            "reason": reason,
            "at": at,
            "revoked": True,
        }
        ended = (await work.session.execute(_END, given)).all()
        people = {_plain(row.person_id) for row in ended if row.person_id is not None}
        people |= {person} if person is not None else set()
        await log_change(
            work.session, by, Seen("EndSessions", "session", None, "II", sorted(people)), work.at
        )
    return len(ended)


_HEARD = text(
    "insert into logout_heard (board_id, jti, heard_at) values (:board, :jti, :at) on conflict do nothing returning jti"
)
_OVER = text("select end_by_authority(:sid, :subject, :at)")
_FORGET_HEARD = text("delete from logout_heard where heard_at < :before")


async def end_by_authority(units: Units, told: Over, at: datetime) -> list[UUID]:
    """End the sessions that rest on what the authority says is over; returns them. Live streams end with them.

    Raises :class:`NoLogout` when its token has come before.
    """
    async with units.work(Scope(NO_BOARD), actor="authority") as work:
        given = {"board": NO_BOARD, "jti": told.jti, "at": at}
        if (await work.session.execute(_HEARD, given)).first() is None:
            raise NoLogout("jti: it has come before")
        ended = await work.session.scalars(_OVER, {"sid": told.sid, "subject": told.subject, "at": at})
        return [_plain(id) for id in ended]


async def forget_heard(units: Units, before: datetime) -> None:
    """Delete the ids of logout tokens that would be too old to come again; as the feed role."""
    async with units.maintain() as session:
        await session.execute(_FORGET_HEARD, {"before": before})


_FORGET = text("select forget_sessions(:over, :before, :idle, :whole)")


async def forget_sessions(units: Units, now: datetime) -> None:
    """Take the tokens from sessions that no longer hold at ``now`` (real time), and delete those that ended long ago;
    of every board, as the feed role. A request that has just found its session good is left the time to use it."""
    over = now - SEEN_EVERY
    given = {"over": over, "before": now - FORGOTTEN, "idle": IDLE, "whole": WHOLE}
    async with units.maintain() as session:
        await session.execute(_FORGET, given)
