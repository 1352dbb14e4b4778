"""People at browsers."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from services.identity.keycloak.rules import username
from tests.support.accounts import chosen
from tests.support.at_keycloak import fresh_code, of_town
from tests.support.product import Product

DESK, TELEPHONE = (1366, 632), (390, 844)
"""Width and height of a page on a school's laptop and on a telephone."""


@dataclass
class Person:
    """Somebody at a browser. Presses are counted: one key or chord is one."""

    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)
    presses: int = 0

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.presses += 1

    def sees(self, text: str) -> None:
        """Wait until the page shows ``text``."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=10_000)


def sign_in(
    browser: Browser, product: Product, search: str, who: str, *, width: int = DESK[0], height: int = DESK[1]
) -> Person:
    """Sign in by the page a person would use: search, then choose."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="ja-JP",
        # The deployment's own authority, which this browser was not told of; the services are (SSL_CERT_FILE).
        ignore_https_errors=product.edition == "platform",
    )
    person = Person(context, context.new_page())
    person.page.on("pageerror", lambda error: person.problems.append(str(error)))
    if product.edition == "platform":
        prove_oneself(person.page, product, search, who)
    else:
        person.page.goto(f"{product.origin}/auth/login?to=/")
        choose_oneself(person.page, search, who)
    person.page.wait_for_url(f"{product.origin}/**")
    return person


def prove_oneself(page: Page, product: Product, search: str, who: str) -> None:
    """Say who one is at Keycloak: a name, the town's one password for trying, and of the staff a second factor.

    Whoever has done so just now is known to Keycloak's pages in every browser of theirs, as on one's own device.
    """
    found = chosen(product.instance, search, who)
    person = of_town(product.instance, username(found.account, found.kind))
    if person.fresh:
        page.context.add_cookies(person.for_a_browser())
        page.goto(f"{product.origin}/auth/login?to=/")
        if page.url.startswith(product.origin):
            return
    staff = found.kind == "staff"
    page.goto(f"{product.origin}/auth/login?to=/{'&again=true' if staff else ''}")
    page.locator("#username").fill(person.name)
    page.locator("#password").fill(person.way.password)
    page.keyboard.press("Enter")
    if staff:
        field = page.locator("#otp")
        expect(field).to_be_visible(timeout=30_000)
        field.fill(fresh_code(person.way, person.name))
        field.press("Enter")
    page.wait_for_url(f"{product.origin}/**")
    person.keep(page.context.cookies(f"{person.issuer}/"))


def meet(
    people: ExitStack, browser: Browser, product: Product, search: str, who: str, *, telephone: bool = False
) -> Person:
    """Somebody at a browser until ``people`` closes; a page that threw an error fails the test then."""
    width, height = TELEPHONE if telephone else DESK
    person = sign_in(browser, product, search, who, width=width, height=height)

    def leave() -> None:
        person.context.close()
        assert person.problems == []

    people.callback(leave)
    return person


def choose_oneself(page: Page, search: str, who: str) -> None:
    """Say who one is, on the page that asks for it: search, then choose."""
    page.get_by_role("searchbox").fill(search)
    page.get_by_role("button", name="さがす").click()
    page.get_by_role("button").filter(has_text=who).first.click()


def cell(page: Page, name: str, column: str) -> Locator:
    """The cell of the first table row that names ``name``, in the column of its table that is called ``column``."""
    row = page.get_by_role("row").filter(has_text=name).first
    table = page.get_by_role("table").filter(has=row)
    heads = table.get_by_role("columnheader").all_inner_texts()
    return row.get_by_role("cell").or_(row.get_by_role("rowheader")).nth(heads.index(column))


def paste(person: Person, block: str) -> None:
    """Paste as from a spreadsheet: through the browser's clipboard and its own key."""
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.page.evaluate("text => navigator.clipboard.writeText(text)", block)
    person.press("Control+v")


def roll_in_registry(person: Person) -> tuple[list[Any], dict[str, str]]:
    """The members of the roll on the page as registry answers them, and the words of the codes."""
    path = person.page.url.split("/classes/")[1]
    address = f"{person.page.url.split('/classes/')[0]}/api/registry/v1/classes/{path}"
    answer = person.context.request.get(address)
    assert answer.ok, answer.text()
    roll = answer.json()
    return roll["members"], {symbol["code"]: symbol["word"] for symbol in roll["symbols"]}
