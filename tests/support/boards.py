"""Two small municipalities: everybody who may ask, and a child whose name must not be found where it is not to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from services.registry.roster.snapshot import (
    Calendar,
    Duty,
    Enrolment,
    Guardianship,
    Membership,
    Period,
    Person,
    Protection,
    RosterSnapshot,
)
from tests.support.rosters import YEAR, duty, key, person, unit

TODAY = date(2026, 11, 20)
YESTERDAY = TODAY - timedelta(days=1)
_YEAR = 2026

HIDDEN = "hidden"
"""Key of the protected child."""
HIDDEN_NAME = ("隠野", "見守")
HIDDEN_KANA = ("カクレノ", "ミマモリ")
LEAVING = "leaving"
"""Key of the protected child of P6, who goes on to the junior high school in spring."""
LEAVING_NAME = ("伏野", "旅立")
LEAVING_KANA = ("フセノ", "タビダチ")
PREFIX = "この設置者の"
"""Begins the given name of everybody else of the first board, so that any leak of it can be found in bytes."""

DUTIES: Mapping[str, tuple[tuple[str, str, str | None], ...]] = {
    "homeroom": (("homeroom", "first", "2-1"),),
    "assistant": (("assistant", "first", "2-1"),),
    "substitute": (("subject", "first", "2-2"),),  # and the substitute of 2-1 for today, given by command
    "office": (("office", "first", None),),
    "principal": (("principal", "first", None),),
    "vice_principal": (("vice_principal", "first", None),),
    "nurse": (("nurse", "first", None),),
    "subject": (("subject", "first", "2-1"),),
    "neighbour": (("homeroom", "first", "2-2"),),
    "kept_from": (
        ("homeroom", "first", "2-1"),
        ("office", "first", None),
    ),  # the child is withheld from this one
    "elsewhere": (("homeroom", "second", "other"), ("principal", "second", None), ("office", "second", None)),
    "board_staff": (("board_staff", "school_office", None),),
    "lunch_staff": (("board_staff", "kitchen", None),),  # of the board, and not of who keeps its roster
    "system_operator": (("system_operator", "board", None),),
    # Holds everything, and has a child here: she signs in as its guardian.
    "mother": (
        ("homeroom", "first", "2-1"),
        ("principal", "first", None),
        ("office", "first", None),
        ("nurse", "first", None),
        ("board_staff", "school_office", None),
        ("system_operator", "board", None),
    ),
    "moved": (("subject", "second", "other"),),  # until yesterday homeroom of 2-1 and principal, see below
}
"""Staff of the first board → what they hold: (kind, where, class)."""

WITHOUT_DUTY_AT_THE_SCHOOL = (
    "elsewhere",
    "junior_office",
    "board_staff",
    "lunch_staff",
    "system_operator",
    "moved",
    "guardian",
    "mother",  # as a guardian, whatever her duties
    "father",  # the one the child is kept from
    "pupil",
)
"""People of the first board who, as they sign in, have no duty at the protected children's school today."""

_UNTIL_YESTERDAY: tuple[tuple[str, str, str, str | None], ...] = (
    ("moved", "homeroom", "first", "2-1"),
    ("moved", "principal", "first", None),
)


def _person(word: str, family: str, given: str, kana: tuple[str, str] = ("ダレカ", "ダレカ")) -> Person:
    return person(word, (family, given), kana, date(2018, 5, 5))


def _duty(staff: str, kind: str, where: str, of: str | None, valid: Period) -> Duty:
    return duty(staff, kind, where, of, valid, ("school_office", "kitchen"))


FAR_DAYS = tuple(TODAY + timedelta(days=n) for n in range(7, 117))
"""Days with lessons, weekends too, for what may be asked only once a day (probes_of_schools.py)."""


def _days() -> tuple[date, ...]:
    fortnight = (TODAY + timedelta(days=n) for n in range(-7, 7))
    return (*(day for day in fortnight if day.weekday() < 5), *FAR_DAYS)


_PUPILS = {
    "pupil": "2-1",
    "p2": "2-1",
    HIDDEN: "2-1",
    "p3": "2-2",
    "p4": "2-2",
    "q1": "other",
    "q2": "other",
}
"""Children of the first board → class of 在籍. The protected one also visits 2-2 (交流)."""

_SCHOOL_OF = {"2-1": "first", "2-2": "first", "other": "second"}


def first_board() -> RosterSnapshot:
    """Two schools, everybody who may ask, one protected child."""
    people = [
        _person(HIDDEN, *HIDDEN_NAME, HIDDEN_KANA),
        _person("guardian", "保護", PREFIX + "guardian"),
        _person("father", "秘匿", PREFIX + "father"),
        *(_person(word, "紬", PREFIX + word) for word in _PUPILS if word != HIDDEN),
        *(_person(word, "職員", PREFIX + word) for word in DUTIES),
    ]
    memberships = [
        Membership(key("person", pupil), key("class", of), "home", number, YEAR)
        for number, (pupil, of) in enumerate(_PUPILS.items(), 1)
    ]
    memberships.append(Membership(key("person", HIDDEN), key("class", "2-2"), "exchange", None, YEAR))
    duties = [
        _duty(staff, kind, where, of, YEAR) for staff, held in DUTIES.items() for kind, where, of in held
    ]
    duties += [
        _duty(staff, kind, where, of, Period(YEAR.since, TODAY))
        for staff, kind, where, of in _UNTIL_YESTERDAY
    ]
    return RosterSnapshot(
        school_year=_YEAR,
        board=key("organisation", "board"),
        organisations=(
            unit("board", "board", "紬市教育委員会"),
            unit("school_office", "department", "学務課", code="gakumu"),
            unit("kitchen", "department", "健康給食課", code="kitchen"),
            unit("first", "elementary", "第一小学校"),
            unit("second", "elementary", "第二小学校"),
            unit("2-1", "class", "2年1組", "first"),
            unit("2-2", "class", "2年2組", "first"),
            unit("other", "class", "2年1組", "second"),
        ),
        people=tuple(people),
        enrolments=tuple(
            Enrolment(key("person", pupil), key("organisation", _SCHOOL_OF[of]), "P2", YEAR)
            for pupil, of in _PUPILS.items()
        ),
        memberships=tuple(memberships),
        duties=tuple(duties),
        guardianships=tuple(
            Guardianship(key("person", child), key("person", who), relation, True, True, True, YEAR)
            for child, who, relation in [
                ("pupil", "guardian", "mother"),
                ("p2", "mother", "mother"),
                (HIDDEN, "guardian", "mother"),
                (HIDDEN, "father", "father"),
                ("q1", "father", "father"),
            ]
        ),
        protections=(
            Protection(
                key("person", HIDDEN),
                YEAR.since,
                None,
                (key("person", "father"), key("person", "kept_from")),
            ),
        ),
        calendars=tuple(
            Calendar(key("organisation", school), _YEAR, _days(), ()) for school in ("first", "second")
        ),
    )


def feeding_board() -> RosterSnapshot:
    """The first board with a class of P6, of which one child is protected, and the school that they go on to."""
    first, grade_six = first_board(), ("p6", LEAVING)
    at_first, of = key("organisation", "first"), key("class", "6-1")
    return replace(
        first,
        organisations=(
            *first.organisations,
            unit("6-1", "class", "6年1組", "first"),
            unit("junior", "junior_high", "第一中学校"),
        ),
        people=(
            *first.people,
            _person("p6", "紬", PREFIX + "p6"),
            _person("j1", "紬", PREFIX + "j1"),
            _person(LEAVING, *LEAVING_NAME, LEAVING_KANA),
            _person("junior_office", "職員", PREFIX + "junior_office"),
        ),
        enrolments=(
            *first.enrolments,
            *(Enrolment(key("person", pupil), at_first, "P6", YEAR) for pupil in grade_six),
            Enrolment(key("person", "j1"), key("organisation", "junior"), "J1", YEAR),
        ),
        memberships=(
            *first.memberships,
            *(
                Membership(key("person", pupil), of, "home", number, YEAR)
                for number, pupil in enumerate(grade_six, 1)
            ),
        ),
        duties=(*first.duties, _duty("junior_office", "office", "junior", None, YEAR)),
        protections=(
            *first.protections,
            Protection(key("person", LEAVING), YEAR.since, None, (key("person", "kept_from"),)),
        ),
    )


def second_board() -> RosterSnapshot:
    """Another municipality with one member of staff who holds everything there."""
    return RosterSnapshot(
        school_year=_YEAR,
        board=key("organisation", "board"),
        organisations=(
            unit("board", "board", "隣市教育委員会"),
            unit("school_office", "department", "隣市学務課", code="gakumu"),
            unit("first", "elementary", "隣市小学校"),
            unit("2-1", "class", "2年9組", "first"),
        ),
        people=(_person("stranger", "隣市", "職員"), _person("child", "隣市", "児童")),
        enrolments=(Enrolment(key("person", "child"), key("organisation", "first"), "P2", YEAR),),
        memberships=(Membership(key("person", "child"), key("class", "2-1"), "home", 1, YEAR),),
        duties=tuple(
            _duty("stranger", kind, where, of, YEAR)
            for kind, where, of in [
                ("homeroom", "first", "2-1"),
                ("principal", "first", None),
                ("office", "first", None),
                ("board_staff", "school_office", None),
                ("system_operator", "board", None),
            ]
        ),
        guardianships=(),
        protections=(),
        calendars=(Calendar(key("organisation", "first"), _YEAR, _days(), ()),),
    )


AT_THE_SCHOOL = (
    "homeroom",
    "assistant",
    "substitute",
    "office",
    "principal",
    "vice_principal",
    "nurse",
    "subject",
    "neighbour",
)
"""Everybody with a duty at the school today, but for the one the child is kept from."""
WITHOUT_OFFICE = (
    *(each for each in AT_THE_SCHOOL if each not in ("office", "principal", "vice_principal")),
    "moved",
    "lunch_staff",
    "system_operator",
    "guardian",
    "mother",
    "father",
    "pupil",
    "department",
)
"""Who has neither a school's office nor the board's, nor leads a school. ``kept_from`` has a school's office."""
