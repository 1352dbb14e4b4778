"""忌引 by kinship: how many days a board allows for whose death. Pure.

What a child's kinship to the dead was is said beside a day of 忌引, as 出席扱い is beside another: it changes no count.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.beside import BesideMark

SETTING = "bereavement_days"
"""The board's dated table; a board that has said nothing uses :data:`DEFAULT_TABLE`."""
MOST_DAYS = 10
"""More than any rule that was found."""
PREFIX = "kin_"
"""Codes of kinship begin so, and no other mark's does."""


class Kin(BaseModel):
    """A kinship, and how many days of 忌引 in a row the board allows for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    word: str
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)]


class KinTable(BaseModel):
    """The board's table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    holidays: bool
    """Whether days without lessons count among the days in a row."""
    kin: tuple[Kin, ...]

    def marks(self) -> dict[str, BesideMark]:
        """As marks beside a day."""
        return {
            each.code: BesideMark(code=each.code, kind="kin", glyph="", word=each.word, days=each.days)
            for each in self.kin
        }


def _kin(code: str, word: str, days: int) -> Kin:
    return Kin(code=f"{PREFIX}{code}", word=word, days=days)


DEFAULT_TABLE = KinTable(
    holidays=False,
    kin=(
        _kin("parent", "父母", 7),
        _kin("grandparent", "祖父母", 3),
        _kin("sibling", "兄弟姉妹", 3),
        _kin("uncle_aunt", "おじ・おば", 1),
        _kin("great_grandparent", "曾祖父母", 1),
    ),
)
"""No law says how many: these are the days that schools publish most (docs/register.md), others have 父母 5."""
