"""`tsumugi session list` and `end`: who is signed in is found by name, and loses the right now, on every machine."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from services.dashboard.cli import add_session_commands
from services.dashboard.live.tests.test_live import a_school, listening
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import TODAY, Town
from shared.database import Units, make_engine
from tests.support.waiting import eventually

Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def run(origin: Origin, town: Town) -> Run:
    """Runs a command line beside the running application, as a process of its own would."""

    @asynccontextmanager
    async def open_units() -> AsyncIterator[Units]:
        engine = make_engine(origin.database.app, pool_size=1)
        try:
            yield Units(engine, origin.clock)
        finally:
            await engine.dispose()

    async def board() -> UUID:
        return town.board

    said = io.StringIO()
    app = typer.Typer()
    add_session_commands(app, open_units, board, Console(file=said, width=200))

    async def run(*words: str) -> tuple[int, str]:
        said.seek(0)
        said.truncate()
        done = await asyncio.to_thread(CliRunner().invoke, app, words, catch_exceptions=False)
        return done.exit_code, said.getvalue() + done.stderr

    return run


async def orders(origin: Origin, action: str = "EndSessions") -> list[Any]:
    """What the access log holds of such orders."""
    connection = await origin.database.server.connect(origin.database.name)
    try:
        return list(
            await connection.fetch(
                "select board_id, principal, client, person, subjects, importance, outcome from access.entry"
                " where action = $1 order by cardinality(subjects) desc, id",
                action,
            )
        )
    finally:
        await connection.close()


async def statuses(*browsers: Browser) -> list[int]:
    return [(await browser.get("/api/me")).status_code for browser in browsers]


@pytest.mark.parametrize("by", ["--person", "--account"])
async def test_every_session_and_stream_ends_at_once(origin: Origin, town: Town, run: Run, by: str) -> None:
    school = await a_school(origin, town)
    key = f"class-day:{school.klass}:{TODAY}"
    again = await origin.enter(school.teacher_id, board=town.board)
    elsewhere = await origin.enter(school.teacher_id, board=uuid4())
    assert await statuses(school.teacher, again, school.principal, elsewhere) == [200, 200, 200, 200]
    async with (
        listening(school.teacher, key) as one,
        listening(again, key) as two,
        listening(school.principal, key) as other,
    ):
        whom = str(school.teacher_id) if by == "--person" else f"account-{school.teacher_id}"
        status, said = await run("session", "end", by, whom, "--reason", "退職")
        assert (status, said) == (0, "2 か所でサインアウトさせました。\n")
        await eventually(lambda: one.closed and two.closed, within=3)  # a heartbeat later would be too late
        assert (one.end, two.end) == ({"reason": "signed-out"}, {"reason": "signed-out"})
        assert not other.closed
    for browser in (school.teacher, again):
        answer = await browser.get("/api/me")
        assert answer.status_code == 401
        assert answer.json()["type"].endswith("/session-revoked")
        assert answer.headers["x-tsumugi"] == str(school.teacher_id), "whose things the browser must wipe"
        command = await browser.command("/api/registry/v1/classes/x/days/2026-11-20/roll", {"marks": []})
        assert command.status_code == 401
    assert await statuses(school.principal, elsewhere) == [200, 200]

    assert await run("session", "end", by, whom, "--reason", "退職") == (
        0,
        "サインインしているところはありません。\n",
    )
    first, second = await orders(origin)
    assert (first["principal"], first["client"], first["person"]) == ("tsumugi-cli", "tsumugi-cli", None)
    assert (first["board_id"], first["importance"], first["outcome"]) == (town.board, "II", "allowed")
    assert list(first["subjects"]) == [school.teacher_id]
    assert list(second["subjects"]) == ([school.teacher_id] if by == "--person" else [])
    connection = await origin.database.server.connect(origin.database.name)
    kept = await connection.fetch("select tokens, end_reason from web_session where ended_at is not null")
    await connection.close()
    assert [(row["tokens"], row["end_reason"]) for row in kept] == [(b"", "退職")] * 2


async def test_an_operator_finds_the_number_by_the_name(origin: Origin, town: Town, run: Run) -> None:
    school = await a_school(origin, town)
    again = await origin.enter(school.teacher_id, board=town.board)
    guardian = await town.person("親", "はは")
    await origin.caught_up()
    await origin.enter(guardian, board=town.board, kind="guardian")
    stranger = uuid4()
    await origin.enter(stranger, board=uuid4())

    status, said = await run("session", "list")
    assert status == 0
    (teacher,) = [line for line in said.splitlines() if "担 先生" in line]
    assert teacher.startswith("職員 ")
    assert "2 か所" in teacher
    assert f"--person {school.teacher_id}" in teacher
    (parent,) = [line for line in said.splitlines() if str(guardian) in line]
    assert parent.startswith("保護者  "), "no name"
    assert "はは" not in said
    assert str(stranger) not in said, "another board's"
    (look,) = await orders(origin, "ListSessions")
    assert set(look["subjects"]) >= {school.teacher_id, guardian}

    words = teacher.partition("--person")[2].split()
    await run("session", "end", "--person", words[0], "--reason", "退職")
    assert await statuses(school.teacher, again) == [401, 401]
    _, said = await run("session", "list")
    assert "担 先生" not in said
    assert "長 先生" in said


async def test_who_left_without_signing_out_is_not_there(origin: Origin, town: Town, run: Run) -> None:
    school = await a_school(origin, town)
    connection = await origin.database.server.connect(origin.database.name)
    await connection.execute(
        "update web_session set seen_at = seen_at - interval '3 hours' where person_id = $1",
        school.teacher_id,
    )
    await connection.execute(
        "update web_session set ends_at = seen_at - interval '1 minute' where person_id <> $1",
        school.teacher_id,
    )
    await connection.close()
    assert await run("session", "list") == (0, "サインインしている人はいません。\n")


async def test_another_boards_sessions_are_ended_by_naming_it(origin: Origin, town: Town, run: Run) -> None:
    board, person = uuid4(), uuid4()
    browser = await origin.enter(person, board=board)
    words = ("session", "end", "--person", str(person), "--reason", "x")
    await run(*words)
    assert await statuses(browser) == [200]
    await run(*words, "--board", str(board))
    assert await statuses(browser) == [401]


async def test_whom_must_be_said_once(run: Run, origin: Origin) -> None:
    for words in ((), ("--person", str(uuid4()), "--account", "a")):
        status, said = await run("session", "end", "--reason", "x", *words)
        assert (status, "どちらかひとつ" in said) == (1, True)
    assert await orders(origin) == []
