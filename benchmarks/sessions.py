"""People who signed in yesterday: their sessions as both sides keep them, without the pages in between.

Sign-in is not what is measured, but what a morning finds is: everybody's tokens have run out over night, so that each
first request has them renewed at the identity authority and exchanged.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from benchmarks.deployment import Deployment
from services.dashboard.service import CLIENT, SEAL_KEY
from services.dashboard.sessions import store as web
from services.dashboard.sessions.issuer import Tokens
from services.dashboard.sessions.rules import SECRET_BYTES, Ticket, cookie_names
from services.dashboard.sessions.seal import Seal
from services.identity.issuer import store as issuer
from services.identity.issuer.rules import Session
from shared.access.principal import Principal
from shared.contracts.identity import AccountKind
from shared.database import Scope, Units, make_engine
from shared.dates import SystemClock
from shared.ids import new_id

_STANDS = timedelta(days=30)
_AT_ONCE = 200
_ACCOUNTS = text("select person, id from account where person = any(:people)")


async def signed_in(
    deployed: Deployment, people: Sequence[UUID], kind: AccountKind
) -> dict[UUID, dict[str, str]]:
    """Person → the headers that their browser sends. Who has no account is missing."""
    identity, dashboard = deployed.instance.settings("identity"), deployed.instance.settings("dashboard")
    engines = [make_engine(identity.app), make_engine(dashboard.app)]
    theirs, ours = (Units(engine, SystemClock()) for engine in engines)
    seal = Seal.of(dashboard.state / SEAL_KEY)
    cookie, _ = cookie_names(deployed.instance.origin)
    now = SystemClock().now()
    async with theirs.read(Scope(deployed.board)) as rows:
        accounts: dict[UUID, UUID] = dict(
            (await rows.execute(_ACCOUNTS, {"people": list(people)})).tuples().all()
        )
    found: dict[UUID, dict[str, str]] = {}

    async def begin(person: UUID, session: Session, refresh: str) -> None:
        tokens = Tokens("", refresh, None, now)
        ticket = Ticket(deployed.board, uuid4(), secrets.token_bytes(SECRET_BYTES))
        who = Principal(
            subject=str(session.account),
            kind=kind,
            board=deployed.board,
            person=person,
            client=CLIENT,
            acr=session.acr,
            auth_time=session.auth_time,
            session=str(session.id),
            expires_at=now,
        )
        sealed = seal.close(tokens.to_json(), f"session:{ticket.session}")
        await web.begin(ours, ticket, who, sealed, at=now, ends_at=session.expires_at)
        found[person] = {
            "cookie": f"{cookie}={ticket.cookie()}",
            "origin": deployed.instance.origin,
            "x-tsumugi": str(person),
            "accept": "application/json",
        }

    known = [person for person in people if person in accounts]
    for start in range(0, len(known), _AT_ONCE):
        begun: list[tuple[UUID, Session, str]] = []
        async with theirs.work(Scope(deployed.board), actor="bench") as work:
            for person in known[start : start + _AT_ONCE]:
                session = Session(
                    new_id(), deployed.board, accounts[person], kind, CLIENT, 2, now, now + _STANDS
                )
                work.session.add(
                    issuer.SessionRow(
                        id=session.id,
                        board_id=session.board,
                        account=session.account,
                        kind=kind,
                        client_id=CLIENT,
                        acr=session.acr,
                        auth_time=now,
                        expires_at=session.expires_at,
                    )
                )
                await work.session.flush()
                begun.append((person, session, issuer.give_refresh(work.session, session)))
        await asyncio.gather(*(begin(*each) for each in begun))
    for engine in engines:
        await engine.dispose()
    return found
