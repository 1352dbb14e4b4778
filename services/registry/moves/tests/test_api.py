"""A move as both schools' offices, the board and strangers meet it."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import UUID

import orjson
from sqlalchemy import text

from services.registry.moves.tests.conftest import TODAY, City
from services.registry.roster.store import put_setting
from services.registry.roster.tests.reading import offices_told
from shared.database import Scope
from tests.support.boards import HIDDEN
from tests.support.databases import Database

FRIDAY, TUESDAY = date(2026, 11, 20), date(2026, 11, 24)
APRIL, NEXT_APRIL = date(2026, 4, 1), date(2027, 4, 1)


def transfer(city: City, *pupils: str, place: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    movers = [
        {"pupil": str(city.ids[each]), "to_school": str(city.ids["second"]), "place": place}
        for each in pupils
    ]
    days = {"left_on": str(FRIDAY), "accepted_on": str(TUESDAY)}
    return {"kind": "within", "movers": movers, "reason": "moved_house", **days, **changes}


async def made(city: City, *pupils: str, who: str = "office", **changes: Any) -> dict[str, Any]:
    answer = await city.post("/v1/moves", transfer(city, *pupils, **changes), who)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["moves"][0])


async def facts_of(database: Database, topic: str) -> list[Any]:
    lane = "log_fact" if topic == "registry.pupil" else "log_state"
    connection = await database.server.connect(database.name)
    try:
        rows = await connection.fetch(
            f"select payload, type, key from log.{lane} where topic = $1 order by position", topic
        )
        return [{**orjson.loads(row["payload"]), "type": row["type"], "key": row["key"]} for row in rows]
    finally:
        await connection.close()


async def test_every_step_of_a_move_is_told_to_both_offices_and_the_board(
    city: City, registry_database: Database
) -> None:
    _, read = await offices_told(registry_database)
    move = await made(city, "pupil")
    everybody = {city.board, city.ids["first"], city.ids["second"]}
    told, read = await offices_told(registry_database, read)
    assert told == everybody
    path = f"/v1/moves/{move['id']}"
    place = {"seen": move["revision"], "class_id": str(city.ids["other"]), "number": None}
    for what, body, who in (
        ("place", place, "elsewhere"),
        ("steps", {"step": "records_sent", "on": str(TODAY)}, "office"),
        ("steps", {"step": "records_sent", "on": None}, "office"),
        ("undo", {"seen": move["revision"] + 1}, "office"),
    ):
        answer = await city.post(f"{path}/{what}", body, who)
        assert answer.status_code == 200, answer.text
        told, read = await offices_told(registry_database, read)
        assert told == everybody, what
    seen = await city.get(path)
    assert (
        seen.json()["live"] == (await city.get("/v1/moves")).json()["live"] == [f"office:{city.ids['first']}"]
    )
    assert (await city.get("/v1/moves", "board_staff")).json()["live"] == [f"office:{city.board}"]


async def test_one_act_moves_the_child_for_both_schools(city: City, registry_database: Database) -> None:
    move = await made(city, "pupil")
    assert (move["transferred_on"], move["turn"]) == ("2026-11-23", "placed")
    assert await city.held("enrolment_period", "pupil") == [
        (APRIL, TUESDAY, "first", "P2"),
        (TUESDAY, NEXT_APRIL, "second", "P2"),
    ]
    assert await city.held("membership_period", "pupil") == [(APRIL, date(2026, 11, 21), "first", "2-1")]
    [happened] = await facts_of(registry_database, "registry.pupil")
    assert happened["type"] == "registry.pupil.transferred"
    assert (happened["key"], happened["transferred_on"]) == (str(city.ids["pupil"]), "2026-11-23")
    whole = [
        e for e in await facts_of(registry_database, "registry.enrolment") if e["key"] == happened["key"]
    ]
    assert [each["school"] for each in whole[-1]["enrolments"]] == [
        str(city.ids["first"]),
        str(city.ids["second"]),
    ]
    for who in ("office", "elsewhere", "board_staff"):
        [seen] = (await city.get("/v1/moves", who)).json()["moves"]
        assert (seen["id"], seen["pupil"]["given"]) == (move["id"], "この設置者のpupil"), who
    for who in ("homeroom", "nurse", "guardian"):
        assert (await city.get("/v1/moves", who)).json()["moves"] == [], who
        assert (await city.get(f"/v1/moves/{move['id']}", who)).status_code == 404, who


async def test_the_new_school_gives_the_class_and_only_it_does(city: City) -> None:
    move = await made(city, "pupil")
    body = {"seen": 1, "class_id": str(city.ids["other"]), "number": 3}
    where = f"/v1/moves/{move['id']}/place"
    refused = await city.post(where, body, "office")
    assert refused.status_code == 403
    assert (await city.post(where, {**body, "number": 6}, "elsewhere")).json()["errors"][0][
        "field"
    ] == "number"
    answer = await city.post(where, body, "elsewhere")
    assert answer.status_code == 200, answer.text
    placed = answer.json()["moves"][0]
    assert (placed["placed"]["name"], placed["number"], placed["turn"]) == ("2年1組", 3, "records_sent")
    step = next(each for each in placed["steps"] if each["step"] == "placed")
    assert (step["by"]["given"], step["school"]["name"]) == ("この設置者のelsewhere", "第二小学校")
    assert await city.held("membership_period", "pupil") == [
        (APRIL, date(2026, 11, 21), "first", "2-1"),
        (TUESDAY, NEXT_APRIL, "second", "other"),
    ]
    stale = await city.post(where, body, "elsewhere")
    assert (stale.status_code, stale.json()["type"].rsplit("/", 1)[-1]) == (409, "moved")


async def test_each_school_ticks_its_own_steps_and_never_the_other_s(city: City) -> None:
    move = await made(city, "pupil")
    where = f"/v1/moves/{move['id']}"
    sides = (
        ("records_sent", "office", "elsewhere", "出る学校"),
        ("records_received", "elsewhere", "office", "受け入れる学校"),
    )
    for step, side, other, word in sides:
        for who in (other, "board_staff"):
            refused = await city.post(f"{where}/steps", {"step": step, "on": "2026-11-25"}, who)
            assert refused.status_code == 403, (who, step)
            assert word in refused.json()["detail"], (who, step)
        seen = (await city.get(where, other)).json()["steps"]
        assert [each["may_tick"] for each in seen if each["step"] == step] == [False]
        seen = (await city.get(where, side)).json()["steps"]
        assert [each["step"] for each in seen if each["may_tick"]] == [step]
        ticked = await city.post(f"{where}/steps", {"step": step, "on": "2026-11-25"}, side)
        assert [e["done_on"] for e in ticked.json()["moves"][0]["steps"] if e["step"] == step] == [
            "2026-11-25"
        ]
        back = await city.post(f"{where}/steps", {"step": step, "on": None}, other)
        assert back.status_code == 403, "nor does it take the tick away"
    none = await city.post(f"{where}/steps", {"step": "acceptance_told", "on": "2026-11-25"})
    assert (none.status_code, none.json()["errors"][0]["field"]) == (422, "step")


async def test_other_days_and_taking_back_leave_what_stood_before(
    city: City, registry_database: Database
) -> None:
    before = [await city.held(table, "pupil") for table in ("enrolment_period", "membership_period")]
    move = await made(city, "pupil")
    where = f"/v1/moves/{move['id']}"
    later = await city.post(f"{where}/dates", {"seen": 1, "accepted_on": "2026-11-30"})
    assert later.json()["moves"][0]["transferred_on"] == "2026-11-29", later.text
    assert (await city.held("enrolment_period", "pupil"))[0][1] == date(2026, 11, 30)
    assert (await city.post(f"{where}/undo", {"seen": 2})).status_code == 200
    after = [await city.held(table, "pupil") for table in ("enrolment_period", "membership_period")]
    assert after == before
    happened = await facts_of(registry_database, "registry.pupil")
    assert [(each["revision"], each["undone"]) for each in happened] == [(1, False), (2, False), (3, True)]
    assert (await city.post(f"{where}/undo", {"seen": 3})).status_code == 200, "it is so already"
    assert len(await facts_of(registry_database, "registry.pupil")) == 3
    assert (await city.post(f"{where}/dates", {"seen": 3, "accepted_on": "2026-12-01"})).status_code == 409
    assert (await city.post("/v1/moves", transfer(city, "pupil"))).status_code == 200, "and it may move again"


async def test_a_move_stays_while_something_depends_on_it(city: City) -> None:
    place = {"class_id": str(city.ids["other"]), "number": 3}
    move = await made(city, "pupil", place=place, left_on="2026-11-17", accepted_on="2026-11-18")
    roll = await city.roll("elsewhere", "other", date(2026, 11, 19), pupil="present")
    assert roll.status_code == 200, roll.text
    refused = await city.post(f"/v1/moves/{move['id']}/undo", {"seen": 1})
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (409, "depended")
    late = await city.post(f"/v1/moves/{move['id']}/dates", {"seen": 1, "accepted_on": "2026-11-25"})
    assert late.json()["errors"][0]["field"] == "accepted_on"
    assert len(await city.held("enrolment_period", "pupil")) == 2, "nothing half done"


async def test_a_second_move_is_taken_back_before_the_first(city: City) -> None:
    first = await made(city, "pupil")
    back = transfer(city, "pupil", left_on="2026-12-01", accepted_on="2026-12-02")
    back["movers"][0]["to_school"] = str(city.ids["first"])
    second = (await city.post("/v1/moves", back, "elsewhere")).json()["moves"][0]
    refused = await city.post(f"/v1/moves/{first['id']}/undo", {"seen": 1})
    assert refused.json()["type"].endswith("/depended")
    assert (await city.post(f"/v1/moves/{second['id']}/undo", {"seen": 1}, "elsewhere")).status_code == 200
    assert (await city.post(f"/v1/moves/{first['id']}/undo", {"seen": 1})).status_code == 200
    assert await city.held("enrolment_period", "pupil") == [(APRIL, NEXT_APRIL, "first", "P2")]


async def test_both_schools_may_announce_the_same_and_nobody_another(city: City) -> None:
    first = await made(city, "pupil")
    assert (await made(city, "pupil", who="board_staff"))["id"] == first["id"]
    other = await city.post("/v1/moves", transfer(city, "pupil", accepted_on="2026-11-25"))
    assert [each["field"] for each in other.json()["errors"]] == ["pupil"]


async def test_attendance_after_the_last_day_is_named(city: City) -> None:
    assert (await city.roll("homeroom", "2-1", TODAY, pupil="present")).status_code == 200
    answer = await city.post("/v1/moves", transfer(city, "pupil", left_on="2026-11-18"))
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (422, "left_on")
    assert "11月20日" in error["message"]


async def test_siblings_are_offered_and_move_in_one_act_or_not_at_all(city: City) -> None:
    options = (await city.get("/v1/pupils/{pupil}/move-options")).json()
    assert [each["pupil"]["given"] for each in options["siblings"]] == ["見守"], (
        "protected, but of this school"
    )
    assert [each["name"] for each in options["schools"]] == ["第一小学校", "第二小学校"]
    both = transfer(city, "pupil", HIDDEN)
    both["movers"][1]["place"] = {"class_id": str(city.ids["2-1"]), "number": 1}
    refused = await city.post("/v1/moves", both)
    assert refused.json()["errors"][0]["field"] == "movers.1.class_id"
    assert len(await city.held("enrolment_period", "pupil")) == 1
    answer = (await city.post("/v1/moves", transfer(city, "pupil", HIDDEN))).json()["moves"]
    assert len({each["together"] for each in answer}) == 1


async def test_a_protected_child_is_seen_by_its_two_schools_only(city: City) -> None:
    move = await made(city, HIDDEN)
    assert (await city.get("/v1/moves", "elsewhere")).json()["moves"][0]["id"] == move["id"]
    for who in ("board_staff", "kept_from"):
        assert (await city.get("/v1/moves", who)).json()["moves"] == [], who
        assert (await city.get(f"/v1/moves/{move['id']}", who)).status_code == 404, who
        assert (await city.get(f"/v1/pupils/{city.ids[HIDDEN]}/move-options", who)).status_code == 404, who
        assert (await city.get("/v1/moves/pupils?q=カクレノ", who)).json() == [], who
        tried = await city.post("/v1/moves", transfer(city, HIDDEN), who)
        assert tried.status_code == 404, who
    assert (await city.get("/v1/moves/pupils?q=かくれの")).json()[0]["pupil"]["family"] == "隠野"
    options = (await city.get("/v1/pupils/{pupil}/move-options", "board_staff")).json()
    assert (options["siblings"], options["siblings_at"]) == ([], []), "not even counted"


async def test_whoever_chooses_the_day_of_a_move_does_not_choose_whether_the_child_is_protected(
    city: City,
) -> None:
    """The mark ends in December: a move after it is one of a child who is hidden today, and no word of it is told."""
    async with city.units.work(Scope(city.board), actor="test") as work:
        ended = "update protection_period set valid = daterange('2026-04-01', '2026-12-01') where subject_id = :child"
        await work.session.execute(text(ended), {"child": city.ids[HIDDEN]})
    late: dict[str, Any] = {"left_on": "2026-12-11"}
    for days in (late, {**late, "accepted_on": "2026-12-15"}):
        for who in ("kept_from", "board_staff"):
            assert (await city.post("/v1/moves", transfer(city, HIDDEN, **days), who)).status_code == 404, who


async def test_who_may_not_is_refused_in_order(city: City) -> None:
    body = transfer(city, "pupil")
    assert (await city.post("/v1/moves", body, "principal")).status_code == 403
    for who in ("homeroom", "elsewhere", "guardian"):
        assert (await city.post("/v1/moves", body, who)).status_code == 404, who
    assert (await city.post("/v1/moves", body, "board_staff")).status_code == 200


async def test_away_from_the_city_and_back_the_word_of_acceptance_ends_it_properly(city: City) -> None:
    body = transfer(city, "pupil", kind="leaving", accepted_on=None, elsewhere={"name": "隣市立西小学校"})
    missing = await city.post("/v1/moves", {**body, "elsewhere": None})
    assert {each["field"] for each in missing.json()["errors"]} == {"elsewhere", "to_school"}
    body["movers"] = [{"pupil": str(city.ids["pupil"])}]
    move = (await city.post("/v1/moves", body)).json()["moves"][0]
    assert (move["transferred_on"], move["turn"]) == (None, "enrolment_certificate")
    assert await city.held("enrolment_period", "pupil") == [(APRIL, date(2026, 11, 21), "first", "P2")]
    where = f"/v1/moves/{move['id']}"
    told = (await city.post(f"{where}/dates", {"seen": 1, "accepted_on": "2026-12-01"})).json()["moves"][0]
    assert (told["left_on"], told["transferred_on"]) == ("2026-11-20", "2026-11-30")
    assert await city.held("enrolment_period", "pupil") == [(APRIL, date(2026, 12, 1), "first", "P2")]
    assert await city.held("membership_period", "pupil") == [(APRIL, date(2026, 11, 21), "first", "2-1")]
    ticked = await city.post(f"{where}/steps", {"step": "records_sent", "on": "2026-12-03"})
    step = next(each for each in ticked.json()["moves"][0]["steps"] if each["step"] == "records_sent")
    assert step["done_on"] == "2026-12-03"
    wrong = await city.post(f"{where}/steps", {"step": "placed", "on": "2026-12-03"})
    assert wrong.status_code == 422


def arrival(city: City, **changes: Any) -> dict[str, Any]:
    card = {"legal_family": "\ufa19田", "legal_given": "光", "kana_family": "カンダ", "kana_given": "ヒカリ"}
    plain = {
        "card": {**card, "birth_date": "2018-06-06", "sex": "male"},
        "to_school": str(city.ids["first"]),
        "grade": "P2",
        "accepted_on": str(TUESDAY),
        "elsewhere": {"name": "隣市立西小学校"},
        "reason": "moved_house",
        "place": {"class_id": str(city.ids["2-1"]), "number": 9},
    }
    return {**plain, **changes}


async def test_the_same_command_twice_moves_once(city: City) -> None:
    key = UUID(int=7)
    headers = {**city.client.headers(city.ids["office"]), "idempotency-key": str(key)}
    answers = [
        await city.client.http.post("/v1/moves", json=transfer(city, "pupil"), headers=headers)
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len((await city.get("/v1/moves")).json()["moves"]) == 1


async def test_whoever_moves_is_found_by_reading_in_any_width_by_class_and_by_number(city: City) -> None:
    for typed in ("ﾀﾞﾚｶ", "だれか", "ダレカ", "2-1", "２年１組"):
        found = (await city.get(f"/v1/moves/pupils?q={typed}")).json()
        assert str(city.ids["pupil"]) in {each["pupil"]["id"] for each in found}, typed
    [one] = [each for each in found if each["pupil"]["id"] == str(city.ids["pupil"])]
    assert (one["class_name"], one["pupil"]["family_kana"]) == ("2年1組", "ダレカ")
    [alone] = (await city.get(f"/v1/moves/pupils?q=2-1 {one['number']}")).json()
    assert alone == one
    for nobody in ("9-9", "%", "_", "・"):
        assert (await city.get(f"/v1/moves/pupils?q={quote(nobody)}")).json() == [], nobody


async def test_rooms_tell_numbers_and_no_names(city: City) -> None:
    rooms = (await city.get("/v1/schools/{second}/rooms?on=2026-11-24&grade=P2")).json()
    assert [(each["name"], each["members"], each["next_number"]) for each in rooms] == [("2年1組", 2, 8)]
    assert (
        await city.get("/v1/schools/{second}/rooms?on=2026-11-24&grade=P2", "homeroom")
    ).status_code == 404


async def test_of_the_board_only_who_keeps_the_roster_has_to_do_with_moves(city: City) -> None:
    """With another department named, 学務課 is as 健康給食課 is before: no list, no name, nothing to announce."""
    move = await made(city, "pupil", who="board_staff")
    city.ids["made"] = UUID(move["id"])
    assert (await city.get("/v1/moves/{made}", "board_staff")).status_code == 200
    async with city.units.work(Scope(city.board), actor="test") as work:
        await put_setting(work, "roster_office", date(2026, 4, 1), {"departments": ["kitchen"]})
    listed = (await city.get("/v1/moves", "board_staff")).json()
    assert (listed["moves"], listed["accepting"], listed["whole_board"]) == ([], [], False)
    assert (await city.get("/v1/moves/pupils?q=紬", "board_staff")).json() == []
    for path in ("/v1/moves/{made}", "/v1/pupils/{p3}/move-options", "/v1/moves/{made}/certificates"):
        assert (await city.get(path, "board_staff")).status_code == 404, path
    assert (await city.post(f"/v1/moves/{move['id']}/dates", {"seen": 1}, "board_staff")).status_code == 404
    assert (await city.get("/v1/moves/{made}")).status_code == 200, "the school's office as before"
