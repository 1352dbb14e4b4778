"""A delta says nothing of where a child is who has become protected, and nothing of one who was protected before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.registry.exports.tests.test_exporting import rows_of
from services.registry.exports.tests.test_round_trip import leave
from services.registry.oneroster import companion, layout
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import Files, small_package, with_companion, with_row
from services.registry.roster import store
from services.registry.roster.rows import Added, EnrolmentIs, Held, MembershipIs, ProtectionIs, Voided
from services.registry.roster.snapshot import Period
from services.registry.roster.store import PeriodTable
from services.registry.roster.tests.reading import id_of
from shared.database import Scope, Units, Work
from shared.dates import FixedClock

MARKED, MOVED = date(2026, 11, 2), date(2026, 11, 9)
FOR_OTHERS: dict[str, Any] = {"companion": False, "protected": False}
LEAVES: list[dict[str, Any]] = [FOR_OTHERS, {"protected": False, "counted": False}]


async def mark(work: Work, pupil: UUID, kept_from: Iterable[UUID] = ()) -> None:
    held = Held(pupil, Period(MARKED, None), ProtectionIs(tuple(kept_from)))
    await store.add(work, store.PROTECTION, [Added(held, None)])


async def unmark(work: Work, pupil: UUID) -> None:
    for each in await store.standing(work.session, work.scope.board, store.PROTECTION, [pupil]):
        await store.void(work, store.PROTECTION, [Voided(each.id, pupil, "ended")])


async def move(units: Units, board: UUID, pupil: UUID, school: UUID, class_id: UUID) -> None:
    """To another school, in the middle of the year."""
    said: list[tuple[PeriodTable[Any], Any]] = [
        (store.ENROLMENT, EnrolmentIs(school, "P1")),
        (store.MEMBERSHIP, MembershipIs(school, class_id, "home", 31)),
    ]
    async with units.work(Scope(board), actor="office") as work:
        for table, what in said:
            found = await store.standing(work.session, board, table, [pupil])
            (stands,) = [each for each in found if getattr(each.held.what, "kind", "home") == "home"]
            since, until = stands.held.valid
            await store.void(work, table, [Voided(stands.id, pupil, "moved")])
            new = [stands.held._replace(valid=Period(since, MOVED)), Held(pupil, Period(MOVED, until), what)]
            await store.add(work, table, [Added(each, None) for each in new])


def about(files: Files, *people: str) -> str:
    """All rows that are about somebody."""
    found = []
    for name in (layout.USERS, layout.ROLES, layout.ENROLLMENTS, layout.DEMOGRAPHICS):
        rows = rows_of(files, name) if name in files else []
        found += [str(row) for row in rows if {row.get("userSourcedId"), row["sourcedId"]} & set(people)]
    return "\n".join(found)


@pytest.mark.parametrize("asked", LEAVES)
async def test_a_delta_that_takes_a_child_back_does_not_say_where_it_is_now(
    asked: dict[str, Any], units: Units, tmp_path: Path, clock: FixedClock
) -> None:
    """p2 is at e1, becomes protected, and goes to e2: who has the package of before learns nothing."""
    board = (await import_package(units, small_package())).board
    pupil = await id_of(units, board, "p2")
    clock.instant += timedelta(hours=1)
    first, _ = await leave(units, board, tmp_path / "first", **asked)
    clock.instant += timedelta(hours=1)
    async with units.work(Scope(board), actor="office") as work:
        await mark(work, pupil)
    clock.instant += timedelta(hours=1)
    await move(units, board, pupil, await id_of(units, board, "e2"), await id_of(units, board, "kn"))
    clock.instant += timedelta(hours=1)
    _, files = await leave(units, board, tmp_path / "delta", since=first.instant, **asked)
    told = about(files, "p2", "g1")
    assert "tobedeleted" in told
    assert "'e1'" in told, "what was told is taken back"
    assert "'kh'" in told
    assert not re.search(r"'(e2|kn)'|2026-11-0[2-9]", told), told


@pytest.mark.parametrize("asked", LEAVES)
async def test_a_delta_says_nothing_of_a_child_who_was_protected_before(
    asked: dict[str, Any], units: Units, tmp_path: Path, clock: FixedClock
) -> None:
    """p1 is protected from the first. Its mark said anew, its school and class, its mother's tie: no row moves."""
    board = (await import_package(units, small_package())).board
    pupil = await id_of(units, board, "p1")
    clock.instant += timedelta(hours=1)
    first, _ = await leave(units, board, tmp_path / "first", **asked)
    clock.instant += timedelta(hours=1)
    async with units.work(Scope(board), actor="office") as work:
        await unmark(work, pupil)
        await mark(work, pupil, [await id_of(units, board, "t2")])
    await move(units, board, pupil, await id_of(units, board, "e1"), await id_of(units, board, "kh"))
    async with units.work(Scope(board), actor="office") as work:
        tie = (await store.standing(work.session, board, store.GUARDIANSHIP, [pupil]))[0]
        await store.void(work, store.GUARDIANSHIP, [Voided(tie.id, pupil, "again")])
        await store.add(work, store.GUARDIANSHIP, [Added(tie.held, tie.id)])
    clock.instant += timedelta(hours=1)
    _, files = await leave(units, board, tmp_path / "delta", since=first.instant, **asked)
    named = [name for name, content in files.items() if re.search(rb"\b(p1|kh|g1|g2)\b", content)]
    assert named == [], {name: files[name].decode() for name in named}


async def test_a_new_child_who_is_protected_from_its_first_day_is_in_no_delta(
    units: Units, tmp_path: Path, clock: FixedClock
) -> None:
    whole = small_package()
    board = (await import_package(units, whole)).board
    pupil = await id_of(units, board, "p3")
    async with units.work(Scope(board), actor="office") as work:
        await mark(work, pupil)
    clock.instant += timedelta(hours=1)
    _, files = await leave(
        units, board, tmp_path / "x", since=clock.instant - timedelta(hours=2), **FOR_OTHERS
    )
    assert about(files, "p3") == "", "it came, and was marked, after what the delta is read on top of"


async def test_a_child_whose_mark_ends_is_told_whole(units: Units, tmp_path: Path, clock: FixedClock) -> None:
    board = (await import_package(units, small_package())).board
    pupil = await id_of(units, board, "p1")
    clock.instant += timedelta(hours=1)
    first, _ = await leave(units, board, tmp_path / "first", **FOR_OTHERS)
    clock.instant += timedelta(hours=1)
    async with units.work(Scope(board), actor="office") as work:
        await unmark(work, pupil)
    clock.instant += timedelta(hours=1)
    _, delta = await leave(units, board, tmp_path / "delta", since=first.instant, **FOR_OTHERS)
    _, files = await leave(units, board, tmp_path / "whole", **FOR_OTHERS)
    for name in (layout.USERS, layout.ROLES, layout.ENROLLMENTS, layout.DEMOGRAPHICS):
        told, wanted = (
            {
                row["sourcedId"]
                for row in rows_of(each, name)
                if "p1" in (row["sourcedId"], row.get("userSourcedId"))
            }
            for each in (delta, files)
        )
        assert told == wanted != set(), name


async def test_whom_it_is_kept_from_reads_nothing_of_a_move_in_a_delta_with_protected_children(
    units: Units, tmp_path: Path, clock: FixedClock
) -> None:
    board = (await import_package(units, small_package())).board
    pupil, reader = await id_of(units, board, "p2"), await id_of(units, board, "t1")
    clock.instant += timedelta(hours=1)
    first, _ = await leave(units, board, tmp_path / "first", reader=reader)
    clock.instant += timedelta(hours=1)
    async with units.work(Scope(board), actor="office") as work:
        await mark(work, pupil, [reader])
    clock.instant += timedelta(hours=1)
    await move(units, board, pupil, await id_of(units, board, "e2"), await id_of(units, board, "kn"))
    clock.instant += timedelta(hours=1)
    _, files = await leave(units, board, tmp_path / "delta", since=first.instant, reader=reader)
    told = about(files, "p2", "g1")
    assert "tobedeleted" in told
    assert not re.search(r"'(e2|kn)'", told), told
    _, files = await leave(units, board, tmp_path / "named", since=first.instant)
    assert "'kn'" in about(files, "p2"), "others of the office read it"


def reached(files: Files) -> tuple[list[str], list[str]]:
    """Of whom a package says 連絡先, and of whom that there are none any more."""
    told = json.loads(files[companion.FILE])
    removed = told.get("removed", {}).get("contacts", [])
    return sorted(each["person"] for each in told["contacts"]), sorted(removed)


async def test_a_guardians_address_is_not_told_where_a_child_may_live_who_is_not_told(
    units: Units, tmp_path: Path, clock: FixedClock
) -> None:
    """g1 has p1, and p2 who is protected from the first; g2 has p3, who becomes protected between two packages."""
    asked: dict[str, Any] = {"protected": False, "counted": False}
    address = {"address": "紬市本町1", "phones": [], "from": "2026-04-01"}
    contacts = [{"person": each, **address} for each in ("g1", "g2", "p1", "p3")]
    marked = [{"pupil": "p2", "from": "2025-11-02", "confidential_from": []}]
    package = with_companion(with_companion(small_package(), "protections", marked), "contacts", contacts)
    board = (await import_package(units, package)).board
    clock.instant += timedelta(hours=1)
    first, files = await leave(units, board, tmp_path / "first", **asked)
    assert reached(files) == (["g2", "p1", "p3"], [])
    clock.instant += timedelta(hours=1)
    g1, p3 = await id_of(units, board, "g1"), await id_of(units, board, "p3")
    async with units.work(Scope(board), actor="office") as work:
        await mark(work, p3)
        (stands,) = await store.standing(work.session, board, store.CONTACT, [g1])
        await store.void(work, store.CONTACT, [Voided(stands.id, g1, "moved house")])
        elsewhere = stands.held._replace(what=stands.held.what._replace(address="紬市西町2"))
        await store.add(work, store.CONTACT, [Added(elsewhere, stands.id)])
    clock.instant += timedelta(hours=1)
    second, files = await leave(units, board, tmp_path / "second", since=first.instant, **asked)
    assert reached(files) == ([], ["g2", "p3"]), "of g1 nothing was told, and nothing is"
    clock.instant += timedelta(hours=1)
    async with units.work(Scope(board), actor="office") as work:
        await unmark(work, p3)
    clock.instant += timedelta(hours=1)
    _, files = await leave(units, board, tmp_path / "third", since=second.instant, **asked)
    assert reached(files) == (["g2", "p3"], [])


async def test_the_address_of_staff_whose_child_has_gone_is_told_no_more(
    units: Units, tmp_path: Path, clock: FixedClock
) -> None:
    """A teacher with a child stays in the roster when the child's card was a mistake, and has no 連絡先 in it then."""
    duty = {"staff": "g2", "kind": "subject", "school": "e1", "from": "2026-04-01", "to": "2027-03-31"}
    teaches = {"sourcedId": "r9", "userSourcedId": "g2", "roleType": "secondary", "role": "teacher"}
    package = with_row(small_package(), layout.ROLES, **teaches, orgSourcedId="e1")
    package = with_companion(package, "duties/-", duty)
    contacts = [{"person": "g2", "address": "紬市本町1", "phones": [], "from": "2026-04-01"}]
    board = (await import_package(units, with_companion(package, "contacts", contacts))).board
    clock.instant += timedelta(hours=1)
    first, files = await leave(units, board, tmp_path / "first")
    assert reached(files) == (["g2"], [])
    clock.instant += timedelta(hours=1)
    g2 = await id_of(units, board, "g2")
    async with units.work(Scope(board), actor="office") as work:
        ties = [
            each
            for each in await store.standing(work.session, board, store.GUARDIANSHIP)
            if each.held.what.guardian_id == g2
        ]
        gone = [Voided(each.id, each.held.subject, "mistaken") for each in ties]
        await store.void(work, store.GUARDIANSHIP, gone)
    clock.instant += timedelta(hours=1)
    second, files = await leave(units, board, tmp_path / "second", since=first.instant)
    assert reached(files) == ([], ["g2"])
    assert (await import_package(units, files)).nothing
    clock.instant += timedelta(hours=1)
    async with units.work(Scope(board), actor="office") as work:
        await store.add(work, store.GUARDIANSHIP, [Added(each.held, each.id) for each in ties])
    clock.instant += timedelta(hours=1)
    _, files = await leave(units, board, tmp_path / "third", since=second.instant)
    assert reached(files) == (["g2"], [])
