"""Pages of a day over many classes, through HTTP on the running origin: a school, the board, one's own work."""

from __future__ import annotations

from datetime import date, datetime

from services.dashboard.school_day.tests.conftest import DAY, enter, ready
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import Town
from shared.contracts.registry import Closure
from shared.dates import TOKYO


async def test_a_school_counts_every_child_once(origin: Origin, town: Town) -> None:
    school = await town.school("第一小学校")
    await town.settings()
    one, two = await town.klass(school, "1年1組", "P1"), await town.klass(school, "2年1組", "P2")
    sunny = await town.klass(school, "ひまわり", None, special_needs=True)
    teacher = await town.staff("担", ("homeroom", school, one))
    codes = ["present", "absent_sick", "absent_other", "late", "early_leave", "late_early", "suspended"]
    marked = await town.children(one, school, 9)
    for child, code in zip(marked, [*codes, "bereavement"], strict=False):
        await town.mark(child, code, by=teacher)
    await town.child(sunny, school, 1, exchange=[(one, 40), (two, 40)])
    await town.take(one, school, 9, by=teacher)
    browser, _ = await enter(origin, town, ("principal", school, None))
    await ready(origin, town)
    day = await browser.read(f"/api/schools/{school}/days/{DAY}")
    assert (day["school"]["name"], day["school_day"]) == ("第一小学校", True)
    assert day["totals"] == {
        "members": 10,
        "present": 4,
        "absent": 2,
        "late": 2,
        "early": 2,
        "apart": 2,
        "unrecorded": 2,
        "off": 0,
        "here": 10,
        "away": 4,
        "rated": {"here": 9, "away": 4, "late": 2},
        "usual": None,
        "stands_out": False,
        "classes": 3,
        "classes_taken": 1,
    }
    # Not yet taken first; special needs classes after the grades.
    assert [(c["class"]["name"], c["taken_at"] is not None) for c in day["classes"]] == [
        ("2年1組", False),
        ("ひまわり", False),
        ("1年1組", True),
    ]
    assert day["classes"][2]["homeroom"]["family"] == "担"
    assert day["classes"][2]["taken_by"]["family"] == "担"
    assert day["classes"][0]["homeroom"] is None
    assert [(e["number"], e["word"], e["glyph"], e["tint"]) for e in day["exceptions"]] == [
        (2, "病欠", "病", "absent"),
        (3, "事故欠", "事", "absent"),
        (4, "遅刻", "チ", "late"),
        (5, "早退", "早", "late"),
        (6, "遅刻・早退", "遅早", "late"),
        (7, "出席停止", "停", "apart"),
        (8, "忌引", "忌", "apart"),
    ]
    assert day["live"] == [f"school-day:{school}:{DAY}"]


async def test_marks_without_a_symbol_list_read_as_words(origin: Origin, town: Town) -> None:
    school = await town.school()
    klass = await town.klass(school)
    child = await town.child(klass, school, 1)
    await town.mark(child, "suspended")
    browser, _ = await enter(origin, town, ("principal", school, None))
    await ready(origin, town)
    (exception,) = (await browser.read(f"/api/schools/{school}/days/{DAY}"))["exceptions"]
    assert (exception["word"], exception["tint"]) == ("出席停止", "apart")


async def test_the_board_sees_schools_in_numbers(origin: Origin, town: Town) -> None:
    first, second = await town.school("一小"), await town.school("南中", "junior_high")
    await town.settings()
    await town.unit("department", "健康給食課")
    one, two = await town.klass(first), await town.klass(second, "1年1組", "J1")
    a, b, c, *_ = await town.children(one, first, 6)
    d, *_ = await town.children(two, second, 5)
    for child, code in ((a, "present"), (b, "late"), (c, "absent_sick"), (d, "bereavement")):
        await town.mark(child, code)
    await town.take(one, first, 6)
    await town.calendar(second, [date(2026, 11, 19)])
    browser, _ = await enter(origin, town, ("board_staff", town.board, None))
    await ready(origin, town)
    day = await browser.read(f"/api/board/days/{DAY}")
    assert day["board"] == {"id": str(town.board), "name": "紬市教育委員会"}
    assert [(s["school"]["name"], s["kind"], s["school_day"]) for s in day["schools"]] == [
        ("一小", "elementary", True),
        ("南中", "junior_high", False),
    ]
    assert day["schools"][0] | {"school": None} == {
        "school": None,
        "kind": "elementary",
        "members": 6,
        "present": 2,
        "absent": 1,
        "late": 1,
        "early": 0,
        "apart": 0,
        "unrecorded": 3,
        "off": 0,
        "here": 6,
        "away": 1,
        "rated": {"here": 6, "away": 1, "late": 1},
        "usual": None,
        "stands_out": False,
        "classes": 1,
        "classes_taken": 1,
        "school_day": True,
    }
    assert (day["totals"]["members"], day["totals"]["here"], day["totals"]["schools"]) == (11, 6, 2)
    assert day["reasons"] == [{"code": "absent_sick", "word": "病欠", "count": 1}]
    assert [(g["grade"], g["away"], g["classes"], g["classes_taken"]) for g in day["grades"]] == [
        ("P2", 1, 1, 1)
    ]
    assert day["live"] == [f"board-day:{town.board}:{DAY}"]
    assert "pupil" not in str(day)


async def test_what_is_usual_tells_nothing_of_those_whom_the_counts_leave_out(
    origin: Origin, town: Town
) -> None:
    """A class of three who are always away: told to whoever knows them, in no number of the board's staff."""
    school, days = (
        await town.school("一小"),
        [date(2026, 11, n) for n in (9, 10, 11, 12, 13, 16, 17, 18, 19, 20)],
    )
    await town.settings()
    await town.calendar(school, days)
    large, small = await town.klass(school, "1年1組", "P1"), await town.klass(school, "2年1組", "P2")
    await town.children(large, school, 20)
    few = await town.children(small, school, 3)
    for day in days[:-1]:
        for child in few:
            await town.mark(child, "absent_sick", on=day)
        for klass, members in ((large, 20), (small, 3)):
            await town.take(klass, school, members, on=day)
    staff, _ = await enter(origin, town, ("board_staff", town.board, None))
    principal, _ = await enter(origin, town, ("principal", school, None))
    await ready(origin, town)
    of_school, of_board = f"/api/schools/{school}/days/{DAY}", f"/api/board/days/{DAY}"
    known = (await principal.read(of_school))["totals"]
    assert (known["members"], known["usual"]["away"]) == (23, round(3 / 23, 4))
    told, city = await staff.read(of_school), await staff.read(of_board)
    everywhere = [told["totals"], *told["grades"], city["totals"], *city["grades"], *city["schools"]]
    assert [each["members"] for each in everywhere] == [20] * 5
    assert [(each["classes"], each["classes_taken"]) for each in told["grades"] + city["grades"]] == [
        (1, 0)
    ] * 2
    assert [each["usual"] for each in everywhere] == [{"away": 0, "late": 0, "days": 9}] * 5


async def test_my_classes_of_today(origin: Origin, town: Town) -> None:
    school, other = await town.school("一小"), await town.school("二小")
    mine, helped = await town.klass(school, "1年1組"), await town.klass(school, "1年2組")
    stood_in, foreign = await town.klass(other, "3年1組"), await town.klass(other, "3年2組")
    last_year = await town.klass(school, "旧1年1組", school_year=2025)
    child, second = await town.children(mine, school, 2)
    await town.mark(child, "absent_sick")
    await town.mark(second, "early_leave")
    browser, person = await enter(
        origin,
        town,
        ("homeroom", school, mine),
        ("assistant", school, helped),
        ("substitute", other, stood_in),
    )
    await town.take(mine, school, 2, by=person)
    office, _ = await enter(origin, town, ("office", other, None))
    principal, _ = await enter(origin, town, ("principal", school, None))
    await ready(origin, town)
    today = await browser.read("/api/today")
    assert (today["date"], today["school_day"], today["next_school_day"]) == (DAY, True, "2026-11-24")
    assert [(c["class"]["name"], c["role"], c["school"]["name"]) for c in today["classes"]] == [
        ("1年1組", "homeroom", "一小"),
        ("1年2組", "assistant", "一小"),
        ("3年1組", "substitute", "二小"),
    ]
    first = today["classes"][0]
    assert (first["members"], first["absent"], first["early"], first["unrecorded"]) == (2, 1, 1, 0)
    assert first["taken_at"] is not None
    assert first["taken_by"]["family"] == "教員"
    assert today["live"] == [
        f"duties:{town.board}",
        *(f"class-day:{id}:{DAY}" for id in (mine, helped, stood_in)),
    ]
    assert [(c["class"]["id"], c["role"]) for c in (await office.read("/api/today"))["classes"]] == [
        (str(stood_in), "office"),
        (str(foreign), "office"),
    ]
    assert (await principal.read("/api/today"))["classes"] == []
    assert str(last_year) not in str(today)


async def test_a_holiday_names_the_next_school_day(origin: Origin, town: Town) -> None:
    origin.clock.instant = datetime(2026, 11, 21, 9, 0, tzinfo=TOKYO)
    school = await town.school()
    klass = await town.klass(school)
    next_day = date(2026, 11, 24)
    await town.calendar(
        school,
        [next_day, date(2026, 11, 25)],
        [Closure(on=next_day, scope="school", grade=None, class_id=None, reason="typhoon")],
    )
    browser, _ = await enter(origin, town, ("homeroom", school, klass))
    await ready(origin, town)
    today = await browser.read("/api/today")
    assert (today["school_day"], today["next_school_day"]) == (False, "2026-11-25")
