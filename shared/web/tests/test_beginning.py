"""A service that cannot begin says why, and does not die of a database that is only just coming."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from shared.database.engine import DatabaseAway
from shared.database.migrate import SchemaMismatch
from shared.web import beginning
from shared.web.beginning import begin


def starting(*errors: Exception) -> tuple[list[Exception], Callable[[], Awaitable[None]]]:
    """What is still to fail, and a start that fails so and then succeeds."""
    left = list(errors)

    async def start() -> None:
        if left:
            raise left.pop(0)

    return left, start


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "RETRY_SECONDS", 0.0)


async def test_a_database_that_is_starting_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    away = DatabaseAway("the database system is starting up\nDETAIL:  It recovers.")
    left, start = starting(away, away, asyncpg.CannotConnectNowError("the database system is starting up"))
    await begin("toy", start)
    assert left == []
    assert caplog.messages == [
        "toy waits for its database: the database system is starting up",
        "toy waits for its database: CannotConnectNowError 57P03",
    ]


async def test_one_that_does_not_come_ends_the_start_and_is_named(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "PATIENCE_SECONDS", -1.0)
    _, start = starting(DatabaseAway("nobody there"))
    with pytest.raises(DatabaseAway):
        await begin("toy", start)
    assert caplog.messages == ["toy does not start: nobody there"]


async def test_what_waiting_does_not_mend_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    left, start = starting(SchemaMismatch("`tsumugi migrate` を先に"), ValueError("never seen"))
    with pytest.raises(SchemaMismatch):
        await begin("toy", start)
    assert len(left) == 1
    assert caplog.messages == ["toy does not start: `tsumugi migrate` を先に"]


@pytest.mark.parametrize("in_the_pool", [False, True])
async def test_a_server_that_is_not_whom_it_says_is_not_waited_for(
    caplog: pytest.LogCaptureFixture, in_the_pool: bool
) -> None:
    wrong: Exception = ssl.SSLCertVerificationError(1, "certificate verify failed")
    if in_the_pool:
        wrong, cause = DatabaseAway(*wrong.args), wrong
        wrong.__cause__ = cause
    left, start = starting(wrong, ValueError("never seen"))
    with pytest.raises(type(wrong)):
        await begin("toy", start)
    assert len(left) == 1
    (said,) = caplog.messages
    assert said.startswith("toy does not start: ")


async def test_words_of_others_are_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    _, start = starting(asyncpg.UniqueViolationError("山田"))
    with pytest.raises(asyncpg.UniqueViolationError):
        await begin("toy", start)
    assert caplog.messages == ["toy does not start: UniqueViolationError 23505"]
