"""Numbered runs: kept, listed, resumed where they stopped, one at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registry.imports import store
from services.registry.imports.applying import Busy, Progress, alone, apply_run
from services.registry.imports.importing import Unfinished
from services.registry.imports.preview import KEPT
from services.registry.imports.store import Run
from services.registry.imports.tests.folding import told
from services.registry.oneroster import companion, importing, layout
from services.registry.oneroster.importing import ACTOR, import_package
from services.registry.oneroster.packages import digest
from services.registry.oneroster.tests.packages import Files, small_package, with_cell
from services.registry.oneroster.tests.test_delta import MEMBER, delta
from services.registry.roster.tests.reading import acts_of, log_of, periods, rows
from shared.database import Scope, Units
from shared.dates import FixedClock
from tests.support.databases import Database


class Killed(Exception):
    """Stands in for the end of the process."""


async def runs_of(units: Units, board: UUID) -> list[Run]:
    """All runs of a board."""
    async with units.read(Scope(board)) as session:
        return await store.runs(session, board)


async def begun(units: Units, files: Files) -> Run:
    """A run of which no part is applied yet."""
    prepared = await importing.prepare(units, files, by="someone")
    _, run = await importing.begin(units, prepared)
    return run


async def interrupted(units: Units, files: Files, *, after: int) -> Run:
    """A run whose process ends after so many parts."""
    run = await begun(units, files)

    def tell(progress: Progress) -> None:
        if progress.done == after:
            raise Killed

    with pytest.raises(Killed):
        await apply_run(units, run, actor=ACTOR, tell=tell)
    return run


async def test_a_run_is_kept_with_who_when_what_and_how_much(units: Units, clock: FixedClock) -> None:
    done = await import_package(units, small_package(), by="高橋")
    (run,) = await runs_of(units, done.board)
    assert (run.number, run.state, run.started_by, run.started_at) == (1, "done", "高橋", clock.instant)
    assert (run.digest, run.as_of, run.school_year) == (digest(small_package()), date(2026, 11, 20), 2026)
    assert (run.parts, run.parts_done, run.events) == (3, 3, 26)
    assert run.counts["counts"]["人"] == [7, 0, 0]
    assert done.run == 1
    left = await rows(units, done.board, "select content from import_part where content is not null")
    assert left == []


async def test_each_school_is_one_transaction_and_what_is_above_schools_another(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    found = await rows(units, done.board, "select recorded_at, id from organisation")
    assert len(found) == 8
    parts = await rows(
        units, done.board, "select ordinal, school_id, events from import_part order by ordinal"
    )
    assert [(part.ordinal, part.school_id is None, part.events > 0) for part in parts] == [
        (0, True, True),
        (1, False, True),
        (2, False, True),
    ]
    # Organisations, the setting and what belongs to no school come before everybody who refers to them.
    topics = [row.topic for row in await log_of(registry_database)][: parts[0].events]
    assert set(topics) == {"registry.organisation", "registry.setting"}


async def test_the_same_package_again_is_a_run_that_publishes_nothing(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    before = await log_of(registry_database)
    await import_package(units, small_package())
    assert await log_of(registry_database) == before
    one, two = await runs_of(units, done.board)
    assert (two.number, two.state, two.parts, two.events) == (2, "done", 0, 0)
    assert one.files == two.files
    assert await acts_of(registry_database) == [("importer", "ImportRoster", "II")]


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_an_interrupted_run_goes_on_where_it_stopped(
    units: Units, registry_database: Database, clock: FixedClock, after: int
) -> None:
    run = await interrupted(units, small_package(), after=after)
    here = len(await log_of(registry_database))
    assert here < 26 or after == 3
    (seen,) = await runs_of(units, run.board)
    assert (seen.state, seen.parts_done) == ("applying", after)
    clock.instant += timedelta(days=1)
    applied = await apply_run(units, seen, actor=ACTOR)
    assert applied.events == 26 - here
    (seen,) = await runs_of(units, run.board)
    assert (seen.state, seen.parts_done, seen.events) == ("done", 3, 26)
    assert (await import_package(units, small_package())).nothing


async def test_what_ends_ends_on_the_day_the_run_began_however_late_it_goes_on(
    units: Units, clock: FixedClock
) -> None:
    done = await import_package(units, small_package())
    changed = with_cell(small_package(), layout.ENROLLMENTS, 5, "classSourcedId", "k22")
    run = await begun(units, changed)
    clock.instant += timedelta(days=3)
    await apply_run(units, run, actor=ACTOR)
    found = await periods(units, done.board, "duty_period", "t1", "kind, class_id")
    assert next(until for _, until, kind, _ in found if kind == "homeroom") == date(2026, 11, 20)


async def test_the_same_command_resumes_and_another_package_must_wait(
    units: Units, registry_database: Database
) -> None:
    run = await interrupted(units, small_package(), after=1)
    other = with_cell(small_package(), layout.USERS, 6, "familyName", "神田")
    with pytest.raises(Unfinished) as waiting:
        await import_package(units, other)
    assert waiting.value.run.number == run.number
    done = await import_package(units, small_package())
    assert (done.run, done.board) == (1, run.board)
    assert len(await log_of(registry_database)) == 26
    assert (await import_package(units, other)).run == 2


async def test_resuming_says_the_same_as_one_run_without_a_stop(
    units: Units, registry_database: Database
) -> None:
    run = await interrupted(units, small_package(), after=2)
    await apply_run(units, run, actor=ACTOR)
    stopped = await told(units, run.board, registry_database)
    whole = await import_package(units, small_package())
    assert whole.nothing
    assert len(stopped) == 26


async def test_one_process_at_a_time(units: Units) -> None:
    run = await begun(units, small_package())
    async with alone(units, run):
        with pytest.raises(Busy):
            await apply_run(units, run, actor=ACTOR)
    await apply_run(units, run, actor=ACTOR)


async def test_what_others_change_between_planning_and_applying_is_decided_anew(units: Units) -> None:
    """A number that is already right when the part's turn comes is not written twice."""
    done = await import_package(units, small_package())
    changed = with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    run = await begun(units, changed)
    from services.registry.roster import store as roster
    from services.registry.roster.rows import Added, Voided

    p1 = (await rows(units, done.board, "select id from external_id where sourced_id = 'p1'"))[0].id
    async with units.work(Scope(done.board), actor="office") as work:
        (standing,) = await roster.standing(work.session, done.board, roster.MEMBERSHIP, [p1])
        by_hand = standing.held._replace(what=standing.held.what._replace(number=7))
        await roster.void(work, roster.MEMBERSHIP, [Voided(standing.id, p1, "by hand")])
        await roster.add(work, roster.MEMBERSHIP, [Added(by_hand, standing.id)])
    applied = await apply_run(units, run, actor=ACTOR)
    assert applied.events == 0


async def test_two_plans_of_the_same_moment_do_not_both_begin(units: Units) -> None:
    await import_package(units, small_package())
    one = await importing.prepare(units, with_cell(small_package(), layout.USERS, 6, "familyName", "神田"))
    other = await importing.prepare(units, with_cell(small_package(), layout.USERS, 6, "familyName", "神山"))
    _, run = await importing.begin(units, one)
    await apply_run(units, run, actor=ACTOR)
    planned, second = await importing.begin(units, other)  # planned anew
    assert (second.number, planned.last_number) == (3, 2)


async def test_a_delta_changes_what_the_last_package_left(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    first = delta({layout.ENROLLMENTS: [{**MEMBER, "metadata.jp.shussekiNo": "9"}]})
    assert (await import_package(units, first)).counts["学級の所属"].changed == 1
    assert (await import_package(units, first)).nothing
    second = delta(
        {
            layout.ENROLLMENTS: [
                {**MEMBER, "metadata.jp.shussekiNo": "8", "dateLastModified": "2026-09-05T00:00:00Z"}
            ]
        }
    )
    await import_package(units, second)
    late = await import_package(units, first)
    assert late.nothing
    assert [row[2] for row in await periods(units, done.board, "membership_period", "p1", "number")] == [8]


async def test_a_delta_leaves_alone_whom_it_does_not_speak_about(
    units: Units, registry_database: Database
) -> None:
    """What the office has changed by hand since the last package stands, but for those whom the delta names."""
    from services.registry.roster import store as roster
    from services.registry.roster.rows import Added, Voided

    done = await import_package(units, small_package())
    p2 = (await rows(units, done.board, "select id from external_id where sourced_id = 'p2'"))[0].id
    async with units.work(Scope(done.board), actor="office") as work:
        home = next(
            each
            for each in await roster.standing(work.session, done.board, roster.MEMBERSHIP, [p2])
            if each.held.what.kind == "home"
        )
        by_hand = home.held._replace(what=home.held.what._replace(number=30))
        await roster.void(work, roster.MEMBERSHIP, [Voided(home.id, p2, "by hand")])
        await roster.add(work, roster.MEMBERSHIP, [Added(by_hand, home.id)])
    await import_package(units, delta({layout.ENROLLMENTS: [{**MEMBER, "metadata.jp.shussekiNo": "9"}]}))
    numbers = {row[2] for row in await periods(units, done.board, "membership_period", "p2", "number")}
    assert 30 in numbers
    (event,) = [
        row for row in await log_of(registry_database, after=done.position or 0) if row.key == str(p2)
    ] or [None]
    assert event is None
    again = await import_package(units, small_package())
    # A bulk package speaks about everybody, but has no news of the one who was changed by hand.
    assert again.counts["学級の所属"].changed == 1
    assert again.counts[KEPT].changed == 1
    numbers = {row[2] for row in await periods(units, done.board, "membership_period", "p2", "number")}
    assert 30 in numbers


async def test_a_bulk_package_without_demographics_takes_no_birth_date_away(units: Units) -> None:
    done = await import_package(units, small_package())
    files = small_package()
    files[layout.MANIFEST] = files[layout.MANIFEST].replace(b"demographics,bulk", b"demographics,absent")
    del files[layout.DEMOGRAPHICS], files[companion.FILE]
    assert (await import_package(units, files)).nothing
    found = await rows(units, done.board, "select birth_date from person where birth_date is not null")
    assert len(found) == 3


async def test_a_delta_for_a_city_without_any_import_is_refused(units: Units) -> None:
    with pytest.raises(importing.Refused):
        await import_package(units, delta({layout.ENROLLMENTS: [MEMBER]}))


async def test_only_the_last_packages_are_kept(units: Units) -> None:
    done = await import_package(units, small_package())
    for number in range(10, 16):
        await import_package(
            units, with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", str(number))
        )
    kept = await rows(units, done.board, "select sha256 from import_file")
    runs = await runs_of(units, done.board)
    wanted = {hash_ for run in runs[-store.KEPT_RUNS :] for hash_ in run.files.values()}
    assert {row.sha256 for row in kept} == wanted
    assert len(runs[-1].files) == 9


async def test_an_organisation_that_is_left_out_is_closed_and_never_deleted(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    files = small_package()
    rows_before = await rows(units, done.board, "select id from organisation")
    without: dict[str, Any] = {layout.CLASSES: 3}
    from services.registry.oneroster.tests.packages import with_companion, without_row

    for name, line in without.items():
        files = without_row(files, name, line)
    files = with_companion(files, "/calendars/0/closures", [])
    changed = await import_package(units, files, confirmed=True)
    assert changed.counts["学校・学級・部署"].ended == 1
    assert len(await rows(units, done.board, "select id from organisation")) == len(rows_before)
    events = [
        row
        for row in await log_of(registry_database, after=done.position or 0)
        if row.topic == "registry.organisation"
    ]
    assert [(event.payload["name"], event.payload["until"]) for event in events] == [("2年2組", "2026-11-20")]
    assert (await import_package(units, files)).nothing
    back = await import_package(units, small_package())
    assert back.counts["学校・学級・部署"].changed == 1
    (row,) = await rows(units, done.board, "select until from organisation where name = '2年2組'")
    assert row.until is None


async def test_a_package_about_a_past_year_closes_nothing(units: Units, clock: FixedClock) -> None:
    await import_package(units, small_package())
    clock.instant += timedelta(days=300)
    from services.registry.oneroster.tests.packages import with_companion, without_row

    files = with_companion(without_row(small_package(), layout.CLASSES, 3), "/calendars/0/closures", [])
    changed = await import_package(units, files)
    assert changed.counts["学校・学級・部署"].ended == 0


def test_a_run_knows_its_frame() -> None:
    run = Run(
        UUID(int=1), UUID(int=2), 1, "s", 2026, "", {}, date(2026, 2, 1), "done", "", None, None,  # type: ignore[arg-type]
        None, None, None, {}, False, None, None, None, None, None, 0, 0, 0,
    )  # fmt: skip
    assert run.frame.ends == date(2026, 4, 1)
    assert replace(run, as_of=date(2026, 5, 1)).frame.ends == date(2026, 5, 1)
