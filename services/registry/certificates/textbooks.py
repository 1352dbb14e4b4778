"""The board's textbooks as a spreadsheet has them: grade, 種目, 発行者, 記号・番号, 書名. Pure; nothing is guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from services.registry.certificates.rules import Book
from services.registry.certificates.wording import Wrong
from services.registry.roster.grades import GRADES

HEADS: Final = ("学年", "種目", "発行者", "記号・番号", "書名")
_LONGEST = (20, 30, 30, 30, 80)
_NEEDED = ("種目", "書名")
_STAGE = {"小": "P", "小学": "P", "小学校": "P", "中": "J", "中学": "J", "中学校": "J", "": "P"}
_GRADE = re.compile(r"(小学校|小学|小|中学校|中学|中|)第?([1-9])(?:学?年|年生)?")

Books: TypeAlias = dict[str, list[Book]]


def read_rows(rows: Sequence[Sequence[str]]) -> tuple[Books, list[Wrong]]:
    """The books of each grade, and every cell that cannot be.

    A head line and empty lines are passed over; an empty grade is that of the line above, as merged cells leave it.
    Codes are read in any width (３８ 光村 is 38 光村); a title stays as it is written.
    """
    found: Books = {}
    wrong: list[Wrong] = []
    lines: dict[tuple[str, Book], int] = {}
    grade: str | None = None
    for at, row in enumerate(rows, 1):
        cells = [each.strip() for each in (*row, *[""] * 5)[:5]]
        if not any(each.strip() for each in row) or (at == 1 and _plain(cells[0]) == "学年"):
            continue
        before = len(wrong)
        if any(each.strip() for each in row[5:]):
            wrong.append(Wrong(f"{at}行目", f"列が多すぎます。{'、'.join(HEADS)}の5列にしてください。"))
        if cells[0]:
            grade = read_grade(cells[0])
            if grade is None:
                words = f"「{cells[0]}」は学年として読めません。1年・小1・中1 のように書いてください。"
                wrong.append(Wrong(f"{at}行目の学年", words))
        elif not found and not wrong:
            wrong.append(Wrong(f"{at}行目の学年", "学年を書いてください（1年・中1 など）。"))
        for head, cell, longest in zip(HEADS, cells, _LONGEST, strict=True):
            if head in _NEEDED and not cell:
                wrong.append(Wrong(f"{at}行目の{head}", "書いてください。"))
            if len(cell) > longest:
                wrong.append(Wrong(f"{at}行目の{head}", f"{longest}文字までにしてください。"))
            if any(ord(character) < 32 or ord(character) == 127 for character in cell):
                wrong.append(Wrong(f"{at}行目の{head}", "改行などの見えない文字は使えません。"))
        if len(wrong) > before or grade is None:
            continue
        book = Book(subject=cells[1], publisher=_narrow(cells[2]), code=_narrow(cells[3]), title=cells[4])
        first = lines.setdefault((grade, book), at)
        if first != at:
            wrong.append(Wrong(f"{at}行目", f"{first}行目と同じ本です。どちらかを消してください。"))
        found.setdefault(grade, []).append(book)
    if not found and not wrong:
        wrong.append(Wrong("1行目", f"{'、'.join(HEADS)}の5列を入れてください。"))
    return {each: found[each] for each in GRADES if each in found}, wrong


def rows_of(books: Mapping[str, Sequence[Book]]) -> list[list[str]]:
    """The books as such lines; read again they are the same."""
    return [
        [grade_word(grade), book.subject, book.publisher, book.code, book.title]
        for grade, of in books.items()
        for book in of
    ]


def grade_word(grade: str) -> str:
    """小1, 中3."""
    return f"{'小' if grade[0] == 'P' else '中'}{grade[1:]}"


def read_grade(cell: str) -> str | None:
    """``1年``, ``小１``, ``第1学年``, ``中3``; None: no grade that has textbooks."""
    read = _GRADE.fullmatch(_plain(cell))
    grade = None if read is None else f"{_STAGE[read[1]]}{read[2]}"
    return grade if grade in GRADES else None


def changes(before: Mapping[str, Sequence[Book]], after: Mapping[str, Sequence[Book]]) -> list[str]:
    """What one list says otherwise than the one before, grade by grade."""
    told = []
    for grade in GRADES:
        old, new = list(before.get(grade, ())), list(after.get(grade, ()))
        more, less = sum(each not in old for each in new), sum(each not in new for each in old)
        moved = f"{more}冊が加わり、{less}冊がなくなる" if more and less else ""
        moved = moved or (f"{more}冊が加わる" if more else f"{less}冊がなくなる" if less else "")
        if moved or old != new:
            told.append(f"{grade_word(grade)}: {len(new)}冊（{moved or '並びが変わる'}）")
    return told or ["前と同じ"]


def _plain(cell: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", cell))


def _narrow(cell: str) -> str:
    """Digits, letters and blanks in half width, one blank between words; kana in full width."""
    return " ".join(unicodedata.normalize("NFKC", cell).split())
