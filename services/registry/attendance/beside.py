"""Marks beside a day's status that change none of its counts: 出席扱い, 別室, and the kinship of a 忌引. Pure.

docs/decisions/0018, 0023.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

SETTING = "attendance_beside"
"""The board's dated list of such marks; a board that has said nothing uses :data:`DEFAULT_MARKS`."""

Kind = Literal["credited", "elsewhere", "kin"]
"""``credited``: 出席扱い, learning outside the school that the 校長 recognises; ``elsewhere``: 別室, at school but
not in the classroom, which is 出席 and noted; ``kin``: whose death a 忌引 is for, of the board's table of kinship
(:mod:`services.registry.attendance.kin`), which no other service is told."""


class BesideMark(BaseModel):
    """One mark of the board's list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    kind: Kind
    glyph: str
    word: str
    """Where the child was; of ``kin``, who died."""
    days: int | None = None
    """Of ``kin``: how many days in a row the board allows."""


def _mark(code: str, kind: Kind, word: str) -> BesideMark:
    return BesideMark(code=code, kind=kind, glyph=KIND_GLYPHS[kind], word=word)


KIND_GLYPHS: Mapping[Kind, str] = {"credited": "扱", "elsewhere": "別", "kin": ""}
KIND_WORDS: Mapping[Kind, str] = {"credited": "出席扱い", "elsewhere": "別室", "kin": "続柄"}

DEFAULT_MARKS: tuple[BesideMark, ...] = (
    _mark("credited_centre", "credited", "教育支援センター"),
    _mark("credited_facility", "credited", "学校外の民間施設など"),
    _mark("credited_ict", "credited", "自宅でICT学習"),
    _mark("room_support", "elsewhere", "校内教育支援センター"),
    _mark("room_nurse", "elsewhere", "保健室"),
    _mark("room_other", "elsewhere", "ほかの部屋"),
)
"""The places of 文部科学省「不登校児童生徒への支援の在り方について」(2019-10-25, 別記1・2), and rooms of a school."""


@dataclass(frozen=True)
class Beside:
    """The mark beside a child's day: its newest revision."""

    revision: int
    code: str | None
    """None: it was taken away again."""
    kind: Kind | None
    """As the board's list had it when it was entered."""
    by: UUID
    at: datetime


def fits(kind: Kind, presence: str, category: str | None) -> bool:
    """Whether a day of this presence can have such a mark beside it.

    出席扱い is said of a day on which the child had to come, whether the school enters it as 出席 or as 欠席; 別室 of a
    day on which it came, a kinship of a day of 忌引. Of a day without an entry none is, nor of another day apart.
    """
    if kind == "kin":
        return category == "bereavement"
    if kind == "elsewhere":
        return presence == "present"
    return presence == "present" or (presence == "absent" and category in (None, "sick", "other"))
