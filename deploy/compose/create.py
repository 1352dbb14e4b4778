"""What is secret in a deployment under Compose: made once, each part's in a folder of its own.

python -m deploy.compose.create FOLDER

Runs as root in a container without a network, because PostgreSQL, Kafka and Keycloak run as users of their own and
take only keys that are theirs. May run again at every start: what is there stays, a certificate that is soon over is
made anew by the same authority.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.authority import Authority
from deploy.local.state import make_folder, secret, write_secret, write_whole
from deploy.topology import topology
from services.dashboard.service import SEAL_KEY
from services.dashboard.sessions.seal import Seal
from services.identity.invitations.codes import codes
from services.identity.issuer.keys import signing_key
from services.messaging.channels.push import vapid
from services.messaging.channels.settings import Settings as ChannelSettings
from shared.access.principal import COMMAND_LINE
from shared.database.roles import role_names

BROKER = Path(__file__).with_name("kafka")
FIRST_ADMIN = "realm-reconciler"
"""The client with which `tsumugi realm apply` comes first; deploy/local/keycloak.py names it, which no image holds."""
KAFKA_ADMIN = "kafka-admin"
ADMINISTRATORS = (KAFKA_ADMIN, "identity-admin", COMMAND_LINE, FIRST_ADMIN)
"""Clients that no service has."""


@dataclass(frozen=True)
class Owner:
    """As whom a part runs."""

    user: int
    group: int


OURS = Owner(10001, 10001)
POSTGRES = Owner(999, 999)
KAFKA = Owner(1000, 1000)
KEYCLOAK = Owner(1000, 0)
GRAFANA = Owner(472, 472)

PG_HBA = """# From other containers over TLS and with a password, and in no other way.
local   all all                scram-sha-256
hostssl all all all            scram-sha-256
hostnossl all all all          reject
"""


KEYS: dict[str, tuple[Callable[[Path], object], ...]] = {
    "identity": (signing_key, codes),
    "messaging": (vapid, lambda folder: ChannelSettings(folder).code_key()),
    "dashboard": (lambda folder: Seal.of(folder / SEAL_KEY),),
}
"""What a service would make at its first start: here, so that replicas that share no folder can be given the same."""


class Making:
    """Everything in ``home``; ``hosts``: the browser's names of the origin and of the identity authority."""

    def __init__(self, home: Path, hosts: tuple[str, str]) -> None:
        self.home = home
        self.origin, self.id_host = hosts
        self.authority = Authority(home / "authority")
        self._secrets = make_folder(home / "authority" / "secrets")

    def run(self) -> None:
        """Make what is missing and give each part its own."""
        for service in topology().services:
            clients = topology().services[service].all_clients(service)
            _, app, feed, _ = role_names(service)
            self._certificate(service, service, [service, self.origin])
            self._give(service, {**self._files([app, feed, *map(_client, clients)])})
            self._own(service, OURS)
            state = make_folder(self.home / f"{service}-state")
            for make in KEYS.get(service, ()):
                make(state)
            self._own(f"{service}-state", OURS)
        self._give("release", self._files(everything()))
        self._trust("release")
        self._own("release", OURS)
        self._give("kafka-keep", self._files([_client(KAFKA_ADMIN)]))
        self._trust("kafka-keep")
        self._own("kafka-keep", OURS)
        self._postgres()
        self._kafka()
        self._keycloak()
        write_secret(self._in("monitoring", "grafana.secret"), self._secret("grafana"))
        self._own("monitoring", GRAFANA)

    def _postgres(self) -> None:
        self._certificate("postgres", "postgres", ["postgres"])
        self._give("postgres", self._files(["postgres", "keycloak-database"]))
        write_whole(self._in("postgres", "pg_hba.conf"), PG_HBA)
        self._own("postgres", POSTGRES)

    def _kafka(self) -> None:
        made = self.authority.issue("kafka", ["kafka", "localhost", self.origin])
        write_secret(
            self._in("kafka", "keystore.pem"), made.key.read_text("ascii") + made.chain.read_text("ascii")
        )
        shutil.copyfile(self.authority.certificate, self._in("kafka", "authority.pem"))
        properties = (BROKER / "server.properties").read_text(encoding="utf-8")
        for name, host in {"@HOST@": self.origin, "@ID_HOST@": self.id_host}.items():
            properties = properties.replace(name, host)
        write_whole(self._in("kafka", "server.properties"), properties)
        shutil.copyfile(BROKER / "log4j2.yaml", self._in("kafka", "log4j2.yaml"))
        # Its image copies the settings with their mode and then adds to the copy; the volume itself is read-only there.
        self._own("kafka", KAFKA, files=0o600)

    def _keycloak(self) -> None:
        self._certificate("keycloak", "keycloak", ["keycloak", self.id_host])
        shutil.copyfile(self.authority.certificate, self._in("keycloak", "authority.pem"))
        settings = {
            "db-password": self._secret("keycloak-database"),
            "bootstrap-admin-client-id": FIRST_ADMIN,
            "bootstrap-admin-client-secret": self._secret(_client(FIRST_ADMIN)),
        }
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        write_secret(self._in("keycloak", "keycloak.conf"), text)
        self._own("keycloak", KEYCLOAK)

    def _certificate(self, part: str, name: str, hosts: list[str]) -> None:
        made = self.authority.issue(name, hosts)
        write_secret(self._in(part, "tls.key"), made.key.read_text("ascii"))
        write_whole(self._in(part, "tls.pem"), made.chain.read_text("ascii"))
        self._trust(part)

    def _trust(self, part: str) -> None:
        self.authority.make()
        write_whole(self._in(part, "trusted.pem"), self.authority.bundle.read_text("ascii"))

    def _files(self, names: Iterable[str]) -> dict[str, str]:
        return {name: self._secret(name) for name in names}

    def _secret(self, name: str) -> str:
        return secret(self._secrets / f"{name}.secret")

    def _give(self, part: str, files: Mapping[str, str]) -> None:
        for name, value in files.items():
            write_secret(make_folder(self._in(part, "secrets")) / f"{name}.secret", value)

    def _in(self, part: str, name: str) -> Path:
        return make_folder(self.home / part) / name

    def _own(self, part: str, owner: Owner, *, files: int = 0o400) -> None:
        """Everything below belongs to ``owner``, who may not change it but for the folder of a service's state."""
        top = make_folder(self.home / part)
        for path in [top, *top.rglob("*")]:
            os.chown(path, owner.user, owner.group)
            if path.is_dir():
                path.chmod(0o750)
            elif not part.endswith("-state"):
                path.chmod(files)


def everything() -> list[str]:
    """Every login and client: what a release is given."""
    roles = [role for service in topology().services for role in role_names(service)]
    clients = {
        client for name, service in topology().services.items() for client in service.all_clients(name)
    }
    return ["postgres", *roles, *map(_client, sorted({*clients, *ADMINISTRATORS}))]


def _client(id: str) -> str:
    return f"client-{id}"


def main(words: list[str]) -> int:
    """Make it. The names come from the environment, as docker-compose.yml has them."""
    hosts = os.environ["TSUMUGI_HOST"], os.environ["TSUMUGI_ID_HOST"]
    Making(Path(words[0]), hosts).run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
