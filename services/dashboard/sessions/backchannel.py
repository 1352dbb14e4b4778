"""The identity authority ends sign-ins here, server to server (OpenID Connect Back-Channel Logout 1.0).

No browser and no cookie: the signed token alone says who asks. A right that was taken away, an account that was shut, a
sign-out on another page: the sessions that rest on that sign-in end at once in every process, live streams with them.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from services.dashboard.room import Dashboard, dashboard
from services.dashboard.sessions import store
from services.dashboard.sessions.logout_token import LogoutTokens, NoLogout

PATH = "/auth/backchannel-logout"
_UNCACHED = {"cache-control": "no-store"}

router = APIRouter(include_in_schema=False)


@router.post(PATH)
async def over(request: Request) -> Response:
    """End what the ``logout_token`` of the form says is over. A token that came before ends nothing (§2.6)."""
    room = await dashboard(request)
    tokens: LogoutTokens = request.app.state.logout_tokens
    form = await request.form(max_files=0, max_fields=20)
    given = form.getlist("logout_token")
    try:
        if len(given) != 1 or not isinstance(given[0], str):
            raise NoLogout("logout_token must come once")
        told = await tokens.read(given[0], room.sessions.clock.now())
        ended = await store.end_by_authority(room.units, told, room.sessions.clock.now())
    except NoLogout as wrong:
        return _refused(room, wrong)
    for session in ended:
        room.sessions.forget(session)
    return Response(status_code=200, headers=_UNCACHED)


def _refused(room: Dashboard, wrong: NoLogout) -> Response:
    """That it was tried is in the access log, and nothing of whom it named."""
    room.log.turned_away(room.settings.service, "backchannel-logout", "session")
    body = {"error": "invalid_request", "error_description": str(wrong)}
    return JSONResponse(body, 400, headers=_UNCACHED)
