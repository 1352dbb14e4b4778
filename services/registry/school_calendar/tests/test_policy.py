"""Who sees and changes a school's year, whatever they hold."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry import service
from services.registry.attendance.tests.test_policy import BOARDS, SCHOOLS, holders
from shared.access.policies import Policies
from shared.access.principal import Holder, entity, ref

POLICIES = Policies(service.POLICIES)


def year(board: UUID, school: UUID) -> dict[str, object]:
    return entity("SchoolYear", uuid4(), board=ref("Board", board), school=ref("School", school))


@settings(deadline=None)
@given(holders, st.sampled_from(SCHOOLS))
def test_the_school_and_the_board_decide(holder: Holder, school: UUID) -> None:
    staff = holder.principal.kind == "staff"
    board = staff and bool(holder.organisations("board_staff"))
    leads = staff and school in holder.organisations("principal", "vice_principal", "office")
    asked = year(BOARDS[0], school)
    assert POLICIES.allows(holder, "ReadCalendar", asked) == (board or (staff and school in holder.schools()))
    assert POLICIES.allows(holder, "ChangeCalendar", asked) == (board or leads)
    template = entity("BoardYear", BOARDS[0], board=ref("Board", BOARDS[0]))
    assert POLICIES.allows(holder, "SetTemplate", template) == board


@settings(deadline=None)
@given(holders)
def test_another_board_is_never_reached(holder: Holder) -> None:
    for action in ("ReadCalendar", "ChangeCalendar"):
        assert not POLICIES.allows(holder, action, year(BOARDS[1], SCHOOLS[0]))
    assert not POLICIES.allows(
        holder, "SetTemplate", entity("BoardYear", BOARDS[1], board=ref("Board", BOARDS[1]))
    )
