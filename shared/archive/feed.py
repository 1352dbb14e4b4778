"""Reading the archive of a publisher, and joining its topics on the broker by position.

A consumer that the broker cannot serve (it is new and facts were dropped, or it stood still for longer than facts are
kept) reads every topic in the archive to the head that it found there, and goes on at the broker's first record: what
the archive has told already is passed over by its position.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import orjson

from shared.access.own_token import NoToken
from shared.archive.api import EPOCH, HEAD, MOST, REACHED
from shared.events.feed import Batch, Cursor, Stopped
from shared.events.kafka_feed import KafkaFeed, OutOfRange
from shared.events.kafka_marks import Seen
from shared.events.records import Record

logger = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(10.0, read=60.0)


class ArchiveTrouble(Stopped):
    """The archive does not answer, or not as it should."""


@dataclass(frozen=True)
class Page:
    """A page of one topic."""

    records: list[Record]
    epoch: int
    head: int
    reached: int


class Archive(Protocol):
    """A publisher's archive."""

    async def page(self, topic: str, after: int, limit: int) -> Page:
        """The records of ``topic`` after a position."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


class HttpArchive:
    """A publisher's archive at ``url``; ``token`` gives this service's token for it."""

    def __init__(
        self, publisher: str, url: str, http: httpx.AsyncClient, token: Callable[[], Awaitable[str]]
    ) -> None:
        self._publisher = publisher
        self._url = url
        self._http = http
        self._token = token

    async def page(self, topic: str, after: int, limit: int) -> Page:
        try:
            answer = await self._http.get(
                f"{self._url}/log/{topic}",
                params={"after": after, "limit": min(limit, MOST)},
                headers={"authorization": f"Bearer {await self._token()}"},
                timeout=TIMEOUT,
            )
        except httpx.HTTPError as error:
            raise ArchiveTrouble(
                f"{self._publisher} の記録の保管が答えません（{type(error).__name__}）。"
            ) from error
        except NoToken as error:
            raise ArchiveTrouble(str(error)) from error
        if answer.status_code != httpx.codes.OK:
            raise ArchiveTrouble(
                f"{self._publisher} の記録の保管が {topic} を渡しません（{answer.status_code}）。"
            )
        told = answer.headers
        records = [Record.from_json(orjson.loads(line)) for line in answer.content.splitlines() if line]
        return Page(records, int(told[EPOCH]), int(told[HEAD]), int(told[REACHED]))

    async def close(self) -> None:
        await self._http.aclose()


class ArchivedFeed:
    """The topics of a publisher on the broker, with its archive for what the broker no longer has.

    While it reads the archive its cursor says so: how far it is in each topic, and the head at which it began.
    """

    def __init__(self, broker: KafkaFeed, archive: Archive, topics: Iterable[str]) -> None:
        self.publisher = broker.publisher
        self._broker = broker
        self._archive = archive
        self._topics = sorted(topics)

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        cursor = cursor or {}
        if "archive" not in cursor and not {"at", "after"} & set(cursor):
            # New here, or it comes from reading the log itself.
            position = cursor.get("position", 0)
            if position or not await self._broker.whole():
                cursor = self._begin(cursor.get("epoch"), position)
        if "archive" not in cursor:
            try:
                return await self._broker.read(cursor or None, limit=limit, wait=wait)
            except OutOfRange as error:
                logger.warning("%s; the archive is read", error)
                cursor = self._begin(cursor.get("epoch"), _seen(cursor))
        return await self._from_archive(cursor, limit)

    def _begin(self, epoch: int | None, position: int) -> Cursor:
        return {"epoch": epoch, "archive": dict.fromkeys(self._topics, position), "goal": None}

    async def _from_archive(self, cursor: Cursor, limit: int) -> Batch:
        """A page of the topic that is furthest behind; the last one's cursor is the broker's."""
        at: dict[str, int] = dict(cursor["archive"])
        topic = min(self._topics, key=lambda name: at[name])
        page = await self._archive.page(topic, at[topic], limit)
        at[topic] = page.reached
        goal = page.head if cursor["goal"] is None else cursor["goal"]
        known: dict[str, Any] = {"epoch": page.epoch}
        if min(at.values()) >= goal:
            after: Cursor = {**known, "after": at}
        else:
            after = {**known, "archive": at, "goal": goal}
        return Batch(page.records, after, min(at.values()), page.epoch, page.head)

    async def close(self) -> None:
        await self._broker.close()
        await self._archive.close()


def _seen(cursor: Cursor) -> int:
    """Up to where a consumer that stood at ``cursor`` had seen everything."""
    if not cursor.get("marks"):
        return 0
    places = [
        (topic, int(partition)) for topic, partitions in cursor["at"].items() for partition in partitions
    ]
    return Seen(places, cursor["marks"]).reached()
