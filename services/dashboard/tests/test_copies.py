"""The copies, in any order that Kafka may deliver: what arrives is what stands, whatever came first, twice or never.

Rows of the table "What to do with what arrives" (decisions.md §3) are named in the tests' docstrings.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.dashboard import service
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.publishers import Publisher, Said
from services.dashboard.tests.town import APRIL, TODAY, Town
from shared.contracts.registry import (
    AttendanceDayChanged,
    CalendarChanged,
    Closure,
    DutyChanged,
    EnrolmentChanged,
    GuardianshipChanged,
    Membership,
    OrganisationChanged,
    PersonChanged,
    PersonErased,
    SettingChanged,
)
from shared.database import make_engine
from shared.events.copies import CopyWorker
from shared.events.intake import UnknownEpoch
from shared.events.shapes import make
from shared.ids import calendar_id, pupil_day_id


async def a_morning(town: Town) -> dict[str, UUID]:
    """A school with everything the copies keep, through several revisions."""
    await town.the_board()
    await town.settings(lunch_cut_off="09:40", secret_setting={"not": "kept"})
    school = await town.school()
    one, two = await town.klass(school), await town.klass(school, "2年2組")
    teacher = await town.staff("教", ("homeroom", school, one))
    children = await town.children(one, school, 6)
    await town.child(two, school, 1, exchange=[(one, 7)])
    for child in children[:4]:
        await town.mark(child, "present", by=teacher)
    await town.mark(children[4], "absent_sick", by=teacher)
    await town.mark(children[4], "late", by=teacher, source="office", reason="came_later")
    await town.mark(children[5], "late", by=teacher)
    await town.mark(children[5], None, by=teacher)
    await town.take(one, school, 6, by=teacher)
    await town.close(one, school)
    await town.protect(children[0].id, teacher)
    await town.protect(children[1].id, teacher, until=date(2026, 12, 1))
    await town.account(teacher)
    await town.grant()
    return {"school": school, "one": one, "two": two, "teacher": teacher, "last": children[5].id}


async def test_what_was_published_is_what_stands(town: Town, copies: Copies) -> None:
    made = await a_morning(town)
    await copies.catch_up()
    assert await copies.parked() == []
    assert len(await copies.rows("membership")) == 8
    assert {row["status"] for row in await copies.rows("pupil_day")} == {"present", "late", "unrecorded"}
    last = next(row for row in await copies.rows("pupil_day") if row["pupil_id"] == str(made["last"]))
    assert (last["revision"], last["code"], last["presence"]) == (2, None, "unrecorded")
    (taken,) = await copies.rows("class_day")
    assert (taken["class_id"], taken["members"]) == (str(made["one"]), 6)
    (month,) = await copies.rows("class_month")
    assert (month["class_id"], month["month"], month["closed"]) == (str(made["one"]), "2026-11-01", True)
    assert sorted(row["name"] for row in await copies.rows("setting")) == [
        "attendance_symbols",
        "lunch_cut_off",
    ]
    assert [row["enabled"] for row in await copies.rows("account")] == [True]
    assert [row["feed"] for row in await copies.rows("purpose_grant")] == ["lunch-count"]


async def test_everything_again_changes_nothing(town: Town, copies: Copies) -> None:
    """Row: any record, guard ≥ its position, same epoch → dropped."""
    await a_morning(town)
    await copies.catch_up()
    before = await copies.all_rows()
    async with copies.units.maintain() as session:
        await session.execute(text("update feed.checkpoint set cursor = cast('null' as jsonb), reached = 0"))
        await session.execute(text("delete from feed.checkpoint"))
    await copies.catch_up()
    assert await copies.all_rows() == before
    assert await copies.parked() == []


async def build_anew(copies: Copies, publishers: dict[str, Publisher]) -> None:
    """All of them once more, from the first record, in ``copy_next``."""
    owner = make_engine(copies.database.login("dashboard_owner"), pool_size=1)
    for copy in service.COPIES:
        await make(owner, copy, schema="copy_next", suffix="~next")
    await owner.dispose()
    for copy in service.COPIES:
        for name in copy.publishers():
            feed = publishers[name].feed(copy.topics_of(name))
            worker = CopyWorker("dashboard", copy, feed, copies.units, schema="copy_next", suffix="~next")
            checkpoint = await worker.where()
            while True:
                batch = await feed.read(checkpoint.cursor, limit=17, wait=0)
                if batch.news(checkpoint.cursor):
                    checkpoint = await worker.take(checkpoint, batch)
                if batch.head is None or checkpoint.reached >= batch.head:
                    break
            await feed.close()


async def test_a_rebuilt_copy_equals_the_grown_one(
    town: Town, copies: Copies, registry: Publisher, identity: Publisher
) -> None:
    """Grown in bits, and once more from the first record in ``copy_next``: the same rows, byte for byte."""
    await town.the_board()
    await copies.catch_up()
    await a_morning(town)
    await copies.catch_up()
    await a_morning(town)
    await copies.catch_up()
    grown = await copies.all_rows()
    await build_anew(copies, {"registry": registry, "identity": identity})
    assert await copies.all_rows("copy_next") == grown


async def test_an_unknown_epoch_stops_the_feed(town: Town, copies: Copies, registry: Publisher) -> None:
    """Row: any record, epoch unknown → stop this feed."""
    await town.the_board()
    await copies.catch_up()
    copy = service.COPIES[0]
    feed = registry.feed(copy.topics_of("registry"))
    worker = CopyWorker("dashboard", copy, feed, copies.units)
    checkpoint = await worker.where()
    batch = await feed.read(None, limit=10, wait=0)
    with pytest.raises(UnknownEpoch):
        await worker.take(checkpoint, replace(batch, epoch=2))
    await feed.close()


async def test_records_about_an_erased_person_are_dropped(town: Town, copies: Copies) -> None:
    """Row: any record, person erased → dropped, the card is not made again."""
    erased = uuid4()
    async with copies.units.maintain() as session:
        await session.execute(
            text("insert into feed.erased (person, position) values (:person, 1)"), {"person": erased}
        )
    await town.person("消", "去", id=erased)
    await copies.catch_up()
    assert await copies.rows("person_card") == []


async def test_whoever_is_erased_is_forgotten_and_stays_so_when_built_anew(
    town: Town, copies: Copies, registry: Publisher, identity: Publisher
) -> None:
    """Also where the broker still has facts that the log has emptied."""
    school, klass, pupil, other = uuid4(), uuid4(), uuid4(), uuid4()
    for who in (pupil, other):
        await registry.say(town.day(who, klass, school, "present"))
    await copies.catch_up()
    await registry.say(Said(PersonErased(person=pupil), pupil))
    await copies.catch_up()
    assert {row["pupil_id"] for row in await copies.rows("pupil_day")} == {str(other)}
    await registry.say(town.day(pupil, klass, school, "late"))
    await copies.catch_up()
    grown = await copies.all_rows()
    assert {row["pupil_id"] for row in await copies.rows("pupil_day")} == {str(other)}
    assert await copies.parked() == []
    async with registry.as_operator() as connection:
        await connection.execute(
            "update log.log_fact set payload = null where key = $1 and position % 2 = 1", str(pupil)
        )
    await build_anew(copies, {"registry": registry, "identity": identity})
    assert await copies.all_rows("copy_next") == grown


async def test_a_missing_older_state_record_is_no_hole(town: Town, copies: Copies) -> None:
    """Row: state record, older positions absent → applied. The log itself compacts; only the last name is left."""
    person = await town.person("旧", "姓")
    await town.person("新", "姓", id=person)
    await copies.catch_up()
    assert [row["legal_family"] for row in await copies.rows("person_card")] == ["新"]


async def test_a_fact_over_a_hole_is_parked_with_all_of_its_key(
    town: Town, copies: Copies, registry: Publisher
) -> None:
    """Row: fact record, previous version missing → parked, and everything later of the same key with it."""
    school, klass, pupil = uuid4(), uuid4(), uuid4()
    await registry.say(town.day(pupil, klass, school, "present"))
    await registry.say(town.day(pupil, klass, school, "late"))
    async with registry.as_operator() as connection:
        await connection.execute("delete from log.log_fact where stream_version = 2")
    await registry.say(town.day(pupil, klass, school, "absent_sick"))
    await registry.say(town.day(pupil, klass, school, "late"))
    other = uuid4()
    await registry.say(town.day(other, klass, school, "present"))
    await copies.catch_up()
    parked = await copies.parked()
    assert {key for _, key, _ in parked} == {str(pupil)}
    assert sum("is missing" in reason for _, _, reason in parked) == 1
    # Both that came over the hole; a second delivery of the first day may wait with them, until a retry drops it.
    assert len(parked) in (2, 3)
    statuses = {row["pupil_id"]: row["status"] for row in await copies.rows("pupil_day")}
    assert statuses == {str(pupil): "present", str(other): "present"}


async def test_relations_come_before_cards_and_classes(town: Town, copies: Copies) -> None:
    """Rows: enrolment, duty, guardianship without a person card; enrolment without its class → stored, not parked."""
    pupil, staff, school, klass = uuid4(), uuid4(), uuid4(), uuid4()
    home = Membership(class_id=klass, school=school, kind="home", number=3, since=APRIL, until=None)
    await town.enrol(pupil, [home])
    await town.duties(staff, ("homeroom", school, klass))
    await town.protect(pupil)
    await copies.catch_up()
    assert await copies.parked() == []
    assert len(await copies.rows("membership")) == 1
    assert len(await copies.rows("duty")) == 1
    assert len(await copies.rows("protection")) == 1
    assert await copies.rows("organisation") == []


async def test_a_day_before_its_enrolment_is_kept_under_the_pupil(
    town: Town, copies: Copies, registry: Publisher
) -> None:
    """Row: day status without enrolment at that date → stored under the pupil."""
    pupil = uuid4()
    await registry.say(town.day(pupil, uuid4(), uuid4(), "late"))
    await copies.catch_up()
    (row,) = await copies.rows("pupil_day")
    assert (row["pupil_id"], row["status"]) == (str(pupil), "late")


async def test_a_redacted_fact_leaves_its_version_and_nothing_else(
    town: Town, copies: Copies, registry: Publisher
) -> None:
    """An erased fact folds as nothing, and its stream has no hole."""
    school, klass, pupil = uuid4(), uuid4(), uuid4()
    await registry.say(town.day(pupil, klass, school, "present"))
    async with registry.as_operator() as connection:
        await connection.execute("update log.log_fact set payload = null")
    await copies.catch_up()
    (row,) = await copies.rows("pupil_day")
    assert (row["version"], row["pupil_id"], row["status"], row["facts"]) == (1, None, None, None)
    await registry.say(town.day(pupil, klass, school, "late"))
    await copies.catch_up()
    (row,) = await copies.rows("pupil_day")
    assert (row["version"], row["status"]) == (2, "late")
    assert await copies.parked() == []


async def test_tombstones_purge(town: Town, copies: Copies, registry: Publisher) -> None:
    """Row: tombstone of a person → the card is purged; facts follow erasure or retention."""
    made = await a_morning(town)
    await copies.catch_up()
    pupil, school = made["last"], made["school"]
    await registry.erase(PersonChanged, pupil)
    await registry.erase(EnrolmentChanged, pupil)
    await registry.erase(DutyChanged, made["teacher"])
    await registry.erase(OrganisationChanged, made["two"])
    await registry.erase(CalendarChanged, calendar_id(school, 2026))
    await registry.erase(SettingChanged, town.board)
    await copies.catch_up()
    card = next(r for r in await copies.rows("person_card") if r["person_id"] == str(pupil))
    assert set(card) - {"person_id", "board_id", "epoch", "position"} == {
        name for name, value in card.items() if value is None
    }
    assert not [row for row in await copies.rows("membership") if row["pupil_id"] == str(pupil)]
    assert await copies.rows("duty") == []
    assert await copies.rows("setting") == []
    assert [
        r["kind"] for r in await copies.rows("organisation") if r["organisation_id"] == str(made["two"])
    ] == [None]
    assert [r["school_days"] for r in await copies.rows("calendar")] == [None]
    days = [row for row in await copies.rows("pupil_day") if row["pupil_id"] == str(pupil)]
    assert len(days) == 1


async def test_protection_can_be_lifted(town: Town, copies: Copies, registry: Publisher) -> None:
    pupil = uuid4()
    await town.protect(pupil, uuid4())
    await copies.catch_up()
    await town.protect(pupil, lifted=True)
    await copies.catch_up()
    assert await copies.rows("protection") == []
    await town.protect(pupil)
    await registry.erase(GuardianshipChanged, pupil)
    await copies.catch_up()
    assert await copies.rows("protection") == []


async def test_a_poisoned_record_stops_nobody_else(town: Town, copies: Copies, registry: Publisher) -> None:
    """What cannot be read is parked with its key; the other keys go on."""
    await town.person("良", "い")
    bad = await town.person("悪", "い")
    async with registry.as_operator() as connection:
        await connection.execute(
            "update log.log_state set payload = '{\"person\": 1}' where key = $1", str(bad)
        )
    await copies.catch_up()
    assert [key for _, key, _ in await copies.parked()] == [str(bad)]
    assert [row["legal_family"] for row in await copies.rows("person_card")] == ["良"]


async def test_a_record_that_does_not_fold_stops_nobody_else(town: Town, copies: Copies) -> None:
    """What can be read and not be written is parked with its key; the other keys of its batch go on."""
    school = await town.school()
    klass = await town.klass(school)
    good = await town.children(klass, school, 4)
    bad = uuid4()
    await town.enrol(
        bad,
        [
            Membership(
                class_id=klass, school=school, kind="home", number=3_000_000_000, since=APRIL, until=None
            )
        ],
    )
    await copies.catch_up()
    assert {key for _, key, _ in await copies.parked()} == {str(bad)}
    kept = {row["pupil_id"] for row in await copies.rows("membership")}
    assert kept == {str(child.id) for child in good}


async def test_unknown_fields_of_a_newer_publisher_are_passed_over(
    town: Town, copies: Copies, registry: Publisher
) -> None:
    person = await town.person("新", "版")
    async with registry.as_operator() as connection:
        await connection.execute(
            'update log.log_state set payload = payload || \'{"nickname": "あだ名"}\' where key = $1',
            str(person),
        )
    await copies.catch_up()
    assert await copies.parked() == []
    assert [row["legal_family"] for row in await copies.rows("person_card")] == ["新"]


async def test_names_are_kept_code_point_for_code_point(town: Town, copies: Copies) -> None:
    names = ["神\ufa19", "\ufa1b", "\ufa26", "ｶﾅ", "か\u3099"]
    for name in names:
        await town.person(name, name)
    await copies.catch_up()
    assert sorted(row["legal_family"] for row in await copies.rows("person_card")) == sorted(names)


async def test_live_keys_name_days_and_groups_never_people(town: Town, copies: Copies) -> None:
    made = await a_morning(town)
    await copies.catch_up()
    people = {row["person_id"] for row in await copies.rows("person_card")}
    assert not [key for key in copies.heard for person in people if person in key]
    assert {
        f"class-day:{made['one']}:{TODAY}",
        f"school-day:{made['school']}:{TODAY}",
        f"board-day:{town.board}:{TODAY}",
        f"class-day:{made['two']}:*",
        f"school-day:{made['school']}:*",
        f"board:{town.board}",
        f"duties:{town.board}",
        f"accounts:{town.board}",
        f"purposes:{town.board}",
    } <= copies.heard


async def test_closures_are_kept_as_codes(town: Town, copies: Copies) -> None:
    school = await town.school()
    await town.calendar(
        school, [TODAY], [Closure(on=TODAY, scope="school", grade=None, class_id=None, reason="typhoon")]
    )
    await copies.catch_up()
    (row,) = await copies.rows("calendar")
    assert row["school_days"] == [TODAY.isoformat()]
    assert row["closures"] == [
        {"on": TODAY.isoformat(), "scope": "school", "grade": None, "class_id": None, "reason": "typhoon"}
    ]


async def test_boards_do_not_mix(town: Town, copies: Copies, registry: Publisher) -> None:
    other = uuid4()
    card = PersonChanged.model_validate(
        {
            "person": uuid4(),
            "legal": {"family": "隣", "given": "町"},
            "common": None,
            "kana": None,
            "sort_key": "",
            "birth_date": None,
            "sex": "unspecified",
            "merged_into": None,
        }
    )
    await registry.say(Said(card, card.person), board=other)
    await town.person("本", "町")
    await copies.catch_up()
    rows: list[dict[str, Any]] = await copies.rows("person_card")
    assert {(row["legal_family"], row["board_id"]) for row in rows} == {
        ("隣", str(other)),
        ("本", str(town.board)),
    }


def test_the_day_before_is_another_aggregate(town: Town) -> None:
    pupil = uuid4()
    assert pupil_day_id(town.board, pupil, TODAY) != pupil_day_id(town.board, pupil, date(2026, 11, 19))
    assert AttendanceDayChanged.TOPIC.key == "pupil"
