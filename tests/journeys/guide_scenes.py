"""The scenes of docs/guide, played by one school of the example town from the morning's first call to the closure."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pypdf import PdfReader

from tests.journeys.guide import JAPANESE, Seen
from tests.journeys.people import TELEPHONE, Person, meet
from tests.support.product import Product

SCHOOL, CLASS = "第二小", "3年1組"
TONGUES = {
    "ja-x-easy": "やさしい日本語",
    "en": "English",
    "zh-Hans": "中文",
    "pt-BR": "Português",
    "es": "Español",
    "vi": "Tiếng Việt",
    "fil": "Filipino",
    "ne": "नेपाली",
    "ja": "日本語",
}
"""Japanese is the last: what comes after is read in it."""
WITHIN_MS = 15_000
ILL = 3
"""The tile of an illness, after the three of the days."""
_CODE = re.compile(r"(?:[34679CDFHJKMNPRTWXY]{4}-){3}[34679CDFHJKMNPRTWXY]{4}")


@dataclass
class Play:
    """Who plays where; what was seen. ``keep`` gets a page and the name of its picture."""

    product: Product
    browser: Browser
    people: ExitStack
    seen: Seen = field(default_factory=Seen)
    keep: Callable[[Page, str], None] = lambda page, name: None

    def look(self, scene: str, page: Page, picture: str | None = None) -> None:
        """A scene stands on ``page``: read it, and keep its picture if the guide shows one."""
        self.seen.look(scene, page)
        if picture:
            self.keep(page, picture)

    def staff(self, role: str) -> Person:
        """Somebody of the school at a desk."""
        return meet(self.people, self.browser, self.product, f"{SCHOOL} {role}", role)


def play(one: Play) -> None:
    """All scenes that a school without a past can show."""
    teacher, office = one.staff(f"{CLASS} 担任"), one.staff("事務")
    the_roll_begins(one, teacher)
    phone = a_family_on_paper(one, office)
    a_call(one, office)
    a_family_tells(one, phone)
    the_roll(one, teacher)
    expect(phone.get_by_text("担任が確認しました").first).to_be_visible(timeout=60_000)
    one.look("seen", phone, "seen")
    in_tongues(one, "seen", phone)
    nobody_missing(one, office)
    a_closure(one, one.staff("校長"))
    teacher.page.get_by_role("link", name="出席簿", exact=True).first.click()
    expect(teacher.page.get_by_role("link", name="年間", exact=True)).to_be_visible(timeout=WITHIN_MS)
    expect(teacher.page.get_by_role("table").or_(teacher.page.get_by_role("grid")).first).to_be_visible()
    one.look("register", teacher.page)
    cell = teacher.page.get_by_role("button", name=re.compile("病欠")).first
    cell.click()
    expect(teacher.page.get_by_role("link", name="この日の朝の記録を開く")).to_be_visible(timeout=WITHIN_MS)
    one.look("register", teacher.page)


def a_family_on_paper(one: Play, office: Person) -> Page:
    """The office makes the sheets of a class; a guardian comes in by one of them, in every language."""
    page = office.page
    page.get_by_role("link", name="名簿", exact=True).click()
    page.get_by_role("link", name="保護者の招待").click()
    page.get_by_role("link", name=CLASS).click()
    make = page.get_by_role("button", name=re.compile("紙のない.*人の紙を作る"))
    expect(make).to_be_visible(timeout=WITHIN_MS)
    one.look("invitations", page)
    make.click()
    made = page.get_by_role("link", name=re.compile(f"{CLASS}の紙"))
    expect(made).to_be_visible(timeout=60_000)
    # The sheets may stand before the class says that it has them: it is asked again afterwards.
    expect(page.get_by_text("使えなくする", exact=True).first).to_be_visible(timeout=WITHIN_MS)
    one.look("sheets", page, "invitations")
    with page.expect_download() as download:
        made.click()
    for sheet in PdfReader(download.value.path()).pages:
        found = _CODE.search(sheet.extract_text().replace(" ", ""))
        assert found
        phone = _telephone(one)
        one_enters(one, phone, found[0])
        tell = phone.get_by_role("link", name="欠席・遅刻を連絡する")
        expect(tell.or_(phone.get_by_text("連絡をするのは、ほかの保護者の方です"))).to_be_visible(
            timeout=60_000
        )
        if tell.is_visible():
            return phone
        phone.context.close()
    raise AssertionError("somebody of the class may tell")


def _telephone(one: Play) -> Page:
    width, height = TELEPHONE
    context: BrowserContext = one.browser.new_context(
        viewport={"width": width, "height": height}, locale="ja-JP"
    )
    one.people.callback(context.close)
    return context.new_page()


def one_enters(one: Play, phone: Page, code: str) -> None:
    """From the page of the first sign-in to ホーム."""
    phone.goto(f"{one.product.origin}/signed-out")
    expect(phone.get_by_role("link", name="学校の紙で入る")).to_be_visible(timeout=WITHIN_MS)
    one.look("paper", phone)
    phone.get_by_role("link", name="学校の紙で入る").click()
    in_tongues(one, "paper", phone)
    phone.locator("#paper_code").fill(code)
    one.keep(phone, "paper")
    phone.get_by_role("button", name="次へ").click()
    expect(phone.get_by_text("ご本人ですか")).to_be_visible(timeout=WITHIN_MS)
    in_tongues(one, "paper-name", phone)
    phone.get_by_role("button", name="入る", exact=True).click()
    expect(phone.get_by_role("heading", name="ホーム")).to_be_visible(timeout=60_000)


def in_tongues(one: Play, scene: str, page: Page) -> None:
    """Read a page in every language, chosen on it by its own name."""
    for code, own in TONGUES.items():
        chosen = page.get_by_role("button", name=own, exact=True)
        chosen.click()
        expect(chosen).to_have_attribute("aria-pressed", "true", timeout=WITHIN_MS)
        one.seen.look(scene, page, code)


def a_call(one: Play, office: Person) -> None:
    """A family telephones."""
    page = office.page
    page.get_by_role("link", name="電話", exact=True).click()
    expect(page.get_by_role("combobox")).to_be_focused(timeout=WITHIN_MS)
    one.look("call", page)
    office.press(*f"{CLASS[0]}-{CLASS[2]} 7")
    expect(page.get_by_role("option").first).to_contain_text("7番", timeout=WITHIN_MS)
    office.press("Enter")
    expect(page.get_by_role("radio", name="欠席（病気・けが）")).to_be_visible(timeout=WITHIN_MS)
    office.press("1", "a")
    page.get_by_role("button", name="べつの子にする").scroll_into_view_if_needed()
    one.look("call", page, "call")
    office.press("Control+Enter")
    expect(page.get_by_text("の「欠席（病気・けが）」を届けました")).to_be_visible(timeout=WITHIN_MS)
    one.look("call", page)
    office.press(*f"{CLASS[0]}-{CLASS[2]} 7")
    expect(page.get_by_role("option").first).to_contain_text("7番", timeout=WITHIN_MS)
    office.press("Enter")
    expect(page.get_by_text("から届いています")).to_be_visible(timeout=WITHIN_MS)
    one.look("call-again", page)


def a_family_tells(one: Play, phone: Page) -> None:
    """An absence for today with words; every page of it in every language; one that waits for the network."""
    in_tongues(one, "home", phone)
    ours = phone.locator("section").filter(has_text=re.compile(f"{SCHOOL}学校 *{CLASS}")).first
    named = re.search(r"\s(\S+)さん", ours.inner_text())
    assert named
    child = named[1]
    tell(one, phone, child, "熱が38度あります。")
    expect(phone.get_by_text("学校に届きました").first).to_be_visible(timeout=WITHIN_MS)
    in_tongues(one, "receipt", phone)
    across_tongues(one, "change", phone, "a[href*='notice=']")
    phone.get_by_role("button", name="取り消す", exact=True).first.click()
    in_tongues(one, "withdraw", phone)
    phone.get_by_role("button", name="取り消さない").click()
    across_tongues(one, "tell", phone, "a[href$='/family/tell']")
    phone.get_by_role("link", name="欠席・遅刻を連絡する").click()
    expect(phone.get_by_role("radio").first).to_be_attached(timeout=WITHIN_MS)
    phone.context.set_offline(True)
    choose(phone, child, "おくれる", "あした")
    phone.get_by_role("button", name="学校に送る").click()
    expect(phone.get_by_text("まだ届いていません").first).to_be_visible(timeout=WITHIN_MS)
    in_tongues(one, "home-offline", phone)
    phone.context.set_offline(False)
    expect(phone.get_by_text("まだ届いていません")).to_have_count(0, timeout=60_000)


def tell(one: Play, phone: Page, child: str, words: str) -> None:
    """Illness, today."""
    phone.get_by_role("link", name="欠席・遅刻を連絡する").click()
    choose(phone, child, "休む（病気・けが）", "きょう")
    phone.get_by_role("textbox").last.fill(words)
    one.look("tell", phone, "tell")
    phone.get_by_role("button", name="学校に送る").click()


def choose(phone: Page, child: str, what: str, when: str) -> None:
    """The tiles of the page; of several children the one of the class."""
    expect(phone.get_by_role("radio", name=what)).to_be_attached(timeout=WITHIN_MS)
    if phone.get_by_role("checkbox").count():
        phone.get_by_role("checkbox", name=child).check()
    phone.get_by_role("radio", name=when).check()
    phone.get_by_role("radio", name=what).check()


def across_tongues(one: Play, scene: str, phone: Page, way: str) -> None:
    """A page behind a link of ホーム, which has no choice of language itself: chosen on ホーム before it is opened."""
    for code, own in TONGUES.items():
        chosen = phone.get_by_role("button", name=own, exact=True)
        chosen.click()
        expect(chosen).to_have_attribute("aria-pressed", "true", timeout=WITHIN_MS)
        phone.locator(way).first.click()
        expect(phone.get_by_role("radio").first).to_be_attached(timeout=WITHIN_MS)
        if scene == "tell" and code != JAPANESE:
            phone.get_by_role("radio").nth(ILL).check()
            one.keep(phone, f"tell.{code}")
        one.seen.look(scene, phone, code)
        phone.locator("header a[href='/family']").click()


def the_roll_begins(one: Play, teacher: Person) -> None:
    """Two children are marked; nothing is saved yet."""
    page = teacher.page
    expect(page.get_by_role("link", name=f"{CLASS}の朝の記録を始める")).to_be_visible(timeout=WITHIN_MS)
    one.look("today", page)
    page.get_by_role("link", name=f"{CLASS}の朝の記録を始める").click()
    expect(page.get_by_role("grid")).to_be_visible(timeout=WITHIN_MS)
    teacher.press("1", "2", "j", "1", "6", "c")
    one.look("roll", page, "roll")
    teacher.press("F2")
    expect(page.get_by_role("button", name=re.compile("忌引"))).to_be_visible(timeout=WITHIN_MS)
    one.look("roll", page)
    teacher.press("Escape")


def the_roll(one: Play, teacher: Person) -> None:
    """The teacher reads what families said, answers, confirms without a network, and corrects."""
    page = teacher.page
    page.get_by_role("button", name="返信する").first.click()
    page.get_by_role("button", name="お大事に").click()
    one.look("told", page, "told")
    page.get_by_role("button", name="返信を送る").click()
    expect(page.get_by_text("返信「お大事に」")).to_be_visible(timeout=WITHIN_MS)
    one.look("told", page)
    page.get_by_text("保護者の言葉と返信（2件）").click()
    page.locator("[role=grid] [data-cursor]").focus()
    teacher.context.set_offline(True)
    teacher.press("Control+Enter")
    teacher.sees("この端末に保存しました")
    one.look("roll-offline", page)
    teacher.context.set_offline(False)
    teacher.sees("に確定しました")
    one.look("roll-taken", page)
    teacher.press("3", "c")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=WITHIN_MS)
    teacher.press("3")
    one.look("correction", page, "correction")
    teacher.press("Enter")
    expect(dialog).to_be_hidden()


def nobody_missing(one: Play, office: Person) -> None:
    """A child without a word: the office calls."""
    page = office.page
    page.get_by_role("link", name="学校の今日", exact=True).click()
    line = _missing(page)
    expect(line).to_contain_text("事故欠", timeout=WITHIN_MS)
    one.look("school", page)
    one.look("missing", page)
    line.get_by_role("button", name="電話をかける").click()
    expect(line.get_by_role("button", name=re.compile("つながらない")).first).to_be_visible(timeout=WITHIN_MS)
    one.look("calling", page, "calling")


def _missing(page: Page) -> Locator:
    block = page.locator("section").filter(has=page.get_by_role("heading", name="連絡なしの子"))
    return block.get_by_role("listitem").filter(has_text=CLASS)


def a_closure(one: Play, principal: Person) -> None:
    """A class is closed for a day: looked at, not done."""
    page = principal.page
    expect(page.get_by_text("連絡なし").first).to_be_visible(timeout=WITHIN_MS)
    page.get_by_role("link", name="年間予定").click()
    today = date.fromisoformat(one.product.status()["training_date"])
    expect(page.get_by_label("日付", exact=True)).to_be_visible(timeout=WITHIN_MS)
    one.look("closure", page)
    page.get_by_label("日付", exact=True).fill(f"{today.month}/{today.day}")
    page.get_by_label("種類", exact=True).select_option("臨時休業")
    page.get_by_label("内容", exact=True).fill("インフルエンザ")
    page.get_by_label("対象", exact=True).select_option("1年1組")
    page.get_by_role("button", name="行を加える", exact=True).click()
    page.get_by_role("button", name="変わることを確かめる").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("のべ1学級の日です", timeout=WITHIN_MS)
    one.look("closure-asked", page, "closure")
    principal.press("Escape")


def a_month(one: Play) -> None:
    """The last month that is over: closed by the class's teacher, checked by the principal. Needs a past."""
    teacher, principal = one.staff(f"{CLASS} 担任"), one.staff("校長")
    page = teacher.page
    page.get_by_role("link", name="出席簿", exact=True).first.click()
    page.get_by_role("link", name="前の月").click()
    close = page.get_by_role("button", name=re.compile("月分を締める"))
    expect(close).to_be_visible(timeout=WITHIN_MS)
    one.look("month-to-close", page)
    close.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("月分を締める")).click()
    expect(page.get_by_text("点検は、締めた人ではない校長・教頭がします。")).to_be_visible(timeout=WITHIN_MS)
    one.look("month-closed", page, "month")
    principal.page.goto(page.url)
    expect(principal.page.get_by_role("button", name=re.compile("月分を点検した"))).to_be_visible(
        timeout=WITHIN_MS
    )
    one.look("month-to-check", principal.page)
