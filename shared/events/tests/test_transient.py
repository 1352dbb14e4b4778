"""What a worker waits out, and what it must not."""

from __future__ import annotations

import asyncpg
import pytest

from shared.events.workers import transient


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.TooManyConnectionsError("full"),
        ConnectionRefusedError(),
    ],
)
def test_a_server_that_is_away_is_waited_for(error: Exception) -> None:
    assert transient(error)


@pytest.mark.parametrize("error", [asyncpg.UniqueViolationError("twice"), ValueError("poison")])
def test_a_record_that_is_wrong_is_not(error: Exception) -> None:
    assert not transient(error)
