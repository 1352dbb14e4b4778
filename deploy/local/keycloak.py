"""Keycloak from its Maven artifact: one server, its data in PostgreSQL, on loopback.

The server is unpacked and built once a machine, into the cache; a deployment's folder has links to it and a
configuration file of its own, 0600, for it holds two secrets: the database's, and the first administrator's, a client
with which deploy/keycloak makes the realm. Nobody else administers: there is no console, the realm is code.

PostgreSQL listens on a unix socket only (decisions.md §4), which its Java driver reaches through junixsocket.
"""

import hashlib
import http.client
import secrets
import shutil
import signal
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from deploy.local.authority import Certificate
from deploy.local.java import JAVA, jars
from deploy.local.kafka import HOST, takes_connections
from deploy.local.process import PidFile, end, launch, tail, wait_until
from deploy.local.state import LocalError, cache_dir, exclusive, make_folder, secret, write_secret
from shared.database import Login
from shared.database.roles import Server, make_roles

LOCK = Path(__file__).with_name("keycloak.lock.toml")
THEMES = Path(__file__).parents[1] / "keycloak" / "theme"
FIRST_ADMIN = "realm-reconciler"
"""Client id of the first administrator, in the realm ``master``."""
START_SECONDS = 300.0
"""Half a minute by itself; on two cores with much other work the first start has taken two and a half."""
STOP_SECONDS = 30.0
POLL_SECONDS = 0.25
"""Each question about its health is a request."""

# The quick compiler alone: this server answers a few people, and is ready sooner.
JVM = [
    *("-Xmx512m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"),
    "-Djava.awt.headless=true",
    # As bin/kc.sh of the distribution has them.
    *(
        f"--add-opens=java.base/java.{package}=ALL-UNNAMED"
        for package in ("util", "util.concurrent", "security", "lang")
    ),
    "--enable-native-access=ALL-UNNAMED",
    *("-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8"),
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory"
    "=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
]
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
BUILD = {
    "db": "postgres",
    "health-enabled": "true",
    "metrics-enabled": "true",
    # What nobody uses nobody can attack.
    "features-disabled": "admin,ciba,device-flow,identity-brokering-api,impersonation,kerberos,twitter-broker",
}
SILENT = "io.smallrye.health:error,org.keycloak.events:error"
"""Or every question before it is ready would stand in its log, and every name that somebody mistyped."""
_PARTS = ("lib", "providers", "themes", "version.txt")
_SOCKET_FACTORY = "org.newsclub.net.unix.AFUNIXSocketFactory$FactoryArg"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ports:
    """Where it is asked: by browsers and services at one, by the operator about its health at the other."""

    main: int
    management: int


class Keycloak:
    """One server with its files in ``home``. Every method may be called from any process, again and again.

    ``database`` is reached through its socket folder; see :func:`make_own_database`. Without a ``certificate`` it
    speaks plain HTTP, which is for tests. ``trust``: PEM file of the authorities that it believes besides the public
    ones, where it asks others (the provider of paper codes).
    """

    def __init__(
        self,
        home: Path,
        *,
        ports: Ports,
        database: Login,
        certificate: Certificate | None = None,
        trust: Path | None = None,
    ) -> None:
        self.home = home.resolve()
        self.ports = ports
        self.url = f"{'https' if certificate else 'http'}://localhost:{ports.main}"
        self.management_url = f"http://localhost:{ports.management}"
        self.log = self.home / "keycloak.log"
        self.pid_file = mark_of(self.home)
        self.database = database
        self._certificate = certificate
        self._trust = trust

    @property
    def admin_secret(self) -> str:
        """The first administrator's secret, made with the server."""
        return secret(make_folder(self.home) / "admin.secret")

    def issuer(self, realm: str) -> str:
        """What tokens of ``realm`` say of where they come from."""
        return f"{self.url}/realms/{realm}"

    def start(self, say: Say = lambda _: None) -> None:
        """Fetch, unpack and build the server and start it, each only if need be; return when it serves.

        Raises LocalError, with the end of the log, when it does not come up.
        """
        with exclusive(make_folder(self.home) / "lock"):
            server = self.pid_file.process() or self._launch(say)
            wait_until(
                self.ready, server, seconds=START_SECONDS, what="Keycloak", log=self.log, every=POLL_SECONDS
            )

    def stop(self) -> None:
        """End the server cleanly. Nothing to do when it does not run."""
        stop_server(self.home)

    def remove(self) -> None:
        """Stop the server and delete its files; its data are the database's."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def ready(self) -> bool:
        """Whether our server answers now, and reaches its database."""
        if self.pid_file.process() is None:
            return False
        asked = http.client.HTTPConnection(HOST, self.ports.management, timeout=2)
        try:
            asked.request("GET", "/health/ready")
            return asked.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asked.close()

    def _launch(self, say: Say) -> psutil.Process:
        for port in (self.ports.main, self.ports.management):
            if takes_connections(port):
                raise LocalError(
                    f"ポート {port} はほかのプログラムが使っています。それを止めるか、TSUMUGI_PORT を変えてください。"
                )
        built = installed(say)
        server = make_folder(_server(self.home))
        for name in _PARTS:
            link = server / name
            link.unlink(missing_ok=True)
            link.symlink_to(built / name)
        settings = "".join(f"{name}={value}\n" for name, value in self._settings().items())
        write_secret(make_folder(server / "conf") / "keycloak.conf", settings)
        return launch(
            _command(server, "start", "--optimized"),
            log=self.log,
            environment=ENVIRONMENT,
            mark=self.pid_file,
        )

    def _settings(self) -> dict[str, str]:
        socket = f"{self.database.host}/.s.PGSQL.{self.database.port}"
        settings = {
            "db-url": f"jdbc:postgresql://localhost/{self.database.database}"
            f"?socketFactory={_SOCKET_FACTORY}&socketFactoryArg={socket}&sslmode=disable",
            "db-username": self.database.role,
            "db-password": self.database.password,
            "db-pool-max-size": "20",
            "cache": "local",
            "hostname": self.url,
            "http-host": HOST,
            # Answers to the operator of this machine, and to nobody else.
            "http-management-scheme": "http",
            "http-management-host": HOST,
            "http-management-port": str(self.ports.management),
            "bootstrap-admin-client-id": FIRST_ADMIN,
            "bootstrap-admin-client-secret": self.admin_secret,
            "spi-theme--folder--dir": str(THEMES),
            "log-level": f"warn,{SILENT}",
            "shutdown-delay": "0s",
        }
        if self._certificate is None:
            return settings | {"http-enabled": "true", "http-port": str(self.ports.main)}
        secured = {
            "https-port": str(self.ports.main),
            "https-certificate-file": str(self._certificate.chain),
            "https-certificate-key-file": str(self._certificate.key),
        }
        return settings | secured | ({"truststore-paths": str(self._trust)} if self._trust else {})


async def make_own_database(server: Server, login: Login) -> None:
    """Keycloak's role and database, if they are missing; no service may connect to it."""
    await make_roles(server, {login.role: login.password})
    connection: asyncpg.Connection = await server.connect()
    try:
        if not await connection.fetchval("select true from pg_database where datname = $1", login.database):
            await connection.execute(
                f'create database "{login.database}" owner "{login.role}" template template0'
                " locale_provider builtin builtin_locale 'C.UTF-8'"
            )
        await connection.execute(f'revoke all on database "{login.database}" from public')
    finally:
        await connection.close()


def stop_server(home: Path) -> None:
    """End the server whose files are in ``home``, which is all that need be known of it."""
    if not home.exists():
        return
    with exclusive(home / "lock"):
        process = mark_of(home).process()
        if process is not None:
            end(process, (signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS))


def installed(say: Say = lambda _: None) -> Path:
    """The folder of the built server, unpacked and built (half a minute) if it is not there yet.

    Raises LocalError when it cannot be had or built.
    """
    distribution, *providers = jars(LOCK)
    made_of = "\n".join([*(path.name for path in (distribution, *providers)), *_build_options(), *JVM])
    fingerprint = hashlib.sha256(made_of.encode()).hexdigest()[:12]
    version = distribution.stem.rpartition("-")[2]
    place = make_folder(cache_dir() / "keycloak") / f"{version}-{fingerprint}"
    with exclusive(place.with_suffix(".lock"), lambda: say("Keycloak の準備を待っています…")):
        if not place.exists():
            say("Keycloak を準備しています（はじめだけ、1分ほど）…")
            _build(distribution, providers, place)
    return place


def _build(distribution: Path, providers: list[Path], place: Path) -> None:
    draft = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
    try:
        with zipfile.ZipFile(distribution) as packed:
            packed.extractall(draft)  # its SHA-256 is the lock's
        (root,) = draft.iterdir()
        for jar in providers:
            shutil.copy(jar, root / "providers")
        log = place.with_suffix(".log")
        with log.open("wb") as output:
            done = subprocess.run(
                _command(root, "build", *_build_options()),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=ENVIRONMENT,
                check=False,
            )
        if done.returncode != 0:
            raise LocalError(f"Keycloak を組み立てられませんでした。\n{tail(log)}")
        root.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _build_options() -> list[str]:
    return [f"--{name}={value}" for name, value in BUILD.items()]


def _command(server: Path, *words: str) -> list[str]:
    return [
        str(JAVA),
        *JVM,
        _home_option(server),
        f"-Djboss.server.config.dir={server / 'conf'}",
        "-cp",
        str(server / "lib" / "quarkus-run.jar"),
        "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
        *words,
    ]


def _server(home: Path) -> Path:
    return home / "server"


def _home_option(server: Path) -> str:
    return f"-Dkc.home.dir={server}"


def mark_of(home: Path) -> PidFile:
    """The mark of the server whose files are in ``home``."""
    home = home.resolve()
    return PidFile(home / "keycloak.pid", names=_home_option(_server(home)))
