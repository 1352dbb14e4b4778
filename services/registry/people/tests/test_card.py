"""A card over HTTP: each reader sees their part of it, and nobody is told of the rest."""

from __future__ import annotations

from uuid import uuid4

import pytest

from services.registry.people.tests.conftest import Asking
from services.registry.roster.tests.reading import acts_of
from tests.support.databases import Database


async def test_the_office_reads_the_whole_card(asking: Asking) -> None:
    card = await asking.card("office", "hanako")
    assert card["legal"] == {
        "family": "髙橋",
        "given": "花子",
        "family_kana": "タカハシ",
        "given_kana": "ハナコ",
    }
    assert (card["birth_date"], card["sex_word"], card["hats"]) == ("2018-05-06", "女", ["pupil"])
    assert card["pupil"]["enrolment"]["school"]["name"] == "第一小学校"
    assert card["pupil"]["enrolment"]["grade_word"] == "2年"
    home = card["pupil"]["home"]
    assert (home["school_class"]["name"], home["number"], home["last"]) == ("2年1組", 3, "2027-03-31")
    (mother,) = card["guardians"]
    assert (mother["relation_word"], mother["person"]["given"]) == ("母", "恵")
    assert (mother["notify"], mother["read"], mother["contact"]) == (True, True, True)
    assert [each["words"] for each in card["history"] if each["side"] != "name"] == [
        "4月1日から 第一小学校 2年",
        "4月1日から 2年1組3番",
        "4月1日から 母 髙橋 恵（連絡・閲覧・電話）",
    ]
    assert {each["by"] for each in card["history"]} == {"名簿の取り込み"}
    assert card["may"] == {
        "change": True,
        "family": True,
        "protection": True,
        "contact": True,
        "erase": False,
        "same": False,
    }


@pytest.mark.parametrize(
    ("who", "family", "history", "change"),
    [
        ("homeroom", True, False, False),
        ("subject", False, False, False),
        ("neighbour", False, False, False),
        ("nurse", True, False, False),
        ("principal", True, True, False),
        ("office", True, True, True),
        ("gakumu", True, True, True),
    ],
)
async def test_each_reader_sees_their_part(
    asking: Asking, who: str, family: bool, history: bool, change: bool
) -> None:
    card = await asking.card(who, "hanako")
    assert card["person"]["family"] == "髙橋"
    assert (card["guardians"] is not None, card["history"] is not None) == (family, history)
    assert card["may"]["change"] is change


@pytest.mark.parametrize(
    ("who", "person"),
    [
        ("elsewhere", "hanako"),
        ("lunch", "hanako"),
        ("operator", "hanako"),
        ("gakumu", "hidden"),
        ("kept_from", "hidden"),
        ("elsewhere", "hidden"),
        ("subject", "mother"),
        ("gakumu", "father"),
        ("kept_from", "hidden_mother"),
        ("homeroom", "elsewhere"),
    ],
)
async def test_what_is_not_ones_own_does_not_exist(asking: Asking, who: str, person: str) -> None:
    nobody = await asking.get(who, f"/v1/people/{uuid4()}")
    answer = await asking.get(who, f"/v1/people/{asking.town[person]}")
    assert (answer.status_code, answer.content) == (404, nobody.content)


async def test_the_school_of_a_protected_child_reads_the_mark(asking: Asking) -> None:
    card = await asking.card("homeroom", "hidden")
    assert card["protected"] is True
    assert {each["given"] for each in card["protection"]["confidential_from"]} == {"剛", "kept_from"}
    card = await asking.card("subject", "hidden")
    assert (card["protected"], card["protection"]) == (True, None), "that it is so, not from whom"


async def test_a_guardians_card_names_the_children_one_may_see(asking: Asking) -> None:
    card = await asking.card("homeroom", "mother")
    assert [tie["person"]["given"] for tie in card["children"]] == ["花子"]
    assert (card["hats"], card["birth_date"], card["sex"]) == (["guardian"], None, None)
    card = await asking.card("gakumu", "mother")
    assert sorted(tie["person"]["given"] for tie in card["children"]) == ["湊", "花子"]


async def test_staff_read_their_colleagues_duties_and_not_their_birthdays(asking: Asking) -> None:
    card = await asking.card("homeroom", "nurse")
    assert [each["words"] for each in card["duties"]] == ["第一小学校 養護教諭"]
    assert (card["birth_date"], card["history"]) == (None, None)
    assert (await asking.card("office", "nurse"))["birth_date"] == "1980-01-02"


async def test_another_day_and_another_instant(asking: Asking) -> None:
    before = await asking.card("office", "hanako", as_of="2026-03-31")
    assert (before["pupil"]["enrolment"], before["pupil"]["home"]) == (None, None)
    assert before["pupil"]["next"] == ["4月1日から 第一小学校 2年", "4月1日から 2年1組3番"]
    path = f"/v1/people/{asking.town['hanako']}"
    assert (await asking.get("office", path, known_at="2020-01-01T00:00:00Z")).status_code == 404
    wrong = await asking.get("office", path, as_of="11/20")
    assert wrong.status_code == 422
    assert wrong.json()["errors"] == [
        {"field": "as_of", "message": "日付は 2026-11-20 の形で入れてください。"}
    ]


async def test_reading_is_written_down(asking: Asking, registry_database: Database) -> None:
    await asking.card("homeroom", "hanako")
    await asking.names("subject", "たかはし")
    await asking.card("subject", "hanako")
    acts = await acts_of(registry_database)
    assert ("ReadCard", "I") in {(act, importance) for _, act, importance in acts}
