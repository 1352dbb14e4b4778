"""What an export leaves out, what it can be told, and that it is written down."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.registry.exports.exporting import DeltaNotPossible, NothingToExport, export
from services.registry.exports.rules import Frame
from services.registry.exports.tests.test_round_trip import TODAY, leave
from services.registry.imports.reverting import revert_run
from services.registry.imports.store import run as run_of
from services.registry.oneroster import companion, layout
from services.registry.oneroster.importing import Refused, import_package
from services.registry.oneroster.packages import open_package
from services.registry.oneroster.tests.packages import Files, small_package, with_cell
from services.registry.roster import store
from services.registry.roster.rows import Added, Held, ProtectionIs, Voided
from services.registry.roster.snapshot import Period
from services.registry.roster.tests.reading import acts_of, id_of
from shared.access.principal import command_line
from shared.database import Scope, Units
from shared.dates import FixedClock
from shared.sheets import restored
from tests.support.databases import Database


def rows_of(files: Files, name: str) -> list[dict[str, str]]:
    """A file's rows, as they are written."""
    return list(csv.DictReader(io.StringIO(files[name].decode(), newline="")))


def people_of(files: Files) -> set[str]:
    return {row["sourcedId"] for row in rows_of(files, layout.USERS)}


async def test_a_protected_child_stays_unless_asked_for(units: Units, tmp_path: Path) -> None:
    board = (await import_package(units, small_package())).board
    done, files = await leave(units, board, tmp_path / "without", protected=False)
    assert done.protected == 1
    assert not [name for name, content in files.items() if b'"p1"' in content]
    assert json.loads(files[companion.FILE])["protections"] == []
    assert "p2" in people_of(files)
    with pytest.raises(Refused) as refused:  # it would end the child's 在籍
        await import_package(units, files, confirmed=True)
    assert [(each.column, each.value) for each in refused.value.problems] == [("/protected_left_out", "1")]
    done, files = await leave(units, board, tmp_path / "with")
    assert done.protected == 1
    assert "p1" in people_of(files)
    assert json.loads(files[companion.FILE])["protections"][0]["pupil"] == "p1"


async def test_what_others_get_ends_no_protected_childs_stay_when_it_comes_back(
    units: Units, tmp_path: Path
) -> None:
    """It says nothing of those it leaves out, as the roster of any other system that was never told of them."""
    board = (await import_package(units, small_package())).board
    stood = await stays_of(units, board)
    assert stood
    _, files = await leave(units, board, tmp_path / "others", companion=False, protected=False)
    assert companion.FILE not in files
    assert "p1" not in people_of(files)
    for dry_run in (True, False):
        with pytest.raises(Refused) as refused:
            await import_package(units, files, dry_run=dry_run, confirmed=True)
        assert [(each.file, each.value) for each in refused.value.problems] == [(layout.USERS, "1人")]
    assert await stays_of(units, board) == stood


async def stays_of(units: Units, board: UUID) -> list[Period]:
    """Of the protected child."""
    async with units.read(Scope(board)) as session:
        child = await id_of(units, board, "p1")
        return [each.held.valid for each in await store.standing(session, board, store.ENROLMENT, [child])]


async def test_other_systems_get_no_companion_and_nobody_without_rights(units: Units, tmp_path: Path) -> None:
    board = (await import_package(units, small_package())).board
    _, files = await leave(units, board, tmp_path / "x", companion=False, protected=False)
    assert companion.FILE not in files
    assert {row["sourcedId"]: row["agentSourcedIds"] for row in rows_of(files, layout.USERS)}["p2"] == "g1"


async def test_the_instant_of_a_guardians_row_says_nothing_of_a_child_who_is_not_told(
    units: Units, tmp_path: Path, clock: FixedClock
) -> None:
    """The mother of p1, who is protected, and of p2: what happens to p1's mark moves no instant of hers."""
    board = (await import_package(units, small_package())).board

    async def instants(where: str) -> dict[str, str]:
        _, files = await leave(units, board, tmp_path / where, companion=False, protected=False, stamped=True)
        return {row["sourcedId"]: row["dateLastModified"] for row in rows_of(files, layout.USERS)}

    before = await instants("before")
    assert before["g1"]
    clock.instant += timedelta(hours=1)
    pupil = await id_of(units, board, "p1")
    async with units.work(Scope(board), actor="office") as work:
        (mark,) = await store.standing(work.session, board, store.PROTECTION, [pupil])
        await store.void(work, store.PROTECTION, [Voided(mark.id, pupil, "said anew")])
        await store.add(work, store.PROTECTION, [Added(mark.held, mark.id)])
    assert await instants("after") == before


async def test_a_child_who_becomes_protected_is_taken_back_without_a_name(
    units: Units, tmp_path: Path, clock: FixedClock
) -> None:
    board = (await import_package(units, small_package())).board
    clock.instant += timedelta(hours=1)
    first, _ = await leave(units, board, tmp_path / "first", companion=False, protected=False)
    clock.instant += timedelta(hours=1)
    pupil = await id_of(units, board, "p2")
    async with units.work(Scope(board), actor="office") as work:
        mark = Held(pupil, Period(TODAY, None), ProtectionIs(()))
        await store.add(work, store.PROTECTION, [Added(mark, None)])
    _, files = await leave(
        units, board, tmp_path / "next", companion=False, protected=False, since=first.instant
    )
    user = next(row for row in rows_of(files, layout.USERS) if row["sourcedId"] == "p2")
    assert (user["status"], user["familyName"]) == ("tobedeleted", "―")
    assert {row["status"] for row in rows_of(files, layout.ENROLLMENTS)} == {"tobedeleted"}
    clock.instant += timedelta(hours=1)
    _, later = await leave(
        units, board, tmp_path / "later", companion=False, protected=False, since=clock.instant
    )
    assert not [name for name, content in later.items() if b"p2" in content]


async def test_one_school(units: Units, tmp_path: Path) -> None:
    board = (await import_package(units, small_package())).board
    school = await id_of(units, board, "e2")
    _, files = await leave(units, board, tmp_path / "x", school=school)
    assert {row["sourcedId"] for row in rows_of(files, layout.ORGS)} == {"board", "e2"}
    assert people_of(files) == {"p3", "g2"}


@pytest.mark.parametrize(
    ("profile", "version", "column"),
    [("1.2_JP", "1.2_JP", "metadata.jp.shussekiNo"), ("1.2", "1.2", "metadata.jp.ShussekiNo")],
)
async def test_both_profiles_come_back(
    profile: Any, version: str, column: str, units: Units, tmp_path: Path
) -> None:
    files = with_cell(small_package(), layout.CLASSES, 4, "grades", "P1,P2,P3,P4,P5,P6")
    board = (await import_package(units, files)).board
    _, out = await leave(units, board, tmp_path / "x", profile=profile)
    assert f'"oneroster.version","{version}"'.encode() in out[layout.MANIFEST]
    assert column in rows_of(out, layout.ENROLLMENTS)[0]
    assert ("resourceSourcedIds" in rows_of(out, layout.USERS)[0]) is (profile == "1.2")
    assert (await import_package(units, out)).nothing


async def test_a_name_is_no_formula_and_is_not_lost(units: Units, tmp_path: Path) -> None:
    name = "=HYPERLINK(1)"
    files = with_cell(small_package(), layout.USERS, 2, "givenName", name)
    board = (await import_package(units, files)).board
    _, out = await leave(units, board, tmp_path / "x")
    cells = [
        cell for each in layout.LAYOUTS if each in out for row in rows_of(out, each) for cell in row.values()
    ]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert name in {restored(cell) for cell in cells}
    assert (await import_package(units, out)).nothing


async def test_an_export_is_in_the_access_log_before_it_is_written(
    units: Units, registry_database: Database, tmp_path: Path
) -> None:
    board = (await import_package(units, small_package())).board
    await leave(units, board, tmp_path / "x")
    assert ("tsumugi-cli", "ExportRoster", "I") in await acts_of(registry_database)


async def test_a_delta_over_a_run_that_was_taken_back_is_refused(
    units: Units, tmp_path: Path, clock: FixedClock
) -> None:
    board = (await import_package(units, small_package())).board
    first, _ = await leave(units, board, tmp_path / "first")
    clock.instant += timedelta(hours=1)
    done = await import_package(units, with_cell(small_package(), layout.USERS, 2, "givenName", "蘭"))
    assert done.run is not None
    async with units.read(Scope(board)) as session:
        run = await run_of(session, board, done.run)
    assert run is not None
    await revert_run(units, run, actor="importer", by="test")
    with pytest.raises(DeltaNotPossible):
        await leave(units, board, tmp_path / "delta", since=first.instant)
    assert not (tmp_path / "delta").exists()


async def test_a_year_without_classes_is_no_roster(units: Units, tmp_path: Path) -> None:
    board = (await import_package(units, small_package())).board
    now = units.clock.now()
    with pytest.raises(NothingToExport):
        await export(units, Frame.on(board, date(2031, 5, 1), now), tmp_path / "x", command_line(board, now))


async def test_a_zip_holds_the_same_as_a_folder(units: Units, tmp_path: Path) -> None:
    board = (await import_package(units, small_package())).board
    _, folder = await leave(units, board, tmp_path / "x")
    await leave(units, board, tmp_path / "x.zip")
    assert dict(open_package(tmp_path / "x.zip")) == folder
