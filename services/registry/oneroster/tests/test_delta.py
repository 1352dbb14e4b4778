"""Delta and absent files, laid onto what earlier packages brought."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.registry.oneroster import companion, layout
from services.registry.oneroster.rules import Reading, read_roster
from services.registry.oneroster.tests.packages import (
    Files,
    as_csv,
    as_json,
    cells,
    facts,
    refusal,
    small_package,
    with_cell,
    with_companion,
    with_row,
    without_row,
)
from services.registry.roster.snapshot import Aspect, Spoken

AT = "2026-09-01T00:00:00.000Z"
LATER = "2026-09-02T00:00:00.000Z"


def delta(rows: dict[str, list[dict[str, str]]], told: dict[str, Any] | None = None, **modes: str) -> Files:
    """A package with these rows in delta files; other files are absent unless ``modes`` says otherwise."""
    files: Files = {}
    manifest = [("propertyName", "value"), ("manifest.version", "1.0"), ("oneroster.version", "1.2_JP")]
    for shape in layout.LAYOUTS.values():
        mode = modes.get(shape.manifest_property.removeprefix("file."), "delta")
        manifest.append((shape.manifest_property, mode if shape.name in rows else "absent"))
        if shape.name in rows:
            columns = [*shape.needed, *(each for each in shape.optional if each in shape.kinds)]
            filled = [{"status": "active", "dateLastModified": AT, **row} for row in rows[shape.name]]
            files[shape.name] = as_csv(
                [columns, *([row.get(column, "") for column in columns] for row in filled)]
            )
    files[layout.MANIFEST] = as_csv(manifest)
    if told is not None:
        base = {"format": "tsumugi.companion", "version": 1, "mode": "delta", "school_year": 2026}
        files[companion.FILE] = as_json({**base, "board": {"district": "board"}, **told})
    return files


def right(reading: Reading) -> Reading:
    """A reading that has a snapshot."""
    assert reading.problems == ()
    return reading


def about(reading: Reading, aspect: Aspect) -> Any:
    """Of whom a reading speaks."""
    assert reading.snapshot is not None
    return reading.snapshot.spoken.about.get(aspect)


MEMBER = {
    "sourcedId": "m1",
    "classSourcedId": "k21",
    "schoolSourcedId": "e1",
    "userSourcedId": "p1",
    "role": "student",
}


def test_a_changed_row_replaces_the_known_one() -> None:
    files = delta({layout.ENROLLMENTS: [{**MEMBER, "metadata.jp.shussekiNo": "9"}]})
    reading = right(read_roster(files, small_package()))
    whole = with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "9")
    one, other = facts(reading), facts(read_roster(whole))
    assert one.pop("spoken") != other.pop("spoken")
    assert one == other
    assert about(reading, "membership") == {"p1"}
    assert about(reading, "duty") == {"p1"}
    assert about(reading, "card") == frozenset()
    assert about(reading, "class") == frozenset()
    assert reading.absent == set(small_package()) - {layout.ENROLLMENTS, layout.MANIFEST}


def test_a_delta_onto_its_own_result_says_the_same() -> None:
    files = delta({layout.ENROLLMENTS: [{**MEMBER, "metadata.jp.shussekiNo": "9"}]})
    first = right(read_roster(files, small_package()))
    assert set(first.merged) == {layout.ENROLLMENTS}
    again = right(read_roster(files, {**small_package(), **first.merged}))
    assert facts(again) == facts(first)
    assert again.merged == first.merged


def test_a_new_pupil_with_everything_that_belongs_to_one() -> None:
    files = delta(
        {
            layout.USERS: [
                {
                    "sourcedId": "p4",
                    "enabledUser": "true",
                    "username": "p4",
                    "givenName": "新",
                    "familyName": "森",
                    "grades": "P2",
                    "agentSourcedIds": "g1",
                }
            ],
            layout.ROLES: [
                {
                    "sourcedId": "r9",
                    "userSourcedId": "p4",
                    "roleType": "primary",
                    "role": "student",
                    "orgSourcedId": "e1",
                    "beginDate": "2026-09-01",
                }
            ],
            layout.ENROLLMENTS: [
                {**MEMBER, "sourcedId": "m9", "userSourcedId": "p4", "beginDate": "2026-09-01"}
            ],
            layout.DEMOGRAPHICS: [{"sourcedId": "p4", "birthDate": "2018-09-09", "sex": "female"}],
        },
        {
            "guardianships": [
                {
                    "pupil": "p4",
                    "guardian": "g1",
                    "relation": "mother",
                    "rights": {"notify": True, "read": True, "contact": True},
                    "from": "2026-09-01",
                }
            ]
        },
    )
    reading = right(read_roster(files, small_package()))
    assert reading.snapshot is not None
    assert len(reading.snapshot.people) == 8
    aspects: tuple[Aspect, ...] = ("card", "enrolment", "membership", "guardianship")
    for aspect in aspects:
        assert about(reading, aspect) == {"p4"}
    assert about(reading, "protection") == frozenset()


def test_tobedeleted_takes_a_row_away_and_what_is_about_a_person_goes_along() -> None:
    gone = {
        "status": "tobedeleted",
        "enabledUser": "true",
        "username": "x",
        "givenName": "x",
        "familyName": "x",
    }
    files = delta({layout.USERS: [{"sourcedId": "p2", **gone}]})
    reading = right(read_roster(files, small_package()))
    assert reading.snapshot is not None
    assert "p2" not in {each.key.sourced_id for each in reading.snapshot.people}
    assert "p2" not in {each.pupil.sourced_id for each in reading.snapshot.memberships}
    assert "p2" not in {each.pupil.sourced_id for each in reading.snapshot.guardianships}
    for aspect in Spoken.OF_PEOPLE:
        assert "p2" in about(reading, aspect)
    known = {**small_package(), **reading.merged}
    assert right(read_roster(delta({}), known)).snapshot is not None


def test_an_older_delta_imported_late_brings_nothing_back() -> None:
    changed = delta(
        {layout.ENROLLMENTS: [{**MEMBER, "metadata.jp.shussekiNo": "9", "dateLastModified": LATER}]}
    )
    deleted = delta(
        {
            layout.ENROLLMENTS: [
                {**MEMBER, "sourcedId": "m6", "classSourcedId": "math", "status": "tobedeleted"}
            ]
        }
    )
    first = right(read_roster(changed, small_package()))
    known = {**small_package(), **first.merged}
    second = right(read_roster(deleted, known))
    known = {**known, **second.merged}
    late = delta(
        {
            layout.ENROLLMENTS: [
                {**MEMBER, "metadata.jp.shussekiNo": "5"},
                {
                    **MEMBER,
                    "sourcedId": "m6",
                    "classSourcedId": "math",
                    "dateLastModified": "2026-08-31T23:59:59+00:00",
                },
            ]
        }
    )
    reading = right(read_roster(late, known))
    assert about(reading, "membership") == frozenset()
    one, other = facts(reading), facts(second)
    del one["spoken"], other["spoken"]
    assert one == other
    (note,) = (each for each in reading.notes if each.column == "dateLastModified")
    assert note.times == 2


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ({"status": ""}, "status", ""),
        ({"status": "deleted"}, "status", "deleted"),
        ({"dateLastModified": ""}, "dateLastModified", ""),
        ({"dateLastModified": "2026/9/1 0:00"}, "dateLastModified", "2026/9/1 0:00"),
        ({"dateLastModified": "2026-09-01T00:00:00"}, "dateLastModified", "2026-09-01T00:00:00"),
        ({"userSourcedId": "p9"}, "userSourcedId", "p9"),
        ({"classSourcedId": "k22"}, None, None),
    ],
)
def test_a_wrong_row_of_a_delta_is_named(row: dict[str, str], column: str | None, value: str | None) -> None:
    files = delta({layout.ENROLLMENTS: [{**MEMBER, **row}]})
    found = cells(refusal(files, small_package()).problems)
    if column is None:  # p1's homeClass, known from before, no longer agrees: told as known, without a line
        assert found == {(layout.USERS, None, "metadata.jp.homeClass", "k21")}
    else:
        assert (layout.ENROLLMENTS, 2, column, value) in found


def test_a_delta_needs_something_to_change() -> None:
    files = delta({layout.ENROLLMENTS: [MEMBER]})
    found = [each for each in refusal(files).problems if each.column == "file.enrollments"]
    assert "これまでに取り込んだ名簿がない" in found[0].rule
    files = with_companion(small_package(), "/mode", "delta")
    (problem,) = refusal(files).problems
    assert (problem.file, problem.column) == (companion.FILE, "/mode")


def test_columns_that_a_delta_needs() -> None:
    files = delta({layout.ENROLLMENTS: [MEMBER]})
    rows = files[layout.ENROLLMENTS].replace(b"dateLastModified", b"metadata.x.y")
    found = cells(refusal({**files, layout.ENROLLMENTS: rows}, small_package()).problems)
    assert found == {(layout.ENROLLMENTS, 1, "dateLastModified", "")}


def test_an_absent_file_says_nothing() -> None:
    """Without demographics in a bulk package nobody loses a birth date."""
    files = small_package()
    files[layout.MANIFEST] = files[layout.MANIFEST].replace(b"demographics,bulk", b"demographics,absent")
    del files[layout.DEMOGRAPHICS], files[companion.FILE]
    right(read_roster({**files, companion.FILE: small_package()[companion.FILE]}))
    reading = right(read_roster(files, small_package()))
    one, other = facts(reading), facts(read_roster(small_package()))
    del one["spoken"], other["spoken"]
    assert one == other
    assert about(reading, "card") is None
    assert about(reading, "guardianship") == frozenset()
    assert about(reading, "calendar") == frozenset()


def test_what_is_known_of_people_who_are_gone_goes_with_them() -> None:
    """A bulk package without a companion, after a pupil with a guardianship and an exchange has left."""
    files = small_package()
    for name, line in (
        (layout.USERS, 3),
        (layout.ROLES, 3),
        (layout.ENROLLMENTS, 3),
        (layout.DEMOGRAPHICS, 3),
    ):
        files = without_row(files, name, line)
    assert refusal(files).problems
    del files[companion.FILE]
    reading = right(read_roster(files, small_package()))
    assert about(reading, "guardianship") == {"p2"}


def test_a_protection_names_people_who_are_gone_and_stays_as_strong() -> None:
    files = small_package()
    for name, line in ((layout.USERS, 6), (layout.ROLES, 6)):
        files = without_row(files, name, line)
    files = with_cell(files, layout.USERS, 2, "agentSourcedIds", "g1")
    files = with_cell(files, layout.USERS, 4, "agentSourcedIds", "")
    del files[companion.FILE]
    reading = right(read_roster(files, small_package()))
    assert reading.snapshot is not None
    (mark,) = reading.snapshot.protections
    assert [each.sourced_id for each in mark.confidential_from] == ["g2"]


def test_a_delta_of_the_companion_replaces_whole_sets() -> None:
    tie = {
        "pupil": "p1",
        "guardian": "g1",
        "relation": "guardian",
        "rights": {"notify": True, "read": True, "contact": False},
        "from": "2026-09-01",
    }
    files = delta(
        {layout.USERS: []},
        {"guardianships": [tie], "removed": {"duties": ["t2"], "exchanges": ["p2"]}},
    )
    files = with_row(
        files,
        layout.USERS,
        sourcedId="p1",
        status="active",
        dateLastModified=AT,
        enabledUser="true",
        username="p1",
        givenName="蓮",
        familyName="\ufa19田",
        agentSourcedIds="g1",
        grades="P2",
    )
    reading = right(read_roster(files, small_package()))
    assert reading.snapshot is not None
    ties = [each for each in reading.snapshot.guardianships if each.pupil.sourced_id == "p1"]
    assert [(each.guardian.sourced_id, each.relation) for each in ties] == [("g1", "guardian")]
    assert [each.staff.sourced_id for each in reading.snapshot.duties if each.kind == "board_staff"] == []
    assert [each for each in reading.snapshot.memberships if each.kind == "exchange"] == []
    assert about(reading, "guardianship") == {"p1"}
    assert about(reading, "duty") == {"t2"}
    assert about(reading, "membership") == {"p2"}
    kept = json.loads(reading.merged[companion.FILE])
    assert kept["mode"] == "bulk"
    known = {**small_package(), **reading.merged}
    assert right(read_roster(delta({}), known)).snapshot is not None


def test_problems_of_a_companions_delta_are_those_of_its_own_file() -> None:
    duty = {"staff": "t9", "kind": "nurse", "school": "e1", "from": "2026-09-01"}
    files = delta({}, {"duties": [duty]})
    assert cells(refusal(files, small_package()).problems) == {
        (companion.FILE, None, "/duties/0/staff", "t9")
    }


def test_a_school_that_is_taken_away_must_be_empty() -> None:
    row = {"sourcedId": "e2", "name": "x", "type": "school", "status": "tobedeleted"}
    found = cells(refusal(delta({layout.ORGS: [row]}), small_package()).problems)
    assert {(file, line) for file, line, _, _ in found} >= {(layout.ROLES, None), (layout.CLASSES, None)}
