"""Duties as a 教頭, an office and the board meet them."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.roster.tests.reading import acts_of, log_of, rows
from shared.database import Scope, Units
from shared.dates import TOKYO, FixedClock
from tests.support.databases import Database

DAY = timedelta(days=1)


async def hold(units: Units, school: School, person: UUID, kind: str, at: UUID, reading: str = "x") -> UUID:
    """Somebody new who holds a duty since April; returns the person."""
    async with units.work(Scope(school.board), actor="test") as work:
        values = {
            "id": person,
            "board": school.board,
            "at": datetime.now(UTC),
            "duty": uuid4(),
            "key": reading,
        }
        await work.session.execute(
            text(
                "insert into person (id, board_id, legal_family, legal_given, sort_key, search, sex, recorded_at)"
                " values (:id, :board, '新町', '職員', :key, '新町職員', 'unspecified', :at)"
            ),
            values,
        )
        await work.session.execute(
            text(
                "insert into duty_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, kind,"
                " organisation_id) values (:duty, :board, :id, :kind, daterange('2026-04-01', null), :at, 'test',"
                " :kind, :where)"
            ),
            {**values, "kind": kind, "where": at},
        )
    return person


async def department(units: Units, school: School, code: str) -> UUID:
    """A department of the board with that code."""
    id_ = uuid4()
    async with units.work(Scope(school.board), actor="test") as work:
        await work.session.execute(
            text(
                "insert into organisation (id, board_id, kind, parent_id, name, short_name, code, recorded_at)"
                " values (:id, :board, 'department', :board, :code, :code, :code, :at)"
            ),
            {"id": id_, "board": school.board, "code": code, "at": datetime.now(UTC)},
        )
    return id_


async def page(client: Client, school: School, person: UUID, on: date | None = None) -> dict[str, Any]:
    answer = await client.get(f"/v1/schools/{school.id}/duties" + (f"?on={on}" if on else ""), person)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def give(client: Client, school: School, person: UUID, **body: Any) -> httpx.Response:
    claims = {"key": body.pop("key", None)} | (
        {"auth_time": body.pop("auth_time")} if "auth_time" in body else {}
    )
    return await client.post(
        f"/v1/schools/{school.id}/duties",
        person,
        {name: str(value) if isinstance(value, UUID | date) else value for name, value in body.items()},
        **claims,
    )


def today_only(school: School, staff: UUID, of: UUID | None = None) -> dict[str, Any]:
    return {
        "staff": staff,
        "kind": "substitute",
        "class": of or school.special,
        "since": TODAY,
        "until": TODAY + DAY,
    }


async def test_classes_without_anybody_come_first_and_a_substitute_takes_one_until_midnight(
    client: Client, school: School, clock: FixedClock, registry_database: Database
) -> None:
    before = await page(client, school, school.principal)
    assert [(each["class"]["name"], len(each["takers"])) for each in before["classes"]] == [
        ("あおぞら学級", 0),
        ("2年1組", 2),
    ]
    assert [each["kind"] for each in before["classes"][1]["takers"]] == ["substitute", "homeroom"]
    assert "principal" not in {each["code"] for each in before["kinds"]}

    refused = await client.roll(school.office, school.special, [], taken=False)
    assert refused.status_code == 200, "the office may take any roll"
    assert (await client.roll(school.homeroom, school.special, [])).status_code == 403
    answer = await give(client, school, school.principal, **today_only(school, school.homeroom))
    assert answer.status_code == 200, answer.text
    assert answer.json()["staff"] == [str(school.homeroom)]
    assert (await client.roll(school.homeroom, school.special, [])).status_code == 200

    event = (await log_of(registry_database))[-1]
    assert (event.topic, event.key) == ("registry.duty", str(school.homeroom))
    assert {(each["kind"], each["since"], each["until"]) for each in event.payload["duties"]} == {
        ("homeroom", "2026-04-01", None),
        ("substitute", "2026-11-20", "2026-11-21"),
    }
    assert answer.json()["after"] == f"registry:{event.position}"
    assert (f"account-{school.principal}", "GiveDuty", "III") in await acts_of(registry_database)
    after = await page(client, school, school.principal)
    assert all(each["takers"] for each in after["classes"])

    clock.instant = datetime(2026, 11, 21, 0, 0, tzinfo=TOKYO)
    on = date(2026, 11, 21)
    assert (await client.roll(school.homeroom, school.special, [], on=on)).status_code == 403


async def test_the_same_command_twice_is_one_duty(client: Client, school: School, units: Units) -> None:
    key = uuid4()
    for _ in range(2):
        answer = await give(client, school, school.office, **today_only(school, school.homeroom), key=key)
        assert answer.status_code == 200
    again = await give(client, school, school.office, **today_only(school, school.homeroom))
    assert again.status_code == 422
    assert "すでにあおぞら学級の補欠です" in again.json()["detail"]
    found = await rows(
        units,
        school.board,
        "select 1 from duty_period where class_id = :special and kind = 'substitute'",
        special=school.special,
    )
    assert len(found) == 1


async def test_two_who_decide_at_once_publish_both(
    client: Client, school: School, registry_database: Database
) -> None:
    answers = await asyncio.gather(
        give(client, school, school.office, **today_only(school, school.homeroom)),
        give(
            client,
            school,
            school.principal,
            staff=school.homeroom,
            kind="nurse",
            since=TODAY,
        ),
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    event = (await log_of(registry_database))[-1]
    assert {each["kind"] for each in event.payload["duties"]} == {"homeroom", "substitute", "nurse"}


async def test_a_new_homeroom_takes_the_place_of_the_old(
    client: Client, school: School, registry_database: Database
) -> None:
    before = await page(client, school, school.principal)
    old = next(each for each in before["classes"][1]["takers"] if each["kind"] == "homeroom")
    monday = TODAY + 3 * DAY
    answer = await give(
        client,
        school,
        school.principal,
        staff=school.substitute,
        kind="homeroom",
        **{"class": school.class_id},
        since=monday,
        instead_of=[old["id"]],
    )
    # Somebody whose only duty at the school is today's is a colleague still.
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["staff"]) == 2
    for on, who in ((TODAY, school.homeroom), (monday, school.substitute)):
        (taker,) = [
            each
            for of in (await page(client, school, school.principal, on))["classes"]
            for each in of["takers"]
            if each["kind"] == "homeroom"
        ]
        assert taker["staff"]["id"] == str(who)
    payloads = {event.key: event.payload for event in await log_of(registry_database)}
    assert payloads[str(school.homeroom)]["duties"][0]["until"] == str(monday)
    again = await give(
        client, school, school.principal, staff=school.office, kind="homeroom",
        **{"class": school.class_id}, since=monday, instead_of=[old["id"]],
    )  # fmt: skip
    assert again.status_code == 422, "the duty that was to end is another by now"
    assert again.json()["errors"][0]["field"] == "instead_of"


async def test_staff_are_in_kana_order_whenever_their_duties_began(
    client: Client, school: School, units: Units
) -> None:
    order = ["を", "あ", "ん", "い"]
    held = {reading: await hold(units, school, uuid4(), "subject", school.id, reading) for reading in order}
    nurse = await give(client, school, school.principal, staff=held["い"], kind="nurse", since=TODAY)
    assert nurse.status_code == 200, nurse.text
    listed = [each["person"]["id"] for each in (await page(client, school, school.principal))["staff"]]
    theirs = [each for each in listed if UUID(each) in held.values()]
    assert theirs == [str(held[reading]) for reading in sorted(order)]
    assert len(set(listed)) == len(listed)


async def test_an_ended_duty_takes_its_rights_away_at_once(
    client: Client, school: School, registry_database: Database
) -> None:
    assert (await client.roll(school.homeroom, school.class_id, [])).status_code == 200
    (duty,) = [
        each
        for one in (await page(client, school, school.principal))["staff"]
        for each in one["duties"]
        if each["kind"] == "homeroom"
    ]
    path = f"/v1/schools/{school.id}/duties/{duty['id']}/end"
    answer = await client.post(path, school.principal, {"until": str(TODAY)})
    assert answer.status_code == 200, answer.text
    assert (await client.roll(school.homeroom, school.class_id, [])).status_code == 404
    event = (await log_of(registry_database))[-1]
    assert [each["until"] for each in event.payload["duties"]] == [str(TODAY)]
    assert (f"account-{school.principal}", "EndDuty", "III") in await acts_of(registry_database)
    assert (await client.post(path, school.principal, {"until": str(TODAY)})).status_code == 404


async def test_what_is_wrong_names_its_field(client: Client, school: School) -> None:
    asked = today_only(school, school.homeroom)
    for change, field in (
        ({"until": TODAY + 2 * DAY}, "until"),
        ({"since": TODAY - DAY, "until": TODAY}, "since"),
        ({"since": date.max, "until": date.max}, "since"),
        ({"class": uuid4()}, "class"),
    ):
        answer = await give(client, school, school.office, **{**asked, **change})
        assert answer.status_code == 422, answer.text
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    pupil = await give(client, school, school.office, staff=school.pupils[0], kind="nurse", since=TODAY)
    assert pupil.status_code == 403, "a pupil is no colleague"


async def test_rights_are_given_only_by_somebody_who_proved_who_they_are(
    client: Client, school: School
) -> None:
    """A duty gives rights: the proof is five minutes old at most. Standing in for a day is part of every morning."""
    old = int(datetime.now(UTC).timestamp()) - 3600
    asked: dict[str, Any] = {"staff": school.homeroom, "kind": "nurse", "since": TODAY}
    answer = await give(client, school, school.principal, **asked, auth_time=old)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (401, "step-up")
    morning = await give(
        client, school, school.principal, **today_only(school, school.homeroom), auth_time=old
    )
    assert morning.status_code == 200
    assert (await give(client, school, school.principal, **asked)).status_code == 200


@pytest.mark.parametrize("kind", ["principal", "vice_principal"])
async def test_heads_are_the_boards_to_name(client: Client, school: School, units: Units, kind: str) -> None:
    asked: dict[str, Any] = {"staff": school.homeroom, "kind": kind, "since": TODAY}
    assert (await give(client, school, school.principal, **asked)).status_code == 403
    board = await hold(units, school, uuid4(), "board_staff", await department(units, school, "gakumu"))
    assert (await give(client, school, board, **asked)).status_code == 200


async def test_only_who_keeps_the_roster_gives_duties_and_never_to_oneself(
    client: Client, school: School, units: Units
) -> None:
    """健康給食課 is of the board and reads who is where; a duty is a right, and that is 学務課's to give."""
    lunch = await hold(units, school, uuid4(), "board_staff", await department(units, school, "kenko"))
    keeper = await hold(units, school, uuid4(), "board_staff", await department(units, school, "gakumu"))
    assert (await page(client, school, lunch))["may"] == dict.fromkeys(
        ("substitute", "give", "heads", "anybody"), False
    )
    everything = dict.fromkeys(("substitute", "give", "heads", "anybody"), True)
    assert (await page(client, school, keeper))["may"] == everything
    for wish in (
        {"staff": lunch, "kind": "office", "since": TODAY},
        {"staff": school.homeroom, "kind": "office", "since": TODAY},
        today_only(school, school.homeroom),
    ):
        assert (await give(client, school, lunch, **wish)).status_code == 403, wish
    candidates = f"/v1/schools/{school.id}/candidates?find=新町"
    assert (await client.get(candidates, lunch)).status_code == 403
    assert (await client.roll(lunch, school.class_id, [])).status_code == 404

    for who in (keeper, school.office, school.principal):
        answer = await give(client, school, who, staff=who, kind="nurse", since=TODAY)
        assert answer.status_code == 403
        assert "自分の職務は、自分では決められません" in answer.json()["detail"]
    assert (await client.roll(keeper, school.class_id, [])).status_code == 404
    given = await give(client, school, keeper, staff=school.stranger, kind="office", since=TODAY)
    assert given.status_code == 200, given.text


async def test_the_board_brings_somebody_from_elsewhere_and_the_school_does_not(
    client: Client, school: School, units: Units
) -> None:
    board = await hold(units, school, uuid4(), "board_staff", await department(units, school, "gakumu"))
    path = f"/v1/schools/{school.id}/candidates?find=しん"
    assert (await client.get(path, school.principal)).status_code == 403
    named = await client.get(f"/v1/schools/{school.id}/candidates?find=新町", board)
    assert [each["family"] for each in named.json()["staff"]] == ["新町"]
    asked: dict[str, Any] = {"staff": school.stranger, "kind": "nurse", "since": TODAY}
    assert (await give(client, school, school.principal, **asked)).status_code == 403
    assert (await give(client, school, board, **asked)).status_code == 200
    standing_in = today_only(school, board)
    assert (await give(client, school, board, **standing_in)).status_code == 403, "no colleague there"


async def test_what_no_text_can_hold_is_no_error_of_ours(
    client: Client, school: School, units: Units
) -> None:
    board = await hold(units, school, uuid4(), "board_staff", await department(units, school, "gakumu"))
    answer = await client.get(f"/v1/schools/{school.id}/candidates?find=%00", board)
    assert (answer.status_code, "NUL" in answer.json()["detail"]) == (422, True)


async def test_who_may_not_learns_nothing(client: Client, school: School, units: Units) -> None:
    guardian = await hold(units, school, uuid4(), "principal", school.id)
    path = f"/v1/schools/{school.id}/duties"
    for person, claims, status in (
        (school.homeroom, {}, 403),
        (school.stranger, {}, 404),
        (guardian, {"kind": "guardian"}, 404),
        (school.principal, {"acr": "1"}, 401),
    ):
        assert (await client.get(path, person, **claims)).status_code == status
    assert (await client.get(f"/v1/schools/{uuid4()}/duties", school.principal)).status_code == 404
    assert (await client.get(f"/v1/schools/{school.class_id}/duties", school.principal)).status_code == 404


async def test_a_substitute_who_takes_somebodys_place_for_good_asks_anew_who_one_is(
    client: Client, school: School
) -> None:
    before = await page(client, school, school.office)
    (homeroom,) = [
        taker["id"] for each in before["classes"] for taker in each["takers"] if taker["kind"] == "homeroom"
    ]
    long_ago = int((datetime.now(UTC) - timedelta(hours=3)).timestamp())
    wish = today_only(school, school.homeroom)
    answer = await give(client, school, school.office, **wish, instead_of=[homeroom], auth_time=long_ago)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (401, "step-up")
    after = await page(client, school, school.office, TODAY + DAY)
    assert any(taker["id"] == homeroom for each in after["classes"] for taker in each["takers"])
    assert (await give(client, school, school.office, **wish, auth_time=long_ago)).status_code == 200
