"""Writes a town as a OneRoster 1.2_JP package with its companion."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from deploy.town.model import Person, Post, Pupil, Town
from services.registry.oneroster import companion, layout

_IN_ENROLLMENTS = ("homeroom", "assistant")
_SYSTEM = ("source.systemName", "Tsumugi town"), ("source.systemCode", "tsumugi-town")

HEADERS: dict[str, tuple[str, ...]] = {
    layout.ACADEMIC_SESSIONS: (
        *("sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate"),
        *("parentSourcedId", "schoolYear"),
    ),
    layout.ORGS: ("sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"),
    layout.COURSES: (
        *("sourcedId", "status", "dateLastModified", "schoolYearSourcedId", "title", "courseCode", "grades"),
        *("orgSourcedId", "subjects", "subjectCodes"),
    ),
    layout.CLASSES: (
        *("sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId", "classCode"),
        *(
            "classType",
            "location",
            "schoolSourcedId",
            "termSourcedIds",
            "subjects",
            "subjectCodes",
            "periods",
        ),
        "metadata.jp.specialNeeds",
    ),
    layout.USERS: (
        *("sourcedId", "status", "dateLastModified", "enabledUser", "username", "userIds", "givenName"),
        *("familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades"),
        *("password", "userMasterIdentifier", "preferredGivenName", "preferredMiddleName"),
        *("preferredFamilyName", "primaryOrgSourcedId", "pronouns", "metadata.jp.kanaGivenName"),
        *("metadata.jp.kanaFamilyName", "metadata.jp.kanaMiddleName", "metadata.jp.homeClass"),
        *("metadata.jp.kanaPreferredFamilyName", "metadata.jp.kanaPreferredGivenName"),
        "metadata.jp.kanaPreferredMiddleName",
    ),
    layout.ROLES: (
        *("sourcedId", "status", "dateLastModified", "userSourcedId", "roleType", "role", "beginDate"),
        *("endDate", "orgSourcedId", "userProfileSourcedId"),
    ),
    layout.ENROLLMENTS: (
        *("sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId", "userSourcedId"),
        *("role", "primary", "beginDate", "endDate", "metadata.jp.shussekiNo", "metadata.jp.publicFlg"),
    ),
    layout.DEMOGRAPHICS: (
        *("sourcedId", "status", "dateLastModified", "birthDate", "sex", "americanIndianOrAlaskaNative"),
        *("asian", "blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander", "white"),
        *("demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity", "countryOfBirthCode"),
        *("stateOfBirthAbbreviation", "cityOfBirth", "publicSchoolResidenceStatus"),
    ),
}

Row = dict[str, str]


def write_package(files: dict[str, bytes], path: Path) -> None:
    """Writes the files as a zip when ``path`` ends in .zip, else into a folder, which is made."""
    if path.suffix == ".zip":
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                # A fixed time stamp: the same town is the same bytes.
                archive.writestr(zipfile.ZipInfo(name, (2026, 4, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        return
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / name).write_bytes(content)


def as_files(
    town: Town, new_ids: Iterable[str], board_code: str, school_days: list[date], closed: date | None
) -> dict[str, bytes]:
    """The package, file name → bytes: everything quoted, CRLF, no BOM (what most importers take)."""
    ids = iter(new_ids)
    tables: dict[str, list[Row]] = {
        layout.ACADEMIC_SESSIONS: [_session(town)],
        layout.ORGS: _orgs(town, board_code),
        layout.COURSES: _courses(town),
        layout.CLASSES: _classes(town),
        layout.USERS: _users(town),
        layout.ROLES: [{"sourcedId": next(ids), **row} for row in _roles(town)],
        layout.ENROLLMENTS: [{"sourcedId": next(ids), **row} for row in _enrollments(town)],
        layout.DEMOGRAPHICS: _demographics(town),
    }
    files = {layout.MANIFEST: _manifest()}
    files |= {name: _csv(HEADERS[name], rows) for name, rows in tables.items()}
    files[companion.FILE] = _json(_companion(town, school_days, closed))
    return files


def _manifest() -> bytes:
    rows = [("manifest.version", "1.0"), ("oneroster.version", "1.2_JP")]
    rows += [
        (shape.manifest_property, "bulk" if shape.name in HEADERS else "absent")
        for shape in layout.LAYOUTS.values()
    ]
    rows += [(f"file.{name}", "absent") for name in layout.OTHER_FILES]
    return _quoted([("propertyName", "value"), *rows, *_SYSTEM])


def _csv(header: Sequence[str], rows: list[Row]) -> bytes:
    return _quoted([header, *([row.get(column, "") for column in header] for row in rows)])


def _quoted(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _session(town: Town) -> Row:
    year = town.school_year
    return {
        "sourcedId": town.session_id,
        "title": f"{year}年度",
        "type": "schoolYear",
        "startDate": f"{year}-04-01",
        "endDate": f"{year + 1}-03-31",
        "schoolYear": str(year),
    }


def _orgs(town: Town, board_code: str) -> list[Row]:
    board = {
        "sourcedId": town.board_id,
        "name": f"{town.name}教育委員会",
        "type": "district",
        "identifier": board_code,
    }
    schools = [
        {
            "sourcedId": school.sourced_id,
            "name": school.name,
            "type": "school",
            "identifier": school.code,
            "parentSourcedId": town.board_id,
        }
        for school in town.schools
    ]
    return [board, *schools]


def _courses(town: Town) -> list[Row]:
    return [
        {
            "sourcedId": school.course_id,
            "schoolYearSourcedId": town.session_id,
            "title": f"{town.school_year}年度 学級",
            "orgSourcedId": school.sourced_id,
        }
        for school in town.schools
    ]


def _classes(town: Town) -> list[Row]:
    return [
        {
            "sourcedId": room.sourced_id,
            "title": room.title,
            "grades": ",".join(room.grades),
            "courseSourcedId": school.course_id,
            "classType": "homeroom",
            "schoolSourcedId": school.sourced_id,
            "termSourcedIds": town.session_id,
            "metadata.jp.specialNeeds": "true" if room.special_needs else "false",
        }
        for school in town.schools
        for room in school.rooms
    ]


def _users(town: Town) -> list[Row]:
    rows = [_user(person) for person in town.staff]
    known = {person.sourced_id for person in town.staff}
    for pupil in town.pupils:
        row = _user(pupil.person)
        row["agentSourcedIds"] = ",".join(tie.guardian.sourced_id for tie in pupil.ties)
        row["grades"] = pupil.grade
        row["primaryOrgSourcedId"] = pupil.school.sourced_id
        row["metadata.jp.homeClass"] = pupil.stays[-1].room.sourced_id
        rows.append(row)
    for guardian in _guardians(town):
        if guardian.sourced_id not in known:
            rows.append(_user(guardian))
    return rows


def _guardians(town: Town) -> list[Person]:
    """Each once, in the order of their first child."""
    found = {tie.guardian.sourced_id: tie.guardian for pupil in town.pupils for tie in pupil.ties}
    return list(found.values())


def _user(person: Person) -> Row:
    shown_family, shown_given = person.shown
    return {
        "sourcedId": person.sourced_id,
        "enabledUser": "true",
        "username": person.username,
        "givenName": person.given.written,
        "familyName": person.family.written,
        "userMasterIdentifier": person.master_id,
        "preferredGivenName": shown_given.written,
        "preferredFamilyName": shown_family.written,
        "metadata.jp.kanaGivenName": person.given.kana,
        "metadata.jp.kanaFamilyName": person.family.kana,
        "metadata.jp.kanaPreferredFamilyName": shown_family.kana,
        "metadata.jp.kanaPreferredGivenName": shown_given.kana,
    }


_ROLE_OF_POST = {
    "principal": "principal",
    "office": "siteAdministrator",
    "board_staff": "districtAdministrator",
    "system_operator": "systemAdministrator",
}


def _roles(town: Town) -> list[Row]:
    rows: list[Row] = []
    with_role: set[str] = set()

    def add(person: Person, role: str, org: str, first: date | None = None, last: date | None = None) -> None:
        main = person.sourced_id not in with_role
        with_role.add(person.sourced_id)
        rows.append(
            {
                "userSourcedId": person.sourced_id,
                "roleType": "primary" if main else "secondary",
                "role": role,
                "beginDate": first.isoformat() if first else "",
                "endDate": last.isoformat() if last else "",
                "orgSourcedId": org,
            }
        )

    for org, post in {(_org_of(town, post), post.staff.sourced_id): post for post in town.posts}.items():
        aide = post.kind == "assistant" and post.room is not None and post.room.special_needs
        add(post.staff, "aide" if aide else _ROLE_OF_POST.get(post.kind, "teacher"), org[0])
    for pupil in town.pupils:
        for stay in pupil.stays:
            add(pupil.person, "student", stay.room.school.sourced_id, stay.first, stay.last)
    seen: set[tuple[str, str]] = set()
    for pupil in town.pupils:
        for tie in pupil.ties:
            at = (tie.guardian.sourced_id, pupil.school.sourced_id)
            if at not in seen:
                seen.add(at)
                add(tie.guardian, "guardian", pupil.school.sourced_id)
    return rows


def _org_of(town: Town, post: Post) -> str:
    return post.school.sourced_id if post.school else town.board_id


def _enrollments(town: Town) -> list[Row]:
    rows: list[Row] = []
    for post in town.posts:
        if post.kind in _IN_ENROLLMENTS and post.room is not None:
            primary = "true" if post.kind == "homeroom" else "false"
            rows.append(
                {
                    "classSourcedId": post.room.sourced_id,
                    "schoolSourcedId": post.room.school.sourced_id,
                    "userSourcedId": post.staff.sourced_id,
                    "role": "teacher",
                    "primary": primary,
                    "metadata.jp.publicFlg": "true",
                }
            )
    for pupil in town.pupils:
        for stay in pupil.stays:
            rows.append(
                {
                    "classSourcedId": stay.room.sourced_id,
                    "schoolSourcedId": stay.room.school.sourced_id,
                    "userSourcedId": pupil.person.sourced_id,
                    "role": "student",
                    "primary": "false",
                    "beginDate": stay.first.isoformat() if stay.first else "",
                    "endDate": stay.last.isoformat() if stay.last else "",
                    "metadata.jp.shussekiNo": str(stay.number),
                    "metadata.jp.publicFlg": "true",
                }
            )
    return rows


def _demographics(town: Town) -> list[Row]:
    return [
        {
            "sourcedId": pupil.person.sourced_id,
            # 転入生: the birth date came with the papers, not with the export; the companion has it.
            "birthDate": "" if pupil.moved_in else _day(pupil.person.birth_date),
            "sex": pupil.person.sex,
        }
        for pupil in town.pupils
    ]


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _companion(town: Town, school_days: list[date], closed: date | None) -> dict[str, Any]:
    opened = f"{town.school_year}-04-01"
    closures = [{"on": closed.isoformat(), "scope": "school", "reason": "typhoon"}] if closed else []
    days = [day.isoformat() for day in school_days if day != closed]
    return {
        "format": "tsumugi.companion",
        "version": 1,
        "school_year": town.school_year,
        "board": {"district": town.board_id, "short_name": town.name},
        "schools": [
            {"school": school.sourced_id, "short_name": school.short_name} for school in town.schools
        ],
        "departments": [
            {"id": each.sourced_id, "name": each.name, "code": each.code} for each in town.departments
        ],
        "duties": [_duty(post) for post in town.posts if post.kind not in (*_IN_ENROLLMENTS, "principal")],
        "guardianships": [tie for pupil in town.pupils for tie in _guardianships(pupil, opened)],
        "protections": [
            {
                "pupil": pupil.person.sourced_id,
                "from": _day(pupil.protected_since),
                "confidential_from": [
                    tie.guardian.sourced_id
                    for tie in pupil.ties
                    if not (tie.notify or tie.read or tie.contact)
                ],
            }
            for pupil in town.pupils
            if pupil.protected_since
        ],
        "exchanges": [
            {
                "pupil": pupil.person.sourced_id,
                "class": pupil.host.sourced_id,
                "number": pupil.host_number,
                "from": opened,
            }
            for pupil in town.pupils
            if pupil.host
        ],
        "calendars": [
            {"school": school.sourced_id, "school_days": days, "closures": closures}
            for school in town.schools
        ],
        "birth_dates": [
            {"person": pupil.person.sourced_id, "birth_date": _day(pupil.person.birth_date)}
            for pupil in town.pupils
            if pupil.moved_in
        ],
    }


def _duty(post: Post) -> dict[str, str]:
    duty = {"staff": post.staff.sourced_id, "kind": post.kind}
    if post.school is not None:
        duty["school"] = post.school.sourced_id
    if post.department is not None:
        duty["department"] = post.department.sourced_id
    duty["from"] = _day(post.first)
    return duty


def _guardianships(pupil: Pupil, opened: str) -> list[dict[str, Any]]:
    return [
        {
            "pupil": pupil.person.sourced_id,
            "guardian": tie.guardian.sourced_id,
            "relation": tie.relation,
            "rights": {"notify": tie.notify, "read": tie.read, "contact": tie.contact},
            "from": _day(tie.first) or opened,
        }
        for tie in pupil.ties
    ]
