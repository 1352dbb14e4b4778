"""A newcomer with the README alone: from a guardian to the class, and from an address to the receipt in a mail."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from playwright.sync_api import Browser, expect

from tests.journeys.asking import a_family
from tests.journeys.people import meet
from tests.support.product import Product
from tests.support.waiting import eventually

CLASS = "5年2組"
ADDRESS = "atarashii@example.jp"
WITHIN_MS = 20_000


def kept(product: Product, saying: str) -> str:
    """What `tsumugi mail read` prints, once it says something."""

    async def read() -> str:
        async def said() -> str | None:
            found = product.tsumugi("mail", "read", "--to", ADDRESS)
            return found if saying in found else None

        return str(await eventually(said, within=30, every=0.5))

    with ThreadPoolExecutor(1) as beside:  # this thread has the browser's loop
        return beside.submit(asyncio.run, read()).result()


def test_from_the_sign_in_page_to_the_receipt(product: Product, browser: Browser, people: ExitStack) -> None:
    product.tsumugi("mail", "keep")
    child, guardian = a_family(product, CLASS)
    search = f"第一小 {CLASS} {child['family']}{child['given']}"
    name = f"{guardian['family']} {guardian['given']}"
    phone = meet(people, browser, product, search, name, telephone=True)
    expect(phone.page.get_by_role("heading", name="ホーム")).to_be_visible(timeout=WITHIN_MS)
    phone.page.get_by_role("link", name="設定").click()
    phone.page.get_by_role("link", name="お知らせの受け取り方").click()
    expect(phone.page.get_by_text("tsumugi mail read")).to_be_visible(timeout=WITHIN_MS)
    phone.page.get_by_label("メールアドレス").fill(ADDRESS)
    phone.page.get_by_role("button", name="番号を送る").click()
    expect(phone.page.get_by_label("メールに書いてある番号（6けた）")).to_be_visible(timeout=WITHIN_MS)
    code = re.search(r"件名: 確認の番号 (\d{6})", kept(product, "確認の番号"))
    assert code is not None
    phone.page.get_by_label("メールに書いてある番号（6けた）").fill(code[1])
    phone.page.get_by_role("button", name="確かめる").click()
    expect(phone.page.get_by_text("ここにお知らせします")).to_be_visible(timeout=WITHIN_MS)

    phone.page.goto(f"{product.origin}/family/tell")
    sick = phone.page.get_by_role("radio", name="休む（病気・けが）")
    expect(sick).to_be_attached(timeout=WITHIN_MS)
    sick.check()
    if phone.page.get_by_role("checkbox").count():
        phone.page.get_by_role("checkbox", name=child["given"]).check()
    phone.page.get_by_role("button", name="学校に送る").click()
    expect(phone.page.get_by_text("学校に届きました").first).to_be_visible(timeout=WITHIN_MS)

    teacher = meet(people, browser, product, f"第一小 {CLASS}", f"{CLASS} 担任")
    teacher.page.get_by_role("link", name=f"{CLASS}の朝の記録を始める").click()
    expect(teacher.page.get_by_role("row").filter(has_text="保護者の連絡")).to_contain_text(
        "病", timeout=WITHIN_MS
    )
    teacher.press("Control+Enter")
    teacher.sees("に確定しました")
    said = kept(product, "担任が確認しました")
    stop = re.findall(rf"{product.origin}/stop/\S+", said)
    assert stop
    phone.page.goto(stop[-1])
    phone.page.get_by_role("button", name="やめる").click()
    expect(phone.page.get_by_role("heading", name="お知らせのメールをやめました")).to_be_visible()
    phone.page.goto(f"{product.origin}/family/told")
    expect(phone.page.get_by_role("button", name="番号を送る")).to_be_visible(timeout=WITHIN_MS)
    expect(phone.page.get_by_text(ADDRESS)).to_have_count(0)
