"""What a browser keeps and where a sign-in may lead: read as written, and by nobody else."""

from __future__ import annotations

import stat
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.sessions.rules import SECRET_BYTES, Ticket, cookie_names, safe_target, ticket
from services.dashboard.sessions.seal import OpenKey, Seal


def test_cookies_of_two_deployments_do_not_meet() -> None:
    assert cookie_names("http://localhost:8600") == ("__Host-tsumugi-8600", "__Host-tsumugi-login-8600")
    assert cookie_names("https://tsumugi.example")[0] == "__Host-tsumugi-443"


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\tevil",
        "/a\n/b",
        "/auth/login",
        "/api/me",
        "",
        "today",
        "/" + "x" * 600,
        None,
    ],
)
def test_sign_in_leads_nowhere_else(to: str | None) -> None:
    assert safe_target(to) == "/"


@given(st.text(max_size=40))
def test_no_target_leaves_the_origin(to: str) -> None:
    found = safe_target(to)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert urlsplit(found).netloc == ""


@given(st.uuids(), st.uuids(), st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES))
def test_tickets_are_read_as_they_were_written(board: UUID, session: UUID, secret: bytes) -> None:
    made = Ticket(board, session, secret)
    assert ticket(made.cookie()) == made


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader_of_tickets(cookie: str) -> None:
    found = ticket(cookie)
    assert found is None or found.cookie() == cookie


def test_the_seals_key_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "sessions.key"
    sealed = Seal.of(file).close({"a": 1}, "here")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Seal.of(file).open(sealed, "here") == {"a": 1}
    assert Seal.of(file).open(sealed, "there") is None
    assert Seal.of(file).open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "here") is None
    assert Seal.of(tmp_path / "another.key").open(sealed, "here") is None
    file.chmod(0o644)
    with pytest.raises(OpenKey, match=r"sessions\.key"):
        Seal.of(file)
