"""CSV files and workbooks are written by `shared.sheets` only.

A cell that a spreadsheet takes for a formula runs on the machine of whoever opens the file, and names come from files
and forms of anybody. The one writer makes every cell inert; another one would have to remember it.
"""

from collections.abc import Iterator

from tools.lint.source import Finding, Source

WRITERS = {"csv.writer", "csv.DictWriter"}


def check(source: Source) -> Iterator[Finding]:
    if source.inside("shared/sheets") or source.is_test:
        return
    for line, name in source.imports():
        if name.split(".")[0] == "xlsxwriter" or name in WRITERS:
            yield Finding(line, f"{name} writes cells that may be alive: use shared.sheets")
    for node, call in source.calls():
        if call in WRITERS:
            yield Finding(node.lineno, f"{call}() writes cells that may be alive: use shared.sheets")
