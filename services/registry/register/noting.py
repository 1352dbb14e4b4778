"""備考 of a child: when it came and left, and what stands beside its days. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from services.registry.attendance.beside import KIND_WORDS
from shared.dates import school_year_bounds

if TYPE_CHECKING:
    from services.registry.register.rules import Cell, Child, ClassYear, Span


def notes(of: ClassYear, child: Child, since: date, until: date) -> list[str]:
    """備考 of a child: the days of coming and leaving that fall into the sheet.

    Who was there before the first 授業日 has not come, and who stays until the last has not left.
    """
    begins, ends = school_year_bounds(of.school_year)
    found = []
    for span in child.spans:
        if since <= span.since < until and of.meets(begins, span.since):
            found.append(f"{short(span.since)}から（{_come(of, span, begins)}）")
        left = span.until
        if left is not None and since < left <= until and of.meets(left, ends):
            found.append(f"{short(left - timedelta(days=1))}まで（{_gone(of, span, ends)}）")
    return found


def noted(cells: Iterable[Cell]) -> list[str]:
    """備考 of what stands beside a child's days: 出席扱い with its days by place, 別室 and the
    kinships of 忌引 likewise.

    Where some of the 出席扱い were entered as 欠席, it is said how many: whoever writes the 指導要録 must know.
    """
    found = []
    shown = list(cells)
    for kind, word in KIND_WORDS.items():
        counted = [cell for cell in shown if cell.stands == kind]
        if not counted:
            continue
        places = Counter(cell.beside.mark.word for cell in counted if cell.beside)
        where = "、".join(f"{place} {n}日" for place, n in places.items())
        absent = sum(cell.kind == "absent" for cell in counted)
        head = "忌引" if kind == "kin" else f"{word} {len(counted)}日"
        found.append(f"{head}（{where}{f'。うち欠席 {absent}日' if absent else ''}）")
    return found


def _come(of: ClassYear, span: Span, begins: date) -> str:
    """Why a child is in the class from a day on; a class given later than 在籍 hides no 転入."""
    if span.from_here:
        return "学級がえ"
    if span.here_from is None or span.here_from >= span.since:
        return "転入"
    return f"{short(span.here_from)}に転入" if of.meets(begins, span.here_from) else "それまで学級なし"


def _gone(of: ClassYear, span: Span, ends: date) -> str:
    """Why a child is in the class no longer; ``span`` has an end."""
    if span.stays_here:
        return "学級がえ"
    if span.here_until is None:
        return "転出"
    if span.here_until < ends and of.meets(span.here_until, ends):
        return f"{short(span.here_until - timedelta(days=1))}まで在籍、転出"
    return "それから学級なし"


def short(day: date) -> str:
    """``11/5``."""
    return f"{day.month}/{day.day}"
