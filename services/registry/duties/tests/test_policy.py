"""Who decides about duties, whatever they hold themselves; and the SQL of the list says what the policy is asked."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry import service
from services.registry.attendance.tests.test_policy import BOARDS, SCHOOLS, holders
from services.registry.people.access import Offices, keeps_roster
from shared.access.policies import Policies
from shared.access.principal import Holder, entity, ref, refs

POLICIES = Policies(service.POLICIES)
KEEPS = Offices(frozenset(SCHOOLS[-1:]))
"""The generated duties of the board's staff are at these organisations; one of them keeps the roster."""


def duty(
    board: UUID, school: UUID, *, colleague: bool, head: bool, receiver: UUID | None = None
) -> dict[str, object]:
    attributes: dict[str, object] = {
        "school": ref("School", school),
        "offices": refs("Unit", KEEPS.departments),
        "receiver": refs("Person", [] if receiver is None else [receiver]),
        "isColleague": colleague,
        "isHead": head,
    }
    return entity("SchoolDuty", uuid4(), board=ref("Board", board), **attributes)


@given(holders, st.sampled_from(SCHOOLS), st.booleans(), st.booleans())
def test_the_school_decides_about_its_own_and_who_keeps_the_roster_about_everybody(
    holder: Holder, school: UUID, colleague: bool, head: bool
) -> None:
    asked = duty(BOARDS[0], school, colleague=colleague, head=head)
    staff = holder.principal.kind == "staff"
    school_side = staff and school in holder.organisations("principal", "vice_principal", "office")
    of_board = staff and bool(holder.organisations("board_staff"))
    keeps = staff and bool(holder.organisations("board_staff") & KEEPS.departments)
    assert POLICIES.allows(holder, "ReadDuties", asked) == (school_side or of_board)
    assert POLICIES.allows(holder, "PutSubstitute", asked) == (colleague and (school_side or keeps))
    assert POLICIES.allows(holder, "GiveDuty", asked) == (keeps or (school_side and colleague and not head))
    assert keeps == keeps_roster(holder, KEEPS)


@given(holders, st.sampled_from(SCHOOLS), st.booleans(), st.booleans())
def test_nobody_gives_themselves_a_duty(holder: Holder, school: UUID, colleague: bool, head: bool) -> None:
    asked = duty(BOARDS[0], school, colleague=colleague, head=head, receiver=holder.principal.person)
    assert not POLICIES.allows(holder, "GiveDuty", asked)


@given(holders, st.booleans(), st.booleans())
def test_another_board_is_never_reached(holder: Holder, colleague: bool, head: bool) -> None:
    for action in ("ReadDuties", "PutSubstitute", "GiveDuty"):
        asked = duty(BOARDS[1], SCHOOLS[0], colleague=colleague, head=head)
        assert not POLICIES.allows(holder, action, asked)
