"""A department's feed on the broker: open to that department's client from the grant to its end, and to nobody else."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from confluent_kafka import Consumer

from deploy.kafka.broker import expiry
from deploy.kafka.plan import Granted, Right
from deploy.kafka.tests.test_rights import applied, readable, reconciler
from shared.contracts import Lane
from shared.contracts.identity import PURPOSE, Grant, PurposeChanged
from shared.dates import FixedClock
from shared.events.kafka_wire import headers_of
from shared.events.records import Record
from tests.support.secured import Secured

__all__ = ["applied"]
KITCHEN = "dept-kitchen"


async def tell(secured: Secured, board: UUID, department: UUID, position: int, until: date | None) -> None:
    """Identity tells what the kitchen is granted."""
    grant = Grant(
        purpose=UUID(int=3),
        feed="lunch-count",
        fields=["members"],
        statement="給食",
        basis="学校給食法",
        importance="III",
        small_groups=True,
        since=date(2026, 4, 1),
        until=until,
    )
    said = PurposeChanged(department=department, client=KITCHEN, grants=[grant])
    record = Record(
        id=uuid4(),
        board=board,
        epoch=1,
        position=position,
        topic=PURPOSE.name,
        lane=Lane.STATE,
        key=str(department),
        type=PurposeChanged.TYPE,
        stream=department,
        version=position,
        payload=said.model_dump_json(),
        actor="test",
        traceparent=None,
        recorded_at=datetime(2026, 11, 20, tzinfo=UTC),
        subject=None,
    )
    producer = secured.access("identity").producer("telling")
    try:
        await producer.start()
        assert record.payload is not None
        await producer.send_and_wait(
            PURPOSE.name, record.payload.encode(), key=record.key.encode(), headers=headers_of(record, 1)
        )
    finally:
        await producer.stop()


def first_of(secured: Secured, topic: str) -> bytes | None:
    """What a program of another make receives first, as the department, in a group of its own name."""

    def token(_: str) -> tuple[str, float]:
        given = secured.issuer.token(KITCHEN)
        return given, expiry(given)

    consumer = Consumer(
        {
            "bootstrap.servers": secured.kafka.bootstrap,
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(secured.authority.certificate),
            "sasl.mechanism": "OAUTHBEARER",
            "oauth_cb": token,
            "group.id": KITCHEN,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    try:
        for _ in range(60):
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                return bytes(message.value())
        return None
    finally:
        consumer.close()


async def test_a_feed_is_open_to_its_department_alone_and_only_while_the_grant_holds(
    applied: Secured, clock: FixedClock
) -> None:
    board, department = uuid4(), uuid4()
    feed = Granted(board, department, KITCHEN, "lunch-count").topic
    work = reconciler(applied, clock)
    try:
        await tell(applied, board, department, 1, until=None)
        told = await work.apply()
        assert told.missing_topics == [feed]
        assert Right(KITCHEN, "READ", feed) in told.missing_rights
        dashboard = applied.access("dashboard").producer("feeding")
        try:
            await dashboard.start()
            await dashboard.send_and_wait(feed, b'{"members": 30}', key=b"item")
        finally:
            await dashboard.stop()
        assert await asyncio.to_thread(first_of, applied, feed) == b'{"members": 30}'
        for other in ("registry", "messaging", "identity", "dept-other"):
            assert await readable(applied, other, [feed]) == set()
        await tell(applied, board, department, 2, until=clock.today())
        told = await work.apply()
        assert {right.client for right in told.surplus_rights} == {KITCHEN}
        assert await readable(applied, KITCHEN, [feed]) == set()
        assert feed in applied.broker().look().topics
    finally:
        async with applied.access("kafka-admin").admin() as admin:
            await admin.delete_topics([PURPOSE.name, feed])
        left = applied.broker()
        left.withdraw(right for right in left.look().rights if right.name == feed or right.client == KITCHEN)
