"""The policy, the SQL that stands beside it for lists, and the wall behind both: each holds without the others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.dashboard.school_day import store
from services.dashboard.school_day.store import SEES_PUPIL, Viewer
from services.dashboard.service import POLICIES
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.town import TODAY, Town
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Kind, Principal, entity, ref, refs
from shared.contracts.registry import DutyKind
from shared.database import Scope

SCHOOLS = [uuid4() for _ in range(3)]
CLASSES = {uuid4(): school for school in SCHOOLS for _ in range(2)}
KINDS: tuple[DutyKind, ...] = (
    "homeroom",
    "assistant",
    "substitute",
    "subject",
    "principal",
    "vice_principal",
    "office",
    "nurse",
    "board_staff",
    "system_operator",
)
BOARD = uuid4()
VIEWER = uuid4()
NEVER = datetime(2099, 1, 1, tzinfo=UTC)

classes_ = st.sampled_from(sorted(CLASSES))
duties_ = st.lists(
    st.one_of(
        st.builds(
            lambda kind, klass: HeldDuty(kind, CLASSES[klass], klass), st.sampled_from(KINDS[:4]), classes_
        ),
        # A roster's mistake: the duty is at another school than its class.
        st.builds(HeldDuty, st.sampled_from(KINDS[:4]), st.sampled_from(SCHOOLS), classes_),
        st.builds(
            lambda kind, school: HeldDuty(kind, school, None),
            st.sampled_from(KINDS[4:]),
            st.sampled_from(SCHOOLS),
        ),
    ),
    max_size=4,
)
OFTEN_STAFF: tuple[Kind, ...] = ("staff", "staff", "staff", "guardian", "pupil")
kinds_ = st.sampled_from(OFTEN_STAFF)


def holder(kind: Kind, duties: list[HeldDuty]) -> Holder:
    """A signed-in person with these duties."""
    principal = Principal("subject", kind, BOARD, VIEWER, "dashboard", 2, None, None, NEVER)
    return Holder(principal, tuple(duties))


@pytest.fixture(scope="module")
def policies() -> Policies:
    """The service's policies, parsed once."""
    return Policies(POLICIES)


async def test_the_list_of_today_is_what_the_policy_allows(
    town: Town, copies: Copies, policies: Policies
) -> None:
    town.board = town.registry.board = BOARD
    for school in SCHOOLS:
        await town.unit("elementary", "校", id=school, school=school)
    for klass, school in CLASSES.items():
        await town.klass(school, id=klass)
    await copies.catch_up()

    async def listed(who: Holder) -> set[UUID]:
        async with copies.app.read(Scope(BOARD)) as session:
            row = await store.today(session, who, TODAY)
        return {UUID(item["class"]) for item in row.classes or []}

    def may(who: Holder, klass: UUID) -> bool:
        resource = entity(
            "ClassDay",
            klass,
            **{
                "board": ref("Board", BOARD),
                "school": ref("School", CLASSES[klass]),
                "class": ref("Class", klass),
                "isToday": True,
            },
        )
        return policies.allows(who, "TakeRoll", resource)

    cases: list[Holder] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(kinds_, duties_)
    def gather(kind: Kind, duties: list[HeldDuty]) -> None:
        cases.append(holder(kind, duties))

    gather()
    for who in cases:
        assert await listed(who) == {klass for klass in CLASSES if may(who, klass)}, who.duties


async def test_the_names_on_lists_are_those_the_policy_allows(
    town: Town, copies: Copies, policies: Policies
) -> None:
    town.board = town.registry.board = BOARD
    children: dict[UUID, dict[str, Any]] = {}
    for number in range(12):
        child = uuid4()
        kept_from = [VIEWER] if number % 4 == 0 else [uuid4()] if number % 4 == 1 else []
        protected = number % 4 < 3
        if protected:
            await town.protect(child, *kept_from)
        children[child] = {
            "school": SCHOOLS[number % 3],
            "protected": protected,
            "kept_from": kept_from,
        }
    await copies.catch_up()
    predicate = text(
        "select c.id from unnest(cast(:ids as uuid[]), cast(:at as uuid[])) as c(id, school_id) where "
        + SEES_PUPIL.format(school="c.school_id", person="c.id")
    )

    async def seen(who: Holder) -> set[UUID]:
        viewer = Viewer.of(who, TODAY)
        async with copies.app.read(Scope(BOARD)) as session:
            found = await session.scalars(
                predicate,
                {
                    "ids": list(children),
                    "at": [child["school"] for child in children.values()],
                    "schools": sorted(viewer.schools),
                    "viewer": viewer.person,
                    "today": TODAY,
                },
            )
            return set(found)

    def may(who: Holder, child: UUID) -> bool:
        facts = children[child]
        resource = entity(
            "Pupil",
            child,
            board=ref("Board", BOARD),
            school=ref("School", facts["school"]),
            isProtected=facts["protected"],
            confidentialFrom=refs("Person", facts["kept_from"]),
        )
        return policies.allows(who, "SeePupil", resource)

    cases: list[Holder] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(kinds_, duties_)
    def gather(kind: Kind, duties: list[HeldDuty]) -> None:
        cases.append(holder(kind, duties))

    gather()
    for who in cases:
        assert await seen(who) == {child for child in children if may(who, child)}, who.duties


async def test_the_wall_holds_without_the_predicate(town: Town, copies: Copies) -> None:
    """Row-level security by board and school, asked without any condition of ours (decisions.md §4)."""
    here, there = await town.school("一小"), await town.school("二小")
    for school in (here, there):
        klass = await town.klass(school)
        (child,) = await town.children(klass, school, 1)
        await town.mark(child, "late")
        await town.take(klass, school, 1)
    await copies.catch_up()

    async def visible(scope: Scope, table: str) -> int:
        async with copies.app.read(scope) as session:
            return int(await session.scalar(text(f"select count(*) from copy.{table}")) or 0)

    for table in ("membership", "pupil_day", "class_day"):
        assert await visible(Scope(town.board), table) == 2
        assert await visible(Scope(town.board, frozenset({here})), table) == 1
        assert await visible(Scope(town.board, frozenset()), table) == 0
        assert await visible(Scope(uuid4()), table) == 0
    for table in ("person_card", "organisation", "calendar"):
        assert await visible(Scope(town.board, frozenset()), table) > 0
        assert await visible(Scope(uuid4()), table) == 0


async def test_the_predicate_holds_without_the_wall(town: Town, copies: Copies) -> None:
    """The page's own conditions, run as the role that sees every board."""
    here, there = await town.school("一小"), await town.school("二小")
    for school in (here, there):
        klass = await town.klass(school)
        (child,) = await town.children(klass, school, 1)
        await town.mark(child, "late")
    await copies.catch_up()
    viewer = Viewer(town.board, uuid4(), frozenset({there}), TODAY)
    async with copies.units.maintain() as session:
        row = await store.school_day(session, viewer, here, TODAY)
        assert row.exceptions is None
        row = await store.school_day(session, viewer, there, TODAY)
        assert len(row.exceptions) == 1
