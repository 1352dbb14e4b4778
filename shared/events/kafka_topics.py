"""Kafka's topics as the product needs them, and which broker it is that carries them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from shared.contracts import Lane
from shared.contracts.catalogue import BY_TYPE
from shared.events.feed import Stopped
from shared.events.kafka_wire import place_of

logger = logging.getLogger(__name__)

FACTS_KEPT_DAYS = 35
REQUEST_MS = 10_000
MAX_RECORD_BYTES = 1_000_000
_DAY_MS = 24 * 60 * 60 * 1000
_CLOSE_SECONDS = 3.0


class TopicTrouble(Stopped):
    """A topic is missing or not as its contract says."""


@dataclass(frozen=True)
class Plan:
    """How a topic is made. The number of partitions never changes: keys would move."""

    partitions: int
    lane: Lane

    @property
    def configuration(self) -> dict[str, str]:
        """Compaction for states, retention for facts (decisions.md §3)."""
        if self.lane is Lane.STATE:
            return {
                "cleanup.policy": "compact",
                "delete.retention.ms": str(7 * _DAY_MS),
                "max.compaction.lag.ms": str(_DAY_MS),
            }
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(FACTS_KEPT_DAYS * _DAY_MS),
            "retention.bytes": "-1",
        }


def lane_of(topic: str) -> Lane:
    """The lane of a topic by its contract; department feeds (``feed.…``) are states."""
    lanes = {contract.TOPIC.name: contract.TOPIC.lane for contract in BY_TYPE.values()}
    return lanes.get(topic, Lane.STATE)


@dataclass(frozen=True)
class Broker:
    """What is there."""

    cluster: str
    """The broker's own id, made when its storage was: another one is another broker, whatever its address."""
    partitions: Mapping[str, list[int]]
    """Topics that can be used, of those asked for."""
    missing: list[str]
    """Those that do not exist."""


async def look_at(bootstrap: str, topics: Iterable[str]) -> Broker:
    """Which broker answers, and which of ``topics`` it has."""
    async with _admin(bootstrap) as admin:
        cluster = (await admin.describe_cluster())["cluster_id"]
        described = await admin.describe_topics(sorted(topics))
    missing = [one["topic"] for one in described if one["error_code"] == UnknownTopicOrPartitionError.errno]
    return Broker(str(cluster), _partitions(described), missing)


async def ends_of(bootstrap: str, partitions: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """By topic and partition, the offset that the next record will get."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_MS)
    try:
        await consumer.start()
        places = [TopicPartition(topic, n) for topic, numbers in partitions.items() for n in numbers]
        ends = await consumer.end_offsets(places)
    finally:
        await closed(consumer.stop())
    return {topic: [ends[TopicPartition(topic, n)] for n in numbers] for topic, numbers in partitions.items()}


async def last_on(bootstrap: str, topics: Iterable[str]) -> tuple[int, int]:
    """The furthest (epoch, position) that lies at the end of a partition; (0, 0) where nothing does."""
    partitions = (await look_at(bootstrap, topics)).partitions
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_MS, auto_offset_reset="latest"
    )
    try:
        await consumer.start()
        places = [TopicPartition(topic, n) for topic, numbers in partitions.items() for n in numbers]
        first, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        waiting = {place: end for place, end in ends.items() if end > first[place]}
        consumer.assign(list(waiting))
        for place, end in waiting.items():
            consumer.seek(place, end - 1)
        found = (0, 0)
        async with asyncio.timeout(REQUEST_MS / 1000):
            while waiting:
                for place, messages in (await consumer.getmany(timeout_ms=500)).items():
                    waiting.pop(place, None)
                    for message in messages:
                        at = place_of(message.headers)
                        found = max(found, (at.epoch, at.position))
        return found
    finally:
        await closed(consumer.stop())


async def ensure_topics(bootstrap: str, plans: Mapping[str, Plan], *, replication: int = 1) -> None:
    """Make the topics that are missing. Raises :class:`TopicTrouble` when one has other partitions than planned."""
    if not plans:
        return
    async with _admin(bootstrap) as admin:
        made = await admin.create_topics(
            [
                NewTopic(name, plan.partitions, replication, topic_configs=plan.configuration)
                for name, plan in plans.items()
            ]
        )
        for name, code, *_ in made.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise TopicTrouble(f"Kafka の {name} を作れません（{error.__name__}）。")
        for name, partitions in _partitions(await admin.describe_topics(sorted(plans))).items():
            if len(partitions) != plans[name].partitions:
                raise TopicTrouble(
                    f"Kafka の {name} は区画 {len(partitions)} 個です。deploy/topology.toml では"
                    f" {plans[name].partitions} 個です。区画の数は後から変えられません。"
                )


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_MS)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


def _partitions(described: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    return {
        topic["topic"]: sorted(partition["partition"] for partition in topic["partitions"])
        for topic in described
        if topic["error_code"] == 0
    }


async def closed(closing: Awaitable[None]) -> None:
    """Close a client that may wait for a broker which is gone."""
    try:
        # As a task: a client awaits tasks of its own that it cancels, and one that has not begun would end us, too.
        async with asyncio.timeout(_CLOSE_SECONDS):
            await asyncio.ensure_future(closing)
    except TimeoutError:
        logger.warning("a client of Kafka did not close in time")
