"""Runs on PostgreSQL: prepared in winter, right on 1 April, resumed after a kill, taken back until the day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from services.registry.moves.tests.conftest import City, Client
from services.registry.moves.tests.conftest import city as city
from services.registry.moves.tests.conftest import client as client
from services.registry.moves.tests.test_api import transfer
from services.registry.rollover import applying, planning, run_store, store
from services.registry.rollover.applying import Progress, TooLate, Unfinished
from services.registry.rollover.plans import Plan, PlannedClass, Seat
from services.registry.rollover.previewing import Preview, preview
from services.registry.rollover.rules import Year
from services.registry.rollover.run_store import Run
from services.registry.roster import store as roster
from services.registry.roster.rows import Added, CalendarRow, DutyIs, Held, MembershipIs, Voided
from services.registry.roster.snapshot import Period
from services.registry.roster.store import PeriodTable
from shared.database import Moved, Scope
from shared.dates import FixedClock
from shared.ids import calendar_id
from tests.support.databases import Database

__all__ = ["Client"]
YEAR = Year(2027)
EVE, DAY = date(2027, 3, 31), date(2027, 4, 1)
MARCH = datetime(2027, 3, 10, 1, tzinfo=UTC)


def morning(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 0, 0, tzinfo=UTC)  # nine o'clock in Tokyo


async def planned(city: City, clock: FixedClock) -> Plan:
    """The first school's next year: a class 3年1組 for all, taught by the one who teaches a subject now."""
    clock.instant = MARCH
    room = PlannedClass(id=uuid4(), name="3年1組", grade="P3", homeroom=city.ids["subject"])
    pupils = ("pupil", "p2", "hidden", "p3")
    seats = {city.ids[who]: Seat(class_id=room.id, number=n) for n, who in enumerate(pupils, 1)}
    plan = Plan(classes=[room], seats=seats)
    city.ids["3-1"] = room.id
    async with city.units.work(Scope(city.board), actor="test") as work:
        assert await store.put_plan(work, city.ids["first"], YEAR.number, 1, plan)
        days = [
            CalendarRow(calendar_id(city.ids["first"], year), city.ids["first"], year, (day,), ())
            for year, day in ((2026, EVE), (2027, DAY))
        ]
        await roster.put_calendars(work, days)
    return plan


async def looked(city: City) -> Preview:
    return await preview(city.units, city.board, YEAR)


async def begun(city: City) -> Run:
    return await applying.begin(city.units, await looked(city), city.board, actor="test", by="学務課")


async def rolled(city: City) -> Run:
    run = await begun(city)
    await applying.apply_run(city.units, run, actor="test")
    return run


async def state(database: Database) -> dict[str, Any]:
    """The state lane, and what stands, whatever its row ids are."""
    connection = await database.server.connect(database.name)
    try:
        lane = await connection.fetch(
            "select topic, key, payload from log.log_state where payload is not null"
        )
        found: dict[str, Any] = {f"{row['topic']} {row['key']}": orjson.loads(row["payload"]) for row in lane}
        for table in ("enrolment_period", "membership_period", "duty_period", "guardianship_period"):
            rows = await connection.fetch(
                f"select subject_id, slot, valid::text from {table} where voided_at is null order by 1, 2, 3"
            )
            found[table] = [tuple(row) for row in rows]
        found["classes"] = sorted(
            row["name"]
            for row in await connection.fetch("select name from organisation where kind = 'class'")
        )
        return found
    finally:
        await connection.close()


async def test_on_the_first_of_april_nobody_does_anything_and_everything_is_right(
    city: City, clock: FixedClock
) -> None:
    await planned(city, clock)
    before = await looked(city)
    counted = {school.name: each for school, each in before.schools}
    assert counted["第一小学校"].became == {"promoted": 5}
    assert (counted["第一小学校"].without_class, counted["第一小学校"].exchange) == (1, 1)
    assert counted["第二小学校"].without_class == 2
    assert before.total().lacking == {"校長": 2, "事務": 2}, "人事異動 is not ours to guess"
    await rolled(city)

    clock.instant = morning(EVE)
    old = await city.get(f"/v1/classes/{city.ids['2-1']}/days/{EVE}/roll", "homeroom")
    assert len(old.json()["members"]) == 3
    assert (await city.roll("homeroom", "2-1", EVE, pupil="present", p2="present")).status_code == 200
    early = await city.roll("subject", "3-1", EVE, pupil="present")
    assert early.status_code == 403, "tomorrow's teacher is a subject teacher today"

    clock.instant = morning(DAY)
    new = await city.get(f"/v1/classes/{city.ids['3-1']}/days/{DAY}/roll", "subject")
    assert [(each["given"], each["number"]) for each in new.json()["members"]] == [
        ("この設置者のpupil", 1),
        ("この設置者のp2", 2),
        ("見守", 3),
        ("この設置者のp3", 4),
    ]
    assert (await city.roll("subject", "3-1", DAY, pupil="present")).status_code == 200
    assert (await city.roll("homeroom", "2-1", DAY, pupil="present")).status_code == 404
    past = await city.get(f"/v1/classes/{city.ids['2-1']}/days/{EVE}/roll", "subject")
    assert [each["status"] for each in past.json()["members"]][:2] == ["present", "present"]
    async with city.units.read(Scope(city.board)) as session:
        rights = await session.scalars(
            text(
                "select subject_id from guardianship_period where voided_at is null and valid @> cast(:day as date)"
            ),
            {"day": DAY},
        )
        assert set(rights) == {city.ids[who] for who in ("pupil", "p2", "hidden", "q1")}
        mark = await session.scalar(
            text(
                "select confidential_from from protection_period where voided_at is null"
                " and valid @> cast(:day as date)"
            ),
            {"day": DAY},
        )
        assert set(mark) == {city.ids["father"], city.ids["kept_from"]}


async def test_again_changes_nothing_and_back_is_as_it_was(
    city: City, clock: FixedClock, registry_database: Database
) -> None:
    await planned(city, clock)
    connection = await registry_database.server.connect(registry_database.name)
    try:  # of one who finishes school, only the guardians' rights change
        await connection.execute(
            "update enrolment_period set grade = 'J3' where subject_id = $1", city.ids["q1"]
        )
        open_end = (
            "update guardianship_period set valid = daterange(lower(valid), null) where subject_id = $1"
        )
        await connection.execute(open_end, city.ids["q1"])
    finally:
        await connection.close()
    before = await state(registry_database)
    run = await rolled(city)
    after_ = await state(registry_database)
    assert after_["guardianship_period"] != before["guardianship_period"]
    assert "3年1組" in after_["classes"]
    second = await begun(city)
    assert await applying.apply_run(city.units, second, actor="test") == (0, None)
    [run] = [each for each in await _runs(city) if each.number == run.number]
    assert run.state == "done"
    await applying.revert_run(city.units, run, actor="test", by="学務課")
    back, by_hand = await state(registry_database), str(city.ids["q1"])  # whose rows nobody has published
    assert {k: v for k, v in back.items() if by_hand not in k} == {
        k: v for k, v in before.items() if by_hand not in k
    }
    with pytest.raises(TooLate):
        await _check_revert(city, clock)


async def _check_revert(city: City, clock: FixedClock) -> None:
    (run, *_) = await _runs(city)
    async with city.units.read(Scope(city.board)) as session:
        await applying.check_revert(session, run, clock.today())


async def _runs(city: City) -> list[Run]:
    async with city.units.read(Scope(city.board)) as session:
        return await run_store.runs(session, city.board)


class Killed(BaseException):
    """As sudden as a kill: nothing is cleaned up but what the server itself does."""


async def test_an_interrupted_run_goes_on_and_ends_like_an_uninterrupted_one(
    city: City, clock: FixedClock, registry_database: Database
) -> None:
    await planned(city, clock)
    run = await begun(city)

    def die(_: Progress) -> None:
        raise Killed

    with pytest.raises(Killed):
        await applying.apply_run(city.units, run, actor="test", tell=die)
    [left] = await _runs(city)
    assert (left.state, left.parts_done, left.parts) == ("applying", 1, 2)
    assert (await begun(city)).number == run.number, "the same command goes on with it"
    with pytest.raises(Unfinished):
        later = await preview(city.units, city.board, Year(2028))
        await applying.begin(city.units, later, city.board, actor="test", by="学務課")
    events, _ = await applying.apply_run(city.units, left, actor="test")
    assert events > 0
    whole = await state(registry_database)
    [done] = await _runs(city)
    await applying.revert_run(city.units, done, actor="test", by="x")
    await rolled(city)
    assert await state(registry_database) == whole


async def test_taking_back_ends_with_the_day_and_with_what_depends_on_it(
    city: City, clock: FixedClock
) -> None:
    await planned(city, clock)
    run = await rolled(city)
    clock.instant = morning(date(2026, 11, 20))
    moved = await city.post("/v1/moves", transfer(city, "pupil"))
    assert moved.status_code == 200, moved.text
    with pytest.raises(TooLate, match="件"):
        await _check_revert(city, clock)
    undone = await city.post(f"/v1/moves/{moved.json()['moves'][0]['id']}/undo", {"seen": 1})
    assert undone.status_code == 200
    await _check_revert(city, clock)
    clock.instant = morning(DAY)
    with pytest.raises(TooLate, match="始まりました"):
        await applying.revert_run(city.units, run, actor="test", by="x")
    with pytest.raises(TooLate, match="始まって"):
        await begun(city)


async def test_a_mover_in_february_takes_next_year_along(city: City, clock: FixedClock) -> None:
    await planned(city, clock)
    await rolled(city)
    clock.instant = morning(date(2026, 11, 20))
    assert (await city.post("/v1/moves", transfer(city, "pupil"))).status_code == 200
    enrolments = await city.held("enrolment_period", "pupil")
    assert enrolments[-1] == (DAY, date(2028, 4, 1), "second", "P3")
    assert [row[3] for row in await city.held("membership_period", "pupil")] == ["2-1"], "no class there yet"


async def test_a_teacher_of_two_classes_has_both(city: City, clock: FixedClock) -> None:
    plan = await planned(city, clock)
    second = PlannedClass(
        id=uuid4(), name="ひまわり", grade=None, special_needs=True, homeroom=city.ids["subject"]
    )
    changed = plan.model_copy(update={"classes": [*plan.classes, second]})
    async with city.units.work(Scope(city.board), actor="test") as work:
        assert await store.put_plan(work, city.ids["first"], YEAR.number, 2, changed)
    await rolled(city)
    async with city.units.read(Scope(city.board)) as session:
        duties = await roster.standing(session, city.board, roster.DUTY, [city.ids["subject"]])
    taught = {each.held.what.class_id for each in duties if each.held.valid.since == DAY}
    assert taught == {each.id for each in changed.classes}


async def test_seats_of_a_file_that_came_second_are_not_said_to_be_in(
    city: City, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await planned(city, clock)
    lines = [["紬 この設置者のp4", "3年1組", "5"]]

    async def take(rows: list[list[str]]) -> int:
        return await planning.take_seats(city.units, city.board, YEAR, "第一小学校", rows)

    for row, told in (
        (["紬 この設置者のp4", "3年1組", "1"], "二人"),
        (["紬 この設置者のp4", "3年1組", "0"], "1から99"),
    ):
        with pytest.raises(planning.Refused, match=told):
            await take([row])
    read = store.plan

    async def meanwhile(*asked: Any) -> tuple[int, Plan]:
        found = await read(*asked)
        async with city.units.work(Scope(city.board), actor="test") as work:
            assert await store.put_plan(work, city.ids["first"], YEAR.number, found[0] + 1, plan)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(store, "plan", meanwhile)
        with pytest.raises(Moved):
            await take(lines)
    assert await take(lines) == 1


async def test_no_number_is_there_twice_in_april_when_its_giver_did_not_see_both(
    city: City, clock: FixedClock
) -> None:
    plan = await planned(city, clock)
    (room,) = plan.classes
    mine = Plan(classes=[room], seats={city.ids["pupil"]: Seat(class_id=room.id, number=3)})
    saved = await city.post(
        "/v1/schools/{first}/class-plans/2027".format_map(city.ids),
        {"seen": 1, "plan": mine.model_dump(mode="json")},
        "kept_from",
    )
    assert saved.status_code == 200, saved.text
    await rolled(city)
    pupils = [city.ids["pupil"], city.ids["hidden"]]
    async with city.units.read(Scope(city.board)) as session:
        held = await roster.standing(session, city.board, roster.MEMBERSHIP, pupils)
    seats = {each.held.subject: each.held.what for each in held if each.held.valid.since == DAY}
    assert {pupil: (what.class_id, what.number) for pupil, what in seats.items()} == {
        pupils[0]: (room.id, 3),
        pupils[1]: (room.id, None),
    }


async def test_a_plan_that_changed_is_followed_by_the_next_run(city: City, clock: FixedClock) -> None:
    plan = await planned(city, clock)
    await rolled(city)
    seats = {**plan.seats, city.ids["p4"]: Seat(class_id=city.ids["3-1"], number=5)}
    seats[city.ids["pupil"]] = Seat(class_id=city.ids["3-1"], number=9)
    async with city.units.work(Scope(city.board), actor="test") as work:
        changed = plan.model_copy(update={"seats": seats, "stay": [city.ids["p2"]]})
        assert not await store.put_plan(work, city.ids["first"], YEAR.number, 1, changed), "stale"
        assert await store.put_plan(work, city.ids["first"], YEAR.number, 2, changed)
    await rolled(city)
    clock.instant = morning(DAY)
    new = await city.get(f"/v1/classes/{city.ids['3-1']}/days/{DAY}/roll", "subject")
    assert {each["number"] for each in new.json()["members"]} == {2, 3, 4, 5, 9}
    assert (await city.held("enrolment_period", "p2"))[-1][3] == "P2", "stays in the grade"
    assert UUID(new.json()["class_id"]) == city.ids["3-1"]


async def test_a_run_makes_true_what_was_shown_however_late_it_goes_on(city: City, clock: FixedClock) -> None:
    plan = await planned(city, clock)
    run = await begun(city)
    async with city.units.work(Scope(city.board), actor="test") as work:
        changed = plan.model_copy(update={"stay": [city.ids["p2"]]})
        assert await store.put_plan(work, city.ids["first"], YEAR.number, 2, changed)
    with pytest.raises(Unfinished):
        await begun(city)  # what the command has just shown is not what that run would do
    await applying.apply_run(city.units, run, actor="test")
    assert (await city.held("enrolment_period", "p2"))[-1][3] == "P3", "nobody was shown that this one stays"
    assert (await looked(city)).total().changed == 1, "which the next run does"
    await rolled(city)
    assert (await city.held("enrolment_period", "p2"))[-1][3] == "P2"


async def test_a_plan_of_a_school_that_closes_keeps_no_run_from_going_on(
    city: City, clock: FixedClock
) -> None:
    await planned(city, clock)
    second = city.ids["second"]
    async with city.units.work(Scope(city.board), actor="test") as work:
        assert await store.put_plan(work, second, YEAR.number, 1, Plan())
        (there,) = (await roster.organisations(work.session, city.board, [second])).values()
        await roster.put_organisations(work, [there._replace(until=EVE)])
    looked_at = await looked(city)
    assert second in looked_at.city.plans
    assert second not in {school.id for school, _ in looked_at.schools}
    run = await begun(city)
    assert (await begun(city)).number == run.number, "the same command goes on with it"


@pytest.mark.parametrize("at", [1, 2], ids=["before a part", "before the classes go"])
@pytest.mark.parametrize("what", ["seat", "duty"])
async def test_what_a_hand_does_while_a_run_is_taken_back_stops_it(
    city: City, clock: FixedClock, registry_database: Database, what: str, at: int
) -> None:
    await planned(city, clock)
    before = await state(registry_database)
    run = await rolled(city)
    where, year = city.ids["first"], Period(DAY, date(2028, 4, 1))
    async with city.units.read(Scope(city.board)) as session:
        named = "select id from organisation where name = '3年1組'"
        room = UUID(str(await session.scalar(text(named))))
    table: PeriodTable[Any] = roster.MEMBERSHIP if what == "seat" else roster.DUTY
    seat, duty = MembershipIs(where, room, "home", 39), DutyIs("assistant", where, room)
    held = Held(city.ids["p4"], year, seat) if what == "seat" else Held(city.ids["homeroom"], year, duty)

    class Hand(Exception):
        """The work is left to do the same by hand, then goes on."""

    done: list[int] = []

    def stop(progress: Progress) -> None:
        done.append(progress.done)
        if len(done) == at:
            raise Hand

    with pytest.raises(Hand):
        await applying.revert_run(city.units, run, actor="test", by="x", tell=stop)
    async with city.units.work(Scope(city.board), actor="test") as work:
        await roster.add(work, table, [Added(held, None)])
    stopped = await state(registry_database)
    with pytest.raises(TooLate, match=r"途中です。あとで変えられた.*1件"):
        await applying.revert_run(city.units, run, actor="test", by="x")
    assert await state(registry_database) == stopped, "nothing more went, the class is there"
    assert [each.state for each in await _runs(city)] == ["reverting"]
    async with city.units.work(Scope(city.board), actor="test") as work:
        (one,) = [
            each for each in await roster.standing(work.session, city.board, table) if each.held == held
        ]
        await roster.void(work, table, [Voided(one.id, held.subject, "taken back")])
    await applying.revert_run(city.units, run, actor="test", by="x")
    assert await state(registry_database) == before
