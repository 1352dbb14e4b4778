"""What may be granted, by example and for any dates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.purposes.rules import (
    GrantRefused,
    Standing,
    Terms,
    client_id,
    ended,
    published,
    terms,
)

SINCE = date(2026, 4, 1)
GOOD: dict[str, Any] = {
    "feed": "lunch-count",
    "fields": ("absent", "members"),
    "statement": "給食の食数を決める。",
    "basis": "学校給食法 第4条",
    "importance": "III",
    "since": SINCE,
    "last_day": date(2027, 3, 31),
    "small_groups_because": None,
}


def test_good_terms_hold_up_to_their_last_day() -> None:
    made = terms(**GOOD)
    # In the order of the feed, whatever order they were named in.
    assert made.fields == ("members", "absent")
    assert made.until == date(2027, 4, 1)
    assert not made.small_groups
    assert terms(**{**GOOD, "last_day": None}).until is None


def test_small_groups_are_shown_only_with_the_reason_in_the_statement() -> None:
    made = terms(**{**GOOD, "small_groups_because": "1人分でも食数は要る"})
    assert made.small_groups
    assert "1人分でも食数は要る" in made.statement


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"feed": "karte"}, "feed"),
        ({"schools": ()}, "schools"),
        ({"grades": ()}, "grades"),
        ({"fields": ("members", "names")}, "fields"),
        ({"fields": ()}, "fields"),
        ({"statement": " "}, "statement"),
        ({"basis": ""}, "basis"),
        ({"importance": "V"}, "importance"),
        ({"last_day": SINCE - timedelta(days=1)}, "last-day"),
        ({"small_groups_because": ""}, "small-groups-because"),
    ],
)
def test_a_mistake_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(GrantRefused) as refused:
        terms(**{**GOOD, **change})
    assert [wrong.field for wrong in refused.value.wrong] == [field]


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(GrantRefused) as refused:
        terms(**{**GOOD, "feed": "karte", "statement": "", "basis": "", "importance": ""})
    assert len(refused.value.wrong) == 4


def test_a_feeds_fields_are_those_of_its_contract() -> None:
    every = ("members", "absent", "unrecorded", "taken_at")
    assert terms(**{**GOOD, "fields": every}).fields == every
    with pytest.raises(GrantRefused, match="names"):
        terms(**{**GOOD, "fields": (*every, "names")})


@given(st.dates(SINCE, date(2028, 1, 1)), st.one_of(st.none(), st.dates(date(2026, 4, 2), date(2028, 1, 1))))
def test_ending_only_shortens(last_day: date, until: date | None) -> None:
    held = Terms("lunch-count", ("members",), "s", "b", "III", SINCE, until)
    if until is not None and until <= last_day + timedelta(days=1):
        with pytest.raises(GrantRefused):
            ended(held, last_day)
        return
    shorter = ended(held, last_day)
    assert shorter is not None
    assert shorter.until == last_day + timedelta(days=1)
    assert (shorter.since, shorter.feed) == (held.since, held.feed)


def test_ending_before_the_first_day_leaves_nothing() -> None:
    assert ended(terms(**GOOD), SINCE - timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("chosen", "code", "id"),
    [
        (None, "kenko-kyushoku", "dept-kenko-kyushoku"),
        (None, "kenko_kyushoku", "dept-kenko-kyushoku"),
        ("dept-kitchen", None, "dept-kitchen"),
        ("dept-kitchen", "gakumu", "dept-kitchen"),
    ],
)
def test_a_client_is_called_after_its_department(chosen: str | None, code: str | None, id: str) -> None:
    assert client_id(chosen, code) == id


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        (None, None),
        (None, "123456"),
        ("registry", None),
        ("kitchen", None),
        ("dept-", None),
        ("dept-給食", None),
        ("dept-A", None),
        ("dept-a ", None),
        ("dept-" + "a" * 60, None),
    ],
)
def test_no_client_can_pass_for_a_service(chosen: str | None, code: str | None) -> None:
    with pytest.raises(GrantRefused):
        client_id(chosen, code)


def test_what_is_published_is_what_was_granted() -> None:
    held = Standing(uuid4(), uuid4(), terms(**GOOD))
    shown = published(held)
    assert shown.purpose == held.purpose
    assert (shown.fields, shown.until) == (["members", "absent"], date(2027, 4, 1))
