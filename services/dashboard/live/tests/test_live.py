"""The live stream over real HTTP: who hears what, how often, and when it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.live.rules import View, touched, view
from services.dashboard.live.stream import Stream
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import TODAY, Town
from tests.support.waiting import eventually

DAY = TODAY.isoformat()


@dataclass
class Heard:
    """What a stream has said so far."""

    views: list[dict[str, object]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    end: dict[str, str] | None = None
    closed: bool = False

    @property
    def keys(self) -> set[object]:
        """Keys of all views named."""
        return {item["key"] for item in self.views}


@asynccontextmanager
async def listening(browser: Browser, *keys: str) -> AsyncIterator[Heard]:
    """An open stream."""
    heard = Heard()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    opened = asyncio.Event()

    async def listen() -> None:
        async with browser.http.stream(
            "GET", f"/api/live?views={','.join(keys)}", headers={"cookie": cookie}
        ) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            event = ""
            async for line in answer.aiter_lines():
                if line.startswith(":"):
                    heard.comments.append(line)
                    opened.set()
                elif line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = orjson.loads(line.removeprefix("data: "))
                    if event == "end":
                        heard.end = data
                    else:
                        heard.views.append(data)
                        heard.at.append(time.monotonic())
        heard.closed = True

    task = asyncio.create_task(listen())
    try:
        done, _ = await asyncio.wait(
            [task, asyncio.ensure_future(opened.wait())], timeout=10, return_when=asyncio.FIRST_COMPLETED
        )
        if task in done:
            task.result()
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@dataclass
class School:
    """A school with a class, its teacher and its principal."""

    id: UUID
    klass: UUID
    teacher: Browser
    teacher_id: UUID
    principal: Browser


async def a_school(origin: Origin, town: Town) -> School:
    school = await town.school()
    klass = await town.klass(school)
    teacher = await town.staff("担", ("homeroom", school, klass))
    principal = await town.staff("長", ("principal", school, None))
    await origin.caught_up()
    return School(
        school,
        klass,
        await origin.enter(teacher, board=town.board),
        teacher,
        await origin.enter(principal, board=town.board),
    )


async def test_whoever_shows_a_view_hears_that_it_changed(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    (child,) = await town.children(made.klass, made.id, 1)
    await origin.caught_up()
    class_day, school_day = f"class-day:{made.klass}:{DAY}", f"school-day:{made.id}:{DAY}"
    async with (
        listening(made.teacher, class_day) as teacher,
        listening(made.principal, school_day, f"school-day:{made.id}:2026-11-19") as principal,
    ):
        await town.mark(child, "late")
        await eventually(lambda: teacher.views and principal.views)
        assert teacher.views[0]["view"] == "class-day"
        assert teacher.keys == {class_day}
        assert principal.keys == {school_day}
        assert isinstance(teacher.views[0]["revision"], int)
        assert str(child.id) not in str(teacher.views + principal.views)


async def test_the_first_change_comes_at_once_and_the_rest_together(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    children = await town.children(made.klass, made.id, 8)
    await origin.caught_up()
    async with listening(made.principal, f"school-day:{made.id}:{DAY}") as heard:
        for child in children:
            await town.mark(child, "late")
        await origin.caught_up()
        await eventually(lambda: len(heard.views) >= 2)
        gaps = [later - earlier for earlier, later in zip(heard.at, heard.at[1:], strict=False)]
        assert min(gaps) >= 0.2
        revisions = [int(str(item["revision"])) for item in heard.views]
        assert revisions == sorted(revisions)


async def test_nothing_is_held_back_for_longer_than_a_second_from_save_to_page_leaves(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what the stream itself asks to wait, not by a clock on a busy machine; half the second is the feeds'."""
    held: list[float] = []
    quiet = Stream._quiet

    async def noted(stream: Stream, seconds: float) -> None:
        held.append(seconds)
        await quiet(stream, seconds)

    monkeypatch.setattr(Stream, "_quiet", noted)
    made = await a_school(origin, town)
    children = await town.children(made.klass, made.id, 2)
    await origin.caught_up()
    async with listening(made.principal, f"school-day:{made.id}:{DAY}") as heard:
        await town.mark(children[0], "late")
        await eventually(lambda: heard.views and held)
        await town.mark(children[1], "late")
        await eventually(lambda: len(heard.views) >= 2 and len(held) >= 2)
    assert max(held) <= 0.5


async def test_roster_changes_reach_every_day_they_may_stand_on(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    keys = [f"class-day:{made.klass}:{day}" for day in (DAY, "2026-11-19")]
    async with listening(made.teacher, *keys) as heard:
        await town.child(made.klass, made.id, 1)
        await eventually(lambda: heard.keys == set(keys))


async def test_silence_is_broken_by_heartbeats(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.dashboard.live.stream.HEARTBEAT_SECONDS", 0.05)
    made = await a_school(origin, town)
    async with listening(made.teacher, f"class-day:{made.klass}:{DAY}") as heard:
        await eventually(lambda: len(heard.comments) > 3)
        assert heard.views == []


async def test_views_of_others_are_not_followed(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    other = await town.school("二小")
    foreign = await town.klass(other)
    (child,) = await town.children(foreign, other, 1)
    await origin.caught_up()
    mine = f"class-day:{made.klass}:{DAY}"
    refused = [
        f"class-day:{foreign}:{DAY}",
        f"class-day:{uuid4()}:{DAY}",
        f"school-day:{made.id}:{DAY}",
        f"board-day:{town.board}:{DAY}",
        f"duties:{uuid4()}",
        "operations",
    ]
    async with listening(made.teacher, mine, *refused) as heard:
        await town.mark(child, "late")
        (own,) = await town.children(made.klass, made.id, 1)
        await town.mark(own, "late")
        await origin.caught_up()
        await eventually(lambda: heard.keys)
        assert heard.keys == {mine}
    for key in refused:
        assert (await made.teacher.get(f"/api/live?views={key}")).status_code == 404
    guardian = await origin.enter(made.teacher_id, board=town.board, kind="guardian")
    assert (await guardian.get(f"/api/live?views={mine}")).status_code == 404
    assert (await origin.browser().get(f"/api/live?views={mine}")).status_code == 401


NOBODY = UUID("3f0f3a52-1d0c-4c5e-9e0b-6f6f2f1f7a10")


@pytest.mark.parametrize(
    "views",
    ["", ",", "nonsense", "class-day:x:2026-11-20", f"class-day:{NOBODY}", f"person:{NOBODY}", "a" * 5000],
)
async def test_keys_that_are_none_are_named(origin: Origin, town: Town, views: str) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    answer = await browser.get(f"/api/live?views={views}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "views"
    assert len(answer.text) < 1000


async def test_the_stream_ends_with_the_session(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    key = f"class-day:{made.klass}:{DAY}"
    other = await origin.enter(made.teacher_id, board=town.board)
    async with listening(made.teacher, key) as heard, listening(other, key) as goes_on:
        await made.teacher.command("/auth/logout")
        await eventually(lambda: heard.closed)
        assert heard.end == {"reason": "signed-out"}
        assert not goes_on.closed


async def test_the_stream_ends_when_duties_or_account_change(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    key = f"class-day:{made.klass}:{DAY}"
    async with listening(made.teacher, key) as heard, listening(made.principal, key) as goes_on:
        await town.duties(made.teacher_id)
        await eventually(lambda: heard.closed)
        assert heard.end == {"reason": "changed"}
        assert not goes_on.closed
    assert (await made.teacher.get(f"/api/live?views={key}")).status_code == 404
    async with listening(made.principal, key) as heard:
        me = await made.principal.read("/api/me")
        await town.account(UUID(me["person"]["id"]), enabled=False)
        await eventually(lambda: heard.closed)
        assert heard.end == {"reason": "signed-out"}


async def test_the_stream_ends_when_the_authority_takes_the_sign_in_back(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Again at each token renewal: the token runs out, and the authority does not give another."""
    monkeypatch.setattr("services.dashboard.live.stream.HEARTBEAT_SECONDS", 0.1)
    made = await a_school(origin, town)
    key = f"class-day:{made.klass}:{DAY}"
    async with listening(made.teacher, key) as heard:
        origin.real.ahead = timedelta(minutes=5)
        await eventually(lambda: origin.issuer.asked["refresh_token"] == 1)
        await eventually(lambda: len(heard.comments) > 5)
        assert not heard.closed
        origin.issuer.refuse = "invalid_grant"
        origin.real.ahead = timedelta(minutes=10)
        await eventually(lambda: heard.closed)
        assert heard.end == {"reason": "signed-out"}


async def test_a_stream_outlives_an_authority_that_is_away_only_as_long_as_its_token(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.dashboard.live.stream.HEARTBEAT_SECONDS", 0.1)
    made = await a_school(origin, town)
    async with listening(made.teacher, f"class-day:{made.klass}:{DAY}") as heard:
        origin.issuer.away = True
        origin.real.ahead = timedelta(seconds=290)
        before = origin.issuer.asked["discovery"]  # no renewal goes out where nobody says whereto
        await eventually(lambda: origin.issuer.asked["discovery"] >= before + 2)
        assert not heard.closed
        origin.real.ahead = timedelta(seconds=301)
        await eventually(lambda: heard.closed)
        assert heard.end == {"reason": "changed"}


async def test_the_stream_ends_when_a_second_factor_is_asked_for(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Subscriptions are authorised like pages, and again: a board switches the rule while a stream is open."""
    monkeypatch.setattr("services.dashboard.live.stream.HEARTBEAT_SECONDS", 0.1)
    await town.settings(step_up={"enforced": False})
    made = await a_school(origin, town)
    key = f"class-day:{made.klass}:{DAY}"
    weak = await origin.enter(made.teacher_id, board=town.board, acr=1)
    async with listening(weak, key) as heard, listening(made.teacher, key) as goes_on:
        await town.settings(step_up={"enforced": True})
        await origin.caught_up()
        origin.real.ahead = timedelta(seconds=61)
        await eventually(lambda: heard.closed)
        assert heard.end == {"reason": "changed"}
        await eventually(lambda: len(goes_on.comments) > 3)
        assert not goes_on.closed
    answer = await weak.get(f"/api/live?views={key}")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (401, "step-up")


async def test_duties_are_followed_by_staff_alone(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    assert (await origin.browser().get(f"/api/live?views=duties:{town.board}")).status_code == 401
    for kind in ("guardian", "pupil"):
        browser = await origin.enter(made.teacher_id, board=town.board, kind=kind, acr=1)
        assert (await browser.get(f"/api/live?views=duties:{town.board}")).status_code == 404
    async with listening(made.teacher, f"duties:{town.board}") as heard:
        await town.staff("新", ("subject", made.id, None))
        await eventually(lambda: heard.keys == {f"duties:{town.board}"})


async def test_an_office_is_followed_by_its_school_and_its_board(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    other = await town.school("二小")
    board_staff = await origin.enter(
        await town.staff("課", ("board_staff", town.board, None)), board=town.board
    )
    await origin.caught_up()
    mine, theirs, whole = (f"office:{each}" for each in (made.id, other, town.board))
    async with (
        listening(made.principal, mine, theirs, whole) as school,
        listening(board_staff, theirs, whole) as board,
    ):
        await town.office(other)
        await eventually(lambda: board.keys)
        assert board.keys == {theirs}
        await town.office(made.id)
        await town.office(town.board)
        await eventually(lambda: school.keys and board.keys == {theirs, whole})
        assert school.keys == {mine}
    for key in (theirs, whole, f"office:{made.klass}", f"office:{uuid4()}"):
        assert (await made.principal.get(f"/api/live?views={key}")).status_code == 404


async def test_whose_class_is_another_changes_the_pages_of_the_office(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    async with listening(made.principal, f"office:{made.id}") as heard:
        await town.child(made.klass, made.id, 1)
        await eventually(lambda: heard.keys == {f"office:{made.id}"})


async def test_streams_end_before_the_server_does(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    async with listening(made.teacher, f"class-day:{made.klass}:{DAY}") as heard:
        origin.app.state.end_streams()
        await eventually(lambda: heard.closed)
        assert heard.end is None


async def test_after_a_lost_connection_everything_may_have_changed(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    key = f"class-day:{made.klass}:{DAY}"
    connection = await origin.database.server.connect()
    async with listening(made.teacher, key) as heard:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1"
            " and usename = 'dashboard_app' and query like 'LISTEN%'",
            origin.database.name,
        )
        await eventually(lambda: heard.keys == {key})
        before = len(heard.views)
        await town.mark(await town.child(made.klass, made.id, 1), "late")
        await eventually(lambda: len(heard.views) > before)
    await connection.close()


async def test_a_browser_that_leaves_is_forgotten(origin: Origin, town: Town) -> None:
    made = await a_school(origin, town)
    listeners = len(origin.room.hub._listeners)
    async with listening(made.teacher, f"class-day:{made.klass}:{DAY}"):
        await eventually(lambda: len(origin.room.hub._listeners) == listeners + 1)
        assert sum(origin.room.streams.values()) == 1
    await eventually(lambda: len(origin.room.hub._listeners) == listeners)
    await eventually(lambda: not origin.room.streams)


async def test_one_session_cannot_take_all_streams(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.dashboard.live.api.MAX_STREAMS", 1)
    made = await a_school(origin, town)
    key = f"class-day:{made.klass}:{DAY}"
    async with listening(made.teacher, key):
        answer = await made.teacher.get(f"/api/live?views={key}")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "15")


ids = st.uuids()
views_ = st.one_of(
    st.builds(View, st.sampled_from(["class-day", "school-day", "board-day"]), ids, st.dates()),
    st.builds(View, st.sampled_from(["office", "duties"]), ids),
    st.just(View("operations")),
)


@given(views_)
def test_keys_are_read_as_they_were_written(given_: View) -> None:
    assert view(given_.key) == given_


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader_of_keys(key: str) -> None:
    found = view(key)
    assert found is None or found.key == key


def test_what_a_notice_is_about() -> None:
    board, klass = uuid4(), uuid4()
    key = f"class-day:{klass}:2026-11-20"
    assert touched([key], key, board)
    assert touched([f"class-day:{klass}:*"], key, board)
    assert touched([f"board:{board}"], key, board)
    assert not touched([f"board:{uuid4()}"], key, board)
    assert not touched([f"class-day:{uuid4()}:*", "operations", f"class-day:{klass}:2026-11-2"], key, board)
    assert not touched([f"board:{board}"], "operations", board)
