"""The board's own rules, through HTTP on the running origin: tried, switched on from a day, withdrawn before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import text

from services.dashboard.alert_rules import store
from services.dashboard.alerts.tests.test_alerts import WEEK, at, told
from services.dashboard.school_day.tests.conftest import enter, ready
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import TODAY, Town
from shared.database import Scope, Units, make_engine

RULES = "/api/board/alert-rules"
TRIALS = "/api/board/alert-trials"
TWO = {"code": None, "word": "2日続けて", "kind": "row", "days": 2, "excused": False}
NOVEMBER = "2026-11-01"


async def a_city(origin: Origin, town: Town) -> tuple[UUID, Browser, Browser]:
    """A school of which six children were away on Tuesday and Wednesday, its head, and whoever keeps the rules."""
    school = await town.school()
    await town.settings()
    klass = await town.klass(school)
    for child in await town.children(klass, school, 6):
        for n, on in enumerate(WEEK):
            await town.mark(child, "absent_other" if n in (1, 2) else "present", on=on)
    shido = await town.unit("department", "指導課", code="shido")
    head, _ = await enter(origin, town, ("principal", school, None))
    keeper, _ = await enter(origin, town, ("board_staff", shido, None))
    await ready(origin, town)
    return school, head, keeper


async def tried(keeper: Browser, *rules: Any, months: Any = (NOVEMBER,)) -> Any:
    """A trial that is over."""
    answer = await keeper.command(TRIALS, {"rules": list(rules), "months": list(months)})
    assert answer.status_code == 200, answer.text
    trial = answer.json()
    for _ in range(20):
        if trial["done"] == trial["schools"]:
            return await keeper.read(f"{TRIALS}/{trial['id']}")
        trial = (await keeper.command(f"{TRIALS}/{trial['id']}/step")).json()
    raise AssertionError(trial)


async def say(keeper: Browser, tried_: Any, since: str, **more: Any) -> Any:
    seen = (await keeper.read(RULES))["revision"]
    body = {"trial": tried_["id"], "since": since, "reason": "早く気づくため", "seen": seen} | more
    return await keeper.command(RULES, body)


async def test_a_draft_is_tried_and_then_holds(origin: Origin, town: Town) -> None:
    school, head, keeper = await a_city(origin, town)
    page = await keeper.read(RULES)
    assert [rule["code"] for rule in page["rules"]] == ["row_7", "row_3", "year_30"]
    assert page["months"][-1] == NOVEMBER
    assert page["versions"] == []
    trial = await tried(keeper, TWO)
    assert (trial["told"]["draft"], trial["told"]["now"]) == ({"all": 5}, {"all": 0})
    assert trial["told"]["schools"] == [
        {"school": {"id": str(school), "name": "第一小学校"}, "draft": 5, "now": 0}
    ]
    assert (await head.read(at(school)))["alerts"] == [], "tried is not switched on"
    assert (await say(keeper, trial, "2026-11-20")).status_code == 200
    page = await keeper.read(RULES)
    (version,) = page["versions"]
    assert (version["state"], version["reason"], version["rules"]) == (
        "holds",
        "早く気づくため",
        page["rules"],
    )
    shown = told(await head.read(at(school)))
    assert sorted(shown) == [(f"子{n}", "row_2", 2, "open") for n in range(1, 7)]
    yesterday = await head.read(at(school, "2026-11-19"))
    assert (yesterday["alerts"], len(yesterday["rules"])) == ([], 3), (
        "the day before is under the rules of its day"
    )


async def test_later_rules_are_replaced_and_withdrawn_before_they_begin(origin: Origin, town: Town) -> None:
    school, head, keeper = await a_city(origin, town)
    assert (await say(keeper, await tried(keeper, TWO), "2026-11-21")).status_code == 200
    none = await tried(keeper)
    assert (await say(keeper, none, "2026-11-21", reason="やめることにした")).status_code == 200
    page = await keeper.read(RULES)
    assert [(each["state"], len(each["rules"])) for each in page["versions"]] == [
        ("coming", 0),
        ("withdrawn", 1),
    ]
    assert len(page["rules"]) == 3
    body = {"since": "2026-11-21", "seen": page["revision"]}
    assert (await keeper.command(f"{RULES}/withdraw", {**body, "seen": "0-0"})).status_code == 409
    assert (await keeper.command(f"{RULES}/withdraw", {**body, "since": "2026-11-22"})).status_code == 404
    assert (await keeper.command(f"{RULES}/withdraw", body)).status_code == 200
    assert [each["state"] for each in (await keeper.read(RULES))["versions"]] == ["withdrawn", "withdrawn"]
    assert (await say(keeper, await tried(keeper, TWO), "2026-11-20")).status_code == 200
    body = {"since": "2026-11-20", "seen": (await keeper.read(RULES))["revision"]}
    assert (await keeper.command(f"{RULES}/withdraw", body)).status_code == 404, "it has begun"
    assert len((await head.read(at(school)))["alerts"]) == 6


async def test_what_was_said_keeps_the_words_of_a_rule_that_is_gone(origin: Origin, town: Town) -> None:
    school, head, keeper = await a_city(origin, town)
    assert (await say(keeper, await tried(keeper, TWO), "2026-11-20")).status_code == 200
    alert = (await head.read(at(school)))["alerts"][0]
    said = {"rule": alert["rule"], "first": alert["first"], "act": "seen"}
    assert (await head.command(f"{at(school)}/{alert['pupil']['id']}", said)).status_code == 200
    assert (await say(keeper, await tried(keeper), "2026-11-20")).status_code == 200
    page = await head.read(at(school))
    assert (page["alerts"], page["rules"]) == ([], [])
    assert [each["word"] for each in page["withdrawn"]] == ["2日続けて"]
    states = [each["state"] for each in (await keeper.read(RULES))["versions"]]
    assert sorted(states) == ["holds", "replaced"], "what held for an hour is not as if it had never begun"


async def test_a_rule_that_is_changed_inherits_nothing(origin: Origin, town: Town) -> None:
    """Closed under two days in a row, open under two days in a row that count 病欠: nobody has looked at those."""
    school, head, keeper = await a_city(origin, town)
    assert (await say(keeper, await tried(keeper, TWO), "2026-11-20")).status_code == 200
    alert = (await head.read(at(school)))["alerts"][0]
    said = {"rule": alert["rule"], "first": alert["first"], "act": "closed", "done": "called"}
    assert (await head.command(f"{at(school)}/{alert['pupil']['id']}", said)).status_code == 200
    words = {**TWO, "code": alert["rule"], "word": "2日休んだ"}
    assert (await say(keeper, await tried(keeper, words), "2026-11-20")).status_code == 200
    page = await head.read(at(school))
    assert {each["word"] for each in page["alerts"]} == {"2日休んだ"}
    assert sorted(each["state"] for each in page["alerts"]) == ["closed"] + ["open"] * 5, (
        "only the words changed"
    )
    changed = {**words, "excused": True}
    assert (await say(keeper, await tried(keeper, changed), "2026-11-20")).status_code == 200
    assert {each["state"] for each in (await head.read(at(school)))["alerts"]} == {"open"}


async def test_what_was_tried_beside_other_rules_is_tried_anew(origin: Origin, town: Town) -> None:
    _, _, keeper = await a_city(origin, town)
    earlier, now = await tried(keeper, TWO), await tried(keeper)
    assert (await say(keeper, now, "2026-11-20")).status_code == 200
    assert (await say(keeper, earlier, "2026-11-21")).status_code == 409, "whoever read the page anew, too"
    assert (await say(keeper, earlier, "2026-11-21", seen=earlier["revision"])).status_code == 409
    # So does one that began by itself since: nothing was said, but other rules hold.
    later = await tried(keeper, TWO)
    connection = await origin.database.server.connect(origin.database.name)
    try:
        await connection.execute(
            "update alert_setting set value = $1::jsonb", orjson.dumps(later["rules"]).decode()
        )
    finally:
        await connection.close()
    assert (await say(keeper, later, "2026-11-21")).status_code == 409


async def test_trials_of_a_day_are_few_and_each_stands_in_the_log(origin: Origin, town: Town) -> None:
    _, _, keeper = await a_city(origin, town)
    begun = [(await keeper.command(TRIALS, {"rules": [TWO], "months": [NOVEMBER]})).json() for _ in range(6)]
    assert (await keeper.read(RULES))["trials_left"] == 0
    refused = await keeper.command(TRIALS, {"rules": [TWO], "months": [NOVEMBER]})
    assert (refused.status_code, refused.json()["title"]) == (409, "きょうはもうためせません")
    assert (await keeper.command(f"{TRIALS}/{begun[0]['id']}/step")).status_code == 200, (
        "what is begun goes on"
    )
    async with origin.room.units.read(Scope(town.board)) as session:
        assert await store.begun_on(session, town.board, TODAY) == 6
        assert await store.begun_on(session, town.board, TODAY - timedelta(days=1)) == 0
    connection = await origin.database.server.connect(origin.database.name)
    try:
        logged = await connection.fetch("select resource_id from access.entry where action = 'TryAlertRules'")
    finally:
        await connection.close()
    assert {str(row["resource_id"]) for row in logged} == {each["id"] for each in begun}


async def test_where_no_school_has_a_calendar_nothing_is_tried(origin: Origin, town: Town) -> None:
    shido = await town.unit("department", "指導課", code="shido")
    keeper, _ = await enter(origin, town, ("board_staff", shido, None))
    await ready(origin, town)
    answer = await keeper.command(TRIALS, {"rules": [TWO], "months": [NOVEMBER]})
    assert answer.status_code == 422, answer.text
    connection = await origin.database.server.connect(origin.database.name)
    trial = uuid4()
    try:
        assert await connection.fetchval("select count(*) from alert_trial") == 0
        await connection.execute(
            "insert into alert_trial (id, board_id, rules, beside, months, until, schools, revision, begun_by,"
            " begun_at) values ($1, $2, '[]', '[]', '{}', '2026-11-20', '{}', '0-0', $2, $3)",
            trial,
            town.board,
            origin.clock.now(),
        )
    finally:
        await connection.close()
    assert (await say(keeper, {"id": str(trial)}, "2026-11-20")).status_code == 422


async def test_what_is_refused(origin: Origin, town: Town) -> None:
    _, _, keeper = await a_city(origin, town)
    trial = await tried(keeper, TWO)

    async def begun(*rules: Any, months: Any = (NOVEMBER,)) -> int:
        return (await keeper.command(TRIALS, {"rules": list(rules), "months": list(months)})).status_code

    assert await begun(TWO, {**TWO, "word": "ほかのことば"}) == 422
    for days in (4, 61):
        assert await begun({**TWO, "days": days}) == 422, "no days but those of the ladder"
    assert await begun({**TWO, "word": " "}) == 422
    assert await begun(TWO, months=["2026-12-01"]) == await begun(TWO, months=["2026-11-02"]) == 422
    assert await begun(TWO, months=["2026-03-01"]) == 422, "another year's days are not this year's"
    assert (await say(keeper, trial, "2026-11-19")).status_code == 422, "what is past stays as it was"
    assert (await say(keeper, trial, "2027-11-21")).status_code == 422
    assert (await say(keeper, trial, "2026-11-20", reason=" ")).status_code == 422
    assert (await say(keeper, trial, "2026-11-20", seen="9-0")).status_code == 409
    assert (await say(keeper, trial, "2026-11-20", trial=str(uuid4()))).status_code == 404
    half = (await keeper.command(TRIALS, {"rules": [TWO], "months": [NOVEMBER]})).json()
    assert half["told"] is None
    assert (await say(keeper, half, "2026-11-20")).status_code == 422, "not tried to its end"


async def test_one_of_a_board_counts_at_a_time(origin: Origin, town: Town) -> None:
    _, _, keeper = await a_city(origin, town)
    trial = (await keeper.command(TRIALS, {"rules": [TWO], "months": [NOVEMBER]})).json()
    lock = f"select pg_advisory_xact_lock(hashtextextended('alert_trial {town.board}', 0))"
    connection = await origin.database.server.connect(origin.database.name)
    try:
        async with connection.transaction():
            await connection.execute(lock)
            waiting = (await keeper.command(f"{TRIALS}/{trial['id']}/step")).json()
    finally:
        await connection.close()
    assert (waiting["waits"], waiting["done"]) == (True, 0)
    assert (await keeper.command(f"{TRIALS}/{trial['id']}/step")).json()["done"] == 1


async def test_after_a_month_a_trial_has_counted_nothing(origin: Origin, town: Town) -> None:
    _, _, keeper = await a_city(origin, town)
    trial = await tried(keeper, TWO)
    units = Units(make_engine(origin.database.feed), origin.clock)
    try:
        await store.forget(units, origin.clock.now())
        assert (await keeper.read(f"{TRIALS}/{trial['id']}"))["told"] is not None, "begun just now"
        await store.forget(units, origin.clock.now() + timedelta(seconds=1))
    finally:
        await units.engine.dispose()
    gone = await keeper.read(f"{TRIALS}/{trial['id']}")
    assert (gone["done"], gone["told"]) == (0, None)
    assert (await say(keeper, trial, "2026-11-20")).status_code == 422, "it is to be tried anew"


async def test_for_whom(origin: Origin, town: Town) -> None:
    _, head, keeper = await a_city(origin, town)
    kitchen, _ = await enter(
        origin, town, ("board_staff", await town.unit("department", "給食課", code="kyushoku"), None)
    )
    roster, _ = await enter(
        origin, town, ("board_staff", await town.unit("department", "学務課", code="gakumu"), None)
    )
    await ready(origin, town)
    trial = await tried(keeper, TWO)
    for browser in (head, kitchen, roster):
        assert (await browser.get(RULES)).status_code == 404
        assert (await browser.get(f"{TRIALS}/{trial['id']}")).status_code == 404
        for path, body in (
            (RULES, {"trial": trial["id"], "since": "2026-11-20", "reason": "x", "seen": ""}),
            (f"{RULES}/withdraw", {"since": "2026-11-20", "seen": ""}),
            (TRIALS, {"rules": [TWO], "months": [NOVEMBER]}),
            (f"{TRIALS}/{trial['id']}/step", None),
        ):
            assert (await browser.command(path, body)).status_code == 404
    assert (await keeper.read("/api/me"))["settings"] == ["alerts"]
    assert "settings" in (await keeper.read("/api/me"))["rail"]
    assert (await roster.read("/api/me"))["settings"] == [
        "calendar",
        "attendance",
        "certificates",
        "textbooks",
    ]
    assert (await kitchen.read("/api/me"))["settings"] == []
    async with origin.room.units.read(Scope(uuid4())) as session:
        for table in ("alert_setting", "alert_trial", "alert_trial_school"):
            assert await session.scalar(text(f"select count(*) from {table}")) == 0, "another board's"
