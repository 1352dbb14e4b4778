"""A certificate on paper: PDF/A to issue, or pictures of its pages to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shared.printing import compiled

TEMPLATE = Path(__file__).with_name("certificate.typ")


def pdf(sheet: Mapping[str, object]) -> bytes:
    """The certificate as PDF/A, fonts embedded as subsets. Raises :class:`NoGlyph`."""
    return compiled(TEMPLATE, sheet, "pdf")[0]


def pictures(sheet: Mapping[str, object]) -> list[bytes]:
    """The pages as PNG. Raises :class:`NoGlyph` as printing would."""
    compiled(TEMPLATE, sheet, "pdf")  # pictures are drawn with holes without a word
    return compiled(TEMPLATE, sheet, "png")
