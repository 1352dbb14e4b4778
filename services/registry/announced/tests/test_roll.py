"""A family's notice reaches the roll, and what the teacher then saves says which notices she saw. Real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.registry import service
from services.registry.announced.reactions import NoticesToRoll
from services.registry.attendance.tests.conftest import Client
from services.registry.attendance.tests.school import School, make_school
from shared.contracts.messaging import NoticeChanged
from shared.database import Scope, Units, make_engine
from shared.database.migrate import platform_sql, run_script
from shared.database.roles import platform_grants, reader_grants
from shared.dates import FixedClock
from shared.events.adversary import AdversarialFeed
from shared.events.log_feed import LogFeed
from shared.events.reactions import ReactionWorker
from tests.support.at_work import at_work, settings_of
from tests.support.databases import Database, Databases, Template
from tests.support.feeds import silent_feed
from tests.support.fixtures import catch_up
from tests.support.tokens import Authority

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
AT = datetime(2026, 11, 19, 22, 41, tzinfo=UTC)


@pytest.fixture(scope="session")
def notice_log(databases: Databases) -> Template:
    """A log of messaging's, as far as registry can see it."""

    async def build(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            for script in (
                platform_sql("0001_log"),
                "select log.keep_year(2026)",
                platform_grants("notice_log"),
                reader_grants("registry", ["messaging.notice"]),
            ):
                await connection.run_sync(run_script, script)

    return asyncio.run(databases.make_template("notice_log", ["registry"], build))


class Desk:
    """What families tell, and registry as it hears of it."""

    def __init__(self, client: Client, school: School, units: Units, own: Database, log: Database) -> None:
        self.client, self.school, self.units, self._own, self._log = client, school, units, own, log
        self._engines = [make_engine(log.app, pool_size=1), make_engine(own.feed, pool_size=2)]
        self._messaging = Units(self._engines[0], units.clock)
        self.feed = Units(self._engines[1], units.clock)
        self.office = uuid4()

    async def tell(self, pupil: UUID, notice: UUID | None = None, **changes: Any) -> UUID:
        """messaging tells a revision of a notice."""
        id = notice or uuid4()
        revision = changes.get("revision", 1)
        said = {
            "kind": "absent",
            "reason": "sick",
            "since": TODAY,
            "until": TODAY + DAY,
            "withdrawn": False,
            "channel": "phone",
            "relation": "mother",
            "by": self.office,
            "told_at": AT,
            "at": AT + timedelta(minutes=revision),
            "revision": revision,
            "corrects": revision - 1 or None,
            **changes,
        }
        async with self._messaging.work(Scope(self.school.board), actor="office") as work:
            work.publish(
                NoticeChanged(notice=id, pupil=pupil, **said),
                key=pupil,
                stream=id,
                subject=pupil,
            )
        return id

    async def hear(self, seed: int = 0, *, limit: int = 3) -> None:
        """registry takes all there is, in any legal order."""
        feed = AdversarialFeed(LogFeed("messaging", self._log.reader("registry"), ["messaging.notice"]), seed)
        try:
            await catch_up(ReactionWorker("registry", NoticesToRoll(), feed, self.feed), limit=limit)
        finally:
            await feed.close()

    async def cell(self, pupil: UUID, on: date = TODAY) -> dict[str, Any]:
        """A child on the roll."""
        path = f"/v1/classes/{self.school.class_id}/days/{on}/roll"
        answer = await self.client.get(path, self.school.homeroom)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = next(m for m in answer.json()["members"] if m["pupil"] == str(pupil))
        return found

    async def days(self, pupil: UUID) -> list[dict[str, Any]]:
        """What was told of a child's days, in its order."""
        async with self.feed.maintain() as session:
            rows = await session.execute(
                text(
                    "select payload from log.log_fact where topic = 'registry.attendance' and key = :key"
                    " order by position"
                ),
                {"key": str(pupil)},
            )
            return [row.payload for row in rows]

    async def close(self) -> None:
        """Give back connections."""
        for engine in self._engines:
            await engine.dispose()


@pytest.fixture
async def desk(
    databases: Databases,
    notice_log: Template,
    registry_database: Database,
    units: Units,
    board: UUID,
    clock: FixedClock,
    tmp_path: Path,
) -> AsyncIterator[Desk]:
    """registry at work over a small school, messaging's log beside it."""
    school = await make_school(units, board, TODAY)
    authority = Authority()
    app = service.build(settings_of("registry", registry_database, tmp_path), clock, silent_feed)
    async with databases.copy(notice_log) as log, at_work(app, "registry", authority) as http:
        made = Desk(Client(http, authority, board), school, units, registry_database, log)
        try:
            yield made
        finally:
            await made.close()


async def test_a_notice_stands_in_the_roll_and_says_where_it_is_from(desk: Desk) -> None:
    pupil = desk.school.pupils[0]
    notice = await desk.tell(pupil)
    await desk.hear()
    cell = await desk.cell(pupil)
    assert (cell["code"], cell["status"], cell["decided_by"], cell["revision"]) == (
        "absent_sick",
        "absent",
        "notice",
        1,
    )
    (day,) = await desk.days(pupil)
    assert (day["status"], day["category"], day["class_id"]) == ("absent", "sick", str(desk.school.class_id))
    assert [(f["source"], f["relation"], f["channel"]) for f in day["facts"]] == [
        ("notice", "mother", "phone")
    ]
    assert day["considered"] == [], "no teacher has seen it"
    assert notice is not None


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_and_any_repetition_end_alike(desk: Desk, seed: int) -> None:
    """Late first, then absent, then withdrawn for one; the other comes late and leaves early."""
    one, other = desk.school.pupils[:2]
    first = await desk.tell(one, kind="late", reason=None)
    await desk.tell(other, kind="late", reason=None)
    await desk.tell(other, kind="early_leave", reason=None, at=AT + timedelta(minutes=5))
    await desk.tell(one, first, revision=2)
    if seed % 2:
        await desk.hear(seed)
    await desk.tell(one, first, revision=3, withdrawn=True)
    await desk.hear(seed)
    await desk.hear(seed + 1)
    cell = await desk.cell(one)
    assert (cell["code"], cell["status"]) == (None, "unrecorded")
    assert (await desk.cell(other))["code"] == "late_early"
    days = await desk.days(one)
    assert [day["revision"] for day in days] == list(range(1, len(days) + 1)), "no hole, no fork"


async def test_an_older_revision_that_comes_late_changes_nothing(desk: Desk) -> None:
    pupil = desk.school.pupils[0]
    notice = await desk.tell(pupil, revision=2, kind="late", reason=None)
    await desk.hear()
    await desk.tell(pupil, notice, revision=1)
    await desk.hear()
    assert (await desk.cell(pupil))["code"] == "late"
    assert len(await desk.days(pupil)) == 1


async def test_several_days_reach_each_school_day_and_no_other(desk: Desk) -> None:
    pupil = desk.school.pupils[0]
    monday = TODAY - timedelta(days=4)
    notice = await desk.tell(pupil, since=monday - timedelta(days=3), until=TODAY)
    await desk.hear()
    told = sorted(day["on"] for day in await desk.days(pupil))
    assert told == [str(monday - timedelta(days=3)), *(str(monday + n * DAY) for n in range(4))], "no weekend"
    await desk.tell(pupil, notice, revision=2, since=monday, until=monday + DAY)
    await desk.hear()
    assert (await desk.cell(pupil, monday))["code"] == "absent_sick"
    assert (await desk.cell(pupil, monday + DAY))["code"] is None


@pytest.mark.parametrize("told", [timedelta(minutes=1), -timedelta(minutes=1)], ids=["after", "on its way"])
async def test_the_teachers_word_stands_and_contradiction_shows(desk: Desk, told: timedelta) -> None:
    """Also where the family had told it before the teacher saved, and it had not come yet (decisions/0026)."""
    pupil = desk.school.pupils[0]
    saved = await desk.client.roll(
        desk.school.homeroom, desk.school.class_id, [{"pupil": str(pupil), "seen": 0, "code": "present"}]
    )
    assert saved.json()["refused"] == []
    await desk.tell(pupil, at=desk.units.clock.now() + told)
    await desk.hear()
    cell = await desk.cell(pupil)
    assert (cell["code"], cell["decided_by"], cell["contradiction"]) == (
        "present",
        "teacher",
        "said_otherwise_later",
    )


async def test_who_marks_over_a_word_had_it_before_them(desk: Desk) -> None:
    pupil = desk.school.pupils[0]
    await desk.tell(pupil, at=desk.units.clock.now() + timedelta(minutes=1))  # messaging's clock is ahead
    await desk.hear()
    mark = {"pupil": str(pupil), "seen": 1, "code": "present"}
    await desk.client.roll(desk.school.homeroom, desk.school.class_id, [mark])
    cell = await desk.cell(pupil)
    assert (cell["code"], cell["contradiction"]) == ("present", None)
    await desk.tell(pupil, reason="other")
    await desk.hear()
    assert (await desk.cell(pupil))["contradiction"] == "said_otherwise_later"


async def test_a_message_beside_a_word_that_was_seen_is_no_other_word(desk: Desk) -> None:
    """そのほか makes a further revision, to be read; what it says of coming to school is what was in sight."""
    pupil = desk.school.pupils[0]
    notice = await desk.tell(pupil)
    await desk.hear()
    mark = {"pupil": str(pupil), "seen": 1, "code": "present"}
    await desk.client.roll(desk.school.homeroom, desk.school.class_id, [mark])
    for n, withdrawn in enumerate((False, True), 1):
        await desk.tell(pupil, UUID(int=7), kind="other", reason=None, revision=n, withdrawn=withdrawn)
        await desk.hear()
        assert (await desk.days(pupil))[-1]["facts"][-1]["revision"] == 1 + n
        assert (await desk.cell(pupil))["contradiction"] is None
    await desk.tell(pupil, notice, revision=2, at=desk.units.clock.now() - timedelta(minutes=1))
    await desk.hear()
    assert (await desk.cell(pupil))["contradiction"] == "said_otherwise_later", "told anew, on its way"


async def test_who_saves_the_day_says_which_notices_she_saw(desk: Desk) -> None:
    """decisions.md §2: `considered`. What came after the page was opened is refused, and so never confirmed."""
    pupil, unseen = desk.school.pupils[:2]
    notice = await desk.tell(pupil)
    await desk.hear()
    late = await desk.tell(unseen)
    await desk.hear()
    marks = [
        {"pupil": str(pupil), "seen": 1, "code": "absent_sick"},
        {"pupil": str(unseen), "seen": 0, "code": "present"},
        *({"pupil": str(each), "seen": 0, "code": "present"} for each in desk.school.pupils[2:]),
    ]
    answer = await desk.client.roll(desk.school.homeroom, desk.school.class_id, marks, taken=True)
    assert [each["pupil"] for each in answer.json()["refused"]] == [str(unseen)]
    last = (await desk.days(pupil))[-1]
    assert [(each["notice"], each["revision"], each["by"]) for each in last["considered"]] == [
        (str(notice), 1, str(desk.school.homeroom))
    ]
    assert all(day["considered"] == [] for day in await desk.days(unseen))
    await desk.tell(pupil, notice, revision=2)
    await desk.hear()
    last = (await desk.days(pupil))[-1]
    assert [each["revision"] for each in last["considered"]] == [1], "the newer one nobody has seen"
    assert late != notice


async def test_the_office_confirms_nothing(desk: Desk) -> None:
    pupil = desk.school.pupils[0]
    await desk.tell(pupil)
    await desk.hear()
    mark = {"pupil": str(pupil), "seen": 1, "code": "absent_sick"}
    assert (await desk.client.roll(desk.school.office, desk.school.class_id, [mark])).status_code == 200
    assert (await desk.days(pupil))[-1]["considered"] == []


async def test_seeing_a_notice_after_the_mark_is_saying_it_again(desk: Desk) -> None:
    """The teacher had marked the child before the family telephoned; taking the roll with it in sight confirms it."""
    pupil = desk.school.pupils[0]
    mark = {"pupil": str(pupil), "seen": 0, "code": "absent_sick"}
    await desk.client.roll(desk.school.homeroom, desk.school.class_id, [mark])
    notice = await desk.tell(pupil)
    await desk.hear()
    mark["seen"] = 2
    await desk.client.roll(desk.school.homeroom, desk.school.class_id, [mark])
    assert [each["notice"] for each in (await desk.days(pupil))[-1]["considered"]] == [str(notice)]
    again = await desk.client.roll(desk.school.homeroom, desk.school.class_id, [{**mark, "seen": 3}])
    assert again.json()["after"] is None, "said once, it is said"


async def test_what_comes_after_the_class_was_taken_and_says_what_stands_is_confirmed_by_saying_it_again(
    desk: Desk,
) -> None:
    """It stands out by nothing, so nobody had a way to confirm it, and the family waited for a receipt for ever."""
    pupil = desk.school.pupils[0]
    marks = [
        {"pupil": str(each), "seen": 0, "code": "absent_sick" if each == pupil else "present"}
        for each in desk.school.pupils
    ]
    await desk.client.roll(desk.school.homeroom, desk.school.class_id, marks, taken=True)
    notice = await desk.tell(pupil)
    await desk.hear()
    assert (await desk.cell(pupil))["contradiction"] is None
    again = {"pupil": str(pupil), "seen": 2, "code": "absent_sick"}
    blind = await desk.client.roll(desk.school.homeroom, desk.school.class_id, [{**again, "seen": 1}])
    assert [each["pupil"] for each in blind.json()["refused"]] == [str(pupil)], "it was not in sight"
    await desk.client.roll(desk.school.office, desk.school.class_id, [again])
    assert (await desk.days(pupil))[-1]["considered"] == [], "the office's word is nobody's in the room"
    said = await desk.client.roll(desk.school.homeroom, desk.school.class_id, [again])
    assert (said.status_code, said.json()["refused"]) == (200, []), (
        "nothing is corrected: no reason is asked for"
    )
    last = (await desk.days(pupil))[-1]
    assert [(each["notice"], each["revision"]) for each in last["considered"]] == [(str(notice), 1)]
    assert (last["status"], last["facts"][0]["corrects"]) == ("absent", None)
    other = await desk.client.roll(
        desk.school.homeroom, desk.school.class_id, [{**again, "seen": 3, "code": "present"}]
    )
    assert other.status_code == 422, "another mark is a correction and needs its reason"


async def test_a_day_outside_the_enrolment_is_kept_under_the_child(desk: Desk) -> None:
    """decisions.md §3: store under the pupil; class pages join at the date."""
    pupil = desk.school.pupils[0]
    async with desk.units.work(Scope(desk.school.board), actor="test") as work:
        await work.session.execute(
            text("update membership_period set valid = daterange(:since, null) where subject_id = :pupil"),
            {"since": TODAY + DAY, "pupil": pupil},
        )
    await desk.tell(pupil)
    await desk.hear()
    (day,) = await desk.days(pupil)
    assert (day["on"], day["status"], day["class_id"]) == (str(TODAY), "absent", str(desk.school.class_id))


async def test_nothing_is_made_of_whom_nobody_knows(desk: Desk) -> None:
    """A child that was erased is not known any more; one without any class has no day to write to."""
    unknown, known = uuid4(), desk.school.pupils[0]
    await desk.tell(unknown)
    await desk.tell(known)
    await desk.hear()
    assert await desk.days(unknown) == []
    assert len(await desk.days(known)) == 1
    async with desk.feed.maintain() as session:
        assert await session.scalar(text("select count(*) from announced")) == 1
        assert await session.scalar(text("select count(*) from feed.parked")) == 0


async def test_a_merged_cards_notice_stands_with_the_card_that_stays(desk: Desk) -> None:
    pupil, gone = desk.school.pupils[:2]
    async with desk.units.work(Scope(desk.school.board), actor="test") as work:
        await work.session.execute(
            text("update person set merged_into = :pupil where id = :gone"), {"pupil": pupil, "gone": gone}
        )
    await desk.tell(gone)
    await desk.hear()
    assert (await desk.cell(pupil))["code"] == "absent_sick"


async def test_what_no_mark_says_reaches_the_day_and_is_confirmed_by_who_saves_over_it(desk: Desk) -> None:
    """そのほか: nothing stands in the cell, and whoever saves without having seen it is refused."""
    pupil = desk.school.pupils[0]
    notice = await desk.tell(pupil, kind="other", reason=None)
    await desk.hear()
    cell = await desk.cell(pupil)
    assert (cell["code"], cell["status"], cell["revision"]) == (None, "unrecorded", 1)
    (day,) = await desk.days(pupil)
    assert [(fact["source"], fact["code"], fact["to_read"]) for fact in day["facts"]] == [
        ("notice", None, True)
    ]
    mark = {"pupil": str(pupil), "seen": 0, "code": "present"}
    blind = await desk.client.roll(desk.school.homeroom, desk.school.class_id, [mark])
    assert [each["pupil"] for each in blind.json()["refused"]] == [str(pupil)]
    seen = await desk.client.roll(desk.school.homeroom, desk.school.class_id, [{**mark, "seen": 1}])
    assert seen.json()["refused"] == []
    last = (await desk.days(pupil))[-1]
    assert (last["status"], [each["notice"] for each in last["considered"]]) == ("present", [str(notice)])
