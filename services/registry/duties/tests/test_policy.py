"""Who decides about duties, whatever they hold themselves; and the SQL of the list says what the policy is asked."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry import service
from services.registry.attendance.tests.test_policy import BOARDS, SCHOOLS, holders
from shared.access.policies import Policies
from shared.access.principal import Holder, entity, ref

POLICIES = Policies(service.POLICIES)


def duty(board: UUID, school: UUID, *, colleague: bool, head: bool) -> dict[str, object]:
    attributes = {"school": ref("School", school), "isColleague": colleague, "isHead": head}
    return entity("SchoolDuty", uuid4(), board=ref("Board", board), **attributes)


@given(holders, st.sampled_from(SCHOOLS), st.booleans(), st.booleans())
def test_the_school_decides_about_its_own_and_the_board_about_everybody(
    holder: Holder, school: UUID, colleague: bool, head: bool
) -> None:
    asked = duty(BOARDS[0], school, colleague=colleague, head=head)
    staff = holder.principal.kind == "staff"
    school_side = staff and school in holder.organisations("principal", "vice_principal", "office")
    board_side = staff and bool(holder.organisations("board_staff"))
    assert POLICIES.allows(holder, "ReadDuties", asked) == (school_side or board_side)
    assert POLICIES.allows(holder, "PutSubstitute", asked) == (colleague and (school_side or board_side))
    assert POLICIES.allows(holder, "GiveDuty", asked) == (
        board_side or (school_side and colleague and not head)
    )


@given(holders, st.booleans(), st.booleans())
def test_another_board_is_never_reached(holder: Holder, colleague: bool, head: bool) -> None:
    for action in ("ReadDuties", "PutSubstitute", "GiveDuty"):
        asked = duty(BOARDS[1], SCHOOLS[0], colleague=colleague, head=head)
        assert not POLICIES.allows(holder, action, asked)
