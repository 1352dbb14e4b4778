"""Looking at the secured broker and changing it, as its administrator (librdkafka's admin client).

Every call waits for its answer: use it where nobody else waits for this thread.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from deploy.kafka.plan import REPLICATION, Drift, Found, Kind, Operation, Right, Topic, Wanted
from deploy.local.state import LocalError

SECONDS = 20.0
_KINDS: dict[Kind, Any] = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}
_INTERNAL = "__"
"""With what Kafka's own topics begin."""
_NO_TOKEN = {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED}


class Broker:
    """The broker at ``bootstrap``. ``token`` gives the administrator's; ``authorities`` is the PEM file we trust."""

    def __init__(self, bootstrap: str, token: Callable[[], str], authorities: Path) -> None:
        self.bootstrap = bootstrap

        def bearer(_: str) -> tuple[str, float]:
            given = token()
            return given, expiry(given)

        settings = {
            "bootstrap.servers": bootstrap,
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(authorities),
            "ssl.endpoint.identification.algorithm": "https",
            "sasl.mechanism": "OAUTHBEARER",
            "oauth_cb": bearer,
            "socket.timeout.ms": int(SECONDS * 1000),
            "log_level": 2,
        }
        try:
            self._admin = AdminClient(settings)
        except KafkaException as error:  # it waits for its first token
            if error.args[0].code() not in _NO_TOKEN:
                raise
            raise LocalError(
                f"Kafka の管理者としてのトークンがもらえません（{error.args[0].str()}）。"
                "Keycloak が動いているかを確かめてください。"
            ) from error

    def look(self) -> Found:
        """Topics with their configuration, and rights."""
        try:
            topics = self._topics()
            bindings = self._admin.describe_acls(_ANY, request_timeout=SECONDS).result(SECONDS)
        except KafkaException as error:
            raise _trouble(error) from error
        rights: set[Right] = set()
        odd: list[str] = []
        for binding in bindings:
            right = _right(binding)
            if right is None:
                odd.append(_told(binding))
            else:
                rights.add(right)
        return Found(topics, rights, odd)

    def _topics(self) -> dict[str, Topic]:
        listed = self._admin.list_topics(timeout=SECONDS).topics
        names = sorted(name for name in listed if not name.startswith(_INTERNAL))
        if not names:
            return {}
        asked = self._admin.describe_configs(
            [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names], request_timeout=SECONDS
        )
        configured = {
            resource.name: {name: str(entry.value) for name, entry in answer.result(SECONDS).items()}
            for resource, answer in asked.items()
        }
        return {
            name: Topic(
                len(listed[name].partitions),
                max(len(partition.replicas) for partition in listed[name].partitions.values()),
                configured[name],
            )
            for name in names
        }

    def mend(self, told: Drift, should: Wanted, *, replication: int) -> None:
        """Do what ``told`` asks for and can be done: partitions, replicas and unknown topics are left to people."""
        self.withdraw(told.surplus_rights)
        made = [
            NewTopic(
                name,
                num_partitions=should.topics[name].partitions,
                replication_factor=replication,
                config=should.topics[name].on(replication),
            )
            for name in told.missing_topics
        ]
        changed = [
            ConfigResource(
                ConfigResource.Type.TOPIC,
                topic,
                incremental_configs=[
                    ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                    for name, (_, value) in settings.items()
                    if name != REPLICATION
                ],
            )
            for topic, settings in told.configuration.items()
            if settings.keys() != {REPLICATION}
        ]
        if made:
            _wait(self._admin.create_topics(made, request_timeout=SECONDS, operation_timeout=SECONDS))
        if changed:
            _wait(self._admin.incremental_alter_configs(changed, request_timeout=SECONDS))
        self.give(told.missing_rights)

    def give(self, rights: Iterable[Right]) -> None:
        """Add rights."""
        if bindings := [_binding(right) for right in rights]:
            _wait(self._admin.create_acls(bindings, request_timeout=SECONDS))

    def withdraw(self, rights: Iterable[Right]) -> None:
        """Take rights away."""
        if bindings := [_filter(right) for right in rights]:
            _wait(self._admin.delete_acls(bindings, request_timeout=SECONDS))


def expiry(token: str) -> float:
    """When a token of our own ends, in seconds since 1970."""
    payload = token.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return float(said["exp"])


_ANY = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)


def _binding(right: Right) -> AclBinding:
    return AclBinding(*_parts(right))


def _filter(right: Right) -> AclBindingFilter:
    return AclBindingFilter(*_parts(right))


def _parts(right: Right) -> tuple[Any, ...]:
    return (
        _KINDS[right.kind],
        right.name,
        ResourcePatternType.LITERAL,
        f"User:{right.client}",
        "*",
        AclOperation[right.operation],
        AclPermissionType.ALLOW,
    )


def _right(binding: AclBinding) -> Right | None:
    """The right that a binding is; None when it is of no kind that we give."""
    kinds: dict[Any, Kind] = {kind: name for name, kind in _KINDS.items()}
    operations: dict[Any, Operation] = {AclOperation.READ: "READ", AclOperation.WRITE: "WRITE"}
    kind, operation = kinds.get(binding.restype), operations.get(binding.operation)
    if kind is None or operation is None:
        return None
    right = Right(str(binding.principal).removeprefix("User:"), operation, str(binding.name), kind)
    return right if "*" not in (right.client, right.name) and _binding(right) == binding else None


def _told(binding: Any) -> str:
    words = (
        binding.principal,
        binding.permission_type.name,
        binding.operation.name,
        binding.restype.name,
        binding.resource_pattern_type.name,
        binding.name,
    )
    return " ".join(words)


def _wait(answers: Mapping[Any, Any]) -> None:
    for answer in answers.values():
        try:
            answer.result(SECONDS)
        except KafkaException as error:
            # Another who keeps the broker (a release does, too) was quicker.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise _trouble(error) from error


def _trouble(error: KafkaException) -> LocalError:
    return LocalError(f"Kafka が応じません（{error.args[0].str()}）。")
