"""Calls on their way to a service: nothing is lost, changed or tried twice on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from starlette.responses import JSONResponse, Response

from services.dashboard.tests.doubles import AUTHORITY
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import Town
from shared.web.problems import bad_token, signed_out, step_up

PATH = "/api/registry/v1/classes/11111111-1111-4111-8111-111111111111/days/2026-11-20/roll"


async def test_a_command_arrives_as_it_was_sent(origin: Origin, town: Town) -> None:
    person, key = uuid4(), str(uuid4())
    browser = await origin.enter(person, board=town.board)
    origin.registry.answers = [
        JSONResponse({"saved": [], "after": "registry:7"}, headers={"etag": '"1"', "set-cookie": "x=1"})
    ]
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await browser.command(
        PATH + "?a=1&a=2&b=%E7%B4%AC", {"marks": [], "名": "紬"}, idempotency_key=key, traceparent=trace
    )
    assert (answer.status_code, answer.json()["after"]) == (200, "registry:7")
    assert answer.headers["etag"] == '"1"'
    assert "set-cookie" not in answer.headers
    (reached,) = origin.registry.reached
    assert (reached.method, reached.path) == ("POST", PATH.removeprefix("/api/registry"))
    assert reached.query == "a=1&a=2&b=%E7%B4%AC"
    assert reached.body == '{"marks":[],"名":"紬"}'.encode()
    assert reached.headers["idempotency-key"] == key
    assert reached.headers["content-type"] == "application/json"
    assert reached.headers["traceparent"].split("-")[1] == trace.split("-")[1]
    assert "cookie" not in reached.headers
    assert "x-tsumugi" not in reached.headers
    claims = jwt.decode(reached.headers["authorization"].removeprefix("Bearer "), AUTHORITY.key).claims
    assert (claims["aud"], claims["person"], claims["board"]) == ("registry", str(person), str(town.board))


@pytest.mark.parametrize("status", [200, 201, 404, 409, 422, 500])
async def test_answers_come_back_as_they_are(origin: Origin, town: Town, status: int) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    said = JSONResponse(
        {"type": "x", "errors": [{"cell": "12番"}]}, status, media_type="application/problem+json"
    )
    origin.registry.answers = [said]
    answer = await browser.command(PATH, {})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["errors"] == [{"cell": "12番"}]
    assert len(origin.registry.reached) == 1


async def test_a_refused_token_is_replaced_once(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    origin.registry.answers = [signed_out().response(), JSONResponse({"ok": True})]
    answer = await browser.command(PATH, {})
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    first, second = origin.registry.reached
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert origin.issuer.asked["registry"] == 2
    origin.registry.answers = [signed_out().response(), Response(status_code=401)]
    answer = await browser.command(PATH, {})
    assert answer.status_code == 503
    assert (await browser.get("/api/me")).status_code == 200


async def test_a_services_question_reaches_the_person(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    origin.registry.answers = [step_up().response()]
    answer = await browser.command(PATH, {})
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (401, "step-up")
    assert "acr_values" in answer.headers["www-authenticate"]
    assert len(origin.registry.reached) == 1


async def test_a_service_that_is_away_is_said_to_be(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    calls = 0

    async def away(*_: object, **__: object) -> httpx.Response:
        nonlocal calls
        calls += 1
        raise httpx.ConnectError("refused")

    await browser.get("/api/registry/v1/warm-up")
    origin.room.http.send = away  # type: ignore[method-assign]
    answer = await browser.command(PATH, {})
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/service-away")
    assert answer.headers["retry-after"] == "3"
    assert "保存できたかどうかが分かりません" in answer.json()["detail"]
    assert calls == 1
    answer = await browser.get(PATH)
    assert (answer.status_code, answer.json()["title"]) == (503, "いま記録を読み出せません")


async def test_a_service_that_cannot_check_tokens_is_not_a_matter_of_tokens_at_a_page(
    origin: Origin, town: Town
) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    origin.registry.answers = [bad_token("unchecked").response()]
    answer = await browser.command(PATH, {})
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (503, "issuer-away")
    assert "トークン" not in answer.text
    origin.registry.answers = [JSONResponse({"type": "about:blank"}, 503)]
    assert (await browser.command(PATH, {})).json() == {"type": "about:blank"}


@pytest.mark.parametrize(
    "path",
    [
        "/api/nowhere/v1/x",
        "/api/dashboard/v1/x",
        "/api/registry/x",
        "/api/registry/v2/x",
        "/api/registry/v1/../health/live",
        "/api/registry/v1/%2e%2e/health/live",
        "/api/registry/v1/classes%0A/days",
        "/api/registry/v1/a/..%2f..%2fadmin",
        "/api/registry/v1/a//b",
        "/api/registry/v1/a%3Fb",
        "/api/registry/v1/a%5C..%5Cb",
    ],
)
async def test_only_known_services_and_their_interface(origin: Origin, town: Town, path: str) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    assert (await browser.get(path)).status_code == 404
    assert origin.registry.reached == []


async def test_an_act_of_another_person_goes_nowhere(origin: Origin, town: Town) -> None:
    """A page that outlived its session finds the cookie of whoever signed in after it."""
    before, after = uuid4(), uuid4()
    browser = await origin.enter(after, board=town.board)
    for whose in (before, town.board):
        answer = await browser.command(PATH, {"marks": []}, x_tsumugi=str(whose))
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (401, "another-person")
    assert origin.registry.reached == []
    for named in (str(after), "1"):
        assert (await browser.command(PATH, {"marks": []}, x_tsumugi=named)).status_code == 200
    assert len(origin.registry.reached) == 2


async def test_nobody_is_nobody(origin: Origin) -> None:
    browser = origin.browser()
    assert (await browser.command(PATH, {})).status_code == 401
    assert origin.registry.reached == []


async def test_a_body_too_large_goes_nowhere(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    answer = await browser.command(PATH, {"x": "y" * 1_100_000})
    assert answer.status_code == 413
    assert origin.registry.reached == []


FILE = "/api/registry/v1/imports/uploads/11111111-1111-4111-8111-111111111111/files/users.csv"


async def test_a_file_of_any_size_goes_through_piece_by_piece(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    sent = {"origin": browser.origin, "x-tsumugi": "1", "content-type": "application/octet-stream"}
    content = bytes(range(256)) * 20_000

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    for body, headers in ((content, sent), (pieces(), {**sent, "content-length": str(len(content))})):
        answer = await browser.send("PUT", FILE, content=body, headers=headers)
        assert answer.status_code == 200, answer.text
    first, second = origin.registry.reached
    assert first.body == second.body == content
    assert (first.method, first.path) == ("PUT", FILE.removeprefix("/api/registry"))
    assert second.headers["content-length"] == str(len(content))
    assert "cookie" not in first.headers


async def test_a_file_whose_token_is_refused_is_not_sent_twice_from_here(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    sent = {"origin": browser.origin, "x-tsumugi": "1"}
    origin.registry.answers = [signed_out().response()]
    first = await browser.send("PUT", FILE, content=b"x" * 2_000_000, headers=sent)
    assert (first.status_code, len(origin.registry.reached)) == (503, 1)
    assert (await browser.send("PUT", FILE, content=b"x", headers=sent)).status_code == 200
    assert origin.issuer.asked["registry"] == 2


async def test_a_file_that_no_page_of_ours_sends_goes_nowhere(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    answer = await browser.send("PUT", FILE, content=b"x", headers={"origin": "http://elsewhere"})
    assert answer.status_code == 403
    ours = {"origin": browser.origin, "x-tsumugi": "1"}
    nobody = await origin.browser().send("PUT", FILE, content=b"x", headers=ours)
    assert nobody.status_code == 401
    assert origin.registry.reached == []


PACKAGE = "/api/registry/v1/exports/11111111-1111-4111-8111-111111111111/file"


async def test_a_package_goes_through_piece_by_piece(origin: Origin, town: Town) -> None:
    """With its name and length; a refused token is replaced, any other refusal comes back as it is."""
    browser = await origin.enter(uuid4(), board=town.board)
    content = bytes(range(256)) * 9_000
    headers = {
        "content-disposition": 'attachment; filename="roster.zip"',
        "cache-control": "no-store",
        "set-cookie": "x=1",
    }
    origin.registry.answers = [
        signed_out().response(),
        Response(content, media_type="application/zip", headers=headers),
        JSONResponse({"type": "x"}, 410, media_type="application/problem+json"),
    ]
    answer = await browser.get(PACKAGE + "?ticket=a%2Bb")
    assert (answer.status_code, answer.content == content) == (200, True)
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["content-disposition"] == headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert [reached.query for reached in origin.registry.reached] == ["ticket=a%2Bb"] * 2
    gone = await browser.get(PACKAGE)
    assert (gone.status_code, gone.headers["content-type"]) == (410, "application/problem+json")
    assert (await browser.get("/api/registry/v1/exports/..%2f..%2fx/file")).status_code == 404
