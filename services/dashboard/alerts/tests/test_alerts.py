"""気がかりな欠席, through HTTP on the running origin: raised from days, taken up, closed, withdrawn by a correction."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from services.dashboard.school_day.tests.conftest import DAY, enter, ready
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.publishers import Said
from services.dashboard.tests.town import Child, Town
from shared.contracts.registry import PersonErased
from tests.support.waiting import eventually

WEEK = [date(2026, 11, day) for day in (16, 17, 18, 19, 20)]


def at(school: UUID, day: str = DAY) -> str:
    return f"/api/schools/{school}/days/{day}/alerts"


def told(page: Any) -> list[tuple[str, str, int, str]]:
    """Who, which rule, of how many days, how it stands."""
    return [
        (each["pupil"]["given"], each["rule"], len(each["days"]), each["state"]) for each in page["alerts"]
    ]


async def say(
    browser: Browser, school: UUID, child: Child, alert: Any, act: str, done: str | None = None
) -> int:
    body = {"rule": alert["rule"], "first": alert["first"], "act": act, "done": done}
    return (await browser.command(f"{at(school)}/{child.id}", body)).status_code


async def a_week(origin: Origin, town: Town) -> tuple[UUID, list[Child], Browser]:
    """Three children: one away all week, one away twice, one always here."""
    school = await town.school()
    await town.settings()
    klass = await town.klass(school)
    children = away, twice, here = await town.children(klass, school, 3)
    browser, _ = await enter(origin, town, ("principal", school, None))
    for n, on in enumerate(WEEK):
        await town.mark(away, "absent_sick" if n % 2 else "absent_other", on=on)
        await town.mark(twice, "absent_other" if n in (1, 2) else "present", on=on)
        await town.mark(here, "present", on=on)
    await ready(origin, town)
    return school, children, browser


async def test_an_alert_names_its_days_and_a_correction_withdraws_it(origin: Origin, town: Town) -> None:
    school, (away, *_), head = await a_week(origin, town)
    page = await head.read(at(school))
    assert told(page) == [("子1", "row_3", 5, "open")]
    (alert,) = page["alerts"]
    assert alert["days"] == [on.isoformat() for on in WEEK]
    assert alert["going_on"] is True
    # Whichever of its days is corrected, the page hears of it.
    assert page["live"] == [f"school-day:{school}:{on}" for on in reversed(WEEK)]
    assert await say(head, school, away, alert, "seen") == 200
    assert told(await head.read(at(school))) == [("子1", "row_3", 5, "seen")]
    # She was here on Wednesday after all: two and two days are no matter, and the page says that it was one.
    await town.mark(away, "present", on=WEEK[2], source="office", reason="mistaken_entry")
    await ready(origin, town)
    page = await head.read(at(school))
    assert page["alerts"] == []
    (gone,) = page["withdrawn"]
    assert (gone["pupil"]["given"], gone["days"], gone["state"]) == ("子1", 5, "seen")
    assert gone["word"] == "3日続けて欠席"
    assert await say(head, school, away, alert, "closed", "called") == 409


async def test_closing_says_what_was_done_and_by_whom(origin: Origin, town: Town) -> None:
    school, (away, *_), head = await a_week(origin, town)
    office, clerk = await enter(origin, town, ("office", school, None))
    await ready(origin, town)
    (alert,) = (await office.read(at(school)))["alerts"]
    assert await say(office, school, away, alert, "closed") == 422
    assert await say(office, school, away, alert, "seen", "called") == 422
    assert await say(office, school, away, alert, "closed", "visited") == 200
    (alert,) = (await head.read(at(school)))["alerts"]
    assert alert["state"] == "closed"
    (act,) = alert["acts"]
    assert (act["done"], act["by"]["id"], act["days"]) == ("家庭を訪問した", str(clerk), 5)
    assert await say(head, school, away, alert, "reopened") == 200
    (alert,) = (await head.read(at(school)))["alerts"]
    assert (alert["state"], len(alert["acts"])) == ("open", 2)


async def test_for_whom(origin: Origin, town: Town) -> None:
    school, (away, *_), head = await a_week(origin, town)
    elsewhere = await town.school("第二小学校")
    (alert,) = (await head.read(at(school)))["alerts"]
    askers = [
        await enter(origin, town, ("subject", school, None)),
        await enter(origin, town, ("board_staff", town.board, None)),
        await enter(origin, town, ("principal", elsewhere, None)),
    ]
    nurse, person = await enter(origin, town, ("nurse", school, None))
    await town.protect(away.id, person)
    await ready(origin, town)
    for (browser, _), status in zip(askers, (403, 403, 404), strict=True):
        assert (await browser.get(at(school))).status_code == status
        assert await say(browser, school, away, alert, "seen") == status
    page = await nurse.read(at(school))
    assert (page["alerts"], str(away.id) in str(page)) == ([], False), "kept from this nurse"
    assert await say(nurse, school, away, alert, "seen") == 404
    assert (
        await head.command(f"{at(school)}/{uuid4()}", {"rule": "row_3", "first": DAY, "act": "seen"})
    ).status_code == 404
    assert len((await head.read(at(school)))["alerts"]) == 1


async def test_what_was_said_of_an_erased_child_goes(origin: Origin, town: Town) -> None:
    school, (away, *_), head = await a_week(origin, town)
    (alert,) = (await head.read(at(school)))["alerts"]
    assert await say(head, school, away, alert, "seen") == 200
    await town.registry.say(Said(PersonErased(person=away.id), away.id))
    connection = await origin.database.server.connect(origin.database.name)
    try:

        async def gone() -> bool:
            return bool(await connection.fetchval("select count(*) from alert_act") == 0)

        await eventually(gone)
    finally:
        await connection.close()
