"""連絡先 by hand: from a day on or as a correction; seen by who may see a family, told to messaging alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.registry.people.tests.conftest import Asking
from services.registry.people.tests.town import Town
from services.registry.roster import store
from services.registry.roster.rows import Added, GuardianshipIs, Held
from services.registry.roster.snapshot import Period
from services.registry.roster.tests.reading import acts_of, log_of
from shared.database import Scope, Units
from shared.dates import FixedClock
from tests.support.databases import Database


def path(town: Town, person: str, *, preview: bool = False) -> str:
    return f"/v1/people/{town[person]}/changes" + ("/preview" if preview else "")


def reached(**more: Any) -> dict[str, Any]:
    told = {
        "act": "change_contact",
        "seen": None,
        "since": "2026-11-01",
        "postal_code": "〒２３１－００１７",
        "address": "紬市本町１丁目2番",
        "phones": [
            {"number": "０９０ー００００－０００１", "kind": "mobile"},
            {"number": "0999-00-0002", "kind": "work"},
        ],
        "language": "pt",
    }
    return {**told, **more}


async def test_a_guardians_contact_is_written_and_stands_on_the_card_and_beside_the_child(
    asking: Asking, town: Town, registry_database: Database
) -> None:
    before = (await log_of(registry_database))[-1].position
    preview = await asking.post("office", path(town, "mother", preview=True), reached())
    told_before = "〒231-0017 紬市本町１丁目2番、携帯 090-0000-0001・勤務先 0999-00-0002、ことば Português"
    words = f"11月1日から （なし） → {told_before}"
    assert preview.json()["words"][0] == words
    assert await log_of(registry_database, after=before) == []
    answer = await asking.post("office", path(town, "mother"), reached())
    assert answer.status_code == 200, answer.text
    (event,) = await log_of(registry_database, after=before)
    assert event.topic == "registry.contact"
    (told,) = event.payload["contacts"]
    assert (told["address"], told["phones"][0]) == (
        "紬市本町１丁目2番",
        {"number": "090-0000-0001", "kind": "mobile"},
    )
    contact = (await asking.card("office", "mother"))["contact"]
    assert (contact["postal_code"], contact["address"], contact["language_word"]) == (
        "2310017",
        "紬市本町１丁目2番",
        "Português",
    )
    assert [each["kind_word"] for each in contact["phones"]] == ["携帯", "勤務先"]
    (mother,) = (await asking.card("homeroom", "hanako"))["guardians"]
    assert [each["number"] for each in mother["phones"]] == ["090-0000-0001", "0999-00-0002"]
    assert ("account-" + str(town["office"]), "ChangeCard", "I") in await acts_of(registry_database)


async def test_whom_the_school_may_not_call_has_no_number_beside_the_child(
    asking: Asking, town: Town
) -> None:
    assert (await asking.post("office", path(town, "mother"), reached())).status_code == 200
    (tie,) = (await asking.card("office", "hanako"))["guardians"]
    rights = {"relation": "mother", "notify": True, "read": True, "contact": False}
    asked = {"act": "correct_guardian", "period": tie["period"], "reason": "本人の申し出", **rights}
    assert (await asking.post("office", path(town, "hanako"), asked)).status_code == 200
    (tie,) = (await asking.card("office", "hanako"))["guardians"]
    assert tie["phones"] == []
    assert (await asking.card("office", "mother"))["contact"]["phones"] != []


async def test_a_move_and_a_correction_keep_what_was_known(asking: Asking, town: Town) -> None:
    assert (await asking.post("office", path(town, "mother"), reached())).status_code == 200
    seen = (await asking.card("office", "mother"))["contact"]["period"]
    moved = reached(seen=seen, since="2026-11-15", address="紬市西町9")
    assert (await asking.post("office", path(town, "mother"), moved)).status_code == 200
    card = await asking.card("office", "mother")
    assert (card["contact"]["address"], card["contact"]["since"]) == ("紬市西町9", "2026-11-15")
    assert (await asking.card("office", "mother", as_of="2026-11-10"))["contact"][
        "address"
    ] == "紬市本町１丁目2番"
    wrong = reached(
        act="correct_contact", seen=card["contact"]["period"], address="紬市西町8", reason="番地のまちがい"
    )
    del wrong["since"]
    assert (await asking.post("office", path(town, "mother"), wrong)).status_code == 200
    card = await asking.card("office", "mother")
    assert (card["contact"]["address"], card["contact"]["since"]) == ("紬市西町8", "2026-11-15")
    (line, *_) = [each for each in card["history"] if each["side"] == "contact"]
    assert "紬市西町8" in line["words"]
    assert (line["reason"], "紬市西町9" in line["notes"][0]) == ("番地のまちがい", True)


async def test_a_stale_screen_is_told_and_nothing_is_written(asking: Asking, town: Town) -> None:
    assert (await asking.post("office", path(town, "mother"), reached())).status_code == 200
    again = await asking.post("office", path(town, "mother"), reached(address="紬市東町3"))
    assert again.status_code == 409, again.text
    assert "紬市本町１丁目2番" in again.json()["detail"]
    assert (await asking.card("office", "mother"))["contact"]["address"] == "紬市本町１丁目2番"


async def test_nothing_new_writes_nothing(asking: Asking, town: Town, registry_database: Database) -> None:
    assert (await asking.post("office", path(town, "mother"), reached())).status_code == 200
    before = (await log_of(registry_database))[-1].position
    seen = (await asking.card("office", "mother"))["contact"]["period"]
    same = await asking.post("office", path(town, "mother"), reached(seen=seen, since="2026-11-20"))
    assert (same.status_code, same.json()["words"]) == (200, [])
    assert await log_of(registry_database, after=before) == []


@pytest.mark.parametrize(
    ("more", "field", "words"),
    [
        ({"postal_code": "231"}, "postal_code", "郵便番号「231」: 郵便番号は 7 桁の数字です。"),
        ({"address": "本町\ufffd"}, "address", "文字が壊れています"),
        (
            {"phones": [{"number": " ", "kind": "mobile"}, {"number": "電話なし", "kind": "home"}]},
            "phones.1.number",
            "電話番号「電話なし」",
        ),
        (
            {
                "phones": [
                    {"number": "09000000001", "kind": "home"},
                    {"number": "０９０００００００01", "kind": "work"},
                ]
            },
            "phones.1.number",
            "二つあります",
        ),
        ({"language": "ポルトガル"}, "language", "BCP 47"),
        ({"since": "1926-11-01"}, "since", "日付を確かめてください"),
    ],
)
async def test_what_is_wrong_names_its_field(
    asking: Asking, town: Town, more: dict[str, Any], field: str, words: str
) -> None:
    answer = await asking.post("office", path(town, "mother"), reached(**more))
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert words in error["message"]
    assert (await asking.card("office", "mother"))["contact"] is None


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("homeroom", True),
        ("nurse", True),
        ("principal", True),
        ("gakumu", True),
        ("subject", False),
        ("neighbour", False),
    ],
)
async def test_a_childs_own_contact_is_its_familys(asking: Asking, town: Town, who: str, sees: bool) -> None:
    assert (await asking.post("office", path(town, "hanako"), reached())).status_code == 200
    assert ((await asking.card(who, "hanako"))["contact"] is not None) is sees


@pytest.mark.parametrize("who", ["homeroom", "principal", "nurse"])
async def test_only_who_keeps_cards_writes_it(asking: Asking, town: Town, who: str) -> None:
    assert (await asking.post(who, path(town, "mother"), reached())).status_code == 403


async def test_a_member_of_staff_has_none_here(asking: Asking, town: Town) -> None:
    assert (await asking.post("office", path(town, "homeroom"), reached())).status_code == 404
    card = await asking.card("office", "homeroom")
    assert (card["contact"], card["may"]["contact"]) == (None, False)


async def test_where_a_protected_child_lives_is_nobodys_whom_it_is_kept_from(
    asking: Asking, town: Town
) -> None:
    for person in ("hidden", "hidden_mother"):
        assert (await asking.post("office", path(town, person), reached())).status_code == 200
        for who in ("kept_from", "gakumu", "elsewhere"):
            answer = await asking.get(who, f"/v1/people/{town[person]}")
            assert (answer.status_code, "本町" in answer.text) == (404, False)
            assert (await asking.post(who, path(town, person), reached())).status_code == 404


async def test_numbers_of_who_has_fled_are_not_beside_her_other_child_either(
    asking: Asking, town: Town, units: Units
) -> None:
    """hidden_mother is also the mother of saki, who is not protected, in a class of ``kept_from``."""
    tie = GuardianshipIs(town["hidden_mother"], "mother", True, True, True)
    async with units.work(Scope(town.board), actor="office") as work:
        held = Held(town["saki"], Period(date(2024, 4, 1), None), tie)
        await store.add(work, store.GUARDIANSHIP, [Added(held, None)])
    assert (await asking.post("office", path(town, "hidden_mother"), reached())).status_code == 200
    for who, numbers in (("kept_from", 0), ("gakumu", 0), ("office", 2), ("homeroom", 2)):
        answer = await asking.get(who, f"/v1/people/{town['saki']}")
        (mother,) = answer.json()["guardians"]
        assert (len(mother["phones"]), mother["contact"], "090-0000" in answer.text) == (
            numbers,
            True,
            bool(numbers),
        ), who


async def test_another_days_card_has_no_number_of_today(
    asking: Asking, town: Town, clock: FixedClock
) -> None:
    assert (await asking.post("office", path(town, "mother"), reached())).status_code == 200
    (mother,) = (await asking.card("office", "hanako", as_of="2026-11-10"))["guardians"]
    assert (mother["contact"], mother["phones"]) == (True, [])
    (mother,) = (await asking.card("office", "hanako", known_at=clock.instant.isoformat()))["guardians"]
    assert mother["phones"] == []


async def test_what_is_planned_for_a_coming_day_is_shown_and_can_be_corrected(
    asking: Asking, town: Town
) -> None:
    assert (await asking.post("office", path(town, "mother"), reached())).status_code == 200
    seen = (await asking.card("office", "mother"))["contact"]["period"]
    moving = reached(
        seen=seen, since="2026-12-01", address="紬市西町9", phones=[{"number": "09000000003", "kind": "home"}]
    )
    preview = await asking.post("office", path(town, "mother", preview=True), moving)
    assert preview.json()["words"][-1] == "学校から電話するときの番号が、12月1日から変わります。"
    assert (await asking.post("office", path(town, "mother"), moving)).status_code == 200
    card = await asking.card("office", "mother")
    assert (card["contact"]["address"], card["contact"]["last"]) == ("紬市本町１丁目2番", "2026-11-30")
    coming = card["contact_next"]
    assert (coming["address"], coming["since"]) == ("紬市西町9", "2026-12-01")
    wrong = reached(
        act="correct_contact", seen=coming["period"], address="紬市西町8", reason="番地のまちがい"
    )
    del wrong["since"]
    assert (await asking.post("office", path(town, "mother"), wrong)).status_code == 200
    card = await asking.card("office", "mother")
    assert (card["contact"]["address"], card["contact_next"]["address"]) == ("紬市本町１丁目2番", "紬市西町8")


async def test_a_coming_change_is_taken_back_and_what_stood_goes_on(asking: Asking, town: Town) -> None:
    assert (await asking.post("office", path(town, "mother"), reached())).status_code == 200
    seen = (await asking.card("office", "mother"))["contact"]["period"]
    moving = reached(seen=seen, since="2026-12-01", address="紬市西町9")
    assert (await asking.post("office", path(town, "mother"), moving)).status_code == 200
    coming = (await asking.card("office", "mother"))["contact_next"]
    never = {"act": "cancel_contact", "seen": coming["period"], "reason": "引っ越しをやめた"}
    preview = await asking.post("office", path(town, "mother", preview=True), never)
    assert "取りやめます" in preview.json()["words"][0]
    assert (await asking.post("office", path(town, "mother"), never)).status_code == 200
    card = await asking.card("office", "mother")
    assert (card["contact"]["address"], card["contact"]["last"], card["contact_next"]) == (
        "紬市本町１丁目2番",
        None,
        None,
    )
    now = await asking.post("office", path(town, "mother"), {**never, "seen": card["contact"]["period"]})
    assert now.status_code == 422, "what holds already is corrected, or another follows it"
