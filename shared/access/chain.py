"""The access log's chain: what makes a batch, and what is found when an entry was touched afterwards. Pure.

A batch names its entries and the digest of each, and its hash covers all that and the hash of the batch before: an
entry that is other than when it was taken in, or gone, or was never taken in, is named; a batch that was written anew
no longer fits the next one, and the last one not what identity has sealed (docs/decisions/0028).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson

DIGEST_BYTES = 32
GONE = bytes(DIGEST_BYTES)
"""In the place of an entry's digest: it was taken away before it was in a batch."""
COLUMNS = (
    "id",
    "board_id",
    "at",
    "principal",
    "person",
    "client",
    "action",
    "resource",
    "resource_id",
    "subjects",
    "importance",
    "outcome",
    "copy_age_ms",
    "traceparent",
)
"""What a digest covers, in this order."""


@dataclass(frozen=True)
class Batch:
    """A link of the chain of a board."""

    board: UUID
    number: int
    at: datetime
    previous: bytes
    ids: Sequence[UUID]
    digests: bytes
    hash: bytes

    @classmethod
    def after(
        cls, last: Batch | None, board: UUID, at: datetime, entries: Mapping[UUID, bytes], service: str
    ) -> Batch:
        """The next link, with the digest of each entry."""
        number, previous = (1, b"") if last is None else (last.number + 1, last.hash)
        ids, digests = sorted(entries), b"".join(entries[id] for id in sorted(entries))
        return cls(
            board,
            number,
            at,
            previous,
            ids,
            digests,
            _hash(service, board, number, at, previous, ids, digests),
        )

    def holds(self, service: str) -> bool:
        """Whether its hash is that of what it says."""
        said = _hash(service, self.board, self.number, self.at, self.previous, self.ids, self.digests)
        return said == self.hash and len(self.digests) == DIGEST_BYTES * len(self.ids)

    def entries(self) -> Iterator[tuple[UUID, bytes]]:
        """Each entry and its digest."""
        for place, id in enumerate(self.ids):
            yield id, self.digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]


def _hash(
    service: str, board: UUID, number: int, at: datetime, previous: bytes, ids: Sequence[UUID], digests: bytes
) -> bytes:
    said = [service, str(board), number, _instant(at), previous.hex(), [str(id) for id in ids], digests.hex()]
    return hashlib.sha256(orjson.dumps(said)).digest()


def digest(entry: Mapping[str, Any]) -> bytes:
    """Of an entry as it lies in the database."""
    return hashlib.sha256(orjson.dumps([_plain(entry[name]) for name in COLUMNS])).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, UUID) else value


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


What = Literal["changed", "removed", "inserted", "chain", "seal"]


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was written."""

    what: What
    board: UUID
    batch: int | None
    entry: UUID | None = None


def faults_of(
    batch: Batch, last: Batch | None, entries: Mapping[UUID, bytes], service: str
) -> Iterable[Fault]:
    """What is wrong with a batch, with ``entries`` as they are today."""
    number, previous = (1, b"") if last is None else (last.number + 1, last.hash)
    if batch.number != number or batch.previous != previous or not batch.holds(service):
        yield Fault("chain", batch.board, batch.number)
    for id, was in batch.entries():
        if id not in entries:
            yield Fault("removed", batch.board, batch.number, id)
        elif entries[id] != was:
            yield Fault("changed", batch.board, batch.number, id)
