"""One class plays a month through the web, and the 出席簿 is what an independent count makes of what was said.

Calls to the office, the teacher's roll, words that overrule words, corrections, a class and a school that close, a
child that comes, one that leaves. On screen, in the spreadsheet and on paper: every cell and every total.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from services.registry.register.tests.test_printing import cells_of
from tests.journeys.people import Person, meet
from tests.journeys.twenty_days import Call, Correction, Mark, Month, Stay, Today, cells, drawn, of_days, sums
from tests.support.product import Product, running

FIRST = date(2026, 10, 1)
LAST = date(2026, 10, 30)
HOLIDAY = date(2026, 10, 12)
CLASS_CLOSED = (date(2026, 10, 20), date(2026, 10, 21))
SCHOOL_CLOSED = date(2026, 10, 26)
COMES, LEAVES = date(2026, 10, 8), date(2026, 10, 16)
"""The first day of the child that comes from 2年2組; the last of the one that leaves the city."""
CHILDREN = 35
NEWCOMER, LEAVER, FAMILY = 36, 9, 1
TAPPED = {
    "1": "休む（病気・けが）",
    "2": "休む（家の用事など）",
    "3": "おくれる",
    "4": "早く帰る",
    "5": "休む（忌引：お葬式など）",
}
"""The tiles of a guardian's screen, by those of 電話を受ける."""
SEED = 20261001
CALENDAR = [date(2026, 10, day) for day in range(1, 32)]
SUMS = 9
"""Columns of sums, from 授業日数 to 早退."""
Lines = dict[int, tuple[list[str], list[int]]]
"""Of each 出席番号 the days and the sums."""
SOON = 15_000
"""Milliseconds."""


def school_days() -> list[date]:
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    return [day for day in days if day.weekday() < 5 and day != HOLIDAY]


def the_closed() -> dict[date, str]:
    return {**dict.fromkeys(CLASS_CLOSED, "class"), SCHOOL_CLOSED: "school"}


def the_stays() -> list[Stay]:
    stays = [Stay(number) for number in range(1, CHILDREN + 1) if number != LEAVER]
    return [*stays, Stay(LEAVER, until=LEAVES + timedelta(days=1)), Stay(NEWCOMER, since=COMES)]


@pytest.mark.slow
@pytest.mark.browser
def test_a_month_of_one_class(browser: Browser, tmp_path: Path) -> None:
    closed, stays = the_closed(), the_stays()
    month = drawn(school_days(), stays, closed, FAMILY, SEED)
    assert len([today for today in month.days if not today.closed]) >= 18
    with running(tmp_path / "state", "log", "--date", FIRST.isoformat()) as product:
        for today in month.days:
            if today.on != FIRST:
                product.tsumugi("up", "--date", today.on.isoformat())
            with ExitStack() as people:
                a_day(people, browser, product, today)
        with ExitStack() as people:
            the_months_end(people, browser, product)
            office = meet(people, browser, product, "第一小 事務", "事務")
            compare(office, month, stays, closed)


def a_day(people: ExitStack, browser: Browser, product: Product, today: Today) -> None:
    """What people do on a day, by their own hands."""
    office = meet(people, browser, product, "第一小 事務", "事務")
    if today.closed:
        close(meet(people, browser, product, "第一小 校長", "校長"), today)
    if today.on == COMES:
        change_class(office)
    if today.on == LEAVES:
        leave(office)
    if today.closed:
        return
    take_calls(office, [call for call in today.calls if not call.by_app])
    told = [call for call in today.calls if call.by_app]
    families = []
    for call in told:
        mother, child = family_of(office, call)
        families.append(meet(people, browser, product, mother, "保護者", telephone=True))
        tell(families[-1], child, call)
    teacher = meet(people, browser, product, "2年1組", "2年1組 担任")
    take_roll(teacher, today.marks)
    for family in families:
        family.sees("担任が確認しました")
    for correction in today.corrections:
        correct(teacher, correction)


def take_calls(office: Person, calls: Sequence[Call]) -> None:
    office.page.get_by_role("link", name="電話", exact=True).click()
    for call in calls:
        form = find(office, call.number)
        office.press(call.tile, "a")
        form.get_by_label("終わりの日").fill(f"{call.last:%m/%d}")
        office.press("Control+Enter")
        office.sees("を届けました")
        if call.withdrawn:
            find(office, call.number)
            office.page.get_by_role("button", name="取り消す").click()
            office.sees("さんの連絡を取り消しました")


def find(office: Person, number: int) -> Locator:
    """The child with that 出席番号, opened for a call."""
    expect(office.page.get_by_role("combobox")).to_be_focused(timeout=SOON)
    office.press(*f"2-1 {number}")
    expect(office.page.get_by_role("option").first).to_contain_text(f"{number}番", timeout=SOON)
    office.press("Enter")
    form = office.page.get_by_role("form", name="連絡の内容")
    expect(form).to_be_focused(timeout=SOON)
    return form


def family_of(office: Person, call: Call) -> tuple[str, str]:
    """The names of the mother on the child's card, and of the child."""
    page = office.page
    page.goto(urljoin(page.url, f"/people?hat=pupil&q=2-1 {call.number}"))
    listed = page.get_by_role("row").filter(has_text="2年1組").first.get_by_role("link")
    child = listed.inner_text()
    listed.click()
    tie = page.get_by_role("row").filter(has_text="母").first
    mother = tie.get_by_role("rowheader").or_(tie.get_by_role("cell")).first.inner_text()
    return " ".join(mother.split()), child


def tell(guardian: Person, child: str, call: Call) -> None:
    page = guardian.page
    page.get_by_role("link", name="欠席・遅刻を連絡する").click()
    expect(page.get_by_text("いつですか")).to_be_visible()
    siblings = page.get_by_role("checkbox", name=f"{child.split()[-1]}さん")
    if siblings.count():
        siblings.check()
    page.get_by_text(TAPPED[call.tile]).click()
    page.get_by_role("button", name="学校に送る").click()
    guardian.sees("学校に届きました")


def take_roll(teacher: Person, marks: Sequence[Mark]) -> None:
    teacher.page.get_by_role("link", name="2年1組の朝の記録を始める").click()
    expect(teacher.page.get_by_role("grid")).to_be_visible()
    for mark in marks:
        teacher.press(*str(mark.number), mark.key)
    teacher.press("Control+Enter")
    teacher.sees("に確定しました")


def correct(teacher: Person, correction: Correction) -> None:
    page = teacher.page
    page.goto(re.sub(r"/days/[\d-]+/", f"/days/{correction.on}/", page.url))
    expect(page.locator('[data-state="taken"]')).to_be_visible(timeout=SOON)
    teacher.press(*str(correction.number), correction.key)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    # What the page says of it may be of an earlier correction of the same child.
    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        teacher.press("1", "Enter")
    assert sent.value.ok
    expect(dialog).to_be_hidden(timeout=SOON)


def close(principal: Person, today: Today) -> None:
    page = principal.page
    page.get_by_role("link", name="年間予定").click()
    page.get_by_label("日付", exact=True).fill(f"{today.on.month}/{today.on.day}")
    page.get_by_label("種類", exact=True).select_option("臨時休業")
    page.get_by_label("内容", exact=True).fill("インフルエンザ" if today.closed == "class" else "台風")
    if today.closed == "class":
        page.get_by_label("対象", exact=True).select_option("2年1組")
    principal.press("Enter")
    page.get_by_role("textbox", name="変える予定").press("Control+Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    principal.press("Enter")
    expect(dialog).to_be_hidden(timeout=SOON)


def change_class(office: Person) -> None:
    """A child of 2年2組 comes into 2年1組 today."""
    page = office.page
    page.goto(urljoin(page.url, "/people?hat=pupil&q=2-2 1"))
    page.get_by_role("row").filter(has_text="2年2組").first.get_by_role("link").click()
    page.get_by_role("link", name="学級・番号を直す").click()
    page.get_by_text("ある日から変わる").click()
    page.get_by_role("combobox", name=re.compile("^学級")).select_option("2年1組")
    page.get_by_label("出席番号").fill(str(NEWCOMER))
    page.get_by_label("いつから").fill(COMES.isoformat())
    page.get_by_role("button", name="確かめる").click()
    page.get_by_role("button", name="この内容で保存").click()
    expect(page.get_by_role("heading", name="在籍")).to_be_visible(timeout=SOON)


def leave(office: Person) -> None:
    """A child of 2年1組 is here for the last time today."""
    page = office.page
    page.get_by_role("link", name="転出入").click()
    page.get_by_role("link", name="転出を届ける").first.click()
    page.get_by_role("combobox").fill(f"2-1 {LEAVER}")
    page.get_by_role("option").filter(has_text=f"{LEAVER}番").first.click()
    page.get_by_text("市外の学校へ").click()
    page.get_by_label("転出先の学校").fill("となりの市立小学校")
    page.get_by_label("最後に登校する日").fill(f"{LEAVES:%Y/%m/%d}")
    page.get_by_role("radio", name="転居").check()
    page.get_by_role("button", name="転出を届ける").click()
    page.wait_for_url(re.compile(r"/moves/[0-9a-f-]{36}"), timeout=SOON)


def compare(person: Person, month: Month, stays: Sequence[Stay], closed: Mapping[date, str]) -> None:
    """The sheet on screen, as a spreadsheet and on paper, against the test's own."""
    page = person.page
    open_sheet(page)
    lines = {
        stay.number: cells(month, stay, CALENDAR, closed) for stay in sorted(stays, key=lambda s: s.number)
    }
    wanted = {number: (line, sums(line)) for number, line in lines.items()}
    foot = [*of_days(lines.values())]

    shown = [row.locator("td, th").all_inner_texts() for row in page.locator("tbody tr").all()]
    assert differing({int(row[0]): parted(row[2:]) for row in shown}, wanted) == []

    rows = cells_of(received(page, "Excelで受け取る"))
    body = rows[3 : 3 + len(lines)]
    assert differing({int(row[0]): parted(row[2:-1]) for row in body}, wanted) == []
    assert [[*map(blank, row[2 : 2 + len(CALENDAR)])] for row in rows[3 + len(lines) :][: len(foot)]] == foot
    everything = [sum(column) for column in zip(*(numbers for _, numbers in wanted.values()), strict=True)]
    assert [*map(int, rows[3 + len(lines) + len(foot)][2 + len(CALENDAR) :][: len(everything)])] == everything
    remarks = {int(row[0]): row[-1] for row in body}
    assert {number for number, remark in remarks.items() if remark} == {NEWCOMER, LEAVER}
    assert "学級がえ" in remarks[NEWCOMER]
    assert "転出" in remarks[LEAVER]

    assert differing(on_paper(received(page, "印刷する")), wanted) == []
    assert differing(on_paper(received(page, "A3で印刷する")), wanted) == []


def the_months_end(people: ExitStack, browser: Browser, product: Product) -> None:
    """The teacher closes the month, the principal checks it."""
    teacher = meet(people, browser, product, "2年1組", "2年1組 担任")
    open_sheet(teacher.page)
    teacher.page.get_by_role("button", name="10月分を締める").click()
    teacher.page.get_by_role("dialog").get_by_role("button", name="10月分を締める").click()
    teacher.sees("点検は、締めた人ではない校長・教頭がします")
    principal = meet(people, browser, product, "第一小 校長", "校長")
    open_sheet(principal.page)
    principal.page.get_by_role("button", name="10月分を点検した").click()
    principal.sees("が点検しました")


def open_sheet(page: Page) -> None:
    """The class's month; who has one class only is not asked which."""
    page.get_by_role("link", name="出席簿", exact=True).click()
    expect(page.get_by_role("region", name="出席簿の表")).to_be_visible(timeout=SOON)
    classes = page.get_by_role("combobox", name="学級")
    if classes.count():  # beside the name stands whether the month is closed
        classes.select_option(classes.locator("option").filter(has_text="2年1組").get_attribute("value"))
    expect(page.get_by_role("rowheader").nth(CHILDREN)).to_be_visible(timeout=SOON)


def differing(found: Lines, wanted: Lines) -> list[str]:
    """Every line, day and sum in which two sheets are not the same."""
    if found.keys() != wanted.keys():
        return [f"{found.keys() ^ wanted.keys()}番"]
    return [
        f"{number}番 {place}: {has!r}, not {should!r}"
        for number in wanted
        for place, (has, should) in enumerate(
            zip(chain(*found[number]), chain(*wanted[number]), strict=True), 1
        )
        if has != should
    ]


def blank(value: str) -> int | str:
    return int(value) if value else ""


def parted(row: Sequence[str]) -> tuple[list[str], list[int]]:
    """A line's days and its sums."""
    return list(row[: len(CALENDAR)]), [*map(int, row[len(CALENDAR) :])]


def received(page: Page, name: str) -> bytes:
    """The file behind a link of the page."""
    address = page.get_by_role("link", name=name, exact=True).get_attribute("href")
    assert address is not None
    answer = page.context.request.get(urljoin(page.url, address))
    assert answer.ok, answer.text()
    return answer.body()


def on_paper(pdf: bytes) -> Lines:
    """What is printed at the place where a line and a day meet, and the sums after the days."""
    (sheet,) = PdfReader(io.BytesIO(pdf)).pages
    found: dict[float, list[tuple[float, str]]] = {}

    def hear(text: str, outer: list[float], inner: list[float], *_: object) -> None:
        if text.strip():
            x, y = inner[4] * outer[0] + outer[4], inner[5] * outer[3] + outer[5]
            # The baseline of another font lies a hair beside the line's own.
            line = next((at for at in found if abs(at - y) < 1), y)
            found.setdefault(line, []).append((x, text.strip()))

    sheet.extract_text(visitor_text=hear)
    heads = next(line for line in found.values() if [text for _, text in line][:3] == ["1", "2", "3"])
    places = [x for x, _ in heads[: len(CALENDAR)]]
    step = (places[-1] - places[0]) / (len(places) - 1)
    lines = {}
    for line in found.values():
        number, *rest = (text for _, text in sorted(line))
        if not number.isdecimal() or line is heads or len(rest) < SUMS:
            continue
        days = [""] * len(places)
        for x, text in line:
            near = min(range(len(places)), key=lambda n: abs(places[n] - x))
            if abs(places[near] - x) < step / 2:
                days[near] += text
        after = [text for x, text in sorted(line) if x > places[-1] + step / 2]
        lines[int(number)] = (days, [*map(int, after[:SUMS])])
    return lines
