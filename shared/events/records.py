"""A record: one event as it lies in the log and as it arrives, whatever carried it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Self
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from shared.contracts import Contract, Lane
from shared.contracts.catalogue import BY_TYPE


class Unreadable(ValueError):
    """The payload does not fit its contract, or its type is not known here."""


class Record(NamedTuple):
    """One event. ``(epoch, position)`` orders all records of a publisher; Kafka offsets never do.

    A tuple, because a feed makes one of every row: as a frozen dataclass that was a fifth of a copy's processor time.
    """

    id: UUID
    board: UUID
    epoch: int
    position: int
    topic: str
    lane: Lane
    key: str
    type: str
    stream: UUID
    version: int
    payload: str | None
    """JSON text; None is a tombstone (state) or an erased fact."""
    actor: str
    traceparent: str | None
    recorded_at: datetime
    subject: UUID | None = None
    """The person it is about, where it is about one: what erasure goes by."""

    def read(self) -> Contract | None:
        """The payload as its contract; None for a tombstone.

        Readers ignore fields they do not know: a publisher may be newer (engineering.md §2.8).
        Raises :class:`Unreadable`.
        """
        if self.payload is None:
            return None
        kind = BY_TYPE.get(self.type)
        if kind is None:
            raise Unreadable(f"unknown type {self.type}")
        try:
            return _reader(kind)(self.payload, extra="ignore")
        except ValidationError as error:
            # Where and what kind of mistake, never the value: it may be a name.
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise Unreadable(f"{self.type}: {place}: {first['type']}") from None

    def to_json(self) -> str:
        """For keeping a record that waits (``feed.parked``)."""
        return orjson.dumps(self._asdict(), default=str).decode()

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """The record that ``to_json`` kept."""
        return cls(
            **{
                **kept,
                "id": UUID(kept["id"]),
                "board": UUID(kept["board"]),
                "stream": UUID(kept["stream"]),
                "subject": kept["subject"] and UUID(kept["subject"]),
                "lane": Lane(kept["lane"]),
                "recorded_at": datetime.fromisoformat(kept["recorded_at"]),
            }
        )


@cache
def _reader(kind: type[Contract]) -> Callable[..., Contract]:
    """``kind.model_validate_json`` without what it does before each: a sixth of reading a record."""
    return TypeAdapter(kind).validator.validate_json
