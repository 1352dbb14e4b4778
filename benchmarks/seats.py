"""Classes whose roll is saved over and over, as the browsers of their teachers would."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from benchmarks.deployment import Class, Deployment
from benchmarks.load import Answer, Connection, Timings, saturated
from shared.ids import time_ordered_id

LARGE = 20
"""Pupils of a class that is large enough to measure with."""


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

    def read(self, sheet: Any) -> None:
        """See what the class's page shows."""
        self.revision = {UUID(member["pupil"]): member["revision"] for member in sheet["members"]}
        self.late = {UUID(member["pupil"]) for member in sheet["members"] if member["code"] == "late"}

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
        if len(of.pupils) >= LARGE
    ]


async def opened(deployed: Deployment) -> list[Seat]:
    """The same with their pages read, where somebody may have been at work before."""
    await deployed.renew()
    seats = seats_of(deployed)
    connection = Connection(deployed.instance.url("registry"))
    try:
        for seat in seats:
            answer = await connection.ask("GET", seat.path, seat.headers)
            if answer.status != 200:
                raise RuntimeError(f"{seat.path}: {answer.status} {answer.body.decode()}")
            seat.read(answer.json())
    finally:
        connection.close()
    return seats


async def save(seat: Seat, connection: Connection, pupils: list[UUID]) -> Answer:
    """Flip these pupils' marks; what the service answered."""
    async with seat.busy:
        answer = await connection.ask("POST", seat.path, seat.command(), seat.body(pupils))
        if answer.status == 200:
            seat.learn(answer)
        return answer


async def fill(deployed: Deployment, *, seconds: float) -> Timings:
    """A log with a history: every class flipped as fast as it goes."""
    seats = await opened(deployed)

    async def act(connection: Connection, number: int) -> bool:
        seat = seats[number % len(seats)]
        return (await save(seat, connection, seat.of.pupils)).status == 200

    return await saturated(deployed.instance.url("registry"), act, seconds=seconds, connections=8)
