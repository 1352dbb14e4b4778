"""A class's numbers as an office and a homeroom teacher set them."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.roster.store import put_setting
from services.registry.roster.tests.reading import acts_of, log_of
from shared.database import Scope, Units
from tests.support.databases import Database

MONDAY = TODAY + timedelta(days=3)


async def page(client: Client, school: School, person: UUID, on: date = TODAY) -> dict[str, Any]:
    answer = await client.get(f"/v1/classes/{school.class_id}/list?on={on}", person)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def numbers_of(listed: dict[str, Any]) -> dict[str, int | None]:
    return {each["pupil"]["id"]: each["number"] for each in listed["members"] if not each["exchange"]}


async def number(
    client: Client, school: School, person: UUID, order: list[UUID], *, on: date = MONDAY, **more: Any
) -> httpx.Response:
    seen = more.pop("seen", None) or (await page(client, school, school.office, on))["revision"]
    rows = [{"pupil": str(pupil), "number": n} for n, pupil in enumerate(order, 1)]
    key = more.pop("key", None)
    body = {"since": str(on), "seen": seen, "numbers": rows, **more}
    return await client.post(f"/v1/classes/{school.class_id}/list", person, body, key=key)


async def test_a_class_is_numbered_from_monday_in_one_command(
    client: Client, school: School, registry_database: Database
) -> None:
    before = await page(client, school, school.office)
    assert [each["number"] for each in before["members"]] == [1, 2, 3, 4, 5, None]
    assert before["members"][-1]["exchange"]
    assert before["may"] == {"number": True}
    turned = school.pupils[::-1]
    dry = await number(client, school, school.office, turned, dry=True)
    assert dry.json()["change"] is None
    assert [(each["before"], each["after"]) for each in dry.json()["changed"]] == [
        (5, 1),
        (4, 2),
        (2, 4),
        (1, 5),
    ]
    assert await log_of(registry_database) == [], "a look changes nothing"

    answer = await number(client, school, school.homeroom, turned)
    assert answer.status_code == 200, answer.text
    assert numbers_of(await page(client, school, school.office)) == numbers_of(before)
    after = await page(client, school, school.office, MONDAY)
    assert numbers_of(after) == {str(pupil): n for n, pupil in enumerate(turned, 1)}
    events = await log_of(registry_database)
    assert {event.key for event in events} == {str(each) for each in turned if each != school.pupils[2]}
    assert {event.topic for event in events} == {"registry.enrolment"}
    told = next(event.payload for event in events if event.key == str(turned[0]))
    assert [(each["number"], each["since"], each["until"]) for each in told["memberships"]] == [
        (5, "2026-04-01", str(MONDAY)),
        (1, str(MONDAY), None),
    ]
    assert (f"account-{school.homeroom}", "SetNumbers", "III") in await acts_of(registry_database)


async def test_what_stands_already_is_no_change(
    client: Client, school: School, registry_database: Database
) -> None:
    answer = await number(client, school, school.office, school.pupils)
    assert answer.json()["changed"] == []
    assert answer.json()["change"] is None
    assert await log_of(registry_database) == []


async def test_duplicates_and_gaps_are_refused_by_row(
    client: Client, school: School, registry_database: Database
) -> None:
    rows = [
        {"pupil": str(pupil), "number": n} for pupil, n in zip(school.pupils, (1, 2, 2, 4, 6), strict=True)
    ]
    seen = (await page(client, school, school.office, MONDAY))["revision"]
    body: dict[str, Any] = {"since": str(MONDAY), "seen": seen, "numbers": rows}
    answer = await client.post(f"/v1/classes/{school.class_id}/list", school.office, body)
    assert answer.status_code == 422
    assert [each["cell"] for each in answer.json()["errors"]] == ["2番", "3番", "5番"]
    assert "子2" in answer.json()["errors"][0]["message"]
    assert await log_of(registry_database) == []


async def test_undone_until_somebody_else_has_changed_it(
    client: Client, school: School, registry_database: Database
) -> None:
    path = f"/v1/classes/{school.class_id}/list/undo"
    before = numbers_of(await page(client, school, school.office, MONDAY))
    act = (await number(client, school, school.office, school.pupils[::-1])).json()["change"]
    shown = (await page(client, school, school.homeroom))["undo"]
    assert (shown["id"], shown["changed"], shown["since"]) == (act, 4, str(MONDAY))
    answer = await client.post(path, school.homeroom, {"change": act})
    assert answer.status_code == 200, answer.text
    assert numbers_of(await page(client, school, school.office, MONDAY)) == before
    told = {event.key: event.payload for event in await log_of(registry_database)}
    assert {(each["number"], each["since"]) for each in told[str(school.pupils[0])]["memberships"]} == {
        (1, "2026-04-01")
    }
    assert (await page(client, school, school.office))["undo"] is None
    again = await client.post(path, school.homeroom, {"change": act})
    assert (again.status_code, again.json()["pupils"]) == (200, []), "it is taken back, as was asked"

    first = (await number(client, school, school.office, school.pupils[::-1])).json()["change"]
    await number(client, school, school.homeroom, school.pupils)
    late = await client.post(path, school.office, {"change": first})
    assert (late.status_code, late.json()["type"].rsplit("/", 1)[1]) == (409, "changed-since")


async def test_of_two_who_number_at_once_one_is_asked_to_look_again(client: Client, school: School) -> None:
    seen = (await page(client, school, school.office, MONDAY))["revision"]
    orders = [school.pupils[::-1], [*school.pupils[1:], school.pupils[0]]]
    answers = await asyncio.gather(
        *(number(client, school, school.office, order, seen=seen) for order in orders)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_the_same_command_twice_is_one_numbering(client: Client, school: School) -> None:
    seen, key = (await page(client, school, school.office, MONDAY))["revision"], uuid4()
    first, again = [
        await number(client, school, school.office, school.pupils[::-1], seen=seen, key=key) for _ in range(2)
    ]
    assert first.json() == again.json()


async def hide(units: Units, school: School, pupil: UUID, person: UUID, until: str | None = None) -> None:
    """Protect a child, kept from somebody; ``until``: the child is at the school no more."""
    async with units.work(Scope(school.board), actor="test") as work:
        values = {"board": school.board, "pupil": pupil, "person": person, "at": datetime.now(UTC)}
        for statement, more in (
            (
                "insert into protection_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
                " confidential_from) values (:id, :board, :pupil, 'protection', daterange('2026-04-01', null), :at,"
                " 'test', array[cast(:person as uuid)])",
                {},
            ),
            (
                "insert into enrolment_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
                " school_id, grade) values (:id, :board, :pupil, 'school', daterange('2026-04-01',"
                " cast(cast(:until as text) as date)), :at, 'test', :school, 'P2')",
                {"until": until, "school": school.id},
            ),
            (
                "update membership_period set valid = daterange('2026-04-01', cast(cast(:until as text) as date))"
                " where subject_id = :pupil",
                {"until": until},
            ),
        ):
            await work.session.execute(text(statement), {**values, **more, "id": uuid4()})


async def test_whom_a_child_is_kept_from_finds_its_class_like_any_other(
    client: Client, school: School, units: Units
) -> None:
    """Nothing that is answered differs from a class where nobody is hidden; the child makes way without a word."""
    kept = school.pupils[2]
    await hide(units, school, kept, school.homeroom)
    seen = await page(client, school, school.homeroom)
    assert str(kept) not in numbers_of(seen)
    assert seen["may"] == {"number": True}
    others = [each for each in school.pupils if each != kept]
    open_gap = await number(client, school, school.homeroom, [*others[:2]])
    assert open_gap.status_code == 422
    assert len(open_gap.json()["errors"]) == 2, "the two left out, and nobody else"
    guesses = [[*others[:2], each, *others[2:]] for each in (kept, uuid4())]
    known, nobody = [await number(client, school, school.homeroom, each) for each in guesses]
    assert (known.status_code, known.json()["errors"]) == (422, nobody.json()["errors"])
    dry = await number(client, school, school.homeroom, others, dry=True)
    answer = await number(client, school, school.homeroom, others)
    assert (dry.status_code, answer.status_code) == (200, 200), answer.text
    assert str(kept) not in dry.text + answer.text
    assert [(each["before"], each["after"]) for each in answer.json()["changed"]] == [(4, 3), (5, 4)]
    after = await page(client, school, school.office, MONDAY)
    assert numbers_of(after) == {**{str(each): n for n, each in enumerate(others, 1)}, str(kept): 6}
    path = f"/v1/classes/{school.class_id}/list/undo"
    undone = await client.post(path, school.homeroom, {"change": answer.json()["change"]})
    assert (undone.status_code, str(kept) in undone.text) == (200, False)
    whole = numbers_of(await page(client, school, school.office, MONDAY))
    assert whole == {str(each): n for n, each in enumerate(school.pupils, 1)}


async def test_a_protected_child_who_has_left_is_on_no_past_list(
    client: Client, school: School, units: Units
) -> None:
    """As no card says: whoever gets a duty here later does not learn that the child was here."""
    gone, protected = school.pupils[1], school.pupils[2]
    await hide(units, school, protected, uuid4())
    before = TODAY - timedelta(days=14)
    assert str(protected) in numbers_of(await page(client, school, school.principal, before))
    await hide(units, school, gone, uuid4(), until=str(TODAY - timedelta(days=2)))
    for person in (school.office, school.principal, school.homeroom):
        past = numbers_of(await page(client, school, person, before))
        assert (str(gone) in past, str(protected) in past) == (False, True)
    async with units.work(Scope(school.board), actor="test") as work:
        said = {"protection": [str(school.principal)]}
        await put_setting(work, "roster_office", date(2026, 4, 1), said)
    named = await page(client, school, school.principal, before)
    assert numbers_of(named)[str(gone)] == 2
    assert str(gone) not in numbers_of(await page(client, school, school.office, before))


async def test_who_may_not_learns_nothing(client: Client, school: School) -> None:
    path = f"/v1/classes/{school.class_id}/list"
    for person, claims, status in (
        (school.stranger, {}, 404),
        (school.homeroom, {"kind": "guardian"}, 404),
        (school.homeroom, {"acr": "1"}, 401),
        (school.substitute, {}, 200),
    ):
        assert (await client.get(path, person, **claims)).status_code == status
    assert (await client.get(f"/v1/classes/{uuid4()}/list", school.office)).status_code == 404
    assert (await number(client, school, school.substitute, school.pupils)).status_code == 403
    assert (await number(client, school, school.stranger, school.pupils)).status_code == 404
