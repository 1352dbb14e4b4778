"""A sheet of 欠課時数 as it goes over HTTP, and as it is laid out for paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import Named
from services.registry.periods.hours.reading import Read
from services.registry.periods.hours.rules import Correction, Hours
from services.registry.periods.hours.shapes import CorrectionOut, HoursOut, LineOut, SheetOut, SubjectOut
from services.registry.periods.rules import CODES
from services.registry.register.layout import Column, Row, Table
from services.registry.register.noting import short
from services.registry.register.reading import months_of
from services.registry.roster.shapes import ClassOut, PlaceOut
from shared.contracts.registry import CORRECTION_WORDS
from shared.dates import in_words, japanese_school_year, japanese_year

_NOBODY = Named("", "", None, None)
_NAMED = 3
"""Children named one by one before the rest is only counted."""

_SUMS: tuple[tuple[str, Callable[[Hours], int]], ...] = (
    ("授業\n時数", lambda h: h.lessons),
    ("出停・\n忌引等", lambda h: h.apart),
    ("欠課\n時数", lambda h: h.away),
    ("出席\n時数", lambda h: h.there),
    ("遅れて", lambda h: h.late),
    ("途中\nまで", lambda h: h.left),
)
_UNRECORDED: tuple[str, Callable[[Hours], int]] = ("未入力", lambda h: h.unrecorded)
_SO_FAR = "欠課\n累計"
_LEGEND = (
    "確定した時限だけを数えています。教科の欄は欠課時数です（教科なしは、教科が入っていない時限）。"
    "欠課は、出席停止・忌引等の日を除きます。遅れて・途中までは出席時数に入ります。"
)
_LEGEND_MONTH = f"{_LEGEND}欠課累計は、4月からこの月までの、この学級の時限です。"
_DRAFT = "未入力の時限は、出席にも欠課にも数えていません。"


def sheet_out(found: Read, month: str | None) -> SheetOut:
    """A sheet as it goes over HTTP."""
    row, sheet = found.row, found.sheet

    def person(id_: UUID) -> PersonOut:
        return PersonOut.of(id_, found.named.get(id_, _NOBODY))

    return SheetOut(
        class_id=row.id,
        name=row.name,
        school=PlaceOut(id=row.school, name=row.school_name),
        school_year=row.school_year,
        month=month,
        months=months_of(found.of),
        classes=[
            ClassOut(id=each.id, name=each.name, grade=each.grade, special_needs=False)
            for each in found.classes
        ],
        homerooms=found.homerooms,
        through=found.through,
        lessons=len(sheet.lessons),
        subjects=[
            SubjectOut(code=code, word=word, lessons=sheet.taken(code), totals=HoursOut.of(sheet.of(code)))
            for code, word in found.columns
        ],
        lines=[
            LineOut(
                pupil=person(line.child.pupil),
                number=line.child.number,
                hours=HoursOut.of(line.hours),
                by_subject=[HoursOut.of(line.of(code)) for code, _ in found.columns],
                so_far=HoursOut.of(line.so_far),
                notes=list(line.notes),
            )
            for line in sheet.lines
        ],
        totals=HoursOut.of(sheet.totals),
        so_far=HoursOut.of(sheet.so_far),
        state=found.standing.state if found.standing else None,
        corrections=[
            CorrectionOut(
                pupil=person(each.pupil),
                on=each.on,
                period=each.period,
                before=None if each.before is None else CODES[each.before],
                after=CODES[each.after],
                reason=CORRECTION_WORDS[each.reason] if each.reason else "",
                reason_text=each.reason_text,
                by=person(each.by),
                at=each.at,
            )
            for each in found.corrections
        ],
        live=[f"class-day:{row.id}:{found.of.today}"],
        as_of=found.at,
    )


def table(found: Read, month: str | None) -> Table:
    """A sheet as it is printed."""
    row, sheet = found.row, found.sheet
    totals = sheet.totals
    sums = [*_SUMS, *([_UNRECORDED] if totals.unrecorded else [])]
    more = [] if month is None else [Column(_SO_FAR, 9.5, count=True, edge=True)]

    def line(number: str | int, name: str, missed: list[int], of: Hours, so_far: Hours, notes: str) -> Row:
        counted = [number_of(of) for _, number_of in sums]
        return (number, name, *missed, *counted, *([so_far.away] if more else []), notes)

    rows = tuple(
        line(
            "" if each.child.number is None else each.child.number,
            _name(found, each.child.pupil),
            [each.of(code).away for code, _ in found.columns],
            each.hours,
            each.so_far,
            "　".join(each.notes),
        )
        for each in sheet.lines
    )
    blank = [""] * (len(sums) + len(more))
    taken = [sheet.taken(code) for code, _ in found.columns]
    foot: tuple[Row, ...] = (
        line("", "学級の計", [sheet.of(code).away for code, _ in found.columns], totals, sheet.so_far, ""),
        ("", "授業時数", *taken, len(sheet.lessons), *blank),
    )
    return Table(
        title=f"欠課時数　{_when(row.school_year, month)}",
        place=f"{row.school_name}　{row.name}",
        keeper=f"担任　{'・'.join(found.homerooms)}" if found.homerooms else "",
        told=f"授業時数 {len(sheet.lessons)}時間（{in_words(found.through)}まで）"
        if found.through
        else "確定した時限がありません",
        columns=(
            Column("番号", 7.0),
            Column("氏名", 32.0, left=True),
            *(Column(_head(word), 9.5, count=True) for _, word in found.columns),
            *(Column(head, 9.5, bold=head.startswith("欠課"), count=True) for head, _ in sums),
            *more,
            Column("備考", 0, left=True),
        ),
        rows=rows,
        foot=foot,
        legend=_LEGEND if month is None else _LEGEND_MONTH,
        notes=(*_closing(found), *([_DRAFT] if totals.unrecorded else [])),
        made=f"{in_words(found.of.today)}に印刷",
    )


def _when(year: int, month: str | None) -> str:
    if month is None:
        return f"{japanese_school_year(year)}年度"
    first = date.fromisoformat(f"{month}-01")
    return f"{japanese_year(first)}年{first.month}月"


def _head(subject: str) -> str:
    """技術・家庭 in two lines, parted where it is written apart."""
    return subject.replace("・", "・\n", 1)


def _closing(found: Read) -> list[str]:
    """Whether the month is closed, and what was said since."""
    if found.standing is None:
        return []
    if not found.standing.is_closed:
        return ["この月はまだ締めていません。"]
    groups: dict[str, list[str]] = {}
    for each in found.corrections:
        groups.setdefault(_became(found, each), []).append(_name(found, each.pupil))
    words = [
        f"{'・'.join(those[:_NAMED])}{f' ほか{len(those) - _NAMED}人' if len(those) > _NAMED else ''} {what}"
        for what, those in groups.items()
    ]
    return [f"締めたあとの訂正：{'、'.join(words)}"] if words else []


def _became(found: Read, each: Correction) -> str:
    before = CODES[each.before] if each.before else "未入力"
    why = each.reason_text or (CORRECTION_WORDS[each.reason] if each.reason else "")
    return (
        f"{short(each.on)} {each.period}時限 {before}→{CODES[each.after]}（{why}、{_name(found, each.by)}）"
    )


def _name(found: Read, person: UUID) -> str:
    name = found.named.get(person, _NOBODY)
    return f"{name.family}　{name.given}".strip()
