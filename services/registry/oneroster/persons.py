"""People of a package: cards, the hats they wear (roles.csv) and pupils' 在籍 at schools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from services.registry.oneroster import births, cells, layout
from services.registry.oneroster.companion import Companion
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.references import check_references
from services.registry.oneroster.structure import Structure
from services.registry.oneroster.tables import Index, Row, Table
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

    rows: Index
    roles_whole: bool
    unsure: set[str] = field(default_factory=set)
    """Those of whom a roles.csv row could not be read."""
    unplaced: set[str] = field(default_factory=set)
    """Those of whom an enrollments.csv row could not be read."""
    keys: dict[str, ExternalKey] = field(default_factory=dict)
    cards: dict[ExternalKey, Person] = field(default_factory=dict)
    pupils: set[str] = field(default_factory=set)
    guardians: set[str] = field(default_factory=set)
    staff: set[str] = field(default_factory=set)
    staff_at: set[tuple[str, str]] = field(default_factory=set)
    enrolments: list[PlacedEnrolment] = field(default_factory=list)
    of_pupil: dict[str, list[PlacedEnrolment]] = field(default_factory=dict)
    awaiting_class: set[tuple[str, ExternalKey]] = field(default_factory=set)
    """Pupils and the schools where their class is decided later, as the companion says."""
    duties: list[PlacedDuty] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether users.csv could be read to the end."""
        return self.rows.table.whole

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


@dataclass(slots=True)
class Periods:
    """Periods of a table's rows; equal dates are read once."""

    term: Period
    problems: Problems
    _known: dict[tuple[str, str], Period] = field(default_factory=dict)

    def of(self, table: Table, at: int, begin: str, end: str) -> Period | None:
        """The period of one row, of which begin and end are given; ``None`` when it has none."""
        found = self._known.get((begin, end))
        if found is None or table.refused:
            found = period_of(table.row(at), self.term, self.problems)
            if found is not None:
                self._known[begin, end] = found
        return found


def read_people(
    tables: Mapping[str, Table], companion: Companion | None, structure: Structure, problems: Problems
) -> People:
    """All people, with everything that is wrong about them."""
    users, profiles = tables[layout.USERS], tables[layout.USER_PROFILES]
    people = People(users.by_id(), tables[layout.ROLES].whole)
    people.keys = {own: ExternalKey("person", own) for own in people.rows.places}
    check_references(profiles, "userSourcedId", people.rows, problems)
    _read_roles(tables, structure, people, problems)
    read = births.read_births(tables[layout.DEMOGRAPHICS], companion, people.rows, problems)
    check_references(users, "primaryOrgSourcedId", structure.org_rows, problems)
    _check_homes(users, structure, problems)
    _check_agents(users, people, problems)
    _add_cards(users, people, read)
    births.check_ages(read, people.of_pupil, structure.year, problems)
    return people


def _add_cards(users: Table, people: People, read: births.Births) -> None:
    columns = [users.column(name) for name in _CARD]
    for own, *names in zip(users.ids(), *columns, strict=True):
        key = people.keys.get(own)
        if key is not None and key not in people.cards:
            people.cards[key] = _card(key, names, read)


_CARD = (
    "familyName",
    "givenName",
    "middleName",
    "preferredFamilyName",
    "preferredGivenName",
    "preferredMiddleName",
    "metadata.jp.kanaFamilyName",
    "metadata.jp.kanaGivenName",
    "metadata.jp.kanaMiddleName",
    "metadata.jp.kanaPreferredFamilyName",
    "metadata.jp.kanaPreferredGivenName",
)


def _card(key: ExternalKey, names: list[str], read: births.Births) -> Person:
    family, given, middle, own_family, own_given, own_middle, *kana = names
    kana_family, kana_given, kana_middle, kana_own_family, kana_own_given = kana
    if middle:
        given = f"{given} {middle}"
    if own_middle:
        own_given = f"{own_given} {own_middle}"
    own_family, own_given = own_family or family, own_given or given
    uses_own = (own_family, own_given) != (family, given)
    if kana_given and kana_middle:
        kana_given = f"{kana_given} {kana_middle}"
    return Person(
        key,
        family,
        given,
        kana_family or None,
        kana_given or None,
        own_family if uses_own else None,
        own_given if uses_own else None,
        (kana_own_family or None) if uses_own else None,
        (kana_own_given or None) if uses_own else None,
        read.dates.get(key.sourced_id),
        read.sexes.get(key.sourced_id, "unspecified"),
    )


def _read_roles(
    tables: Mapping[str, Table], structure: Structure, people: People, problems: Problems
) -> None:
    roles, users = tables[layout.ROLES], tables[layout.USERS]
    check_references(roles, "userSourcedId", people.rows, problems)
    check_references(roles, "orgSourcedId", structure.org_rows, problems)
    check_references(roles, "userProfileSourcedId", tables[layout.USER_PROFILES].by_id(), problems)
    periods = Periods(structure.term, problems)
    there, orgs = people.rows.places, structure.org_rows.places
    columns = ("userSourcedId", "orgSourcedId", "role", "beginDate", "endDate")
    for at, (user, org, role, begin, end) in enumerate(zip(*map(roles.column, columns), strict=True)):
        if not role or org not in orgs:
            people.unsure.add(user)
        valid = periods.of(roles, at, begin, end)
        if user not in there or org not in orgs or not role:
            continue
        if role == "student":
            people.pupils.add(user)
            if valid is not None:
                _enrol(roles.row(at), people.rows[user], valid, structure, people, problems)
        elif role in layout.GUARDIAN_ROLES:
            people.guardians.add(user)
        else:
            people.staff.add(user)
            people.staff_at.add((user, org))
            if role == "principal" and valid is not None:
                _add_principal(roles.row(at), people.rows[user], valid, structure, people, problems)
    for at, (user, role) in enumerate(zip(roles.column("userSourcedId"), roles.column("role"), strict=True)):
        if role not in ("", "student") and user in people.pupils:
            rule = "児童生徒がほかの役割を兼ねています"
            roles.row(at).refuse(problems, "role", rule, "児童生徒の役割は student だけです")
    without = set(users.ids()) - set(roles.said("userSourcedId")) - {""} if roles.whole else set[str]()
    for row in users.rows() if without else ():
        if row.id in without:
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
    grades = cells.as_list(user["grades"])
    if len(grades) != 1:
        if not user.refused("grades"):
            rule = f"児童生徒（{row.place()}）の学年は一つです"
            user.refuse(problems, "grades", rule, "P1～P6・J1～J3 などを一つ書いてください")
        return
    placed = PlacedEnrolment(Enrolment(people.keys[user.id], school.key, grades[0], valid), row)
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
    duty = Duty(people.keys[user.id], "principal", school.key, None, valid)
    people.duties.append(PlacedDuty(duty, row))


def _check_agents(users: Table, people: People, problems: Problems) -> None:
    for at, (own, agents) in enumerate(zip(users.ids(), users.column("agentSourcedIds"), strict=True)):
        for agent in cells.as_list(agents) if agents else ():
            if agent not in people.rows.places:
                if people.whole:
                    rule = f"users.csv に sourcedId「{agent}」がありません"
                    users.row(at).refuse(
                        problems, "agentSourcedIds", rule, "保護者の sourcedId にしてください"
                    )
            elif own in people.pupils and people.is_no(people.guardians, agent):
                rule = f"「{agent}」は保護者ではありません（roles.csv に guardian がありません）"
                users.row(at).refuse(problems, "agentSourcedIds", rule, "参照か roles.csv を直してください")


def _check_homes(users: Table, structure: Structure, problems: Problems) -> None:
    column = "metadata.jp.homeClass"
    check_references(users, column, structure.class_rows, problems)
    kinds = zip(structure.classes.ids(), structure.classes.column("classType"), strict=True)
    scheduled = {own for own, kind in kinds if kind == "scheduled"}
    for at, home in enumerate(users.column(column)) if scheduled else ():
        if home in scheduled:
            rule = "homeClass は学級（homeroom）です"
            users.row(at).refuse(problems, column, rule, "学級の sourcedId にしてください")
