"""Situations of what is a board's: its settings, its day, its operations (:mod:`tests.matrix.rows`)."""

from __future__ import annotations

from shared.access.principal import entity, ref, refs
from tests.matrix.people import BOARD, OTHER_BOARD

_OF_THE_BOARD = {"その市": BOARD, "ほかの設置者": OTHER_BOARD}
_KEPT_BY = (
    ("その市", BOARD, BOARD),
    ("その市・名簿は別の課が受け持つ", BOARD, OTHER_BOARD),
    ("ほかの設置者", OTHER_BOARD, BOARD),
)
BOARD_YEARS, BOARD_FORMS, BOARD_ATTENDANCE, ALERT_RULES = (
    {
        word: entity(kind, "board", board=ref("Board", board), offices=refs("Unit", {office}))
        for word, board, office in _KEPT_BY
    }
    for kind in ("BoardYear", "BoardForms", "BoardAttendance", "AlertRules")
)
BOARD_DAYS = {word: entity("BoardDay", "day", board=ref("Board", b)) for word, b in _OF_THE_BOARD.items()}
OPERATIONS = {word: entity("Operations", "state", board=ref("Board", b)) for word, b in _OF_THE_BOARD.items()}
