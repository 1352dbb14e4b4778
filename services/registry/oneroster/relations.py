"""enrollments.csv: which pupil is in which class (在籍), which teacher has which class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services.registry.oneroster import cells, layout
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.persons import People, PlacedDuty, PlacedEnrolment, period_of
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.structure import Structure, refer
from services.registry.oneroster.tables import Row, Table
from services.registry.roster.snapshot import Duty, ExternalKey, Membership, Organisation, Period


class PlacedMembership(NamedTuple):
    """A membership and where it was read."""

    value: Membership
    origin: Row | Pointer


def read_memberships(
    tables: Mapping[str, Table], structure: Structure, people: People, problems: Problems
) -> list[PlacedMembership]:
    """在籍 of pupils in classes; homeroom and assistant teachers are added to ``people.duties``."""
    memberships: list[PlacedMembership] = []
    classes, orgs = tables[layout.CLASSES], tables[layout.ORGS]
    users, org_index = tables[layout.USERS], orgs.by_id()
    for row in tables[layout.ENROLLMENTS].rows:
        class_row = refer(row, "classSourcedId", classes, structure.class_rows, problems)
        school = refer(row, "schoolSourcedId", orgs, org_index, problems)
        user = refer(row, "userSourcedId", users, people.rows, problems)
        valid = period_of(row, structure.term, problems)
        if (
            class_row is not None
            and school is not None
            and class_row["schoolSourcedId"] not in ("", school.id)
        ):
            rule = "classSourcedId の学級は、この学校のものではありません"
            row.refuse(problems, "classSourcedId", rule, "この学校の学級か、schoolSourcedId を直してください")
            row.refuse(problems, "schoolSourcedId", rule, f"{class_row['schoolSourcedId']} のはずです")
            class_row = None
        if row["role"] != "student" and row["metadata.jp.shussekiNo"]:
            rule = "出席番号は児童生徒のものです"
            row.refuse(problems, "metadata.jp.shussekiNo", rule, "空にしてください")
        if class_row is None or user is None or valid is None or not row["role"]:
            people.unplaced.add(row.written("userSourcedId"))
            continue
        home = structure.home_class(class_row.id)
        if row["role"] == "student":
            _check_pupil(row, user, class_row, people, problems)
            if home is not None and user.id in people.pupils:
                memberships.append(_member(row, user, home, valid, people, problems))
        elif row["role"] == "teacher":
            _check_teacher(row, user, class_row, people, problems)
            if home is not None and user.id in people.staff:
                people.duties.append(_class_teacher(row, user, home, valid))
    return memberships


def _check_pupil(row: Row, user: Row, class_row: Row, people: People, problems: Problems) -> None:
    if row.flag("primary"):
        rule = "primary は教職員のものです"
        row.refuse(problems, "primary", rule, "児童生徒の行では false か空にしてください")
    school = class_row["schoolSourcedId"]
    if user.id not in people.pupils:
        if people.is_no(people.pupils, user.id):
            rule = "児童生徒ではありません（roles.csv に student がありません）"
            row.refuse(problems, "userSourcedId", rule, "参照か roles.csv を直してください")
    elif user.id in people.of_pupil and not any(
        each.value.school.sourced_id == school for each in people.of_pupil[user.id]
    ):
        rule = "この学校に在籍していません（roles.csv の student は別の学校です）"
        row.refuse(problems, "userSourcedId", rule, "roles.csv か enrollments.csv を直してください")


def _member(
    row: Row, user: Row, home: Organisation, valid: Period, people: People, problems: Problems
) -> PlacedMembership:
    enrolled = [each for each in people.of_pupil.get(user.id, []) if each.value.school == home.school]
    if enrolled and not _within(valid, enrolled):
        rule = f"在籍の期間（{enrolled[0].origin.place()}）からはみ出しています"
        column = "beginDate" if row["beginDate"] else "endDate" if row["endDate"] else "userSourcedId"
        row.refuse(problems, column, rule, "日付をそろえてください")
    if enrolled and home.grades and enrolled[0].value.grade not in home.grades:
        rule = f"学年が合いません（児童生徒 {enrolled[0].value.grade}・学級 {','.join(home.grades)}）"
        row.refuse(problems, "classSourcedId", rule, "学級か users.csv の grades を直してください")
    number = row["metadata.jp.shussekiNo"]
    membership = Membership(
        ExternalKey("person", user.id), home.key, "home", int(cells.folded(number)) if number else None, valid
    )
    return PlacedMembership(membership, row)


def _within(valid: Period, enrolled: list[PlacedEnrolment]) -> bool:
    """Whether the enrolments, joined where one follows the other, cover the period."""
    since, until = None, None
    for each in sorted(enrolled, key=lambda placed: placed.value.valid.since):
        if until is None or each.value.valid.since > until:
            since = each.value.valid.since
        until = each.value.valid.until
        if since is not None and Period(since, until).covers(valid):
            return True
    return False


def _check_teacher(row: Row, user: Row, class_row: Row, people: People, problems: Problems) -> None:
    school = class_row["schoolSourcedId"]
    elsewhere = (user.id, school) not in people.staff_at
    if school and elsewhere and (user.id in people.staff or people.is_no(people.staff, user.id)):
        rule = "この学校の教職員ではありません（roles.csv に役割がありません）"
        row.refuse(problems, "userSourcedId", rule, "参照か roles.csv を直してください")


def _class_teacher(row: Row, user: Row, home: Organisation, valid: Period) -> PlacedDuty:
    kind = "homeroom" if row.flag("primary") else "assistant"
    assert home.school is not None
    duty = Duty(ExternalKey("person", user.id), kind, home.school, home.key, valid)
    return PlacedDuty(duty, row)
