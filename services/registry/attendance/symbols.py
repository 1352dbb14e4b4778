"""The board's list of marks: a dated setting. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Category = Literal["sick", "other", "suspension", "bereavement", "not_required"]
"""``not_required``: 登校を要しない日, on which the 校長 has said that this child need not come. Others are
told ``suspension`` with a word beside it, for the published categories are closed (docs/decisions/0018)."""
APART: frozenset[Category | None] = frozenset({"suspension", "bereavement", "not_required"})
"""出席停止・忌引等: neither 出席 nor 欠席."""


class Symbol(BaseModel):
    """One mark of the board's list: dated setting ``attendance_symbols``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    key: str
    glyph: str
    word: str
    presence: Literal["present", "absent"]
    category: Category | None
    late: bool
    early: bool
    tint: Literal["none", "absent", "late", "apart"]


def _symbol(
    code: str,
    key: str,
    glyph: str,
    word: str,
    presence: Literal["present", "absent"],
    category: Category | None = None,
    *,
    late: bool = False,
    early: bool = False,
    tint: Literal["none", "absent", "late", "apart"] = "none",
) -> Symbol:
    return Symbol(
        code=code,
        key=key,
        glyph=glyph,
        word=word,
        presence=presence,
        category=category,
        late=late,
        early=early,
        tint=tint,
    )


DEFAULT_SYMBOLS: tuple[Symbol, ...] = (
    _symbol("present", " ", "", "出席", "present"),
    _symbol("absent_sick", "K", "病", "病欠", "absent", "sick", tint="absent"),
    _symbol("absent_other", "J", "事", "事故欠", "absent", "other", tint="absent"),
    _symbol("late", "C", "チ", "遅刻", "present", late=True, tint="late"),
    _symbol("early_leave", "S", "早", "早退", "present", early=True, tint="late"),
    _symbol("late_early", "B", "遅早", "遅刻・早退", "present", late=True, early=True, tint="late"),
    _symbol("suspended", "T", "停", "出席停止", "absent", "suspension", tint="apart"),
    _symbol("bereavement", "M", "忌", "忌引", "absent", "bereavement", tint="apart"),
)
"""What a new board starts with. 遅刻 and 早退 count as 出席; both on one day are both recorded (domain.md §2.4)."""

SETTING = "attendance_symbols"
