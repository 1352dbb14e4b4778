"""The columns of the matrix: people in one capacity each, as a token and today's duties describe them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

from shared.access.principal import HeldDuty, Holder, Kind, Principal
from shared.contracts.registry import DutyKind


def _id(number: int) -> UUID:
    return UUID(int=number)


BOARD, OTHER_BOARD = _id(1), _id(2)
LUNCH = _id(3)
"""A department of the board that does not keep its roster."""
SCHOOL, OTHER_SCHOOL = _id(11), _id(12)
CLASS, NEIGHBOUR, CLASS_ELSEWHERE = _id(21), _id(22), _id(23)
ASKING, SOMEBODY = _id(31), _id(32)
CLIENT, OTHER_CLIENT = "dept-kitchen", "dept-other"


def _holder(kind: Kind, *duties: HeldDuty) -> Holder:
    department = kind == "department"
    principal = Principal(
        subject=CLIENT if department else "account",
        kind=kind,
        board=BOARD,
        person=None if department else ASKING,
        client=CLIENT if department else "dashboard",
        acr=2,
        auth_time=None,
        session=None,
        expires_at=datetime(2099, 1, 1, tzinfo=UTC),
    )
    return Holder(principal, duties)


def _staff(kind: DutyKind, at: UUID = SCHOOL, of: UUID | None = None) -> Holder:
    return _holder("staff", HeldDuty(kind, at, of))


def _every_duty() -> list[HeldDuty]:
    at_the_board = ("board_staff", "system_operator")
    of_class = [
        HeldDuty(kind, BOARD if kind in at_the_board else SCHOOL, CLASS) for kind in get_args(DutyKind)
    ]
    return [*of_class, HeldDuty("subject", SCHOOL, None)]


PEOPLE: Mapping[str, Holder] = {
    "担任": _staff("homeroom", of=CLASS),
    "副担任": _staff("assistant", of=CLASS),
    "補欠": _staff("substitute", of=CLASS),
    "事務": _staff("office"),
    "校長": _staff("principal"),
    "教頭": _staff("vice_principal"),
    "養護教諭": _staff("nurse"),
    "教科": _staff("subject", of=CLASS),
    "専科": _staff("subject"),
    "他校の担任": _staff("homeroom", OTHER_SCHOOL, CLASS_ELSEWHERE),
    "学務課": _staff("board_staff", BOARD),
    "健康給食課": _staff("board_staff", LUNCH),
    "システム管理": _staff("system_operator", BOARD),
    # The strictest case: whoever signs in as a guardian or a pupil acts as that, whatever duties the person has.
    "保護者": _holder("guardian", *_every_duty()),
    "児童": _holder("pupil", *_every_duty()),
    "部署": _holder("department"),
}
"""Heading → the one who asks. All of the first school and its class 2年1組, where not said otherwise."""
