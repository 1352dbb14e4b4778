"""The link in a mail reaches messaging from anywhere, and carries nothing of whoever presses it."""

from __future__ import annotations

from typing import cast
from uuid import uuid4

import httpx
import pytest
from starlette.responses import HTMLResponse

from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import Town

TOKEN = "A" * 64


async def test_a_mailbox_presses_the_link_without_a_session(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = cast("dict[str, str]", origin.room.settings.urls)
    monkeypatch.setitem(urls, "messaging", origin.registry.url)
    page = HTMLResponse("<h1>やめました</h1>", headers={"content-security-policy": "default-src 'none'"})
    origin.registry.answers = [page, page]
    async with httpx.AsyncClient(base_url=origin.url) as mailbox:
        for method in ("GET", "POST"):
            answer = await mailbox.request(
                method,
                f"/stop/{TOKEN}",
                data={"List-Unsubscribe": "One-Click"} if method == "POST" else None,
                headers={"origin": "https://mail.example", "cookie": "stolen=1", "authorization": "Bearer x"},
            )
            assert (answer.status_code, answer.text) == (200, "<h1>やめました</h1>")
            assert answer.headers["content-security-policy"] == "default-src 'none'"
    assert [(each.method, each.path, each.body) for each in origin.registry.reached] == [
        ("GET", f"/stop/{TOKEN}", b""),
        ("POST", f"/stop/{TOKEN}", b""),
    ]
    for each in origin.registry.reached:
        assert "cookie" not in each.headers
        assert "authorization" not in each.headers


async def test_nothing_but_a_link_is_passed_on(origin: Origin, town: Town) -> None:
    async with httpx.AsyncClient(base_url=origin.url) as mailbox:
        for path in ("/stop/", "/stop/a.b", "/stop/..%2Fv1", "/stop/" + "A" * 201, f"/stop/{uuid4()}/x"):
            answer = await mailbox.post(path)
            assert answer.status_code in (404, 405), path
    assert origin.registry.reached == []
