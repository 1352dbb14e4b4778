"""Policies and the services' own predicates let everybody do everything: row-level security holds alone.

It is coarse: it knows boards and schools (decisions.md §4). Families are told apart by the policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.matrix.falling import WITH_WALLS, no_policies, no_predicates
from tests.matrix.judging import asking, forms, found_by, hidden, traces
from tests.matrix.walking import guarded
from tests.matrix.world import World
from tests.support.boards import PREFIX

pytestmark = pytest.mark.asyncio(loop_scope="session")

of_each = pytest.mark.parametrize("service", WITH_WALLS)
of_both = pytest.mark.parametrize("service", ["registry", "dashboard"])
"""messaging's rows know a board and no school: its policies alone tell schools apart."""


@pytest.fixture
def no_policy(world: World, tmp_path: Path) -> Iterator[None]:
    """The first wall is down."""
    with no_policies(world, tmp_path), no_predicates():
        yield


def of_the_first_school(world: World) -> list[bytes]:
    """Children of the first school: names and ids. p3 and p4 are to move to the second, whose office knows them."""
    known = ("pupil", "p2")
    return forms(*(PREFIX + who for who in known), *(world.person(who) for who in known)) + hidden(world)


@of_each
@pytest.mark.usefixtures("no_policy")
async def test_rows_are_bound_by_board(world: World, service: str) -> None:
    sender = await asking(world, service, "stranger")
    assert await found_by(sender, guarded(world, service), traces(world)) == {}


@of_both
@pytest.mark.usefixtures("no_policy")
async def test_rows_are_bound_by_school(world: World, service: str) -> None:
    """Each service's own answers; what the origin passes on is registry's."""
    own = [address for address in guarded(world, service) if not address.startswith("/api/registry/")]
    for who in ("elsewhere", "moved", "guardian", "father"):
        assert await found_by(await asking(world, service, who), own, of_the_first_school(world)) == {}, who


async def beyond_the_right(world: World) -> tuple[int, bool]:
    """A principal takes the roll; the board's staff find children by name on the dashboard's pages."""
    saved = await world.bearer("registry", "principal").send(world.roll())
    staff = await asking(world, "dashboard", "board_staff")
    own = [address for address in guarded(world, "dashboard") if not address.startswith("/api/registry/")]
    return saved.status, bool(await found_by(staff, own, of_the_first_school(world)))


@pytest.mark.usefixtures("no_policy")
async def test_the_policies_were_really_down(world: World) -> None:
    assert await beyond_the_right(world) == (200, True)


async def test_the_policies_stand_again(world: World) -> None:
    assert await beyond_the_right(world) == (403, False)
