"""Sign-in and sign-out in the browser: authorization code with PKCE, then one cookie and nothing else (RFC 10017)."""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.dashboard.room import Dashboard, acts_for, dashboard
from services.dashboard.roster.store import session_standing
from services.dashboard.sessions.issuer import IssuerAway, IssuerRefused
from services.dashboard.sessions.rules import LOGIN, LOGINS, is_kept, login_cookie, safe_target, ticket
from services.dashboard.sessions.service import issuer_away
from services.dashboard.sessions.store import Session
from shared.database import Scope

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/auth", tags=["サインイン"])

SIGNED_OUT = "/signed-out"
_STATE = "login-state"


@router.get("/login", summary="サインインへ")
async def login(
    request: Request, to: str | None = None, again: bool = False, by: Literal["paper"] | None = None
) -> Response:
    """To the identity authority, and from there back to ``to``. ``again``: prove once more who you are.

    ``by=paper``: with a code that the school has printed. A sheet's QR code leads here with the code behind ``#``,
    which browsers carry along to where they are sent (RFC 9110 §10.2.2) and show to no server.
    """
    room = await dashboard(request)
    verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    try:
        address = await room.sessions.issuer.sign_in_address(
            state=state, nonce=nonce, challenge=challenge, again=again, paper=by == "paper"
        )
    except IssuerAway as error:
        raise issuer_away() from error
    kept = {
        "state": state,
        "nonce": nonce,
        "verifier": verifier,
        "to": safe_target(to),
        "until": (room.sessions.clock.now() + LOGIN).isoformat(),
    }
    answer = RedirectResponse(address, 302)
    sealed = base64.urlsafe_b64encode(room.sessions.seal.close(kept, _STATE)).decode()
    for name in _oldest(room, request):
        _forget(answer, name)
    answer.set_cookie(
        login_cookie(room.login_cookie, state),
        sealed,
        max_age=int(LOGIN.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",  # the authority's redirect back comes from another site
    )
    answer.headers["cache-control"] = "no-store"
    return answer


@router.get("/callback", summary="サインインから戻る")
async def callback(
    request: Request, code: str = "", state: str = "", error: str = "", iss: str | None = None
) -> Response:
    """The way back from the identity authority. What is not our own beginning of a sign-in begins nothing."""
    room = await dashboard(request)
    own = login_cookie(room.login_cookie, state)
    begun = _begun(room, request, own)
    if begun is None or not secrets.compare_digest(begun["state"].encode(), state.encode()):
        return _refused(room, own, "login-state", "expired")
    # RFC 9207: an answer of another authority is not ours, however well it fits.
    if error or not code or iss not in (None, room.settings.issuer):
        return _refused(room, own, "authority-answer", "refused")
    try:
        tokens, who = await room.sessions.issuer.redeem(
            code, begun["verifier"], begun["nonce"], room.sessions.clock.now()
        )
    except IssuerAway as away:
        raise issuer_away() from away
    except IssuerRefused:
        return _refused(room, own, "authority-answer", "refused")
    before = await _standing(room, request)
    if before is not None:
        await room.sessions.end(before, "signed in anew")
    fresh, ends = await room.sessions.begin(tokens, who)
    answer = RedirectResponse(begun["to"], 302)
    _forget(answer, own)
    now = room.sessions.clock.now()
    answer.set_cookie(
        room.cookie,
        fresh.cookie(),
        # A kept session outlives the browser's window; all others end with it.
        max_age=int((ends - now).total_seconds()) if is_kept(now, ends) else None,
        path="/",
        secure=True,
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/logout", summary="サインアウト")
async def logout(request: Request) -> Response:
    """End the session here and at the identity authority, and say where to go. Always succeeds.

    A page that outlived its session ends nobody else's: the cookie of whoever signed in after it stays.
    """
    room = await dashboard(request)
    standing = await _standing(room, request)
    answer = JSONResponse({"redirect": SIGNED_OUT}, headers={"cache-control": "no-store"})
    if standing is not None and not acts_for(request, standing.principal):
        return answer
    if standing is not None:
        tokens = room.sessions.tokens(standing)
        await room.sessions.end(standing, "signed out")
        room.sessions.forget(standing.id)
        if tokens is not None:
            try:
                await room.sessions.issuer.sign_out(tokens)
            except (IssuerAway, IssuerRefused) as error:
                # Ended here all the same; the authority's own sign-in runs out by itself.
                logger.warning("the identity authority was not told of a sign-out: %s", error)
    answer.delete_cookie(room.cookie, path="/", secure=True, httponly=True, samesite="strict")
    return answer


def _begun(room: Dashboard, request: Request, name: str) -> dict[str, str] | None:
    cookie = request.cookies.get(name, "")
    try:
        sealed = base64.b64decode(cookie.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError:
        return None
    kept: dict[str, str] | None = room.sessions.seal.open(sealed, _STATE)
    if kept is None or room.sessions.clock.now() >= datetime.fromisoformat(kept["until"]):
        return None
    return kept


def _oldest(room: Dashboard, request: Request) -> list[str]:
    """Cookies of begun sign-ins that give way to one more; such as are good for nothing go first."""
    names = [name for name in request.cookies if name.startswith(f"{room.login_cookie}-")]
    begun = {name: _begun(room, request, name) for name in names}
    names.sort(key=lambda name: (begun[name] or {}).get("until", ""))
    return names[: max(0, len(names) - LOGINS + 1)]


def _refused(room: Dashboard, own: str, what: str, why: str) -> RedirectResponse:
    """Nobody is signed in because of ``what``; the access log keeps that it was tried, and nothing of who tried."""
    room.log.turned_away(room.settings.service, "sign-in", what)
    answer = RedirectResponse(f"{SIGNED_OUT}?why={why}", 302)
    _forget(answer, own)
    return answer


def _forget(answer: RedirectResponse, name: str) -> None:
    answer.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
    answer.headers["cache-control"] = "no-store"


async def _standing(room: Dashboard, request: Request) -> Session | None:
    held = ticket(request.cookies.get(room.cookie))
    if held is None:
        return None
    async with room.units.read(Scope(held.board, frozenset())) as db:
        found = await session_standing(db, held, room.clock.today())
    return None if found is None or found[0].ended_at is not None else found[0]
