"""What a single cell may hold: how it is checked, and which spellings mean one thing only and are mended.

A check takes the text and says the rule it breaks and the remedy, or ``None``. A mend takes the text and gives the one
thing it can mean, told to the sender as a note; where two things could be meant it leaves the text alone, and the check
refuses it. Names have no mend: they are legal facts (decisions.md §1 "Text").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.registry.oneroster import codes


class Fault(NamedTuple):
    """A broken rule and how to mend it, both in Japanese."""

    rule: str
    remedy: str


Check = Callable[[str], Fault | None]


class Kind(NamedTuple):
    """What a column's cells may hold. ``told`` says of a mended cell what was done."""

    check: Check
    mend: Callable[[str], str] | None = None
    told: str = ""


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# The year first and with four digits: no other order of the parts can be meant. A spreadsheet adds midnight.
_LOOSE_DATE = re.compile(
    r"(\d{4})(?:([/.-])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))(?: 0:00(?::00)?)?",
    re.ASCII,
)
_SERIAL = re.compile(r"[1-9]\d{4}(?:\.0)?", re.ASCII)
_USER_ID = re.compile(r"\{[^:{}]+:[^{}]+\}")
_WHOLE_NUMBER = re.compile(r"(\d+)\.0+", re.ASCII)
_LOST_DIGITS = re.compile(r"\d(?:\.\d+)?E\+\d+", re.ASCII)
_SHEET_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|#+)")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")
_KANA = re.compile("[\u3041-\u309f\u30a0-\u30ff\u3000 =・-]+")
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BLANKS = " \t\u00a0\u3000"


def folded(text: str) -> str:
    """NFKC without surrounding blanks: for codes, digits and kana, never for names."""
    return text if text.isascii() and text == text.strip() else unicodedata.normalize("NFKC", text).strip()


def as_date(text: str) -> date | None:
    """A business date written ``YYYY-MM-DD``, or ``None``."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def as_instant(text: str) -> datetime | None:
    """An instant as ISO 8601 writes it, with its offset from UTC, or ``None``."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def as_list(text: str) -> tuple[str, ...]:
    """The parts of a list cell."""
    return tuple([part for part in map(str.strip, text.split(",")) if part])


def _trimmed(text: str) -> str:
    return text.strip(_BLANKS)


def _mend_day(text: str) -> str:
    plain = folded(text)
    found = _LOOSE_DATE.fullmatch(plain)
    if found is None or _DATE.fullmatch(plain):
        return plain
    month, day = (found[3] or found[5] or found[7]), (found[4] or found[6] or found[8])
    return f"{found[1]}-{int(month):02d}-{int(day):02d}"


def _mend_boolean(text: str) -> str:
    plain = folded(text)
    return plain.lower() if plain.lower() in ("true", "false") else plain


def _mend_number(text: str) -> str:
    plain = folded(text)
    found = _WHOLE_NUMBER.fullmatch(plain)
    digits = found[1] if found else plain
    return (digits.lstrip("0") or "0") if digits.isascii() and digits.isdigit() else plain


def _day(text: str) -> Fault | None:
    if as_date(text) is not None:
        return None
    if _SERIAL.fullmatch(text):
        meant = date(1899, 12, 30) + timedelta(days=int(text[:5]))
        rule = f"日付ではなく、表計算ソフトの日付の番号です（おそらく {meant}）"
        return Fault(rule, "セルの書式を日付（YYYY-MM-DD）にして書き出し直してください")
    if re.match("[MTSHR明大昭平令]", text):
        return Fault("元号の日付は読みません", "西暦で YYYY-MM-DD と書いてください。例: 2026-04-01")
    return Fault("日付は YYYY-MM-DD の、実在する日です", "例: 2026-04-01")


def _instant(text: str) -> Fault | None:
    if as_instant(text) is None:
        return Fault("日時は ISO 8601 で書きます", "例: 2026-04-01T00:00:00.000Z")
    return None


def _sourced_id(text: str) -> Fault | None:
    # Not printable: control characters and every blank but the ASCII one.
    if not text.isprintable() or " " in text:
        return Fault("sourcedId に空白や制御文字は使えません", "空白を取り除いてください")
    if len(text) > 255:
        return Fault("sourcedId は 255 文字までです", "短い ID にしてください")
    if text[0].isdigit() and (_LOST_DIGITS.fullmatch(text) or _WHOLE_NUMBER.fullmatch(text)):
        remedy = "列の書式を「文字列」にして、元の名簿から書き出し直してください"
        return Fault("表計算ソフトが数に変えた ID です（桁や 0 が失われています）", remedy)
    if text[0] == "#" and _SHEET_ERROR.fullmatch(text):
        return _sheet_error(text)
    return None


def _sourced_ids(text: str) -> Fault | None:
    return next((fault for part in as_list(text) if (fault := _sourced_id(part))), None)


def _boolean(text: str) -> Fault | None:
    if text not in ("true", "false"):
        return Fault("true か false です", "小文字で true または false と書いてください")
    return None


def _number(text: str) -> Fault | None:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 999):
        return Fault("出席番号は 1～999 の整数です", "数字だけを書いてください")
    return None


def _year(text: str) -> Fault | None:
    if not re.fullmatch(r"(19|20|21)\d{2}", text, re.ASCII):
        return Fault("年度は西暦 4 桁です", "例: 2026")
    return None


def _year_title(text: str) -> Fault | None:
    if not re.fullmatch(r"\d{4}年度", text, re.ASCII):
        return Fault("title は「西暦4桁＋年度」です", "例: 2026年度")
    return None


def grades(text: str) -> Fault | None:
    """学年 codes, as the Japan profile writes them."""
    unknown = [part for part in as_list(text) if part not in codes.GRADES]
    if unknown:
        remedy = "P1～P6（小）・J1～J3（中）・H1～H3（高）・E1～E3（幼）です"
        return Fault(f"学年の区分に「{unknown[0]}」はありません", remedy)
    return None


def _user_ids(text: str) -> Fault | None:
    if not all(_USER_ID.fullmatch(part) for part in as_list(text)):
        return Fault("userIds は {種類:ID} の並びです", "例: {LDAP:abc}")
    return None


def one_of(*words: str) -> Kind:
    """The cell holds one of the words."""
    return Kind(_one_of(words), folded, CODE_TOLD)


def _one_of(words: Iterable[str]) -> Check:
    allowed = tuple(words)

    def check(text: str) -> Fault | None:
        if text in allowed:
            return None
        return Fault(f"「{text}」という値はありません", f"{'・'.join(allowed)} のどれかです")

    return check


def _text(value: str) -> Fault | None:
    if value.isprintable() and "\ufffd" not in value and value[:1] != "#":
        return None
    for character in value:
        if character == "\ufffd":
            return Fault("文字が壊れています（�）", "元の名簿から UTF-8 で書き出し直してください")
        kind = unicodedata.category(character)
        if kind in _FORBIDDEN:
            return Fault(f"制御文字（U+{ord(character):04X}）があります", "制御文字を取り除いてください")
        if kind == "Co":
            rule = f"外字（U+{ord(character):04X}）は、登録した機械でしか読めません"
            return Fault(rule, "Unicode にある字で書き出し直してください")
    return _sheet_error(value) if _SHEET_ERROR.fullmatch(value) else None


def _sheet_error(value: str) -> Fault:
    return Fault(f"表計算ソフトのエラー（{value}）です", "元の名簿の値を書いてください")


def _name(value: str) -> Fault | None:
    if fault := _text(value):
        return fault
    if _HALF_WIDTH_KANA.search(value):
        return Fault("氏名に半角カナは使えません", "全角で書いてください")
    if value != value.strip():
        return Fault("氏名の前後に空白があります", "前後の空白を取り除いてください")
    if lost := next((one for one in value if one == "?" or unicodedata.category(one) == "So"), None):
        rule = f"氏名に「{lost}」があります（書き出すときに失われた字の跡です）"
        return Fault(rule, "元の名簿で字を確かめ、UTF-8 で書き出し直してください")
    return None


def _kana(value: str) -> Fault | None:
    if fault := _name(value):
        return fault
    if not _KANA.fullmatch(value):
        return Fault("よみは、ひらがなかカタカナで書きます", "かな以外の文字を取り除いてください")
    return None


def _any(_: str) -> Fault | None:
    return None


CODE_TOLD = "前後の空白を除き、英数字を半角にしました"
_TRIMMED_TOLD = "前後の空白を除きました"

SOURCED_ID = Kind(_sourced_id, _trimmed, _TRIMMED_TOLD)
SOURCED_IDS = Kind(_sourced_ids, _trimmed, _TRIMMED_TOLD)
DAY = Kind(_day, _mend_day, "日付を YYYY-MM-DD にしました")
INSTANT = Kind(_instant, _trimmed, _TRIMMED_TOLD)
BOOLEAN = Kind(_boolean, _mend_boolean, "true・false の書き方にしました")
NUMBER = Kind(_number, _mend_number, "ふつうの数字にしました")
YEAR = Kind(_year, _mend_number, "ふつうの数字にしました")
YEAR_TITLE = Kind(_year_title, folded, CODE_TOLD)
GRADES = Kind(grades, folded, CODE_TOLD)
CODE = Kind(_text, folded, CODE_TOLD)
USER_IDS = Kind(_user_ids, _trimmed, _TRIMMED_TOLD)
TEXT = Kind(_text, _trimmed, _TRIMMED_TOLD)
"""A title or the name of an organisation: blanks around it mean nothing, everything else is kept."""
NAME = Kind(_name)
"""A person's name: stored code point for code point, so what cannot be meant is refused rather than mended."""
KANA = Kind(_kana, folded, "かなを全角にし、前後の空白を除きました")
STATUS = Kind(_any, folded, CODE_TOLD)
"""Which words are allowed depends on the mode of the file (``modes.py``)."""
