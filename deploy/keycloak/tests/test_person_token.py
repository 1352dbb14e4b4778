"""`tsumugi token` in the platform edition: persons sign in at a real Keycloak, in the realm as it is deployed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest

from deploy.topology import topology
from services.identity.keycloak import person_token as module
from services.identity.keycloak.person_token import Authority, Wanted, Whom, person_token
from services.identity.keycloak.rules import Hat, new_user
from services.identity.keycloak.training import Training
from shared.access.own_token import NoToken, OwnToken
from shared.access.principal import COMMAND_LINE, COMMAND_LINE_BACK, Principal, Unauthenticated
from shared.access.tokens import KeySource, TokenVerifier
from shared.contracts.identity import AccountKind
from tests.support.at_keycloak import AtKeycloak
from tests.support.keycloak import Realmed

Come = Callable[[str], Awaitable[None]]
TRAINING = Training("a long password for trying", "34679cdfhjkmnprtwxy3")


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


@pytest.fixture
def authority(realm: Realmed, http: httpx.AsyncClient) -> Authority:
    return Authority(http, realm.issuer, realm.secret(COMMAND_LINE))


class Somebody:
    """A user of the realm, with a browser of their own."""

    def __init__(self, realm: Realmed, kind: AccountKind) -> None:
        self.hat = Hat(uuid4(), kind, uuid4(), uuid4())
        told = new_user(self.hat, TRAINING.credentials(kind))
        told.pop("federatedIdentities", None)
        realm.admin.post(realm.admin.of("users"), told)
        self.whom = Whom(self.hat.account, self.hat.username)
        self.browser = AtKeycloak(realm.issuer, TRAINING, self.hat.username)
        self.realm = realm

    async def token(self, authority: Authority, wanted: Wanted, before: Come | None = None) -> str:
        """What the command line gets when this person opens the address that it shows, ``before`` whom others come."""
        opened: list[asyncio.Task[None]] = []

        async def come(address: str) -> None:
            if before is not None:
                await before(address)
            back = await asyncio.to_thread(self.browser.go, address)
            async with httpx.AsyncClient() as http:
                page = await http.get(back)
            assert (page.status_code, "コマンドの画面に" in page.text) == (200, True)
            assert page.headers["cache-control"] == "no-store"

        def tell(words: str) -> None:
            if words.startswith("http"):
                opened.append(asyncio.create_task(come(words)))

        try:
            return await person_token(authority, self.realm.keys, wanted, tell)
        finally:
            await asyncio.gather(*opened)

    async def who(self, authority: Authority, wanted: Wanted) -> Principal:
        """The same, as the service reads it that it is for; no other takes it."""
        token = await self.token(authority, wanted)
        keys = KeySource.of(self.realm.keys)
        for other in {*topology().services, "kafka"} - {wanted.service}:
            with pytest.raises(Unauthenticated, match="aud"):
                await TokenVerifier(self.realm.issuer, other, keys).verify(token)
        return await TokenVerifier(self.realm.issuer, wanted.service, keys).verify(token)


async def test_a_teacher_with_two_factors(realm: Realmed, authority: Authority) -> None:
    teacher = Somebody(realm, "staff")
    who = await teacher.who(authority, Wanted("registry", whom=teacher.whom))
    assert (who.subject, who.kind, who.acr, who.client) == (
        str(teacher.hat.account),
        "staff",
        2,
        "tsumugi-cli",
    )
    assert (who.board, who.person) == (teacher.hat.board, teacher.hat.person)
    assert who.auth_time is not None
    assert teacher.browser.filled == 2

    # Another service, by the same sign-in; and once more from the beginning when that is asked for.
    there = await teacher.who(authority, Wanted("messaging"))
    assert (there.acr, there.auth_time, teacher.browser.filled) == (2, who.auth_time, 2)
    again = await teacher.who(authority, Wanted("registry", again=True))
    assert teacher.browser.filled == 4
    assert again.auth_time is not None
    assert again.auth_time >= who.auth_time


async def test_a_family_is_asked_for_a_password_alone(realm: Realmed, authority: Authority) -> None:
    mother = Somebody(realm, "guardian")
    who = await mother.who(authority, Wanted("registry", two_factors=False, whom=mother.whom))
    assert (who.kind, who.acr, mother.browser.filled) == ("guardian", 1, 1)


async def test_the_one_who_was_meant_and_no_other(realm: Realmed, authority: Authority) -> None:
    mother, father = Somebody(realm, "guardian"), Somebody(realm, "guardian")
    with pytest.raises(NoToken, match="ではない人"):
        await mother.token(authority, Wanted("registry", two_factors=False, whom=father.whom))


async def test_one_service_of_ours(realm: Realmed, authority: Authority) -> None:
    mother = Somebody(realm, "guardian")
    for other in ("kafka", "registry messaging", "nothing"):
        with pytest.raises(NoToken, match=r"出せません|なっていません"):
            await mother.token(authority, Wanted(other, two_factors=False))


async def test_strangers_are_told_nothing_and_do_not_end_the_wait(
    realm: Realmed, authority: Authority
) -> None:
    answers: list[int] = []

    async def strangers(address: str) -> None:
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        port = urlsplit(back).port
        _, speculative = await asyncio.open_connection("127.0.0.1", port)  # as browsers do; it says nothing
        async with httpx.AsyncClient() as http:
            for path in ("/callback", "/callback?code=x&state=guessed", "/favicon.ico", "/?state="):
                answers.append((await http.get(f"http://127.0.0.1:{port}{path}")).status_code)
            answers.append((await http.post(back)).status_code)
        speculative.close()
        await speculative.wait_closed()

    mother = Somebody(realm, "guardian")
    wanted = Wanted("registry", two_factors=False)
    assert await mother.token(authority, wanted, before=strangers)
    assert answers == [404] * 5
    with pytest.raises(NoToken, match="時間がたちました"):
        await person_token(authority, realm.keys, wanted, print, wait=timedelta(seconds=0.1))


async def test_a_browser_elsewhere_pastes_where_it_was_sent(realm: Realmed, authority: Authority) -> None:
    mother = Somebody(realm, "guardian")
    wanted = Wanted("registry", two_factors=False)
    shown: list[str] = []

    def pasted(address: Callable[[], str]) -> Awaitable[str]:
        return person_token(authority, realm.keys, wanted, shown.append, paste=address)

    token = await pasted(lambda: f"{mother.browser.go(shown[1])}\n")
    verifying = TokenVerifier(realm.issuer, "registry", KeySource.of(realm.keys))
    assert (await verifying.verify(token)).person == mother.hat.person
    for other in ("", "https://localhost/", f"{COMMAND_LINE_BACK}?state=x&code=y"):
        with pytest.raises(NoToken, match="貼られた"):
            await pasted(partial(str, other))


async def test_the_client_is_good_for_nothing_else(
    realm: Realmed, authority: Authority, http: httpx.AsyncClient
) -> None:
    with pytest.raises(NoToken, match="unauthorized_client"):
        await OwnToken(http, realm.tokens, COMMAND_LINE, realm.secret(COMMAND_LINE), "registry")()
    mother, verifier = Somebody(realm, "guardian"), "v" * 50
    places = await authority.places()

    def address(back: str) -> str:
        wanted = Wanted("registry", two_factors=False)
        return module._address(places["authorization_endpoint"], back, "state", verifier, wanted)

    for elsewhere in (
        "https://elsewhere.example/callback",
        "http://127.0.0.1.example/callback",
        "http://127.0.0.1:8000/other",
    ):
        assert (await http.get(address(elsewhere))).status_code == 400
    # A code is worth nothing to whoever began another sign-in, nor without the deployment's secret.
    back = COMMAND_LINE_BACK.replace("127.0.0.1", "127.0.0.1:9")
    for other, wrong, why in (
        (authority, "w" * 50, "コードが古い"),
        (Authority(http, realm.issuer, "guessed"), verifier, "秘密か形が合いません"),
    ):
        sent = await asyncio.to_thread(mother.browser.go, address(back))
        code = parse_qs(urlsplit(sent).query)["code"][0]
        with pytest.raises(NoToken, match=why):
            await other.redeem(places, code, back, wrong)
