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
        protection=Protection(since=MARK, confidential_from=[FATHER]),
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


@given(st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.integers(-30, 30), st.booleans())
def test_protection_never_lengthens_a_tie(since: date, days: int, open_end: bool) -> None:
    until = None if open_end else since + timedelta(days=abs(days))
    plain = hats_of(guardianship(CHILD, tie(FATHER, since=since, until=until)))
    hidden = hats_of(
        GuardianshipChanged(
            pupil=CHILD,
            guardians=[tie(FATHER, since=since, until=until)],
            protection=Protection(since=since + timedelta(days=days), confidential_from=[FATHER]),
        )
    )
    assert len(hidden) <= len(plain)
    for hat in hidden:
        (was,) = plain
        assert was.until is None or (hat.until is not None and hat.until <= was.until)
