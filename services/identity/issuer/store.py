"""Sign-ins and what was given out because of them. Only hashes of codes and tokens are stored.

A code or refresh token begins with the board it belongs to, so that row-level security holds before its row is found.
It is no secret, and a forged one finds nothing: the hash is over the whole.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Column, DateTime, Row, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from services.identity.issuer.people import Organisation, Person
from services.identity.issuer.rules import CODE_LIFE, Code, Refresh, Session, SignInRequest, hash_of
from services.identity.tables import NOWHERE, Base
from shared.contracts.identity import AccountKind
from shared.contracts.registry import Duty
from shared.database import Scope, Units


class SessionRow(Base, table=True):
    """A sign-in."""

    __tablename__ = "issuer_session"

    id: UUID = Field(primary_key=True)
    board_id: UUID
    account: UUID
    kind: str
    client_id: str
    acr: int
    auth_time: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    end_reason: str | None = None


class CodeRow(Base, table=True):
    """An authorization code."""

    __tablename__ = "authorization_code"

    hash: str = Field(primary_key=True)
    board_id: UUID
    session: UUID
    redirect_uri: str
    challenge: str
    nonce: str | None = None
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class RefreshRow(Base, table=True):
    """A refresh token: the family is the session's."""

    __tablename__ = "refresh_token"

    hash: str = Field(primary_key=True)
    board_id: UUID
    session: UUID
    follows: str | None = None
    """The one it was given for; None: the sign-in's first."""
    used_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    superseded: bool = False


def new_handle(board: UUID) -> str:
    """A new code or refresh token."""
    return f"{board.hex}.{secrets.token_urlsafe(32)}"


def scope_of(handle: str) -> Scope:
    """The board a handle says it belongs to; :data:`NOWHERE` when it says nothing sensible."""
    try:
        return Scope(UUID(hex=handle.partition(".")[0]))
    except ValueError:
        return NOWHERE


def _session(row: SessionRow) -> Session:
    # table=True does not validate; the database's own constraint on account.kinds stands behind this word.
    kind: AccountKind = row.kind  # type: ignore[assignment]
    return Session(
        id=row.id,
        board=row.board_id,
        account=row.account,
        kind=kind,
        client_id=row.client_id,
        acr=row.acr,
        auth_time=row.auth_time,
        expires_at=row.expires_at,
        ended=row.ended_at is not None,
    )


async def sign_in(session: AsyncSession, signed_in: Session, request: SignInRequest) -> str:
    """Store a sign-in; returns its authorization code."""
    session.add(
        SessionRow(
            id=signed_in.id,
            board_id=signed_in.board,
            account=signed_in.account,
            kind=signed_in.kind,
            client_id=signed_in.client_id,
            acr=signed_in.acr,
            auth_time=signed_in.auth_time,
            expires_at=signed_in.expires_at,
        )
    )
    await session.flush()
    code = new_handle(signed_in.board)
    session.add(
        CodeRow(
            hash=hash_of(code),
            board_id=signed_in.board,
            session=signed_in.id,
            redirect_uri=request.redirect_uri,
            challenge=request.challenge,
            nonce=request.nonce,
            expires_at=signed_in.auth_time + CODE_LIFE,
        )
    )
    return code


async def find_session(session: AsyncSession, id: UUID) -> Session | None:
    """A sign-in by its id (``sid``)."""
    row = await session.get(SessionRow, id)
    return None if row is None else _session(row)


async def use_code(session: AsyncSession, code: str, now: datetime) -> tuple[Code, str | None] | None:
    """The code as it was and its nonce; from here on it is used, whatever the rules make of it."""
    row = await session.get(CodeRow, hash_of(code), with_for_update=True)
    if row is None:
        return None
    owner = await session.get_one(SessionRow, row.session)
    found = Code(_session(owner), row.redirect_uri, row.challenge, row.expires_at, row.used_at is not None)
    row.used_at = row.used_at or now
    return found, row.nonce


async def use_refresh(session: AsyncSession, token: str, now: datetime) -> Refresh | None:
    """The refresh token as it was; from here on it is used, whatever the rules make of it."""
    row = await session.get(RefreshRow, hash_of(token), with_for_update=True)
    if row is None:
        return None
    owner = await session.get_one(SessionRow, row.session)
    given = (await session.scalars(select(RefreshRow).where(col(RefreshRow.follows) == row.hash))).all()
    followed = any(each.used_at is not None for each in given)
    found = Refresh(_session(owner), row.used_at, followed, row.superseded)
    row.used_at = row.used_at or now
    for each in given:
        each.superseded = True
    return found


def give_refresh(session: AsyncSession, signed_in: Session, follows: str | None = None) -> str:
    """A new refresh token of the family, for the one that was used."""
    token = new_handle(signed_in.board)
    session.add(
        RefreshRow(
            hash=hash_of(token),
            board_id=signed_in.board,
            session=signed_in.id,
            follows=None if follows is None else hash_of(follows),
        )
    )
    return token


async def end_session(session: AsyncSession, id: UUID, why: str, now: datetime) -> None:
    """End a sign-in: its code and refresh tokens are worth nothing from here on."""
    row = await session.get(SessionRow, id)
    if row is not None and row.ended_at is None:
        row.ended_at, row.end_reason = now, why


async def forget_old(units: Units, before: datetime) -> None:
    """Delete sign-ins that ended before ``before`` with all their codes and tokens; as the feed role."""
    async with units.maintain() as session:
        await session.execute(
            text("delete from issuer_session where least(expires_at, ended_at) < :before"), {"before": before}
        )


_DUTIES = TypeAdapter(list[Duty])
_BOARDS = text("select id, name from copy.organisation where kind = 'board' order by name, id")
_ORGANISATIONS = text(
    "select id, kind, name, code, grade from copy.organisation where board_id = :board and kind is not null"
)
_STAFF = text(
    "select a.id, p.family, p.given, p.kana, p.sort_key, d.duties from account a"
    " left join copy.person p on p.id = a.person left join copy.duty d on d.id = a.person"
    " where a.board_id = :board and 'staff' = any (a.kinds)"
)


async def boards(session: AsyncSession) -> list[tuple[UUID, str]]:
    """Every board of the deployment and its name."""
    return [(row.id, row.name) for row in await session.execute(_BOARDS)]


async def organisations(session: AsyncSession, board: UUID) -> list[Organisation]:
    """The units of a board."""
    rows = await session.execute(_ORGANISATIONS, {"board": board})
    return [Organisation(row.id, row.kind, row.name, row.code, row.grade) for row in rows]


async def staff(session: AsyncSession, board: UUID) -> list[Person]:
    """Everybody of a board who may sign in as staff."""
    return [person_of(row) for row in await session.execute(_STAFF, {"board": board})]


def person_of(row: Row[Any]) -> Person:
    """An account's person as a row says it."""
    duties = _DUTIES.validate_python(row.duties or [])
    return Person(row.id, row.family, row.given, row.kana or "", row.sort_key or "", duties)
