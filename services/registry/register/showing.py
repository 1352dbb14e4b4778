"""A sheet as it goes over HTTP, and as it is laid out for paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import Named
from services.registry.closing.looking import Look, in_print, look
from services.registry.closing.shapes import closing_out
from services.registry.former import rules as former_days
from services.registry.register import layout, remarks, rules
from services.registry.register.layout import Table
from services.registry.register.lists import legend
from services.registry.register.noting import short
from services.registry.register.reading import Read, months_of
from services.registry.register.rules import Cell, Line
from services.registry.register.shapes import (
    CellOut,
    ClassStandOut,
    CountsOut,
    DayOut,
    FormerOut,
    LineOut,
    MonthOut,
    OverOut,
    StoodOut,
    SumsOut,
    YearLineOut,
    YearOut,
)
from services.registry.roster.shapes import PlaceOut


def _common(found: Read) -> dict[str, Any]:
    row, of = found.row, found.of
    return {
        "class_id": row.id,
        "name": row.name,
        "grade": row.grade,
        "school": PlaceOut(id=row.school, name=row.school_name),
        "school_year": row.school_year,
        "months": months_of(of),
        "classes": [
            ClassStandOut(
                id=each.id,
                name=each.name,
                grade=each.grade,
                special_needs=False,
                state=found.states.get((each.id, f"{found.since:%Y-%m}")) if found.standing else None,
            )
            for each in found.classes
        ],
        "homerooms": found.homerooms,
        "planned": row.planned,
        "by_lessons": row.by_lessons,
        "through": found.through,
        "notes": found.notes,
        "totals": CountsOut.of(found.sheet.totals),
        "live": [f"class-day:{row.id}:{of.today}"],
        "as_of": found.at,
    }


def month_out(found: Read, month: str) -> MonthOut:
    """A month as it goes over HTTP."""
    sheet, row = found.sheet, found.row
    symbols = legend(found.of.sets, [day.on for day in sheet.days])
    place = {(symbol.glyph, symbol.word): n for n, symbol in enumerate(symbols)}
    closed = dict(remarks.closures_of(row.plan.closures, row.id, row.grade, found.since, found.until))
    days = [
        DayOut(
            on=day.on,
            kind=day.kind,
            words=[
                *([closed[day.on]] if day.on in closed else []),
                *remarks.titles(row.plan.marks, row.grade, day.on),
            ],
            counts=CountsOut.of(counts),
        )
        for day, counts in zip(sheet.days, sheet.of_days(), strict=True)
    ]
    lines = [
        LineOut(
            pupil=_person(found, line.child.pupil),
            number=line.child.number,
            cells=[
                CellOut(
                    kind=cell.kind,
                    glyph=rules.glyph(cell),
                    symbol=place[cell.symbol.glyph, cell.symbol.word] if cell.symbol else None,
                    contradiction=cell.contradiction,
                    beside=_stood(found, cell),
                    seen=entered.revision if (entered := line.child.beside.get(day.on)) else 0,
                )
                for cell, day in zip(line.cells, sheet.days, strict=True)
            ],
            counts=CountsOut.of(line.counts),
            notes=list(line.notes),
            over=[OverOut.model_validate(each, from_attributes=True) for each in found.over_of(line.child)],
        )
        for line in sheet.lines
    ]
    return MonthOut(
        **_common(found),
        month=month,
        symbols=symbols,
        beside=list(found.of.marks_on(sheet.days[-1].on).values()),
        may_mark="TakeRoll" in found.may,
        may_bundle="PrintBundle" in found.may,
        days=days,
        lines=lines,
        lessons=sheet.lessons,
        closing=closing_out(look_of(found), found.of, found.named, found.may, found.asker),
    )


def _stood(found: Read, cell: Cell) -> StoodOut | None:
    stood = cell.beside
    if stood is None:
        return None
    mark, by = stood.mark, stood.entered.by
    return StoodOut(
        code=mark.code,
        kind=mark.kind,
        word=mark.word,
        fits=stood.fits,
        by=_person(found, by),
        at=stood.entered.at,
    )


def look_of(found: Read) -> Look:
    """How the month of a sheet stands."""
    assert found.standing is not None, "a year is not closed"
    return look(found.of, found.sheet, found.standing, planned=found.row.planned)


def year_out(found: Read) -> YearOut:
    """A year as it goes over HTTP."""
    sheet = found.sheet
    slices = rules.by_month(sheet.days)
    lines = [
        YearLineOut(
            pupil=_person(found, line.child.pupil),
            number=line.child.number,
            months=[CountsOut.of(rules.counts(line.cells[each])) for each in slices],
            counts=CountsOut.of(line.counts),
            notes=list(line.notes),
            came=former_days.why_not(found.of, line.child) is None,
            seen=entered.revision if (entered := found.former.get(line.child.pupil)) else 0,
            former=_former(found, line),
        )
        for line in sheet.lines
    ]
    by_month = [rules.total(rules.counts(line.cells[each]) for line in sheet.lines) for each in slices]
    return YearOut(
        **_common(found),
        lines=lines,
        lessons=[rules.lessons(sheet.days[each]) for each in slices],
        by_month=[CountsOut.of(each) for each in by_month],
        states=[found.states.get((found.row.id, month)) for month in months_of(found.of)],
        may_former="EnterFormerDays" in found.may,
    )


def _former(found: Read, line: Line) -> FormerOut | None:
    entered = found.former.get(line.child.pupil)
    if entered is None or entered.said is None:
        return None
    said = entered.said
    both = former_days.together(line.child, said, line.counts)
    return FormerOut(
        revision=entered.revision,
        school=said.school,
        source=said.source,
        source_word=former_days.SOURCES[said.source],
        told_on=said.told_on,
        by=_person(found, entered.by),
        at=entered.at,
        sums=SumsOut(**said.sums._asdict()),
        together=None if both is None else SumsOut(**both._asdict()),
    )


def _person(found: Read, pupil: UUID) -> PersonOut:
    """A child by name."""
    return PersonOut.of(pupil, found.named.get(pupil) or Named("", "", None, None))


def month_table(found: Read) -> Table:
    """A month as it is printed."""
    symbols = legend(found.of.sets, [day.on for day in found.sheet.days])
    return layout.month(found.sheet, _told(found), symbols)


def year_table(found: Read) -> Table:
    """A year as it is printed."""
    said = {pupil: each.said for pupil, each in found.former.items() if each.said is not None}
    return layout.year(found.sheet, _told(found), found.row.school_year, said)


def _told(found: Read) -> layout.Of:
    names = {pupil: f"{name.family}　{name.given}".strip() for pupil, name in found.named.items()}
    return layout.Of(
        found.row.school_name,
        found.row.name,
        found.homerooms,
        names,
        [*found.notes, *_over(found, names)],
        found.through,
        found.of.today,
        in_print(look_of(found), found.of, names) if found.standing else (),
    )


def _over(found: Read, names: Mapping[UUID, str]) -> list[str]:
    """忌引 that goes on for longer than the board allows, by child."""
    told = [
        f"{names.get(line.child.pupil, '')} {each.word}は{each.allowed}日まで、"
        f"続けて{each.days}日（{short(each.on)}から定めの外）"
        for line in found.sheet.lines
        for each in found.over_of(line.child)
    ]
    return [f"忌引の日数：{'、'.join(told)}"] if told else []
