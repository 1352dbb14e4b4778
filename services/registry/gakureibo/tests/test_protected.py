"""An import of a 学齢簿 tells nobody of a protected child, and makes none unprotected (docs/decisions/0011)."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.attendance.tests.conftest import client as client
from services.registry.gakureibo import store
from services.registry.gakureibo.tests.files import CHILD, MOVER, TODAY, mapped
from services.registry.gakureibo.tests.test_importing import alike, imported, looked
from services.registry.moves.tests.conftest import City
from services.registry.moves.tests.conftest import city as city
from services.registry.oneroster.importing import ACTOR
from services.registry.roster import store as roster
from services.registry.roster.rows import Added, Held, ProtectionIs
from services.registry.roster.snapshot import Period
from services.registry.roster.tests.reading import id_of, periods
from shared.database import Scope
from tests.support.boards import HIDDEN_KANA, HIDDEN_NAME

BACK = {
    **MOVER,
    "氏名": "　".join(HIDDEN_NAME),
    "フリガナ": " ".join(HIDDEN_KANA),
    "生年月日": "2018/5/5",
    "入学予定校": "第一小学校",
    "学年": "小2",
    "保護者氏名": "秘匿　人知",
}
MARKS, TIES = "confidential_from", "relation, may_notify, may_read, may_contact"


@pytest.fixture
async def town(city: City) -> City:
    """The first board of the matrix, with a mapping."""
    async with city.units.work(Scope(city.board), actor=ACTOR) as work:
        assert await store.save(work, "市の学齢簿", 0, mapped(), "学務課") is not None
    return city


def _kept_from(city: City) -> list[UUID]:
    return sorted((city.ids["father"], city.ids["kept_from"]))


@pytest.mark.parametrize("mark", ["", "有"])
async def test_a_protected_child_who_comes_back_is_protected_from_the_first_moment(
    town: City, mark: str
) -> None:
    prepared = await looked(town.units, town.board, {**BACK, "支援措置": mark})
    assert not any("支援措置" in each.told for each in prepared.notes) or mark
    await imported(town.units, town.board, {**BACK, "支援措置": mark})
    card = await id_of(town.units, town.board, BACK["宛名番号"])
    assert card != town.ids["hidden"]
    (held,) = await periods(town.units, town.board, "protection_period", BACK["宛名番号"], MARKS)
    assert (held[0], held[1], sorted(held[2])) == (date(2026, 11, 20), None, _kept_from(town))
    # The register's 保護者 may be the one the child has fled from.
    (tie,) = await periods(town.units, town.board, "guardianship_period", BACK["宛名番号"], TIES)
    assert tie[2:] == ("mother", False, False, False)
    for who in ("kept_from", "elsewhere", "board_staff"):
        for path in ("/v1/moves", f"/v1/people/{card}"):
            assert HIDDEN_NAME[1] not in (await town.get(path, who)).text, (who, path)


async def test_whoever_looks_at_a_register_cannot_count_a_protected_child(town: City) -> None:
    for mark in ("", "有"):
        assert await alike(town.units, town.board, {**BACK, "支援措置": mark}) == (0, "")
    async with town.units.work(Scope(town.board), actor="test") as work:
        lifted = text(
            "update protection_period set voided_at = recorded_at, voided_by = 'test', void_reason = 'test'"
            " where subject_id = :hidden"
        )
        await work.session.execute(lifted, {"hidden": town.ids["hidden"]})
    assert await alike(town.units, town.board, BACK) == (1, "2行"), "the same child, now nobody's secret"


async def test_another_child_has_no_mark_and_its_guardian_every_right(town: City) -> None:
    await imported(town.units, town.board, {**BACK, "生年月日": "2018/5/6"})
    assert await periods(town.units, town.board, "protection_period", BACK["宛名番号"], MARKS) == []
    (tie,) = await periods(town.units, town.board, "guardianship_period", BACK["宛名番号"], TIES)
    assert tie[2:] == ("mother", True, True, True)


@pytest.mark.parametrize(
    ("stands", "becomes"),
    [
        ([(-30, 11)], [(-30, 11), (11, None)]),
        ([(20, None)], [(0, 20), (20, None)]),
        ([(-30, 5), (9, 30)], [(-30, 5), (5, 9), (9, 30), (30, None)]),
        ([(-30, None)], [(-30, None)]),
        ([(-30, 0)], [(-30, 0), (0, None)]),
    ],
)
async def test_a_mark_that_ends_or_begins_later_does_not_keep_the_registers_out(
    town: City, stands: list[tuple[int, int | None]], becomes: list[tuple[int, int | None]]
) -> None:
    """Nobody whom the register marks is to be found on any day, and what an officer has said of the mark stays."""
    child = {**CHILD, "入学予定校": "第一小学校"}
    await imported(town.units, town.board, child)
    pupil, kept_from = await id_of(town.units, town.board, CHILD["宛名番号"]), town.ids["kept_from"]
    async with town.units.work(Scope(town.board), actor="officer") as work:
        mark = ProtectionIs((kept_from,))
        held = [Added(Held(pupil, _days(*days), mark), None) for days in stands]
        await roster.add(work, roster.PROTECTION, held)
    await imported(town.units, town.board, {**child, "支援措置": "有"})
    found = await periods(town.units, town.board, "protection_period", CHILD["宛名番号"], MARKS)
    assert [each[:2] for each in found] == [_days(*days) for days in becomes]
    running = [each for each in found if each[1] is None or each[1] > TODAY]
    there = any(until is None or until > 0 for _, until in stands)
    assert {tuple(each[2]) for each in running} == {(kept_from,) if there else ()}
    again = await looked(town.units, town.board, {**child, "支援措置": "有"})
    assert again.planned.nothing


def _days(since: int, until: int | None) -> Period:
    """Days counted from today."""
    return Period(TODAY + timedelta(since), None if until is None else TODAY + timedelta(until))


async def test_the_guardian_of_a_marked_child_has_no_right_by_import(town: City) -> None:
    marked = {**CHILD, "支援措置": "有", "入学予定校": "第一小学校"}
    prepared = await looked(town.units, town.board, marked)
    assert [each.line for each in prepared.notes if "保護者の権利" in each.told] == [2]
    await imported(town.units, town.board, marked)
    (tie,) = await periods(town.units, town.board, "guardianship_period", CHILD["宛名番号"], TIES)
    assert tie[2:] == ("father", False, False, False)
