"""Kana order and search shadows of names (decisions.md §1 "Text"). Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from services.registry.roster.glyphs import FOLDED

_REMEMBERED = 50_000
"""Names: a city's hundred thousand people share far fewer families and given names."""

_VOWELS = {
    "ア": "アカサタナハマヤラワャァヵ",
    "イ": "イキシチニヒミリヰィ",
    "ウ": "ウクスツヌフムユルゥュッ",
    "エ": "エケセテネヘメレヱェヶ",
    "オ": "オコソトノホモヨロヲォョ",
}
_VOWEL_OF = {kana: vowel for vowel, row in _VOWELS.items() for kana in row}
_SMALL = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))
_BASE_ORDER = {
    kana: chr(ord("0") + place)
    for place, kana in enumerate(
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヰヱヲン"
    )
}
_VOICING = {"": "0", "\u3099": "1", "\u309a": "2"}
_LEVEL_END = " "
_FIELD_END = "/"
_MISSING = "~"
_OTHER = "z"

_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_KATAKANA_TO_HIRAGANA = {code + 0x60: code for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}

_IGNORED_IN_SEARCH = frozenset({" ", "\u3000", "・", "\u200b"})


def kana_sort_key(*fields: str | None) -> str:
    """Key that sorts readings like a Japanese directory when compared bytewise (``COLLATE "C"``).

    はは < ハハ < はば < ばば < ぱぱ (JIS X 4061): first the kana without marks, then 清音・濁音・半濁音, then ー before
    small before large, then ひらがな before カタカナ. Each field (family name, given name) is decided wholly before the
    next. A missing reading sorts last. The key is printable ASCII.
    """
    return _FIELD_END.join(_field_key(field) for field in fields)


@lru_cache(_REMEMBERED)
def _field_key(reading: str | None) -> str:
    plain = unicodedata.normalize("NFKC", reading or "")
    base, voicing, size, script = [], [], [], []
    previous = ""
    for character in plain:
        if character in _IGNORED_IN_SEARCH:
            continue
        katakana = character.translate(_HIRAGANA_TO_KATAKANA)
        parts = unicodedata.normalize("NFD", katakana)
        letter, mark, weight = parts[:1], parts[1:2], "2"
        if letter == "ヽ" and previous:  # ゝ repeats the kana before it, ゞ voices it.
            letter = previous
        elif letter == "ー" and previous in _VOWEL_OF:
            letter, weight = _VOWEL_OF[previous], "0"
        elif letter in _SMALL:
            letter, weight = _SMALL[letter], "1"
        previous = letter
        base.append(_BASE_ORDER.get(letter, f"{_OTHER}{ord(letter):06x}"))
        voicing.append(_VOICING.get(mark, "0"))
        size.append(weight)
        script.append("0" if character != katakana else "1")
    if not base:
        return _MISSING
    return _LEVEL_END.join("".join(level) for level in (base, voicing, size, script))


def reading(typed: str) -> str:
    """A reading (フリガナ) as it is kept when it is entered by hand: full-width katakana without blanks around it.

    What no kana is stays as it was typed; whether it is a reading at all, ``cells.KANA`` says.
    """
    plain = unicodedata.normalize("NFKC", typed).strip().translate(_HIRAGANA_TO_KATAKANA)
    return unicodedata.normalize("NFC", plain)  # わ゙ is written in two characters, ヷ in one


def search_text(*parts: str | None) -> str:
    """Shadow text of names for search: width, case, script of kana, blanks and glyph variants make no difference.

    Only a shadow: what is shown and sent is the name as registered. ``search_text(query)`` is looked for in it.
    """
    return "".join([_shadow(part) for part in parts if part])


@lru_cache(_REMEMBERED)
def _shadow(part: str) -> str:
    folded = unicodedata.normalize("NFKC", part).casefold()
    plain = folded.translate(_KATAKANA_TO_HIRAGANA).translate(FOLDED)
    return "".join(
        each for each in plain if each not in _IGNORED_IN_SEARCH and not _is_variation_selector(each)
    )


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
