"""What a day's notices say together, by example and by property."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.announced.rules import Announced, fact_of, mark_of, word_of
from services.registry.attendance.rules import Fact
from services.registry.attendance.symbols import DEFAULT_SYMBOLS, Symbol
from shared.contracts.messaging import NoticeKind, NoticeReason

TODAY = date(2026, 11, 20)
AT = datetime(2026, 11, 19, 22, 41, tzinfo=UTC)
OFFICE = uuid4()


def notice(
    kind: NoticeKind = "absent", reason: NoticeReason | None = "sick", *, minutes: int = 0, days: int = 1
) -> Announced:
    at = AT + timedelta(minutes=minutes)
    until = TODAY + timedelta(days=days)
    return Announced(uuid4(), 1, False, kind, reason, TODAY, until, "phone", "mother", at, at, OFFICE)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ([notice()], "absent_sick"),
        ([notice(reason="other")], "absent_other"),
        ([notice("late", None)], "late"),
        ([notice("early_leave", None)], "early_leave"),
        ([notice("bereavement", None)], "bereavement"),
        ([notice("late", None), notice("early_leave", None, minutes=1)], "late_early"),
        ([notice("late", None), notice(minutes=1)], "absent_sick"),
        ([notice(), notice("late", None, minutes=1)], "late"),
        ([notice(), notice("other", None, minutes=1)], "absent_sick"),
    ],
)
def test_the_one_told_last_holds(told: list[Announced], code: str) -> None:
    for order in (told, told[::-1]):
        word = word_of(order, TODAY)
        assert word is not None
        assert word[1] == code


def test_what_says_nothing_says_nothing() -> None:
    assert word_of([], TODAY) is None
    assert word_of([notice("other", None)], TODAY) is None
    assert word_of([replace(notice(), withdrawn=True)], TODAY) is None
    assert word_of([notice()], TODAY + timedelta(days=1)) is None
    assert word_of([notice(days=2)], TODAY + timedelta(days=1)) is not None


def test_a_boards_own_mark_is_taken_by_what_it_means() -> None:
    own = [replace_code(symbol, f"x_{symbol.code}") for symbol in DEFAULT_SYMBOLS]
    assert mark_of("absent_sick", own) == "x_absent_sick"
    assert mark_of("late_early", own) == "x_late_early"
    assert mark_of("late", DEFAULT_SYMBOLS) == "late"
    without = [symbol for symbol in own if symbol.category != "sick"]
    assert mark_of("absent_sick", without) == "absent_sick", "shown as a mark that somebody must resolve"


def replace_code(symbol: Symbol, code: str) -> Symbol:
    return symbol.model_copy(update={"code": code})


def test_a_word_is_taken_back_once() -> None:
    one = notice()
    first = fact_of(None, [one], TODAY, DEFAULT_SYMBOLS)
    assert first is not None
    assert (first.revision, first.code, first.relation, first.channel) == (
        1,
        "absent_sick",
        "mother",
        "phone",
    )
    gone = replace(one, withdrawn=True, revision=2, at=AT + timedelta(minutes=9))
    back = fact_of(first, [gone], TODAY, DEFAULT_SYMBOLS)
    assert back is not None
    assert (back.revision, back.code, back.at) == (2, None, gone.at)
    assert fact_of(back, [gone], TODAY, DEFAULT_SYMBOLS) is None
    assert fact_of(None, [gone], TODAY, DEFAULT_SYMBOLS) is None
    elsewhere = fact_of(first, [], TODAY, DEFAULT_SYMBOLS)
    assert elsewhere is not None
    assert elsewhere.code is None, "it speaks of other days now"


notices = st.builds(
    lambda kind, reason, withdrawn, minutes: replace(
        notice(kind, reason, minutes=minutes), withdrawn=withdrawn, notice=UUID(int=minutes)
    ),
    st.sampled_from(get_args(NoticeKind)),
    st.sampled_from([None, "sick", "other"]),
    st.booleans(),
    st.integers(0, 50),
)


@given(st.lists(notices, max_size=5, unique_by=lambda one: one.notice), st.randoms())
def test_order_does_not_matter_and_silence_is_silence(told: list[Announced], random: Random) -> None:
    shuffled = [*told]
    random.shuffle(shuffled)
    assert word_of(told, TODAY) == word_of(shuffled, TODAY)
    says = [one for one in told if not one.withdrawn and one.kind != "other"]
    to_read = [one for one in told if not one.withdrawn and one.kind == "other"]
    fact = fact_of(None, told, TODAY, DEFAULT_SYMBOLS)
    assert (fact is None) == (not says and not to_read)
    if isinstance(fact, Fact):
        assert (fact.code in {symbol.code for symbol in DEFAULT_SYMBOLS}) == bool(says)
        assert fact.to_read == bool(to_read)


def test_what_no_mark_says_is_to_be_read_and_taken_back() -> None:
    other = notice("other", None)
    fact = fact_of(None, [other], TODAY, DEFAULT_SYMBOLS)
    assert fact is not None
    assert (fact.revision, fact.code, fact.to_read, fact.relation) == (1, None, True, "mother")
    both = fact_of(fact, [other, notice(minutes=1)], TODAY, DEFAULT_SYMBOLS)
    assert both is not None
    assert (both.code, both.to_read) == ("absent_sick", True)
    gone = replace(other, withdrawn=True, revision=2, at=AT + timedelta(minutes=9))
    back = fact_of(fact, [gone], TODAY, DEFAULT_SYMBOLS)
    assert back is not None
    assert (back.revision, back.code, back.to_read) == (2, None, False)
    assert fact_of(back, [gone], TODAY, DEFAULT_SYMBOLS) is None
