"""How a page is opened: who I am, what has changed, my own writes, words for bad input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.school_day.copies import SchoolDayCopy
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import TODAY, Town
from shared.database import Units, make_engine
from shared.events import parked
from shared.events.intake import Arrived

DAY = TODAY.isoformat()


async def enter(
    origin: Origin, town: Town, *duties: tuple[str, UUID, UUID | None], acr: int = 2
) -> tuple[Browser, UUID]:
    """A staff member with these duties, signed in."""
    person = await town.staff("教員", *duties)
    return await origin.enter(person, board=town.board, acr=acr), person


async def ready(origin: Origin, town: Town) -> None:
    """The board itself, and then wait until the copies have everything."""
    await town.the_board()
    await origin.caught_up()


async def test_who_i_am(origin: Origin, town: Town) -> None:
    school = await town.school("一小")
    klass = await town.klass(school)
    teacher, person = await enter(origin, town, ("homeroom", school, klass), ("vice_principal", school, None))
    board_staff, _ = await enter(origin, town, ("board_staff", town.board, None), acr=1)
    operator, _ = await enter(origin, town, ("system_operator", town.board, None))
    guardian = await origin.enter(await town.person("保", "護者"), board=town.board, kind="guardian")
    await ready(origin, town)
    me = await teacher.read("/api/me")
    assert me["person"]["id"] == str(person)
    assert me["board"] == {"id": str(town.board), "name": "紬市教育委員会"}
    assert [(r["kind"], r["label"]) for r in me["roles"]] == [
        ("vice_principal", "教頭"),
        ("homeroom", "担任"),
    ]
    assert me["roles"][1]["class"] == {
        "id": str(klass),
        "name": "2年1組",
        "grade": "P2",
        "special_needs": False,
    }
    assert me["roles"][1]["school"] == {"id": str(school), "name": "一小"}
    assert (me["rail"], me["home"]) == (
        ["today", "school", "calls", "register", "people", "moves", "next_year"],
        "/today",
    )
    assert (me["acr"], me["today"], me["training"], me["kind"]) == ("2", DAY, False, "staff")
    them = await board_staff.read("/api/me")
    assert (them["rail"], them["home"], them["acr"]) == (["board"], "/board", "1")
    assert them["roles"][0]["school"] is None
    assert (await operator.read("/api/me"))["rail"] == ["operations"]
    family = await guardian.read("/api/me")
    assert (family["kind"], family["roles"], family["rail"], family["home"]) == (
        "guardian",
        [],
        ["family"],
        "/family",
    )


async def test_the_department_that_keeps_the_roster_imports_it(origin: Origin, town: Town) -> None:
    keeps = await town.unit("department", "学務課", code="gakumu")
    other = await town.unit("department", "総務課", code="soumu")
    keeper, _ = await enter(origin, town, ("board_staff", keeps, None))
    adviser, _ = await enter(origin, town, ("board_staff", other, None))
    named, person = await enter(origin, town, ("board_staff", other, None))
    await ready(origin, town)
    assert (await keeper.read("/api/me"))["rail"] == [
        "board",
        "people",
        "imports",
        "moves",
        "rollover",
        "settings",
    ]
    assert (await adviser.read("/api/me"))["rail"] == ["board"], "a list that is always empty is no place"
    await town.settings(roster_office={"departments": ["gakumu"], "protection": [str(person)]})
    await origin.caught_up()
    assert (await named.read("/api/me"))["rail"] == ["board", "people"]
    await town.settings(roster_office={"departments": ["soumu"]})
    await origin.caught_up()
    assert (await keeper.read("/api/me"))["rail"] == ["board"]
    assert (await adviser.read("/api/me"))["rail"] == [
        "board",
        "people",
        "imports",
        "moves",
        "rollover",
        "settings",
    ]


async def test_unchanged_pages_are_not_sent_again(origin: Origin, town: Town) -> None:
    school = await town.school()
    klass = await town.klass(school)
    (child,) = await town.children(klass, school, 1)
    browser, _ = await enter(origin, town, ("homeroom", school, klass))
    await ready(origin, town)
    address = f"/api/classes/{klass}/days/{DAY}/roll"
    first = await browser.get(address)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-store"
    again = await browser.get(address, if_none_match=etag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    await town.person("無", "関係")
    await ready(origin, town)
    assert (await browser.get(address, if_none_match=etag)).status_code == 304
    await town.mark(child, "late")
    await ready(origin, town)
    changed = await browser.get(address, if_none_match=etag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


async def test_a_page_shows_what_was_tried_again(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No position moves when a parked key is retried; a browser that knows the page is told all the same."""
    school = await town.school()
    klass = await town.klass(school)
    (child,) = await town.children(klass, school, 1)
    browser, _ = await enter(origin, town, ("homeroom", school, klass))
    await ready(origin, town)

    async def wrong(copy: SchoolDayCopy, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        raise ValueError("a mistake of the code")

    with monkeypatch.context() as patch:
        patch.setattr(SchoolDayCopy, "fold", wrong)
        await town.mark(child, "late")
        await origin.caught_up()
    address = f"/api/classes/{klass}/days/{DAY}/roll"
    etag = (await browser.get(address)).headers["etag"]
    units = Units(make_engine(origin.database.feed, pool_size=1), origin.clock)
    async with units.maintain() as session:
        (waits,) = await parked.waiting(session)
    assert await parked.retry(units, SchoolDayCopy(), waits.publisher, waits.key) is None
    await units.engine.dispose()
    again = await browser.get(address, if_none_match=etag)
    assert again.status_code == 200
    assert again.json()["members"][0]["cell"]["code"] == "late"


async def test_readers_see_their_own_writes(origin: Origin, town: Town) -> None:
    school = await town.school()
    klass = await town.klass(school)
    (child,) = await town.children(klass, school, 1)
    browser, _ = await enter(origin, town, ("homeroom", school, klass))
    await ready(origin, town)
    for code in ("present", "late", "absent_sick"):
        position = await town.mark(child, code)
        roll = await browser.read(
            f"/api/classes/{klass}/days/{DAY}/roll", x_after=f"registry:{position}, dashboard:4"
        )
        assert roll["members"][0]["cell"]["code"] == code
        assert roll["reached"]["registry"] >= position
    late = await browser.read(f"/api/classes/{klass}/days/{DAY}/roll", x_after="registry:999999999")
    assert late["reached"]["registry"] < 999999999


async def test_bad_input_is_named(origin: Origin, town: Town) -> None:
    browser, _ = await enter(origin, town, ("board_staff", town.board, None))
    await ready(origin, town)
    for path, field in (
        ("/api/classes/nonsense/days/2026-11-20/roll", "class_id"),
        (f"/api/classes/{uuid4()}/days/2026-11-31/roll", "day"),
        (f"/api/schools/{uuid4()}/days/today", "day"),
        ("/api/board/days/20261120x", "day"),
    ):
        answer = await browser.get(path)
        assert answer.status_code == 422, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    for header in ("registry", "registry:x", "registry:-1", "x:1:2"):
        answer = await browser.get("/api/today", x_after=header)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "X-After"
