"""A broker that has lost a part of what it was given: the relay sends it again, and who had read it takes it again."""

from __future__ import annotations

import asyncio
import shutil
from uuid import UUID, uuid4

import pytest

from deploy.local.kafka import Kafka
from shared.contracts import Lane, Topic
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_feed import KafkaFeed
from shared.events.kafka_marks import Sending
from shared.events.kafka_plans import Plan
from shared.events.kafka_relay import KafkaRelay
from shared.events.kafka_topics import ensure_topics, last_on
from shared.events.kafka_wire import place_of
from shared.events.restored import begin
from shared.events.tests.relays import Relays, sent_up_to
from shared.events.tests.test_kafka_lost import Following, in_log, lose, on_broker
from tests.support.backup import back_up, restore
from tests.support.fixtures import Toy
from tests.support.toy import ThingChanged
from tests.support.transports import PARTITIONS, data, everything
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

Amounts = dict[UUID, int]


async def told(toy: Toy, amounts: Amounts, new: range) -> int:
    """Tell of new things one by one, each with its marks everywhere, as on a quiet morning; the last position."""
    position = 0
    for amount in new:
        amounts[thing := uuid4()] = amount
        position = await toy.change(thing, amount)
        await sent_up_to(toy, position)
    return position


@pytest.mark.parametrize("away", [12, 60], ids=["fewer than it had", "more than it had"])
async def test_who_had_read_a_topic_that_was_lost_misses_nothing(
    toy: Toy, kafka: Kafka, relays: Relays, away: int
) -> None:
    """It is made anew and grows past their offsets, or not so far, before they read on."""
    things: Amounts = {}
    relay = relays.start()
    following = Following(toy, kafka.bootstrap)
    async with following.at_work():
        await told(toy, things, range(12))
        await following.have(things)
    await relays.kill(relay)
    await lose(kafka.bootstrap, "toy.count")
    for amount in range(100, 100 + away):
        things[thing := uuid4()] = amount
        position = await toy.change(thing, amount)
    relays.start()
    await sent_up_to(toy, position)
    following = Following(toy, kafka.bootstrap)
    async with following.at_work():
        await told(toy, things, range(200, 205))
        await following.have(things)
        counts = await toy.rows("select thing, amount from copy.count_day")
        assert {row.thing: row.amount for row in counts} == things
        last = await told(toy, things, range(300, 301))
        await eventually(lambda: min(following.copy.state.reached, following.reaction.state.reached) >= last)


async def test_a_topic_that_is_made_anew_under_a_relay_and_readers_at_work(
    toy: Toy, kafka: Kafka, relays: Relays
) -> None:
    """Before anybody could see that it was missing."""
    things: Amounts = {}
    relays.start()
    following = Following(toy, kafka.bootstrap)
    async with following.at_work():
        await told(toy, things, range(10))
        await following.have(things)
        await lose(kafka.bootstrap, "toy.count")
        await ensure_topics(KafkaAccess(kafka.bootstrap), {"toy.count": Plan(3, Lane.FACT)})
        for amount in range(20, 30):
            things[thing := uuid4()] = amount
            await toy.change(thing, amount)
        await following.have(things)
        counts = await toy.rows("select thing, amount from copy.count_day")
        assert {row.thing: row.amount for row in counts} == things


async def test_a_broker_brought_back_from_an_older_snapshot_gets_the_missing_end(
    toy: Toy, kafka: Kafka, relays: Relays
) -> None:
    """Its id and its topics are the old ones."""
    things: Amounts = {}
    relay = relays.start()
    following = Following(toy, kafka.bootstrap)
    async with following.at_work():
        await told(toy, things, range(3))
        await asyncio.to_thread(kafka.stop)
        shutil.copytree(kafka.home / "data", kafka.home / "snapshot")
        await asyncio.to_thread(kafka.start)
        await told(toy, things, range(10, 13))
        await following.have(things)
    await relays.kill(relay)
    await asyncio.to_thread(kafka.stop)
    shutil.rmtree(kafka.home / "data")
    (kafka.home / "snapshot").rename(kafka.home / "data")
    await asyncio.to_thread(kafka.start)
    again = relays.start()
    async with Following(toy, kafka.bootstrap).at_work():
        await told(toy, things, range(20, 22))
        await eventually(lambda: again.state.stopped_because is None)
        assert await in_log(toy) <= await on_broker(kafka.bootstrap)
        await following.have(things)


async def test_a_department_feed_that_was_lost_while_nobody_looked(
    toy: Toy, kafka: Kafka, relays: Relays
) -> None:
    """No plan names it: it was made with its first item."""
    topic = Topic(f"feed.{toy.board}.lunch.count", Lane.STATE, key="item", importance="III")
    relay = relays.start()
    async with toy.app.work(toy.scope, actor="dashboard") as work:
        thing = uuid4()
        work.publish(ThingChanged(thing=thing, label="a", amount=1), key=thing, topic=topic)
    assert work.position
    await sent_up_to(toy, work.position)
    await relays.kill(relay)
    await lose(kafka.bootstrap, topic.name)
    relays.start()
    department = KafkaFeed("toy", KafkaAccess(kafka.bootstrap), [topic.name])

    async def there() -> bool:
        return topic.name in {place.topic for place in await everything(kafka.bootstrap, {topic.name: 1})}

    try:
        await eventually(there, within=30)
        batch = await department.read(None, limit=10, wait=10)
        assert [record.key for record in batch.records] == [str(thing)]
    finally:
        await department.close()


class Slow(KafkaRelay):
    """A relay that stands still before it sends its first record, until it may go on."""

    def __init__(self, toy: Toy, bootstrap: str) -> None:
        super().__init__("toy", toy.database.feed, KafkaAccess(bootstrap), PARTITIONS)
        self.stands = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.line: object = None

    async def _send(self, line: object, sending: Sending, record: object) -> object:  # type: ignore[override]
        self.line = line
        self.stands.set()
        await self.may_go_on.wait()
        return await super()._send(line, sending, record)  # type: ignore[arg-type]


async def test_a_relay_that_lost_its_lock_sends_nothing_behind_its_successor(
    toy: Toy, broker: str, relays: Relays
) -> None:
    """Compaction would keep its old states for ever."""
    thing = uuid4()
    await toy.change(thing, 1)
    slow = Slow(toy, broker)
    working = asyncio.create_task(slow.run())
    try:
        await slow.stands.wait()
        relays.start()  # stands by
        await toy.rows(
            "select pg_terminate_backend(pid) from pg_locks"
            " where locktype = 'advisory' and classid = 7463 and granted"
            " and database = (select oid from pg_database where datname = current_database())"
        )
        position = await toy.change(thing, 2)
        await sent_up_to(toy, position)
        slow.may_go_on.set()
        await eventually(lambda: slow.state.stopped_because)
        await sent_up_to(toy, await toy.change(uuid4(), 3))
        states = [
            place_of(message.headers).position
            for place, messages in (await everything(broker)).items()
            for message in data(messages)
            if place.topic == "toy.thing" and message.key == str(thing).encode()
        ]
        assert states[-1] == position - 1, states
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_a_relay_notices_a_restore_without_a_new_epoch(toy: Toy, broker: str, relays: Relays) -> None:
    """It would give out positions that consumers take for what they know."""
    await toy.change(uuid4(), 1)
    await back_up(toy)
    relay = relays.start()
    await sent_up_to(toy, await toy.change(uuid4(), 2))
    await relays.kill(relay)
    await restore(toy, begin=False)
    relay = relays.start()
    reason = await eventually(lambda: relay.state.stopped_because)
    assert "tsumugi feed begin-epoch toy" in reason
    assert (await last_on(KafkaAccess(broker), PARTITIONS))[0] == 1
    await begin(toy.engine("toy_owner"), 1)
    await sent_up_to(toy, await toy.change(uuid4(), 3))
    assert await last_on(KafkaAccess(broker), PARTITIONS) == (2, await head(toy))


async def head(toy: Toy) -> int:
    (row,) = await toy.rows("select position from log.head")
    return int(row.position)
