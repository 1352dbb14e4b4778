"""Work that was asked for over the web is done, whatever ends meanwhile: a process, or the service itself."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from services.registry.imports.tests.test_api import renamed
from services.registry.imports.tests.web import Web, zipped
from services.registry.roster.tests.reading import rows
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow


def children() -> list[int]:
    """Processes that this one has started."""
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            found += [int(each) for each in (task / "children").read_text().split()]
    return found


async def names(web: Web) -> list[str]:
    """Given names of the pupil who is renamed."""
    found = await rows(web.units, web.board, "select legal_given from person where legal_family = '髙橋'")
    return sorted(row.legal_given for row in found)


async def test_a_process_that_is_killed_is_begun_again(web_of_processes: Web) -> None:
    web, before = web_of_processes, set(children())
    upload = (await web.begin("board", {"town.zip": zipped(renamed())})).json()["id"]
    assert (await web.put("board", upload, "town.zip", zipped(renamed()))).status_code == 200
    (looking,) = await eventually(lambda: set(children()) - before, within=30)
    os.kill(looking, signal.SIGKILL)
    told = await web.settled("board", upload)
    assert told["state"] == "ready"
    assert (await web.apply("board", told)).status_code == 200
    (beginning,) = await eventually(lambda: set(children()) - before, within=30)
    os.kill(beginning, signal.SIGKILL)
    run = await web.ended("board", (await web.settled("board", upload))["run"])
    assert run["state"] == "done"
    assert await names(web) == ["誠", "連"]


async def test_what_was_begun_is_ended_after_a_restart(web_of_processes: Web) -> None:
    web = web_of_processes
    told = await web.bring("board", renamed())
    assert (await web.apply("board", told)).status_code == 200
    await web.stop()
    await web.start()
    run = await web.ended("board", (await web.settled("board", told["id"]))["run"])
    assert run["state"] == "done"
    assert await names(web) == ["誠", "連"]
