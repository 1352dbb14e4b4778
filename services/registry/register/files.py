"""A table as a file that is sent: PDF/A or a spreadsheet, with a name that a school finds again."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from fastapi import Response

from services.registry.register import printing
from services.registry.register.layout import Table, for_training
from services.registry.register.printing import Paper
from services.registry.room import Registry
from shared.printing import NoGlyph
from shared.web import Problem

_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def marked(table: Table, room: Registry) -> Table:
    """A sheet as this deployment may hand it out: on training days it says so."""
    return for_training(table) if room.training else table


async def pdf_file(table: Table, paper: Paper, what: str, called: str) -> Response:
    """``what`` (出席簿) printed, as a file ``called`` so."""
    try:
        made = await asyncio.to_thread(printing.pdf, table, paper)
    except NoGlyph:
        words = "印刷用の書体にない字が多すぎます。Excelで受け取るか、この学級を管理者に知らせてください。"
        raise Problem(422, "no-glyph", f"{what}を印刷していません", words) from None
    return _file(made, "application/pdf", "inline", f"{called}.pdf")


async def xlsx_file(table: Table, what: str, called: str) -> Response:
    """``what`` as a spreadsheet, as a file ``called`` so."""
    made = await asyncio.to_thread(printing.xlsx, table, what)
    return _file(made, _SPREADSHEET, "attachment", f"{called}.xlsx")


def _file(content: bytes, kind: str, how: str, name: str) -> Response:
    # RFC 6266: the plain name is for what does not know the other.
    plain = f"register.{name.rsplit('.', 1)[1]}"
    told = f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"content-disposition": told, "cache-control": "no-store"}
    return Response(content, media_type=kind, headers=headers)
