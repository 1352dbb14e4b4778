"""A school's year as an office and the board change it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import orjson

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.attendance.tests.test_api import everyone
from services.registry.duties.tests.test_api import department, hold
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import small_package, with_companion
from services.registry.roster import store as roster
from services.registry.roster.tests.reading import acts_of, id_of, log_of
from shared.database import Scope, Units
from shared.ids import calendar_id
from tests.support.databases import Database


def path(school: School) -> str:
    return f"/v1/schools/{school.id}/calendars/2026"


async def year(client: Client, school: School) -> dict[str, Any]:
    answer = await client.get(path(school), school.homeroom)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def office_year(client: Client, school: School) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(path(school), school.office)).json()
    return found


async def say(
    client: Client, school: School, *rows: list[str], dry: bool = False, **more: Any
) -> httpx.Response:
    body = {"rows": rows, "seen": more.pop("seen", (await year(client, school))["revision"]), "dry": dry}
    return await client.post(path(school), more.pop("person", school.office), body, **more)


async def test_a_class_is_closed_for_a_day_with_the_consequences_told_first(
    client: Client, school: School, registry_database: Database
) -> None:
    assert (
        await client.roll(school.homeroom, school.class_id, everyone(school), taken=True)
    ).status_code == 200
    line = [f"{TODAY.month}/{TODAY.day}", "学級閉鎖", "インフルエンザ", "2年1組"]
    dry = await say(client, school, line, dry=True)
    assert dry.status_code == 200, dry.text
    (told,) = dry.json()["schools"]
    rolls = [each["counted"] for each in told["touched"] if each["taken"] and not each["meets"]]
    assert (rolls, told["meals"]) == ([True], -5), "a class alone: the day stays one of its grade's"
    assert told["days_before"] == told["days_after"], "授業日数 of the grade stay"
    assert [(each["on"], each["meets"], each["taken"]) for each in told["touched"]] == [
        (str(TODAY), False, True)
    ]
    assert await log_of(registry_database) == []

    assert (await say(client, school, line)).json()["saved"]
    event = (await log_of(registry_database))[-1]
    assert event.topic == "registry.calendar"
    assert event.payload["closures"] == [
        {
            "on": str(TODAY),
            "scope": "class",
            "grade": None,
            "class_id": str(school.class_id),
            "reason": "influenza",
        }
    ]
    refused = await client.roll(school.homeroom, school.class_id, everyone(school, seen=1))
    assert refused.status_code == 422
    assert refused.json()["type"].endswith("/roll-not-open")
    assert (f"account-{school.office}", "ChangeCalendar", "IV") in await acts_of(registry_database)
    again = await say(client, school, line)
    assert not again.json()["schools"][0]["changed"]


async def test_a_grade_that_is_off_takes_no_roll_and_words_stay_here(
    client: Client, school: School, registry_database: Database
) -> None:
    day = f"{TODAY.month}/{TODAY.day}"
    answer = await say(client, school, [day, "学年休業", "2年だけ休み", "2年"], [day, "行事", "音楽会"])
    assert answer.status_code == 200, answer.text
    before, after = (answer.json()["schools"][0][name]["P2"] for name in ("days_before", "days_after"))
    assert before - after == 1
    assert (await client.roll(school.homeroom, school.class_id, everyone(school))).status_code == 422
    event = (await log_of(registry_database))[-1]
    assert {mark["kind"] for mark in event.payload["marks"]} == {"grade_off", "event"}
    assert "音楽会" not in orjson.dumps(event.payload).decode()
    assert "音楽会" in {mark["title"] for mark in (await year(client, school))["marks"]}


async def test_cells_that_cannot_be_are_named_and_nothing_is_saved(
    client: Client, school: School, registry_database: Database
) -> None:
    answer = await say(client, school, ["11/24", "行事", "遠足"], ["11/31", "休業日"], ["11/25", "おやすみ"])
    assert answer.status_code == 422
    assert [each["cell"] for each in answer.json()["errors"]] == ["2行目の日付", "3行目の種類"]
    assert await log_of(registry_database) == []
    stale = await say(client, school, ["11/24", "行事", "遠足"], seen="old")
    assert stale.status_code == 409


async def test_a_year_that_cannot_be_saved_is_refused_when_looked_at(
    client: Client, school: School, registry_database: Database
) -> None:
    """Whatever a look lets pass can be saved: a year that is too large names the line from which on it is."""
    for paste in range(8):
        rows = [["4/1〜3/31", "行事", f"行事{paste}の{n}"] for n in range(10)]
        dry = await say(client, school, *rows, dry=True)
        saved = await say(client, school, *rows)
        assert saved.status_code == dry.status_code, saved.text
        if dry.status_code != 200:
            break
    assert paste > 0
    assert dry.status_code == 422
    assert dry.json()["errors"] == saved.json()["errors"]
    (wrong,) = dry.json()["errors"]
    assert "行目の日付" in wrong["cell"]
    at = int(wrong["cell"].split("行目")[0]) - 1
    assert (await say(client, school, *rows[:at], dry=True)).status_code == 200
    assert (await say(client, school, *rows[: at + 1], dry=True)).status_code == 422
    many = [["4/1〜3/31", "行事", f"行事{n}"] for n in range(800)]
    assert [each["cell"] for each in (await say(client, school, *many)).json()["errors"]] == ["11行目の日付"]


async def test_terms_that_overlap_are_refused_by_cell(client: Client, school: School) -> None:
    assert (await say(client, school, ["4/7〜7/20", "学期", "1学期"])).status_code == 200
    answer = await say(client, school, ["11/24", "行事", "遠足"], ["7/20〜12/24", "学期", "2学期"], dry=True)
    assert [each["cell"] for each in answer.json()["errors"]] == ["2行目の日付"]
    assert "1学期" in answer.json()["errors"][0]["message"]


async def test_a_holiday_that_was_none_gives_no_day_back(client: Client, school: School) -> None:
    before = await office_year(client, school)
    free = ["11/22", "休業日", "開校記念日"]
    held = ["11/19", "休業日", "市民の日"]
    for row in (free, held):
        assert (await say(client, school, row)).status_code == 200
    marks = (await office_year(client, school))["marks"]
    assert [set(mark) for mark in marks] == [{"on", "kind", "title", "grades"}] * 2
    for on, _, words in (free, held):
        assert (await say(client, school, [on, "取り消し", words])).status_code == 200
    after = await office_year(client, school)
    assert (after["school_days"], after["marks"]) == (before["school_days"], [])


async def test_the_last_act_is_taken_back_until_something_else_changes_the_year(
    client: Client, school: School, registry_database: Database
) -> None:
    before = await office_year(client, school)
    act = (await say(client, school, [f"{TODAY.month}/{TODAY.day}", "臨時休業", "大雪"])).json()["schools"][
        0
    ]["change"]
    more = (await say(client, school, ["11/26", "行事", "遠足"])).json()["schools"][0]["change"]
    assert (await office_year(client, school))["undo"]["id"] == more
    undo = f"{path(school)}/undo"
    early = await client.post(undo, school.office, {"change": act})
    assert early.status_code == 409, "the later act stands on it"
    told = await client.post(undo, school.office, {"change": more, "dry": True})
    assert (told.json()["saved"], (await office_year(client, school))["undo"]["id"]) == (False, more)
    assert (await client.post(undo, school.office, {"change": more})).status_code == 200
    assert (await client.post(undo, school.office, {"change": more})).json()["schools"] == [], "done is done"
    back = await client.post(undo, school.office, {"change": act})
    (did,) = back.json()["schools"]
    assert {(each["on"], each["meets"]) for each in did["touched"]} == {(str(TODAY), True)}
    after = await office_year(client, school)
    assert {name: after[name] for name in before if name != "as_of"} == {
        name: before[name] for name in before if name != "as_of"
    }
    assert (await log_of(registry_database))[-1].payload["closures"] == before["closures"]
    assert (f"account-{school.office}", "UndoCalendar", "IV") in await acts_of(registry_database)
    assert (await client.post(undo, school.homeroom, {"change": act})).status_code == 403


async def test_who_may_not_learns_nothing(client: Client, school: School) -> None:
    assert (await client.get(path(school), school.stranger)).status_code == 404
    assert (await say(client, school, ["11/24", "行事", "遠足"], person=school.homeroom)).status_code == 403
    assert (await say(client, school, ["11/24", "行事", "遠足"], person=school.stranger)).status_code == 404
    assert (await client.get(path(school), school.homeroom, acr="1")).status_code == 401
    assert (
        await client.get(f"/v1/boards/{school.board}/calendars/2026", school.principal)
    ).status_code == 404


async def test_the_boards_plan_is_applied_to_its_schools(
    client: Client, school: School, units: Units
) -> None:
    board = await hold(units, school, uuid4(), "board_staff", await department(units, school, "gakumu"))
    rows = [
        ["11/23", "休業日", "勤労感謝の日"],
        ["12/25〜1/7", "休業日", "冬休み"],
        ["9/1〜12/24", "学期", "2学期"],
    ]
    seen = (await client.get(f"/v1/boards/{school.board}/calendars/2026", board)).json()["revision"]
    body = {"rows": rows, "seen": seen, "schools": [str(school.id)]}
    look = await client.post(f"/v1/boards/{school.board}/calendars/2026", board, {**body, "dry": True})
    assert look.status_code == 200, look.text
    body["looked"] = {str(school.id): look.json()["schools"][0]["revision"]}
    answer = await client.post(f"/v1/boards/{school.board}/calendars/2026", board, body)
    assert answer.status_code == 200, answer.text
    after = await year(client, school)
    assert [term["name"] for term in after["terms"]] == ["2学期"]
    kept = (await client.get(f"/v1/boards/{school.board}/calendars/2026", board)).json()
    assert kept["rows"] == rows
    assert (await client.get(path(school), school.office)).json()["template"] == rows
    late = await client.post(f"/v1/boards/{school.board}/calendars/2026", board, {**body, "rows": rows[:1]})
    assert (late.status_code, late.json()["type"].rsplit("/", 1)[1]) == (409, "moved"), "somebody was first"
    closing = await client.post(
        f"/v1/boards/{school.board}/calendars/2026",
        board,
        {"rows": [["11/24", "臨時休業", "台風"]], "seen": kept["revision"], "schools": []},
    )
    assert [each["cell"] for each in closing.json()["errors"]] == ["1行目の種類"]


async def test_the_boards_plan_does_not_undo_what_a_school_has_done_since_the_look(
    client: Client, school: School, units: Units
) -> None:
    """Tomorrow's typhoon, entered between the board's look and its act; and what is left out is told."""
    board = await hold(units, school, uuid4(), "board_staff", await department(units, school, "gakumu"))
    template = f"/v1/boards/{school.board}/calendars/2026"
    seen = (await client.get(template, board)).json()["revision"]
    rows = [["11/16〜11/19", "休業日", "秋休み"], ["11/20", "学年休業", "", "中1"]]
    body = {"rows": rows, "seen": seen, "schools": [str(school.id)]}
    (told,) = (await client.post(template, board, {**body, "dry": True})).json()["schools"]
    assert (told["closing"], told["opening"], told["left_out"]) == (
        4 * len(await classes(client, school)),
        0,
        ["2行目"],
    )
    assert "touched" not in told, "class-days one by one are the school's page"
    act = {**body, "looked": {str(school.id): told["revision"]}}
    assert (await say(client, school, ["11/17", "臨時休業", "台風"])).status_code == 200
    for late in (act, body):
        answer = await client.post(template, board, late)
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "moved")
        assert [each["field"] for each in answer.json()["errors"]] == [str(school.id)]
    assert (await client.get(template, board)).json()["rows"] == [], "nothing is half done"
    (again,) = (await client.post(template, board, {**body, "dry": True})).json()["schools"]
    act["looked"] = {str(school.id): again["revision"]}
    done = await client.post(template, board, act)
    assert (done.status_code, done.json()["saved"]) == (200, True), done.text
    assert [each["on"] for each in (await office_year(client, school))["closures"]] == ["2026-11-17"]


async def test_the_board_sees_which_schools_have_its_plan(
    client: Client, school: School, units: Units
) -> None:
    """Applied, changed by the school since, the plan changed since, taken back."""
    board = await hold(units, school, uuid4(), "board_staff", await department(units, school, "gakumu"))
    where = f"/v1/boards/{school.board}/calendars/2026"

    async def standing() -> tuple[Any, bool]:
        found = (await client.get(where, board)).json()["schools"]
        (one,) = [each for each in found if each["id"] == str(school.id)]
        assert one["kind"] == "elementary"
        return one["standing"], one["applied_at"] is not None

    async def plan(*rows: list[str], apply: bool = True) -> None:
        body = {"rows": rows, "seen": (await client.get(where, board)).json()["revision"]}
        if apply:
            look = await client.post(where, board, {**body, "schools": [str(school.id)], "dry": True})
            body["looked"] = {str(school.id): look.json()["schools"][0]["revision"]}
            body["schools"] = [str(school.id)]
        answer = await client.post(where, board, body)
        assert answer.status_code == 200, answer.text

    assert await standing() == (None, False), "there is no plan"
    autumn, winter = ["11/18〜11/19", "休業日", "秋休み"], ["12/25〜1/7", "休業日", "冬休み"]
    await plan(autumn, ["11/20", "学年休業", "", "中1"], apply=False)
    assert await standing() == ("not_yet", False)
    before = (await client.get(where, board)).json()
    assert (before["said_by"]["id"], before["said_at"] is not None) == (str(board), True)
    await plan(autumn, ["11/20", "学年休業", "", "中1"])
    assert await standing() == ("as_planned", True), (
        "a line of grades that the school does not have asks nothing"
    )
    assert (await say(client, school, ["11/20", "行事", "遠足"])).status_code == 200
    assert await standing() == ("as_planned", True), "what the plan does not speak of is the school's"
    assert (await say(client, school, ["11/18", "授業日"])).status_code == 200
    assert await standing() == ("changed_since", True)
    await plan(autumn, winter, apply=False)
    assert await standing() == ("planned_anew", True)
    await plan(autumn, winter)
    assert await standing() == ("as_planned", True)
    for _ in range(4):
        undo = (await office_year(client, school))["undo"]
        done = await client.post(f"{path(school)}/undo", school.office, {"change": undo["id"]})
        assert done.status_code == 200, done.text
    assert await standing() == ("not_yet", False), "taken back, it was never applied"
    assert (await say(client, school, autumn)).status_code == 200
    await plan(autumn)
    assert await standing() == ("as_planned", True)
    done = (await office_year(client, school))["undo"]
    assert (await say(client, school, ["11/18", "授業日"])).status_code == 200
    assert await standing() == ("changed_since", True), (
        "it was so already, and is the school's own from here on"
    )
    undo = (await office_year(client, school))["undo"]["id"]
    await client.post(f"{path(school)}/undo", school.office, {"change": undo})
    assert (await office_year(client, school))["undo"] == done, "what changed nothing is not taken back"


async def classes(client: Client, school: School) -> list[Any]:
    found: list[Any] = (await office_year(client, school))["classes"]
    return found


async def test_cells_that_cannot_be_are_refused_and_take_no_time(client: Client, school: School) -> None:
    """A span of every day there is, eight hundred times: what lies outside the year is not gone through."""
    rows = [["0001/1/1〜9999/12/31", "土曜授業", "", ""]] * 800
    answer = await say(client, school, *rows)
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 800)
    hidden = await say(client, school, ["日付", "種類", "内容", "対象", "\u0000"], ["11/24", "行事", "遠足"])
    assert hidden.status_code == 422


async def test_of_the_board_only_who_keeps_the_roster_changes_a_year(
    client: Client, school: School, units: Units
) -> None:
    """健康給食課 reads when there is lunch; whether a school is open is not its word."""
    lunch = await hold(units, school, uuid4(), "board_staff", await department(units, school, "kenko"))
    keeper = await hold(units, school, uuid4(), "board_staff", await department(units, school, "gakumu"))
    line = ["11/24", "臨時休業", "台風"]
    told = await client.get(path(school), lunch)
    assert (told.status_code, told.json()["may"]) == (200, {"change": False})
    assert (await say(client, school, line, person=lunch)).status_code == 403
    board = f"/v1/boards/{school.board}/calendars/2026"
    assert (await client.get(board, lunch)).status_code == 404
    template = {"rows": [["11/23", "休業日", "勤労感謝の日"]], "seen": "", "schools": [str(school.id)]}
    assert (await client.post(board, lunch, template)).status_code == 404
    assert (await office_year(client, school))["closures"] == [], "nothing was written"
    assert (await client.get(path(school), keeper)).json()["may"] == {"change": True}
    assert (await say(client, school, line, person=keeper)).status_code == 200


async def test_a_later_package_leaves_a_closure_that_was_entered_by_hand(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    first = orjson.loads(small_package()["companion.json"])["calendars"][0]
    school = await id_of(units, done.board, first["school"])
    async with units.work(Scope(done.board), actor="test") as work:
        row = (await roster.calendars(work.session, done.board))[calendar_id(school, 2026)]
        on = row.school_days[-1]
        entry = {"on": str(on), "scope": "grade", "grade": "P1", "class_id": None, "reason": "influenza"}
        await roster.put_calendars(work, [row._replace(closures=(*row.closures, entry))])
    assert (await import_package(units, small_package())).nothing
    fewer = with_companion(small_package(), "/calendars/0/school_days", first["school_days"][1:])
    assert not (await import_package(units, fewer)).nothing
    async with units.read(Scope(done.board)) as session:
        after = (await roster.calendars(session, done.board))[row.id]
    assert entry in after.closures
    assert len(after.school_days) == len(row.school_days) - 1
    whole = with_companion(fewer, "/calendars/0/replaces", True)
    await import_package(units, whole)
    async with units.read(Scope(done.board)) as session:
        assert entry not in (await roster.calendars(session, done.board))[row.id].closures
