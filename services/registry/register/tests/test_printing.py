"""The sheet on paper and as a spreadsheet: whole, readable back, and alike."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader

from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.register import layout, printing, rules
from services.registry.register.layout import Of, Table
from services.registry.register.rules import Child, Span
from services.registry.register.tests.test_rules import BEGINS, ENDS, NOVEMBER, WEEK, closure, said, year
from shared import printing as prints
from shared.printing import NoGlyph

CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c"
CODES = [symbol.code for symbol in DEFAULT_SYMBOLS]


def month_of(size: int, name: str = "紬　花子", *, notes: tuple[str, ...] = ()) -> Table:
    """November with every 授業日 of the month, ``size`` children, one of them a mover."""
    lessons = [date(2026, 11, 1) + timedelta(days=n) for n in range(30)]
    lessons = [day for day in lessons if day.weekday() < 5]
    of = year(lessons, [closure(WEEK[3], "class", class_id=str(uuid4()))], today=date(2026, 11, 30))
    children = [
        Child(
            uuid4(),
            n,
            (Span(WEEK[1] if n == 2 else BEGINS, None),),
            {
                day: said(CODES[(n + day.day) // 6 % len(CODES)] if (n + day.day) % 6 == 0 else "present")
                for day in lessons
            },
        )
        for n in range(1, size + 1)
    ]
    sheet = rules.sheet(of, children, *NOVEMBER)
    names = {child.pupil: name for child in children}
    told = Of("第一小学校", "2年1組", ["担任 一郎"], names, notes, date(2026, 11, 30), date(2026, 12, 1))
    return layout.month(sheet, told, DEFAULT_SYMBOLS)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def cells_of(xlsx: bytes) -> list[list[str]]:
    """Rows of a workbook's first sheet, as text."""
    with zipfile.ZipFile(io.BytesIO(xlsx)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 (our own)
        assert not list(sheet.iter(CELL.replace("}c", "}f"))), "no formula"
        rows = []
        for row in sheet.iter(CELL.replace("}c", "}row")):
            rows.append(["".join(cell.itertext()) for cell in row.iter(CELL)])
    return rows


@pytest.mark.parametrize("paper", ["a4", "a3"])
@pytest.mark.parametrize("size", [1, 35, 45])
def test_a_class_of_up_to_45_is_one_landscape_page(paper: printing.Paper, size: int) -> None:
    notes = ("11/12 学級閉鎖（インフルエンザ）", "11/16 臨時休業（台風）", "11/18 臨時休業（大雨）")
    pdf = printing.pdf(month_of(size, notes=notes), paper)
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    width, height = page.mediabox.width, page.mediabox.height
    assert (round(width), round(height)) == ((842, 595) if paper == "a4" else (1191, 842))
    assert b"pdfaid:part" in pdf
    text = re.sub(r"\s", "", page.extract_text())
    for words in (
        "出席簿令和8年11月",
        "第一小学校2年1組",
        "担任一郎",
        "校長教頭担任",
        "病病欠",
        "学級閉鎖（インフルエンザ）",
        "未未入力",
    ):
        assert words in text, words
    assert text.count("紬花子") == size


def test_a_sheet_of_training_days_says_so_on_every_page() -> None:
    """Of a town for trying: nobody files it as a record."""
    real = month_of(3)
    assert "れんしゅう" not in text_of(printing.pdf(real, "a4"))
    made = layout.for_training(real)
    (page,) = PdfReader(io.BytesIO(printing.pdf(made, "a4"))).pages
    assert page.extract_text().count("【れんしゅう】出席簿") == 2, "above the sheet and below it"
    assert cells_of(printing.xlsx(made))[0][0].startswith("【れんしゅう】")


def test_every_cell_of_the_sheet_is_on_paper_and_in_the_spreadsheet() -> None:
    table = month_of(35)
    rows = cells_of(printing.xlsx(table))
    assert rows[2][1] == "氏名"
    wanted = [[str(cell) for cell in row] for row in (*table.rows, *table.foot)]
    assert rows[3 : 3 + len(wanted)] == wanted
    pdf = re.sub(r"\s", "", text_of(printing.pdf(table, "a4")))
    for row in wanted[:35]:
        assert re.sub(r"\s", "", "".join(row)) in pdf


@pytest.mark.parametrize("paper", ["a4", "a3"])
def test_what_is_wider_than_its_cell_stays_on_its_line(paper: printing.Paper) -> None:
    name = "ヴォルフェシュレーゲルシュタイン　アレクサンドラ"
    text = text_of(printing.pdf(month_of(35, name), paper))
    assert text.count("遅早") > 1, "the sign of the legend and those of the days"
    assert text.count(name) == 35


def test_the_sums_of_the_sheet_are_those_of_its_rows() -> None:
    table = month_of(35)
    heads = [column.head for column in table.columns]
    for head in (
        "授業\n日数",
        "出停・\n忌引等",
        "出席す\nべき日",
        "欠席\n日数",
        "出席\n日数",
        "遅刻",
        "早退",
    ):
        at = heads.index(head)
        assert table.foot[-1][at] == sum(int(row[at]) for row in table.rows)
    words = ["在籍", "出席", "欠席", "出停・忌引等", "遅刻", "早退", "学級の計"]
    assert [row[1] for row in table.foot] == words
    present = next(row for row in table.foot if row[1] == "出席")
    assert sum(n for n in present[2:32] if isinstance(n, int)) == table.foot[-1][heads.index("出席\n日数")]


@pytest.mark.parametrize("missing", ["\ue000", "\U0003134a"])
def test_a_name_with_a_character_no_font_has_is_printed_with_a_mark_to_write_over(missing: str) -> None:
    """外字: the month of 35 is not held up by one name, and the sheet says what is missing."""
    text = text_of(printing.pdf(month_of(3, f"山{missing}　花子"), "a4"))
    assert re.sub(r"\s", "", text).count("山〓花子") == 3
    assert "手で書き入れてください" in text


def test_all_missing_characters_of_a_sheet_are_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing takes twice as long at most, however many names are missing."""
    printed: list[object] = []

    def compiled(template: Path, sheet: Mapping[str, object], kind: Literal["pdf", "png"]) -> list[bytes]:
        printed.append(sheet["sheets"])
        return prints.compiled(template, sheet, kind)

    monkeypatch.setattr(printing, "compiled", compiled)
    name = "　".join(["山\ue000", *(chr(0xE000 + n) for n in range(19))])
    text = text_of(printing.pdf(month_of(2, name, notes=("\U0003134a",)), "a4"))
    assert len(printed) == 2
    assert not re.search("[\ue000-\uf8ff\U0003134a]", text)


def test_a_day_that_two_tell_differently_is_told_by_name_without_a_number() -> None:
    unplaced = Child(uuid4(), None, (Span(BEGINS, None),), {WEEK[0]: said("zzz")})
    placed = Child(uuid4(), 3, (Span(BEGINS, None),), {WEEK[1]: said("zzz")})
    sheet = rules.sheet(year(), [unplaced, placed], *NOVEMBER)
    (told,) = layout.clashes(sheet, {unplaced.pupil: "紬　花子", placed.pupil: "紬　太郎"})
    assert told == "記録が食い違う日：3番 11/10、紬　花子 11/9"


def test_too_many_missing_characters_are_no_sheet() -> None:
    with pytest.raises(NoGlyph):
        printing.pdf(month_of(1, "　".join(chr(0xE000 + n) for n in range(30))), "a4")


def test_no_name_becomes_a_formula() -> None:
    evil = '=HYPERLINK("http://example.com")'
    rows = cells_of(printing.xlsx(month_of(2, evil)))
    assert [row[1] for row in rows[3:5]] == [f"'{evil}"] * 2


def test_numbers_of_the_spreadsheet_can_be_added_up() -> None:
    with zipfile.ZipFile(io.BytesIO(printing.xlsx(month_of(2)))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    days = re.findall(r'<c r="AG\d+" s="\d+"><v>(\d+)</v></c>', sheet)
    assert days[:2] == ["21", "15"]


def test_a_month_without_lessons_is_blank_on_paper_as_on_screen() -> None:
    began = date(2026, 4, 8)
    said_ = {began: said("present"), **{day: said("absent_sick") for day in WEEK[:2]}}
    sheet = rules.sheet(year([*WEEK, began]), [Child(uuid4(), 1, (Span(BEGINS, None),), said_)], BEGINS, ENDS)
    table = layout.year(sheet, Of("", "", [], {}, [], TODAY, TODAY), 2026, {})
    told = (0, "", "", "", "", "", "", 2, "", "", "", "")
    assert [row[2:14] for row in (*table.rows, table.foot[0])] == [told, told]


def test_an_unfinished_month_says_so() -> None:
    sheet = rules.sheet(year(), [Child(uuid4(), 1, (Span(BEGINS, None),), {})], *NOVEMBER)
    table = layout.month(sheet, Of("", "", [], {}, [], TODAY, TODAY), DEFAULT_SYMBOLS)
    assert table.columns[-2].head == "未入力"
    assert any("未入力の日は" in note for note in table.notes)


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("months/2026-11/pdf", "application/pdf"),
        ("months/2026-11/pdf?paper=a3", "application/pdf"),
        ("months/2026-11/xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("year/pdf", "application/pdf"),
        ("year/xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
async def test_files_are_given_to_who_may_read_the_sheet(
    client: Client, school: School, what: str, kind: str
) -> None:
    path = f"/v1/classes/{school.class_id}/register/{what}"
    answer = await client.get(path, school.homeroom)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "no-store"
    if kind == "application/pdf":
        text = re.sub(r"\s", "", text_of(answer.content))
        assert "2年1組" in text
        assert "紬子1" in text
        assert ("10月11月12月" in text) == what.startswith("year")
    else:
        rows = cells_of(answer.content)
        assert [row[1] for row in rows[3:8]] == [f"紬　子{n}" for n in range(1, 6)]
    assert (await client.get(path, school.substitute)).status_code == 403
    assert (await client.get(path, school.stranger)).status_code == 404


async def test_there_is_no_other_paper(client: Client, school: School) -> None:
    path = f"/v1/classes/{school.class_id}/register/months/2026-11/pdf?paper=b5"
    assert (await client.get(path, school.homeroom)).status_code == 422
