"""A family telephones: the office enters it without a mouse, the roll has it, and taking the roll confirms it."""

from __future__ import annotations

from contextlib import ExitStack

from playwright.sync_api import Browser, expect

from tests.journeys.people import meet
from tests.support.product import Product

PRESSES = 12
"""ux.md §11: a phoned absence while talking."""
WITHIN_MS = 10_000


def test_a_call_reaches_the_roll_and_the_roll_confirms_it(
    product: Product, browser: Browser, people: ExitStack
) -> None:
    office = meet(people, browser, product, "第一小 事務", "事務")
    teacher = meet(people, browser, product, "1年1組", "1年1組 担任")
    teacher.page.get_by_role("link", name="1年1組の朝の記録を始める").click()
    expect(teacher.page.get_by_role("grid")).to_be_visible()

    office.page.get_by_role("link", name="電話", exact=True).click()
    find = office.page.get_by_role("combobox")
    expect(find).to_be_focused()
    before = office.presses
    office.press(*"1-1 7")
    expect(office.page.get_by_role("option").first).to_contain_text("7番", timeout=WITHIN_MS)
    office.press("Enter")
    expect(office.page.get_by_role("radio", name="欠席（病気・けが）")).to_be_visible(timeout=WITHIN_MS)
    office.press("1", "a", "Control+Enter")
    expect(office.page.get_by_text("の「欠席（病気・けが）」を届けました")).to_be_visible(timeout=WITHIN_MS)
    assert office.presses - before <= PRESSES

    cell = teacher.page.get_by_role("row").filter(has_text="保護者の連絡")
    expect(cell).to_contain_text("病", timeout=WITHIN_MS)
    confirm = teacher.page.get_by_role("button", name="連絡1人は連絡どおりにして確定")
    expect(confirm).to_be_visible(timeout=WITHIN_MS)
    taken = teacher.presses
    teacher.press("Control+Enter")
    teacher.sees("に確定しました")
    assert teacher.presses - taken == 1, "ux.md §11: all exceptions announced"

    def confirmed() -> bool:
        office.page.reload()
        expect(office.page.get_by_text("きょうの連絡").first).to_be_visible(timeout=WITHIN_MS)
        notice = office.page.get_by_role("listitem").filter(has_text="1年1組")
        shown = notice.get_by_text("担任が確認しました")
        try:
            expect(shown).to_be_visible(timeout=1_000)
        except AssertionError:
            return False
        return True

    assert any(confirmed() for _ in range(10))

    # The same child once more: what was told stands there, is changed, and the teacher has not seen that.
    office.press(*"1-1 7")
    expect(office.page.get_by_role("option").first).to_contain_text("7番", timeout=WITHIN_MS)
    office.press("Enter")
    expect(office.page.get_by_text("から届いています")).to_be_visible(timeout=WITHIN_MS)
    office.page.get_by_role("button", name="取り消す").click()
    expect(office.page.get_by_text("さんの連絡を取り消しました")).to_be_visible(timeout=WITHIN_MS)
