"""Situations of what families tell about children (:mod:`tests.matrix.rows`)."""

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


def _of_pupil(school: UUID, of: UUID, *, board: UUID = BOARD, kept_from: UUID = SOMEBODY) -> Entity:
    return entity(
        "PupilNotices",
        "pupil",
        board=ref("Board", board),
        schools=refs("School", {school}),
        classes=refs("Class", {of}),
        confidentialFrom=refs("Person", {kept_from}),
    )


PUPIL_NOTICES = {
    "第一小 2年1組の子": _of_pupil(SCHOOL, CLASS),
    "第一小のほかの学級の子": _of_pupil(SCHOOL, NEIGHBOUR),
    "第二小の子": _of_pupil(OTHER_SCHOOL, CLASS_ELSEWHERE),
    "名簿の誤りで第二小にいる 2年1組の子": _of_pupil(OTHER_SCHOOL, CLASS),
    "第一小 2年1組の、その人に秘匿する子": _of_pupil(SCHOOL, CLASS, kept_from=ASKING),
    "ほかの設置者の子": _of_pupil(SCHOOL, CLASS, board=OTHER_BOARD),
}


def _of_school(school: UUID, board: UUID = BOARD) -> Entity:
    return entity("SchoolNotices", school, board=ref("Board", board), school=ref("School", school))


SCHOOL_NOTICES = {
    "第一小": _of_school(SCHOOL),
    "第二小": _of_school(OTHER_SCHOOL),
    "ほかの設置者の学校": _of_school(SCHOOL, OTHER_BOARD),
}
