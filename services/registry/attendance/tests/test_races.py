"""What two people do at the same moment, and what an office corrects behind a teacher's back."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.registry.attendance import store
from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.attendance.tests.test_api import everyone, log_of
from shared.database import Scope, Units
from tests.support.databases import Database
from tests.support.waiting import eventually


async def test_an_entry_that_meets_a_roll_just_taken_is_asked_for_its_reason(
    client: Client, school: School, units: Units, registry_database: Database
) -> None:
    """The office read "not taken", then waited for the rows that the teacher's taking had locked."""
    await client.roll(school.homeroom, school.class_id, everyone(school))
    late = [{"pupil": str(school.pupils[0]), "seen": 1, "code": "absent_sick"}]
    connection = await registry_database.server.connect(registry_database.name)
    try:
        held = connection.transaction()
        await held.start()
        await connection.execute("select from pupil_day for update")
        waiting = asyncio.create_task(client.roll(school.office, school.class_id, late))
        await until_somebody_waits(registry_database)
        async with units.work(Scope(school.board), actor="test") as work:
            day = await store.class_day(
                work.session, school.board, school.class_id, TODAY, person=school.homeroom, today=TODAY
            )
            assert day is not None
            await store.take(work, day, store.Taken(work.at, school.homeroom, day.asker, 5))
        await held.rollback()
        answer = await waiting
    finally:
        await connection.close()
    assert answer.status_code == 422, answer.text
    assert "理由" in answer.json()["errors"][0]["message"]


async def test_a_first_entry_that_comes_twice_at_once_from_one_source_is_one_entry(
    client: Client, school: School, registry_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teacher's two devices: both have read that nothing is recorded, and nothing that exists can be locked."""
    both, arrived, save = asyncio.Event(), 0, store.save

    async def together(*args: Any) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 20)
        await save(*args)

    monkeypatch.setattr(store, "save", together)
    answers = await asyncio.gather(
        client.roll(school.homeroom, school.class_id, everyone(school, "present")),
        client.roll(school.homeroom, school.class_id, everyone(school, "absent_sick")),
    )
    assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
    assert sorted(len(answer.json()["saved"]) for answer in answers) == [0, 5]
    assert sorted(len(answer.json()["refused"]) for answer in answers) == [0, 5]
    assert [record["stream_version"] for record in await log_of(registry_database)] == [1] * 5
    assert arrived == 2, "the second found on its second reading that there is nothing to save"


async def until_somebody_waits(database: Database) -> None:
    connection = await database.server.connect(database.name)
    try:
        await eventually(
            lambda: connection.fetchval(
                "select count(*) from pg_stat_activity"
                " where wait_event_type = 'Lock' and datname = current_database()"
            )
        )
    finally:
        await connection.close()


async def test_a_day_that_another_school_recorded_can_be_corrected_where_the_child_now_belongs(
    client: Client, school: School, units: Units, registry_database: Database
) -> None:
    moved = school.pupils[0]
    await client.roll(school.homeroom, school.class_id, everyone(school, "absent_sick")[:1])
    new_class, teacher = await other_school_takes(units, school, moved)
    sheet = (await client.get(f"/v1/classes/{new_class}/days/{TODAY}/roll", teacher)).json()
    assert [(m["code"], m["revision"]) for m in sheet["members"]] == [("absent_sick", 1)]
    answer = await client.roll(
        teacher, new_class, [{"pupil": str(moved), "seen": 1, "code": "present"}], taken=True
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["saved"][0]["status"] == "present"
    assert [record["stream_version"] for record in await log_of(registry_database)][:2] == [1, 2]


async def other_school_takes(units: Units, school: School, pupil: UUID) -> tuple[UUID, UUID]:
    """The pupil's membership is corrected from the first day on; returns the new class and its teacher."""
    new_class = uuid4()
    async with units.work(Scope(school.board), actor="test") as work:
        run = work.session.execute
        other = (
            await run(
                text("select organisation_id from duty_period where subject_id = :s"), {"s": school.stranger}
            )
        ).scalar_one()
        ids = {"board": school.board, "school": other, "class": new_class, "pupil": pupil, "at": work.at}
        await run(
            text(
                "insert into organisation (id, board_id, kind, parent_id, school_id, name, short_name, school_year,"
                " grade, recorded_at)"
                " values (:class, :board, 'class', :school, :school, '2年3組', '2-3', 2026, 'P2', :at)"
            ),
            ids,
        )
        await run(
            text(
                "insert into calendar (id, board_id, school_id, school_year, school_days, closures, recorded_at)"
                " select gen_random_uuid(), :board, :school, 2026, school_days, '[]', :at from calendar limit 1"
            ),
            ids,
        )
        await run(
            text("update duty_period set class_id = :class where subject_id = :s"),
            {"class": new_class, "s": school.stranger},
        )
        await run(text("update membership_period set voided_at = :at where subject_id = :pupil"), ids)
        await run(
            text(
                "insert into membership_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
                " school_id, class_id, kind, number) values (gen_random_uuid(), :board, :pupil, 'home',"
                " daterange('2026-04-01', null), :at, 'test', :school, :class, 'home', 1)"
            ),
            ids,
        )
    return new_class, school.stranger


async def test_a_child_is_not_on_the_list_of_whom_it_is_kept_from(
    client: Client, school: School, units: Units
) -> None:
    """Nor asked of that person when the roll is taken; the office sees that somebody is missing."""
    kept = school.pupils[4]
    async with units.work(Scope(school.board), actor="test") as work:
        await work.session.execute(
            text(
                "insert into protection_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
                " confidential_from) values (gen_random_uuid(), :board, :pupil, 'protection',"
                " daterange('2026-04-01', null), :at, 'test', array[:from_whom]::uuid[])"
            ),
            {"board": school.board, "pupil": kept, "at": work.at, "from_whom": school.homeroom},
        )
    path = f"/v1/classes/{school.class_id}/days/{TODAY}/roll"
    for person, seen in ((school.homeroom, False), (school.office, True)):
        sheet = await client.get(path, person)
        assert (str(kept) in sheet.text) == seen
    assert (await client.roll(school.homeroom, school.class_id, everyone(school)[4:])).status_code == 422
    answer = await client.roll(school.homeroom, school.class_id, everyone(school)[:4], taken=True)
    assert answer.status_code == 200, answer.text
    assert answer.json()["taken"]["members"] == 5, "the child is counted"
