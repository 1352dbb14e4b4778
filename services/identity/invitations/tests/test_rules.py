"""The code's alphabet, how it is read, and what one slip makes of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.invitations.rules import (
    ALPHABET,
    LENGTH,
    Standing,
    Unreadable,
    days_of,
    groups,
    make,
    read,
    state,
)

CODES = st.lists(st.sampled_from(ALPHABET), min_size=LENGTH - 1, max_size=LENGTH - 1).map(
    lambda body: make(_from(body))
)
LOOK_ALIKES = ("0OQD", "1IL", "2Z", "5S", "8B", "6G", "UV", "VY", "E3")


def _from(body: list[str]) -> Callable[[str], str]:
    left = iter(body)
    return lambda _: next(left)


def test_no_two_characters_look_alike_and_no_word_comes_about() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 19
    for group in LOOK_ALIKES:
        assert len(set(group) & set(ALPHABET)) <= 1, group
    assert not set("AEIOU") & set(ALPHABET)
    assert all(each.isascii() and (each.isdigit() or each.isupper()) for each in ALPHABET)


@given(CODES)
def test_what_is_printed_is_read(code: str) -> None:
    assert read(groups(code)) == code == read(code)
    assert groups(code).count("-") == 3


@given(
    CODES,
    st.sampled_from([*"- 　ー−‐－。\n\t", ""]),
    st.booleans(),
    st.booleans(),
)
def test_however_it_is_typed(code: str, joiner: str, small: bool, wide: bool) -> None:
    typed = joiner.join(code[at : at + 4] for at in range(0, LENGTH, 4))
    typed = typed.lower() if small else typed
    if wide:
        typed = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in typed)
        assert unicodedata.normalize("NFKC", typed) != typed
    assert read(f" {typed}{joiner}") == code


@given(CODES, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_told(code: str, at: int, instead: str) -> None:
    wrong = code[:at] + instead + code[at + 1 :]
    if wrong != code:
        with pytest.raises(Unreadable) as told:
            read(wrong)
        assert told.value.fault == "slip"


@given(CODES, st.integers(0, LENGTH - 1), st.integers(0, LENGTH - 1))
def test_two_that_changed_places_are_told(code: str, one: int, other: int) -> None:
    letters = list(code)
    letters[one], letters[other] = letters[other], letters[one]
    swapped = "".join(letters)
    if swapped != code:
        with pytest.raises(Unreadable):
            read(swapped)


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_code_or_a_fault(typed: str) -> None:
    with suppress(Unreadable):  # nothing else is ever raised
        code = read(typed)
        assert len(code) == LENGTH
        assert set(code) <= set(ALPHABET)


@pytest.mark.parametrize(
    ("typed", "fault", "strange"),
    [
        ("", "empty", ""),
        (" － ー ", "empty", ""),
        ("3333-3333-3333", "length", ""),
        ("0O1I-3333-3333-3333", "strange", "0O1I"),
        ("コード", "strange", "コド"),
        ("3" * 5_000, "length", ""),
    ],
)
def test_what_is_no_code(typed: str, fault: str, strange: str) -> None:
    with pytest.raises(Unreadable) as told:
        read(typed)
    assert (told.value.fault, told.value.strange) == (fault, strange)


def test_codes_are_made_by_chance() -> None:
    made = {make() for _ in range(500)}
    assert len(made) == 500
    assert {letter for code in made for letter in code[:-1]} == set(ALPHABET)


TODAY = date(2026, 11, 20)


def test_until_when_it_holds() -> None:
    last = TODAY + timedelta(days=30)
    assert Standing(used=False, ended=False, last_day=last).holds(last)
    assert not Standing(used=False, ended=False, last_day=last).holds(last + timedelta(days=1))
    assert not Standing(used=True, ended=False, last_day=last).holds(TODAY)
    assert not Standing(used=False, ended=True, last_day=last).holds(TODAY)


@pytest.mark.parametrize(
    ("value", "days"),
    [
        ({"days": 14}, 14),
        ({"days": 0}, 30),
        ({"days": 10_000}, 30),
        ({"days": "7"}, 30),
        (None, 30),
        ([], 30),
    ],
)
def test_a_setting_that_makes_no_sense_says_nothing(value: object, days: int) -> None:
    assert days_of(value) == days


def test_what_the_office_reads() -> None:
    assert state(signed_in=True, open_until=None, today=TODAY) == "signed_in"
    assert state(signed_in=False, open_until=None, today=TODAY) == "none"
    assert state(signed_in=False, open_until=TODAY, today=TODAY) == "holding"
    assert state(signed_in=False, open_until=TODAY - timedelta(days=1), today=TODAY) == "expired"
