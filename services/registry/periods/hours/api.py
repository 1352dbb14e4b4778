"""欠課時数 over HTTP: a class's month and its year so far; on screen, on paper and as a spreadsheet."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from services.registry.periods.hours.reading import Read, read
from services.registry.periods.hours.shapes import SheetOut
from services.registry.periods.hours.showing import sheet_out, table
from services.registry.register.files import marked, pdf_file, xlsx_file
from services.registry.register.printing import Paper
from services.registry.room import Registry, registry
from shared.access.principal import Principal
from shared.web import current

router = APIRouter(prefix="/v1/classes/{class_id}/lessons", tags=["時限ごとの出欠"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Month = Annotated[str, Path(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
_PRINT = "PrintLessonHours"
_WHAT = "欠課時数"


@router.get("/months/{month}", summary="欠課時数（月）")
async def read_month(class_id: UUID, month: Month, room: Reg, who: Who) -> SheetOut:
    """A class's lessons of a month per child: taken, missed, late and left, by subject."""
    return sheet_out(await read(room, who, class_id, month), month)


@router.get("/months/{month}/pdf", summary="欠課時数（月）を印刷する（PDF/A）", response_class=Response)
async def print_month(class_id: UUID, month: Month, room: Reg, who: Who, paper: Paper = "a4") -> Response:
    """The month on A4 or A3, landscape."""
    found = await read(room, who, class_id, month, _PRINT)
    return await pdf_file(marked(table(found, month), room), paper, _WHAT, _called(found, month))


@router.get("/months/{month}/xlsx", summary="欠課時数（月）のExcel", response_class=Response)
async def month_workbook(class_id: UUID, month: Month, room: Reg, who: Who) -> Response:
    """The month as a spreadsheet."""
    found = await read(room, who, class_id, month, _PRINT)
    return await xlsx_file(marked(table(found, month), room), _WHAT, _called(found, month))


@router.get("/year/pdf", summary="欠課時数（年間）を印刷する（PDF/A）", response_class=Response)
async def print_year(class_id: UUID, room: Reg, who: Who, paper: Paper = "a4") -> Response:
    """The year so far on A4 or A3, landscape."""
    found = await read(room, who, class_id, None, _PRINT)
    return await pdf_file(marked(table(found, None), room), paper, _WHAT, _called(found, None))


@router.get("/year/xlsx", summary="欠課時数（年間）のExcel", response_class=Response)
async def year_workbook(class_id: UUID, room: Reg, who: Who) -> Response:
    """The year so far as a spreadsheet."""
    found = await read(room, who, class_id, None, _PRINT)
    return await xlsx_file(marked(table(found, None), room), _WHAT, _called(found, None))


@router.get("/year", summary="欠課時数（年間）")
async def read_year(class_id: UUID, room: Reg, who: Who) -> SheetOut:
    """A class's lessons since the school year began."""
    return sheet_out(await read(room, who, class_id, None), None)


def _called(found: Read, month: str | None) -> str:
    when = f"{found.row.school_year}年度" if month is None else f"{month[:4]}年{int(month[5:])}月"
    return f"{_WHAT}_{found.row.name}_{when}"
