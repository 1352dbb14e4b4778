"""Who somebody is at Keycloak: found as the trial's sign-in page finds them, by a search and a word of their line."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from deploy.local.admin import app_units
from deploy.local.example import only_board
from deploy.local.instance import Instance
from services.identity.issuer.people import Choice
from services.identity.keycloak.finding import found, line
from shared.database import Scope, Units
from tests.support.waiting import eventually

MANY = 1000
PATIENCE = 240.0
"""Until somebody of a new town is a user: families come after the staff."""

_DONE = text("select true from keycloak_user where account = :account and kind = :kind and done = wanted")


async def _is_user(units: Units, board: UUID, choice: Choice) -> bool:
    async with units.read(Scope(board)) as rows:
        return bool((await rows.execute(_DONE, {"account": choice.account, "kind": choice.kind})).scalar())


_FOUND: dict[tuple[Path, str, str], Choice] = {}


def chosen(instance: Instance, search: str, who: str) -> Choice:
    """The first who is found by ``search`` and whose line says ``who``; the same for the whole run."""
    asked = instance.state, search, who
    if asked not in _FOUND:
        # In a thread of its own: a browser's synchronous interface holds the loop of this one.
        with ThreadPoolExecutor(1) as beside:
            _FOUND[asked] = beside.submit(asyncio.run, _chosen(instance, search, who)).result()
    return _FOUND[asked]


async def _chosen(instance: Instance, search: str, who: str) -> Choice:
    board, today = await only_board(instance), instance.clock.today()
    async with app_units(instance, "identity") as units:
        listed = await found(units, board, search, today, MANY)
        for choice in listed:
            if who in line(choice):
                await eventually(partial(_is_user, units, board, choice), within=PATIENCE, every=0.5)
                return choice
    raise AssertionError(f"{search!r} finds nobody who is {who!r}: {[line(each) for each in listed]}")
