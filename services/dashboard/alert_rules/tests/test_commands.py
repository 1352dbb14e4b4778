"""Whose the rules are, and which hold, on the command line."""

from __future__ import annotations

import pytest

from services.dashboard.alert_rules.commands import NotSaid, lines, office_of, say_office
from services.dashboard.alert_rules.tests.test_api import RULES, TWO, a_city, say, tried
from services.dashboard.school_day.tests.conftest import enter, ready
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import TODAY, Town


async def test_the_office_is_said_and_holds_at_once(origin: Origin, town: Town) -> None:
    _, _, keeper = await a_city(origin, town)
    roster = await town.unit("department", "学務課", code="gakumu")
    clerk, _ = await enter(origin, town, ("board_staff", roster, None))
    await ready(origin, town)
    units = origin.room.units
    assert await office_of(units, town.board, TODAY) == ["指導課", "gakko-kyoiku（その課はありません）"]
    with pytest.raises(NotSaid, match="kyushoku"):
        await say_office(units, town.board, ["gakumu", "kyushoku"], TODAY)
    await say_office(units, town.board, ["gakumu"], TODAY)
    await say_office(units, town.board, ["gakumu"], TODAY)
    assert await office_of(units, town.board, TODAY) == ["学務課"]
    assert (await keeper.get(RULES)).status_code == 404
    assert (await clerk.get(RULES)).status_code == 200
    assert "alerts" in (await clerk.read("/api/me"))["settings"]
    assert (await keeper.read("/api/me"))["settings"] == []


async def test_the_rules_in_words(origin: Origin, town: Town) -> None:
    _, _, keeper = await a_city(origin, town)
    assert (await say(keeper, await tried(keeper, TWO), "2026-12-01")).status_code == 200
    said = await lines(origin.room.units, town.board, TODAY)
    assert said[0] == "いま（もともとの決まり）"
    assert said[-2:] == ["2026-12-01から", "  2日続けて: 続けて2日（病欠は数えない）"]
