"""Erasing somebody who was here for a while: nothing is found afterwards, and nobody else loses anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from sqlalchemy import text

from services.registry.erasure import again
from services.registry.erasure.store import KNOWS_IDS, KNOWS_PEOPLE
from services.registry.exports import packages
from services.registry.moves.tests.conftest import TODAY, City, Client
from services.registry.moves.tests.conftest import city as city
from services.registry.moves.tests.conftest import client as client
from services.registry.moves.tests.test_api import made
from services.registry.roster.tests.reading import acts_of
from shared.database import Scope
from shared.dates import FixedClock
from tests.support.databases import Database

__all__ = ["Client"]

MARKER = "紋章"
"""Stands in a name, a former name, a reason, a school elsewhere, a certificate; nowhere else."""
READING = "モンショウ"
NAME = f"{MARKER} この設置者のpupil"
DECIDED = {"ground": "decided", "document": "紬教学第12号", "name": NAME}


@asynccontextmanager
async def everything(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await database.server.connect(database.name)
    try:
        yield connection
    finally:
        await connection.close()


async def places_of(database: Database, *words: str) -> set[str]:
    """Tables with a row that has one of the words, also packed into bytes."""
    patterns = [
        f"%{form}%"
        for word in words
        for form in (word, word.encode().hex(), orjson.dumps(word)[1:-1].decode())
    ]
    found = set()
    async with everything(database) as connection:
        tables = await connection.fetch(
            "select table_schema || '.' || table_name as name from information_schema.tables"
            " where table_type = 'BASE TABLE' and table_schema in ('public', 'log', 'feed', 'copy', 'access')"
        )
        for table in tables:
            rows = f"select exists (select from {table['name']} t where t::text like any ($1))"
            if await connection.fetchval(rows, patterns):
                found.add(table["name"])
    return found


async def rename(city: City, family: str, seen: int) -> None:
    legal = {"family": family, "given": "この設置者のpupil", "family_kana": READING, "given_kana": "ダレカ"}
    body = {"act": "correct_name", "seen": seen, "legal": legal, "reason": f"{MARKER}の字"}
    answer = await city.post(f"/v1/people/{city.ids['pupil']}/changes", body)
    assert answer.status_code == 200, answer.text


async def life(city: City, clock: FixedClock) -> None:
    """A child is renamed, absent, corrected with a reason, leaves for elsewhere with a certificate; a week goes by."""
    await rename(city, f"{MARKER}旧", 1)
    await rename(city, MARKER, 2)
    reached: dict[str, Any] = {
        "act": "change_contact",
        "seen": None,
        "since": str(TODAY),
        "address": f"{MARKER}町1",
        "phones": [],
    }
    answer = await city.post(f"/v1/people/{city.ids['pupil']}/changes", reached)
    assert answer.status_code == 200, answer.text
    assert (await city.roll("homeroom", "2-1", TODAY, pupil="absent_sick")).status_code == 200
    moved = await made(
        city,
        "pupil",
        kind="leaving",
        accepted_on=None,
        elsewhere={"name": f"{MARKER}小学校"},
        movers=[{"pupil": str(city.ids["pupil"])}],
    )
    certificate = {"kind": "enrolment", "issued_on": str(TODAY)}
    answer = await city.post(f"/v1/moves/{moved['id']}/certificates", certificate)
    assert answer.status_code == 200, answer.text
    clock.instant += timedelta(days=7)


def path(city: City, who: str = "pupil", *, preview: bool = False) -> str:
    return f"/v1/people/{city.ids[who]}/erasure" + ("/preview" if preview else "")


async def test_nothing_of_a_person_is_found_afterwards(
    city: City, clock: FixedClock, registry_database: Database
) -> None:
    await life(city, clock)
    before = await places_of(registry_database, MARKER, READING)
    assert before >= {
        "public.person",
        "public.person_past",
        "public.move",
        "public.contact_period",
        "public.certificate",
        "log.log_state",
    }
    looked = await city.post(path(city, preview=True), DECIDED, "board_staff")
    assert looked.status_code == 200, looked.text
    assert "証明書の控え 1枚" in looked.json()["words"]
    assert "出欠 1日分" in looked.json()["words"]
    assert await places_of(registry_database, MARKER, READING) == before, "a look takes nothing away"

    done = await city.post(path(city), DECIDED, "board_staff")
    assert done.status_code == 200, done.text
    assert await places_of(registry_database, MARKER, READING) == set()
    pupil = city.ids["pupil"]
    left = {each for each in await places_of(registry_database, str(pupil)) if not each.startswith("log.")}
    assert left <= {f"public.{each}" for each in KNOWS_IDS} | {"access.entry"}, left

    async with everything(registry_database) as connection:
        states = await connection.fetch("select topic, payload from log.log_state where key = $1", str(pupil))
        assert {row["topic"]: row["payload"] is None for row in states} == {
            "registry.person": True,
            "registry.enrolment": True,
            "registry.guardianship": True,
            "registry.contact": True,
            "registry.duty": True,
            "registry.erasure": False,
        }
        facts = await connection.fetch("select topic, payload from log.log_fact where key = $1", str(pupil))
        assert {row["topic"] for row in facts} == {"registry.attendance", "registry.pupil"}, (
            "they keep their places"
        )
        assert {row["payload"] for row in facts} == {None}
    gone = await city.get(f"/v1/people/{pupil}", "board_staff")
    assert gone.status_code == 404


async def test_nobody_else_loses_anything(city: City, clock: FixedClock, registry_database: Database) -> None:
    await life(city, clock)
    other = city.ids["neighbour"]

    async def of_others() -> dict[str, Any]:
        async with everything(registry_database) as connection:
            return {
                table: await connection.fetch(
                    f"select t::text from {table} t where not t::text like '%' || $1 || '%' order by 1",
                    str(city.ids["pupil"]),
                )
                for table in (
                    "person",
                    "enrolment_period",
                    "membership_period",
                    "duty_period",
                    "pupil_day",
                    "class_day",
                )
            }

    before = await of_others()
    assert str(other) in str(before["person"])
    assert (await city.post(path(city), DECIDED, "board_staff")).status_code == 200
    assert await of_others() == before


async def test_it_is_listed_without_saying_who(
    city: City, clock: FixedClock, registry_database: Database
) -> None:
    await life(city, clock)
    assert (await city.post(path(city), DECIDED, "board_staff")).status_code == 200
    listed = await city.get("/v1/erasures", "board_staff")
    (line,) = listed.json()["erasures"]
    assert (line["document"], line["by"], line["ground"]) == (
        "紬教学第12号",
        "職員 この設置者のboard_staff",
        "決定があった（利用停止・裁判など）",
    )
    assert MARKER not in listed.text
    for who in ("office", "principal", "system_operator", "guardian"):
        assert (await city.get("/v1/erasures", who)).json() == {"erasures": []}, who
    assert ("ErasePerson", "I") in {
        (action, importance) for _, action, importance in await acts_of(registry_database)
    }


@pytest.mark.parametrize(
    ("who", "status"),
    [("office", 403), ("principal", 403), ("homeroom", 403), ("elsewhere", 404), ("guardian", 404)],
)
async def test_only_who_keeps_the_roster_may(city: City, who: str, status: int) -> None:
    assert (await city.post(path(city, preview=True), DECIDED, who)).status_code == status
    assert (await city.post(path(city), DECIDED, who)).status_code == status


async def test_the_protected_child_of_another_school_is_not_there(city: City) -> None:
    assert (await city.post(path(city, "hidden", preview=True), DECIDED, "board_staff")).status_code == 404


async def test_it_asks_anew_who_one_is(city: City) -> None:
    answer = await city.client.post(path(city), city.ids["board_staff"], DECIDED, acr=1)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("asked", "field", "message"),
    [
        ({**DECIDED, "name": "別の人"}, "name", "「別の人」は、この人の氏名と違います"),
        ({**DECIDED, "name": " "}, "name", "カードの氏名を入れてください"),
        ({"ground": "decided", "name": NAME}, "document", "文書番号"),
        ({"ground": "", "name": NAME}, "ground", "選んでください"),
        ({"ground": "by_mistake", "name": NAME}, "ground", "誤りとしては消せません"),
        ({"ground": "retention_over", "name": NAME}, "ground", "2047年3月31日まで保存します"),
    ],
)
async def test_what_may_not_be_is_said_and_nothing_goes(
    city: City,
    clock: FixedClock,
    registry_database: Database,
    asked: dict[str, Any],
    field: str,
    message: str,
) -> None:
    await life(city, clock)
    before = await places_of(registry_database, MARKER)
    answer = await city.post(path(city), asked, "board_staff")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert message in answer.json()["errors"][0]["message"]
    assert await places_of(registry_database, MARKER) == before


async def test_whoever_is_still_here_stays(city: City) -> None:
    for who, word in (("pupil", "在籍"), ("homeroom", "職務"), ("mother", "職務")):
        answer = await city.post(path(city, who, preview=True), DECIDED, "board_staff")
        assert word in answer.json()["errors"][0]["message"], (who, answer.text)


async def test_a_guardian_goes_and_the_childs_family_is_told_whole(
    city: City, registry_database: Database
) -> None:
    pupil = f"/v1/people/{city.ids['pupil']}"
    rights = {"relation": "grandfather", "notify": True, "read": True, "contact": True}
    new = {"family": MARKER, "given": "太郎"}
    added = {"act": "add_guardian", "person": new, "since": str(TODAY - timedelta(days=9)), **rights}
    assert (await city.post(f"{pupil}/changes", added)).status_code == 200
    ties = (await city.get(pupil)).json()["guardians"]
    tie = next(each for each in ties if each["person"]["family"] == MARKER)
    guardian = tie["person"]["id"]
    erasure = f"/v1/people/{guardian}/erasure"
    body = {"ground": "retention_over", "name": f"{MARKER} 太郎"}
    still = await city.post(erasure, body, "board_staff")
    assert "いまも保護者です" in still.json()["errors"][0]["message"]
    end = {"act": "end_guardian", "period": tie["period"], "last": str(TODAY - timedelta(days=1))}
    assert (await city.post(f"{pupil}/changes", end)).status_code == 200
    done = await city.post(erasure, body, "board_staff")
    assert done.status_code == 200, done.text
    assert await places_of(registry_database, MARKER) == set()
    async with everything(registry_database) as connection:
        said = await connection.fetchval(
            "select payload from log.log_state where topic = 'registry.guardianship' and key = $1",
            str(city.ids["pupil"]),
        )
    assert guardian not in said
    assert str(city.ids["guardian"]) in said


async def test_the_same_command_twice_is_one_erasure(city: City, clock: FixedClock) -> None:
    await life(city, clock)
    key = uuid4()
    first = await city.client.post(path(city), city.ids["board_staff"], DECIDED, key=key)
    again = await city.client.post(path(city), city.ids["board_staff"], DECIDED, key=key)
    assert (first.status_code, again.status_code, again.json()["number"]) == (
        200,
        200,
        first.json()["number"],
    )
    anew = await city.client.post(path(city), city.ids["board_staff"], DECIDED)
    assert anew.status_code == 404


async def test_packages_that_wait_to_be_fetched_go_with_anybody(city: City, clock: FixedClock) -> None:
    """Nobody takes a package apart to see who is in it; that it was written, and what for, stays."""
    await life(city, clock)
    async with city.units.work(Scope(city.board), actor="test") as work:
        asked = packages.Asked(as_of=clock.today(), protected=True)
        for purpose in ("夏の控え", "点検"):
            export = uuid4()
            await packages.make(work, export, city.ids["board_staff"], "事務", purpose, asked)
            await packages.keep_block(work, export, 0, NAME.encode())
        await work.session.execute(
            text("update roster_export set state = 'ready' where purpose = '夏の控え'")
        )
    busy = await city.client.post(path(city), city.ids["board_staff"], DECIDED)
    assert busy.status_code == 422
    assert "書き出し" in busy.json()["errors"][0]["message"], (
        "one that is being written would still have them"
    )
    async with city.units.work(Scope(city.board), actor="test") as work:
        await packages.stop(work, export, "書けません")
    assert (await city.client.post(path(city), city.ids["board_staff"], DECIDED)).status_code == 200
    async with city.units.read(Scope(city.board)) as session:
        left = (await session.execute(text("select count(*) from roster_export_block"))).scalar_one()
        told = {each.purpose: each.state for each in await packages.packages(session, city.board, 9)}
    assert (left, told) == (0, {"夏の控え": "removed", "点検": "stopped"})


async def test_every_table_says_what_an_erasure_does_to_it(registry_database: Database) -> None:
    """A new table must decide: one that knows people is emptied by ``erase_people``."""
    async with everything(registry_database) as connection:
        rows = await connection.fetch(
            "select table_name as name from information_schema.tables"
            " where table_schema = 'public' and table_type = 'BASE TABLE'"
        )
        source = await connection.fetchval("select prosrc from pg_proc where proname = 'erase_people'")
    tables = {row["name"] for row in rows} - {"alembic_version"}
    assert tables == set(KNOWS_PEOPLE) | KNOWS_IDS
    emptied = {
        name for name, what in KNOWS_PEOPLE.items() if "go with" not in what and "goes with" not in what
    }
    for name in emptied - {"import_part"}:
        verb = "update" if KNOWS_PEOPLE[name].startswith("its line") else "delete from"
        assert f"{verb} {name}" in source, name


async def test_the_list_erases_again_what_is_there_again_and_names_nobody(
    city: City, clock: FixedClock, registry_database: Database, tmp_path: Path
) -> None:
    await life(city, clock)
    assert (await city.post(path(city), DECIDED, "board_staff")).status_code == 200
    wanted = await again.listed(city.units, None)
    (line,) = wanted.erasures
    assert (line.person, line.cards, line.document) == (
        city.ids["pupil"],
        [city.ids["pupil"]],
        "紬教学第12号",
    )
    assert MARKER not in wanted.model_dump_json()
    assert (await again.listed(city.units, clock.now())).erasures == []
    assert await again.erase_again(city.units, wanted) == again.Again(0, 1)

    # Somebody of the list who is here as if a backup had brought them back.
    other = line.model_copy(update={"person": city.ids["p2"], "cards": [city.ids["p2"]], "number": 2})
    both = again.List(erasures=[line, other])
    assert await again.erase_again(city.units, both, dry_run=True) == again.Again(1, 1)
    assert (await city.get(f"/v1/people/{city.ids['p2']}")).status_code == 200, "only looked"
    assert await again.erase_again(city.units, both) == again.Again(1, 1)
    assert (await city.get(f"/v1/people/{city.ids['p2']}")).status_code == 404
    assert [each.at for each in (await again.listed(city.units, None)).erasures] == [line.at, line.at]
    assert ("importer", "ErasePerson", "I") in await acts_of(registry_database)

    strange = line.model_copy(update={"board": uuid4()})
    with pytest.raises(again.NotErased, match="ほかの紬"):
        await again.erase_again(city.units, again.List(erasures=[strange]))
    for wrong in ("", "{}", '{"erasures": [{"person": "x"}]}'):
        (tmp_path / "list").write_text(wrong, encoding="utf-8")
        with pytest.raises(again.NotErased, match="一覧ではない"):
            again.read(tmp_path / "list")
