"""Who is on the list of another day: nobody who is not the school's any more, and nothing of rules that are to come."""

from __future__ import annotations

from uuid import UUID

from services.dashboard.alert_rules.tests.test_api import TWO, a_city, tried
from services.dashboard.alert_rules.tests.test_api import say as say_rules
from services.dashboard.alerts.tests.test_alerts import WEEK, a_week, at, say, told
from services.dashboard.alerts.tests.test_class import of, said
from services.dashboard.school_day.tests.conftest import DAY, enter, ready
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import TODAY, Child, Town
from shared.contracts.registry import Membership

YESTERDAY = "2026-11-19"


async def _leaves(town: Town, child: Child) -> None:
    """The child goes to another school today, under another name."""
    (there,) = child.memberships
    elsewhere = await town.school("第二小学校")
    new = await town.klass(elsewhere)
    left = there.model_copy(update={"until": TODAY})
    there = Membership(class_id=new, school=elsewhere, kind="home", number=1, since=TODAY, until=None)
    await town.enrol(child.id, [left, there])
    await town.person("新姓", child.given, id=child.id)


async def _away_all_week(origin: Origin, town: Town) -> tuple[UUID, UUID, Child, Child]:
    school = await town.school()
    await town.settings()
    klass = await town.klass(school)
    goes, stays = await town.children(klass, school, 2)
    for child in (goes, stays):
        for on in WEEK:
            await town.mark(child, "absent_other", on=on)
    return school, klass, goes, stays


async def test_a_protected_child_who_has_left_is_on_no_past_list(origin: Origin, town: Town) -> None:
    school, klass, goes, stays = await _away_all_week(origin, town)
    head, _ = await enter(origin, town, ("principal", school, None))
    teacher, _ = await enter(origin, town, ("homeroom", school, klass))
    await ready(origin, town)
    assert await said(teacher, klass, goes) == await said(teacher, klass, stays) == 200
    await _leaves(town, goes)
    await ready(origin, town)
    for browser, path in ((head, at(school, YESTERDAY)), (teacher, of(klass, YESTERDAY))):
        assert str(goes.id) in str(await browser.read(path)), "who only moved was there yesterday"
    # With the mark the new name, the absences and what was said of them are no more this school's.
    await town.protect(goes.id)
    await ready(origin, town)
    for browser, path in ((head, at(school, YESTERDAY)), (teacher, of(klass, YESTERDAY))):
        page = await browser.read(path)
        assert (str(goes.id) in str(page), "新姓" in str(page)) == (False, False)
        assert [each[0] for each in told(page)] == [stays.given]
        assert page["withdrawn"] == []
    # What was said of an alert that is none any more is gone with the child, too.
    for on in WEEK[:3]:
        await town.mark(goes, "present", on=on, source="office", reason="mistaken_entry")
    await ready(origin, town)
    for browser, path in ((head, at(school, YESTERDAY)), (teacher, of(klass, YESTERDAY))):
        assert str(goes.id) not in str(await browser.read(path))


async def test_what_was_said_stays_with_a_child_whose_card_is_merged(origin: Origin, town: Town) -> None:
    school, (away, _, here), head = await a_week(origin, town)
    (alert,) = (await head.read(at(school)))["alerts"]
    assert await say(head, school, away, alert, "seen") == 200
    await town.person(away.family, away.given, id=away.id, merged_into=here.id)
    await ready(origin, town)
    page = await head.read(at(school))
    acts = [
        (each["pupil"]["id"], act["act"])
        for kind in ("alerts", "withdrawn")
        for each in page[kind]
        for act in each["acts"]
    ]
    assert acts == [(str(here.id), "seen")]


async def test_a_day_to_come_shows_nothing_of_rules_to_come(origin: Origin, town: Town) -> None:
    school, head, keeper = await a_city(origin, town)
    assert (await say_rules(keeper, await tried(keeper, TWO), "2026-11-24")).status_code == 200
    page = await head.read(at(school, "2026-11-24"))
    assert ([rule["code"] for rule in page["rules"]], page["alerts"]) == (["row_7", "row_3", "year_30"], [])
    counts = await keeper.read("/api/board/days/2026-11-24/alert-counts")
    assert [rule["code"] for rule in counts["rules"]] == ["row_7", "row_3", "year_30"]


async def test_words_of_rules_to_come_are_not_those_of_what_was(origin: Origin, town: Town) -> None:
    school, head, keeper = await a_city(origin, town)
    assert (await say_rules(keeper, await tried(keeper, TWO), DAY)).status_code == 200
    alert = (await head.read(at(school)))["alerts"][0]
    body = {"rule": alert["rule"], "first": alert["first"], "act": "seen"}
    assert (await head.command(f"{at(school)}/{alert['pupil']['id']}", body)).status_code == 200
    coming = await tried(keeper, {**TWO, "code": alert["rule"], "word": "来月からの言い方"})
    assert (await say_rules(keeper, coming, "2026-12-01")).status_code == 200
    assert (await say_rules(keeper, await tried(keeper), DAY)).status_code == 200
    page = await head.read(at(school))
    assert [each["word"] for each in page["withdrawn"]] == ["2日続けて"]
