"""What copies and reactions do alike with what arrives: read, refuse, park, remember where they are.

The decisions of the table "What to do with what arrives" (decisions.md §3) that do not depend on the consumer are here:
an unknown epoch stops the feed, records about erased people are dropped, a record that cannot be read or whose
predecessor is missing is parked together with everything later of the same key. Nothing is skipped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Contract, Lane
from shared.contracts.registry import ERASURE
from shared.database import Statement, Units
from shared.events.feed import Batch, Cursor, Stopped
from shared.events.records import Record, Unreadable

BEHIND = "an earlier record of this key waits"

Notice = tuple[str, str]
"""Channel, and what is said on it."""

Stream = tuple[str, UUID]
"""Topic and stream id."""
Version = tuple[int, int]
"""Epoch and version: a restored log gives the versions of its lost end again, to other facts."""


class UnknownEpoch(Stopped):
    """The publisher's log was restored; an operator must check before this feed goes on."""


class Displaced(Stopped):
    """Another worker has moved this checkpoint; this one must stop."""


class Arrived(NamedTuple):
    """A readable record. ``payload`` is None for a tombstone."""

    record: Record
    payload: Contract | None


class Refused(NamedTuple):
    """A record to be parked, and why."""

    record: Record
    reason: str


@dataclass
class Checkpoint:
    """Where a consumer stands in a publisher's log."""

    copy: str
    publisher: str
    cursor: Cursor | None = None
    epoch: int | None = None
    reached: int = 0
    began_at_zero: bool = True
    highest: int = 0


@dataclass(frozen=True)
class Known:
    """What is known of a batch before it is sorted out."""

    waiting: set[str]
    """Keys that are parked."""
    erased: set[str]
    """People."""
    discarded: dict[Stream, dict[int, int]]
    """The versions of a stream that an operator threw away, each with its epoch: no hole, somebody has decided."""

    def threw_away(self, record: Record) -> bool:
        """Whether it was this very record."""
        gone = self.discarded.get((record.topic, record.stream))
        return gone is not None and gone.get(record.version) == record.epoch


@dataclass
class Sorted:
    """A batch, sorted out."""

    arrived: list[Arrived] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    dropped: int = 0


_LOAD = text(
    "select cursor, epoch, reached, began_at_zero, highest from feed.checkpoint"
    " where copy = :copy and publisher = :publisher"
)
# One statement, so that it may be a transaction of its own: nobody else on this copy meanwhile, no waiting for the disk
# (what a crash takes back comes again), and its readers are told.
_STORE = Statement(
    "with entered as materialized (select set_config('synchronous_commit', 'off', true),"
    " pg_advisory_xact_lock(7462, hashtext(:copy))), stored as ("
    "insert into feed.checkpoint as c (copy, publisher, cursor, epoch, reached, began_at_zero, highest)"
    " select :copy, :publisher, cast(:cursor as jsonb), cast(:epoch as integer), cast(:reached as bigint),"
    " cast(:zero as boolean), cast(:highest as bigint) from entered"
    " on conflict (copy, publisher) do update set cursor = excluded.cursor, epoch = excluded.epoch,"
    " reached = excluded.reached, highest = excluded.highest where c.cursor = cast(:before as jsonb) returning true)"
    " select (select true from stored), count(pg_notify(channel, said))"
    " from unnest(cast(:channels as text[]), cast(:said as text[])) as notice(channel, said)"
)
_TELL = Statement(
    "with written as (update feed.checkpoint set reached = reached where copy = :copy and publisher = :publisher)"
    " select pg_notify(channel, said)"
    " from unnest(cast(:channels as text[]), cast(:said as text[])) as notice(channel, said)"
)
_KNOWN = Statement(
    "select * from feed.known(:copy, :publisher, :keys, cast(cast(:people as text[]) as uuid[]), :streams)"
)
_ENTER = text(
    "select * from feed.enter(:copy, :schema, :publisher, :keys, cast(cast(:people as text[]) as uuid[]), :streams)"
)
_PARK = text(
    "insert into feed.parked (copy, publisher, key, position, topic, lane, board_id, record, reason, parked_at)"
    " values (:copy, :publisher, :key, :position, :topic, :lane, :board, cast(:record as jsonb), :reason, :at)"
    " on conflict do nothing"
)
_SUPERSEDE = text(
    "delete from feed.parked p where copy = :copy and publisher = :publisher and key = any (:keys) and lane = 1"
    " and exists (select from feed.parked newer where newer.copy = p.copy and newer.publisher = p.publisher"
    " and newer.key = p.key and newer.topic = p.topic and newer.position > p.position)"
)


async def load(session: AsyncSession, copy: str, publisher: str) -> Checkpoint:
    """The stored checkpoint, or the beginning."""
    row = (await session.execute(_LOAD, {"copy": copy, "publisher": publisher})).one_or_none()
    if row is None:
        return Checkpoint(copy, publisher)
    return Checkpoint(copy, publisher, row.cursor, row.epoch, row.reached, row.began_at_zero, row.highest)


async def store(
    session: AsyncSession, before: Checkpoint, batch: Batch, notices: Iterable[Notice] = ()
) -> Checkpoint:
    """Advance the checkpoint in the transaction, begun before, that accounts for ``batch``. Raises :class:`Displaced`.

    ``notices`` are given when that transaction is committed.
    """
    after = _after(before, batch)
    return _stored(await _STORE.all(session, _place(before, after, notices)), after)


async def move(units: Units, before: Checkpoint, batch: Batch, notices: Iterable[Notice] = ()) -> Checkpoint:
    """Advance the checkpoint past a batch that asks for nothing more. Raises :class:`Displaced`."""
    after = _after(before, batch)
    return _stored(await _STORE.alone(units.engine, _place(before, after, notices)), after)


def _after(before: Checkpoint, batch: Batch) -> Checkpoint:
    return Checkpoint(
        before.copy,
        before.publisher,
        batch.cursor,
        batch.epoch,
        max(batch.reached, before.reached),
        batch.whole if before.epoch is None else before.began_at_zero,
        max(before.highest, *(record.position for record in batch.records), 0),
    )


def _place(before: Checkpoint, after: Checkpoint, notices: Iterable[Notice]) -> dict[str, Any]:
    return {
        "copy": after.copy,
        "publisher": after.publisher,
        "cursor": orjson.dumps(after.cursor).decode(),
        "before": orjson.dumps(before.cursor).decode(),
        "epoch": after.epoch,
        "reached": after.reached,
        "zero": after.began_at_zero,
        "highest": after.highest,
        **_said(notices),
    }


def _stored(rows: Sequence[Any], after: Checkpoint) -> Checkpoint:
    ((stored, _),) = rows
    if not stored:
        raise Displaced(f"{after.copy}/{after.publisher}: ほかの処理が先に進めました。")
    return after


async def tell(session: AsyncSession, checkpoint: Checkpoint, notices: Iterable[Notice]) -> None:
    """Give ``notices`` when the transaction is committed; for one that does not move the checkpoint.

    Its row is written all the same: who remembers what was made from the copy sees by it that the copy is another.
    """
    place = {"copy": checkpoint.copy, "publisher": checkpoint.publisher}
    await _TELL.all(session, place | _said(notices))


def _said(notices: Iterable[Notice]) -> dict[str, list[str]]:
    given = list(notices)
    return {"channels": [channel for channel, _ in given], "said": [said for _, said in given]}


def check_epoch(known: Checkpoint, batch: Batch) -> None:
    """Raise :class:`UnknownEpoch` when the log is not the one this consumer has been reading."""
    if known.epoch is not None and batch.epoch not in (None, known.epoch):
        raise UnknownEpoch(
            f"{known.publisher} のログが復元されています（世代 {known.epoch} → {batch.epoch}）。"
            "確認するまで、この写しは進みません。"
        )


async def known(units: Units, checkpoint: Checkpoint, records: Sequence[Record]) -> Known:
    """What must be known of ``records`` to sort them out."""
    asked = _asked(checkpoint.copy, checkpoint.publisher, records)
    return _known(await _KNOWN.alone(units.engine, asked))


async def enter(
    session: AsyncSession, copy: str, schema: str, *, publisher: str = "", records: Sequence[Record] = ()
) -> Known:
    """Begin a transaction on a copy: its tables, in ``schema``, by their bare names, nobody else on it meanwhile.

    The commit does not wait for the disk: what a crash of the server takes back goes with its checkpoint and comes
    again from the feed. Returns what must be known of the publisher's ``records``.
    """
    return _known(await session.execute(_ENTER, {**_asked(copy, publisher, records), "schema": schema}))


def _asked(copy: str, publisher: str, records: Sequence[Record]) -> dict[str, Any]:
    keys = {record.key for record in records}
    subjects = {record.subject for record in records if record.subject}
    return {
        "copy": copy,
        "publisher": publisher,
        "keys": list(keys),
        "people": list(keys.union(map(str, subjects))),
        "streams": list({record.stream for record in records}),
    }


def _known(rows: Iterable[Any]) -> Known:
    waiting, erased = set[str](), set[str]()
    discarded: dict[Stream, dict[int, int]] = {}
    for what, id, topic, epoch, version in rows:
        match what:
            case "waiting":
                waiting.add(id)
            case "erased":
                erased.add(id)
            case _:
                discarded.setdefault((topic, UUID(id)), {})[version] = epoch
    return Known(waiting, erased, discarded)


def sort_out(known: Known, records: Sequence[Record]) -> Sorted:
    """Separate what can be handled from what must wait, in the order of arrival."""
    result = Sorted()
    waiting, erased = set(known.waiting), known.erased | _erased_by(records)
    for record in records:
        if (erased and _content_about(record, erased)) or (known.discarded and known.threw_away(record)):
            result.dropped += 1
        elif record.key in waiting:
            result.refused.append(Refused(record, BEHIND))
        else:
            try:
                result.arrived.append(Arrived(record, record.read()))
            except Unreadable as error:
                waiting.add(record.key)
                result.refused.append(Refused(record, str(error)))
    return result


def _content_about(record: Record, people: set[str]) -> bool:
    """Whether it says something about any of them."""
    if record.topic == ERASURE.name or (record.lane is Lane.STATE and record.payload is None):
        return False
    return record.key in people or str(record.subject) in people


def _erased_by(records: Iterable[Record]) -> set[str]:
    """Who these very records say is erased: by an erasure, or by a fact about somebody that holds nothing any more."""
    return {record.key for record in records if record.topic == ERASURE.name} | {
        str(record.subject)
        for record in records
        if record.lane is Lane.FACT and record.payload is None and record.subject is not None
    }


_FORGET = text(
    "with remembered as (insert into feed.erased (person, position)"
    " select * from unnest(cast(:people as uuid[]), cast(:positions as bigint[])) on conflict do nothing)"
    " delete from feed.parked where key = any (cast(:keys as text[]))"
    " or record ->> 'subject' = any (cast(:keys as text[]))"
)


async def forget(session: AsyncSession, arrived: Iterable[Arrived]) -> None:
    """Remember who was erased, and let go of what waits about them, of any copy or reaction of this service."""
    gone = {one.record.key: one.record.position for one in arrived if one.record.topic == ERASURE.name}
    if gone:
        people = {"people": [UUID(key) for key in gone], "positions": list(gone.values())}
        await session.execute(_FORGET, {**people, "keys": list(gone)})


def find_holes(
    sorted_: Sorted,
    known: Callable[[Record], Version | None],
    *,
    began_at_zero: bool,
    discarded: Mapping[Stream, Mapping[int, int]] | None = None,
) -> Sorted:
    """Park facts whose predecessor never came; drop those already folded, also of keys that wait.

    ``known`` gives what the consumer has of the record's stream, None when it has nothing. A feed that began at
    position 0 must have seen version 1; one that began later takes the first version it meets. A record of a newer
    epoch repeats nothing, and follows on what was known before; one of an older epoch comes too late. What was
    ``discarded`` (version → epoch, by stream) is no hole.
    """
    result = Sorted(dropped=sorted_.dropped)
    versions: dict[Stream, Version | None] = {}
    holed: set[str] = set()

    def have(record: Record) -> Version | None:
        """What is known of a fact's stream. A state may always come: its row knows whether it is news."""
        if record.lane is Lane.STATE:
            return None
        stream = (record.topic, record.stream)
        if stream not in versions:
            versions[stream] = known(record) or ((record.epoch, 0) if began_at_zero else None)
        gone = discarded.get(stream) if discarded else None
        before = versions[stream]
        while gone and before and gone.get(before[1] + 1, 0) >= before[0]:
            before = versions[stream] = (gone[before[1] + 1], before[1] + 1)
        return before

    for refused in sorted_.refused:
        record, before = refused.record, have(refused.record)
        if before and (record.epoch, record.version) <= before:
            result.dropped += 1
        else:
            result.refused.append(refused)
    for arrived in sorted_.arrived:
        record, before = arrived.record, have(arrived.record)
        if before and (record.epoch, record.version) <= before:
            result.dropped += 1
        elif record.key in holed:
            result.refused.append(Refused(record, BEHIND))
        elif before and record.version > before[1] + 1:
            holed.add(record.key)
            result.refused.append(Refused(record, f"version {before[1] + 1} of {record.stream} is missing"))
        else:
            if record.lane is Lane.FACT:
                versions[record.topic, record.stream] = (record.epoch, record.version)
            result.arrived.append(arrived)
    return result


async def park(
    session: AsyncSession, checkpoint: Checkpoint, refused: Sequence[Refused], at: datetime
) -> None:
    """Keep records that could not be handled; of a state topic only the newest waits."""
    if not refused:
        return
    place = {"copy": checkpoint.copy, "publisher": checkpoint.publisher}
    await session.execute(
        _PARK,
        [
            {
                **place,
                "key": item.record.key,
                "position": item.record.position,
                "topic": item.record.topic,
                "lane": int(item.record.lane),
                "board": item.record.board,
                "record": item.record.to_json(),
                "reason": item.reason[:500],
                "at": at,
            }
            for item in refused
        ],
    )
    await session.execute(_SUPERSEDE, {**place, "keys": sorted({item.record.key for item in refused})})
