"""The board's lists of attendance over HTTP: from their day on, undone before it, and by nobody else."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from services.registry import service
from services.registry.attendance.tests.test_policy import BOARDS, holders
from services.registry.duties.tests.test_policy import KEEPS
from services.registry.moves.tests.conftest import City
from services.registry.moves.tests.conftest import city as city
from services.registry.moves.tests.conftest import client as client
from services.registry.moves.tests.test_api import facts_of
from shared.access.policies import Policies
from shared.access.principal import Holder, entity, ref, refs
from tests.support.databases import Database


@settings(deadline=None)
@given(holders)
def test_who_keeps_the_roster_decides(holder: Holder) -> None:
    policies = Policies(service.POLICIES)
    keeps = holder.principal.kind == "staff" and bool(holder.organisations("board_staff") & KEEPS.departments)
    offices = refs("Unit", KEEPS.departments)
    for board, may in ((BOARDS[0], keeps), (BOARDS[1], False)):
        asked = entity("BoardAttendance", board, board=ref("Board", board), offices=offices)
        assert policies.allows(holder, "SetAttendance", asked) == may


def where(city: City, what: str = "") -> str:
    return f"/v1/boards/{city.board}/attendance-lists{what}"


async def lists(city: City) -> dict[str, dict[str, Any]]:
    body = (await city.get(where(city), "board_staff")).json()
    return {each["which"]: each for each in body["lists"]}


EXCUSED = {"counts": "not_required", "word": "登校を要しない日", "glyph": "要", "key": "ｙ"}


async def test_a_symbol_holds_from_its_day_and_is_taken_back_before_it(
    city: City, registry_database: Database
) -> None:
    first = (await lists(city))["symbols"]
    assert first["first"] == "2026-11-21"
    body = {"since": "2026-12-01", "seen": first["revision"], "rows": [*first["rows"], EXCUSED]}
    answer = await city.post(where(city, "/symbols"), body, "board_staff")
    assert answer.status_code == 200, answer.text
    after = (await lists(city))["symbols"]
    assert after["rows"] == first["rows"], "what comes does not hold yet"
    version = after["versions"][0]
    assert (version["state"], version["said_by"]["id"]) == ("coming", str(city.ids["board_staff"]))
    assert version["words"] == ["加えた：登校を要しない日（登校を要しない日、印 要、キー Y）"]
    told = (await facts_of(registry_database, "registry.setting"))[-1]
    said = [each for each in told["settings"] if each["name"] == "attendance_symbols"]
    assert (said[-1]["since"], said[-1]["value"][-1]["code"]) == ("2026-12-01", "own_1")
    late = await city.post(where(city, "/symbols"), {**body, "rows": first["rows"]}, "board_staff")
    assert (late.status_code, late.json()["type"].rsplit("/", 1)[1]) == (409, "moved")
    gone = {"since": "2026-12-01", "seen": after["revision"]}
    withdrawn = await city.post(where(city, "/symbols/withdraw"), gone, "board_staff")
    assert withdrawn.status_code == 200, withdrawn.text
    assert (await lists(city))["symbols"]["versions"] == first["versions"]
    told = (await facts_of(registry_database, "registry.setting"))[-1]
    assert [each for each in told["settings"] if each["name"] == "attendance_symbols"] == said[:-1]


async def test_todays_rolls_are_read_with_todays_symbols(city: City) -> None:
    for which, cells in (("symbols", ["始まる日"]), ("beside", ["始まる日"]), ("bereavement", [])):
        now = (await lists(city))[which]
        body = {"since": "2026-11-20", "seen": now["revision"], "rows": now["rows"]}
        answer = await city.post(where(city, f"/{which}"), body, "board_staff")
        assert [each["cell"] for each in answer.json().get("errors", [])] == cells
    held = (await lists(city))["bereavement"]
    gone = {"since": "2026-11-20", "seen": held["revision"]}
    refused = await city.post(where(city, "/bereavement/withdraw"), gone, "board_staff")
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[1]) == (409, "holds-already")


async def test_days_of_bereavement_are_the_boards_own(city: City) -> None:
    now = (await lists(city))["bereavement"]
    rows = [{**row, "days": 5} if row["word"] == "父母" else row for row in now["rows"]]
    body = {"since": "2026-04-01", "seen": now["revision"], "rows": rows, "holidays": True}
    answer = await city.post(where(city, "/bereavement"), body, "board_staff")
    assert answer.status_code == 200, answer.text
    after = (await lists(city))["bereavement"]
    assert (after["holidays"], after["rows"][0]["days"]) == (True, 5)
    assert after["versions"][0]["words"] == ["変えた：父母 7日→父母 5日", "続く忌引に、休みの日も数える"]
    wrong = {**body, "seen": after["revision"], "rows": [{**rows[0], "days": 0}]}
    refused = await city.post(where(city, "/bereavement"), wrong, "board_staff")
    assert [each["cell"] for each in refused.json()["errors"]] == ["1行目の日数"]


async def test_a_kinship_that_was_replaced_gives_its_code_to_no_other(city: City) -> None:
    """Days may have been recorded with it: they would read as for another's death."""
    first = (await lists(city))["bereavement"]["rows"]
    codes = []
    for rows in ([*first, _kinship("はとこ")], first, [*first, _kinship("いとこ")]):
        now = (await lists(city))["bereavement"]
        body = {"since": "2026-04-01", "seen": now["revision"], "rows": rows}
        answer = await city.post(where(city, "/bereavement"), body, "board_staff")
        assert answer.status_code == 200, answer.text
        codes.append((await lists(city))["bereavement"]["rows"][-1]["code"])
    assert codes[1] == first[-1]["code"]
    assert len(set(codes)) == len(codes)
    assert all(code.startswith("kin_") for code in codes)


def _kinship(word: str) -> dict[str, Any]:
    return {"counts": "kin", "word": word, "days": 1}


async def test_nobody_else_learns_or_says_anything(city: City) -> None:
    for who in ("office", "principal", "lunch_staff", "system_operator", "homeroom"):
        assert (await city.get(where(city), who)).status_code == 404, who
        body = {"since": "2026-12-01", "seen": "", "rows": []}
        assert (await city.post(where(city, "/beside"), body, who)).status_code == 404, who
        gone = {"since": "2026-12-01", "seen": ""}
        assert (await city.post(where(city, "/beside/withdraw"), gone, who)).status_code == 404, who
