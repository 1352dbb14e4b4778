"""A deployment's files as `create` makes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.compose import create
from deploy.compose.tests.reading import HOSTS


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, dict[str, tuple[int, int]]]:
    """A deployment's files, and to whom each was given: only root may really give."""
    owners: dict[str, tuple[int, int]] = {}

    def give(path: Path, user: int, group: int) -> None:
        owners[str(path.relative_to(tmp_path))] = (user, group)

    monkeypatch.setattr(os, "chown", give)
    create.Making(tmp_path, HOSTS).run()
    return tmp_path, owners
