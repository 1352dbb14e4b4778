"""Reactions: an event becomes this service's own facts. Never replayed, de-duplicated by event id, no rebuild.

A reaction works in a unit of work like a command does. The event ids it has handled are stored in that transaction, so
the checkpoint may follow in its own: after a crash between the two the batch comes again and nothing happens twice.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar
from uuid import UUID

from sqlalchemy import text

from shared.contracts import Topic
from shared.database import Login, Scope, Units, Work
from shared.events import intake
from shared.events.copies import BATCH, WAIT_SECONDS, WorkerState, leader_lock, transient
from shared.events.feed import Batch, Feed
from shared.events.intake import Arrived, Checkpoint, Refused

logger = logging.getLogger(__name__)

_NEW = text(
    "insert into feed.reacted (reaction, ce_id) select :reaction, unnest(cast(:ids as uuid[]))"
    " on conflict do nothing returning ce_id"
)


class Reaction(ABC):
    """One reaction of a service."""

    name: ClassVar[str]
    topics: ClassVar[tuple[Topic, ...]]

    @abstractmethod
    async def react(self, work: Work, arrived: Sequence[Arrived]) -> None:
        """Turn what arrived, all of one board, into own facts and ``work.publish`` what follows."""

    def publishers(self) -> list[str]:
        """Whose logs it reads."""
        return sorted({topic.publisher for topic in self.topics})

    def topics_of(self, publisher: str) -> list[str]:
        """Names of the topics it reads of one publisher."""
        return sorted(topic.name for topic in self.topics if topic.publisher == publisher)


class ReactionWorker:
    """Runs one reaction over one publisher's feed."""

    def __init__(self, service: str, reaction: Reaction, feed: Feed, units: Units) -> None:
        self.reaction = reaction
        self.feed = feed
        self._units = units
        self._name = f"reaction:{reaction.name}"
        self.state = WorkerState(service, self._name, feed.publisher)

    async def run(self, login: Login) -> None:
        """Work until cancelled; a second process stands by."""
        while True:
            try:
                lock = await leader_lock(login, f"{self._name}/{self.feed.publisher}")
                try:
                    self.state.active = True
                    checkpoint = await self.where()
                    while not lock.is_closed():
                        batch = await self.feed.read(checkpoint.cursor, limit=BATCH, wait=WAIT_SECONDS)
                        if batch.records or batch.cursor != checkpoint.cursor:
                            checkpoint = await self.take(checkpoint, batch)
                            self.state.stopped_because = None
                finally:
                    self.state.active = False
                    with suppress(Exception):
                        await lock.close(timeout=1)
            except Exception as error:
                logger.warning("%s of %s stopped: %s", self._name, self.feed.publisher, type(error).__name__)
                self.state.stopped_because = str(error)[:300]
                await asyncio.sleep(0.5)

    async def where(self) -> Checkpoint:
        """The stored checkpoint."""
        async with self._units.maintain() as session:
            return await intake.load(session, self._name, self.feed.publisher)

    async def take(self, checkpoint: Checkpoint, batch: Batch) -> Checkpoint:
        """Account for one batch: a transaction a board, the checkpoint with the last."""
        intake.check_epoch(checkpoint, batch)
        async with self._units.maintain() as session:
            sorted_ = await intake.sort_out(session, checkpoint, batch.records)
        by_board: dict[UUID, list[Arrived]] = {}
        for arrived in sorted_.arrived:
            by_board.setdefault(arrived.record.board, []).append(arrived)
        refused = list(sorted_.refused)
        for board, group in by_board.items():
            try:
                await self._react(board, group)
            except Exception as error:
                if transient(error):
                    raise
                logger.warning(
                    "%s: a record cannot be handled (%s); key by key", self._name, type(error).__name__
                )
                refused.extend(await self._by_key(board, group))
        async with self._units.maintain() as session:
            await intake.park(session, checkpoint, refused, self._units.clock.now())
            after = await intake.store(session, checkpoint, batch)
        self.state.reached, self.state.head = after.reached, batch.head
        self.state.applied += len(sorted_.arrived)
        return replace(after)

    async def _react(self, board: UUID, group: Sequence[Arrived]) -> None:
        async with self._units.work(Scope(board), actor=self._name) as work:
            ids = [arrived.record.id for arrived in group]
            new = set(await work.session.scalars(_NEW, {"reaction": self.reaction.name, "ids": ids}))
            seen: set[UUID] = set()
            fresh: list[Arrived] = []
            for arrived in group:
                if arrived.record.id in new and arrived.record.id not in seen:
                    seen.add(arrived.record.id)
                    fresh.append(arrived)
            if fresh:
                await self.reaction.react(work, fresh)

    async def _by_key(self, board: UUID, group: Sequence[Arrived]) -> list[Refused]:
        refused: list[Refused] = []
        by_key: dict[str, list[Arrived]] = {}
        for arrived in group:
            by_key.setdefault(arrived.record.key, []).append(arrived)
        for same_key in by_key.values():
            try:
                await self._react(board, same_key)
            except Exception as error:
                if transient(error):
                    raise
                reason = f"cannot be handled: {type(error).__name__}"
                refused.extend(Refused(arrived.record, reason) for arrived in same_key)
        return refused
