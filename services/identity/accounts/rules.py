"""Who has an account, and in which capacity (pure).

One account = one (board, person). A person wears a *hat* as long as a dated relation of registry's says so: staff by a
duty, pupil by an enrolment, guardian by a tie to a child that lets them tell or read something. Hats are dated and
evaluated on a business date; nothing is stored as "current".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.contracts import Contract
from shared.contracts.identity import AccountKind
from shared.contracts.registry import (
    DutyChanged,
    EnrolmentChanged,
    Guardian,
    GuardianshipChanged,
    Protection,
)


@dataclass(frozen=True, order=True)
class Hat:
    """A capacity in which a person acts, ``[since, until)``."""

    person: UUID
    kind: AccountKind
    since: date
    until: date | None


def hats_of(fact: Contract | None) -> frozenset[Hat]:
    """The hats that one whole set of periods gives; none for a tombstone."""
    match fact:
        case None:
            hats: Iterable[Hat] = ()
        case DutyChanged():
            hats = (Hat(fact.staff, "staff", d.since, d.until) for d in fact.duties)
        case EnrolmentChanged():
            hats = (Hat(fact.pupil, "pupil", e.since, e.until) for e in fact.enrolments)
        case GuardianshipChanged():
            hats = (
                Hat(g.guardian, "guardian", since, until)
                for g in fact.guardians
                if g.notify or g.read
                for since, until in _left(g, fact.protections)
            )
        case _:
            raise TypeError(f"{fact.TYPE} gives no hats")
    return frozenset(hat for hat in hats if hat.until is None or hat.since < hat.until)


def _left(tie: Guardian, marks: Iterable[Protection]) -> Iterable[tuple[date, date | None]]:
    """When a tie gives something: not while the child is protected from this very person. Some may be empty."""
    since = tie.since
    for mark in sorted(marks, key=lambda mark: mark.since):
        if tie.guardian not in mark.confidential_from:
            continue
        yield since, mark.since if tie.until is None else min(tie.until, mark.since)
        if mark.until is None:
            return
        since = max(since, mark.until)
    yield since, tie.until


@dataclass(frozen=True)
class Account:
    """An account as it stands. Without any kind it is disabled, never deleted: its subject is in old logs."""

    id: UUID
    person: UUID
    kinds: tuple[AccountKind, ...]

    @property
    def enabled(self) -> bool:
        """Whether its person may sign in."""
        return bool(self.kinds)

    def acts_as(self, kind: str) -> bool:
        """Whether its person still wears the hat that a token names."""
        return kind in self.kinds


@dataclass(frozen=True)
class Changes:
    """What has to happen to the accounts of a board."""

    open: Mapping[UUID, tuple[AccountKind, ...]]
    """Person → kinds of an account to be made."""
    changed: Collection[Account]
    """Accounts as they shall be."""


def changes(due: Mapping[UUID, Collection[AccountKind]], standing: Iterable[Account]) -> Changes:
    """What makes the accounts of the people in ``due`` equal to the hats they wear today.

    Nobody gets an account before the first day of the first hat.
    """
    wanted: dict[UUID, tuple[AccountKind, ...]] = {
        person: tuple(sorted(set(kinds))) for person, kinds in due.items()
    }
    by_person = {account.person: account for account in standing}
    return Changes(
        open={person: kinds for person, kinds in wanted.items() if kinds and person not in by_person},
        changed=[
            Account(account.id, person, wanted[person])
            for person, account in by_person.items()
            if person in wanted and wanted[person] != account.kinds
        ],
    )
