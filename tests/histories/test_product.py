"""The same proof on the product itself: real processes, the real command line, kills with -9 while rolls are saved.

The seed is printed; TSUMUGI_SEED plays the same choices again (the machine's timing is not ours to repeat).
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from deploy.local.admin import all_waiting, parts, rebuild_copy
from deploy.local.example import (
    KITCHEN_CLIENT,
    allow_lunch_count,
    department_secret,
    import_example,
    only_board,
    training_day,
)
from deploy.local.instance import Instance, Transport
from deploy.local.prepare import prepare_databases
from deploy.local.temporary import free_ports, temporary_home
from deploy.topology import topology
from deploy.town.generate import SEED, write_town
from services.dashboard.feeds.consumer import department_token
from shared.contracts.dashboard import LUNCH_COUNT
from shared.dates import SystemClock, school_year
from tests.histories import checker
from tests.histories.product import (
    Client,
    Log,
    Told,
    deployment,
    in_step,
    on_stage,
    read_log,
    seats,
    superuser,
    tsumugi,
)
from tests.support.transports import data, everything
from tests.support.waiting import eventually, for_a_while

pytestmark = pytest.mark.slow

SECONDS = 12.0
PUPILS = 300
CLASSES = 4
ENOUGH_COMMANDS = 60
ENOUGH_KILLS = 2
PATIENCE = 120.0
"""For a machine that has much else to do; an idle one needs a few seconds."""

_STAFF = """
select c.name as class_name, s.short_name as school, p.legal_family || p.legal_given as staff, p.id
from organisation c
join organisation s on s.id = c.school_id
join duty_period d on d.organisation_id = c.school_id and d.kind = 'vice_principal' and d.voided_at is null
    and d.valid @> $2::date
join person p on p.id = d.subject_id and p.common_family is null
where c.id = $1
"""


@pytest.fixture
def seed() -> int:
    seed = int(os.environ.get("TSUMUGI_SEED") or secrets.randbelow(2**32))
    print(f"TSUMUGI_SEED={seed}")  # noqa: T201 (shown with a failure)
    return seed


@pytest.fixture(params=["log", pytest.param("kafka", marks=pytest.mark.kafka)])
def instance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """A prepared deployment with a small town; its services do not run yet."""
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    transport: Transport = request.param
    with temporary_home() as home:
        instance = deployment(home, free_ports(), transport, training_day(SystemClock().today()))

        async def prepare() -> None:
            await prepare_databases(instance)
            await import_example(instance, instance.clock.today(), pupils=PUPILS)

        asyncio.run(prepare())
        yield instance


async def test_the_product_under_kills(instance: Instance, seed: int, tmp_path: Path) -> None:
    random, told, over = Random(seed), Told(), asyncio.Event()
    today, board = instance.clock.today(), await only_board(instance)
    write_town(tmp_path, seed=SEED, school_year=school_year(today), training_date=today, pupils=PUPILS)
    with on_stage(instance) as cast:
        await eventually(lambda: in_step(instance), within=PATIENCE, every=0.1)
        await allow_lunch_count(instance, instance.clock)
        places = await seats(instance, board, today, CLASSES)
        async with superuser(instance, "registry") as database:
            stand_in = (await database.fetch(_STAFF, places[0].class_id, today))[0]
        acting = [Client(instance, seat, Random(random.random()), told).work(over) for seat in places]
        acting += [cast.torment(role, Random(random.random()), over) for role in cast.victims]

        def enough() -> bool:
            return len(told.saved) >= ENOUGH_COMMANDS and min(cast.kills.values()) >= ENOUGH_KILLS

        async def act() -> None:
            await for_a_while(SECONDS / 4)
            words = ("substitute", stand_in["school"], stand_in["class_name"], stand_in["staff"])
            said = await asyncio.gather(
                tsumugi(instance, *words), tsumugi(instance, "import", "oneroster", str(tmp_path))
            )
            assert "補欠に入りました" in said[0]
            assert "何も変えていません" in said[1]
            await for_a_while(SECONDS * 3 / 4)
            try:
                await eventually(enough, within=PATIENCE, every=0.1)
            finally:
                print(f"{len(told.saved)} acknowledged, {len(told.unknown)} unknown, kills {cast.kills}")  # noqa: T201
            over.set()

        async with asyncio.timeout(3 * PATIENCE), asyncio.TaskGroup() as together:
            for one in [*acting, act()]:
                together.create_task(one)
        await eventually(lambda: in_step(instance), within=PATIENCE, every=0.1)
        log = await read_log(instance)
        assert told.odd == []
        assert [
            *checker.commands(acknowledged(log, told), unknown(told), [fact.command for fact in log.days]),
            *checker.versions(log.days),
            *answers(log, told),
            *await rows(instance, log),
            *await copies(instance, log),
            *await broker(instance, log),
        ] == []
        duties = {said["staff"]: said["duties"] for said in log.payloads["registry.duty"]}
        assert "substitute" in [duty["kind"] for duty in duties[str(stand_in["id"])]]
        await lunch(instance, recount(log, today))


def acknowledged(log: Log, told: Told) -> set[str]:
    """Cells that were saved by the very command that was answered.

    A client that gave up may ask for what its lost command has done after all; that cell was "saved" before.
    """
    there = {fact.command for fact in log.days}
    lost = {(fact.key, fact.new["code"]) for fact in log.days if fact.number in told.unknown}
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
    for fact in log.days:
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
            datetime.fromisoformat(f.new["claimed_at"]),
        )
        for f in log.days
    ]
    if sorted(told) != sorted(map(tuple, said)):
        found.append("attendance_fact is not what the log says")
    return found


async def copies(instance: Instance, log: Log) -> Iterable[str]:
    """Copies equal their rebuild, and the log; nothing waits for an operator."""
    found = [f"parked at {service}: {item}" for service, item in await all_waiting(instance)]
    for service in ("dashboard", "identity"):
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
        token = await department_token(http, instance.url("identity"), KITCHEN_CLIENT, secret)
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
