"""Changes of periods: whatever is done one after the other, nothing overlaps and every day reads as it was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.registry.people.changes import ended, replaced
from services.registry.people.rules import Record, Told, Version, on, standing
from services.registry.people.tests.test_history import card
from services.registry.roster.rows import Held, MembershipIs
from services.registry.roster.rules import PeriodChanges
from services.registry.roster.snapshot import Period
from shared.ids import new_id

PUPIL, SCHOOL, CLASS = UUID(int=1), UUID(int=2), UUID(int=3)
FIRST, DAYS = date(2026, 4, 1), 60
BEGAN = datetime(2026, 4, 1, tzinfo=UTC)


def seat(number: int) -> MembershipIs:
    return MembershipIs(SCHOOL, CLASS, "home", number)


def applied(
    told: list[Told[MembershipIs]], changes: PeriodChanges[MembershipIs], at: datetime
) -> list[Told[MembershipIs]]:
    """What the store would hold after a change."""
    gone = {each.id: each.reason for each in changes.voided}
    kept = [
        each._replace(voided_at=at, voided_by="x", void_reason=gone[each.id]) if each.id in gone else each
        for each in told
    ]
    return kept + [Told(new_id(), each.held, at, "x", each.replaces) for each in changes.added]


steps = st.lists(
    st.tuples(st.sampled_from(["change", "correct", "end"]), st.integers(0, DAYS - 1), st.integers(1, 40)),
    max_size=8,
)


@given(steps)
def test_every_day_reads_as_the_last_word_about_it_and_nothing_overlaps(
    acts: list[tuple[str, int, int]],
) -> None:
    told = [
        Told(new_id(), Held(PUPIL, Period(FIRST, FIRST + timedelta(days=DAYS)), seat(1)), BEGAN, "x", None)
    ]
    meant: dict[date, int] = {FIRST + timedelta(days=n): 1 for n in range(DAYS)}
    known = [(BEGAN, dict(meant))]
    for minute, (act, offset, number) in enumerate(acts, 1):
        day, at = FIRST + timedelta(days=offset), BEGAN + timedelta(minutes=minute)
        holding = on(told, day)
        if not holding:
            continue
        (before,) = holding
        since, until = before.held.valid
        assert until is not None
        if act == "end":
            if day == since:
                continue
            told = applied(told, ended(before, day, None), at)
            meant = {each: value for each, value in meant.items() if not day <= each < until}
        else:
            start = since if act == "correct" else day
            told = applied(told, replaced(before, seat(number), start, "y"), at)
            meant |= {each: number for each in meant if start <= each < until}
        known.append((at, dict(meant)))
        spans = [each.held.valid for each in standing(told)]
        assert not any(one.overlaps(other) for i, one in enumerate(spans) for other in spans[i + 1 :])
    record = Record([Version(card(), 1, "import", BEGAN, None, None, None)], memberships=told)
    for at, then in known:
        back = record.known_at(at)
        assert back is not None
        read = {
            day: each.held.what.number
            for day in (FIRST + timedelta(days=n) for n in range(DAYS))
            for each in on(back.memberships, day)
        }
        assert read == then
