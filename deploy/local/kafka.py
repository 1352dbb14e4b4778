"""Apache Kafka from its Maven jars: one KRaft node on loopback.

For the embedded edition in plain text and without access control; for the platform edition on one machine with what
protects a real broker (kafka_security.py).
"""

import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import psutil

from deploy.local.java import JAVA, jars
from deploy.local.kafka_security import Security
from deploy.local.process import PidFile, end, launch, tail, wait_until
from deploy.local.state import LocalError, exclusive, make_folder

LOCK = Path(__file__).with_name("kafka.lock.toml")
HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 20.0

# A small heap, and the quick compiler alone: half the memory of the defaults, and ready sooner.
JVM = ["-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"]
LOGGING = [
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
]
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    # Topics come from their contracts only: a misspelt name is an error, not a new topic.
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # The default takes 128 MiB of the heap for compaction.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    "num.network.threads": "2",
    "num.io.threads": "2",
}


class Kafka:
    """One broker with its data in `home`, listening on loopback ports; open to everybody there without ``security``.

    Every method may be called from any process, again and again.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int,
        controller_port: int,
        security: Security | None = None,
    ) -> None:
        self.home = home.resolve()
        self.port = port
        self.controller_port = controller_port
        self.security = security
        # Certificates name localhost.
        self.bootstrap = f"localhost:{port}" if security else f"{HOST}:{port}"
        self.properties = self.home / "server.properties"
        self.log = self.home / "kafka.log"
        self.pid_file = PidFile(self.home / "kafka.pid", names=str(self.properties))

    def start(self) -> None:
        """Fetch the jars, format the storage and start the broker, each only if need be; return when it serves.

        Raises LocalError, with the end of the log, when it does not come up.
        """
        with exclusive(make_folder(self.home) / "lock"):
            server = self.pid_file.process() or self._launch()
            wait_until(self.ready, server, seconds=START_SECONDS, what="Kafka", log=self.log)

    def stop(self) -> None:
        """End the broker cleanly. Nothing to do when it does not run."""
        with exclusive(make_folder(self.home) / "lock"):
            process = self.pid_file.process()
            if process is not None:
                end(process, (signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS))

    def remove(self) -> None:
        """Stop the broker and delete its data."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def ready(self) -> bool:
        """Whether our broker takes connections now (it opens its port when it may serve)."""
        return self.pid_file.process() is not None and takes_connections(self.port)

    def _launch(self) -> psutil.Process:
        security = self.security
        for port in (self.port, self.controller_port, *([security.broker_port] if security else [])):
            if takes_connections(port):
                raise LocalError(
                    f"ポート {port} はほかのプログラムが使っています。それを止めるか、TSUMUGI_PORT を変えてください。"
                )
        java = [str(JAVA), *JVM, *LOGGING, *(security.java if security else []), "-cp", class_path()]
        self._configure()
        self._format(java)
        command = [*java, "kafka.Kafka", str(self.properties)]
        return launch(command, log=self.log, environment=ENVIRONMENT, mark=self.pid_file)

    def _configure(self) -> None:
        settings = SETTINGS | {"log.dirs": str(self.home / "data")} | self._listeners()
        lines = [f"{name}={value}\n" for name, value in settings.items()]
        self.properties.write_text("".join(lines), encoding="utf-8")

    def _listeners(self) -> dict[str, str]:
        if self.security:
            return self.security.settings(self.home, HOST, self.port, self.controller_port)
        controller = f"{HOST}:{self.controller_port}"
        return {
            "listeners": f"PLAINTEXT://{HOST}:{self.port},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.voters": f"1@{controller}",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        }

    def _format(self, java: list[str]) -> None:
        formatted = self.home / "formatted"
        if formatted.exists():
            return
        cluster = base64.urlsafe_b64encode(b"T" + secrets.token_bytes(15)).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "--cluster-id", cluster]
        with self.log.open("ab") as log:
            command = [*java, *tool, "--config", str(self.properties)]
            done = subprocess.run(command, stdout=log, stderr=log, cwd="/", env=ENVIRONMENT, check=False)
        if done.returncode != 0:
            raise LocalError(f"Kafka のデータの置き場をつくれませんでした。\n{tail(self.log)}")
        formatted.touch()


def class_path() -> str:
    """The jars of Kafka, of its tools too, for Java's command line."""
    return os.pathsep.join(str(jar) for jar in jars(LOCK))


def takes_connections(port: int) -> bool:
    """Whether anybody listens on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
