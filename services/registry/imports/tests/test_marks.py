"""A mark of protection ends where a source tells its end, or gives way where the source's own begins: never before."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.imports.marks import after_those_that_stand, keep_marks
from services.registry.imports.rules import Frame, Wants, side_change
from services.registry.imports.tests.test_protected import MARK, TODAY
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import small_package, with_companion
from services.registry.roster.rows import Held, ProtectionIs, Standing
from services.registry.roster.snapshot import Period
from services.registry.roster.tests.reading import id_of, periods
from shared.database import Units


@pytest.mark.parametrize("people", [["g2", "t2"], ["t2"], []])
async def test_until_a_later_mark_of_a_source_begins_the_one_that_stands_stays(
    units: Units, people: list[str]
) -> None:
    """It names other people: those of today are kept out today, those of the source from its day on."""
    board = (await import_package(units, small_package())).board
    mark = {"pupil": "p1", "from": "2026-11-21", "confidential_from": people}
    told = with_companion(small_package(), "/protections", [mark])
    await import_package(units, told)
    ids = sorted([await id_of(units, board, each) for each in people])
    stays = (date(2025, 11, 2), date(2026, 11, 21), [await id_of(units, board, "g2")])
    assert await periods(units, board, "protection_period", "p1", MARK) == [
        stays,
        (date(2026, 11, 21), None, ids),
    ]
    assert (await import_package(units, told)).nothing


@pytest.mark.parametrize(
    ("marks", "stands"),
    [
        ([("2026-12-01", "2027-03-31")], [("2025-11-02", "2027-04-01")]),
        (
            [("2024-04-01", "2025-03-31"), ("2027-04-01", None)],
            [("2024-04-01", "2025-04-01"), ("2025-11-02", None)],
        ),
        (
            [("2025-11-02", "2026-08-31"), ("2026-12-01", None)],
            [("2025-11-02", "2026-09-01"), ("2026-12-01", None)],
        ),
        ([("2025-11-02", "2026-11-30")], [("2025-11-02", "2026-12-01")]),
    ],
)
async def test_a_mark_ends_where_the_source_tells_its_end_and_nowhere_else(
    units: Units, marks: list[tuple[str, str | None]], stands: list[tuple[str, str | None]]
) -> None:
    board = (await import_package(units, small_package())).board
    told = [
        {"pupil": "p1", "from": since, "confidential_from": ["g2"]} | ({"to": to} if to else {})
        for since, to in marks
    ]
    package = with_companion(small_package(), "/protections", told)
    await import_package(units, package)
    found = await periods(units, board, "protection_period", "p1", MARK)
    days = [(since.isoformat(), until and until.isoformat()) for since, until, _ in found]
    assert days == stands
    assert (await import_package(units, package)).nothing


_DAYS = st.integers(-30, 30)


@st.composite
def marks_of_a_child(draw: st.DrawFn) -> list[Held[ProtectionIs]]:
    """Marks that follow each other, with holes."""
    days = sorted(draw(st.sets(_DAYS, max_size=4)))
    found = []
    for since, until in zip(days, [*days[1:], None], strict=False):
        end = until if until is None or draw(st.booleans()) else draw(st.integers(since + 1, until))
        if end is None and draw(st.booleans()):
            end = since + draw(st.integers(1, 20))
        kept_from = ProtectionIs(draw(st.sampled_from([(), (UUID(int=1),), (UUID(int=2),)])))
        valid = Period(TODAY + timedelta(since), None if end is None else TODAY + timedelta(end))
        found.append(Held(UUID(int=9), valid, kept_from))
    return found


@given(marks_of_a_child(), marks_of_a_child())
def test_whatever_a_source_tells_a_mark_stays_until_its_own_or_its_end(
    stood: list[Held[ProtectionIs]], told: list[Held[ProtectionIs]]
) -> None:
    standing = [Standing(UUID(int=20 + number), held) for number, held in enumerate(stood)]
    frame = Frame(UUID(int=0), 2026, TODAY)
    wants = Wants([UUID(int=9)], told)

    def at(day: date, marks: list[Held[ProtectionIs]]) -> ProtectionIs | None:
        return next((each.what for each in marks if each.valid.holds(day)), None)

    asked = after_those_that_stand(wants, standing, frame)
    side = side_change(frame, asked, standing)
    keep_marks(side, asked)
    sets = side.sets()
    becomes = sets.get(UUID(int=9), stood)
    ends = [each.valid.until for each in told if each.valid.until is not None]
    for day in (TODAY + timedelta(number) for number in range(70)):
        theirs, before, now = at(day, told), at(day, stood), at(day, becomes)
        if theirs is not None:
            assert now == theirs
        elif before is not None and not any(end <= day for end in ends):
            assert now == before
    # The same again changes nothing.
    stands = [Standing(UUID(int=40 + number), held) for number, held in enumerate(becomes)]
    again_ = after_those_that_stand(wants, stands, frame)
    anew = side_change(frame, again_, stands)
    keep_marks(anew, again_)
    assert not anew.changes
