"""What the dashboard's routes stand on, and how a page is opened: who asks, what they hold, how new the copies are."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

import httpx
import orjson
from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.live.hub import Hub
from services.dashboard.overview.kept import KeptLevels
from services.dashboard.roster.store import Standing, session_standing
from services.dashboard.sessions import store as session_store
from services.dashboard.sessions.rules import SEEN_EVERY, holds, ticket
from services.dashboard.sessions.service import Sessions
from services.dashboard.sessions.store import Session
from shared.access.log import AccessLog, Seen
from shared.access.policies import Policies
from shared.access.principal import Holder, Principal
from shared.access.step_up import step_up_needed
from shared.database import Scope, Units
from shared.database.units import narrow
from shared.dates import Clock
from shared.events.copies import Copy
from shared.service import ServiceSettings
from shared.web import FieldError, Problem, denied, not_found, step_up
from shared.web.problems import signed_out

WAIT_SECONDS = 1.0
"""How long a read waits for the copies to reach the reader's own write (decisions.md §2 "Read your writes")."""
POLL_SECONDS = 0.1
"""Safety net only: every batch of a copy notifies."""
STALE = timedelta(seconds=15)
"""Workers say every five seconds that they lack nothing; silence for longer means that nobody knows."""
_AFTER = re.compile(r"([a-z]+):(\d{1,18})")
_PAGES_REMEMBERED = 5_000


@dataclass(frozen=True)
class Parking:
    """Where records wait. ``units`` works as the feed role: the app role may not read what is in them."""

    units: Units
    copies: Mapping[str, Copy]


@dataclass
class Dashboard:
    """The running service, as its routes see it."""

    settings: ServiceSettings
    units: Units
    clock: Clock
    policies: Policies
    log: AccessLog
    sessions: Sessions
    hub: Hub
    http: httpx.AsyncClient
    cookie: str
    """Name of the session cookie."""
    login_cookie: str
    """How the names of the cookies of begun sign-ins begin."""
    copies: Mapping[str, tuple[str, ...]]
    """Publisher → names (``copy/publisher``) of what this service keeps of it."""
    parking: Parking
    training: bool
    started_at: datetime
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is about to end: open streams end first (decisions.md §4 "SSE")."""
    lagging: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    """Since when feeds of other services have been seen to lack something."""
    streams: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    """Open streams by session."""
    levels: KeptLevels = field(default_factory=KeptLevels)
    """What is usual."""
    pages: OrderedDict[tuple[str, str, date], tuple[bytes, str]] = field(default_factory=OrderedDict)
    """Last answers: who and what → what it was made from, and its ETag. No page is stored."""

    def reached(self, standing: Standing) -> dict[str, int]:
        """How far this service knows each publisher's log: as far as the copy that is furthest behind."""
        return {
            publisher: min(standing.reached.get(name, 0) for name in names)
            for publisher, names in self.copies.items()
        }

    def as_of(self, standing: Standing) -> datetime:
        """The instant at which the copies were last known to lack nothing."""
        now = self.clock.now()
        known = [
            standing.current_at.get(name, self.started_at) for names in self.copies.values() for name in names
        ]
        oldest = min(known, default=now)
        return now if now - oldest <= STALE else oldest

    def age_ms(self, standing: Standing) -> int:
        """How old the copies are."""
        return max(0, int((self.clock.now() - self.as_of(standing)) / timedelta(milliseconds=1)))


async def dashboard(request: Request) -> Dashboard:
    """The running service a request reached."""
    return cast("Dashboard", request.app.state.dashboard)


@dataclass
class Page:
    """An opened page: a read transaction behind the walls of the one who asks."""

    room: Dashboard
    request: Request
    db: AsyncSession
    signed: Session
    standing: Standing
    holder: Holder
    today: date

    def decide(self, action: str, resource: dict[str, Any], *, visible: bool, why: str) -> None:
        """The page's one policy decision. Raises 404, 403 or 401, in this order (decisions.md §4)."""
        if not self.room.policies.allows(self.holder, action, resource):
            raise denied(why) if visible else not_found()
        if self.must_step_up():
            raise step_up()

    def must_step_up(self) -> bool:
        """Whether the asker must prove a second factor before seeing anything that is theirs to see."""
        now = self.room.sessions.clock.now()
        return step_up_needed("ordinary", self.holder.principal, self.standing.step_up, now)

    def may(self, action: str, resource: dict[str, Any]) -> bool:
        """Whether the page may offer an action; the service that owns it decides again."""
        return self.room.policies.allows(self.holder, action, resource)

    def unchanged(self) -> Response | None:
        """304 without further work, when nothing at all has happened since this reader got this page."""
        kept = self.room.pages.get(self._name())
        if kept is None or kept[0] != self._made_from() or kept[1] not in _etags(self.request):
            return None
        return _not_modified(kept[1])

    async def answer(self, body: dict[str, Any], seen: Seen) -> Response:
        """The page, or 304 when it reads as it did before. Call it when the transaction is closed."""
        etag = f'"{blake2b(orjson.dumps(body, default=str), digest_size=16).hexdigest()}"'
        pages = self.room.pages
        pages[self._name()] = (self._made_from(), etag)
        pages.move_to_end(self._name())
        while len(pages) > _PAGES_REMEMBERED:
            pages.popitem(last=False)
        await self.room.log.read(self.holder.principal, seen)
        if etag in _etags(self.request):
            return _not_modified(etag)
        told = {
            **body,
            "reached": self.room.reached(self.standing),
            "as_of": self.room.as_of(self.standing),
        }
        return Response(
            orjson.dumps(told, default=str),  # asyncpg gives ids of a class of its own
            media_type="application/json",
            headers={"etag": etag, "cache-control": "no-store"},
        )

    @property
    def age_ms(self) -> int:
        """How old the copies are, for the access log."""
        return self.room.age_ms(self.standing)

    def _name(self) -> tuple[str, str, date]:
        return self.holder.principal.subject, self.request.url.path, self.today

    def _made_from(self) -> bytes:
        standing, principal = self.standing, self.holder.principal
        facts = (
            sorted(standing.reached.items()),
            standing.written,
            [(duty.kind, duty.organisation, duty.class_id) for duty in standing.duties],
            standing.step_up.enforced,
            principal.acr,
            principal.kind,
            str(self.signed.id),
        )
        return blake2b(repr(facts).encode(), digest_size=16).digest()


@asynccontextmanager
async def opening(request: Request) -> AsyncIterator[Page]:
    """Open a page for the signed-in person of ``request``.

    Waits up to a second until the copies have reached what ``X-After`` names, then goes on with what they have. Raises
    the problem signed-out without a session that holds, also when its token has run out and the authority gives no
    other: whoever is shut out there reads nothing here, whether or not a page needs a token.
    """
    room = await dashboard(request)
    wanted = _wanted(room, request)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    confirmed = False
    while True:
        pulse = room.hub.next("reached")
        async with look(room, request) as page:
            signed = page.signed
            due = room.sessions.due(signed) and not confirmed
            reached = room.reached(page.standing)
            left = deadline - loop.time()
            arrived = all(reached[publisher] >= position for publisher, position in wanted.items())
            if not due and (left <= 0 or arrived):
                yield page
                break
        if due:  # outside of the page's transaction: the authority may take a while
            await room.sessions.confirm(signed)
            confirmed = True
            continue
        try:
            async with asyncio.timeout(min(left, POLL_SECONDS)):
                await pulse.wait()
        except TimeoutError:
            continue
    now = room.sessions.clock.now()
    if now - signed.seen_at > SEEN_EVERY:
        await session_store.seen(room.units, signed, now)


@asynccontextmanager
async def look(room: Dashboard, request: Request) -> AsyncIterator[Page]:
    """The page as the copies have it now, without waiting. Raises the problem signed-out."""
    held = ticket(request.cookies.get(room.cookie))
    if held is None:
        raise signed_out()
    today = room.clock.today()
    async with room.units.read(Scope(held.board, frozenset())) as db:
        found = await session_standing(db, held, today)
        if found is None:
            raise signed_out()
        signed, standing = found
        # First: a sign-in that also ran out, or that the authority has refused since, wipes the device no less.
        if signed.revoked or standing.account_shut:
            raise session_revoked(signed.principal)
        now = room.sessions.clock.now()
        if not holds(now, seen_at=signed.seen_at, ends_at=signed.ends_at, ended_at=signed.ended_at):
            raise signed_out()
        if not acts_for(request, signed.principal):
            raise another_person()
        holder = Holder(signed.principal, standing.duties)
        await narrow(db, scope_of(holder))
        yield Page(room, request, db, signed, standing, holder, today)


def acts_for(request: Request, who: Principal) -> bool:
    """Whether the person whose act a page sends (``X-Tsumugi``) is the signed-in one; ``1`` names nobody.

    On a shared machine a page may outlive its session and find the cookie of whoever signed in after it.
    """
    named = request.headers.get("x-tsumugi", "1")
    return named in ("1", str(who.person), who.subject)


def another_person() -> Problem:
    """The act is not the signed-in person's: nothing was done, and it must not be recorded in their name."""
    return Problem(
        401,
        "another-person",
        "ほかの人がサインインしています",
        "入力したものは端末に残っています。入力した人がサインインし直すと、自動で送ります。",
        headers={"www-authenticate": "Bearer"},
    )


def session_revoked(who: Principal) -> Problem:
    """The session was ended by an order, or the account is shut: the browser wipes what it keeps of ``X-Tsumugi``
    (ux.md §7)."""
    return Problem(
        401,
        "session-revoked",
        "サインインが取り消されました",
        "管理者がこのサインインを終わらせました。心当たりがないときは、学校の管理者に伝えてください。",
        headers={"www-authenticate": "Bearer", "x-tsumugi": str(who.person or who.subject)},
    )


def scope_of(holder: Holder) -> Scope:
    """Board and schools whose rows a holder's pages may touch at all."""
    board = holder.principal.board
    return Scope(board) if holder.whole_board() else Scope(board, holder.schools())


def _wanted(room: Dashboard, request: Request) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for part in ",".join(request.headers.getlist("x-after")).split(","):
        if not part.strip():
            continue
        found = _AFTER.fullmatch(part.strip())
        if found is None:
            raise Problem(
                422,
                "invalid",
                "入力を確かめてください",
                "X-After は「registry:123」の形で送ってください。",
                errors=[FieldError(field="X-After", message="「サービス名:番号」の形で送ってください。")],
            )
        if found[1] in room.copies:
            wanted[found[1]] = max(int(found[2]), wanted.get(found[1], 0))
    return wanted


def _etags(request: Request) -> set[str]:
    given = request.headers.get("if-none-match", "")
    return {part.strip().removeprefix("W/") for part in given.split(",") if part.strip()}


def _not_modified(etag: str) -> Response:
    return Response(status_code=304, headers={"etag": etag, "cache-control": "no-store"})


def person_or_none(people: Mapping[str, Any] | None, id: UUID | str | None) -> Any:
    """The name card of ``id`` in a page's ``people``; None without a person."""
    return None if id is None else (people or {}).get(str(id))
