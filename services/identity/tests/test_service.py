"""The service as a whole: what must be there before it starts, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from services.identity import service
from services.identity.issuer import api as issuer_api
from services.identity.issuer import paper_api
from services.identity.issuer.loopback import NotLoopback
from services.identity.issuer.tests.browser import Browser
from services.identity.service import MissingSecret
from services.identity.tests.town import ISSUER, SECRETS, Identity, Town, duties, duty, running
from shared.database.engine import PrivilegedRole
from shared.database.roles import Server
from shared.events.intake import Checkpoint, Refused, park
from shared.events.tests.made import fact
from shared.service import ServiceParts
from tests.support.waiting import eventually

OPEN = {
    # What a browser or a verifier needs before anybody is signed in. Everything else asks for a client's secret.
    "GET /.well-known/openid-configuration",
    "GET /jwks",
    "GET /assets/{name}",
    "GET /authorize",
    "POST /authorize",
    "POST /authorize/paper",
    "GET /logout",
    "POST /logout",
}


async def test_it_is_ready_and_follows_registry_by_itself(identity: Identity, town: Town) -> None:
    async with (
        running(identity) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER) as http,
    ):
        ready = (await http.get("/health/ready")).json()  # its feeds too, once they are followed
        assert (ready["service"], ready["ready"]) == ("identity", True)
        await identity.say(duties(town.pupil, duty("office", town.first)))

        async def arrived() -> bool:
            return (await identity.kinds())[town.pupil] == ("pupil", "staff")

        await eventually(arrived)


async def test_how_far_it_is_is_told_as_bulk_work_asks(identity: Identity, town: Town) -> None:
    """By the names and positions that services/registry/imports/pace.py reads."""
    async with (
        running(identity) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER) as http,
    ):
        await identity.say(duties(town.pupil, duty("office", town.first)))

        async def reached() -> bool:
            told = (await http.get("/health/reached")).json()
            far = {each["copy"]: each["reached"] for each in told if each["publisher"] == "registry"}
            assert all(each["stopped_because"] is None for each in told)
            copies = {"directory", "families", "reaction:accounts", "reaction:forget"}
            return far.keys() == copies and min(far.values()) > 0

        await eventually(reached)


async def test_what_waits_is_told_in_numbers(identity: Identity, town: Town) -> None:
    """Health is anybody's to read: how much of a feed waits for a person, never whose record it is."""
    checkpoint = Checkpoint("directory", "registry")
    keys = [str(uuid4()), str(uuid4())]
    async with identity.feed.maintain() as session:
        for position, key in enumerate([*keys, keys[0]], 1):
            record = fact(position, "a", "a", position)._replace(key=key, topic="registry.duty")
            await park(session, checkpoint, [Refused(record, "poison")], identity.clock.now())
    async with (
        running(identity) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ISSUER) as http,
    ):

        async def told() -> dict[tuple[str, str], tuple[int, int]]:
            answer = await http.get("/health/ready")
            assert not any(key in answer.text for key in keys)
            return {
                (feed["copy"], feed["publisher"]): (feed["parked_keys"], feed["parked_records"])
                for feed in answer.json().get("feeds", [])
            }

        async def all_told() -> bool:
            return await told() == {
                ("directory", "registry"): (2, 3),
                ("families", "registry"): (0, 0),
                ("reaction:accounts", "registry"): (0, 0),
                ("reaction:forget", "registry"): (0, 0),
            }

        await eventually(all_told)


async def test_every_other_endpoint_asks_who_is_there(browser: Browser) -> None:
    routes = {
        f"{method} {route.path}"
        for route in (*issuer_api.router.routes, *paper_api.router.routes)
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert routes - OPEN == {"POST /token"}
    assert (await browser.http.post("/token")).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://192.168.1.5:8602"},
        {"origin": "https://school.example"},
        {"urls": {"dashboard": "http://0.0.0.0:8600"}},
    ],
)
def test_it_does_not_start_with_an_address_others_can_reach(
    identity: Identity, change: Mapping[str, Any]
) -> None:
    with pytest.raises(NotLoopback):
        service.build(replace(identity.settings, **change), identity.clock, identity.make_feed)


def test_it_does_not_start_without_a_client_s_secret(identity: Identity) -> None:
    kept = {client: secret for client, secret in SECRETS.items() if client != "registry"}
    with pytest.raises(MissingSecret, match="registry"):
        service.build(replace(identity.settings, secrets=kept), identity.clock, identity.make_feed)


async def test_in_the_platform_edition_there_is_no_issuer(identity: Identity) -> None:
    """But for codes on paper: invitations/tests/test_brokered.py."""
    told = {
        "issuer": "https://login.example/realms/tsumugi",
        "secrets": {**SECRETS, "keycloak": "k", "identity-admin": "a"},
    }
    async with (
        running(identity, edition="platform", **told) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://identity.example") as http,
    ):
        for path in ("/authorize", "/token", "/jwks", "/.well-known/openid-configuration"):
            assert (await http.get(path)).status_code == 404


async def test_it_does_not_start_as_somebody_who_sees_everything(identity: Identity) -> None:
    server: Server = identity.database.server
    superuser = replace(identity.database.app, role=server.superuser, password=server.password)
    with pytest.raises(PrivilegedRole):
        async with running(identity, app=superuser):
            pass


async def test_a_request_by_another_name_is_refused(browser: Browser) -> None:
    for path in ("/authorize", "/token", "/jwks", "/health/live"):
        answer = await browser.http.get(path, headers={"host": "evil.example"})
        assert answer.status_code == 421


def test_what_it_keeps_and_does_is_declared() -> None:
    parts = ServiceParts.of("services.identity.service")
    assert [copy.name for copy in parts.copies] == ["directory", "families"]
    assert [reaction.name for reaction in parts.reactions] == ["accounts", "forget"]


async def test_that_keycloak_is_away_is_told(identity: Identity, town: Town) -> None:
    kept = {**SECRETS, "keycloak": "k", "identity-admin": "a"}
    away = "http://localhost:9/realms/tsumugi"
    async with (
        running(identity, edition="platform", issuer=away, secrets=kept) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://identity.example") as http,
    ):

        async def told() -> bool:
            feeds = (await http.get("/health/ready")).json().get("feeds", [])
            why = {each["copy"]: each["stopped_because"] for each in feeds}
            return "つながりません" in (why.get("keycloak") or "")

        await eventually(told)
        assert (await http.get("/health/live")).status_code == 200, "and nothing else is the worse for it"
