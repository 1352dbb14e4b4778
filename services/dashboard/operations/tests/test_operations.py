"""The operator's page: nothing is stuck, and if something is, it says what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psutil
import pytest

from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.publishers import Said
from services.dashboard.tests.town import APRIL, TODAY, Town
from shared.contracts.registry import Duty, DutyChanged
from tests.support.waiting import eventually


async def operator(origin: Origin, town: Town) -> Browser:
    person = await town.staff("運", ("system_operator", town.board, None))
    browser = await origin.enter(person, board=town.board)
    await origin.caught_up()
    return browser


async def test_a_healthy_deployment(origin: Origin, town: Town) -> None:
    browser = await operator(origin, town)

    async def level() -> object:
        page = await browser.read("/api/operations")
        copies = [feed for feed in page["feeds"] if feed["copy"] in ("roster", "school_day", "accounts")]
        done = len(copies) == 3 and all(feed["position"] > 0 or feed["head"] == 0 for feed in copies)
        return page if done and all(feed["lag_records"] == 0 for feed in copies) else None

    page = await eventually(level)
    services = {service["name"]: service for service in page["services"]}
    assert set(services) == {"dashboard", "registry"}
    assert services["registry"] == {
        "name": "registry",
        "ready": True,
        "version": "9.9",
        "memory_mib": None,
    }
    assert services["dashboard"]["ready"]
    # The measure of `tsumugi status`; both look at this process, a moment apart.
    here = psutil.Process().memory_full_info().pss / 2**20
    assert services["dashboard"]["memory_mib"] == pytest.approx(here, rel=0.1, abs=5)
    assert {(feed["copy"], feed["publisher"]) for feed in page["feeds"]} >= {
        ("roster", "registry"),
        ("school_day", "registry"),
        ("accounts", "identity"),
    }
    assert {feed["lag_seconds"] for feed in page["feeds"]} == {0.0}
    assert (page["parked"], page["live"]) == ([], ["operations"])


async def test_a_department_feed_has_no_place_in_a_log_but_a_time(origin: Origin, town: Town) -> None:
    """It compares what was given with the copies: positions would mean nothing, a hanging comparison does."""
    browser = await operator(origin, town)

    async def lunch() -> Any:
        feeds = (await browser.read("/api/operations"))["feeds"]
        return next((feed for feed in feeds if feed["copy"] == "feed:lunch-count"), None)

    feed = await eventually(lunch)
    assert [feed[name] for name in ("position", "head", "lag_records", "lag_seconds")] == [
        *(None, None, None),
        0.0,
    ]
    assert datetime.fromisoformat(feed["looked_at"]) == origin.clock.instant
    ready = (await browser.read("/health/ready"))["feeds"]
    (told,) = (one for one in ready if one["copy"] == "feed:lunch-count")
    assert (datetime.fromisoformat(told["looked_at"]), told["stopped_because"]) == (
        origin.clock.instant,
        None,
    )
    logs = {"roster", "school_day", "accounts", "reaction:forget"}
    assert {one["copy"] for one in ready if one["looked_at"] is None} == logs

    # Somebody holds what it reads, and every writer of new notes sees that it goes on being waited for.
    last = origin.clock.instant
    connection = await origin.database.server.connect(origin.database.name)
    async with connection.transaction():
        await connection.execute("lock table copy.purpose_set")
        origin.clock.instant += timedelta(minutes=5)
        origin.room.hub._tell("live", None)

        async def late() -> bool:
            feeds = (await browser.read("/api/operations"))["feeds"]
            if any(feed["lag_seconds"] for feed in feeds if feed["position"] is not None):
                return False  # the watch has not looked since
            feed = await lunch()
            return bool(feed["lag_seconds"] >= 300 and datetime.fromisoformat(feed["looked_at"]) == last)

        await eventually(late)
    await connection.close()

    async def level() -> bool:
        return bool((await lunch())["lag_seconds"] == 0)

    await eventually(level)


async def test_a_parked_key_is_shown_and_told(origin: Origin, town: Town) -> None:
    browser = await operator(origin, town)
    school, klass, pupil = uuid4(), uuid4(), uuid4()
    town.day(pupil, klass, school, "present")
    connection = await origin.database.server.connect(town.registry._database.name)
    await connection.execute(
        "insert into log.stream (board_id, topic, stream, version) values ($2, 'registry.attendance', $1, 1)",
        town.day(pupil, klass, school, "late").stream,
        town.board,
    )
    await connection.close()
    for code in ("late", "absent_sick"):
        await town.registry.say(town.day(pupil, klass, school, code))

    async def parked() -> object:
        return (await browser.read("/api/operations"))["parked"]

    (waits,) = await eventually(parked)
    assert (waits["service"], waits["copy"], waits["publisher"]) == ("dashboard", "school_day", "registry")
    assert (waits["key"], waits["keys"]) == (str(pupil), 1)
    assert "missing" in waits["reason"]
    await eventually(lambda: _count(browser, 2))
    # The neighbouring board's operator sees nothing of it.
    neighbour, boss = uuid4(), uuid4()
    duty = Duty(kind="system_operator", organisation=neighbour, class_id=None, since=APRIL, until=None)
    await town.registry.say(Said(DutyChanged(staff=boss, duties=[duty]), boss), board=neighbour)
    await origin.caught_up()
    other = await origin.enter(boss, board=neighbour)
    assert (await other.read("/api/operations"))["parked"] == []


async def test_what_waits_at_other_services_is_shown_in_numbers(origin: Origin, town: Town) -> None:
    browser = await operator(origin, town)
    level = {"publisher": "registry", "reached": 7, "head": 7, "stopped_because": None}
    origin.registry.feeds = [
        {**level, "copy": "directory", "parked_keys": 2, "parked_records": 5},
        {**level, "copy": "reaction:accounts", "parked_keys": 0, "parked_records": 0},
        {**level, "copy": "of an older release"},
    ]
    page = await browser.read("/api/operations")
    assert page["parked"] == [
        {
            "service": "registry",
            "copy": "directory",
            "publisher": "registry",
            "key": None,
            "keys": 2,
            "count": 5,
            "reason": None,
            "parked_at": None,
        }
    ]
    assert len([feed for feed in page["feeds"] if feed["service"] == "registry"]) == 3


async def _count(browser: Browser, expected: int) -> bool:
    (waits,) = (await browser.read("/api/operations"))["parked"]
    return bool(waits["count"] == expected)


async def test_a_feed_that_stops_is_said_to_be_old(origin: Origin, town: Town) -> None:
    """Row: a stale copy still decides; its age is told."""
    school = await town.school()
    klass = await town.klass(school)
    teacher = await town.staff("担", ("homeroom", school, klass))
    browser = await origin.enter(teacher, board=town.board)
    boss = await operator(origin, town)

    connection = await origin.database.server.connect(origin.database.name)

    async def all_seen() -> bool:
        rows = await connection.fetch("select current_at from worker_seen where publisher <> 'dashboard'")
        return len(rows) == 4 and all(row["current_at"] is not None for row in rows)

    await eventually(all_seen)
    await connection.execute(
        "create function sleep_on() returns trigger language plpgsql as $$ begin return null; end $$;"
        " create trigger asleep before update on worker_seen for each row execute function sleep_on()"
    )
    last = (await connection.fetch("select min(current_at) as at from worker_seen"))[0]["at"]
    origin.clock.instant += timedelta(minutes=10)
    roll = await browser.read(f"/api/classes/{klass}/days/{TODAY}/roll")
    assert roll["as_of"].startswith(last.strftime("%Y-%m-%dT%H:%M"))
    assert max(f["lag_seconds"] for f in (await boss.read("/api/operations"))["feeds"]) >= 600
    await origin.room.log.flush()
    ages = await connection.fetch("select copy_age_ms from access.entry where action = 'ReadRoll'")
    await connection.close()
    assert ages[0]["copy_age_ms"] >= 600_000


async def test_services_that_do_not_answer_are_not_ready(origin: Origin, town: Town) -> None:
    browser = await operator(origin, town)
    origin.registry_server.should_exit = True
    await eventually(lambda: not origin.registry_server.started or origin.registry_server.should_exit)

    async def away() -> bool:
        services = (await browser.read("/api/operations"))["services"]
        return {s["name"]: s["ready"] for s in services} == {"dashboard": True, "registry": False}

    await eventually(away)


async def test_the_page_says_what_services_say_of_their_age_and_of_their_relay(
    origin: Origin, town: Town
) -> None:
    browser = await operator(origin, town)
    level = {"publisher": "identity", "reached": 7, "head": 7, "stopped_because": None}
    origin.registry.feeds = [
        {**level, "copy": "lately", "age_seconds": 4.9},
        {**level, "copy": "silent", "age_seconds": 40.0},
        {**level, "copy": "behind", "reached": 5, "age_seconds": 12.5},
    ]
    relay = {**level, "copy": "relay", "publisher": "registry", "reached": 6, "active": True}
    origin.registry.relay = {**relay, "stopped_because": "Kafka", "unsent_seconds": 33.0}
    feeds = {
        feed["copy"]: (feed["lag_records"], feed["lag_seconds"], feed["stopped_because"])
        for feed in (await browser.read("/api/operations"))["feeds"]
        if feed["service"] == "registry"
    }
    assert feeds == {
        "lately": (0, 0.0, None),
        "silent": (0, 40.0, None),
        "behind": (2, 12.5, None),
        "relay": (1, 33.0, "Kafka"),
    }


async def test_other_services_tell_of_their_feeds(origin: Origin, town: Town) -> None:
    browser = await operator(origin, town)

    async def told() -> dict[str, object]:
        feeds = (await browser.read("/api/operations"))["feeds"]
        (found,) = (feed for feed in feeds if feed["service"] == "registry")
        return {
            name: found[name]
            for name in ("position", "head", "lag_records", "lag_seconds", "stopped_because")
        }

    level = {"copy": "c", "publisher": "identity", "reached": 7, "head": 7, "stopped_because": None}
    origin.registry.feeds = [level]
    assert await told() == {
        "position": 7,
        "head": 7,
        "lag_records": 0,
        "lag_seconds": 0.0,
        "stopped_because": None,
    }
    origin.registry.feeds = [{**level, "reached": 5, "stopped_because": "UnknownEpoch"}]
    await told()
    origin.clock.instant += timedelta(seconds=90)
    behind = await told()
    assert (behind["lag_records"], behind["lag_seconds"], behind["stopped_because"]) == (
        2,
        90.0,
        "UnknownEpoch",
    )
    origin.registry.feeds = [level]
    assert (await told())["lag_seconds"] == 0.0
    origin.registry.feeds = [{"copy": "nonsense"}]
    services = (await browser.read("/api/operations"))["services"]
    assert {s["name"]: s["ready"] for s in services}["registry"] is False
