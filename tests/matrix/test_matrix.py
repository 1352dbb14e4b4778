"""The matrix is the policies, nothing is missing from it, and it would show any condition that was lost."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from shared.access.policies import Policies
from tests.matrix.mutants import mutants
from tests.matrix.rows import ACTS, ROWS, SERVICES, THINGS
from tests.matrix.table import FILE, RENEW, asked_for, marks, policy_files, render, rooms

HELD_TWICE = {
    "保護されている子は、その学校に職務のない人には見せない": (
        "the one rule that lets anybody see a child asks for a duty at the school too; this stands for the next rule"
    ),
}
"""Sentences whose loss the matrix would not show, and why that is right."""


def test_the_matrix_is_what_was_reviewed() -> None:
    reviewed, now = FILE.read_text(encoding="utf-8"), render()
    difference = "\n".join(
        difflib.unified_diff(reviewed.splitlines(), now.splitlines(), "reviewed", "now", lineterm="", n=2)
    )
    assert reviewed == now, (
        f"Who may do what has changed:\n{difference}\n\nIf this is meant, write it anew with `{RENEW}` and have the"
        " difference reviewed by somebody who answers for it. Never write it anew to make a test pass."
    )


@pytest.mark.parametrize("service", rooms())
def test_every_resource_and_action_has_rows(service: str) -> None:
    """A policy nobody sees a row of is a policy nobody reviewed: add rows in tests/matrix/rows.py."""
    assert {(row.thing, row.act) for row in ROWS if row.service == service} == asked_for(rooms()[service])


def test_every_policy_is_one_that_its_service_asks() -> None:
    assert policy_files() == {folder for folders in rooms().values() for folder in folders}


def test_everything_has_a_word_for_its_reader() -> None:
    assert set(rooms()) == set(SERVICES)
    assert {row.thing for row in ROWS} == set(THINGS)
    assert {row.act for row in ROWS} == set(ACTS)
    assert len({(r.service, r.thing, r.act, r.situation) for r in ROWS}) == len(ROWS)


def test_two_services_that_decide_the_same_decide_alike() -> None:
    """The page offers what the owner will do: dashboard's ReadRoll and TakeRoll are registry's."""
    of = {name: Policies(folders) for name, folders in rooms().items() if folders}
    decided: dict[tuple[str, str], dict[str, dict[tuple[str, str], bool]]] = {}
    for row in ROWS:
        there = decided.setdefault((row.thing, row.act), {}).setdefault(row.service, {})
        there.update(marks(of[row.service], [row]))
    shared = {what: list(by.values()) for what, by in decided.items() if len(by) > 1}
    assert set(shared) == {("ClassDay", "ReadRoll"), ("ClassDay", "TakeRoll")}
    for what, tables in shared.items():
        assert all(table == tables[0] for table in tables), what


def test_whatever_a_policy_loses_shows_in_the_matrix(tmp_path: Path) -> None:
    """The matrix itself is tested: a sentence lost, or half of a condition, changes a mark."""
    unseen: dict[str, list[str]] = {}
    lost = 0
    for folder in sorted(policy_files()):
        schema = (folder / "policy.cedarschema").read_text(encoding="utf-8")
        (tmp_path / "policy.cedarschema").write_text(schema, encoding="utf-8")
        mine = [row for row in ROWS if row.service == folder.parent.name]
        before = marks(Policies([folder]), mine)
        for mutant in mutants(folder):
            lost += 1
            (tmp_path / "policy.cedar").write_text(mutant.text, encoding="utf-8")
            after, rows = Policies([tmp_path]), [row for row in mine if row.act in mutant.actions]
            if all(marks(after, [row]).items() <= before.items() for row in rows):
                unseen.setdefault(mutant.sentence, []).append(mutant.lost)
    assert lost > 40
    assert set(unseen) == set(HELD_TWICE), (
        f"these policies can lose what is named and the matrix stays the same: {unseen}. Add a situation to"
        " tests/matrix/rows.py that tells them apart."
    )
