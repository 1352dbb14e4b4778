"""The school year, the board, schools and classes of a package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.registry.oneroster import cells, codes, layout
from services.registry.oneroster.companion import Companion
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.references import check_references, refer
from services.registry.oneroster.tables import Index, Row, Table
from services.registry.roster.snapshot import ExternalKey, Organisation, Period

_LOST_ZERO = re.compile(r"[1-9]\d{4}", re.ASCII)
"""A 教育委員会コード of one of the prefectures 01–09 after a spreadsheet took it for a number."""


@dataclass(slots=True)
class Structure:
    """What the other parts refer to, by the package's ids."""

    year: int
    orgs: Table
    classes: Table
    org_rows: Index
    class_rows: Index
    board: ExternalKey | None = None
    organisations: dict[ExternalKey, Organisation] = field(default_factory=dict)

    @property
    def term(self) -> Period:
        """The school year, 4/1 to 3/31."""
        return Period(date(self.year, 4, 1), date(self.year + 1, 4, 1))

    def school(self, sourced_id: str) -> Organisation | None:
        """The school of that id."""
        found = self.organisations.get(ExternalKey("organisation", sourced_id))
        return found if found is not None and found.kind != "board" else None

    def home_class(self, sourced_id: str) -> Organisation | None:
        """The 学級 of that id: a class of type homeroom. Others are courses, no organisation."""
        return self.organisations.get(ExternalKey("class", sourced_id))

    def schools(self) -> list[Organisation]:
        """All schools."""
        return [
            each
            for each in self.organisations.values()
            if each.key.kind == "organisation" and each.kind != "board"
        ]


def the_school_year(sessions: Table, problems: Problems) -> int | None:
    """The one school year of the package, 4/1–3/31; ``None`` when nothing tells it."""
    index = sessions.by_id()
    year: int | None = None
    for row in sessions.rows():
        start = row.day("startDate")
        said = int(row["schoolYear"]) if row["schoolYear"] else start.year if start else None
        if row["parentSourcedId"] != layout.NULL:
            refer(row, "parentSourcedId", index, problems)
        if said is None:
            continue
        if year is None:
            year = said
        elif said != year:
            rule = f"年度が二つあります（{year} と {said}）"
            row.refuse(
                problems, "schoolYear", rule, "一度に取り込むのは一つの年度です。年度ごとに分けてください"
            )
            continue
        if start and start != date(said, 4, 1):
            row.refuse(problems, "startDate", "年度は 4 月 1 日に始まります", f"{said}-04-01 にしてください")
        end = row.day("endDate")
        if end and end != date(said + 1, 3, 31):
            row.refuse(
                problems, "endDate", "年度は 3 月 31 日に終わります", f"{said + 1}-03-31 にしてください"
            )
        if row["title"] and row["title"] != f"{said}年度":
            row.refuse(problems, "title", "title が schoolYear と合いません", f"{said}年度 にしてください")
    if not len(sessions) and sessions.whole:
        problems.add(sessions.name, 1, "", "", "年度の行がありません", "schoolYear の行を一つ書いてください")
    return year


def read_structure(
    tables: Mapping[str, Table], companion: Companion | None, year: int, problems: Problems
) -> Structure:
    """Board, schools and classes, with everything that is wrong about them."""
    orgs, classes = tables[layout.ORGS], tables[layout.CLASSES]
    structure = Structure(year, orgs, classes, orgs.by_id(), classes.by_id())
    _read_board(orgs, companion, structure, problems)
    _read_schools(orgs, companion, structure, problems)
    sessions = tables[layout.ACADEMIC_SESSIONS].by_id()
    _check_courses(tables, structure, sessions, problems)
    _read_classes(tables, structure, sessions, problems)
    return structure


def _read_board(orgs: Table, companion: Companion | None, structure: Structure, problems: Problems) -> None:
    districts = [row for row in orgs.rows() if row["type"] == "district"]
    for row in districts[1:]:
        rule = f"教育委員会（district）が二つあります（{districts[0].line} 行）"
        row.refuse(problems, "type", rule, "一つのパッケージは一つの教育委員会の名簿です")
    if not districts:
        if orgs.whole and not any(row.refused("type") for row in orgs.rows()):
            rule = "教育委員会（type が district の行）がありません"
            problems.add(orgs.name, 1, "type", "", rule, "教育委員会の行を加えてください")
        return
    row = districts[0]
    if row["parentSourcedId"]:
        row.refuse(problems, "parentSourcedId", "教育委員会に親の組織は置けません", "空にしてください")
    code = row["identifier"]
    if _LOST_ZERO.fullmatch(code):
        told = "先頭の 0 を補いました（教育委員会コードは 6 桁です）"
        problems.note(orgs.name, row.line, "identifier", told, code, f"0{code}")
        code = f"0{code}"
    if code and (fault := codes.board_code_fault(code)):
        row.refuse(problems, "identifier", fault, "教育委員会コードを確かめてください")
    short = None
    if companion is not None:
        short = companion.board.short_name
        if companion.board.district != row.id:
            rule = "別の教育委員会の companion.json です"
            Pointer("/board", companion.board).refuse(problems, "district", rule, f"{row.id} のはずです")
    structure.board = ExternalKey("organisation", row.id)
    structure.organisations[structure.board] = Organisation(
        structure.board, "board", None, None, row["name"], short or row["name"], code or None
    )


def _read_schools(orgs: Table, companion: Companion | None, structure: Structure, problems: Problems) -> None:
    extra = {each.school: each for each in companion.schools} if companion else {}
    codes_seen: dict[str, Row] = {}
    for row in orgs.rows():
        if row["type"] != "school":
            continue
        parent = refer(row, "parentSourcedId", structure.org_rows, problems)
        if parent is not None and parent["type"] == "school":
            rule = "学校の親は教育委員会です"
            row.refuse(problems, "parentSourcedId", rule, "district の sourcedId にしてください")
        code = row["identifier"]
        more = extra.get(row.id)
        said = more.kind if more else "school" if companion is None else None
        kind = _school_kind(row, code, said, problems)
        if code and (other := codes_seen.setdefault(code, row)) is not row:
            for one, twin in ((row, other), (other, row)):
                rule = f"同じ学校コードが {twin.line} 行にもあります"
                one.refuse(problems, "identifier", rule, "学校コードを確かめてください")
        key = ExternalKey("organisation", row.id)
        structure.organisations.setdefault(
            key,
            Organisation(
                key,
                kind,
                structure.board,
                key,
                row["name"],
                (more.short_name if more else None) or row["name"],
                code or None,
                until=day_after(more.last) if more else None,
            ),
        )


def day_after(last: date | None) -> date | None:
    """The first day on which something is no longer so."""
    return last + timedelta(days=1) if last else None


def _school_kind(row: Row, code: str, said: str | None, problems: Problems) -> str:
    if not code:
        if said is None:
            rule = "学校の種類がわかりません（学校コードがありません）"
            remedy = "学校コードを書くか、companion.json の schools に kind を書いてください"
            row.refuse(problems, "identifier", rule, remedy)
        return said or "school"
    if fault := codes.school_code_fault(code):
        row.refuse(problems, "identifier", fault, "文部科学省の学校コード一覧で確かめてください")
        return said or "school"
    kind = codes.SCHOOL_KINDS.get(code[:2])
    if kind is None:
        row.refuse(problems, "identifier", f"学校種 {code[:2]} の名簿は扱いません", "行を取り除いてください")
        return "school"
    if said not in (None, "school", kind):
        rule = f"companion.json の kind（{said}）と学校コード（{kind}）が合いません"
        row.refuse(problems, "identifier", rule, "どちらかを直してください")
    return kind


def _check_courses(
    tables: Mapping[str, Table], structure: Structure, sessions: Index, problems: Problems
) -> None:
    courses = tables[layout.COURSES]
    check_references(courses, "orgSourcedId", structure.org_rows, problems)
    check_references(courses, "schoolYearSourcedId", sessions, problems)
    for row in courses.rows():
        _check_subjects(row, problems)


def _check_subjects(row: Row, problems: Problems) -> None:
    subjects, subject_codes = row["subjects"], row["subjectCodes"]
    if (subjects or subject_codes) and len(cells.as_list(subjects)) != len(cells.as_list(subject_codes)):
        rule = "subjects と subjectCodes の数が合いません"
        row.refuse(problems, "subjectCodes", rule, "同じ数だけ並べてください")


def _read_classes(
    tables: Mapping[str, Table], structure: Structure, sessions: Index, problems: Problems
) -> None:
    courses = tables[layout.COURSES].by_id()
    titles: dict[tuple[str, str], Row] = {}
    check_references(structure.classes, "courseSourcedId", courses, problems)
    check_references(structure.classes, "schoolSourcedId", structure.org_rows, problems)
    for row in structure.classes.rows():
        course = courses.get(row["courseSourcedId"])
        for part in cells.as_list(row["termSourcedIds"]):
            if part not in sessions and sessions.table.whole:
                rule = f"{sessions.table.name} に sourcedId「{part}」がありません"
                row.refuse(problems, "termSourcedIds", rule, "年度の sourcedId にしてください")
        _check_subjects(row, problems)
        at = structure.org_rows.get(row["schoolSourcedId"])
        if at is not None and at["type"] == "district":
            rule = "学級は学校に属します（これは教育委員会です）"
            row.refuse(problems, "schoolSourcedId", rule, "学校の sourcedId にしてください")
            continue
        if (
            at is not None
            and course is not None
            and course["orgSourcedId"] not in ("", at.id, at["parentSourcedId"])
        ):
            rule = "courseSourcedId の course は別の学校のものです"
            row.refuse(problems, "courseSourcedId", rule, "この学校か教育委員会の course にしてください")
        school = structure.school(row["schoolSourcedId"])
        if row["classType"] == "homeroom" and school is not None:
            _read_class(row, school, structure, titles, problems)


def _read_class(
    row: Row,
    school: Organisation,
    structure: Structure,
    titles: dict[tuple[str, str], Row],
    problems: Problems,
) -> None:
    grades = tuple(sorted(set(cells.as_list(row["grades"]))))
    allowed = codes.GRADES_OF_KIND.get(school.kind, codes.GRADES)
    for grade in grades:
        if grade not in allowed:
            rule = f"{school.name}に {codes.grade_in_words(grade)} の学年はありません"
            row.refuse(problems, "grades", rule, "学年か学校を直してください")
    if not grades and not row.refused("grades"):
        row.refuse(problems, "grades", "学級に学年がありません", "P1～P6・J1～J3 などを書いてください")
    if row["title"] and (other := titles.setdefault((school.key.sourced_id, row["title"]), row)) is not row:
        for one, twin in ((row, other), (other, row)):
            rule = f"同じ学校に同じ名前の学級があります（{twin.line} 行）"
            one.refuse(problems, "title", rule, "学級の名前を確かめてください")
    key = ExternalKey("class", row.id)
    structure.organisations.setdefault(
        key,
        Organisation(
            key,
            "class",
            school.key,
            school.key,
            row["title"],
            row["title"],
            school_year=structure.year,
            grades=grades,
            special_needs=row.flag("metadata.jp.specialNeeds"),
        ),
    )
