"""Live denials: each service, topic by topic, may do on the broker what the topology says, and nothing else.

The same cases as for the roles that read the logs (tests/matrix/test_readers.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka.admin import NewTopic
from aiokafka.errors import CorruptRecordException, TopicAuthorizationFailedError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)

from deploy.kafka.broker import Broker
from deploy.kafka.plan import Right, drift, wanted
from deploy.kafka.reconcile import Reconciler
from deploy.local.kafka_security import ADMIN
from deploy.local.state import LocalError
from deploy.topology import topology
from shared.contracts import Lane
from shared.dates import FixedClock
from shared.events.kafka_access import NoEntry
from shared.events.kafka_plans import Plan
from shared.events.kafka_topics import ensure_topics
from tests.support.secured import Secured
from tests.support.waiting import eventually

SERVICES = sorted(topology().services)
TOPICS = sorted(topology().topics)
STRANGER = "dept-stranger"


def reconciler(secured: Secured, clock: FixedClock) -> Reconciler:
    """Of the secured broker."""
    return Reconciler(topology(), secured.access(ADMIN), secured.broker(), clock)


@pytest.fixture
async def applied(secured: Secured, clock: FixedClock) -> Secured:
    """The broker as the topology says; topics and rights of other tests are none of its."""
    if drift(wanted(topology()), secured.broker().look(), replication=1):
        await forget_others(secured)
        await reconciler(secured, clock).apply()
    return secured


async def forget_others(secured: Secured) -> None:
    """Delete what other tests have left."""
    broker = secured.broker()
    told = drift(wanted(topology()), broker.look(), replication=1)
    broker.withdraw(told.surplus_rights)
    if told.unknown_topics:
        async with secured.access(ADMIN).admin() as admin:
            await admin.delete_topics(told.unknown_topics)

    async def gone() -> bool:
        left = drift(wanted(topology()), broker.look(), replication=1)
        return not (left.unknown_topics or left.surplus_rights)

    await eventually(gone)


@pytest.mark.parametrize("client", [*SERVICES, STRANGER])
async def test_each_client_reads_and_writes_what_the_topology_says(applied: Secured, client: str) -> None:
    rights = wanted(topology()).rights
    assert await readable(applied, client) == {r.name for r in rights if r[:2] == (client, "READ")}
    assert await writable(applied, client) == {r.name for r in rights if r[:2] == (client, "WRITE")}


async def readable(secured: Secured, client: str, topics: Sequence[str] = TOPICS) -> set[str]:
    """The topics from which the broker lets a client fetch, each asked for."""
    asked = FetchRequest(1, 0, 10_000, 0, [(topic, [(0, 0, 1_000)]) for topic in topics])
    answer = await say(secured, client, asked)
    return allowed({topic: parts[0][1] for topic, parts in answer.topics})


async def writable(secured: Secured, client: str, topics: Sequence[str] = TOPICS) -> set[str]:
    """The topics to which the broker lets a client append, each tried."""
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10_000)
    batch.append(0, timestamp=0, key=b"k", value=b"x", headers=[])
    record = bytes(batch.build())
    record = record[:-1] + b"?"  # its sum is wrong: whoever may write is told so, and nothing is written
    answer = await say(secured, client, ProduceRequest(None, -1, 5_000, [(t, [(0, record)]) for t in topics]))
    return allowed({topic: parts[0][1] for topic, parts in answer.topics})


async def say(secured: Secured, client: str, request: Any) -> Any:
    """The broker's answer, as it is: a library's client would wait, retry, and look at the topic first."""
    async with secured.access(client).admin() as admin:
        return await admin._client.send(admin._client.get_random_node(), request)


def allowed(codes: dict[str, int]) -> set[str]:
    """Where the answer is neither yes nor that it is forbidden, nothing was learnt."""
    forbidden = TopicAuthorizationFailedError.errno
    assert set(codes.values()) <= {0, CorruptRecordException.errno, forbidden}, codes
    return {topic for topic, code in codes.items() if code != forbidden}


async def test_a_client_with_a_right_to_write_may_be_an_idempotent_producer(applied: Secured) -> None:
    producer = applied.access("messaging").producer("trying")
    try:
        await producer.start()
        await producer.send_and_wait("messaging.notice", None, key=b"k", partition=0)
    finally:
        await producer.stop()


async def test_nobody_but_the_administrator_changes_topics_or_rights(applied: Secured) -> None:
    issuer = applied.issuer
    as_registry = Broker(
        applied.kafka.bootstrap, lambda: issuer.token("registry"), issuer.authority.certificate
    )
    with pytest.raises(LocalError, match="応じません"):
        as_registry.give([Right("registry", "READ", "registry.person")])
    with pytest.raises(LocalError, match="応じません"):
        as_registry.look()
    with pytest.raises(NoEntry, match="使わせません"):
        await ensure_topics(
            replace(applied.access("registry"), makes_topics=True), {"registry.person2": Plan(1, Lane.STATE)}
        )


async def test_applying_again_finds_nothing_to_do(applied: Secured, clock: FixedClock) -> None:
    assert not await reconciler(applied, clock).apply()
    _, told = await reconciler(applied, clock).look()
    assert told.lines() == []


async def test_what_somebody_changed_by_hand_is_named_and_mended(applied: Secured, clock: FixedClock) -> None:
    broker = applied.broker()
    surplus, missing = (
        Right("dashboard", "READ", "registry.contact"),
        Right("dashboard", "READ", "registry.person"),
    )
    broker.withdraw([missing])
    await applied.give([surplus])
    setting = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    changed = ConfigResource(ConfigResource.Type.TOPIC, "messaging.notice", incremental_configs=[setting])
    for answer in broker._admin.incremental_alter_configs([changed]).values():
        answer.result(10)
    work = reconciler(applied, clock)

    async def all_three() -> bool:
        return len((await work.look())[1].lines()) == 3

    await eventually(all_three)
    told = await work.apply()
    assert (told.surplus_rights, told.missing_rights) == ([surplus], [missing])
    assert told.configuration["messaging.notice"]["retention.ms"][0] == "1000"
    assert "registry.contact" not in await readable(applied, "dashboard")


async def test_what_a_release_has_left_does_not_stop_going_back(applied: Secured, clock: FixedClock) -> None:
    async with applied.access(ADMIN).admin() as admin:
        await admin.create_topics([NewTopic("registry.later", 1, 1)])
        try:
            work = reconciler(applied, clock)

            async def seen() -> list[str]:
                return (await work.look())[1].unknown_topics

            await eventually(seen)
            told = await work.apply()
            assert told.lines() == ["知らないトピック: registry.later"]
        finally:
            await forget_others(applied)


async def test_a_right_by_wildcard_is_left_to_people_and_named(applied: Secured, clock: FixedClock) -> None:
    parts = (ResourceType.TOPIC, "registry.", ResourcePatternType.PREFIXED, "User:*", "*")
    everybody = AclBinding(*parts, AclOperation.ALL, AclPermissionType.ALLOW)
    broker, work = applied.broker(), reconciler(applied, clock)
    for answer in broker._admin.create_acls([everybody]).values():
        answer.result(10)
    try:
        await eventually(lambda: broker.look().odd)
        with pytest.raises(LocalError, match=r"User:\* ALLOW ALL TOPIC PREFIXED registry\."):
            await work.apply()
    finally:
        these = AclBindingFilter(*parts, AclOperation.ALL, AclPermissionType.ALLOW)
        for answer in broker._admin.delete_acls([these]).values():
            answer.result(10)
        await eventually(lambda: not broker.look().odd)
