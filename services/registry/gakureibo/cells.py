"""What single cells of a 学齢簿 mean, in the many ways in which boards' systems write them. Pure.

Each reader gives the one thing that a cell can mean, or a :class:`Fault` with the rule it breaks and the remedy.
Letters of names are never changed; the blank between 氏 and 名 is how whole names are written, and no part of either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from services.registry.oneroster.cells import DAY, KANA, NAME, Fault, as_date, folded
from services.registry.roster.grades import ELEMENTARY, GRADES, JUNIOR_HIGH, taught

Sex = str


class Era(NamedTuple):
    """A 元号: its number in the seven digits of municipal systems, and its days."""

    number: str
    signs: tuple[str, ...]
    first: date
    last: date | None


ERAS = (
    Era("3", ("昭和", "昭", "S"), date(1926, 12, 25), date(1989, 1, 7)),
    Era("4", ("平成", "平", "H"), date(1989, 1, 8), date(2019, 4, 30)),
    Era("5", ("令和", "令", "R"), date(2019, 5, 1), None),
)
"""元号法 and its 政令; nobody whom a school's register names was born before."""
_OF_SIGN = {sign: era for era in ERAS for sign in era.signs}
_OF_NUMBER = {era.number: era for era in ERAS}
_ERA_DAY = re.compile(
    r"(昭和|平成|令和|[昭平令SHR])\s*(元|\d{1,2})(?:年\s*(\d{1,2})月\s*(\d{1,2})日|([./-])\s*(\d{1,2})\5\s*(\d{1,2}))",
    re.ASCII,
)
_PACKED = re.compile(r"([345])(\d{2})(\d{2})(\d{2})", re.ASCII)

DATE_FAULT = Fault(
    "日付は、西暦（2020/4/2）か元号（令和2年4月2日、R2.4.2）の、実在する日です", "例: 2020/4/2、令和2年4月2日"
)

SEXES: Mapping[str, Sex] = {
    **dict.fromkeys(("男", "男性", "男子", "1", "01", "M", "男の子"), "male"),
    **dict.fromkeys(("女", "女性", "女子", "2", "02", "F", "女の子"), "female"),
}
_NO = frozenset(("", "0", "00", "無", "なし", "無し", "×", "-", "非該当", "対象外", "false"))
_YES = frozenset(
    ("1", "01", "有", "あり", "有り", "○", "〇", "◯", "該当", "対象", "支援措置", "支援措置対象", "true")
)

RELATIONS: Mapping[str, str] = {
    "父": "father",
    "母": "mother",
    "祖父": "grandfather",
    "祖母": "grandmother",
    "おじ": "uncle",
    "伯父": "uncle",
    "叔父": "uncle",
    "おば": "aunt",
    "伯母": "aunt",
    "叔母": "aunt",
    "兄": "brother",
    "姉": "sister",
    "養父": "father",
    "養母": "mother",
    "里親": "foster_parent",
    "施設長": "facility",
    "施設": "facility",
    "後見人": "guardian",
    "未成年後見人": "guardian",
}
"""続柄 of the guardian → ours; every other word is read as その他, and told."""

_GRADE = re.compile(r"(小学?|中学?|[PJ])?0?(\d)(?:学?年生?)?", re.ASCII)
_STAGE = {"小": "P", "小学": "P", "P": "P", "中": "J", "中学": "J", "J": "J"}


class Halves(NamedTuple):
    """氏 and 名 of a name or of a reading."""

    family: str
    given: str


def day(text: str) -> date | Fault:
    """A day in western years or of an era; 20200402 and 5020402 (元号, year, month, day) too."""
    plain = folded(text)
    if found := _ERA_DAY.fullmatch(plain):
        month, of_month = found[3] or found[6], found[4] or found[7]
        return _in_era(_OF_SIGN[found[1]], found[2], month, of_month)
    if packed := _PACKED.fullmatch(plain):
        return _in_era(_OF_NUMBER[packed[1]], packed[2], packed[3], packed[4])
    assert DAY.mend is not None
    written = DAY.mend(text)
    if (found_day := as_date(written)) is not None:
        return found_day
    fault = DAY.check(written)
    return fault if fault is not None and "番号" in fault.rule else DATE_FAULT


def _in_era(era: Era, year: str, month: str, of_month: str) -> date | Fault:
    number = 1 if year == "元" else int(year)
    try:
        found = date(era.first.year + number - 1, int(month), int(of_month))
    except ValueError:
        return DATE_FAULT
    if number < 1 or found < era.first or (era.last is not None and found > era.last):
        return Fault(f"{era.signs[0]}に、その日はありません", "元号と年を確かめてください")
    return found


def sex(text: str) -> Sex | Fault:
    """男・女 and their codes; empty: not said."""
    plain = folded(text).upper()
    if not plain:
        return "unspecified"
    return SEXES.get(plain) or Fault(f"性別に「{plain}」はありません", "男・女（または 1・2）です")


def protected(text: str) -> bool | Fault:
    """Whether a 支援措置 is marked. What is neither is refused: a mark must not be lost for its spelling."""
    plain = folded(text)
    if plain.casefold() in _NO:
        return False
    if plain.casefold() in _YES:
        return True
    return Fault(f"支援措置に「{plain}」はありません", "対象なら 1・有・○、対象でなければ空・0・無 です")


def relation(text: str) -> str:
    """What the guardian is to the child."""
    return RELATIONS.get(folded(text), "other")


def name(text: str) -> Halves | Fault:
    """A whole name with a blank between 氏 and 名; what follows a second blank belongs to 名."""
    whole = text.strip(" \u3000\t\u00a0")
    parts = re.split("[ \u3000]+", whole, maxsplit=1)
    if len(parts) != 2:
        return Fault(
            "氏と名の間に空白がありません",
            "氏と名を空白で分けて書き出すか、氏の列と名の列を別々に選んでください",
        )
    return halves(parts[0], parts[1])


def halves(family: str, given: str) -> Halves | Fault:
    """氏 and 名 from columns of their own."""
    found = Halves(family.strip(" \u3000\t\u00a0"), given.strip(" \u3000\t\u00a0"))
    for part in found:
        if fault := NAME.check(part):
            return fault
    if not all(found):
        return Fault("氏か名が空です", "氏と名の両方を書いてください")
    return found


def reading(text: str) -> Halves | Fault:
    """A whole reading; half-width kana are the same in full width."""
    parts = re.split("[ \u3000]+", folded(text), maxsplit=1)
    if len(parts) != 2:
        return Fault("フリガナの、氏と名の間に空白がありません", "氏と名を空白で分けて書き出してください")
    return readings(parts[0], parts[1])


def readings(family: str, given: str) -> Halves | Fault:
    """Readings of 氏 and 名 from columns of their own."""
    found = Halves(folded(family), folded(given))
    for part in found:
        if fault := KANA.check(part):
            return fault
    if not all(found):
        return Fault("フリガナの氏か名が空です", "氏と名の両方を書いてください")
    return found


def grade(text: str, kind: str) -> str | Fault:
    """「1」「小1」「1年」「P1」 at a kind of school; 7 to 9 are 中1 to 中3, as registers of nine years count."""
    plain = folded(text)
    found = _GRADE.fullmatch(plain)
    if found is None:
        return Fault(f"学年に「{plain}」はありません", "例: 1、小1、1年、P1")
    number = int(found[2])
    code = f"{_STAGE[found[1]]}{number}" if found[1] else _counted(number, kind)
    if code is None:
        return Fault(f"学年「{plain}」が小学部か中学部か分かりません", "小1、中1 のように書いてください")
    if code not in GRADES or not taught(kind, code):
        return Fault(f"その学校に学年「{plain}」はありません", "学年と学校を確かめてください")
    return code


def _counted(number: int, kind: str) -> str | None:
    if number > len(ELEMENTARY):
        return f"J{number - len(ELEMENTARY)}"
    if kind == "junior_high":
        return f"J{number}" if number <= len(JUNIOR_HIGH) else f"P{number}"
    return None if kind == "special_needs_school" else f"P{number}"
