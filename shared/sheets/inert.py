"""Text that no spreadsheet takes for a formula, and that can be read back code point for code point.

A spreadsheet evaluates a cell of a CSV file that begins with ``=``, ``+``, ``-`` or ``@`` (OWASP "CSV Injection"; the
full-width forms count where Japanese is written), also when the value was quoted, when blanks or quotes stand before
the sign, or when the list separator of the machine is another and cuts the cell in two. Such a sign gets an apostrophe
in front of it, and so does a cell that begins with a tab or a line break. Everything else stays as it is.

What was written so is read back with :func:`restored`. An apostrophe that a name really has before such a sign gets a
second one, so nothing is ever lost: ``restored(inert(text)) == text`` for every text.
"""

from __future__ import annotations

import re

_SIGN = "[-=+@＝＋－＠]"
_BEFORE = r"""(?:\A|[;,\t\r\n])[\s'"\ufeff\u200b]*"""
_AWAKE = re.compile(f"({_BEFORE})(?={_SIGN})")
_SHIELDED = re.compile(f"({_BEFORE})'(?={_SIGN})")
_BREAKS = re.compile(r"'*[\t\r\n]")
_SHIELDED_BREAKS = re.compile(r"'+[\t\r\n]")


def inert(text: str) -> str:
    """``text`` as it may stand in a cell of a file that leaves."""
    if text.isalnum():  # most cells of a roster
        return text
    calm = _AWAKE.sub(r"\1'", text)
    return f"'{calm}" if _BREAKS.match(calm) else calm


def restored(cell: str) -> str:
    """The text that was written as ``cell``."""
    if "'" not in cell:
        return cell
    calm = cell[1:] if _SHIELDED_BREAKS.match(cell) else cell
    return _SHIELDED.sub(r"\1", calm)
