"""docs/asyncapi.json is what the contracts say, is AsyncAPI 3.1, and is what a broker really has."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from jsonschema import Draft7Validator

from deploy import asyncapi, catalogue
from deploy.local.kafka import Kafka
from deploy.topology import ROOT, topology
from services.dashboard.feeds.topics import TERMS
from shared.contracts import Lane
from shared.contracts.catalogue import CONTRACTS
from shared.contracts.dashboard import FEED, ItemDelivered
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_topics import ensure_topics
from shared.events.kafka_wire import headers_of
from shared.events.records import Record

SPECIFICATION = Path(__file__).with_name("asyncapi-3.1.0.schema.json")
"""The specification's own schema, from @asyncapi/specs 6.11.1 (Apache License 2.0), without line breaks."""


@pytest.fixture
def written() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asyncapi.FILE.read_text(encoding="utf-8"))
    return found


def test_the_document_is_current() -> None:
    assert asyncapi.FILE.read_text(encoding="utf-8") == catalogue.dump(asyncapi.document()), (
        "run `make events`"
    )


def test_the_document_is_asyncapi(written: dict[str, Any]) -> None:
    validator = Draft7Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8")))
    assert [f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(written)] == []
    broken = {**written, "channels": {"x": {"address": 1}}}
    assert not validator.is_valid(broken)


def test_every_event_has_its_schema_and_every_reader_its_operation(written: dict[str, Any]) -> None:
    assert set(written["components"]["messages"]) == {contract.TYPE for contract in CONTRACTS}
    for message in written["components"]["messages"].values():
        file = asyncapi.FILE.parent / message["payload"]["$ref"]
        assert json.loads(file.read_text(encoding="utf-8"))["$id"] == message["name"]
        assert file.resolve().is_relative_to(ROOT)
    readers = {
        (operation["channel"]["$ref"].removeprefix("#/channels/"), operation["tags"][0]["name"])
        for operation in written["operations"].values()
        if operation["action"] == "receive"
    }
    assert readers == {
        (name, reader) for name, topic in topology().topics.items() for reader in topic.readers
    } | {(FEED.name, "department")}


def test_headers_are_those_that_travel(written: dict[str, Any]) -> None:
    example: Any = dict.fromkeys(Record._fields, "x") | {"lane": Lane.FACT, "topic": "registry.roll"}
    example["recorded_at"] = datetime.now(UTC)
    sent = {name for name, _ in headers_of(Record(**example), 1)} - {"content-type"}
    for name, message in written["components"]["messages"].items():
        to_departments = {TERMS} if name == ItemDelivered.TYPE else set()
        assert set(message["headers"]["properties"]) == sent | to_departments
    assert list(written["channels"][FEED.name]["messages"]) == [ItemDelivered.TYPE]


@pytest.mark.kafka
async def test_the_document_is_what_the_broker_has(kafka: Kafka, written: dict[str, Any]) -> None:
    plans = {name: asyncapi.plan(topic) for topic in {c.TOPIC for c in CONTRACTS} for name in [topic.name]}
    plans.pop(FEED.name)
    await ensure_topics(KafkaAccess(kafka.bootstrap), plans)
    channels = {name: channel for name, channel in written["channels"].items() if name != FEED.name}
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        described = {each["topic"]: each for each in await admin.describe_topics(sorted(channels))}
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in channels]
        answers = await admin.describe_configs(asked)
    finally:
        await admin.close()
    live = {
        resource[3]: {name: value for name, value, *_ in resource[4]}
        for answer in answers
        for resource in answer.resources
    }
    for name, channel in channels.items():
        said = channel["bindings"]["kafka"]
        assert said["partitions"] == len(described[name]["partitions"]), name
        for setting, value in said["topicConfiguration"].items():
            plain = ",".join(value) if isinstance(value, list) else str(value)
            assert live[name][setting] == plain, (name, setting)
