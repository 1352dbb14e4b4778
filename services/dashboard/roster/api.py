"""Who I am here: the frame of every page stands on it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import text

from services.dashboard.room import opening, person_or_none
from services.dashboard.roster import rules
from services.dashboard.roster.store import CARDS
from shared.access.log import Seen
from shared.access.principal import HeldDuty

router = APIRouter(prefix="/api", tags=["わたし"])

_ME = text(
    f"""
select (select json_object_agg(o.organisation_id, json_build_object(
            'id', o.organisation_id, 'name', o.name, 'kind', o.kind, 'grade', o.grade, 'code', o.code,
            'special_needs', coalesce(o.special_needs, false)))
        from copy.organisation o where o.organisation_id = any (cast(:units as uuid[]))) as units,
       (select s.value from copy.setting s where s.board_id = :board and s.name = 'roster_office'
        and s.since <= :today order by s.since desc limit 1) as roster_office,
       {CARDS.format(people="array[cast(:person as uuid)]")}
"""  # noqa: S608 (constants)
)


def _order(duty: HeldDuty) -> tuple[int, str, str]:
    return rules.rank(duty.kind), str(duty.organisation), str(duty.class_id)


@router.get("/me", summary="わたし")
async def read_me(request: Request) -> Response:
    """The signed-in person, the duties held today, and the places these open. About oneself: no policy is asked."""
    async with opening(request) as page:
        principal, duties = page.holder.principal, sorted(page.holder.duties, key=_order)
        units = {principal.board, *(d.organisation for d in duties), *(d.class_id for d in duties)}
        row = (
            await page.db.execute(
                _ME,
                {
                    "units": sorted(filter(None, units), key=str),
                    "person": principal.person,
                    "board": principal.board,
                    "today": page.today,
                },
            )
        ).one()
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
    offices = (row.roster_office or {}).get("departments", rules.ROSTER_OFFICE)
    at_the_board = (known.get(str(d.organisation)) for d in duties if d.kind == "board_staff")
    keeps = any(unit is not None and unit["code"] in offices for unit in at_the_board)
    places = rules.rail((duty.kind for duty in duties), keeps_roster=keeps) if staff else []
    board = known.get(str(principal.board))
    body = {
        "person": person_or_none(row.people, principal.person)
        or {"id": principal.subject, "family": "", "given": "", "family_kana": "", "given_kana": ""},
        "board": {"id": principal.board, "name": board["name"] if board else ""},
        "kind": principal.kind,
        "roles": roles,
        "rail": places,
        "home": rules.home(places),
        "acr": str(principal.acr),
        "today": page.today,
        "training": page.room.training,
        "session_ends_at": page.signed.ends_at,
    }
    return await page.answer(body, Seen("ReadMe", "account", principal.person, "IV"))
