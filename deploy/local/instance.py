"""One local deployment: its folder, ports, logins, secrets and clock; and from these, what each service is given.

This is the composition root's knowledge of the embedded edition. Nothing below `deploy/` reads the environment.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

from deploy.deployment import Listen
from deploy.keycloak.realm import REALM
from deploy.local.authority import Authority
from deploy.local.kafka import Kafka
from deploy.local.kafka_security import Security
from deploy.local.keycloak import Keycloak, Ports
from deploy.local.postgres import Postgres
from deploy.local.state import (
    LocalError,
    make_folder,
    secret,
    state_dir,
    state_place,
    take_folder,
    write_whole,
)
from deploy.platform.deployed import Deployed
from deploy.platform.settings import PlatformSettings
from deploy.topology import topology
from deploy.transport import broker_feeds, log_feeds
from shared.access.principal import COMMAND_LINE
from shared.database import Login
from shared.database.roles import Server, role_names
from shared.dates import Clock, SystemClock, TrainingClock
from shared.service import Edition, MakeFeed, ServiceSettings, Worker, keys_url, token_url

Transport = Literal["log", "kafka"]


class Commands(NamedTuple):
    """How the deployment is begun, stopped and deleted by hand."""

    begin: str
    stop: str
    delete: str


TOWN = Commands("make up", "make down", "make reset")
STACK = Commands("make stack", "make stack-down", "make stack-reset")
ONLY_PLATFORM = "keycloak"
"""A folder of the state that no embedded edition has."""
CHOICES = "instance.json"
"""The file in a state folder that keeps what was chosen."""


@dataclass(frozen=True)
class Choices:
    """What was chosen when the deployment was made or last started."""

    port: int
    transport: Transport = "log"
    edition: Edition = "embedded"
    """Chosen once, with the first start."""
    training_date: str | None = None
    durable: bool = True
    example: bool = False
    """Whether the municipality is the generated one, which `make up` completes."""

    @classmethod
    def of(cls, file: Path) -> Self:
        """The kept choices, or the defaults. `TSUMUGI_PORT` wins over a kept port.

        Raises LocalError when the kept ones cannot be read, or the port is none.
        """
        kept = cls.kept(file) or cls.default(file.parent)
        chosen = os.environ.get("TSUMUGI_PORT")
        if chosen is None:
            return kept
        if not chosen.isdecimal() or not 1024 <= int(chosen) <= 65000:
            raise LocalError(
                f"TSUMUGI_PORT={chosen} はポートの番号になりません。1024 から 65000 までにしてください。"
            )
        return replace(kept, port=int(chosen))

    @classmethod
    def default(cls, state: Path) -> Self:
        """What holds where nobody has chosen. Of which edition the data in ``state`` are, is seen by them."""
        port = topology().origin.port
        if (state / ONLY_PLATFORM).exists():
            return cls(port=port, transport="kafka", edition="platform")
        return cls(port=port)

    @property
    def commands(self) -> Commands:
        """What people of this edition type."""
        return STACK if self.edition == "platform" else TOWN

    @classmethod
    def kept(cls, file: Path) -> Self | None:
        """What was chosen last, whatever the environment says now. Raises LocalError when it cannot be read."""
        try:
            return TypeAdapter(cls).validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            commands = cls.default(file.parent).commands
            raise LocalError(
                f"{file} が読めません（書いている途中で切れたか、書きかえられています）。\n"
                f"`{commands.stop}` で止め、このファイルを消してから `{commands.begin}` で始めてください。"
                "データは残り、ポート、配送、日付だけが初めのものに戻ります。"
            ) from error


class Instance:
    """The deployment in ``state``. Choices are kept in ``instance.json``."""

    def __init__(self, state: Path | None = None, choices: Choices | None = None) -> None:
        self.state = take_folder(state) if state else state_dir()
        self._file = self.state / CHOICES
        self.choices = choices or Choices.of(self._file)
        self.postgres = Postgres(self.state / "postgres", durable=self.choices.durable)
        self.authority = Authority(self.state / "authority")

    @cached_property
    def kafka(self) -> Kafka:
        """The broker: open to this machine's loopback, or with access control in the platform edition."""
        ports = topology().kafka
        security = None
        if self.platform:
            issuer = self.keycloak.issuer(REALM)
            broker_port = self._port(ports.broker_port)
            security = Security(self.authority, issuer, keys_url("platform", issuer), broker_port)
        return Kafka(
            self.state / "kafka",
            port=self._port(ports.port),
            controller_port=self._port(ports.controller_port),
            security=security,
        )

    @cached_property
    def keycloak(self) -> Keycloak:
        """The platform edition's identity authority."""
        ports = topology().keycloak
        return Keycloak(
            self.state / "keycloak",
            ports=Ports(self._port(ports.port), self._port(ports.management_port)),
            database=self.keycloak_database,
            certificate=self.authority.issue("keycloak"),
            trust=self.authority.certificate,
        )

    @property
    def keycloak_database(self) -> Login:
        """Where Keycloak has its data, and how it comes in."""
        role = "keycloak"
        return Login(str(self.postgres.host), self.postgres.port, role, role, self.secret(role))

    @classmethod
    def to_end(cls, state: Path | None = None) -> "Instance":
        """The deployment as it can be stopped or deleted even where its choices cannot be read: neither needs them."""
        try:
            return cls(state)
        except LocalError:
            return cls(
                state, Choices.default(state or state_place())
            )  # a folder that is not ours is refused again

    def choose(
        self,
        *,
        port: int | None = None,
        transport: Transport | None = None,
        edition: Edition | None = None,
        training_date: date | None = None,
        durable: bool | None = None,
        example: bool | None = None,
    ) -> "Instance":
        """Keep other choices and return the deployment as it then is; what is not given stays."""
        old = self.choices
        chosen = Choices(
            port=port or old.port,
            transport=transport or old.transport,
            edition=edition or old.edition,
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

    @property
    def platform(self) -> bool:
        """Whether this is the platform edition: Keycloak and Kafka, TLS everywhere, a process a service."""
        return self.choices.edition == "platform"

    @property
    def commands(self) -> Commands:
        """What people of this edition type."""
        return self.choices.commands

    def url(self, service: str) -> str:
        """The base URL of a service."""
        return f"{'https' if self.platform else 'http'}://localhost:{self.port(service)}"

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

    def deployed(self, service: str) -> Deployed:
        """The platform edition as the process of ``service`` is told of it."""
        certificate = self.authority.issue("services")
        clients = topology().services[service].all_clients(service)
        for name in (*role_names(service), *(f"client-{id}" for id in clients)):
            self.secret(name)  # what a process is told of must be there to be read
        return Deployed(
            PlatformSettings(
                edition="platform",
                origin=self.origin,
                issuer=self.keycloak.issuer(REALM),
                services={name: self.url(name) for name in topology().services},
                listen=f"localhost:{self.port(service)}",
                tls_certificate=certificate.chain,
                tls_key=certificate.key,
                database_host=str(self.postgres.host),
                database_port=self.postgres.port,
                secrets=self.state / "secrets",
                state=make_folder(self.state / "services" / service),
                kafka=self.kafka.bootstrap,
                # Here browsers reach every service at a port of its own; elsewhere all is behind one address.
                paper=f"{self.url('identity')}/paper",
                training_date=self.choices.training_date,
            )
        )

    def settings(self, service: str) -> ServiceSettings:
        """What ``service`` is given."""
        if self.platform:
            return self.deployed(service).settings(service)
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
            readers=topology().readers_by_topic(service),
            secrets={client: self.secret(f"client-{client}") for client in clients},
            worker=Worker(
                [sys.executable, "-m", "deploy.local"],
                {**os.environ, "TSUMUGI_STATE": str(self.state)},
            ),
        )

    def listen(self, service: str) -> Listen:
        """Where ``service`` listens when it runs here."""
        return (
            self.deployed(service).listen(service)
            if self.platform
            else Listen("localhost", self.port(service))
        )

    @property
    def broker(self) -> str:
        """The broker's address."""
        return self.kafka.bootstrap

    @property
    def has_broker(self) -> bool:
        """Whether records travel over a broker."""
        return self.choices.transport == "kafka"

    @property
    def secured_broker(self) -> bool:
        """Whether the broker has access control."""
        return self.platform

    @property
    def token_url(self) -> str:
        """Where the identity authority gives tokens."""
        issuer = self.keycloak.issuer(REALM) if self.platform else self.url("identity")
        return token_url(self.choices.edition, issuer)

    def make_feed(self, consumer: str) -> MakeFeed:
        """The transport's feeds for ``consumer``."""
        if self.choices.transport == "log":
            return self.make_log_feed(consumer)
        return broker_feeds(self.settings(consumer), self.broker)

    def make_log_feed(self, consumer: str) -> MakeFeed:
        """The logs themselves as ``consumer`` may read them, whatever the transport."""
        return log_feeds(consumer, lambda publisher: self.login(publisher, role_names(consumer)[3]))
