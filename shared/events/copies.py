"""Copies: tables kept from others' events, rebuildable from the first record, without any outside effect.

A copy says which topics it reads and how a batch of records becomes rows; the worker does the rest: one active worker a
copy and publisher, one transaction a batch with its checkpoint in it, parked keys, live notices. Table names carry no
schema: the worker writes under ``search_path`` ``copy``, a rebuild under ``copy_next``.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import ClassVar

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Lane, Topic
from shared.database import Units
from shared.events import intake
from shared.events.feed import Batch, Feed, Stopped
from shared.events.intake import Arrived, Checkpoint, Known, Notice, Sorted, Stream, Version
from shared.events.records import Record
from shared.events.trace import following
from shared.events.workers import LIVE, FeedWorker, by_key, told, transient
from shared.telemetry import meters

logger = logging.getLogger(__name__)

GIVEN_UP = "-"
"""The shape of tables that no code goes on with: what they hold may be of a log that is lost."""
_NOTIFY_BYTES = 7_000
TRACE = "trace:"
"""How a notice's word begins that is no key but a traceparent; no key of a view begins so."""


class Copy(ABC):
    """One copy. ``tables`` in the order in which a comparison should name them."""

    name: ClassVar[str]
    topics: ClassVar[tuple[Topic, ...]]
    tables: ClassVar[tuple[str, ...]]
    shape: ClassVar[str]
    """SQL that makes ``tables`` by their bare names, with indexes and walls (``open_copy``). When it changes, the next
    deploying step builds the tables anew from the logs and swaps them."""
    revision: ClassVar[int] = 1
    """Raised when ``fold`` makes other rows of the same records: tables of the same shape are built anew, too."""

    @abstractmethod
    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        """Write what arrived; return the live keys of views that changed, which a rebuild does not ask for.

        Records of one (topic, key) come in order, nothing else does. Every write guards its rows with the publisher's
        (epoch, position), so a record that comes again changes nothing.
        """

    async def known_versions(self, session: AsyncSession, facts: Sequence[Record]) -> dict[Stream, Version]:
        """What the rows already hold of each stream of ``facts``.

        A copy that reads a fact topic keeps epoch and version in its rows: without them a missing record goes
        unnoticed.
        """
        raise NotImplementedError(f"{type(self).__name__} reads facts and must know their versions")

    def stamp(self) -> str:
        """What tells this shape from another: the tables, and what this code puts into them."""
        return sha256(f"{self.revision}\n{self.shape}".encode()).hexdigest()[:16]

    def publishers(self) -> list[str]:
        """Whose logs it reads."""
        return sorted({topic.publisher for topic in self.topics})

    def topics_of(self, publisher: str) -> list[str]:
        """Names of the topics it reads of one publisher."""
        return sorted(topic.name for topic in self.topics if topic.publisher == publisher)


class OtherShape(Stopped):
    """The copy's tables were made by another version of its code."""


_SHAPE = text("select shape from feed.shape where copy = :name")


class CopyWorker(FeedWorker):
    """Keeps one copy up to date from one publisher's feed."""

    def __init__(
        self, service: str, copy: Copy, feed: Feed, units: Units, *, schema: str = LIVE, suffix: str = ""
    ) -> None:
        super().__init__(
            service, copy.name + suffix, feed, units, notices=notices() if schema == LIVE else ()
        )
        self.copy = copy
        self._schema = schema

    async def where(self) -> Checkpoint:
        """The stored checkpoint. Raises :class:`OtherShape`."""
        async with self._units.maintain() as session:
            stands = await session.scalar(_SHAPE, {"name": self.name})
        if stands == GIVEN_UP:
            raise OtherShape(
                f"写し {self.copy.name} は、復元されたログからつくり直しています。途中で切れていたら、"
                "`tsumugi migrate` を実行してください。"
            )
        if stands not in (None, self.copy.stamp()):
            raise OtherShape(
                f"写し {self.copy.name} の表は、ほかの版のプログラムのものです。"
                "この版を終えるか、`tsumugi migrate` を実行してください。"
            )
        return await super().where()

    async def _account(self, checkpoint: Checkpoint, batch: Batch) -> Checkpoint:
        try:
            async with self._units.maintain() as session:
                after = await self.account(session, checkpoint, batch)
            self._measure(batch)
            return after
        except Exception as error:
            if transient(error) or isinstance(error, Stopped):
                raise
            logger.warning("%s: a record does not fold (%s); key by key", self.name, told(error))
            async with self._units.maintain() as session:
                return await self.account(session, checkpoint, batch, careful=True)

    def _measure(self, batch: Batch) -> None:
        """How long it took from the recording to the copy that pages read, by the batch's oldest record."""
        waited = self._units.clock.now() - min(record.recorded_at for record in batch.records)
        feed = {"service": self.state.service, "copy": self.name, "publisher": self.feed.publisher}
        meters.FOLD_DELAY.record(max(0.0, waited.total_seconds()), feed)

    async def account(
        self, session: AsyncSession, checkpoint: Checkpoint, batch: Batch, *, careful: bool = False
    ) -> Checkpoint:
        """Fold a batch, park what cannot be folded, move the checkpoint: all in the caller's transaction.

        ``careful`` sets savepoints, so that what does not fold can be told from what does, and parks it; without it,
        which is quicker, a record that does not fold raises.
        """
        known = await intake.enter(
            session, self.name, self._schema, publisher=self.feed.publisher, records=batch.records
        )
        sorted_ = intake.sort_out(known, batch.records)
        await intake.forget(session, sorted_.arrived)
        sorted_ = await without_holes(self.copy, session, checkpoint, known, sorted_)
        live = await (self._fold_carefully if careful else self._fold)(session, sorted_)
        await intake.park(session, checkpoint, sorted_.refused, self._units.clock.now())
        cause = next((one.record.traceparent for one in reversed(sorted_.arrived)), None)
        said = notices(live, cause) if self._schema == LIVE else ()
        after = await intake.store(session, checkpoint, batch, said)
        self.state.applied += len(sorted_.arrived)
        self.state.dropped += sorted_.dropped
        return after

    async def _fold(self, session: AsyncSession, sorted_: Sorted) -> set[str]:
        if not sorted_.arrived:
            return set()
        return await self._folded(session, sorted_.arrived)

    async def _folded(self, session: AsyncSession, arrived: Sequence[Arrived]) -> set[str]:
        with following(f"fold {self.name}", [one.record.traceparent for one in arrived]):
            keys = await self.copy.fold(session, arrived)
            return set(keys) if self._schema == LIVE else set()

    async def _fold_carefully(self, session: AsyncSession, sorted_: Sorted) -> set[str]:
        try:
            async with session.begin_nested():
                await session.connection()  # the savepoint travels now: a Statement would come before it
                return await self._fold(session, sorted_)
        except Exception as error:
            if transient(error):
                raise
            return await self._fold_by_key(session, sorted_)

    async def _fold_by_key(self, session: AsyncSession, sorted_: Sorted) -> set[str]:
        """The slow way round a poisoned batch: each key apart; of one that fails, what comes before the bad record."""
        live: set[str] = set()

        async def fold(group: Sequence[Arrived]) -> None:
            async with session.begin_nested():
                await session.connection()
                live.update(await self._folded(session, group))

        sorted_.arrived, refused = await by_key(sorted_.arrived, fold, "does not fold")
        sorted_.refused += refused
        return live


async def without_holes(
    copy: Copy, session: AsyncSession, checkpoint: Checkpoint, known: Known, sorted_: Sorted
) -> Sorted:
    """What may be folded: no fact over a missing one, none that was folded before."""
    records = [one.record for one in sorted_.arrived] + [one.record for one in sorted_.refused]
    facts = [record for record in records if record.lane is Lane.FACT]
    if not facts:
        return sorted_
    versions = await copy.known_versions(session, facts)
    return intake.find_holes(
        sorted_,
        lambda record: versions.get((record.topic, record.stream)),
        began_at_zero=checkpoint.began_at_zero,
        discarded=known.discarded,
    )


def notices(live: Iterable[str] = (), cause: str | None = None) -> tuple[Notice, ...]:
    """What is said when a copy has moved: readers that wait for it wake, and the views that changed are named.

    ``cause``: the traceparent of what led to it; it goes before the keys of the first notice.
    """
    chunks: list[list[str]] = [[f"{TRACE}{cause}"] if cause and live else []]
    for key in sorted(live):
        if len(orjson.dumps([*chunks[-1], key])) > _NOTIFY_BYTES:
            chunks.append([])
        chunks[-1].append(key)
    return ("reached", ""), *(("live", orjson.dumps(chunk).decode()) for chunk in chunks if chunk)
