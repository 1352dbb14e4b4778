"""連絡先 as people type and paste them: one spelling, or a clear refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.roster.contacts import (
    address_fault,
    as_phone,
    as_postal_code,
    contact_words,
    language_fault,
    language_word,
    phone_fault,
    postal_fault,
)
from services.registry.roster.rows import ContactIs, Phone


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("090-1234-5678", "090-1234-5678"),
        ("０９０−１２３４−５６７８", "090-1234-5678"),
        ("090ー1234ー5678", "090-1234-5678"),
        ("（045）123‐4567", "045-123-4567"),
        (" 045 123 4567 ", "045-123-4567"),
        ("09012345678", "09012345678"),
        ("+81-90-1234-5678", "+81-90-1234-5678"),
    ],
)
def test_a_number_has_one_spelling_however_it_is_typed(typed: str, number: str) -> None:
    assert as_phone(typed) == number
    assert phone_fault(number) is None


@pytest.mark.parametrize(
    "typed", ["", "なし", "123-4567", "090-1234-567x", "090-1234-5678-9012", "+1", "内線12"]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    assert phone_fault(as_phone(typed) or "-") is not None


@given(st.text(max_size=30))
def test_the_one_spelling_stays_itself(typed: str) -> None:
    assert as_phone(as_phone(typed)) == as_phone(typed)
    assert as_postal_code(as_postal_code(typed)) in (
        as_postal_code(typed),
        as_postal_code(typed).strip("〒 "),
    )


@given(st.lists(st.integers(0, 9), min_size=10, max_size=11), st.sampled_from(["-", "－", "ー", "", " "]))
def test_digits_are_never_lost(digits: list[int], dash: str) -> None:
    plain = "".join(map(str, digits))
    typed = dash.join((plain[:3], plain[3:6], plain[6:])).translate({48 + n: 0xFF10 + n for n in range(10)})
    assert as_phone(typed).replace("-", "") == plain
    assert phone_fault(as_phone(typed)) is None


def test_postal_codes_are_seven_digits() -> None:
    assert as_postal_code("〒２３１－００１７") == "2310017"
    assert postal_fault("2310017") is None
    assert postal_fault(as_postal_code("231-001")) is not None


def test_an_address_is_kept_as_it_is_and_refused_where_a_character_is_broken() -> None:
    assert address_fault("\ufa26町１－２　つむぎ荘") is None
    assert address_fault("本町\ufffd1") is not None
    assert address_fault("本町\n1") is not None
    assert address_fault("あ" * 201) is not None


def test_languages_go_by_their_own_names() -> None:
    assert [language_word(each) for each in ("pt", "pt-BR", "zh-Hans", "tlh")] == [
        "Português",
        "Português",
        "中文",
        "tlh",
    ]
    assert language_fault("pt-BR") is None
    assert language_fault("ポルトガル語") is not None


def test_it_is_said_in_one_line() -> None:
    phones = (Phone("090-0000-0001", "mobile"), Phone("0999-00-0002", "work"))
    whole = ContactIs("2310017", "紬市本町1", phones, "vi")
    assert contact_words(whole) == (
        "〒231-0017 紬市本町1、携帯 090-0000-0001・勤務先 0999-00-0002、ことば Tiếng Việt"
    )
    assert contact_words(ContactIs(None, "", (), None)) == "（なし）"
