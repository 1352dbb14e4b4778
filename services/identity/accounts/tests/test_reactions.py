"""Accounts follow registry's facts, whatever legal order they arrive in, and the day."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.identity.accounts.reconciler import reconcile
from services.identity.accounts.rules import Hat
from services.identity.accounts.store import SourceKey, Version, replace_hats
from services.identity.conftest import Filled
from services.identity.tests.town import (
    SINCE,
    Identity,
    Town,
    duties,
    duty,
    enrolment,
    guardianship,
    tie,
)
from shared.contracts import Contract
from shared.contracts.registry import DUTY, DutyChanged, GuardianshipChanged, Protection
from shared.database import Scope
from shared.dates import TOKYO
from tests.support.databases import Databases
from tests.support.walls import extensions, functions_for_everybody, tables_without_wall


def a_year(town: Town) -> list[Contract]:
    """A town, and what happens in it afterwards."""
    left, came = uuid4(), uuid4()
    return [
        *town.facts(),
        duties(left, duty("homeroom", town.first, town.class_11)),
        duties(town.homeroom, duty("homeroom", town.first, town.class_21), duty("office", town.second)),
        guardianship(town.pupil, tie(town.guardian)),
        duties(left, duty("homeroom", town.first, town.class_11, until=date(2026, 9, 1))),
        enrolment(came, town.second),
        guardianship(came, tie(town.cook), tie(left, read=False, notify=False)),
        GuardianshipChanged(
            pupil=came,
            guardians=[tie(town.cook), tie(left)],
            protections=[
                Protection(since=SINCE, until=date(2026, 7, 1), confidential_from=[town.cook]),
                Protection(since=date(2026, 12, 1), until=None, confidential_from=[left, town.cook]),
            ],
        ),
        enrolment(town.pupil, town.first, until=date(2026, 11, 1)),
        duties(town.operator),
    ]


async def test_people_get_the_hats_their_relations_give(identity: Identity, town: Town) -> None:
    assert await identity.kinds() == {
        town.principal: ("staff",),
        town.homeroom: ("staff",),
        town.mother_teacher: ("guardian", "staff"),
        town.nurse: ("staff",),
        town.cook: ("staff",),
        town.operator: ("staff",),
        town.guardian: ("guardian",),
        town.pupil: ("pupil",),
    }


async def test_each_account_is_published_whole_under_its_person(identity: Identity, town: Town) -> None:
    published = await identity.published("identity.account")
    assert published[str(town.mother_teacher)] == {
        "account": str(await identity.account(town.mother_teacher)),
        "person": str(town.mother_teacher),
        "kinds": ["guardian", "staff"],
        "enabled": True,
    }
    assert len(published) == 8


async def test_the_subject_stays_and_the_account_is_disabled_when_nothing_holds_any_more(
    identity: Identity, town: Town
) -> None:
    before = await identity.account(town.operator)
    await identity.say(duties(town.operator))
    await identity.catch_up()
    assert await identity.account(town.operator) == before
    published = (await identity.published("identity.account"))[str(town.operator)]
    assert published["enabled"] is False
    assert published["kinds"] == []
    await identity.say(duties(town.operator, duty("board_staff", town.board)))
    await identity.catch_up()
    assert await identity.account(town.operator) == before
    assert (await identity.published("identity.account"))[str(town.operator)]["enabled"] is True


async def test_a_tombstone_takes_the_hats_off(identity: Identity, town: Town) -> None:
    await identity.retract(DutyChanged, town.mother_teacher)
    await identity.catch_up()
    assert (await identity.kinds())[town.mother_teacher] == ("guardian",)


@pytest.mark.parametrize("seed", range(8))
async def test_any_legal_order_ends_like_the_published_one(
    identity: Identity, databases: Databases, identity_templates: Filled, seed: int
) -> None:
    await identity.say(*a_year(Town(identity.board)))
    await identity.catch_up(seed=seed, limit=5 if seed % 2 else 100)
    async with databases.copy(identity_templates.own) as other:
        ordered = Identity(other, identity.log, identity.clock, identity.board, identity.state)
        try:
            await ordered.catch_up(seed=None)
            assert await identity.kinds() == await ordered.kinds()
            for table in ("copy.person", "copy.organisation", "copy.duty", "hat"):
                statement = f"select t::text as row from {table} t order by 1"
                mine, theirs = await identity.rows(statement), await ordered.rows(statement)
                assert [row.row for row in mine] == [row.row for row in theirs]
        finally:
            await ordered.close()


async def test_what_comes_again_changes_and_publishes_nothing(identity: Identity, town: Town) -> None:
    before = await identity.rows("select position from log.head")
    await identity.rows("delete from feed.checkpoint returning copy")
    await identity.rows("delete from feed.reacted returning ce_id")
    await identity.catch_up(seed=3)
    assert await identity.rows("select position from log.head") == before


async def test_hats_begin_and_end_with_the_day_without_any_event(identity: Identity, town: Town) -> None:
    newcomer = uuid4()
    await identity.say(
        duties(newcomer, duty("office", town.first, since=date(2026, 12, 1))),
        duties(town.nurse, duty("nurse", town.first, until=date(2026, 12, 1))),
    )
    await identity.catch_up()
    kinds = await identity.kinds()
    assert newcomer not in kinds
    assert kinds[town.nurse] == ("staff",)
    assert await reconcile(identity.feed) == 0
    identity.clock.instant = datetime(2026, 12, 1, 0, 0, tzinfo=TOKYO)
    assert await reconcile(identity.feed) == 2
    kinds = await identity.kinds()
    assert kinds[newcomer] == ("staff",)
    assert town.nurse not in kinds
    assert (await identity.published("identity.account"))[str(town.nurse)]["enabled"] is False
    assert await reconcile(identity.feed) == 0


async def test_a_mark_is_lifted_by_the_day_it_ends_without_any_event(identity: Identity, town: Town) -> None:
    mark = Protection(since=SINCE, until=date(2026, 12, 1), confidential_from=[town.guardian])
    await identity.say(
        GuardianshipChanged(pupil=town.pupil, guardians=[tie(town.guardian)], protections=[mark])
    )
    await identity.catch_up()
    assert town.guardian not in await identity.kinds()
    identity.clock.instant = datetime(2026, 11, 30, 23, 59, tzinfo=TOKYO)
    assert await reconcile(identity.feed) == 0
    identity.clock.instant = datetime(2026, 12, 1, 0, 0, tzinfo=TOKYO)
    assert await reconcile(identity.feed) == 1
    assert (await identity.kinds())[town.guardian] == ("guardian",)


async def test_an_older_record_changes_nothing(identity: Identity, board: UUID) -> None:
    source, person = SourceKey(DUTY.name, uuid4()), uuid4()
    for version, hats, touched in (
        (Version(1, 9), [Hat(person, "staff", SINCE, None)], {person}),
        (Version(1, 8), [], set()),
        (Version(1, 9), [], set()),
        (Version(2, 1), [], {person}),
    ):
        async with identity.feed.work(Scope(board), actor="test") as work:
            assert await replace_hats(work, {source: (version, hats)}) == touched


async def test_the_wall_stands_around_every_table(identity: Identity) -> None:
    for role in ("identity_app", "identity_feed"):
        # Kept for every board: the operator of a deployment sees what waits.
        assert await tables_without_wall(identity.app.engine, role) == ["feed.parked"]
    assert await extensions(identity.app.engine) == ["plpgsql"]
    assert await functions_for_everybody(identity.app.engine) == []


async def test_the_app_makes_no_accounts(identity: Identity, town: Town) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with identity.app.work(Scope(town.board), actor="test") as work:
            await work.session.execute(text("update account set kinds = '{staff}'"))


async def test_another_board_sees_nobody(identity: Identity, town: Town) -> None:
    tables = ("account", "copy.person", "copy.duty", "issuer_session", "purpose_period")
    async with identity.app.read(Scope(uuid4())) as session:
        for table in tables:
            assert await session.scalar(text(f"select count(*) from {table}")) == 0
        shown = await session.scalars(text("select kind from copy.organisation"))
        assert set(shown) == {"board"}
