"""Departments read their topics with programs that are not ours, as docs/department-topics.md says, and no others'."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from deploy.local.example import KITCHEN_CLIENT, department_secret
from deploy.local.java import JAVA, jars
from deploy.local.kafka import class_path
from deploy.local.kafka_security import ALLOWED_URLS
from deploy.topology import ROOT
from shared.contracts.dashboard import ItemDelivered
from tests.support.product import Product

pytestmark = [pytest.mark.kafka, pytest.mark.keycloak]
EXAMPLES = ROOT / "docs" / "examples"
TOOLS = ROOT / "tests" / "support" / "kafka-tools.lock.toml"
OFFICE = "dept-gakumu"
SECONDS = 60.0


@dataclass(frozen=True)
class Program:
    """A department's, with what its department was given and nothing else."""

    product: Product
    client: str
    secret: str

    def settings(self, example: str) -> str:
        """One of the examples, filled in."""
        instance = self.product.instance
        text = (EXAMPLES / example).read_text(encoding="utf-8")
        for word, value in {
            "BROKER": instance.broker,
            "AUTHORITY": str(instance.authority.certificate),
            "TOKENS": instance.token_url,
            "CLIENT": self.client,
            "SECRET": self.secret,
        }.items():
            text = text.replace(f"={word}\n", f"={value}\n").replace(f'"{word}"', f'"{value}"')
        return text

    def librdkafka(self) -> Consumer:
        """What kcat stands on."""
        lines = self.settings("kcat.conf").splitlines()
        return Consumer(dict(line.split("=", 1) for line in lines if not line.startswith("#")))

    def console(self, folder: Path, topic: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Kafka's own console consumer."""
        settings = folder / f"{self.client}.properties"
        settings.write_text(self.settings("kafka.properties"), encoding="utf-8")
        tools = os.pathsep.join([class_path(), *map(str, jars(TOOLS))])
        command = [str(JAVA), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", tools]
        command += [f"-D{ALLOWED_URLS}={self.product.instance.token_url}"]
        command += ["org.apache.kafka.tools.consumer.ConsoleConsumer", "--topic", topic]
        command += [
            "--bootstrap-server",
            self.product.instance.broker,
            "--command-config",
            str(settings),
            *more,
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS * 2, check=False)

    def topics(self) -> list[str]:
        """What the broker lets it know of."""
        consumer = self.librdkafka()
        try:
            consumer.poll(0)  # the token is fetched while it is asked
            return sorted(consumer.list_topics(timeout=SECONDS).topics)
        finally:
            consumer.close()

    def read(self, topic: str, wanted: Any = lambda _: True) -> Message:
        """The first record of ``topic`` that is wanted. Raises KafkaException when the broker refuses."""
        consumer = self.librdkafka()
        consumer.subscribe([topic])
        try:
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                message = consumer.poll(1)
                if message is None:
                    continue
                if (error := message.error()) is not None:
                    raise KafkaException(error)
                if wanted(message):
                    return message
            raise AssertionError(f"{self.client} received nothing from {topic}")
        finally:
            consumer.close()


@pytest.fixture(scope="module")
def kitchen(on_platform: Product) -> Program:
    """健康給食課, whose feed the town has."""
    secret = department_secret(on_platform.instance, KITCHEN_CLIENT).read_text("ascii").strip()
    return Program(on_platform, KITCHEN_CLIENT, secret)


@pytest.fixture(scope="module")
def office(on_platform: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """学務課, which is granted one now."""
    file = tmp_path_factory.mktemp("office") / "secret"
    granted = on_platform.tsumugi(
        *("purpose", "grant", "--department", "学務課", "--feed", "absence-count", "--client", OFFICE),
        *("--fields", "members,absent", "--statement", "就学の状況をつかむ", "--basis", "学校教育法施行令"),
        *("--secret-file", str(file), "--new-secret"),
    )
    yield Program(on_platform, OFFICE, file.read_text("ascii").strip())
    purpose = granted.split("番号 ")[1].split()[0]
    on_platform.tsumugi("purpose", "end", purpose, "--reason", "試し終えた", "--now")


def refused(program: Program, topic: str) -> None:
    with pytest.raises(KafkaException) as why:
        program.read(topic)
    assert why.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def own_topic(program: Program) -> str:
    """The one it sees: rights come a moment after the grant."""
    until = time.monotonic() + SECONDS
    while not (found := program.topics()):
        assert time.monotonic() < until, f"{program.client} sees no topic"
    (topic,) = found
    return topic


def test_a_departments_own_program_reads_its_topic_and_no_other(
    kitchen: Program, office: Program, tmp_path: Path
) -> None:
    lunch, absence = own_topic(kitchen), own_topic(office)
    assert [lunch.split(".")[0], lunch.split(".")[3]] == ["feed", "lunch-count"]
    assert [absence.split(".")[0], absence.split(".")[3]] == ["feed", "absence-count"]

    message = kitchen.read(lunch, lambda one: one.value() is not None)
    item = ItemDelivered.model_validate_json(message.value())
    assert set(item.value) <= {"members", "absent", "unrecorded", "taken_at"}
    headers = {name: value.decode() for name, value in message.headers() or []}
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == ItemDelivered.TYPE
    assert message.key().decode() == str(item.item)

    refused(office, lunch)
    refused(kitchen, absence)

    done = kitchen.console(
        tmp_path, lunch, "--max-messages", "1", "--from-beginning", "--timeout-ms", "60000"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["feed"] == "lunch-count"
    done = office.console(tmp_path, lunch, "--max-messages", "1", "--timeout-ms", "20000")
    assert "TopicAuthorizationException" in done.stderr
    assert not [line for line in done.stdout.splitlines() if line.startswith("{")]
