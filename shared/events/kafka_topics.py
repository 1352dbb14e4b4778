"""Kafka's topics as the product needs them, and which broker it is that carries them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import (
    BrokerResponseError,
    NodeNotReadyError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)

from shared.events.feed import Stopped
from shared.events.kafka_access import REQUEST_MS, KafkaAccess, NoEntry, closed
from shared.events.kafka_marks import Place
from shared.events.kafka_plans import Plan
from shared.events.kafka_wire import place_of


class TopicTrouble(Stopped):
    """A topic is missing or not as its contract says."""


Lying = ConsumerRecord
"""A record as it lies on a topic."""


@dataclass(frozen=True)
class Broker:
    """What is there."""

    cluster: str
    """The broker's own id, made when its storage was: another one is another broker, whatever its address."""
    partitions: Mapping[str, list[int]]
    """Topics that can be used, of those asked for."""
    missing: list[str]
    """Those that do not exist."""


async def look_at(access: KafkaAccess, topics: Iterable[str], *, closed_is_missing: bool = False) -> Broker:
    """Which broker answers, and which of ``topics`` it has. Raises :class:`NoEntry` when one is closed to us.

    ``closed_is_missing``: where topics come while we are at work, and are ours a moment later.
    """
    await access.knock()
    async with access.admin() as admin:
        try:
            cluster = (await admin.describe_cluster())["cluster_id"]
        except NodeNotReadyError as error:
            # The library does not read the broker's refusal (RFC 7628 §3.2.3): it is answered nothing from then on.
            raise NoEntry(
                f"Kafka（{access.bootstrap}）がわたしたちのトークンを受け付けません。発行者、宛先、鍵、時計を確かめて"
                "ください。"
            ) from error
        described = await admin.describe_topics(sorted(topics))
    shut = _with_error(described, TopicAuthorizationFailedError)
    if shut and not closed_is_missing:
        raise NoEntry(
            f"Kafka が {', '.join(shut)} を使わせません。`tsumugi kafka apply` で許可を作り直してください。"
        )
    missing = _with_error(described, UnknownTopicOrPartitionError)
    return Broker(str(cluster), _partitions(described), sorted([*missing, *shut]))


async def open_to(access: KafkaAccess) -> list[str]:
    """The topics that the broker lets us know of."""
    await access.knock()
    async with access.admin() as admin:
        return sorted(await admin.list_topics())


async def ends_of(access: KafkaAccess, partitions: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """By topic and partition, the offset that the next record will get."""
    consumer = access.consumer("ends")
    try:
        await consumer.start()
        places = [TopicPartition(topic, n) for topic, numbers in partitions.items() for n in numbers]
        ends = await consumer.end_offsets(places)
    finally:
        await closed(consumer.stop())
    return {topic: [ends[TopicPartition(topic, n)] for n in numbers] for topic, numbers in partitions.items()}


async def last_on(access: KafkaAccess, topics: Iterable[str]) -> tuple[int, int]:
    """The furthest (epoch, position) that lies at the end of a partition; (0, 0) where nothing does."""
    partitions = (await look_at(access, topics)).partitions
    last = (await last_of(access, partitions)).values()
    return max(((at.epoch, at.position) for at in (place_of(one.headers) for one in last)), default=(0, 0))


async def lying_on(access: KafkaAccess, place: Place) -> AsyncIterator[list[ConsumerRecord]]:
    """All that lies on a partition up to where it ends now, a part at a time."""
    consumer = access.consumer("all", auto_offset_reset="earliest")
    try:
        await consumer.start()
        here = TopicPartition(*place)
        end = (await consumer.end_offsets([here]))[here]
        consumer.assign([here])
        await consumer.seek_to_beginning()
        async with access.kept(consumer._client):
            while await consumer.position(here) < end:
                async with asyncio.timeout(REQUEST_MS / 1000):
                    while not (found := await consumer.getmany(timeout_ms=500)):
                        if await consumer.position(here) >= end:
                            return
                yield [one for messages in found.values() for one in messages]
    finally:
        await closed(consumer.stop())


async def last_of(
    access: KafkaAccess, partitions: Mapping[str, Sequence[int]]
) -> dict[Place, ConsumerRecord]:
    """What lies at the end of each partition that is not empty."""
    # What is last may be dropped by its age between two requests; then the end is where the partition now begins.
    consumer = access.consumer("last", auto_offset_reset="latest")
    try:
        await consumer.start()
        places = [TopicPartition(topic, n) for topic, numbers in partitions.items() for n in numbers]
        first, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        waiting = {place: end for place, end in ends.items() if end > first[place]}
        consumer.assign(list(waiting))
        for place, end in waiting.items():
            consumer.seek(place, end - 1)
        found: dict[Place, ConsumerRecord] = {}
        async with asyncio.timeout(REQUEST_MS / 1000):
            while waiting:
                for place, messages in (await consumer.getmany(timeout_ms=500)).items():
                    waiting.pop(place, None)
                    if messages:
                        found[place.topic, place.partition] = messages[-1]
        return found
    finally:
        await closed(consumer.stop())


async def ensure_topics(access: KafkaAccess, plans: Mapping[str, Plan]) -> None:
    """Make the topics that are missing, where that is ours to do.

    Raises :class:`TopicTrouble` when one is missing that we do not make, or has other partitions than planned.
    """
    if not plans:
        return
    broker = await look_at(access, plans)
    if broker.missing:
        if not access.makes_topics:
            raise TopicTrouble(
                f"Kafka に {', '.join(broker.missing)} がまだありません。`tsumugi kafka apply` で作ってください。"
            )
        await _make(access, {name: plans[name] for name in broker.missing})
        broker = await look_at(access, plans)
    for name, partitions in broker.partitions.items():
        if len(partitions) != plans[name].partitions:
            raise TopicTrouble(
                f"Kafka の {name} は区画 {len(partitions)} 個です。deploy/topology.toml では"
                f" {plans[name].partitions} 個です。区画の数は後から変えられません。"
            )


async def _make(access: KafkaAccess, plans: Mapping[str, Plan]) -> None:
    async with access.admin() as admin:
        made = await admin.create_topics(
            [
                NewTopic(name, plan.partitions, access.replication, topic_configs=plan.on(access.replication))
                for name, plan in plans.items()
            ]
        )
    for name, code, *_ in made.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise TopicTrouble(f"Kafka の {name} を作れません（{error.__name__}）。")


def _with_error(described: Iterable[Mapping[str, Any]], error: type[BrokerResponseError]) -> list[str]:
    return sorted(topic["topic"] for topic in described if topic["error_code"] == error.errno)


def _partitions(described: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    return {
        topic["topic"]: sorted(partition["partition"] for partition in topic["partitions"])
        for topic in described
        if topic["error_code"] == 0
    }
