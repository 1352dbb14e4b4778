"""enrollments.csv: which pupil is in which class (在籍), which teacher has which class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from services.registry.oneroster import layout
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.persons import People, Periods, PlacedDuty
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.references import check_references
from services.registry.oneroster.structure import Structure
from services.registry.oneroster.tables import Row, Table
from services.registry.roster.snapshot import Duty, Membership, Organisation, Period


class PlacedMembership(NamedTuple):
    """A membership and where it was read."""

    value: Membership
    origin: Row | Pointer


_COLUMNS = ("classSourcedId", "schoolSourcedId", "userSourcedId", "role", "beginDate", "endDate")


def read_memberships(
    tables: Mapping[str, Table], structure: Structure, people: People, problems: Problems
) -> list[PlacedMembership]:
    """在籍 of pupils in classes; homeroom and assistant teachers are added to ``people.duties``."""
    memberships: list[PlacedMembership] = []
    table = tables[layout.ENROLLMENTS]
    check_references(table, "classSourcedId", structure.class_rows, problems)
    check_references(table, "schoolSourcedId", structure.org_rows, problems)
    check_references(table, "userSourcedId", people.rows, problems)
    periods = Periods(structure.term, problems)
    schools = dict(zip(structure.classes.ids(), structure.classes.column("schoolSourcedId"), strict=True))
    for at, (class_id, school, user, role, begin, end) in enumerate(
        zip(*map(table.column, _COLUMNS), strict=True)
    ):
        valid = periods.of(table, at, begin, end)
        its = schools.get(class_id)
        # A class whose school is wrong is told in classes.csv: what hangs on it is not told again, row by row.
        lost = its == "" or (structure.org_rows.table.whole and its not in structure.org_rows.places)
        here = its is not None and (its in ("", school) or school not in structure.org_rows.places)
        if its is not None and not here and not lost:
            _refuse_school(table.row(at), its, problems)
        if role != "student" and table.row(at)["metadata.jp.shussekiNo"]:
            rule = "出席番号は児童生徒のものです"
            table.row(at).refuse(problems, "metadata.jp.shussekiNo", rule, "空にしてください")
        if not here or lost or user not in people.rows.places or valid is None or not role:
            people.unplaced.add(table.row(at).said("userSourcedId"))
            continue
        home = structure.home_class(class_id)
        if role == "student":
            _check_pupil(table.row(at), user, its or "", people, problems)
            if home is not None and user in people.pupils:
                memberships.append(_member(table.row(at), user, home, valid, people, problems))
        elif role == "teacher":
            _check_teacher(table.row(at), user, its or "", people, problems)
            if home is not None and user in people.staff:
                people.duties.append(_class_teacher(table.row(at), user, home, valid, people))
    return memberships


def _refuse_school(row: Row, its: str, problems: Problems) -> None:
    rule = "classSourcedId の学級は、この学校のものではありません"
    row.refuse(problems, "classSourcedId", rule, "この学校の学級か、schoolSourcedId を直してください")
    row.refuse(problems, "schoolSourcedId", rule, f"{its} のはずです")


def _check_pupil(row: Row, user: str, school: str, people: People, problems: Problems) -> None:
    if row.flag("primary"):
        rule = "primary は教職員のものです"
        row.refuse(problems, "primary", rule, "児童生徒の行では false か空にしてください")
    if user not in people.pupils:
        if people.is_no(people.pupils, user):
            rule = "児童生徒ではありません（roles.csv に student がありません）"
            row.refuse(problems, "userSourcedId", rule, "参照か roles.csv を直してください")
    elif user in people.of_pupil and not any(
        each.value.school.sourced_id == school for each in people.of_pupil[user]
    ):
        rule = "この学校に在籍していません（roles.csv の student は別の学校です）"
        row.refuse(problems, "userSourcedId", rule, "roles.csv か enrollments.csv を直してください")


def _member(
    row: Row, user: str, home: Organisation, valid: Period, people: People, problems: Problems
) -> PlacedMembership:
    enrolled = [each for each in people.of_pupil.get(user, ()) if each.value.school == home.school]
    if enrolled and not covered(valid, (each.value.valid for each in enrolled)):
        rule = f"在籍の期間（{enrolled[0].origin.place()}）からはみ出しています"
        column = "beginDate" if row["beginDate"] else "endDate" if row["endDate"] else "userSourcedId"
        row.refuse(problems, column, rule, "日付をそろえてください")
    if enrolled and home.grades and enrolled[0].value.grade not in home.grades:
        rule = f"学年が合いません（児童生徒 {enrolled[0].value.grade}・学級 {','.join(home.grades)}）"
        row.refuse(problems, "classSourcedId", rule, "学級か users.csv の grades を直してください")
    number = row["metadata.jp.shussekiNo"]
    key = people.keys[user]
    return PlacedMembership(Membership(key, home.key, "home", int(number) if number else None, valid), row)


def covered(valid: Period, periods: Iterable[Period]) -> bool:
    """Whether periods that do not overlap, joined where one follows the other, cover this one."""
    since, until = None, None
    for each in sorted(periods, key=lambda period: period.since):
        if until is None or each.since > until:
            since = each.since
        until = each.until
        if since is not None and Period(since, until).covers(valid):
            return True
    return False


def _check_teacher(row: Row, user: str, school: str, people: People, problems: Problems) -> None:
    elsewhere = (user, school) not in people.staff_at
    if school and elsewhere and (user in people.staff or people.is_no(people.staff, user)):
        rule = "この学校の教職員ではありません（roles.csv に役割がありません）"
        row.refuse(problems, "userSourcedId", rule, "参照か roles.csv を直してください")


def _class_teacher(row: Row, user: str, home: Organisation, valid: Period, people: People) -> PlacedDuty:
    kind = "homeroom" if row.flag("primary") else "assistant"
    assert home.school is not None
    return PlacedDuty(Duty(people.keys[user], kind, home.school, home.key, valid), row)
