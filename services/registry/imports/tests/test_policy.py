"""The policy and the SQL predicate of its lists agree, whatever duties a person holds."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast, get_args
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry import service
from services.registry.imports.asking import Asker
from services.registry.people.access import Offices
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal
from shared.contracts.registry import DutyKind

ROOM = cast("Any", SimpleNamespace(policies=Policies(service.POLICIES)))
BOARD = uuid4()
PLACES = [uuid4() for _ in range(4)]
"""Schools and departments; the last one keeps the roster."""
KEEPS = Offices(frozenset(PLACES[-1:]))

duties = st.builds(
    HeldDuty,
    kind=st.sampled_from(get_args(DutyKind)),
    organisation=st.sampled_from(PLACES),
    class_id=st.none(),
)
holders = st.builds(
    lambda held, kind: Holder(
        Principal("s", kind, BOARD, uuid4(), "dashboard", 2, None, None, datetime.now(UTC)), tuple(held)
    ),
    st.lists(duties, max_size=4),
    st.just("staff"),
)


@given(holders)
def test_lists_show_what_the_policy_lets_them_import(holder: Holder) -> None:
    asking = Asker(ROOM, holder, KEEPS, whole=False)
    asking = Asker(ROOM, holder, KEEPS, whole=asking.may(None))
    for school in [None, *PLACES]:
        listed = asking.schools is None or school in asking.schools
        assert listed == asking.may(school), school


@given(holders, st.sampled_from(["guardian", "pupil", "service", "department"]))
def test_nobody_else_imports_whatever_duties_they_have(holder: Holder, kind: Any) -> None:
    principal = Principal("s", kind, BOARD, uuid4(), "dashboard", 2, None, None, datetime.now(UTC))
    asking = Asker(ROOM, Holder(principal, holder.duties), KEEPS, whole=False)
    assert not any(asking.may(school) for school in [None, *PLACES])
