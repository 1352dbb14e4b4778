"""When somebody is asked whether two cards are of one child, and when nobody is."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.matching.rules import Child, in_order, plain_reading, reasons
from services.registry.roster.rules import Translator
from tests.support.rosters import key, person

BOARD, OTHER_BOARD = uuid4(), uuid4()
BORN = date(2018, 5, 6)


def child(
    name: tuple[str, str],
    kana: tuple[str, str] | None = None,
    born: date | None = BORN,
    *,
    sex: str = "unspecified",
    guardians: tuple[tuple[str, str], ...] = (),
    board: UUID = BOARD,
) -> Child:
    told = person("somebody", name, kana, born, sex=sex)
    return Child(
        board, Translator({key("person", "somebody"): uuid4()}, {}).person(told), frozenset(guardians)
    )


HANAKO = child(("髙橋", "花子"), ("タカハシ", "ハナコ"))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (child(("高橋", "花子"), ("たかはし", "はなこ")), ("name", "reading")),
        (child(("高橋", "花子")), ("name",)),
        (child(("鷹橋", "華子"), ("たかばし", "はなこ")), ("reading",)),
        (child(("高橋", "花子"), born=date(2018, 5, 7)), ()),
        (child(("高橋", "花子"), born=None), ()),
        (child(("高橋", "花子"), board=OTHER_BOARD), ()),
        (child(("高橋", "葉子"), ("タカハシ", "ヨウコ")), ()),  # a twin
        (child(("田中", "花子"), ("タナカ", "ハナコ")), ()),  # a namesake by the given name alone
    ],
)
def test_birth_date_and_a_name_in_common_are_asked_about(other: Child, why: tuple[str, ...]) -> None:
    assert reasons(HANAKO, other) == why


def test_a_family_name_that_changed_is_asked_about_where_a_guardian_is_the_same() -> None:
    mother = (("髙橋", "恵"),)
    before = child(("髙橋", "花子"), ("タカハシ", "ハナコ"), sex="female", guardians=mother)
    after = child(("田中", "花子"), ("タナカ", "ハナコ"), guardians=(("高橋", "恵"), ("田中", "実")))
    assert reasons(before, after) == ("given", "guardian")
    boy = child(("田中", "花子"), ("タナカ", "ハナコ"), sex="male", guardians=mother)
    assert reasons(before, boy) == ()


def test_twins_are_never_asked_about_whatever_else_they_share() -> None:
    parents = (("髙橋", "恵"), ("髙橋", "実"))
    one = child(("髙橋", "花子"), ("タカハシ", "ハナコ"), sex="female", guardians=parents)
    other = child(("髙橋", "葉子"), ("タカハシ", "ヨウコ"), sex="female", guardians=parents)
    assert reasons(one, other) == ()


_NAMES = st.sampled_from(["髙橋", "高橋", "田中", "斎藤", "齋藤", "花子", "華子", "葉子", "蓮"])
_KANA = st.sampled_from(
    ["タカハシ", "たかばし", "タナカ", "サイトウ", "ハナコ", "はなこ", "ショウ", "シヨウ"]
)
children = st.builds(
    child,
    st.tuples(_NAMES, _NAMES),
    st.one_of(st.none(), st.tuples(_KANA, _KANA)),
    st.sampled_from([None, BORN, date(2018, 5, 7)]),
    sex=st.sampled_from(["male", "female", "unspecified"]),
    guardians=st.lists(st.tuples(_NAMES, _NAMES), max_size=2).map(tuple),
    board=st.sampled_from([BOARD, OTHER_BOARD]),
)


@given(children, children)
def test_the_order_of_the_two_makes_no_difference(one: Child, other: Child) -> None:
    assert reasons(one, other) == reasons(other, one)
    assert in_order(one.id, other.id) == in_order(other.id, one.id)
    assert reasons(one, one) == ()
    if one.board != other.board or one.card.birth_date != other.card.birth_date:
        assert reasons(one, other) == ()


@given(_KANA, _KANA)
def test_a_reading_that_was_heard_is_the_same_in_any_script(family: str, given_: str) -> None:
    plain = plain_reading(family, given_)
    assert plain == plain_reading(f"{family}　{given_}")
    assert plain == plain_reading(plain)
