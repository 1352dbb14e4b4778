"""Who may see in a preview what a package says of children whom it protects itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from services.registry.imports.found import guard, may_know
from services.registry.imports.importing import Planned
from services.registry.people.tests.town import snapshot
from services.registry.roster.snapshot import ExternalKey, Protection
from tests.support.rosters import YEAR, key

X, Y = "neighbour", "subject"
FIRST, SECOND = key("organisation", "first"), key("organisation", "second")
CHILD, OTHER, MOTHER = key("person", "hanako"), key("person", "watanabe"), key("person", "mother")


def guarded(*marks: Protection) -> tuple[Mapping[str, Any], Mapping[ExternalKey, UUID]]:
    told = replace(snapshot(), protections=marks)
    keys = {each.key for each in told.people} | {each.key for each in told.organisations}
    ids = {each: UUID(int=number) for number, each in enumerate(sorted(keys, key=str), 1)}
    return guard(told, cast(Planned, SimpleNamespace(ids=ids))), ids


def mark(pupil: ExternalKey, since: date, until: date | None, *kept_from: str) -> Protection:
    return Protection(pupil, since, until, tuple(key("person", each) for each in kept_from))


def test_each_of_a_childs_marks_keeps_it_from_its_own() -> None:
    changes = date(2026, 12, 1)
    found, ids = guarded(mark(CHILD, YEAR.since, changes, X), mark(CHILD, changes, None, Y))
    for who in (X, Y):
        assert not may_know(found[str(ids[CHILD])], ids[key("person", who)], [ids[FIRST]], named=True)
    assert may_know(found[str(ids[CHILD])], ids[key("person", "office")], [ids[FIRST]], named=False)


def test_a_mother_of_two_is_shown_to_nobody_from_whom_either_is_kept() -> None:
    assert {(tie.pupil, tie.guardian) for tie in snapshot().guardianships} >= {
        (CHILD, MOTHER),
        (OTHER, MOTHER),
    }
    found, ids = guarded(mark(CHILD, YEAR.since, None, X), mark(OTHER, YEAR.since, None, Y))
    both = [ids[FIRST], ids[SECOND]]
    for who in (X, Y):
        assert not may_know(found[str(ids[MOTHER])], ids[key("person", who)], both, named=True)
    office = ids[key("person", "office")]
    assert may_know(found[str(ids[MOTHER])], office, both, named=False)
    assert not may_know(found[str(ids[MOTHER])], office, [ids[SECOND]], named=False), (
        "one child's school is not both's"
    )
