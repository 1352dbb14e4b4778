"""Whoever may open a page may hear that it changed, and nobody else: who follows what is decided as the page is."""

from __future__ import annotations

import pytest

from tests.matrix.probe import NOTHING
from tests.matrix.probes import PROBES
from tests.matrix.test_order import asks_for_the_second_factor
from tests.matrix.world import World
from tests.support.boards import DUTIES, TODAY

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = {
    "class-day:{2_1}:{day}": "dashboard GET /api/classes/{class_id}/days/{day}/roll",
    "school-day:{first}:{day}": "dashboard GET /api/schools/{school}/days/{day}",
    "board-day:{board}:{day}": "dashboard GET /api/board/days/{day}",
    "duties:{board}": "dashboard GET /api/today",
    "operations": "dashboard GET /api/operations",
}
"""View → the page that stands on it."""
PEOPLE = (*DUTIES, "guardian", "father", "pupil")

of_every_view = pytest.mark.parametrize("view", PAGES)


def address(world: World, view: str) -> str:
    """Where a view is followed."""
    ids = {word.replace("-", "_"): id_ for word, id_ in world.first.ids.items()}
    return "/api/live?views=" + view.format_map({**ids, "board": world.first.id, "day": TODAY})


@of_every_view
async def test_a_view_is_followed_by_those_who_may_open_its_page(world: World, view: str) -> None:
    (probe,) = (probe for probe in PROBES if probe.operation == PAGES[view])
    followers = set()
    for who in PEOPLE:
        browser = await world.session(who)
        opened, followed = await browser.send(probe.call(world)), await browser.get(address(world, view))
        assert followed.status == (200 if opened.status == 200 else 404), (who, opened.status, followed)
        followers |= {who} if followed.status == 200 else set()
    assert followers >= set(probe.may)
    assert followers.isdisjoint(who for who, wanted in probe.may_not.items() if wanted != NOTHING)
    if view != "operations":  # that is everybody's own
        elsewhere = await world.session("stranger")
        assert (await elsewhere.get(address(world, view))).status == 404, "it is another board's"


@of_every_view
async def test_who_must_prove_a_second_factor_for_a_page_must_for_its_changes(
    world: World, view: str
) -> None:
    (probe,) = (probe for probe in PROBES if probe.operation == PAGES[view])
    for who in list(probe.may)[:2]:
        weak = await world.session(who, acr=1)
        assert asks_for_the_second_factor(await weak.get(address(world, view))), who
    for who in list(probe.may_not)[:2]:
        weak = await world.session(who, acr=1)
        assert (await weak.get(address(world, view))).status == 404, who


async def test_among_several_views_only_ones_own_are_followed(world: World) -> None:
    """The rest are left out without a word: whether they exist is not told."""
    browser = await world.session("homeroom")
    mine, others = address(world, "class-day:{2_1}:{day}"), "class-day:{other}:{day},operations"
    several = f"{mine},{address(world, others).partition('=')[2]}"
    assert (await browser.get(several)).everything.count(b": open") == 1
    assert (await browser.get(address(world, others))).status == 404
