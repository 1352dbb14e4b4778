"""The invented child of a form's sample. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from services.registry.certificates.rules import Book, Facts, grade_of_school
from shared.dates import school_year

_BOOKS = (
    Book(subject="国語", publisher="00 見本", code="国語 200", title="見本の国語 二上"),
    Book(subject="算数", publisher="00 見本", code="算数 200", title="見本の算数 2上"),
)


def facts(on: date, books: Mapping[str, Sequence[Book]], *, left: bool = False) -> Facts:
    """Somebody of the second grade who leaves on the day, or (``left``) left the day before."""
    last = on - timedelta(days=1) if left else on
    return Facts(
        family="見本",
        given="花子",
        kana="ミホン ハナコ",
        birth_date=date(school_year(on) - 8, 5, 5),
        sex="female",
        grade=grade_of_school("P2"),
        school="見本市立見本小学校",
        head="見本　一郎",
        left_on=last,
        transferred_on=last,
        to="隣市立見本西小学校",
        year=school_year(on),
        books=list(books.get("P2") or _BOOKS),
    )
