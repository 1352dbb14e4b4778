"""Situations of guardians' first sign-in (:mod:`tests.matrix.rows`)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from shared.access.principal import entity, ref
from tests.matrix.people import BOARD, OTHER_BOARD, OTHER_SCHOOL, SCHOOL

Entity = dict[str, Any]


def _of(school: UUID, board: UUID = BOARD) -> Entity:
    return entity("SchoolFamilies", school, board=ref("Board", board), school=ref("School", school))


SCHOOL_FAMILIES = {
    "第一小": _of(SCHOOL),
    "第二小": _of(OTHER_SCHOOL),
    "ほかの設置者の学校": _of(SCHOOL, OTHER_BOARD),
}
