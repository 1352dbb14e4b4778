"""A generated town gets a past: through registry's rules, with its events, once, and never over what people wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from deploy.town.generate import generate
from deploy.town.history import ACTOR, History, NotATown
from deploy.town.holidays import school_days
from services.registry.attendance import published, rules
from services.registry.attendance import store as attendance
from services.registry.attendance.rules import Mark
from services.registry.oneroster import layout
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import small_package, with_cell
from services.registry.roster.tests.reading import acts_of, rows
from shared.contracts.registry import AttendanceDayChanged, CalendarChanged
from shared.database import Scope, Units, make_engine
from shared.dates import TOKYO, FixedClock
from tests.support.databases import Database

TODAY = date(2026, 11, 20)
SEED = 5


class Stopped(Exception):
    """Somebody pressed Ctrl+C."""


@pytest.fixture
async def board(units: Units) -> UUID:
    """A town of 200 pupils."""
    files = generate(seed=1, school_year=2026, training_date=TODAY, pupils=200)
    return (await import_package(units, files)).board


async def fill(units: Units, board: UUID, days: int, *, stop_after: int | None = None) -> History:
    """Fill the past; ``stop_after`` so many mornings it is stopped."""
    history = History(units, board, seed=SEED)
    mornings = 0

    def advance(_: int) -> None:
        nonlocal mornings
        mornings += 1
        if mornings == stop_after:
            raise Stopped

    wanted = await history.plan(days)
    await history.run(advance)
    assert history.filled.rolls == wanted
    return history


def holds(valid: Any, day: date) -> bool:
    """Whether a day lies within a range."""
    return bool(valid.lower <= day and (valid.upper is None or day < valid.upper))


async def days_of(units: Units, board: UUID) -> dict[tuple[UUID, date], tuple[str, str]]:
    """Status and class of every pupil-day."""
    found = await rows(units, board, "select pupil_id, day, status, class_id::text as room from pupil_day")
    return {(row.pupil_id, row.day): (row.status, row.room) for row in found}


async def facts_of(database: Database) -> Sequence[Any]:
    """The fact lane, in order."""
    engine = make_engine(database.feed, pool_size=1)
    try:
        async with engine.connect() as connection:
            found = await connection.execute(
                text("select type, payload, actor, recorded_at, key from log.log_fact order by position")
            )
            return found.all()
    finally:
        await engine.dispose()


async def test_the_last_days_are_there_for_every_class_and_today_is_not(
    units: Units, board: UUID, registry_database: Database
) -> None:
    history = await fill(units, board, 6)
    expected = [day for day in school_days(2026) if day < TODAY][-6:]
    taken = await rows(
        units,
        board,
        "select d.day, d.class_id, d.members, d.taken_by, d.taken_at,"
        " count(p.*) filter (where p.status <> 'unrecorded') as recorded"
        " from class_day d left join pupil_day p on p.class_id = d.class_id and p.day = d.day"
        " group by d.id",
    )
    assert sorted({row.day for row in taken}) == expected
    assert all(row.members == row.recorded for row in taken)
    assert len(taken) == history.filled.rolls
    assert sum(row.members for row in taken) == history.filled.pupil_days
    classes = await rows(units, board, "select id from organisation where kind = 'class'")
    closed = history.filled.closed
    assert len(taken) + closed == len(classes) * len(expected)
    for row in taken:
        holding = await rows(
            units,
            board,
            "select kind from duty_period where subject_id = :staff and voided_at is null and class_id = :room"
            " and valid @> cast(:on as date)",
            staff=row.taken_by,
            room=row.class_id,
            on=row.day,
        )
        assert {each.kind for each in holding} & {"homeroom", "assistant", "substitute"}
        assert row.taken_at.date() == row.day - timedelta(days=1)  # 8:25 in Tokyo, told in UTC
    events = await facts_of(registry_database)
    kinds = Counter(event.type for event in events)
    assert kinds["registry.roll.taken"] == len(taken)
    assert kinds[AttendanceDayChanged.TYPE] >= history.filled.pupil_days
    assert {event.actor for event in events} == {ACTOR}
    facts = [fact for event in events for fact in event.payload.get("facts", ())]
    assert all(fact["at"].endswith("Z") for fact in facts)
    statuses = await days_of(units, board)
    newest = {event.payload["pupil_day"]: event.payload for event in events if "pupil_day" in event.payload}
    told = {(UUID(each["pupil"]), date.fromisoformat(each["on"])): each["status"] for each in newest.values()}
    assert told == {key: status for key, (status, _) in statuses.items()}
    assert (ACTOR, "FillHistory", "III") in await acts_of(registry_database)


async def test_once_is_enough_and_more_days_come_before(
    units: Units, board: UUID, registry_database: Database
) -> None:
    await fill(units, board, 3)
    before, events = await days_of(units, board), await facts_of(registry_database)
    again = await fill(units, board, 3)
    assert (again.filled.rolls, again.filled.closed) == (0, 0)
    assert await facts_of(registry_database) == events
    await fill(units, board, 5)
    after = await days_of(units, board)
    assert {key: value for key, value in after.items() if key in before} == before
    assert len({day for _, day in after}) == 5


async def test_a_closed_month_is_left_as_it_was_closed(
    units: Units, board: UUID, registry_database: Database
) -> None:
    """What is written into a closed month needs a reason, and nobody has one (docs/decisions/0015)."""
    (room, other) = (await rows(units, board, "select id, school_id from organisation where kind = 'class'"))[
        :2
    ]
    november = TODAY.replace(day=1)
    async with units.work(Scope(board), actor="test") as work:
        for each, state in ((room, "closed"), (other, "returned")):
            await work.session.execute(
                text(
                    "insert into class_month (id, board_id, school_id, class_id, month, revision, state)"
                    " values (gen_random_uuid(), :board, :school, :room, :month, 1, :state)"
                ),
                {
                    "board": board,
                    "school": each.school_id,
                    "room": each.id,
                    "month": november,
                    "state": state,
                },
            )
    calendars = await rows(units, board, "select closures from calendar order by id")
    await fill(units, board, 20)
    taken = await rows(units, board, "select class_id, day from class_day")
    by_room = Counter(row.class_id for row in taken if row.day >= november)
    assert (by_room[room.id], by_room[other.id] > 5) == (0, True)
    assert any(row.class_id == room.id for row in taken), "October is open"
    after = await rows(units, board, "select closures from calendar order by id")
    new = [
        each
        for row in after
        for each in row.closures
        if each not in [c for r in calendars for c in r.closures]
    ]
    assert not [
        each for each in new if each["class_id"] == str(room.id) and each["on"] >= november.isoformat()
    ]


async def test_what_was_interrupted_goes_on_where_it_stopped(
    units: Units, board: UUID, registry_database: Database
) -> None:
    with pytest.raises(Stopped):
        await fill(units, board, 8, stop_after=5)
    assert await days_of(units, board)
    await fill(units, board, 8)
    found = await days_of(units, board)
    pupils = await rows(
        units,
        board,
        "select subject_id, valid from membership_period where kind = 'home' and voided_at is null",
    )
    days = [day for day in school_days(2026) if day < TODAY][-8:]
    here = {(row.subject_id, day) for row in pupils for day in days if holds(row.valid, day)}
    calendars = await rows(units, board, "select closures from calendar")
    closed = {
        (closure["class_id"], date.fromisoformat(closure["on"]))
        for row in calendars
        for closure in row.closures
        if closure["scope"] == "class"
    }
    rooms = await rows(
        units, board, "select subject_id, class_id, valid from membership_period where kind = 'home'"
    )
    kept_home = {
        (row.subject_id, day)
        for row in rooms
        for day in days
        if holds(row.valid, day) and (str(row.class_id), day) in closed
    }
    assert set(found) == here - kept_home
    everything = await facts_of(registry_database)
    assert len({event.payload["class_day"] for event in everything if "class_day" in event.payload}) == len(
        await rows(units, board, "select 1 from class_day")
    )


async def mark(units: Units, board: UUID, day: date, code: str) -> tuple[UUID, UUID]:
    """A teacher marks one child of a class and goes no further; returns pupil and teacher."""
    (duty, *_) = await rows(
        units,
        board,
        "select subject_id, class_id, organisation_id from duty_period where kind = 'homeroom' and voided_at is null"
        " and valid @> cast(:on as date) order by class_id",
        on=day,
    )
    morning = Units(units.engine, FixedClock(datetime.combine(day, time(8, 5), TOKYO)))
    async with morning.work(Scope(board), actor="test") as work:
        of = await attendance.class_day(
            work.session, board, duty.class_id, day, person=duty.subject_id, today=day
        )
        assert of is not None
        listed = await attendance.members(work.session, of, person=duty.subject_id, today=day, lock=True)
        decision = rules.decide(
            listed.members,
            [Mark(listed.members[0].pupil, 0, code)],
            of.symbols,
            source="teacher",
            by=duty.subject_id,
            at=work.at,
            claimed_at=None,
            take=False,
            already_taken=False,
        )
        await attendance.save(work, of, decision.changes)
        published.publish_day(work, of, decision.changes[0])
    return listed.members[0].pupil, duty.subject_id


async def test_what_people_wrote_stays(units: Units, board: UUID) -> None:
    day = [day for day in school_days(2026) if day < TODAY][-2]
    pupil, teacher = await mark(units, board, day, "bereavement")
    history = await fill(units, board, 4)
    found = await days_of(units, board)
    assert found[pupil, day][0] == "bereavement"
    assert len(found) == history.filled.pupil_days + 1
    (mine,) = await rows(
        units,
        board,
        "select p.revision, f.recorded_by, d.taken_by is not null as taken from pupil_day p"
        " join attendance_fact f on f.pupil_day_id = p.id"
        " join class_day d on d.class_id = p.class_id and d.day = p.day where p.pupil_id = :pupil and p.day = :day",
        pupil=pupil,
        day=day,
    )
    assert (mine.revision, mine.recorded_by, mine.taken) == (1, teacher, True)


async def test_a_closed_class_has_no_roll_and_its_calendar_says_so(
    units: Units, board: UUID, registry_database: Database
) -> None:
    history = await fill(units, board, 100)
    assert history.filled.closed > 0
    calendars = await rows(units, board, "select closures from calendar")
    closed = [each for row in calendars for each in row.closures if each["scope"] == "class"]
    assert len(closed) == history.filled.closed
    assert {each["reason"] for each in closed} == {"influenza"}
    taken = {
        (str(row.class_id), row.day.isoformat())
        for row in await rows(units, board, "select class_id, day from class_day")
    }
    assert not {(each["class_id"], each["on"]) for each in closed} & taken
    engine = make_engine(registry_database.feed, pool_size=1)
    try:
        async with engine.connect() as connection:
            told = await connection.execute(
                text("select payload from log.log_state where type = :type"), {"type": CalendarChanged.TYPE}
            )
            published = [each for row in told for each in row.payload["closures"] if each["scope"] == "class"]
    finally:
        await engine.dispose()
    assert sorted(map(str, published)) == sorted(map(str, closed))
    substitutes = await rows(units, board, "select 1 from duty_period where kind = 'substitute'")
    assert substitutes


async def test_it_lets_others_work(units: Units, board: UUID) -> None:
    waited = 0

    async def yields() -> None:
        nonlocal waited
        waited += 1

    history = History(units, board, seed=SEED, yields=yields)
    await history.plan(7)
    await history.run()
    assert waited >= 4


async def test_no_days_are_invented_for_real_schools(units: Units) -> None:
    real = with_cell(small_package(), layout.ORGS, 3, "identifier", "B113200000015")
    done = await import_package(units, real)
    with pytest.raises(NotATown):
        await History(units, done.board, seed=SEED).plan(5)
    assert await days_of(units, done.board) == {}
