"""Who said what about a day, in words."""

from __future__ import annotations

from typing import Any

from services.dashboard.school_day.rules import explain

AT = "2026-11-20T07:41:00+09:00"


def said(**fact: Any) -> dict[str, Any]:
    whole = {
        "source": "notice",
        "code": None,
        "by": "x",
        "at": AT,
        "reason": None,
        "relation": "mother",
        **fact,
    }
    (line,) = explain([whole], None, {}, {"x": {"family": "事務", "given": "花"}})
    return line


def test_a_call_names_who_took_it_and_the_app_nobody() -> None:
    assert said(channel="phone")["who"] == "母・電話（受けた人 事務 花）"
    assert said(channel="app")["who"] == "母・アプリ"


def test_a_word_without_a_mark_was_taken_back_or_is_to_be_read() -> None:
    assert said(channel="app")["word"] == "取り消し"
    assert (said(channel="app", to_read=True)["word"], said(channel="app", to_read=True)["to_read"]) == (
        "そのほかの連絡",
        True,
    )
