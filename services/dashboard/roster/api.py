"""Who I am here: the frame of every page stands on it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from services.dashboard.room import opening, person_or_none
from services.dashboard.roster import rules
from services.dashboard.roster.store import of_oneself
from shared.access.log import Seen
from shared.access.principal import HeldDuty

router = APIRouter(prefix="/api", tags=["わたし"])


def _order(duty: HeldDuty) -> tuple[int, str, str]:
    return rules.rank(duty.kind), str(duty.organisation), str(duty.class_id)


@router.get("/me", summary="わたし")
async def read_me(request: Request) -> Response:
    """The signed-in person, the duties held today, and the places these open. About oneself: no policy is asked."""
    async with opening(request) as page:
        principal, duties = page.holder.principal, sorted(page.holder.duties, key=_order)
        units = {principal.board, *(d.organisation for d in duties), *(d.class_id for d in duties)}
        row = await of_oneself(page.db, sorted(filter(None, units), key=str), principal, page.today)
    staff = principal.kind == "staff"
    known: dict[str, Any] = row.units or {}
    roles = []
    for duty in duties if staff else ():
        unit = known.get(str(duty.organisation))
        school = unit if unit and duty.organisation != principal.board else None
        taught = known.get(str(duty.class_id)) if duty.class_id else None
        roles.append(
            {
                "kind": duty.kind,
                "label": rules.DUTY_WORDS[duty.kind],
                "school": school and {"id": school["id"], "name": school["name"]},
                "class": taught and {name: taught[name] for name in ("id", "name", "grade", "special_needs")},
            }
        )
    said = row.roster_office or {}
    offices, named = said.get("departments", rules.ROSTER_OFFICE), said.get("protection", ())
    at_the_board = [known.get(str(d.organisation)) for d in duties if d.kind == "board_staff"]
    codes = {unit["code"] for unit in at_the_board if unit is not None}
    keeps = {
        "keeps_roster": not codes.isdisjoint(offices),
        "keeps_alerts": not codes.isdisjoint(row.alert_office or rules.ALERT_OFFICE),
    }
    kinds = (duty.kind for duty in duties)
    is_named = str(principal.person) in named
    places = rules.rail(kinds, **keeps, named=is_named) if staff else []
    if principal.kind == "guardian":
        places = rules.FAMILY
    board = known.get(str(principal.board))
    body = {
        "person": person_or_none(row.people, principal.person)
        or {"id": principal.subject, "family": "", "given": "", "family_kana": "", "given_kana": ""},
        "board": {"id": principal.board, "name": board["name"] if board else ""},
        "kind": principal.kind,
        "roles": roles,
        "rail": places,
        "settings": rules.settings(**keeps) if staff else [],
        "home": rules.home(places),
        "acr": str(principal.acr),
        "today": page.today,
        "training": page.room.training,
        "session_ends_at": page.signed.ends_at,
    }
    return await page.answer(body, Seen("ReadMe", "account", principal.person, "IV"))
