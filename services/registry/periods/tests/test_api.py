"""Rolls of lessons as teachers take, correct and compare them; nothing they say changes the day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import orjson
from sqlalchemy import text

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.attendance.tests.test_api import log_of
from services.registry.closing.tests.months import closed
from services.registry.periods.tests.lessons import (
    address,
    change,
    child,
    codes_of,
    day_of,
    switch_on,
    take,
    teacher,
    whole,
)
from services.registry.register.tests.sheets import DAYS, month_of, protect
from services.registry.register.tests.sheets import take as take_day
from shared.database import Scope, Units
from tests.support.databases import Database

YESTERDAY = DAYS[-2]


async def test_nothing_is_taken_where_the_board_has_not_said_so(
    client: Client, school: School, units: Units
) -> None:
    body = await day_of(client, school.homeroom, school)
    assert (body["lessons"], body["members"]) == ([], [])
    assert "教育委員会の設定" in body["why_not_open"]
    refused = await take(client, school.homeroom, school, 1)
    assert (refused.status_code, refused.json()["title"]) == (422, "この時限の出欠は入れられません")
    await switch_on(units, school, TODAY)
    assert (await day_of(client, school.homeroom, school))["why_not_open"] is None
    assert (await day_of(client, school.homeroom, school, YESTERDAY))["lessons"] == []
    beyond = await take(client, school.homeroom, school, 7)
    assert "6時限まで" in beyond.json()["detail"]


async def test_a_lesson_is_taken_whole_or_not_at_all(client: Client, school: School, units: Units) -> None:
    await switch_on(units, school)
    body = {"marks": whole(school)[1:]}
    refused = await client.post(address(school, "/1"), school.homeroom, body)
    assert refused.status_code == 422
    assert [error["cell"] for error in refused.json()["errors"]] == ["1番"]
    assert (await day_of(client, school.homeroom, school))["lessons"][0]["at"] is None
    taken = await take(client, school.homeroom, school, 1, {2: "away", 3: "late"}, subject="maths")
    assert taken.status_code == 200, taken.text
    body = await day_of(client, school.homeroom, school)
    first = body["lessons"][0]
    assert (first["members"], first["by"]["id"], first["subject"]) == (5, str(school.homeroom), "maths")
    assert [codes_of(child(body, school, n)) for n in (1, 2, 3)] == [{1: "here"}, {1: "away"}, {1: "late"}]
    assert body["lessons"][1]["at"] is None
    assert (await take(client, school.homeroom, school, 2, subject="magic")).status_code == 422


async def test_the_day_is_what_it_was_whatever_its_lessons_say(
    client: Client, school: School, units: Units, registry_database: Database
) -> None:
    await switch_on(units, school)
    await take_day(client, school, TODAY, n2="absent_sick")
    before = await month_of(client, school.office, school.class_id)
    for period in (1, 2, 3):
        codes = {1: "away", 2: "here" if period == 3 else "away"}
        assert (await take(client, school.homeroom, school, period, codes)).status_code == 200
    after = await month_of(client, school.office, school.class_id)
    assert (after["lines"], after["totals"]) == (before["lines"], before["totals"])
    body = await day_of(client, school.homeroom, school)
    one, two, three = (child(body, school, number) for number in (1, 2, 3))
    assert [(clash["kind"], clash["settled"]) for clash in one["clashes"]] == [("away_though_present", False)]
    assert [clash["kind"] for clash in two["clashes"]] == ["seen_though_absent"]
    assert three["clashes"] == []
    assert (one["day"]["status"], two["day"]["status"]) == ("present", "absent")
    assert two["day"]["facts"][0]["by"]["id"] == str(school.office)
    kinds = [record["type"] for record in await log_of(registry_database)]
    assert kinds.count("registry.attendance.day_changed") == 5
    assert kinds.count("registry.lesson.day_changed") == 15
    told = orjson.loads((await log_of(registry_database))[-1]["payload"])
    assert [mark["period"] for mark in told["marks"]] == [1, 2, 3]


async def test_the_homeroom_teacher_leaves_a_contradiction_until_something_else_is_said(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    maths = await teacher(units, school, school.class_id)
    await take_day(client, school, TODAY)
    for period in (1, 2, 3):
        await take(client, maths, school, period, {1: "away"})
    (clash,) = child(await day_of(client, maths, school), school, 1)["clashes"]
    body = {"pupil": str(school.pupils[0]), "seen": clash["seen"]}
    assert (await client.post(address(school, "/settled"), maths, body)).status_code == 403
    answer = await client.post(address(school, "/settled"), school.homeroom, body)
    assert answer.status_code == 200, answer.text
    (clash,) = child(await day_of(client, maths, school), school, 1)["clashes"]
    assert clash["settled"]
    await take(client, maths, school, 4, {1: "away"})
    (clash,) = child(await day_of(client, maths, school), school, 1)["clashes"]
    assert not clash["settled"]
    late = await client.post(address(school, "/settled"), school.homeroom, body)
    assert late.status_code == 409
    nobody = {**body, "pupil": str(uuid4())}
    assert (await client.post(address(school, "/settled"), school.homeroom, nobody)).status_code == 404


async def test_who_takes_a_lesson_and_who_does_not(client: Client, school: School, units: Units) -> None:
    await switch_on(units, school)
    people = {
        "of_class": await teacher(units, school, school.class_id),
        "of_school": await teacher(units, school, None),
        "of_another_class": await teacher(units, school, school.special),
        **{
            word: getattr(school, word)
            for word in ("homeroom", "office", "substitute", "principal", "stranger")
        },
    }
    found = {
        word: (await take(client, person, school, n, on=TODAY)).status_code
        for n, (word, person) in enumerate(people.items(), 1)
        if n < 7
    }
    found |= {
        word: (await take(client, people[word], school, 5, on=TODAY)).status_code
        for word in ("principal", "stranger")
    }
    assert found == {
        "of_class": 200,
        "of_school": 200,
        "of_another_class": 403,
        "homeroom": 200,
        "office": 200,
        "substitute": 200,
        "principal": 403,
        "stranger": 404,
    }
    for word, status in (("substitute", 403), ("of_school", 403), ("of_class", 200)):
        again = await take(client, people[word], school, 1, on=YESTERDAY)
        assert again.status_code == status, (word, "of another day than today")
    body = await day_of(client, school.principal, school)
    assert (body["may_take"], body["may_settle"], body["may_sum"]) == (False, False, True)


async def test_after_it_was_taken_a_change_is_a_correction(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    await take(client, school.homeroom, school, 1, {1: "away"})
    bare = await change(client, school.homeroom, school, 1, 1, "late", 1)
    assert (bare.status_code, "理由" in bare.json()["errors"][0]["message"]) == (422, True)
    silent = await change(client, school.homeroom, school, 1, 1, "late", 1, code="other", text=" ")
    assert "一言" in silent.json()["errors"][0]["message"]
    done = await change(client, school.homeroom, school, 1, 1, "late", 1, code="came_later")
    assert done.status_code == 200, done.text
    assert done.json()["saved"] == [{"pupil": str(school.pupils[0]), "code": "late", "revision": 2}]
    stale = await change(client, school.homeroom, school, 1, 1, "here", 1, code="mistaken_entry")
    assert stale.json()["refused"] == [{"pupil": str(school.pupils[0]), "code": "late", "revision": 2}]
    again = await take(client, school.homeroom, school, 1, {1: "late"})
    assert len(again.json()["saved"]) == 5
    (mark,) = child(await day_of(client, school.homeroom, school), school, 1)["marks"]
    assert (mark["code"], mark["revision"], mark["reason"]) == ("late", 2, "came_later")


async def test_a_subject_is_changed_in_sight_of_the_one_it_was_and_not_in_a_closed_month(
    client: Client, school: School, units: Units, registry_database: Database
) -> None:
    await switch_on(units, school)
    await take(client, school.homeroom, school, 1, on=YESTERDAY, subject="maths")

    async def rename(**body: object) -> int:
        answer = await client.post(address(school, "/1", YESTERDAY), school.homeroom, {"marks": [], **body})
        return answer.status_code

    async def subject() -> tuple[str | None, int]:
        lesson = (await day_of(client, school.homeroom, school, YESTERDAY))["lessons"][0]
        return lesson["subject"], lesson["revision"]

    async def logged() -> int:
        connection = await registry_database.server.connect(registry_database.name)
        try:
            sql = "select count(*) from access.entry where action = 'TakeLesson' and person = $1"
            return int(await connection.fetchval(sql, school.homeroom))
        finally:
            await connection.close()

    assert (await rename(), await subject()) == (200, ("maths", 1)), "a save that does not name one keeps it"
    before = await logged()
    assert await rename(subject="music", roll_seen=1) == 200
    assert (await subject(), await logged() - before) == (("music", 2), 1)
    assert (await rename(subject="art", roll_seen=1), await subject()) == (409, ("music", 2))
    assert (await rename(subject=None), await subject()) == (409, ("music", 2))
    await closed(client, school)
    assert (await rename(subject="art", roll_seen=2), await subject()) == (422, ("music", 2))


async def test_in_a_closed_month_every_entry_needs_a_reason(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    await take(client, school.homeroom, school, 1, on=YESTERDAY)
    await closed(client, school)
    refused = await take(client, school.homeroom, school, 2, on=YESTERDAY)
    assert "締めた月" in refused.json()["errors"][0]["message"]
    body = {
        "marks": [
            {**mark, "reason": {"code": "other", "text": "入れ忘れ"}} for mark in whole(school, {1: "away"})
        ]
    }
    done = await client.post(address(school, "/2", YESTERDAY), school.homeroom, body)
    assert done.status_code == 200, done.text
    async with units.read(Scope(school.board)) as session:
        found = await session.execute(
            text("select distinct reason_text, closing_revision from lesson_mark where period = 2")
        )
    assert [tuple(row) for row in found] == [("入れ忘れ", 1)]


async def test_two_who_take_the_same_lesson_at_once_do_not_both_win(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    maths = await teacher(units, school, school.class_id)
    answers = await asyncio.gather(
        take(client, maths, school, 1, {1: "away"}), take(client, school.homeroom, school, 1, {1: "late"})
    )
    assert [answer.status_code for answer in answers] == [200, 200], [answer.text for answer in answers]
    assert sorted(len(answer.json()["refused"]) for answer in answers) == [0, 1]
    saved = [answer.json().get("saved", []) for answer in answers]
    assert sorted(sum(each["pupil"] == str(school.pupils[0]) for each in one) for one in saved) == [0, 1]
    (mark,) = child(await day_of(client, maths, school), school, 1)["marks"]
    assert mark["revision"] == 1


async def test_a_child_kept_from_who_takes_is_left_for_somebody_else(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school)
    await protect(units, school, school.pupils[0], TODAY - timedelta(days=9), kept_from=school.homeroom)
    seen = {each["pupil"]["id"] for each in (await day_of(client, school.homeroom, school))["members"]}
    assert str(school.pupils[0]) not in seen
    refused = await take(client, school.homeroom, school, 1)
    assert refused.status_code == 422
    done = await client.post(address(school, "/1"), school.homeroom, {"marks": whole(school)[1:]})
    assert done.status_code == 200, done.text
    own = await day_of(client, school.homeroom, school)
    assert own["lessons"][0]["members"] == len(whole(school)) - 1, "no number tells of the child"
    body = await day_of(client, school.office, school)
    assert (body["lessons"][0]["members"], child(body, school, 1)["marks"]) == (5, [])
    rest = await client.post(address(school, "/1"), school.office, {"marks": whole(school)[:1]})
    assert rest.status_code == 200, rest.text
    assert codes_of(child(await day_of(client, school.office, school), school, 1)) == {1: "here"}


async def test_a_day_gives_its_lessons_a_proposal_and_nothing_more(
    client: Client, school: School, units: Units
) -> None:
    await switch_on(units, school, periods=3)
    await take_day(client, school, TODAY, n2="absent_sick", n3="late", n4="early_leave", n5="suspended")
    body = await day_of(client, school.homeroom, school)
    found = {n: child(body, school, n)["proposed"] for n in range(1, 6)}
    assert found == {
        1: ["here", "here", "here"],
        2: ["away", "away", "away"],
        3: [None, None, None],
        4: [None, None, None],
        5: ["away", "away", "away"],
    }
    assert all(each["marks"] == [] for each in body["members"])
