"""companion.json against the package: departments, duties, 交流; guardians and calendars in their own modules."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from pydantic import ValidationError

from services.registry.oneroster import companion
from services.registry.oneroster.calendars import read_calendars
from services.registry.oneroster.companion import Companion, DutyPart, ExchangePart
from services.registry.oneroster.contacts import read_contacts
from services.registry.oneroster.guardians import read_guardianships, read_protections
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.persons import PlacedDuty
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.relations import PlacedMembership, covered
from services.registry.oneroster.resolver import Resolver
from services.registry.oneroster.structure import day_after
from services.registry.roster.snapshot import (
    Calendar,
    Contact,
    Duty,
    ExternalKey,
    Guardianship,
    Membership,
    Organisation,
    Period,
    Protection,
)

_A_DATE = ("日付は YYYY-MM-DD の、実在する日です", "例: 2026-04-01")
_NOT_EMPTY = ("空にできません", "値を書いてください")
_SAID_BY_PYDANTIC: dict[str, tuple[str, str]] = {
    "missing": ("必須の項目がありません", "項目を加えてください"),
    "unexpected_keyword_argument": ("知らない項目です", "取り除くか、名前の書き間違いを直してください"),
    "extra_forbidden": ("知らない項目です", "取り除くか、名前の書き間違いを直してください"),
    "date_from_datetime_parsing": _A_DATE,
    "date_from_datetime_inexact": _A_DATE,
    "date_parsing": _A_DATE,
    "date_type": _A_DATE,
    "bool_type": ("true か false です", "引用符のない true または false にしてください"),
    "int_type": ("整数です", "引用符のない整数にしてください"),
    "string_type": ("文字列です", "引用符で囲んでください"),
    "literal_error": ("決められた値のどれでもありません", "docs/companion.md の一覧から選んでください"),
    "string_too_short": _NOT_EMPTY,
    "too_short": _NOT_EMPTY,
    "string_pattern_mismatch": ("英小文字で始まる、英小文字・数字・_・- の語です", "例: mother"),
    "json_invalid": ("JSON として読めません", "UTF-8 の JSON として書き出し直してください"),
}
_OTHERWISE = ("この項目に置けない値です", "docs/companion.md の形に直してください")

_PLACES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "homeroom": (frozenset({"school", "class"}), frozenset({"class"})),
    "assistant": (frozenset({"school", "class"}), frozenset({"class"})),
    "subject": (frozenset({"school", "class"}), frozenset({"school"})),
    "principal": (frozenset({"school"}), frozenset({"school"})),
    "vice_principal": (frozenset({"school"}), frozenset({"school"})),
    "office": (frozenset({"school"}), frozenset({"school"})),
    "nurse": (frozenset({"school"}), frozenset({"school"})),
    "board_staff": (frozenset({"department"}), frozenset({"department"})),
    "system_operator": (frozenset({"department"}), frozenset()),
}
"""Where a duty may and must be, by kind. A system operator without a department serves the whole board."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What companion.json adds beside the duties and memberships that join those of the CSV files."""

    departments: list[Organisation]
    guardianships: list[Guardianship]
    protections: list[Protection]
    calendars: list[Calendar]
    contacts: list[Contact]


def read_companion(content: bytes | None, problems: Problems) -> Companion | None:
    """The file by itself: its form, not its references."""
    if content is None:
        rule = f"{companion.FILE} がありません"
        remedy = (
            "OneRoster にない事柄（職務・保護者の権利・学校暦など）を書いた companion.json を加えてください"
        )
        problems.add(companion.FILE, None, "", "", rule, remedy)
        return None
    try:
        return Companion.model_validate_json(content.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False):
            pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in each["loc"])
            rule, remedy = _SAID_BY_PYDANTIC.get(each["type"], _OTHERWISE)
            lacking = each["type"] in ("missing", "json_invalid")
            value = "" if lacking else json.dumps(each["input"], ensure_ascii=False, default=str)
            problems.add(companion.FILE, None, pointer, value.strip('"'), rule, remedy)
        return None


def read_completion(resolver: Resolver) -> Completion:
    """Everything companion.json adds, its references checked."""
    told, structure = resolver.told, resolver.structure
    if told.school_year != structure.year:
        rule = f"年度が合いません（academicSessions.csv は {structure.year}）"
        Pointer("", told).refuse(
            resolver.problems, "school_year", rule, "同じ年度の名簿と companion.json を組にしてください"
        )
    for place, part in enumerate(told.schools):
        resolver.school(Pointer(told.at("schools", place), part), part.school)
    for place, ending in enumerate(told.classes):
        home = resolver.home_class(Pointer(told.at("classes", place), ending), ending.class_id)
        if home is not None:
            structure.organisations[home.key] = replace(home, until=day_after(ending.last))
    departments = _departments(resolver)
    _add_duties(resolver, {each.key for each in departments})
    _add_exchanges(resolver)
    _add_awaiting(resolver)
    return Completion(
        departments,
        read_guardianships(resolver),
        read_protections(resolver),
        read_calendars(resolver),
        read_contacts(resolver),
    )


def _departments(resolver: Resolver) -> list[Organisation]:
    found: list[Organisation] = []
    seen: dict[str, Pointer] = {}
    for place, part in enumerate(resolver.told.departments):
        origin = Pointer(resolver.told.at("departments", place), part)
        if (other := seen.setdefault(part.id, origin)) is not origin:
            resolver.twice(origin, other, "id", "同じ id の部署があります")
            continue
        key = ExternalKey("department", part.id)
        short = part.short_name or part.name
        found.append(
            Organisation(
                key,
                part.kind,
                resolver.structure.board,
                None,
                part.name,
                short,
                part.code,
                until=day_after(part.last),
            )
        )
    return found


def _add_duties(resolver: Resolver, departments: set[ExternalKey]) -> None:
    people = resolver.people
    for place, part in enumerate(resolver.told.duties):
        origin = Pointer(resolver.told.at("duties", place), part)
        staff = resolver.person(origin, "staff", part.staff, people.staff, "教職員")
        where = _duty_place(resolver, origin, part, departments)
        valid = resolver.period(origin, part)
        if staff is None or where is None or valid is None:
            continue
        organisation, class_key = where
        elsewhere = (part.staff, organisation.sourced_id) not in people.staff_at
        if organisation.kind == "organisation" and elsewhere and part.staff not in people.unsure:
            rule = f"この人の役割が roles.csv にありません（組織 {organisation.sourced_id}）"
            origin.refuse(resolver.problems, "staff", rule, "roles.csv に行を加えるか、参照を直してください")
        people.duties.append(PlacedDuty(Duty(staff, part.kind, organisation, class_key, valid), origin))


def _duty_place(
    resolver: Resolver, origin: Pointer, part: DutyPart, departments: set[ExternalKey]
) -> tuple[ExternalKey, ExternalKey | None] | None:
    """The organisation and class of a duty, as its kind requires."""
    allowed, needed = _PLACES[part.kind]
    given = {"school": part.school, "class": part.class_id, "department": part.department}
    for column, value in given.items():
        if value is not None and column not in allowed:
            rule = f"職務 {part.kind} に {column} は付きません"
            origin.refuse(resolver.problems, column, rule, "取り除いてください")
            return None
        if value is None and column in needed:
            rule = f"職務 {part.kind} には {column} が要ります"
            origin.refuse(resolver.problems, column, rule, "項目を加えてください")
            return None
    if part.department is not None:
        department = ExternalKey("department", part.department)
        if department in departments:
            return department, None
        resolver.dangling(origin, "department", part.department, "departments に id")
        return None
    if part.class_id is not None:
        home = resolver.home_class(origin, part.class_id)
        if home is None or home.school is None:
            return None
        if part.school not in (None, home.school.sourced_id):
            origin.refuse(resolver.problems, "school", "class の学校と合いません", "どちらかを直してください")
        return home.school, home.key
    if part.school is not None:
        school = resolver.school(origin, part.school)
        return None if school is None else (school.key, None)
    return None if resolver.structure.board is None else (resolver.structure.board, None)


def _add_exchanges(resolver: Resolver) -> None:
    homes: dict[str, list[PlacedMembership]] = {}
    for each in resolver.memberships:
        homes.setdefault(each.value.pupil.sourced_id, []).append(each)
    for place, part in enumerate(resolver.told.exchanges):
        origin = Pointer(resolver.told.at("exchanges", place), part)
        pupil = resolver.person(origin, "pupil", part.pupil, resolver.people.pupils, "児童生徒")
        host = resolver.home_class(origin, part.class_id)
        valid = resolver.period(origin, part, resolver.structure.term)
        if pupil is None or host is None or valid is None:
            continue
        _check_exchange(resolver, origin, part, host, valid, homes.get(part.pupil, []))
        membership = Membership(pupil, host.key, "exchange", part.number, valid)
        resolver.memberships.append(PlacedMembership(membership, origin))


def _add_awaiting(resolver: Resolver) -> None:
    for place, part in enumerate(resolver.told.awaiting_class):
        origin = Pointer(resolver.told.at("awaiting_class", place), part)
        pupil = resolver.person(origin, "pupil", part.pupil, resolver.people.pupils, "児童生徒")
        school = resolver.school(origin, part.school)
        if pupil is None or school is None:
            continue
        schools = [each.value.school for each in resolver.people.of_pupil.get(part.pupil, [])]
        if school.key not in schools and part.pupil not in resolver.people.unsure:
            rule = "この学校に在籍のない児童生徒です"
            origin.refuse(resolver.problems, "school", rule, "参照を直すか、取り除いてください")
        resolver.people.awaiting_class.add((part.pupil, school.key))


def _check_exchange(
    resolver: Resolver,
    origin: Pointer,
    part: ExchangePart,
    host: Organisation,
    valid: Period,
    mine: list[PlacedMembership],
) -> None:
    problems, people = resolver.problems, resolver.people
    homes = [each.value for each in mine if each.value.kind == "home" and each.value.valid.overlaps(valid)]
    if not covered(valid, (each.valid for each in homes)):
        rule = "その期間に在籍の学級がない児童生徒の交流です"
        remedy = "enrollments.csv に在籍の学級を書くか、期間を直してください"
        origin.refuse(problems, "pupil", rule, remedy)
        return
    rooms = [resolver.structure.organisations[each.class_key] for each in homes]
    enrolled = [
        each.value for each in people.of_pupil.get(part.pupil, []) if each.value.school == host.school
    ]
    if any(home.key == host.key for home in rooms):
        origin.refuse(problems, "class", "在籍の学級への交流です", "交流先の学級にしてください")
    elif any(home.school != host.school for home in rooms):
        origin.refuse(problems, "class", "別の学校の学級への交流です", "同じ学校の学級にしてください")
    elif enrolled and host.grades and enrolled[0].grade not in host.grades:
        rule = f"学年が合いません（児童生徒 {enrolled[0].grade}・学級 {','.join(host.grades)}）"
        origin.refuse(problems, "class", rule, "同じ学年の学級にしてください")
