"""The pages of a day, through HTTP on the running origin: what is on them, for whom, and as of when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from services.dashboard.school_day.tests.conftest import DAY, enter, ready
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import APRIL, SYMBOLS, TODAY, Town
from shared.contracts.registry import CalendarMark, Closure, Membership


async def test_the_roll_of_a_class(origin: Origin, town: Town) -> None:
    school = await town.school("第一小学校")
    await town.settings()
    klass, other = await town.klass(school), await town.klass(school, "ひまわり", None, special_needs=True)
    first, second, third = await town.children(klass, school, 3)
    guest = await town.child(other, school, 1, given="交流", exchange=[(klass, 40)])
    browser, teacher = await enter(origin, town, ("homeroom", school, klass))
    await town.mark(first, "present", by=teacher)
    await town.mark(second, "absent_sick", by=teacher)
    await town.mark(second, "late", by=teacher, source="office", reason="came_later")
    await town.mark(guest, "early_leave", contradiction="said_otherwise_later")
    await town.take(klass, school, 3, by=teacher)
    await ready(origin, town)
    roll = await browser.read(f"/api/classes/{klass}/days/{DAY}/roll")

    assert roll["class"] == {"id": str(klass), "name": "2年1組", "grade": "P2", "special_needs": False}
    assert roll["school"] == {"id": str(school), "name": "第一小学校"}
    assert (roll["date"], roll["closed"], roll["may"]) == (DAY, None, {"take": True, "correct": True})
    assert roll["symbols"] == SYMBOLS
    assert [reason["code"] for reason in roll["reasons"]] == [
        "mistaken_entry",
        "told_later",
        "came_later",
        "other",
    ]
    assert roll["columns"] == [{"id": "attendance", "kind": "choice", "label": "出欠"}]
    assert [(m["pupil"]["given"], m["number"], m["exchange"]) for m in roll["members"]] == [
        ("子1", 1, False),
        ("子2", 2, False),
        ("子3", 3, False),
        ("交流", 40, True),
    ]
    cells = [member["cell"] for member in roll["members"]]
    assert [(c["code"], c["status"], c["revision"]) for c in cells] == [
        ("present", "present", 1),
        ("late", "late", 2),
        (None, "unrecorded", 0),
        ("early_leave", "early_leave", 1),
    ]
    (fact,) = cells[1]["explain"]
    assert fact == {
        "source": "office",
        "code": "late",
        "word": "遅刻",
        "who": "教員 先生",
        "at": fact["at"],
        "holds": True,
        "reason": "後から登校した",
        "to_read": False,
    }
    assert cells[3]["contradiction"] == "あとから別の連絡がありました。"
    assert roll["members"][3]["home_class"]["name"] == "ひまわり"
    assert roll["taken"]["by"]["family"] == "教員"
    assert (roll["taken"]["members"], roll["taken"]["here"]) == (3, 2)
    assert roll["live"] == [f"class-day:{klass}:{DAY}", f"class-day:{other}:{DAY}"]
    assert roll["reached"]["registry"] > 0
    assert datetime.fromisoformat(roll["as_of"]) == origin.clock.now()
    assert third.id == UUID(roll["members"][2]["pupil"]["id"])


async def test_a_roll_taken_before_its_days_arrived_says_how_many_are_here(
    origin: Origin, town: Town
) -> None:
    """Row: roll taken, its pupil-days not all here → "taken, n of m here"; no status is made of it."""
    school = await town.school()
    klass = await town.klass(school)
    await town.children(klass, school, 2)
    browser, teacher = await enter(origin, town, ("homeroom", school, klass))
    await town.take(klass, school, 2, by=teacher)
    await ready(origin, town)
    roll = await browser.read(f"/api/classes/{klass}/days/{DAY}/roll")
    assert (roll["taken"]["members"], roll["taken"]["here"]) == (2, 0)
    assert {member["cell"]["status"] for member in roll["members"]} == {"unrecorded"}


async def test_a_member_without_a_card_shows_its_number_and_fills_in(origin: Origin, town: Town) -> None:
    """Row: enrolment without person card → page shows number and an empty name, then fills itself."""
    school = await town.school()
    klass = await town.klass(school)
    pupil = uuid4()
    home = Membership(class_id=klass, school=school, kind="home", number=7, since=APRIL, until=None)
    await town.enrol(pupil, [home])
    browser, _ = await enter(origin, town, ("homeroom", school, klass))
    await ready(origin, town)
    (member,) = (await browser.read(f"/api/classes/{klass}/days/{DAY}/roll"))["members"]
    assert member["number"] == 7
    assert member["pupil"] == {
        "id": str(pupil),
        "family": "",
        "given": "",
        "family_kana": "",
        "given_kana": "",
    }
    await town.person("神\ufa19", "花", id=pupil)
    await ready(origin, town)
    (member,) = (await browser.read(f"/api/classes/{klass}/days/{DAY}/roll"))["members"]
    assert member["pupil"]["family"] == "神\ufa19"


async def test_a_class_that_has_not_arrived_is_not_invented(origin: Origin, town: Town) -> None:
    """Row: enrolment without its class → class pages do not list it yet."""
    school = await town.school()
    missing = uuid4()
    home = Membership(class_id=missing, school=school, kind="home", number=1, since=APRIL, until=None)
    await town.enrol(await town.person("待", "つ"), [home])
    browser, _ = await enter(origin, town, ("homeroom", school, missing), ("principal", school, None))
    await ready(origin, town)
    assert (await browser.get(f"/api/classes/{missing}/days/{DAY}/roll")).status_code == 404
    day = await browser.read(f"/api/schools/{school}/days/{DAY}")
    assert (day["classes"], day["totals"]["members"]) == ([], 0)
    await town.klass(school, id=missing)
    await ready(origin, town)
    day = await browser.read(f"/api/schools/{school}/days/{DAY}")
    assert day["totals"]["members"] == 1


async def test_a_corrected_mark_after_a_move_counts_in_the_class_of_that_date(
    origin: Origin, town: Town
) -> None:
    """Row: corrected mark after a move → the class of that date, not today's."""
    school = await town.school()
    old, new = await town.klass(school, "2年1組"), await town.klass(school, "2年2組")
    child = await town.child(old, school, 5, until=date(2026, 11, 19))
    child.memberships.append(
        Membership(class_id=new, school=school, kind="home", number=36, since=date(2026, 11, 19), until=None)
    )
    await town.enrol(child.id, child.memberships)
    await town.mark(child, "present", on=date(2026, 11, 18))
    await town.mark(child, "absent_sick", on=date(2026, 11, 18))
    await town.mark(child, "late")
    browser, _ = await enter(origin, town, ("principal", school, None))
    await ready(origin, town)

    def counted(day: Any) -> dict[str, tuple[int, int, int]]:
        return {c["class"]["name"]: (c["members"], c["absent"], c["late"]) for c in day["classes"]}

    before = await browser.read(f"/api/schools/{school}/days/2026-11-18")
    after = await browser.read(f"/api/schools/{school}/days/{DAY}")
    assert counted(before) == {"2年1組": (1, 1, 0), "2年2組": (0, 0, 0)}
    assert counted(after) == {"2年1組": (0, 0, 0), "2年2組": (1, 0, 1)}


async def test_a_day_is_shown_once_its_membership_comes(origin: Origin, town: Town) -> None:
    """Row: day status before its enrolment → kept under the pupil; class pages join by date."""
    school = await town.school()
    klass = await town.klass(school)
    pupil = await town.person("先", "着")
    await town.registry.say(town.day(pupil, klass, school, "late"))
    browser, _ = await enter(origin, town, ("homeroom", school, klass))
    await ready(origin, town)
    assert (await browser.read(f"/api/classes/{klass}/days/{DAY}/roll"))["members"] == []
    home = Membership(class_id=klass, school=school, kind="home", number=1, since=APRIL, until=None)
    await town.enrol(pupil, [home])
    await ready(origin, town)
    (member,) = (await browser.read(f"/api/classes/{klass}/days/{DAY}/roll"))["members"]
    assert member["cell"]["status"] == "late"


async def test_merged_cards_are_one_child(origin: Origin, town: Town) -> None:
    """Row: merged_into with facts of the old id → kept, resolved on reading."""
    school = await town.school()
    klass = await town.klass(school)
    kept = await town.child(klass, school, 1, family="本", given="人")
    double = await town.child(klass, school, 2, family="二", given="重")
    await town.mark(double, "late")
    await town.person("二", "重", id=double.id, merged_into=kept.id)
    browser, _ = await enter(origin, town, ("homeroom", school, klass), ("principal", school, None))
    await ready(origin, town)
    (member,) = (await browser.read(f"/api/classes/{klass}/days/{DAY}/roll"))["members"]
    assert (member["pupil"]["id"], member["pupil"]["family"]) == (str(kept.id), "本")
    assert member["cell"]["status"] == "late"
    day = await browser.read(f"/api/schools/{school}/days/{DAY}")
    assert (day["totals"]["members"], day["totals"]["late"]) == (1, 1)
    await town.mark(kept, "present")
    await ready(origin, town)
    (member,) = (await browser.read(f"/api/classes/{klass}/days/{DAY}/roll"))["members"]
    assert member["cell"]["status"] == "present"


async def test_why_a_roll_is_closed(origin: Origin, town: Town) -> None:
    school, bare = await town.school(), uuid4()
    klass = await town.klass(school)
    await town.unit("elementary", "予定のない学校", id=bare, school=bare)
    other = await town.klass(bare)
    browser, _ = await enter(origin, town, ("office", school, None), ("office", bare, None))
    await ready(origin, town)

    async def closed(of: UUID, day: str) -> Any:
        roll = await browser.read(f"/api/classes/{of}/days/{day}/roll")
        assert roll["may"] == dict.fromkeys(("take", "correct"), roll["closed"] is None)
        return roll["closed"] and roll["closed"]["reason"]

    assert await closed(klass, DAY) is None
    assert await closed(klass, "2026-11-21") == "まだ来ていない日です。"
    assert await closed(klass, "2026-11-14") == "この日は授業日ではありません。"
    assert await closed(other, DAY) == "この学校の年間予定がまだ届いていません。"
    for closure in (
        Closure(on=TODAY, scope="school", grade=None, class_id=None, reason="typhoon"),
        Closure(on=TODAY, scope="grade", grade="P2", class_id=None, reason="influenza"),
        Closure(on=TODAY, scope="class", grade=None, class_id=klass, reason="influenza"),
    ):
        await town.calendar(school, [TODAY], [closure])
        await ready(origin, town)
        assert await closed(klass, DAY) == "この学級はこの日、臨時休業です。"
    await town.calendar(
        school, [TODAY], [Closure(on=TODAY, scope="grade", grade="P1", class_id=None, reason="influenza")]
    )
    await ready(origin, town)
    assert await closed(klass, DAY) is None


async def test_a_class_without_lessons_is_waited_for_by_nobody(origin: Origin, town: Town) -> None:
    """学級閉鎖, a grade's day off, a Saturday of some grades: neither school nor board nor teacher waits for a roll."""
    school = await town.school("第一小学校")
    await town.settings()
    one, two = await town.klass(school, "1年1組", "P1"), await town.klass(school, "2年1組", "P2")
    sunny = await town.klass(school, "ひまわり", None, special_needs=True)
    for at, klass in enumerate((one, two, sunny)):
        await town.children(klass, school, 2 + at)
    browser, _ = await enter(
        origin,
        town,
        ("principal", school, None),
        ("homeroom", school, two),
        ("board_staff", town.board, None),
    )

    async def waited_for(closures: list[Closure], *marks: CalendarMark) -> dict[str, Any]:
        await town.calendar(school, [TODAY], closures, marks)
        await ready(origin, town)
        day = await browser.read(f"/api/schools/{school}/days/{DAY}")
        (of_board,) = (await browser.read(f"/api/board/days/{DAY}"))["schools"]
        names = ("classes", "classes_taken", "members", "unrecorded", "off")
        assert {name: of_board[name] for name in names} == {name: day["totals"][name] for name in names}
        assert of_board["school_day"] is day["school_day"] is True
        (desk,) = (await browser.read("/api/today"))["classes"]
        told = {each["class"]["name"]: each["closed"] and each["closed"]["word"] for each in day["classes"]}
        assert (desk["closed"] and desk["closed"]["word"]) == told["2年1組"]
        roll = await browser.read(f"/api/classes/{two}/days/{DAY}/roll")
        assert (roll["closed"] is None) == (told["2年1組"] is None)
        assert day["totals"]["classes"] == sum(word is None for word in told.values())
        assert day["totals"]["members"] == 9, "a closure takes nobody off the roll"
        assert day["totals"]["off"] == 9 - day["totals"]["unrecorded"]
        whole = (await browser.read(f"/api/board/days/{DAY}"))["totals"]
        assert (whole["members"], whole["off"]) == (9, day["totals"]["off"])
        return {**told, "unrecorded": day["totals"]["unrecorded"]}

    def closed(scope: Any, **of: Any) -> Closure:
        return Closure(on=TODAY, scope=scope, reason="influenza", **{"grade": None, "class_id": None, **of})

    def mark(kind: Any, *grades: str) -> CalendarMark:
        return CalendarMark(on=TODAY, kind=kind, grades=list(grades))

    all_meet = {"1年1組": None, "2年1組": None, "ひまわり": None, "unrecorded": 9}
    without_two = {**all_meet, "unrecorded": 6}
    assert await waited_for([]) == all_meet
    assert await waited_for([closed("class", class_id=two)]) == {**without_two, "2年1組": "臨時休業"}
    assert await waited_for([closed("grade", grade="P2")]) == {**without_two, "2年1組": "臨時休業"}
    assert await waited_for([], mark("grade_off", "P2")) == {**without_two, "2年1組": "授業なし"}
    assert await waited_for([], mark("moved_holiday", "P2")) == {**without_two, "2年1組": "授業なし"}
    assert await waited_for([], mark("saturday_class", "P1")) == {**without_two, "2年1組": "授業なし"}
    both = [mark("saturday_class", "P1"), mark("saturday_class", "P2")]
    assert await waited_for([], *both) == all_meet
    assert await waited_for([], mark("event", "P2"), mark("saturday_class")) == all_meet


async def test_a_closed_month_is_told_with_its_days_until_it_is_sent_back(origin: Origin, town: Town) -> None:
    school = await town.school("第一小学校")
    await town.settings()
    klass = await town.klass(school)
    await town.children(klass, school, 1)
    browser, _ = await enter(origin, town, ("homeroom", school, klass))
    await ready(origin, town)
    address = f"/api/classes/{klass}/days/{DAY}/roll"
    assert (await browser.read(address))["month_closed"] is False
    for revision, closed in enumerate((True, False), 1):
        await town.close(klass, school, revision=revision, closed=closed)
        await ready(origin, town)
        assert (await browser.read(address))["month_closed"] is closed
        other = f"/api/classes/{klass}/days/2026-10-30/roll"
        assert (await browser.read(other))["month_closed"] is False


async def test_the_way_to_lessons_stands_where_the_board_has_them_taken(origin: Origin, town: Town) -> None:
    older, mixed = await town.school("第一中学校", "junior_high"), await town.school("紬学園", "compulsory")
    first, sixth, seventh = (
        await town.klass(older, "1年1組", "J1"),
        await town.klass(mixed, "6年1組", "P6"),
        await town.klass(mixed, "7年1組", "J1"),
    )
    browser, _ = await enter(origin, town, ("homeroom", older, first), ("subject", mixed, None))
    kinds = {"junior_high": {"periods": 6}, "compulsory": {"periods": 6, "grades": ["J1"]}}

    async def told() -> tuple[bool, ...]:
        await ready(origin, town)
        rolls = [
            await browser.read(f"/api/classes/{each}/days/{DAY}/roll") for each in (first, sixth, seventh)
        ]
        return (*(roll["lessons"] for roll in rolls), (await browser.read("/api/today"))["lessons"])

    await town.settings()
    assert await told() == (False, False, False, False)
    await town.settings(attendance_periods={"kinds": kinds})
    assert await told() == (True, False, True, True)
    await town.settings(attendance_periods={"kinds": {"junior_high": kinds["junior_high"]}})
    assert await told() == (True, False, False, False)
