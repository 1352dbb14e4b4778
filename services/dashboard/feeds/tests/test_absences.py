"""The absence count: by class, by grade where a class is small; no small group follows from two numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.feeds.absence_feed import AbsenceFeed
from services.dashboard.feeds.absence_rules import (
    ABSENCES,
    ClassCount,
    Group,
    grade_id,
    groups,
    next_revision,
    whole_grade,
)
from services.dashboard.feeds.rules import Kept
from services.dashboard.live.hub import Hub
from services.dashboard.overview.small import SMALL
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.doubles import AUTHORITY
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import TODAY, Town
from shared.contracts.dashboard import AbsenceCount, AbsenceItemChanged, feed_topic
from shared.contracts.registry import Closure

BOARD = UUID(int=1)
SCHOOLS = (UUID(int=2), UUID(int=3))
FIELDS = ["members", "absent", "suspended", "late", "unrecorded", "off", "taken_at"]


@pytest.fixture
def feed(copies: Copies) -> AbsenceFeed:
    """The reconciler, run by hand."""
    return AbsenceFeed(copies.units, Hub(copies.database.app, datetime.now(UTC)))


async def published(copies: Copies, town: Town) -> list[AbsenceItemChanged]:
    """The department's topic, as a reader of it would find it."""
    topic = feed_topic(town.board, town.department, ABSENCES).name
    connection = await copies.database.server.connect(copies.database.name)
    try:
        rows = await connection.fetch(
            "select payload::text as payload from log.log_state where topic = $1 order by position", topic
        )
    finally:
        await connection.close()
    return [AbsenceItemChanged.model_validate_json(row["payload"]) for row in rows]


async def grant(town: Town, **more: Any) -> None:
    await town.grant(feed=ABSENCES, fields=FIELDS, small_groups=False, **more)


async def test_the_count_follows_the_roll(town: Town, copies: Copies, feed: AbsenceFeed) -> None:
    school = await town.school()
    klass = await town.klass(school)
    children = await town.children(klass, school, 7)
    await grant(town)
    await copies.catch_up()
    await feed.reconcile(everything=True)
    (item,) = await published(copies, town)
    assert (item.group, item.grade, item.revision, item.value.unrecorded) == (klass, None, 1, 7)
    codes = ["present", "absent_sick", "absent_other", "late", "suspended", "bereavement"]
    for child, code in zip(children, codes, strict=False):
        await town.mark(child, code)
    await town.take(klass, school, 7)
    await copies.catch_up()
    await feed.reconcile({TODAY: [klass]})
    await feed.reconcile(everything=True)
    (item,) = await published(copies, town)
    assert item.revision == 2, "what a department has is not given again"
    taken = item.value.taken_at
    assert item.value == AbsenceCount(
        members=7, absent=2, suspended=1, late=1, unrecorded=1, off=0, taken_at=taken
    )
    assert taken is not None
    await town.mark(children[1], "present", source="office", reason="mistaken_entry")
    await copies.catch_up()
    await feed.reconcile({TODAY: [klass]})
    (item,) = await published(copies, town)
    assert (item.revision, item.value.absent) == (3, 1)


async def test_who_need_not_come_is_off_and_neither_absent_nor_suspended(
    town: Town, copies: Copies, feed: AbsenceFeed
) -> None:
    """登校を要しない日: the wire says ``suspension`` for readers of before, and beside it what it is."""
    school = await town.school()
    klass = await town.klass(school)
    children = await town.children(klass, school, 7)
    await grant(town)
    await town.mark(children[0], "suspended", not_required=True)
    await town.mark(children[1], "suspended")
    await copies.catch_up()
    await feed.reconcile(everything=True)
    (item,) = await published(copies, town)
    assert item.value == AbsenceCount(
        members=7, absent=0, suspended=1, late=0, unrecorded=5, off=1, taken_at=None
    )


async def test_a_small_class_is_told_within_its_grade(town: Town, copies: Copies, feed: AbsenceFeed) -> None:
    school = await town.school()
    big, small = await town.klass(school), await town.klass(school, "2年2組")
    alone = await town.klass(school, "ひまわり", None, special_needs=True)
    await town.children(big, school, 6)
    (child, _) = await town.children(small, school, 2)
    await town.children(alone, school, 3)
    await town.mark(child, "absent_sick")
    await grant(town)
    await copies.catch_up()
    await feed.reconcile({TODAY: [small]})
    (item,) = await published(copies, town)
    assert (item.group, item.grade) == (grade_id(town.board, school, "P2"), "P2")
    assert (item.value.members, item.value.absent, item.value.taken_at) == (8, 1, None)
    assert whole_grade(item.grade) == "2年全体"
    assert whole_grade(None) == "学年をまたぐ学級全体", "the words of the overviews"
    await feed.reconcile(everything=True)
    assert len(await published(copies, town)) == 1, "three children alone are told of nowhere"


async def test_a_closed_class_is_off(town: Town, copies: Copies, feed: AbsenceFeed) -> None:
    school = await town.school()
    klass, never = await town.klass(school), await town.klass(school, "3年1組", "P3")
    await town.children(klass, school, 5)
    await town.children(never, school, 5)
    closure = Closure(scope="grade", grade="P3", class_id=None, on=TODAY, reason="influenza")
    await town.calendar(school, closures=[closure])
    await grant(town)
    await copies.catch_up()
    await feed.reconcile(everything=True)
    (item,) = await published(copies, town)
    assert item.group == klass
    later = Closure(scope="class", grade=None, class_id=klass, on=TODAY, reason="influenza")
    await town.calendar(school, closures=[closure, later])
    await copies.catch_up()
    await feed.reconcile(everything=True)
    (item,) = await published(copies, town)
    assert (item.value.members, item.value.off, item.value.unrecorded) == (5, 5, 0)


async def test_without_a_purpose_nothing_is_given(town: Town, copies: Copies, feed: AbsenceFeed) -> None:
    school = await town.school()
    await town.children(await town.klass(school), school, 6)
    await town.grant()
    await copies.catch_up()
    await feed.reconcile(everything=True)
    assert await published(copies, town) == [], "the kitchen's purpose is for meals"


counts = st.builds(
    ClassCount,
    id=st.uuids(),
    school=st.sampled_from(SCHOOLS),
    grade=st.sampled_from(("P1", "P2", None)),
    meets=st.booleans(),
    members=st.integers(0, 8),
    absent=st.integers(0, 2),
    suspended=st.integers(0, 2),
    excused=st.integers(0, 1),
    late=st.integers(0, 2),
    unrecorded=st.integers(0, 2),
    taken_at=st.none(),
)


def large(group: Group) -> bool:
    """Whether both of its counts are of five or more: everybody, and those with lessons, if there are any."""
    here = group.value.members - group.value.off
    return group.value.members >= SMALL and (here == 0 or here >= SMALL)


def hidden(told: list[Group], classes: list[ClassCount]) -> list[int]:
    """Sizes of what two numbers leave between them: a whole grade less the classes of it that are told, too."""
    left = []
    for whole in told:
        those = [c for c in classes if whole.id == grade_id(BOARD, c.school, c.grade)]
        singles = [g for g in told if g.id in {c.id for c in those}]
        if those and singles:
            left.append(whole.value.members - sum(g.value.members for g in singles))
    return left


@given(st.lists(counts, max_size=10), st.data())
def test_no_small_group_is_told_or_follows(classes: list[ClassCount], data: st.DataObject) -> None:
    first = groups(BOARD, classes, small_groups=False, told=())
    assert all(large(group) for group in first)
    assert hidden(first, classes) == []
    # Later that day classes have grown or shrunk: what was begun goes on, and nothing new follows from both.
    later = [
        ClassCount(c.id, c.school, c.grade, c.meets, data.draw(st.integers(0, 8)), 0, 0, 0, 0, 0, None)
        for c in classes
    ]
    then = groups(BOARD, later, small_groups=False, told={group.id for group in first})
    assert all(large(group) for group in then)
    every = {group.id: group for group in (*first, *then)}
    assert hidden(list(every.values()), classes) == []


def test_of_a_grade_whose_large_class_is_closed_the_small_one_is_not_told() -> None:
    def each(members: int, *, meets: bool) -> ClassCount:
        return ClassCount(UUID(int=members), SCHOOLS[0], "P1", meets, members, 1, 0, 0, 0, 0, None)

    (whole,) = groups(BOARD, [each(35, meets=True), each(3, meets=True)], small_groups=False, told=())
    assert (whole.grade, whole.value.members, whole.value.absent) == ("P1", 38, 2)
    closed = [each(35, meets=False), each(3, meets=True)]
    assert groups(BOARD, closed, small_groups=False, told=()) == []
    assert groups(BOARD, closed, small_groups=False, told={whole.id}) == []


@given(st.lists(counts, max_size=10))
def test_a_purpose_that_needs_small_groups_has_every_class(classes: list[ClassCount]) -> None:
    told = groups(BOARD, classes, small_groups=True, told=())
    assert {group.id for group in told} == {each.id for each in classes if each.members}


@given(counts.filter(lambda each: each.members - each.excused >= SMALL))
def test_a_revision_is_given_once(each: ClassCount) -> None:
    found = groups(BOARD, [each], small_groups=False, told=())
    step = next_revision(found[0], None)
    if step is None:
        assert not each.meets
    else:
        assert next_revision(found[0], Kept(step.revision, step.value, False)) is None


async def test_a_department_reads_names_and_allowed_fields(origin: Origin, town: Town) -> None:
    school = await town.school()
    big, small = await town.klass(school), await town.klass(school, "2年2組")
    await town.children(big, school, 6)
    await town.children(small, school, 2)
    await origin.caught_up()
    await town.grant(feed=ABSENCES, fields=["members", "absent"], small_groups=False)
    await origin.caught_up()
    token = AUTHORITY.token(
        "dashboard",
        town.board,
        kind="department",
        azp="kitchen",
        iss=origin.issuer.url,
        acr="1",
        sub=str(uuid4()),
    )
    answer = await origin.http.get(
        f"/api/feeds/{ABSENCES}/items?after=0&wait=10", headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200, answer.text
    (line,) = [orjson.loads(each) for each in answer.text.splitlines()]
    assert (line["group_name"], line["grade"], line["school_name"]) == ("2年全体", "P2", "第一小学校")
    assert line["value"] == {"members": 8, "absent": 0}
    assert (line["frozen"], line["frozen_at"]) == (None, None)
