"""People at a real browser and a real Keycloak, with the dashboard's own `Issuer` behind them."""

from __future__ import annotations

import secrets
import struct
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect

from deploy.local.web import MODULES
from deploy.topology import topology
from services.dashboard.sessions.issuer import Issuer, IssuerRefused, Tokens
from services.identity.keycloak.rules import username
from shared.access.principal import Principal, Unauthenticated
from shared.access.tokens import KeySource, TokenVerifier
from shared.contracts.identity import AccountKind
from tests.support.keycloak import ORIGIN, Realmed
from tests.support.waiting import eventually, for_a_while

PASSWORD = "a long password for tests"
BACK = f"{ORIGIN}/auth/callback"


class Person:
    """Somebody with a user of their own, at a browser, and the dashboard."""

    def __init__(self, realm: Realmed, page: Page, http: httpx.AsyncClient, kind: str) -> None:
        self.realm = realm
        self.page = page
        self.account, self.board, self.person = uuid4(), uuid4(), uuid4()
        self.name = f"{kind}-{self.account.hex[:12]}"
        ids = {"account": self.account, "board": self.board, "person": self.person}
        realm.make_user(self.name, PASSWORD, kind=kind, **ids)
        keys = KeySource.of(realm.keys)
        self.issuer = Issuer(realm.issuer, "dashboard", realm.secret("dashboard"), BACK, keys, http)
        self._verifier = self._nonce = self._state = ""
        self.sent: list[str] = []
        # Nobody listens there: that the browser was sent is all that counts.
        page.on("request", lambda asked: self.sent.append(asked.url) if asked.url.startswith(BACK) else None)

    def must(self, action: str) -> None:
        """Have them do something at the next sign-in."""
        admin = self.realm.admin
        (user,) = admin.get(admin.of("users"), username=self.name, exact=True)
        admin.put(admin.of("users", user["id"]), user | {"requiredActions": [action]})

    async def begin(self, *, again: bool = False, without: str = "") -> None:
        """Open the sign-in page, by an address from which somebody has taken what is in ``without``."""
        self._verifier, self._nonce, self._state = (secrets.token_urlsafe(48) for _ in range(3))
        hashed = sha256(self._verifier.encode()).digest()
        challenge = urlsafe_b64encode(hashed).decode().rstrip("=")
        address = await self.issuer.sign_in_address(
            state=self._state, nonce=self._nonce, challenge=challenge, again=again
        )
        await self.page.goto(address.replace(without, ""))

    async def password(self, password: str = PASSWORD) -> None:
        """Fill in the first page."""
        name = self.page.locator("input[name=username]:visible")
        if await name.count():
            await name.fill(self.name)
        await self.page.locator("input[name=password]").fill(password)
        await self.page.locator("#kc-login").click()

    async def come_back(self) -> tuple[Tokens, Principal]:
        """The product gets the code and redeems it."""
        await eventually(lambda: self.sent, within=60)
        said = parse_qs(urlsplit(self.sent.pop()).query)
        assert said["state"] == [self._state]
        assert said["iss"] == [self.realm.issuer]
        return await self.issuer.redeem(said["code"][0], self._verifier, self._nonce, datetime.now(UTC))


def code(secret: str, *, later: timedelta = timedelta()) -> str:
    """What an authenticator app shows (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time() + later.total_seconds()) // 30)
    hashed = digest(secret.encode(), counter, "sha1")
    (number,) = struct.unpack_from(">I", hashed, hashed[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 10**6:06d}"


@pytest.fixture
async def page(chromium: Path) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(locale="ja-JP", viewport={"width": 1366, "height": 768})
        context.set_default_timeout(60_000)
        yield await context.new_page()
        await browser.close()


LookedAt = Callable[[str], Awaitable[None]]


@pytest.fixture
def looked_at(page: Page, tmp_path: Path) -> LookedAt:
    """A page on a laptop and on a telephone: a picture, nothing beside the screen, nothing that axe objects to."""

    async def look(name: str) -> None:
        for width, height in ((390, 844), (1366, 768)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.screenshot(path=tmp_path / f"{name}-{width}.png", full_page=True)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name}: {wide} px"
            assert await objections(page) == [], name

    return look


async def objections(page: Page) -> list[Any]:
    """What axe finds (the front end's own; its gates have put it there)."""
    axe = MODULES / "axe-core" / "axe.min.js"
    assert axe.is_file(), "python -m deploy.local.web gates"
    await page.evaluate(axe.read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run().then((said) => said.violations)")
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


@pytest.fixture
async def teacher(realm: Realmed, page: Page, http: httpx.AsyncClient) -> Person:
    return Person(realm, page, http, "staff")


async def test_a_password_signs_in_and_its_token_is_for_the_dashboard_alone(teacher: Person) -> None:
    await teacher.begin()
    await teacher.password("wrong")
    await expect(teacher.page.get_by_text("サインイン名かパスワードがちがいます").first).to_be_visible()
    await teacher.password()
    tokens, who = await teacher.come_back()
    assert (who.subject, who.board, who.person) == (str(teacher.account), teacher.board, teacher.person)
    assert (who.kind, who.client, who.acr) == ("staff", "dashboard", 1)
    assert who.auth_time is not None
    assert who.session
    assert who.scopes <= {"openid"}
    assert timedelta(minutes=4) < tokens.expires_at - datetime.now(UTC) <= timedelta(minutes=5)

    now, keys = datetime.now(UTC), KeySource.of(teacher.realm.keys)
    for service in set(topology().services) - {"dashboard"}:
        exchanged, until = await teacher.issuer.exchange(tokens.access, service, now)
        there = await TokenVerifier(teacher.realm.issuer, service, keys).verify(exchanged)
        assert (there.subject, there.person, there.kind) == (who.subject, who.person, "staff")
        assert (there.acr, there.auth_time, there.session) == (1, who.auth_time, who.session)
        assert until <= now + timedelta(minutes=5)
        for other in set(topology().services) - {service}:
            with pytest.raises(Unauthenticated, match="aud"):
                await TokenVerifier(teacher.realm.issuer, other, keys).verify(exchanged)
        with pytest.raises(Unauthenticated, match="aud"):
            await TokenVerifier(teacher.realm.issuer, service, keys).verify(tokens.access)
    with pytest.raises(IssuerRefused):
        await teacher.issuer.exchange(tokens.access, "kafka-admin", now)

    # A renewal uses the token up; once somebody used what was given for it, it counts no more, and all is over.
    # Keycloak tells older from newer by whole seconds.
    await for_a_while(1.1)
    second, _ = await teacher.issuer.refresh(tokens, now)
    lost, _ = await teacher.issuer.refresh(tokens, now)  # the first answer did not arrive
    await for_a_while(1.1)
    third, renewed = await teacher.issuer.refresh(lost, now)
    assert (renewed.session, renewed.acr) == (who.session, 1)
    assert len({tokens.refresh, second.refresh, lost.refresh, third.refresh}) == 4
    with pytest.raises(IssuerRefused):
        await teacher.issuer.refresh(tokens, now)


async def test_two_factors_are_set_up_on_the_spot_and_asked_for_again(
    teacher: Person, looked_at: LookedAt
) -> None:
    await teacher.begin()
    await looked_at("password")
    await teacher.password()
    _, before = await teacher.come_back()

    await teacher.begin(again=True)
    await teacher.password()
    await expect(teacher.page.locator("#kc-totp-secret-qr-code")).to_be_visible()
    await looked_at("authenticator-app")
    await teacher.page.get_by_role("link", name="読み取れないとき").click()
    await expect(teacher.page.locator("#kc-totp-secret-key")).to_be_visible()
    await looked_at("authenticator-app-by-hand")
    await teacher.page.get_by_label("6けたの数字").fill("000000")
    await teacher.page.locator("#saveTOTPBtn").click()
    await expect(teacher.page.get_by_text("コードがちがいます").first).to_be_visible()
    await looked_at("authenticator-app-wrong")
    secret = await teacher.page.locator("input[name=totpSecret]").input_value()
    await teacher.page.get_by_label("6けたの数字").fill(code(secret))
    await teacher.page.locator("#saveTOTPBtn").click()
    _, who = await teacher.come_back()
    assert (who.acr, who.subject) == (2, before.subject)
    assert before.auth_time is not None
    assert who.auth_time is not None
    assert who.auth_time >= before.auth_time

    await teacher.begin(again=True)
    await teacher.password()
    await teacher.page.locator("input[name=otp]").fill("000000")
    await teacher.page.locator("#kc-login").click()
    await expect(teacher.page.get_by_text("コードがちがいます").first).to_be_visible()
    await looked_at("code-wrong")
    await teacher.page.locator("input[name=otp]").fill(code(secret, later=timedelta(seconds=30)))
    await teacher.page.locator("#kc-login").click()
    tokens, who = await teacher.come_back()
    assert who.acr == 2
    exchanged, _ = await teacher.issuer.exchange(tokens.access, "registry", datetime.now(UTC))
    keys = KeySource.of(teacher.realm.keys)
    registry = TokenVerifier(teacher.realm.issuer, "registry", keys)
    proved = await registry.verify(exchanged)
    assert (proved.acr, proved.auth_time) == (2, who.auth_time)
    assert who.auth_time is not None

    # Somebody at the open browser, with the password alone: the second factor is no fresher for it.
    await for_a_while(1.1)  # the times are of whole seconds
    await teacher.begin(again=True, without="&acr_values=2")
    await teacher.password()
    tokens, half = await teacher.come_back()
    exchanged, _ = await teacher.issuer.exchange(tokens.access, "registry", datetime.now(UTC))
    assert (await registry.verify(exchanged)).auth_time == half.auth_time
    assert half.auth_time is not None
    assert half.acr < 2 or half.auth_time <= who.auth_time, (half.acr, half.auth_time, who.auth_time)


async def test_a_passkey_is_two_factors_by_itself(teacher: Person, looked_at: LookedAt) -> None:
    devices = await teacher.page.context.new_cdp_session(teacher.page)
    await devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    teacher.must("webauthn-register-passwordless")
    teacher.page.on("dialog", lambda dialog: dialog.accept("学校の端末"))
    await teacher.begin()
    await teacher.password()
    await expect(teacher.page.locator("#registerWebAuthn")).to_be_visible()
    await looked_at("passkey")
    await teacher.page.locator("#registerWebAuthn").click()
    await teacher.come_back()

    await teacher.page.context.clear_cookies()
    await teacher.begin(again=True)
    tokens, who = await teacher.come_back()  # the device answers by itself, as a finger would
    assert (who.subject, who.acr) == (str(teacher.account), 2)
    assert tokens.refresh


async def test_a_first_password_is_changed(teacher: Person, looked_at: LookedAt) -> None:
    teacher.must("UPDATE_PASSWORD")
    await teacher.begin()
    await teacher.password()
    new = teacher.page.get_by_label("新しいパスワード（12文字以上）")
    await expect(new).to_be_visible()
    await looked_at("new-password")
    for first, again, why in (
        ("short", "short", "12文字以上にしてください"),
        ("long enough 1", "long enough 2", "同じでは"),
    ):
        await new.fill(first)
        await teacher.page.get_by_label("もう一度、新しいパスワード").fill(again)
        await teacher.page.get_by_role("button", name="決定").click()
        await expect(teacher.page.get_by_text(why).first).to_be_visible()
    await looked_at("new-password-wrong")
    await new.fill("long enough 1")
    await teacher.page.get_by_label("もう一度、新しいパスワード").fill("long enough 1")
    await teacher.page.get_by_role("button", name="決定").click()
    _, who = await teacher.come_back()
    assert who.subject == str(teacher.account)


async def test_only_a_family_is_asked_whether_the_device_is_theirs(
    teacher: Person, looked_at: LookedAt
) -> None:
    await teacher.begin()
    keep = teacher.page.get_by_label("この端末は自分だけが使う")
    name = teacher.page.get_by_label("サインイン名")
    await expect(keep).to_have_count(1)
    names: dict[AccountKind, str] = {kind: username(uuid4(), kind) for kind in ("staff", "guardian", "pupil")}
    for typed, asked in (
        ("", False),
        (names["staff"], False),
        (f" {names['guardian'].upper()}", True),
        (names["pupil"], False),
    ):
        await name.fill(typed)
        await expect(keep).to_be_visible(visible=asked)
        if asked:
            await keep.check()
            await looked_at("family")
    assert not await keep.is_checked(), "a name that was corrected takes the choice back"


async def test_whoever_guesses_too_often_waits(teacher: Person) -> None:
    await teacher.begin()
    for _ in range(11):
        await teacher.password("wrong")
        await expect(teacher.page.locator("#kc-login")).to_be_enabled()
    await teacher.password()
    await expect(teacher.page.get_by_text("サインイン名かパスワードがちがいます").first).to_be_visible()
    assert teacher.sent == []
