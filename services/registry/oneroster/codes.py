"""学校コード, 教育委員会コード and 学年 codes: their forms and what they say.

Sources: 文部科学省 学校コード (13 characters, check digit verified on 51 published vectors); 学年 codes of the
OneRoster Japan profile.
"""

from __future__ import annotations

import re

SCHOOL_KINDS = {
    "A1": "kindergarten",
    "A2": "certified_childcare",
    "B1": "elementary",
    "C1": "junior_high",
    "C2": "compulsory",
    "D1": "high_school",
    "D2": "secondary_school",
    "E1": "special_needs_school",
}
"""学校種 of a 学校コード → kind of the organisation. Universities and 専修学校 have no roster here."""

GRADES_OF_KIND = {
    "kindergarten": frozenset({"E1", "E2", "E3"}),
    "certified_childcare": frozenset({"E1", "E2", "E3"}),
    "elementary": frozenset({"P1", "P2", "P3", "P4", "P5", "P6"}),
    "junior_high": frozenset({"J1", "J2", "J3"}),
    "compulsory": frozenset({"P1", "P2", "P3", "P4", "P5", "P6", "J1", "J2", "J3"}),
    "high_school": frozenset({"H1", "H2", "H3"}),
    "secondary_school": frozenset({"J1", "J2", "J3", "H1", "H2", "H3"}),
}
"""Grades a kind of school has; a 特別支援学校 may have all of them."""

GRADES = frozenset().union(*GRADES_OF_KIND.values())

TRAINING_PREFECTURE = "99"
"""No prefecture has this number (01–47 exist), so a generated code is never that of a real school."""

_SCHOOL_CODE = re.compile(r"(?:A[12]|B1|C[12]|D[12]|E1|F[12]|G1|H[12])(\d{2})[123]\d{7}\d", re.ASCII)
_BOARD_CODE = re.compile(r"(\d{2})\d{4}", re.ASCII)


def school_check_digit(body: str) -> str:
    """The 検査数字 of the first 12 characters of a 学校コード.

    The letter becomes two digits (A=01 … H=08); weights 1, 2, 1, 2 … from the left; the digits of each product are
    added; the check digit fills the sum up to the next ten.
    """
    digits = f"{ord(body[0]) - ord('A') + 1:02d}{body[1:]}"
    total = 0
    for place, digit in enumerate(digits):
        tens, ones = divmod(int(digit) * (1 + place % 2), 10)
        total += tens + ones
    return str(-total % 10)


def school_code_fault(code: str) -> str | None:
    """What is wrong with a 学校コード, in Japanese, or ``None``."""
    match = _SCHOOL_CODE.fullmatch(code)
    if match is None:
        return "学校コードは 13 文字です（学校種 2・都道府県 2・設置区分 1・学校番号 7・検査数字 1）"
    if not _known_prefecture(match[1]):
        return "学校コードの 3・4 文字目は都道府県番号（01～47。訓練用は 99）です"
    if school_check_digit(code[:12]) != code[12]:
        return "学校コードの検査数字（最後の 1 桁）が合いません"
    return None


def board_code_fault(code: str) -> str | None:
    """What is wrong with a 教育委員会コード, in Japanese, or ``None``."""
    match = _BOARD_CODE.fullmatch(code)
    if match is None or not _known_prefecture(match[1]):
        return "教育委員会コードは 6 桁の数字で、はじめの 2 桁は都道府県番号（01～47。訓練用は 99）です"
    return None


def _known_prefecture(number: str) -> bool:
    return "01" <= number <= "47" or number == TRAINING_PREFECTURE


def grade_in_words(grade: str) -> str:
    """``P2`` → 小2, for messages."""
    return {"P": "小", "J": "中", "H": "高", "E": "幼"}[grade[0]] + grade[1:]
