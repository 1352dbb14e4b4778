"""A run is taken back while nothing depends on it, and then everything is exactly as it was."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.registry.imports import reverting, store
from services.registry.imports.applying import Progress, apply_run
from services.registry.imports.reverting import Depended, NotToRevert, check_revert, revert_run
from services.registry.imports.store import Run
from services.registry.imports.tests.folding import fold_of, standing, told
from services.registry.imports.tests.test_runs import Killed, begun, interrupted, runs_of
from services.registry.oneroster import layout
from services.registry.oneroster.importing import ACTOR, import_package
from services.registry.oneroster.tests.packages import (
    Files,
    small_package,
    with_cell,
    with_companion,
    with_row,
    without_row,
)
from services.registry.oneroster.tests.test_delta import MEMBER, delta
from services.registry.roster import store as roster
from services.registry.roster.rows import Added, Voided
from services.registry.roster.substitutes import add_substitute
from services.registry.roster.tests.reading import acts_of, id_of, rows
from shared.database import Scope, Units
from shared.dates import FixedClock
from tests.support.databases import Database


async def run_of(units: Units, board: Any, number: int) -> Run:
    """One run."""
    async with units.read(Scope(board)) as session:
        found = await store.run(session, board, number)
    assert found is not None
    return found


async def revert(units: Units, board: Any, number: int) -> reverting.Reverted:
    """Take a run back."""
    return await revert_run(units, await run_of(units, board, number), actor=ACTOR, by="someone")


def much_changed() -> Files:
    """The small package with something of every kind new, other or gone."""
    files = with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    files = with_cell(files, layout.USERS, 6, "familyName", "神山")
    files = with_cell(files, layout.ORGS, 3, "name", "紬市立あたらしい小学校")
    files = with_companion(files, "/guardianships/2/rights/read", False)
    files = with_companion(files, "/protections/0/to", "2027-03-31")
    files = with_companion(files, "/duties/1/to", "2026-12-31")
    files = with_companion(files, "/calendars/1/school_days", ["2026-04-07", "2026-04-09"])
    files = with_companion(files, "/departments/-", {"id": "d2", "name": "指導課", "code": "shido"})
    files = without_row(files, layout.CLASSES, 3)
    files = with_companion(files, "/calendars/0/closures", [])
    files = with_row(
        files,
        layout.USERS,
        sourcedId="p4",
        enabledUser="true",
        username="p4",
        givenName="新",
        familyName="森",
        grades="P2",
    )
    files = with_row(
        files,
        layout.ROLES,
        sourcedId="r9",
        userSourcedId="p4",
        roleType="primary",
        role="student",
        orgSourcedId="e1",
    )
    return with_row(
        files,
        layout.ENROLLMENTS,
        sourcedId="m9",
        classSourcedId="k21",
        schoolSourcedId="e1",
        userSourcedId="p4",
        role="student",
    )


_CARDS = "select to_jsonb(p) - 'revision' from person p where withdrawn_at is null order by id"
"""Every time a card is written over it has another revision: also when it is written as it was."""


async def test_a_reverted_run_leaves_the_fold_and_the_rows_exactly_as_they_were(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    fold, stood = await fold_of(registry_database), await standing(units, done.board)
    cards = await rows(units, done.board, _CARDS)
    await import_package(units, much_changed(), confirmed=True)
    assert await fold_of(registry_database) != fold
    back = await revert(units, done.board, 2)
    assert await fold_of(registry_database) == fold
    assert await standing(units, done.board) == stood
    assert await rows(units, done.board, _CARDS) == cards
    assert (back.people > 0, back.events > 0, back.position is not None) == (True, True, True)
    assert [run.state for run in await runs_of(units, done.board)] == ["done", "reverted"]
    assert ("importer", "RevertImport", "II") in await acts_of(registry_database)


async def test_after_a_revert_the_first_package_is_no_change_and_the_second_is_the_same_again(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    await import_package(units, much_changed(), confirmed=True)
    changed = await fold_of(registry_database)
    await revert(units, done.board, 2)
    assert (await import_package(units, small_package())).nothing
    await import_package(units, much_changed(), confirmed=True)
    assert await fold_of(registry_database) == changed  # ids of what came, went and came again are the same
    await revert(units, done.board, 4)
    assert (await import_package(units, small_package())).nothing


async def test_the_very_first_run_leaves_nothing_behind(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    whole = await fold_of(registry_database)
    await revert(units, done.board, 1)
    assert await fold_of(registry_database) == {}
    assert await standing(units, done.board) == []
    for table in ("organisation", "calendar", "setting", "import_file"):
        assert await rows(units, done.board, f"select 1 from {table}") == []
    again = await import_package(units, small_package())
    assert (again.board, again.run) == (done.board, 2)
    assert await fold_of(registry_database) == whole


async def test_runs_are_taken_back_one_after_the_other(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    folds = [await fold_of(registry_database)]
    for changed in ("8", "9"):
        await import_package(
            units, with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", changed)
        )
        folds.append(await fold_of(registry_database))
    with pytest.raises(Depended) as depended:
        await revert(units, done.board, 2)
    assert "あとの取り込み 3" in {each.what for each in depended.value.dependents}
    assert await fold_of(registry_database) == folds[2]
    for number, fold in ((3, folds[1]), (2, folds[0]), (1, {})):
        await revert(units, done.board, number)
        assert await fold_of(registry_database) == fold


async def test_a_delta_after_a_revert_is_laid_onto_what_holds_again(units: Units) -> None:
    done = await import_package(units, small_package())
    await import_package(units, delta({layout.ENROLLMENTS: [{**MEMBER, "metadata.jp.shussekiNo": "9"}]}))
    await revert(units, done.board, 2)
    again = await import_package(
        units, delta({layout.ENROLLMENTS: [{**MEMBER, "metadata.jp.shussekiNo": "9"}]})
    )
    assert again.counts["学級の所属"].changed == 1


async def test_a_run_that_was_taken_back_or_is_unknown_is_told(units: Units) -> None:
    done = await import_package(units, small_package())
    await revert(units, done.board, 1)
    with pytest.raises(NotToRevert, match="すでに取り消され"):
        await revert(units, done.board, 1)


async def test_a_run_that_stopped_halfway_can_go_back(units: Units, registry_database: Database) -> None:
    run = await interrupted(units, small_package(), after=2)
    await revert(units, run.board, 1)
    assert await fold_of(registry_database) == {}
    left = await rows(units, run.board, "select 1 from import_part where content is not null")
    assert left == []
    assert (await import_package(units, small_package())).run == 2


async def test_another_run_under_way_is_finished_first(units: Units) -> None:
    done = await import_package(units, small_package())
    await begun(units, with_cell(small_package(), layout.USERS, 6, "familyName", "神田"))
    with pytest.raises(NotToRevert, match="途中です"):
        await check_revert(units, await run_of(units, done.board, 1))


@pytest.mark.parametrize("after", [1, 3, 5])
async def test_an_interrupted_revert_goes_on_where_it_stopped(
    units: Units, registry_database: Database, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(reverting, "AT_ONCE", 1)
    done = await import_package(units, small_package())

    def tell(progress: Progress) -> None:
        if progress.done == after:
            raise Killed

    with pytest.raises(Killed):
        await revert_run(units, await run_of(units, done.board, 1), actor=ACTOR, by="x", tell=tell)
    run = await run_of(units, done.board, 1)
    assert run.state == "reverting"
    assert await fold_of(registry_database) != {}
    await revert_run(units, run, actor=ACTOR, by="x")
    assert await fold_of(registry_database) == {}
    assert (await run_of(units, done.board, 1)).state == "reverted"


async def depends(units: Units, board: Any, number: int) -> set[str]:
    """What is named as depending on a run."""
    before = await standing(units, board)
    with pytest.raises(Depended) as depended:
        await revert(units, board, number)
    assert await standing(units, board) == before
    return {each.what for each in depended.value.dependents}


async def change_number(units: Units, board: Any, pupil: str, number: int) -> None:
    """By hand."""
    person = await id_of(units, board, pupil)
    async with units.work(Scope(board), actor="office") as work:
        home = next(
            each
            for each in await roster.standing(work.session, board, roster.MEMBERSHIP, [person])
            if each.held.what.kind == "home"
        )
        by_hand = home.held._replace(what=home.held.what._replace(number=number))
        await roster.void(work, roster.MEMBERSHIP, [Voided(home.id, person, "by hand")])
        await roster.add(work, roster.MEMBERSHIP, [Added(by_hand, home.id)])


async def test_a_number_changed_by_hand_holds_the_run_that_gave_it(units: Units) -> None:
    done = await import_package(units, small_package())
    await import_package(
        units, with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    )
    await change_number(units, done.board, "p1", 30)
    assert await depends(units, done.board, 2) >= {"あとで変えられた学級の所属"}


async def test_what_was_changed_of_others_holds_nothing(units: Units) -> None:
    done = await import_package(units, small_package())
    await import_package(
        units, with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    )
    await change_number(units, done.board, "p3", 30)
    p3 = await id_of(units, done.board, "p3")
    stood = [row for row in await standing(units, done.board) if row[1] == p3]
    await revert(units, done.board, 2)
    assert [row for row in await standing(units, done.board) if row[1] == p3] == stood


async def test_a_substitute_of_somebody_the_run_brought_holds_it(units: Units) -> None:
    done = await import_package(units, small_package())
    k22, t1 = await id_of(units, done.board, "k22"), await id_of(units, done.board, "t1")
    await add_substitute(units, done.board, class_id=k22, staff=t1, on=date(2026, 11, 24), actor="office")
    found = await depends(units, done.board, 1)
    assert "この取り込みで加わった人に、あとで加えられた職務" in found


async def test_next_year_that_names_the_same_people_holds_the_run_that_brought_them(units: Units) -> None:
    done = await import_package(units, small_package())
    files = {
        name: content.replace(b"2027-03-31", b"2028-03-31").replace(b"2026", b"2027")
        if name != "users.csv"
        else content
        for name, content in small_package().items()
    }
    told_ = json.loads(files["companion.json"])
    told_["protections"][0]["from"] = "2025-11-02"
    files["companion.json"] = json.dumps(told_).encode()
    await import_package(units, files)
    found = await depends(units, done.board, 1)
    assert "この取り込みで加わった人に、あとで加えられた在籍" in found
    await revert(units, done.board, 2)
    await revert(units, done.board, 1)


async def take_attendance(units: Units, board: Any, pupil: str, class_id: str, at: datetime) -> None:
    """One pupil's day, as the roll writes it."""
    person, place = await id_of(units, board, pupil), await id_of(units, board, class_id)
    school = await id_of(units, board, "e1")
    async with units.work(Scope(board), actor="teacher") as work:
        values = {"b": board, "p": person, "c": place, "s": school, "at": at}
        await work.session.execute(
            text(
                "insert into pupil_day (id, board_id, school_id, class_id, pupil_id, day, revision, status, facts)"
                " values (:p, :b, :s, :c, :p, '2026-11-20', 1, 'present', '{}')"
            ),
            {name: value for name, value in values.items() if name != "at"},
        )
        await work.session.execute(
            text(
                "insert into attendance_fact (pupil_day_id, board_id, school_id, source, revision, recorded_by,"
                " recorded_at) values (:p, :b, :s, 'teacher', 1, :p, :at)"
            ),
            {name: value for name, value in values.items() if name != "c"},
        )


async def test_a_roll_that_was_taken_since_holds_the_run(units: Units, clock: FixedClock) -> None:
    done = await import_package(units, small_package())
    clock.instant += timedelta(minutes=5)
    await import_package(
        units, with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    )
    await take_attendance(units, done.board, "p1", "k21", clock.instant + timedelta(minutes=1))
    assert await depends(units, done.board, 2) == {"あとで付けられた出欠の記録"}


async def test_a_lesson_that_was_taken_since_holds_the_run(units: Units, clock: FixedClock) -> None:
    done = await import_package(units, small_package())
    clock.instant += timedelta(minutes=5)
    await import_package(
        units, with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    )
    await take_lesson(units, done.board, "p1", "k21", clock.instant + timedelta(minutes=1))
    assert await depends(units, done.board, 2) == {"あとで付けられた時限の出欠"}
    assert "この取り込みで加わった学級の、確定した時限" in await depends(units, done.board, 1)


async def take_lesson(units: Units, board: Any, pupil: str, class_id: str, at: datetime) -> None:
    """One pupil's lesson, as its roll writes it."""
    values = {
        "b": board,
        "p": await id_of(units, board, pupil),
        "c": await id_of(units, board, class_id),
        "s": await id_of(units, board, "e1"),
        "at": at,
    }
    async with units.work(Scope(board), actor="teacher") as work:
        for sql in (
            "insert into lesson_roll (id, board_id, school_id, class_id, day, period, revision, members, taken_at,"
            " taken_by) values (:p, :b, :s, :c, '2026-11-20', 1, 1, 1, :at, :p)",
            "insert into pupil_lessons (id, board_id, school_id, class_id, pupil_id, day, revision, marks)"
            " select :p, :b, :s, :c, :p, '2026-11-20', 1, '{}' where cast(:at as timestamptz) is not null",
            "insert into lesson_mark (pupil_lessons_id, period, revision, board_id, school_id, code, recorded_by,"
            " recorded_at) select :p, 1, 1, :b, :s, 'here', :p, :at where cast(:c as uuid) is not null",
        ):
            await work.session.execute(text(sql), values)


async def test_a_roll_taken_before_the_run_holds_nothing(units: Units, clock: FixedClock) -> None:
    done = await import_package(units, small_package())
    await take_attendance(units, done.board, "p1", "k21", clock.instant + timedelta(minutes=1))
    clock.instant += timedelta(minutes=5)
    await import_package(
        units, with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    )
    await revert(units, done.board, 2)


async def test_what_comes_to_depend_while_a_run_goes_back_stops_it_there(
    units: Units, registry_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has been taken back is; whoever somebody changed meanwhile stays; nothing is half."""
    monkeypatch.setattr(reverting, "AT_ONCE", 1)
    done = await import_package(units, small_package())
    changed = with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    changed = with_cell(changed, layout.ENROLLMENTS, 4, "metadata.jp.shussekiNo", "8")
    await import_package(units, changed)
    pupils = sorted([await id_of(units, done.board, "p1"), await id_of(units, done.board, "p3")])
    names = {await id_of(units, done.board, each): each for each in ("p1", "p3")}
    groups = 0

    async def pause(_: int | None) -> None:
        nonlocal groups
        groups += 1
        if groups == 2:
            await change_number(units, done.board, names[pupils[1]], 30)

    with pytest.raises(Depended):
        await revert_run(units, await run_of(units, done.board, 2), actor=ACTOR, by="x", pause=pause)
    found = await rows(
        units,
        done.board,
        "select subject_id, number from membership_period where voided_at is null and kind = 'home'"
        " and subject_id = any(:people)",
        people=pupils,
    )
    numbers = {names[row.subject_id]: row.number for row in found}
    assert numbers[names[pupils[1]]] == 30
    assert numbers[names[pupils[0]]] == 1
    assert (await run_of(units, done.board, 2)).state == "reverting"


async def test_taking_back_says_what_resumed_runs_say(units: Units, registry_database: Database) -> None:
    """A run that stopped, went on and went back leaves what was before, in the source's own words too."""
    done = await import_package(units, small_package())
    before = await told(units, done.board, registry_database)
    run = await interrupted(units, much_changed_but_losses(), after=1)
    await apply_run(units, run, actor=ACTOR)
    await revert(units, done.board, run.number)
    assert await told(units, done.board, registry_database) == before


def much_changed_but_losses() -> Files:
    """Changes in two parts, none of which needs a confirmation."""
    files = with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    return with_cell(files, layout.ENROLLMENTS, 4, "metadata.jp.shussekiNo", "8")
