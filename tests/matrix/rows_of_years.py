"""Situations of a new school year: the board's 年度更新, a school's classes (:mod:`tests.matrix.rows`)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.access.principal import entity, ref, refs
from tests.matrix.people import BOARD, OTHER_BOARD, OTHER_SCHOOL, SCHOOL

Entity = dict[str, Any]


def _rollover(board: UUID = BOARD, office: UUID = BOARD) -> Entity:
    return entity("Rollover", "rollover", board=ref("Board", board), offices=refs("Unit", {office}))


ROLLOVERS = {
    "その市": _rollover(),
    "その市・別の課が名簿を受け持つ": _rollover(office=OTHER_BOARD),
    "ほかの設置者": _rollover(OTHER_BOARD),
}


def _school_rollover(school: UUID, board: UUID = BOARD, office: UUID = BOARD) -> Entity:
    attributes = {"school": ref("School", school), "offices": refs("Unit", {office})}
    return entity("SchoolRollover", "rollover", board=ref("Board", board), **attributes)


SCHOOL_ROLLOVERS = {
    "第一小": _school_rollover(SCHOOL),
    "第一小・市では別の課が名簿を受け持つ": _school_rollover(SCHOOL, office=OTHER_BOARD),
    "第二小": _school_rollover(OTHER_SCHOOL),
    "ほかの設置者の学校": _school_rollover(SCHOOL, OTHER_BOARD),
}


def _class_plan(school: UUID, board: UUID = BOARD) -> Entity:
    return entity("ClassPlan", "plan", board=ref("Board", board), school=ref("School", school))


CLASS_PLANS = {
    "第一小": _class_plan(SCHOOL),
    "第二小": _class_plan(OTHER_SCHOOL),
    "ほかの設置者の学校": _class_plan(SCHOOL, OTHER_BOARD),
}
