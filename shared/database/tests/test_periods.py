"""Periods of a subject and slot never overlap, whoever writes at the same time."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Moved, Scope
from shared.database.periods import holds, period
from shared.database.units import sqlstate
from tests.support.fixtures import Toy

APRIL = date(2026, 4, 1)
OVERLAP = "23P01"

_INSERT = text(
    "insert into stay_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, school_id)"
    " values (:id, :board, :subject, :slot, daterange(:since, :until), :at, 'office', :school)"
)


async def subject(toy: Toy) -> UUID:
    person = uuid4()
    async with toy.app.work(toy.scope, actor="office") as work:
        await work.session.execute(
            text("insert into person values (:id, :board)"), {"id": person, "board": toy.board}
        )
    return person


async def insert(
    session: AsyncSession,
    toy: Toy,
    person: UUID,
    since: date,
    until: date | None,
    *,
    slot: str = "home",
    school: UUID | None = None,
) -> UUID:
    id = uuid4()
    await session.execute(
        _INSERT,
        {
            "id": id,
            "board": toy.board,
            "subject": person,
            "slot": slot,
            "since": since,
            "until": until,
            "at": toy.clock.now(),
            "school": school or uuid4(),
        },
    )
    return id


async def stay(
    toy: Toy, person: UUID, since: date, until: date | None, *, slot: str = "home", school: UUID | None = None
) -> str | None:
    """Record a period; the SQLSTATE when it is refused."""
    scope = toy.scope if school is None else Scope(toy.board, frozenset({school}))
    try:
        async with toy.app.work(scope, actor="office") as work:
            await insert(work.session, toy, person, since, until, slot=slot, school=school)
    except DBAPIError as error:
        return sqlstate(error)
    return None


def day(number: int) -> date:
    return APRIL + timedelta(days=number)


async def test_a_hundred_writers_of_one_day_leave_one_period(toy: Toy) -> None:
    person = await subject(toy)
    outcomes = await asyncio.gather(*(stay(toy, person, APRIL, None) for _ in range(100)))
    assert outcomes.count(None) == 1
    assert set(outcomes) == {None, OVERLAP}


async def test_a_hundred_writers_of_random_days_leave_no_overlap(toy: Toy) -> None:
    people = [await subject(toy) for _ in range(3)]
    random = Random(20261120)
    wanted = [
        (random.choice(people), since, since + random.randint(1, 30))
        for since in (random.randint(0, 300) for _ in range(100))
    ]
    outcomes = await asyncio.gather(*(stay(toy, who, day(a), day(b)) for who, a, b in wanted))
    assert None in outcomes
    assert OVERLAP in outcomes
    async with toy.app.read(toy.scope) as session:
        overlapping = await session.scalar(
            text(
                "select count(*) from stay_period a join stay_period b"
                " on a.subject_id = b.subject_id and a.id < b.id and a.valid && b.valid"
            )
        )
        stored = await session.scalar(text("select count(*) from stay_period"))
    assert overlapping == 0
    assert stored == outcomes.count(None)


async def test_neighbours_slots_and_other_people_do_not_overlap(toy: Toy) -> None:
    person = await subject(toy)
    assert await stay(toy, person, day(0), day(10)) is None
    assert await stay(toy, person, day(10), day(20)) is None, "half open: the day it ends is free"
    assert await stay(toy, person, day(5), day(15), slot="exchange") is None
    assert await stay(toy, await subject(toy), day(5), day(15)) is None
    assert await stay(toy, person, day(19), None) == OVERLAP


async def test_two_rows_of_one_statement_may_not_overlap_either(toy: Toy) -> None:
    person = await subject(toy)
    with pytest.raises(DBAPIError) as refused:
        async with toy.app.work(toy.scope, actor="office") as work:
            await work.session.execute(
                text(
                    "insert into stay_period"
                    " (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, school_id)"
                    " select gen_random_uuid(), :board, :subject, 'home', daterange(:since, null), :at, 'office',"
                    " :school from generate_series(1, 2)"
                ),
                {
                    "board": toy.board,
                    "subject": person,
                    "since": APRIL,
                    "at": toy.clock.now(),
                    "school": uuid4(),
                },
            )
    assert sqlstate(refused.value) == OVERLAP


async def test_a_period_of_another_school_overlaps_though_the_writer_cannot_see_it(toy: Toy) -> None:
    person = await subject(toy)
    assert await stay(toy, person, day(0), None, school=uuid4()) is None
    assert await stay(toy, person, day(5), None, school=uuid4()) == OVERLAP


async def test_a_period_is_voided_and_replaced_in_one_transaction(toy: Toy) -> None:
    person = await subject(toy)
    void = text(
        "update stay_period set voided_at = :at, voided_by = 'office', void_reason = 'moved' where id = :id"
    )
    async with toy.app.work(toy.scope, actor="office") as work:
        first = await insert(work.session, toy, person, day(0), None)
    async with toy.app.work(toy.scope, actor="office") as work:
        await work.session.execute(void, {"at": toy.clock.now(), "id": first})
        await insert(work.session, toy, person, day(0), day(30))
    with pytest.raises(DBAPIError) as refused:
        async with toy.app.work(toy.scope, actor="office") as work:
            await work.session.execute(
                text("update stay_period set voided_at = null where id = :id"), {"id": first}
            )
    assert sqlstate(refused.value) == OVERLAP


async def test_a_subject_must_exist(toy: Toy) -> None:
    assert await stay(toy, uuid4(), APRIL, None) == "23503"


async def test_crosswise_writers_do_not_hang(toy: Toy) -> None:
    one, other = await subject(toy), await subject(toy)
    both_wrote = asyncio.Barrier(2)

    async def crosswise(first: UUID, second: UUID) -> str:
        try:
            async with toy.app.work(toy.scope, actor="office") as work:
                await insert(work.session, toy, first, day(0), day(5))
                await both_wrote.wait()
                await insert(work.session, toy, second, day(0), day(5))
        except Moved:
            return "moved"
        return "done"

    outcomes = await asyncio.gather(crosswise(one, other), crosswise(other, one))
    assert sorted(outcomes) == ["done", "moved"]


@given(st.integers(0, 400), st.integers(1, 400), st.integers(-10, 810))
def test_a_period_holds_from_its_first_day_to_the_day_before_its_end(a: int, length: int, on: int) -> None:
    assert holds(period(day(a), day(a + length)), day(on)) == (a <= on < a + length)
    assert holds(period(day(a), None), day(on)) == (a <= on)
