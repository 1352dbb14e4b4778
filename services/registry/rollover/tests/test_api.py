"""Class-making as a school's office meets it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from services.registry.imports.importing import import_snapshot
from services.registry.moves.tests.conftest import City, Client
from services.registry.moves.tests.conftest import city as city
from services.registry.moves.tests.conftest import client as client
from services.registry.rollover.store import put_next_schools
from services.registry.roster.snapshot import Enrolment
from services.registry.roster.store import put_setting
from services.registry.roster.tests.reading import offices_told
from shared.database import Scope, Units
from shared.dates import FixedClock
from tests.support.boards import HIDDEN, HIDDEN_NAME, first_board
from tests.support.databases import Database
from tests.support.rosters import YEAR, duty, key, person, unit

__all__ = ["Client"]
PLAN = "/v1/schools/{first}/class-plans/2027"


async def put(city: City, plan: dict[str, Any], seen: int = 0, who: str = "office") -> Any:
    return await city.post(PLAN.format_map(city.ids), {"seen": seen, "plan": plan}, who)


async def proposed(city: City, plan: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    body = {"plan": plan or {}, "grades": ["P3"], **more}
    answer = await city.post(PLAN.format_map(city.ids) + "/proposal", body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_proposed_kept_changed_and_nothing_of_it_is_true_yet(
    city: City, registry_database: Database
) -> None:
    page = (await city.get(PLAN)).json()
    assert (page["revision"], page["grades"], len(page["pupils"])) == (0, [["P3", "小3"]], 5)
    assert page["pupils"][0]["before"] in ("2年1組", "2年2組")
    plan = (await proposed(city))["plan"]
    assert [each["name"] for each in plan["classes"]] == ["3年1組"]
    _, read = await offices_told(registry_database)
    kept = await put(city, plan)
    assert (kept.status_code, kept.json()["revision"]) == (200, 1)
    assert (await offices_told(registry_database, read))[0] == {city.ids["first"]}
    assert page["live"] == [f"office:{city.ids['first']}"]
    assert (await put(city, plan)).json()["type"].endswith("/moved"), "somebody was first"
    assert (await put(city, plan, seen=1)).json()["revision"] == 1, "the same again is no change"
    assert len(await city.held("membership_period", "pupil")) == 1


async def test_wishes_that_are_not_kept_are_told(city: City) -> None:
    both = [str(city.ids["pupil"]), str(city.ids["p2"])]
    made = await proposed(city, {"apart": [both]})
    assert [(each["kind"], each["pupils"]) for each in made["broken"]] == [("apart", sorted(both))]
    two = {
        **made["plan"],
        "classes": [*made["plan"]["classes"], {"id": str(UUID(int=9)), "name": "3年2組", "grade": "P3"}],
    }
    again = await proposed(city, {**two, "seats": {}})
    assert again["broken"] == []
    seats = again["plan"]["seats"]
    assert seats[both[0]]["class_id"] != seats[both[1]]["class_id"]


async def test_pasted_lines_are_taken_whole_or_told(city: City) -> None:
    plan = {"classes": [{"id": str(UUID(int=9)), "name": "3年1組", "grade": "P3"}]}
    where = PLAN.format_map(city.ids) + "/rows"
    text = "紬 この設置者のpupil\t3年1組\t1\n紬 この設置者のp2\t3年1組\t２\n"
    read = (await city.post(where, {"plan": plan, "text": text})).json()
    assert (read["read"], read["wrong"]) == (2, [])
    assert read["plan"]["seats"][str(city.ids["p2"])]["number"] == 2
    for line, cell in (
        ("誰か\t3年1組\t3", "氏名（A列）"),
        *((f"紬 この設置者のp3\t3年1組\t{n}", "番号（C列）") for n in ("0", "100", "9" * 5000, "三")),
    ):
        wrong = (await city.post(where, {"plan": plan, "text": text + line})).json()
        assert (wrong["plan"], [each["cell"] for each in wrong["wrong"]]) == (
            None,
            [f"3行目の{cell}"],
        )


async def test_a_plan_that_cannot_be_is_refused_by_name(city: City) -> None:
    plan = (await proposed(city))["plan"]
    first, second = list(plan["seats"])[:2]
    plan["seats"][first] = plan["seats"][second]
    refused = await put(city, plan)
    assert (refused.status_code, len(refused.json()["errors"])) == (422, 1)
    assert "二人" in refused.json()["errors"][0]["message"]


async def test_whom_a_child_is_kept_from_neither_sees_nor_moves_it(city: City) -> None:
    plan = (await proposed(city))["plan"]
    assert (await put(city, plan)).status_code == 200
    hidden = str(city.ids["hidden"])
    assert hidden in plan["seats"]
    page = (await city.get(PLAN, "kept_from")).json()
    assert hidden not in str(page)
    assert len(page["pupils"]) == 4
    mine = {**page["plan"], "seats": {}}
    assert (await put(city, mine, seen=1, who="kept_from")).status_code == 200
    now = (await city.get(PLAN)).json()["plan"]["seats"]
    assert now == {hidden: plan["seats"][hidden]}, "what they may not see stays as it was"


async def test_a_wish_that_names_a_hidden_child_is_nobody_elses_to_read_or_to_lose(city: City) -> None:
    hidden, pupil, other = (str(city.ids[word]) for word in ("hidden", "pupil", "p2"))
    wishes = {"apart": [[pupil, hidden], [pupil, other]], "together": [[hidden, other]]}
    assert (await put(city, wishes)).status_code == 200
    answer = await city.get(PLAN, "kept_from")
    assert hidden not in answer.text
    page = answer.json()["plan"]
    assert (page["apart"], page["together"]) == ([[pupil, other]], [])
    told = await put(city, {**page, "apart": []}, seen=1, who="kept_from")
    assert (told.status_code, hidden in told.text) == (200, False)
    now = (await city.get(PLAN)).json()["plan"]
    assert (now["apart"], now["together"]) == ([[pupil, hidden]], [[hidden, other]])
    guessed = await put(city, {"apart": [[pupil, hidden]]}, seen=2, who="kept_from")
    nobody = await put(city, {"apart": [[pupil, str(uuid4())]]}, seen=2, who="kept_from")
    assert (guessed.status_code, guessed.text) == (nobody.status_code, nobody.text) == (422, nobody.text)
    staying = await put(city, {"stay": [hidden]}, seen=2, who="kept_from")
    assert staying.status_code == 422, "nor may one keep in the grade whom one may not know of"


async def test_who_knows_less_takes_no_class_from_under_a_hidden_child_and_no_number_twice(
    city: City,
) -> None:
    plan = (await proposed(city))["plan"]
    (room,), hidden, pupil = plan["classes"], str(city.ids["hidden"]), str(city.ids["pupil"])
    plan["seats"] = {hidden: {"class_id": room["id"], "number": 1}}
    assert (await put(city, plan)).status_code == 200
    mine = {"classes": [room], "seats": {pupil: {"class_id": room["id"], "number": 1}}}
    assert (await put(city, mine, seen=1, who="kept_from")).status_code == 200
    seats = (await city.get(PLAN)).json()["plan"]["seats"]
    assert (seats[pupil]["number"], seats[hidden]) == (1, {"class_id": room["id"], "number": None})
    another = {"classes": [{**room, "id": str(uuid4())}]}
    assert (await put(city, another, seen=2, who="kept_from")).status_code == 200
    assert (await city.get(PLAN)).json()["plan"]["seats"] == {}, (
        "a run would stand still at a class that is none"
    )


async def test_a_plan_takes_no_unit_that_is_something_else_already(city: City) -> None:
    """Whoever names an id decides what becomes of it in spring: a class of this year, another school's, a school."""
    for word in ("2-1", "other", "second", "school_office", "board"):
        taken = {"id": str(city.ids[word]), "name": "3年1組", "grade": "P3"}
        assert (await put(city, {"classes": [taken]})).status_code == 422, word
    fresh = {"id": str(uuid4()), "name": "3年1組", "grade": "P3"}
    assert (await put(city, {"classes": [fresh, {**fresh, "name": "3年2組"}]})).status_code == 422
    for wrong in ({"grade": "J1"}, {"grade": "Z9"}, {"name": "3年\u0000組"}, {"name": "　"}):
        assert (await put(city, {"classes": [{**fresh, **wrong}]})).status_code == 422, wrong
    assert (await put(city, {"classes": [fresh]})).status_code == 200
    second = PLAN.replace("first", "second").format_map(city.ids)
    stolen = await city.post(second, {"seen": 0, "plan": {"classes": [fresh]}}, "elsewhere")
    assert stolen.status_code == 422, "it is in another school's plan"


async def test_two_schools_that_save_side_by_side_do_not_plan_one_class(city: City) -> None:
    second = PLAN.replace("first", "second").format_map(city.ids)
    for _ in range(5):
        plan = {"classes": [{"id": str(uuid4()), "name": "3年1組", "grade": "P3"}]}
        seen = [
            (await city.get(where, who)).json()["revision"]
            for where, who in ((PLAN, "office"), (second, "elsewhere"))
        ]
        answers = await asyncio.gather(
            put(city, plan, seen[0]), city.post(second, {"seen": seen[1], "plan": plan}, "elsewhere")
        )
        assert sorted(each.status_code for each in answers) == [200, 422], [each.text for each in answers]


async def test_who_names_a_homeroom_teacher_gives_a_duty(city: City) -> None:
    """What ``GiveDuty`` refuses comes in by no other door: oneself, people of other schools, whoever is no staff."""
    room = {"id": str(uuid4()), "name": "3年1組", "grade": "P3"}

    async def named(who: str, by: str = "office", seen: int = 0) -> Any:
        return await put(city, {"classes": [{**room, "homeroom": str(city.ids[who])}]}, seen, by)

    for who, by in (
        ("office", "office"),
        ("principal", "principal"),
        ("elsewhere", "office"),
        ("pupil", "office"),
    ):
        assert (await named(who, by)).status_code == 403, who
    old = city.client.headers(city.ids["office"], auth_time=0)
    assert (await named("subject")).status_code == 200
    again = {"seen": 1, "plan": {"classes": [{**room, "homeroom": str(city.ids["subject"])}]}}
    for plan, status in (
        (again, 200),
        ({"seen": 1, "plan": {"classes": [{**room, "homeroom": str(city.ids["nurse"])}]}}, 401),
    ):
        answer = await city.client.http.post(
            PLAN.format_map(city.ids), json=plan, headers={**old, "idempotency-key": str(uuid4())}
        )
        assert answer.status_code == status, "it is giving that asks anew who one is"


async def test_who_may(city: City, clock: FixedClock) -> None:
    for who in ("principal", "vice_principal"):
        assert (await city.get(PLAN, who)).status_code == 200, who
    for who in ("homeroom", "elsewhere", "board_staff", "guardian"):
        assert (await city.get(PLAN, who)).status_code == 404, who
        assert (await put(city, {}, who=who)).status_code == 404, who
    assert (await city.get("/v1/schools/{first}/class-plans/2031")).status_code == 404
    clock.instant = datetime(2027, 3, 31, 15, tzinfo=UTC)  # the first minute of April in Tokyo
    late = await city.get(PLAN)
    assert late.status_code == 404, "whoever had a duty until 31 March has none"


async def feeding(units: Units, client: Client) -> City:
    """The city with its children in P6 and a junior high school they go on to, which has an office."""
    first = first_board()
    snapshot = replace(
        first,
        organisations=(*first.organisations, unit("junior", "junior_high", "中学校")),
        people=(*first.people, person("junior_office", ("職員", "中学")), person("j1", ("紬", "中学"))),
        enrolments=(
            *(replace(each, grade="P6") for each in first.enrolments),
            Enrolment(key("person", "j1"), key("organisation", "junior"), "J1", YEAR),
        ),
        duties=(*first.duties, duty("junior_office", "office", "junior", None, YEAR, ())),
    )
    done = await import_snapshot(units, snapshot, source="first", actor="importer")
    client.board = done.board
    async with units.read(Scope(done.board)) as session:
        rows = await session.execute(text("select sourced_id, id from external_id"))
        city = City(units, client, {row.sourced_id: UUID(str(row.id)) for row in rows})
    async with units.work(Scope(done.board), actor="test") as work:
        await put_next_schools(work, {city.ids["first"]: city.ids["junior"]}, date(2026, 4, 1))
    return city


async def test_a_protected_child_of_a_feeding_school_is_a_number_to_the_next_one(
    units: Units, client: Client
) -> None:
    city = await feeding(units, client)
    where, hidden = "/v1/schools/{junior}/class-plans/2027", str(city.ids[HIDDEN])
    answer = await city.get(where, "junior_office")
    page = answer.json()
    assert (len(page["pupils"]), page["unnamed"]) == (5, {"J1": 1}), answer.text
    for path, body in (
        ("/proposal", {"plan": {}, "grades": ["J1"]}),
        ("/rows", {"plan": {}, "text": "".join(HIDDEN_NAME)}),
    ):
        told = (await city.post(where.format_map(city.ids) + path, body, "junior_office")).text
        assert hidden not in told
    assert hidden not in answer.text
    assert not any(word in answer.text for word in HIDDEN_NAME)
    async with units.work(Scope(city.board), actor="test") as work:
        said = {"departments": ["gakumu"], "protection": [str(city.ids["junior_office"])]}
        await put_setting(work, "roster_office", date(2026, 4, 1), said)
    named = (await city.get(where, "junior_office")).json()
    assert (len(named["pupils"]), named["unnamed"]) == (6, {})
    assert hidden in {each["pupil"]["id"] for each in named["pupils"]}
