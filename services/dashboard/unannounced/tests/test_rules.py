"""Who takes a call on, by example and by property."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.tests.town import SYMBOLS
from services.dashboard.unannounced.rules import Claim, may_claim, present_codes

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
STAFF = [uuid4() for _ in range(3)]
people_ = st.sampled_from(STAFF)


@given(st.lists(st.tuples(people_, st.none() | people_), max_size=12))
def test_a_call_changes_hands_only_as_whoever_takes_it_saw_it(
    presses: list[tuple[UUID, UUID | None]],
) -> None:
    held: Claim | None = None
    for who, seen in presses:
        if may_claim(held, seen, who):
            # Free, their own, or taken from exactly the one whom the page showed.
            assert held is None or held.by in (who, seen)
            held = Claim(who, NOW)
        else:
            assert held is not None
            assert held.by != who
            assert held.by != seen


def test_the_boards_marks_for_somebody_who_is_here() -> None:
    assert present_codes(SYMBOLS) == {"present": "present", "late": "late"}
    assert present_codes([each for each in SYMBOLS if each["code"] != "late"]) == {
        "present": "present",
        "late": None,
    }
    assert present_codes([]) == {"present": None, "late": None}
