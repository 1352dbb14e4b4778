"""Who has an account, by example and for any periods."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.accounts.rules import Account, Hat, changes, hats_of
from services.identity.tests.town import SINCE, duties, duty, enrolment, guardianship, person, tie
from shared.contracts.identity import AccountKind
from shared.contracts.registry import GuardianshipChanged, Protection

SCHOOL, CHILD, MOTHER, FATHER = (UUID(int=number) for number in range(1, 5))
MARK = date(2026, 9, 1)


def test_every_duty_and_enrolment_is_a_hat_of_its_own_time() -> None:
    taught = duties(MOTHER, duty("homeroom", SCHOOL), duty("substitute", SCHOOL, until=date(2026, 4, 2)))
    assert hats_of(taught) == {
        Hat(MOTHER, "staff", SINCE, None),
        Hat(MOTHER, "staff", SINCE, date(2026, 4, 2)),
    }
    assert hats_of(enrolment(CHILD, SCHOOL)) == {Hat(CHILD, "pupil", SINCE, None)}


def test_a_tombstone_gives_nothing() -> None:
    assert hats_of(None) == frozenset()


def test_an_empty_period_gives_nothing() -> None:
    assert hats_of(enrolment(CHILD, SCHOOL, until=SINCE)) == frozenset()


@pytest.mark.parametrize(
    ("notify", "read", "counts"), [(True, False, 1), (False, True, 1), (False, False, 0)]
)
def test_a_guardian_needs_something_to_tell_or_to_read(notify: bool, read: bool, counts: int) -> None:
    assert len(hats_of(guardianship(CHILD, tie(MOTHER, notify=notify, read=read)))) == counts


def test_from_the_mark_on_a_child_gives_nothing_to_whom_it_is_hidden_from() -> None:
    fact = GuardianshipChanged(
        pupil=CHILD,
        guardians=[tie(MOTHER), tie(FATHER), tie(FATHER, since=MARK), tie(FATHER, until=date(2026, 5, 1))],
        protections=[Protection(since=MARK, until=None, confidential_from=[FATHER])],
    )
    assert hats_of(fact) == {
        Hat(MOTHER, "guardian", SINCE, None),
        Hat(FATHER, "guardian", SINCE, MARK),
        Hat(FATHER, "guardian", SINCE, date(2026, 5, 1)),
    }


def test_a_fact_of_another_kind_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match=r"registry\.person\.changed"):
        hats_of(person(MOTHER, "紬", "花", "つむぎ はな"))


people = st.sampled_from([UUID(int=number) for number in range(5)])
kinds: st.SearchStrategy[AccountKind] = st.sampled_from(["staff", "guardian", "pupil"])
standing = st.dictionaries(people, st.sets(kinds).map(lambda found: tuple(sorted(found))), max_size=5).map(
    lambda found: [Account(uuid4(), person, kinds) for person, kinds in found.items()]
)


@given(st.dictionaries(people, st.lists(kinds)), standing)
def test_after_the_changes_accounts_are_what_is_due_and_nobody_else_is_touched(
    due: dict[UUID, list[AccountKind]], before: list[Account]
) -> None:
    todo = changes(due, before)
    after = {account.person: account.kinds for account in before}
    after |= {account.person: account.kinds for account in todo.changed} | dict(todo.open)
    for person_, kinds_ in due.items():
        assert after.get(person_, ()) == tuple(sorted(set(kinds_)))
    untouched = {account.person for account in before} - due.keys()
    assert all(after[account.person] == account.kinds for account in before if account.person in untouched)
    assert not set(todo.open) & {account.person for account in before}
    ids = {account.person: account.id for account in before}
    assert all(ids[account.person] == account.id for account in todo.changed)
    again = changes(
        due,
        [
            *(a for a in before if a.person not in due),
            *(Account(uuid4(), p, k) for p, k in after.items() if p in due),
        ],
    )
    assert not again.open
    assert not again.changed


def test_an_account_without_hats_is_disabled() -> None:
    account = Account(uuid4(), MOTHER, ("staff",))
    todo = changes({MOTHER: []}, [account])
    assert [item.enabled for item in todo.changed] == [False]
    assert not account.acts_as("guardian")
    assert account.acts_as("staff")


def test_when_the_mark_ends_the_tie_gives_again_what_it_gave() -> None:
    fact = GuardianshipChanged(
        pupil=CHILD,
        guardians=[tie(MOTHER), tie(FATHER)],
        protections=[
            Protection(since=MARK, until=date(2026, 12, 1), confidential_from=[FATHER]),
            Protection(since=date(2027, 2, 1), until=None, confidential_from=[MOTHER]),
        ],
    )
    assert hats_of(fact) == {
        Hat(MOTHER, "guardian", SINCE, date(2027, 2, 1)),
        Hat(FATHER, "guardian", SINCE, MARK),
        Hat(FATHER, "guardian", date(2026, 12, 1), None),
    }


FIRST = date(2026, 1, 1)
periods = st.tuples(st.integers(0, 20), st.none() | st.integers(1, 20)).map(
    lambda at: (FIRST + timedelta(at[0]), None if at[1] is None else FIRST + timedelta(at[0] + at[1]))
)


def holds(since: date, until: date | None, on: date) -> bool:
    return since <= on and (until is None or on < until)


@given(periods, st.lists(st.tuples(periods, st.sampled_from([[], [MOTHER], [FATHER], [MOTHER, FATHER]]))))
def test_a_tie_gives_something_on_just_the_days_without_a_mark_against_that_person(
    when: tuple[date, date | None], marks: list[tuple[tuple[date, date | None], list[UUID]]]
) -> None:
    fact = GuardianshipChanged(
        pupil=CHILD,
        guardians=[tie(FATHER, since=when[0], until=when[1])],
        protections=[
            Protection(since=since, until=until, confidential_from=hidden_from)
            for (since, until), hidden_from in marks
        ],
    )
    hats = hats_of(fact)
    for day in (FIRST + timedelta(number) for number in range(45)):
        hidden = any(FATHER in hidden_from and holds(*period, day) for period, hidden_from in marks)
        assert any(holds(hat.since, hat.until, day) for hat in hats) == (holds(*when, day) and not hidden)
