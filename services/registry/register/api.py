"""出席簿 over HTTP: a class's month and its year, as the days themselves add up to; on paper and as a spreadsheet."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from services.registry.register.files import marked, pdf_file, xlsx_file
from services.registry.register.printing import Paper
from services.registry.register.reading import Read, read
from services.registry.register.shapes import MonthOut, YearOut
from services.registry.register.showing import month_out, month_table, year_out, year_table
from services.registry.room import Registry, registry
from shared.access.principal import Principal
from shared.web import current

router = APIRouter(prefix="/v1/classes/{class_id}/register", tags=["出席簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Month = Annotated[str, Path(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
_WHAT = "出席簿"


@router.get("/months/{month}", summary="出席簿（月）")
async def read_month(class_id: UUID, month: Month, room: Reg, who: Who) -> MonthOut:
    """A class's month: every child's every day, what it counts as, and the sums."""
    return month_out(await read(room, who, class_id, month), month)


@router.get("/months/{month}/pdf", summary="出席簿（月）を印刷する（PDF/A）", response_class=Response)
async def print_month(class_id: UUID, month: Month, room: Reg, who: Who, paper: Paper = "a4") -> Response:
    """The month on A4 or A3, landscape."""
    found = await read(room, who, class_id, month, "PrintRegister")
    return await pdf_file(marked(month_table(found), room), paper, _WHAT, _called(found, month))


@router.get("/months/{month}/xlsx", summary="出席簿（月）のExcel", response_class=Response)
async def month_workbook(class_id: UUID, month: Month, room: Reg, who: Who) -> Response:
    """The month as a spreadsheet."""
    found = await read(room, who, class_id, month, "PrintRegister")
    return await xlsx_file(marked(month_table(found), room), _WHAT, _called(found, month))


@router.get("/year/pdf", summary="出席簿（年間）を印刷する（PDF/A）", response_class=Response)
async def print_year(class_id: UUID, room: Reg, who: Who, paper: Paper = "a4") -> Response:
    """The year on A4 or A3, landscape."""
    found = await read(room, who, class_id, None, "PrintRegister")
    return await pdf_file(marked(year_table(found), room), paper, _WHAT, _called(found, None))


@router.get("/year/xlsx", summary="出席簿（年間）のExcel", response_class=Response)
async def year_workbook(class_id: UUID, room: Reg, who: Who) -> Response:
    """The year as a spreadsheet."""
    found = await read(room, who, class_id, None, "PrintRegister")
    return await xlsx_file(marked(year_table(found), room), _WHAT, _called(found, None))


@router.get("/year", summary="出席簿（年間）")
async def read_year(class_id: UUID, room: Reg, who: Who) -> YearOut:
    """A class's year by child and month; the sums are those of the days."""
    return year_out(await read(room, who, class_id, None))


def _called(found: Read, month: str | None) -> str:
    """``出席簿_2年1組_2026年11月``: what a school finds again in a folder of downloads."""
    when = f"{found.row.school_year}年度" if month is None else f"{month[:4]}年{int(month[5:])}月"
    return f"{_WHAT}_{found.row.name}_{when}"
