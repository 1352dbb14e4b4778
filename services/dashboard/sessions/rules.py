"""How long a session holds, what its cookies are called, where a sign-in may lead."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit
from uuid import UUID

WHOLE = timedelta(hours=12)
"""A working day with its evening; then everybody signs in again, however busy the session was."""
IDLE = timedelta(hours=2)
"""Without a request for so long nobody is there any more. The live stream does not count as a request."""
KEPT = timedelta(days=90)
"""On a guardian's own device, when they have said so and the authority lets it stand (docs/decisions/0017)."""
FORGOTTEN = KEPT
"""How long after its end a session is forgotten. Until then a device that comes back with its cookie hears that it was
ended by an order, and wipes what it keeps; no cookie with a date of its own lives longer than ``KEPT``."""
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last request is remembered."""
LOGIN = timedelta(minutes=10)
"""How long a begun sign-in may take."""
LOGINS = 5
"""Begun sign-ins that a browser keeps: more of them would make its requests too large for a proxy."""
RENEW_BEFORE = timedelta(seconds=30)
"""A token is replaced this long before it expires, so that none expires under way."""


@dataclass(frozen=True)
class Ticket:
    """What the session cookie says: which session of which board, and the secret that proves it.

    The board is no secret. It is there because a session is looked up behind the board's wall.
    """

    board: UUID
    session: UUID
    secret: bytes

    def cookie(self) -> str:
        """The cookie's value."""
        return base64.urlsafe_b64encode(self.board.bytes + self.session.bytes + self.secret).decode()


SECRET_BYTES = 32


def ticket(cookie: str | None) -> Ticket | None:
    """The ticket in a cookie; None when there is none or it was never ours."""
    try:
        raw = base64.b64decode((cookie or "").encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 32 + SECRET_BYTES:
        return None
    return Ticket(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:])


def cookie_names(origin: str) -> tuple[str, str]:
    """Name of the session cookie, and how the names of the login-state cookies begin.

    Cookies know no ports, so two deployments on one machine would overwrite each other's without the port in the name.
    """
    port = urlsplit(origin).port or 443
    return f"__Host-tsumugi-{port}", f"__Host-tsumugi-login-{port}"


def login_cookie(beginning: str, state: str) -> str:
    """Name of the cookie of one begun sign-in: each tab has its own, and none takes another's away."""
    return f"{beginning}-{sha256(state.encode()).hexdigest()[:12]}"


def safe_target(to: str | None) -> str:
    """Where to go after signing in: an address of this origin, or the first page.

    ``//host`` and ``/\\host`` are other origins to a browser, and control characters vanish before it looks.
    """
    good = to is not None and to.startswith("/") and not to.startswith(("//", "/\\")) and len(to) <= 500
    if not good or to is None or any(ord(character) < 33 or character == "\\" for character in to):
        return "/"
    return "/" if to.startswith(("/auth/", "/api/")) else to


def ends_at(now: datetime, kind: str, stands_until: datetime | None) -> datetime:
    """When a session that begins ends at the latest. Only a guardian's is ever longer than a working day."""
    if kind != "guardian" or stands_until is None or stands_until <= now + WHOLE:
        return now + WHOLE
    return min(stands_until, now + KEPT)


def is_kept(seen_at: datetime, ends_at: datetime) -> bool:
    """Whether a session stays while nobody uses it: one that has more than a working day before it."""
    return ends_at - seen_at > WHOLE


def holds(now: datetime, *, seen_at: datetime, ends_at: datetime, ended_at: datetime | None) -> bool:
    """Whether a session is good at ``now`` (real time)."""
    if ended_at is not None or now >= ends_at:
        return False
    return is_kept(seen_at, ends_at) or now - seen_at < IDLE
