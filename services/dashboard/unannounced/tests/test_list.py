"""連絡なし, through HTTP on the running origin: who stands on the list and why, for whom, and who is calling."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from services.dashboard.school_day.tests.conftest import DAY, enter, ready
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.publishers import Said
from services.dashboard.tests.town import TODAY, Child, Town
from shared.contracts.registry import AttendanceDayChanged, Closure, DayFact, PersonErased
from tests.support.waiting import eventually


def at(school: UUID, day: str = DAY) -> str:
    return f"/api/schools/{school}/days/{day}/unannounced"


def named(page: Any) -> list[str]:
    return [each["pupil"]["given"] for each in page["children"]]


async def press(browser: Browser, school: UUID, child: Child, act: str, **body: Any) -> int:
    """The status of a press."""
    return (await browser.command(f"{at(school)}/{child.id}/{act}", body)).status_code


async def with_notice(town: Town, child: Child, code: str | None, notice: str | None) -> None:
    """A teacher's mark beside a notice; ``notice`` None: it was withdrawn."""
    home = child.memberships[0]
    said = town.day(child.id, home.class_id, home.school, code)
    day = said.payload
    assert isinstance(day, AttendanceDayChanged)
    fact = DayFact.model_validate(
        {
            **day.facts[0].model_dump(),
            "source": "notice",
            "code": notice,
            "relation": "mother",
            "channel": "phone",
        }
    )
    whole = day.model_copy(update={"facts": [*day.facts, fact]})
    await town.registry.say(Said(whole, said.key, said.stream))


async def a_school(origin: Origin, town: Town, count: int = 3) -> tuple[UUID, UUID, list[Child], Browser]:
    school = await town.school()
    await town.settings()
    klass = await town.klass(school)
    children = await town.children(klass, school, count)
    browser, _ = await enter(origin, town, ("office", school, None))
    return school, klass, children, browser


async def test_who_stands_on_the_list(origin: Origin, town: Town) -> None:
    school, klass, children, office = await a_school(origin, town, 9)
    present, sick, home, by_office, told, withdrawn, suspended, late, nothing = children
    await town.mark(present, "present")
    await town.mark(sick, "absent_sick")
    await town.mark(home, "absent_other")
    await town.mark(by_office, "absent_other", source="office")
    await with_notice(town, told, "absent_other", "absent_sick")
    await with_notice(town, withdrawn, "absent_other", None)
    await town.mark(suspended, "suspended")
    await town.mark(late, "late")
    await ready(origin, town)
    before = await office.read(at(school))
    assert named(before) == ["子3", "子6"]
    assert [each["class"]["name"] for each in before["waiting"]] == ["2年1組"]
    assert before["waiting"][0]["unrecorded"] == 1
    await town.take(klass, school, 9)
    await ready(origin, town)
    after = await office.read(at(school))
    assert named(after) == ["子3", "子6", "子9"]
    assert (after["count"], after["kept"], after["waiting"]) == (3, 0, [])
    assert [(each["word"], each["recorded"], each["taken"]) for each in after["children"]] == [
        ("事故欠", True, True),
        ("事故欠", True, True),
        ("未入力", False, True),
    ]
    assert after["codes"] == {"present": "present", "late": "late"}
    assert after["may"] == {"call": True, "mark": True}
    assert after["live"] == [f"school-day:{school}:{DAY}"]
    # It is said where the child is: nobody calls any more.
    await town.mark(nothing, "late", source="office")
    await town.mark(home, "present", source="office", reason="mistaken_entry")
    await with_notice(town, withdrawn, "absent_other", "absent_sick")
    await ready(origin, town)
    assert (await office.read(at(school)))["count"] == 0


async def test_a_call_is_one_persons_until_they_give_it_back(origin: Origin, town: Town) -> None:
    school, _, (child, other, _), office = await a_school(origin, town)
    head, principal = await enter(origin, town, ("principal", school, None))
    for each in (child, other):
        await town.mark(each, "absent_other")
    await ready(origin, town)
    assert await press(office, school, child, "claim") == 200
    assert await press(office, school, child, "claim") == 200, "it is theirs"
    assert await press(head, school, child, "claim") == 409
    calling = (await head.read(at(school)))["children"][0]["calling"]
    assert (calling["mine"], calling["by"]["family"]) == (False, "教員")
    assert await press(head, school, child, "release") == 200
    assert (await head.read(at(school)))["children"][0]["calling"], "nobody gives back what is another's"
    assert await press(head, school, child, "claim", instead_of=calling["by"]["id"]) == 200
    assert (await head.read(at(school)))["children"][0]["calling"]["by"]["id"] == str(principal)
    assert await press(head, school, child, "release") == 200
    page = await office.read(at(school))
    assert [each["calling"] for each in page["children"]] == [None, None]


async def test_two_who_press_together_do_not_both_call(origin: Origin, town: Town) -> None:
    school, _, (child, *_), office = await a_school(origin, town)
    head, _ = await enter(origin, town, ("principal", school, None))
    await town.mark(child, "absent_other")
    await ready(origin, town)
    pressed = await asyncio.gather(*(press(each, school, child, "claim") for each in (office, head)))
    assert sorted(pressed) == [200, 409]


async def test_what_a_call_came_to_stays_with_the_child(origin: Origin, town: Town) -> None:
    school, _, (child, *_), office = await a_school(origin, town)
    nurse, _ = await enter(origin, town, ("nurse", school, None))
    await town.mark(child, "absent_other")
    await ready(origin, town)
    assert await press(office, school, child, "calls", outcome="no_answer", relation="mother") == 200
    origin.clock.instant += timedelta(minutes=4)
    assert await press(nurse, school, child, "calls", outcome="left_home") == 200
    assert await press(nurse, school, child, "calls", outcome="found") == 422
    (row,) = (await nurse.read(at(school)))["children"]
    assert [(each["word"], each["relation_word"], each["mine"]) for each in row["calls"]] == [
        ("つながらない", "母", False),
        ("「家は出た」とのこと", None, True),
    ]
    first = row["calls"][0]["id"]
    assert await press(nurse, school, child, f"calls/{first}/undo") == 409, "another's word"
    assert await press(office, school, child, f"calls/{first}/undo") == 200
    assert await press(office, school, child, f"calls/{first}/undo") == 409, "once"
    (row,) = (await office.read(at(school)))["children"]
    assert [each["outcome"] for each in row["calls"]] == ["left_home"]


async def test_a_child_of_a_class_not_taken_is_called_for_by_name(origin: Origin, town: Town) -> None:
    school, _, (child, *_), office = await a_school(origin, town)
    await ready(origin, town)
    assert (await office.read(at(school)))["children"] == []
    assert await press(office, school, child, "claim") == 200
    page = await office.read(at(school))
    assert (named(page), page["count"]) == (["子1"], 1)
    assert await press(office, school, child, "release") == 200
    assert (await office.read(at(school)))["count"] == 0


async def test_a_call_that_is_wanted_no_more_is_refused(origin: Origin, town: Town) -> None:
    school, klass, (child, other, closed), office = await a_school(origin, town)
    await town.mark(child, "absent_other")
    await ready(origin, town)
    assert await press(office, school, child, "claim") == 200
    await town.mark(child, "absent_sick", source="office")
    await town.mark(other, "present")
    await ready(origin, town)
    for gone in (child, other):
        assert await press(office, school, gone, "claim") == 409
        assert await press(office, school, gone, "calls", outcome="no_answer") == 409
    assert await press(office, school, child, "release") == 200, "what is theirs they may always give back"
    await town.calendar(
        school, closures=[Closure(scope="class", grade=None, class_id=klass, on=TODAY, reason="influenza")]
    )
    await ready(origin, town)
    assert await press(office, school, closed, "claim") == 409
    assert (await office.read(at(school)))["waiting"] == []
    yesterday = at(school, "2026-11-19")
    assert (await office.command(f"{yesterday}/{closed.id}/claim", {})).status_code == 422
    assert (await office.read(yesterday))["may"]["call"] is False


async def test_for_whom_there_is_a_list(origin: Origin, town: Town) -> None:
    school, klass, (child, *_), _ = await a_school(origin, town)
    elsewhere = await town.school("第二小学校")
    await town.mark(child, "absent_other")
    askers = [
        await enter(origin, town, ("homeroom", school, klass)),
        await enter(origin, town, ("board_staff", town.board, None)),
        await enter(origin, town, ("office", elsewhere, None)),
    ]
    await ready(origin, town)
    for (browser, _), status in zip(askers, (403, 403, 404), strict=True):
        assert (await browser.get(at(school))).status_code == status
        assert await press(browser, school, child, "claim") == status
    head, _ = await enter(origin, town, ("vice_principal", school, None))
    await ready(origin, town)
    assert (await head.read(at(school)))["may"] == {"call": True, "mark": False}
    assert (await head.command(f"{at(school)}/{uuid4()}/claim", {})).status_code == 404


async def test_a_child_kept_from_somebody_is_counted_and_not_named(origin: Origin, town: Town) -> None:
    school, _, (child, other, _), office = await a_school(origin, town)
    head, principal = await enter(origin, town, ("principal", school, None))
    for each in (child, other):
        await town.mark(each, "absent_other")
    await town.protect(child.id, principal)
    await ready(origin, town)
    page = await head.read(at(school))
    assert (named(page), page["count"], page["kept"]) == (["子2"], 2, 1)
    assert str(child.id) not in str(page)
    for act in ("claim", "release", "calls", f"calls/{uuid4()}/undo"):
        body = {"outcome": "no_answer"} if act == "calls" else {}
        answer = await head.command(f"{at(school)}/{child.id}/{act}", body)
        assert answer.status_code == 404
    assert named(await office.read(at(school))) == ["子1", "子2"]


async def test_an_erased_childs_calls_go(origin: Origin, town: Town) -> None:
    school, _, (child, other, _), office = await a_school(origin, town)
    for each in (child, other):
        await town.mark(each, "absent_other")
    await ready(origin, town)
    for each in (child, other):
        assert await press(office, school, each, "claim") == 200
        assert await press(office, school, each, "calls", outcome="left_word") == 200
    await town.registry.say(Said(PersonErased(person=child.id), child.id))
    connection = await origin.database.server.connect(origin.database.name)
    try:

        async def gone() -> bool:
            left = await connection.fetch(
                "select pupil_id from calling union all select pupil_id from call_made"
            )
            return {row["pupil_id"] for row in left} == {other.id}

        await eventually(gone)
    finally:
        await connection.close()
