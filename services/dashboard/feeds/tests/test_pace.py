"""When the lunch count is looked at: at once, then together, and never later than the cut-off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from services.dashboard.feeds import reconciler
from services.dashboard.feeds.reconciler import LATELY, QUIET_SECONDS, LunchFeed, Touched
from services.dashboard.live.hub import Hub
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.town import TODAY, Child, Town
from shared.dates import TOKYO, FixedClock
from tests.support.waiting import eventually

NINE_THIRTY = datetime(2026, 11, 20, 9, 30, tzinfo=TOKYO)
LONG = 3600.0


class Watched(LunchFeed):
    """The reconciler; when it looked at what."""

    def __init__(self, copies: Copies) -> None:
        super().__init__(copies.units, Hub(copies.database.app, datetime.now(UTC)))
        self.looks: list[tuple[float, Touched | None]] = []

    async def reconcile(self, touched: Touched = MappingProxyType({}), *, everything: bool = False) -> float:
        self.looks.append((asyncio.get_running_loop().time(), None if everything else touched))
        return await super().reconcile(touched, everything=everything)

    def touch(self, *keys: str) -> None:
        """What a copy's transaction says."""
        self.hear("live", orjson.dumps(keys).decode())


@asynccontextmanager
async def at_work(copies: Copies) -> AsyncIterator[Watched]:
    """The reconciler as the service runs it, past its first look."""
    lunch = Watched(copies)
    task = asyncio.create_task(lunch.run(copies.database.feed))
    try:
        await eventually(lambda: lunch.looks)
        yield lunch
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def given(copies: Copies, *, frozen: bool = False) -> dict[str, dict[str, Any]]:
    """By class: the value of the newest revision it was given, or of the one that was frozen."""
    rows = await copies.rows("feed_item", "public")
    rows.sort(key=lambda row: row["revision"])
    return {row["group_id"]: row["value"] for row in rows if row["frozen_at"] is not None or not frozen}


class Classes:
    """A class that is touched, and one of which nobody says anything."""

    def __init__(self, told: UUID, untold: UUID, children: Sequence[Child]) -> None:
        self.told = told
        self.untold = untold
        self.children = children
        """Of the one that is touched."""


@pytest.fixture
async def classes(town: Town, copies: Copies) -> Classes:
    """Two classes of five, and a department that receives their counts."""
    school = await town.school()
    told, untold = await town.klass(school), await town.klass(school, "2年2組")
    children = await town.children(told, school, 5)
    await town.children(untold, school, 5)
    await town.grant()
    await copies.catch_up()
    return Classes(told, untold, children)


async def test_saves_that_keep_coming_are_looked_at_together(copies: Copies) -> None:
    classes = [uuid4() for _ in range(3)]
    async with at_work(copies) as lunch:

        def looked_often() -> bool:
            for klass in classes:
                lunch.touch(f"class-day:{klass}:{TODAY}", f"school-day:{uuid4()}:{TODAY}")
            return len(lunch.looks) >= 5

        await eventually(looked_often)
    times = [at for at, _ in lunch.looks]
    assert all(after - before >= QUIET_SECONDS for before, after in pairwise(times))
    assert lunch.looks[-1][1] == {TODAY: set(classes)}, "none of those touched meanwhile is forgotten"


async def test_a_first_save_waits_for_nothing(
    classes: Classes, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    async with at_work(copies) as lunch:
        await eventually(lambda: loop.time() - lunch.looks[-1][0] > QUIET_SECONDS)
        monkeypatch.setattr(reconciler, "QUIET_SECONDS", LONG)
        lunch.touch(f"class-day:{classes.told}:{TODAY}")
        await eventually(lambda: len(lunch.looks) == 2)


async def test_what_no_count_follows_from_wakes_nobody(town: Town, classes: Classes, copies: Copies) -> None:
    async with at_work(copies) as lunch:
        for kind in ("duties", "accounts"):
            lunch.touch(f"{kind}:{town.board}")
        lunch.touch(f"school-day:{uuid4()}:*", f"board-day:{town.board}:{TODAY}")
        lunch.touch(f"class-day:{classes.told}:{TODAY}")
        await eventually(lambda: len(lunch.looks) == 2)
        assert lunch.looks[1][1] == {TODAY: {classes.told}}
        for key in (f"class-day:{classes.told}:*", f"board:{town.board}", f"purposes:{town.board}"):
            before = len(lunch.looks)
            lunch.touch(key)
            await eventually(partial(_more_than, lunch.looks, before))
            assert lunch.looks[-1][1] is None, key


def _more_than(looks: Sequence[Any], before: int) -> bool:
    return len(looks) > before


async def test_the_cut_off_waits_for_no_quiet(
    town: Town, classes: Classes, copies: Copies, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A save a moment before the cut-off is in what the kitchen cooks by; one a moment after it is not."""
    monkeypatch.setattr(reconciler, "QUIET_SECONDS", LONG)
    clock.instant = NINE_THIRTY - timedelta(seconds=2)
    async with at_work(copies) as lunch:
        await eventually(lambda: given(copies))
        await town.mark(classes.children[0], "absent_sick")
        await copies.catch_up()
        lunch.touch(f"class-day:{classes.told}:{TODAY}")
        clock.instant = NINE_THIRTY
        frozen = await eventually(lambda: given(copies, frozen=True))
        assert set(frozen) == {str(classes.told), str(classes.untold)}
        await town.mark(classes.children[1], "absent_sick")
        await copies.catch_up()
    await lunch.reconcile(everything=True)
    assert (await given(copies))[str(classes.told)]["absent"] == 2
    assert (await given(copies, frozen=True))[str(classes.told)]["absent"] == 1


async def test_saves_that_keep_coming_hold_up_no_cut_off(
    classes: Classes, copies: Copies, clock: FixedClock
) -> None:
    """Also of a class that nobody touches."""
    clock.instant = NINE_THIRTY - timedelta(seconds=1)
    async with at_work(copies) as lunch:
        await eventually(lambda: given(copies))
        clock.instant = NINE_THIRTY

        async def touched_and_frozen() -> bool:
            lunch.touch(f"class-day:{classes.told}:{TODAY}")
            return str(classes.untold) in await given(copies, frozen=True)

        await eventually(touched_and_frozen)


async def test_saves_that_keep_coming_hold_up_no_look_at_everything(
    classes: Classes, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "TIMER_SECONDS", 2 * QUIET_SECONDS)
    async with at_work(copies) as lunch:

        def looked_at_everything_again() -> bool:
            lunch.touch(f"class-day:{classes.told}:{TODAY}")
            return sum(touched is None for _, touched in lunch.looks) >= 3

        await eventually(looked_at_everything_again)
        assert any(touched is not None for _, touched in lunch.looks)


@pytest.mark.parametrize("meanwhile", ["board", "error"])
async def test_an_old_day_that_was_told_is_looked_at_whatever_else_is(
    town: Town,
    classes: Classes,
    copies: Copies,
    clock: FixedClock,
    meanwhile: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A look at everything goes back seven days; a correction that is told is given whatever its day."""
    await copies.catch_up()
    await LunchFeed(copies.units, Hub(copies.database.app, datetime.now(UTC))).reconcile(everything=True)
    clock.instant += LATELY + timedelta(days=5)
    async with at_work(copies) as lunch:
        await town.mark(classes.children[0], "absent_sick", on=TODAY)
        await copies.catch_up()
        if meanwhile == "error":
            monkeypatch.setattr(Watched, "reconcile", _failing_once(Watched.reconcile))
        told = [f"class-day:{classes.told}:{TODAY}"] + [f"board:{town.board}"] * (meanwhile == "board")
        lunch.touch(*told)

        async def corrected() -> bool:
            return bool((await given(copies))[str(classes.told)]["absent"] == 1)

        await eventually(corrected)


def _failing_once(whole: Any) -> Any:
    failed = False

    async def reconcile(self: Watched, *arguments: Any, **more: Any) -> float:
        nonlocal failed
        if not failed:
            failed = True
            raise ConnectionError("away")
        return float(await whole(self, *arguments, **more))

    return reconcile
