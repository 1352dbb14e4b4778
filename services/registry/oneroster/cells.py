"""Checks of a single cell: each takes the text and says the rule it breaks and the remedy, or ``None``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from typing import NamedTuple

from services.registry.oneroster import codes


class Fault(NamedTuple):
    """A broken rule and how to mend it, both in Japanese."""

    rule: str
    remedy: str


Check = Callable[[str], Fault | None]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_USER_ID = re.compile(r"\{[^:{}]+:[^{}]+\}")
_HALF_WIDTH_KANA = re.compile("[\uff61-\uff9f]")
_KANA = re.compile("[\u3041-\u309f\u30a0-\u30ff\u3000 =・-]+")
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def folded(text: str) -> str:
    """NFKC without surrounding blanks: for codes, digits and kana, never for names."""
    return text if text.isascii() and text == text.strip() else unicodedata.normalize("NFKC", text).strip()


def as_date(text: str) -> date | None:
    """A business date written ``YYYY-MM-DD`` (digits of any width), or ``None``."""
    plain = folded(text)
    if not _DATE.fullmatch(plain):
        return None
    try:
        return date.fromisoformat(plain)
    except ValueError:
        return None


def as_list(text: str) -> tuple[str, ...]:
    """The parts of a list cell."""
    return tuple(part for part in (part.strip() for part in text.split(",")) if part)


def sourced_id(text: str) -> Fault | None:
    # Not printable: control characters and every blank but the ASCII one.
    if not text.isprintable() or " " in text:
        return Fault("sourcedId に空白や制御文字は使えません", "空白を取り除いてください")
    if len(text) > 255:
        return Fault("sourcedId は 255 文字までです", "短い ID にしてください")
    return None


def sourced_ids(text: str) -> Fault | None:
    return next((fault for part in as_list(text) if (fault := sourced_id(part))), None)


def day(text: str) -> Fault | None:
    if as_date(text) is None:
        return Fault("日付は YYYY-MM-DD の、実在する日です", "例: 2026-04-01")
    return None


def boolean(text: str) -> Fault | None:
    if text not in ("true", "false"):
        return Fault("true か false です", "小文字で true または false と書いてください")
    return None


def number(text: str) -> Fault | None:
    plain = folded(text)
    if not (plain.isascii() and plain.isdigit() and 1 <= int(plain[:6]) <= 999):
        return Fault("出席番号は 1～999 の整数です", "数字だけを書いてください")
    return None


def year(text: str) -> Fault | None:
    if not re.fullmatch(r"(19|20|21)\d{2}", folded(text), re.ASCII):
        return Fault("年度は西暦 4 桁です", "例: 2026")
    return None


def year_title(text: str) -> Fault | None:
    if not re.fullmatch(r"\d{4}年度", folded(text), re.ASCII):
        return Fault("title は「西暦4桁＋年度」です", "例: 2026年度")
    return None


def grades(text: str) -> Fault | None:
    unknown = [part for part in as_list(folded(text)) if part not in codes.GRADES]
    if unknown:
        remedy = "P1～P6（小）・J1～J3（中）・H1～H3（高）・E1～E3（幼）です"
        return Fault(f"学年の区分に「{unknown[0]}」はありません", remedy)
    return None


def user_ids(text: str) -> Fault | None:
    if not all(_USER_ID.fullmatch(part) for part in as_list(text)):
        return Fault("userIds は {種類:ID} の並びです", "例: {LDAP:abc}")
    return None


def one_of(allowed: Iterable[str]) -> Check:
    """The cell holds one of the words."""
    words = tuple(allowed)

    def check(text: str) -> Fault | None:
        if text in words:
            return None
        return Fault(f"「{text}」という値はありません", f"{'・'.join(words)} のどれかです")

    return check


def status(text: str) -> Fault | None:
    if text == "active":
        return None
    if text == "tobedeleted":
        remedy = "行を取り除いてください。名簿にないものは終わりになります"
        return Fault("bulk の取り込みに tobedeleted の行は置けません", remedy)
    return Fault(f"「{text}」という値はありません", "空か active です")


def text(value: str) -> Fault | None:
    """Any text: no control characters, no damage."""
    if value.isprintable() and "\ufffd" not in value:
        return None
    for character in value:
        if character == "\ufffd":
            return Fault("文字が壊れています（�）", "元の名簿から UTF-8 で書き出し直してください")
        if unicodedata.category(character) in _FORBIDDEN:
            return Fault(f"制御文字（U+{ord(character):04X}）があります", "制御文字を取り除いてください")
    return None


def name(value: str) -> Fault | None:
    """A name: stored code point for code point, so what cannot be meant is refused rather than mended."""
    if fault := text(value):
        return fault
    if _HALF_WIDTH_KANA.search(value):
        return Fault("氏名に半角カナは使えません", "全角で書いてください")
    if value != value.strip():
        return Fault("氏名の前後に空白があります", "前後の空白を取り除いてください")
    return None


def kana(value: str) -> Fault | None:
    """A reading: kana only, no half width."""
    if fault := name(value):
        return fault
    if not _KANA.fullmatch(folded(value)):
        return Fault("よみは、ひらがなかカタカナで書きます", "かな以外の文字を取り除いてください")
    return None
