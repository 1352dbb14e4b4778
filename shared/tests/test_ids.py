"""Ids: the same natural key gives the same id in every process and for ever; ids of events carry their time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared import ids

BOARD = UUID("11111111-1111-4111-8111-111111111111")
PUPIL = UUID("22222222-2222-4222-8222-222222222222")
ON = date(2026, 11, 20)


def test_natural_ids_never_change() -> None:
    """Golden: rows and events of every deployment carry these."""
    assert str(ids.pupil_day_id(BOARD, PUPIL, ON)) == "49d76768-c597-5a73-8e71-8e3d399959d1"
    assert str(ids.class_day_id(BOARD, PUPIL, ON)) == "3f0322cf-e37d-59bd-968c-346a527e7f14"
    assert str(ids.calendar_id(PUPIL, 2026)) == "f28992f4-0bb1-59cd-8015-5d45023f4a54"


@given(st.uuids(), st.uuids(), st.dates(), st.uuids(), st.uuids(), st.dates())
def test_another_natural_key_is_another_id(
    board: UUID, pupil: UUID, on: date, other_board: UUID, other_pupil: UUID, other_on: date
) -> None:
    same = (board, pupil, on) == (other_board, other_pupil, other_on)
    assert (
        ids.pupil_day_id(board, pupil, on) == ids.pupil_day_id(other_board, other_pupil, other_on)
    ) == same
    assert ids.pupil_day_id(board, pupil, on) != ids.class_day_id(board, pupil, on)


@given(
    st.integers(1_600_000_000_000, 4_000_000_000_000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))
)
def test_ids_of_events_carry_their_instant(at: datetime) -> None:
    id = ids.time_ordered_id(at)
    assert id.version == 7
    assert id.int >> 80 == int(at.timestamp() * 1000)


def test_ids_of_one_instant_differ() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    assert len({ids.time_ordered_id(at) for _ in range(1000)}) == 1000
    assert len({ids.new_id() for _ in range(1000)}) == 1000
    assert ids.new_id().version == 4
