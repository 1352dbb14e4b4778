"""A guardian tells, changes, withdraws, and sees what is theirs to see. On real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.messaging.family import rules, store
from services.messaging.family.api import resource_of
from services.messaging.notices import store as notices
from services.messaging.service import POLICIES
from services.messaging.tests.town import SINCE, TODAY, Messaging
from shared.access.policies import Policies
from shared.access.principal import Holder, Principal
from shared.contracts.registry import (
    Guardian,
    GuardianshipChanged,
    PersonErased,
    Protection,
    Setting,
    SettingChanged,
)
from shared.database import Scope

WORDS = "昨夜から38度"
FAMILY = "/v1/family"
NOTICES = "/v1/family/notices"


def told(**changes: Any) -> dict[str, Any]:
    """A child is ill today."""
    day = {"since": "2026-11-20", "until": "2026-11-21"}
    return {"kind": "absent", "reason": "sick", **day, **changes}


async def tell(
    messaging: Messaging, *pupils: UUID, who: UUID | None = None, key: UUID | None = None, **changes: Any
) -> httpx.Response:
    body = told(pupils=[str(pupil) for pupil in pupils], **changes)
    return await messaging.send(
        "POST", NOTICES, who or messaging.town.mother, body, key=key, kind="guardian", acr="1"
    )


async def act(
    messaging: Messaging, notice: UUID, act: str, who: UUID, body: dict[str, Any]
) -> httpx.Response:
    return await messaging.send("POST", f"{NOTICES}/{notice}/{act}", who, body, kind="guardian", acr="1")


async def home(messaging: Messaging, who: UUID) -> dict[str, Any]:
    answer = await messaging.get(FAMILY, who, kind="guardian", acr="1")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def of(messaging: Messaging, pupil: UUID, who: UUID) -> list[dict[str, Any]]:
    page = await home(messaging, who)
    (child,) = [each for each in page["children"] if each["pupil"]["id"] == str(pupil)]
    found: list[dict[str, Any]] = child["notices"]
    return found


async def test_children_at_two_schools_are_one_act(messaging: Messaging) -> None:
    town, room = messaging.town, uuid4()
    await messaging.say(
        town.room(room, "ひまわり9組", town.second), town.place(town.brother, room, 4, town.second)
    )
    await messaging.catch_up(seed=1)
    answer = await tell(messaging, town.sister, town.brother, words=f" {WORDS} ")
    assert answer.status_code == 200, answer.text
    assert answer.json()["after"].startswith("messaging:")
    facts = await messaging.published()
    assert {each["pupil"] for each in facts} == {str(town.sister), str(town.brother)}
    for each in facts:
        assert (each["channel"], each["relation"], each["by"]) == ("app", "mother", str(town.mother))
        assert WORDS not in str(each)
    page = await home(messaging, town.mother)
    places = {
        each["pupil"]["given"]: (each["at"]["name"], each["at"]["class_name"]) for each in page["children"]
    }
    assert places == {
        "妹": ("第一小学校", "2年1組"),
        "兄": ("第二小学校", "ひまわり9組"),
        "秘": ("第一小学校", "2年1組"),
    }
    (notice,) = await of(messaging, town.brother, town.mother)
    assert (notice["own"], notice["words"], notice["channel"], notice["confirmed"]) == (
        True,
        WORDS,
        "app",
        [],
    )
    (at_school,) = (await messaging.of(town.sister))["notices"]
    assert (at_school["words"], at_school["relation_word"], at_school["channel"]) == (WORDS, "母", "app")


async def test_a_queue_that_sends_twice_tells_once(messaging: Messaging) -> None:
    key = uuid4()
    first, again = [await tell(messaging, messaging.town.sister, key=key) for _ in range(2)]
    assert first.json() == again.json()
    assert len(await messaging.published()) == 1


async def test_changing_and_withdrawing_ones_own_before_and_after_it_was_seen(messaging: Messaging) -> None:
    town = messaging.town
    notice = UUID((await tell(messaging, town.sister)).json()["notices"][0]["notice"])
    late = told(kind="late", reason=None, seen=1)
    assert (await act(messaging, notice, "change", town.mother, late)).status_code == 200
    assert (await act(messaging, notice, "change", town.mother, late)).status_code == 409
    await messaging.say(town.day_seen(town.sister, 1, [(notice, 2)]))
    await messaging.catch_up(seed=2)
    (shown,) = await of(messaging, town.sister, town.mother)
    assert [each["on"] for each in shown["confirmed"]] == ["2026-11-20"]
    assert set(shown["confirmed"][0]) == {"on", "at"}, "whose class it is, the family knows"
    assert (await act(messaging, notice, "withdraw", town.mother, {"seen": 2})).status_code == 200
    assert (await act(messaging, notice, "withdraw", town.mother, {"seen": 3})).status_code == 422
    (shown,) = await of(messaging, town.sister, town.mother)
    assert (shown["withdrawn"], shown["confirmed"]) == (True, []), "the withdrawal nobody has seen"
    assert [each["withdrawn"] for each in await messaging.published()] == [False, False, True]


async def test_the_other_guardian_sees_what_and_not_how(messaging: Messaging) -> None:
    """The father may read and not tell; a grandmother may tell and not read."""
    town, grandmother = messaging.town, uuid4()
    ties = [
        Guardian(
            guardian=who, relation=relation, notify=notify, read=read, contact=True, since=SINCE, until=None
        )
        for who, relation, notify, read in (
            (town.mother, "mother", True, True),
            (town.father, "father", False, True),
            (grandmother, "grandmother", True, False),
        )
    ]
    await messaging.say(GuardianshipChanged(pupil=town.sister, guardians=ties, protections=[]))
    await messaging.catch_up(seed=3)
    notice = UUID((await tell(messaging, town.sister, words=WORDS)).json()["notices"][0]["notice"])
    await messaging.send(
        "POST", f"/v1/notices/{notice}/replies", town.homeroom, {"seen": 1, "words": "お大事に"}
    )
    (seen,) = await of(messaging, town.sister, town.father)
    assert (seen["own"], seen["words"], seen["replies"], seen["relation_word"]) == (False, None, [], "母")
    assert not seen["may_change"]
    assert await of(messaging, town.sister, grandmother) == []
    for who, status in ((town.father, 403), (grandmother, 404), (uuid4(), 404)):
        for what, body in (("change", told(seen=1)), ("withdraw", {"seen": 1})):
            assert (await act(messaging, notice, what, who, body)).status_code == status, who
    assert (await tell(messaging, town.sister, who=town.father)).status_code == 403
    assert (await tell(messaging, town.sister, who=grandmother)).status_code == 200
    seen_by_the_mother = await of(messaging, town.sister, town.mother)
    assert {each["relation_word"] for each in seen_by_the_mother} == {"祖母", "母"}
    assert len(await of(messaging, town.sister, grandmother)) == 1


async def test_a_call_by_telephone_is_ones_own_too(messaging: Messaging) -> None:
    town = messaging.town
    notice = await messaging.taken(town.sister, teller={"guardian": str(town.mother)}, words=WORDS)
    (shown,) = await of(messaging, town.sister, town.mother)
    assert (shown["own"], shown["channel"], shown["words"]) == (True, "phone", WORDS)
    assert "事務" not in str(shown), "who took the call is the school's to know"
    assert (await act(messaging, notice, "withdraw", town.mother, {"seen": 1})).status_code == 200
    await messaging.taken(town.brother, teller={"words": "近所の人"}, words=WORDS)
    (shown,) = await of(messaging, town.brother, town.mother)
    assert (shown["own"], shown["relation_word"], shown["words"]) == (False, None, None)
    assert "近所の人" not in str(shown)


async def test_who_has_no_right_finds_nothing(messaging: Messaging) -> None:
    town, stranger = messaging.town, uuid4()
    await messaging.say(town.family(town.hidden, kept_from=[town.mother]))
    await messaging.catch_up(seed=4)
    notice = await messaging.taken(town.hidden, words=WORDS)
    page = await home(messaging, town.mother)
    assert str(town.hidden) not in str(page)
    for who in (town.mother, stranger):
        assert (await tell(messaging, town.hidden, who=who)).status_code == 404
        assert (await act(messaging, notice, "withdraw", who, {"seen": 1})).status_code == 404
    assert (await tell(messaging, town.sister, town.hidden)).status_code == 404
    assert [each["pupil"] for each in await messaging.published()] == [str(town.hidden)], "the office's alone"
    assert (await messaging.get(FAMILY, stranger, kind="guardian", acr="1")).status_code == 404
    for kind in ("staff", "pupil"):
        assert (await messaging.get(FAMILY, town.mother, kind=kind)).status_code == 404
    town.board = uuid4()
    assert (await messaging.get(FAMILY, town.mother, kind="guardian")).status_code == 404
    assert (await tell(messaging, town.sister)).status_code == 404


async def test_a_wrong_day_refuses_the_whole(messaging: Messaging) -> None:
    town = messaging.town
    await messaging.say(town.place(town.brother, town.class_22, 2, until=date(2026, 11, 24)))
    await messaging.catch_up(seed=5)
    gone = await tell(messaging, town.sister, town.brother, until="2026-11-26")
    assert (gone.status_code, [error["field"] for error in gone.json()["errors"]]) == (422, ["since"])
    empty = await tell(messaging, town.sister, kind="other", reason=None, words=" ")
    assert [error["field"] for error in empty.json()["errors"]] == ["words"]
    assert (await tell(messaging, town.sister, channel="phone")).status_code == 422, "no such field"
    assert await messaging.published() == []


@pytest.mark.parametrize(("hour", "minute", "late"), [(8, 10, False), (8, 20, False), (8, 21, True)])
async def test_late_is_said_and_accepted(messaging: Messaging, hour: int, minute: int, late: bool) -> None:
    messaging.clock.instant = datetime(2026, 11, 20, hour, minute, tzinfo=UTC) - timedelta(hours=9)
    assert (await tell(messaging, messaging.town.sister)).status_code == 200
    (shown,) = await of(messaging, messaging.town.sister, messaging.town.mother)
    assert shown["late"] is late
    assert (await home(messaging, messaging.town.mother))["cut_off"] == "08:20"


async def test_the_board_says_when_it_is_late(messaging: Messaging) -> None:
    town = messaging.town
    setting = Setting(name="notice_cut_off", since=SINCE, value="07:00")
    await messaging.say(SettingChanged(board=town.board, settings=[setting]))
    await messaging.catch_up(seed=6)
    assert (await home(messaging, town.mother))["cut_off"] == "07:00"


async def test_the_teachers_answer_reaches_who_told_it(messaging: Messaging) -> None:
    town = messaging.town
    notice = UUID((await tell(messaging, town.sister)).json()["notices"][0]["notice"])
    path = f"/v1/notices/{notice}/replies"

    async def answer(who: UUID, seen: int = 1, words: str = "お大事に") -> int:
        sent = await messaging.send("POST", path, who, {"seen": seen, "words": words})
        return sent.status_code

    assert await answer(town.homeroom) == 200
    assert await answer(town.homeroom, seen=2) == 409
    assert await answer(town.homeroom, words="  ") == 422
    assert (await answer(town.neighbour), await answer(town.elsewhere), await answer(town.mother)) == (
        403,
        404,
        404,
    )
    (shown,) = await of(messaging, town.sister, town.mother)
    assert [(each["words"], each["by"]["given"]) for each in shown["replies"]] == [("お大事に", "担任")]
    (at_school,) = (await messaging.of(town.sister))["notices"]
    assert [each["words"] for each in at_school["replies"]] == ["お大事に"]
    await messaging.say(PersonErased(person=town.sister))
    await messaging.catch_up(seed=7)
    assert await messaging.rows("select id from notice_reply") == []


async def test_a_class_reads_its_day_with_words(messaging: Messaging) -> None:
    town = messaging.town
    await tell(messaging, town.sister, town.brother, words=WORDS)
    path = f"/v1/classes/{town.class_21}/notices?on={TODAY}"
    for who in (town.homeroom, town.office, town.principal):
        answer = await messaging.get(path, who)
        assert [(each["pupil"]["given"], each["words"]) for each in answer.json()["notices"]] == [
            ("妹", WORDS)
        ]
    await messaging.taken(town.hidden)
    found = (await messaging.get(path, town.homeroom)).json()["notices"]
    assert len(found) == 1, "the child is kept from its homeroom teacher"
    assert len((await messaging.get(path, town.office)).json()["notices"]) == 2
    for who, status in ((town.neighbour, 403), (town.elsewhere, 404), (town.mother, 404)):
        assert (await messaging.get(path, who)).status_code == status
    assert (await messaging.get(f"/v1/classes/{town.first}/notices", town.office)).status_code == 404


async def test_who_looked_is_written_down(messaging: Messaging) -> None:
    town = messaging.town
    await tell(messaging, town.sister)
    rows = await messaging.rows("select action, person, subjects from access.entry order by at")
    assert [(row.action, row.person, row.subjects) for row in rows] == [
        ("TellNotice", town.mother, [town.sister])
    ]


async def test_list_and_policy_agree(messaging: Messaging) -> None:
    """Every combination of rights, days, marks and schools: what the predicate lists is what the policy allows."""
    town, policies = messaging.town, Policies(POLICIES)
    soon, gone = TODAY + timedelta(days=3), TODAY - timedelta(days=3)
    pupils: list[UUID] = []
    for notify, read, (since, until), kept, place in product(
        (True, False),
        (True, False),
        ((SINCE, None), (SINCE, TODAY), (soon, None), (SINCE, TODAY + timedelta(days=1))),
        (None, (SINCE, None), (SINCE, TODAY), (soon, None)),
        ((SINCE, None), (SINCE, gone), (soon, None)),
    ):
        pupil = uuid4()
        pupils.append(pupil)
        tie = Guardian(
            guardian=town.mother,
            relation="mother",
            notify=notify,
            read=read,
            contact=True,
            since=since,
            until=until,
        )
        marks = [Protection(since=kept[0], until=kept[1], confidential_from=[town.mother])] if kept else []
        await messaging.say(
            GuardianshipChanged(pupil=pupil, guardians=[tie], protections=marks),
            town.stays(pupil, (town.first, town.class_21, *place)),
        )
    await messaging.catch_up()
    who = Principal("s", "guardian", town.board, town.mother, "dashboard", 1, None, None, datetime.now(UTC))
    async with messaging.feed.read(Scope(town.board)) as session:
        listed = await store.children_of(session, town.board, town.mother, TODAY)
        children = await notices.children(session, town.board, pupils, TODAY)
    allowed = {
        pupil
        for pupil, child in children.items()
        if rules.stays(child.places, TODAY)
        and policies.allows(Holder(who, ()), "ReadFamilyNotices", resource_of(town.board, child))
    }
    assert 0 < len(allowed) < len(pupils)
    assert set(listed) & set(pupils) == allowed
    staff = Holder(
        Principal("s", "staff", town.board, town.mother, "dashboard", 2, None, None, datetime.now(UTC)), ()
    )
    assert not any(
        policies.allows(staff, action, resource_of(town.board, child))
        for child in children.values()
        for action in ("ReadFamilyNotices", "TellNotice")
    )
