"""Guardians, marks of protection and who may change a card, as the offices meet it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from services.registry.people.tests.conftest import Asking
from services.registry.people.tests.test_changes import name, path, told
from services.registry.people.tests.town import Town
from services.registry.roster.tests.reading import log_of, offices_told
from tests.support.databases import Database


async def test_a_guardian_is_added_changed_and_ended(
    asking: Asking, town: Town, registry_database: Database
) -> None:
    new = {"family": "髙橋", "given": "誠", "family_kana": "タカハシ", "given_kana": "マコト"}
    rights = {"relation": "father", "notify": True, "read": False, "contact": True}
    said = {"act": "add_guardian", "person": new, "since": "2026-11-20", **rights}
    before = (await log_of(registry_database))[-1].position
    answer = await asking.post("office", path(town, "hanako"), said)
    assert answer.status_code == 200, answer.text
    assert "保護者としてサインインできるようになります。" in answer.json()["words"]
    events = await log_of(registry_database, after=before)
    assert sorted(each.topic for each in events) == [
        "registry.guardianship",
        "registry.office",
        "registry.office",
        "registry.person",
    ]
    assert (await offices_told(registry_database, before))[0] == {town.board, town["first"]}
    card = await asking.card("office", "hanako")
    father = next(tie for tie in card["guardians"] if tie["relation"] == "father")
    assert (father["person"]["given"], father["read"]) == ("誠", False)
    assert await asking.names("homeroom", "まこと", hat="guardian") == ["髙橋誠"]

    changed = {
        "act": "change_guardian",
        "period": father["period"],
        "since": "2026-12-01",
        **rights,
        "read": True,
    }
    answer = await asking.post("office", path(town, "hanako"), changed)
    assert answer.json()["words"][1:] == ["子の記録を見られるようになります。"]
    later = await asking.card("office", "hanako", as_of="2026-12-01")
    tie = next(tie for tie in later["guardians"] if tie["relation"] == "father")
    end = {"act": "end_guardian", "period": tie["period"], "last": "2026-12-31"}
    answer = await asking.post("office", path(town, "hanako"), end)
    assert "保護者としてサインインできなくなります。" in answer.json()["words"]
    later = await asking.card("office", "hanako", as_of="2027-01-01")
    assert [tie["relation"] for tie in later["guardians"]] == ["mother"]
    again = await asking.post("office", path(town, "hanako"), end)
    assert again.status_code == 409


async def test_a_known_guardian_is_tied_and_a_tie_that_never_was_is_taken_back(
    asking: Asking, town: Town
) -> None:
    rights = {"relation": "aunt", "notify": False, "read": False, "contact": True}
    said = {"act": "add_guardian", "guardian": str(town["mother"]), "since": "2026-11-20", **rights}
    answer = await asking.post("office", path(town, "taro"), said)
    assert answer.status_code == 200, answer.text
    twice = await asking.post("office", path(town, "taro"), said)
    assert told(twice.json()) == ["もう保護者として記録されています（11月20日から）。"]
    (tie,) = (await asking.card("office", "taro"))["guardians"]
    gone = {"act": "end_guardian", "period": tie["period"], "last": None}
    answer = await asking.post("office", path(town, "taro"), gone)
    assert told(answer.json()) == ["取り消すわけを入れてください。"]
    answer = await asking.post("office", path(town, "taro"), {**gone, "reason": "人ちがい"})
    assert answer.status_code == 200
    card = await asking.card("office", "taro")
    assert card["guardians"] == []
    (line,) = [e for e in card["history"] if e["side"] == "guardian"]
    assert (line["taken_back"], line["reason"]) == (True, "人ちがい")


async def test_a_guardian_one_may_not_see_cannot_be_tied(asking: Asking, town: Town) -> None:
    rights = {"relation": "father", "notify": True, "read": True, "contact": True}
    for hidden in (town["hidden_mother"], uuid4()):
        said = {"act": "add_guardian", "guardian": str(hidden), "since": "2026-11-20", **rights}
        answer = await asking.post("gakumu", path(town, "hanako"), said)
        assert told(answer.json()) == ["この人は名簿に見つかりません。選び直してください。"]


async def test_a_protected_child_is_hidden_from_the_moment_of_the_mark(asking: Asking, town: Town) -> None:
    assert await asking.names("gakumu", "髙橋花子") == ["髙橋花子"]
    said = {"act": "protect", "since": "2026-11-20", "confidential_from": [str(town["mother"])]}
    preview = await asking.post("office", path(town, "hanako", preview=True), said)
    assert (
        "この人は、いま保護者として記録されています。権利の終わりも記録してください。"
        in preview.json()["words"]
    )
    assert (await asking.post("office", path(town, "hanako"), said)).status_code == 200
    assert await asking.names("gakumu", "髙橋花子") == []
    assert (await asking.get("gakumu", f"/v1/people/{town['hanako']}")).status_code == 404
    card = await asking.card("office", "hanako")
    assert card["protection"]["confidential_from"][0]["given"] == "恵"
    end = {
        "act": "end_protection",
        "period": card["protection"]["period"],
        "last": "2026-11-19",
        "reason": "解除",
    }
    answer = await asking.post("office", path(town, "hanako"), end)
    assert answer.status_code == 422
    answer = await asking.post("office", path(town, "hanako"), {**end, "last": "2026-11-20"})
    assert answer.status_code == 200, answer.text
    card = await asking.card("office", "hanako", as_of="2026-11-21")
    assert card["protected"] is False


# ---- who may ----


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("homeroom", 403),
        ("principal", 403),
        ("nurse", 403),
        ("elsewhere", 404),
        ("lunch", 404),
        ("operator", 404),
        ("gakumu", 200),
        ("office", 200),
    ],
)
async def test_only_the_offices_change_a_card(asking: Asking, town: Town, who: str, status: int) -> None:
    for preview in (True, False):
        answer = await asking.post(who, path(town, "hanako", preview=preview), name())
        assert answer.status_code == status, answer.text


async def test_rights_ask_for_a_fresh_proof_of_who_it_is(asking: Asking, town: Town) -> None:
    said = {"act": "protect", "since": "2026-11-20", "confidential_from": []}
    answer = await asking.post("office", path(town, "hanako"), said, auth_time=0)
    assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (401, "step-up")
    assert (await asking.post("office", path(town, "hanako"), name(), auth_time=0)).status_code == 200
    assert (await asking.post("homeroom", path(town, "hanako"), said, auth_time=0)).status_code == 403
    for purpose, status in (("", 200), ("?purpose=rights", 401)):
        headers = asking._headers("office", auth_time=0)
        answer = await asking.http.get(f"/v1/people/{town['hanako']}{purpose}", headers=headers)
        assert answer.status_code == status


async def test_a_misspelt_field_is_refused_by_name(asking: Asking, town: Town) -> None:
    answer = await asking.post("office", path(town, "hanako"), name(reasn="x"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith("reasn")
