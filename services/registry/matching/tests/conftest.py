"""The town of people, in which one child has two cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.registry.people.tests.conftest import Asking
from services.registry.people.tests.conftest import asking as asking
from services.registry.people.tests.town import TODAY, Town, make_town, snapshot
from services.registry.roster.snapshot import Calendar, Enrolment, Guardianship, Membership, RosterSnapshot
from shared.database import Units
from tests.support.rosters import YEAR, key, person

__all__ = ["Asking", "asking", "doubled", "town"]


def doubled() -> RosterSnapshot:
    """花子 of 2年1組 stands in the package twice, with a guardian each; 太郎 also at the second school."""
    plain = snapshot()
    twice = (
        ("twice", ("高橋", "花子"), ("たかはし", "はなこ"), "first 2年1組", 8),
        ("taro_there", ("高橋", "太郎"), ("タカハシ", "タロウ"), "second 2年1組", 9),
    )
    return replace(
        plain,
        people=(
            *plain.people,
            *(person(word, name, kana, date(2018, 5, 6)) for word, name, kana, _, _ in twice),
        ),
        enrolments=(
            *plain.enrolments,
            *(
                Enrolment(key("person", word), key("organisation", where.split()[0]), "P2", YEAR)
                for word, _, _, where, _ in twice
            ),
        ),
        memberships=(
            *plain.memberships,
            *(
                Membership(key("person", word), key("class", where), "home", number, YEAR)
                for word, _, _, where, number in twice
            ),
        ),
        guardianships=(
            *plain.guardianships,
            Guardianship(key("person", "twice"), key("person", "father"), "other", True, False, True, YEAR),
        ),
        calendars=(Calendar(key("organisation", "first"), 2026, (TODAY,), ()),),
    )


@pytest.fixture
async def town(units: Units) -> Town:
    """Three schools."""
    return await make_town(units, doubled())
