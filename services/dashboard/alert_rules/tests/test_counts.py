"""The board's numbers per school: by rule, in fives, protected children among them, nobody named."""

from __future__ import annotations

from typing import Any

from services.dashboard.alert_rules.tests.test_api import TWO, a_city, say, tried
from services.dashboard.alerts.tests.test_alerts import WEEK
from services.dashboard.school_day.tests.conftest import DAY, enter, ready
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import Town

COUNTS = f"/api/board/days/{DAY}/alert-counts"


async def test_each_school_is_told_in_fives(origin: Origin, town: Town) -> None:
    school, _, keeper = await a_city(origin, town)
    assert (await say(keeper, await tried(keeper, TWO), DAY)).status_code == 200
    second = await town.school("第二小学校")
    klass = await town.klass(second)
    for child in await town.children(klass, second, 4):
        for on in WEEK[1:3]:
            await town.mark(child, "absent_other", on=on)
    # A child who is kept from whoever asks is counted, or the number would say that there is one.
    hidden = await town.child(klass, second, 9)
    for on in WEEK[1:3]:
        await town.mark(hidden, "absent_other", on=on)
    shido = await town.unit("department", "学校教育課", code="gakko-kyoiku")
    other, person = await enter(origin, town, ("board_staff", shido, None))
    await town.protect(hidden.id, person)
    await ready(origin, town)
    told: dict[str, Any] = {}
    for browser in (keeper, other):
        page = await browser.read(COUNTS)
        assert (page["of"], page["next"]) == (2, None)
        told = {each["school"]["name"]: each["counts"] for each in page["schools"]}
        assert told == {"第一小学校": {"row_2": 5}, "第二小学校": {"row_2": 5}}
        assert str(hidden.id) not in str(page)
    assert str(school) in str(page)
    rest = await keeper.read(f"{COUNTS}?after=1")
    assert [each["school"]["name"] for each in rest["schools"]] == ["第二小学校"]
    before = await keeper.read("/api/board/days/2026-11-19/alert-counts")
    assert [rule["code"] for rule in before["rules"]] == ["row_7", "row_3", "year_30"]


async def test_nobody_counts_while_somebody_else_does(origin: Origin, town: Town) -> None:
    _, _, keeper = await a_city(origin, town)
    connection = await origin.database.server.connect(origin.database.name)
    try:
        async with connection.transaction():
            await connection.execute(
                f"select pg_advisory_xact_lock(hashtextextended('alert_trial {town.board}', 0))"
            )
            page = await keeper.read(COUNTS)
    finally:
        await connection.close()
    assert (page["waits"], page["schools"], page["next"]) == (True, [], 0)
    page = await keeper.read(COUNTS)
    assert (page["waits"], len(page["schools"]), page["next"]) == (False, 1, None)


async def test_for_whom(origin: Origin, town: Town) -> None:
    _, head, keeper = await a_city(origin, town)
    kitchen = await town.unit("department", "給食課", code="kyushoku")
    cook, _ = await enter(origin, town, ("board_staff", kitchen, None))
    await ready(origin, town)
    assert (await keeper.get(COUNTS)).status_code == 200
    for browser in (head, cook):
        assert (await browser.get(COUNTS)).status_code == 404
