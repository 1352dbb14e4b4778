"""A sheet of the 出席簿 on paper, and as a spreadsheet. Both show what :mod:`layout` has put together, nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from services.registry.register.layout import Row, Table
from shared.printing import NoGlyph, compiled
from shared.sheets.writing import FormColumn, Workbook

TEMPLATE = Path(__file__).with_name("register.typ")
Paper = Literal["a4", "a3"]

_SCALE: dict[Paper, float] = {"a4": 1.0, "a3": 1.414}
_ROOM = 161.0
"""mm of an A4 page that its rows share when the title, the head, the legend and some notes have theirs."""
_SEAL = 9.5
"""mm: a seal of an office is 9 mm wide."""
_SEALED = 7.5
"""mm that a row of seals takes from the rows."""
_ROW = (3.05, 5.0)
"""mm: a row is never lower than what can be read, nor higher than looks well; beyond that there is another page."""
_POINTS_PER_MM = 72 / 25.4

MISSING = "〓"
"""Stands where the font has no glyph (外字): written in by hand, and the sheet says so."""
_MOST_MISSING = 20


def pdf(table: Table, paper: Paper) -> bytes:
    """The sheet as PDF/A-2a, landscape, fonts embedded as subsets.

    A character that the font does not have becomes 〓, with a note: a class's month is not held up by one name. Raises
    :class:`NoGlyph` when so many are missing that the sheet would say little.
    """
    return book([table], paper)


def book(tables: Sequence[Table], paper: Paper) -> bytes:
    """Sheets one after another as one document, each on pages of its own."""
    try:
        return compiled(TEMPLATE, _book(tables, paper), "pdf")[0]
    except NoGlyph as error:
        if len(error.missing) > _MOST_MISSING * len(tables):
            raise
        return compiled(TEMPLATE, _book([_without(each, error.missing) for each in tables], paper), "pdf")[0]


def _book(tables: Sequence[Table], paper: Paper) -> dict[str, object]:
    first = tables[0]
    place = first.place if len(tables) == 1 else first.place.split("　")[0]
    return {
        "title": f"{first.title} {place}",
        "author": place,
        "sheets": [_data(each, paper) for each in tables],
    }


def _without(table: Table, missing: Collection[str]) -> Table:
    # What has another at its beginning goes first: a base character and the same with a selector.
    missing = sorted(missing, key=len, reverse=True)

    def of(words: str) -> str:
        for text in missing:
            words = words.replace(text, MISSING)
        return words

    def rows(found: Sequence[Row]) -> tuple[Row, ...]:
        return tuple([of(cell) if isinstance(cell, str) else cell for cell in row] for row in found)

    note = f"{MISSING}は、印刷用の書体にない字です。名簿で確かめて、手で書き入れてください。"
    return replace(
        table,
        rows=rows(table.rows),
        place=of(table.place),
        keeper=of(table.keeper),
        legend=of(table.legend),
        notes=(*map(of, table.notes), note),
    )


def _data(table: Table, paper: Paper) -> dict[str, object]:
    scale = _SCALE[paper]
    lowest, highest = _ROW
    room = _ROOM - _SEALED if table.seals else _ROOM
    row = max(lowest, min(highest, room / (len(table.rows) + len(table.foot))))
    size = min(8.5, row * 0.66 * _POINTS_PER_MM)
    return {
        "paper": paper,
        "scale": scale,
        "row": row * scale,
        "size": size * scale,
        "head": 5.6 * scale,
        "sums": next(n for n, column in enumerate(table.columns) if column.head.startswith("授業")),
        "title": table.title,
        "seals": list(table.seals),
        "seal": _SEAL * scale,
        "place": table.place,
        "keeper": table.keeper,
        "told": table.told,
        "made": table.made,
        "legend": table.legend,
        "notes": list(table.notes),
        "columns": [
            {
                "head": column.head,
                "under": column.under,
                "width": column.width,
                "shade": column.shade,
                "left": column.left,
                "bold": column.bold,
                "count": column.count,
                "edge": column.edge,
            }
            for column in table.columns
        ],
        "rows": [list(map(str, row)) for row in table.rows],
        "foot": [list(map(str, row)) for row in table.foot],
    }


def xlsx(table: Table, what: str = "出席簿") -> bytes:
    """The sheet as a workbook with one sheet named ``what``: numbers are numbers, all else is inert text."""
    columns = [
        FormColumn(
            f"{column.head}{column.under and chr(10)}{column.under}".replace("・\n", "・"),
            max(4.0, column.width / 1.9) if column.width else 30.0,
            shade=column.shade,
            left=column.left,
        )
        for column in table.columns
    ]
    above = [table.title, "　".join(filter(None, (table.place, table.keeper, table.told, table.made)))]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "register.xlsx"
        with Workbook(path) as book:
            book.form(
                what, above, columns, [*table.rows, *table.foot], [table.legend, *table.notes], frozen=2
            )
        return path.read_bytes()
