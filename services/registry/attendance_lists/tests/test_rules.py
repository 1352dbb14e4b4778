"""The board's lists of attendance: what cannot be is named by line and field, and codes keep their meaning."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.attendance.symbols import DEFAULT_SYMBOLS, Symbol
from services.registry.attendance_lists import rules
from services.registry.attendance_lists.rules import COUNTS, NEEDED, Row, Told, Which, wrong_in

WHICH: list[Which] = ["symbols", "beside", "bereavement"]
FIRST = {which: rules.read(which, None).rows for which in WHICH}


def with_row(which: Which, at: int, **change: Any) -> list[Row]:
    rows = list(FIRST[which])
    rows[at] = rows[at]._replace(**change)
    return rows


def wrong(which: Which, rows: list[Row]) -> list[tuple[str, str]]:
    return [(each.where, each.message) for each in wrong_in(which, rows, FIRST[which])]


@pytest.mark.parametrize("which", WHICH)
def test_what_a_board_starts_with_is_right_and_says_what_it_said(which: Which) -> None:
    told = rules.read(which, None)
    assert wrong(which, list(told.rows)) == []
    value = rules.value(which, told, told.rows, uuid4())
    assert rules.read(which, value) == told
    assert rules.changes(which, told, rules.read(which, value)) == ["前と同じ"]
    if which == "symbols":
        assert [Symbol.model_validate(each) for each in value] == list(DEFAULT_SYMBOLS)


@pytest.mark.parametrize(
    ("which", "rows", "where", "words"),
    [
        ("symbols", with_row("symbols", 1, word=" "), "2行目の言葉", "書いてください"),
        ("symbols", with_row("symbols", 1, word="病" * 13), "2行目の言葉", "12文字まで"),
        ("symbols", with_row("symbols", 2, word="病欠"), "3行目の言葉", "「病欠」が二つ"),
        ("symbols", with_row("symbols", 1, glyph=""), "2行目の印", "ます"),
        ("symbols", with_row("symbols", 1, glyph="病欠だ"), "2行目の印", "2文字まで"),
        ("symbols", with_row("symbols", 2, glyph="病"), "3行目の印", "「病」が二つ"),
        ("symbols", with_row("symbols", 1, key="1"), "2行目の打つキー", "A〜Z"),
        ("symbols", with_row("symbols", 1, key="J"), "3行目の打つキー", "同じキー"),
        ("symbols", with_row("symbols", 1, key=" "), "2行目の打つキー", "スペースは出席"),
        ("symbols", with_row("symbols", 1, counts="other"), "2行目の数え方", "変えられません"),
        ("symbols", with_row("symbols", 1, counts="gone"), "2行目の数え方", "一覧から"),
        ("symbols", with_row("symbols", 6, code="made_up"), "7行目の行", "いまの一覧にありません"),
        ("symbols", [*FIRST["symbols"], FIRST["symbols"][0]], "9行目の行", "同じ行"),
        ("beside", with_row("beside", 0, glyph="扱い"), "1行目の印", "1文字まで"),
        ("beside", with_row("beside", 0, counts="kin"), "1行目の数え方", "一覧から"),
        ("bereavement", with_row("bereavement", 1, days=11), "2行目の日数", "1から10"),
        ("bereavement", with_row("bereavement", 1, days=None), "2行目の日数", "1から10"),
        ("bereavement", [], "全体", "1行以上"),
    ],
)
def test_what_cannot_be_is_named(which: Which, rows: list[Row], where: str, words: str) -> None:
    found = wrong(which, rows)
    assert [each for each in found if each[0] == where and words in each[1]], found


@pytest.mark.parametrize("code", sorted(NEEDED))
def test_what_a_familys_word_is_written_with_stays(code: str) -> None:
    rows = [row for row in FIRST["symbols"] if row.code != code]
    assert [where for where, words in wrong("symbols", rows) if "消せません" in words] == ["全体"]
    assert wrong("symbols", [row for row in FIRST["symbols"] if row.code != "suspended"]) == []


def test_a_code_that_was_ever_used_is_given_to_no_other_line() -> None:
    new = Row(None, "not_required", "登校を要しない日", "要", "Y")
    once = rules.value("symbols", Told((*FIRST["symbols"], new)), FIRST["symbols"], uuid4())
    known = [*FIRST["symbols"], *rules.read("symbols", once).rows]
    assert once[-1]["code"] == "own_1"
    assert (once[-1]["presence"], once[-1]["category"]) == ("absent", "not_required")
    other = Row(None, "suspension", "公欠", "公", "Y")
    again = rules.value("symbols", Told((*FIRST["symbols"], other, other._replace(key="Z"))), known, uuid4())
    assert [each["code"] for each in again[-2:]] == ["own_2", "own_3"]


def test_what_has_changed_is_told_in_words() -> None:
    before = rules.read("bereavement", None)
    rows = (before.rows[0]._replace(days=5), *before.rows[2:], Row("kin_own_1", "kin", "いとこ", days=1))
    assert rules.changes("bereavement", before, Told(rows, holidays=True)) == [
        "加えた：いとこ 1日",
        "なくした：祖父母 3日",
        "変えた：父母 7日→父母 5日",
        "続く忌引に、休みの日も数える",
    ]
    symbols = rules.read("symbols", None)
    changed = Told(tuple(with_row("symbols", 1, glyph="ビ")))
    assert rules.changes("symbols", symbols, changed) == [
        "変えた：病欠（病気欠席、印 病、キー K）→病欠（病気欠席、印 ビ、キー K）"
    ]
    assert rules.changes("symbols", symbols, Told(symbols.rows[::-1])) == ["並びを変えた"]


texts = st.text("病A1 欠", max_size=3)
lines = st.builds(
    Row,
    code=st.sampled_from([None, *(row.code for rows in FIRST.values() for row in rows)]),
    counts=st.sampled_from([*COUNTS, "credited", "elsewhere", "kin", ""]),
    word=texts,
    glyph=texts,
    key=texts,
    days=st.none() | st.integers(-1, 12),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHICH), st.lists(lines, max_size=12), st.booleans())
def test_lines_without_fault_are_stored_and_read_again(which: Which, more: list[Row], holidays: bool) -> None:
    rows = [*FIRST[which], *more]
    if wrong_in(which, rows, FIRST[which]):
        return
    told = Told(tuple(rows), holidays and which == "bereavement")
    value = rules.value(which, told, FIRST[which], uuid4())
    read = rules.read(which, value)
    assert [row._replace(code=None) for row in read.rows] == [
        row._replace(code=None, **_left_out(which)) for row in rows
    ]
    assert len({row.code for row in read.rows}) == len(rows)


def _left_out(which: Which) -> dict[str, Any]:
    """What a list has no place for."""
    if which == "symbols":
        return {"days": None}
    return {"key": "", "days": None} if which == "beside" else {"key": "", "glyph": ""}
