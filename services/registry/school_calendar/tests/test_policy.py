"""Who sees and changes a school's year, whatever they hold."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry import service
from services.registry.attendance.tests.test_policy import BOARDS, SCHOOLS, holders
from services.registry.duties.tests.test_policy import KEEPS
from shared.access.policies import Policies
from shared.access.principal import Holder, entity, ref, refs

POLICIES = Policies(service.POLICIES)


def year(board: UUID, school: UUID) -> dict[str, object]:
    keepers = refs("Unit", KEEPS.departments)
    return entity(
        "SchoolYear", uuid4(), board=ref("Board", board), school=ref("School", school), offices=keepers
    )


def template(board: UUID) -> dict[str, object]:
    return entity("BoardYear", board, board=ref("Board", board), offices=refs("Unit", KEEPS.departments))


@settings(deadline=None)
@given(holders, st.sampled_from(SCHOOLS))
def test_the_school_and_who_keeps_the_roster_decide(holder: Holder, school: UUID) -> None:
    staff = holder.principal.kind == "staff"
    board = staff and bool(holder.organisations("board_staff"))
    keeps = staff and bool(holder.organisations("board_staff") & KEEPS.departments)
    leads = staff and school in holder.organisations("principal", "vice_principal", "office")
    asked = year(BOARDS[0], school)
    assert POLICIES.allows(holder, "ReadCalendar", asked) == (board or (staff and school in holder.schools()))
    assert POLICIES.allows(holder, "ChangeCalendar", asked) == (keeps or leads)
    assert POLICIES.allows(holder, "SetTemplate", template(BOARDS[0])) == keeps


@settings(deadline=None)
@given(holders)
def test_another_board_is_never_reached(holder: Holder) -> None:
    for action in ("ReadCalendar", "ChangeCalendar"):
        assert not POLICIES.allows(holder, action, year(BOARDS[1], SCHOOLS[0]))
    assert not POLICIES.allows(holder, "SetTemplate", template(BOARDS[1]))
