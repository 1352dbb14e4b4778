"""What is usual is asked once a minute, for each school and reader's view of it apart."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from services.dashboard.overview import kept
from services.dashboard.overview.kept import KEPT_SECONDS, KeptLevels
from services.dashboard.overview.store import Levels
from services.dashboard.overview.units import class_unit

BOARD, SCHOOL, OTHER = (UUID(int=number) for number in range(1, 4))
DAY = date(2026, 11, 20)


async def test_what_was_found_holds_for_a_minute_and_for_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    clock = SimpleNamespace(now=0.0)

    async def levels(session: object, board: UUID, day: date, **of: Any) -> Levels:
        asked.append((board, day, of["school"], of["units"]))
        return {}

    monkeypatch.setattr(kept, "levels", levels)
    usual = KeptLevels(lambda: clock.now)
    session: Any = None
    first = await usual.of(session, BOARD, DAY, school=SCHOOL)
    clock.now = KEPT_SECONDS - 1
    assert await usual.of(session, BOARD, DAY, school=SCHOOL) is first
    told = [(class_unit(each, str(SCHOOL), "P1"),) for each in ("a", "b")]
    others: list[dict[str, Any]] = [{"school": OTHER}, {"school": None}]
    others += [{"school": SCHOOL, "units": each} for each in (*told, (*told[0], *told[1]), ())]
    for other in others:
        assert await usual.of(session, BOARD, DAY, **other) is not first
    assert await usual.of(session, OTHER, DAY, school=SCHOOL) is not first
    assert await usual.of(session, BOARD, DAY + timedelta(days=1), school=SCHOOL) is not first
    clock.now = KEPT_SECONDS + 1
    assert await usual.of(session, BOARD, DAY, school=SCHOOL) is not first
    assert len(asked) == 10
