"""A roster that brings a protected child under another sourcedId makes no unprotected card of it (decisions/0011)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.imports.reverting import revert_run
from services.registry.imports.store import run as run_of
from services.registry.oneroster import layout
from services.registry.oneroster.importing import Refused, import_package
from services.registry.oneroster.tests.packages import Files, small_package, with_companion, with_row
from services.registry.roster import store
from services.registry.roster.rows import Added, Held, ProtectionIs, Voided
from services.registry.roster.rules import CORRECTED
from services.registry.roster.snapshot import Period
from services.registry.roster.tests.reading import id_of, log_of, periods, rows
from shared.database import Scope, Units
from tests.support.databases import Database

TODAY = date(2026, 11, 20)
MARK, TIES = "confidential_from", "may_notify, may_read, may_contact"


def again(
    born: str = "2018-06-01",
    *,
    family: str = "\ufa19田",
    school: str = "e2",
    room: str = "kn",
    guardian: str = "g2",
    given: str = "蓮",
    package: Files | None = None,
) -> Files:
    """The small package, in which p1 (protected, 神田 蓮 at e1) is there once more, as another system numbers it."""
    files = with_row(
        package or small_package(),
        layout.USERS,
        sourcedId="p9",
        enabledUser="true",
        username="p9",
        givenName=given,
        familyName=family,
        agentSourcedIds=guardian,
        grades="P1",
        primaryOrgSourcedId=school,
    )
    files = with_row(
        files,
        layout.ROLES,
        sourcedId="r9",
        userSourcedId="p9",
        roleType="primary",
        role="student",
        orgSourcedId=school,
    )
    files = with_row(
        files,
        layout.ENROLLMENTS,
        sourcedId="m9",
        classSourcedId=room,
        schoolSourcedId=school,
        userSourcedId="p9",
        role="student",
    )
    files = with_row(files, layout.DEMOGRAPHICS, sourcedId="p9", birthDate=born, sex="male")
    tie = {"pupil": "p9", "guardian": guardian, "relation": "father", "from": "2026-04-01"}
    return with_companion(
        files, "/guardianships/-", {**tie, "rights": dict.fromkeys(("notify", "read", "contact"), True)}
    )


async def marked(units: Units, board: UUID) -> list[tuple[Any, ...]]:
    return await periods(units, board, "protection_period", "p9", MARK)


async def test_the_new_card_is_protected_from_the_first_moment(
    units: Units, registry_database: Database
) -> None:
    board = (await import_package(units, small_package())).board
    await import_package(units, again())
    father = await id_of(units, board, "g2")
    assert await marked(units, board) == [(date(2026, 4, 1), None, [father])]
    (tie,) = await periods(units, board, "guardianship_period", "p9", TIES)
    assert tie[2:] == (False, False, False), "it may be the one the child has fled from"
    told = [row for row in await log_of(registry_database) if row.key == str(await id_of(units, board, "p9"))]
    (guardians,) = [row.payload for row in told if row.topic == "registry.guardianship"]
    payload = guardians if isinstance(guardians, dict) else json.loads(guardians)
    assert [each["confidential_from"] for each in payload["protections"]] == [[str(father)]]
    assert [row.state for row in await rows(units, board, "select state from same_person")] == ["open"]


async def test_a_guardian_who_comes_with_a_later_school_tells_whose_child_it_is(units: Units) -> None:
    """The mother teaches at another school, whose part is written after the child's; the family name is another."""
    board = (await import_package(units, small_package())).board
    files = again(family="佐藤", school="e1", room="kh", guardian="t9")
    files = with_row(
        files,
        layout.USERS,
        sourcedId="t9",
        enabledUser="true",
        username="t9",
        givenName="直美",
        familyName="\ufa19田",
        primaryOrgSourcedId="e2",
    )
    for role, of in (("teacher", "primary"), ("guardian", "secondary")):
        files = with_row(
            files,
            layout.ROLES,
            sourcedId=f"t9-{role}",
            userSourcedId="t9",
            roleType=of,
            role=role,
            orgSourcedId="e2",
        )
    duty = {"staff": "t9", "kind": "nurse", "school": "e2", "from": "2026-04-01"}
    await import_package(units, with_companion(files, "/duties/-", duty))
    assert await marked(units, board) == [(date(2026, 4, 1), None, [await id_of(units, board, "g2")])]


async def test_a_child_whose_enrolment_was_taken_back_protects_whom_it_may_be(units: Units) -> None:
    """p3 is marked, and no 在籍 of theirs stands when the part of the other school is written."""
    mark = {"pupil": "p3", "from": "2025-11-02", "confidential_from": ["t2"]}
    marked_before = with_companion(small_package(), "/protections/-", mark)
    board = (await import_package(units, marked_before)).board
    async with units.work(Scope(board), actor="test") as work:
        await work.session.execute(
            text(
                "update enrolment_period set voided_at = :at where subject_id = :pupil and voided_at is null"
            ),
            {"at": work.at, "pupil": await id_of(units, board, "p3")},
        )
    files = again("2019-05-05", family="髙橋", given="凛", school="e1", room="kh", package=marked_before)
    await import_package(units, files)
    assert [each[2] for each in await marked(units, board)] == [[await id_of(units, board, "t2")]]


async def test_another_child_is_not(units: Units) -> None:
    board = (await import_package(units, small_package())).board
    await import_package(units, again("2018-06-02"))
    assert await marked(units, board) == []
    (tie,) = await periods(units, board, "guardianship_period", "p9", TIES)
    assert tie[2:] == (True, True, True)


async def test_no_source_ends_what_it_has_not_said(units: Units) -> None:
    """The same package again changes nothing. Refused for want of a mark, it would tell who is protected."""
    board = (await import_package(units, small_package())).board
    await import_package(units, again())
    assert (await import_package(units, again())).nothing
    stood = await marked(units, board)
    news = with_companion(again(), "/guardianships/-1/relation", "uncle")
    await import_package(units, news)
    assert await marked(units, board) == stood
    (tie,) = await periods(units, board, "guardianship_period", "p9", f"relation, {TIES}")
    assert tie[2:] == ("uncle", False, False, False)


@pytest.mark.parametrize("ended", [False, True])
async def test_what_a_named_officer_says_stays(units: Units, ended: bool) -> None:
    board = (await import_package(units, small_package())).board
    await import_package(units, again())
    pupil = await id_of(units, board, "p9")
    async with units.work(Scope(board), actor="officer") as work:
        values = {"pupil": pupil, "at": work.at}
        void = "update {} set voided_at = :at where subject_id = :pupil and voided_at is null"
        for table in ("protection_period", "guardianship_period"):
            await work.session.execute(text(void.format(table)), values)
        copied = (
            "insert into {0} (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, {1}) select"
            " gen_random_uuid(), board_id, subject_id, slot, {2}, :at, 'officer', {3} from {0}"
            " where subject_id = :pupil"
        )
        valid = "daterange(lower(valid), '2026-11-19')" if ended else "valid"
        mark = copied.format("protection_period", "confidential_from", valid, "'{}'::uuid[]")
        await work.session.execute(text(mark), values)
        columns = "guardian_id, relation, may_notify, may_read, may_contact"
        tie = copied.format(
            "guardianship_period", columns, "valid", "guardian_id, relation, true, false, false"
        )
        await work.session.execute(text(tie), values)
    stood = await marked(units, board)
    assert stood[0][2] == []
    assert (await import_package(units, again())).nothing
    assert await marked(units, board) == stood
    (tied,) = await periods(units, board, "guardianship_period", "p9", TIES)
    assert tied[2:] == (True, False, False)


async def with_mark(units: Units, board: UUID, until: date | None, more: list[UUID]) -> None:
    """What a named officer says of the mark, on the card."""
    pupil = await id_of(units, board, "p9")
    async with units.work(Scope(board), actor="officer") as work:
        (mark,) = await store.standing(work.session, board, store.PROTECTION, [pupil])
        await store.void(work, store.PROTECTION, [Voided(mark.id, pupil, "said by hand")])
        kept_from = ProtectionIs(tuple(sorted({*mark.held.what.confidential_from, *more})))
        held = Held(pupil, Period(mark.held.valid.since, until), kept_from)
        await store.add(work, store.PROTECTION, [Added(held, mark.id)])


async def test_news_of_a_guardian_leaves_the_mark_as_an_officer_has_said_it(units: Units) -> None:
    board = (await import_package(units, small_package())).board
    await import_package(units, again())
    await with_mark(units, board, None, [await id_of(units, board, "t2")])
    stood = await marked(units, board)
    assert len(stood[0][2]) == 2
    await import_package(units, with_companion(again(), "/guardianships/-1/relation", "uncle"))
    assert await marked(units, board) == stood
    (tie,) = await periods(units, board, "guardianship_period", "p9", f"relation, {TIES}")
    assert tie[2:] == ("uncle", False, False, False)


async def test_a_mark_that_an_officer_has_ended_does_not_run_again(units: Units) -> None:
    """It was another child: rights that an officer has given since stay, whatever else the source says anew."""
    board = (await import_package(units, small_package())).board
    await import_package(units, again())
    await with_mark(units, board, date(2026, 11, 19), [])
    stood, pupil = await marked(units, board), await id_of(units, board, "p9")
    async with units.work(Scope(board), actor="officer") as work:
        (tie,) = await store.standing(work.session, board, store.GUARDIANSHIP, [pupil])
        await store.void(work, store.GUARDIANSHIP, [Voided(tie.id, pupil, "given")])
        given = tie.held._replace(what=tie.held.what._replace(may_notify=True, may_read=True))
        await store.add(work, store.GUARDIANSHIP, [Added(given, tie.id)])
    assert (await import_package(units, again())).nothing
    await import_package(units, with_companion(again(), "/guardianships/-1/relation", "uncle"))
    assert await marked(units, board) == stood
    (told,) = await periods(units, board, "guardianship_period", "p9", f"relation, {TIES}")
    assert told[2:] == ("uncle", True, True, False)


async def test_a_mark_that_the_source_says_itself_counts_once_the_inherited_one_has_ended(
    units: Units,
) -> None:
    board = (await import_package(units, small_package())).board
    await import_package(units, again())
    mark = {"pupil": "p9", "from": "2026-11-01", "confidential_from": ["t2"]}
    told = with_companion(again(), "/protections/-", mark)
    stood = await marked(units, board)
    await import_package(units, told)
    assert await marked(units, board) == stood, "nobody drops out of whom the child is kept from"
    await with_mark(units, board, date(2026, 11, 19), [])
    rights = {"notify": False, "read": False, "contact": False}
    await import_package(units, with_companion(told, "/guardianships/-1/rights", rights))
    now = [row for row in await marked(units, board) if row[1] is None]
    assert [row[2] for row in now] == [[await id_of(units, board, "t2")]]


async def test_an_inherited_mark_that_is_to_end_keeps_no_sources_mark_out(units: Units) -> None:
    board = (await import_package(units, small_package())).board
    await import_package(units, again())
    await with_mark(units, board, date(2026, 12, 1), [])
    mark = {"pupil": "p9", "from": "2026-11-01", "confidential_from": ["t2"]}
    told = with_companion(again(), "/protections/-", mark)
    await import_package(units, told)
    g2, t2 = await id_of(units, board, "g2"), await id_of(units, board, "t2")
    stood = [(date(2026, 4, 1), date(2026, 12, 1), [g2]), (date(2026, 12, 1), None, [t2])]
    assert await marked(units, board) == stood
    assert (await import_package(units, told)).nothing


async def test_a_mark_that_is_to_begin_is_not_forgotten(units: Units) -> None:
    mark = {"pupil": "p3", "from": "2026-12-01", "confidential_from": ["t2"]}
    told = with_companion(small_package(), "/protections/-", mark)
    board = (await import_package(units, told)).board
    with pytest.raises(Refused) as refused:
        await import_package(units, small_package())
    assert [(each.column, each.value) for each in refused.value.problems] == [("/protections", "p3")]
    assert len(await periods(units, board, "protection_period", "p3", MARK)) == 1


@pytest.mark.parametrize("later", ["2026-11-21", "2027-04-01"])
async def test_a_source_that_tells_a_mark_from_a_later_day_leaves_nobody_unprotected(
    units: Units, later: str
) -> None:
    board = (await import_package(units, small_package())).board
    stood = await periods(units, board, "protection_period", "p1", MARK)
    done = await import_package(units, with_companion(small_package(), "/protections/0/from", later))
    assert done.nothing
    assert await periods(units, board, "protection_period", "p1", MARK) == stood


async def test_which_school_is_written_first_does_not_decide_who_is_protected(units: Units) -> None:
    """One run brings both cards, the marked one second: the first has the mark, and its guardians no right."""
    mark = {"pupil": "p9", "from": "2026-11-01", "confidential_from": ["t2"]}
    done = await import_package(units, with_companion(again(), "/protections", [mark]))
    board, t2 = done.board, await id_of(units, done.board, "t2")
    for pupil in ("p1", "p9"):
        (told,) = await periods(units, board, "protection_period", pupil, MARK)
        assert told[1:] == (None, [t2]), pupil
    ties = await periods(units, board, "guardianship_period", "p1", TIES)
    assert {tie[2:] for tie in ties} == {(False, False, False)}
    query = "select distinct void_reason from guardianship_period where voided_at is not null"
    assert [row.void_reason for row in await rows(units, board, query)] == [CORRECTED], (
        "words that a card may say"
    )
    assert (await import_package(units, with_companion(again(), "/protections", [mark]))).nothing
    assert done.run is not None
    async with units.read(Scope(board)) as session:
        run = await run_of(session, board, done.run)
    assert run is not None
    await revert_run(units, run, actor="importer", by="test")
    for pupil in ("p1", "p9"):
        for table in ("protection_period", "guardianship_period", "enrolment_period"):
            assert await periods(units, board, table, pupil, "slot") == [], (pupil, table)


async def test_the_run_is_taken_back_with_what_it_gave(units: Units) -> None:
    board = (await import_package(units, small_package())).board
    done = await import_package(units, again())
    assert done.run is not None
    async with units.read(Scope(board)) as session:
        run = await run_of(session, board, done.run)
    assert run is not None
    await revert_run(units, run, actor="importer", by="test")
    assert (
        await rows(
            units,
            board,
            "select * from protection_period where voided_at is null and run_id = :run",
            run=run.id,
        )
        == []
    )
    await import_package(units, again())
    assert len(await marked(units, board)) == 1, "and given again when it comes again"
