"""CSV files and workbooks, whose every cell is inert text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import xlsxwriter

from shared.sheets.inert import inert


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
    """A spreadsheet of texts, written row by row: memory does not grow with it.

    Every cell is text, marked as text, and inert: it is no formula when it is opened, edited, or saved as CSV and that
    is opened.
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
