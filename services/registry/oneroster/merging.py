"""A delta onto what is known: rows by sourcedId, parts of companion.json by the person or school they are about.

A row that is ``tobedeleted`` leaves the roster and stays known with its date, so that an older delta, imported late,
brings nothing back: of two rows the one with the later ``dateLastModified`` holds.
"""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.registry.oneroster import cells, layout
from services.registry.oneroster.companion import Companion, Removed
from services.registry.oneroster.layout import FileLayout
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.tables import KNOWN_BEFORE, Row, Table
from shared.sheets import CsvTable

DELETED = "tobedeleted"


@dataclass(slots=True)
class Merged:
    """A table as it is with a delta; ``gone`` are the rows that were deleted, ``touched`` whom rows are about."""

    table: Table
    gone: Table
    touched: set[str] = field(default_factory=set)

    def as_csv(self) -> bytes:
        """What the next delta is laid onto."""
        columns = [
            *self.table.columns,
            *(name for name in self.gone.columns if name not in self.table.columns),
        ]
        kept = io.BytesIO()
        written = CsvTable(kept, columns)
        for table in (self.table, self.gone):
            written.add(zip(*(table.column(name) for name in columns), strict=True))
        written.finish()
        return kept.getvalue()


def divide(known: Table) -> Merged:
    """A table that was kept, its deleted rows apart."""
    deleted = [at for at, status in enumerate(known.column("status")) if status == DELETED]
    if not deleted:
        return Merged(known, Table(known.name))
    there = set(range(len(known))) - set(deleted)
    return Merged(_picked(known, sorted(there)), _picked(known, deleted))


def merge(shape: FileLayout, known: Merged, news: Table, problems: Problems) -> Merged:
    """The rows of a delta laid onto the known ones."""
    for column in ("status", "dateLastModified"):
        if column not in news.columns and len(news):
            rule = f"delta（差分）のファイルには {column} の列が要ります"
            problems.add(shape.name, 1, column, "", rule, "見出しに列を加え、すべての行に書いてください")
            return known
    before = {own: Row(known.gone, at) for at, own in enumerate(known.gone.ids())}
    index = known.table.by_id()
    taken: list[int] = []
    gone: list[int] = []
    touched: set[str] = set()
    replaced: set[str] = set()
    whom = "userSourcedId" if shape.name in (layout.ROLES, layout.ENROLLMENTS) else "sourcedId"
    for row in news.rows():
        old = index.get(row.id) or before.get(row.id)
        if not row.id or row.id in replaced or not _stamped(row, problems):
            continue
        if old is not None and _older(row, old):
            told = "もっと新しい行をすでに取り込んでいるので、読みとばしました"
            problems.note(shape.name, row.line, "dateLastModified", told, row["dateLastModified"])
            continue
        replaced.add(row.id)
        touched |= {each[whom] for each in (row, old) if each is not None}
        (gone if row["status"] == DELETED else taken).append(row.at)
    table = _joined(_without(known.table, replaced), news, taken)
    table.whole = known.table.whole and news.whole
    return Merged(table, _joined(_without(known.gone, replaced), news, gone), touched)


def _stamped(row: Row, problems: Problems) -> bool:
    if row.refused("status", "dateLastModified", "sourcedId"):
        return False
    status, at = row["status"], row["dateLastModified"]
    if status not in ("active", DELETED):
        rule = f"「{status}」という値はありません" if status else "delta（差分）の status は空にできません"
        row.refuse(problems, "status", rule, "active か tobedeleted です")
        return False
    if not at:
        rule = "delta（差分）の dateLastModified は空にできません"
        row.refuse(problems, "dateLastModified", rule, "例: 2026-04-01T00:00:00.000Z")
        return False
    return True


def _older(row: Row, known: Row) -> bool:
    one, other = (cells.as_instant(each["dateLastModified"]) for each in (row, known))
    return one is not None and other is not None and one < other


def without_people(known: Merged, users: Container[str], column: str) -> Merged:
    """What is known of people who are no longer there goes with them."""
    gone = [at for at, user in enumerate(known.table.column(column)) if user not in users]
    lines = known.table.lines
    lost = {at for at in gone if lines[at] == KNOWN_BEFORE}
    if not lost:
        return known
    rest = [at for at in range(len(known.table)) if at not in lost]
    picked = _picked(known.table, rest)
    picked.whole = known.table.whole
    return Merged(picked, known.gone, known.touched)


def _without(table: Table, ids: set[str]) -> Table:
    if not ids:
        return table
    return _picked(table, [at for at, own in enumerate(table.column("sourcedId")) if own not in ids])


def _picked(table: Table, places: Iterable[int]) -> Table:
    chosen = list(places)
    return Table(
        table.name,
        {name: [values[at] for at in chosen] for name, values in table.columns.items()},
        array("l", (table.lines[at] for at in chosen)),
        table.whole,
        table.spelt,
    )


def _joined(known: Table, news: Table, chosen: list[int]) -> Table:
    """Known rows and chosen new ones; of the new ones what was refused or mended stays told."""
    start = len(known)
    columns = {}
    for name in {**known.columns, **news.columns}:
        fresh = news.column(name)
        columns[name] = [*known.column(name), *(fresh[at] for at in chosen)]
    place = {at: start + to for to, at in enumerate(chosen)}
    lines = array("l", known.lines)
    lines.extend(news.lines[at] for at in chosen)

    def moved(cells_: Mapping[tuple[int, str], str]) -> dict[tuple[int, str], str]:
        return {(place[at], column): value for (at, column), value in cells_.items() if at in place}

    return Table(
        known.name,
        columns,
        lines,
        spelt={**known.spelt, **news.spelt},
        refused=moved(news.refused),
        mended=moved(news.mended),
    )


PARTS: Mapping[str, Callable[[Any], str]] = {
    "schools": lambda part: str(part.school),
    "classes": lambda part: str(part.class_id),
    "departments": lambda part: str(part.id),
    "duties": lambda part: str(part.staff),
    "guardianships": lambda part: str(part.pupil),
    "protections": lambda part: str(part.pupil),
    "exchanges": lambda part: str(part.pupil),
    "awaiting_class": lambda part: str(part.pupil),
    "contacts": lambda part: str(part.person),
    "calendars": lambda part: str(part.school),
    "birth_dates": lambda part: str(part.person),
}
"""Kinds of parts, and of whom each part tells."""


def merge_companion(known: Companion, news: Companion) -> tuple[Companion, dict[str, frozenset[str]]]:
    """The companion as it is with a delta, and of whom the delta speaks, by kind of part.

    The delta's own parts come first, so that their places are those of its file.
    """
    parts: dict[str, list[Any]] = {}
    touched: dict[str, frozenset[str]] = {}
    for kind, about in PARTS.items():
        fresh = getattr(news, kind) or []
        spoken = {about(part) for part in fresh} | set(getattr(news.removed, kind, ()))
        parts[kind] = [*fresh, *(part for part in getattr(known, kind) or () if about(part) not in spoken)]
        touched[kind] = frozenset(spoken)
    board = news.board if news.board.short_name else known.board
    merged = news.model_copy(update={**parts, "board": board, "mode": "bulk", "removed": Removed()})
    merged.only_in_file({kind: len(getattr(news, kind) or ()) for kind in PARTS})
    return merged, touched


def still_there(known: Companion, there: Mapping[str, Container[str]]) -> Companion:
    """What is known, without the parts about people, classes and schools that are no longer there.

    ``there`` holds the ids under ``person``, ``class``, ``school``. Parts of the package's own file are left alone:
    what they refer to is checked.
    """
    departments = {part.id for part in known.departments}

    def stays(part: Any) -> bool:
        people = [getattr(part, name, None) for name in ("staff", "pupil", "guardian", "person")]
        return (
            all(each is None or each in there["person"] for each in people)
            and _in(there["class"], getattr(part, "class_id", None))
            and _in(there["school"], getattr(part, "school", None))
            and _in(departments, getattr(part, "department", None))
        )

    parts = {
        kind: [
            part
            for place, part in enumerate(getattr(known, kind) or ())
            if known.in_file(kind, place) or stays(part)
        ]
        for kind in PARTS
    }
    return known.model_copy(update=parts)


def _in(there: Container[str], sourced_id: str | None) -> bool:
    return sourced_id is None or sourced_id in there
