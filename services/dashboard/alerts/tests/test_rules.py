"""When absences are a matter for the school: by example, and against a plain recount."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.alerts.rules import DEFAULT, RECENT, Rule, derive, rules_of

DAYS = [date(2026, 11, 2) + timedelta(days=n) for n in range(60) if n % 7 < 5]
LETTERS: dict[str, dict[str, Any] | None] = {
    "p": {"presence": "present", "category": None},
    "s": {"presence": "absent", "category": "sick"},
    "o": {"presence": "absent", "category": "other"},
    "t": {"presence": "absent", "category": "suspension"},
    "m": {"presence": "absent", "category": "bereavement"},
    "u": {"presence": "unrecorded", "category": None},
    "-": None,
}
ROW_3 = Rule(code="row_3", word="3日", kind="row", days=3, excused=True)
ROW_7 = Rule(code="row_7", word="7日", kind="row", days=7, excused=False)
YEAR_5 = Rule(code="year", word="年", kind="year", days=5, excused=True)


def told(letters: str) -> dict[date, dict[str, Any]]:
    return {
        on: day for on, letter in zip(DAYS, letters, strict=False) if (day := LETTERS[letter]) is not None
    }


def met(rule: Rule, letters: str) -> list[tuple[int, bool]]:
    """How long each alert's row is, and whether it goes on."""
    found = derive([rule], DAYS[: len(letters)], told(letters))
    return [(len(alert.days), alert.going_on) for alert in found]


def test_three_in_a_row() -> None:
    assert met(ROW_3, "poo") == []
    assert met(ROW_3, "pooo") == [(3, True)]
    assert met(ROW_3, "psosp") == [(3, False)]
    assert met(ROW_3, "oopoo") == [], "a day at school ends a row"
    assert met(ROW_3, "oot-uo") == [(3, True)], "出席停止 and a missing roll neither count nor end it"
    assert met(ROW_3, "oomm") == []


def test_seven_without_an_excuse() -> None:
    assert met(ROW_7, "ooooooo") == [(7, True)]
    assert met(ROW_7, "ooosooo") == [], "病欠 is a good reason"
    assert met(ROW_7, "ooootooo") == [(7, True)]
    assert met(ROW_7, "sssssss") == []


def test_of_a_year() -> None:
    assert met(YEAR_5, "opopopop") == []
    assert met(YEAR_5, "opspopopo") == [(5, True)]
    (alert,) = derive([YEAR_5], DAYS, told("ooooo"))
    assert alert.first == date(2026, 4, 1), "the same alert whichever day is corrected"


def test_a_row_long_ago_is_nobodys_matter() -> None:
    assert met(ROW_3, "ooo" + "p" * (RECENT - 1)) == [(3, False)]
    assert met(ROW_3, "ooo" + "p" * RECENT) == []


letters_ = st.text(alphabet=sorted(LETTERS), max_size=30)


@given(letters_, st.integers(2, 6), st.booleans())
def test_rows_are_what_a_person_would_count(letters: str, days: int, excused: bool) -> None:
    rule = Rule(code="row", word="続けて", kind="row", days=days, excused=excused)
    counting = "so" if excused else "o"
    ending = "p" if excused else "ps"
    pieces: list[str] = [""]
    for letter in letters:
        if letter in ending:
            pieces.append("")
        else:
            pieces[-1] += letter
    long = [sum(letter in counting for letter in piece) for piece in pieces]
    found = derive([rule], DAYS[: len(letters)], told(letters))
    # Those that are too long ago are left out, and they are the first.
    expected = [count for count in long if count >= days]
    assert [len(alert.days) for alert in found] == expected[len(expected) - len(found) :]
    for alert in found:
        assert all(told(letters)[on]["presence"] == "absent" for on in alert.days)
        assert alert.first == alert.days[0]


@given(letters_, st.integers(0, 29))
def test_a_day_at_school_never_makes_an_alert(letters: str, at: int) -> None:
    """A correction to 出席 withdraws, and raises nothing."""
    corrected = letters[:at] + "p" + letters[at + 1 :] if at < len(letters) else letters
    before = {
        (alert.rule.code, day)
        for alert in derive([ROW_3, YEAR_5], DAYS[: len(letters)], told(letters))
        for day in alert.days
    }
    after = {
        (alert.rule.code, day)
        for alert in derive([ROW_3, YEAR_5], DAYS[: len(letters)], told(corrected))
        for day in alert.days
    }
    assert after <= before


def test_the_boards_rules() -> None:
    assert rules_of(None) == DEFAULT
    said = [{"code": "row_5", "word": "5日続けて", "kind": "row", "days": 5, "excused": True}]
    assert [rule.days for rule in rules_of(said)] == [5]
    assert rules_of([{"code": "x"}]) == rules_of("3日") == DEFAULT
    assert rules_of([]) == (), "a board may switch all of them off"
