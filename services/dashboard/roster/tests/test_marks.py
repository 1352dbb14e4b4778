"""Protection marks hold on days, and are asked on the day of asking: no event says that one has ended."""

from __future__ import annotations

from datetime import timedelta

from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import TODAY, Town


async def test_a_mark_is_lifted_by_the_day_it_ends_without_any_event(origin: Origin, town: Town) -> None:
    school = await town.school()
    klass = await town.klass(school)
    (child,) = await town.children(klass, school, 1)
    person = await town.staff("親", ("homeroom", school, klass))
    end = TODAY + timedelta(days=2)
    await town.protect(child.id, person, until=end)
    browser = await origin.enter(person, board=town.board)
    await origin.caught_up()
    path = f"/api/classes/{klass}/days/{TODAY}/roll"
    assert (await browser.read(path))["members"] == []
    etag = (await browser.get(path)).headers["etag"]
    origin.clock.instant += timedelta(days=1)
    assert (await browser.read(path))["members"] == []
    origin.clock.instant += timedelta(days=1)
    seen = await browser.get(path, if_none_match=etag)
    assert [member["pupil"]["id"] for member in seen.json()["members"]] == [str(child.id)]


async def test_a_mark_holds_from_its_first_day(origin: Origin, town: Town) -> None:
    school = await town.school()
    klass = await town.klass(school)
    (child,) = await town.children(klass, school, 1)
    person = await town.staff("親", ("homeroom", school, klass))
    await town.protect(child.id, person, since=TODAY + timedelta(days=1))
    browser = await origin.enter(person, board=town.board)
    await origin.caught_up()
    path = f"/api/classes/{klass}/days/{TODAY}/roll"
    assert len((await browser.read(path))["members"]) == 1
    origin.clock.instant += timedelta(days=1)
    assert (await browser.read(path))["members"] == []
