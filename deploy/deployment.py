"""What the command line and the services' processes know of a deployment, whatever its edition."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

from shared.database import Login
from shared.database.roles import Server
from shared.dates import Clock
from shared.service import MakeFeed, ServiceSettings


class Listen(NamedTuple):
    """Where a service's process listens, with the PEM files of its certificate where it speaks TLS."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


class Deployment(Protocol):
    """A deployment on this machine (deploy/local/instance.py), or the one whose environment this process was given
    (deploy/platform/deployed.py).
    """

    @property
    def state(self) -> Path:
        """The folder of what this deployment keeps in files."""

    @property
    def origin(self) -> str:
        """The browser's address."""

    @property
    def clock(self) -> Clock:
        """The deployment's clock."""

    @property
    def server(self) -> Server:
        """The superuser's way into PostgreSQL, for the deploying step alone."""

    def url(self, service: str) -> str:
        """The base URL of a service."""

    def secret(self, name: str) -> str:
        """A secret of this deployment."""

    def login(self, service: str, role: str) -> Login:
        """How ``role`` reaches the database of ``service``."""

    def listen(self, service: str) -> Listen:
        """Where ``service`` listens when it runs here."""

    def settings(self, service: str) -> ServiceSettings:
        """What ``service`` is given."""

    @property
    def broker(self) -> str:
        """The broker's address."""

    @property
    def has_broker(self) -> bool:
        """Whether records travel over a broker."""

    @property
    def secured_broker(self) -> bool:
        """Whether the broker has access control."""

    @property
    def token_url(self) -> str:
        """Where the identity authority gives tokens."""

    def make_feed(self, consumer: str) -> MakeFeed:
        """The transport's feeds for ``consumer``."""

    def make_log_feed(self, consumer: str) -> MakeFeed:
        """The logs themselves as ``consumer`` may read them, whatever the transport."""
