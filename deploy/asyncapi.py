"""docs/asyncapi.json: the topics as AsyncAPI 3.1 tells of them, made from the contracts and the topology."""

from typing import Any

from deploy.topology import ROOT, topology
from shared.contracts import Contract, Topic
from shared.contracts.catalogue import CONTRACTS
from shared.contracts.dashboard import FEED, ItemDelivered
from shared.events.kafka_plans import Plan

FILE = ROOT / "docs" / "asyncapi.json"
VERSION = "3.1.0"
DEPARTMENT = "feed.{board}.{department}.{name}"
_NUMBERS = ("ms", "bytes")

_HEADERS = {
    "ce_specversion": "CloudEvents' version.",
    "ce_id": "The event's id (UUIDv7).",
    "ce_source": "tsumugi/ and the publisher.",
    "ce_type": "The event's type.",
    "ce_time": "When it was recorded.",
    "ce_board": "The board (設置者) it belongs to.",
    "ce_epoch": "The log's epoch; grows when the log is restored.",
    "ce_position": "Its place in the publisher's log; guards compare (epoch, position).",
    "ce_generation": "How often the relay had begun at the first record.",
    "ce_lane": "1 state, 2 fact.",
    "ce_stream": "The aggregate.",
    "ce_streamversion": "The aggregate's version.",
    "ce_actor": "Who did it.",
    "ce_subject": "The person it is about, for erasure.",
    "ce_traceparent": "W3C Trace Context of the command.",
}
"""CloudEvents 1.0 in binary mode (shared/events/kafka_wire.py)."""
_TERMS = {"ce_terms": "What the purposes allowed: the fields, and small-groups."}
"""Beside those, on what departments receive (services/dashboard/feeds/topics.py)."""
_OPTIONAL = ("ce_subject", "ce_traceparent")


def document() -> dict[str, Any]:
    """The whole of it."""
    topics = sorted({contract.TOPIC for contract in CONTRACTS}, key=lambda topic: topic.name)
    operations: dict[str, Any] = {}
    for topic in topics:
        operations[f"send:{topic.name}"] = _operation("send", topic, topic.publisher)
        for reader in _readers(topic):
            operations[f"receive:{topic.name}:{reader}"] = _operation("receive", topic, reader)
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "紬（Tsumugi）",
            "version": "0.1.0",
            "description": "Order is promised within one key of one topic. Readers ignore fields they do not know."
            " A record whose key is ~watermark says how far the relay has come, and is no event.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{host}",
                "protocol": "kafka-secure",
                "description": "SASL/OAUTHBEARER with a token of the identity authority whose audience is kafka.",
                "variables": {"host": {"description": "As the deployment says (TSUMUGI_KAFKA)."}},
                "security": [{"$ref": "#/components/securitySchemes/token"}],
            }
        },
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": operations,
        "components": {
            "messages": {contract.TYPE: _message(contract) for contract in CONTRACTS},
            "securitySchemes": {"token": {"type": "oauth2", "flows": _flows()}},
        },
    }


def _flows() -> dict[str, Any]:
    return {
        "clientCredentials": {
            "tokenUrl": "https://keycloak.example/realms/tsumugi/protocol/openid-connect/token",
            "availableScopes": {"kafka": "The broker."},
        }
    }


def address(topic: Topic) -> str:
    """A topic's name on the broker."""
    return DEPARTMENT if topic is FEED else topic.name


def _readers(topic: Topic) -> tuple[str, ...]:
    return ("department",) if topic is FEED else topology().topics[topic.name].readers


def plan(topic: Topic) -> Plan:
    """How the topic is made on the broker."""
    return Plan(1 if topic is FEED else topology().topics[topic.name].partitions, topic.lane)


def _channel(topic: Topic) -> dict[str, Any]:
    made = plan(topic)
    configuration = {
        name: [value] if name == "cleanup.policy" else int(value) if name.endswith(_NUMBERS) else value
        for name, value in made.configuration.items()
    }
    parameters = {"board": "設置者", "department": "The department's id.", "name": "The feed."}
    return {
        "address": address(topic),
        "title": topic.name,
        "summary": f"Key: {topic.key}. Class {topic.importance}. {topic.status}.",
        "messages": {
            contract.TYPE: {"$ref": f"#/components/messages/{contract.TYPE}"}
            for contract in ((ItemDelivered,) if topic is FEED else CONTRACTS)  # the others stay in the log
            if contract.TOPIC is topic
        },
        **(
            {"parameters": {name: {"description": what} for name, what in parameters.items()}}
            if topic is FEED
            else {}
        ),
        "bindings": {
            "kafka": {
                "partitions": made.partitions,
                "topicConfiguration": configuration,
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation(action: str, topic: Topic, who: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"{who} {'writes' if action == 'send' else 'reads'} {address(topic)}.",
        "tags": [{"name": who}],
    }


def _message(contract: type[Contract]) -> dict[str, Any]:
    words = " ".join((contract.__doc__ or "").split())
    headers = _HEADERS | (_TERMS if contract is ItemDelivered else {})
    return {
        "name": contract.TYPE,
        "summary": words,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": [name for name in headers if name not in _OPTIONAL],
            "properties": {name: {"type": "string", "description": what} for name, what in headers.items()},
        },
        "payload": {"$ref": f"../shared/contracts/schemas/{contract.TYPE}.json"},
        "bindings": {"kafka": {"key": {"type": "string", "format": "uuid"}, "bindingVersion": "0.5.0"}},
    }
