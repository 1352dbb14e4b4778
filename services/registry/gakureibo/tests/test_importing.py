"""A 学齢簿 becomes planned 在籍 and 転入: what it writes, what it leaves alone, and that it can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registry.gakureibo import store
from services.registry.gakureibo.importing import Brought, begin, prepare
from services.registry.gakureibo.planning import SOURCE
from services.registry.gakureibo.tests.files import CHILD, FILE, MOVER, csv_of, mapped
from services.registry.imports.applying import apply_run
from services.registry.imports.found import preview_as_json
from services.registry.imports.reverting import Depended, check_revert, revert_run
from services.registry.imports.store import Run
from services.registry.imports.words import Change
from services.registry.moves import making
from services.registry.moves import store as moves
from services.registry.moves.rules import Dates
from services.registry.oneroster.importing import ACTOR, Prepared, Refused, import_package
from services.registry.oneroster.tests.packages import small_package, with_cell
from services.registry.rollover import store as rollover
from services.registry.rollover.rules import Year
from services.registry.roster import store as roster
from services.registry.roster.tests.reading import id_of, log_of, periods, rows
from shared.database import Scope, Units
from shared.dates import TOKYO, FixedClock
from tests.support.databases import Database

APRIL, NEXT = date(2027, 4, 1), date(2028, 4, 1)


@pytest.fixture
async def board(units: Units) -> UUID:
    """The small package's board, which has saved a mapping."""
    found = (await import_package(units, small_package())).board
    async with units.work(Scope(found), actor=ACTOR) as work:
        assert await store.save(work, "市の学齢簿", 0, mapped(), "学務課") is not None
    return found


async def brought(units: Units, board: UUID, content: bytes, year: int | None = None) -> Brought:
    async with units.read(Scope(board)) as session:
        saved = await store.named(session, board, "市の学齢簿")
    assert saved is not None
    return Brought(FILE, content, saved, year)


async def looked(
    units: Units,
    board: UUID,
    *children: Mapping[str, str],
    year: int | None = None,
    tell: Callable[[Change], None] | None = None,
) -> Prepared:
    file = await brought(units, board, csv_of(*children), year)
    return await prepare(units, board, file, by="学務課", tell=tell)


async def imported(units: Units, board: UUID, *children: Mapping[str, str], confirmed: bool = False) -> Run:
    file = await brought(units, board, csv_of(*children))
    prepared = await prepare(units, board, file, by="学務課")
    _, run = await begin(units, board, file, prepared, confirmed=confirmed)
    await apply_run(units, run, actor=ACTOR)
    return run


async def stays(units: Units, board: UUID, number: str) -> list[tuple[Any, ...]]:
    return await periods(units, board, "enrolment_period", number, "school_id, grade")


async def test_a_first_grader_has_a_card_a_guardian_and_a_school_from_april(
    units: Units, board: UUID, registry_database: Database
) -> None:
    prepared = await looked(units, board, CHILD)
    assert prepared.planned.preview.counts["人"].new == 2
    (school,) = prepared.planned.schools()
    assert (school["school"], school["enrolled"]) == ("紬市立ひがし小学校", 1)
    assert await rows(units, board, "select * from external_id where source = :s", s=SOURCE) == []
    run = await imported(units, board, CHILD)
    e1 = await id_of(units, board, "e1")
    assert await stays(units, board, "0012345") == [(APRIL, NEXT, e1, "P1")]
    assert await periods(units, board, "membership_period", "0012345", "class_id") == []
    child = await id_of(units, board, "0012345")
    async with units.read(Scope(board)) as session:
        card = (await roster.people(session, board, [child]))[child]
    assert (
        card.legal_family,
        card.legal_given,
        card.kana_family,
        card.kana_given,
        card.birth_date,
        card.sex,
    ) == (*("紬野", "花", "ツムギノ", "ハナ", date(2020, 5, 6), "female"),)
    ties = await periods(
        units, board, "guardianship_period", "0012345", "guardian_id, relation, may_notify, may_read"
    )
    assert ties == [(date(2026, 11, 20), None, await id_of(units, board, "0012300"), "father", True, True)]
    assert await rows(units, board, "select * from move") == []
    assert (run.source, run.school_year, run.files) == (SOURCE, 2027, {})
    assert run.counts["mapping"] == "市の学齢簿（1）"
    told = {row.topic for row in await log_of(registry_database) if row.key == str(child)}
    assert {"registry.person", "registry.enrolment", "registry.guardianship"} <= told


async def test_nothing_that_is_not_mapped_is_kept_anywhere(units: Units, board: UUID) -> None:
    await imported(units, board, CHILD)
    readable = (
        "select c.relname as tablename from pg_class c where c.relkind = 'r'"
        " and c.relnamespace = 'public'::regnamespace and has_table_privilege(c.oid, 'select')"
    )
    tables = [row.tablename for row in await rows(units, board, readable)]
    assert "person" in tables
    for table in tables:
        found = await rows(units, board, f"select 1 from {table} t where t::text like '%9001-77%'")
        assert found == [], table


async def test_next_years_plan_knows_who_comes(units: Units, board: UUID) -> None:
    await imported(units, board, CHILD)
    e1 = await id_of(units, board, "e1")
    year = Year(2027)
    async with units.read(Scope(board)) as session:
        city, _ = await rollover.city(session, board, year)
        coming = await rollover.future(session, board, e1, year, city)
    assert coming.get(await id_of(units, board, "0012345")) == "P1"


async def test_the_same_file_again_changes_nothing(units: Units, board: UUID) -> None:
    await imported(units, board, CHILD)
    assert (await looked(units, board, CHILD)).planned.nothing
    await imported(units, board, MOVER)
    assert (await looked(units, board, MOVER)).planned.nothing


async def test_one_who_arrives_is_a_move_of_the_schools(units: Units, board: UUID, clock: FixedClock) -> None:
    run = await imported(units, board, MOVER)
    e2, child = await id_of(units, board, "e2"), await id_of(units, board, "0077777")
    assert await stays(units, board, "0077777") == [(date(2026, 12, 1), APRIL, e2, "P3")]
    (move,) = await rows(units, board, "select * from move")
    assert (move.kind, move.pupil_id, move.to_school_id, move.grade, move.accepted_on, move.class_id) == (
        *("arriving", child, e2, "P3", date(2026, 12, 1), None),
    )
    await revert_run(units, run, actor=ACTOR, by="学務課")
    (undone,) = await rows(units, board, "select * from move")
    assert undone.undone_at is not None
    assert await stays(units, board, "0077777") == []


async def test_the_school_that_must_act_is_told(
    units: Units, board: UUID, registry_database: Database
) -> None:
    school, last = await id_of(units, board, "e2"), 0

    async def told() -> bool:
        nonlocal last
        found = await log_of(registry_database, last)
        last = max(row.position for row in found)
        return any((row.topic, row.key) == ("registry.office", str(school)) for row in found)

    run = await imported(units, board, MOVER)
    assert await told()
    await revert_run(units, run, actor=ACTOR, by="学務課")
    assert await told()


async def test_a_move_on_the_first_of_april_is_a_move(units: Units, board: UUID) -> None:
    await imported(units, board, {**MOVER, "入学年月日": "2027/4/1"}, CHILD)
    (move,) = await rows(units, board, "select pupil_id, accepted_on from move")
    assert (move.pupil_id, move.accepted_on) == (await id_of(units, board, "0077777"), APRIL)


async def test_who_enters_a_year_that_has_begun_is_the_schools_to_place(
    units: Units, board: UUID, clock: FixedClock
) -> None:
    clock.instant = datetime(2027, 4, 8, 9, tzinfo=TOKYO)
    await imported(units, board, CHILD)
    (move,) = await rows(units, board, "select pupil_id, to_school_id, class_id from move")
    child, school = await id_of(units, board, "0012345"), await id_of(units, board, "e1")
    assert (move.pupil_id, move.to_school_id, move.class_id) == (child, school, None)


async def test_another_day_than_the_known_one_is_told_and_not_taken(units: Units, board: UUID) -> None:
    await imported(units, board, MOVER)
    prepared = await looked(units, board, {**MOVER, "入学年月日": "R8.12.15"})
    assert prepared.planned.nothing
    assert [each.line for each in prepared.notes if "もう在籍が決まっている" in each.told] == [2]
    assert (await looked(units, board, MOVER)).notes == ()


async def test_a_move_that_the_school_has_taken_up_keeps_the_run(units: Units, board: UUID) -> None:
    two = {**MOVER, "宛名番号": "0077778", "氏名": "遠山　凪", "フリガナ": "トオヤマ ナギ"}
    run = await imported(units, board, MOVER, two)
    clerk, found = await id_of(units, board, "t1"), await rows(units, board, "select id from move")
    assert len(found) == 2
    async with units.work(Scope(board), actor=ACTOR) as work:
        await moves.tick(work, found[0].id, "acceptance_told", date(2026, 11, 20), clerk)
    with pytest.raises(Depended) as kept:
        await check_revert(units, run)
    assert [each.what for each in kept.value.dependents] == ["あとで進められた転入"]
    for each in found:  # the office may take back both: neither hides the other
        async with units.work(Scope(board), actor=ACTOR) as work:
            await roster.lock_roster(work)
            move = await moves.move(work.session, board, each.id, date(2026, 11, 20))
            assert move is not None
            await making.undo(work, move, clerk)
    assert await stays(units, board, "0077777") == []


async def test_another_school_before_april_is_the_new_one(units: Units, board: UUID) -> None:
    await imported(units, board, CHILD)
    await imported(units, board, {**CHILD, "入学予定校": "にし小", "氏名": "紬野　華"}, confirmed=True)
    assert await stays(units, board, "0012345") == [(APRIL, NEXT, await id_of(units, board, "e2"), "P1")]
    (card,) = await rows(
        units, board, "select legal_given from person where id = :id", id=await id_of(units, board, "0012345")
    )
    assert card.legal_given == "華"


async def test_who_has_begun_stays_where_they_are(units: Units, board: UUID, clock: FixedClock) -> None:
    await imported(units, board, CHILD)
    clock.instant = datetime(2027, 4, 8, 9, tzinfo=TOKYO)
    prepared = await looked(units, board, {**CHILD, "入学予定校": "にし小"}, year=2027)
    assert prepared.planned.nothing
    assert any("もう在籍が決まっている" in each.told for each in prepared.notes)


async def test_a_register_ends_no_guardian_and_no_mark(units: Units, board: UUID) -> None:
    await imported(units, board, {**CHILD, "支援措置": "有"})
    marks = await periods(units, board, "protection_period", "0012345", "confidential_from")
    assert marks == [(date(2026, 11, 20), None, [])]
    again = {**CHILD, "支援措置": "", "保護者宛名番号": "0099999", "保護者氏名": "紬野　茜", "保護者カナ": ""}
    assert (await looked(units, board, again)).planned.nothing
    assert (await looked(units, board, {**CHILD, "宛名番号": "5"})).planned.preview.counts[
        "保護の印"
    ].new == 0


async def alike(units: Units, board: UUID, *children: Mapping[str, str]) -> tuple[int, str]:
    """How many of these children may be here already, and their lines, as the preview says it."""
    found = preview_as_json((await looked(units, board, *children)).planned)["resembling"]
    return found["children"], found["lines"]


async def test_who_may_be_another_is_asked_about_and_never_joined(units: Units, board: UUID) -> None:
    assert await alike(units, board, CHILD) == (0, "")
    await imported(units, board, CHILD)
    stranger = {**CHILD, "宛名番号": "55", "氏名": "山田　桃", "フリガナ": "ヤマダ モモ"}
    assert await alike(units, board, CHILD, stranger) == (0, ""), "a number that is known is that child"
    again = {**CHILD, "宛名番号": "999", "フリガナ": "つむぎの はな", "保護者宛名番号": ""}
    renamed = {**again, "宛名番号": "998", "氏名": "海野　花", "フリガナ": "ウミノ ハナ"}
    assert await alike(units, board, stranger, again, {**renamed, "保護者氏名": "海野　実"}) == (1, "3行")
    assert await alike(units, board, again, renamed, stranger) == (2, "2〜3行"), "a given name and a guardian"
    assert await alike(units, board, {**again, "生年月日": "令和2年5月7日"}) == (0, "")
    await imported(units, board, again)
    (question,) = await rows(units, board, "select one_id, other_id, state from same_person")
    assert {question.one_id, question.other_id} == {
        await id_of(units, board, "0012345"),
        await id_of(units, board, "999"),
    }
    assert question.state == "open"


async def test_siblings_have_one_guardian_where_the_guardian_has_a_number(units: Units, board: UUID) -> None:
    twin = {
        **CHILD,
        "宛名番号": "0012346",
        "氏名": "紬野　実花",
        "フリガナ": "ツムギノ ミカ",
        "入学予定校": "にし小",
    }
    await imported(units, board, CHILD, twin)
    ties = [
        await periods(units, board, "guardianship_period", each, "guardian_id")
        for each in ("0012345", "0012346")
    ]
    assert ties[0] == ties[1]
    found = await rows(units, board, "select id from person where legal_given = '実'")
    assert len(found) == 1


async def test_lost_zeros_of_a_known_number_are_refused(units: Units, board: UUID) -> None:
    await imported(units, board, CHILD)
    with pytest.raises(Refused) as refused:
        await looked(units, board, {**CHILD, "宛名番号": "12345"})
    (problem,) = refused.value.problems
    assert (problem.line, problem.column, problem.value) == (2, "宛名番号", "12345")
    assert "0012345" in problem.rule


async def test_taken_back_nothing_is_left_and_it_may_come_again(units: Units, board: UUID) -> None:
    run = await imported(units, board, CHILD)
    await revert_run(units, run, actor=ACTOR, by="学務課")
    assert await stays(units, board, "0012345") == []
    await imported(units, board, CHILD)
    assert len(await stays(units, board, "0012345")) == 1


async def test_a_later_roster_leaves_the_newcomers_alone(units: Units, board: UUID) -> None:
    await imported(units, board, CHILD)
    await import_package(units, with_cell(small_package(), "users.csv", 4, "givenName", "連"))
    assert len(await stays(units, board, "0012345")) == 1


async def test_somebody_who_came_back_is_the_same_child(units: Units, board: UUID, clock: FixedClock) -> None:
    await imported(units, board, {**MOVER, "入学年月日": "2026/9/1"})
    clerk = await id_of(units, board, "t1")
    clock.instant += timedelta(days=1)
    async with units.work(Scope(board), actor=ACTOR) as work:
        await roster.lock_roster(work)
        (row,) = await rows(units, board, "select id from move")
        move = await moves.move(work.session, board, row.id, date(2026, 11, 21))
        assert move is not None
        asked = making.Asked(
            kind="leaving",
            pupil=move.pupil,
            from_school=move.to_school,
            to_school=None,
            dates=Dates(date(2026, 10, 1), None),
            place=None,
            elsewhere={"name": "よその小", "address": "", "board": ""},
            reason="moved_house",
            together=move.id,
        )
        await making.make(work, asked, clerk, date(2026, 11, 21))
    await imported(units, board, MOVER)
    e2 = await id_of(units, board, "e2")
    assert await stays(units, board, "0077777") == [
        (date(2026, 9, 1), date(2026, 10, 2), e2, "P3"),
        (date(2026, 12, 1), APRIL, e2, "P3"),
    ]
