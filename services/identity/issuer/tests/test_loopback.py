"""Nothing of the issuer without passwords is reachable from elsewhere."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from services.identity.issuer.loopback import (
    LoopbackOnly,
    NotLoopback,
    allowed_host,
    local_end,
    refuse_other_addresses,
)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8602", "127.0.0.1", "127.0.0.1:8602", "LOCALHOST:80"]
)
def test_this_machine_by_name(host: str) -> None:
    assert allowed_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost.evil.example",
        "evil.example",
        "evil.example:8602",
        "localhost:8602.evil.example",
        "localhost:",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "0.0.0.0",
        "192.168.1.5:8602",
        "localhost@evil.example",
        "localhost:８６０２",
        " localhost",
    ],
)
def test_and_by_no_other(host: str) -> None:
    assert not allowed_host(host)


@given(st.text(max_size=30))
def test_a_host_is_one_of_two_names(host: str) -> None:
    if allowed_host(host):
        assert host.split(":")[0].lower() in {"localhost", "127.0.0.1"}


@pytest.mark.parametrize("end", [None, ("127.0.0.1", 5), ("::1", 5), ("127.8.9.1", 5), ("/run/x.sock", None)])
def test_ends_on_this_machine(end: Any) -> None:
    assert local_end(end)


@pytest.mark.parametrize("end", [("192.168.1.5", 5), ("10.0.0.1", 5), ("2001:db8::1", 5), ("0.0.0.0", 5)])
def test_ends_elsewhere(end: Any) -> None:
    assert not local_end(end)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.5:8602",
        "http://school.example",
        "https://localhost:8602",
        "http://0.0.0.0:8602",
        "http://localhost.example:8602",
        "localhost:8602",
    ],
)
def test_it_refuses_to_start_with_another_address(url: str) -> None:
    refuse_other_addresses("embedded", ["http://localhost:8600", "http://127.0.0.1:8602"])
    with pytest.raises(NotLoopback, match="外から"):
        refuse_other_addresses("embedded", ["http://localhost:8600", url])


def test_it_refuses_to_start_in_the_platform_edition() -> None:
    with pytest.raises(NotLoopback, match="embedded"):
        refuse_other_addresses("platform", ["http://localhost:8602"])


@pytest.mark.parametrize(
    ("base", "client", "status"),
    [
        ("http://localhost:8602", ("127.0.0.1", 9), 200),
        ("http://127.0.0.1:8602", ("127.0.0.1", 9), 200),
        ("http://evil.example:8602", ("127.0.0.1", 9), 421),
        ("http://192.168.1.5:8602", ("127.0.0.1", 9), 421),
        ("http://localhost:8602", ("192.168.1.7", 9), 421),
    ],
)
async def test_a_request_stays_on_this_machine(base: str, client: tuple[str, int], status: int) -> None:
    app = LoopbackOnly(PlainTextResponse("here"))
    transport = httpx.ASGITransport(app, client=client)
    async with httpx.AsyncClient(transport=transport, base_url=base) as http:
        assert (await http.get("/token")).status_code == status


async def test_the_address_it_is_bound_to_counts_whatever_the_host_header_says() -> None:
    app = LoopbackOnly(PlainTextResponse("here"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://192.168.1.5:8602") as http:
        answer = await http.get("/token", headers={"host": "localhost:8602"})
    assert answer.status_code == 421
    assert "localhost" in answer.json()["detail"]
