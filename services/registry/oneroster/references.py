"""References between files: one that leads nowhere is told, with the id that was probably meant."""

from __future__ import annotations

from services.registry.oneroster.problems import Problems
from services.registry.oneroster.tables import Index, Row, Table


def refer(row: Row, column: str, index: Index, problems: Problems) -> Row | None:
    """The row a cell refers to."""
    value = row[column]
    if not value:
        return None
    found = index.get(value)
    if found is None and index.table.whole:
        _refuse(row, column, value, index, problems)
    return found


def check_references(table: Table, column: str, index: Index, problems: Problems) -> None:
    """Every cell of a column."""
    values = table.columns.get(column)
    if values is None or not index.table.whole:
        return
    nowhere = set(values) - index.places.keys() - {""}
    for at, value in enumerate(values) if nowhere else ():
        if value in nowhere:
            _refuse(table.row(at), column, value, index, problems)


def _refuse(row: Row, column: str, value: str, index: Index, problems: Problems) -> None:
    rule = f"{index.table.name} に sourcedId「{value}」がありません"
    remedy = f"{index.table.name} に行を加えるか、参照を直してください"
    if meant := index.lookalikes(value):
        remedy = f"先頭の 0 が落ちていませんか（{'・'.join(meant[:3])} があります）。{remedy}"
    row.refuse(problems, column, rule, remedy)
