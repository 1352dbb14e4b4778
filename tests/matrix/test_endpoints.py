"""No operation without an authorisation test: every route, asked in every wrong way and in a right one."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from tests.matrix.browser import Answer, Call, Sender
from tests.matrix.judging import check, children, sender_of, shown, traces
from tests.matrix.operations import UNCOVERED, described, operations, without_converters
from tests.matrix.probe import NOTHING, Probe
from tests.matrix.probes import PROBES, PUBLIC
from tests.matrix.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEARER = [probe for probe in PROBES if probe.by == "bearer"]
SESSION = [probe for probe in PROBES if probe.by == "session"]
SAFE = {"GET", "HEAD"}
MUTATIONS = (
    "of another audience",
    "of two audiences",
    "expired",
    "alg none",
    "signature taken off",
    "HS256 with the public key",
    "unknown kid",
    "another key under our kid",
    "ID token",
    "another issuer",
    "no board",
    "not a token",
)

of_bearer = pytest.mark.parametrize("probe", BEARER, ids=lambda probe: probe.operation)
of_session = pytest.mark.parametrize("probe", SESSION, ids=lambda probe: probe.operation)
of_every = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.operation)


def refused_as_signed_out(answer: Answer, how: str, challenge: str = "Bearer") -> None:
    assert (answer.status, answer.problem) == (401, "signed-out"), (how, answer)
    assert answer.headers["www-authenticate"] == challenge, how


# ---- that nothing is forgotten ----


async def test_every_operation_has_a_probe(world: World) -> None:
    known = {probe.operation for probe in PROBES} | set(PUBLIC)
    there = operations(world.apps)
    uncovered = sorted(there - known)
    listed = UNCOVERED.read_text(encoding="utf-8").splitlines()
    assert listed == uncovered == [], (
        f"no authorisation test covers {', '.join(uncovered)}. Write a probe in tests/matrix/probes.py, or, if it is"
        " open to everybody, a line with the reason in PUBLIC there. uncovered.txt is empty and stays empty."
    )
    assert known - there == set(), "probes of operations that are gone"
    assert len({probe.operation for probe in PROBES}) == len(PROBES)


async def test_no_kind_of_route_escapes() -> None:
    """What the list above is made with is tested too: a route added in any way is found."""
    inner, outer = APIRouter(prefix="/inner", include_in_schema=False), APIRouter()
    for router in (inner, outer):
        router.add_api_route("/read", _nothing, methods=["GET", "DELETE"])
    outer.include_router(inner, prefix="/outer")
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(outer)
    app.add_api_websocket_route("/socket", _nothing)
    app.mount("/files", FastAPI())
    assert operations({"toy": app}) == {
        "toy GET /read",
        "toy DELETE /read",
        "toy GET /outer/inner/read",
        "toy DELETE /outer/inner/read",
        "toy ANY /socket/*",
        "toy ANY /files/*",
    }


async def _nothing() -> None:
    return


async def test_the_descriptions_name_nothing_that_is_not_routed(world: World) -> None:
    assert described(world.apps) <= {without_converters(operation) for operation in operations(world.apps)}


async def test_every_probe_asks_for_a_right() -> None:
    for probe in PROBES:
        assert probe.may, probe.operation
        assert bool(probe.may_not) != bool(probe.everybody_because), probe.operation
        assert all(
            status < 300
            or (status == 405 and probe.everybody_because)
            or (status in (409, 422) and probe.kept_because)
            for status in probe.may.values()
        )
        assert set(probe.may) & set(probe.may_not) == set(), probe.operation
    for operation, entry in PUBLIC.items():
        assert len(entry.because) > 10, operation


# ---- tokens ----


@of_bearer
async def test_no_token_no_answer(world: World, probe: Probe) -> None:
    sender = world.sender(probe.service)
    call = probe.call(world)
    refused_as_signed_out(await sender.send(call), "nothing")
    for header in ("", "Bearer", "Basic ZGFzaGJvYXJkOng=", "Token abc"):
        refused_as_signed_out(await sender.send(call, authorization=header), header)


@of_bearer
async def test_no_bad_token_opens(world: World, probe: Probe) -> None:
    """Engineering rule §4.2-8: audience, expiry, algorithm, key, kind of token; each for every operation."""
    who = next(iter(probe.may))
    claims: dict[str, Any] = (
        {"kind": "department", "azp": world.client(who), "acr": "1"}
        if who in ("department", "app")
        else {"kind": "service", "azp": "dashboard", "acr": "1"}
        if who == "reader"
        else {"kind": world.kind(who), "person": str(world.person(who)), "acr": "2"}
    )
    mutations = world.tokens.mutations(probe.service, world.first.id, claims)
    assert tuple(mutations) == MUTATIONS
    for name, token in mutations.items():
        answer = await world.sender(probe.service, token).send(probe.call(world))
        refused_as_signed_out(answer, name, 'Bearer error="invalid_token"')


@of_bearer
async def test_a_session_is_no_token(world: World, probe: Probe) -> None:
    browser = await world.session("homeroom")
    sender = Sender(world.http, world.instance.url(probe.service), cookies=browser.cookies)
    refused_as_signed_out(await sender.send(probe.call(world)), "cookie")


# ---- sessions ----


@of_session
async def test_no_session_no_answer(world: World, probe: Probe) -> None:
    call = probe.call(world)
    browser = await world.session("homeroom")
    ((name, cookie),) = browser.cookies.items()
    raw = base64.urlsafe_b64decode(cookie)
    board, session, secret = raw[:16], raw[16:32], raw[32:]
    forged = {
        "nothing": "",
        "words": "abc",
        "another secret": secret_of(board, session, bytes(32)),
        "no secret": secret_of(board, session, b""),
        "another board": secret_of(world.second.id.bytes, session, secret),
        "another session": secret_of(board, world.person("homeroom").bytes, secret),
    }
    refused_as_signed_out(await world.sender(probe.service).send(call), "no cookie")
    for how, value in forged.items():
        sender = Sender(world.http, browser.base, cookies={name: value})
        refused_as_signed_out(await sender.send(call), how)
    token = world.tokens.of_person("dashboard", world.first.id, world.person("homeroom"), "staff")
    refused_as_signed_out(await world.sender(probe.service, token).send(call), "a token in its place")


def secret_of(board: bytes, session: bytes, secret: bytes) -> str:
    return base64.urlsafe_b64encode(board + session + secret).decode()


async def test_a_revoked_session_opens_nothing(world: World) -> None:
    browser = await world.sign_in("homeroom")
    kept = dict(browser.cookies)
    assert (await browser.get("/api/me")).status == 200
    assert (await browser.send(Call("POST", "/auth/logout"))).status == 200
    assert browser.cookies == {}, "the browser is told to forget it"
    stolen = Sender(world.http, browser.base, cookies=kept)
    for probe in SESSION:
        refused_as_signed_out(await stolen.send(probe.call(world)), probe.operation)


async def test_unsafe_requests_come_from_our_own_pages(world: World) -> None:
    """Every unsafe operation that a cookie opens, whoever is signed in: header and origin, both, exactly."""
    browser = await world.session("homeroom")
    calls = {probe.operation: probe.call(world) for probe in SESSION if probe.method not in SAFE}
    calls["dashboard POST /auth/logout"] = Call("POST", "/auth/logout")
    guarded = {
        operation
        for operation in operations(world.apps)
        if operation.startswith("dashboard ")
        and operation.split(" ")[1] not in (*SAFE, "ANY")
        and "/api/feeds/" not in operation
        and "/stop/" not in operation  # a mailbox presses it, and no cookie counts there
        and "/auth/backchannel-" not in operation  # the authority sends it; no cookie counts there either
    }
    assert set(calls) == guarded
    foreign: dict[str, dict[str, Any]] = {
        "without the header": {"without": ("x-tsumugi",)},
        "another header": {"x_tsumugi": "0"},
        "without an origin": {"without": ("origin",)},
        "from nowhere": {"origin": "null"},
        "from another site": {"origin": "https://evil.example"},
        "from another port": {"origin": world.instance.url("identity")},
        "by another name": {"origin": browser.base.replace("localhost", "127.0.0.1")},
    }
    for operation, call in calls.items():
        for how, changes in foreign.items():
            answer = await browser.send(call, **changes)
            assert (answer.status, answer.problem) == (403, "foreign-origin"), (operation, how)
    assert (await browser.get("/api/me")).status == 200, "nobody was signed out by any of them"


# ---- people ----


@of_every
async def test_who_has_the_right_gets_the_answer(world: World, probe: Probe) -> None:
    for who, status in probe.may.items():
        answer = await (await sender_of(world, probe, who)).send(probe.call(world))
        assert answer.status == status, (who, answer)
        if NOTHING in (probe.elsewhere, *probe.may_not.values()) and who != "system_operator":
            assert shown(answer, traces(world)), "else nothing would prove nothing"


@of_every
async def test_who_lacks_the_right_gets_the_refusal_that_is_due(world: World, probe: Probe) -> None:
    for who, wanted in probe.may_not.items():
        answer = await (await sender_of(world, probe, who)).send(probe.call(world))
        check(world, answer, wanted, who)
        if wanted == 404:
            assert shown(answer, traces(world)) == [], who


@of_every
async def test_another_board_finds_nothing_here(world: World, probe: Probe) -> None:
    """Somebody who holds every duty of another board, and one of ours whose token names the other board."""
    who = "department elsewhere" if "department" in probe.may else "stranger"
    check(world, await (await sender_of(world, probe, who)).send(probe.call(world)), probe.elsewhere, who)
    if probe.by == "bearer" and who == "stranger":
        token = world.tokens.of_person(probe.service, world.second.id, world.person("homeroom"), "staff")
        answer = await world.sender(probe.service, token).send(probe.call(world))
        due = probe.elsewhere if probe.elsewhere_without_right is None else probe.elsewhere_without_right
        check(world, answer, due, "homeroom under another board")


# ---- what is open to everybody ----


@pytest.mark.parametrize("operation", PUBLIC)
async def test_what_is_open_shows_no_child(world: World, operation: str) -> None:
    service, method, _ = operation.split(" ")
    call = Call("GET" if method == "ANY" else method, PUBLIC[operation].path)
    answer = await world.sender(service).send(call)
    assert answer.status == PUBLIC[operation].status, answer
    assert shown(answer, children(world)) == []
