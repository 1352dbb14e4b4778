"""When a child's absences are a matter for the school: derived from the days, never kept. Pure.

A rule is dated data of the board (``alert_rules``); until it has said otherwise: three school days in a row, seven in a
row without an excuse (学校教育法施行令 20: 校長 tells the board), thirty in a school year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

Done = Literal["called", "visited", "met", "told_board", "asked_agency", "known"]

DONE_WORDS: dict[Done, str] = {
    "called": "家庭に電話した",
    "visited": "家庭を訪問した",
    "met": "保護者と話し合った",
    "told_board": "教育委員会に知らせた",
    "asked_agency": "関係機関に相談した",
    "known": "事情が分かった",
}

RECENT = 10
"""School days after which a run that has ended is no alert any more; what was said about it stays."""


class Rule(BaseModel):
    """A rule of the board's list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z0-9_]{1,30}$")
    word: str = Field(min_length=1, max_length=40)
    kind: Literal["row", "year"]
    """``row``: school days one after the other; ``year``: of a school year, together."""
    days: int = Field(ge=2, le=200)
    excused: bool
    """Whether 病欠 counts, too: an absence with a good reason."""


DEFAULT: tuple[Rule, ...] = (
    Rule(code="row_7", word="理由の分からない欠席が7日続く（施行令20条）", kind="row", days=7, excused=False),
    Rule(code="row_3", word="3日続けて欠席", kind="row", days=3, excused=True),
    Rule(code="year_30", word="年度で30日以上欠席", kind="year", days=30, excused=True),
)
_RULES = TypeAdapter(tuple[Rule, ...])


def rules_of(setting: Any) -> tuple[Rule, ...]:
    """The board's rules of a day; its default where it has said nothing, or something that is no list of rules."""
    if setting is None:
        return DEFAULT
    try:
        return _RULES.validate_python(setting)
    except ValidationError:
        return DEFAULT


@dataclass(frozen=True)
class Alert:
    """A rule that a child's days meet."""

    rule: Rule
    first: date
    """The first day of it: with rule and child, what an act is about."""
    days: tuple[date, ...]
    """The absent days it follows from."""
    going_on: bool
    """The child has not been here since."""


Day = Mapping[str, Any]
"""``presence`` and ``category`` of a pupil-day; a school day of which nothing is said has none."""


def derive(rules: Iterable[Rule], school_days: Sequence[date], told: Mapping[date, Day]) -> list[Alert]:
    """The alerts of a child, by its school days of a school year up to today, in order.

    Only a day on which the child was there ends a row. 出席停止, 忌引 and a day of which nothing is said neither count
    nor end it: nobody falls off the list because a roll is missing.
    """
    return [run for run in runs(rules, school_days, told) if _lately(run, school_days)]


def runs(rules: Iterable[Rule], school_days: Sequence[date], told: Mapping[date, Day]) -> list[Alert]:
    """The same, however long ago a row has ended."""
    found: list[Alert] = []
    for rule in rules:
        of = _rows(rule, school_days, told) if rule.kind == "row" else _year(rule, school_days, told)
        found += [run for run in of if len(run.days) >= rule.days]
    return found


def _counts(rule: Rule, day: Day | None) -> bool:
    if day is None or day["presence"] != "absent":
        return False
    category = day["category"]
    return category not in ("suspension", "bereavement", "not_required") and (
        rule.excused or category != "sick"
    )


def _ends(rule: Rule, day: Day | None) -> bool:
    """Whether the child was there, or, where only unexcused days count, away for a reason that is known."""
    if day is None:
        return False
    excused = day["presence"] == "absent" and day["category"] == "sick" and not rule.excused
    return day["presence"] == "present" or excused


def _rows(rule: Rule, school_days: Sequence[date], told: Mapping[date, Day]) -> list[Alert]:
    runs: list[Alert] = []
    days: list[date] = []
    for on in school_days:
        day = told.get(on)
        if _counts(rule, day):
            days.append(on)
        elif _ends(rule, day) and days:
            runs.append(Alert(rule, days[0], tuple(days), False))
            days = []
    if days:
        runs.append(Alert(rule, days[0], tuple(days), True))
    return runs


def _year(rule: Rule, school_days: Sequence[date], told: Mapping[date, Day]) -> list[Alert]:
    days = tuple(on for on in school_days if _counts(rule, told.get(on)))
    if not days:
        return []
    # The same whatever day is corrected: the year is what it is about.
    first = date(days[0].year if days[0].month >= 4 else days[0].year - 1, 4, 1)
    return [Alert(rule, first, days, True)]


def _lately(run: Alert, school_days: Sequence[date]) -> bool:
    return run.rule.kind == "year" or run.going_on or run.days[-1] in school_days[-RECENT:]
