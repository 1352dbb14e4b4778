"""The deployment whose environment this process was given: services behind names, secrets in files of a folder."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from deploy.deployment import Listen
from deploy.local.state import LocalError, make_folder
from deploy.platform.settings import PREFIX, PlatformSettings
from deploy.topology import topology
from deploy.transport import broker_feeds, log_feeds
from shared.database import Login
from shared.database.roles import Server, role_names
from shared.dates import Clock, SystemClock, TrainingClock
from shared.service import MakeFeed, ServiceSettings, Worker, token_url


class Deployed:
    """Makes of ``told`` what a service is given."""

    def __init__(self, told: PlatformSettings) -> None:
        self.told = told

    @classmethod
    def here(cls) -> Deployed:
        """Of this process's environment. Raises LocalError when that is not whole."""
        return cls(PlatformSettings.read())

    @property
    def state(self) -> Path:
        """The folder of what this deployment keeps in files."""
        return make_folder(self.told.state)

    @property
    def origin(self) -> str:
        """The browser's address."""
        return self.told.origin

    @property
    def clock(self) -> Clock:
        """The system's clock, or a training date where nobody comes from elsewhere."""
        day = self.told.training_date
        return TrainingClock(day) if day else SystemClock()

    @property
    def server(self) -> Server:
        """The superuser's way into PostgreSQL. Raises LocalError where this process was not given it."""
        if self.told.database_admin is None:
            raise LocalError(
                f"{PREFIX}DATABASE_ADMIN がありません。データベースをつくる役の名前を決めてください。"
            )
        return Server(
            self.told.database_host,
            self.told.database_port,
            self.told.database_admin,
            self.secret("postgres"),
            self._tls,
        )

    @property
    def _tls(self) -> bool:
        return not self.told.database_host.startswith("/")

    @property
    def paper(self) -> str:
        """The issuer of codes on paper, as browsers see it."""
        return self.told.paper or f"{self.origin}/paper"

    def url(self, service: str) -> str:
        """The base URL of a service."""
        return self.told.services[service]

    def secret(self, name: str) -> str:
        """The secret in the file ``<name>.secret``. Raises LocalError when it is missing or open to everybody."""
        file = self.told.secrets / f"{name}.secret"
        try:
            if file.stat().st_mode & stat.S_IRWXO:
                raise LocalError(
                    f"{file} をだれでも読めます。持ち主（とその組）だけが読めるようにしてください。"
                )
            return file.read_text(encoding="ascii").strip()
        except OSError as error:
            raise LocalError(f"秘密のファイル {file} が読めません（{type(error).__name__}）。") from error

    def login(self, service: str, role: str) -> Login:
        """How ``role`` reaches the database of ``service``."""
        told = self.told
        return Login(told.database_host, told.database_port, service, role, self.secret(role), self._tls)

    def listen(self, service: str) -> Listen:
        """Where ``service`` listens when it runs here."""
        if self.told.tls_certificate is None:
            raise LocalError(
                f"{PREFIX}TLS_CERTIFICATE と {PREFIX}TLS_KEY がありません。{service} は TLS でだけ聞きます。"
            )
        host, _, port = self.told.listen.rpartition(":")
        return Listen(host.strip("[]"), int(port), self.told.tls_certificate, self.told.tls_key)

    def settings(self, service: str) -> ServiceSettings:
        """What ``service`` is given."""
        _, app, feed, _ = role_names(service)
        return ServiceSettings(
            service=service,
            edition="platform",
            origin=self.origin,
            issuer=self.told.issuer,
            urls=self.told.services,
            app=self.login(service, app),
            feed=self.login(service, feed),
            state=self.state,
            readers=topology().readers_by_topic(service),
            secrets={
                id: self.secret(f"client-{id}") for id in topology().services[service].all_clients(service)
            },
            paper=self.paper,
            worker=Worker([sys.executable, "-m", "deploy.local"], dict(os.environ)),
        )

    @property
    def broker(self) -> str:
        """The broker's address."""
        return self.told.kafka

    @property
    def has_broker(self) -> bool:
        """Whether records travel over a broker."""
        return True

    @property
    def secured_broker(self) -> bool:
        """Whether the broker has access control."""
        return True

    @property
    def token_url(self) -> str:
        """Where the identity authority gives tokens."""
        return token_url("platform", self.told.issuer)

    def make_feed(self, consumer: str) -> MakeFeed:
        """The broker's feeds for ``consumer``, with the publishers' archives behind them."""
        return broker_feeds(self.settings(consumer), self.broker)

    def make_log_feed(self, consumer: str) -> MakeFeed:
        """The logs themselves as ``consumer`` may read them."""
        return log_feeds(consumer, lambda publisher: self.login(publisher, role_names(consumer)[3]))
