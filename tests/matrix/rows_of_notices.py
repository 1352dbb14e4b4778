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


def _of_class(school: UUID, of: UUID, *, board: UUID = BOARD, today: bool = True) -> Entity:
    attributes = {"school": ref("School", school), "class": ref("Class", of), "isToday": today}
    return entity("ClassNotices", of, board=ref("Board", board), **attributes)


CLASS_NOTICES = {
    "第一小 2年1組・きょう": _of_class(SCHOOL, CLASS),
    "第一小 2年1組・ほかの日": _of_class(SCHOOL, CLASS, today=False),
    "第一小のほかの学級・きょう": _of_class(SCHOOL, NEIGHBOUR),
    "第二小の学級・きょう": _of_class(OTHER_SCHOOL, CLASS_ELSEWHERE),
    "名簿の誤りで第二小にある 2年1組・きょう": _of_class(OTHER_SCHOOL, CLASS),
    "ほかの設置者の学級・きょう": _of_class(SCHOOL, CLASS, board=OTHER_BOARD),
}


def _of_family(
    tellers: set[UUID], readers: set[UUID], *, board: UUID = BOARD, kept_from: UUID = SOMEBODY
) -> Entity:
    return entity(
        "FamilyNotices",
        "pupil",
        board=ref("Board", board),
        tellers=refs("Person", tellers),
        readers=refs("Person", readers),
        confidentialFrom=refs("Person", {kept_from}),
    )


FAMILY_NOTICES = {
    "連絡も閲覧もできるわが子": _of_family({ASKING}, {ASKING}),
    "連絡だけできるわが子": _of_family({ASKING}, {SOMEBODY}),
    "閲覧だけできるわが子": _of_family({SOMEBODY}, {ASKING}),
    "どちらの権利もない子・よその子": _of_family({SOMEBODY}, {SOMEBODY}),
    "その人に秘匿するわが子": _of_family({ASKING}, {ASKING}, kept_from=ASKING),
    "ほかの設置者のわが子": _of_family({ASKING}, {ASKING}, board=OTHER_BOARD),
}


def _of_owner(owner: UUID, board: UUID = BOARD) -> Entity:
    return entity("Channels", owner, board=ref("Board", board), owner=ref("Person", owner))


CHANNELS = {
    "自分の": _of_owner(ASKING),
    "ほかの人の": _of_owner(SOMEBODY),
    "ほかの設置者の自分の": _of_owner(ASKING, OTHER_BOARD),
}
