"""Changing cards by hand, as the office meets it: what is written, told, refused, and what stays known."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.registry.people.tests.conftest import Asking
from services.registry.people.tests.town import Town
from services.registry.roster import store
from services.registry.roster.rows import Added, Held, MembershipIs
from services.registry.roster.snapshot import Period
from services.registry.roster.tests.reading import acts_of, log_of
from shared.database import Scope, Units
from shared.dates import FixedClock
from tests.support.databases import Database
from tests.support.rosters import YEAR

HANAKO = {"family": "髙橋", "given": "花子", "family_kana": "タカハシ", "given_kana": "ハナコ"}


def path(town: Town, person: str, *, preview: bool = False) -> str:
    return f"/v1/people/{town[person]}/changes" + ("/preview" if preview else "")


def name(act: str = "correct_name", seen: int = 1, **more: Any) -> dict[str, Any]:
    said = {"reason": "戸籍の字"} if act == "correct_name" else {"since": "2026-11-01"}
    return {"act": act, "seen": seen, "legal": {**HANAKO, "family": "高橋"}, **said, **more}


async def seat_of(asking: Asking, person: str) -> dict[str, Any]:
    found: dict[str, Any] = (await asking.card("office", person))["pupil"]["home"]
    return found


def told(body: dict[str, Any]) -> list[str]:
    return [each["message"] for each in body["errors"]]


# ---- names ----


async def test_a_corrected_name_is_everywhere_at_once_and_the_old_one_is_kept(
    asking: Asking, town: Town, registry_database: Database
) -> None:
    before = (await log_of(registry_database))[-1].position
    preview = await asking.post("office", path(town, "hanako", preview=True), name())
    assert preview.json()["words"][0] == "氏 髙橋 → 高橋"
    assert len(await log_of(registry_database, after=before)) == 0, "a preview writes nothing"
    answer = await asking.post("office", path(town, "hanako"), name())
    assert answer.status_code == 200, answer.text
    (event,) = await log_of(registry_database, after=before)
    assert (event.topic, event.payload["legal"]["family"]) == ("registry.person", "高橋")
    assert answer.json()["after"] == f"registry:{event.position}"
    assert await asking.names("office", "高橋花子", hat="pupil") == ["高橋花子"]
    card = await asking.card("office", "hanako")
    (line,) = [e for e in card["history"] if e["words"].startswith("氏 髙橋")]
    assert (line["words"], line["by"], line["reason"]) == ("氏 髙橋 → 高橋", "職員 office", "戸籍の字")
    assert (card["revision"], card["legal"]["family"]) == (2, "高橋")
    assert ("account-" + str(town["office"]), "ChangeCard", "II") in await acts_of(registry_database)


async def test_a_change_of_name_says_from_when(asking: Asking, town: Town) -> None:
    changed = name("change_name", legal={**HANAKO, "family": "山本", "family_kana": "ﾔﾏﾓﾄ"})
    assert (await asking.post("gakumu", path(town, "hanako"), changed)).status_code == 200
    card = await asking.card("office", "hanako")
    assert card["legal"]["family_kana"] == "ヤマモト", "readings become full-width"
    words = [e["words"] for e in card["history"] if e["side"] == "name"]
    assert words[0] == "11月1日から 氏 髙橋 → 山本、氏のよみ タカハシ → ヤマモト"


async def test_a_reading_is_kept_in_katakana_however_it_was_typed(asking: Asking, town: Town) -> None:
    typed = {**HANAKO, "family_kana": " たかはし\u3000", "given_kana": "ﾊﾅﾖ"}
    answer = await asking.post("office", path(town, "hanako"), name(legal=typed))
    assert answer.status_code == 200, answer.text
    legal = (await asking.card("office", "hanako"))["legal"]
    assert (legal["family_kana"], legal["given_kana"]) == ("タカハシ", "ハナヨ")


async def test_a_reading_that_nobody_has_touched_stays_as_its_source_wrote_it(
    asking: Asking, town: Town
) -> None:
    before = (await asking.card("office", "taro"))["legal"]
    assert before["family_kana"] == "たかはし"
    fixed = name(legal={**before, "given": "太朗"})
    assert (await asking.post("office", path(town, "taro"), fixed)).status_code == 200
    assert (await asking.card("office", "taro"))["legal"]["family_kana"] == before["family_kana"]


async def test_a_common_name_keeps_the_legal_one_and_its_reading(asking: Asking, town: Town) -> None:
    common = {"family": "山本", "given": "花", "family_kana": "やまもと", "given_kana": "はな"}
    changed = name("change_name", legal=HANAKO, common=common)
    assert (await asking.post("office", path(town, "hanako"), changed)).status_code == 200
    card = await asking.card("subject", "hanako")
    assert (card["person"]["family"], card["legal"]["family"], card["legal"]["family_kana"]) == (
        "山本",
        "髙橋",
        "タカハシ",
    )
    for typed in ("山本花", "やまもと", "髙橋", "たかはし"):
        assert "山本花" in await asking.names("office", typed, hat="pupil"), typed


@pytest.mark.parametrize(
    ("part", "value", "field", "message"),
    [
        ("family", "", "legal.family", "氏名の氏を入れてください。"),
        (
            "family",
            "ﾀｶﾊｼ",
            "legal.family",
            "氏名の氏「ﾀｶﾊｼ」: 氏名に半角カナは使えません。全角で書いてください。",
        ),
        (
            "given",
            "花子 ",
            "legal.given",
            "氏名の名「花子 」: 氏名の前後に空白があります。前後の空白を取り除いてください。",
        ),
        ("family", "\ue000", "legal.family", "外字"),
        ("given_kana", "花子", "legal.given_kana", "よみは、ひらがなかカタカナで書きます"),
        ("given_kana", "", "legal.given_kana", "氏名のよみは、氏と名の両方を入れてください。"),
    ],
)
async def test_a_wrong_part_is_named(
    asking: Asking, town: Town, part: str, value: str, field: str, message: str
) -> None:
    answer = await asking.post("office", path(town, "hanako"), name(legal={**HANAKO, part: value}))
    assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field])
    assert message in told(answer.json())[0]
    assert (await asking.card("office", "hanako"))["revision"] == 1


async def test_a_correction_without_its_reason_and_a_day_to_come_are_refused(
    asking: Asking, town: Town
) -> None:
    answer = await asking.post("office", path(town, "hanako"), name(reason=" "))
    assert answer.status_code == 422
    answer = await asking.post("office", path(town, "hanako"), name("change_name", since="2026-12-01"))
    assert told(answer.json()) == ["変わった日は、今日までの日を入れてください。入力: 2026-12-01"]
    answer = await asking.post("office", path(town, "hanako"), name(legal=HANAKO))
    assert (answer.json()["words"], answer.json()["after"]) == ([], None), "all is so already"


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"reason": ""}, "reason", "空のままです。書いてください。"),
        ({"reason": " \u3000"}, "reason", "空のままです。書いてください。"),
        ({"number": 0}, "number", "「0」は小さすぎます。1以上にしてください。"),
        ({"number": 1000}, "number", "「1000」は大きすぎます。999以下にしてください。"),
        ({"class_id": ""}, "class_id", "選んでください。"),
    ],
)
async def test_what_is_wrong_with_a_field_of_the_form_is_said_with_what_to_do(
    asking: Asking, town: Town, changed: dict[str, Any], field: str, message: str
) -> None:
    ask = {"act": "correct_seat", "seen": str(uuid4()), "number": 3, "reason": "写しまちがい"}
    body = {**ask, "class_id": str(town["first 2年1組"]), **changed}
    answer = await asking.post("office", path(town, "hanako"), body)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"].split(".")[-1], error["message"]) == (422, field, message)


async def test_two_people_at_once_both_values_are_told(asking: Asking, town: Town) -> None:
    assert (await asking.post("gakumu", path(town, "hanako"), name())).status_code == 200
    late = name(legal={**HANAKO, "family": "高𣘺"})
    answer = await asking.post("office", path(town, "hanako"), late)
    assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (409, "changed-meanwhile")
    assert "職員 gakumuさんが" in answer.json()["detail"]
    assert "いまの内容: 氏名 高橋 花子" in answer.json()["detail"]
    assert (await asking.post("office", path(town, "hanako"), {**late, "seen": 2})).status_code == 200


async def test_the_same_command_twice_is_once(asking: Asking, town: Town) -> None:
    key = uuid4()
    first = await asking.post("office", path(town, "hanako"), name(), key=key)
    again = await asking.post("office", path(town, "hanako"), name(), key=key)
    assert first.json() == again.json()
    assert (await asking.card("office", "hanako"))["revision"] == 2


async def test_birth_date_and_sex_are_corrected(asking: Asking, town: Town) -> None:
    said = {
        "act": "correct_basics",
        "seen": 1,
        "birth_date": "2018-06-05",
        "sex": "male",
        "reason": "聞きまちがい",
    }
    assert (await asking.post("office", path(town, "hanako"), said)).status_code == 200
    card = await asking.card("office", "hanako")
    assert (card["birth_date"], card["sex_word"]) == ("2018-06-05", "男")
    wrong = {**said, "seen": 2, "birth_date": "2030-01-01"}
    answer = await asking.post("office", path(town, "hanako"), wrong)
    assert told(answer.json()) == ["生年月日は、今日までの日を入れてください。入力: 2030-01-01"]


# ---- class and number ----


async def test_a_corrected_number_holds_from_the_first_day_and_what_was_known_stays_known(
    asking: Asking, town: Town, registry_database: Database, clock: FixedClock
) -> None:
    known_at = (clock.now() + timedelta(minutes=30)).isoformat()
    clock.instant += timedelta(hours=1)
    seat = await seat_of(asking, "hanako")
    said = {"act": "correct_seat", "seen": seat["period"], "class_id": str(town["first 2年1組"]), "number": 4}
    before = (await log_of(registry_database))[-1].position
    answer = await asking.post("office", path(town, "hanako"), {**said, "reason": "写しまちがい"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["words"] == [
        "4月1日から 2年1組3番 → 2年1組4番",
        "画面がすぐに変わる学級: 2年1組（担任 職員 homeroom・職員 kept_from）",
    ]
    (event,) = await log_of(registry_database, after=before)
    assert event.topic == "registry.enrolment"
    assert [m["number"] for m in event.payload["memberships"]] == [4]
    assert len(event.payload["enrolments"]) == 1, "the whole set"
    card = await asking.card("office", "hanako")
    line = next(e for e in card["history"] if e["side"] == "class")
    assert (line["words"], line["notes"]) == ("4月1日から 2年1組4番", ["11月20日に訂正: 前は3番"])
    known = await asking.card("office", "hanako", known_at=known_at)
    assert known["pupil"]["home"]["number"] == 3


async def test_a_number_that_is_offered_is_not_the_childs_own(asking: Asking, town: Town) -> None:
    seat = await seat_of(asking, "hanako")
    first = {
        "act": "correct_seat",
        "seen": seat["period"],
        "class_id": str(town["first 2年1組"]),
        "number": 1,
    }
    answer = await asking.post("office", path(town, "hanako"), {**first, "reason": "写しまちがい"})
    assert answer.status_code == 200, answer.text
    seat = await seat_of(asking, "hanako")
    taken = {**first, "seen": seat["period"], "number": 5, "reason": "写しまちがい"}
    answer = await asking.post("office", path(town, "hanako"), taken)
    (wrong,) = answer.json()["errors"]
    assert wrong["message"] == "5番は、2年1組のほかの子の番号です。空いている番号: 2番"


async def test_a_change_of_class_holds_from_its_day(asking: Asking, town: Town) -> None:
    seat = await seat_of(asking, "hanako")
    said = {"act": "change_seat", "seen": seat["period"], "class_id": str(town["first 2年2組"]), "number": 8}
    answer = await asking.post("office", path(town, "hanako"), {**said, "since": "2026-12-01"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["words"][:3] == [
        "12月1日から 2年1組3番 → 2年2組8番",
        "2年1組の朝の記録から外れます（12月1日から）。",
        "2年2組の朝の記録に載ります（12月1日から）。",
    ]
    card = await asking.card("office", "hanako")
    assert card["pupil"]["home"]["number"] == 3
    assert card["pupil"]["next"] == ["12月1日から 2年2組8番"]
    assert (await asking.card("office", "hanako", as_of="2026-12-01"))["pupil"]["home"]["number"] == 8
    stale = await asking.post("office", path(town, "hanako"), {**said, "since": "2026-12-05"})
    assert stale.status_code == 409


async def test_whoever_comes_into_the_class_of_its_kouryuu_is_no_guest_there(
    asking: Asking, town: Town, units: Units
) -> None:
    """A roster that says both is one that no import takes, ours neither."""
    room = town["first 2年2組"]
    async with units.work(Scope(town.board), actor="office") as work:
        visit = MembershipIs(town["first"], room, "exchange", None)
        await store.add(work, store.MEMBERSHIP, [Added(Held(town["hanako"], YEAR, visit), None)])
    seat = await seat_of(asking, "hanako")
    said = {"act": "change_seat", "seen": seat["period"], "class_id": str(room), "number": 8}
    answer = await asking.post("office", path(town, "hanako"), {**said, "since": "2026-12-01"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["words"][-1] == "2年2組での交流は、12月1日から、なくなります。"
    async with units.read(Scope(town.board)) as session:
        found = await store.standing(session, town.board, store.MEMBERSHIP, [town["hanako"]])
    assert {(each.held.what.kind, each.held.what.class_id, each.held.valid) for each in found} == {
        ("home", town["first 2年1組"], Period(YEAR.since, date(2026, 12, 1))),
        ("exchange", room, Period(YEAR.since, date(2026, 12, 1))),
        ("home", room, Period(date(2026, 12, 1), YEAR.until)),
    }


@pytest.mark.parametrize(
    ("more", "field", "message"),
    [
        ({"number": 5}, "number", "5番は、2年1組のほかの子の番号です。空いている番号: 1番"),
        ({"class_id": "second 2年1組"}, "class_id", "その日に在籍している学校の学級を選んでください。"),
        ({"since": "2026-03-01"}, "class_id", "その日に在籍している学校の学級を選んでください。"),
        ({"since": "2027-04-01"}, "class_id", "その日に在籍している学校の学級を選んでください。"),
    ],
)
async def test_an_impossible_seat_is_refused_by_name(
    asking: Asking, town: Town, more: dict[str, Any], field: str, message: str
) -> None:
    seat = await seat_of(asking, "hanako")
    said = {"act": "change_seat", "seen": seat["period"], "class_id": "first 2年1組", "number": 4}
    said = {**said, "since": "2026-12-01", **more}
    said["class_id"] = str(town[said["class_id"]])
    answer = await asking.post("office", path(town, "hanako"), said)
    assert (answer.status_code, [e["field"] for e in answer.json()["errors"]]) == (422, [field])
    assert told(answer.json()) == [message]
    assert [each.get("instead") for each in answer.json()["errors"]] == ["1" if field == "number" else None]


async def test_of_two_offices_at_once_one_is_told_of_the_other(asking: Asking, town: Town) -> None:
    seat = await seat_of(asking, "hanako")
    said = {"act": "change_seat", "seen": seat["period"], "class_id": str(town["first 2年1組"])}
    both = await asyncio.gather(
        asking.post("office", path(town, "hanako"), {**said, "number": 11, "since": "2026-11-20"}),
        asking.post("gakumu", path(town, "hanako"), {**said, "number": 12, "since": "2026-11-20"}),
    )
    assert sorted(each.status_code for each in both) == [200, 409]
