"""備考 of a class's sheet, and what its days are called: from the calendar's closures and marks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.registry.attendance.store import Named
from services.registry.register.noting import short
from services.registry.register.rules import Span
from services.registry.school_calendar.cells import REASONS
from shared.contracts.registry import closes

_WORDS = {code: word for word, code in REASONS.items()}
_MOST = 20
"""Children told of by name."""
_SCOPES = {"school": "臨時休業", "grade": "学年閉鎖", "class": "学級閉鎖"}


def closures_of(
    closures: Iterable[Mapping[str, Any]], class_id: UUID, grade: str | None, since: date, until: date
) -> list[tuple[date, str]]:
    """Closures that cover the class on days from ``since`` to the one before ``until``, in words."""
    found = []
    for each in closures:
        on = date.fromisoformat(each["on"])
        if since <= on < until and closes(each, str(class_id), grade):
            found.append((on, f"{_SCOPES[each['scope']]}（{_WORDS.get(each['reason'], 'ほか')}）"))
    return sorted(found)


def in_runs(told: Sequence[tuple[date, str]]) -> list[str]:
    """Days one after another with the same words, told once: ``11/12〜11/13 学級閉鎖（インフルエンザ）``."""
    runs: list[tuple[date, date, str]] = []
    for on, words in sorted(told, key=lambda each: (each[1], each[0])):
        last = runs[-1] if runs else None
        if last and last[2] == words and on - last[1] <= timedelta(days=1):
            runs[-1] = (last[0], on, words)
        else:
            runs.append((on, on, words))
    return [
        f"{short(first)}{'' if first == last else '〜' + short(last)} {words}"
        for first, last, words in sorted(runs)
    ]


def unplaced(lost: Sequence[tuple[UUID, Span]], names: Mapping[UUID, Named]) -> list[str]:
    """Who was 在籍 on days on which no class had the child, for the school to put right; ``lost`` with an end each."""

    def told(pupil: UUID, span: Span) -> str:
        last = (span.until or span.since) - timedelta(days=1)
        days = short(span.since) if last <= span.since else f"{short(span.since)}〜{short(last)}"
        return f"{names[pupil].family}　{names[pupil].given}（{days}）"

    found = [told(*each) for each in lost]
    more = " ほか" if len(found) > _MOST else ""
    return [f"学級が決まっておらず、どの出席簿にもない日：{'、'.join(found[:_MOST])}{more}"] if found else []


def titles(marks: Iterable[Mapping[str, Any]], grade: str | None, day: date) -> list[str]:
    """What a day is called for a grade: 文化の日, 学習発表会."""
    on = day.isoformat()
    return [
        each["title"]
        for each in marks
        if each["on"] == on and each["title"] and (not each["grades"] or grade in each["grades"])
    ]
