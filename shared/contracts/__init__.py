"""The published language: what services say to each other, and nothing else they share.

One module per publisher. A ``Topic`` says how a stream of records travels; a ``Contract`` is the shape of one event
type. A fact event carries the complete new fact; a state event the complete present state of its key. Payloads hold
opaque ids and coded facts: names travel on ``registry.person`` alone, free text never (design.md §4).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict


class Lane(IntEnum):
    """Which table of the log, and which retention on Kafka, a topic has (decisions.md §3)."""

    STATE = 1
    """The last record of each key is what matters; null is a tombstone; compacted."""
    FACT = 2
    """Every record is a happening; append-only."""


Importance = Literal["I", "II", "III", "IV"]
"""Class of the information asset (重要性分類) of the 教育情報セキュリティポリシーに関するガイドライン (2025-03)."""


@dataclass(frozen=True)
class Topic:
    """A stream of records with one key kind. Order is promised only within (topic, key)."""

    name: str
    lane: Lane
    key: str
    importance: Importance
    status: Literal["draft", "stable"] = "draft"

    @property
    def publisher(self) -> str:
        """The service that alone writes this topic."""
        return self.name.split(".", 1)[0]


class Part(BaseModel):
    """A piece of a payload. Publishers may not add what the contract does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Contract(Part):
    """The payload of one event type."""

    TOPIC: ClassVar[Topic]
    TYPE: ClassVar[str]
