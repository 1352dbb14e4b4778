"""Who finds whom, however it is typed."""

from __future__ import annotations

import pytest

from services.registry.people.search import Wanted, wanted
from services.registry.people.tests.conftest import Asking
from services.registry.people.tests.town import PUPILS, Town


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ﾀｶﾊｼ", Wanted("たかはし", None, None)),
        ("髙橋　花", Wanted("高橋花", None, None)),
        ("２－１　１２", Wanted("", "2年1組", 12)),
        ("2年1組12番", Wanted("", "2年1組", 12)),
        ("2の1", Wanted("", "2年1組", None)),
        ("3番", Wanted("", None, 3)),
        ("  ", Wanted("", None, None)),
    ],
)
def test_what_was_typed_is_understood(typed: str, meant: Wanted) -> None:
    assert wanted(typed) == meant


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("たかはし", ["髙橋花子", "高橋太郎"]),
        ("ﾀｶﾊｼ", ["髙橋花子", "高橋太郎"]),
        ("タカハシ タ", ["高橋太郎"]),
        ("高橋", ["髙橋花子", "高橋太郎"]),
        ("髙", ["髙橋花子", "高橋太郎"]),
        ("宮崎", ["宮﨑咲"]),
        ("神田", ["\ufa19田蓮"]),
        ("花子", ["髙橋花子"]),
        ("み", ["宮﨑咲", "隠野見守", "\ufa19田蓮"]),
        ("2-1 3", ["髙橋花子"]),
        ("2年2組3番", ["高橋太郎"]),
        ("渡辺", []),
        ("%", []),
        ("_", []),
    ],
)
async def test_a_teacher_finds_the_own_class_first_and_the_school_after_it(
    asking: Asking, typed: str, found: list[str]
) -> None:
    assert await asking.names("homeroom", typed, hat="pupil") == found


async def test_the_own_class_comes_first_even_when_the_reading_says_otherwise(asking: Asking) -> None:
    assert await asking.names("neighbour", "たかはし", hat="pupil") == ["高橋太郎", "髙橋花子"]
    assert await asking.names("office", "た", hat="pupil") == ["高橋太郎", "髙橋花子"]


async def test_the_office_of_the_board_finds_in_every_school(asking: Asking) -> None:
    assert await asking.names("gakumu", "たか") == ["高木空", "高橋太郎", "髙橋花子"]
    assert await asking.names("gakumu", "渡辺") == ["渡邉湊"]
    assert await asking.names("gakumu", "斉藤") == ["齋藤葵"]
    assert await asking.names("gakumu", "斎藤") == ["齋藤葵"]
    assert await asking.names("gakumu", "1番", hat="pupil") == ["高木空", "渡邉湊"]


@pytest.mark.parametrize("who", ["lunch", "operator", "mother", "hanako"])
async def test_nobody_else_finds_anybody(asking: Asking, who: str) -> None:
    kind = {"mother": "guardian", "hanako": "pupil"}.get(who, "staff")
    headers = asking._headers(who, kind=kind)
    answer = await asking.http.get("/v1/people", params={"q": "たか"}, headers=headers)
    assert answer.json() == {"people": [], "more": False, "unknown_class": None, "live": []}
    answer = await asking.http.get("/v1/people/places", headers=headers)
    assert answer.json() == {"schools": [], "classes": []}
    answer = await asking.http.get(f"/v1/people/{asking.town['hanako']}", headers=headers)
    assert answer.status_code == 404


async def test_a_class_that_no_school_has_is_said_to_be_unknown(asking: Asking, town: Town) -> None:
    for who in ("homeroom", "gakumu"):
        found = (await asking.get(who, "/v1/people", q="９-９ 3")).json()
        assert (found["people"], found["unknown_class"]) == ([], "9年9組"), who
        found = (await asking.get(who, "/v1/people", q="2-1 98")).json()
        assert (found["people"], found["unknown_class"]) == ([], None), (
            "the class is known, the number is not"
        )
    there = {"school": str(town["second"])}
    found = (await asking.get("gakumu", "/v1/people", q="2-2", **there)).json()
    assert found["unknown_class"] == "2年2組", "another school's"
    # Whoever has a class is a pupil: no list of the school's staff or guardians comes instead.
    for hat in ("staff", "guardian", "all"):
        found = (await asking.get("office", "/v1/people", q="9-9", hat=hat, school=str(town["first"]))).json()
        assert found["people"] == [], hat


async def test_the_protected_child_is_found_at_its_school_and_nowhere_else(asking: Asking) -> None:
    for who in ("homeroom", "neighbour", "subject", "office", "principal", "nurse", "both"):
        assert await asking.names(who, "かくれの", hat="pupil") == ["隠野見守"], who
    for who in ("kept_from", "gakumu", "elsewhere"):
        assert await asking.names(who, "隠野") == [], who


async def test_guardians_are_found_through_children_whose_family_one_may_see(asking: Asking) -> None:
    assert await asking.names("homeroom", "髙橋", hat="guardian") == ["髙橋恵"]
    assert await asking.names("elsewhere", "髙橋", hat="guardian") == ["髙橋恵"]
    assert await asking.names("subject", "髙橋", hat="guardian") == []
    assert await asking.names("neighbour", "髙橋", hat="guardian") == []
    assert sorted(await asking.names("office", "隠野", hat="guardian")) == ["隠野剛", "隠野母"]
    assert await asking.names("gakumu", "隠野", hat="guardian") == []
    assert await asking.names("kept_from", "隠野", hat="guardian") == []


async def test_a_sibling_at_another_school_is_not_named_to_a_teacher(asking: Asking) -> None:
    answer = await asking.get("homeroom", "/v1/people", q="髙橋恵", hat="guardian")
    assert [row["of"] for row in answer.json()["people"]] == ["髙橋 花子"]
    answer = await asking.get("gakumu", "/v1/people", q="髙橋恵", hat="guardian")
    assert [row["of"] for row in answer.json()["people"]] == ["渡邉 湊・髙橋 花子"]


async def test_staff_are_found_at_ones_own_schools(asking: Asking) -> None:
    assert "職員elsewhere" not in await asking.names("homeroom", "職員", hat="staff")
    assert "職員nurse" in await asking.names("homeroom", "しょくいん", hat="staff")
    answer = await asking.get("gakumu", "/v1/people", q="職員elsewhere", hat="staff")
    assert [row["of"] for row in answer.json()["people"]] == ["第二小学校 担任・事務"]


async def test_a_list_is_in_the_order_of_seats_and_says_when_there_are_more(
    asking: Asking, town: Town
) -> None:
    seats = await asking.get("office", "/v1/people", class_id=str(town["first 2年1組"]), hat="pupil")
    assert [row["number"] for row in seats.json()["people"]] == [3, 5, 7, 9]
    assert seats.json()["more"] is False
    few = await asking.get("office", "/v1/people", school=str(town["first"]), hat="pupil", rows=2)
    assert ([row["number"] for row in few.json()["people"]], few.json()["more"]) == ([3, 5], True)
    assert await asking.names("elsewhere", class_id=str(town["first 2年1組"]), hat="pupil") == []
    assert await asking.names("elsewhere", school=str(town["first"]), hat="pupil") == []
    places = (await asking.get("gakumu", "/v1/people/places", school=str(town["second"]))).json()
    assert [each["name"] for each in places["schools"]] == ["第一小学校", "第三小学校", "第二小学校"]
    assert [each["name"] for each in places["classes"]] == ["2年1組"]
    places = (await asking.get("office", "/v1/people/places", school=str(town["second"]))).json()
    assert ([each["name"] for each in places["schools"]], places["classes"]) == (["第一小学校"], [])


async def test_names_leave_code_point_for_code_point(asking: Asking) -> None:
    assert await asking.names("office", "神田", hat="pupil") == ["".join(PUPILS["kamida"][0])]
