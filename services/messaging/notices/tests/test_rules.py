"""What a notice may say, by example and by property."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.messaging.notices.rules import (
    EARLIEST,
    LATEST,
    LONGEST,
    Said,
    Teller,
    Tie,
    refuse,
    refuse_teller,
)

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
ILL = Said("absent", "sick", TODAY, TODAY + DAY, "phone", Teller(words="祖母"), None)


def fields(said: Said) -> set[str]:
    return {wrong.field for wrong in refuse(said, TODAY)}


def test_an_ordinary_call_is_taken() -> None:
    assert refuse(ILL, TODAY) == []
    assert refuse(replace(ILL, kind="late", reason=None), TODAY) == []
    assert refuse(replace(ILL, kind="bereavement", reason=None, until=TODAY + 5 * DAY), TODAY) == []
    assert refuse(replace(ILL, kind="other", reason=None, words="水泳は見学"), TODAY) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": None}, "reason"),
        ({"kind": "bereavement"}, "reason"),
        ({"kind": "other", "words": "見学"}, "reason"),
        ({"kind": "other", "reason": None}, "words"),
        ({"until": TODAY}, "until"),
        ({"until": TODAY - DAY}, "until"),
        ({"until": TODAY + LONGEST + DAY}, "until"),
        ({"since": TODAY - EARLIEST - DAY, "until": TODAY - EARLIEST}, "since"),
        ({"since": TODAY + LATEST + DAY, "until": TODAY + LATEST + 2 * DAY}, "since"),
        ({"teller": Teller()}, "teller"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], field: str) -> None:
    assert fields(replace(ILL, **changes)) == {field}


@given(st.integers(-400, 400), st.integers(-40, 400))
def test_no_notice_speaks_of_more_days_than_it_may(start: int, length: int) -> None:
    since = TODAY + timedelta(days=start)
    said = replace(ILL, since=since, until=since + timedelta(days=length))
    allowed = -31 <= start <= 92 and 1 <= length <= 31
    assert (refuse(said, TODAY) == []) == allowed


def test_only_a_guardian_who_may_tells() -> None:
    mother, father, stranger = uuid4(), uuid4(), uuid4()
    ties = {mother: Tie(mother, "mother", True), father: Tie(father, "father", False)}
    assert refuse_teller(mother, ties) is None
    for who in (father, stranger):
        wrong = refuse_teller(who, ties)
        assert wrong is not None
        assert wrong.field == "teller.guardian"
