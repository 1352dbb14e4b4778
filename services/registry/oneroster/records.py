"""From lines to the records of a CSV file, across those that are damaged."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from shared.sheets import restored

_DAMAGED_AT_MOST = 200
"""Records of a file that are told to be unreadable; each may cost reading 128 KiB twice."""


class UnreadableError(Exception):
    """What cannot be read, as it is told: line, column, value, rule, remedy."""

    def __init__(self, line: int, value: str, rule: str, remedy: str) -> None:
        super().__init__(rule)
        self.told = (line, "", value, rule, remedy)


def records(
    lines: Iterable[str], damaged: Callable[[UnreadableError], None], *, shielded: bool
) -> Iterator[tuple[int, list[str], bool]]:
    """Records with the line each begins on and whether it goes on over several; blank lines are passed over.

    A record that cannot be read is told to ``damaged``, and reading goes on with the line after its first: one quote
    too many hides nothing of what else is wrong. Raises it when it is the header, or the last of too many.
    ``shielded``: whether cells may begin with an apostrophe that is no part of them.
    """
    given, again, taken = iter(lines), deque[str](), list[str]()

    def feed() -> Iterator[str]:
        while True:
            line = again.popleft() if again else next(given, None)
            if line is None:
                return
            taken.append(line)
            yield line

    reader, begins, faults = csv.reader(feed(), strict=True), 1, 0
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            rule = "CSV として読めません（引用符の組か改行が合いません）"
            error = UnreadableError(begins, taken[0].rstrip(), rule, '引用符（"）を確かめてください')
            faults += 1
            if begins == 1 or faults == _DAMAGED_AT_MOST:
                raise error from None
            damaged(error)
            again.extendleft(reversed(taken[1:]))
            taken.clear()
            reader, begins = csv.reader(feed(), strict=True), begins + 1
            continue
        line, broken = begins, len(taken) > 1
        begins += len(taken)
        taken.clear()
        if values:
            # The apostrophe that keeps a cell from being a formula (docs/export.md) is no part of what it says.
            plain = [restored(value) for value in values] if shielded else values
            yield line, plain, broken
