"""The sheets: an A4 page for each guardian, with the code to type and the same as a QR code."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import segno

from services.identity.invitations.rules import groups
from shared.dates import in_words
from shared.printing import NoGlyph, compiled

TEMPLATE = Path(__file__).with_name("sheet.typ")

MISSING = "〓"
"""Stands where the font has no glyph (外字): written in by hand."""
_MOST_MISSING = 20


@dataclass(frozen=True)
class Sheet:
    """What stands on one."""

    school: str
    class_name: str
    pupil: str
    guardian: str
    code: str
    last_day: date
    issued: date


@dataclass(frozen=True)
class Printed:
    """A class's sheets."""

    pdf: bytes
    missing: tuple[str, ...]
    """Characters that have become :data:`MISSING`."""


def address(origin: str, code: str) -> str:
    """Where the QR code leads. What follows ``#`` stays in the browser: no server, log or referrer sees the code."""
    return f"{origin}/auth/login?by=paper#{code}"


def pdf(sheets: Sequence[Sheet], origin: str) -> Printed:
    """The sheets as PDF/A-2a. Raises :class:`NoGlyph` when so many characters are missing that little is left."""
    data = _data(sheets, origin)
    try:
        return Printed(compiled(TEMPLATE, data, "pdf")[0], ())
    except NoGlyph as error:
        if len(error.missing) > _MOST_MISSING:
            raise
        without = tuple(sorted(error.missing, key=len, reverse=True))
        data = _data(sheets, origin, without)
        return Printed(compiled(TEMPLATE, data, "pdf")[0], error.missing)


def pictures(sheets: Sequence[Sheet], origin: str) -> list[bytes]:
    """The same to look at."""
    return compiled(TEMPLATE, _data(sheets, origin), "png")


def _data(sheets: Sequence[Sheet], origin: str, without: Sequence[str] = ()) -> Mapping[str, object]:
    def printable(words: str) -> str:
        for character in without:
            words = words.replace(character, MISSING)
        return words

    return {
        "address": origin.partition("://")[2],
        "sheets": [
            {
                "school": printable(each.school),
                "class": printable(each.class_name),
                "pupil": printable(each.pupil),
                "guardian": printable(each.guardian),
                "code": groups(each.code),
                "qr": _qr(address(origin, each.code)),
                "until": in_words(each.last_day),
                "year": each.last_day.year,
                "issued": f"{each.issued.year}年{in_words(each.issued)}",
            }
            for each in sheets
        ],
    }


def _qr(target: str, kind: Literal["svg"] = "svg") -> str:
    # Level Q bears a fold and a coffee stain; the border of four modules is the reader's due (ISO/IEC 18004).
    drawn = io.BytesIO()
    segno.make(target, error="q", micro=False, boost_error=False).save(
        drawn, kind=kind, border=4, xmldecl=False, svgclass=None, lineclass=None
    )
    return drawn.getvalue().decode()
