"""People of a package: cards, the hats they wear (roles.csv) and pupils' 在籍 at schools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from services.registry.oneroster import cells, layout
from services.registry.oneroster.companion import Companion
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.structure import Structure, refer
from services.registry.oneroster.tables import Row, Table
from services.registry.roster.snapshot import Duty, Enrolment, ExternalKey, Period, Person


class PlacedEnrolment(NamedTuple):
    """在籍 and the roles.csv row that says so."""

    value: Enrolment
    origin: Row


class PlacedDuty(NamedTuple):
    """A duty and where it was read."""

    value: Duty
    origin: Row | Pointer


@dataclass(slots=True)
class People:
    """What is known of people; ids as in users.csv."""

    rows: dict[str, Row]
    whole: bool
    roles_whole: bool
    unsure: set[str] = field(default_factory=set)
    """Those of whom a roles.csv row could not be read."""
    unplaced: set[str] = field(default_factory=set)
    """Those of whom an enrollments.csv row could not be read."""
    cards: dict[ExternalKey, Person] = field(default_factory=dict)
    pupils: set[str] = field(default_factory=set)
    guardians: set[str] = field(default_factory=set)
    staff: set[str] = field(default_factory=set)
    staff_at: set[tuple[str, str]] = field(default_factory=set)
    enrolments: list[PlacedEnrolment] = field(default_factory=list)
    of_pupil: dict[str, list[PlacedEnrolment]] = field(default_factory=dict)
    duties: list[PlacedDuty] = field(default_factory=list)

    def is_no(self, hat: set[str], user: str) -> bool:
        """Whether a person certainly lacks a hat: a roles.csv row that could not be read leaves it open."""
        return user not in hat and user not in self.unsure and self.roles_whole


def period_of(row: Row, term: Period, problems: Problems) -> Period | None:
    """beginDate–endDate of a row; blank means the school year. Inclusive there, half open here."""
    if row.refused("beginDate", "endDate"):
        return None
    begin, end = row.day("beginDate"), row.day("endDate")
    found = Period(begin or term.since, end + timedelta(days=1) if end else term.until)
    if not term.covers(found) or (found.until is not None and found.until <= found.since):
        inside = begin is None or term.holds(begin)
        column = "endDate" if inside else "beginDate"
        if inside and begin and end and end < begin:
            row.refuse(problems, "endDate", "終わりの日が始まりの日より前です", "日付を確かめてください")
        else:
            remedy = f"{term.since} から翌年 3 月 31 日までの日にしてください"
            row.refuse(problems, column, "学年度の外の日付です", remedy)
        return None
    return found


def read_people(
    tables: Mapping[str, Table], companion: Companion | None, structure: Structure, problems: Problems
) -> People:
    """All people, with everything that is wrong about them."""
    users = tables[layout.USERS]
    people = People(users.by_id(), users.whole, tables[layout.ROLES].whole)
    _read_roles(tables, structure, people, problems)
    births, sexes = _read_demographics(tables[layout.DEMOGRAPHICS], users, people, problems)
    _add_births(companion, births, people, problems)
    orgs, classes = tables[layout.ORGS], tables[layout.CLASSES]
    org_index = orgs.by_id()
    for row in users.rows:
        refer(row, "primaryOrgSourcedId", orgs, org_index, problems)
        _check_user(row, classes, people, structure, problems)
        key = ExternalKey("person", row.id)
        people.cards.setdefault(key, _card(key, row, births.get(row.id), sexes.get(row.id)))
    profiles = tables[layout.USER_PROFILES]
    for row in profiles.rows:
        refer(row, "userSourcedId", users, people.rows, problems)
    return people


def _card(key: ExternalKey, row: Row, birth_date: date | None, sex: str | None) -> Person:
    def joined(given: str, middle: str) -> str:
        return f"{row[given]} {row[middle]}" if row[middle] else row[given]

    def reading(column: str) -> str | None:
        return cells.folded(row[f"metadata.jp.kana{column}"]) or None

    legal = (row["familyName"], joined("givenName", "middleName"))
    preferred = (
        row["preferredFamilyName"] or legal[0],
        joined("preferredGivenName", "preferredMiddleName") or legal[1],
    )
    common = preferred if preferred != legal else None
    given, middle = reading("GivenName"), reading("MiddleName")
    return Person(
        key,
        *legal,
        reading("FamilyName"),
        f"{given} {middle}" if given and middle else given,
        common[0] if common else None,
        common[1] if common else None,
        reading("PreferredFamilyName") if common else None,
        reading("PreferredGivenName") if common else None,
        birth_date,
        sex or "unspecified",
    )


def _read_roles(
    tables: Mapping[str, Table], structure: Structure, people: People, problems: Problems
) -> None:
    roles, users, orgs = tables[layout.ROLES], tables[layout.USERS], tables[layout.ORGS]
    org_index, profile_index = orgs.by_id(), tables[layout.USER_PROFILES].by_id()
    with_role: set[str] = set()
    for row in roles.rows:
        with_role.add(row.written("userSourcedId"))
        user = refer(row, "userSourcedId", users, people.rows, problems)
        org = refer(row, "orgSourcedId", orgs, org_index, problems)
        refer(row, "userProfileSourcedId", tables[layout.USER_PROFILES], profile_index, problems)
        role = row["role"]
        if row.refused("role", "orgSourcedId") or org is None:
            people.unsure.add(row["userSourcedId"])
        valid = period_of(row, structure.term, problems)
        if user is None or org is None or not role:
            continue
        if role == "student":
            people.pupils.add(user.id)
            if valid is not None:
                _enrol(row, user, valid, structure, people, problems)
        elif role in layout.GUARDIAN_ROLES:
            people.guardians.add(user.id)
        else:
            people.staff.add(user.id)
            people.staff_at.add((user.id, org.id))
            if role == "principal" and valid is not None:
                _add_principal(row, user, valid, structure, people, problems)
    for row in roles.rows:
        pupil = row["userSourcedId"] in people.pupils
        if pupil and row["role"] not in ("", "student"):
            rule = "児童生徒がほかの役割を兼ねています"
            row.refuse(problems, "role", rule, "児童生徒の役割は student だけです")
    for row in users.rows:
        if roles.whole and row.id and row.id not in with_role:
            rule = "roles.csv に役割がありません"
            row.refuse(
                problems,
                "sourcedId",
                rule,
                "roles.csv に student・guardian・teacher などの行を加えてください",
            )


def _enrol(
    row: Row, user: Row, valid: Period, structure: Structure, people: People, problems: Problems
) -> None:
    school = structure.school(row["orgSourcedId"])
    if school is None:
        if structure.board is not None and row["orgSourcedId"] == structure.board.sourced_id:
            rule = "児童生徒は学校に在籍します（これは教育委員会です）"
            row.refuse(problems, "orgSourcedId", rule, "学校の sourcedId にしてください")
        return
    grades = cells.as_list(cells.folded(user["grades"]))
    if len(grades) != 1:
        if not user.refused("grades"):
            rule = f"児童生徒（{row.place()}）の学年は一つです"
            user.refuse(problems, "grades", rule, "P1～P6・J1～J3 などを一つ書いてください")
        return
    placed = PlacedEnrolment(Enrolment(ExternalKey("person", user.id), school.key, grades[0], valid), row)
    mine = people.of_pupil.setdefault(user.id, [])
    for other in mine:
        if other.value.valid.overlaps(valid):
            for one, twin in ((row, other.origin), (other.origin, row)):
                rule = f"同じ児童生徒が同時に二重に在籍しています（{twin.place()}）"
                one.refuse(problems, "userSourcedId", rule, "転校の日付か、どちらかの行を直してください")
    mine.append(placed)
    people.enrolments.append(placed)


def _add_principal(
    row: Row, user: Row, valid: Period, structure: Structure, people: People, problems: Problems
) -> None:
    school = structure.school(row["orgSourcedId"])
    if school is None:
        rule = "校長（principal）は学校の役割です"
        row.refuse(problems, "orgSourcedId", rule, "学校の sourcedId にしてください")
        return
    duty = Duty(ExternalKey("person", user.id), "principal", school.key, None, valid)
    people.duties.append(PlacedDuty(duty, row))


def _read_demographics(
    table: Table, users: Table, people: People, problems: Problems
) -> tuple[dict[str, date], dict[str, str]]:
    births: dict[str, date] = {}
    sexes: dict[str, str] = {}
    for row in table.rows:
        if refer(row, "sourcedId", users, people.rows, problems) is None:
            continue
        if birth := row.day("birthDate"):
            births.setdefault(row.id, birth)
        if row["sex"]:
            sexes.setdefault(row.id, row["sex"])
    return births, sexes


def _add_births(
    companion: Companion | None, births: dict[str, date], people: People, problems: Problems
) -> None:
    for place, part in enumerate(companion.birth_dates if companion else []):
        origin = Pointer(f"/birth_dates/{place}", part)
        if part.person not in people.rows:
            if people.whole:
                rule = f"users.csv に sourcedId「{part.person}」がありません"
                origin.refuse(problems, "person", rule, "参照を直してください")
        elif births.setdefault(part.person, part.birth_date) != part.birth_date:
            rule = f"別の生年月日（{births[part.person]}）がすでにあります"
            origin.refuse(problems, "birth_date", rule, "どちらかを直してください")


def _check_user(row: Row, classes: Table, people: People, structure: Structure, problems: Problems) -> None:
    for agent in cells.as_list(row["agentSourcedIds"]):
        if agent not in people.rows:
            if people.whole:
                rule = f"users.csv に sourcedId「{agent}」がありません"
                row.refuse(problems, "agentSourcedIds", rule, "保護者の sourcedId にしてください")
        elif row.id in people.pupils and people.is_no(people.guardians, agent):
            rule = f"「{agent}」は保護者ではありません（roles.csv に guardian がありません）"
            row.refuse(problems, "agentSourcedIds", rule, "参照か roles.csv を直してください")
    home = refer(row, "metadata.jp.homeClass", classes, structure.class_rows, problems)
    if home is not None and home["classType"] == "scheduled":
        rule = "homeClass は学級（homeroom）です"
        row.refuse(problems, "metadata.jp.homeClass", rule, "学級の sourcedId にしてください")
