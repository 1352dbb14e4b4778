"""Whether a person may be erased: nothing that still holds, nothing that the law still wants kept. Pure.

個人情報の保護に関する法律 22 条 (data that are no longer needed are to be erased without delay) against
学校教育法施行規則 28 条 2 項 (表簿 are kept: 学籍に関する記録 20 years, the rest 5 years).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from services.registry.people.changes import Wrong
from services.registry.people.rules import Record, Told, not_over, standing
from shared.dates import school_year, school_year_bounds

Ground = Literal["retention_over", "by_mistake", "decided"]
GROUND_WORDS: dict[Ground, str] = {
    "retention_over": "保存期間が過ぎた",
    "by_mistake": "誤って登録した",
    "decided": "決定があった（利用停止・裁判など）",
}
"""Why somebody is erased, in the order in which it is offered."""

PUPIL_YEARS = 20
"""学籍に関する記録: school years after the one in which the child left (学校教育法施行規則 28 条 2 項)."""
STAFF_YEARS = 5
"""表簿 other than 学籍 (same place): school years after the one in which somebody's last duty ended."""


@dataclass(frozen=True)
class Holdings:
    """What registry holds about a person, in numbers."""

    attendance_days: int = 0
    moves: int = 0
    certificates: int = 0
    card_versions: int = 1
    periods: int = 0

    def words(self) -> list[str]:
        """What would go, as it is shown before; nothing about what there is none of."""
        counted = (
            ("カード（氏名・よみ・生年月日・性別）", self.card_versions, "版"),
            ("在籍・学級・職務・保護者などの記録", self.periods, "件"),
            ("出欠", self.attendance_days, "日分"),
            ("転出入", self.moves, "件"),
            ("証明書の控え", self.certificates, "枚"),
        )
        return [f"{what} {number:,}{unit}" for what, number, unit in counted if number]


def kept_until(record: Record) -> date | None:
    """The last day on which the law wants the record kept; None when it wants nothing kept."""
    days = []
    for told, years in ((record.enrolments, PUPIL_YEARS), (record.duties, STAFF_YEARS)):
        last = _last_day(standing(told))
        if last is not None:
            days.append(school_year_bounds(school_year(last) + years)[1] - timedelta(days=1))
    return max(days, default=None)


def _last_day(told: Iterable[Told[Any]]) -> date | None:
    ends = (each.held.valid.until for each in told)
    return max((end - timedelta(days=1) for end in ends if end is not None), default=None)


def refusals(record: Record, holdings: Holdings, ground: Ground, document: str, today: date) -> list[Wrong]:
    """Why the person cannot be erased, each with what to do; empty: they can."""
    found = []
    if not_over(record.enrolments, today):
        found.append(Wrong("ground", "いまも在籍しているか、これから在籍します。先に在籍を終えてください。"))
    if not_over(record.duties, today):
        found.append(Wrong("ground", "いまも職務があります。先に職務を終えてください。"))
    if not_over(record.children, today):
        found.append(Wrong("ground", "いまも保護者です。先に、子のカードで保護者を終えてください。"))
    until = kept_until(record)
    if ground == "retention_over" and until is not None and today <= until:
        day = f"{until.year}年{until.month}月{until.day}日"
        found.append(
            Wrong("ground", f"まだ保存期間の中です。{day}まで保存します（学校教育法施行規則28条）。")
        )
    if ground == "by_mistake" and (holdings.attendance_days or holdings.moves or holdings.certificates):
        found.append(
            Wrong(
                "ground", "出欠・転出入・証明書の記録があります。実在した人の記録は、誤りとしては消せません。"
            )
        )
    if ground == "decided" and not document.strip():
        found.append(Wrong("document", "決定の文書番号を入れてください。"))
    return found
