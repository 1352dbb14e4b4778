"""The year of a roster on the screens of 学務課: changed, moved, rolled over, taken back, exported, imported again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.asking import Asking
from tests.journeys.people import Person, choose_oneself, sign_in
from tests.journeys.year import in_package, onward, stays, without_a_grade
from tests.support.product import Product, running

PUPILS = 300
LATER = 120_000
"""Milliseconds: processes are started, on whatever machine this is."""
Shown = Callable[[Page, str], None]
"""Looks at a screen, which has a name."""


@pytest.mark.slow
@pytest.mark.browser
def test_the_year_on_screens(browser: Browser, tmp_path: Path) -> None:
    """Whoever is enrolled is asked of the database: what a screen says is not believed."""
    with running(tmp_path / "state", "log", "--pupils", str(PUPILS)) as product:
        person = sign_in(browser, product, "学務課", "職員")
        try:
            play(person, product, tmp_path, PUPILS)
        finally:
            person.context.close()
        assert person.problems == []


def play(
    person: Person, product: Product, folder: Path, pupils: int, shown: Shown = lambda _page, _name: None
) -> None:
    """The whole year by the hands of ``person``, who signed in just now."""
    page = person.page
    me = page.evaluate("fetch('/api/me').then((answer) => answer.json())")
    product.tsumugi("roster-office", "--protection", f"{me['person']['family']} {me['person']['given']}")
    today = date.fromisoformat(product.status()["training_date"])
    month, last, april = today + timedelta(days=30), date(today.year + 1, 3, 31), date(today.year + 1, 4, 1)

    delta = folder / "delta.zip"
    words = ("--pupils", str(pupils), "--date", str(month), "--delta", str(today))
    product.tsumugi("town", "write", str(delta), *words)
    before = stays(product, month)
    _bring(page, delta, shown)
    apply = page.get_by_role("button", name=re.compile(r"取り込む（変更[\d,]+件）"))
    expect(apply).to_be_visible(timeout=LATER)
    shown(page, "preview")
    apply.click()
    expect(page.get_by_text("取り込みました")).to_be_visible(timeout=LATER)
    shown(page, "imported")
    known = stays(product, month)
    assert known != before
    later = folder / "later.zip"
    product.tsumugi("town", "write", str(later), "--pupils", str(pupils), "--date", str(month))
    assert known == in_package(product, later, month)

    losing = folder / "losing.zip"
    _lose(page, product, losing, without_a_grade(later, losing, today), month, shown)
    assert stays(product, month) == known

    moved = _move(page, product, today, shown)
    now = stays(product, month)
    assert {pupil for pupil in now | known if now.get(pupil) != known.get(pupil)} == {moved}
    assert now[moved].school != known[moved].school

    onward(Asking(product, "board"), april.year)
    product.tsumugi("rollover", "propose")
    ended, nobody = stays(product, last), stays(product, april)
    _go(page, "年度更新")
    shown(page, "rollover")
    _roll(page, shown)
    then = stays(product, april)
    assert ended.keys() - then.keys() == {pupil for pupil, stay in ended.items() if stay.grade == "J3"}
    assert not then.keys() - ended.keys() - nobody.keys()
    page.get_by_role("button", name="元に戻す").click()
    page.get_by_role("button", name="適用する前に戻す").click()
    expect(page.get_by_role("cell").filter(has_text="元に戻しました").first).to_be_visible(timeout=LATER)
    shown(page, "taken-back")
    assert stays(product, april) == nobody
    _roll(page, shown)
    assert {(pupil, stay.school, stay.grade) for pupil, stay in stays(product, april).items()} == {
        (pupil, stay.school, stay.grade) for pupil, stay in then.items()
    }
    assert stays(product, last) == ended

    exported = _export(page, folder, shown)
    standing = [stays(product, day) for day in (today, month, last, april)]
    _bring(page, exported, shown)
    expect(page.get_by_text("変更はありません")).to_be_visible(timeout=LATER)
    shown(page, "unchanged")
    assert [stays(product, day) for day in (today, month, last, april)] == standing


def _go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def _bring(page: Page, package: Path, shown: Shown) -> None:
    _go(page, "名簿取込")
    shown(page, "imports")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="名簿のファイルを選ぶ").click()
    chooser.value.set_files(package)


def _lose(page: Page, product: Product, package: Path, leaving: int, day: date, shown: Shown) -> None:
    """A whole roster in which a grade has left: told, imported after a second word, and taken back."""
    before = stays(product, day)
    _bring(page, package, shown)
    apply = page.get_by_role("button", name=re.compile(r"取り込む（変更[\d,]+件）"))
    expect(page.get_by_text(f"{leaving:,}人が在籍でなくなります")).to_be_visible(timeout=LATER)
    expect(apply).to_have_attribute("aria-disabled", "true")
    shown(page, "losses")
    page.get_by_role("checkbox", name="確かめました").check()
    apply.click()
    expect(page.get_by_text("取り込みました")).to_be_visible(timeout=LATER)
    after = stays(product, day)
    assert len(before.keys() - after.keys()) == leaving
    assert after == {pupil: stay for pupil, stay in before.items() if pupil in after}
    page.get_by_role("button", name="元に戻す").click()
    page.get_by_role("button", name="取り込む前に戻す").click()
    expect(page.get_by_text("元に戻しました").first).to_be_visible(timeout=LATER)
    shown(page, "lost-taken-back")


def _move(page: Page, product: Product, today: date, shown: Shown) -> str:
    """Somebody moves to another school of the city; returns who."""
    board = Asking(product, "board")
    first, second = [each for each in board.get("/v1/moves")["accepting"] if each["name"].endswith("小")][:2]
    listed = board.get(f"/v1/people?hat=pupil&rows=50&school={first['id']}")["people"]
    cards = (board.get(f"/v1/people/{each['person']['id']}") for each in listed)
    mover = next(card for card in cards if not card["protected"] and not card["pupil"]["next"])
    name = f"{mover['person']['family']} {mover['person']['given']}"
    _go(page, "転出入")
    shown(page, "moves")
    page.get_by_role("link", name="転出を届ける").first.click()
    page.get_by_role("combobox").fill(name)
    found = page.get_by_role("option").filter(has_text=first["name"]).first
    expect(found).to_be_visible()
    shown(page, "whom")
    found.click()
    page.get_by_text("市内の学校へ").click()
    page.get_by_label("受け入れる学校").select_option(label=second["name"])
    page.get_by_label("最後に登校する日").fill(f"{today:%Y/%m/%d}")
    page.get_by_label("受け入れる日").fill(f"{today + timedelta(days=3):%Y/%m/%d}")
    shown(page, "announce")
    page.get_by_role("button", name="転出を届ける").click()
    page.wait_for_url(re.compile(r"/moves/[0-9a-f-]{36}"), timeout=LATER)
    shown(page, "moved")
    return str(mover["person"]["id"])


def _roll(page: Page, shown: Shown) -> None:
    """A dry run, and what it shows made true."""
    page.get_by_role("button", name=re.compile("どうなるかを確かめる|もう一度確かめる")).click()
    apply = page.get_by_role("button", name=re.compile("年度更新を適用する"))
    expect(apply).to_be_visible(timeout=LATER)
    shown(page, "dry-run")
    sure = page.get_by_role("checkbox", name="確かめました")
    if sure.is_visible():
        sure.check()
    apply.click()
    expect(page.get_by_text("4月1日になると、このとおりになります")).to_be_visible(timeout=LATER)
    shown(page, "applied")


def _export(page: Page, folder: Path, shown: Shown) -> Path:
    """Everything, protected children too, as a file on this machine."""
    _go(page, "名簿取込")
    _go(page, "名簿を書き出す")
    # Whoever has been at work for five minutes says first who they are.
    back, prove = page.get_by_text("紬に取り込み直す"), page.get_by_role("link", name="本人確認をする")
    expect(back.or_(prove)).to_be_visible()
    if prove.is_visible():
        prove.click()
        choose_oneself(page, "学務課", "職員")
    back.click()
    page.get_by_label("何のために書き出しますか").fill("年度末の控え")
    shown(page, "export")
    page.get_by_role("button", name="名簿を書き出す").click()
    fetch = page.get_by_role("button", name=re.compile("受け取る"))
    expect(fetch).to_be_visible(timeout=LATER)
    shown(page, "exported")
    with page.expect_download() as download:
        fetch.click()
    package = folder / "exported.zip"
    download.value.save_as(package)
    return package
