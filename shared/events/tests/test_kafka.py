"""Kafka as transport: what the relay sends, what happens when it is killed, and when a consumer may not go on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from sqlalchemy import text

from deploy.local.kafka import Kafka
from shared.contracts import Lane, Topic
from shared.events import kafka as adapter
from shared.events.feed import Cursor
from shared.events.kafka import KafkaFeed, KafkaRelay, OutOfRange, Plan, Stuck, TopicTrouble, ensure_topics
from shared.events.kafka_wire import WATERMARK_KEY, Foreign, headers_of, read_watermark
from shared.events.tests.made import fact
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import Echo, ThingChanged, ToyCopy
from tests.support.transports import PARTITIONS, data, everything, forget_topics
from tests.support.waiting import eventually

TOPICS = ["toy.thing", "toy.count"]
PLANS = {"toy.thing": Plan(3, Lane.STATE), "toy.count": Plan(3, Lane.FACT), "toy.secret": Plan(1, Lane.FACT)}


@pytest.fixture
async def broker(kafka: Kafka) -> str:
    """An address of a broker without the toy's topics."""
    await forget_topics(kafka.bootstrap)
    return kafka.bootstrap


class Relays:
    """Relays that are started and killed at will."""

    def __init__(self, toy: Toy, bootstrap: str) -> None:
        self._toy = toy
        self._bootstrap = bootstrap
        self._running: dict[KafkaRelay, asyncio.Task[None]] = {}

    def start(self) -> KafkaRelay:
        relay = KafkaRelay("toy", self._toy.database.feed, self._bootstrap, PARTITIONS)
        self._running[relay] = asyncio.create_task(relay.run())
        return relay

    async def kill(self, relay: KafkaRelay) -> None:
        task = self._running.pop(relay)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def close(self) -> None:
        for relay in list(self._running):
            await self.kill(relay)


@pytest.fixture
async def relays(toy: Toy, broker: str) -> AsyncIterator[Relays]:
    relays = Relays(toy, broker)
    yield relays
    await relays.close()


@pytest.fixture
async def feed(broker: str) -> AsyncIterator[KafkaFeed]:
    feed = KafkaFeed("toy", broker, TOPICS)
    yield feed
    await feed.close()


async def sent_up_to(toy: Toy, position: int) -> None:
    async def stored() -> bool:
        (row,) = await toy.rows("select position from feed.relayed")
        return bool(row.position >= position)

    await eventually(stored)


class TestTopics:
    async def test_states_are_compacted_and_facts_kept_35_days(self, broker: str) -> None:
        await ensure_topics(broker, PLANS)
        admin = AIOKafkaAdminClient(bootstrap_servers=broker)
        await admin.start()

        async def described() -> dict[str, dict[str, str]]:
            answers = await admin.describe_configs(
                [ConfigResource(ConfigResourceType.TOPIC, name) for name in PLANS]
            )
            found = {
                resource[3]: {entry[0]: entry[1] for entry in resource[4]}
                for answer in answers
                for resource in answer.resources
            }
            return found if all(found.values()) else {}  # the broker may not have heard of its new topics yet

        try:
            settings = await eventually(described)
            topics = await admin.describe_topics(list(PLANS))
        finally:
            await admin.close()
        assert settings["toy.thing"]["cleanup.policy"] == "compact"
        assert settings["toy.thing"]["max.compaction.lag.ms"] == str(24 * 3600 * 1000)
        assert settings["toy.count"]["cleanup.policy"] == "delete"
        assert settings["toy.count"]["retention.ms"] == str(35 * 24 * 3600 * 1000)
        assert {topic["topic"]: len(topic["partitions"]) for topic in topics} == PARTITIONS

    async def test_making_them_again_changes_nothing(self, broker: str) -> None:
        await ensure_topics(broker, PLANS)
        await ensure_topics(broker, PLANS)
        await ensure_topics(broker, {})

    async def test_another_number_of_partitions_is_refused(self, broker: str) -> None:
        await ensure_topics(broker, PLANS)

        async def refused() -> bool:
            try:
                await ensure_topics(broker, {"toy.thing": Plan(4, Lane.STATE)})
            except TopicTrouble as trouble:
                return "区画 3 個" in str(trouble)
            return False

        await eventually(refused)

    async def test_a_broker_that_is_not_there_is_told(self) -> None:
        with pytest.raises(Exception, match="KafkaConnectionError"):
            await ensure_topics("127.0.0.1:9", PLANS)


class TestRelay:
    async def test_records_are_cloud_events_in_binary_mode(
        self, toy: Toy, broker: str, relays: Relays
    ) -> None:
        thing = uuid4()
        position = await toy.change(thing, 3)
        relays.start()
        await sent_up_to(toy, position)
        (message,) = [
            m
            for place, ms in (await everything(broker)).items()
            if place.topic == "toy.count"
            for m in data(ms)
        ]
        headers = {name: value.decode() for name, value in message.headers}
        (row,) = await toy.rows("select * from log.log_fact")
        assert headers == {
            "ce_specversion": "1.0",
            "ce_id": str(row.ce_id),
            "ce_source": "tsumugi/toy",
            "ce_type": "toy.count.counted",
            "ce_time": "2026-11-19T23:30:00+00:00",
            "ce_board": str(toy.board),
            "ce_epoch": "1",
            "ce_position": str(position),
            "ce_lane": "2",
            "ce_stream": str(row.stream),
            "ce_streamversion": "1",
            "ce_actor": "teacher",
            "ce_subject": str(thing),
            "content-type": "application/json",
        }
        assert message.key.decode() == str(thing)

    async def test_a_tombstone_has_no_value(self, toy: Toy, broker: str, relays: Relays) -> None:
        thing = uuid4()
        relays.start()
        async with toy.app.work(toy.scope, actor="teacher") as work:
            work.tombstone(ThingChanged, key=thing)
        assert work.position
        await sent_up_to(toy, work.position)
        (message,) = [m for messages in (await everything(broker)).values() for m in data(messages)]
        assert (message.key, message.value) == (str(thing).encode(), None)

    async def test_a_watermark_stands_behind_the_data_in_every_partition(
        self, toy: Toy, broker: str, relays: Relays
    ) -> None:
        relays.start()
        for amount in range(50):
            position = await toy.change(uuid4(), amount)
        await sent_up_to(toy, position)
        partitions = await everything(broker)
        assert len(partitions) == sum(PARTITIONS.values())
        for messages in partitions.values():
            highest = 0
            for message in messages:
                epoch, at = read_watermark(message.headers)
                assert epoch == 1
                if message.key == WATERMARK_KEY:
                    assert message.value == str(at).encode(), "a tombstone would be compacted away"
                    assert highest <= at
                else:
                    highest = max(highest, at)
            assert messages[-1].key == WATERMARK_KEY
            assert read_watermark(messages[-1].headers) == (1, position)

    async def test_watermarks_are_few(self, toy: Toy, broker: str, relays: Relays) -> None:
        """At most one in 20 ms, however many commands."""
        relay = relays.start()
        await eventually(lambda: relay.state.head is not None)
        loop = asyncio.get_running_loop()
        before = loop.time()
        last = max(await asyncio.gather(*(toy.change(uuid4(), amount) for amount in range(200))))
        await sent_up_to(toy, last)
        allowed = (loop.time() - before) / 0.02 + 3
        partitions = await everything(broker)
        for messages in partitions.values():
            assert len(messages) - len(data(messages)) <= allowed

    async def test_a_killed_relay_sends_again_and_nobody_minds(
        self, toy: Toy, broker: str, relays: Relays, feed: KafkaFeed
    ) -> None:
        """Killed between the broker's answer and storing how far it came."""
        things = [uuid4() for _ in range(3)]
        worker = toy.copy_worker(ToyCopy(), feed)
        echo_feed = KafkaFeed("toy", broker, ["toy.count"])
        echo = toy.reaction_worker(Echo(), echo_feed)
        total = 0
        try:
            for amount in range(12):
                position = await toy.change(things[amount % 3], amount)
                total += amount
                if amount % 4 == 3:
                    relay = relays.start()
                    await sent_up_to(toy, position)
                    await relays.kill(relay)
                    await toy.rows("update feed.relayed set position = position / 3 returning 1")
            relays.start()
            await catch_up(worker, to=position)
            await catch_up(echo, to=position)
        finally:
            await echo_feed.close()

        sent = [m for messages in (await everything(broker)).values() for m in data(messages)]
        assert len(sent) > 24, "some were sent again"
        cards = await toy.rows("select thing, amount from copy.thing_card where label = 'thing'")
        assert {(row.thing, row.amount) for row in cards} == {
            (things[0], 9),
            (things[1], 10),
            (things[2], 11),
        }
        assert [row.version for row in await toy.rows("select version from copy.count_day")] == [4, 4, 4]
        (echoed,) = await toy.rows("select sum(amount) as total from thing where label = 'echo'")
        assert echoed.total == total
        assert await toy.rows("select 1 from feed.parked") == []

    async def test_first_arrivals_of_a_key_are_in_order_and_the_last_state_is_the_logs(
        self, toy: Toy, broker: str, relays: Relays
    ) -> None:
        things = [uuid4() for _ in range(4)]
        for amount in range(24):
            position = await toy.change(things[amount % 4], amount)
            if amount % 6 == 5:
                relay = relays.start()
                await sent_up_to(toy, position)
                await relays.kill(relay)
                await toy.rows("update feed.relayed set position = position / 2 returning 1")
        relays.start()
        await sent_up_to(toy, position)
        facts: dict[bytes, list[int]] = defaultdict(list)
        states: dict[bytes, int] = {}
        for place, messages in (await everything(broker)).items():
            for message in data(messages):
                _, at = read_watermark(message.headers)
                if place.topic == "toy.thing":
                    states[message.key] = at
                elif at not in facts[message.key]:
                    assert not facts[message.key] or at > facts[message.key][-1]
                    facts[message.key].append(at)
        log = await toy.rows(
            "select key, array_agg(position order by position) as positions from log.log_fact group by key"
        )
        assert facts == {row.key.encode(): row.positions for row in log}
        log = await toy.rows("select key, position from log.log_state")
        assert states == {row.key.encode(): row.position for row in log}

    async def test_nothing_is_sent_past_a_record_that_cannot_be_sent(
        self, toy: Toy, broker: str, relays: Relays
    ) -> None:
        before = await toy.change(uuid4(), 1)
        async with toy.engine("toy_owner").begin() as connection:
            await connection.execute(
                text("update log.log_fact set payload = jsonb_build_object('note', repeat('x', 1200000))")
            )
        await toy.change(uuid4(), 2)
        relay = relays.start()
        reason = await eventually(lambda: relay.state.stopped_because)
        assert reason == "MessageSizeTooLargeError"
        sent = [m for messages in (await everything(broker)).values() for m in data(messages)]
        assert {read_watermark(message.headers)[1] for message in sent} <= {before - 1}
        async with toy.engine("toy_owner").begin() as connection:
            await connection.execute(
                text("update log.log_fact set payload = null where position = :p"), {"p": before}
            )
        await sent_up_to(toy, before + 2)
        assert await eventually(lambda: relay.state.stopped_because is None)

    async def test_one_relay_is_active_and_the_other_takes_over(self, toy: Toy, relays: Relays) -> None:
        one, other = relays.start(), relays.start()
        await eventually(lambda: one.state.active or other.state.active)
        position = await toy.change(uuid4(), 1)
        await sent_up_to(toy, position)
        active, standing_by = (one, other) if one.state.active else (other, one)
        assert standing_by.state.applied == 0
        await relays.kill(active)
        position = await toy.change(uuid4(), 2)
        await sent_up_to(toy, position)
        assert standing_by.state.active

    async def test_a_feed_for_a_department_gets_its_topic_with_its_first_item(
        self, toy: Toy, broker: str, relays: Relays
    ) -> None:
        name = f"feed.{toy.board}.lunch.count"
        relays.start()
        topic = Topic(name, Lane.STATE, key="item", importance="III")
        async with toy.app.work(toy.scope, actor="dashboard") as work:
            thing = uuid4()
            work.publish(ThingChanged(thing=thing, label="a", amount=1), key=thing, topic=topic)
        assert work.position
        await sent_up_to(toy, work.position)
        department = KafkaFeed("toy", broker, [name])
        try:
            batch = await department.read(None, limit=10, wait=10)
            assert [record.key for record in batch.records] == [str(thing)]
        finally:
            await department.close()


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


class TestFeed:
    async def test_topics_that_are_missing_are_named(self, feed: KafkaFeed) -> None:
        with pytest.raises(TopicTrouble, match=r"toy\.count, toy\.thing"):
            await feed.read(None, limit=10, wait=0)

    async def test_nothing_is_known_of_an_empty_log_until_the_relay_speaks(
        self, broker: str, relays: Relays, feed: KafkaFeed
    ) -> None:
        await ensure_topics(broker, PLANS)
        batch = await eventually(lambda: first(feed))
        assert not batch.news(None)
        relays.start()
        batch = await feed.read(None, limit=10, wait=10)
        assert batch.news(None)
        assert (batch.records, batch.epoch) == ([], 1)

    async def test_an_offset_that_kafka_no_longer_has_stops_the_feed_loudly(
        self, toy: Toy, relays: Relays, feed: KafkaFeed
    ) -> None:
        relays.start()
        await sent_up_to(toy, await toy.change(uuid4(), 1))
        beyond = {topic: {str(n): 1_000_000 for n in range(3)} for topic in TOPICS}
        with pytest.raises(OutOfRange, match="写しを作り直してください"):
            await until_raised(feed, beyond)
        batch = await feed.read(None, limit=10, wait=10)
        assert batch.news(None), "the feed works again from a good cursor"

    async def test_a_fact_topic_that_has_lost_its_beginning_is_not_whole(
        self, toy: Toy, broker: str, relays: Relays, feed: KafkaFeed
    ) -> None:
        relays.start()
        await sent_up_to(toy, await toy.change(uuid4(), 1))
        assert (await feed.read(None, limit=10, wait=10)).whole
        await feed.close()
        admin = AIOKafkaAdminClient(bootstrap_servers=broker)
        await admin.start()
        try:
            await admin.delete_records(
                {TopicPartition("toy.count", n): RecordsToDelete(before_offset=1) for n in range(3)}
            )
        finally:
            await admin.close()
        position = await toy.change(uuid4(), 2)
        worker = toy.copy_worker(ToyCopy(), feed)
        await catch_up(worker, to=position)
        assert not (await worker.where()).began_at_zero

    async def test_records_of_another_epoch_are_not_mixed_in(
        self, toy: Toy, relays: Relays, feed: KafkaFeed
    ) -> None:
        relays.start()
        await sent_up_to(toy, await toy.change(uuid4(), 1))
        async with toy.engine("toy_owner").begin() as connection:
            await connection.execute(text("update log.head set epoch = 2"))
        position = await toy.change(uuid4(), 2)
        await sent_up_to(toy, position)
        cursor: Cursor | None = None
        epochs: list[int | None] = []
        while not epochs or epochs[-1] != 2:
            batch = await feed.read(cursor, limit=100, wait=1)
            assert {record.epoch for record in batch.records} <= {batch.epoch}
            cursor = batch.cursor
            epochs.append(batch.epoch)
        assert epochs == sorted(epochs, key=lambda epoch: epoch or 0)

    async def test_a_consumer_that_hangs_is_noticed_and_replaced(
        self, toy: Toy, relays: Relays, feed: KafkaFeed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relays.start()
        position = await toy.change(uuid4(), 1)
        await sent_up_to(toy, position)
        monkeypatch.setattr(adapter, "_SILENCE_SECONDS", 0.05)

        async def silent(self: AIOKafkaConsumer, *_: object, **__: object) -> dict[object, object]:
            await asyncio.sleep(0)
            return {}

        with monkeypatch.context() as patch:
            patch.setattr(AIOKafkaConsumer, "getmany", silent)
            with pytest.raises(Stuck):
                await until_raised(feed, None)
        await catch_up(toy.copy_worker(ToyCopy(), feed), to=position)

    async def test_silence_without_anything_to_read_is_no_trouble(
        self, toy: Toy, relays: Relays, feed: KafkaFeed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relays.start()
        position = await toy.change(uuid4(), 1)
        await sent_up_to(toy, position)
        await catch_up(toy.copy_worker(ToyCopy(), feed), to=position)
        monkeypatch.setattr(adapter, "_SILENCE_SECONDS", 0.0)
        cursor = (await toy.copy_worker(ToyCopy(), feed).where()).cursor
        for _ in range(3):
            batch = await feed.read(cursor, limit=10, wait=0.01)
            cursor = batch.cursor

    async def test_what_no_relay_wrote_stops_the_feed(self, broker: str, feed: KafkaFeed) -> None:
        await ensure_topics(broker, PLANS)
        producer = AIOKafkaProducer(bootstrap_servers=broker)
        await producer.start()
        try:
            await producer.send_and_wait("toy.thing", b"{}", key=b"x")
        finally:
            await producer.stop()
        with pytest.raises(Foreign):
            await until_raised(feed, None)


async def first(feed: KafkaFeed) -> object:
    """The first batch, once the new topics have their leaders."""
    return await feed.read(None, limit=10, wait=0.1)


async def until_raised(feed: KafkaFeed, cursor: Cursor | None) -> None:
    async with asyncio.timeout(20):
        while True:
            await feed.read(cursor, limit=10, wait=0.2)


def test_headers_carry_a_traceparent() -> None:
    record = fact(1, "a", "d", 1, traceparent="00-aa-bb-01", subject=UUID(int=4))
    headers = dict(headers_of(record))
    assert headers["ce_traceparent"] == b"00-aa-bb-01"
    assert headers["ce_subject"] == str(UUID(int=4)).encode()
