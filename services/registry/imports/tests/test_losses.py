"""Sudden losses: the numbers are told, and nothing happens without a second word."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from uuid import UUID

import pytest

from services.registry.imports.importing import Unconfirmed
from services.registry.imports.losses import SETTING, Leaving, Limits, Loss, limits_on, losses
from services.registry.oneroster import layout
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import Files, small_package, with_companion, without_row
from services.registry.roster import store as roster
from services.registry.roster.tests.reading import log_of, rows
from shared.database import Scope, Units
from tests.support.databases import Database

SCHOOL, OTHER, CLASS = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.mark.parametrize(
    ("pupils", "leaving", "told"),
    [
        (1_000, 20, False),
        (1_000, 21, True),  # more than 20
        (100, 5, False),
        (100, 6, True),  # more than 5 %
        (18, 1, True),
        (100, 0, False),
    ],
)
def test_more_than_a_share_or_a_number_of_a_school(pupils: int, leaving: int, told: bool) -> None:
    found = losses(Leaving(Counter({SCHOOL: leaving})), {SCHOOL: pupils}, {}, Limits())
    assert found == ([Loss(SCHOOL, pupils, leaving, (), False)] if told else [])


def test_a_class_that_empties_or_closes_and_a_school_that_closes() -> None:
    pupils, members = {SCHOOL: 1_000, OTHER: 500}, {CLASS: (SCHOOL, 3)}
    empty = Leaving(Counter({SCHOOL: 3}), Counter({CLASS: 3}))
    assert losses(empty, pupils, members, Limits()) == [Loss(SCHOOL, 1_000, 3, (CLASS,), False)]
    refilled = Leaving(Counter({SCHOOL: 3}), Counter({CLASS: 3}), {CLASS})
    assert losses(refilled, pupils, members, Limits()) == []
    closed = Leaving(closed={CLASS: SCHOOL, OTHER: OTHER})
    assert losses(closed, pupils, members, Limits()) == [
        Loss(SCHOOL, 1_000, 0, (CLASS,), False),
        Loss(OTHER, 500, 0, (), True),
    ]


def test_the_limits_are_a_boards_dated_setting() -> None:
    settings = [
        (SETTING, date(2026, 4, 1), {"share": 0.5, "pupils": 100}),
        (SETTING, date(2027, 4, 1), {"share": 0.1, "pupils": 5}),
        ("other", date(2026, 4, 1), {}),
    ]
    assert limits_on(settings, date(2026, 3, 31)) == Limits(share=0.05, pupils=20)
    assert limits_on(settings, date(2026, 4, 1)) == Limits(share=0.5, pupils=100)
    assert limits_on(settings, date(2027, 5, 1)) == Limits(share=0.1, pupils=5)


def without_p3() -> Files:
    """The small package without the only pupil of にし小."""
    files = small_package()
    for name, line in (
        (layout.USERS, 4),
        (layout.ROLES, 4),
        (layout.ENROLLMENTS, 4),
        (layout.DEMOGRAPHICS, 4),
    ):
        files = without_row(files, name, line)
    told = json.loads(files["companion.json"])["guardianships"]
    return with_companion(files, "/guardianships", [each for each in told if each["pupil"] != "p3"])


async def test_a_school_that_would_lose_its_pupils_needs_a_second_word(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    before = await log_of(registry_database)
    with pytest.raises(Unconfirmed) as refused:
        await import_package(units, without_p3())
    (loss,) = refused.value.planned.preview.losses
    assert (loss.pupils, loss.leaving, loss.closes) == (1, 1, False)
    assert refused.value.planned.place(loss.school) == "にし小"
    assert [refused.value.planned.place(each) for each in loss.classes] == ["にし小 1年1組"]
    assert await log_of(registry_database) == before
    assert len(await rows(units, done.board, "select 1 from import_run")) == 1
    dry = await import_package(units, without_p3(), dry_run=True)
    assert dry.counts["在籍"].ended == 1
    changed = await import_package(units, without_p3(), confirmed=True)
    assert changed.counts["在籍"].ended == 1
    (run,) = await rows(units, done.board, "select confirmed_losses from import_run where number = 2")
    assert run.confirmed_losses


async def test_a_board_that_sets_other_limits_is_asked_by_them(units: Units) -> None:
    done = await import_package(units, small_package())
    async with units.work(Scope(done.board), actor="test") as work:
        await roster.put_setting(work, SETTING, date(2026, 4, 1), {"share": 1, "pupils": 5})
    with pytest.raises(Unconfirmed) as refused:
        await import_package(units, without_p3())
    (loss,) = refused.value.planned.preview.losses  # the class still empties
    assert loss.classes


async def test_a_pupil_whose_end_is_moved_forward_leaves_too(units: Units) -> None:
    """A date that is damaged throughout empties a school as surely as rows that are missing."""
    await import_package(units, small_package())
    files = small_package()
    files[layout.ROLES] = files[layout.ROLES].replace(
        b"2026-04-01,2027-03-31,e2", b"2026-04-01,2026-12-24,e2"
    )
    with pytest.raises(Unconfirmed) as refused:
        await import_package(units, files)
    assert [each.leaving for each in refused.value.planned.preview.losses] == [1]


async def test_pupils_who_left_long_ago_are_nobodys_loss(units: Units) -> None:
    await import_package(units, without_p3(), confirmed=True)
    assert (await import_package(units, without_p3())).nothing
