"""A school's year is changed by hand, and every page of the day follows. In a browser, on the product."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.journeys.people import sign_in
from tests.support.product import Product


def test_a_closed_class_is_waited_for_by_nobody(on_log: Product, browser: Browser, tmp_path: Path) -> None:
    today = date.fromisoformat(on_log.status()["training_date"])
    with ExitStack() as stack:
        principal = sign_in(browser, on_log, "第一小 校長", "校長")
        stack.callback(principal.context.close)
        teacher = sign_in(browser, on_log, "4年1組", "4年1組 担任")
        stack.callback(teacher.context.close)
        begin = teacher.page.get_by_role("link", name="4年1組の朝の記録を始める")
        expect(begin).to_be_visible()

        page = principal.page
        page.get_by_role("link", name="年間予定").click()
        page.get_by_label("日付", exact=True).fill(f"{today.month}/{today.day}")
        page.get_by_label("種類", exact=True).select_option("臨時休業")
        page.get_by_label("内容", exact=True).fill("インフルエンザ")
        page.get_by_label("対象", exact=True).select_option("4年1組")
        principal.press("Enter")
        page.get_by_role("textbox", name="変える予定").press("Control+Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("のべ1学級の日です")
        principal.press("Enter")
        expect(page.get_by_role("row", name=re.compile("臨時休業 インフルエンザ 4年1組"))).to_be_visible()
        for width, height in ((1366, 768), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=tmp_path / f"year-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1366, "height": 632})

        # The teacher's page has changed by itself; the school waits for one class less.
        teacher.sees("この学級はこの日、臨時休業です。")
        expect(begin).to_have_count(0)
        page.get_by_role("link", name="出欠").click()
        expect(page.get_by_role("row", name=re.compile("4年1組.*臨時休業"))).to_be_visible()

        page.get_by_role("link", name="年間予定").click()
        page.get_by_role("button", name="元に戻す").click()
        expect(dialog).to_contain_text("授業が加わるのは、のべ1学級の日です")
        principal.press("Enter")
        expect(begin).to_be_visible()
        assert (principal.problems, teacher.problems) == ([], [])
