"""Two cards that nothing points at: somebody who keeps the roster asks about them, and nobody else does."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.registry.matching.tests.conftest import Asking
from services.registry.matching.tests.test_api import PATH, answered, asked, listed
from services.registry.people.office import say_office
from services.registry.people.tests.town import TODAY, Town
from services.registry.roster.tests.reading import offices_told
from shared.database import Scope, Units
from tests.support.databases import Database


async def ask(asking: Asking, one: str, other: str, who: str = "gakumu", **more: Any) -> httpx.Response:
    body = {"one": str(asking.town[one]), "other": str(asking.town[other]), **more}
    return await asking.post(who, PATH, body)


async def test_two_cards_of_different_names_are_asked_about_answered_and_merged(
    asking: Asking, town: Town, registry_database: Database
) -> None:
    _, read = await offices_told(registry_database)
    made = await ask(asking, "saki", "kamida", note="引っ越しの前の氏名で届いた")
    assert made.status_code == 200, made.text
    assert (await offices_told(registry_database, read))[0] == {town.board}
    pair = await asked(asking, "saki", "kamida")
    assert pair["id"] == made.json()["question"]
    assert pair["reasons"] == ["生年月日が同じ", "職員がたずねた"]
    assert pair["note"] == "引っ越しの前の氏名で届いた"
    assert {line["name"] for line in pair["lines"] if line["differs"]} >= {"氏名（本名）", "よみ"}
    assert (await asking.card("gakumu", "saki"))["person"]["id"] == str(town["saki"]), "asking merges nothing"
    done = await answered(asking, pair, "same")
    assert done.status_code == 200, done.text
    assert {(await asking.card("gakumu", word))["person"]["id"] for word in ("saki", "kamida")} == {
        pair["keeps"]
    }
    again = await ask(asking, "saki", "kamida")
    assert again.status_code == 422
    assert "もうまとめてあります" in again.json()["detail"]
    merging = done.json()["merging"]["id"]
    undone = await asking.post("gakumu", f"{PATH}/mergings/{merging}/undo", {"note": "別の子だった"})
    assert undone.status_code == 200, undone.text
    assert {(await asking.card("gakumu", word))["person"]["id"] for word in ("saki", "kamida")} == {
        str(town["saki"]),
        str(town["kamida"]),
    }


async def test_a_pair_with_two_birth_dates_is_asked_about_and_says_what_is_to_be_put_right(
    asking: Asking, units: Units, town: Town
) -> None:
    async with units.work(Scope(town.board), actor="test") as work:
        change = text("update person set birth_date = '2018-05-07' where id = :id")
        await work.session.execute(change, {"id": town["saki"]})
    assert (await ask(asking, "saki", "kamida")).status_code == 200
    pair = await asked(asking, "saki", "kamida")
    assert pair["reasons"] == ["職員がたずねた"]
    assert any("生年月日" in each for each in pair["wrong"])


@pytest.mark.parametrize(
    ("one", "other", "field", "words"),
    [
        ("saki", "saki", "other", "同じカード"),
        ("saki", "mother", "other", "髙橋 恵さんのカードは、保護者か職員"),
        ("homeroom", "saki", "one", "保護者か職員"),
    ],
)
async def test_what_is_no_pair_of_children_is_refused(
    asking: Asking, one: str, other: str, field: str, words: str
) -> None:
    before = len(await listed(asking))
    refused = await ask(asking, one, other)
    assert refused.status_code == 422, refused.text
    [error] = refused.json()["errors"]
    assert error["field"] == field
    assert words in error["message"]
    assert len(await listed(asking)) == before


@pytest.mark.parametrize(
    ("answer", "words"),
    [(None, "もう名寄せの一覧"), ("waiting", "まだ分かりません"), ("different", "べつの子です")],
)
async def test_a_pair_is_asked_about_once_and_the_way_to_its_question_is_told(
    asking: Asking, answer: str | None, words: str
) -> None:
    pair = await asked(asking, "hanako", "twice")
    if answer is not None:
        assert (await answered(asking, pair, answer)).status_code == 200
    for one, other in (("hanako", "twice"), ("twice", "hanako")):
        refused = await ask(asking, one, other)
        assert refused.status_code == 409, refused.text
        [error] = refused.json()["errors"]
        assert error["cell"] == pair["id"]
        assert words in error["message"]


async def test_cards_out_of_sight_are_not_there_and_others_are_told_that_they_may_not(
    asking: Asking, town: Town
) -> None:
    for who in ("office", "principal", "homeroom", "nurse"):
        assert (await ask(asking, "saki", "kamida", who)).status_code == 403, who
        assert not (await asking.card(who, "saki"))["may"]["same"], who
        assert (await ask(asking, "saki", "watanabe", who)).status_code == 404, who
    for who in ("elsewhere", "lunch", "operator"):
        assert (await ask(asking, "saki", "kamida", who)).status_code == 404, who
    nobody = await asking.post("gakumu", PATH, {"one": str(town["saki"]), "other": str(uuid4())})
    assert nobody.status_code == 404
    assert not (await listed(asking, "office"))
    assert (await asking.card("gakumu", "saki"))["may"]["same"]
    assert not (await asking.card("gakumu", "mother"))["may"]["same"]


@pytest.mark.parametrize("named", [False, True])
async def test_about_a_protected_child_ask_those_named_for_it_alone(
    asking: Asking, units: Units, town: Town, named: bool
) -> None:
    if named:
        await say_office(
            units, town.board, departments=None, protection=["職員 gakumu"], today=TODAY, actor="importer"
        )
    made = await ask(asking, "hidden", "saki")
    assert made.status_code == (200 if named else 404), made.text
    assert (await ask(asking, "saki", "hidden", "kept_from")).status_code == 404
    async with units.read(Scope(town.board)) as session:
        asked_about = text("select id from same_person where :id in (one_id, other_id)")
        found: UUID | None = await session.scalar(asked_about, {"id": town["hidden"]})
    assert (found is not None) is named
