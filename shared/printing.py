"""A page becomes PDF/A, or pictures to look at. Only the fonts that travel with the product are used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import orjson
import typst

STANDARD: Final = "a-2a"
"""PDF/A-2a (ISO 19005-2, level A): for keeping, tagged for screen readers, every letter with its Unicode value."""
_PIXELS_PER_INCH = 96.0
_NO_GLYPH = re.compile(r"the text `\"(.*?)\"` could not be displayed")

_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
"""How the printer writes characters that nothing can show."""


class NoGlyph(Exception):
    """The font has no glyph for a character: nothing is printed rather than a name with a hole."""

    def __init__(self, *missing: str) -> None:
        super().__init__("no glyph")
        self.missing = missing
        """All of them, in the order in which they stand."""

    @property
    def text(self) -> str:
        """The first."""
        return self.missing[0]


@lru_cache(1)
def _compiler_fonts() -> typst.Fonts:
    """Noto Serif JP (SIL OFL 1.1: may be embedded), and nothing that a machine happens to have."""
    folder = str(files("pylopdf_fonts_jp"))
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def compiled(template: Path, sheet: Mapping[str, object], kind: Literal["pdf", "png"]) -> list[bytes]:
    """The document (one) or its pages (pictures, drawn with holes). Raises :class:`NoGlyph` for a document."""
    try:
        made: Any = typst.compile(
            template.read_bytes(),
            font_paths=_compiler_fonts(),
            format=kind,
            ppi=_PIXELS_PER_INCH,
            sys_inputs={"sheet": orjson.dumps(sheet).decode()},
            pdf_standards=[STANDARD] if kind == "pdf" else [],
        )
    except typst.TypstError as error:
        found = _NO_GLYPH.findall(error.diagnostic)
        if not found:
            raise
        missing = (_ESCAPED.sub(lambda code: chr(int(code[1], 16)), each) for each in found)
        raise NoGlyph(*dict.fromkeys(missing)) from None
    return made if isinstance(made, list) else [made]
