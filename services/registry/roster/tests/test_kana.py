"""Kana order and search shadows."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.roster.kana import kana_sort_key, reading, search_text

KANA = st.text(
    st.sampled_from(
        "あいうえおかがきぎはばぱひびぴやゆよゃゅょつっんーゝゞアイウエオカガハバパヒャュョッンヴー"
    ),
    max_size=6,
)
HIRAGANA = st.text(st.sampled_from("あいうえおかがきはばぱひゃゅょつっんわを"), min_size=1, max_size=6)


def ordered(*readings: str) -> bool:
    keys = [kana_sort_key(each) for each in readings]
    return keys == sorted(keys) and len(set(keys)) == len(keys)


def test_the_order_of_jis_x_4061() -> None:
    assert ordered("はは", "ハハ", "はば", "ばば", "ぱぱ")


def test_marks_decide_only_between_equal_kana() -> None:
    assert ordered("かき", "がき", "かく")


def test_long_mark_counts_as_the_vowel_before_it() -> None:
    assert ordered("カート", "カアト", "カイト")
    assert kana_sort_key("ー") < kana_sort_key(None)


def test_small_before_large() -> None:
    assert ordered("りょう", "りよう", "りよく")


def test_iteration_marks_repeat() -> None:
    assert kana_sort_key("みすゞ")[:3] == kana_sort_key("みすず")[:3]
    assert kana_sort_key("ささき")[:3] == kana_sort_key("さゝき")[:3]


def test_family_name_decides_before_given_name() -> None:
    assert kana_sort_key("ハマタ", "ワタル") < kana_sort_key("ハマダ", "アキラ")
    assert kana_sort_key("ハヤシ", "ワタル") < kana_sort_key("ハヤシダ", "アキラ")


def test_missing_reading_sorts_last() -> None:
    known = [kana_sort_key("ンン", "ンン"), kana_sort_key("ABC", ""), kana_sort_key("漢字", "𠮷")]
    assert all(key < kana_sort_key(None, None) for key in known)
    assert kana_sort_key("", " ") == kana_sort_key(None, None)


def test_blanks_in_foreign_readings_do_not_matter() -> None:
    assert kana_sort_key("グエン", "ティ ラン") == kana_sort_key("グエン", "ティ・ラン")


@given(st.text(max_size=8))
def test_key_is_printable_ascii_for_any_text(reading: str) -> None:
    key = kana_sort_key(reading)
    assert key.isascii()
    assert key.isprintable()
    assert key


@given(HIRAGANA, HIRAGANA)
def test_script_decides_last(one: str, other: str) -> None:
    katakana = "".join(chr(ord(each) + 0x60) for each in one)
    assert kana_sort_key(one) < kana_sort_key(katakana)
    if kana_sort_key(one) < kana_sort_key(other):
        assert kana_sort_key(katakana) < kana_sort_key(other)


@given(KANA)
def test_composed_decomposed_and_half_width_sort_alike(reading: str) -> None:
    assert kana_sort_key(unicodedata.normalize("NFD", reading)) == kana_sort_key(reading)


@given(HIRAGANA, HIRAGANA)
def test_a_beginning_sorts_before_the_whole(one: str, more: str) -> None:
    assert kana_sort_key(one) < kana_sort_key(one + more)


def test_search_sees_through_glyph_variants() -> None:
    assert search_text("高") in search_text("髙橋", "タカハシ")
    assert search_text("神田") == search_text("\ufa19田")
    assert search_text("福島") == search_text("\ufa1b島")
    assert search_text("都築") == search_text("\ufa26築")
    assert search_text("山崎") == search_text("山﨑")
    assert search_text("葛城") == search_text("葛\U000e0100城")


def test_search_sees_through_width_case_and_script() -> None:
    assert search_text("たなか") in search_text("田中", "さくら", "タナカ", "サクラ")
    assert search_text("ﾀﾅｶ") == search_text("たなか")
    assert search_text("nguyen thi") in search_text("ＮＧＵＹＥＮ", "THI LAN")


@given(st.text(max_size=12))
def test_searching_for_what_is_there_finds_it(name: str) -> None:
    assert search_text(name) in search_text(name, "カナ")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("あずま", "アズマ"),
        ("ｱｽﾞﾏ", "アズマ"),
        ("　みすゞ ", "ミスヾ"),
        ("か\u3099んま", "ガンマ"),
        ("ゐゑゔゕ", "ヰヱヴヵ"),
        ("グエン・ティ ラン", "グエン・ティ ラン"),
        ("ろーら", "ローラ"),
        ("東", "東"),
    ],
)
def test_a_reading_typed_in_any_kana_is_kept_in_katakana(typed: str, kept: str) -> None:
    assert reading(typed) == kept
    assert reading(kept) == kept
    assert search_text(typed) == search_text(kept), "it is found as before"


def test_a_reading_is_made_once_and_for_all() -> None:
    assert reading("わ\u3099") == reading(reading("わ\u3099")) == "ヷ"
