"""The month and the year as a homeroom teacher, an office and others meet them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import pytest

from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.register.tests.sheets import (
    DAYS,
    MONTH,
    address,
    counted,
    kinds,
    line_of,
    month_of,
    run,
    take,
)
from shared.database import Units
from tests.support.databases import Database


async def test_a_month_is_counted_from_its_days(client: Client, school: School) -> None:
    await take(client, school, DAYS[-2], n1="absent_sick", n2="late_early", n3="suspended")
    await take(client, school, DAYS[-1])
    body = await month_of(client, school.homeroom, school.class_id)
    assert (body["through"], body["lessons"], len(body["days"])) == (str(TODAY), len(DAYS), 30)
    blank = len(DAYS) - 2
    first, second, third, *_ = body["lines"]
    assert counted(first["counts"]) == {
        "days": len(DAYS),
        "due": len(DAYS),
        "unrecorded": blank,
        "sick": 1,
        "absent": 1,
        "present": 1,
    }
    assert (second["counts"]["present"], second["counts"]["late"], second["counts"]["early"]) == (2, 1, 1)
    assert (third["counts"]["apart"], third["counts"]["due"]) == (1, len(DAYS) - 1)
    assert body["totals"]["present"] == sum(line["counts"]["present"] for line in body["lines"]) == 8
    today = body["days"][TODAY.day - 1]
    assert (today["kind"], today["counts"]["present"]) == ("lesson", 5)
    assert kinds(first)[TODAY.day :] == ["off" if d["kind"] == "off" else "ahead" for d in body["days"][20:]]
    cell = first["cells"][DAYS[-2].day - 1]
    assert (cell["kind"], cell["glyph"]) == ("absent", "病")
    assert body["symbols"][cell["symbol"]]["word"] == "病欠"
    assert body["homerooms"] == ["紬 子7"]


async def test_a_correction_is_in_the_month_at_once(client: Client, school: School) -> None:
    await take(client, school, TODAY, n1="absent_sick")
    reason = {"code": "mistaken_entry"}
    mark = {"pupil": str(school.pupils[0]), "seen": 1, "code": "late", "reason": reason}
    answer = await client.roll(school.office, school.class_id, [mark])
    assert answer.status_code == 200, answer.text
    line = line_of(await month_of(client, school.homeroom, school.class_id), school.pupils[0])
    assert (line["counts"]["sick"], line["counts"]["late"], line["counts"]["present"]) == (0, 1, 1)


async def test_a_child_of_two_classes_is_counted_where_it_is_enrolled(client: Client, school: School) -> None:
    visited = await month_of(client, school.principal, school.class_id)
    assert str(school.exchange) not in orjson.dumps(visited["lines"]).decode()
    home = await month_of(client, school.principal, school.special)
    assert [line["pupil"]["id"] for line in home["lines"]] == [str(school.exchange)]
    assert {each["id"] for each in home["classes"]} == {str(school.class_id), str(school.special)}


@pytest.mark.parametrize("what", [f"months/{MONTH}", "year"])
async def test_it_is_for_the_classs_teachers_and_the_schools_heads_and_office(
    client: Client, school: School, registry_database: Database, what: str
) -> None:
    path = address(school.class_id, what)
    told = {
        who: (await client.get(path, person)).status_code
        for who, person in vars(school).items()
        if who in ("homeroom", "office", "principal", "substitute", "stranger")
    }
    assert told == {"homeroom": 200, "office": 200, "principal": 200, "substitute": 403, "stranger": 404}
    assert (await client.get(path, school.homeroom, acr=1)).status_code == 401
    assert (await client.get(address(uuid4(), what), school.homeroom)).status_code == 404
    connection = await registry_database.server.connect(registry_database.name)
    try:
        seen = await connection.fetch(
            "select person, subjects from access.entry where action = 'ReadRegister'"
        )
    finally:
        await connection.close()
    assert {row["person"] for row in seen} <= {school.homeroom, school.office, school.principal}


async def test_there_is_no_month_outside_the_classs_year(client: Client, school: School) -> None:
    for month, status in (("2026-03", 404), ("2027-04", 404), ("2026-13", 422), ("2027-03", 200)):
        answer = await client.get(address(school.class_id, f"months/{month}"), school.homeroom)
        assert answer.status_code == status, month


async def test_a_closed_class_and_a_closed_school_are_told_apart(
    client: Client, school: School, units: Units
) -> None:
    await take(client, school, DAYS[-1])
    closed = {"grade": None, "class_id": None, "reason": "influenza"}
    closures = [
        {**closed, "on": str(DAYS[-1]), "scope": "class", "class_id": str(school.class_id)},
        {**closed, "on": str(DAYS[-2]), "scope": "school", "reason": "typhoon"},
    ]
    await run(
        units,
        school,
        "update calendar set closures = cast(:closures as jsonb),"
        " school_days = array_remove(school_days, cast(:day as date))",
        closures=orjson.dumps(closures).decode(),
        day=DAYS[-2],
    )
    body = await month_of(client, school.homeroom, school.class_id)
    assert body["lessons"] == len(DAYS) - 1
    assert [body["days"][day.day - 1]["kind"] for day in DAYS[-2:]] == ["off", "closed"]
    counts = body["lines"][0]["counts"]
    assert (counts["days"], counts["closed"], counts["apart"]) == (len(DAYS) - 1, 1, 1)
    assert counts["present"] == 0, "the roll had been taken before the class was closed"
    assert body["notes"] == ["11/19 臨時休業（台風）", "11/20 学級閉鎖（インフルエンザ）"]
    assert body["days"][DAYS[-1].day - 1]["words"] == ["学級閉鎖（インフルエンザ）"]


async def test_symbols_of_a_day_are_those_that_hold_on_it(
    client: Client, school: School, units: Units
) -> None:
    """The board has another letter for 病欠 from today on; yesterday keeps its own."""
    await take(client, school, DAYS[-2], n1="absent_sick")
    symbols = [
        symbol.model_copy(update={"glyph": "欠"} if symbol.code == "absent_sick" else {}).model_dump()
        for symbol in DEFAULT_SYMBOLS
    ]
    await run(
        units,
        school,
        "insert into setting (board_id, name, since, value, recorded_at)"
        " values (:board, 'attendance_symbols', :since, cast(:value as jsonb), :at)",
        since=TODAY,
        value=orjson.dumps(symbols).decode(),
    )
    await take(client, school, DAYS[-1], n1="absent_sick")
    body = await month_of(client, school.homeroom, school.class_id)
    cells = body["lines"][0]["cells"]
    assert [cells[day.day - 1]["glyph"] for day in DAYS[-2:]] == ["病", "欠"]
    assert body["lines"][0]["counts"]["sick"] == 2
    assert [symbol["glyph"] for symbol in body["symbols"] if symbol["word"] == "病欠"] == ["病", "欠"]


async def test_the_year_is_the_sum_of_its_months(client: Client, school: School) -> None:
    for n, day in enumerate(DAYS[-4:]):
        await take(client, school, day, n1=("absent_sick", "late", "suspended", "early_leave")[n])
    await take(client, school, DAYS[0] - timedelta(days=4), n2="absent_other")
    year = (await client.get(address(school.class_id, "year"), school.office)).json()
    assert year["months"][0] == "2026-04"
    assert year["months"][-1] == "2027-03"
    for n, month in enumerate(year["months"]):
        body = await month_of(client, school.office, school.class_id, month)
        assert body["totals"] == year["by_month"][n]
        assert body["lessons"] == year["lessons"][n]
        for line in year["lines"]:
            assert line_of(body, UUID(line["pupil"]["id"]))["counts"] == line["months"][n]
    for line in year["lines"]:
        for name, count in line["counts"].items():
            assert count == sum(each[name] for each in line["months"])
    assert year["lines"][1]["counts"]["other"] == 1


async def test_without_a_calendar_nothing_is_counted_and_that_is_said(
    client: Client, school: School, units: Units
) -> None:
    await run(units, school, "update calendar set school_year = 2020")
    body = await month_of(client, school.homeroom, school.class_id)
    assert (body["planned"], body["lessons"], len(body["lines"])) == (False, 0, 5)
