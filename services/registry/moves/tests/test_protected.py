"""A protected child who left and comes back, and what a question about an arrival tells."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.moves.tests.conftest import City
from services.registry.moves.tests.test_api import arrival, facts_of, transfer
from services.registry.roster.store import put_setting
from services.registry.roster.tests.reading import rows
from shared.database import Scope
from tests.support.boards import HIDDEN, HIDDEN_KANA, HIDDEN_NAME
from tests.support.databases import Database
from tests.support.waiting import eventually

CARD = {
    "legal_family": HIDDEN_NAME[0],
    "legal_given": HIDDEN_NAME[1],
    "kana_family": HIDDEN_KANA[0],
    "kana_given": HIDDEN_KANA[1],
    "birth_date": "2018-05-05",
    "sex": "female",
}


def back(city: City, at: str, **changes: Any) -> dict[str, Any]:
    return arrival(city, card=CARD, to_school=str(city.ids[at]), place=None, **changes)


@pytest.fixture
async def gone(city: City) -> City:
    """The protected child has left the city, and 学務課's only member is the named officer or not, as a test says."""
    away = transfer(city, HIDDEN, kind="leaving", accepted_on=None, elsewhere={"name": "隣市立西小学校"})
    away["movers"], away["left_on"] = [{"pupil": str(city.ids[HIDDEN])}], "2026-11-18"
    answer = await city.post("/v1/moves", away)
    assert answer.status_code == 200, answer.text
    return city


async def named(city: City, *who: str) -> None:
    said = {"departments": ["gakumu"], "protection": [str(city.ids[each]) for each in who]}
    async with city.units.work(Scope(city.board), actor="test") as work:
        await put_setting(work, "roster_office", date(2026, 4, 1), said)


async def logged(database: Database, action: str) -> list[tuple[UUID, str, list[UUID]]]:
    """Rows of the access log for an action: who, importance, whom it was about. Waits for the batch of reads."""
    statement = "select person, importance, subjects from access.entry where action = $1 order by at"
    found: list[tuple[UUID, str, list[UUID]]] = []
    connection = await database.server.connect(database.name)

    async def written_down() -> bool:
        rows = await connection.fetch(statement, action)
        found[:] = [(row["person"], row["importance"], list(row["subjects"])) for row in rows]
        return bool(found)

    try:
        await eventually(written_down)
    finally:
        await connection.close()
    return found


async def marks(city: City) -> list[tuple[bool, list[str]]]:
    """Of each card with the child's name: whether it is the first one, and whom it is kept from."""
    async with city.units.read(Scope(city.board)) as session:
        rows = await session.execute(
            text(
                "select p.id, k.confidential_from from person p left join protection_period k on k.subject_id = p.id"
                " and k.voided_at is null and k.valid @> cast('2026-11-20' as date) where p.legal_family = :family"
            ),
            {"family": HIDDEN_NAME[0]},
        )
        words = {id_: word for word, id_ in city.ids.items()}
        return sorted(
            (row.id == city.ids[HIDDEN], sorted(words[each] for each in row.confidential_from or ()))
            for row in rows
        )


@pytest.mark.parametrize("who", ["elsewhere", "board_staff"])
async def test_whoever_is_not_told_of_the_child_makes_no_unprotected_card(
    gone: City, who: str, registry_database: Database
) -> None:
    """Not told even that there is a question; the new card is kept from the same people from its first moment."""
    answer = await gone.post("/v1/arrivals", back(gone, "second"), who)
    assert answer.status_code == 200, answer.text
    assert str(gone.ids[HIDDEN]) not in answer.text
    assert await marks(gone) == [(False, ["father", "kept_from"]), (True, ["father", "kept_from"])]
    arrived = (await gone.get("/v1/moves", "elsewhere")).json()["moves"]
    assert [each["pupil"]["family"] for each in arrived] == [HIDDEN_NAME[0]], "the school that teaches it"
    told = [
        each
        for each in await facts_of(registry_database, "registry.guardianship")
        if each["key"] == arrived[0]["pupil"]["id"]
    ]
    assert [len(each["confidential_from"]) for each in told[-1]["protections"]] == [2]
    for other in ("board_staff", "office", "kept_from"):
        seen = (await gone.get("/v1/moves", other)).json()["moves"]
        assert arrived[0]["id"] not in [each["id"] for each in seen], other
        assert (await gone.get(f"/v1/people/{arrived[0]['pupil']['id']}", other)).status_code == 404, other
    assert [row[1] for row in await logged(registry_database, "ChangeProtection")] == ["I"]


async def test_a_reading_as_it_was_heard_makes_no_unprotected_card_either(gone: City) -> None:
    """The rule is that of the questions: whom nobody is asked about at the window, 学務課 is asked about later."""
    heard = {**CARD, "legal_given": "三守", "kana_family": "ガクレノ"}
    answer = await gone.post("/v1/arrivals", {**back(gone, "second"), "card": heard}, "elsewhere")
    assert answer.status_code == 200, answer.text
    assert await marks(gone) == [(False, ["father", "kept_from"]), (True, ["father", "kept_from"])]


async def test_a_child_whose_arrival_was_taken_back_protects_whom_it_may_be(gone: City) -> None:
    """No 在籍 of theirs stands; the mark does. Nobody is asked about a card that is nobody's place."""
    async with gone.units.work(Scope(gone.board), actor="test") as work:
        await work.session.execute(
            text(
                "update enrolment_period set voided_at = :at where subject_id = :pupil and voided_at is null"
            ),
            {"at": work.at, "pupil": gone.ids[HIDDEN]},
        )
    answer = await gone.post("/v1/arrivals", back(gone, "second"), "elsewhere")
    assert answer.status_code == 200, answer.text
    assert str(gone.ids[HIDDEN]) not in answer.text
    assert await marks(gone) == [(False, ["father", "kept_from"]), (True, ["father", "kept_from"])]
    about = "select id from same_person where :pupil in (one_id, other_id)"
    assert await rows(gone.units, gone.board, about, pupil=gone.ids[HIDDEN]) == []


async def test_the_named_officer_is_asked_and_the_child_keeps_its_card(gone: City) -> None:
    await named(gone, "board_staff")
    asked = await gone.post("/v1/arrivals", back(gone, "second"), "board_staff")
    assert (asked.status_code, [each["cell"] for each in asked.json()["errors"]]) == (
        409,
        [str(gone.ids[HIDDEN])],
    )
    same = {**back(gone, "second"), "card": None, "pupil": str(gone.ids[HIDDEN])}
    for other in ("elsewhere", "office"):
        body = {**same, "to_school": str(gone.ids["first" if other == "office" else "second"])}
        assert (await gone.post("/v1/arrivals", body, other)).status_code == 404, other
    answer = await gone.post("/v1/arrivals", same, "board_staff")
    assert answer.status_code == 200, answer.text
    [move] = answer.json()["moves"]
    assert move["pupil"]["id"] == str(gone.ids[HIDDEN])
    assert await marks(gone) == [(True, ["father", "kept_from"])]
    seen = (await gone.get("/v1/moves", "board_staff")).json()["moves"]
    assert move["id"] in [each["id"] for each in seen]


async def test_whom_the_child_is_kept_from_meets_what_nobody_known_would_meet(gone: City) -> None:
    """Named or not: any other answer would say that the child is known here."""
    await named(gone, "kept_from")
    unknown = back(gone, "first")
    unknown["card"] = {**CARD, "legal_given": "未知", "kana_given": "ミチ"}
    answers = [await gone.post("/v1/arrivals", body, "kept_from") for body in (unknown, back(gone, "first"))]
    assert [each.status_code for each in answers] == [200, 200]
    assert [len(each.json()["moves"]) for each in answers] == [1, 1]
    cards = [
        (await gone.get(f"/v1/people/{each.json()['moves'][0]['pupil']['id']}", "kept_from")).json()
        for each in answers
    ]
    assert [(each["protected"], each["protection"]) for each in cards] == [(False, None), (False, None)]


@pytest.mark.parametrize("part", ["・", "\u200b", "ー・"])
async def test_a_name_of_signs_or_a_part_of_a_name_finds_nobody(city: City, part: str) -> None:
    """The question is no directory of all children born on a day."""
    signs = {"legal_family": "紬", "legal_given": "子", "kana_family": part, "kana_given": part}
    card = {**CARD, **signs}
    answer = await city.post("/v1/arrivals", arrival(city, card=card, place=None))
    if part == "ー・":
        assert answer.status_code == 200, answer.text
        return
    assert answer.status_code == 422, answer.text
    assert {each["field"] for each in answer.json()["errors"]} == {"card.kana_family", "card.kana_given"}
    some = {"legal_family": "この", "legal_given": "設", "kana_family": "ダ", "kana_given": "レ"}
    answer = await city.post("/v1/arrivals", arrival(city, card=CARD | some, place=None))
    assert answer.status_code == 200, "and a part of a name or reading is nobody's name"


async def test_whom_the_question_shows_stands_in_the_access_log(
    city: City, registry_database: Database
) -> None:
    card = {**CARD, "legal_family": "紬", "legal_given": "この設置者のp2"}
    asked = await city.post("/v1/arrivals", arrival(city, card=card))
    assert asked.status_code == 409
    shown = sorted(each["cell"] for each in asked.json()["errors"])
    assert str(city.ids["p2"]) in shown
    [(who, importance, subjects)] = await logged(registry_database, "FindPupils")
    assert (who, importance, sorted(map(str, subjects))) == (city.ids["office"], "II", shown)
