"""What a person's duties mean for the frame of every page: which places there are, where the day begins. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.registry import DutyKind

DUTY_WORDS: dict[DutyKind, str] = {
    "principal": "校長",
    "vice_principal": "教頭",
    "homeroom": "担任",
    "assistant": "副担任",
    "subject": "教科",
    "substitute": "補欠",
    "office": "事務",
    "nurse": "養護教諭",
    "board_staff": "教育委員会",
    "system_operator": "システム管理",
}
_PLACES: dict[str, frozenset[DutyKind]] = {
    "today": frozenset({"homeroom", "assistant", "substitute", "subject", "office"}),
    "school": frozenset({"principal", "vice_principal", "office", "nurse"}),
    "calls": frozenset({"office", "principal", "vice_principal"}),
    "register": frozenset({"homeroom", "assistant", "principal", "vice_principal", "office"}),
    "board": frozenset({"board_staff"}),
    "people": frozenset(
        {"homeroom", "assistant", "subject", "office", "principal", "vice_principal", "nurse"}
    ),
    "imports": frozenset({"office"}),
    "moves": frozenset({"office", "principal", "vice_principal"}),
    "next_year": frozenset({"office", "principal", "vice_principal"}),
    "rollover": frozenset(),
    "settings": frozenset(),
    "operations": frozenset({"system_operator"}),
}


_OF_THE_ROSTER_OFFICE = frozenset({"people", "imports", "moves", "rollover", "settings"})
"""Of the board's staff these are open to the departments that keep the roster alone."""

ALERT_OFFICE = ("shido", "gakko-kyoiku")
"""Codes of the departments that keep the rules of 気がかりな欠席, until the board has said otherwise."""
ROSTER_OFFICE = ("gakumu",)
"""Codes of the departments that keep the roster, until the board's dated setting ``roster_office`` names them."""


_SETTINGS = ("calendar", "attendance", "certificates", "textbooks")


def settings(*, keeps_roster: bool, keeps_alerts: bool) -> list[str]:
    """What of 市の設定 is open to whose departments: the roster's to those that keep it, the rules of 気がかりな欠席 to
    theirs."""
    return [*(_SETTINGS if keeps_roster else ()), *(("alerts",) if keeps_alerts else ())]


def rail(
    duties: Iterable[DutyKind], *, keeps_roster: bool = False, keeps_alerts: bool = False, named: bool = False
) -> list[str]:
    """The places a staff member with these duties may open, in the order of the rail.

    ``keeps_roster``: of the board's staff, whether theirs is a department that keeps the roster; ``keeps_alerts``:
    one that keeps the rules of 気がかりな欠席; ``named``: whether this is somebody named for protected children, who
    finds those in the list of people.
    """
    kinds = set(duties)
    more = _OF_THE_ROSTER_OFFICE if keeps_roster else frozenset({"people"} if named else ())
    if keeps_alerts:
        more |= {"settings"}
    return [place for place, holders in _PLACES.items() if kinds & holders or place in more]


FAMILY = ["family"]
"""The places of somebody who signs in as a guardian, whatever their duties."""


def home(places: list[str]) -> str:
    """Address of the first screen."""
    return f"/{places[0]}" if places else "/today"


def rank(duty: DutyKind) -> int:
    """Where a duty stands when a person names all of theirs: leading a school first, then classes."""
    return list(DUTY_WORDS).index(duty)
