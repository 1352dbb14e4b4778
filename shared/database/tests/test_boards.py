"""Boards share a log, never a key."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError

from shared.database import Scope
from shared.database.units import sqlstate
from tests.support.fixtures import Toy
from tests.support.toy import ThingChanged


async def test_another_boards_key_is_refused_not_overwritten(toy: Toy) -> None:
    thing = uuid4()
    async with toy.app.work(toy.scope, actor="ours") as work:
        work.publish(ThingChanged(thing=thing, label="ours", amount=1), key=thing)
    with pytest.raises(DBAPIError) as refused:
        async with toy.app.work(Scope(uuid4()), actor="theirs") as work:
            work.publish(ThingChanged(thing=thing, label="theirs", amount=2), key=thing)
    assert sqlstate(refused.value) == "42501"
    connection = await toy.database.server.connect(toy.database.name)
    try:
        rows = await connection.fetch("select board_id, actor from log.log_state")
    finally:
        await connection.close()
    assert [(row["board_id"], row["actor"]) for row in rows] == [(toy.board, "ours")]
