"""What may be a class's numbers, and what is left of the periods that stood."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry.class_lists import rules
from services.registry.class_lists.rules import Decision, Stored
from services.registry.roster.rows import Held, MembershipIs
from services.registry.roster.snapshot import Period

CLASS, SCHOOL = uuid4(), uuid4()
SINCE = date(2026, 9, 1)
BEGINS, ENDS = date(2026, 4, 1), date(2027, 4, 1)
PUPILS = [UUID(int=n) for n in range(1, 9)]
NAMES = {pupil: f"{n}子さん" for n, pupil in enumerate(PUPILS, 1)}


def stored(
    pupil: UUID, number: int | None, since: date = BEGINS, until: date | None = ENDS, kind: str = "home"
) -> Stored:
    return Stored(uuid4(), Held(pupil, Period(since, until), MembershipIs(SCHOOL, CLASS, kind, number)))


def decide(
    standing: list[Stored], wished: list[tuple[UUID, int]], gaps: set[int] | None = None, since: date = SINCE
) -> Decision:
    return rules.decide(standing, wished, gaps or set(), since, 2026, lambda pupil: NAMES.get(pupil, "？"))


def cells(decision: Decision) -> list[tuple[str, str]]:
    return [(each.cell, each.message) for each in decision.wrong]


THREE = [stored(pupil, n) for n, pupil in enumerate(PUPILS[:3], 1)]


def test_numbers_hold_from_their_day_and_the_old_ones_before() -> None:
    decision = decide(THREE, [(PUPILS[0], 2), (PUPILS[1], 1), (PUPILS[2], 3)])
    assert [(each.pupil, each.before, each.after) for each in decision.changed] == [
        (PUPILS[0], 1, 2),
        (PUPILS[1], 2, 1),
    ]
    assert [(each.held.valid, each.held.what.number) for each in decision.added] == [
        (Period(BEGINS, SINCE), 1),
        (Period(SINCE, ENDS), 2),
        (Period(BEGINS, SINCE), 2),
        (Period(SINCE, ENDS), 1),
    ]
    from_the_start = decide(THREE, [(PUPILS[0], 2), (PUPILS[1], 1), (PUPILS[2], 3)], since=BEGINS)
    assert [each.held.valid for each in from_the_start.added] == [Period(BEGINS, ENDS)] * 2


def test_every_row_that_cannot_be_is_named() -> None:
    assert cells(decide(THREE, [(PUPILS[0], 1), (PUPILS[1], 1), (PUPILS[2], 2)])) == [
        ("1番", "1子さん・2子さんが同じ番号です。ひとりを別の番号にしてください。")
    ]
    assert cells(decide(THREE, [(PUPILS[0], 1), (PUPILS[1], 3), (PUPILS[2], 4)])) == [
        ("2番", "だれもいません。欠番にするか、番号をつめてください。")
    ]
    assert cells(decide(THREE, [(PUPILS[0], 1), (PUPILS[1], 2)])) == [
        ("3子さん", "番号がありません。番号を入れてください。")
    ]
    assert [
        cell for cell, _ in cells(decide(THREE, [*((each, n) for n, each in enumerate(PUPILS[:4], 1))]))
    ] == ["4番"]
    twice = decide(THREE, [(PUPILS[0], 1), (PUPILS[0], 2), (PUPILS[1], 3), (PUPILS[2], 4)])
    assert [cell for cell, _ in cells(twice)] == ["1子さん"]
    assert [cell for cell, _ in cells(decide(THREE, [(PUPILS[0], 0), (PUPILS[1], 1), (PUPILS[2], 100)]))] == [
        "0番",
        "100番",
    ]
    for since in (BEGINS - timedelta(days=1), ENDS):
        assert [cell for cell, _ in cells(decide(THREE, [], since=since))] == ["始まりの日"]


def test_a_gap_stays_where_somebody_says_so() -> None:
    decision = decide(THREE, [(PUPILS[0], 1), (PUPILS[1], 3), (PUPILS[2], 4)], {2})
    assert decision.wrong == []
    assert [each.after for each in decision.changed] == [3, 4]


def test_who_comes_later_keeps_the_number_and_is_not_met() -> None:
    later = stored(PUPILS[5], 3, since=date(2026, 10, 1))
    gone = stored(PUPILS[6], 3, until=SINCE)
    visiting = stored(PUPILS[7], 1, kind="exchange")
    two = [stored(PUPILS[0], 1), stored(PUPILS[1], 2), later, gone, visiting]
    assert decide(two, [(PUPILS[0], 2), (PUPILS[1], 1)]).wrong == []
    met = decide(two, [(PUPILS[0], 1), (PUPILS[1], 3)], {2})
    assert [cell for cell, _ in cells(met)] == ["3番"]
    assert "10月1日（木）から6子さんの番号です" in met.wrong[0].message


def test_a_change_that_was_planned_for_later_still_comes() -> None:
    planned = [
        stored(PUPILS[0], 1, until=date(2026, 10, 1)),
        stored(PUPILS[0], 5, since=date(2026, 10, 1)),
        stored(PUPILS[1], 2),
    ]
    decision = decide(planned, [(PUPILS[0], 2), (PUPILS[1], 1)])
    assert decision.wrong == []
    assert [each.held.valid for each in decision.added if each.held.subject == PUPILS[0]] == [
        Period(BEGINS, SINCE),
        Period(SINCE, date(2026, 10, 1)),
    ]


@st.composite
def classes(draw: st.DrawFn) -> list[Stored]:
    since = st.integers(0, 300).map(lambda n: BEGINS + timedelta(days=n))
    found = []
    for pupil in PUPILS[: draw(st.integers(1, 8))]:
        first = draw(since)
        last = first + timedelta(days=draw(st.integers(1, 365)))
        found.append(stored(pupil, draw(st.one_of(st.none(), st.integers(1, 9))), first, min(last, ENDS)))
    return [each for each in found if each.held.valid.since < each.held.valid.until]  # type: ignore[operator]


@given(classes(), st.permutations(range(1, 9)), st.integers(0, 300), st.integers(0, 364))
def test_on_every_day_the_class_is_the_same_children_with_the_new_numbers_from_then_on(
    standing: list[Stored], order: list[int], since: int, on: int
) -> None:
    """Nobody joins or leaves by being numbered; before the day nothing is otherwise; afterwards no two meet."""
    first, day = BEGINS + timedelta(days=since), BEGINS + timedelta(days=on)
    members = rules.members_on(standing, first)
    wished = [(each.held.subject, order[at]) for at, each in enumerate(members)]
    decision = decide(standing, wished, set(range(1, 10)), first)
    if decision.wrong:
        assert not decide([*members], wished, set(range(1, 10)), first).wrong, "only for whoever comes later"
        return
    gone = {each.id for each in decision.voided}
    after = [each.held for each in standing if each.id not in gone] + [each.held for each in decision.added]
    before_on = {each.held.subject: each.held.what.number for each in standing if each.held.valid.holds(day)}
    after_on = {held.subject: held.what.number for held in after if held.valid.holds(day)}
    assert after_on.keys() == before_on.keys()
    assert len(after) - len({(held.subject, held.valid) for held in after}) == 0
    if day < first:
        assert after_on == before_on
    else:
        given_now = dict(wished)
        still = {p for p in after_on if p in given_now}
        assert {p: after_on[p] for p in still} == {p: given_now[p] for p in still}
        numbers = [after_on[p] for p in still]
        assert len(numbers) == len(set(numbers))
        assert not {after_on[p] for p in after_on if p not in still} & set(numbers)


@given(classes(), st.sets(st.sampled_from(PUPILS)), st.permutations(range(1, 9)), st.integers(0, 300))
def test_whoever_decides_meets_no_trace_of_hidden_children_and_their_numbers_meet_nobody(
    standing: list[Stored], hidden: set[UUID], order: list[int], since: int
) -> None:
    first = BEGINS + timedelta(days=since)
    seen = [each for each in standing if each.held.subject not in hidden]
    wished = [(each.held.subject, order[at]) for at, each in enumerate(rules.members_on(seen, first))]

    def ask(of: list[Stored]) -> Decision:
        gaps = set(range(1, 10))
        return rules.decide(of, wished, gaps, first, 2026, lambda pupil: NAMES[pupil], hidden)

    with_them, without = ask(standing), ask(seen)
    assert (with_them.wrong, with_them.changed) == (without.wrong, without.changed)
    if with_them.wrong:
        return
    gone = {each.id for each in with_them.voided}
    after = [each.held for each in standing if each.id not in gone] + [each.held for each in with_them.added]
    ours = [each for each in after if each.subject not in hidden and each.what.number is not None]
    theirs = [each for each in after if each.subject in hidden]
    for mine in ours:
        for held in theirs:
            same = mine.what.number == held.what.number and mine.valid.overlaps(held.valid)
            # What was before the day stays as it was, double numbers of a hasty roster among it.
            assert not same or min(mine.valid.until or ENDS, held.valid.until or ENDS) <= first
    assert {each.subject for each in theirs} == {each.held.subject for each in standing} & hidden, (
        "nobody leaves by making way"
    )
