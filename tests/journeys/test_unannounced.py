"""A child is neither in class nor announced: the office calls, the principal sees who calls, until it is known."""

from __future__ import annotations

from contextlib import ExitStack

from playwright.sync_api import Browser, Locator, expect

from tests.journeys.people import Person, meet
from tests.support.product import Product

WITHIN_MS = 10_000
CLASS = "3年2組"


def line(person: Person) -> Locator:
    """The child's line in the list of 連絡なし."""
    page = person.page
    block = page.locator("section").filter(has=page.get_by_role("heading", name="連絡なしの子"))
    return block.get_by_role("listitem").filter(has_text=CLASS)


def test_nobody_is_missing_in_the_end(product: Product, browser: Browser, people: ExitStack) -> None:
    office = meet(people, browser, product, "第一小 事務", "事務")
    principal = meet(people, browser, product, "第一小 校長", "校長")
    teacher = meet(people, browser, product, CLASS, f"{CLASS} 担任")
    office.page.get_by_role("link", name="学校の今日", exact=True).click()
    expect(office.page.get_by_role("heading", name="連絡なしの子")).to_be_visible(timeout=WITHIN_MS)
    expect(line(office)).to_have_count(0)

    teacher.page.get_by_role("link", name=f"{CLASS}の朝の記録を始める").click()
    expect(teacher.page.get_by_role("grid")).to_be_visible()
    teacher.press("4", "j", "Control+Enter")
    teacher.sees("に確定しました")

    # On both pages without a reload; one takes the call on, the other sees who.
    for person in (office, principal):
        expect(line(person)).to_contain_text("事故欠", timeout=WITHIN_MS)
    line(office).get_by_role("button", name="電話をかける").click()
    expect(line(office)).to_contain_text("あなたがかけています", timeout=WITHIN_MS)
    expect(line(office).get_by_role("link", name="連絡を受けた…")).to_be_visible()
    expect(line(principal)).to_contain_text("さんがかけています", timeout=WITHIN_MS)
    # Whom to call, from their owner; the numbers are with whoever calls, and nobody else.
    numbers = line(office).locator("a[href^='tel:']")
    expect(numbers.first).to_be_visible(timeout=WITHIN_MS)
    expect(line(principal).locator("a[href^='tel:']")).to_have_count(0)
    line(office).get_by_role("button", name="につながらない").first.click()
    expect(line(principal)).to_contain_text("つながらない", timeout=WITHIN_MS)

    # The family calls back: it goes the way of every call, and nobody is missing any more.
    line(office).get_by_role("link", name="連絡を受けた…").click()
    expect(office.page.get_by_role("radio", name="欠席（病気・けが）")).to_be_visible(timeout=WITHIN_MS)
    office.press("1", "a", "Control+Enter")
    expect(office.page.get_by_text("の「欠席（病気・けが）」を届けました")).to_be_visible(timeout=WITHIN_MS)
    expect(line(principal)).to_have_count(0, timeout=WITHIN_MS)
