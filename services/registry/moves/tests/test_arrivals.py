"""One who comes from elsewhere, with or without papers, known here or not."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.registry.moves.tests.conftest import City
from services.registry.moves.tests.test_api import (
    NEXT_APRIL,
    TUESDAY,
    arrival,
    facts_of,
    transfer,
)
from services.registry.roster.tests.reading import acts_of
from tests.support.databases import Database
from tests.support.waiting import eventually


async def test_one_who_arrives_is_here_from_the_day_and_provisional_until_the_papers_come(
    city: City, registry_database: Database
) -> None:
    answer = await city.post("/v1/arrivals", arrival(city))
    assert answer.status_code == 200, answer.text
    [move] = answer.json()["moves"]
    assert (move["pupil"]["family"], move["transferred_on"], move["provisional"]) == (
        "\ufa19田",
        "2026-11-23",
        True,
    )
    city.ids["new"] = UUID(move["pupil"]["id"])
    assert await city.held("enrolment_period", "new") == [(TUESDAY, NEXT_APRIL, "first", "P2")]
    assert await city.held("membership_period", "new") == [(TUESDAY, NEXT_APRIL, "first", "2-1")]
    cards = {each["key"]: each for each in await facts_of(registry_database, "registry.person")}
    assert cards[move["pupil"]["id"]]["legal"] == {"family": "\ufa19田", "given": "光"}
    for step in ("enrolment_certificate_received", "textbook_certificate_received"):
        ticked = await city.post(f"/v1/moves/{move['id']}/steps", {"step": step, "on": "2026-11-25"})
    assert ticked.json()["moves"][0]["provisional"] is False
    assert ticked.json()["moves"][0]["turn"] == "acceptance_told"
    for who, status in (("board_staff", 409), ("principal", 404), ("elsewhere", 404)):
        assert (await city.post("/v1/arrivals", arrival(city), who)).status_code == status, who


async def test_a_reading_is_taken_in_any_kana_and_nothing_else_is_a_reading(city: City) -> None:
    body = arrival(city)
    kanji = {**body["card"], "kana_family": "神田", "kana_given": "あ1"}
    refused = await city.post("/v1/arrivals", arrival(city, card=kanji))
    assert [(each["field"], each["message"]) for each in refused.json()["errors"]] == [
        (field, f"{word}: よみは、ひらがなかカタカナで書きます。かな以外の文字を取り除いてください。")
        for field, word in (("card.kana_family", "姓のよみ「神田」"), ("card.kana_given", "名のよみ「あ1」"))
    ]
    typed = {**body["card"], "kana_family": "かんだ ", "kana_given": "ﾋｶﾘ"}
    [move] = (await city.post("/v1/arrivals", arrival(city, card=typed))).json()["moves"]
    assert (move["pupil"]["family_kana"], move["pupil"]["given_kana"]) == ("カンダ", "ヒカリ")


async def test_one_who_was_here_before_is_asked_about_and_keeps_the_card(
    city: City, registry_database: Database
) -> None:
    away = transfer(city, "pupil", kind="leaving", accepted_on=None, elsewhere={"name": "隣市立西小学校"})
    away["movers"] = [{"pupil": str(city.ids["pupil"])}]
    away["left_on"] = "2026-11-18"
    assert (await city.post("/v1/moves", away)).status_code == 200
    card = {
        "legal_family": "紬",
        "legal_given": "この設置者のpupil",
        "kana_family": "ダレカ",
        "kana_given": "ダレカ",
    }
    card |= {"birth_date": "2018-05-05", "sex": "female"}
    asked = await city.post("/v1/arrivals", arrival(city, card=card))
    assert asked.json()["type"].endswith("/same-person")
    cells = {each["cell"] for each in asked.json()["errors"]}
    assert str(city.ids["pupil"]) in cells
    assert "（2018年5月5日生まれ）" in asked.text, "of which year decides who it is"
    said = {each["cell"]: (each["field"], each["message"]) for each in asked.json()["errors"]}
    field, message = said.pop(str(city.ids["pupil"]))
    assert (field, message.split(" ", 2)[-1]) == (
        "pupil",
        "第一小学校に2026年11月18日（水）まで在籍していました。",
    )
    assert said, "there are others of that birthday"
    for field, message in said.values():
        assert field == "enrolled"
        assert "2年" in message
        assert "に在籍しています。この子なら、" in message
    assert said[str(city.ids["p3"])][1].endswith("もうこの学校の子なので、転入の届けは要りません。")
    there = arrival(city, card=card, to_school=str(city.ids["second"]), place=None)
    for who, what, wanted in (
        ("elsewhere", "enrolled", "市内の転学です。第一小学校の事務か学務課が届けます。"),
        ("board_staff", "movable", "第一小学校から市内の転学として届けます。"),
    ):
        others = (await city.post("/v1/arrivals", there, who)).json()["errors"]
        (one,) = [each for each in others if each["cell"] == str(city.ids["p3"])]
        told = f"に在籍しています。この子なら、転入ではなく、{wanted}"
        assert (one["field"], one["message"].endswith(told)) == (what, True), one
        moves = await city.get(f"/v1/pupils/{one['cell']}/move-options", who)
        assert (moves.status_code == 200) is (what == "movable"), "the way there is open, or is not shown"
    assert str(city.ids["hidden"]) not in cells, "a protected child is nobody's guess"
    seen = (f"account-{city.ids['office']}", "FindPupils", "II")

    async def written_down() -> bool:
        return seen in await acts_of(registry_database)

    await eventually(written_down)
    back = await city.post("/v1/arrivals", arrival(city, card=None, pupil=str(city.ids["pupil"])))
    assert back.status_code == 200, back.text
    assert [row[2] for row in await city.held("enrolment_period", "pupil")] == ["first", "first"]
    other = await city.post("/v1/arrivals", arrival(city, card=card, nobody_else=True, place=None))
    assert other.status_code == 200
    assert other.json()["moves"][0]["pupil"]["id"] != str(city.ids["pupil"])
    neither = await city.post("/v1/arrivals", arrival(city, card=None))
    assert neither.json()["errors"][0]["field"] == "card"
    for who in ("subject", "guardian"):
        nobody = await city.post("/v1/arrivals", arrival(city, card=None, pupil=str(city.ids[who])))
        assert nobody.status_code == 404, "staff and guardians were never pupils here"


async def test_arrivals_are_announced_at_the_own_school_or_by_the_board_at_any(city: City) -> None:
    mine = (await city.get("/v1/moves")).json()["accepting"]
    assert [(each["name"], each["grades"][:2]) for each in mine] == [
        ("第一小学校", [["P1", "小1"], ["P2", "小2"]])
    ]
    every = (await city.get("/v1/moves", "board_staff")).json()["accepting"]
    assert {str(city.ids["first"]), str(city.ids["second"])} <= {each["id"] for each in every}
    assert (await city.get("/v1/moves", "principal")).json()["accepting"] == []


async def test_a_card_of_blanks_or_of_another_century_is_asked_about(city: City) -> None:
    card = {
        "legal_family": "隣",
        "legal_given": "子",
        "kana_family": "トナリ",
        "kana_given": "コ",
        "sex": "male",
    }
    for changed, field in (
        ({"legal_given": "\u3000", "birth_date": "2018-05-05"}, "card.legal_given"),
        ({"birth_date": "1918-05-05"}, "birth_date"),
    ):
        answer = await city.post("/v1/arrivals", arrival(city, card=card | changed))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    # Neither of them is anything to a search: 「%」 and 「_」 are characters like others.
    odd = card | {"legal_family": "%", "legal_given": "_", "birth_date": "2018-05-05"}
    assert (await city.post("/v1/arrivals", arrival(city, card=odd))).status_code == 200


@pytest.mark.parametrize("field", ["left_on", "accepted_on"])
async def test_a_year_that_slipped_is_asked_about(city: City, field: str) -> None:
    body = {**transfer(city, "pupil"), field: "2062-11-20"}
    answer = await city.post("/v1/moves", body)
    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.json()["errors"]]
