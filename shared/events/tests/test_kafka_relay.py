"""Kafka as transport: its topics, what the relay sends, and what happens when it is killed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from uuid import UUID, uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from sqlalchemy import text

from shared.contracts import Lane, Topic
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_feed import KafkaFeed
from shared.events.kafka_plans import Plan
from shared.events.kafka_topics import TopicTrouble, ensure_topics
from shared.events.kafka_wire import WATERMARK_KEY, headers_of, place_of, read_mark
from shared.events.tests.made import fact
from shared.events.tests.relays import Relays, sent_up_to
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import SECRET, Echo, ThingChanged, ToyCopy
from tests.support.transports import PARTITIONS, data, everything
from tests.support.waiting import eventually

PLANS = {"toy.thing": Plan(3, Lane.STATE), "toy.count": Plan(3, Lane.FACT), "toy.secret": Plan(1, Lane.FACT)}


async def test_states_are_compacted_and_facts_kept_35_days(broker: str) -> None:
    await ensure_topics(KafkaAccess(broker), PLANS)
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


async def test_making_them_again_changes_nothing(broker: str) -> None:
    await ensure_topics(KafkaAccess(broker), PLANS)
    await ensure_topics(KafkaAccess(broker), PLANS)
    await ensure_topics(KafkaAccess(broker), {})


async def test_another_number_of_partitions_is_refused(broker: str) -> None:
    await ensure_topics(KafkaAccess(broker), PLANS)

    async def refused() -> bool:
        try:
            await ensure_topics(KafkaAccess(broker), {"toy.thing": Plan(4, Lane.STATE)})
        except TopicTrouble as trouble:
            return "区画 3 個" in str(trouble)
        return False

    await eventually(refused)


async def test_a_broker_that_is_not_there_is_told() -> None:
    with pytest.raises(Exception, match="KafkaConnectionError"):
        await ensure_topics(KafkaAccess("127.0.0.1:9"), PLANS)


async def test_records_are_cloud_events_in_binary_mode(toy: Toy, broker: str, relays: Relays) -> None:
    thing = uuid4()
    position = await toy.change(thing, 3)
    relays.start()
    await sent_up_to(toy, position)
    (message,) = [
        m for place, ms in (await everything(broker)).items() if place.topic == "toy.count" for m in data(ms)
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
        "ce_generation": "1",
        "ce_lane": "2",
        "ce_stream": str(row.stream),
        "ce_streamversion": "1",
        "ce_actor": "teacher",
        "ce_subject": str(thing),
        "content-type": "application/json",
    }
    assert message.key.decode() == str(thing)


async def test_a_tombstone_has_no_value(toy: Toy, broker: str, relays: Relays) -> None:
    thing = uuid4()
    relays.start()
    async with toy.app.work(toy.scope, actor="teacher") as work:
        work.tombstone(ThingChanged, key=thing)
    assert work.position
    await sent_up_to(toy, work.position)
    (message,) = [m for messages in (await everything(broker)).values() for m in data(messages)]
    assert (message.key, message.value) == (str(thing).encode(), None)


async def test_a_watermark_stands_behind_the_data_in_every_partition(
    toy: Toy, broker: str, relays: Relays
) -> None:
    relays.start()
    for amount in range(50):
        position = await toy.change(uuid4(), amount)
    await sent_up_to(toy, position)
    partitions = await everything(broker)
    last: dict[str, list[int]] = {}
    assert len(partitions) == sum(PARTITIONS.values())
    for place, messages in sorted(partitions.items()):
        highest = 0
        for message in messages:
            epoch, at, _ = place_of(message.headers)
            assert epoch == 1
            if message.key == WATERMARK_KEY:
                assert read_mark(message.value).sent.keys() == PARTITIONS.keys()
                assert highest <= at
            else:
                highest = max(highest, at)
        assert messages[-1].key == WATERMARK_KEY
        assert place_of(messages[-1].headers) == (1, position, 1)
        last.setdefault(place.topic, []).append(highest)
    mark = read_mark(messages[-1].value)
    assert mark.sent == last, "how far every partition goes"


async def test_watermarks_are_few(toy: Toy, broker: str, relays: Relays) -> None:
    """Beside what was touched at most one in 20 ms, however many commands; everywhere one in 100 ms."""
    relay = relays.start()
    await eventually(lambda: relay.state.head is not None)
    loop = asyncio.get_running_loop()
    before = loop.time()
    last = max(await asyncio.gather(*(toy.change(uuid4(), amount) for amount in range(200))))
    await sent_up_to(toy, last)
    took = loop.time() - before
    marks: dict[str, int] = defaultdict(int)
    for place, messages in (await everything(broker)).items():
        marks[place.topic] += len(messages) - len(data(messages))
    for topic, partitions in PARTITIONS.items():
        near = 0 if topic == SECRET.name else took / 0.02 + 3
        assert marks[topic] <= near + (took / 0.1 + 3) * partitions, topic


async def test_a_killed_relay_sends_again_and_nobody_minds(
    toy: Toy, broker: str, relays: Relays, feed: KafkaFeed
) -> None:
    """Killed between the broker's answer and storing how far it came."""
    things = [uuid4() for _ in range(3)]
    worker = toy.copy_worker(ToyCopy(), feed)
    echo_feed = KafkaFeed("toy", KafkaAccess(broker), ["toy.count"])
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
    toy: Toy, broker: str, relays: Relays
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
            at = place_of(message.headers).position
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
    toy: Toy, broker: str, relays: Relays
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
    assert {place_of(message.headers).position for message in sent} <= {before - 1}
    async with toy.engine("toy_owner").begin() as connection:
        await connection.execute(
            text("update log.log_fact set payload = null where position = :p"), {"p": before}
        )
    await sent_up_to(toy, before + 2)
    assert await eventually(lambda: relay.state.stopped_because is None)


async def test_one_relay_is_active_and_the_other_takes_over(toy: Toy, relays: Relays) -> None:
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
    toy: Toy, broker: str, relays: Relays
) -> None:
    name = f"feed.{toy.board}.lunch.count"
    relays.start()
    topic = Topic(name, Lane.STATE, key="item", importance="III")
    async with toy.app.work(toy.scope, actor="dashboard") as work:
        thing = uuid4()
        work.publish(ThingChanged(thing=thing, label="a", amount=1), key=thing, topic=topic)
    assert work.position
    await sent_up_to(toy, work.position)
    department = KafkaFeed("toy", KafkaAccess(broker), [name])
    try:
        batch = await department.read(None, limit=10, wait=10)
        assert [record.key for record in batch.records] == [str(thing)]
    finally:
        await department.close()


def test_headers_carry_a_traceparent() -> None:
    record = fact(1, "a", "d", 1, traceparent="00-aa-bb-01", subject=UUID(int=4))
    headers = dict(headers_of(record, 1))
    assert headers["ce_traceparent"] == b"00-aa-bb-01"
    assert headers["ce_subject"] == str(UUID(int=4)).encode()
