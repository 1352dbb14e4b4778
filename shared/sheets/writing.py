"""CSV files and workbooks, whose every cell is inert text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import xlsxwriter

from shared.sheets.inert import inert


@dataclass(frozen=True, slots=True)
class FormColumn:
    """A column of a form; its width is in characters."""

    head: str
    width: float
    shade: bool = False
    left: bool = False


class CsvTable:
    """A CSV file while it grows: UTF-8 without BOM, quoted everywhere, CRLF, which most readers take."""

    def __init__(self, target: BinaryIO, header: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(target, "utf-8", newline="")
        self._writer = csv.writer(self._text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._writer.writerow(map(inert, header))

    def add(self, rows: Iterable[Sequence[str]]) -> None:
        """Write rows, cell by cell as the header has them."""
        self._writer.writerows([inert(cell) for cell in row] for row in rows)

    def finish(self) -> None:
        """Everything is in the target, which stays open."""
        self._text.detach()


class Workbook:
    """A spreadsheet, written row by row: memory does not grow with it.

    Every text is marked as text, and inert: it is no formula when it is opened, edited, or saved as CSV and that is
    opened. Only a form has numbers, and a number is none either.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.new")
        self._book: Any = xlsxwriter.Workbook(
            str(self._draft),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        self._head = self._book.add_format({"bold": True, "bottom": 1, "quote_prefix": True})
        self._body = self._book.add_format(
            {"text_wrap": True, "valign": "top", "num_format": "@", "quote_prefix": True}
        )

        self._words = self._book.add_format({"quote_prefix": True})
        self._form_head = self._book.add_format(
            {
                "border": 1,
                "bold": True,
                "align": "center",
                "valign": "vcenter",
                "text_wrap": True,
                "font_size": 8,
                "quote_prefix": True,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What stood at the path is replaced when the new one is whole."""
        self._book.close()
        if kind is None:
            self._draft.replace(self._path)
        else:
            self._draft.unlink(missing_ok=True)

    def sheet(
        self, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[str | int | None]]
    ) -> None:
        """One sheet; ``columns`` are headings with their widths in characters."""
        sheet = self._book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for place, (name, width) in enumerate(columns):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, inert(name), self._head)
        last = 0
        for last, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                sheet.write_string(last, place, "" if value is None else inert(str(value)), self._body)
        sheet.autofilter(0, 0, last, len(columns) - 1)

    def form(
        self,
        title: str,
        above: Sequence[str],
        columns: Sequence[FormColumn],
        rows: Iterable[Sequence[str | int]],
        below: Sequence[str],
        *,
        frozen: int,
    ) -> None:
        """One sheet as it is printed: landscape on one page's width, lines of words above and below its table.

        Numbers can be added up. The head and the first ``frozen`` columns stay in sight.
        """
        sheet, grid = self._book.add_worksheet(title), self._formats(columns)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.3, right=0.3, top=0.4, bottom=0.4)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
        at = 0
        for at, words in enumerate(above, 1):
            sheet.write_string(at - 1, 0, inert(words), self._words)
        sheet.set_row(at, 32)
        sheet.repeat_rows(at)
        sheet.freeze_panes(at + 1, frozen)
        for place, column in enumerate(columns):
            sheet.write_string(at, place, inert(column.head), self._form_head)
        for row in rows:
            at += 1
            for place, value in enumerate(row):
                text, number = grid[place]
                if isinstance(value, int):
                    sheet.write_number(at, place, value, number)
                else:
                    sheet.write_string(at, place, inert(value), text)
        for words in below:
            at += 1
            sheet.write_string(at, 0, inert(words), self._words)

    def _formats(self, columns: Sequence[FormColumn]) -> list[tuple[Any, Any]]:
        """Of each column how its texts and how its numbers look."""

        def of(column: FormColumn, **more: bool) -> Any:
            look = {"border": 1, "border_color": "#999999", "valign": "vcenter"}
            if column.shade:
                look["bg_color"] = "#E4E4E4"
            return self._book.add_format({**look, "align": "left" if column.left else "center", **more})

        made = {(each.shade, each.left): (of(each, quote_prefix=True), of(each)) for each in columns}
        return [made[each.shade, each.left] for each in columns]
