"""Properties of reading, over a generated town: order is nothing, and one wrong cell never passes unseen."""

from __future__ import annotations

import random
from datetime import date
from functools import cache
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deploy.town.generate import generate
from services.registry.oneroster import layout
from services.registry.oneroster.encodings import BOM
from services.registry.oneroster.problems import Problem
from services.registry.oneroster.rules import Reading, read_roster
from services.registry.oneroster.tests.packages import Files, as_csv, facts, rows_of, with_cell
from services.registry.roster.snapshot import ExternalKey, RosterSnapshot

TABLES = [name for name in layout.LAYOUTS if name != layout.USER_PROFILES]


@cache
def town() -> Files:
    """A small town; nobody changes it."""
    return generate(seed=7, school_year=2026, training_date=date(2026, 11, 20), pupils=200)


@cache
def right() -> Reading:
    """What the town says."""
    return read_roster(town())


@cache
def table(name: str) -> list[list[str]]:
    """A file's rows with the header."""
    return rows_of(town(), name)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_the_order_of_rows_and_columns_makes_no_difference(seed: int) -> None:
    rng = random.Random(seed)
    files = dict(town())
    for name in TABLES:
        header, *rows = table(name)
        rng.shuffle(rows)
        order = rng.sample(range(len(header)), len(header))
        files[name] = as_csv([[row[place] for place in order] for row in [header, *rows]])
    reading = read_roster(files)
    assert reading.problems == ()
    assert facts(reading) == facts(right())


def _checked_columns() -> list[tuple[str, str]]:
    return [
        (name, column)
        for name in TABLES
        for column in layout.LAYOUTS[name].kinds
        if column in table(name)[0] and column not in ("sourcedId", "status", "dateLastModified")
    ]


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_value_that_its_column_cannot_hold_is_refused_with_the_cell_named(data: st.DataObject) -> None:
    name, column = data.draw(st.sampled_from(_checked_columns()))
    kind = layout.LAYOUTS[name].kinds[column]
    value = data.draw(
        st.one_of(
            st.sampled_from(
                ["ｱｲｳ", "２", "2026/4/1", "2026-02-30", "yes", "P9", "x y", "\ufffd", " 神田", "NULL", "-1"]
            ),
            st.text(
                st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=8
            ),
        )
    )
    mended = kind.mend(value) if kind.mend else value
    assume(mended)  # a cell of blanks is an empty cell, and which may be empty is another rule
    assume(kind.check(mended) is not None)
    line = data.draw(st.integers(2, len(table(name))))
    wrong = with_cell(town(), name, line, column, value)
    wrong[name] = (
        BOM + wrong[name]
    )  # a file whose only letters are ¡ or é could be either encoding, and is refused whole
    reading = read_roster(wrong)
    assert reading.snapshot is None
    named = {(each.file, each.line, each.column, each.value) for each in reading.problems}
    assert (name, line, column, value) in named


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_cell_with_another_rows_value_is_noticed_or_makes_sense(data: st.DataObject) -> None:
    """A well-formed but wrong value: refused where it clashes, or another roster without any loose end."""
    name = data.draw(st.sampled_from(TABLES))
    header, *rows = table(name)
    column = data.draw(st.sampled_from(header))
    place = header.index(column)
    line = data.draw(st.integers(2, len(rows) + 1))
    value = data.draw(st.sampled_from(sorted({row[place] for row in rows} | {""})))
    reading = read_roster(with_cell(town(), name, line, column, value))
    if reading.snapshot is None:
        assert _near(reading.problems, name, line, column, rows[line - 2], value)
    else:
        _assert_no_loose_end(reading.snapshot)


def _near(
    problems: tuple[Problem, ...], name: str, line: int, column: str, row: list[str], value: str
) -> bool:
    """Whether some problem names the cell, its row, or one of the ids that stood or stand in it."""
    ids = {part for cell in (*row, value) for part in cell.split(",") if len(part) == 36}
    return any(
        (each.file, each.line) == (name, line)
        or f"{name} {line}行" in each.rule
        or any(part in each.value + each.rule for part in ids)
        for each in problems
    )


def _assert_no_loose_end(snapshot: RosterSnapshot) -> None:
    people = {each.key for each in snapshot.people}
    units = {each.key: each for each in snapshot.organisations}
    schools = {key for key, unit in units.items() if unit.school == key}
    assert snapshot.board in units
    assert {each.pupil for each in snapshot.enrolments} <= people
    assert {each.school for each in snapshot.enrolments} <= schools
    assert {each.school for each in snapshot.calendars} == schools
    assert all(unit.parent in units for unit in units.values() if unit.parent is not None)
    on_a_roll: dict[ExternalKey, list[tuple[date, date | None]]] = {}
    for each in snapshot.memberships:
        assert each.pupil in people
        assert units[each.class_key].kind == "class"
        if each.kind == "home":
            on_a_roll.setdefault(each.pupil, []).append(each.valid)
    assert {each.pupil for each in snapshot.enrolments} == set(on_a_roll)
    for found in on_a_roll.values():
        ordered = sorted(found, key=lambda valid: valid[0])
        assert all(one[1] is not None and one[1] <= two[0] for one, two in pairwise(ordered))
    assert all(each.staff in people and each.organisation in units for each in snapshot.duties)
    assert all(each.pupil in people and each.guardian in people for each in snapshot.guardianships)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_bytes_are_answered_with_problems_not_with_an_error(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(town())))
    content = town()[name]
    start = data.draw(st.integers(0, len(content) - 1))
    damage = data.draw(st.binary(min_size=1, max_size=6))
    reading = read_roster({**town(), name: content[:start] + damage + content[start + 3 :]})
    assert (reading.snapshot is None) == bool(reading.problems)
