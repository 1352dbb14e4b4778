"""The nightly backup under Compose: the script as cron runs it, with a stand-in for docker and for the container."""

from __future__ import annotations

import gzip
import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "deploy/compose/backup.sh"
END = "--\n-- PostgreSQL database cluster dump complete\n--\n"
# What docker runs in the container runs here; the container's folder of secrets is a folder of the test's.
DOCKER = """#!/bin/sh
[ "$1 $2 $3 $4 $5 $6" = "compose exec -T postgres sh -c" ] || exit 64
[ -f docker-compose.yml ] || exit 65
shift 6
exec sh -c "$(printf %s "$1" | sed "s#/etc/tsumugi#$CONTAINER#")"
"""
PG_DUMPALL = """#!/bin/sh
[ "$PGPASSWORD" = "the password" ] && [ "$*" = --username=postgres ] || exit 66
cat "$CONTAINER/dump"
exit "$(cat "$CONTAINER/status")"
"""


@dataclass
class Machine:
    """Where the script runs."""

    home: Path
    kept: Path
    env: Mapping[str, str]

    def run(self, dump: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """The script on a night on which pg_dumpall says ``dump`` and ends like that."""
        (self.home / "dump").write_text(dump, encoding="utf-8")
        (self.home / "status").write_text(str(status), encoding="ascii")
        return subprocess.run(
            [str(SCRIPT), "kept"], cwd=self.home, env=self.env, capture_output=True, text=True, check=False
        )

    def files(self) -> list[str]:
        """All that is kept."""
        return sorted(path.name for path in self.kept.iterdir())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with last night's backup."""
    programs, kept, secrets = tmp_path / "bin", tmp_path / "kept", tmp_path / "secrets"
    for folder in (programs, kept, secrets):
        folder.mkdir()
    for name, text in (("docker", DOCKER), ("pg_dumpall", PG_DUMPALL)):
        (programs / name).write_text(text, encoding="ascii")
        (programs / name).chmod(0o755)
    (secrets / "postgres.secret").write_text("the password", encoding="ascii")
    (kept / "tsumugi-20261122T170000Z.sql.gz").write_bytes(b"last night's")
    path = f"{programs}:{os.environ['PATH']}"
    return Machine(tmp_path, kept, {"PATH": path, "CONTAINER": str(tmp_path)})


def test_a_night_is_kept_beside_the_one_before_and_for_its_owner_alone(machine: Machine) -> None:
    done = machine.run(f"create role registry_app;\n{END}")
    assert (done.returncode, done.stderr) == (0, "")
    last, new = machine.files()
    assert (machine.kept / last).read_bytes() == b"last night's"
    assert done.stdout == f"{machine.kept / new}\n"
    assert gzip.decompress((machine.kept / new).read_bytes()).decode() == f"create role registry_app;\n{END}"
    assert stat.S_IMODE((machine.kept / new).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("dump", "status"),
    [
        ("", 1),
        ("create role registry_app;\n", 1),
        (f"create role registry_app;\n{END}", 1),
        ("create role registry_app;\n", 0),
        ("", 0),
    ],
    ids=["no password", "cut off", "failed at the end", "ends well and is not whole", "nothing"],
)
def test_a_night_that_fails_says_so_and_leaves_nothing_but_the_one_before(
    machine: Machine, dump: str, status: int
) -> None:
    done = machine.run(dump, status)
    assert done.returncode != 0
    assert machine.files() == ["tsumugi-20261122T170000Z.sql.gz"]


def test_a_wrong_password_is_no_backup(machine: Machine) -> None:
    (machine.home / "secrets" / "postgres.secret").write_text("another", encoding="ascii")
    assert machine.run(END).returncode != 0
    assert len(machine.files()) == 1


def test_a_disk_that_is_full_is_no_backup(machine: Machine) -> None:
    (machine.home / "bin" / "gzip").write_text("#!/bin/sh\ncat >/dev/null\nexit 1\n", encoding="ascii")
    (machine.home / "bin" / "gzip").chmod(0o755)
    assert machine.run(END).returncode != 0
    assert len(machine.files()) == 1
