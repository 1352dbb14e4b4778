"""The policy and the SQL predicate of its list agree, whatever duties a person holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry import service
from services.registry.attendance.api import _schools_of_staff
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal, entity, ref
from shared.contracts.registry import DutyKind

POLICIES = Policies(service.POLICIES)
BOARDS = [uuid4(), uuid4()]
SCHOOLS = [uuid4() for _ in range(3)]
CLASSES = [uuid4() for _ in range(3)]

duties = st.builds(
    HeldDuty,
    kind=st.sampled_from(get_args(DutyKind)),
    organisation=st.sampled_from(SCHOOLS),
    class_id=st.one_of(st.none(), st.sampled_from(CLASSES)),
)
holders = st.builds(
    lambda held, kind, board: Holder(
        Principal("s", kind, board, uuid4(), "dashboard", 2, None, None, datetime.now(UTC)), tuple(held)
    ),
    st.lists(duties, max_size=4),
    st.sampled_from(["staff", "guardian", "pupil", "service"]),
    st.just(BOARDS[0]),
)


def class_day(board: UUID, school: UUID, class_id: UUID, *, today: bool = True) -> dict[str, object]:
    attributes = {"school": ref("School", school), "class": ref("Class", class_id), "isToday": today}
    return entity("ClassDay", uuid4(), board=ref("Board", board), **attributes)


@given(holders, st.sampled_from(SCHOOLS), st.sampled_from(CLASSES))
def test_read_roll_and_the_list_of_classes_agree(holder: Holder, school: UUID, class_id: UUID) -> None:
    allowed = POLICIES.allows(holder, "ReadRoll", class_day(BOARDS[0], school, class_id))
    assert allowed == (school in _schools_of_staff(holder))


@given(holders, st.sampled_from(SCHOOLS), st.sampled_from(CLASSES), st.booleans())
def test_who_takes_has_the_class_or_the_office_at_its_school_and_may_read(
    holder: Holder, school: UUID, class_id: UUID, today: bool
) -> None:
    resource = class_day(BOARDS[0], school, class_id, today=today)
    takes = POLICIES.allows(holder, "TakeRoll", resource)
    assert takes == (
        holder.principal.kind == "staff"
        and school in holder.schools()
        and (
            class_id in holder.classes("homeroom", "assistant")
            or (today and class_id in holder.classes("substitute"))
            or school in holder.organisations("office")
        )
    )
    assert POLICIES.allows(holder, "ReadRoll", resource) or not takes


@given(holders)
def test_another_board_is_never_reached(holder: Holder) -> None:
    for action in ("ReadRoll", "TakeRoll"):
        assert not POLICIES.allows(holder, action, class_day(BOARDS[1], SCHOOLS[0], CLASSES[0]))
