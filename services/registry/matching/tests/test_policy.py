"""The policy of 名寄せ, and the predicate of its list, agree whatever duties a person holds."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry.attendance.tests.test_policy import BOARDS, POLICIES, SCHOOLS, holders
from services.registry.matching.looking import asking, resource
from services.registry.people.access import Offices
from shared.access.principal import Holder

ACTIONS = ("ReadSamePerson", "AskSamePerson", "AnswerSamePerson")


@given(holders, st.booleans(), st.booleans(), st.booleans())
def test_reading_answering_and_the_list_agree(
    holder: Holder, protected: bool, kept: bool, named: bool
) -> None:
    person = holder.principal.person
    assert person is not None
    offices = Offices(frozenset(SCHOOLS[-1:]), frozenset([person] if named else []))
    kept_from: list[UUID] = [person] if kept else [uuid4()]
    asked = resource(BOARDS[0], offices, protected or kept, kept_from)
    mine = asking(holder, offices)
    listed = mine.keeps and (mine.named or not (protected or kept)) and not kept
    for action in ACTIONS:
        assert POLICIES.allows(holder, action, asked) == listed


@given(holders)
def test_another_board_is_never_reached(holder: Holder) -> None:
    offices = Offices(frozenset(SCHOOLS))
    for action in ACTIONS:
        assert not POLICIES.allows(holder, action, resource(BOARDS[1], offices, False, []))
