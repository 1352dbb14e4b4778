"""What surrounds every answer of the origin: headers, foreign commands, the name of the origin, the files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from starlette.responses import Response

from services.dashboard.shell import FrontEnd, Shell
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import Town
from shared.web import Problem

ORIGIN = "http://localhost:8600"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A built front end."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>つむぎ</title>", encoding="utf-8")
    (folder / "assets" / "app-3f9a.js").write_text("1", encoding="utf-8")
    (folder / "icon.svg").write_text("<svg/>", encoding="utf-8")
    (folder / "sw.js").write_text("1", encoding="utf-8")
    (folder / "manifest.webmanifest").write_text("{}", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("not for you", encoding="utf-8")
    return folder


@pytest.fixture
async def http(dist: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The shell around the front end alone."""
    transport = httpx.ASGITransport(Shell(FrontEnd(dist), ORIGIN))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/today", "/classes/x/days/2026-11-20/roll", "/signed-out"])
async def test_every_screens_address_is_the_front_end(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "つむぎ" in answer.text


async def test_hashed_files_are_kept_for_ever_and_others_are_asked_for(http: httpx.AsyncClient) -> None:
    script = await http.get("/assets/app-3f9a.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"].startswith("text/javascript")
    assert (await http.get("/icon.svg")).headers["cache-control"] == "no-cache"
    worker = await http.get("/sw.js")
    assert worker.headers["cache-control"] == "no-cache", "an old worker must not outlive its version"
    assert worker.headers["content-type"].startswith("text/javascript")
    manifest = await http.get("/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/app-old.js",
        "/api/nothing",
        "/auth/nothing",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/index.html",
        "/icon.svg%00",
    ],
)
async def test_nothing_else_is_there(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert "not for you" not in answer.text
    assert answer.status_code == 404 or "つむぎ" in answer.text


async def test_an_unbuilt_front_end_says_how_to_build_it(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(FrontEnd(tmp_path))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        answer = await client.get("/")
    assert answer.status_code == 503
    assert "make up" in answer.text


async def test_every_answer_carries_the_headers(http: httpx.AsyncClient) -> None:
    for path in ("/", "/assets/app-3f9a.js", "/api/nothing"):
        headers = (await http.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'; script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "strict-transport-security" not in headers


async def test_one_deployment_has_one_name(http: httpx.AsyncClient) -> None:
    answer = await http.get("http://127.0.0.1:8600/today?x=1")
    assert (answer.status_code, answer.headers["location"]) == (308, f"{ORIGIN}/today?x=1")
    assert (await http.get("http://[::1]:8600/")).headers["location"] == f"{ORIGIN}/"
    assert (await http.get("http://127.0.0.1:8600/health/live")).status_code == 404


async def test_commands_come_from_our_own_pages(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    path = "/api/registry/v1/classes/x/roll"
    for without, more in (
        (["origin"], {}),
        (["x-tsumugi"], {}),
        ([], {"origin": "http://localhost:1"}),
        ([], {"origin": "null"}),
        ([], {"origin": origin.url.replace("localhost", "127.0.0.1")}),
        ([], {"x_tsumugi": "0"}),
        ([], {"x_tsumugi": ""}),
        ([], {"x_tsumugi": "someone"}),
    ):
        answer = await browser.command(path, {}, without=without, **more)
        assert answer.status_code == 403
        assert answer.json()["type"].endswith("/foreign-origin")
        assert (await browser.command("/auth/logout", without=without, **more)).status_code == 403
    assert origin.registry.reached == []
    assert (await browser.command(path, {})).status_code == 200
    assert (await browser.get("/api/me")).status_code == 200


async def test_a_browser_that_is_sent_to_a_refusal_reads_words(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    path = "/api/registry/v1/exports/11111111-1111-4111-8111-111111111111/file?ticket=old"
    over = Problem(410, "gone", "もう受け取れません", "<もう一度>「受け取る」を押してください。")
    for accept in ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json", "*/*"):
        origin.registry.answers = [over.response()]
        answer = await browser.get(path, accept=accept)
        assert (answer.status_code, answer.headers["cache-control"]) == (410, "no-store")
        page = accept.startswith("text/html")
        kind = "text/html; charset=utf-8" if page else "application/problem+json"
        assert answer.headers["content-type"] == kind, accept
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert ("&lt;もう一度&gt;「受け取る」を押してください。" in answer.text) is page
        assert ('<a href="/exports">名簿の書き出しへ</a>' in answer.text) is page
    out = await origin.http.get("/api/me", headers={"accept": "text/html"})
    assert (out.status_code, '<a href="/">はじめの画面へ</a>' in out.text) == (401, True)
    origin.registry.answers = [Response(b"PK", 200, {"content-length": "2"}, "application/zip")]
    file = await browser.get(path, accept="text/html")
    assert (file.status_code, file.content) == (200, b"PK"), "a file is a file"


async def test_health_is_anybodys(origin: Origin) -> None:
    ready = (await origin.http.get("/health/ready")).json()
    assert (ready["service"], ready["ready"]) == ("dashboard", True)
    assert (await origin.http.get("/health/live")).json()["service"] == "dashboard"
