"""年度更新 over the web: looked at, confirmed, applied by a process of its own, taken back; by those alone who may."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry import service
from services.registry.attendance.tests.conftest import Client
from services.registry.bulk.tests.threads import work_in_threads
from services.registry.imports.importing import import_snapshot
from services.registry.moves.tests.conftest import City
from services.registry.moves.tests.conftest import client as client
from services.registry.rollover import rules, store
from services.registry.rollover.plans import Plan
from services.registry.rollover.tests.test_api import feeding
from services.registry.rollover.tests.test_runs import DAY, planned
from services.registry.roster.store import put_setting
from shared.database import Scope, Units
from shared.dates import FixedClock
from shared.service import Worker
from tests.matrix.roster import HIDDEN_NAME, first_board
from tests.support.at_work import at_work, settings_of
from tests.support.databases import Database
from tests.support.feeds import silent_feed
from tests.support.tokens import Authority
from tests.support.waiting import eventually

YEAR = "/v1/rollover/2027"
SCHOOL = YEAR + "/schools/{first}"


@asynccontextmanager
async def _city(
    units: Units, database: Database, clock: FixedClock, folder: Path, worker: Worker
) -> AsyncIterator[City]:
    done = await import_snapshot(units, first_board(), source="first", actor="importer")
    async with units.read(Scope(done.board)) as session:
        rows = await session.execute(text("select sourced_id, id from external_id"))
        ids = {row.sourced_id: UUID(str(row.id)) for row in rows}
    authority = Authority()
    app = service.build(settings_of("registry", database, folder, worker=worker), clock, silent_feed)
    async with at_work(app, "registry", authority) as http:
        yield City(units, Client(http, authority, done.board), ids)


@pytest.fixture
async def city(
    units: Units,
    registry_database: Database,
    clock: FixedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[City]:
    """Two schools in March, the first with next year's class for four of its five children."""
    work_in_threads(monkeypatch, registry_database, clock)
    async with _city(units, registry_database, clock, tmp_path, Worker(())) as found:
        await planned(found, clock)
        yield found


@pytest.fixture
async def city_of_sixth(units: Units, client: Client) -> City:
    """The city in its sixth grade, with a junior high school."""
    return await feeding(units, client)


async def now(city: City, who: str = "board_staff") -> dict[str, Any]:
    """The page of the new year."""
    answer = await city.get(YEAR, who)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def settled(city: City) -> dict[str, Any]:
    """The same when no process works on anything."""
    page: dict[str, Any] = {}

    async def still() -> bool:
        page.update(await now(city))
        busy = page["look"] is not None and page["look"]["state"] in ("looking", "beginning")
        return not busy and not any(run["working"] for run in page["runs"])

    await eventually(still, within=120, every=0.1)
    return page


async def looked(city: City) -> dict[str, Any]:
    """A dry run that is ready."""
    assert (await city.post(YEAR + "/looks", {}, "board_staff")).status_code == 200
    look = (await settled(city))["look"]
    assert look["state"] == "ready", look
    return dict(look)


async def apply(city: City, look: Mapping[str, Any], **more: Any) -> Any:
    return await city.post(YEAR + "/apply", {"preview": look["preview"], **more}, "board_staff")


async def test_looked_at_applied_and_taken_back(city: City) -> None:
    before = await now(city)
    assert (before["look"], before["runs"], before["may_apply"], before["begins"]) == (
        None,
        [],
        True,
        "2027-04-01",
    )
    was = await city.held("membership_period", "pupil")
    look = await looked(city)
    first, second = look["found"]["schools"]
    assert (first["name"], first["classes"], first["here"], first["pupils"]) == ("第一小学校", 1, 5, 5)
    assert (first["became"], first["without_class"], first["exchange"]) == ({"promoted": 5}, 1, 1)
    assert (second["classes"], second["without_class"]) == (None, 2)
    assert look["found"]["total"]["lacking"] == {"校長": 2, "事務": 2}
    assert await city.held("membership_period", "pupil") == was, "a dry run writes nothing"

    assert (await apply(city, look)).status_code == 200
    page = await settled(city)
    (run,) = page["runs"]
    assert (run["state"], run["parts_done"], run["parts"], run["changed"]) == ("done", 2, 2, 7)
    assert run["started_by"] == "職員 この設置者のboard_staff"
    assert page["look"] is None
    assert (DAY, date(2028, 4, 1), "first", "3-1") in await city.held("membership_period", "pupil")

    assert (await city.get("/v1/rollover/runs/1/revert", "board_staff")).json() == {"may": True, "why": None}
    assert (await city.post("/v1/rollover/runs/1/revert", {}, "board_staff")).status_code == 200
    (run,) = (await settled(city))["runs"]
    assert (run["state"], run["reverted_by"]) == ("reverted", "職員 この設置者のboard_staff")
    assert await city.held("membership_period", "pupil") == was
    again = await city.post("/v1/rollover/runs/1/revert", {}, "board_staff")
    assert again.json()["type"].endswith("/not-to-revert")


async def test_only_what_was_shown_is_applied(city: City) -> None:
    look = await looked(city)
    async with city.units.work(Scope(city.board), actor="test") as work:
        revision, plan = await store.plan(work.session, city.board, city.ids["first"], 2027)
        one, two = list(plan.seats)[:2]
        swapped = {**plan.seats, one: plan.seats[two], two: plan.seats[one]}
        changed = Plan.model_validate({**plan.model_dump(), "seats": swapped})
        assert await store.put_plan(work, city.ids["first"], 2027, revision + 1, changed)
    assert (await apply(city, look)).status_code == 200
    page = await settled(city)
    assert (page["runs"], page["look"]["state"], page["look"]["anew"]) == ([], "ready", True)
    assert page["look"]["preview"] != look["preview"]
    old = await apply(city, look)
    assert (old.status_code, old.json()["type"].endswith("/another-preview")) == (409, True)
    assert (await apply(city, page["look"])).status_code == 200
    assert [run["state"] for run in (await settled(city))["runs"]] == ["done"]


async def test_what_hardly_anybody_wants_is_confirmed_by_itself(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "FEW", 1)
    look = await looked(city)
    odd = [(each["name"], each["kind"], each["number"], each["of"]) for each in look["found"]["surprises"]]
    assert odd == [("第二小学校", "without_class", 2, 2)]
    refused = await apply(city, look)
    assert refused.status_code == 422
    assert [each["cell"] for each in refused.json()["errors"]] == ["第二小学校"]
    assert "2 人" in refused.json()["errors"][0]["message"]
    assert (await settled(city))["runs"] == []
    assert (await apply(city, look, confirm_surprises=True)).status_code == 200
    assert [run["state"] for run in (await settled(city))["runs"]] == ["done"]


async def test_a_school_sees_by_name_whom_somebody_has_to_look_after(city: City) -> None:
    board = (await city.get(SCHOOL, "board_staff")).json()
    assert (board["numbers"]["without_class"], board["may_plan"]) == (1, False)
    (listed,) = board["lists"]
    assert (listed["kind"], listed["number"], listed["hidden"]) == ("without_class", 1, 0)
    assert [row["pupil"]["id"] for row in listed["pupils"]] == [str(city.ids["p4"])]
    assert (listed["pupils"][0]["grade"], listed["pupils"][0]["class_name"]) == ("小2", "2年2組")
    assert (await city.get(SCHOOL)).json()["may_plan"] is True
    other = (await city.get(YEAR + "/schools/{second}", "board_staff")).json()
    assert (other["numbers"]["classes"], other["lists"]) == (None, []), (
        "without a plan everybody lacks a class"
    )


async def test_a_protected_child_is_counted_and_not_named(city: City) -> None:
    async with city.units.work(Scope(city.board), actor="test") as work:
        revision, plan = await store.plan(work.session, city.board, city.ids["first"], 2027)
        seats = {pupil: seat for pupil, seat in plan.seats.items() if pupil != city.ids["hidden"]}
        changed = plan.model_copy(update={"seats": seats})
        assert await store.put_plan(work, city.ids["first"], 2027, revision + 1, changed)
    for who, names, number in (("board_staff", False, 2), ("kept_from", False, 1), ("office", True, 2)):
        answer = await city.get(SCHOOL, who)
        (listed,) = answer.json()["lists"]
        hidden = 1 if who == "board_staff" else 0
        assert (listed["number"], listed["hidden"]) == (number, hidden), who
        assert answer.json()["numbers"]["without_class"] == number, who
        assert (HIDDEN_NAME[0] in answer.text) is names, who
        assert (str(city.ids["hidden"]) in answer.text) is names, who
    told = (await city.get(SCHOOL, "kept_from")).json()
    async with city.units.work(Scope(city.board), actor="test") as work:
        for table in ("enrolment_period", "membership_period"):
            gone = text(
                f"update {table} set voided_at = recorded_at, voided_by = 'test', void_reason = 'test'"
                " where subject_id = :hidden"
            )
            await work.session.execute(gone, {"hidden": city.ids["hidden"]})
    without = (await city.get(SCHOOL, "kept_from")).json()
    assert without == told, "as if the child were not there"


async def test_who_may(city: City) -> None:
    look = await looked(city)
    for who in ("office", "principal", "homeroom", "elsewhere", "guardian"):
        page = await now(city, who)
        assert (page["may_read"], page["look"], page["runs"]) == (False, None, []), who
        for path, body in (("/looks", {}), ("/apply", {"preview": look["preview"]})):
            assert (await city.post(YEAR + path, body, who)).status_code == 404, (who, path)
    for who, status in (("office", 200), ("principal", 200), ("homeroom", 404), ("elsewhere", 404)):
        assert (await city.get(SCHOOL, who)).status_code == status, who
    async with city.units.work(Scope(city.board), actor="test") as work:
        said = {"departments": ["kitchen"], "protection": []}
        await put_setting(work, "roster_office", date(2026, 4, 1), said)
    page = await now(city)
    assert (page["may_read"], page["may_apply"], page["look"]["state"]) == (True, False, "ready")
    for path, body in (("/looks", {}), ("/apply", {"preview": look["preview"]})):
        assert (await city.post(YEAR + path, body, "board_staff")).status_code == 403, path
    assert (await city.get(SCHOOL, "board_staff")).status_code == 404
    assert (await city.get("/v1/rollover/2031", "board_staff")).status_code == 404


async def test_the_board_says_where_graduates_go(city_of_sixth: City) -> None:
    city, where = city_of_sixth, "/v1/rollover/2027/onward"
    first, junior = str(city.ids["first"]), str(city.ids["junior"])
    page = (await city.get(where, "board_staff")).json()
    told = {each["school"]: (each["next_school"], each["choices"]) for each in page["schools"]}
    assert told[first] == (junior, [junior])
    assert junior not in told, "after the last grade of all there is none of the board's"
    seen = {first: junior}
    for asked, status in (({first: first}, 422), ({junior: first}, 422), ({first: None}, 200)):
        answer = await city.post(where, {"seen": seen, "told": asked}, "board_staff")
        assert answer.status_code == status, asked
    assert {each["school"]: each["next_school"] for each in answer.json()["schools"]}[first] is None
    late = await city.post(where, {"seen": seen, "told": {first: junior}}, "board_staff")
    assert (late.status_code, late.json()["type"].endswith("/moved")) == (409, True)
    page = (await city.get("/v1/rollover/2027/schools/{first}", "board_staff")).json()
    assert (page["numbers"]["nowhere"], page["numbers"]["to"]) == (5, [])
    (nowhere, *_) = [each for each in page["lists"] if each["kind"] == "nowhere"]
    assert (nowhere["number"], nowhere["hidden"]) == (5, 1)
    again = await city.post(where, {"seen": {first: None}, "told": {first: junior}}, "board_staff")
    assert again.status_code == 200
    page = (await city.get("/v1/rollover/2027/schools/{first}", "board_staff")).json()
    assert [(each["name"], each["number"]) for each in page["numbers"]["to"]] == [("中学校", 5)]
    assert (await city.post(where, {"seen": {}, "told": {}}, "office")).status_code == 404


async def test_from_the_first_of_april_nothing_is_applied_or_taken_back(
    city: City, clock: FixedClock
) -> None:
    look = await looked(city)
    assert (await apply(city, look)).status_code == 200
    await settled(city)
    async with city.units.work(Scope(city.board), actor="test") as work:
        await work.session.execute(text("update duty_period set valid = daterange('2026-04-01', null)"))
    clock.instant = datetime(2027, 4, 1, 0, tzinfo=UTC)
    assert (await now(city))["begun"] is True
    for path, body, why in (
        ("/v1/rollover/2027/looks", {}, "begun"),
        ("/v1/rollover/2027/apply", {"preview": look["preview"]}, "begun"),
        ("/v1/rollover/runs/1/revert", {}, "not-to-revert"),
    ):
        answer = await city.post(path, body, "board_staff")
        assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, why), path
    told = (await city.get("/v1/rollover/runs/1/revert", "board_staff")).json()
    assert told["may"] is False
    assert "始まりました" in told["why"]


@pytest.mark.slow
async def test_processes_of_their_own_do_it(
    units: Units, registry_database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    login = json.dumps(asdict(registry_database.app) | {"password": registry_database.app.password})
    clock.instant = datetime(2027, 3, 10, 1, tzinfo=UTC)
    module = "services.registry.imports.tests.process"
    worker = Worker([sys.executable, "-m", module, login, clock.instant.isoformat()])
    async with _city(units, registry_database, clock, tmp_path, worker) as city:
        await planned(city, clock)
        assert (await apply(city, await looked(city))).status_code == 200
        assert [run["state"] for run in (await settled(city))["runs"]] == ["done"]
        assert (await city.post("/v1/rollover/runs/1/revert", {}, "board_staff")).status_code == 200
        assert [run["state"] for run in (await settled(city))["runs"]] == ["reverted"]
