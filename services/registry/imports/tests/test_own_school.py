"""A school's office brings its own roster, and nothing of another school's is touched or shown."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from services.registry.imports.tests.web import Web, school_town
from services.registry.oneroster import companion, layout
from services.registry.oneroster.tests.packages import (
    Files,
    as_csv,
    as_json,
    rows_of,
    with_cell,
    with_companion,
    with_row,
    without_row,
)
from services.registry.roster.tests.reading import id_of, log_of, periods, rows

PEOPLE = {"e1": {"p1", "p2", "g1", "g2", "t1", "t2", "o1"}, "e2": {"p3", "g2", "o2"}}


def of_school(school: str, files: Files | None = None) -> Files:
    """What a school exports of itself: its people, classes, calendar, and the district above it."""
    files = dict(files or school_town())
    people = PEOPLE[school]
    keep = {
        layout.ORGS: ("sourcedId", {school, "board"}),
        layout.COURSES: ("orgSourcedId", {school}),
        layout.CLASSES: ("schoolSourcedId", {school}),
        layout.ENROLLMENTS: ("schoolSourcedId", {school}),
        layout.USERS: ("sourcedId", people),
        layout.DEMOGRAPHICS: ("sourcedId", people),
        layout.ROLES: ("orgSourcedId", {school}),
    }
    for name, (column, values) in keep.items():
        head, *body = rows_of(files, name)
        at = head.index(column)
        files[name] = as_csv([head, *(row for row in body if row[at] in values)])
    head, *body = rows_of(files, layout.ROLES)
    files[layout.ROLES] = as_csv([head, *(row for row in body if row[1] in people)])
    told: dict[str, Any] = json.loads(files[companion.FILE])
    told["departments"] = []
    told["duties"] = [each for each in told["duties"] if each.get("school") == school]
    for part, who in (("guardianships", "pupil"), ("protections", "pupil"), ("exchanges", "pupil")):
        told[part] = [each for each in told[part] if each[who] in people]
    told["birth_dates"] = [each for each in told["birth_dates"] if each["person"] in people]
    for part in ("schools", "calendars"):
        told[part] = [each for each in told[part] if each["school"] == school]
    files[companion.FILE] = as_json(told)
    return files


async def problem_of(web: Web, who: str, files: Files, school: UUID) -> list[dict[str, Any]]:
    """Why a package is refused."""
    told = await web.bring(who, files, school)
    assert told["state"] == "refused", told
    return await web.rows(who, told, "problems")


async def test_a_school_brings_its_own_and_the_others_stay_as_they_are(web: Web) -> None:
    school = await id_of(web.units, web.board, "e1")
    same = await web.bring("office", of_school("e1"), school)
    assert same["state"] == "ready", await web.rows("office", same, "problems")
    assert same["found"]["nothing"]
    before = {(row.topic, row.key): row.payload for row in await log_of(web.database)}
    files = with_cell(of_school("e1"), layout.USERS, 2, "givenName", "連")
    run = await web.imported("office", files, school)
    assert (run["state"], run["started_by"]) == ("done", "事務 o1")
    after = {(row.topic, row.key): row.payload for row in await log_of(web.database)}
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed == {("registry.person", str(await web.person("p1")))}
    assert [each["run"] for each in (await web.get("office", "")).json()["runs"]] == [run["run"]]
    assert (await web.get("other_office", f"/runs/{run['run']}")).status_code == 404


async def test_whoever_leaves_the_school_leaves_and_nobody_else(web: Web) -> None:
    school = await id_of(web.units, web.board, "e2")
    files = with_companion(of_school("e2"), "/guardianships", [])
    for name in (layout.DEMOGRAPHICS, layout.ENROLLMENTS):
        files = without_row(files, name, 2)
    files = only_people(files, {"o2"})
    run = await web.imported("other_office", files, school)
    assert run["state"] == "done"
    (stay,) = await periods(web.units, web.board, "enrolment_period", "p3", "grade")
    assert stay[1] is not None
    for pupil in ("p1", "p2"):
        (stay,) = await periods(web.units, web.board, "enrolment_period", pupil, "grade")
        assert stay[1] is None or stay[1].year == 2027
    assert await rows(web.units, web.board, "select * from organisation where until is not null") == []


def only_people(files: Files, people: set[str]) -> Files:
    """The package with these people alone."""
    found = dict(files)
    for name, at in ((layout.USERS, 0), (layout.ROLES, 1)):
        head, *body = rows_of(files, name)
        found[name] = as_csv([head, *(row for row in body if row[at] in people)])
    return found


async def test_a_member_of_staff_keeps_what_another_school_says_of_them(web: Web) -> None:
    everybody = with_companion(
        school_town(), "/duties/-", {"staff": "t1", "kind": "nurse", "school": "e2", "from": "2025-04-01"}
    )
    role = {"userSourcedId": "t1", "roleType": "secondary", "role": "teacher", "orgSourcedId": "e2"}
    everybody = with_row(everybody, layout.ROLES, sourcedId="r61", **role)
    assert (await web.imported("board", everybody))["state"] == "done"
    school = await id_of(web.units, web.board, "e1")
    same = await web.bring("office", of_school("e1", everybody), school)
    assert same["found"].get("nothing"), await web.rows("office", same, "problems")
    office = {"staff": "o1", "kind": "office", "school": "e1", "from": "2024-04-01"}
    less = with_companion(of_school("e1", everybody), "/duties", [office])
    run = await web.imported("office", less, school)
    assert run["state"] == "done"
    duties = await periods(web.units, web.board, "duty_period", "t1", "kind, organisation_id")
    other = await id_of(web.units, web.board, "e2")
    assert ("nurse", other) in [(kind, at) for _, until, kind, at in duties if until is None]
    assert ("nurse", school) not in [(kind, at) for _, until, kind, at in duties if until is None]


@pytest.mark.parametrize(
    "change", ["a child who is enrolled elsewhere", "a class", "a duty", "the whole board's"]
)
async def test_a_package_that_touches_another_school_is_refused_and_names_it(web: Web, change: str) -> None:
    before = await log_of(web.database)
    files = of_school("e1")
    if change == "a child who is enrolled elsewhere":
        child = {"familyName": "髙橋", "givenName": "凛", "grades": "P2", "agentSourcedIds": "g2"}
        files = with_row(files, layout.USERS, sourcedId="p3", enabledUser="true", username="p3", **child)
        at = {"userSourcedId": "p3", "role": "student"}
        files = with_row(files, layout.ROLES, sourcedId="r3", roleType="primary", orgSourcedId="e1", **at)
        at |= {"classSourcedId": "k21", "schoolSourcedId": "e1"}
        files = with_row(files, layout.ENROLLMENTS, sourcedId="m33", **at)
        files = with_row(files, layout.DEMOGRAPHICS, sourcedId="p3", birthDate="2018-05-05", sex="female")
        tie = {"pupil": "p3", "guardian": "g2", "relation": "father", "rights": ALL, "from": "2020-04-01"}
        files = with_companion(files, "/guardianships/-", tie)
    elif change == "a class":
        files = school_town()
        files = with_cell(files, layout.CLASSES, 5, "title", "1年9組")
    elif change == "a duty":
        nurse = {"staff": "t1", "kind": "nurse", "school": "e2", "from": "2025-04-01"}
        files = with_companion(school_town(), "/duties/-", nurse)
        role = {"userSourcedId": "t1", "roleType": "secondary", "role": "teacher", "orgSourcedId": "e2"}
        files = with_row(files, layout.ROLES, sourcedId="r61", **role)
    else:
        files = with_cell(school_town(), layout.USERS, 4, "givenName", "りん")
    school = await id_of(web.units, web.board, "e1")
    problems = await problem_of(web, "office", files, school)
    assert [each["value"] for each in problems] == ["紬市立にし小学校"], problems
    assert await log_of(web.database) == before


ALL = {"notify": True, "read": True, "contact": True}


async def test_the_boards_own_people_and_departments_are_not_a_schools(web: Web) -> None:
    files = with_companion(school_town(), "/departments/0/name", "学務企画課")
    school = await id_of(web.units, web.board, "e1")
    (problem,) = await problem_of(web, "office", files, school)
    assert "部署" in problem["rule"]


async def test_another_boards_roster_is_refused_unread(web: Web) -> None:
    files = with_cell(school_town(), layout.ORGS, 2, "sourcedId", "elsewhere")
    files = {name: content.replace(b",board\r\n", b",elsewhere\r\n") for name, content in files.items()}
    files = with_companion(files, "/board/district", "elsewhere")
    told = await web.bring("board", files)
    (problem,) = await web.rows("board", told, "problems")
    assert (problem["file"], problem["value"]) == (layout.ORGS, "elsewhere")


async def test_a_protected_child_is_shown_at_its_school_alone(web: Web) -> None:
    files = with_cell(school_town(), layout.USERS, 2, "givenName", "連")
    told = await web.bring("board", files)
    assert set(told["found"]["changes"]) == {"card"}
    page = await web.get("board", f"/uploads/{told['id']}/changes?kind=card")
    assert (page.json()["rows"], page.json()["hidden"]) == ([], told["found"]["changes"]["card"])
    assert "連" not in page.text
    school = await id_of(web.units, web.board, "e1")
    own = await web.bring("office", with_cell(of_school("e1"), layout.USERS, 2, "givenName", "連"), school)
    assert "連" in [each["after"] for each in await web.rows("office", own, "changes", kind="card")]


async def test_a_child_whom_the_package_itself_protects_is_not_shown_either(web: Web) -> None:
    mark = {"pupil": "p3", "from": "2026-11-01", "confidential_from": []}
    files = with_companion(
        with_cell(school_town(), layout.USERS, 4, "givenName", "りん"), "/protections/-", mark
    )
    told = await web.bring("board", files)
    shown = [
        (await web.get("board", f"/uploads/{told['id']}/changes?kind={kind}")).text
        for kind in told["found"]["changes"]
    ]
    assert shown
    assert not any("りん" in each for each in shown)
