"""The lunch count: made from the copies, frozen at the cut-off, never given twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.feeds import store
from services.dashboard.feeds.reconciler import LunchFeed
from services.dashboard.feeds.rules import Group, Kept, cut_off, next_revision
from services.dashboard.live.hub import Hub
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.town import APRIL, TODAY, Town
from shared.contracts.dashboard import FeedItemChanged, LunchCount, feed_topic
from shared.contracts.registry import Closure, Membership
from shared.dates import TOKYO, FixedClock

NINE_THIRTY = datetime(2026, 11, 20, 9, 30, tzinfo=TOKYO)


@pytest.fixture
def lunch(copies: Copies) -> LunchFeed:
    """The reconciler, run by hand."""
    return LunchFeed(copies.units, Hub(copies.database.app, datetime.now(UTC)))


async def published(copies: Copies, town: Town) -> list[FeedItemChanged]:
    """The department's topic, as a reader of it would find it."""
    topic = feed_topic(town.board, town.department, "lunch-count").name
    connection = await copies.database.server.connect(copies.database.name)
    try:
        rows = await connection.fetch(
            "select payload::text as payload, stream_version from log.log_state where topic = $1 order by position",
            topic,
        )
    finally:
        await connection.close()
    items = [FeedItemChanged.model_validate_json(row["payload"]) for row in rows]
    assert [item.revision for item in items] == [row["stream_version"] for row in rows]
    return items


async def revisions(copies: Copies) -> list[tuple[int, int, int, bool]]:
    """(revision, absent, unrecorded, frozen) of everything ever given, in order."""
    rows = await copies.rows("feed_item", "public")
    rows.sort(key=lambda row: (row["item_id"], row["revision"]))
    return [
        (
            row["revision"],
            row["value"]["absent"],
            row["value"]["unrecorded"],
            row["frozen_at"] is not None,
        )
        for row in rows
    ]


async def test_the_count_follows_the_roll(town: Town, copies: Copies, lunch: LunchFeed) -> None:
    school = await town.school()
    klass = await town.klass(school)
    other = await town.klass(school, "ひまわり", None, special_needs=True)
    children = await town.children(klass, school, 6)
    await town.child(other, school, 1, exchange=[(klass, 40)])
    await town.grant()
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    by_group = {item.group: item.value for item in await published(copies, town)}
    assert by_group == {
        klass: LunchCount(members=6, absent=0, unrecorded=6, taken_at=None),
        other: LunchCount(members=1, absent=0, unrecorded=1, taken_at=None),
    }
    codes = ["present", "absent_sick", "suspended", "late", "early_leave"]
    for child, code in zip(children, codes, strict=False):
        await town.mark(child, code)
    await town.take(klass, school, 6)
    await copies.catch_up()
    await lunch.reconcile({TODAY: [klass]})
    item = next(item for item in await published(copies, town) if item.group == klass)
    assert (item.feed, item.school, item.on, item.revision) == ("lunch-count", school, TODAY, 2)
    assert (item.value.members, item.value.absent, item.value.unrecorded) == (6, 2, 1)
    assert item.value.taken_at == datetime(2026, 11, 20, 8, 25, tzinfo=TOKYO)
    assert item.frozen_at is None


async def test_reconciling_again_gives_nothing(town: Town, copies: Copies, lunch: LunchFeed) -> None:
    school = await town.school()
    await town.children(await town.klass(school), school, 5)
    await town.grant()
    await copies.catch_up()
    for _ in range(3):
        await lunch.reconcile(everything=True)
    assert await revisions(copies) == [(1, 0, 5, False)]


async def test_two_at_once_give_each_revision_once(
    town: Town, copies: Copies, lunch: LunchFeed, clock: FixedClock
) -> None:
    """Should a second process reconcile after all, the items' versions stop it."""
    school = await town.school()
    await town.children(await town.klass(school), school, 5)
    await town.grant()
    await copies.catch_up()
    twin = LunchFeed(copies.units, Hub(copies.database.app, clock.now()))
    await asyncio.gather(
        lunch.reconcile(everything=True), twin.reconcile(everything=True), return_exceptions=True
    )
    await lunch.reconcile(everything=True)
    assert await revisions(copies) == [(1, 0, 5, False)]


async def test_the_cut_off_freezes_and_later_values_are_new_revisions(
    town: Town, copies: Copies, lunch: LunchFeed, clock: FixedClock
) -> None:
    school = await town.school()
    klass = await town.klass(school)
    children = await town.children(klass, school, 5)
    await town.mark(children[0], "absent_sick")
    await town.grant()
    await copies.catch_up()
    assert await lunch.reconcile(everything=True) == 30.0
    clock.instant = NINE_THIRTY - timedelta(seconds=5)
    assert await lunch.reconcile({}) == 30.0
    assert await lunch.reconcile(everything=True) == 5.0
    clock.instant = NINE_THIRTY
    await lunch.reconcile(everything=True)
    clock.instant = NINE_THIRTY + timedelta(minutes=1)
    await lunch.reconcile(everything=True)
    assert await revisions(copies) == [(1, 1, 4, False), (2, 1, 4, True)]
    await town.mark(children[0], "late")
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    assert await revisions(copies) == [(1, 1, 4, False), (2, 1, 4, True), (3, 0, 4, False)]
    (item,) = await published(copies, town)
    assert (item.revision, item.value.absent, item.frozen_at) == (3, 0, None)


async def test_the_board_sets_its_own_cut_off(
    town: Town, copies: Copies, lunch: LunchFeed, clock: FixedClock
) -> None:
    await town.settings(lunch_cut_off="8:45")
    school = await town.school()
    await town.children(await town.klass(school), school, 5)
    await town.grant()
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    clock.instant = datetime(2026, 11, 20, 8, 45, tzinfo=TOKYO)
    await lunch.reconcile(everything=True)
    assert await revisions(copies) == [(1, 0, 5, False), (2, 0, 5, True)]


async def test_a_cut_off_that_is_no_time_is_told_to_the_operator(
    town: Town, copies: Copies, lunch: LunchFeed
) -> None:
    await town.settings(lunch_cut_off="half past nine")
    await town.grant()
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    assert "lunch_cut_off" in (lunch.state.stopped_because or "")
    assert await published(copies, town) == []


async def test_days_without_lunch_have_no_items(
    town: Town, copies: Copies, lunch: LunchFeed, clock: FixedClock
) -> None:
    school = await town.school()
    klass = await town.klass(school)
    await town.children(klass, school, 5)
    await town.grant()
    await copies.catch_up()
    clock.instant = datetime(2026, 11, 21, 8, 0, tzinfo=TOKYO)
    await lunch.reconcile(everything=True)
    assert await revisions(copies) == []
    clock.instant = datetime(2026, 11, 20, 8, 0, tzinfo=TOKYO)
    await lunch.reconcile(everything=True)
    closed = Closure(on=TODAY, scope="class", grade=None, class_id=klass, reason="influenza")
    await town.calendar(school, [TODAY], [closed])
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    # A class that was told of and then closed eats nothing.
    assert await revisions(copies) == [(1, 0, 5, False), (2, 5, 0, False)]


async def test_small_groups_need_a_reason(town: Town, copies: Copies, lunch: LunchFeed) -> None:
    school = await town.school()
    small, large = await town.klass(school, "ひまわり"), await town.klass(school)
    await town.children(small, school, 4)
    await town.children(large, school, 5)
    await town.grant(small_groups=False)
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    assert [item.group for item in await published(copies, town)] == [large]
    await town.grant(small_groups=True)
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    assert {item.group for item in await published(copies, town)} == {small, large}


@pytest.mark.parametrize(
    "when",
    [
        {"since": date(2026, 11, 21)},
        {"until": TODAY},
        {"feed": "another"},
        {"grants": []},
    ],
)
async def test_without_a_purpose_there_is_no_feed(
    town: Town, copies: Copies, lunch: LunchFeed, when: dict[str, Any]
) -> None:
    school = await town.school()
    await town.children(await town.klass(school), school, 5)
    await town.grant(**when)
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    assert await published(copies, town) == []


async def test_a_child_that_moved_eats_in_the_new_class(town: Town, copies: Copies, lunch: LunchFeed) -> None:
    school = await town.school()
    old, new = await town.klass(school), await town.klass(school, "2年2組")
    children = await town.children(old, school, 6)
    await town.children(new, school, 5)
    await town.grant()
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    moved = Membership(class_id=new, school=school, kind="home", number=36, since=TODAY, until=None)
    before = children[0].memberships[0].model_copy(update={"until": TODAY})
    await town.enrol(children[0].id, [before, moved])
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    members = {item.group: item.value.members for item in await published(copies, town)}
    assert members == {old: 5, new: 6}


# ---- rules ----

counts = st.integers(0, 40)
groups = st.builds(
    lambda meets, members, absent, unrecorded: Group(
        uuid4(), uuid4(), meets, members, min(absent, members), min(unrecorded, members), None
    ),
    st.booleans(),
    counts,
    counts,
    counts,
)


@given(st.lists(st.tuples(groups, st.integers(0, 180)), max_size=8), st.booleans())
def test_an_item_is_frozen_once_and_never_changes(steps: list[tuple[Group, int]], small: bool) -> None:
    """Through any morning: revisions count up, at most one is frozen, nothing is given that the department has."""
    kept: Kept[LunchCount] | None = None
    frozen = 0
    for group, minutes in sorted(steps, key=lambda step: step[1]):
        now = NINE_THIRTY + timedelta(minutes=minutes - 90)
        step = next_revision(group, kept, small_groups=small, now=now, freezes_at=NINE_THIRTY)
        if step is None:
            continue
        assert step.revision == (kept.revision if kept else 0) + 1
        assert small or group.members >= 5
        assert step.value.absent <= step.value.members
        frozen += step.frozen_at is not None
        assert frozen <= 1
        assert step.frozen_at is None or step.frozen_at >= NINE_THIRTY
        kept = Kept(step.revision, step.value, bool(frozen))
        again = next_revision(group, kept, small_groups=small, now=now, freezes_at=NINE_THIRTY)
        assert again is None


@pytest.mark.parametrize("setting", ["9", "25:00", "09:60", "0930", 930, {"at": "09:30"}, ""])
def test_a_cut_off_is_a_time_of_day(setting: object) -> None:
    with pytest.raises(ValueError, match="lunch_cut_off"):
        cut_off(setting, TODAY)


def test_cut_offs_are_tokyo_time() -> None:
    assert cut_off(None, TODAY) == NINE_THIRTY
    assert cut_off("10:05", TODAY) == datetime(2026, 11, 20, 10, 5, tzinfo=TOKYO)


def test_an_items_key_is_the_same_everywhere() -> None:
    board, group = UUID(int=1), UUID(int=2)
    assert store.item_id(board, "lunch-count", group, TODAY) == store.item_id(
        board, "lunch-count", group, TODAY
    )
    assert store.item_id(board, "lunch-count", group, APRIL) != store.item_id(
        board, "lunch-count", group, TODAY
    )


async def test_a_correction_of_yesterday_is_a_new_revision_of_yesterdays_item(
    town: Town, copies: Copies, lunch: LunchFeed, clock: FixedClock
) -> None:
    school = await town.school()
    klass = await town.klass(school)
    children = await town.children(klass, school, 5)
    await town.grant()
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    clock.instant += timedelta(days=1)
    await town.mark(children[0], "absent_sick")
    await copies.catch_up()
    await lunch.reconcile({TODAY: [klass]})
    [item] = [item for item in await published(copies, town) if item.on == TODAY]
    assert (item.revision, item.value.absent) == (2, 1)
    await town.mark(children[1], "absent_sick")
    await copies.catch_up()
    await lunch.reconcile(everything=True)
    [item] = [item for item in await published(copies, town) if item.on == TODAY]
    assert item.value.absent == 2, "a scan finds it, too"
