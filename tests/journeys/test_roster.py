"""A roster comes in over the web: shown, applied, seen by everybody, taken back. In a browser, in both editions."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from deploy.town.generate import SEED, generate
from services.registry.oneroster import layout
from shared.dates import school_year
from tests.journeys.people import meet
from tests.support.product import Product

LATER = 60_000
"""Milliseconds: processes are started, on whatever machine this is."""


@pytest.fixture
def roster(product: Product, tmp_path: Path) -> Path:
    """The town's roster as its office exports it, with one class renamed, as a zip."""
    on = date.fromisoformat(product.status()["training_date"])
    files = generate(seed=SEED, school_year=school_year(on), training_date=on, pupils=900)
    packed = tmp_path / "roster.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, renamed(content) if name == layout.CLASSES else content)
    return packed


def renamed(classes: bytes) -> bytes:
    """The file with another title of its first class."""
    rows = list(csv.reader(io.StringIO(classes.decode("utf-8-sig"), newline="")))
    rows[1][rows[0].index("title")] = "かえで学級"
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def test_a_roster_is_shown_applied_and_taken_back(
    product: Product, browser: Browser, people: ExitStack, roster: Path
) -> None:
    office = meet(people, browser, product, "学務課", "職員")
    page = office.page
    page.get_by_role("link", name="名簿取込").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="名簿のファイルを選ぶ").click()
    chooser.value.set_files(roster)
    apply = page.get_by_role("button", name=re.compile(r"取り込む（変更\d件）"))
    expect(apply).to_be_visible(timeout=LATER)
    page.get_by_role("button", name=re.compile("^学校・学級")).click()
    expect(page.get_by_text("かえで学級").first).to_be_visible()
    apply.click()
    expect(page.get_by_text("取り込みました")).to_be_visible(timeout=LATER)

    page.get_by_role("button", name="元に戻す").click()
    page.get_by_role("button", name="取り込む前に戻す").click()
    expect(page.get_by_text("元に戻しました")).to_be_visible(timeout=LATER)


def test_a_teacher_finds_no_way_in(product: Product, browser: Browser, people: ExitStack) -> None:
    teacher = meet(people, browser, product, "2年1組", "2年1組 担任")
    expect(teacher.page.get_by_role("link", name="名簿取込")).to_have_count(0)
    teacher.page.goto(f"{product.origin}/imports")
    teacher.sees("このページは見られません")
