"""What the office sees and prints, and what of it is kept."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.identity.invitations.tests.desk import Desk, codes_of, text_of
from services.identity.tests.town import SINCE, Identity, Town, enrolment, guardianship, person, tie
from shared.contracts.registry import GuardianshipChanged, PersonErased, Protection, Setting, SettingChanged
from shared.dates import TOKYO

BOTH = {"guardians": 2, "signed_in": 0, "holding": 0, "expired": 0, "none": 2}


async def test_a_school_in_numbers_and_a_class_by_name(desk: Desk, town: Town) -> None:
    answer = await desk.get(f"/v1/schools/{town.first}/invitations")
    said = answer.json()
    assert (said["name"], said["days"], said["counts"]) == ("紬市立第一小学校", 30, BOTH)
    assert [(each["name"], each["counts"]) for each in said["classes"]] == [("2年1組", BOTH)]
    families = await desk.families()
    assert {each["guardian"]["id"] for each in families} == {str(town.guardian), str(town.mother_teacher)}
    assert {each["state"] for each in families} == {"none"}
    assert families[0]["pupil"] == {"id": str(town.pupil), "family": "中村", "given": "空"}
    assert families[0]["relation_word"] == "母"


async def test_a_sheet_says_for_whom_until_when_and_the_code(
    desk: Desk, identity: Identity, town: Town
) -> None:
    answer = await desk.print(desk.wanted(town.guardian), desk.wanted(town.mother_teacher))
    said = answer.json()
    assert (said["printed"], said["refused"], said["last_day"]) == (2, [], "2026-12-20")
    assert said["missing"] == []
    pages = text_of(said)
    assert len(pages) == 2
    for words in ("紬市立第一小学校", "2年1組", "中村", "マリア", "12月20日", "English", "Tiếng Việt"):
        assert words.replace(" ", "") in pages[0].replace(" ", "").replace("\n", ""), words
    codes = codes_of(said)
    assert len(set(codes)) == 2
    families = {each["guardian"]["id"]: each for each in await desk.families()}
    mine = families[str(town.guardian)]
    assert (mine["state"], mine["code"]["last_day"], mine["code"]["issued_by"]) == (
        "holding",
        "2026-12-20",
        "青木 正",
    )
    # Nothing that is kept holds a code: not its row, not the command's stored answer, not the access log.
    for code in codes:
        plain = code.replace("-", "")
        for table in ("invitation", "log.command_done", "access.entry", "code_attempt", "log.log_state"):
            for row in await identity.rows_as_owner(f"select t::text as whole from {table} t"):
                assert plain not in row.whole
                assert code not in row.whole
    entries = await identity.rows(
        "select action, subjects, importance from access.entry where action = 'IssueInvitation'"
    )
    assert [(row.importance, set(row.subjects)) for row in entries] == [
        ("II", {town.guardian, town.mother_teacher})
    ]


async def test_a_name_that_the_font_has_not_is_left_open(desk: Desk, identity: Identity, town: Town) -> None:
    await desk.hears(person(town.guardian, "\U000f0000野", "マリア", "なかむら まりあ"))
    said = (await desk.print(desk.wanted(town.guardian))).json()
    assert said["missing"] == ["\U000f0000"]
    assert "〓野" in text_of(said)[0].replace(" ", "")


async def test_the_same_command_again_prints_nothing_again(
    desk: Desk, identity: Identity, town: Town
) -> None:
    key = uuid4()
    first = (await desk.print(desk.wanted(town.guardian), key=key)).json()
    again = (await desk.print(desk.wanted(town.guardian), key=key)).json()
    assert first["pdf"] is not None
    assert again["pdf"] is None
    assert (again["printed"], again["after"]) == (1, first["after"])
    assert len(await identity.rows_as_owner("select id from invitation")) == 1
    assert (await desk.sign_in(codes_of(first)[0]))["access_token"]


async def test_a_new_sheet_ends_the_one_before(desk: Desk, identity: Identity, town: Town) -> None:
    lost = await desk.code()
    (seen,) = [each["code"]["id"] for each in await desk.families() if each["code"]]
    new = await desk.code(seen=seen)
    assert (await desk.enter(lost)).status_code == 422
    assert (await desk.sign_in(new))["access_token"]
    rows = await identity.rows_as_owner(
        "select end_reason, ended_by from invitation where ended_at is not null"
    )
    assert [(row.end_reason, row.ended_by) for row in rows] == [("replaced", town.principal)]


async def test_two_press_at_once_and_one_sheet_is_printed(desk: Desk, identity: Identity, town: Town) -> None:
    answers = await asyncio.gather(*(desk.print(desk.wanted(town.guardian)) for _ in range(4)))
    said = [answer.json() for answer in answers]
    assert sorted(each["printed"] for each in said) == [0, 0, 0, 1]
    assert [each["refused"] for each in said if not each["printed"]] == [
        [{"guardian": str(town.guardian), "why": "moved"}]
    ] * 3
    assert all(each["pdf"] is None for each in said if not each["printed"])
    (printed,) = [each for each in said if each["printed"]]
    assert (await desk.sign_in(codes_of(printed)[0]))["access_token"]


async def test_nobody_gets_two_sheets_for_two_children(desk: Desk, identity: Identity, town: Town) -> None:
    brother = uuid4()
    await desk.hears(
        enrolment(brother, town.first, of=town.class_11, number=3), guardianship(brother, tie(town.guardian))
    )
    said = (await desk.get(f"/v1/schools/{town.first}/invitations")).json()
    assert said["counts"]["guardians"] == 2
    assert [each["counts"]["guardians"] for each in said["classes"]] == [1, 2]
    answer = await desk.print(desk.wanted(town.guardian), desk.wanted(town.guardian, pupil=brother))
    assert answer.json()["printed"] == 1


async def test_a_sheet_is_withdrawn(desk: Desk, identity: Identity, town: Town) -> None:
    code = await desk.code()
    (row,) = await identity.rows_as_owner("select id from invitation")
    for _ in range(2):  # pressed twice
        answer = await desk.post(f"/v1/invitations/{row.id}/withdraw", {})
        assert answer.status_code == 200, answer.text
    assert (await desk.enter(code)).status_code == 422
    assert {each["state"] for each in await desk.families()} == {"none"}
    used = await desk.code()
    await desk.sign_in(used)
    (row,) = await identity.rows_as_owner("select id from invitation where used_at is not null")
    assert (await desk.post(f"/v1/invitations/{row.id}/withdraw", {})).status_code == 422
    (again,) = [each for each in await desk.families() if each["guardian"]["id"] == str(town.guardian)]
    assert (again["state"], again["code"]) == ("signed_in", None)


async def test_the_board_says_how_long_it_holds(desk: Desk, identity: Identity, town: Town) -> None:
    await desk.hears(
        SettingChanged(
            board=town.board, settings=[Setting(name="invitation", since=SINCE, value={"days": 7})]
        )
    )
    assert (await desk.print(desk.wanted(town.guardian))).json()["last_day"] == "2026-11-27"
    identity.clock.instant += timedelta(days=8)
    (mine,) = [each for each in await desk.families() if each["code"]]
    assert mine["state"] == "expired"
    assert identity.clock.now().astimezone(TOKYO).day == 28


async def test_no_sheet_for_whom_the_child_is_kept_from(desk: Desk, identity: Identity, town: Town) -> None:
    await desk.hears(kept_from(town, town.guardian))
    assert [each["guardian"]["id"] for each in await desk.families()] == [str(town.mother_teacher)]
    said = (await desk.print(desk.wanted(town.guardian))).json()
    assert (said["printed"], said["refused"], said["pdf"]) == (
        0,
        [{"guardian": str(town.guardian), "why": "gone"}],
        None,
    )


async def test_whoever_the_child_is_kept_from_prints_nothing_for_it(
    desk: Desk, identity: Identity, town: Town
) -> None:
    code = await desk.code()
    (row,) = await identity.rows_as_owner("select id from invitation")
    await desk.hears(kept_from(town, town.principal))
    assert await desk.families() == []
    said = (await desk.get(f"/v1/schools/{town.first}/invitations")).json()
    assert said["counts"]["guardians"] == 0
    assert (await desk.print(desk.wanted(town.guardian))).json()["printed"] == 0
    assert (await desk.post(f"/v1/invitations/{row.id}/withdraw", {})).status_code == 404
    assert (await desk.sign_in(code))["access_token"]  # the family's right is its own


@pytest.mark.parametrize("who", ["homeroom", "nurse", "cook", "operator", "guardian"])
async def test_only_those_who_lead_the_school_and_its_office(desk: Desk, town: Town, who: str) -> None:
    expected = {"homeroom": 403, "nurse": 403}.get(who, 404)
    person: UUID = getattr(town, who)
    kind = "guardian" if who == "guardian" else "staff"
    base = f"/v1/schools/{town.first}/invitations"
    body = {"sheets": [desk.wanted(town.guardian)]}
    assert (await desk.get(base, person, kind=kind)).status_code == expected
    assert (await desk.get(f"{base}/guardians", person, kind=kind)).status_code == expected
    assert (await desk.post(f"{base}/sheets", body, person, kind=kind)).status_code == expected


async def test_another_school_is_not_there_and_one_factor_is_not_enough(desk: Desk, town: Town) -> None:
    assert (await desk.get(f"/v1/schools/{town.second}/invitations")).status_code == 404
    weak = await desk.get(f"/v1/schools/{town.first}/invitations", two_factors=False)
    assert (weak.status_code, weak.json()["type"].rpartition("/")[2]) == (401, "step-up")


async def test_an_erased_child_leaves_no_code(desk: Desk, identity: Identity, town: Town) -> None:
    code = await desk.code()
    await desk.hears(PersonErased(person=town.pupil))
    assert await identity.rows_as_owner("select id from invitation") == []
    assert (await desk.enter(code)).status_code == 422


def kept_from(town: Town, *from_whom: UUID) -> GuardianshipChanged:
    ties = guardianship(town.pupil, tie(town.guardian), tie(town.mother_teacher))
    mark = Protection(since=SINCE, until=None, confidential_from=list(from_whom))
    return ties.model_copy(update={"protections": [mark]})
