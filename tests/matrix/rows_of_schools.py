"""Situations of a school's days, classes, year and duties (:mod:`tests.matrix.rows`)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.access.principal import entity, ref, refs
from tests.matrix.people import (
    ASKING,
    BOARD,
    CLASS,
    CLASS_ELSEWHERE,
    NEIGHBOUR,
    OTHER_BOARD,
    OTHER_SCHOOL,
    SCHOOL,
    SOMEBODY,
)

Entity = dict[str, Any]


def _class_day(school: UUID, of: UUID, *, board: UUID = BOARD, today: bool = True) -> Entity:
    attributes = {"school": ref("School", school), "class": ref("Class", of), "isToday": today}
    return entity("ClassDay", "day", board=ref("Board", board), **attributes)


# "Of another board" always keeps the rest as it is: only the board is between the asker and the thing.
CLASS_DAYS = {
    "第一小 2年1組・きょう": _class_day(SCHOOL, CLASS),
    "第一小 2年1組・ほかの日": _class_day(SCHOOL, CLASS, today=False),
    "第一小のほかの学級・きょう": _class_day(SCHOOL, NEIGHBOUR),
    "第一小のほかの学級・ほかの日": _class_day(SCHOOL, NEIGHBOUR, today=False),
    "第二小の学級・きょう": _class_day(OTHER_SCHOOL, CLASS_ELSEWHERE),
    "名簿の誤りで第二小にある 2年1組・きょう": _class_day(OTHER_SCHOOL, CLASS),
    "ほかの設置者の学級・きょう": _class_day(SCHOOL, CLASS, board=OTHER_BOARD),
}


def _class_list(school: UUID, of: UUID, *, board: UUID = BOARD) -> Entity:
    attributes = {"school": ref("School", school), "class": ref("Class", of)}
    return entity("ClassList", of, board=ref("Board", board), **attributes)


CLASS_LISTS = {
    "第一小 2年1組": _class_list(SCHOOL, CLASS),
    "第一小のほかの学級": _class_list(SCHOOL, NEIGHBOUR),
    "第二小の学級": _class_list(OTHER_SCHOOL, CLASS_ELSEWHERE),
    "名簿の誤りで第二小にある 2年1組": _class_list(OTHER_SCHOOL, CLASS),
    "ほかの設置者の学級": _class_list(SCHOOL, CLASS, board=OTHER_BOARD),
}


def _register(school: UUID, of: UUID, *, board: UUID = BOARD) -> Entity:
    attributes = {"school": ref("School", school), "class": ref("Class", of)}
    return entity("ClassRegister", of, board=ref("Board", board), **attributes)


CLASS_REGISTERS = {
    "第一小 2年1組": _register(SCHOOL, CLASS),
    "第一小のほかの学級": _register(SCHOOL, NEIGHBOUR),
    "第二小の学級": _register(OTHER_SCHOOL, CLASS_ELSEWHERE),
    "名簿の誤りで第二小にある 2年1組": _register(OTHER_SCHOOL, CLASS),
    "ほかの設置者の学級": _register(SCHOOL, CLASS, board=OTHER_BOARD),
}


def _school_year(school: UUID, board: UUID = BOARD, office: UUID = BOARD) -> Entity:
    at = {"school": ref("School", school), "offices": refs("Unit", {office})}
    return entity("SchoolYear", "year", board=ref("Board", board), **at)


def _school_register(school: UUID, board: UUID = BOARD) -> Entity:
    return entity("SchoolRegister", "register", board=ref("Board", board), school=ref("School", school))


SCHOOL_REGISTERS = {
    "第一小": _school_register(SCHOOL),
    "第二小": _school_register(OTHER_SCHOOL),
    "ほかの設置者の学校": _school_register(SCHOOL, OTHER_BOARD),
}

SCHOOL_YEARS = {
    "第一小": _school_year(SCHOOL),
    "第一小・市の名簿は別の課が受け持つ": _school_year(SCHOOL, office=OTHER_BOARD),
    "第二小": _school_year(OTHER_SCHOOL),
    "ほかの設置者の学校": _school_year(SCHOOL, OTHER_BOARD),
}


def _duty(school: UUID, *, board: UUID = BOARD, receiver: UUID = SOMEBODY, **more: bool) -> Entity:
    attributes = {"school": ref("School", school), "isColleague": True, "isHead": False, **more}
    decide = {"offices": refs("Unit", {BOARD}), "receiver": refs("Person", {receiver})}
    return entity("SchoolDuty", "duty", board=ref("Board", board), **attributes, **decide)


SCHOOL_DUTIES = {
    "第一小・その学校の人": _duty(SCHOOL),
    "第一小・ほかの学校の人": _duty(SCHOOL, isColleague=False),
    "第一小・その学校の人を校長・教頭に": _duty(SCHOOL, isHead=True),
    "第一小・自分を": _duty(SCHOOL, receiver=ASKING),
    "第二小・その学校の人": _duty(OTHER_SCHOOL),
    "ほかの設置者の学校": _duty(SCHOOL, board=OTHER_BOARD),
}


def _school_day(school: UUID, board: UUID = BOARD) -> Entity:
    return entity("SchoolDay", "day", board=ref("Board", board), school=ref("School", school))


SCHOOL_DAYS = {
    "第一小": _school_day(SCHOOL),
    "第二小": _school_day(OTHER_SCHOOL),
    "ほかの設置者の学校": _school_day(SCHOOL, OTHER_BOARD),
}
