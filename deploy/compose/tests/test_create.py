"""What `create` makes for a deployment under Compose: enough for each part, and for no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from deploy.compose import create
from deploy.compose.tests.reading import (
    HOSTS,
    KEEPER,
    SERVERS,
    SERVICES,
    parts,
)
from deploy.keycloak.realm import Place, realm
from deploy.local.authority import Authority
from deploy.local.kafka_security import ALLOWED_URLS, Security
from deploy.local.keycloak import FIRST_ADMIN
from deploy.local.state import ROOT
from deploy.platform.deployed import Deployed
from deploy.platform.settings import PlatformSettings
from deploy.topology import topology


def test_a_service_finds_all_it_asks_for(
    made: tuple[Path, dict[str, tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = made
    for name in SERVICES:
        for variable, value in parts()[name]["environment"].items():
            moved = str(value).replace("/etc/tsumugi", str(home / name))
            monkeypatch.setenv(variable, moved.replace("/var/lib/tsumugi", str(home / f"{name}-state")))
        deployed = Deployed(PlatformSettings.read())
        settings = deployed.settings(name)
        assert settings.app.tls
        assert settings.app.password != settings.feed.password
        assert set(settings.secrets) == set(topology().services[name].all_clients(name))
        assert deployed.listen(name).port == 8443
        held = {file.stem for file in (home / name / "secrets").iterdir()}
        assert held == {settings.app.role, settings.feed.role, *(f"client-{id}" for id in settings.secrets)}


def test_parts_that_meet_have_the_same_secret(made: tuple[Path, dict[str, tuple[int, int]]]) -> None:
    home, _ = made
    release = {file.name: file.read_text() for file in (home / "release" / "secrets").iterdir()}
    assert set(release) == {f"{name}.secret" for name in create.everything()}
    for service in SERVICES:
        for file in (home / service / "secrets").iterdir():
            assert file.read_text() == release[file.name]
    assert (home / "postgres/secrets/postgres.secret").read_text() == release["postgres.secret"]
    keycloak = (home / "keycloak/keycloak.conf").read_text()
    assert f"bootstrap-admin-client-secret={release['client-realm-reconciler.secret']}\n" in keycloak
    assert (home / "postgres/secrets/keycloak-database.secret").read_text() in keycloak
    assert len(set(release.values())) == len(release)


def test_a_secret_that_was_taken_away_is_another_one_for_everybody_who_has_it_and_the_others_stay(
    made: tuple[Path, dict[str, tuple[int, int]]],
) -> None:
    """As operators are told to rotate one; those that stand in the document are where `create` keeps them."""
    home, _ = made

    def all_of(name: str) -> dict[str, str]:
        return {str(file.relative_to(home)): file.read_text() for file in home.rglob(f"{name}.secret")}

    told = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    sources = set(re.findall(r"/made/authority/secrets/(\S+)\.secret", told))
    assert {f"client-{FIRST_ADMIN}", "client-registry"} <= sources
    assert sources <= {file.stem for file in (home / "authority/secrets").iterdir()}
    before, others = all_of("client-registry"), all_of("client-identity")
    assert {"registry/secrets/client-registry.secret", "release/secrets/client-registry.secret"} < set(before)
    (home / "authority/secrets/client-registry.secret").unlink()
    create.Making(home, HOSTS).run()
    after = all_of("client-registry")
    assert after.keys() == before.keys()
    assert len(set(after.values())) == 1
    assert not set(after.values()) & set(before.values())
    assert all_of("client-identity") == others


def test_the_backup_that_operators_are_told_of_has_a_password(
    made: tuple[Path, dict[str, tuple[int, int]]],
) -> None:
    """Nobody comes in without one, by the socket neither: a nightly command would wait for somebody to type it."""
    home, _ = made
    assert "local   all all                scram-sha-256" in (home / "postgres/pg_hba.conf").read_text()
    told = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert "deploy/compose/backup.sh" in told
    assert "pg_dumpall" not in told
    script = (ROOT / "deploy/compose/backup.sh").read_text(encoding="utf-8")
    (file,) = re.findall(r"PGPASSWORD=\$\(cat /etc/tsumugi/(\S+)\) exec pg_dumpall", script)
    assert (home / "postgres" / file).read_text() == (home / "release/secrets/postgres.secret").read_text()


def test_the_realms_clients_are_those_that_have_a_secret() -> None:
    asked: set[str] = set()

    def secret(client: str) -> str:
        asked.add(client)
        return "secret"

    wanted = realm(
        Place("https://o.example", "https://d", "https://o.example/paper", "https://i/paper", secret)
    )
    made = {name.removeprefix("client-") for name in create.everything() if name.startswith("client-")}
    assert asked == made - {FIRST_ADMIN}
    brokered = {each["config"]["clientId"] for each in wanted.providers}
    assert {each["clientId"] for each in wanted.clients} | brokered == asked


def test_each_part_owns_its_files_and_nobody_else_reads_them(
    made: tuple[Path, dict[str, tuple[int, int]]],
) -> None:
    home, owners = made
    users = {
        name: tuple(map(int, parts()[name]["user"].split(":"))) for name in SERVICES | SERVERS | {KEEPER}
    }
    for path, owner in owners.items():
        part = path.split("/", 1)[0].removesuffix("-state")
        if part in users:
            assert owner == users[part], path
    for file in home.rglob("*"):
        if file.is_file() and file.relative_to(home).parts[0] != "authority":
            assert file.stat().st_mode & 0o077 == 0, file
    # Its image copies the settings with their mode and then adds a line to the copy.
    assert (home / "kafka/server.properties").stat().st_mode & 0o777 == 0o600
    assert users["dashboard"] == users["registry"]  # the image has one user; volumes keep them apart
    image = (ROOT / "deploy/image/Dockerfile").read_text(encoding="utf-8")
    assert f"USER {parts()['registry']['user']}" in image


def test_every_key_that_replicas_share_is_made(made: tuple[Path, dict[str, tuple[int, int]]]) -> None:
    home, _ = made
    found = {name: {file.name for file in (home / f"{name}-state").iterdir()} for name in SERVICES}
    assert found == {
        "identity": {"signing-key.json", "paper-code-key"},
        "messaging": {"vapid-key.json", "channel-code-key"},
        "dashboard": {"sessions.key"},
        "registry": set(),
    }
    pods = {
        name: yaml.safe_load(text)
        for name in SERVICES
        for text in (ROOT / f"deploy/k8s/base/services/{name}.yaml").read_text("utf-8").split("\n---\n")
        if "kind: Deployment" in text
    }
    for name, pod in pods.items():
        volumes = {volume["name"] for volume in pod["spec"]["template"]["spec"]["volumes"]}
        assert ("keys" in volumes) == bool(found[name]), name


def test_making_again_changes_nothing(
    made: tuple[Path, dict[str, tuple[int, int]]],
) -> None:
    home, _ = made
    before = {file: file.read_bytes() for file in home.rglob("*") if file.is_file()}
    create.Making(home, HOSTS).run()
    assert {file: file.read_bytes() for file in home.rglob("*") if file.is_file()} == before


def test_the_broker_is_the_native_ones_equal(
    made: tuple[Path, dict[str, tuple[int, int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home, _ = made
    lines = (home / "kafka/server.properties").read_text(encoding="utf-8").splitlines()
    here = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    whole = dict(here)
    url = here["sasl.oauthbearer.jwks.endpoint.url"]
    native = Security(
        Authority(tmp_path_factory.mktemp("authority")),
        parts()["registry"]["environment"]["TSUMUGI_ISSUER"],
        url,
        9094,
    )
    elsewhere = {"listeners", "advertised.listeners", "controller.quorum.voters"}
    places = re.compile(r'(?<=location=)"[^"]*"')
    for name, value in native.settings(tmp_path_factory.mktemp("broker"), "localhost", 9093, 9095).items():
        if name.endswith(".location") or name in elsewhere:
            assert name in here
        else:
            assert places.sub("", here.pop(name)).replace("OUTSIDE:SASL_SSL,", "") == places.sub("", value), (
                name
            )
    # Departments come from outside by a name that their machines know, and are held to the same.
    assert "OUTSIDE://0.0.0.0:9096" in here["listeners"].split(",")
    assert f"OUTSIDE://{HOSTS[0]}:8446" in here["advertised.listeners"].split(",")
    outside = {name: value for name, value in here.items() if name.startswith("listener.name.outside.")}
    assert {name.replace("outside", "clients"): value for name, value in outside.items()} == {
        name: value for name, value in whole.items() if name.startswith("listener.name.clients.")
    }
    assert f"-D{ALLOWED_URLS}={url}" in parts()["kafka"]["environment"]["KAFKA_OPTS"]
    assert (home / "kafka/keystore.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----")


def test_the_broker_writes_no_file_of_what_it_says(made: tuple[Path, dict[str, tuple[int, int]]]) -> None:
    """Its root is read-only, so files would lie in memory, and its image deletes none."""
    home, _ = made
    said = yaml.safe_load((home / "kafka/log4j2.yaml").read_text(encoding="utf-8"))["Configuration"]
    assert set(said["Appenders"]) == {"Console"}
    assert said["Loggers"]["Root"]["AppenderRef"] == [{"ref": said["Appenders"]["Console"]["name"]}]
    kafka = parts()["kafka"]
    assert "loggc" not in kafka["environment"]["EXTRA_ARGS"]
    for place in ("/opt/kafka/config", "/opt/kafka/logs"):
        (mounted,) = [each for each in kafka["tmpfs"] if each.startswith(place)]
        assert re.search(r"[:,]size=\d+m", mounted), place
