"""The month and the year as a homeroom teacher, an office and others meet them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.register.tests.test_printing import cells_of
from shared.database import Scope, Units
from shared.dates import TOKYO
from tests.support.databases import Database
from tests.support.waiting import eventually

MONTH = "2026-11"
DAYS = [date(2026, 11, n) for n in range(1, 21) if date(2026, 11, n).weekday() < 5]
"""The small school's 授業日 of November until today."""


def address(class_id: UUID, what: str = f"months/{MONTH}") -> str:
    return f"/v1/classes/{class_id}/register/{what}"


async def month_of(client: Client, person: UUID, class_id: UUID, month: str = MONTH) -> dict[str, Any]:
    answer = await client.get(address(class_id, f"months/{month}"), person)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def take(client: Client, school: School, on: date, code: str = "present", **others: str) -> None:
    marks = [
        {"pupil": str(pupil), "seen": 0, "code": others.get(f"n{number}", code)}
        for number, pupil in enumerate(school.pupils, 1)
    ]
    answer = await client.roll(school.office, school.class_id, marks, on=on, taken=True)
    assert answer.status_code == 200, answer.text


async def run(units: Units, school: School, sql: str, /, **values: Any) -> None:
    async with units.work(Scope(school.board), actor="test") as work:
        await work.session.execute(text(sql), {"board": school.board, "at": work.at, **values})


async def hold(units: Units, school: School, pupil: UUID, since: date, until: date | None) -> None:
    """The pupil's time in its class."""
    await run(
        units,
        school,
        "update membership_period set valid = daterange(:since, :until) where subject_id = :pupil",
        pupil=pupil,
        since=since,
        until=until,
    )


async def enrol(
    units: Units, school: School, pupil: UUID, since: date, until: date | None = None, at: UUID | None = None
) -> None:
    await run(
        units,
        school,
        "insert into enrolment_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, school_id,"
        " grade) values (gen_random_uuid(), :board, :pupil, 'main', daterange(:since, :until), :at, 'test',"
        " :school, 'P2')",
        pupil=pupil,
        since=since,
        until=until,
        school=at or school.id,
    )


async def place(units: Units, school: School, pupil: UUID, class_id: UUID, since: date) -> None:
    await run(
        units,
        school,
        "insert into membership_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, school_id,"
        " class_id, kind, number) values (gen_random_uuid(), :board, :pupil, 'home', daterange(:since, null), :at,"
        " 'test', :school, :class_id, 'home', 9)",
        pupil=pupil,
        since=since,
        school=school.id,
        class_id=class_id,
    )


def line_of(body: dict[str, Any], pupil: UUID) -> dict[str, Any]:
    (found,) = [line for line in body["lines"] if line["pupil"]["id"] == str(pupil)]
    return dict(found)


def kinds(line: dict[str, Any]) -> list[str]:
    return [cell["kind"] for cell in line["cells"]]


def counted(counts: dict[str, int]) -> dict[str, int]:
    return {name: n for name, n in counts.items() if n}


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


async def test_whoever_a_child_is_kept_from_finds_it_in_no_line_and_no_sum(
    client: Client, school: School, units: Units
) -> None:
    await take(client, school, TODAY, n5="absent_sick")
    await run(
        units,
        school,
        "insert into protection_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
        " confidential_from) values (gen_random_uuid(), :board, :pupil, 'protection',"
        " daterange('2026-04-01', null), :at, 'test', array[:from_whom]::uuid[])",
        pupil=school.pupils[4],
        from_whom=school.homeroom,
    )
    seen = await month_of(client, school.homeroom, school.class_id)
    whole = await month_of(client, school.office, school.class_id)
    assert [line["pupil"]["id"] for line in seen["lines"]] == [str(pupil) for pupil in school.pupils[:4]]
    assert (seen["totals"]["sick"], whole["totals"]["sick"]) == (0, 1), "a sum would tell what no line does"
    assert seen["days"][TODAY.day - 1]["counts"]["days"] == 4
    year = (await client.get(address(school.class_id, "year"), school.homeroom)).json()
    assert str(school.pupils[4]) not in orjson.dumps(year).decode()
    assert year["totals"]["sick"] == 0


async def rename(units: Units, school: School, pupil: UUID, family: str, at: datetime) -> None:
    await run(
        units,
        school,
        "update person set legal_family = :family, kana_family = null, recorded_at = :on where id = :pupil",
        family=family,
        on=at,
        pupil=pupil,
    )


async def protect(
    units: Units,
    school: School,
    pupil: UUID,
    since: date,
    until: date | None = None,
    *,
    kept_from: UUID | None = None,
) -> None:
    await run(
        units,
        school,
        "insert into protection_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
        " confidential_from) values (gen_random_uuid(), :board, :pupil, 'protection', daterange(:since, :until), :at,"
        " 'test', cast(:people as uuid[]))",
        people=[kept_from] if kept_from else [],
        pupil=pupil,
        since=since,
        until=until,
    )


async def names_of(client: Client, school: School, pupil: UUID) -> set[str]:
    """The family names by which month, year, spreadsheet and a past day's roll of the class tell of a pupil."""
    roll = await client.get(f"/v1/classes/{school.class_id}/days/{DAYS[-4]}/roll", school.homeroom)
    found = {each["family"] for each in roll.json()["members"] if each["pupil"] == str(pupil)}
    assert len(found) == 1, roll.text
    for what in (f"months/{MONTH}", "year"):
        body = (await client.get(address(school.class_id, what), school.homeroom)).json()
        line = line_of(body, pupil)
        found.add(line["pupil"]["family"])
        sheet = (await client.get(address(school.class_id, f"{what}/xlsx"), school.homeroom)).content
        place = [each["pupil"]["id"] for each in body["lines"]].index(str(pupil))
        found.add(cells_of(sheet)[3 + place][1].split("　")[0])
    return found


async def test_a_protected_child_who_left_has_the_name_of_its_last_day(
    client: Client, school: School, units: Units
) -> None:
    """What it is called now is not for the school that it fled from; the days are, as they were."""
    pupil, left = school.pupils[0], DAYS[-3]
    await take(client, school, DAYS[-4], n1="absent_sick")
    await enrol(units, school, pupil, date(2026, 4, 1), left)
    await hold(units, school, pupil, date(2026, 4, 1), left)
    await enrol(units, school, pupil, left, TODAY + timedelta(days=1), at=uuid4())
    midnight = datetime(left.year, left.month, left.day, tzinfo=TOKYO)
    await rename(units, school, pupil, "昔", datetime(2026, 6, 1, tzinfo=TOKYO))
    await rename(units, school, pupil, "前", midnight - timedelta(minutes=1))
    await rename(units, school, pupil, "新", midnight)
    await rename(units, school, pupil, "今", midnight + timedelta(days=1))
    assert await names_of(client, school, pupil) == {"今"}, "no mark"
    await protect(units, school, pupil, date(2025, 4, 1), TODAY)
    assert await names_of(client, school, pupil) == {"今"}, "a mark that is over"
    await protect(units, school, pupil, TODAY)
    assert await names_of(client, school, pupil) == {"前"}
    line = line_of(await month_of(client, school.homeroom, school.class_id), pupil)
    assert (line["counts"]["sick"], line["notes"]) == (1, ["11/17まで（転出）"])
    await enrol(units, school, pupil, TODAY + timedelta(days=1))
    assert await names_of(client, school, pupil) == {"今"}, "it comes back"


async def test_a_protected_childs_new_card_does_not_name_it_where_the_old_one_was(
    client: Client, school: School, units: Units
) -> None:
    """The next school made a card under the new name; matching made the two one child."""
    gone, kept, left = school.pupils[0], uuid4(), DAYS[-3]
    await run(
        units,
        school,
        "insert into person (id, board_id, legal_family, legal_given, sort_key, search, sex, recorded_at)"
        " values (:kept, :board, '今', '花', '', '', 'unspecified', :at)",
        kept=kept,
    )
    await enrol(units, school, gone, date(2026, 4, 1), left)
    await hold(units, school, gone, date(2026, 4, 1), left)
    await enrol(units, school, kept, left, at=uuid4())
    await run(units, school, "update person set merged_into = :kept where id = :gone", kept=kept, gone=gone)
    await protect(units, school, kept, left)
    assert await names_of(client, school, kept) == {"紬"}


async def test_a_child_with_two_cards_is_one_line(client: Client, school: School, units: Units) -> None:
    """The day that was recorded for the card that is gone is the child's."""
    await take(client, school, DAYS[-2], n2="absent_other")
    await take(client, school, DAYS[-1], n1="late", n2="absent_other")
    kept, gone = school.pupils[:2]
    await run(units, school, "update person set merged_into = :kept where id = :gone", kept=kept, gone=gone)
    await run(
        units,
        school,
        "update membership_period set voided_at = :at, voided_by = 'test' where subject_id = :kept",
        kept=kept,
    )
    body = await month_of(client, school.homeroom, school.class_id)
    assert [line["pupil"]["id"] for line in body["lines"]] == [
        str(each) for each in (kept, *school.pupils[2:])
    ]
    line = line_of(body, kept)
    assert (line["counts"]["late"], line["counts"]["present"]) == (1, 2), "of one day with two, the own one"
    await run(units, school, "update pupil_day set day = day - 200 where pupil_id = :kept", kept=kept)
    assert line_of(await month_of(client, school.homeroom, school.class_id), kept)["counts"]["other"] == 2


async def test_movers_are_struck_out_outside_their_days(client: Client, school: School, units: Units) -> None:
    left, moved = school.pupils[3:]
    await take(client, school, DAYS[-1])
    for pupil, until in ((left, DAYS[-2]), (moved, DAYS[-3])):
        await hold(units, school, pupil, date(2026, 4, 1), until)
    await enrol(units, school, moved, date(2026, 4, 1))
    await place(units, school, moved, school.special, DAYS[-3])
    body = await month_of(client, school.homeroom, school.class_id)
    line = line_of(body, left)
    assert kinds(line)[DAYS[-2].day - 1 :] == ["struck"] * (31 - DAYS[-2].day)
    assert (line["counts"]["days"], line["counts"]["present"]) == (len(DAYS) - 2, 0)
    assert line["notes"] == [f"11/{DAYS[-2].day - 1}まで（転出）"]
    assert line_of(body, moved)["notes"] == [f"11/{DAYS[-3].day - 1}まで（学級がえ）"]
    (after,) = [
        line for line in (await month_of(client, school.office, school.special))["lines"] if line["notes"]
    ]
    assert (after["pupil"]["id"], after["notes"]) == (str(moved), [f"11/{DAYS[-3].day}から（学級がえ）"])


@pytest.mark.parametrize(
    ("enrolled", "words"),
    [
        ((DAYS[-2], None), "11/19から（転入）"),
        ((DAYS[-3], None), "11/19から（11/18に転入）"),
        ((date(2026, 4, 1), None), "11/19から（それまで学級なし）"),
    ],
)
async def test_who_is_put_into_a_class_after_arriving_has_arrived(
    client: Client, school: School, units: Units, enrolled: tuple[date, date | None], words: str
) -> None:
    """A 学齢簿 gives no class: the school does, a day or two later. 在籍 may be in two periods, of two grades."""
    pupil = school.pupils[0]
    await hold(units, school, pupil, DAYS[-2], None)
    await enrol(units, school, pupil, enrolled[0], DAYS[-2] + timedelta(days=1))
    await enrol(units, school, pupil, DAYS[-2] + timedelta(days=1), None)
    body = await month_of(client, school.homeroom, school.class_id)
    assert line_of(body, pupil)["notes"] == [words]
    days = {DAYS[-2]: "", DAYS[-3]: "11/18"}.get(enrolled[0], "11/1〜11/18")
    told = [f"学級が決まっておらず、どの出席簿にもない日：紬　子1（{days}）"] if days else []
    assert body["notes"] == told


async def test_who_is_in_no_class_is_told_to_those_who_may_know_of_the_child(
    client: Client, school: School, units: Units, registry_database: Database
) -> None:
    """Named until the school puts it into a class; not to whom it is kept from, nor when it is protected and gone."""
    pupil = school.pupils[0]
    await hold(units, school, pupil, date(2025, 4, 1), date(2025, 4, 2))
    await enrol(units, school, pupil, DAYS[-3], DAYS[-1])
    words = "学級が決まっておらず、どの出席簿にもない日：紬　子1（11/18〜11/19）"

    async def told(person: UUID, month: str = MONTH) -> list[str]:
        return list((await month_of(client, person, school.class_id, month))["notes"])

    assert (await told(school.homeroom), await told(school.homeroom, "2026-10")) == ([words], [])
    connection = await registry_database.server.connect(registry_database.name)

    async def logged() -> bool:
        seen = await connection.fetch("select subjects from access.entry where action = 'ReadRegister'")
        return sorted(pupil in row["subjects"] for row in seen) == [False, True]

    try:
        await eventually(logged)
    finally:
        await connection.close()
    await enrol(units, school, pupil, TODAY)
    await protect(units, school, pupil, TODAY, kept_from=school.homeroom)
    assert await told(school.homeroom) == []
    assert await told(school.office) == [words.replace("11/18〜11/19", "11/18〜11/20")]
    sql = "update enrolment_period set voided_at = :at, voided_by = 'test' where subject_id = :p and upper_inf(valid)"
    await run(units, school, sql, p=pupil)
    assert await told(school.office) == [], "protected, and gone"


@pytest.mark.parametrize(
    ("enrolled", "words"),
    [
        (DAYS[-3], "11/17まで（転出）"),
        (DAYS[-1], "11/17まで（11/19まで在籍、転出）"),
        (None, "11/17まで（それから学級なし）"),
    ],
)
async def test_who_has_left_the_class_before_the_school_has_left(
    client: Client, school: School, units: Units, enrolled: date | None, words: str
) -> None:
    pupil = school.pupils[0]
    await hold(units, school, pupil, date(2026, 4, 1), DAYS[-3])
    await enrol(units, school, pupil, date(2025, 4, 1), enrolled)
    line = line_of(await month_of(client, school.homeroom, school.class_id), pupil)
    assert line["notes"] == [words]


async def test_a_day_between_two_classes_is_no_arrival(client: Client, school: School, units: Units) -> None:
    pupil = school.pupils[0]
    await hold(units, school, pupil, date(2026, 4, 1), DAYS[-3])
    await place(units, school, pupil, school.special, DAYS[-1])
    await enrol(units, school, pupil, date(2026, 4, 1))
    left = line_of(await month_of(client, school.office, school.class_id), pupil)
    came = line_of(await month_of(client, school.office, school.special), pupil)
    assert (left["notes"], came["notes"]) == (["11/17まで（学級がえ）"], ["11/20から（学級がえ）"])


async def test_a_new_number_is_no_arrival(client: Client, school: School, units: Units) -> None:
    pupil, since = school.pupils[0], date(2026, 11, 1)
    await hold(units, school, pupil, date(2026, 4, 1), since)
    await place(units, school, pupil, school.class_id, since)
    line = line_of(await month_of(client, school.homeroom, school.class_id), pupil)
    assert (line["number"], line["notes"]) == (9, [])
    before = line_of(await month_of(client, school.homeroom, school.class_id, "2026-10"), pupil)
    assert (before["number"], before["notes"]) == (1, [])


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
