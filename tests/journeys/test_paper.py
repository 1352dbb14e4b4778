"""The office prints a sheet, a guardian types its code on a phone and is in, and the code opens nothing any more."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader

from tests.journeys.people import meet
from tests.support.product import Product

CLASS = "3年1組"
WITHIN_MS = 10_000
_CODE = re.compile(r"(?:[34679CDFHJKMNPRTWXY]{4}-){3}[34679CDFHJKMNPRTWXY]{4}")


def test_a_sheet_from_the_printer_to_the_first_sign_in(
    product: Product, browser: Browser, people: ExitStack
) -> None:
    office = meet(people, browser, product, "第一小 事務", "事務")
    office.page.goto(f"{product.origin}/people/invitations")
    office.page.get_by_role("link", name=CLASS).click()
    office.page.get_by_role("button", name=re.compile("紙のない.*人の紙を作る")).click()
    made = office.page.get_by_role("link", name=re.compile(f"{CLASS}の紙"))
    expect(made).to_be_visible(timeout=30_000)
    with office.page.expect_download() as download:
        made.click()
    sheets = PdfReader(download.value.path()).pages
    codes = [_CODE.search(sheet.extract_text().replace(" ", "")) for sheet in sheets]
    assert len(codes) > 1
    assert all(codes)
    first, second = (each[0] for each in codes[:2] if each)

    # By hand, as it comes: small letters, blanks for hyphens.
    phone = _phone(people, browser, product)
    page = phone.new_page()
    page.goto(f"{product.origin}/signed-out")
    page.get_by_role("link", name="学校の紙で入る").click()
    expect(page.get_by_label("紙に書いてあるコード")).to_be_visible(timeout=WITHIN_MS)
    page.get_by_label("紙に書いてあるコード").fill(first.lower().replace("-", " "))
    page.get_by_role("button", name="次へ").click()
    expect(page.get_by_text("ご本人ですか")).to_be_visible(timeout=WITHIN_MS)
    named = page.locator(".named b").inner_text()
    assert named.replace(" ", "") in sheets[0].extract_text().replace(" ", "")
    own_device = page.get_by_label("自分だけが使う端末です")
    if product.edition == "platform":
        expect(own_device).to_have_count(0)  # how long a sign-in stands is said on Keycloak's own page
    else:
        own_device.check()
    page.get_by_role("button", name="入る").click()
    page.wait_for_url(f"{product.origin}/**", timeout=WITHIN_MS)
    me = _me(page)
    assert (me["kind"], f"{me['person']['family']} {me['person']['given']}") == ("guardian", named)
    (session,) = [each for each in phone.cookies() if each["name"].startswith("__Host-tsumugi-")]
    assert session["httpOnly"]
    assert (session["expires"] > 0) == (product.edition == "embedded"), "kept on a device of one's own"

    # The same once more, from elsewhere.
    other = _phone(people, browser, product).new_page()
    other.goto(f"{product.origin}/auth/login?by=paper")
    other.get_by_label("紙に書いてあるコード").fill(first)
    other.get_by_role("button", name="次へ").click()
    expect(other.get_by_role("alert")).to_contain_text("このコードでは入れません", timeout=WITHIN_MS)

    # By the QR code: the code is carried behind # and no server is asked for an address that has it.
    asked: list[str] = []
    other.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer', '')}"))
    other.goto(f"{product.origin}/auth/login?by=paper#{second.replace('-', '')}")
    expect(other.get_by_text("ご本人ですか")).to_be_visible(timeout=WITHIN_MS)
    assert second.replace("-", "") not in other.url
    assert asked
    assert not [each for each in asked if second.replace("-", "") in each.partition("#")[0] or second in each]
    other.get_by_role("button", name="Português").click()
    expect(other.get_by_role("button", name="Entrar")).to_be_visible(timeout=WITHIN_MS)

    office.page.reload()
    expect(office.page.get_by_text(re.compile(r"^サインイン済み \d")).first).to_be_visible(timeout=WITHIN_MS)


def _phone(people: ExitStack, browser: Browser, product: Product) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": 390, "height": 664},
        locale="ja-JP",
        ignore_https_errors=product.edition == "platform",
    )
    people.callback(context.close)
    return context


def _me(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("fetch('/api/me').then((answer) => answer.json())")
    return found
