"""A protected child is seen at its school and nowhere else; counts include it (decisions.md §4, design.md §5).

Every address that can be read is read by everybody who has no duty at the school, and every byte is searched.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import orjson
import pytest

from tests.matrix.browser import Sender
from tests.matrix.judging import asking, children, found_by, hidden, shown
from tests.matrix.walking import addresses
from tests.matrix.world import LUNCH, World
from tests.support.boards import (
    AT_THE_SCHOOL,
    HIDDEN,
    HIDDEN_NAME,
    LEAVING_NAME,
    PREFIX,
    TODAY,
    WITHOUT_DUTY_AT_THE_SCHOOL,
    YESTERDAY,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("who", WITHOUT_DUTY_AT_THE_SCHOOL)
async def test_no_page_shows_the_child_to_who_has_no_duty_there(world: World, who: str) -> None:
    where = addresses(world, "dashboard")
    assert len(where) > 25
    assert await found_by(await world.session(who), where, hidden(world)) == {}


@pytest.mark.parametrize("who", WITHOUT_DUTY_AT_THE_SCHOOL)
@pytest.mark.parametrize("owner", ["registry", "messaging"])
async def test_the_owner_shows_it_to_nobody_either(world: World, who: str, owner: str) -> None:
    """A service that is asked directly with a token of its own."""
    where = addresses(world, owner)
    found = await found_by(world.bearer(owner, who), where, hidden(world))
    own = {"/v1/family"} if (owner, who) == ("messaging", "guardian") else set()
    assert set(found) == own, "whose child it is, and from whom it is not kept, has it among the own"


async def test_the_school_that_took_the_call_finds_it_again(world: World) -> None:
    """Else the walk above would prove nothing; and whom the child is kept from finds the other's alone."""
    where = addresses(world, "messaging")
    found = await found_by(world.bearer("messaging", "office"), where, hidden(world))
    ids = world.first.ids
    wanted = {f"/v1/pupils/{ids[HIDDEN]}/notices", f"/v1/schools/{ids['first']}/notices"}
    wanted |= {address for address in where if address.startswith(f"/v1/classes/{ids['2-1']}/notices")}
    assert wanted <= set(found)
    assert await found_by(world.bearer("messaging", "kept_from"), where, hidden(world)) == {}
    assert await found_by(world.bearer("messaging", "kept_from"), where, children(world)) != {}


async def test_a_learning_app_finds_the_others_and_never_the_child(world: World) -> None:
    where = [each for each in addresses(world, "registry") if "/oneroster/" in each]
    app = world.bearer("registry", "app")
    assert await found_by(app, where, hidden(world)) == {}
    assert await found_by(app, where, children(world)) != {}, "else nothing would prove nothing"


async def test_strangers_and_departments_find_no_child_at_all(world: World) -> None:
    where = addresses(world, "dashboard")
    assert await found_by(world.sender("dashboard"), where, children(world)) == {}
    assert await found_by(await world.session("stranger"), where, children(world)) == {}
    assert await found_by(world.bearer("dashboard", "department"), where, children(world)) == {}


async def test_the_sign_in_page_names_no_protected_child(world: World) -> None:
    """A town for trying tells whose guardian somebody is; of this child it says nothing."""
    asked = (await world.sender("dashboard").get("/auth/login")).headers["location"]
    page = world.sender("identity")
    start = asked.removeprefix(page.base)
    for query in ("", HIDDEN_NAME[0][0], "カクレ", "2年1組", "紬"):
        answer = await page.get(f"{start}&{urlencode({'q': query})}" if query else start)
        assert answer.status == 200
        assert shown(answer, hidden(world)) == [], query


# ---- where it is seen ----


async def test_the_walk_finds_the_child_where_it_is_to_be_seen(world: World) -> None:
    """Else the walks above would prove nothing."""
    found = await found_by(await world.session("principal"), addresses(world, "dashboard"), hidden(world))
    rolls = {str(world.first.ids[of]) for of in ("2-1", "2-2", "6-1")}
    assert {address for address in found if "/roll" in address} == {
        f"{start}/classes/{of}/days/{day}/roll"
        for start in ("/api", "/api/registry/v1")
        for of in rolls
        for day in (TODAY, YESTERDAY)
    }
    assert f"/api/schools/{world.first.ids['first']}/days/{TODAY}" in found


@pytest.mark.parametrize("who", AT_THE_SCHOOL)
async def test_the_school_sees_its_child(world: World, who: str) -> None:
    name = "".join(HIDDEN_NAME)
    for of in ("2-1", "2-2"):
        browser = await world.session(who)
        roll = (await browser.get(f"/api/classes/{world.first.ids[of]}/days/{TODAY}/roll")).json()
        assert name in [m["pupil"]["family"] + m["pupil"]["given"] for m in roll["members"]], of
        owner = world.bearer("registry", who)
        roll = (await owner.get(f"/v1/classes/{world.first.ids[of]}/days/{TODAY}/roll")).json()
        assert name in [member["family"] + member["given"] for member in roll["members"]], of


async def test_counts_include_the_child(world: World) -> None:
    board = await world.session("board_staff")
    day = (await board.get(f"/api/board/days/{TODAY}")).json()
    # Who knows no child by name is told of a grade of five, the child among them, and of no smaller one.
    assert (day["totals"]["members"], day["totals"]["absent"]) == (5, 1)
    school = (await board.get(f"/api/schools/{world.first.ids['first']}/days/{TODAY}")).json()
    assert (school["totals"]["members"], school["totals"]["absent"]) == (5, 1)
    assert school["exceptions"] == []
    principal = await world.session("principal")
    school = (await principal.get(f"/api/schools/{world.first.ids['first']}/days/{TODAY}")).json()
    assert (school["totals"]["members"], school["totals"]["absent"]) == (7, 1)
    assert [row["pupil"]["family"] for row in school["exceptions"]] == [HIDDEN_NAME[0]]
    feed = await world.bearer("dashboard", "department").get(f"/api/feeds/{LUNCH}/items?after=0")
    lines = [orjson.loads(line) for line in feed.body.splitlines()]
    assert {line["group"]: line["value"] for line in lines}[str(world.first.ids["2-1"])] == {
        "members": 3,
        "absent": 1,
    }


async def test_the_next_school_has_a_number_and_no_name(world: World) -> None:
    """Before it is enrolled there, a protected child of P6 is one of J1 in the plan, and its wishes name nobody."""
    path = f"/v1/schools/{world.first.ids['junior']}/class-plans/{TODAY.year + 1}"
    page = (await world.bearer("registry", "junior_office").get(path)).json()
    assert [each["pupil"]["given"] for each in page["pupils"]] == [PREFIX + "p6", PREFIX + "j1"]
    assert (page["unnamed"], page["plan"]["apart"]) == ({"J1": 1}, [])
    grade_six = f"/v1/classes/{world.first.ids['6-1']}/days/{TODAY}/roll"
    roll = (await world.bearer("registry", "office").get(grade_six)).json()
    assert LEAVING_NAME[0] in [member["family"] for member in roll["members"]], "it is there to be hidden"


# ---- the one the child is kept from works at the school ----


async def test_pages_hide_the_child_from_whom_it_is_kept(world: World) -> None:
    pages = [address for address in addresses(world, "dashboard") if "/api/registry/" not in address]
    browser = await world.session("kept_from")
    assert await found_by(browser, pages, hidden(world)) == {}
    roll = (await browser.get(f"/api/classes/{world.first.ids['2-1']}/days/{TODAY}/roll")).json()
    assert len(roll["members"]) == 2, "the other children are there"
    day = (await browser.get(f"/api/schools/{world.first.ids['first']}/days/{TODAY}")).json()
    assert (day["totals"]["members"], day["totals"]["absent"]) == (7, 1), "counts include the child"


@pytest.mark.parametrize("way", ["directly", "through the origin"])
async def test_the_owner_hides_the_child_from_whom_it_is_kept(world: World, way: str) -> None:
    if way == "directly":
        found = await found_by(
            world.bearer("registry", "kept_from"), addresses(world, "registry"), hidden(world)
        )
    else:
        where = [address for address in addresses(world, "dashboard") if "/api/registry/" in address]
        found = await found_by(await world.session("kept_from"), where, hidden(world))
    assert found == {}


# ---- what is told, and what a guess learns ----


async def events(sender: Sender, keys: list[str]) -> AsyncGenerator[dict[str, Any]]:
    """What a stream says: its raw bytes and, of a message, what it is about."""
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in sender.cookies.items())}
    address = f"{sender.base}/api/live?views={quote(','.join(keys))}"
    async with sender.http.stream("GET", address, headers=headers) as answer:
        assert answer.status_code == 200
        waiting = b""
        async for chunk in answer.aiter_bytes():
            waiting += chunk
            *whole, waiting = waiting.split(b"\n\n")
            for event in whole:
                data = [line[6:] for line in event.splitlines() if line.startswith(b"data: ")]
                yield {"raw": event, "about": orjson.loads(data[0]) if data else None}


async def mark(world: World, code: str) -> None:
    """The homeroom teacher corrects the protected child's day."""
    teacher = await world.session("homeroom")
    roll = (await teacher.get(f"/api/classes/{world.first.ids['2-1']}/days/{TODAY}/roll")).json()
    (cell,) = [m["cell"] for m in roll["members"] if m["pupil"]["id"] == str(world.person(HIDDEN))]
    changed = {"pupil": str(world.person(HIDDEN)), "seen": cell["revision"], "code": code}
    command = world.roll(service="dashboard", marks=[{**changed, "reason": {"code": "told_later"}}])
    answer = await teacher.send(command)
    assert (answer.status, len(answer.json()["saved"])) == (200, 1)
    await world.in_step()


async def test_live_messages_name_views_and_nobody(world: World) -> None:
    """While the child's day changes: everybody's streams, every byte of them, from the first word to the last view."""
    views = {
        "board_staff": {
            f"board-day:{world.first.id}:{TODAY}",
            f"school-day:{world.first.ids['first']}:{TODAY}",
        },
        "principal": {f"school-day:{world.first.ids['first']}:{TODAY}"},
        "homeroom": {f"class-day:{world.first.ids['2-1']}:{TODAY}"},
        "kept_from": {f"class-day:{world.first.ids['2-1']}:{TODAY}"},
    }
    ready = {who: asyncio.Event() for who in views}

    async def listen(who: str) -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        async with aclosing(events(await world.session(who), sorted(views[who]))) as stream:
            async for event in stream:
                heard.append(event)
                ready[who].set()
                if views[who] <= {said["about"]["key"] for said in heard if said["about"]}:
                    return heard
        return heard

    listeners = {who: asyncio.create_task(listen(who)) for who in views}
    try:
        async with asyncio.timeout(20):
            for event in ready.values():
                await event.wait()
            await mark(world, "late")
            for who, task in listeners.items():
                heard = await task
                assert {said["about"]["key"] for said in heard if said["about"]} == views[who]
                for said in heard:
                    assert [word for word in children(world) if word in said["raw"]] == [], who
                    assert said["about"] is None or set(said["about"]) == {"view", "key", "revision"}
    finally:
        for task in listeners.values():
            task.cancel()
        await asyncio.gather(*listeners.values(), return_exceptions=True)
        await mark(world, "absent_sick")


@pytest.mark.parametrize(("who", "of"), [("elsewhere", "other"), ("kept_from", "2-1")])
async def test_a_guessed_id_learns_nothing(world: World, who: str, of: str) -> None:
    """Somebody names the child in a command of their own class: the answer is that for nobody."""
    guess, nobody = str(world.person(HIDDEN)), str(uuid4())
    for service in ("registry", "dashboard"):
        told = {}
        for pupil in (guess, nobody):
            command = world.roll(of, service=service, marks=[{"pupil": pupil, "seen": 0, "code": "late"}])
            answer = await (await asking(world, service, who)).send(command)
            told[pupil] = (answer.status, answer.body.replace(pupil.encode(), b"?"))
        assert told[guess] == told[nobody]
        assert told[guess][0] == 422
