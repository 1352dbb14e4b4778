"""Records made by hand, for rules that need no database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from shared.contracts import Lane
from shared.events.intake import Arrived
from shared.events.records import Record
from tests.support.toy import Counted, ThingChanged

SPACE = UUID("00000000-0000-4000-8000-000000000000")
BOARD = uuid5(SPACE, "board")
AT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def thing(name: object) -> UUID:
    """Always the same id for the same name."""
    return uuid5(SPACE, f"thing {name}")


def fact(position: int, key: object, stream: object, version: int, **changes: Any) -> Record:
    """A fact at ``position``."""
    payload = Counted(thing=thing(key), on=TODAY, amount=version).model_dump_json()
    record = Record(
        id=uuid4(),
        board=BOARD,
        epoch=1,
        position=position,
        topic="toy.count",
        lane=Lane.FACT,
        key=str(thing(key)),
        type="toy.count.counted",
        stream=uuid5(thing(key), str(stream)),
        version=version,
        payload=payload,
        actor="teacher",
        traceparent=None,
        recorded_at=AT,
    )
    return record._replace(**changes)


def state(position: int, key: object, version: int, **changes: Any) -> Record:
    """A state at ``position``."""
    payload = ThingChanged(thing=thing(key), label="thing", amount=version).model_dump_json()
    record = fact(position, key, "", version)._replace(
        topic="toy.thing",
        lane=Lane.STATE,
        type="toy.thing.changed",
        stream=thing(key),
        payload=payload,
    )
    return record._replace(**changes)


def read(*records: Record) -> list[Arrived]:
    """The records, read."""
    return [Arrived(record, record.read()) for record in records]
