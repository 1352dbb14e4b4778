"""A guardian's own device stays signed in; nobody else's does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from services.dashboard.sessions.rules import IDLE, KEPT, WHOLE, ends_at, holds
from services.dashboard.tests.origin import Origin

NOW = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
DAYS = 86_400


@pytest.mark.parametrize(
    ("kind", "stands", "lasts"),
    [
        ("guardian", timedelta(days=90), timedelta(days=90)),
        ("guardian", timedelta(days=400), KEPT),
        ("guardian", timedelta(hours=12), WHOLE),
        ("guardian", timedelta(minutes=30), WHOLE),
        ("guardian", None, WHOLE),
        ("staff", timedelta(days=90), WHOLE),
        ("pupil", timedelta(days=90), WHOLE),
    ],
)
def test_how_long_a_session_may_last(kind: str, stands: timedelta | None, lasts: timedelta) -> None:
    assert ends_at(NOW, kind, None if stands is None else NOW + stands) == NOW + lasts


def test_a_kept_one_waits_for_its_person_and_ends_all_the_same() -> None:
    end = NOW + KEPT
    assert holds(NOW + timedelta(days=60), seen_at=NOW, ends_at=end, ended_at=None)
    assert not holds(end, seen_at=NOW, ends_at=end, ended_at=None)
    assert not holds(NOW + timedelta(days=1), seen_at=NOW, ends_at=end, ended_at=NOW)
    assert not holds(NOW + IDLE, seen_at=NOW, ends_at=NOW + WHOLE, ended_at=None)


@pytest.mark.parametrize(("kind", "kept"), [("guardian", True), ("staff", False)])
async def test_its_cookie_outlives_the_window(origin: Origin, person: UUID, kind: str, kept: bool) -> None:
    origin.issuer.who["kind"] = kind
    origin.issuer.stands = 90 * DAYS
    browser = origin.browser()
    begun = await browser.get("/auth/login?by=paper")
    assert parse_qs(urlsplit(begun.headers["location"]).query)["kc_idp_hint"] == ["paper"]
    chosen = await origin.http.get(begun.headers["location"])
    back = urlsplit(chosen.headers["location"])
    ended = await browser.get(f"{back.path}?{back.query}")
    cookies = SimpleCookie("\r\n".join(ended.headers.get_list("set-cookie")))
    (held,) = [
        morsel
        for name, morsel in cookies.items()
        if "login" not in name and morsel.value and len(morsel.value) > 20
    ]
    assert held["samesite"] == "strict"
    assert held["httponly"]
    if kept:
        assert 89 * DAYS < int(held["max-age"]) <= 90 * DAYS
    else:
        assert held["max-age"] == ""


async def test_without_the_word_it_is_an_ordinary_sign_in(origin: Origin) -> None:
    begun = await origin.browser().get("/auth/login")
    assert "kc_idp_hint" not in begun.headers["location"]
    assert (await origin.browser().get("/auth/login?by=telephone")).status_code == 422
