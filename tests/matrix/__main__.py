"""``python -m tests.matrix [--write]``: show the matrix, or write it to its file for review as a diff."""

from __future__ import annotations

import sys

from tests.matrix.table import FILE, render


def main() -> None:
    """Print, or write and say so."""
    if "--write" in sys.argv[1:]:
        FILE.write_text(render(), encoding="utf-8")
        sys.stdout.write(f"{FILE}\n")
    else:
        sys.stdout.write(render())


main()
