"""Who sees a class's list and who sets its numbers, whatever they hold."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry import service
from services.registry.attendance.tests.test_policy import BOARDS, CLASSES, SCHOOLS, holders
from shared.access.policies import Policies
from shared.access.principal import Holder, entity, ref

POLICIES = Policies(service.POLICIES)


def class_list(board: UUID, school: UUID, of: UUID) -> dict[str, object]:
    attributes = {"school": ref("School", school), "class": ref("Class", of)}
    return entity("ClassList", of, board=ref("Board", board), **attributes)


@given(holders, st.sampled_from(SCHOOLS), st.sampled_from(CLASSES))
def test_staff_of_the_school_read_and_few_of_them_number(holder: Holder, school: UUID, of: UUID) -> None:
    asked = class_list(BOARDS[0], school, of)
    staff = holder.principal.kind == "staff" and school in holder.schools()
    assert POLICIES.allows(holder, "ReadClassList", asked) == staff
    decides = school in holder.organisations("principal", "vice_principal", "office")
    teaches = of in holder.classes("homeroom", "assistant")
    assert POLICIES.allows(holder, "SetNumbers", asked) == (staff and (decides or teaches))


@given(holders)
def test_another_board_is_never_reached(holder: Holder) -> None:
    for action in ("ReadClassList", "SetNumbers"):
        asked = class_list(BOARDS[1], SCHOOLS[0], CLASSES[0])
        assert not POLICIES.allows(holder, action, asked)


@given(holders, st.sampled_from(SCHOOLS), st.sampled_from(CLASSES))
def test_whoever_reads_has_the_school_in_scope(holder: Holder, school: UUID, of: UUID) -> None:
    """Behind the policy the transaction is narrowed to ``holder.schools()``: what is read is never more than that."""
    asked = class_list(BOARDS[0], school, of)
    assert not POLICIES.allows(holder, "ReadClassList", asked) or school in holder.schools()
    assert POLICIES.allows(holder, "ReadClassList", class_list(BOARDS[0], uuid4(), of)) is False
