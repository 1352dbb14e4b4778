import shutil
import socket
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from deploy.local import java
from deploy.local.kafka import HOST, LOCK, Kafka, takes_connections
from deploy.local.process import PidFile
from deploy.local.state import LocalError
from deploy.local.temporary import temporary_home, temporary_kafka
from tests.support.waiting import eventually


async def make_topic(server: Kafka, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def send(server: Kafka, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=server.bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key=b"key")
    finally:
        await producer.stop()


async def first(server: Kafka, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(bootstrap_servers=server.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        record = await consumer.getone()
        return bytes(record.value)
    finally:
        await consumer.stop()


async def test_what_is_sent_is_read_and_outlives_a_restart(kafka: Kafka) -> None:
    await make_topic(kafka, "kept")
    await send(kafka, "kept", "出席".encode())
    assert await first(kafka, "kept") == "出席".encode()
    kafka.stop()
    assert not kafka.ready()
    kafka.start()
    assert await first(kafka, "kept") == "出席".encode()


async def test_a_topic_that_no_contract_made_is_refused(kafka: Kafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(["mispelt"])
    finally:
        await admin.close()
    assert [topic["error_code"] for topic in described] == [UnknownTopicOrPartitionError.errno]


def test_it_listens_on_loopback_only(kafka: Kafka) -> None:
    process = kafka.pid_file.process()
    assert process is not None
    listening = {each.laddr for each in process.net_connections("tcp") if each.status == "LISTEN"}
    assert {address.port for address in listening} == {kafka.port, kafka.controller_port}
    assert all(address.ip.removeprefix("::ffff:") == HOST for address in listening)


def test_starting_again_finds_the_same_broker(kafka: Kafka) -> None:
    before = kafka.pid_file.process()
    Kafka(kafka.home, port=kafka.port, controller_port=kafka.controller_port).start()
    assert kafka.pid_file.process() == before


@pytest.mark.kafka
async def test_a_broker_whose_starter_was_killed_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with temporary_home() as home:
        server = temporary_kafka(home)
        with monkeypatch.context() as killing:
            killing.setattr(PidFile, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                server.start()
        begun = await eventually(server.pid_file.process)
        server.start()
        assert server.pid_file.process() == begun
        assert server.ready()
        server.stop()
        assert not takes_connections(server.port)


def test_a_taken_port_is_named() -> None:
    with temporary_home() as home, socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match=f"ポート {port} はほかの"):
            Kafka(home / "kafka", port=port, controller_port=port).start()


@pytest.mark.kafka
def test_a_broker_that_cannot_start_shows_its_log() -> None:
    with temporary_home() as home:
        server = temporary_kafka(home)
        server.start()
        server.stop()
        (server.home / "data" / "meta.properties").write_text("damaged")
        with pytest.raises(LocalError, match=r"kafka\.log の終わり"):
            server.start()


@pytest.mark.kafka
def test_a_jar_that_is_not_the_locked_one_is_fetched_anew_and_never_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = next(jar for jar in java.jars(LOCK) if jar.name.startswith("slf4j-simple"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    lock = tmp_path / "one.lock.toml"
    java.renew(lock, ["org.slf4j:slf4j-simple:1.7.36"])
    copy = next(jar for jar in java.jars(lock) if jar.name == wanted.name)
    assert copy.is_relative_to(tmp_path)
    copy.write_bytes(b"cut off")
    assert next(jar for jar in java.jars(lock) if jar.name == wanted.name).read_bytes() == wanted.read_bytes()

    text = lock.read_text()
    lock.write_text(text.replace(java.sha256(wanted), "0" * 64))
    shutil.copy(wanted, copy)
    with pytest.raises(LocalError, match="ロックにある jar ではありません"):
        java.jars(lock)


def test_the_lock_names_versions_and_hashes_and_no_address() -> None:
    text = LOCK.read_text()
    assert text.count("sha256") == text.count("[[dependencies]]") == 46
    assert "://" not in text
