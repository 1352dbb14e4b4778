"""A small hand-made package for tests, and ways to change one cell of it."""

from __future__ import annotations

import copy
import csv
import io
import json
from dataclasses import fields
from typing import Any

from services.registry.oneroster import companion, layout
from services.registry.oneroster.problems import Problem
from services.registry.oneroster.rules import Reading, read_roster

Files = dict[str, bytes]

_MANIFEST = [
    ("manifest.version", "1.0"),
    ("oneroster.version", "1.2_JP"),
    *(
        (shape.manifest_property, "bulk")
        for shape in layout.LAYOUTS.values()
        if shape.name != layout.USER_PROFILES
    ),
    ("file.userProfiles", "absent"),
    ("source.systemName", "test"),
]

_TABLES = {
    layout.MANIFEST: [("propertyName", "value"), *_MANIFEST],
    layout.ACADEMIC_SESSIONS: [
        ("sourcedId", "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
        ("y26", "2026年度", "schoolYear", "2026-04-01", "2027-03-31", "NULL", "2026"),
    ],
    layout.ORGS: [
        ("sourcedId", "name", "type", "identifier", "parentSourcedId"),
        ("board", "紬市教育委員会", "district", "990001", ""),
        ("e1", "紬市立ひがし小学校", "school", "B199200000012", "board"),
        ("e2", "紬市立にし小学校", "school", "", "board"),
    ],
    layout.COURSES: [
        (
            "sourcedId",
            "schoolYearSourcedId",
            "title",
            "courseCode",
            "orgSourcedId",
            "subjects",
            "subjectCodes",
        ),
        ("c1", "y26", "2026年度 学級", "", "e1", "", ""),
        ("c2", "y26", "2026年度 学級", "", "e2", "", ""),
    ],
    layout.CLASSES: [
        (
            *("sourcedId", "title", "grades", "courseSourcedId", "classType", "schoolSourcedId"),
            *("termSourcedIds", "subjects", "subjectCodes", "metadata.jp.specialNeeds"),
        ),
        ("k21", "2年1組", "P2", "c1", "homeroom", "e1", "y26", "", "", "false"),
        ("k22", "2年2組", "P2", "c1", "homeroom", "e1", "y26", "", "", "false"),
        ("kh", "ひまわり", "P1,P2", "c1", "homeroom", "e1", "y26", "", "", "true"),
        ("kn", "1年1組", "P1", "c2", "homeroom", "e2", "y26", "", "", ""),
        ("math", "算数", "P2", "c1", "scheduled", "e1", "y26", "算数", "S3", ""),
    ],
    layout.USERS: [
        (
            *(
                "sourcedId",
                "status",
                "enabledUser",
                "username",
                "userIds",
                "givenName",
                "familyName",
                "middleName",
            ),
            *(
                "agentSourcedIds",
                "grades",
                "preferredGivenName",
                "preferredFamilyName",
                "primaryOrgSourcedId",
            ),
            *("metadata.jp.kanaGivenName", "metadata.jp.kanaFamilyName", "metadata.jp.homeClass"),
            "metadata.jp.kanaPreferredFamilyName",
        ),
        *(
            (
                "p1",
                "",
                "true",
                "p1",
                "",
                "蓮",
                "\ufa19田",
                "",
                "g1,g2",
                "P2",
                "蓮",
                "\ufa19田",
                "e1",
                "レン",
                "カンダ",
                "k21",
                "カンダ",
            ),
            (
                "p2",
                "",
                "true",
                "p2",
                "{LDAP:x}",
                "MINJUN",
                "KIM",
                "",
                "g1",
                "P2",
                "大地",
                "金田",
                "e1",
                "ミンジュン",
                "キム",
                "kh",
                "カネダ",
            ),
            ("p3", "active", "true", "p3", "", "凛", "髙橋", "", "g2", "P1", "", "", "e2", "", "", "", ""),
            (
                "g1",
                "",
                "true",
                "g1",
                "",
                "直美",
                "\ufa19田",
                "",
                "",
                "",
                "",
                "",
                "",
                "ナオミ",
                "カンダ",
                "",
                "",
            ),
            ("g2", "", "true", "g2", "", "誠", "髙橋", "", "", "", "", "", "", "マコト", "タカハシ", "", ""),
            ("t1", "", "true", "t1", "", "学", "原田", "", "", "", "", "", "e1", "マナブ", "ハラダ", "", ""),
            (
                "t2",
                "",
                "true",
                "t2",
                "",
                "ANA",
                "SILVA",
                "PAULA",
                "",
                "",
                "",
                "",
                "e1",
                "アナ",
                "シルヴァ",
                "",
                "",
            ),
        ),
    ],
    layout.ROLES: [
        ("sourcedId", "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId"),
        ("r1", "p1", "primary", "student", "", "", "e1"),
        ("r2", "p2", "primary", "student", "", "", "e1"),
        ("r3", "p3", "primary", "student", "2026-04-01", "2027-03-31", "e2"),
        ("r4", "g1", "primary", "guardian", "", "", "e1"),
        ("r5", "g2", "primary", "parent", "", "", "e1"),
        ("r6", "t1", "primary", "teacher", "", "", "e1"),
        ("r7", "t2", "primary", "principal", "", "", "e1"),
        ("r8", "t2", "secondary", "districtAdministrator", "", "", "board"),
    ],
    layout.ENROLLMENTS: [
        (
            *("sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary"),
            *("beginDate", "endDate", "metadata.jp.shussekiNo", "metadata.jp.publicFlg"),
        ),
        ("m1", "k21", "e1", "p1", "student", "false", "", "", "1", "true"),
        ("m2", "kh", "e1", "p2", "student", "", "", "", "1", ""),
        ("m3", "kn", "e2", "p3", "student", "false", "2026-04-07", "2026-12-24", "１", "true"),
        ("m4", "k21", "e1", "t1", "teacher", "true", "", "", "", ""),
        ("m5", "math", "e1", "t1", "teacher", "true", "", "", "", ""),
        ("m6", "math", "e1", "p1", "student", "false", "", "", "", ""),
    ],
    layout.DEMOGRAPHICS: [
        ("sourcedId", "birthDate", "sex"),
        ("p1", "2018-06-01", "male"),
        ("p2", "", "male"),
        ("p3", "2019-05-05", "female"),
    ],
}

COMPANION: dict[str, Any] = {
    "format": "tsumugi.companion",
    "version": 1,
    "school_year": 2026,
    "board": {"district": "board", "short_name": "紬市"},
    "schools": [{"school": "e2", "kind": "elementary", "short_name": "にし小"}],
    "departments": [{"id": "d1", "name": "学務課", "code": "gakumu"}],
    "duties": [
        {"staff": "t1", "kind": "nurse", "school": "e1", "from": "2024-04-01"},
        {"staff": "t2", "kind": "board_staff", "department": "d1", "from": "2026-04-01", "to": "2026-09-30"},
    ],
    "guardianships": [
        {
            "pupil": pupil,
            "guardian": guardian,
            "relation": relation,
            "rights": {"notify": True, "read": True, "contact": True},
            "from": "2020-04-01",
        }
        for pupil, guardian, relation in (
            ("p1", "g1", "mother"),
            ("p2", "g1", "mother"),
            ("p3", "g2", "father"),
        )
    ]
    + [
        {
            "pupil": "p1",
            "guardian": "g2",
            "relation": "father",
            "rights": {"notify": False, "read": False, "contact": False},
            "from": "2020-04-01",
        }
    ],
    "protections": [{"pupil": "p1", "from": "2025-11-02", "confidential_from": ["g2"]}],
    "exchanges": [{"pupil": "p2", "class": "k21", "number": 2, "from": "2026-04-07"}],
    "calendars": [
        {
            "school": "e1",
            "school_days": ["2026-04-07", "2026-04-08"],
            "closures": [
                {"on": "2026-04-09", "scope": "school", "reason": "typhoon"},
                {"on": "2026-04-08", "scope": "class", "class": "k22", "reason": "influenza"},
            ],
        },
        {"school": "e2", "school_days": ["2026-04-07"]},
    ],
    "birth_dates": [{"person": "p2", "birth_date": "2018-07-07"}],
}


def small_package() -> Files:
    """The package, right in every cell."""
    files = {name: as_csv(rows) for name, rows in _TABLES.items()}
    files[companion.FILE] = as_json(COMPANION)
    return files


def as_csv(rows: Any) -> bytes:
    """Rows as the bytes of a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def as_json(value: Any) -> bytes:
    """A value as the bytes of companion.json."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def rows_of(files: Files, name: str) -> list[list[str]]:
    """A file's rows with the header."""
    return list(csv.reader(io.StringIO(files[name].decode("utf-8-sig"), newline="")))


def with_cell(files: Files, name: str, line: int, column: str, value: str) -> Files:
    """The package with one cell changed; ``line`` as problems count it."""
    rows = rows_of(files, name)
    rows[line - 1][rows[0].index(column)] = value
    return {**files, name: as_csv(rows)}


def with_row(files: Files, name: str, **values: str) -> Files:
    """The package with one row more at the end of a file."""
    rows = rows_of(files, name)
    return {**files, name: as_csv([*rows, [values.get(column, "") for column in rows[0]]])}


def without_row(files: Files, name: str, line: int) -> Files:
    """The package with one row less."""
    rows = rows_of(files, name)
    return {**files, name: as_csv([*rows[: line - 1], *rows[line:]])}


def with_companion(files: Files, pointer: str, value: Any) -> Files:
    """The package with one value of companion.json set (``…/-`` appends), or removed when it is ``None``."""
    told = copy.deepcopy(json.loads(files[companion.FILE]))
    *path, last = pointer.strip("/").split("/")
    place = told
    for step in path:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if isinstance(place, list):
        if last == "-":
            place.append(value)
        else:
            place[int(last)] = value
    elif value is None:
        del place[last]
    else:
        place[last] = value
    return {**files, companion.FILE: as_json(told)}


def facts(reading: Reading) -> dict[str, Any]:
    """What a reading says, whatever the order it was read in."""
    assert reading.snapshot is not None
    told = {each.name: getattr(reading.snapshot, each.name) for each in fields(reading.snapshot)}
    return {
        name: sorted(map(repr, value)) if isinstance(value, tuple) and name != "board" else value
        for name, value in told.items()
    }


def refusal(files: Files, known: Files | None = None) -> Reading:
    """The reading of a package that must be refused."""
    reading = read_roster(files, known)
    assert reading.snapshot is None
    assert reading.problems
    return reading


def cells(problems: tuple[Problem, ...]) -> set[tuple[str, int | None, str, str]]:
    """Which cells are named: file, line, column, value."""
    return {(each.file, each.line, each.column, each.value) for each in problems}
