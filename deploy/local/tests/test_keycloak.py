import socket
from pathlib import Path

import httpx
import pytest

from deploy.local.authority import Authority
from deploy.local.kafka import HOST
from deploy.local.keycloak import FIRST_ADMIN, LOCK, Keycloak, Ports
from deploy.local.process import PidFile
from deploy.local.state import LocalError
from deploy.local.temporary import free_ports, temporary_home
from shared.database import Login
from tests.support.databases import Databases

DATABASE = Login("/socket", 5432, "keycloak", "keycloak", "a password for tests")


def again(server: Keycloak) -> Keycloak:
    return Keycloak(server.home, ports=server.ports, database=DATABASE)


def test_it_listens_on_loopback_only(keycloak: Keycloak) -> None:
    process = keycloak.pid_file.process()
    assert process is not None
    listening = {each.laddr for each in process.net_connections("tcp") if each.status == "LISTEN"}
    # Its transaction manager has one more, whose number the system gives.
    assert {address.port for address in listening} >= {keycloak.ports.main, keycloak.ports.management}
    assert all(address.ip.removeprefix("::ffff:") == HOST for address in listening)


def test_starting_again_finds_the_same_server(keycloak: Keycloak) -> None:
    before = keycloak.pid_file.process()
    again(keycloak).start()
    assert keycloak.pid_file.process() == before


def test_the_first_administrator_is_a_client_with_a_secret_of_its_own(keycloak: Keycloak) -> None:
    def ask(secret: str) -> httpx.Response:
        form = {"grant_type": "client_credentials"}
        tokens = f"{keycloak.issuer('master')}/protocol/openid-connect/token"
        return httpx.post(tokens, data=form, auth=(FIRST_ADMIN, secret))

    assert ask(keycloak.admin_secret).status_code == 200
    assert ask("guessed").status_code == 401
    assert oct((keycloak.home / "admin.secret").stat().st_mode)[-3:] == "600"
    assert oct((keycloak.home / "server" / "conf" / "keycloak.conf").stat().st_mode)[-3:] == "600"


def test_health_and_figures_are_apart_from_what_browsers_reach(keycloak: Keycloak) -> None:
    for path in ("/health/ready", "/metrics"):
        assert httpx.get(f"{keycloak.management_url}{path}").status_code == 200
        assert httpx.get(f"{keycloak.url}{path}").status_code == 404


def test_there_is_no_console_to_change_the_realm_by_hand(keycloak: Keycloak) -> None:
    assert httpx.get(f"{keycloak.url}/admin/master/console/").status_code == 404


async def test_no_service_reaches_its_database(keycloak: Keycloak, databases: Databases) -> None:
    connection = await databases.server.connect()
    try:
        asked = "select has_database_privilege('public', 'keycloak', 'connect')"
        assert await connection.fetchval(asked) is False
    finally:
        await connection.close()


def test_a_taken_port_is_named() -> None:
    with temporary_home() as home, socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match=f"ポート {port} はほかの"):
            Keycloak(home / "keycloak", ports=Ports(port, port), database=DATABASE).start()


def test_with_a_certificate_it_speaks_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_ports()
    authority = Authority(tmp_path / "authority")
    certificate = authority.issue("keycloak")
    server = Keycloak(
        tmp_path / "keycloak",
        ports=Ports(port, port + 1),
        database=DATABASE,
        certificate=certificate,
        trust=authority.bundle,
    )
    seen: list[list[str]] = []
    monkeypatch.setattr("deploy.local.keycloak.installed", lambda say: tmp_path)

    def launch(command: list[str], *, log: Path, environment: dict[str, str], mark: PidFile) -> None:
        seen.append(command)
        raise LocalError("far enough")

    monkeypatch.setattr("deploy.local.keycloak.launch", launch)
    with pytest.raises(LocalError, match="far enough"):
        server.start()
    settings = (server.home / "server" / "conf" / "keycloak.conf").read_text()
    assert server.url == f"https://localhost:{port}"
    assert "http-enabled" not in settings
    for line in (
        f"https-certificate-file={certificate.chain}",
        f"https-certificate-key-file={certificate.key}",
        f"truststore-paths={authority.bundle}",
        f"https-port={port}",
        f"http-host={HOST}",
    ):
        assert line in settings.splitlines()
    secrets = (DATABASE.password, server.admin_secret)
    assert not [word for word in seen[0] if any(secret in word for secret in secrets)]


def test_the_lock_names_versions_and_hashes_and_no_address() -> None:
    text = LOCK.read_text()
    assert text.count("sha256") == text.count("[[dependencies]]") == 3
    assert "://" not in text
