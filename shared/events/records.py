"""A record: one event as it lies in the log and as it arrives, whatever carried it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from shared.contracts import Contract, Lane
from shared.contracts.catalogue import BY_TYPE


class Unreadable(ValueError):
    """The payload does not fit its contract, or its type is not known here."""


@dataclass(frozen=True, slots=True)
class Record:
    """One event. ``(epoch, position)`` orders all records of a publisher; Kafka offsets never do."""

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
            return kind.model_validate_json(self.payload, extra="ignore")
        except ValueError as error:
            raise Unreadable(str(error)) from error

    def to_json(self) -> dict[str, Any]:
        """For keeping a record that waits (``feed.parked``)."""
        return {
            name: str(value)
            if isinstance(value, UUID)
            else value.isoformat()
            if isinstance(value, datetime)
            else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """The record that ``to_json`` kept."""
        return cls(
            **{
                **kept,
                "id": UUID(kept["id"]),
                "board": UUID(kept["board"]),
                "stream": UUID(kept["stream"]),
                "lane": Lane(kept["lane"]),
                "recorded_at": datetime.fromisoformat(kept["recorded_at"]),
            }
        )
