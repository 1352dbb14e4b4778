"""One browser's stream: which of its views changed, until it may no longer know.

Subscriptions are authorised like the pages they are about when the stream opens, and again when its token is renewed.
Once a minute, and whenever anybody's duties in the board change, the holder is looked at: the stream ends with the
session, on a change of the holder's duties or account, and when the board asks for a second factor that was not
proved. The browser then asks anew who it is and what it may see (decisions.md §4 "SSE").
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from fastapi import Request

from services.dashboard.live.hub import cause_of, notices
from services.dashboard.live.rules import COALESCE_SECONDS, HEARTBEAT_SECONDS, View, touched
from services.dashboard.room import Dashboard, Page, look
from services.dashboard.school_day import store as school_day
from services.dashboard.school_day.api import board_day as board_day_resource
from services.dashboard.school_day.api import class_day as class_day_resource
from services.dashboard.school_day.api import desk, sees_school
from services.dashboard.school_day.api import school_day as school_day_resource
from services.dashboard.school_day.store import Unit
from services.dashboard.sessions.rules import RENEW_BEFORE
from shared.access.principal import HeldDuty, entity, ref
from shared.events.trace import current_traceparent, following
from shared.web import Problem

_CAUSES = 32
CHECK_EVERY = timedelta(minutes=1)
"""A session also ends by itself, without anything being said."""


async def allowed(page: Page, views: Collection[View]) -> set[View]:
    """Those of ``views`` whose page the asker may open now; one decision each."""
    asked = {
        view.of
        for view in views
        if view.of is not None and view.kind in ("class-day", "school-day", "office")
    }
    units = await school_day.units(page.db, asked) if asked else {}
    return {view for view in views if _may(page, view, units)}


def _may(page: Page, view: View, units: dict[UUID, Unit]) -> bool:
    board = page.holder.principal.board
    unit = units.get(view.of) if view.of is not None else None
    match view:
        case View("class-day", UUID() as of, on) if on is not None and unit is not None:
            return page.may("ReadRoll", class_day_resource(page, of, unit, on))
        case View("school-day", of, on) if on is not None and unit is not None and unit.school == of:
            return page.may("ReadSchoolDay", school_day_resource(unit, on))
        case View("board-day", UUID() as of, on) if on is not None:
            return page.may("ReadBoardDay", board_day_resource(of, on))
        case View("office", UUID() as of) if of == board:
            return page.may("ReadBoardDay", board_day_resource(of, page.today))
        case View("office", UUID() as of) if unit is not None and unit.school == of:
            # Whose pages these are, registry decides; that something changed in its office, a school's staff may know.
            return sees_school(page, unit)
        case View("duties", UUID() as of):
            return of == board and page.may("ReadToday", desk(page))
        case View("operations"):
            return page.may("ReadOperations", entity("Operations", board, board=ref("Board", board)))
        case _:
            return False


class Stream:
    """Follows ``views`` for one browser."""

    def __init__(self, room: Dashboard, request: Request, page: Page, views: Collection[View]) -> None:
        self._room = room
        self._request = request
        self._session = page.signed.id
        self._board = page.holder.principal.board
        self._duties: tuple[HeldDuty, ...] = page.holder.duties
        self._token_expires_at: datetime = page.signed.principal.expires_at
        self._views = sorted(views, key=lambda view: view.key)
        self._changed: set[str] = set()
        self._causes: list[str] = []
        """Traceparents of what led to the changes, for the span that tells of them."""
        self._wake = asyncio.Event()
        # What was said between the page's check and the first listening is not known: look at once.
        self._check = True
        self._wake.set()
        self._checked_at = room.sessions.clock.now()

    def hear(self, channel: str, said: str | None) -> None:
        """What the database says (a listener of the hub)."""
        if channel == "live":
            keys = None if said is None else notices(said)
            mine = {f"duties:{self._board}", f"accounts:{self._board}"}
            self._check |= keys is None or not mine.isdisjoint(keys)
            seen = {view.key for view in self._views if keys is None or touched(keys, view.key, self._board)}
            if seen and said is not None and (cause := cause_of(said)) is not None:
                self._causes.append(cause)
            self._changed |= seen
        elif channel == "session":
            self._check |= said is None or said == str(self._session)
        else:
            return
        if self._changed or self._check:
            self._wake.set()

    async def events(self) -> AsyncIterator[bytes]:
        """The stream's text: the first change at once, then together what happens within 250 ms."""
        self._room.hub.add(self.hear)
        try:
            yield b": open\n\n"
            while not self._room.ending.is_set():
                if not await self._woken(HEARTBEAT_SECONDS):
                    yield b": still here\n\n"
                if self._room.ending.is_set():
                    return
                ended = await self._end_reason()
                if ended is not None:
                    yield _event("end", {"reason": ended})
                    return
                changed, self._changed = sorted(self._changed), set()
                if trace := self._told_of(changed):
                    yield trace
                for key in changed:
                    yield _event(
                        "view",
                        {"view": key.partition(":")[0], "key": key, "revision": self._room.hub.revision},
                    )
                if changed:
                    await self._quiet(COALESCE_SECONDS)
        finally:
            self._room.hub.remove(self.hear)

    def _told_of(self, changed: Sequence[str]) -> bytes:
        """A span for telling of ``changed``, as a comment of the stream: whoever follows a trace comes to the page."""
        causes, self._causes = self._causes[-_CAUSES:], []
        if not changed or not causes:
            return b""
        with following(f"tell {' '.join(sorted({key.partition(':')[0] for key in changed}))}", causes):
            return b": traceparent " + (current_traceparent() or "").encode() + b"\n"

    async def _woken(self, within: float) -> bool:
        """Whether something happened in time; the end of the process counts."""
        ending = asyncio.ensure_future(self._room.ending.wait())
        woken = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait([ending, woken], timeout=within, return_when=asyncio.FIRST_COMPLETED)
            return self._wake.is_set() or self._room.ending.is_set()
        finally:
            ending.cancel()
            woken.cancel()
            self._wake.clear()

    async def _quiet(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._room.ending.wait()
        except TimeoutError:
            return

    async def _end_reason(self) -> str | None:
        """Why the stream must end, if it must; asks only when there is cause to."""
        now = self._room.sessions.clock.now()
        renew = self._token_expires_at - now <= RENEW_BEFORE
        if not (self._check or renew or now - self._checked_at >= CHECK_EVERY):
            return None
        self._check, self._checked_at = False, now
        try:
            async with look(self._room, self._request) as page:
                signed = page.signed
                if page.holder.duties != self._duties or page.must_step_up():
                    return "changed"
            if renew:
                await self._room.sessions.confirm(signed)
                async with look(self._room, self._request) as page:
                    self._token_expires_at = page.signed.principal.expires_at
                    if await allowed(page, self._views) != set(self._views):
                        return "changed"
        except Problem as problem:
            return "signed-out" if problem.status == 401 else "changed"
        return None


def _event(name: str, data: dict[str, object]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
