"""忌引 that goes on for longer than the board allows: found by kinship, across a month's end, and counted as ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.registry.attendance.beside import Beside
from services.registry.attendance.kin import DEFAULT_TABLE, Kin, KinTable
from services.registry.register import rules
from services.registry.register.bereaved import Over, over
from services.registry.register.lists import KinSet
from services.registry.register.rules import ClassYear
from services.registry.register.tests.test_rules import AT, BEGINS, CLASS, NOVEMBER, child, year

WEEKDAYS = [day for n in range(60) if (day := date(2026, 10, 1) + timedelta(days=n)).weekday() < 5]
"""October and November 2026."""
TODAY = date(2026, 11, 30)
FIRST = WEEKDAYS.index(date(2026, 11, 9))


def of(*, holidays: bool = False, **days: int) -> ClassYear:
    plain = year(WEEKDAYS, today=TODAY)
    if not days and not holidays:
        return plain
    kin = [replace_days(each, days) for each in DEFAULT_TABLE.kin]
    return replace(plain, kin=(KinSet(BEGINS, KinTable(holidays=holidays, kin=tuple(kin))),))


def replace_days(kin: Kin, days: Mapping[str, int]) -> Kin:
    return kin.model_copy(update={"days": days.get(kin.code.removeprefix("kin_"), kin.days)})


def found(codes: Mapping[date, str], kin: Mapping[date, str], of: ClassYear | None = None) -> list[Over]:
    beside = {day: Beside(1, f"kin_{code}", "kin", CLASS, AT) for day, code in kin.items()}
    return over(of_year if of is None else of, replace(child(codes), beside=beside), *NOVEMBER)


of_year = of()


def away(n: int, since: int = FIRST) -> dict[date, str]:
    return dict.fromkeys(WEEKDAYS[since : since + n], "bereavement")


def test_the_fourth_day_for_a_grandparent_is_told_and_the_third_is_not() -> None:
    kin = {WEEKDAYS[FIRST + 1]: "grandparent"}
    assert found(away(3), kin) == []
    assert found(away(4), kin) == [Over(date(2026, 11, 12), "祖父母", 3, 4)]
    assert found(away(4), {}) == [], "whose death it was, nobody has said"


def test_days_in_a_row_go_over_a_weekend_and_a_months_end_and_end_with_a_day_at_school() -> None:
    last = WEEKDAYS.index(date(2026, 10, 30))
    kin = {WEEKDAYS[last - 1]: "sibling"}
    assert found(away(4, last - 1), kin) == [Over(date(2026, 11, 3), "兄弟姉妹", 3, 4)]
    there = {**away(5, last - 1), WEEKDAYS[last + 1]: "present"}
    assert found(there, kin) == []


def test_another_kinship_begins_a_row_of_its_own() -> None:
    kin = {WEEKDAYS[FIRST]: "grandparent", WEEKDAYS[FIRST + 3]: "uncle_aunt"}
    assert found(away(5), kin) == [Over(WEEKDAYS[FIRST + 4], "おじ・おば", 1, 2)]


def test_a_board_that_counts_holidays_counts_the_weekend() -> None:
    codes = away(3, FIRST + 3)  # Thursday, Friday, Monday: five days with the weekend
    kin = {WEEKDAYS[FIRST + 3]: "grandparent"}
    assert found(codes, kin) == []
    assert found(codes, kin, of(holidays=True)) == [Over(WEEKDAYS[FIRST + 5], "祖父母", 3, 5)]


def test_the_table_of_the_rows_first_day_holds() -> None:
    assert found(away(4), {WEEKDAYS[FIRST]: "grandparent"}, of(grandparent=4)) == []
    (told,) = found(away(6), {WEEKDAYS[FIRST]: "parent"}, of(parent=5))
    assert (told.allowed, told.on) == (5, WEEKDAYS[FIRST + 5])


def test_a_mark_on_a_day_that_is_no_bereavement_any_more_says_nothing() -> None:
    codes = {**away(4), WEEKDAYS[FIRST]: "absent_sick"}
    assert found(codes, {WEEKDAYS[FIRST]: "uncle_aunt"}) == []


@given(st.integers(1, 12), st.sampled_from([each.code for each in DEFAULT_TABLE.kin]))
def test_no_count_changes_by_it(n: int, code: str) -> None:
    """The days beyond are 忌引 like the others: only the board says otherwise, by entering another symbol."""
    codes = away(n)
    marked = replace(child(codes), beside={WEEKDAYS[FIRST]: Beside(1, code, "kin", CLASS, AT)})
    plain, told = (rules.sheet(of_year, [each], *NOVEMBER) for each in (child(codes), marked))
    assert told.totals == plain.totals
    assert told.totals.bereaved == n
    assert len(over(of_year, marked, *NOVEMBER)) == (n > DEFAULT_TABLE.marks()[code].days)  # type: ignore[operator]
