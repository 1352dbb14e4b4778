"""Reactions: an event becomes this service's own facts. Never replayed, de-duplicated by event id, no rebuild.

A reaction works in a unit of work like a command does. The event ids it has handled are stored in that transaction, so
the checkpoint may follow in its own: after a crash between the two the batch comes again and nothing happens twice.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import ClassVar
from uuid import UUID

from shared.contracts import Topic
from shared.database import Scope, Statement, Units, Work
from shared.events import intake
from shared.events.feed import Batch, Feed
from shared.events.intake import Arrived, Checkpoint, Refused
from shared.events.trace import following
from shared.events.workers import LIVE, FeedWorker, by_key, told, transient

logger = logging.getLogger(__name__)

_NEW = Statement(
    "insert into feed.reacted (reaction, publisher, reacted_at, ce_id, position)"
    " select :reaction, :publisher, :at, * from unnest(cast(:ids as uuid[]), cast(:positions as bigint[]))"
    " on conflict do nothing returning ce_id"
)


class Reaction(ABC):
    """One reaction of a service."""

    name: ClassVar[str]
    topics: ClassVar[tuple[Topic, ...]]
    only_takes_away: ClassVar[bool] = False
    """Whether it makes no fact of what arrives, only forgets: after a restore, no matter which side is the older."""

    @abstractmethod
    async def react(self, work: Work, arrived: Sequence[Arrived]) -> None:
        """Turn what arrived, all of one board, into own facts and ``work.publish`` what follows."""

    def publishers(self) -> list[str]:
        """Whose logs it reads."""
        return sorted({topic.publisher for topic in self.topics})

    def topics_of(self, publisher: str) -> list[str]:
        """Names of the topics it reads of one publisher."""
        return sorted(topic.name for topic in self.topics if topic.publisher == publisher)


class ReactionWorker(FeedWorker):
    """Runs one reaction over one publisher's feed."""

    def __init__(self, service: str, reaction: Reaction, feed: Feed, units: Units) -> None:
        super().__init__(service, f"reaction:{reaction.name}", feed, units)
        self.reaction = reaction

    async def _account(self, checkpoint: Checkpoint, batch: Batch) -> Checkpoint:
        """A transaction a board, then the checkpoint."""
        # Up to `reached` everything was handled or waits: its ids may be forgotten (shared/daily.py).
        here = (checkpoint.epoch or 0, checkpoint.reached)
        news = [record for record in batch.records if (record.epoch, record.position) > here]
        sorted_ = intake.sort_out(await intake.known(self._units, checkpoint, news), news)
        handled, dropped = len(sorted_.arrived), sorted_.dropped
        refused = await self.react(sorted_.arrived)
        handled -= len(refused)
        if refused or sorted_.refused:
            async with self._units.maintain() as session:
                # Since it was asked what waits, somebody may have let it through or thrown it away: what is parked
                # behind nothing would wait for nothing.
                behind = [one.record for one in sorted_.refused]
                known = await intake.enter(
                    session, self.name, LIVE, publisher=self.feed.publisher, records=behind
                )
                now = intake.sort_out(known, behind)
                late = await self.react(now.arrived)
                handled, dropped = handled + len(now.arrived) - len(late), dropped + now.dropped
                waiting = [*now.refused, *refused, *late]
                await intake.park(session, checkpoint, waiting, self._units.clock.now())
                after = await intake.store(session, checkpoint, batch)
        else:
            after = await intake.move(self._units, checkpoint, batch)
        self.state.applied += handled
        self.state.dropped += dropped + len(batch.records) - len(news)
        return after

    async def react(self, arrived: Sequence[Arrived]) -> list[Refused]:
        """React to readable records in order; return those that cannot be handled, with what follows of their keys."""
        by_board: dict[UUID, list[Arrived]] = {}
        for one in arrived:
            by_board.setdefault(one.record.board, []).append(one)
        refused: list[Refused] = []
        for board, group in by_board.items():
            try:
                await self._react(board, group)
            except Exception as error:
                if transient(error):
                    raise
                logger.warning("%s: a record cannot be handled (%s); key by key", self.name, told(error))
                _, late = await by_key(group, partial(self._react, board), "cannot be handled")
                refused += late
        return refused

    async def _react(self, board: UUID, group: Sequence[Arrived]) -> None:
        causes = [arrived.record.traceparent for arrived in group]
        # Outside of the unit of work: what it publishes at its end belongs to the trace of what it reacts to.
        with following(f"react {self.reaction.name}", causes):
            await self._react_once(board, group)

    async def _react_once(self, board: UUID, group: Sequence[Arrived]) -> None:
        async with self._units.work(Scope(board), actor=self.name) as work:
            new = {
                row["ce_id"]
                for row in await _NEW.all(
                    work.session,
                    {
                        "reaction": self.reaction.name,
                        "publisher": self.feed.publisher,
                        "at": work.at,
                        "ids": [arrived.record.id for arrived in group],
                        "positions": [arrived.record.position for arrived in group],
                    },
                )
            }
            seen: set[UUID] = set()
            fresh: list[Arrived] = []
            for arrived in group:
                if arrived.record.id in new and arrived.record.id not in seen:
                    seen.add(arrived.record.id)
                    fresh.append(arrived)
            if fresh:
                await self.reaction.react(work, fresh)
