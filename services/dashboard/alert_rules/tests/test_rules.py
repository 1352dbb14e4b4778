"""Rules with their days, when a child comes onto the list, and what may be told of how many do."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise, product
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.alert_rules.rules import (
    LADDER,
    Version,
    alike,
    count,
    end_of,
    least,
    months_until,
    named,
    raised,
    replaced,
    states,
    told,
)
from services.dashboard.alerts.rules import DEFAULT, Rule, derive
from services.dashboard.overview.small import SMALL
from shared.dates import TOKYO

DAYS = [date(2026, 6, 1) + timedelta(days=n) for n in range(60) if n % 7 < 5]
SAYS: dict[str, dict[str, Any]] = {
    "p": {"presence": "present", "category": None},
    "s": {"presence": "absent", "category": "sick"},
    "o": {"presence": "absent", "category": "other"},
    "t": {"presence": "absent", "category": "suspension"},
}
ROW_3 = Rule(code="row_3", word="3日", kind="row", days=3, excused=True)
ROW_4 = Rule(code="row_4", word="4日", kind="row", days=4, excused=False)
YEAR_5 = Rule(code="year_5", word="年", kind="year", days=5, excused=True)
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


def test_which_version_holds() -> None:
    first, second, later = (Version(uuid4(), date(2026, *on), []) for on in ((4, 1), (11, 20), (12, 1)))
    today = date(2026, 11, 20)
    assert states([first, second, later], today) == {first.id: "past", second.id: "holds", later.id: "coming"}
    assert states([], today) == {}


WRITTEN = {"code": "row_3", "word": "3日続けて", "kind": "row", "days": 3, "excused": True}


def test_a_rule_keeps_its_code_in_other_words_and_a_new_one_gets_its_own() -> None:
    new = {**WRITTEN, "code": None, "days": 5, "word": "5日"}
    again = {**new, "word": "5日（病欠を除く）", "excused": False}
    assert [rule.code for rule in named([WRITTEN, new, again], [])] == ["row_3", "row_5", "row_5_2"]
    assert named([WRITTEN], [])[0].word == "3日続けて"


def test_a_rule_that_counts_something_else_is_another_rule() -> None:
    """Whatever was said of an alert holds of the days it was said of."""
    ever = [ROW_3.model_copy(update={"code": "row_5", "days": 5})]
    for part in ({"kind": "year"}, {"days": 5}, {"excused": False}):
        (rule,) = named([WRITTEN | part], ever)
        assert rule.code not in ("row_3", "row_5", "row_7", "year_30"), part
    assert named([{**WRITTEN, "days": 7, "excused": True}], [])[0].code == "row_7_2", "row_7 leaves 病欠 out"
    assert named([{**WRITTEN, "code": "row_5", "days": 5}], ever)[0].code == "row_5", "as it once was"
    assert named([{**WRITTEN, "code": "row_6"}], [])[0].code == "row_3_2", "no version had it"


def test_a_version_that_began_was_replaced() -> None:
    at = datetime(2026, 11, 20, 0, 30, tzinfo=TOKYO)
    assert replaced(date(2026, 11, 20), at)
    assert not replaced(date(2026, 11, 21), at)


def test_no_two_rules_alike() -> None:
    other = ROW_3.model_copy(update={"code": "x", "word": "ほか"})
    assert alike([ROW_3, ROW_4, YEAR_5]) is None
    assert alike([ROW_3, ROW_4, other]) == 2, "it counts what another one counts"
    assert alike([ROW_3, ROW_4.model_copy(update={"word": "3日"})]) == 1
    assert alike([ROW_3, ROW_4.model_copy(update={"code": "row_3"})]) == 1


def test_months_of_a_school_year() -> None:
    assert months_until(date(2026, 4, 1)) == [date(2026, 4, 1)]
    assert months_until(date(2027, 1, 31))[-2:] == [date(2026, 12, 1), date(2027, 1, 1)]
    assert len(months_until(date(2027, 3, 31))) == 12
    assert end_of(date(2026, 12, 1)) == date(2026, 12, 31)
    assert end_of(date(2027, 2, 1)) == date(2027, 2, 28)


def met(rules: list[Rule], letters: str, *months: date) -> dict[date, set[str]]:
    days = {on: SAYS[letter] for on, letter in zip(DAYS, letters, strict=False) if letter != "-"}
    return raised(rules, months or (JUNE, JULY), DAYS, days)


def test_an_alert_is_of_the_month_in_which_it_was_met() -> None:
    over = "p" * 21 + "ooooo"  # 30 June is the 22nd school day: the third is 2 July
    assert met([ROW_3], over) == {JULY: {"row_3"}}
    assert met([ROW_3, ROW_4], over, JUNE) == {}
    assert met([ROW_3, YEAR_5], "ooopoo") == {JUNE: {"row_3", "year_5"}}
    assert met([ROW_3], "ooop" * 3) == {JUNE: {"row_3"}}, "a child counts once a month"
    assert met([ROW_4], "oosoo") == {}


@given(st.text(alphabet="psot-", max_size=42), st.lists(st.sampled_from([ROW_3, ROW_4, YEAR_5]), max_size=3))
def test_it_is_the_list_of_some_day_of_the_month(letters: str, rules: list[Rule]) -> None:
    """A trial counts a child exactly where the page of a day would have shown a new alert."""
    seen: dict[date, set[str]] = {}
    before: set[tuple[str, date]] = set()
    for n in range(1, len(DAYS) + 1):
        days = {on: SAYS[one] for on, one in zip(DAYS[:n], letters[:n], strict=False) if one != "-"}
        now = {(alert.rule.code, alert.first) for alert in derive(rules, DAYS[:n], days)}
        for code, _ in now - before:
            seen.setdefault(DAYS[n - 1].replace(day=1), set()).add(code)
        before |= now
    assert met(rules, letters) == seen


def test_children_are_counted_once_each() -> None:
    assert count([{JUNE: {"a", "b"}, JULY: {"a"}}, {JULY: {"b"}}, {}]) == {"all": 2}


def test_numbers_are_told_in_fives() -> None:
    assert [least(n) for n in (0, 1, 4, 5, 9, 10)] == [0, 0, 0, 5, 5, 10]
    counted = {UUID(int=n): {"all": each} for n, each in enumerate((4, 7, 14))}
    assert told(counted) == {"all": 15, "schools": dict(zip(map(str, counted), (0, 5, 10), strict=True))}


def _published(world: tuple[tuple[int, int], ...]) -> str:
    """Everything that leaves of a trial: the draft's numbers beside those of the rules that hold."""
    ids = [UUID(int=n) for n in range(len(world))]
    return repr(
        [
            told({id: {"all": school[which]} for id, school in zip(ids, world, strict=True)})
            for which in (0, 1)
        ]
    )


@pytest.mark.parametrize("schools", [1, 2])
def test_every_number_in_a_five_is_possible_beside_all_that_is_told(schools: int) -> None:
    """Of each school, and of each of its five, there is a world of which just the same is told.

    In every world the draft raises whom the rules that hold raise, and perhaps more: so close are drafts.
    """
    pairs = [(draft, now) for draft in range(15) for now in range(draft + 1)]
    possible: dict[str, set[tuple[int, int, int]]] = defaultdict(set)
    for world in product(pairs, repeat=schools):
        numbers = {(n, which, of[which]) for n, of in enumerate(world) for which in (0, 1)}
        possible[_published(world)] |= numbers
    for output, seen in possible.items():
        for n, which, number in seen:
            assert {(n, which, least(number) + more) for more in range(SMALL)} <= seen, output


def test_days_a_draft_may_ask_for() -> None:
    """施行令20条 asks for seven; what holds until a board says otherwise can be tried."""
    assert all(rule.days in LADDER[rule.kind] for rule in DEFAULT)
    assert all(
        later - sooner > 1 or sooner < 3 for days in LADDER.values() for sooner, later in pairwise(days)
    )
