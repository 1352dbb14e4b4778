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
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.registry import service
from services.registry.attendance.tests.conftest import Client
from services.registry.bulk.tests.threads import work_in_threads
from services.registry.imports.importing import import_snapshot
from services.registry.moves.tests.conftest import City
from services.registry.moves.tests.conftest import client as client
from services.registry.people.office import NotSaid, say_office
from services.registry.rollover import rules, run_store, store
from services.registry.rollover.plans import Plan, PlannedClass, Seat
from services.registry.rollover.previewing import preview
from services.registry.rollover.rules import Year
from services.registry.rollover.run_store import Run
from services.registry.rollover.runs_shapes import RunOut
from services.registry.rollover.tests.test_api import feeding
from services.registry.rollover.tests.test_runs import DAY, planned, rolled
from services.registry.roster.store import put_setting
from services.registry.roster.tests.reading import offices_told
from shared.database import Scope, Units
from shared.dates import FixedClock
from shared.service import Worker
from tests.support.at_work import at_work, settings_of
from tests.support.boards import HIDDEN_NAME, first_board
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


async def test_what_was_seen_before_a_run_ended_is_not_offered_after_it(city: City) -> None:
    """Its numbers are of a roster that is no more; by whatever hand the run was applied or taken back."""
    assert (await apply(city, await looked(city))).status_code == 200
    assert (await settled(city))["look"] is None
    assert (await looked(city))["found"]["total"]["changed"] == 0
    assert (await city.post("/v1/rollover/runs/1/revert", {}, "board_staff")).status_code == 200
    page = await settled(city)
    assert ([run["state"] for run in page["runs"]], page["look"]) == (["reverted"], None)
    before = await looked(city)
    assert before["found"]["total"]["changed"] == 7
    await rolled(city)
    page = await settled(city)
    assert ([run["state"] for run in page["runs"]], page["look"]) == (["done", "reverted"], None)
    assert (await apply(city, before)).json()["type"].endswith("/another-preview")


async def test_the_page_hears_of_every_step(city: City, registry_database: Database) -> None:
    assert (await now(city))["live"] == [f"office:{city.board}"]
    assert (await city.get(SCHOOL, "board_staff")).json()["live"] == [f"office:{city.board}"]
    assert (await city.get(SCHOOL)).json()["live"] == [f"office:{city.ids['first']}"]
    assert (await now(city, "office"))["live"] == [], "who sees nothing follows nothing"
    _, read = await offices_told(registry_database)
    look = await looked(city)
    told, read = await offices_told(registry_database, read)
    assert told == {city.board}, "a dry run"
    await apply(city, look)
    await settled(city)
    told, read = await offices_told(registry_database, read)
    assert told == {city.board}, "a run"
    await city.post("/v1/rollover/runs/1/revert", {}, "board_staff")
    (run,) = (await settled(city))["runs"]
    assert run["state"] == "reverted"
    told, read = await offices_told(registry_database, read)
    assert told == {city.board}, "taken back"


@pytest.mark.parametrize(
    ("state", "wish", "told", "wanted"),
    [
        ("applying", "apply", {"part": 1, "parts": 3, "school": "中学校"}, (True, False, 2, 3)),
        ("done", "revert", {}, (True, True, 0, 2)),
        ("reverting", "revert", {"part": 1, "parts": 2, "school": "中学校"}, (True, True, 1, 2)),
        ("reverted", "revert", {"part": 2, "parts": 2, "school": "中学校"}, (False, True, 2, 2)),
        ("reverted", "revert", {}, (False, True, 0, 2)),
    ],
)
def test_a_run_is_never_told_as_taken_back_and_under_way(
    state: run_store.State, wish: run_store.Wish, told: Mapping[str, Any], wanted: tuple[bool, bool, int, int]
) -> None:
    """A process that has taken it back needs a moment to end; before it begins, nothing of it is done."""
    at = datetime(2027, 3, 10, tzinfo=UTC)
    run = Run(
        UUID(int=1),
        UUID(int=2),
        1,
        Year(2027),
        state,
        "a",
        at,
        None,
        None,
        {},
        3,
        2,
        9,
        wish,
        "a",
        None,
        None,
    )
    out = RunOut.of(run, told, working=state != "done")
    assert (out.working, out.back, out.parts_done, out.parts) == wanted


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
    assert (
        page["numbers"]["became"]["graduating"],
        page["numbers"]["changed"],
    ) == (5, 0)
    (nowhere, *_) = [each for each in page["lists"] if each["kind"] == "nowhere"]
    assert (nowhere["number"], nowhere["hidden"]) == (5, 1)
    again = await city.post(where, {"seen": {first: None}, "told": {first: junior}}, "board_staff")
    assert again.status_code == 200
    page = (await city.get("/v1/rollover/2027/schools/{first}", "board_staff")).json()
    assert [(each["name"], each["number"]) for each in page["numbers"]["to"]] == [("中学校", 5)]
    assert (await city.post(where, {"seen": {}, "told": {}}, "office")).status_code == 404


async def test_who_goes_on_is_next_years_child_of_the_school_gone_to(
    city_of_sixth: City, clock: FixedClock
) -> None:
    """Rooms and textbooks are planned by these numbers: they are those of the roster of 1 April, before and after."""
    city = city_of_sixth
    clock.instant = datetime(2027, 3, 10, 1, tzinfo=UTC)
    where = {"第一小学校": (0, 0), "第二小学校": (0, 0), "中学校": (6, 6)}

    async def told() -> dict[str, tuple[int, int]]:
        shown = await preview(city.units, city.board, Year(2027))
        total = shown.total()
        assert (total.pupils, total.without_class) == where["中学校"]
        return {school.name: (each.pupils, each.without_class) for school, each in shown.schools}

    async def of_school(word: str) -> tuple[int, int, dict[str, int]]:
        page = (await city.get(f"{YEAR}/schools/{city.ids[word]}", "board_staff")).json()
        numbers = page["numbers"]
        assert numbers["here"] == {"first": 5, "junior": 1}[word], "who is here now is another number"
        went = [(each["name"], each["number"]) for each in numbers["to"]]
        came = [(each["name"], each["number"]) for each in numbers["coming"]]
        assert (went, came) == ([("中学校", 5)], []) if word == "first" else ([], [("第一小学校", 5)])
        became = numbers["became"]
        stay = numbers["here"] - became.get("graduating", 0) - sum(number for _, number in went)
        assert stay + sum(number for _, number in came) + became.get("new", 0) == numbers["pupils"]
        lists = {each["kind"]: each["number"] for each in page["lists"]}
        return numbers["pupils"], numbers["without_class"], lists

    assert await told() == where
    assert (await of_school("first"), await of_school("junior")) == ((0, 0, {}), (6, 6, {}))
    room = PlannedClass(id=uuid4(), name="1年1組", grade="J1")
    async with city.units.work(Scope(city.board), actor="test") as work:
        seats = {city.ids["pupil"]: Seat(class_id=room.id, number=1)}
        plan = Plan(classes=[room], seats=seats)
        assert await store.put_plan(work, city.ids["junior"], 2027, 1, plan)
    assert await of_school("junior") == (6, 5, {"without_class": 5})
    answer = await city.get(f"{YEAR}/schools/{city.ids['junior']}", "junior_office")
    (listed,) = answer.json()["lists"]
    assert (listed["number"], listed["hidden"]) == (5, 1)
    assert not any(word in answer.text for word in (*HIDDEN_NAME, str(city.ids["hidden"])))
    assert "第一小学校 2年1組" in {row["class_name"] for row in listed["pupils"]}
    where["中学校"] = (6, 5)
    assert await told() == where
    await rolled(city)
    assert await told() == where, "and when it stands"
    assert await of_school("junior") == (6, 5, {"without_class": 5})


async def test_graduates_are_not_among_who_changes_however_their_source_writes_them(
    city_of_sixth: City, clock: FixedClock
) -> None:
    """The record's heading leaves them out; of one whose 在籍 or guardian has no end, the end is written."""
    city = city_of_sixth
    clock.instant = datetime(2027, 3, 10, 1, tzinfo=UTC)

    async def told() -> tuple[int, int, int]:
        total = (await preview(city.units, city.board, Year(2027))).total()
        return total.pupils, total.changed, total.became["graduating"]

    assert await told() == (6, 6, 2)
    async with city.units.work(Scope(city.board), actor="test") as work:
        finishes = text("update enrolment_period set grade = 'J3' where subject_id = :graduate")
        await work.session.execute(finishes, {"graduate": city.ids["q1"]})
        for table in ("enrolment_period", "guardianship_period"):
            open_end = (
                f"update {table} set valid = daterange(lower(valid), null) where subject_id = :graduate"
            )
            await work.session.execute(text(open_end), {"graduate": city.ids["q1"]})
    assert await told() == (6, 6, 2)
    await rolled(city)
    ended = await city.held("enrolment_period", "q1")
    assert ended[-1][1] == DAY, "written all the same"
    (run,) = (await now(city))["runs"]
    assert run["changed"] == 6


async def test_settings_that_are_too_large_together_are_refused_in_words(city_of_sixth: City) -> None:
    """Textbooks of many years nearly fill the one event: what is said beside them must not end in a fault of ours."""
    city = city_of_sixth
    async with city.units.work(Scope(city.board), actor="test") as work:
        await put_setting(work, "textbooks", date(2026, 4, 1), {"P1": ["国語" * 100_000]})
    asked = {
        "seen": {str(city.ids["first"]): str(city.ids["junior"])},
        "told": {str(city.ids["first"]): None},
    }
    answer = await city.post("/v1/rollover/2027/onward", asked, "board_staff")
    assert (answer.status_code, "冊数を減らして" in answer.json()["detail"]) == (422, True), answer.text
    with pytest.raises(NotSaid, match="冊数を減らして"):
        await say_office(
            city.units, city.board, departments=[], protection=None, today=date(2027, 3, 1), actor="x"
        )


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
