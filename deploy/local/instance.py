"""One local deployment: its folder, ports, logins, secrets and clock; and from these, what each service is given.

This is the composition root's knowledge of the embedded edition. Nothing below `deploy/` reads the environment.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal, Self

import httpx
from pydantic import TypeAdapter, ValidationError

from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.state import LocalError, make_folder, secret, state_dir, take_folder, write_whole
from deploy.topology import topology
from shared.access.principal import COMMAND_LINE
from shared.database import Login
from shared.database.roles import Server, role_names
from shared.dates import Clock, SystemClock, TrainingClock
from shared.events.feed import Feed
from shared.events.log_feed import LogFeed
from shared.service import MakeFeed, ServiceSettings, Worker

Transport = Literal["log", "kafka"]
CHOICES = "instance.json"
"""The file in a state folder that keeps what was chosen."""


@dataclass(frozen=True)
class Choices:
    """What was chosen when the deployment was made or last started."""

    port: int
    transport: Transport = "log"
    training_date: str | None = None
    durable: bool = True
    example: bool = False
    """Whether the municipality is the generated one, which `make up` completes."""

    @classmethod
    def of(cls, file: Path) -> Self:
        """The kept choices, or the defaults. `TSUMUGI_PORT` wins over a kept port.

        Raises LocalError when the kept ones cannot be read, or the port is none.
        """
        kept = cls.kept(file) or cls.default()
        chosen = os.environ.get("TSUMUGI_PORT")
        if chosen is None:
            return kept
        if not chosen.isdecimal() or not 1024 <= int(chosen) <= 65000:
            raise LocalError(
                f"TSUMUGI_PORT={chosen} はポートの番号になりません。1024 から 65000 までにしてください。"
            )
        return replace(kept, port=int(chosen))

    @classmethod
    def default(cls) -> Self:
        """What holds where nobody has chosen."""
        return cls(port=topology().origin.port)

    @classmethod
    def kept(cls, file: Path) -> Self | None:
        """What was chosen last, whatever the environment says now. Raises LocalError when it cannot be read."""
        try:
            return TypeAdapter(cls).validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise LocalError(
                f"{file} が読めません（書いている途中で切れたか、書きかえられています）。\n"
                "`make down` で止め、このファイルを消してから `make up` で始めてください。データは残り、"
                "ポート、配送、日付だけが初めのものに戻ります。"
            ) from error


class Instance:
    """The deployment in ``state``. Choices are kept in ``instance.json``."""

    def __init__(self, state: Path | None = None, choices: Choices | None = None) -> None:
        self.state = take_folder(state) if state else state_dir()
        self._file = self.state / CHOICES
        self.choices = choices or Choices.of(self._file)
        self.postgres = Postgres(self.state / "postgres", durable=self.choices.durable)
        ports = topology().kafka
        self.kafka = Kafka(
            self.state / "kafka",
            port=self._port(ports.port),
            controller_port=self._port(ports.controller_port),
        )

    @classmethod
    def to_end(cls, state: Path | None = None) -> "Instance":
        """The deployment as it can be stopped or deleted even where its choices cannot be read: neither needs them."""
        try:
            return cls(state)
        except LocalError:
            return cls(state, Choices.default())  # a folder that is not ours is refused again

    def choose(
        self,
        *,
        port: int | None = None,
        transport: Transport | None = None,
        training_date: date | None = None,
        durable: bool | None = None,
        example: bool | None = None,
    ) -> "Instance":
        """Keep other choices and return the deployment as it then is; what is not given stays."""
        old = self.choices
        chosen = Choices(
            port=port or old.port,
            transport=transport or old.transport,
            training_date=training_date.isoformat() if training_date else old.training_date,
            durable=old.durable if durable is None else durable,
            example=old.example if example is None else example,
        )
        write_whole(self._file, json.dumps(asdict(chosen)) + "\n")
        return Instance(self.state)

    @property
    def kept_port(self) -> int | None:
        """The port of the last start, whatever the environment says now."""
        kept = Choices.kept(self._file)
        return kept.port if kept else None

    def _port(self, from_topology: int) -> int:
        return from_topology - topology().origin.port + self.choices.port

    def port(self, service: str) -> int:
        """The loopback port of a service."""
        return self._port(topology().services[service].port)

    def url(self, service: str) -> str:
        """The base URL of a service."""
        return f"http://localhost:{self.port(service)}"

    @property
    def origin(self) -> str:
        """The browser's address."""
        return self.url("dashboard")

    @property
    def clock(self) -> Clock:
        """The deployment's clock: the training date with the real time of day, when one is set."""
        chosen = self.choices.training_date
        return TrainingClock(date.fromisoformat(chosen)) if chosen else SystemClock()

    @property
    def server(self) -> Server:
        """The superuser's way into PostgreSQL, for the deploying step alone."""
        return Server(
            str(self.postgres.host), self.postgres.port, self.postgres.superuser, self.postgres.password
        )

    def secret(self, name: str) -> str:
        """A secret of this deployment, made at first use."""
        return secret(make_folder(self.state / "secrets") / f"{name}.secret")

    def login(self, service: str, role: str) -> Login:
        """How ``role`` reaches the database of ``service``."""
        return Login(str(self.postgres.host), self.postgres.port, service, role, self.secret(role))

    def settings(self, service: str) -> ServiceSettings:
        """What ``service`` is given."""
        _, app, feed, _ = role_names(service)
        clients = [*topology().services, COMMAND_LINE] if service == "identity" else [service]
        return ServiceSettings(
            service=service,
            edition="embedded",
            origin=self.origin,
            issuer=self.url("identity"),
            urls={name: self.url(name) for name in topology().services},
            app=self.login(service, app),
            feed=self.login(service, feed),
            state=make_folder(self.state / "services" / service),
            readers={
                name: frozenset(topic.readers)
                for name, topic in topology().topics.items()
                if name.split(".", 1)[0] == service
            },
            secrets={client: self.secret(f"client-{client}") for client in clients},
            worker=Worker(
                [sys.executable, "-m", "deploy.local"],
                {**os.environ, "TSUMUGI_STATE": str(self.state)},
            ),
        )

    def make_feed(self, consumer: str) -> MakeFeed:
        """The transport's feeds for ``consumer``."""
        if self.choices.transport == "log":
            return self.make_log_feed(consumer)

        def make(publisher: str, topics: Sequence[str]) -> Feed:
            # The broker's client is loaded only where it is used.
            from shared.archive.feed import ArchivedFeed, HttpArchive, ServiceToken
            from shared.events.kafka_feed import KafkaFeed

            _refuse_unread(consumer, publisher, topics)
            http = httpx.AsyncClient()
            secret = self.secret(f"client-{consumer}")
            token = ServiceToken(http, self.url("identity"), consumer, secret, publisher)
            archive = HttpArchive(publisher, self.url(publisher), http, token)
            return ArchivedFeed(KafkaFeed(publisher, self.kafka.bootstrap, topics), archive, topics)

        return make

    def make_log_feed(self, consumer: str) -> MakeFeed:
        """The logs themselves as ``consumer`` may read them, whatever the transport."""

        def make(publisher: str, topics: Sequence[str]) -> Feed:
            _refuse_unread(consumer, publisher, topics)
            return LogFeed(publisher, self.login(publisher, role_names(consumer)[3]), topics)

        return make


def _refuse_unread(consumer: str, publisher: str, topics: Sequence[str]) -> None:
    if odd := sorted(set(topics) - set(topology().read_by(consumer, publisher))):
        raise LocalError(f"deploy/topology.toml は {consumer} に {', '.join(odd)} を読ませません。")
