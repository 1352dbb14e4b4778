"""A guardian tells the school from a telephone on a slow network; the roll has it, and they see that it was read."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack

from playwright.sync_api import Browser, expect

from tests.journeys.asking import a_family
from tests.journeys.people import Person, meet, sign_in
from tests.support.product import Product

TAPS = 4
"""ux.md §11: absence, with the app open; a child of several is one of them."""
CLASS = "6年2組"
WITHIN_MS = 20_000


def slow(person: Person) -> None:
    """An old telephone on a mobile network, as ux.md §3 measured it."""
    devtools = person.context.new_cdp_session(person.page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    devtools.send("Network.enable")
    devtools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000},
    )


def test_a_guardian_tells_and_sees_that_it_was_read(
    product: Product, browser: Browser, people: ExitStack
) -> None:
    child, guardian = a_family(product, CLASS)
    teacher = meet(people, browser, product, f"第一小 {CLASS}", f"{CLASS} 担任")
    teacher.page.get_by_role("link", name=f"{CLASS}の朝の記録を始める").click()
    expect(teacher.page.get_by_role("grid")).to_be_visible()

    name = f"{guardian['family']} {guardian['given']}"
    phone = sign_in(browser, product, name.replace(" ", ""), "保護者", width=390, height=664)
    people.callback(phone.context.close)
    expect(phone.page.get_by_role("heading", name="ホーム")).to_be_visible(timeout=WITHIN_MS)
    slow(phone)
    began, taps = time.monotonic(), 0
    phone.page.goto(f"{product.origin}/family")
    phone.page.get_by_role("link", name="欠席・遅刻を連絡する").click()
    taps += 1
    several = phone.page.get_by_role("checkbox")
    expect(phone.page.get_by_role("radio", name="休む（病気・けが）")).to_be_attached(timeout=WITHIN_MS)
    if several.count():
        phone.page.get_by_role("checkbox", name=child["given"]).check()
        taps += 1
    phone.page.get_by_role("radio", name="休む（病気・けが）").check()
    phone.page.get_by_role("button", name="学校に送る").click()
    taps += 2
    expect(phone.page.get_by_text("学校に届きました").first).to_be_visible(timeout=WITHIN_MS)
    # A figure for docs/figures.md (--log-cli-level=INFO shows it), no bound: a loaded machine is not the product.
    logging.getLogger(__name__).info("opened to received: %.1f s", time.monotonic() - began)
    assert taps <= TAPS

    cell = teacher.page.get_by_role("row").filter(has_text="保護者の連絡")
    expect(cell).to_contain_text("病", timeout=WITHIN_MS)
    office = meet(people, browser, product, "第一小 事務", "事務")
    office.page.get_by_role("link", name="電話", exact=True).click()
    expect(office.page.get_by_text("（アプリ）").first).to_be_visible(timeout=WITHIN_MS)

    expect(phone.page.get_by_text("担任の確認はまだです").first).to_be_visible(timeout=WITHIN_MS)
    confirm = teacher.page.get_by_role("button", name="連絡1人は連絡どおりにして確定")
    expect(confirm).to_be_visible(timeout=WITHIN_MS)
    teacher.press("Control+Enter")
    teacher.sees("に確定しました")
    expect(phone.page.get_by_text("担任が確認しました").first).to_be_visible(timeout=60_000)
    assert phone.problems == []
