"""The operator's page: services, feeds with their lag, keys that wait. No personal data."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter

from services.dashboard.feeds.reconciler import TIMER_SECONDS
from services.dashboard.operations import store
from services.dashboard.room import STALE, Dashboard, opening
from shared.access.log import Seen
from shared.access.principal import entity, ref

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api", tags=["配信の状態"])

TIMEOUT = httpx.Timeout(2.0)
_MEMORY = Path("/proc/self/smaps_rollup")
_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class _Told:
    """A worker as its service tells of it."""

    copy: str
    publisher: str
    reached: int
    head: int | None
    stopped_because: str | None
    parked_keys: int = 0
    parked_records: int = 0
    age_seconds: float = 0.0
    """Since it was last known to lack nothing."""


@dataclass(frozen=True)
class _Relay:
    """What sends a service's log to the broker, as that service tells of it."""

    copy: str
    publisher: str
    reached: int
    head: int | None
    stopped_because: str | None
    unsent_seconds: float | None = None

    def as_feed(self) -> _Told:
        """As a row among the feeds: what it follows is its own service's log."""
        age = self.unsent_seconds or 0.0
        return _Told(
            self.copy, self.publisher, self.reached, self.head, self.stopped_because, age_seconds=age
        )


_RELAY: TypeAdapter[_Relay | None] = TypeAdapter(_Relay | None)
_FEEDS = TypeAdapter(list[_Told])


@router.get("/operations", summary="配信の状態")
async def read_operations(request: Request) -> Response:
    """Which services are ready, how far behind every feed is, what waits for a person."""
    async with opening(request) as page:
        board = page.holder.principal.board
        page.decide(
            "ReadOperations",
            entity("Operations", board, board=ref("Board", board)),
            visible=False,
            why="",
        )
        # Where records travel without a broker nobody is at work on what once was sent to one.
        relay = request.app.state.service.relay
        feeds = [row for row in await store.feeds(page.db) if relay or row.copy != "relay"]
        parked = await store.parked(page.db, board)
    room = page.room
    now = room.clock.now()
    name = room.settings.service
    said = await asyncio.gather(*(_service(room, other) for other in room.settings.urls))
    body: dict[str, Any] = {
        "services": [about for about, _ in said],
        "feeds": [_own(name, row, now) for row in feeds]
        + [_other(room, about["name"], feed) for about, told in said for feed in told],
        "parked": [_waiting(name, row) for row in parked]
        + [_others(about["name"], feed) for about, told in said for feed in told if feed.parked_keys],
        "live": ["operations"],
    }
    return await page.answer(body, Seen("ReadOperations", "operations", None, "IV"))


def _waiting(service: str, row: Any) -> dict[str, Any]:
    """A key of ours that waits, with the records behind it."""
    return {
        "service": service,
        "copy": row.copy,
        "publisher": row.publisher,
        "key": row.key,
        "keys": 1,
        "count": row.records,
        "reason": row.reason,
        "parked_at": row.parked_at,
    }


def _others(service: str, feed: _Told) -> dict[str, Any]:
    """What waits of another service's feed, in one line: it tells numbers and no keys."""
    return {
        "service": service,
        "copy": feed.copy,
        "publisher": feed.publisher,
        "key": None,
        "keys": feed.parked_keys,
        "count": feed.parked_records,
        "reason": None,
        "parked_at": None,
    }


def _other(room: Dashboard, service: str, feed: _Told) -> dict[str, Any]:
    lacks = feed.stopped_because is not None or (feed.head is not None and feed.reached < feed.head)
    seen = _lagging(room, service, feed)
    # Its own word reaches back to before anybody looked here; a quiet log is looked at every five seconds.
    told = feed.age_seconds if lacks or feed.age_seconds > STALE.total_seconds() else 0.0
    return _feed(service, feed, feed.stopped_because, max(seen, told))


def _own(service: str, row: Any, now: datetime) -> dict[str, Any]:
    """A copy's place in its log; a reconciler has none and tells when it last looked at everything."""
    if row.reads_a_log:
        return _feed(service, row, row.stopped_because, _seconds_since(row.current_at, now, STALE))
    return {
        "service": service,
        "copy": row.copy,
        "publisher": row.publisher,
        "position": None,
        "head": None,
        "lag_records": None,
        "lag_seconds": _seconds_since(row.current_at, now, STALE + timedelta(seconds=TIMER_SECONDS)),
        "looked_at": row.current_at,
        "stopped_because": row.stopped_because,
    }


def _feed(service: str, row: Any, stopped: str | None, seconds: float) -> dict[str, Any]:
    head = max(row.head or 0, row.reached)
    return {
        "service": service,
        "copy": row.copy,
        "publisher": row.publisher,
        "position": row.reached,
        "head": head,
        "lag_records": head - row.reached,
        "lag_seconds": seconds,
        "stopped_because": stopped,
    }


def _seconds_since(current_at: datetime | None, now: datetime, lately: timedelta) -> float:
    """How long a feed of ours has lacked something: 0 while its worker has lately said that it lacks nothing."""
    if current_at is None or now - current_at <= lately:
        return 0.0
    return round((now - current_at).total_seconds(), 1)


async def _service(room: Dashboard, name: str) -> tuple[dict[str, Any], list[_Told]]:
    """A service's own word on itself, and on its feeds where they are not ours."""
    url = room.settings.urls[name]
    if name == room.settings.service:
        about = {"name": name, "ready": True, "version": version("tsumugi"), "memory_mib": _memory_mib()}
        return about, []
    try:
        ready = await room.http.get(f"{url}/health/ready", timeout=TIMEOUT)
        live = await room.http.get(f"{url}/health/live", timeout=TIMEOUT)
        said = ready.json()
        told = _FEEDS.validate_python(said.get("feeds", []))
        if relay := _RELAY.validate_python(said.get("relay")):
            told.append(relay.as_feed())
        about = {
            "name": name,
            "ready": ready.status_code == 200,
            "version": str(live.json().get("version", "")),
            "memory_mib": None,
        }
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        logger.info("%s does not answer: %s", name, type(error).__name__)
        return {"name": name, "ready": False, "version": "", "memory_mib": None}, []
    return about, told


def _lagging(room: Dashboard, service: str, feed: _Told) -> float:
    """How long this process has seen another service's feed lack something."""
    key = (service, feed.copy, feed.publisher)
    if feed.stopped_because is None and (feed.head is None or feed.reached >= feed.head):
        room.lagging.pop(key, None)
        return 0.0
    since = room.lagging.setdefault(key, room.clock.now())
    return round((room.clock.now() - since).total_seconds(), 1)


def _memory_mib() -> int | None:
    """Memory of this process, shared pages by their share as in `tsumugi status`; None where no system tells it.

    In the embedded edition all services are in it.
    """
    try:
        found = _PSS.search(_MEMORY.read_text(encoding="ascii"))
    except OSError:
        return None
    return None if found is None else int(found[1]) // 2**10
