"""A CSV file as a board's system or a spreadsheet wrote it: headings, and rows with their lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.registry.oneroster.encodings import lines_of
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.records import UnreadableError, records
from services.registry.oneroster.tables import refuse_breaks, refuse_width

EXAMPLES = 3
_SHOWN = 40


@dataclass(slots=True)
class Sheet:
    """What could be read of a file."""

    file: str
    headings: list[str] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)

    def examples(self, place: int) -> list[str]:
        """The first different values of a column, for whoever must tell what it is."""
        found: dict[str, None] = {}
        for _, values in self.rows:
            if value := values[place].strip():
                found[value[:_SHOWN]] = None
                if len(found) == EXAMPLES:
                    break
        return list(found)

    def values(self, place: int, most: int) -> list[str]:
        """All different values of a column, so many at most."""
        found: dict[str, None] = {}
        for _, values in self.rows:
            if value := values[place].strip():
                found[value] = None
            if len(found) == most:
                break
        return list(found)


def read_sheet(file: str, content: bytes, problems: Problems) -> Sheet:
    """Headings and rows. What cannot be read is told; the other rows stand."""
    sheet = Sheet(file)
    lines = lines_of(file, content, problems)
    if lines is None:
        return sheet

    def damaged(error: UnreadableError) -> None:
        problems.add(file, *error.told)

    try:
        found = records(lines, damaged, shielded=b"'" in content)
        _, header, _ = next(found, (1, [], False))
        while header and not header[-1].strip():
            header.pop()
        if not header:
            raise UnreadableError(1, "", "見出しの行がありません", "1 行目に見出しを書いてください")
        sheet.headings = [each.strip() for each in header]
        _refuse_twice(sheet, problems)
        width = len(header)
        for line, values, broken in found:
            if not any(each.strip() for each in values):
                problems.note(file, line, "", "空の行を読みとばしました")
            elif len(values) < width or any(each.strip() for each in values[width:]):
                refuse_width(file, line, values, width, problems)
            else:
                if broken:
                    refuse_breaks(file, line, values, header, problems)
                sheet.rows.append((line, values[:width]))
    except UnreadableError as error:
        problems.add(file, *error.told)
    return sheet


def _refuse_twice(sheet: Sheet, problems: Problems) -> None:
    for place, heading in enumerate(sheet.headings):
        if heading and heading in sheet.headings[:place]:
            rule = "同じ見出しの列が 2 つあります"
            problems.add(sheet.file, 1, heading, heading, rule, "見出しを書き分けてください")
