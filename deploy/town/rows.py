"""A town in the rows of a OneRoster 1.2_JP package and the parts of its companion."""

from __future__ import annotations

from datetime import date

from deploy.town.contacts import contacts
from deploy.town.model import Department, Person, Post, Pupil, Town
from deploy.town.registrar import RowIds
from services.registry.oneroster import layout
from services.registry.oneroster.packing import Content, Part, Row

_IN_ENROLLMENTS = ("homeroom", "assistant")
_ELSEWHERE = (*_IN_ENROLLMENTS, "principal", "student_teacher")
"""Posts that the CSV files tell, or that are no duty."""


def content_of(town: Town, ids: RowIds) -> Content:
    """The town as it now is."""
    rows = {
        layout.ACADEMIC_SESSIONS: [_session(town)] if town.head else [],
        layout.ORGS: _orgs(town),
        layout.COURSES: _courses(town),
        layout.CLASSES: _classes(town),
        layout.USERS: _users(town),
        layout.ROLES: _roles(town, ids),
        layout.ENROLLMENTS: _enrollments(town, ids),
        layout.DEMOGRAPHICS: _demographics(town),
    }
    return Content(rows, _parts(town))


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


def _orgs(town: Town) -> list[Row]:
    board = {
        "sourcedId": town.board_id,
        "name": f"{town.name}教育委員会",
        "type": "district",
        "identifier": town.board_code,
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
    return [board, *schools] if town.head else schools


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
        row["agentSourcedIds"] = ",".join(dict.fromkeys(tie.guardian.sourced_id for tie in pupil.ties))
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
    # 教育実習生: OneRoster has no word for them; whoever has no duty may do nothing.
    "student_teacher": "aide",
}


def _roles(town: Town, ids: RowIds) -> list[Row]:
    rows: list[Row] = []
    with_role: set[str] = set()

    def add(person: Person, role: str, org: str, first: date | None = None, last: date | None = None) -> None:
        main = person.sourced_id not in with_role
        with_role.add(person.sourced_id)
        rows.append(
            {
                "sourcedId": ids("role", person.sourced_id, role, org),
                "userSourcedId": person.sourced_id,
                "roleType": "primary" if main else "secondary",
                "role": role,
                "beginDate": _day(first),
                "endDate": _day(last),
                "orgSourcedId": org,
            }
        )

    for (org, _), post in {(_org_of(town, post), post.staff.sourced_id): post for post in town.posts}.items():
        aide = post.kind == "assistant" and post.room is not None and post.room.special_needs
        role = "aide" if aide else _ROLE_OF_POST.get(post.kind, "teacher")
        first = post.first if _within(town, post) else None
        add(post.staff, role, org, first, post.last if post.kind == "student_teacher" else None)
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


def _within(town: Town, post: Post) -> bool:
    """Whether the duty began within the school year."""
    return post.first is not None and post.first > date(town.school_year, 4, 1)


def _enrollments(town: Town, ids: RowIds) -> list[Row]:
    rows: list[Row] = []
    for post in town.posts:
        if post.kind in _IN_ENROLLMENTS and post.room is not None:
            primary = "true" if post.kind == "homeroom" else "false"
            rows.append(
                {
                    "sourcedId": ids("teacher", post.room.sourced_id, post.staff.sourced_id),
                    "classSourcedId": post.room.sourced_id,
                    "schoolSourcedId": post.room.school.sourced_id,
                    "userSourcedId": post.staff.sourced_id,
                    "role": "teacher",
                    "primary": primary,
                    "beginDate": _day(post.first) if _within(town, post) else "",
                    "endDate": _day(post.last),
                    "metadata.jp.publicFlg": "true",
                }
            )
    for pupil in town.pupils:
        for stay in pupil.stays:
            rows.append(
                {
                    "sourcedId": ids("student", stay.room.sourced_id, pupil.person.sourced_id),
                    "classSourcedId": stay.room.sourced_id,
                    "schoolSourcedId": stay.room.school.sourced_id,
                    "userSourcedId": pupil.person.sourced_id,
                    "role": "student",
                    "primary": "false",
                    "beginDate": _day(stay.first),
                    "endDate": _day(stay.last),
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


def _parts(town: Town) -> dict[str, list[Part]]:
    opened = f"{town.school_year}-04-01"
    closed = town.closed
    closures = [{"on": closed.isoformat(), "scope": "school", "reason": "typhoon"}] if closed else []
    days = [day.isoformat() for day in town.school_days if day != closed]
    return {
        "schools": [
            {"school": school.sourced_id, "short_name": school.short_name} for school in town.schools
        ],
        "departments": [_department(each) for each in town.departments],
        "duties": [_duty(post) for post in town.posts if post.kind not in _ELSEWHERE],
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
        "contacts": contacts(town, opened),
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


def _department(department: Department) -> Part:
    told = {"id": department.sourced_id, "name": department.name, "code": department.code}
    return told if department.kind == "department" else {**told, "kind": department.kind}


def _duty(post: Post) -> Part:
    duty = {"staff": post.staff.sourced_id, "kind": post.kind}
    if post.school is not None:
        duty["school"] = post.school.sourced_id
    if post.department is not None:
        duty["department"] = post.department.sourced_id
    duty["from"] = _day(post.first)
    return duty


def _guardianships(pupil: Pupil, opened: str) -> list[Part]:
    return [
        {
            "pupil": pupil.person.sourced_id,
            "guardian": tie.guardian.sourced_id,
            "relation": tie.relation,
            "rights": {"notify": tie.notify, "read": tie.read, "contact": tie.contact},
            "from": _day(tie.first) or opened,
            **({"to": _day(tie.last)} if tie.last else {}),
        }
        for tie in pupil.ties
    ]
