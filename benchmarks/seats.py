"""Classes whose roll is saved over and over, as the browsers of their teachers would."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from benchmarks.deployment import Class, Deployment
from benchmarks.load import Answer, Connection
from shared.ids import time_ordered_id


@dataclass
class Seat:
    """A class whose marks are flipped again and again, with the revisions its browser has seen."""

    of: Class
    headers: dict[str, str]
    path: str
    revision: dict[UUID, int] = field(default_factory=dict)
    late: set[UUID] = field(default_factory=set)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    def command(self) -> dict[str, str]:
        """Headers of a command that was never sent before."""
        return {**self.headers, "idempotency-key": str(time_ordered_id(datetime.now(UTC)))}

    def body(self, pupils: list[UUID]) -> bytes:
        """A save of ``pupils``."""
        self.late ^= set(pupils)  # every mark differs from the last one: no save is without an event
        marks = [
            {
                "pupil": str(p),
                "seen": self.revision.get(p, 0),
                "code": "late" if p in self.late else "present",
            }
            for p in pupils
        ]
        return json.dumps({"marks": marks, "taken": False}).encode()

    def learn(self, answer: Answer) -> None:
        """Remember the revisions of an answer."""
        for cell in answer.json()["saved"]:
            self.revision[UUID(cell["pupil"])] = cell["revision"]


def seats_of(deployed: Deployment) -> list[Seat]:
    """Every class that is large enough to measure with."""
    return [
        Seat(
            of,
            {
                "authorization": f"Bearer {deployed.token(of.teacher, 'registry')}",
                "content-type": "application/json",
            },
            f"/v1/classes/{of.id}/days/{deployed.day}/roll",
        )
        for of in deployed.classes
        if len(of.pupils) >= 20
    ]


async def save(seat: Seat, connection: Connection, pupils: list[UUID]) -> Answer:
    """Flip these pupils' marks; what the service answered."""
    async with seat.busy:
        answer = await connection.ask("POST", seat.path, seat.command(), seat.body(pupils))
        if answer.status == 200:
            seat.learn(answer)
        return answer
