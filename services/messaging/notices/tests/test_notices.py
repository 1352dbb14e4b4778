"""Taking, changing, withdrawing a notice; who finds it; what is told. On real PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.messaging.tests.town import SINCE, Messaging, said
from shared.contracts.registry import Name, PersonErased

WORDS = "昨夜から38度"


async def test_a_call_about_two_children_is_one_act(messaging: Messaging) -> None:
    town = messaging.town
    answer = await messaging.take(
        town.sister, town.brother, teller={"guardian": str(town.mother)}, words=f" {WORDS} "
    )
    assert answer.status_code == 200, answer.text
    saved = answer.json()
    assert [each["pupil"] for each in saved["notices"]] == [str(town.sister), str(town.brother)]
    assert saved["after"].startswith("messaging:")
    told = await messaging.published()
    assert {each["pupil"] for each in told} == {str(town.sister), str(town.brother)}
    for each in told:
        assert each["relation"] == "mother"
        assert (each["revision"], each["corrects"], each["withdrawn"]) == (1, None, False)
        assert WORDS not in str(each), "free text stays here"
        assert str(town.mother) not in str(each)
    page = await messaging.of(town.sister)
    (notice,) = page["notices"]
    assert (notice["kind"], notice["relation_word"], notice["words"]) == ("absent", "母", WORDS)
    assert notice["entered_by"]["given"] == "事務"
    assert (notice["class_name"], notice["number"]) == ("2年1組", 1)
    assert [each["relation_word"] for each in page["guardians"]] == ["母"], "the father may not tell"


async def test_namesakes_are_told_apart_before_anything_is_taken(messaging: Messaging) -> None:
    town = messaging.town
    card = town.card(town.sister, "花").model_copy(update={"kana": Name(family="つむぎ", given="はな")})
    await messaging.say(card, town.card(town.brother, "花"))
    await messaging.catch_up()
    told = {"family": "紬", "given": "花"}
    sister = {"family_kana": "つむぎ", "given_kana": "はな", "class_name": "2年1組", "number": 1}
    brother = {"family_kana": "", "given_kana": "", "class_name": "2年2組", "number": 2}
    for pupil, more in ((town.sister, sister), (town.brother, brother)):
        assert (await messaging.of(pupil))["pupil"] == {"id": str(pupil), **told, **more}
    await messaging.say(town.stays(town.sister, (town.first, None, SINCE, None)))
    await messaging.catch_up()
    assert (await messaging.of(town.sister))["pupil"]["class_name"] is None, "at the school, in no class"


async def test_the_same_command_again_is_one_notice(messaging: Messaging) -> None:
    key, body = uuid4(), said(pupils=[str(messaging.town.sister)])
    first, again = [
        await messaging.send("POST", "/v1/notices", messaging.town.office, body, key=key) for _ in range(2)
    ]
    assert first.json() == again.json()
    assert len(await messaging.published()) == 1


async def test_changing_and_withdrawing_are_revisions(messaging: Messaging) -> None:
    town = messaging.town
    notice = await messaging.taken(town.sister)
    path = f"/v1/notices/{notice}"
    late = said(kind="late", reason=None, seen=1)
    assert (await messaging.send("POST", f"{path}/change", town.homeroom, late)).status_code == 200
    stale = await messaging.send("POST", f"{path}/change", town.office, said(seen=1))
    assert (stale.status_code, stale.json()["title"]) == (409, "ほかの人が先に変えました")
    gone = await messaging.send("POST", f"{path}/withdraw", town.office, {"seen": 2})
    assert gone.status_code == 200
    assert (await messaging.send("POST", f"{path}/withdraw", town.office, {"seen": 3})).status_code == 422
    told = await messaging.published()
    assert [(each["revision"], each["corrects"], each["kind"], each["withdrawn"]) for each in told] == [
        (1, None, "absent", False),
        (2, 1, "late", False),
        (3, 2, "late", True),
    ]
    assert len({datetime.fromisoformat(each["told_at"]) for each in told}) == 1
    (standing,) = (await messaging.of(town.sister))["notices"]
    assert (standing["withdrawn"], standing["revision"]) == (True, 3)
    kept = await messaging.rows("select fact ->> 'kind' as kind from notice_revision order by revision")
    assert [row.kind for row in kept] == ["absent", "late", "late"], "every word stays"
    back = await messaging.send("POST", f"{path}/change", town.office, said(seen=3))
    assert back.status_code == 200
    assert not (await messaging.of(town.sister))["notices"][0]["withdrawn"]


async def test_nothing_is_half_written(messaging: Messaging) -> None:
    town = messaging.town
    father = await messaging.take(town.sister, town.brother, teller={"guardian": str(town.father)})
    assert father.status_code == 422
    assert [error["field"] for error in father.json()["errors"]] == ["teller.guardian"]
    both = await messaging.take(town.sister, reason=None, until="2026-11-20")
    assert {error["field"] for error in both.json()["errors"]} == {"reason", "until"}
    unknown = await messaging.take(town.sister, uuid4())
    assert unknown.status_code == 404
    assert (await messaging.take(town.sister, channel="app")).status_code == 422, (
        "no guardian's own telephone"
    )
    assert (await messaging.take(town.sister, words="あ" * 201)).status_code == 422
    assert await messaging.published() == []
    assert await messaging.rows("select id from notice") == []


async def test_who_may_and_who_may_not(messaging: Messaging) -> None:
    town = messaging.town
    for who, status in (
        (town.office, 200),
        (town.principal, 200),
        (town.homeroom, 200),
        (town.neighbour, 403),
        (town.elsewhere, 404),
        (town.mother, 404),
        (uuid4(), 404),
    ):
        assert (await messaging.get(f"/v1/pupils/{town.sister}/notices", who)).status_code == status, who
        assert (await messaging.take(town.sister, who=who)).status_code == status, who
    assert (
        await messaging.get(f"/v1/pupils/{town.sister}/notices", town.office, kind="guardian")
    ).status_code == 404
    weak = await messaging.get(f"/v1/pupils/{town.sister}/notices", town.office, acr="1")
    assert weak.status_code == 401
    assert (
        await messaging.get(f"/v1/pupils/{town.sister}/notices", town.neighbour, acr="1")
    ).status_code == 403


async def test_a_kept_child_is_not_there_for_whom_it_is_kept_from(messaging: Messaging) -> None:
    town = messaging.town
    notice = await messaging.taken(town.hidden)
    await messaging.taken(town.sister)
    for answer in (
        await messaging.get(f"/v1/pupils/{town.hidden}/notices", town.homeroom),
        await messaging.take(town.sister, town.hidden, who=town.homeroom),
        await messaging.send("POST", f"/v1/notices/{notice}/withdraw", town.homeroom, {"seen": 1}),
    ):
        assert answer.status_code == 404
    assert len((await messaging.of(town.hidden))["notices"]) == 1
    day = await messaging.get(f"/v1/schools/{town.first}/notices", town.office)
    assert len(day.json()["notices"]) == 2
    await messaging.say(messaging.town.family(town.hidden, kept_from=[town.office]))
    await messaging.catch_up(seed=1)
    day = await messaging.get(f"/v1/schools/{town.first}/notices", town.office)
    assert [each["pupil"]["id"] for each in day.json()["notices"]] == [str(town.sister)]


async def test_a_schools_day_lists_what_speaks_of_it(messaging: Messaging) -> None:
    town = messaging.town
    await messaging.taken(town.sister, until="2026-11-26")
    await messaging.taken(town.brother)

    async def told(on: str, who: UUID = town.principal) -> list[str]:
        answer = await messaging.get(f"/v1/schools/{town.first}/notices?on={on}", who)
        assert answer.status_code == 200, answer.text
        return sorted(each["pupil"]["id"] for each in answer.json()["notices"])

    assert await told("2026-11-20") == sorted([str(town.sister), str(town.brother)])
    assert await told("2026-11-25") == [str(town.sister)]
    assert await told("2026-11-26") == []
    refused = await messaging.get(f"/v1/schools/{town.first}/notices", town.homeroom)
    assert refused.status_code == 403
    assert (await messaging.get(f"/v1/schools/{town.second}/notices", town.office)).status_code == 404
    assert (await messaging.get(f"/v1/schools/{town.class_21}/notices", town.office)).status_code == 404


async def test_cards_of_one_person_are_one_child(messaging: Messaging) -> None:
    town = messaging.town
    await messaging.taken(town.sister)
    await messaging.say(town.card(town.sister, "妹", merged_into=town.brother))
    await messaging.catch_up(seed=2)
    page = await messaging.of(town.brother)
    assert [each["pupil"]["id"] for each in page["notices"]] == [str(town.brother)]


async def test_what_a_teacher_saw_is_confirmed_and_nothing_else(messaging: Messaging) -> None:
    """decisions.md §3: a receipt confirms its revision only."""
    town = messaging.town
    notice = await messaging.taken(town.sister)
    other = await messaging.taken(town.brother)
    await messaging.say(town.day_seen(town.sister, 1, []), town.day_seen(town.sister, 2, [(notice, 1)]))
    await messaging.catch_up(seed=3)
    (shown,) = (await messaging.of(town.sister))["notices"]
    assert [(each["revision"], each["by"]["given"]) for each in shown["confirmed"]] == [(1, "担任")]
    assert (await messaging.of(town.brother))["notices"][0]["confirmed"] == []
    await messaging.send("POST", f"/v1/notices/{notice}/change", town.office, said(seen=1, kind="late"))
    (shown,) = (await messaging.of(town.sister))["notices"]
    assert (shown["revision"], [each["revision"] for each in shown["confirmed"]]) == (2, [1])
    await messaging.say(town.day_seen(town.sister, 3, [(notice, 2)]))
    await messaging.catch_up(seed=4)
    (shown,) = (await messaging.of(town.sister))["notices"]
    assert [each["revision"] for each in shown["confirmed"]] == [2]
    assert other != notice


async def test_erased_with_the_child(messaging: Messaging) -> None:
    town = messaging.town
    notice = await messaging.taken(town.sister, words=WORDS)
    await messaging.taken(town.brother)
    await messaging.say(town.day_seen(town.sister, 1, [(notice, 1)]), PersonErased(person=town.sister))
    await messaging.catch_up(seed=5)
    assert [row.pupil_id for row in await messaging.rows("select pupil_id from notice")] == [town.brother]
    for table in ("notice_revision", "log.log_fact", "log.command_done", "copy.seen_day"):
        for row in await messaging.rows(f"select row_to_json(t)::text as it from {table} t"):
            content = row.it.replace(f'"subject":"{town.sister}"', "").replace(f'"key":"{town.sister}"', "")
            assert str(town.sister) not in content, table
            assert WORDS not in content, table
    assert await messaging.rows("select notice_id from copy.seen") == []


async def test_who_looked_and_who_wrote_is_written_down(messaging: Messaging) -> None:
    town = messaging.town
    await messaging.taken(town.sister, town.brother)
    rows = await messaging.rows("select action, person, subjects, importance from access.entry order by at")
    assert [(row.action, row.person, set(row.subjects), row.importance) for row in rows] == [
        ("TakeNotice", town.office, {town.sister, town.brother}, "II")
    ]


async def test_a_board_sees_its_own_alone(messaging: Messaging) -> None:
    town = messaging.town
    notice = await messaging.taken(town.sister)
    town.board = uuid4()
    for answer in (
        await messaging.get(f"/v1/pupils/{town.sister}/notices", town.office),
        await messaging.get(f"/v1/schools/{town.first}/notices", town.office),
        await messaging.send("POST", f"/v1/notices/{notice}/change", town.office, said(seen=1)),
        await messaging.take(town.sister),
    ):
        assert answer.status_code == 404


async def test_a_right_ends_with_its_day(messaging: Messaging) -> None:
    messaging.clock.instant += timedelta(days=30)
    town = messaging.town
    await messaging.say(town.place(town.sister, town.class_21, 1, until=messaging.clock.today()))
    await messaging.catch_up(seed=6)
    assert (await messaging.get(f"/v1/pupils/{town.sister}/notices", town.office)).status_code == 404
