"""From bytes to rows: encoding, CSV form, header and single cells. What lies across rows is in ``relations``."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from services.registry.oneroster import cells, layout
from services.registry.oneroster.layout import FileLayout
from services.registry.oneroster.problems import Problems

SAVE_AS_UTF8 = "UTF-8 の CSV として書き出し直してください"


@dataclass(slots=True)
class Table:
    """A file's rows. ``whole`` is false when something of it could not be read: a reference that then leads nowhere
    is no news, and is not told."""

    name: str
    rows: list[Row] = field(default_factory=list)
    whole: bool = True
    places: dict[str, int] = field(default_factory=dict)
    spelt: dict[str, str] = field(default_factory=dict)
    bad: set[tuple[int, str]] = field(default_factory=set)

    def by_id(self) -> dict[str, Row]:
        """Rows by sourcedId (the first one, should an id be there twice)."""
        found: dict[str, Row] = {}
        for row in self.rows:
            if row.id:
                found.setdefault(row.id, row)
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """One record. An absent or refused cell reads as empty, so that one mistake is told once."""

    table: Table
    line: int
    cells: list[str]

    def __getitem__(self, column: str) -> str:
        place = self.table.places.get(column)
        if place is None or (self.table.bad and (self.line, column) in self.table.bad):
            return ""
        return self.cells[place]

    @property
    def id(self) -> str:
        """Its sourcedId as written, so that an ill-formed id still resolves the references to it."""
        return self.written("sourcedId")

    def written(self, column: str) -> str:
        """The cell as it was written, refused or not."""
        place = self.table.places.get(column)
        return "" if place is None else self.cells[place]

    def refused(self, *columns: str) -> bool:
        """Whether one of the cells was refused already."""
        return bool(self.table.bad) and any((self.line, column) in self.table.bad for column in columns)

    def day(self, column: str) -> date | None:
        """The cell as a business date."""
        value = self[column]
        return cells.as_date(value) if value else None

    def flag(self, column: str) -> bool:
        """Whether the cell says ``true``."""
        return self[column] == "true"

    def place(self) -> str:
        """Where it is, for messages about another row."""
        return f"{self.table.name} {self.line}行"

    def refuse(self, problems: Problems, column: str, rule: str, remedy: str) -> None:
        """Note a problem of one cell of this row."""
        spelt = self.table.spelt.get(column, column)
        problems.add(self.table.name, self.line, spelt, self.written(column), rule, remedy)


class _UnreadableError(Exception):
    def __init__(self, line: int, value: str, rule: str, remedy: str) -> None:
        super().__init__(rule)
        self.told = (line, "", value, rule, remedy)


def read_table(shape: FileLayout, content: bytes, problems: Problems) -> Table:
    """The rows of one file, each cell checked by itself."""
    table = Table(shape.name)
    try:
        _read_rows(shape, table, _records(content), problems)
    except _UnreadableError as error:
        problems.add(shape.name, *error.told)
        table.whole = False
    return table


def _read_rows(
    shape: FileLayout, table: Table, records: Iterator[tuple[int, list[str]]], problems: Problems
) -> None:
    header = next(records, None)
    if header is None:
        raise _UnreadableError(1, "", "見出しの行がありません", "1 行目に列名を書いてください")
    if not _read_header(shape, table, header[1], problems):
        table.whole = False
        return
    width = len(header[1])
    seen: dict[str, int] = {}
    for line, values in records:
        if len(values) == width:
            row = Row(table, line, values)
            table.rows.append(row)
            _check_cells(shape, row, problems)
            _check_duplicate(row, seen, problems)
            continue
        table.whole = False
        rule = f"列の数が見出しと合いません（見出し {width}・この行 {len(values)}）"
        problems.add(
            shape.name, line, "", ",".join(values), rule, '引用符（"）とカンマの数を確かめてください'
        )


def read_manifest(content: bytes, problems: Problems) -> dict[str, tuple[int, str]]:
    """manifest.csv as property → (line, value)."""
    name = layout.MANIFEST
    found: dict[str, tuple[int, str]] = {}
    try:
        for line, values in _records(content):
            if line == 1 and values != ["propertyName", "value"]:
                rule, remedy = (
                    "見出しは propertyName,value です",
                    "1 行目を propertyName,value にしてください",
                )
                raise _UnreadableError(1, ",".join(values), rule, remedy)
            if len(values) != 2:
                problems.add(
                    name, line, "", ",".join(values), "列は 2 つです", "propertyName,value にしてください"
                )
            elif values[0] in found:
                problems.add(
                    name, line, "propertyName", values[0], "同じ項目が 2 度あります", "一つにしてください"
                )
            elif line > 1:
                found[values[0]] = (line, values[1])
    except _UnreadableError as error:
        problems.add(name, *error.told)
    return found


def _records(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Records with the line each begins on; blank lines are passed over."""
    try:
        whole = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = content[error.start : error.end].hex(" ")
        raise _UnreadableError(line, found, "UTF-8 として読めません", SAVE_AS_UTF8) from None
    reader = csv.reader(_lines(whole), strict=True)
    begins = 1
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            rule = "CSV として読めません（引用符の組か改行が合いません）"
            raise _UnreadableError(begins, "", rule, '引用符（"）を確かめてください') from None
        line, begins = begins, reader.line_num + 1
        if values:
            yield line, values


def _lines(whole: str) -> Iterator[str]:
    """Lines ended by CRLF or LF only; other separators Unicode knows stay inside their cell."""
    start = 0
    while start < len(whole):
        end = whole.find("\n", start) + 1 or len(whole)
        yield whole[start:end]
        start = end


def _read_header(shape: FileLayout, table: Table, header: list[str], problems: Problems) -> bool:
    known = set(shape.columns)
    for place, written in enumerate(header):
        column = layout.ALIASES.get(written, written)
        if column in table.places:
            problems.add(shape.name, 1, written, written, "同じ列が 2 つあります", "一つにしてください")
        elif column in known:
            table.places[column] = place
            table.spelt[column] = written
        elif not written.startswith("metadata.") or written.startswith("metadata.jp."):
            near = difflib.get_close_matches(written, known, n=1, cutoff=0.6)
            remedy = f"{near[0]} の書き間違いではありませんか" if near else "列を取り除いてください"
            problems.add(shape.name, 1, written, written, "知らない列です", remedy)
    missing = [column for column in shape.needed if column not in table.places]
    for column in missing:
        problems.add(
            shape.name, 1, column, "", f"必須の列 {column} がありません", "見出しに列を加えてください"
        )
    return not missing


def _check_cells(shape: FileLayout, row: Row, problems: Problems) -> None:
    table = row.table
    for column in shape.needed:
        if not row.cells[table.places[column]]:
            row.refuse(problems, column, f"{column} は空にできません", "値を書いてください")
            table.bad.add((row.line, column))
    for column, check in shape.checks.items():
        place = table.places.get(column)
        if place is None or not (value := row.cells[place]):
            continue
        if fault := check(value):
            row.refuse(problems, column, fault.rule, fault.remedy)
            table.bad.add((row.line, column))


def _check_duplicate(row: Row, seen: dict[str, int], problems: Problems) -> None:
    own = row.id
    if not own:
        return
    before = seen.setdefault(own, row.line)
    if before != row.line:
        row.refuse(
            problems, "sourcedId", f"同じ sourcedId が {before} 行にもあります", "ID は一つずつにしてください"
        )
