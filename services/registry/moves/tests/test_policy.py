"""The policy, and the predicate of the list beside it, agree whatever duties a person holds."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry.attendance.tests.test_policy import BOARDS, POLICIES, SCHOOLS, holders
from services.registry.moves.looking import asking, resource
from services.registry.people.access import Offices
from shared.access.principal import Holder

KEEPS = Offices(frozenset(SCHOOLS[-1:]))
"""The generated duties of the board's staff are at these organisations; one of them keeps the roster."""
schools = st.lists(st.sampled_from(SCHOOLS), min_size=1, max_size=2, unique=True)


def keeps(holder: Holder, named: bool) -> Offices:
    """Who keeps the roster, with the holder or somebody else named for protected children."""
    assert holder.principal.person is not None
    return Offices(KEEPS.departments, frozenset([holder.principal.person if named else uuid4()]))


def listed(holder: Holder, offices: Offices, at: Sequence[UUID], *, protected: bool, kept: bool) -> bool:
    """The SQL of the list (moves/store.py), said in Python."""
    mine = asking(holder, offices)
    own = bool(set(at) & set(mine.schools))
    of_board = mine.whole_board and (not protected or mine.named or bool(set(at) & set(mine.duties)))
    return (own or of_board) and not kept


@given(holders, schools, st.booleans(), st.booleans(), st.booleans())
def test_read_move_and_the_list_agree(
    holder: Holder, at: list[UUID], protected: bool, kept: bool, named: bool
) -> None:
    offices = keeps(holder, named)
    person = holder.principal.person
    assert person is not None
    kept_from = [person] if kept else [uuid4()]
    asked = resource(BOARDS[0], offices, at, at[:1], protected or kept, kept_from)
    assert POLICIES.allows(holder, "ReadMove", asked) == listed(
        holder, offices, at, protected=protected or kept, kept=kept
    )


@given(holders, schools, st.booleans(), st.booleans())
def test_whoever_changes_may_read_and_has_the_office_or_keeps_the_roster(
    holder: Holder, at: list[UUID], protected: bool, named: bool
) -> None:
    asked = resource(BOARDS[0], keeps(holder, named), at, at[:1], protected, [])
    office = holder.organisations("office")
    staff = holder.principal.kind == "staff"
    may_make = POLICIES.allows(holder, "MakeMove", asked)
    of_board = bool(holder.organisations("board_staff") & KEEPS.departments) and (
        not protected or named or bool(holder.schools() & set(at))
    )
    assert may_make == (staff and (bool(office & set(at)) or of_board))
    assert POLICIES.allows(holder, "PlaceMover", asked) == (staff and at[0] in office)
    assert POLICIES.allows(holder, "TickAccepting", asked) == (staff and at[0] in office)
    assert POLICIES.allows(holder, "TickLeaving", asked) == (staff and bool(set(at[1:]) & office))
    assert POLICIES.allows(holder, "ReadMove", asked) or not may_make


@given(holders)
def test_another_board_is_never_reached(holder: Holder) -> None:
    for action in ("ReadMove", "MakeMove", "PlaceMover", "TickLeaving", "TickAccepting", "IssueCertificate"):
        assert not POLICIES.allows(
            holder, action, resource(BOARDS[1], KEEPS, SCHOOLS, SCHOOLS[:1], False, [])
        )
