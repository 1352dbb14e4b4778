"""The operator's page: services, feeds with their lag, keys that wait. No personal data."""

from __future__ import annotations

import asyncio
import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter, Request, Response

from services.dashboard.operations import store
from services.dashboard.room import Dashboard, opening
from shared.access.log import Seen
from shared.access.principal import entity, ref
from shared.web.app import MAX_BODY_BYTES

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api", tags=["配信の状態"])

TIMEOUT = httpx.Timeout(2.0)
_MEMORY = Path("/proc/self/statm")
_PAGE_BYTES = 4096


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
        feeds = await store.feeds(page.db)
        parked = await store.parked(page.db, board)
    room = page.room
    now = room.clock.now()
    services = await asyncio.gather(*(_service(room, name) for name in room.settings.urls))
    name = room.settings.service
    body: dict[str, Any] = {
        "services": services,
        "feeds": [
            {
                "service": name,
                "copy": row.copy,
                "publisher": row.publisher,
                "position": row.reached,
                "head": max(row.head or 0, row.reached),
                "lag_records": max(0, (row.head or 0) - row.reached),
                "lag_seconds": _lag_seconds(row, now),
                "stopped_because": row.stopped_because,
            }
            for row in feeds
        ],
        "parked": [
            {
                "service": name,
                "copy": row.copy,
                "publisher": row.publisher,
                "key": row.key,
                "count": row.records,
                "reason": row.reason,
                "parked_at": row.parked_at,
            }
            for row in parked
        ],
        "live": ["operations"],
    }
    return await page.answer(body, Seen("ReadOperations", "operations", None, "IV"))


def _lag_seconds(row: Any, now: Any) -> float:
    """How long the feed has lacked something: 0 while its worker has lately said that it lacks nothing."""
    if row.current_at is None:
        return 0.0
    age = (now - row.current_at).total_seconds()
    return round(max(0.0, age), 1) if age > 2 * 5 else 0.0


async def _service(room: Dashboard, name: str) -> dict[str, Any]:
    """A service's own word on itself."""
    url = room.settings.urls[name]
    if name == room.settings.service:
        return {"name": name, "ready": True, "version": version("tsumugi"), "memory_mib": _memory_mib()}
    try:
        ready = await room.http.get(f"{url}/health/ready", timeout=TIMEOUT)
        live = await room.http.get(f"{url}/health/live", timeout=TIMEOUT)
        said = live.json() if len(live.content) < MAX_BODY_BYTES else {}
        return {
            "name": name,
            "ready": ready.status_code == 200,
            "version": str(said.get("version", "")),
            "memory_mib": None,
        }
    except (httpx.HTTPError, ValueError) as error:
        logger.info("%s does not answer: %s", name, type(error).__name__)
        return {"name": name, "ready": False, "version": "", "memory_mib": None}


def _memory_mib() -> int | None:
    """Resident memory of this process; in the embedded edition all services are in it."""
    try:
        return int(_MEMORY.read_text(encoding="ascii").split()[1]) * _PAGE_BYTES // 2**20
    except (OSError, ValueError, IndexError):
        return None
