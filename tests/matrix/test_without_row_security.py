"""Row-level security is off on every table: policies and the services' own predicates hold alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.matrix.falling import no_policies, no_predicates, no_row_security
from tests.matrix.judging import asking, check, found_by, hidden, sender_of, traces
from tests.matrix.probe import Probe
from tests.matrix.probes import PROBES
from tests.matrix.walking import guarded
from tests.matrix.world import World
from tests.support.boards import WITHOUT_DUTY_AT_THE_SCHOOL

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("no_rows_bound")]

of_both = pytest.mark.parametrize("service", ["registry", "dashboard"])
of_every = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.operation)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def no_rows_bound(world: World) -> AsyncIterator[None]:
    """The second wall is down until this file is through."""
    async with no_row_security(world):
        yield


@of_every
async def test_policies_refuse_alone(world: World, probe: Probe) -> None:
    for who, wanted in probe.may_not.items():
        answer = await (await sender_of(world, probe, who)).send(probe.call(world))
        check(world, answer, wanted, who)


@of_every
async def test_policies_alone_tell_boards_apart(world: World, probe: Probe) -> None:
    who = "department elsewhere" if "department" in probe.may else "stranger"
    answer = await (await sender_of(world, probe, who)).send(probe.call(world))
    check(world, answer, probe.elsewhere, who)


@of_both
async def test_policies_alone_hide_the_protected_child(world: World, service: str) -> None:
    for who in (*WITHOUT_DUTY_AT_THE_SCHOOL, "stranger"):
        sender = await asking(world, service, who)
        assert await found_by(sender, guarded(world, service), hidden(world)) == {}, who


@of_both
async def test_without_either_wall_everything_is_found(world: World, service: str, tmp_path: Path) -> None:
    """That row-level security was really off above, and that nothing else held."""
    sender = await asking(world, service, "stranger")
    with no_policies(world, tmp_path), no_predicates():
        for words in (traces(world), hidden(world)):
            seen = await found_by(sender, guarded(world, service), words)
            assert any("/roll" in address for address in seen)
