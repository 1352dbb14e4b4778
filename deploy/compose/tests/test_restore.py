"""A night of backup.sh brought back by restore.sh: real servers, with a stand-in for docker and for the container."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.postgres import Postgres
from deploy.local.state import ROOT
from deploy.local.temporary import temporary_home

COMPOSE = ROOT / "deploy/compose"
# What docker runs in the container runs here; the container's folder of secrets is a folder of the test's.
DOCKER = """#!/bin/sh
[ "$1 $2 $3 $4 $5 $6" = "compose exec -T postgres sh -c" ] || exit 64
[ -f docker-compose.yml ] || exit 65
shift 6
exec sh -c "$(printf %s "$1" | sed "s#/etc/tsumugi#$CONTAINER#g")"
"""
# psql, wherever it is called: everybody on the host may read the words that a process was started with.
PSQL = """#!/bin/sh
for secret in "$CONTAINER"/secrets/*; do
  case "$*" in *"$(cat "$secret")"*) echo "a command line has ${secret##*/}" >&2; exit 66 ;; esac
done
PATH=${PATH#*:}
exec psql "$@"
"""
LOOKS_LIKE_ONE = "ALTER ROLE postgres WITH PASSWORD 'x';"
"""In a child's record: no line of data is left out."""


@dataclass
class Stack:
    """PostgreSQL as the image starts it on an empty volume: with Keycloak's login and database."""

    postgres: Postgres
    env: Mapping[str, str]
    programs: Path
    """A folder of programs that are found before those of the machine."""

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A script of ours, as an operator types it."""
        return subprocess.run(words, env=self.env, capture_output=True, text=True, check=False)

    def sql(self, database: str, said: str, *, role: str = "postgres", password: str | None = None) -> str:
        """What ``role`` gets for an answer."""
        login = {**self.env, "PGPASSWORD": password or self.postgres.password}
        told = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        done = subprocess.run(
            [*told, f"--username={role}", f"--dbname={database}", f"--command={said}"],
            env=login,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def program(path: Path, said: str) -> None:
    """A program of the test's."""
    path.write_text(said, encoding="ascii")
    path.chmod(0o755)


@contextmanager
def stack(keycloak: str) -> Iterator[Stack]:
    """One, whose secret for Keycloak's database is ``keycloak``."""
    with temporary_home() as home:
        postgres = Postgres(home / "postgres", durable=False)
        postgres.start()
        try:
            container, programs = home / "container", home / "bin"
            (container / "secrets").mkdir(parents=True)
            programs.mkdir()
            for name, value in (("postgres", postgres.password), ("keycloak-database", keycloak)):
                (container / "secrets" / f"{name}.secret").write_text(value, encoding="ascii")
            program(programs / "docker", DOCKER)
            program(programs / "psql", PSQL)
            path = f"{programs}:{postgres.binaries()}:{os.environ['PATH']}"
            env = {"PATH": path, "CONTAINER": str(container), "PGHOST": str(postgres.host)}
            made = Stack(postgres, {**env, "PGPORT": str(postgres.port)}, programs)
            first = (COMPOSE / "postgres/10-keycloak.sh").read_text(encoding="utf-8")
            subprocess.run(
                ["sh", "-c", first.replace("/etc/tsumugi", str(container))],
                env={**made.env, "PGPASSWORD": postgres.password},
                check=True,
            )
            yield made
        finally:
            postgres.stop()


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A backup of a stack with something in it."""
    with stack("keycloaks-before") as was:
        was.sql("postgres", "create role registry_app login password 'of registry'")
        was.sql("postgres", "create database registry")
        was.sql("registry", "create table note (said text); grant select on note to registry_app")
        was.sql("registry", f"insert into note values ($${LOOKS_LIKE_ONE}$$), ('第一小学校')")
        was.sql(
            "keycloak", "create table user_entity (id text)", role="keycloak", password="keycloaks-before"
        )
        was.sql("keycloak", "insert into user_entity values ('a teacher')")
        done = was.run(str(COMPOSE / "backup.sh"), str(tmp_path))
        assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_a_night_comes_back_into_a_stack_with_secrets_of_its_own(night: Path) -> None:
    with stack("keycloaks-own") as now:
        done = now.run(str(COMPOSE / "restore.sh"), str(night))
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        found = now.sql("registry", "select said from note", role="registry_app", password="of registry")
        assert found.split("\n") == [LOOKS_LIKE_ONE, "第一小学校"]
        mine = {"role": "keycloak", "password": "keycloaks-own"}
        assert now.sql("keycloak", "select id from user_entity", **mine) == "a teacher"
        now.sql("keycloak", "alter table user_entity add column its_own boolean", **mine)

        again = now.run(str(COMPOSE / "restore.sh"), str(night))
        assert (again.returncode, "has data already" in again.stderr) == (1, True)
        assert now.sql("registry", "select count(*) from note") == "2"


def test_what_is_no_whole_backup_changes_nothing(night: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.sql.gz"
    half.write_bytes(night.read_bytes()[: night.stat().st_size // 2])
    with stack("keycloaks-own") as now:
        for file in (half, tmp_path / "missing.sql.gz", COMPOSE / "backup.sh"):
            assert now.run(str(COMPOSE / "restore.sh"), str(file)).returncode == 1
        assert now.sql("keycloak", "select 1", role="keycloak", password="keycloaks-own") == "1"


def test_what_ends_halfway_says_so(night: Path) -> None:
    with stack("keycloaks-own") as now:
        now.sql("postgres", "create role registry_app")
        done = now.run(str(COMPOSE / "restore.sh"), str(night))
        assert done.returncode != 0
        assert 'role "registry_app" already exists' in done.stderr
        assert "empty the volume postgres-data" in done.stderr


def test_while_keycloak_is_connected_nothing_is_done_and_nothing_need_be_emptied(night: Path) -> None:
    with stack("keycloaks-own") as now:
        connected = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
        with subprocess.Popen(
            [*connected, "--username=keycloak", "--dbname=keycloak"],
            env={**now.env, "PGPASSWORD": "keycloaks-own"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as keycloak:
            assert keycloak.stdin
            assert keycloak.stdout
            keycloak.stdin.write("select 'in';\n")
            keycloak.stdin.flush()
            assert keycloak.stdout.readline() == "in\n"
            done = now.run(str(COMPOSE / "restore.sh"), str(night))
            assert (done.returncode, "stop Keycloak" in done.stderr) == (1, True), done.stderr
            assert "empty the volume" not in done.stderr
            keycloak.stdin.close()
        done = now.run(str(COMPOSE / "restore.sh"), str(night))
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
