"""Lessons where they meet what else the product does: moves, families' notices, a day that is corrected meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.attendance.tests.test_races import other_school_takes, until_somebody_waits
from services.registry.matching.store import Merging, written_since
from services.registry.moves.around import known
from services.registry.people.writing import recorded_days
from services.registry.periods.tests.lessons import (
    address,
    child,
    codes_of,
    day_of,
    switch_on,
    take,
    whole,
)
from services.registry.register.tests.sheets import run
from services.registry.register.tests.sheets import take as take_day
from shared.database import Scope, Units
from tests.support.databases import Database


async def test_lessons_that_another_school_took_go_with_the_child(
    client: Client, school: School, units: Units
) -> None:
    """Who moved is on the new class's list of that day; its lessons can be taken and corrected there."""
    await switch_on(units, school)
    moved = str(school.pupils[0])
    taken = await take(client, school.homeroom, school, 1, {1: "away"})
    assert taken.status_code == 200, taken.text
    new_class, teacher = await other_school_takes(units, school, school.pupils[0])
    there = f"/v1/classes/{new_class}/days/{TODAY}/periods"
    (line,) = (await client.get(there, teacher)).json()["members"]
    assert codes_of(line) == {1: "away"}
    second = await client.post(
        f"{there}/2", teacher, {"marks": [{"pupil": moved, "seen": 0, "code": "here"}]}
    )
    assert second.status_code == 200, second.text
    why = {"code": "mistaken_entry"}
    mended = {"marks": [{"pupil": moved, "seen": 1, "code": "here", "reason": why}]}
    answer = await client.post(f"{there}/1", teacher, mended)
    assert answer.status_code == 200, answer.text
    (line,) = (await client.get(there, teacher)).json()["members"]
    assert codes_of(line) == {1: "here", 2: "here"}


async def test_what_one_school_left_as_it_was_the_next_one_sees_so(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    await take_day(client, school, TODAY, n1="absent_sick")
    await take(client, school.homeroom, school, 1)
    (clash,) = child(await day_of(client, school.homeroom, school), school, 1)["clashes"]
    body = {"pupil": str(school.pupils[0]), "seen": clash["seen"]}
    assert (await client.post(address(school, "/settled"), school.homeroom, body)).status_code == 200
    new_class, teacher = await other_school_takes(units, school, school.pupils[0])
    answer = await client.get(f"/v1/classes/{new_class}/days/{TODAY}/periods", teacher)
    ((line),) = answer.json()["members"]
    assert [each["settled"] for each in line["clashes"]] == [True]


async def noticed(units: Units, school: School, pupil: UUID, guardian: UUID, channel: str | None) -> None:
    """A family's notice on the roll, as the reaction keeps it; by a guardian who has a card."""
    await run(
        units,
        school,
        "insert into person (id, board_id, legal_family, legal_given, sort_key, search, sex, recorded_at)"
        " values (:id, :board, '隠崎', '親名', '', '', 'unspecified', :at)",
        id=guardian,
    )
    fact = {
        "source": "notice",
        "revision": 1,
        "code": "absent_sick",
        "by": guardian,
        "at": "2026-11-19T22:41:00Z",
        "relation": "mother" if channel else None,
        "channel": channel,
    }
    await run(
        units,
        school,
        "insert into pupil_day (id, board_id, school_id, class_id, pupil_id, day, revision, status, facts)"
        " values (gen_random_uuid(), :board, :school, :class_id, :pupil, :on, 1, 'absent', cast(:facts as jsonb))",
        school=school.id,
        class_id=school.class_id,
        pupil=pupil,
        on=TODAY,
        facts=orjson.dumps({"notice": fact}).decode(),
    )


@pytest.mark.parametrize(
    ("channel", "word", "named"), [("app", "アプリ", False), ("phone", "電話", True), (None, None, False)]
)
async def test_a_guardian_who_told_it_by_app_is_named_to_nobody(
    client: Client, school: School, units: Units, channel: str | None, word: str | None, named: bool
) -> None:
    await switch_on(units, school)
    by = uuid4()
    await noticed(units, school, school.pupils[0], by, channel)
    answer = await client.get(address(school), school.principal)
    ((fact),) = child(answer.json(), school, 1)["day"]["facts"]
    assert (fact["source"], fact["channel"]) == ("notice", word)
    assert fact["relation"] == ("母" if channel else None)
    assert ("隠崎" in answer.text, str(by) in answer.text) == (named, named)
    assert (fact["by"] is not None) == named


async def test_a_notice_alone_proposes_nothing_before_the_mornings_roll(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school, periods=2)
    await noticed(units, school, school.pupils[0], uuid4(), "app")
    assert child(await day_of(client, school.homeroom, school), school, 1)["proposed"] == [None, None]


def proposals(body: dict[str, Any], period: int) -> list[dict[str, Any]]:
    """What a screen sends when nobody has touched anything."""
    return [
        {
            "pupil": line["pupil"]["id"],
            "seen": 0,
            "code": line["proposed"][period - 1],
            "day_seen": line["day"]["revision"],
        }
        for line in body["members"]
        if not line["exchange"]
    ]


async def test_a_proposal_of_a_day_that_was_corrected_meanwhile_is_not_saved(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    await take_day(client, school, TODAY, n1="absent_sick")
    marks = proposals(await day_of(client, school.homeroom, school), 1)
    mended = {"pupil": str(school.pupils[0]), "seen": 1, "code": "present", "reason": {"code": "came_later"}}
    assert (await client.roll(school.office, school.class_id, [mended])).status_code == 200
    answer = await client.post(address(school, "/1"), school.homeroom, {"marks": marks})
    assert answer.status_code == 200, answer.text
    assert [each["pupil"] for each in answer.json()["refused"]] == [str(school.pupils[0])]
    body = await day_of(client, school.homeroom, school)
    assert body["lessons"][0]["at"] is None
    assert all(line["marks"] == [] for line in body["members"]), "a lesson is taken whole or not at all"
    again = await client.post(address(school, "/1"), school.homeroom, {"marks": proposals(body, 1)})
    assert (again.json()["refused"], len(again.json()["saved"])) == ([], 5)


async def test_a_day_that_is_corrected_at_that_moment_is_waited_for(
    client: Client, school: School, units: Units, registry_database: Database
) -> None:
    await switch_on(units, school)
    await take_day(client, school, TODAY, n1="absent_sick")
    marks = proposals(await day_of(client, school.homeroom, school), 1)
    connection = await registry_database.server.connect(registry_database.name)
    try:
        held = connection.transaction()
        await held.start()
        await connection.execute("update pupil_day set revision = 2 where pupil_id = $1", school.pupils[0])
        waiting = asyncio.create_task(client.post(address(school, "/1"), school.homeroom, {"marks": marks}))
        await until_somebody_waits(registry_database)
        await held.commit()
        answer = await waiting
    finally:
        await connection.close()
    assert [each["pupil"] for each in answer.json()["refused"]] == [str(school.pupils[0])], answer.text


async def test_the_same_key_twice_takes_once(client: Client, school: School, units: Units) -> None:
    await switch_on(units, school)
    key, body = uuid4(), {"marks": whole(school, {1: "away"})}
    answers = [await client.post(address(school, "/1"), school.homeroom, body, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    (mark,) = child(await day_of(client, school.homeroom, school), school, 1)["marks"]
    assert mark["revision"] == 1


async def test_lessons_of_a_card_that_was_merged_are_the_childs(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    await take(client, school.homeroom, school, 1, {1: "away"})
    kept = uuid4()
    await run(
        units,
        school,
        "insert into person (id, board_id, legal_family, legal_given, sort_key, search, sex, recorded_at)"
        " values (:id, :board, '紬', '子', '', '', 'unspecified', :at)",
        id=kept,
    )
    await run(
        units,
        school,
        "update person set merged_into = :kept where id = :gone",
        kept=kept,
        gone=school.pupils[0],
    )
    (line,) = [
        each
        for each in (await day_of(client, school.homeroom, school))["members"]
        if each["pupil"]["id"] == str(kept)
    ]
    assert codes_of(line) == {1: "away"}
    mark = {"pupil": str(kept), "seen": 1, "code": "late", "reason": {"code": "came_later"}}
    answer = await client.post(address(school, "/1"), school.homeroom, {"marks": [mark]})
    assert answer.json()["saved"] == [{"pupil": str(kept), "code": "late", "revision": 2}], answer.text


async def test_no_lesson_is_taken_of_a_class_that_is_closed(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    closure = {
        "on": str(TODAY),
        "scope": "class",
        "class_id": str(school.class_id),
        "reason": "インフルエンザ",
    }
    await run(
        units,
        school,
        "update calendar set closures = cast(:closures as jsonb) where school_id = :school",
        closures=orjson.dumps([closure]).decode(),
        school=school.id,
    )
    refused = await take(client, school.homeroom, school, 1)
    assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (422, "lesson-not-open")


async def test_what_is_counted_of_a_childs_days_knows_its_lessons(
    client: Client, school: School, units: Units
) -> None:
    """Nobody moves a child, or mends its card, as if nothing had been said of it."""
    await switch_on(units, school)
    await take(client, school.homeroom, school, 1)
    await take(client, school.homeroom, school, 2)
    child_ = school.pupils[0]
    async with units.read(Scope(school.board)) as session:
        assert await recorded_days(session, school.board, child_, TODAY) == 1
        found = (await known(session, school.board, child_, TODAY)).recorded
    assert [(each.on, each.class_id) for each in found] == [(TODAY, school.class_id)]


async def test_a_merging_is_not_undone_over_lessons_that_were_written_since(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    at = units.clock.now() - timedelta(minutes=1)
    merged = Merging(uuid4(), uuid4(), uuid4(), school.pupils[0], at, uuid4(), "", None)

    async def written() -> int:
        async with units.read(Scope(school.board)) as session:
            return await written_since(session, school.board, merged)

    before = await written()
    await take(client, school.homeroom, school, 1)
    assert await written() == before + 1
