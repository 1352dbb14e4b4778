"""Two small municipalities: everybody who may ask, and a child whose name must not be found where it is not to be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from services.registry.roster.snapshot import (
    Calendar,
    Duty,
    Enrolment,
    ExternalKey,
    Guardianship,
    Membership,
    Organisation,
    Period,
    Person,
    Protection,
    RosterSnapshot,
)

TODAY = date(2026, 11, 20)
YESTERDAY = TODAY - timedelta(days=1)
_YEAR = 2026
_WHOLE = Period(date(2026, 4, 1), date(2027, 4, 1))

HIDDEN = "hidden"
"""Key of the protected child."""
HIDDEN_NAME = ("隠野", "見守")
HIDDEN_KANA = ("カクレノ", "ミマモリ")
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
    "board_staff",
    "system_operator",
    "moved",
    "guardian",
    "mother",  # as a guardian, whatever her duties
    "father",  # the one the child is kept from
    "pupil",
)
"""People of the first board who, as they sign in, have no duty at the protected child's school today."""

_UNTIL_YESTERDAY: tuple[tuple[str, str, str, str | None], ...] = (
    ("moved", "homeroom", "first", "2-1"),
    ("moved", "principal", "first", None),
)


def _key(kind: Literal["organisation", "class", "department", "person"], word: str) -> ExternalKey:
    return ExternalKey(kind, word)


def _unit(
    word: str, kind: str, name: str, school: str | None = None, code: str | None = None
) -> Organisation:
    of: Literal["organisation", "class", "department"] = (
        "class" if kind == "class" else "department" if kind == "department" else "organisation"
    )
    key, board = _key(of, word), _key("organisation", "board")
    is_school = kind in ("elementary", "junior_high")
    return Organisation(
        key=key,
        kind=kind,
        parent=None if key == board else _key("organisation", school) if school else board,
        school=key if is_school else _key("organisation", school) if school else None,
        name=name,
        short_name=name,
        code=code,
        school_year=_YEAR if kind == "class" else None,
        grades=("P2",) if kind == "class" else (),
    )


def _person(word: str, family: str, given: str, kana: tuple[str, str] = ("ダレカ", "ダレカ")) -> Person:
    return Person(
        key=_key("person", word),
        legal_family=family,
        legal_given=given,
        kana_family=kana[0],
        kana_given=kana[1],
        common_family=None,
        common_given=None,
        common_kana_family=None,
        common_kana_given=None,
        birth_date=date(2018, 5, 5),
        sex="unspecified",
    )


def _duty(staff: str, kind: str, where: str, of: str | None, valid: Period) -> Duty:
    at = _key("department" if where == "school_office" else "organisation", where)
    return Duty(_key("person", staff), kind, at, _key("class", of) if of else None, valid)


def _days() -> tuple[date, ...]:
    fortnight = (TODAY + timedelta(days=n) for n in range(-7, 7))
    return tuple(day for day in fortnight if day.weekday() < 5)


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
        Membership(_key("person", pupil), _key("class", of), "home", number, _WHOLE)
        for number, (pupil, of) in enumerate(_PUPILS.items(), 1)
    ]
    memberships.append(Membership(_key("person", HIDDEN), _key("class", "2-2"), "exchange", None, _WHOLE))
    duties = [
        _duty(staff, kind, where, of, _WHOLE) for staff, held in DUTIES.items() for kind, where, of in held
    ]
    duties += [
        _duty(staff, kind, where, of, Period(_WHOLE.since, TODAY))
        for staff, kind, where, of in _UNTIL_YESTERDAY
    ]
    return RosterSnapshot(
        school_year=_YEAR,
        board=_key("organisation", "board"),
        organisations=(
            _unit("board", "board", "紬市教育委員会"),
            _unit("school_office", "department", "学務課", code="gakumu"),
            _unit("kitchen", "department", "健康給食課", code="kitchen"),
            _unit("first", "elementary", "第一小学校"),
            _unit("second", "elementary", "第二小学校"),
            _unit("2-1", "class", "2年1組", "first"),
            _unit("2-2", "class", "2年2組", "first"),
            _unit("other", "class", "2年1組", "second"),
        ),
        people=tuple(people),
        enrolments=tuple(
            Enrolment(_key("person", pupil), _key("organisation", _SCHOOL_OF[of]), "P2", _WHOLE)
            for pupil, of in _PUPILS.items()
        ),
        memberships=tuple(memberships),
        duties=tuple(duties),
        guardianships=tuple(
            Guardianship(_key("person", child), _key("person", who), relation, True, True, True, _WHOLE)
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
                _key("person", HIDDEN),
                _WHOLE.since,
                None,
                (_key("person", "father"), _key("person", "kept_from")),
            ),
        ),
        calendars=tuple(
            Calendar(_key("organisation", school), _YEAR, _days(), ()) for school in ("first", "second")
        ),
    )


def second_board() -> RosterSnapshot:
    """Another municipality with one member of staff who holds everything there."""
    return RosterSnapshot(
        school_year=_YEAR,
        board=_key("organisation", "board"),
        organisations=(
            _unit("board", "board", "隣市教育委員会"),
            _unit("school_office", "department", "隣市学務課", code="gakumu"),
            _unit("first", "elementary", "隣市小学校"),
            _unit("2-1", "class", "2年9組", "first"),
        ),
        people=(_person("stranger", "隣市", "職員"), _person("child", "隣市", "児童")),
        enrolments=(Enrolment(_key("person", "child"), _key("organisation", "first"), "P2", _WHOLE),),
        memberships=(Membership(_key("person", "child"), _key("class", "2-1"), "home", 1, _WHOLE),),
        duties=tuple(
            _duty("stranger", kind, where, of, _WHOLE)
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
        calendars=(Calendar(_key("organisation", "first"), _YEAR, _days(), ()),),
    )
