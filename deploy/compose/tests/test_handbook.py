"""The handbook's blocks that give a part another secret: whatever fails in one, the only copy of the new one stays."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from deploy.local.state import ROOT

# Notes each call with what it was given, and fails at the one that it is told to.
DOCKER = """#!/bin/sh
echo "$* <<< $(head -c 4096 | tr '\\n' ' ')" >> calls
[ "$(wc -l < calls)" != "$FAILS" ]
"""
STEPS = 3


def blocks() -> dict[str, str]:
    """By the secret that it replaces, what an operator pastes."""
    told = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    found = [block for block in re.findall(r"```sh\n(.*?)```", told, re.DOTALL) if "rm new-secret" in block]
    named = [re.findall(r"/made/authority/secrets/(\S+)\.secret", block) for block in found]
    return {name: block for (name,), block in zip(named, found, strict=True)}


def pasted(block: str, home: Path, *, fails: int = 0) -> list[str]:
    """What docker was called with."""
    docker = home / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER, encoding="ascii")
    docker.chmod(0o755)
    env = {"PATH": f"{docker.parent}:{os.environ['PATH']}", "FAILS": str(fails)}
    subprocess.run(
        ["bash", "-s"], cwd=home, env=env, input=block, text=True, check=False, capture_output=True
    )
    calls = home / "calls"
    return calls.read_text(encoding="ascii").splitlines() if calls.exists() else []


def test_the_three_that_are_given_away_first_have_a_block_each() -> None:
    assert blocks().keys() == {"client-realm-reconciler", "keycloak-database", "postgres"}


@pytest.mark.parametrize("name", ["client-realm-reconciler", "keycloak-database", "postgres"])
def test_a_block_gives_the_new_one_to_both_and_to_nobody_else(name: str, tmp_path: Path) -> None:
    (tmp_path / "new-secret").write_text("0123\n", encoding="ascii")
    told, kept, begun = pasted(blocks()[name], tmp_path)
    if name == "client-realm-reconciler":
        assert told.endswith("realm own-secret <<< 0123 ")
    else:
        role = {"keycloak-database": "keycloak", "postgres": "postgres"}[name]
        assert told.endswith(f"<<< alter role {role} password '0123'; ")
        assert "ON_ERROR_STOP=1" in told, "psql ends well otherwise, whatever it was refused"
    assert kept.endswith(f"/made/authority/secrets/{name}.secret <<< 0123 ")
    assert "--force-recreate" in begun
    assert not (tmp_path / "new-secret").exists()


@pytest.mark.parametrize("fails", range(1, STEPS + 1))
@pytest.mark.parametrize("name", ["client-realm-reconciler", "keycloak-database", "postgres"])
def test_where_a_step_fails_the_next_ones_wait_and_the_new_one_stays(
    name: str, fails: int, tmp_path: Path
) -> None:
    (tmp_path / "new-secret").write_text("0123\n", encoding="ascii")
    assert len(pasted(blocks()[name], tmp_path, fails=fails)) == fails
    assert (tmp_path / "new-secret").read_text(encoding="ascii") == "0123\n"


@pytest.mark.parametrize("name", ["client-realm-reconciler", "keycloak-database", "postgres"])
def test_without_a_new_one_nobody_is_told_anything(name: str, tmp_path: Path) -> None:
    assert pasted(blocks()[name], tmp_path) == []
