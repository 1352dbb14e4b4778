"""What is told of a day is the business of the school where the child is on that day: moving, arriving, fleeing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.messaging import service
from services.messaging.notices import rules, store
from services.messaging.notices.api import resource_of
from services.messaging.notices.rules import Days, Said, Teller
from services.messaging.notices.store import Standing
from services.messaging.tests.town import SINCE, TODAY, Messaging, Town, said
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal
from shared.contracts import Contract
from shared.contracts.registry import GuardianshipChanged, Protection
from shared.database import Scope

MOVED = date(2026, 11, 24)
APRIL = date(2027, 4, 1)


async def move(messaging: Messaging, pupil: UUID, on: date) -> None:
    """The child goes from 2年1組 of the first school to ひまわり9組 of the second."""
    town, room = messaging.town, uuid4()
    stays = (
        (town.first, town.class_21, SINCE, on),
        (town.second, room, on, None),
    )
    await messaging.say(town.room(room, "ひまわり9組", town.second), town.stays(pupil, *stays))
    await messaging.catch_up(seed=1)


async def status(messaging: Messaging, pupil: UUID, who: UUID) -> int:
    return (await messaging.get(f"/v1/pupils/{pupil}/notices", who)).status_code


async def day_of(messaging: Messaging, school: UUID, who: UUID, on: date) -> list[dict[str, Any]]:
    answer = await messaging.get(f"/v1/schools/{school}/notices?on={on}", who)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["notices"]
    return found


async def test_the_school_it_has_left_learns_nothing_of_a_protected_child(messaging: Messaging) -> None:
    town = messaging.town
    notice = await messaging.taken(town.hidden)
    await messaging.taken(town.sister)
    await move(messaging, town.hidden, MOVED)
    assert len(await day_of(messaging, town.first, town.office, TODAY)) == 2, "it is there until it goes"
    messaging.clock.instant += timedelta(days=6)
    day = await day_of(messaging, town.first, town.office, TODAY)
    assert [each["pupil"]["id"] for each in day] == [str(town.sister)]
    assert await status(messaging, town.hidden, town.office) == 404
    for answer in (
        await messaging.take(town.hidden),
        await messaging.send("POST", f"/v1/notices/{notice}/withdraw", town.office, {"seen": 1}),
    ):
        assert answer.status_code == 404


async def test_a_past_day_names_the_class_of_that_day(messaging: Messaging) -> None:
    town = messaging.town
    await messaging.taken(town.sister, until="2026-11-26")
    await move(messaging, town.sister, MOVED)
    messaging.clock.instant += timedelta(days=6)
    for school, who, on, seen in (
        (town.first, town.office, TODAY, "2年1組"),
        (town.second, town.elsewhere, MOVED, "ひまわり9組"),
    ):
        (notice,) = await day_of(messaging, school, who, on)
        assert notice["class_name"] == seen
    (notice,) = (await messaging.of(town.sister, town.elsewhere))["notices"]
    assert notice["class_name"] == "ひまわり9組", "of its days here"
    assert await day_of(messaging, town.first, town.office, MOVED) == []


async def test_the_next_school_reads_nothing_of_today(messaging: Messaging) -> None:
    town = messaging.town
    notice = await messaging.taken(town.sister)
    await move(messaging, town.sister, APRIL)
    assert await status(messaging, town.sister, town.elsewhere) == 404
    path = f"/v1/notices/{notice}"
    for answer in (
        await messaging.take(town.sister, who=town.elsewhere),
        await messaging.send("POST", f"{path}/change", town.elsewhere, said(seen=1)),
        await messaging.send("POST", f"{path}/withdraw", town.elsewhere, {"seen": 1}),
    ):
        assert answer.status_code == 404, answer.text
    assert await status(messaging, town.sister, town.office) == 200
    assert len(await messaging.published()) == 1


async def test_a_day_is_told_to_the_school_of_that_day(messaging: Messaging) -> None:
    """A move in four days: each school takes calls about its own days, and moves no notice over to the other's."""
    town = messaging.town
    await move(messaging, town.sister, MOVED)
    theirs: dict[str, Any] = {"since": "2026-11-25", "until": "2026-11-26"}
    refused = await messaging.take(town.sister, **theirs)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["since"]
    assert "在籍していません" in refused.json()["errors"][0]["message"]
    notice = await messaging.taken(town.sister, who=town.elsewhere, **theirs)
    path = f"/v1/notices/{notice}"
    over = await messaging.send("POST", f"{path}/change", town.elsewhere, said(seen=1))
    assert over.status_code == 422, "today is the first school's"
    assert (await messaging.send("POST", f"{path}/withdraw", town.office, {"seen": 1})).status_code == 404
    assert (await messaging.of(town.sister))["notices"] == []
    assert (await messaging.send("POST", f"{path}/withdraw", town.elsewhere, {"seen": 1})).status_code == 200
    own = await messaging.taken(town.sister, until="2026-11-26")
    assert [each["notice"] for each in (await messaging.of(town.sister))["notices"]] == [str(own)]


async def test_a_new_school_does_not_inherit_what_was_told_before(messaging: Messaging) -> None:
    town = messaging.town
    before = await messaging.taken(town.sister)
    await move(messaging, town.sister, MOVED)
    messaging.clock.instant += timedelta(days=6)
    assert (await messaging.of(town.sister, town.elsewhere))["notices"] == []
    path = f"/v1/notices/{before}/withdraw"
    assert (await messaging.send("POST", path, town.elsewhere, {"seen": 1})).status_code == 404
    assert (await messaging.send("POST", path, town.office, {"seen": 1})).status_code == 200, "its own day"


# ---- the lists and the policy agree ----


@dataclass(frozen=True)
class Story:
    """Where a child is, what protects it, what is told: days count from today, schools by their number."""

    stays: list[tuple[int, bool, int, int | None]]
    """School, whether it has a class, first day, length."""
    marks: list[tuple[int, int | None, bool]]
    """First day, length, whether the first school's office is among those it is kept from."""
    told: list[tuple[int, int]]
    """First day, length."""
    second_card: bool
    """Stays and marks are on a card that was merged into the one of the notices."""


_FROM = st.integers(-6, 6)
_LONG = st.one_of(st.none(), st.integers(1, 8))
STORIES = st.builds(
    Story,
    st.lists(st.tuples(st.integers(0, 1), st.booleans(), _FROM, _LONG), min_size=1, max_size=3),
    st.lists(st.tuples(_FROM, _LONG, st.booleans()), max_size=2),
    st.lists(st.tuples(_FROM, st.integers(1, 5)), min_size=1, max_size=2),
    st.booleans(),
)


def period(since: int, long: int | None) -> tuple[date, date | None]:
    first = TODAY + timedelta(days=since)
    return first, None if long is None else first + timedelta(days=long)


def facts(town: Town, story: Story, pupil: UUID) -> list[Contract]:
    card = uuid4() if story.second_card else pupil
    schools = ((town.first, town.class_21), (town.second, town.class_22))
    stays = [
        (schools[at][0], schools[at][1] if placed else None, *period(since, long))
        for at, placed, since, long in story.stays
    ]
    marks = [
        Protection(
            since=period(since, long)[0],
            until=period(since, long)[1],
            confidential_from=[town.office] if kept else [town.father],
        )
        for since, long, kept in story.marks
    ]
    found: list[Contract] = [
        town.stays(card, *stays),
        GuardianshipChanged(pupil=card, guardians=[], protections=marks),
        town.card(pupil, "子"),
    ]
    return [*found, town.card(card, "子", merged_into=pupil)] if story.second_card else found


def notice(pupil: UUID, days: tuple[int, int], at: datetime, by: UUID) -> Standing:
    since, until = period(*days)
    assert until is not None
    what = Said("absent", "sick", since, until, "phone", Teller(words="祖母"), None)
    return Standing(uuid4(), pupil, 1, False, what, None, at, at, by)


async def test_lists_show_what_the_policy_allows(messaging: Messaging) -> None:
    town, board = messaging.town, messaging.town.board
    stories: list[Story] = []

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(STORIES)
    def gather(story: Story) -> None:
        stories.append(story)

    gather()
    pupils = {uuid4(): story for story in stories}
    await messaging.say(*(fact for pupil, story in pupils.items() for fact in facts(town, story, pupil)))
    await messaging.catch_up(seed=8)
    told: list[Standing] = []
    units = messaging.units(messaging.database.app)
    async with units.work(Scope(board), actor="test") as work:
        for pupil, story in pupils.items():
            for days in story.told:
                told.append(notice(pupil, days, work.at, town.office))
                await store.save(work, told[-1])
    policies = Policies(service.POLICIES)

    async with units.read(Scope(board)) as session:
        children = await store.children(session, board, pupils, TODAY)
        assert len(children) == len(pupils)
        shown = 0
        for who, school in ((town.office, town.first), (town.elsewhere, town.second)):
            asks = Principal("s", "staff", board, who, "dashboard", 2, None, None, messaging.clock.now())
            holder = Holder(asks, (HeldDuty(kind="office", organisation=school, class_id=None),))

            def may(pupil: UUID, days: Days, holder: Holder = holder) -> bool:
                child = children[pupil]
                at = rules.places_on(child.places, days, today=TODAY, protected=child.is_protected)
                return policies.allows(holder, "ReadNotices", resource_of(board, child, *at))

            for on in (TODAY + timedelta(days=days) for days in range(-7, 9)):
                expected = {
                    each.id
                    for each in told
                    if each.said.days.touches(rules.day(on)) and may(each.pupil, rules.day(on))
                }
                listed = await store.of_school(session, board, school, on, viewer=who, today=TODAY)
                assert sorted(each.standing.id for each in listed) == sorted(expected), (school, on)
                shown += len(listed)
            for pupil in pupils:
                if may(pupil, rules.day(TODAY)):
                    page = await store.of_child(session, board, pupil, [school])
                    assert sorted(each.standing.id for each in page) == sorted(
                        each.id for each in told if each.pupil == pupil and may(pupil, each.said.days)
                    )
        assert shown > 0, "else nothing would be proved"
