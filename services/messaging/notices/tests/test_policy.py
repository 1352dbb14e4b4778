"""The policy and what stands beside it agree, whatever duties a person holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.messaging import service
from services.messaging.notices.api import resource_of
from services.messaging.notices.store import Child
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal
from shared.contracts.registry import DutyKind

POLICIES = Policies(service.POLICIES)
BOARDS = [uuid4(), uuid4()]
SCHOOLS = [uuid4() for _ in range(3)]
CLASSES = [uuid4() for _ in range(3)]
PERSON = uuid4()

duties = st.builds(
    HeldDuty,
    kind=st.sampled_from(get_args(DutyKind)),
    organisation=st.sampled_from(SCHOOLS),
    class_id=st.one_of(st.none(), st.sampled_from(CLASSES)),
)
holders = st.builds(
    lambda held, kind: Holder(
        Principal("s", kind, BOARDS[0], PERSON, "dashboard", 2, None, None, datetime.now(UTC)), tuple(held)
    ),
    st.lists(duties, max_size=4),
    st.sampled_from(["staff", "guardian", "pupil", "service"]),
)


@given(
    holders,
    st.sampled_from(BOARDS),
    st.sets(st.sampled_from(SCHOOLS), min_size=1, max_size=2),
    st.sets(st.sampled_from(CLASSES), max_size=1),
    st.sampled_from([frozenset(), frozenset({PERSON}), frozenset({uuid4()})]),
)
def test_who_reads_takes_and_who_takes_has_the_office_or_the_class(
    holder: Holder, board: UUID, schools: set[UUID], classes: set[UUID], kept_from: frozenset[UUID]
) -> None:
    child = Child(uuid4(), (), bool(kept_from), kept_from, {})
    resource = resource_of(board, child, schools, classes)
    heads = holder.organisations("office", "principal", "vice_principal")
    expected = (
        holder.principal.kind == "staff"
        and board == BOARDS[0]
        and PERSON not in kept_from
        and bool(
            heads & schools
            or (holder.schools() & schools and holder.classes("homeroom", "assistant") & classes)
        )
    )
    for action in ("ReadNotices", "TakeNotice"):
        assert POLICIES.allows(holder, action, resource) == expected
