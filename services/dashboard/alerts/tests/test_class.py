"""気がかりな欠席 of one's own class: the class's teachers see it and answer it; nobody else's children are there."""

from __future__ import annotations

from uuid import UUID

from services.dashboard.alerts.tests.test_alerts import WEEK, at, told
from services.dashboard.school_day.tests.conftest import DAY, enter, ready
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import Child, Town


def of(klass: UUID, day: str = DAY) -> str:
    return f"/api/classes/{klass}/days/{day}/alerts"


async def two_classes(origin: Origin, town: Town) -> tuple[UUID, UUID, UUID, Child, Child]:
    """One child of each class has been away all week."""
    school = await town.school()
    await town.settings()
    own, next_door = await town.klass(school), await town.klass(school, "2年2組")
    (mine,) = await town.children(own, school, 1)
    theirs = await town.child(next_door, school, 7)
    for child in (mine, theirs):
        for on in WEEK:
            await town.mark(child, "absent_other", on=on)
    return school, own, next_door, mine, theirs


async def said(
    browser: Browser, klass: UUID, child: Child, rule: str = "row_3", first: str = "2026-11-16"
) -> int:
    body = {"rule": rule, "first": first, "act": "seen"}
    return (await browser.command(f"{of(klass)}/{child.id}", body)).status_code


async def test_a_teacher_answers_for_the_own_class_alone(origin: Origin, town: Town) -> None:
    school, own, next_door, mine, theirs = await two_classes(origin, town)
    teacher, person = await enter(origin, town, ("homeroom", school, own))
    helper, _ = await enter(origin, town, ("assistant", school, own))
    head, _ = await enter(origin, town, ("principal", school, None))
    await ready(origin, town)
    page = await teacher.read(of(own))
    assert told(page) == [("子1", "row_3", 5, "open")]
    assert page["class"]["name"] == "2年1組"
    assert page["live"] == [f"class-day:{own}:{on}" for on in reversed(WEEK)]
    assert str(theirs.id) not in str(page)
    assert await said(teacher, own, mine) == 200
    assert await said(teacher, own, theirs) == 404, "a child of the other class by one's own address"
    assert await said(teacher, next_door, theirs) == 403
    (alert,) = (await helper.read(of(own)))["alerts"]
    assert (alert["state"], alert["acts"][0]["by"]["id"]) == ("seen", str(person))
    states = {each["pupil"]["given"]: each["state"] for each in (await head.read(at(school)))["alerts"]}
    assert states == {"子1": "seen", "子7": "open"}, "the school sees what the teacher said"


async def test_for_whom(origin: Origin, town: Town) -> None:
    school, own, next_door, mine, _ = await two_classes(origin, town)
    elsewhere = await town.school("第二小学校")
    askers = [
        (("homeroom", school, next_door), 403),
        (("substitute", school, own), 403),
        (("principal", school, None), 403),
        (("board_staff", town.board, None), 403),
        (("principal", elsewhere, None), 404),
    ]
    entered = [(await enter(origin, town, duty), status) for duty, status in askers]
    teacher, person = await enter(origin, town, ("homeroom", school, own))
    await town.protect(mine.id, person)
    await ready(origin, town)
    for (browser, _), status in entered:
        assert (await browser.get(of(own))).status_code == status
        assert await said(browser, own, mine) == status
    page = await teacher.read(of(own))
    assert (page["alerts"], str(mine.id) in str(page)) == ([], False), "kept from this teacher"
    assert await said(teacher, own, mine) == 404
    assert (await teacher.get(of(school))).status_code == 404
