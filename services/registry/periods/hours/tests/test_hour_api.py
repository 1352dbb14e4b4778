"""A class's 欠課時数 as its teachers, the office and others meet them; on paper and as a spreadsheet."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.closing.tests.months import closed
from services.registry.periods.tests.lessons import address as day_address
from services.registry.periods.tests.lessons import change, day_of, switch_on, take, teacher, whole
from services.registry.register.tests.sheets import DAYS, MONTH, counted, hold, line_of, protect, run
from services.registry.register.tests.sheets import take as take_day
from services.registry.register.tests.test_printing import cells_of
from shared.database import Units
from tests.support.databases import Database

YESTERDAY = DAYS[-2]
OCTOBER = DAYS[0] - timedelta(days=4)


def address(school: School, what: str = f"months/{MONTH}") -> str:
    return f"/v1/classes/{school.class_id}/lessons/{what}"


async def hours_of(
    client: Client, person: UUID, school: School, what: str = f"months/{MONTH}"
) -> dict[str, Any]:
    answer = await client.get(address(school, what), person)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def some_lessons(client: Client, school: School, units: Units) -> None:
    """One in October, three of yesterday, one of today; 3番 is 出席停止 yesterday."""
    await switch_on(units, school)
    await take_day(client, school, YESTERDAY, n2="absent_sick", n3="suspended")
    told = (
        (OCTOBER, 1, {1: "away"}, "maths"),
        (YESTERDAY, 1, {2: "away", 3: "away"}, "maths"),
        (YESTERDAY, 2, {2: "away", 3: "away", 1: "late"}, "music"),
        (YESTERDAY, 3, {2: "away", 3: "away", 1: "left"}, None),
        (TODAY, 1, {1: "away"}, "maths"),
    )
    for on, period, codes, subject in told:
        done = await take(client, school.homeroom, school, period, codes, on, subject=subject)
        assert done.status_code == 200, done.text


async def test_a_month_is_counted_from_its_lessons(client: Client, school: School, units: Units) -> None:
    await some_lessons(client, school, units)
    body = await hours_of(client, school.homeroom, school)
    assert [(s["word"], s["lessons"], s["totals"]["away"]) for s in body["subjects"]] == [
        ("数学", 2, 2),
        ("音楽", 1, 1),
        ("教科なし", 1, 1),
    ]
    assert (body["lessons"], body["through"], body["state"]) == (4, str(TODAY), None)
    one, two, three = (line_of(body, school.pupils[n]) for n in (0, 1, 2))
    assert counted(one["hours"]) == {"lessons": 4, "away": 1, "there": 3, "late": 1, "left": 1}
    assert counted(two["hours"]) == {"lessons": 4, "away": 3, "there": 1}
    assert counted(three["hours"]) == {"lessons": 4, "apart": 3, "there": 1}
    assert [each["away"] for each in one["by_subject"]] == [1, 0, 0]
    assert counted(one["so_far"]) == {"lessons": 5, "away": 2, "there": 3, "late": 1, "left": 1}
    year = await hours_of(client, school.office, school, "year")
    assert (year["lessons"], year["month"]) == (5, None)
    assert line_of(year, school.pupils[0])["hours"] == one["so_far"]
    october = await hours_of(client, school.office, school, "months/2026-10")
    for name, n in year["totals"].items():
        assert (
            n
            == body["totals"][name] + october["totals"][name]
            == sum(x["hours"][name] for x in year["lines"])
        )
    empty = await hours_of(client, school.office, school, "months/2026-12")
    assert (empty["lessons"], empty["through"], empty["subjects"]) == (0, None, [])


async def test_the_register_leads_to_them_once_a_lesson_was_taken(
    client: Client, school: School, units: Units
) -> None:
    async def led(person: UUID, what: str) -> Any:
        answer = await client.get(f"/v1/classes/{school.class_id}/register/{what}", person)
        return answer.json()["by_lessons"]

    assert [await led(school.homeroom, what) for what in (f"months/{MONTH}", "year")] == [False, False]
    await some_lessons(client, school, units)
    assert [await led(school.office, what) for what in (f"months/{MONTH}", "year")] == [True, True]


async def test_a_correction_is_in_the_sums_at_once(client: Client, school: School, units: Units) -> None:
    await some_lessons(client, school, units)
    done = await change(client, school.homeroom, school, 1, 1, "late", 1, TODAY, code="came_later")
    assert done.status_code == 200, done.text
    one = line_of(await hours_of(client, school.homeroom, school), school.pupils[0])
    assert (one["hours"]["away"], one["hours"]["late"]) == (0, 2)


async def test_what_was_said_after_the_month_was_closed_is_told(
    client: Client, school: School, units: Units
) -> None:
    await some_lessons(client, school, units)
    await change(client, school.homeroom, school, 1, 1, "late", 1, YESTERDAY, code="mistaken_entry")
    await closed(client, school)
    assert (await hours_of(client, school.office, school))["corrections"] == []
    done = await change(client, school.homeroom, school, 2, 1, "away", 1, YESTERDAY, code="told_later")
    assert done.status_code == 200, done.text
    marks = [{**mark, "reason": {"code": "other", "text": "入れ忘れ"}} for mark in whole(school)]
    late = await client.post(day_address(school, "/4", YESTERDAY), school.homeroom, {"marks": marks})
    assert late.status_code == 200, late.text
    body = await hours_of(client, school.office, school)
    assert body["state"] == "closed"
    first, *others = body["corrections"]
    assert (first["period"], first["before"], first["after"]) == (2, "遅れて", "欠課")
    assert (first["reason"], first["by"]["id"]) == ("後から連絡があった", str(school.homeroom))
    assert {(each["before"], each["reason_text"]) for each in others} == {(None, "入れ忘れ")}
    assert len(others) == len(school.pupils)
    pdf = await client.get(address(school, f"months/{MONTH}/pdf"), school.office)
    text = re.sub(r"\s", "", PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text())
    assert "締めたあとの訂正：" in text
    assert "11/192時限遅れて→欠課（後から連絡があった" in text
    assert "ほか2人11/194時限未入力→出席（入れ忘れ" in text
    assert (await hours_of(client, school.office, school, "year"))["corrections"] == []


@pytest.mark.parametrize("what", [f"months/{MONTH}", "year"])
async def test_they_are_for_whom_the_register_is_for(
    client: Client, school: School, units: Units, registry_database: Database, what: str
) -> None:
    await switch_on(units, school)
    subject = await teacher(units, school, school.class_id)
    people = {
        **{
            who: getattr(school, who) for who in ("homeroom", "office", "principal", "substitute", "stranger")
        },
        "subject": subject,
    }
    for form in ("", "/pdf", "/xlsx"):
        told = {
            who: (await client.get(address(school, what + form), person)).status_code
            for who, person in people.items()
        }
        assert told == {
            "homeroom": 200,
            "office": 200,
            "principal": 200,
            "substitute": 403,
            "subject": 403,
            "stranger": 404,
        }
    refused = await client.get(address(school, what), subject)
    assert refused.json()["detail"].startswith("欠課時数を見られるのは")
    assert not (await day_of(client, subject, school))["may_sum"]
    assert (await day_of(client, school.homeroom, school))["may_sum"]
    assert (await client.get(address(school, what), school.homeroom, acr=1)).status_code == 401
    assert (await client.get(f"/v1/classes/{uuid4()}/lessons/{what}", school.homeroom)).status_code == 404
    connection = await registry_database.server.connect(registry_database.name)
    try:
        seen = await connection.fetch(
            "select action, subjects from access.entry where action like '%LessonHours'"
        )
    finally:
        await connection.close()
    assert {row["action"] for row in seen} == {"ReadLessonHours", "PrintLessonHours"}
    assert all(set(row["subjects"]) == set(school.pupils) for row in seen)


async def test_who_is_kept_from_somebody_is_in_no_line_and_no_sum(
    client: Client, school: School, units: Units
) -> None:
    await some_lessons(client, school, units)
    await protect(units, school, school.pupils[1], DAYS[0], kept_from=school.homeroom)
    body = await hours_of(client, school.homeroom, school)
    assert str(school.pupils[1]) not in str(body)
    assert body["totals"]["away"] == 1
    assert (await hours_of(client, school.office, school))["totals"]["away"] == 4


async def test_a_mover_is_counted_from_arrival_and_a_blank_is_neither(
    client: Client, school: School, units: Units
) -> None:
    await some_lessons(client, school, units)
    await hold(units, school, school.pupils[1], TODAY, None)
    await run(
        units, school, "update pupil_lessons set marks = '{}' where pupil_id = :pupil", pupil=school.pupils[3]
    )
    body = await hours_of(client, school.office, school)
    two, four = line_of(body, school.pupils[1]), line_of(body, school.pupils[3])
    assert counted(two["hours"]) == {"lessons": 1, "there": 1}
    assert counted(two["so_far"]) == {"lessons": 1, "there": 1}
    assert two["notes"]
    assert counted(four["hours"]) == {"lessons": 4, "unrecorded": 4}


@pytest.mark.parametrize("what", [f"months/{MONTH}", "year"])
async def test_paper_and_spreadsheet_have_the_same_rows(
    client: Client, school: School, units: Units, what: str
) -> None:
    await some_lessons(client, school, units)
    body = await hours_of(client, school.office, school, what)
    book = await client.get(address(school, f"{what}/xlsx"), school.office)
    assert "filename*=UTF-8''%E6%AC%A0" in book.headers["content-disposition"]
    rows = cells_of(book.content)
    head = next(n for n, row in enumerate(rows) if row and row[0] == "番号")
    month = what != "year"
    assert rows[head][2:5] == ["数学", "音楽", "教科なし"]
    names = ("lessons", "apart", "away", "there", "late", "left")
    for row, line in zip(rows[head + 1 :], body["lines"], strict=False):
        missed = [str(each["away"]) for each in line["by_subject"]]
        told = [str(line["hours"][name]) for name in names]
        assert row[2 : 2 + len(missed) + len(told)] == [*missed, *told]
        assert not month or row[2 + len(missed) + len(told)] == str(line["so_far"]["away"])
    taken = rows[head + 2 + len(body["lines"])]
    assert taken[1:6] == [
        "授業時数",
        *(str(each["lessons"]) for each in body["subjects"]),
        str(body["lessons"]),
    ]
    pdf = await client.get(address(school, f"{what}/pdf"), school.office)
    assert b"pdfaid:part" in pdf.content
    (page,) = PdfReader(io.BytesIO(pdf.content)).pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (842, 595)
    text = re.sub(r"\s", "", page.extract_text())
    for words in ("欠課時数令和8年11月" if month else "欠課時数令和8年度", "数学", "教科なし"):
        assert words in text, words
    assert ("この月はまだ締めていません" in text) == month
    assert ("欠課累計は、4月からこの月までの、この学級の時限です" in text) == month
