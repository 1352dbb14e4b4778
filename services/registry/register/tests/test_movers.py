"""Who comes, leaves, or is in no class: which days a sheet has of them."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.register.tests.sheets import (
    DAYS,
    MONTH,
    enrol,
    hold,
    kinds,
    line_of,
    month_of,
    place,
    protect,
    run,
    take,
)
from shared.database import Units
from tests.support.databases import Database
from tests.support.waiting import eventually


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
