"""The whole product, started by `tsumugi up` and reached over HTTP and by the command line alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local.instance import Instance
from deploy.local.state import ROOT
from deploy.local.temporary import free_ports

PLATFORM_PATIENCE = 400.0
"""For the platform edition, whose first start makes a realm and its users, too."""


@dataclass
class Product:
    """A running deployment."""

    state: Path
    port: int
    transport: str
    edition: str = "embedded"
    patience: float = 180
    """Seconds that a command may take."""

    @property
    def origin(self) -> str:
        """The browser's address."""
        return f"{'https' if self.edition == 'platform' else 'http'}://localhost:{self.port}"

    @property
    def instance(self) -> Instance:
        """The same, for whoever looks into it."""
        return Instance(self.state)

    def environment(self) -> dict[str, str]:
        """What the command line needs to find it."""
        return {
            **os.environ,
            "TSUMUGI_STATE": str(self.state),
            "TSUMUGI_PORT": str(self.port),
            "COLUMNS": "200",
        }

    def command(self, *words: str) -> list[str]:
        """A `tsumugi` command."""
        return [sys.executable, "-m", "deploy.local", *words]

    def tsumugi(self, *words: str) -> str:
        """Run `tsumugi …` and return what it printed; it must succeed."""
        done = subprocess.run(
            self.command(*words),
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=self.patience,
        )
        assert done.returncode == 0, f"tsumugi {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def status(self) -> Any:
        """`tsumugi status --json`."""
        return json.loads(self.tsumugi("status", "--json"))


@contextmanager
def running(state: Path, transport: str, *more: str, edition: str = "embedded") -> Iterator[Product]:
    """The product in a folder of its own as tests have it: its database gives up crash safety."""
    Instance(state).choose(durable=False)
    patience = PLATFORM_PATIENCE if edition == "platform" else Product.patience
    with started(Product(state, free_ports(), transport, edition, patience), *more) as product:
        yield product


@contextmanager
def started(product: Product, *more: str) -> Iterator[Product]:
    """The product started, with ``more`` words to `tsumugi up`; everything of it is gone afterwards."""
    try:
        product.tsumugi("up", "--transport", product.transport, "--edition", product.edition, *more)
        yield product
    finally:
        subprocess.run(
            product.command("reset", "--yes"), cwd=ROOT, env=product.environment(), timeout=120, check=False
        )


class Follower:
    """A department's program that prints what it receives."""

    def __init__(self, product: Product, *words: str) -> None:
        self._process = subprocess.Popen(
            product.command(*words),
            cwd=ROOT,
            env=product.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.items: list[dict[str, Any]] = []
        self._new = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                with self._new:
                    self.items.append(json.loads(line))
                    self._new.notify_all()

    def wait_for(self, wanted: Any, *, seconds: float = 30) -> dict[str, Any]:
        """The first item for which ``wanted(item)`` is true. The program's own start is within the time."""
        with self._new:
            found = self._new.wait_for(lambda: next(filter(wanted, self.items), None), timeout=seconds)
        assert found, f"not received; received {self.items[-3:]}"
        return dict(found)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate(timeout=10)
        self._reader.join(timeout=10)


@pytest.fixture(scope="session")
def product_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the deployments of this run keep their state."""
    return tmp_path_factory.mktemp("product")


@pytest.fixture(scope="session")
def on_log(product_home: Path) -> Iterator[Product]:
    """The product as `make up` runs it."""
    with running(product_home / "log", "log") as product:
        yield product


@pytest.fixture(scope="session")
def on_platform(product_home: Path) -> Iterator[Product]:
    """The product as `make stack` runs it."""
    with running(product_home / "platform", "kafka", edition="platform") as product:
        yield product


@pytest.fixture(params=["log", pytest.param("platform", marks=[pytest.mark.kafka, pytest.mark.keycloak])])
def product(request: pytest.FixtureRequest) -> Product:
    """The product in either edition: embedded over the log, and over Kafka with Keycloak."""
    found: Product = request.getfixturevalue(f"on_{request.param}")
    return found
