"""連絡先 of a package: what it says stands, what it does not speak of stays, what is wrong names its place."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.registry.imports.tests.test_reverting import revert
from services.registry.oneroster import layout
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import (
    Files,
    refusal,
    rows_of,
    small_package,
    with_cell,
    with_companion,
)
from services.registry.oneroster.tests.test_delta import delta
from services.registry.roster.tests.reading import id_of, log_of, rows
from shared.database import Units
from tests.support.databases import Database

MOTHER: dict[str, Any] = {
    "person": "g1",
    "postal_code": "〒０００－００１２",
    "address": "紬市\ufa26町１",
    "phones": [
        {"number": "０９０ー００００ー０００１", "kind": "mobile"},
        {"number": "0999-00-0002", "kind": "work"},
    ],
    "language": "vi",
    "from": "2026-04-01",
}
CHILD: dict[str, Any] = {"person": "p3", "address": "紬市西町2", "from": "2026-04-01"}


def package(*contacts: dict[str, Any]) -> Files:
    return with_companion(small_package(), "contacts", list(contacts))


def changed(*contacts: dict[str, Any], removed: tuple[str, ...] = ()) -> Files:
    """A delta that speaks of contacts alone."""
    return delta({layout.USERS: []}, {"contacts": list(contacts), "removed": {"contacts": list(removed)}})


async def standing(units: Units, board: UUID) -> dict[str, tuple[str, date, date | None]]:
    found = await rows(
        units,
        board,
        "select e.sourced_id, c.address, lower(c.valid) as since, upper(c.valid) as until from contact_period c"
        " join external_id e on e.id = c.subject_id where c.voided_at is null",
    )
    return {row.sourced_id: (row.address, row.since, row.until) for row in found}


async def test_it_stands_in_one_spelling_and_is_told_to_messagings_topic_alone(
    units: Units, registry_database: Database
) -> None:
    done = await import_package(units, package(MOTHER, CHILD))
    told = [row for row in await log_of(registry_database) if row.topic == "registry.contact"]
    assert {row.key for row in told} == {str(await id_of(units, done.board, each)) for each in ("g1", "p3")}
    (mother,) = [row.payload["contacts"][0] for row in told if row.payload["contacts"][0]["language"]]
    assert mother == {
        "postal_code": "0000012",
        "address": "紬市\ufa26町１",
        "phones": [{"number": "090-0000-0001", "kind": "mobile"}, {"number": "0999-00-0002", "kind": "work"}],
        "language": "vi",
        "since": "2026-04-01",
        "until": None,
    }
    elsewhere = [row for row in await log_of(registry_database) if row.topic != "registry.contact"]
    assert not [row for row in elsewhere if "0000-0001" in json.dumps(row.payload)]
    assert (await import_package(units, package(MOTHER, CHILD))).nothing


async def test_a_package_that_does_not_speak_of_them_ends_none(units: Units) -> None:
    done = await import_package(units, package(MOTHER, CHILD))
    assert (await import_package(units, small_package())).nothing
    assert (await standing(units, done.board)).keys() == {"g1", "p3"}


async def test_one_that_speaks_of_them_and_names_nobody_ends_them_today(units: Units) -> None:
    done = await import_package(units, package(MOTHER, CHILD))
    assert (await import_package(units, package(CHILD))).counts["連絡先"].ended == 1
    found = await standing(units, done.board)
    assert (found["g1"][2], found["p3"][2]) == (date(2026, 11, 20), None)


async def test_who_leaves_can_still_be_reached(units: Units) -> None:
    done = await import_package(units, package(MOTHER, {**CHILD, "person": "p3"}))
    gone = {"status": "tobedeleted", "enabledUser": "false", "givenName": "―", "familyName": "―"}
    left = delta({layout.USERS: [{**gone, "sourcedId": "p3", "username": "p3"}]})
    counts = (await import_package(units, left, confirmed=True)).counts
    assert (counts["在籍"].ended, counts["連絡先"].ended) == (1, 0)
    assert (await standing(units, done.board))["p3"][2] is None


async def test_one_from_whom_a_child_is_kept_and_who_has_no_tie_may_be_told_of_again(units: Units) -> None:
    """g2 is a guardian in users.csv, named as whom p1 is kept from, and tied to nobody."""
    rights = {"notify": True, "read": True, "contact": True}
    ties = [
        {"pupil": each, "guardian": "g1", "relation": "mother", "from": "2020-04-01", "rights": rights}
        for each in ("p1", "p2", "p3")
    ]
    files = with_companion(small_package(), "guardianships", ties)
    for line, row in enumerate(rows_of(files, layout.USERS), 1):
        if "g2" in row[rows_of(files, layout.USERS)[0].index("agentSourcedIds")]:
            files = with_cell(files, layout.USERS, line, "agentSourcedIds", "g1")
    told = {"person": "g2", "address": "紬市本町1", "from": "2026-04-01"}
    board = (await import_package(units, with_companion(files, "contacts", [told]))).board
    assert (await import_package(units, with_companion(files, "contacts", [told]))).nothing
    await import_package(units, with_companion(files, "contacts", [{**told, "address": "紬市西町2"}]))
    assert (await standing(units, board))["g2"][0] == "紬市西町2"


async def test_a_delta_says_of_whom_it_speaks(units: Units) -> None:
    done = await import_package(units, package(MOTHER, CHILD))
    await import_package(units, changed({**MOTHER, "address": "紬市東町3", "from": "2026-11-01"}))
    found = await standing(units, done.board)
    assert (found["g1"][:2], found["p3"][0]) == (("紬市東町3", date(2026, 11, 1)), "紬市西町2")
    await import_package(units, changed(removed=("p3",)))
    assert (await standing(units, done.board))["p3"][2] == date(2026, 11, 20)


async def test_taken_back_nobody_was_told_anything(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    told = await import_package(units, package(MOTHER))
    before = told.position or 0
    assert told.run is not None
    await revert(units, done.board, told.run)
    assert await standing(units, done.board) == {}
    (event,) = [row for row in await log_of(registry_database, before) if row.topic == "registry.contact"]
    assert event.payload is None


@pytest.mark.parametrize(
    ("part", "column", "rule"),
    [
        ({**MOTHER, "person": "nobody"}, "/contacts/0/person", "users.csv に sourcedId"),
        ({**MOTHER, "person": "t1"}, "/contacts/0/person", "児童生徒か保護者ではありません"),
        ({**MOTHER, "postal_code": "123"}, "/contacts/0/postal_code", "郵便番号は 7 桁"),
        ({**MOTHER, "address": "本町\ufffd"}, "/contacts/0/address", "文字が壊れています"),
        ({**MOTHER, "phones": [{"number": "なし"}]}, "/contacts/0/phones/0/number", "電話番号ではありません"),
        ({**MOTHER, "language": "ベトナム語"}, "/contacts/0/language", "BCP 47"),
        ({**MOTHER, "to": "2026-03-01"}, "/contacts/0/to", "始まりの日より前"),
    ],
)
def test_what_is_wrong_names_its_place(part: dict[str, Any], column: str, rule: str) -> None:
    (problem,) = refusal(package(part)).problems
    assert problem.column == column
    assert rule in problem.rule


def test_two_of_one_person_at_a_time_are_refused() -> None:
    problems = refusal(package(MOTHER, {**MOTHER, "from": "2026-09-01"})).problems
    assert {each.column for each in problems} == {"/contacts/0/person", "/contacts/1/person"}
