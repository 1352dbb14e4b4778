"""A broker that knows its clients by tokens, and lets no connection outlive them: nothing is lost or doubled by it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import CloseReason
from aiokafka.errors import ClusterAuthorizationFailedError

from deploy.kafka.plan import Right
from deploy.local.kafka_security import ADMIN
from shared.contracts import Lane
from shared.database import connect
from shared.events.feed import Cursor
from shared.events.kafka_access import KafkaAccess, NoEntry
from shared.events.kafka_feed import KafkaFeed
from shared.events.kafka_line import line_to
from shared.events.kafka_plans import Plan
from shared.events.kafka_relay import KafkaRelay
from shared.events.kafka_topics import TopicTrouble, ensure_topics
from shared.events.kafka_wire import place_of
from shared.events.records import Record
from shared.events.tests.relays import sent_up_to
from tests.support.fixtures import Toy
from tests.support.secured import REAUTH_MS, Secured
from tests.support.toy import COUNT, SECRET, THING
from tests.support.transports import PARTITIONS, data, everything, forget_topics
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

SESSIONS = 4
"""So many ends of a session are crossed at least."""
PLANS = {THING.name: Plan(3, Lane.STATE), COUNT.name: Plan(3, Lane.FACT), SECRET.name: Plan(1, Lane.FACT)}
RIGHTS = [Right("toy", "WRITE", name) for name in PLANS] + [Right("toy", "READ", name) for name in PLANS]


@pytest.fixture
async def broker(secured: Secured) -> Secured:
    """The secured broker with the toy's topics, empty, and the toy's right to them."""
    await forget_topics(secured.access(ADMIN))
    await secured.make(PLANS)
    await secured.give(RIGHTS)
    return secured


@asynccontextmanager
async def relaying(toy: Toy, access: KafkaAccess) -> AsyncIterator[KafkaRelay]:
    """A relay at work."""
    relay = KafkaRelay("toy", toy.database.feed, access, PARTITIONS)
    running = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.fixture
def closings(monkeypatch: pytest.MonkeyPatch) -> Counter[CloseReason | None]:
    """Why connections were closed."""
    seen: Counter[CloseReason | None] = Counter()
    as_it_is = AIOKafkaClient._on_connection_closed

    def see(client: AIOKafkaClient, connection: Any, reason: CloseReason | None) -> None:
        seen[reason] += 1
        as_it_is(client, connection, reason)

    monkeypatch.setattr(AIOKafkaClient, "_on_connection_closed", see)
    return seen


async def under_load(toy: Toy, access: KafkaAccess) -> None:
    """Write, send and read through several sessions; what is read, and what lies there, was written, once, in order."""
    feed = KafkaFeed("toy", access, [COUNT.name])
    things = [uuid4() for _ in range(3)]
    read: list[Record] = []
    cursor: Cursor | None = None
    until = time.monotonic() + SESSIONS * REAUTH_MS / 1000
    amount, position = 0, 0
    async with relaying(toy, access):
        await eventually(lambda: _whole(access))
        while time.monotonic() < until or len(read) < amount:
            if time.monotonic() < until:
                amount += 1
                position = await toy.change(things[amount % 3], amount)
            batch = await feed.read(cursor, limit=100, wait=0.02)
            read, cursor = read + batch.records, batch.cursor
            assert time.monotonic() < until + 30, f"{amount} were written, {len(read)} arrived"
        await sent_up_to(toy, position)
    await feed.close()
    lying = [
        place_of(message.headers).position
        for place, messages in (await everything(access, {COUNT.name: 3})).items()
        for message in data(messages)
    ]
    log = await toy.rows("select key, position from log.log_fact where topic = 'toy.count' order by position")
    assert len(log) == amount
    assert sorted(lying) == [row.position for row in log]
    for thing in map(str, things):
        told = [record.position for record in read if record.key == thing]
        assert told == [row.position for row in log if row.key == thing]


async def _whole(access: KafkaAccess) -> bool:
    try:
        await ensure_topics(access, PLANS)
    except (NoEntry, TopicTrouble):
        return False  # the broker has not heard of its new topics everywhere
    return True


async def test_connections_are_replaced_before_the_broker_cuts_them(
    toy: Toy, broker: Secured, closings: Counter[CloseReason | None]
) -> None:
    await under_load(toy, broker.access("toy"))
    # The library gives no reason for ours. Sender and reader have a connection each, and replace it again and again.
    assert closings[None] >= 2 * SESSIONS
    assert closings[CloseReason.CONNECTION_BROKEN] == 0


async def test_where_the_broker_cuts_them_nothing_is_lost_or_doubled_either(
    toy: Toy, broker: Secured, closings: Counter[CloseReason | None]
) -> None:
    await under_load(toy, broker.access("toy", session_seconds=1_000.0))
    assert closings[CloseReason.CONNECTION_BROKEN] >= SESSIONS


async def test_a_sender_that_may_not_begin_keeps_no_connection(
    toy: Toy, broker: Secured, closings: Counter[CloseReason | None]
) -> None:
    lock = await connect(toy.database.feed)
    try:
        with pytest.raises(ClusterAuthorizationFailedError):
            async with line_to(broker.access("nobody"), lock, "nobody"):
                raise AssertionError("the broker lets it in")
    finally:
        await lock.close()
    assert closings == {CloseReason.SHUTDOWN: 1}


async def test_while_the_authority_is_away_the_operator_is_told_and_nothing_is_lost(
    toy: Toy, broker: Secured
) -> None:
    position = await toy.change(uuid4(), 1)
    broker.issuer.away = True
    try:
        async with relaying(toy, broker.access("toy")) as relay:
            said = await eventually(lambda: relay.state.stopped_because)
            assert "/token が、toy に kafka あてのトークンを出しません（503" in said
            broker.issuer.away = False
            await sent_up_to(toy, position)
            assert await eventually(lambda: relay.state.stopped_because is None)
    finally:
        broker.issuer.away = False


async def test_who_has_no_right_to_a_topic_is_told_so_and_is_given_nothing(toy: Toy, broker: Secured) -> None:
    feed = KafkaFeed("toy", broker.access("stranger"), [SECRET.name])
    with pytest.raises(NoEntry, match=r"toy\.secret を使わせません"):
        await feed.read(None, limit=1, wait=0)
    async with relaying(toy, broker.access("stranger")) as relay:
        said = await eventually(lambda: relay.state.stopped_because)
    assert "使わせません" in said


async def test_services_make_no_topics_there(broker: Secured) -> None:
    await broker.give([Right("toy", "WRITE", "toy.later")])
    with pytest.raises(TopicTrouble, match="`tsumugi kafka apply`"):
        await ensure_topics(broker.access("toy"), {"toy.later": Plan(1, Lane.FACT)})
    with pytest.raises(TopicTrouble, match="作れません"):
        await ensure_topics(
            replace(broker.access("toy"), makes_topics=True), {"toy.later": Plan(1, Lane.FACT)}
        )
