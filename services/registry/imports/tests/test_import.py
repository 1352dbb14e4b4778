"""Imports on a real database: all or nothing, once is enough, published as whole sets."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from uuid import UUID

import pytest

from deploy.town.generate import generate
from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from services.registry.imports.applying import Busy
from services.registry.imports.importing import Imported
from services.registry.imports.words import Change
from services.registry.oneroster import layout
from services.registry.oneroster.importing import Refused, import_package, prepare
from services.registry.oneroster.tests.packages import (
    Files,
    small_package,
    with_cell,
    with_companion,
    with_row,
    without_row,
)
from services.registry.roster import settings
from services.registry.roster.tests.reading import acts_of, id_of, log_of, periods, rows
from shared.database import Units
from shared.dates import FixedClock
from tests.support.databases import Database

TODAY = date(2026, 11, 20)
YEAR = (date(2026, 4, 1), date(2027, 4, 1))


async def test_a_package_becomes_the_roster(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    k21, kh, e1 = [await id_of(units, done.board, each) for each in ("k21", "kh", "e1")]
    assert await periods(units, done.board, "membership_period", "p2", "class_id, kind, number") == [
        (*YEAR, kh, "home", 1),
        (date(2026, 4, 7), YEAR[1], k21, "exchange", 2),
    ]
    assert await periods(units, done.board, "enrolment_period", "p1", "school_id, grade") == [
        (*YEAR, e1, "P2")
    ]
    assert await periods(units, done.board, "duty_period", "t1", "kind, class_id") == [
        (date(2024, 4, 1), None, "nurse", None),
        (*YEAR, "homeroom", k21),
    ]
    (person,) = await rows(
        units,
        done.board,
        "select * from person where id = :id",
        id=await id_of(units, done.board, "p1"),
    )
    assert (person.legal_family, person.kana_family, person.birth_date) == (
        "\ufa19田",
        "カンダ",
        date(2018, 6, 1),
    )
    assert "神田" in person.search
    (foreign,) = await rows(
        units, done.board, "select * from person where id = :id", id=await id_of(units, done.board, "p2")
    )
    assert (foreign.common_family, foreign.kana_family, foreign.legal_kana_family) == (
        "金田",
        "カネダ",
        "キム",
    )
    topics: dict[str, int] = {}
    for row in await log_of(registry_database):
        topics[row.topic] = topics.get(row.topic, 0) + 1
    assert topics == {
        "registry.organisation": 8,
        "registry.person": 7,
        "registry.enrolment": 3,
        "registry.guardianship": 3,
        "registry.duty": 2,
        "registry.calendar": 2,
        "registry.setting": 1,
    }
    assert done.events == sum(topics.values())


async def test_events_carry_whole_sets(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    by_key = {(row.topic, row.key): row.payload for row in await log_of(registry_database)}
    p1, g1, g2 = [str(await id_of(units, done.board, each)) for each in ("p1", "g1", "g2")]
    tie = by_key["registry.guardianship", p1]
    assert {each["guardian"] for each in tie["guardians"]} == {g1, g2}
    assert tie["protections"] == [{"since": "2025-11-02", "until": None, "confidential_from": [g2]}]
    p2 = str(await id_of(units, done.board, "p2"))
    kinds = [each["kind"] for each in by_key["registry.enrolment", p2]["memberships"]]
    assert kinds == ["home", "exchange"]
    (symbols,) = by_key["registry.setting", str(done.board)]["settings"]
    assert symbols["name"] == "attendance_symbols"
    assert len(symbols["value"]) == len(DEFAULT_SYMBOLS)
    closures = [
        closure
        for (topic, _), payload in by_key.items()
        if topic == "registry.calendar"
        for closure in payload["closures"]
    ]
    assert {each["scope"] for each in closures} == {"school", "class"}


async def test_the_same_package_twice_changes_and_publishes_nothing(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    before = await log_of(registry_database)
    again = await import_package(units, small_package())
    assert again.nothing
    assert again.board == done.board
    assert again.position is None
    assert await log_of(registry_database) == before


async def test_an_import_that_changes_something_is_in_the_access_log(
    units: Units, registry_database: Database
) -> None:
    for _ in range(2):
        await import_package(units, small_package())
    assert await acts_of(registry_database) == [("importer", "ImportRoster", "II")]


async def test_a_dry_run_tells_the_same_and_writes_nothing(units: Units, registry_database: Database) -> None:
    told = await import_package(units, small_package(), dry_run=True)
    assert await log_of(registry_database) == []
    done = await import_package(units, small_package())
    assert (told.counts, told.classes, told.events) == (done.counts, done.classes, done.events)
    assert done.classes == ("にし小 1年1組", "紬市立ひがし小学校 2年1組", "紬市立ひがし小学校 ひまわり")


async def test_a_refused_package_leaves_nothing(units: Units, registry_database: Database) -> None:
    wrong = with_cell(small_package(), layout.USERS, 2, "metadata.jp.homeClass", "k99")
    with pytest.raises(Refused) as refused:
        await import_package(units, wrong)
    assert [each.column for each in refused.value.problems] == ["metadata.jp.homeClass"]
    assert await log_of(registry_database) == []


async def test_a_failure_in_the_middle_leaves_nothing(
    units: Units, registry_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.registry.roster import published

    def fail(*_: object) -> None:
        raise RuntimeError("no events today")

    monkeypatch.setattr(published, "setting_changed", fail)
    with pytest.raises(RuntimeError, match="no events"):
        await import_package(units, small_package())
    monkeypatch.undo()
    assert await log_of(registry_database) == []
    assert (await import_package(units, small_package())).counts["人"].new == 7


async def test_a_changed_number_replaces_the_period_and_is_published_whole(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    changed = await import_package(
        units, with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    )
    assert changed.counts["学級の所属"].changed == 1
    assert changed.classes == ("紬市立ひがし小学校 2年1組",)
    (event,) = await log_of(registry_database, after=done.position or 0)
    assert event.topic == "registry.enrolment"
    assert [each["number"] for each in event.payload["memberships"]] == [7]
    assert len(event.payload["enrolments"]) == 1
    history = await rows(
        units,
        done.board,
        "select number, voided_by, void_reason, replaces, id from membership_period where subject_id = :id",
        id=await id_of(units, done.board, "p1"),
    )
    old, new = sorted(history, key=lambda row: row.number)
    assert (old.voided_by, new.voided_by) == ("importer", None)
    assert new.replaces == old.id


async def test_a_renamed_person_is_one_event_and_keeps_the_id(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    before = await id_of(units, done.board, "g2")
    await import_package(units, with_cell(small_package(), layout.USERS, 6, "familyName", "神田"))
    (event,) = await log_of(registry_database, after=done.position or 0)
    assert event.key == str(before)
    assert event.payload["legal"]["family"] == "神田"


async def test_what_the_package_no_longer_has_ends_today(units: Units, registry_database: Database) -> None:
    """A mover out whom the exporter simply leaves off: the past stays."""
    done = await import_package(units, small_package())
    p2 = await id_of(units, done.board, "p2")
    p1 = await id_of(units, done.board, "p1")
    files = small_package()
    for name, line in (
        (layout.USERS, 3),
        (layout.ROLES, 3),
        (layout.ENROLLMENTS, 3),
        (layout.DEMOGRAPHICS, 3),
    ):
        files = without_row(files, name, line)
    told = json.loads(files["companion.json"])
    told["guardianships"] = [each for each in told["guardianships"] if each["pupil"] != "p2"]
    told["exchanges"], told["birth_dates"] = [], []
    files["companion.json"] = json.dumps(told).encode()
    changed = await import_package(units, files, confirmed=True)
    assert changed.counts["学級の所属"].ended == 2
    assert [
        (until, kind)
        for _, until, kind in await periods(units, done.board, "membership_period", "p2", "kind")
    ] == [(TODAY, "home"), (TODAY, "exchange")]
    keys = {row.key for row in await log_of(registry_database, after=done.position or 0)}
    assert str(p2) in keys
    assert str(p1) not in keys
    assert (await import_package(units, files)).nothing


async def test_the_next_day_still_changes_nothing(units: Units, clock: FixedClock) -> None:
    files = with_cell(small_package(), layout.USERS, 2, "status", "active")
    without = without_row(files, layout.ENROLLMENTS, 5)  # t1 no longer has 2年1組
    await import_package(units, files)
    assert (await import_package(units, without)).counts["職務"].ended == 1
    clock.instant += timedelta(days=3)
    assert (await import_package(units, without)).nothing


async def test_a_move_between_classes_within_the_year(units: Units) -> None:
    done = await import_package(units, small_package())
    moved = with_cell(small_package(), layout.ENROLLMENTS, 2, "endDate", "2026-11-30")
    moved = with_row(
        moved,
        layout.ENROLLMENTS,
        sourcedId="m9",
        classSourcedId="k22",
        schoolSourcedId="e1",
        userSourcedId="p1",
        role="student",
        beginDate="2026-12-01",
        **{"metadata.jp.shussekiNo": "36"},
    )
    moved = with_cell(moved, layout.USERS, 2, "metadata.jp.homeClass", "k22")
    await import_package(units, moved)
    found = await periods(units, done.board, "membership_period", "p1", "number")
    assert found == [(YEAR[0], date(2026, 12, 1), 1), (date(2026, 12, 1), YEAR[1], 36)]
    assert (await import_package(units, moved)).nothing


def a_year_later(files: Files) -> Files:
    """The package as it is told of next year."""
    return {
        name: content.replace(b"2027-03-31", b"2028-03-31").replace(b"2026", b"2027")
        if name != "users.csv"
        else content
        for name, content in files.items()
    }


async def test_settings_that_would_not_travel_are_refused_before_anything_is_written(
    units: Units, registry_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first import brings the list of symbols; beside everything else that the board has set."""
    monkeypatch.setattr(settings, "MAX_PAYLOAD_BYTES", 100)
    with pytest.raises(Refused) as refused:
        await import_package(units, small_package())
    assert [each.rule for each in refused.value.problems] == [settings.GROWN]
    assert await log_of(registry_database) == []
    monkeypatch.undo()
    assert (await import_package(units, small_package())).run == 1


async def test_next_year_stands_beside_this_year(units: Units) -> None:
    done = await import_package(units, small_package())
    later = await import_package(units, a_year_later(small_package()))
    assert later.board == done.board
    found = await periods(units, done.board, "enrolment_period", "p1", "grade")
    assert found == [(*YEAR, "P2"), (YEAR[1], date(2028, 4, 1), "P2")]
    years = await rows(units, done.board, "select school_year from calendar order by 1")
    assert [row.school_year for row in years] == [2026, 2026, 2027, 2027]


async def test_a_forgotten_protection_mark_refuses_the_package(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    with pytest.raises(Refused) as refused:
        await import_package(units, with_companion(small_package(), "/protections", []))
    assert [(each.column, each.value) for each in refused.value.problems] == [("/protections", "p1")]
    assert await log_of(registry_database, after=done.position or 0) == []


async def test_a_protection_ends_when_the_companion_says_so(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, small_package())
    # Ended, or to be ended: what is published is the period, the same on whatever day.
    for told, until in (("2026-12-31", "2027-01-01"), ("2026-11-19", "2026-11-20")):
        await import_package(units, with_companion(small_package(), "/protections/0/to", told))
        (event,) = await log_of(registry_database, after=done.position or 0)
        assert event.topic == "registry.guardianship"
        assert [each["until"] for each in event.payload["protections"]] == [until]
    assert len(event.payload["guardians"]) == 2


async def test_next_years_roster_ends_no_mark_by_forgetting_it(units: Units) -> None:
    await import_package(units, small_package())
    with pytest.raises(Refused) as refused:
        await import_package(units, a_year_later(with_companion(small_package(), "/protections", [])))
    assert [(each.column, each.value) for each in refused.value.problems] == [("/protections", "p1")]


async def test_whoever_finishes_school_stays_protected(units: Units) -> None:
    """Next year's roster does not know them any more; their card is there, and whom it is kept from."""
    done = await import_package(units, small_package())
    await import_package(units, a_year_later(without_p1()))
    assert await periods(units, done.board, "protection_period", "p1", "slot") == [
        (date(2025, 11, 2), None, "protection")
    ]


def without_p1() -> Files:
    """The small package without its protected child."""
    files = small_package()
    for name, line in ((layout.USERS, 2), (layout.ROLES, 2), (layout.DEMOGRAPHICS, 2)):
        files = without_row(files, name, line)
    files = without_row(without_row(files, layout.ENROLLMENTS, 7), layout.ENROLLMENTS, 2)
    told = json.loads(files["companion.json"])
    told["guardianships"] = [each for each in told["guardianships"] if each["pupil"] != "p1"]
    told["protections"] = []
    return {**files, "companion.json": json.dumps(told).encode()}


async def test_a_protected_child_who_is_missing_in_the_package_stays_enrolled_and_protected(
    units: Units,
) -> None:
    done = await import_package(units, small_package())
    files = without_p1()
    stays = await periods(units, done.board, "enrolment_period", "p1", "slot")
    with pytest.raises(Refused) as refused:
        await import_package(units, files, confirmed=True)
    assert [(each.file, each.value) for each in refused.value.problems] == [(layout.USERS, "1人")]
    assert await periods(units, done.board, "enrolment_period", "p1", "slot") == stays
    assert await periods(units, done.board, "protection_period", "p1", "slot") == [
        (date(2025, 11, 2), None, "protection")
    ]


async def test_two_boards_do_not_see_each_other(units: Units) -> None:
    one = await import_package(units, small_package())
    other_files = with_cell(small_package(), layout.ORGS, 2, "sourcedId", "board2")
    other_files = {
        name: content.replace(b"board\r\n", b"board2\r\n") for name, content in other_files.items()
    }
    other_files = with_companion(other_files, "/board/district", "board2")
    other = await import_package(units, other_files)
    assert one.board != other.board
    for board in (one.board, other.board):
        assert len(await rows(units, board, "select id from person")) == 7
    assert (await import_package(units, small_package())).nothing


async def test_two_first_imports_at_once_make_one_board(units: Units, registry_database: Database) -> None:
    """Whoever comes second finds the run of the first under way, or done."""
    found = await asyncio.gather(
        import_package(units, small_package()),
        import_package(units, small_package()),
        return_exceptions=True,
    )
    assert any(isinstance(each, Imported) and not each.nothing for each in found)
    assert all(isinstance(each, Imported | Busy) for each in found)
    assert len(await log_of(registry_database)) == 26
    boards = {each.board for each in found if isinstance(each, Imported)}
    assert len(boards) == 1
    assert (await import_package(units, small_package())).nothing


async def test_a_town_is_imported_quickly_and_once(units: Units, registry_database: Database) -> None:
    files = generate(seed=1, school_year=2026, training_date=TODAY)
    done: Imported = await import_package(units, files)
    assert done.counts["在籍"].new == 902
    assert len(await log_of(registry_database)) == done.events
    assert (await import_package(units, files)).nothing


async def test_what_a_month_changes_is_told_and_counted_where_it_happens(
    units: Units, registry_database: Database
) -> None:
    """The town a month later: who moved or came is not here yet, who left stayed longer, and nobody is a blank."""
    await import_package(units, generate(seed=1, school_year=2026, training_date=TODAY))
    later = generate(seed=1, school_year=2026, training_date=date(2026, 12, 20))
    told: list[Change] = []
    prepared = await prepare(units, later, by="someone", tell=told.append)
    schools = {each["school"]: each for each in prepared.planned.schools()}
    assert (len(schools), list(schools)[-1]) == (3, "第一中"), "elementary schools come first"
    before = await _pupils(units, prepared.planned.frame.board)
    assert {school: each["pupils"] for school, each in schools.items()} == {
        school: before[school] for school in schools
    }
    assert all(each.before and each.after and each.before != each.after for each in told)
    kinds = {each.kind: each for each in told}
    assert {"moved", "left", "dates"} == kinds.keys()
    moved = kinds["moved"]
    assert "（2026-11-13 から 2027-03-31 まで）" in moved.before
    assert "（2026-12-14 から 2027-03-31 まで）" in moved.after
    assert kinds["left"].after.endswith("（2026-11-30 から 2027-03-31 まで）")
    assert kinds["dates"].before.endswith("（2026-04-01 から 2026-10-14 まで）")
    assert [sum(each[word] for each in schools.values()) for word in ("moved_out", "moved_in", "left")] == [
        1,
        1,
        1,
    ]
    assert schools["第一中"]["changed_dates"] == 1

    done = await import_package(units, later)
    after = await _pupils(units, done.board)
    assert {school: each["then"] for school, each in schools.items()} == {
        school: after[school] for school in schools
    }
    assert {school for school in before if before[school] != after[school]} <= schools.keys()


async def _pupils(units: Units, board: UUID) -> dict[str, int]:
    """How many pupils each school has today."""
    found = await rows(
        units,
        board,
        "select o.short_name, count(*) from enrolment_period e join organisation o on o.id = e.school_id"
        " where e.voided_at is null and e.valid @> date '2026-11-20' group by 1",
    )
    return {row[0]: row[1] for row in found}
