"""What one person may know of a plan, and that whoever knows less loses nothing of it for those who know more."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.registry.rollover.keeping import kept, shown, too_many
from services.registry.rollover.plans import MOST_WISHES, Plan, PlannedClass, Seat

CHILDREN = [UUID(int=n) for n in range(1, 8)]
ROOMS = [PlannedClass(id=UUID(int=100 + n), name=f"3年{n}組", grade="P3") for n in (1, 2)]
children = st.lists(st.sampled_from(CHILDREN), unique=True)
wishes = st.lists(st.lists(st.sampled_from(CHILDREN), unique=True, min_size=2), max_size=4)
plans = st.builds(
    lambda seats, apart, together, stay: Plan(
        classes=ROOMS,
        seats={child: Seat(class_id=room.id, number=child.int) for child, room in seats.items()},
        apart=apart,
        together=together,
        stay=stay,
    ),
    st.dictionaries(st.sampled_from(CHILDREN), st.sampled_from(ROOMS)),
    wishes,
    wishes,
    children,
)


@given(plans, children, children)
def test_what_is_shown_names_nobody_who_is_hidden_and_keeping_it_changes_nothing(
    stored: Plan, known: list[UUID], others: list[UUID]
) -> None:
    everybody = {*known, *others}
    hidden, seen = everybody - set(known), shown(stored, known, everybody)
    assert not any(str(each) in seen.model_dump_json() for each in CHILDREN if each not in known)
    assert all(len(wish) > 1 for wish in (*seen.apart, *seen.together))
    again = kept(seen, stored, known, everybody)
    whole = shown(stored, everybody, everybody)  # as one sees it who knows them all
    assert (again.seats, set(again.stay)) == (whole.seats, set(whole.stay))
    for mine, all_ in ((again.apart, whole.apart), (again.together, whole.together)):
        assert sorted(mine) == sorted(all_)
    assert shown(again, known, everybody) == seen
    empty = kept(Plan(classes=ROOMS), stored, known, everybody)
    assert set(empty.seats) == hidden & set(stored.seats), "nobody takes away what they do not see"


def test_a_plan_is_refused_before_it_is_more_than_can_be_read_again() -> None:
    """A wish that is added to two hundred: whatever is kept must be read again, by the whole board's run, too."""
    pair = [[CHILDREN[0], CHILDREN[1]]]
    full = Plan(apart=pair * MOST_WISHES)
    hidden = Plan(apart=[[CHILDREN[2], CHILDREN[3]]])
    assert too_many(full) == []
    assert len(too_many(kept(full, hidden, CHILDREN[:3], CHILDREN))) == 1
