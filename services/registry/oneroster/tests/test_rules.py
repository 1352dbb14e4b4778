"""What refuses a package, by example: file, line, column and value are named, and all at once."""

from __future__ import annotations

from typing import Any

import pytest

from services.registry.oneroster import companion, layout
from services.registry.oneroster.companion import SCHEMA, published_schema
from services.registry.oneroster.rules import read_roster
from services.registry.oneroster.tests.packages import (
    cells,
    refusal,
    small_package,
    with_cell,
    with_companion,
    with_row,
    without_row,
)
from services.registry.roster.snapshot import ExternalKey

COMPANION = companion.FILE


def test_the_small_package_is_right() -> None:
    reading = read_roster(small_package())
    assert reading.problems == ()
    assert reading.snapshot is not None
    assert reading.snapshot.board == ExternalKey("organisation", "board")


@pytest.mark.parametrize(
    ("file", "line", "column", "value"),
    [
        (layout.ACADEMIC_SESSIONS, 2, "title", "令和8年度"),
        (layout.ACADEMIC_SESSIONS, 2, "title", "2025年度"),
        (layout.ACADEMIC_SESSIONS, 2, "type", "semester"),
        (layout.ACADEMIC_SESSIONS, 2, "startDate", "2026-04-06"),
        (layout.ACADEMIC_SESSIONS, 2, "endDate", "2027-03-25"),
        (layout.ACADEMIC_SESSIONS, 2, "schoolYear", "R8"),
        (layout.ACADEMIC_SESSIONS, 2, "parentSourcedId", "y25"),
        (layout.ORGS, 2, "type", "state"),
        (layout.ORGS, 2, "parentSourcedId", "e1"),
        (layout.ORGS, 2, "identifier", "1234"),
        (layout.ORGS, 3, "identifier", "B199200000013"),
        (layout.ORGS, 3, "identifier", "B148200000014"),
        (layout.ORGS, 3, "identifier", "F199200000013"),
        (layout.ORGS, 3, "parentSourcedId", "board9"),
        (layout.ORGS, 4, "identifier", "C199200000010"),
        (layout.ORGS, 4, "name", ""),
        (layout.COURSES, 2, "orgSourcedId", "e9"),
        (layout.COURSES, 2, "schoolYearSourcedId", "y9"),
        (layout.CLASSES, 2, "classType", "club"),
        (layout.CLASSES, 2, "grades", "小2"),
        (layout.CLASSES, 2, "grades", "J1"),
        (layout.CLASSES, 2, "grades", ""),
        (layout.CLASSES, 2, "schoolSourcedId", "e9"),
        (layout.CLASSES, 2, "schoolSourcedId", ""),
        (layout.CLASSES, 2, "schoolSourcedId", "board"),
        (layout.CLASSES, 2, "courseSourcedId", "c2"),
        (layout.CLASSES, 2, "termSourcedIds", "y26,y27"),
        (layout.CLASSES, 2, "metadata.jp.specialNeeds", "1"),
        (layout.CLASSES, 2, "title", "2年2組"),
        (layout.CLASSES, 6, "subjectCodes", ""),
        (layout.USERS, 2, "familyName", "ｶﾝﾀﾞ"),
        (layout.USERS, 2, "familyName", "神田 "),
        (layout.USERS, 2, "familyName", "神\ufffd田"),
        (layout.USERS, 2, "familyName", "神\u0007田"),
        (layout.USERS, 2, "familyName", ""),
        (layout.USERS, 2, "metadata.jp.kanaFamilyName", "神田"),
        (layout.USERS, 2, "enabledUser", "はい"),
        (layout.USERS, 2, "enabledUser", "1"),
        (layout.USERS, 2, "grades", "P7"),
        (layout.USERS, 2, "grades", ""),
        (layout.USERS, 2, "grades", "P2,P3"),
        (layout.USERS, 2, "agentSourcedIds", "g1,g9"),
        (layout.USERS, 2, "agentSourcedIds", "g1,t1"),
        (layout.USERS, 2, "primaryOrgSourcedId", "e9"),
        (layout.USERS, 2, "metadata.jp.homeClass", "k99"),
        (layout.USERS, 2, "metadata.jp.homeClass", "k22"),
        (layout.USERS, 2, "metadata.jp.homeClass", "math"),
        (layout.USERS, 2, "status", "tobedeleted"),
        (layout.USERS, 2, "status", "inactive"),
        (layout.USERS, 3, "userIds", "LDAP:x"),
        (layout.USERS, 3, "sourcedId", "p 2"),
        (layout.USERS, 3, "sourcedId", "p1"),
        (layout.ROLES, 2, "role", "pupil"),
        (layout.ROLES, 2, "roleType", "first"),
        (layout.ROLES, 2, "userSourcedId", "p9"),
        (layout.ROLES, 2, "orgSourcedId", "board"),
        (layout.ROLES, 2, "beginDate", "2026-02-30"),
        (layout.ROLES, 2, "beginDate", "2026-03-31"),
        (layout.ROLES, 2, "endDate", "2027-04-01"),
        (layout.ROLES, 4, "endDate", "2026-03-31"),
        (layout.ROLES, 8, "orgSourcedId", "board"),
        (layout.ENROLLMENTS, 2, "classSourcedId", "k99"),
        (layout.ENROLLMENTS, 2, "classSourcedId", "kn"),
        (layout.ENROLLMENTS, 2, "schoolSourcedId", "e2"),
        (layout.ENROLLMENTS, 2, "userSourcedId", "t1"),
        (layout.ENROLLMENTS, 2, "role", "観察者"),
        (layout.ENROLLMENTS, 2, "primary", "true"),
        (layout.ENROLLMENTS, 2, "primary", "yes"),
        (layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "一"),
        (layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "0"),
        (layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "1.5"),
        (layout.ENROLLMENTS, 4, "endDate", "2026-04-01"),
        (layout.ENROLLMENTS, 5, "metadata.jp.shussekiNo", "3"),
        (layout.ENROLLMENTS, 5, "userSourcedId", "g1"),
        (layout.DEMOGRAPHICS, 2, "sourcedId", "p9"),
        (layout.DEMOGRAPHICS, 2, "birthDate", "平成30年"),
        (layout.DEMOGRAPHICS, 2, "sex", "男"),
    ],
)
def test_a_wrong_cell_is_named(file: str, line: int, column: str, value: str) -> None:
    reading = refusal(with_cell(small_package(), file, line, column, value))
    assert (file, line, column, value) in cells(reading.problems), "\n".join(map(str, reading.problems))


@pytest.mark.parametrize(
    ("pointer", "value", "column", "told"),
    [
        ("/school_year", 2025, "/school_year", "2025"),
        ("/school_year", "2026", "/school_year", "2026"),
        ("/version", 2, "/version", "2"),
        ("/board/district", "board9", "/board/district", "board9"),
        ("/schools/0/school", "e9", "/schools/0/school", "e9"),
        ("/departments/-", {"id": "d1", "name": "指導課"}, "/departments/1/id", "d1"),
        ("/duties/0/staff", "p1", "/duties/0/staff", "p1"),
        ("/duties/0/staff", "t9", "/duties/0/staff", "t9"),
        ("/duties/0/kind", "janitor", "/duties/0/kind", "janitor"),
        ("/duties/0/kind", "homeroom", "/duties/0/class", ""),
        ("/duties/0/school", "e2", "/duties/0/staff", "t1"),
        ("/duties/0/school", "board", "/duties/0/school", "board"),
        ("/duties/0/department", "d1", "/duties/0/department", "d1"),
        ("/duties/0/from", "2026-13-01", "/duties/0/from", "2026-13-01"),
        ("/duties/0/from", None, "/duties/0/from", ""),
        ("/duties/0/form", "2026-04-01", "/duties/0/form", "2026-04-01"),
        ("/duties/1/department", "d9", "/duties/1/department", "d9"),
        ("/duties/1/to", "2026-03-01", "/duties/1/to", "2026-03-01"),
        ("/guardianships/0/pupil", "t1", "/guardianships/0/pupil", "t1"),
        ("/guardianships/0/guardian", "p2", "/guardianships/0/guardian", "p2"),
        ("/guardianships/0/relation", "お母さん", "/guardianships/0/relation", "お母さん"),
        ("/guardianships/0/rights/read", "true", "/guardianships/0/rights/read", "true"),
        ("/guardianships/0/rights/read", None, "/guardianships/0/rights/read", ""),
        ("/protections/0/pupil", "g1", "/protections/0/pupil", "g1"),
        ("/protections/0/confidential_from", ["x9"], "/protections/0/confidential_from", "['x9']"),
        ("/exchanges/0/class", "kh", "/exchanges/0/class", "kh"),
        ("/exchanges/0/class", "kn", "/exchanges/0/class", "kn"),
        ("/exchanges/0/class", "math", "/exchanges/0/class", "math"),
        ("/exchanges/0/number", 1, "/exchanges/0/number", "1"),
        ("/exchanges/0/from", "2026-03-01", "/exchanges/0/from", "2026-03-01"),
        ("/calendars/0/school", "e2", "/calendars/0/school", "e2"),
        (
            "/calendars/0/school_days",
            ["2026-04-08", "2026-04-07"],
            "/calendars/0/school_days/1",
            "2026-04-07",
        ),
        (
            "/calendars/0/school_days",
            ["2026-03-08", "2026-04-08"],
            "/calendars/0/school_days/0",
            "2026-03-08",
        ),
        ("/calendars/0/closures/0/on", "2026-04-07", "/calendars/0/closures/0/on", "2026-04-07"),
        ("/calendars/0/closures/1/class", "kn", "/calendars/0/closures/1/class", "kn"),
        ("/calendars/0/closures/1/scope", "grade", "/calendars/0/closures/1/grade", ""),
        ("/birth_dates/0/person", "x9", "/birth_dates/0/person", "x9"),
    ],
)
def test_a_wrong_value_of_the_companion_is_named(pointer: str, value: Any, column: str, told: str) -> None:
    reading = refusal(with_companion(small_package(), pointer, value))
    assert (COMPANION, None, column, told) in cells(reading.problems), "\n".join(map(str, reading.problems))


def test_every_wrong_cell_is_told_in_one_run() -> None:
    files = with_cell(small_package(), layout.USERS, 2, "enabledUser", "はい")
    files = with_cell(files, layout.ROLES, 3, "beginDate", "4/1")
    files = with_cell(files, layout.ORGS, 3, "identifier", "B1")
    files = with_cell(files, layout.ENROLLMENTS, 4, "metadata.jp.shussekiNo", "?")
    files = with_companion(files, "/duties/1/department", "d9")
    assert cells(refusal(files).problems) == {
        (layout.USERS, 2, "enabledUser", "はい"),
        (layout.ROLES, 3, "beginDate", "4/1"),
        (layout.ORGS, 3, "identifier", "B1"),
        (layout.ENROLLMENTS, 4, "metadata.jp.shussekiNo", "?"),
        (COMPANION, None, "/duties/1/department", "d9"),
    }


def test_problems_say_what_to_do_in_japanese() -> None:
    (problem,) = refusal(with_cell(small_package(), layout.DEMOGRAPHICS, 2, "sex", "男")).problems
    assert str(problem) == (
        "demographics.csv 2行 sex「男」: 「男」という値はありません。"
        "male・female・unspecified・other のどれかです"
    )


@pytest.mark.parametrize("school", ["", "nowhere"])
def test_a_class_without_its_school_is_told_once_not_with_each_of_its_pupils(school: str) -> None:
    files = with_cell(small_package(), layout.CLASSES, 2, "schoolSourcedId", school)
    assert cells(refusal(files).problems) == {(layout.CLASSES, 2, "schoolSourcedId", school)}


def test_two_home_classes_at_the_same_time_name_both_rows() -> None:
    files = with_row(
        small_package(),
        layout.ENROLLMENTS,
        sourcedId="m9",
        classSourcedId="k22",
        schoolSourcedId="e1",
        userSourcedId="p1",
        role="student",
    )
    assert {
        (layout.ENROLLMENTS, 2, "userSourcedId", "p1"),
        (layout.ENROLLMENTS, 8, "userSourcedId", "p1"),
    } <= cells(refusal(files).problems)


def test_two_home_classes_one_after_the_other_are_a_move() -> None:
    files = with_cell(small_package(), layout.ENROLLMENTS, 2, "endDate", "2026-08-31")
    files = with_row(
        files,
        layout.ENROLLMENTS,
        sourcedId="m9",
        classSourcedId="k22",
        schoolSourcedId="e1",
        userSourcedId="p1",
        role="student",
        beginDate="2026-09-01",
    )
    assert read_roster(files).problems == ()


def test_the_same_number_twice_in_a_class_names_both_rows() -> None:
    files = small_package()
    user = {"sourcedId": "p4", "enabledUser": "true", "username": "p4", "givenName": "新", "familyName": "森"}
    role = {"sourcedId": "r9", "userSourcedId": "p4", "roleType": "primary", "role": "student"}
    enrolled = {"sourcedId": "m9", "classSourcedId": "k21", "userSourcedId": "p4", "role": "student"}
    for file, values in (
        (layout.USERS, {**user, "grades": "P2"}),
        (layout.ROLES, {**role, "orgSourcedId": "e1"}),
        (layout.ENROLLMENTS, {**enrolled, "schoolSourcedId": "e1", "metadata.jp.shussekiNo": "１"}),
    ):
        files = with_row(files, file, **values)
    assert cells(refusal(files).problems) == {
        (layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "1"),
        (layout.ENROLLMENTS, 8, "metadata.jp.shussekiNo", "１"),
    }


def test_an_exchange_child_without_a_home_class() -> None:
    files = without_row(small_package(), layout.ENROLLMENTS, 3)
    assert cells(refusal(files).problems) == {
        (COMPANION, None, "/exchanges/0/pupil", "p2"),
        (layout.ROLES, 3, "userSourcedId", "p2"),
    }


def test_a_guardian_without_a_child() -> None:
    files = with_row(
        small_package(),
        layout.USERS,
        sourcedId="g3",
        enabledUser="true",
        username="g3",
        givenName="茂",
        familyName="森",
    )
    files = with_row(
        files,
        layout.ROLES,
        sourcedId="r9",
        userSourcedId="g3",
        roleType="primary",
        role="guardian",
        orgSourcedId="e1",
    )
    assert cells(refusal(files).problems) == {(layout.USERS, 9, "sourcedId", "g3")}


def test_a_guardian_whose_rights_nobody_told() -> None:
    files = with_cell(small_package(), layout.USERS, 4, "agentSourcedIds", "g2,g1")
    assert cells(refusal(files).problems) == {(layout.USERS, 4, "agentSourcedIds", "g2,g1")}


def test_whoever_a_child_is_protected_from_has_no_right() -> None:
    files = with_companion(small_package(), "/guardianships/3/rights/read", True)
    ((file, _, column, _),) = cells(refusal(files).problems)
    assert (file, column) == (COMPANION, "/guardianships/3/rights")


def test_a_duty_told_twice_names_both_places() -> None:
    duty = {"staff": "t1", "kind": "homeroom", "class": "k21", "from": "2026-04-01"}
    files = with_companion(small_package(), "/duties/-", duty)
    assert cells(refusal(files).problems) == {
        (COMPANION, None, "/duties/2/staff", "t1"),
        (layout.ENROLLMENTS, 5, "userSourcedId", "t1"),
    }


def test_somebody_without_any_role() -> None:
    files = without_row(without_row(small_package(), layout.ROLES, 7), layout.ENROLLMENTS, 5)
    assert (layout.USERS, 7, "sourcedId", "t1") in cells(refusal(files).problems)


def test_a_school_without_a_calendar_is_told_and_keeps_what_it_has() -> None:
    files = small_package()
    files = with_companion(files, "/calendars", [{"school": "e1", "school_days": ["2026-04-07"]}])
    reading = read_roster(files)
    assert reading.snapshot is not None
    assert [each.school.sourced_id for each in reading.snapshot.calendars] == ["e1"]
    (note,) = [each for each in reading.notes if each.file == COMPANION]
    assert "学校暦のない学校" in note.told
    assert (note.column, note.before, note.times) == ("/calendars", "紬市立にし小学校", 1)


def test_a_pupil_whose_class_is_decided_later() -> None:
    files = without_row(small_package(), layout.ENROLLMENTS, 2)
    ((file, line, column, pupil),) = cells(refusal(files).problems)
    assert (file, column) == (layout.ROLES, "userSourcedId")
    known = read_roster(with_companion(files, "/awaiting_class", [{"pupil": pupil, "school": "e1"}])).snapshot
    assert known is not None
    assert pupil in {each.pupil.sourced_id for each in known.enrolments}
    assert pupil not in {each.pupil.sourced_id for each in known.memberships}

    elsewhere = with_companion(files, "/awaiting_class", [{"pupil": pupil, "school": "e2"}])
    assert cells(refusal(elsewhere).problems) == {
        (COMPANION, None, "/awaiting_class/0/school", "e2"),
        (file, line, column, pupil),
    }
    nobody = with_companion(files, "/awaiting_class", [{"pupil": "nobody", "school": "e1"}])
    assert cells(refusal(nobody).problems) == {
        (COMPANION, None, "/awaiting_class/0/pupil", "nobody"),
        (file, line, column, pupil),
    }


def test_a_missing_companion_is_refused() -> None:
    files = small_package()
    del files[COMPANION]
    (problem,) = refusal(files).problems
    assert (problem.file, problem.rule) == (COMPANION, "companion.json がありません")


def test_two_years_in_one_package() -> None:
    files = with_row(
        small_package(),
        layout.ACADEMIC_SESSIONS,
        sourcedId="y27",
        title="2027年度",
        type="schoolYear",
        startDate="2027-04-01",
        endDate="2028-03-31",
        schoolYear="2027",
    )
    assert cells(refusal(files).problems) == {(layout.ACADEMIC_SESSIONS, 3, "schoolYear", "2027")}


def test_names_are_kept_and_codes_are_folded() -> None:
    files = with_cell(small_package(), layout.USERS, 2, "familyName", "葛\U000e0100城")
    files = with_cell(
        files, layout.ORGS, 3, "identifier", "Ｂ１９９２０００００１２".replace("１２", "０１２")
    )
    files = with_cell(files, layout.ENROLLMENTS, 2, "beginDate", "２０２６-０４-０７")
    reading = read_roster(files)
    assert reading.problems == ()
    assert reading.snapshot is not None
    person = next(each for each in reading.snapshot.people if each.key.sourced_id == "p1")
    assert person.legal_family == "葛\U000e0100城"
    assert {each.code for each in reading.snapshot.organisations} >= {"B199200000012"}


def test_a_middle_name_stays_part_of_the_given_name() -> None:
    reading = read_roster(small_package())
    assert reading.snapshot is not None
    person = next(each for each in reading.snapshot.people if each.key.sourced_id == "t2")
    assert (person.legal_family, person.legal_given) == ("SILVA", "ANA PAULA")


def test_the_published_schema_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == published_schema(), (
        "run: python -m services.registry.oneroster.companion"
    )
