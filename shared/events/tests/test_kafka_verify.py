"""`tsumugi feed verify` and `republish`: what the broker lacks is named, and sent again when that is asked for."""

from __future__ import annotations

from uuid import uuid4

import pytest

from shared.events import kafka_relay, kafka_verify
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_topics import ensure_topics
from shared.events.kafka_verify import Compared, ask_again, compare
from shared.events.tests.relays import Relays, sent_up_to
from shared.events.tests.test_kafka_lost import lose
from shared.events.tests.test_kafka_relay import PLANS
from tests.support.fixtures import Toy
from tests.support.toy import COUNT, SECRET, THING, ThingChanged
from tests.support.transports import PARTITIONS
from tests.support.waiting import eventually


async def compared(toy: Toy, broker: str) -> dict[str, Compared]:
    async with toy.feed.maintain() as session:
        return {one.topic: one for one in await compare(session, KafkaAccess(broker), PARTITIONS)}


async def written(toy: Toy) -> int:
    """Two things, changed often, and one of them gone."""
    things = [uuid4(), uuid4()]
    for amount in range(6):
        await toy.change(things[amount % 2], amount)
    async with toy.app.work(toy.scope, actor="teacher") as work:
        work.tombstone(ThingChanged, key=things[0])
    assert work.position
    return work.position


async def test_after_everything_was_sent_log_and_broker_agree(toy: Toy, broker: str, relays: Relays) -> None:
    relays.start()
    await sent_up_to(toy, await written(toy))
    told = await compared(toy, broker)
    assert all(one.agree for one in told.values())
    assert (told[COUNT.name].in_log, told[COUNT.name].on_broker) == (6, 6)
    assert (told[THING.name].in_log, told[THING.name].on_broker) == (2, 2)
    assert told[SECRET.name].in_log == 0


async def test_what_the_broker_lacks_is_named_and_sent_again_when_asked_for(
    toy: Toy, broker: str, relays: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_relay, "_LOOK_SECONDS", 0.5)
    monkeypatch.setattr(kafka_relay, "_short", lambda now, before: set())  # nobody notices by himself
    relay = relays.start()
    position = await written(toy)
    await sent_up_to(toy, position)
    await relays.kill(relay)
    await lose(broker, COUNT.name)
    told = (await compared(toy, broker))[COUNT.name]
    assert (told.exists, told.agree, len(told.lacking)) == (False, False, 6)
    await ensure_topics(KafkaAccess(broker), PLANS)

    async def lacking() -> bool:
        found = (await compared(toy, broker))[COUNT.name]
        return found.exists and len(found.lacking) == 6

    await eventually(lacking)
    relays.start()
    await sent_up_to(toy, await toy.change(uuid4(), 9))
    assert not (await compared(toy, broker))[COUNT.name].agree
    async with toy.feed.maintain() as session:
        await ask_again(session)

    async def agree() -> bool:
        return all(one.agree for one in (await compared(toy, broker)).values())

    await eventually(agree, within=20)


async def test_what_only_the_broker_has_is_named(toy: Toy, broker: str, relays: Relays) -> None:
    relay = relays.start()
    await sent_up_to(toy, await written(toy))
    await relays.kill(relay)
    async with toy.engine("toy_owner").begin() as connection:
        await connection.exec_driver_sql("delete from log.log_fact where position = 2")
    told = (await compared(toy, broker))[COUNT.name]
    assert (told.surplus, told.lacking, told.agree) == ([2], [], False)


async def test_what_was_not_sent_yet_does_not_agree_and_is_counted(
    toy: Toy, broker: str, relays: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a log that was restored: the relay stands at its first record, and everything there is the same."""
    monkeypatch.setattr(kafka_verify, "_SENDING_SECONDS", 0.3)
    relay = relays.start()
    await sent_up_to(toy, await written(toy))
    await relays.kill(relay)
    await toy.change(uuid4(), 9)
    told = await compared(toy, broker)
    assert (told[COUNT.name].in_log, told[COUNT.name].unsent, told[COUNT.name].agree) == (6, 1, False)
    assert (told[THING.name].in_log, told[THING.name].unsent, told[THING.name].agree) == (2, 1, False)
    assert told[SECRET.name].agree, "nothing of it waits"
    assert not any(one.wrong for one in told.values())

    async with toy.engine("toy_owner").begin() as connection:
        await connection.exec_driver_sql("update feed.relayed set position = 0")
    told = await compared(toy, broker)
    assert (told[COUNT.name].in_log, told[COUNT.name].unsent, told[COUNT.name].agree) == (0, 7, False)
    async with toy.engine("toy_owner").begin() as connection:
        await connection.exec_driver_sql("update feed.relayed set position = 7, epoch = 0")
    told = await compared(toy, broker)
    assert (told[COUNT.name].in_log, told[COUNT.name].unsent) == (0, 7), "that was another epoch"

    relays.start()

    async def agree() -> bool:
        return all(one.agree for one in (await compared(toy, broker)).values())

    await eventually(agree, within=20)


async def test_a_relay_at_work_is_waited_for(toy: Toy, broker: str, relays: Relays) -> None:
    relays.start()
    for amount in range(3):
        await toy.change(uuid4(), amount)
        assert all(one.agree for one in (await compared(toy, broker)).values()), amount
