"""From lines to tables: CSV form, header and single cells. What lies across rows is in the other modules.

A table is its columns, as lists of equal length whose equal values are one object: a city's users.csv takes a tenth of
the memory that a list a row would, and a column is checked once for each value it holds.
"""

from __future__ import annotations

import difflib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.registry.oneroster import cells, layout
from services.registry.oneroster.cells import Fault, Kind
from services.registry.oneroster.encodings import lines_of
from services.registry.oneroster.layout import FileLayout
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.records import UnreadableError, records

KNOWN_BEFORE = 0
"""Line of a row that an earlier package brought and this one does not repeat."""

_RECORDS_AT_ONCE = 4_096
_SHIELD = b"'"


class Row:
    """One record of a table. An absent or refused cell reads as empty, so that one mistake is told once."""

    __slots__ = ("at", "table")

    def __init__(self, table: Table, at: int) -> None:
        self.table = table
        self.at = at

    def __getitem__(self, column: str) -> str:
        values = self.table.columns.get(column)
        return "" if values is None else values[self.at]

    @property
    def line(self) -> int:
        """Its line in the file."""
        return self.table.lines[self.at]

    @property
    def id(self) -> str:
        """Its sourcedId, refused or not."""
        return self.said("sourcedId")

    def said(self, column: str) -> str:
        """The cell, refused or not: an ill-formed id still resolves the references to it."""
        refused = self.table.refused
        return refused.get((self.at, column), self[column]) if refused else self[column]

    def written(self, column: str) -> str:
        """The cell as it was written, before anything was mended."""
        return self.table.mended.get((self.at, column)) or self.said(column)

    def refused(self, *columns: str) -> bool:
        """Whether one of the cells was refused already."""
        return bool(self.table.refused) and any((self.at, column) in self.table.refused for column in columns)

    def day(self, column: str) -> date | None:
        """The cell as a business date."""
        value = self[column]
        return cells.as_date(value) if value else None

    def flag(self, column: str) -> bool:
        """Whether the cell says ``true``."""
        return self[column] == "true"

    def place(self) -> str:
        """Where it is, for messages about another row."""
        if self.line == KNOWN_BEFORE:
            return f"前回までの {self.table.name} の {self.id}"
        return f"{self.table.name} {self.line}行"

    def refuse(self, problems: Problems, column: str, rule: str, remedy: str) -> None:
        """Note a problem of one cell of this row."""
        spelt = self.table.spelt.get(column, column)
        if self.line == KNOWN_BEFORE:
            rule = f"前回までの名簿の行（sourcedId {self.id}）: {rule}"
            problems.add(self.table.name, None, spelt, self.written(column), rule, remedy)
            return
        problems.add(self.table.name, self.line, spelt, self.written(column), rule, remedy)


@dataclass(slots=True)
class Table:
    """A file's rows. ``whole`` is false when something of it could not be read: a reference that then leads nowhere
    is no news, and is not told."""

    name: str
    columns: dict[str, list[str]] = field(default_factory=dict)
    lines: array[int] = field(default_factory=lambda: array("l"))
    whole: bool = True
    spelt: dict[str, str] = field(default_factory=dict)
    refused: dict[tuple[int, str], str] = field(default_factory=dict)
    """Refused cells, by row and column, as they were written; the columns hold empty text in their place."""
    mended: dict[tuple[int, str], str] = field(default_factory=dict)
    """Mended cells as they were written; the columns hold what they mean."""

    def __len__(self) -> int:
        return len(self.lines)

    def rows(self) -> Iterator[Row]:
        """Every row."""
        return (Row(self, at) for at in range(len(self)))

    def row(self, at: int) -> Row:
        """One row."""
        return Row(self, at)

    def column(self, name: str) -> Sequence[str]:
        """The values of a column, row by row; empty text where the file does not have it."""
        found = self.columns.get(name)
        return [""] * len(self) if found is None else found

    def said(self, name: str) -> Sequence[str]:
        """The values of a column, refused ones too."""
        found = self.column(name)
        if not self.refused:
            return found
        return [self.refused.get((at, name), value) for at, value in enumerate(found)]

    def ids(self) -> Sequence[str]:
        """The rows' sourcedIds, refused ones too."""
        return self.said("sourcedId")

    def by_id(self) -> Index:
        """Rows by sourcedId (the first one, should an id be there twice)."""
        found: dict[str, int] = {}
        for at, own in enumerate(self.ids()):
            if own:
                found.setdefault(own, at)
        return Index(self, found)

    def forget(self, *columns: str) -> None:
        """Give back the memory of columns that nobody will ask for."""
        for column in columns:
            self.columns.pop(column, None)


class Index(Mapping[str, Row]):
    """The rows of a table by sourcedId."""

    def __init__(self, table: Table, places: dict[str, int]) -> None:
        self.table = table
        self.places = places

    def __getitem__(self, sourced_id: str) -> Row:
        return Row(self.table, self.places[sourced_id])

    def __contains__(self, sourced_id: object) -> bool:
        return sourced_id in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def lookalikes(self, sourced_id: str) -> list[str]:
        """Ids that differ only by zeros at the beginning, which spreadsheets take away."""
        if not sourced_id.isdigit():
            return []
        plain = sourced_id.lstrip("0")
        return [each for each in self.places if each.isdigit() and each.lstrip("0") == plain]


@dataclass(slots=True)
class Pool:
    """What the tables of a package share: equal texts as one object, and the ids that are known to be well formed."""

    texts: dict[str, str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)


def read_table(
    shape: FileLayout, content: bytes, pool: Pool, problems: Problems, *, needed: Iterable[str] | None = None
) -> Table:
    """The rows of one file, each cell checked by itself and mended where it can mean one thing only.

    ``needed`` columns (default: the layout's) must be there and filled.
    """
    required = shape.needed if needed is None else tuple(needed)
    table = Table(shape.name)
    lines = lines_of(shape.name, content, problems)
    if lines is None:
        table.whole = False
        return table
    try:

        def damaged(error: UnreadableError) -> None:
            problems.add(shape.name, *error.told)
            table.whole = False

        found = records(lines, damaged, shielded=_SHIELD in content)
        _read_rows(shape, table, required, found, pool, problems)
    except UnreadableError as error:
        problems.add(shape.name, *error.told)
        table.whole = False
    for column, kind in shape.kinds.items():
        if column in table.columns:
            _check_column(table, column, kind, pool.ids, problems)
    for column in required:
        _check_filled(table, column, problems)
    _check_duplicates(table, problems)
    if shape.referred:
        pool.ids.update(table.column("sourcedId"))
    table.forget(*shape.counted)
    return table


def _read_rows(
    shape: FileLayout,
    table: Table,
    required: Sequence[str],
    records: Iterator[tuple[int, list[str], bool]],
    pool: Pool,
    problems: Problems,
) -> None:
    _, header, _ = next(records, (1, [], False))
    if not any(header):
        raise UnreadableError(1, "", "見出しの行がありません", "1 行目に列名を書いてください")
    places = _read_header(shape, table, required, header, problems)
    if places is None:
        table.whole = False
        return
    table.columns = {name: [] for name in places}
    width = len(header)
    batch: list[list[str]] = []
    try:
        for line, values, broken in records:
            if not any(values):
                problems.note(shape.name, line, "", "空の行を読みとばしました")
            elif len(values) < width or any(values[width:]):
                refuse_width(shape.name, line, values, width, problems)
                table.whole = False
            else:
                if broken:
                    refuse_breaks(shape.name, line, values, header, problems)
                batch.append(values)
                table.lines.append(line)
                if len(batch) == _RECORDS_AT_ONCE:
                    _take(shape, table, batch, places, pool)
    finally:
        _take(shape, table, batch, places, pool)


def _take(
    shape: FileLayout, table: Table, batch: list[list[str]], places: Mapping[str, int], pool: Pool
) -> None:
    columns = list(zip(*batch, strict=False))  # what lies beyond the last heading is empty
    for name, at in places.items() if batch else ():
        # Nobody refers to the id of a role: keeping a city's in the pool would only fill memory.
        alone = name == "sourcedId" and not shape.referred
        found = columns[at]
        table.columns[name].extend(found if alone else map(pool.texts.setdefault, found, found))
    batch.clear()


def refuse_width(name: str, line: int, values: list[str], width: int, problems: Problems) -> None:
    """Tell a row that has not as many cells as there are headings."""
    rule = f"列の数が見出しと合いません（見出し {width}・この行 {len(values)}）"
    remedy = '引用符（"）とカンマの数を確かめてください'
    if len(values) in (2 * width - 1, 2 * width):
        rule, remedy = f"2 行がつながっています（{rule}）", "行を分けてください"
    problems.add(name, line, "", ",".join(values), rule, remedy)


def refuse_breaks(name: str, line: int, values: list[str], header: list[str], problems: Problems) -> None:
    """Tell cells with a line break in them: mostly they are lines that grew together."""
    for column, value in zip(header, values, strict=False):
        if "\n" in value:
            rule = "セルの中に改行があります（行がつながっていませんか）"
            problems.add(name, line, column, value, rule, "改行を取り除き、1 件を 1 行にしてください")


def read_manifest(content: bytes, problems: Problems) -> dict[str, tuple[int, str]]:
    """manifest.csv as property → (line, value)."""
    name = layout.MANIFEST
    found: dict[str, tuple[int, str]] = {}
    lines = lines_of(name, content, problems)

    def damaged(error: UnreadableError) -> None:
        problems.add(name, *error.told)

    try:
        for line, written, _ in records(lines or (), damaged, shielded=_SHIELD in content):
            values = [cells.folded(value) for value in written]
            while len(values) > 2 and not values[-1]:
                values.pop()
            if line == 1 and values != ["propertyName", "value"]:
                rule, remedy = (
                    "見出しは propertyName,value です",
                    "1 行目を propertyName,value にしてください",
                )
                raise UnreadableError(1, ",".join(values), rule, remedy)
            if not any(values):
                continue
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
    except UnreadableError as error:
        problems.add(name, *error.told)
    return found


def _read_header(
    shape: FileLayout, table: Table, required: Sequence[str], header: list[str], problems: Problems
) -> dict[str, int] | None:
    """Where the columns are that the file's rows are read from; unknown ones are told."""
    while not header[-1].strip():
        header.pop()
    known, places = set(shape.columns), dict[str, int]()
    for place, written in enumerate(header):
        column = layout.column_of(cells.folded(written))
        if column in places:
            problems.add(shape.name, 1, written, written, "同じ列が 2 つあります", "一つにしてください")
        elif column in known:
            places[column] = place
            table.spelt[column] = written
        elif not column.startswith("metadata.") or column.startswith(layout.JP):
            near = difflib.get_close_matches(column, known, n=1, cutoff=0.6)
            remedy = f"{near[0]} の書き間違いではありませんか" if near else "列を取り除いてください"
            problems.add(shape.name, 1, written, written, "知らない列です", remedy)
        else:
            problems.note(shape.name, 1, written, "ほかの製品の列なので読んでいません", written)
    missing = [column for column in required if column not in places]
    for column in missing:
        problems.add(
            shape.name, 1, column, "", f"必須の列 {column} がありません", "見出しに列を加えてください"
        )
    return None if missing else {name: at for name, at in places.items() if name in shape.kept()}


def _check_column(table: Table, column: str, kind: Kind, ids: set[str], problems: Problems) -> None:
    """Each value once; then the cells that hold one that must be mended or refused."""
    values = table.columns[column]
    others: dict[str, str | Fault] = {}
    for value in set(values) - ids if kind is cells.SOURCED_ID else set(values):
        mended = kind.mend(value) if kind.mend else value
        if mended and (fault := kind.check(mended)):
            others[value] = fault
        elif mended != value:
            others[value] = mended
    for at, value in enumerate(values) if others else ():
        found = others.get(value)
        if isinstance(found, Fault):
            Row(table, at).refuse(problems, column, found.rule, found.remedy)
            table.refused[at, column] = value
            values[at] = ""
        elif found is not None:
            values[at] = found
            table.mended[at, column] = value
            problems.note(table.name, table.lines[at], table.spelt[column], kind.told, value, found)


def _check_filled(table: Table, column: str, problems: Problems) -> None:
    values = table.columns.get(column, [])
    for at, value in enumerate(values) if "" in values else ():
        if not value and (at, column) not in table.refused:
            Row(table, at).refuse(problems, column, f"{column} は空にできません", "値を書いてください")
            table.refused[at, column] = ""


def _check_duplicates(table: Table, problems: Problems) -> None:
    ids = list(table.ids())
    if len(set(ids)) == len(ids):
        return
    seen: dict[str, Row] = {}
    for at, own in enumerate(ids):
        row = Row(table, at)
        if own and (before := seen.setdefault(own, row)) is not row:
            rule = f"同じ sourcedId が {before.line} 行にもあります"
            row.refuse(problems, "sourcedId", rule, "ID は一つずつにしてください")
