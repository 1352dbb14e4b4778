"""名寄せ as those who keep the roster meet it, and everybody else does not."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.imports.importing import import_snapshot
from services.registry.matching.tests.conftest import Asking, doubled
from services.registry.moves.tests.test_api import facts_of
from services.registry.people.office import say_office
from services.registry.people.tests.town import TODAY, Town
from services.registry.roster.tests.reading import offices_told
from shared.contracts.registry import PupilMerged
from shared.database import Scope, Units
from tests.support.databases import Database

PATH = "/v1/same-people"
_TABLES = ("enrolment_period", "membership_period", "guardianship_period", "protection_period")


async def listed(asking: Asking, who: str = "gakumu", **params: Any) -> list[dict[str, Any]]:
    answer = await asking.get(who, PATH, **params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["questions"]
    return found


async def asked(asking: Asking, *words: str, who: str = "gakumu") -> dict[str, Any]:
    """The question about these two."""
    ids = {str(asking.town[word]) for word in words}
    [line] = [
        each
        for each in await listed(asking, who)
        if {each["one"]["person"]["id"], each["other"]["person"]["id"]} == ids
    ]
    answer = await asking.get(who, f"{PATH}/{line['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def answered(asking: Asking, question: dict[str, Any], answer: str, who: str = "gakumu") -> Any:
    body = {"seen": question["revision"], "answer": answer, "note": "家庭に確かめた"}
    return await asking.post(who, f"{PATH}/{question['id']}/answer", body)


async def stands(units: Units, town: Town, *words: str) -> dict[str, list[Any]]:
    """What stands about these people, without the ids of the rows; and their cards."""
    found: dict[str, list[Any]] = {}
    async with units.read(Scope(town.board)) as session:
        for table in _TABLES:
            rows = await session.execute(
                text(
                    f"select to_jsonb(t) - array['id', 'recorded_at', 'recorded_by', 'replaces', 'run_id'] as row"
                    f" from {table} t where voided_at is null and subject_id = any(:people)"
                ),
                {"people": [town[word] for word in words]},
            )
            found[table] = sorted((row.row for row in rows), key=str)
        rows = await session.execute(
            text("select to_jsonb(p) as row from person p where id = any(:people) order by id"),
            {"people": [town[word] for word in words]},
        )
        found["person"] = [row.row for row in rows]
    return found


async def test_an_import_asks_those_who_keep_the_roster_and_nobody_else(asking: Asking) -> None:
    pair = await asked(asking, "hanako", "twice")
    assert pair["reasons"] == [
        "生年月日が同じ",
        "氏名が同じ（字の形のちがいを除く）",
        "よみが同じ（小さい字・にごりのちがいを除く）",
    ]
    lines = {line["name"]: line for line in pair["lines"]}
    assert lines["氏名（本名）"]["differs"]
    assert not lines["生年月日"]["differs"]
    kana = lines["よみ"]
    assert {*kana["one"], *kana["other"]} == {"タカハシ ハナコ", "たかはし はなこ"}
    assert not kana["differs"], "one reading in two kinds of kana"
    assert lines["保護者"]["one"] != lines["保護者"]["other"]
    assert pair["wrong"] == []
    for who in ("office", "principal", "homeroom", "lunch", "operator", "elsewhere"):
        assert await listed(asking, who) == [], who
        assert (await asking.get(who, f"{PATH}/{pair['id']}")).status_code == 404, who
        assert (await answered(asking, pair, "same", who)).status_code == 404, who


async def test_not_the_same_is_remembered_and_never_asked_again(
    asking: Asking, units: Units, town: Town, registry_database: Database
) -> None:
    pair = await asked(asking, "hanako", "twice")
    before = len(await listed(asking))
    told, read = await offices_told(registry_database)
    assert told == {town.board}, "the import has asked"
    assert pair["live"] == [f"office:{town.board}"]
    assert (await answered(asking, pair, "waiting")).status_code == 200
    last = (await listed(asking))[-1]
    assert (await offices_told(registry_database, read))[0] == {town.board}
    assert (last["id"], last["state"], last["note"]) == (pair["id"], "waiting", "家庭に確かめた")
    stale = await answered(asking, pair, "different")
    assert stale.status_code == 409, stale.text
    pair["revision"] = 2
    assert (await answered(asking, pair, "different")).status_code == 200
    assert len(await listed(asking)) == before - 1
    await import_snapshot(units, doubled(), source="test", actor="importer")
    assert pair["id"] not in {each["id"] for each in await listed(asking)}
    assert pair["id"] in {each["id"] for each in await listed(asking, state="different")}


async def test_two_schools_at_once_are_refused_with_what_to_do(asking: Asking) -> None:
    pair = await asked(asking, "taro", "taro_there")
    assert "第一小学校" in pair["wrong"][0]
    assert "第二小学校" in pair["wrong"][0]
    refused = await answered(asking, pair, "same")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["message"] == pair["wrong"][0]
    assert pair["moves"] == [], "no move has made the second card"


async def test_the_move_that_made_the_second_card_is_named(asking: Asking, units: Units, town: Town) -> None:
    card = {"legal_family": "高橋", "legal_given": "花子", "kana_family": "たかはし", "kana_given": "はなこ"}
    body = {
        "card": {**card, "birth_date": "2018-05-06", "sex": "female"},
        "nobody_else": True,
        "to_school": str(town["second"]),
        "grade": "P2",
        "accepted_on": "2026-11-24",
        "elsewhere": {"name": "隣市立西小学校"},
        "reason": "moved_house",
    }
    made = await asking.post("gakumu", "/v1/arrivals", body)
    assert made.status_code == 200, made.text
    [move] = made.json()["moves"]
    told = []
    for line in await listed(asking):
        if move["pupil"]["id"] in (line["one"]["person"]["id"], line["other"]["person"]["id"]):
            told.append((await asking.get("gakumu", f"{PATH}/{line['id']}")).json())
    named = [pair["moves"] for pair in told if pair["wrong"]]
    assert named
    assert {each["move"] for moves in named for each in moves} == {move["id"]}
    assert {each["words"] for moves in named for each in moves} == {
        "高橋 花子さん 11月24日（火） 第二小学校 転入"
    }


async def test_merged_cards_are_one_everywhere_and_two_again_as_they_were(
    asking: Asking, units: Units, town: Town, registry_database: Database
) -> None:
    pair = await asked(asking, "hanako", "twice")
    kept = pair["keeps"]
    gone = ({pair["one"]["person"]["id"], pair["other"]["person"]["id"]} - {kept}).pop()
    # Before it was known, the teacher has recorded the card that will go.
    roll = f"/v1/classes/{town['first 2年1組']}/days/{TODAY}/roll"
    mark = {"pupil": gone, "seen": 0, "code": "absent_sick"}
    saved = await asking.post("homeroom", roll, {"marks": [mark]})
    assert saved.status_code == 200, saved.text
    before = await stands(units, town, "hanako", "twice")
    cards = {id_: (await asking.get("gakumu", f"/v1/people/{id_}")).json() for id_ in (gone, kept)}

    pair = await asked(asking, "hanako", "twice")
    done = await answered(asking, pair, "same")
    assert done.status_code == 200, done.text
    merging = done.json()["merging"]
    assert (merging["gone"]["id"], merging["kept"]["id"]) == (gone, kept)

    found = (await asking.get("gakumu", "/v1/people", q="たかはし はなこ")).json()["people"]
    assert [each["person"]["id"] for each in found if each["hat"] == "pupil"] == [kept]
    card = (await asking.get("gakumu", f"/v1/people/{gone}")).json()
    assert card["person"]["id"] == kept
    assert {tie["relation"] for tie in card["guardians"]} == {"mother", "other"}
    assert any("まとめたカードの記録" in entry["notes"] for entry in card["history"])
    members = (await asking.get("homeroom", roll)).json()["members"]
    here = [each for each in members if each["pupil"] in (gone, kept)]
    assert [(each["pupil"], each["status"], each["revision"]) for each in here] == [(kept, "absent", 1)]
    corrected = await asking.post("homeroom", roll, {"marks": [{"pupil": kept, "seen": 1, "code": "late"}]})
    assert corrected.json()["saved"][0]["revision"] == 2, corrected.text
    days = await facts_of_days(registry_database)
    assert {day["pupil"] for day in days} == {gone}  # facts keep the id they were written to

    told = await facts_of(registry_database, "registry.pupil")
    assert told[-1]["type"] == PupilMerged.TYPE
    assert told[-1]["into"] == kept
    people = {each["key"]: each for each in await facts_of(registry_database, "registry.person")}
    assert people[gone]["merged_into"] == kept
    whole = {each["key"]: each for each in await facts_of(registry_database, "registry.enrolment")}
    assert [each for each in whole[gone]["enrolments"] if each["until"] > str(TODAY)] == []

    again = await import_snapshot(units, doubled(), source="test", actor="importer")
    assert again.nothing

    assert [each["question"] for each in card["merged"]] == [pair["id"]]
    assert (await asking.get("office", f"/v1/people/{kept}")).json()["merged"] == []
    assert (await asking.get("gakumu", f"{PATH}/{pair['id']}")).json()["merging"]["id"] == merging["id"]
    undone = await asking.post("gakumu", f"{PATH}/mergings/{merging['id']}/undo", {"note": "別の子だった"})
    assert undone.status_code == 200, undone.text
    assert await stands(units, town, "hanako", "twice") == before
    for id_, was in cards.items():
        now = (await asking.get("gakumu", f"/v1/people/{id_}")).json()
        for part in ("person", "legal", "pupil", "guardians", "protected"):
            assert _without_periods(now[part]) == _without_periods(was[part]), part
    people = {each["key"]: each for each in await facts_of(registry_database, "registry.person")}
    assert people[gone]["merged_into"] is None
    pair = await asked(asking, "hanako", "twice")
    assert pair["state"] == "open"
    twice_undone = await asking.post("gakumu", f"{PATH}/mergings/{merging['id']}/undo", {"note": "もう一度"})
    assert (twice_undone.status_code, twice_undone.json()["words"]) == (200, [])


def _without_periods(part: Any) -> Any:
    if isinstance(part, list):
        return sorted((_without_periods(each) for each in part), key=str)
    if isinstance(part, dict):
        return {name: _without_periods(value) for name, value in part.items() if name != "period"}
    return part


async def facts_of_days(database: Database) -> list[Any]:
    connection = await database.server.connect(database.name)
    try:
        rows = await connection.fetch(
            "select payload::jsonb->>'pupil' as pupil from log.log_fact where topic = 'registry.attendance'"
        )
        return [dict(row) for row in rows]
    finally:
        await connection.close()


@pytest.mark.parametrize("named", [False, True])
async def test_a_protected_child_is_asked_about_to_those_named_for_it_alone(
    asking: Asking, units: Units, town: Town, named: bool
) -> None:
    """The arrival says nothing of it to the school; the question waits for whoever may know."""
    if named:
        async with units.read(Scope(town.board)) as session:
            given = await session.scalar(
                text("select legal_family || ' ' || legal_given from person where id = :id"),
                {"id": town["gakumu"]},
            )
        await say_office(
            units, town.board, departments=None, protection=[given], today=TODAY, actor="importer"
        )
    arrival = {
        "to_school": str(town["second"]),
        "grade": "P2",
        "accepted_on": str(date(2026, 11, 24)),
        "elsewhere": {"name": "隣市立小学校"},
        "reason": "moved_house",
        "card": {
            "legal_family": "隠野",
            "legal_given": "見守",
            "kana_family": "カクレノ",
            "kana_given": "ミマモリ",
            "birth_date": "2018-05-06",
            "sex": "female",
        },
    }
    answer = await asking.post("elsewhere", "/v1/arrivals", arrival)
    assert answer.status_code == 200, answer.text
    async with units.read(Scope(town.board)) as session:
        hidden = await session.scalar(
            text("select id from same_person where :pupil in (one_id, other_id)"), {"pupil": town["hidden"]}
        )
    assert hidden is not None
    seen = {each["id"] for each in await listed(asking)}
    assert (str(hidden) in seen) is named
    one = await asking.get("gakumu", f"{PATH}/{hidden}")
    assert one.status_code == (200 if named else 404)
    for who in ("elsewhere", "office", "kept_from"):
        assert (await asking.get(who, f"{PATH}/{hidden}")).status_code == 404


async def test_nobody_is_asked_who_is_only_a_namesake(asking: Asking, town: Town) -> None:
    pairs = {
        frozenset(UUID(each[side]["person"]["id"]) for side in ("one", "other"))
        for each in await listed(asking)
    }
    assert pairs == {
        frozenset((town["hanako"], town["twice"])),
        frozenset((town["taro"], town["taro_there"])),
    }
