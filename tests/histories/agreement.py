"""What clients were told, the log, the tables, the copies, the broker and the kitchen: whether they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson

from deploy.local.admin import all_waiting, parts, rebuild_copy
from deploy.local.example import KITCHEN_CLIENT, department_secret
from deploy.local.instance import Instance
from deploy.local.serve import senders
from deploy.topology import topology
from services.dashboard.feeds.consumer import department_token
from shared.contracts.dashboard import LUNCH_COUNT
from shared.dates import school_year
from tests.histories import checker
from tests.histories.product import FIRST, PATIENCE, Told, superuser, tsumugi
from tests.support.transports import data, everything
from tests.support.waiting import eventually


@dataclass
class Fact:
    """A pupil-day in the log."""

    key: str
    stream: UUID
    stream_version: int
    position: int
    day: dict[str, Any]
    new: dict[str, Any]
    """What this record says that the one before it did not."""

    @property
    def number(self) -> int:
        """The command."""
        return (datetime.fromisoformat(self.new["claimed_at"]) - FIRST) // timedelta(microseconds=1)

    @property
    def command(self) -> str:
        """The command's cell."""
        return f"{self.number} {self.key}"


@dataclass
class Keyed:
    """A record of any topic, under topic and key."""

    key: str
    position: int


@dataclass
class Log:
    """The registry's log."""

    days: list[Fact]
    """Whoever said what is new in them."""
    facts: list[Keyed]
    states: list[Keyed]
    payloads: dict[str, list[dict[str, Any]]]
    """Topic → what it says."""

    @property
    def saves(self) -> list[Fact]:
        """The days in which somebody of the school has said something: what clients' commands have done."""
        return [fact for fact in self.days if fact.new["source"] != "notice"]


async def read_log(instance: Instance) -> Log:
    """Everything the registry has said."""
    read = "select topic, key, stream, stream_version, position, payload from log."
    async with superuser(instance, "registry") as database:
        lanes = [
            await database.fetch(f"{read}{lane} order by position") for lane in ("log_fact", "log_state")
        ]
    payloads: dict[str, list[dict[str, Any]]] = defaultdict(list)
    days, before = [], dict[UUID, list[Any]]()
    for row in [*lanes[0], *lanes[1]]:
        said = orjson.loads(row["payload"])
        payloads[row["topic"]].append(said)
        if row["topic"] == "registry.attendance":
            (new,) = [fact for fact in said["facts"] if fact not in before.get(row["stream"], [])]
            before[row["stream"]] = said["facts"]
            place = (row["key"], row["stream"], row["stream_version"], row["position"])
            days.append(Fact(*place, said, new))
    facts, states = (
        [Keyed(f"{row['topic']} {row['key']}", row["position"]) for row in lane] for lane in lanes
    )
    return Log(days, facts, states, payloads)


async def disagreements(instance: Instance, log: Log, told: Told) -> list[str]:
    """Everything that does not hold after a history; empty is good."""
    return [
        *checker.commands(acknowledged(log, told), unknown(told), [fact.command for fact in log.saves]),
        *checker.versions(log.days),
        *answers(log, told),
        *await rows(instance, log),
        *await copies(instance, log),
        *await broker(instance, log),
    ]


def acknowledged(log: Log, told: Told) -> set[str]:
    """Cells that were saved by the very command that was answered.

    A client that gave up may ask for what its lost command has done after all; that cell was "saved" before.
    """
    there = {fact.command for fact in log.saves}
    lost = {(fact.key, fact.new["code"]) for fact in log.saves if fact.number in told.unknown}
    return {
        f"{number} {pupil}"
        for number, saved in told.saved.items()
        for pupil in saved
        if f"{number} {pupil}" in there or (str(pupil), told.asked[number][pupil]) not in lost
    }


def unknown(told: Told) -> set[str]:
    """Cells of commands whose answer never came."""
    return {f"{number} {pupil}" for number in told.unknown for pupil in told.asked[number]}


def answers(log: Log, told: Told) -> Iterable[str]:
    """Revisions and codes that clients were told, commands done in part, rolls that were taken."""
    days = {(fact.key, fact.stream_version): fact for fact in log.days}
    for number, saved in told.saved.items():
        for pupil, (revision, code) in saved.items():
            fact = days.get((str(pupil), revision))
            if fact is None or fact.day["revision"] != revision or fact.day["code"] != code:
                yield f"command {number} was told revision {revision} {code} of {pupil}"
    told_of: dict[int, set[str]] = defaultdict(set)
    for fact in log.saves:
        told_of[fact.number].add(fact.key)
        if told.asked[fact.number].get(UUID(fact.key)) != fact.new["code"]:
            yield f"command {fact.number} did not ask for {fact.new['code']}"
    for number, pupils in told_of.items():
        if number in told.saved and not pupils <= set(map(str, told.saved[number])):
            yield f"command {number} did more than it said"
    taken = {
        UUID(said["class_id"]): (datetime.fromisoformat(said["taken_at"]), said["members"])
        for said in log.payloads["registry.roll"]
    }
    if len(taken) < len(log.payloads["registry.roll"]):
        yield "a roll was taken twice"
    for class_id, (at, members) in told.taken.items():
        if taken.get(class_id) != (datetime.fromisoformat(at), members):
            yield f"the roll of {class_id} was not taken as it was told"


async def rows(instance: Instance, log: Log) -> Iterable[str]:
    """The registry's own tables are the fold of its log."""
    last = {fact.stream: fact.day for fact in log.days}
    async with superuser(instance, "registry") as database:
        kept = await database.fetch("select id, revision, status, facts from pupil_day")
        said = await database.fetch(
            "select pupil_day_id, source, revision, code, claimed_at from attendance_fact"
        )
    found = []
    folded = {
        id: (
            day["revision"],
            day["status"],
            {one["source"]: (one["revision"], one["code"]) for one in day["facts"]},
        )
        for id, day in last.items()
    }
    if folded != {
        row["id"]: (
            row["revision"],
            row["status"],
            {source: (one["revision"], one["code"]) for source, one in orjson.loads(row["facts"]).items()},
        )
        for row in kept
    }:
        found.append("pupil_day is not the fold of the log")
    told = [
        (
            f.stream,
            f.new["source"],
            f.new["revision"],
            f.new["code"],
            f.new["claimed_at"] and datetime.fromisoformat(f.new["claimed_at"]),
        )
        for f in log.days
    ]
    if sorted(told, key=str) != sorted(map(tuple, said), key=str):
        found.append("attendance_fact is not what the log says")
    return found


async def copies(instance: Instance, log: Log) -> Iterable[str]:
    """Copies equal their rebuild, and the log; nothing waits for an operator."""
    found = [f"parked at {service}: {item}" for service, item in await all_waiting(instance)]
    for service in ("dashboard", "identity", "messaging"):
        for copy in parts(service).copies:
            built = await rebuild_copy(instance, service, copy.name)
            if built.different or built.parked:
                found.append(f"{service}/{copy.name} is not the fold of the log: {built}")
    async with superuser(instance, "dashboard") as database:
        kept = await database.fetch(
            "select pupil_day_id, version, position, status, code from copy.pupil_day"
        )
    if {row[0]: tuple(row)[1:] for row in kept} != {
        fact.stream: (fact.stream_version, fact.position, fact.day["status"], fact.day["code"])
        for fact in log.days
    }:
        found.append("the dashboard's days are not the registry's")
    return found


async def broker(instance: Instance, log: Log) -> Iterable[str]:
    """What lies on the topics is what lies in the log."""
    if instance.choices.transport == "log":
        return []
    if instance.platform:
        await eventually(lambda: everything_sent(instance), within=PATIENCE, every=0.5)
        await tsumugi(instance, "feed", "verify")  # it asks as the services do, and fails with what it finds
        return []
    partitions = {
        name: topic.partitions for name, topic in topology().topics.items() if name.startswith("registry.")
    }
    facts: dict[str, list[int]] = defaultdict(list)
    states: dict[str, int] = {}
    for place, messages in (await everything(instance.kafka.bootstrap, partitions)).items():
        for message in data(messages):
            key, headers = f"{place.topic} {message.key.decode()}", dict(message.headers)
            if headers["ce_lane"] == b"2":
                facts[key].append(int(headers["ce_position"]))
            else:
                states[key] = int(headers["ce_position"])
    return checker.topics(log.facts, log.states, facts, states)


async def everything_sent(instance: Instance) -> bool:
    """Whether every relay is through: copies that have arrived do not show one that sends everything once more."""
    for service in senders():
        async with superuser(instance, service) as database:
            asked = "select r.position >= h.position from feed.relayed r, log.head h"
            if not await database.fetchval(asked):
                return False
    return True


def recount(log: Log, today: date) -> dict[str, dict[str, Any]]:
    """Class → how many eat, counted from the log alone."""
    on = today.isoformat()
    days = {fact.key: fact.day for fact in log.days}
    taken = {said["class_id"]: said["taken_at"] for said in log.payloads["registry.roll"]}
    closed = [
        (calendar["school"], closure)
        for calendar in log.payloads["registry.calendar"]
        for closure in calendar["closures"]
        if closure["on"] == on
    ]
    open_ = {said["school"] for said in log.payloads["registry.calendar"] if on in said["school_days"]}
    classes = {
        said["organisation"]: said
        for said in log.payloads["registry.organisation"]
        if said["kind"] == "class"
        and said["school_year"] == school_year(today)
        and said["school"] in open_
        and not any(
            school == said["school"]
            and (
                closure["scope"] == "school"
                or closure["class_id"] == said["organisation"]
                or (closure["scope"] == "grade" and closure["grade"] == said["grade"])
            )
            for school, closure in closed
        )
    }
    counted: dict[str, dict[str, Any]] = {}
    for said in log.payloads["registry.enrolment"]:
        for one in said["memberships"]:
            here = one["since"] <= on and (one["until"] is None or on < one["until"])
            if not here or one["kind"] != "home" or one["class_id"] not in classes:
                continue
            presence = days.get(said["pupil"], {"presence": "unrecorded"})["presence"]
            value = counted.setdefault(
                one["class_id"],
                {"members": 0, "absent": 0, "unrecorded": 0, "taken_at": taken.get(one["class_id"])},
            )
            value["members"] += 1
            value["absent"] += presence == "absent"
            value["unrecorded"] += presence == "unrecorded"
    return counted


async def lunch(instance: Instance, counted: dict[str, dict[str, Any]]) -> None:
    """The kitchen is told what the log says."""
    secret = department_secret(instance, KITCHEN_CLIENT).read_text(encoding="ascii").strip()
    async with httpx.AsyncClient(timeout=30) as http:
        token = await department_token(http, instance.settings("dashboard").issuer, KITCHEN_CLIENT, secret)
        told: dict[str, dict[str, Any]] = {}

        async def agrees() -> bool:
            answer = await http.get(
                f"{instance.origin}/api/feeds/{LUNCH_COUNT}/items",
                params={"after": 0},
                headers={"authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 200, answer.text
            items = [orjson.loads(line) for line in answer.text.splitlines()]
            told.clear()
            told.update({item["group"]: item["value"] for item in items})
            return told == counted

        try:
            await eventually(agrees, within=PATIENCE / 4, every=0.2)
        except AssertionError:
            assert told == counted  # the same again, for its words
            raise
