"""連絡先: what may be written in an address, a postal code, a telephone number, and how they read. Pure.

What is typed or pasted is taken in any width; numbers and codes become ASCII, addresses stay code point for code point
(decisions.md §1 "Text").
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.registry.oneroster import cells
from services.registry.roster.rows import ContactIs

PHONE_KINDS: Mapping[str, str] = {"mobile": "携帯", "home": "自宅", "work": "勤務先", "other": "そのほか"}
LANGUAGES: Mapping[str, str] = {
    "ja": "日本語",
    "en": "English",
    "es": "Español",
    "fil": "Filipino",
    "id": "Bahasa Indonesia",
    "ko": "한국어",
    "my": "မြန်မာဘာသာ",
    "ne": "नेपाली",
    "pt": "Português",
    "th": "ภาษาไทย",
    "uk": "Українська",
    "vi": "Tiếng Việt",
    "zh": "中文",
}
"""Languages that are offered, by their own names; a source may bring others, which are shown as they came."""
MOST_PHONES = 4
LONGEST_ADDRESS = 200

_DASHES = re.compile("[\u2010-\u2015\u2212\u30fc\uff70-]")
_AROUND_AREA = re.compile(r"[()\s.]+")
_PHONE = re.compile(r"\+?\d+(?:-\d+)*", re.ASCII)
_POSTAL = re.compile(r"\d{7}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", re.ASCII)


def as_phone(text: str) -> str:
    """A telephone number in one spelling: ``（０４５）１２３−４５６７`` is ``045-123-4567``."""
    plain = _DASHES.sub("-", cells.folded(text))
    return re.sub("-+", "-", _AROUND_AREA.sub("-", plain)).strip("-")


def phone_fault(number: str) -> cells.Fault | None:
    """What is wrong with a number in its one spelling."""
    digits = sum(each.isdigit() for each in number)
    if _PHONE.fullmatch(number) and (7 <= digits <= 15 if number[0] == "+" else 9 <= digits <= 11):
        return None
    return cells.Fault("電話番号ではありません", "市外局番から、数字で書いてください。例: 045-123-4567")


def as_postal_code(text: str) -> str:
    """``〒２３１－００１７`` is ``2310017``."""
    return _DASHES.sub("", cells.folded(text).removeprefix("〒").strip())


def postal_fault(code: str) -> cells.Fault | None:
    """What is wrong with a code in its one spelling."""
    return None if _POSTAL.fullmatch(code) else cells.Fault("郵便番号は 7 桁の数字です", "例: 231-0017")


def address_fault(text: str) -> cells.Fault | None:
    """What is wrong with an address; it is never mended."""
    if len(text) > LONGEST_ADDRESS:
        return cells.Fault(f"住所は {LONGEST_ADDRESS} 文字までです", "短くしてください")
    return cells.TEXT.check(text)


def language_fault(tag: str) -> cells.Fault | None:
    """What is wrong with a language (BCP 47)."""
    if _LANGUAGE.fullmatch(tag) and len(tag) <= 35:
        return None
    return cells.Fault("言語は BCP 47 の名前で書きます", "例: ja、pt、vi、zh-Hans")


def postal_words(code: str) -> str:
    """``〒231-0017``."""
    return f"〒{code[:3]}-{code[3:]}"


def language_word(tag: str) -> str:
    """A language by its own name; one that is not offered here as it came."""
    return LANGUAGES.get(tag) or LANGUAGES.get(tag.split("-")[0]) or tag


def contact_words(what: ContactIs) -> str:
    """A whole 連絡先 in one line."""
    told = [
        f"{postal_words(what.postal_code)} " if what.postal_code else "",
        what.address,
    ]
    place = "".join(told).strip()
    phones = "・".join(f"{PHONE_KINDS.get(each.kind, each.kind)} {each.number}" for each in what.phones)
    spoken = f"ことば {language_word(what.language)}" if what.language else ""
    return "、".join(part for part in (place, phones, spoken) if part) or "（なし）"
