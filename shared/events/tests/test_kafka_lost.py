"""A broker that restarts, or has lost what it was given: nobody misses anything, and the operator is told."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from sqlalchemy import text

from deploy.local.kafka import Kafka
from shared.events import kafka_relay, kafka_topics
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_feed import KafkaFeed
from shared.events.kafka_wire import place_of
from shared.events.tests.relays import Relays, sent_up_to
from tests.support.fixtures import Toy
from tests.support.toy import Echo, ToyCopy
from tests.support.transports import data, everything
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow


def lose_everything(kafka: Kafka) -> None:
    """A new broker at the old one's address."""
    kafka.stop()
    shutil.rmtree(kafka.home / "data")
    (kafka.home / "formatted").unlink()
    kafka.start()


async def lose(bootstrap: str, topic: str) -> None:
    """Delete a topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([topic])

        async def gone() -> bool:
            return topic not in await admin.list_topics()

        await eventually(gone)
    finally:
        await admin.close()


@pytest.mark.slow
async def test_a_broker_that_restarts_loses_nothing(
    toy: Toy, kafka: Kafka, relays: Relays, feed: KafkaFeed
) -> None:
    thing = uuid4()
    worker = toy.copy_worker(ToyCopy(), feed)
    running = asyncio.create_task(worker.run(toy.database.feed))

    async def arrived(amount: int) -> None:
        async def there() -> bool:
            async with toy.app.read(toy.scope) as session:
                found = await session.scalar(
                    text("select amount from copy.thing_card where thing = :thing"), {"thing": thing}
                )
            return bool(found == amount)

        await eventually(there, within=60)

    try:
        relay = relays.start()
        await toy.change(thing, 1)
        await arrived(1)
        await asyncio.to_thread(kafka.stop)
        await toy.change(thing, 2)
        assert await eventually(lambda: relay.state.stopped_because, within=60) == (
            "Kafka が答えません。答えるまで待っています。"
        )
        await asyncio.to_thread(kafka.start)
        await arrived(2)
        await toy.change(thing, 3)
        await arrived(3)
        await eventually(lambda: relay.state.stopped_because is None and worker.state.stopped_because is None)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await toy.rows("select 1 from feed.parked") == []


class Following:
    """A copy and a reaction at work."""

    def __init__(self, toy: Toy, broker: str) -> None:
        self._toy = toy
        self._feeds = [
            KafkaFeed("toy", KafkaAccess(broker), topics)
            for topics in (["toy.thing", "toy.count"], ["toy.count"])
        ]
        self.copy = toy.copy_worker(ToyCopy(), self._feeds[0])
        self.reaction = toy.reaction_worker(Echo(), self._feeds[1])

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Both run."""
        jobs = [
            asyncio.create_task(worker.run(self._toy.database.feed)) for worker in (self.copy, self.reaction)
        ]
        try:
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            for feed in self._feeds:
                await feed.close()

    async def have(self, amounts: dict[UUID, int]) -> None:
        """Wait until the copy has these amounts, and the reaction has added up as much, each once."""

        async def there() -> bool:
            cards = await self._toy.rows("select thing, amount from copy.thing_card where label = 'thing'")
            (echo,) = await self._toy.rows(
                "select coalesce(sum(amount), 0) as total from thing where label = 'echo'"
            )
            return {row.thing: row.amount for row in cards} == amounts and echo.total >= sum(amounts.values())

        await eventually(there, within=60)
        (echo,) = await self._toy.rows("select sum(amount) as total from thing where label = 'echo'")
        assert echo.total == sum(amounts.values())
        assert await self._toy.rows("select 1 from feed.parked") == []


async def on_broker(broker: str) -> set[int]:
    """Positions of the records on all topics, but those a reaction publishes."""
    return {
        place_of(message.headers).position
        for place, messages in (await everything(broker)).items()
        for message in data(messages)
        if place.topic != "toy.secret"
    }


async def in_log(toy: Toy) -> set[int]:
    rows = await toy.rows(
        "select position from log.log_state union all select position from log.log_fact where topic = 'toy.count'"
    )
    return {row.position for row in rows}


async def test_a_broker_that_lost_its_data_gets_everything_again(
    toy: Toy, kafka: Kafka, relays: Relays, caplog: pytest.LogCaptureFixture
) -> None:
    """While relay and consumers are at work, and something is written meanwhile."""
    things = {uuid4(): amount for amount in (1, 2, 4)}
    relay = relays.start()
    following = Following(toy, kafka.bootstrap)
    async with following.at_work():
        for thing, amount in things.items():
            await toy.change(thing, amount)
        await following.have(things)
        await asyncio.to_thread(lose_everything, kafka)
        things[later := uuid4()] = 8
        await toy.change(later, 8)
        await eventually(lambda: "Kafka が作り直されています" in caplog.text, within=60)
        await following.have(things)
        assert await in_log(toy) <= await on_broker(kafka.bootstrap)
        await eventually(lambda: relay.state.stopped_because is None)
        await eventually(lambda: following.copy.state.stopped_because is None)


async def test_a_relay_without_anything_to_send_notices_too(
    toy: Toy, kafka: Kafka, relays: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = asyncio.Event()
    there.set()

    async def look_at(*asked: Any) -> kafka_topics.Broker:
        await there.wait()  # it does not look while the broker is away, which it would notice anyhow
        return await kafka_topics.look_at(*asked)

    monkeypatch.setattr(kafka_relay, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(kafka_relay, "look_at", look_at)
    relay = relays.start()
    await sent_up_to(toy, await toy.change(uuid4(), 1))
    there.clear()
    await asyncio.to_thread(lose_everything, kafka)
    there.set()
    told: set[str | None] = set()

    async def sent_again() -> bool:
        told.add(relay.state.stopped_because)
        topics = await toy.rows("select 1 from feed.relayed where position > 0 and cluster is not null")
        return bool(topics) and "Kafka が作り直されています。最初から送り直しています。" in told

    await eventually(sent_again, within=60)
    await eventually(lambda: relay.state.stopped_because is None)
    assert await on_broker(kafka.bootstrap) == await in_log(toy)


async def test_whoever_was_away_meanwhile_begins_anew(
    toy: Toy, kafka: Kafka, relays: Relays, caplog: pytest.LogCaptureFixture
) -> None:
    """Its offsets exist again on the new broker, and mean other records there."""
    things = {uuid4(): amount for amount in range(1, 6)}
    relay = relays.start()
    following = Following(toy, kafka.bootstrap)
    async with following.at_work():
        for thing, amount in things.items():
            await toy.change(thing, amount)
        await following.have(things)
    await relays.kill(relay)
    await asyncio.to_thread(lose_everything, kafka)
    for amount in range(6, 40):
        thing = uuid4()
        things[thing] = amount
        position = await toy.change(thing, amount)
    relays.start()
    await sent_up_to(toy, position)
    following = Following(toy, kafka.bootstrap)
    async with following.at_work():
        await following.have(things)
    assert "Kafka was made anew; it is read from the first record" in caplog.text


async def test_a_topic_that_was_lost_gets_everything_again(
    toy: Toy, kafka: Kafka, relays: Relays, caplog: pytest.LogCaptureFixture
) -> None:
    relay = relays.start()
    for amount in (1, 2):
        position = await toy.change(uuid4(), amount)
    await sent_up_to(toy, position)
    await relays.kill(relay)
    await lose(kafka.bootstrap, "toy.count")
    relays.start()
    await eventually(lambda: "Kafka に toy.count がなくなっています" in caplog.text, within=30)
    await sent_up_to(toy, position)
    assert await on_broker(kafka.bootstrap) == await in_log(toy)


async def test_a_new_topic_is_no_loss(toy: Toy, relays: Relays, caplog: pytest.LogCaptureFixture) -> None:
    """A release brings one; nothing of it was ever sent."""
    relay = relays.start()
    await sent_up_to(toy, await toy.change(uuid4(), 1))
    await relays.kill(relay)
    again = relays.start(more={"toy.new": 1})
    await eventually(lambda: again.state.head is not None)
    assert "sent again" not in caplog.text
    assert again.state.applied == 0
