"""When something is handed over, when it is tried again, and when nobody tries any more. Pure."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from shared.dates import TOKYO

Kind = Literal["email", "push"]
KINDS: tuple[Kind, ...] = ("email", "push")
What = Literal["code", "confirmed", "answered"]
Part = Literal["one", "all", "part"]
"""How much of an act a receipt is about: it has one notice, all of its notices were seen, some were."""
State = Literal["waiting", "handed_over", "gave_up", "gone"]
Reason = Literal[
    "unreachable",  # nobody answers there, or hung up in the middle
    "busy",  # asked us to come again
    "refused",  # will not take this, and says so for good
    "no_such_address",
    "not_let_in",  # our own settings: user, password, sender, TLS
    "too_late",
    "no_right",  # the guardian is none of the child's any more, or must not know; never told to that guardian
    "no_channel",  # the address or device was taken away or given anew, or must be confirmed anew
]

LEASE = timedelta(minutes=5)
"""From handing over to noting it: whoever is killed in between leaves the job to be done again after this."""
_BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 60, 180, 180))
MAX_TRIES = len(_BACKOFF) + 1
LONGEST_WAIT = timedelta(hours=6)
"""However long a receiver asks us to wait."""
NEEDED = timedelta(hours=24)
"""A receipt that comes a day late helps nobody; neither does a job of a channel that was switched off."""
TOGETHER = timedelta(minutes=10)
"""How long the receipt for one child waits for those of the others who were told of in the same act."""
LATELY = timedelta(days=2)
"""How far back the reconciler looks for what somebody must be told."""

CODE_HOLDS = timedelta(minutes=30)
CODE_TRIES = 5
CODES_A_DAY = 10
"""Of one guardian: nobody is written to for long who has not asked for it."""
MAX_CHANNELS = 12

QUIET_SETTING = "quiet_hours"


@dataclass(frozen=True)
class Quiet:
    """From when to when nobody's telephone rings, but for what they have just asked for."""

    since: time
    until: time

    def holds(self, at: datetime) -> bool:
        """Whether it is quiet at an instant."""
        now = at.astimezone(TOKYO).time()
        if self.since <= self.until:
            return self.since <= now < self.until
        return now >= self.since or now < self.until


QUIET = Quiet(time.fromisoformat("21:00"), time.fromisoformat("07:00"))
"""Where the board says nothing (ux.md §10, おたより: 「明朝7:00に届きます」)."""
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def quiet(setting: object) -> Quiet:
    """The board's quiet hours, ``{"from": "21:00", "until": "07:00"}``; a setting that is none counts as none."""
    if isinstance(setting, dict):
        since, until = setting.get("from"), setting.get("until")
        if all(isinstance(each, str) and _CLOCK.fullmatch(each) for each in (since, until)):
            return Quiet(time.fromisoformat(str(since)), time.fromisoformat(str(until)))
    return QUIET


@dataclass(frozen=True)
class Outcome:
    """What became of one try."""

    state: State
    reason: Reason | None = None
    wait: timedelta | None = None
    """How long the receiver asks us to wait."""


HANDED_OVER = Outcome("handed_over")
GONE = Outcome("gone", "no_such_address")
"""The address does not exist, or the device takes nothing any more: nothing is sent there again."""


def again(reason: Reason, wait: timedelta | None = None) -> Outcome:
    """It may go well another time."""
    return Outcome("waiting", reason, wait)


def refused(reason: Reason = "refused") -> Outcome:
    """It will not go well another time either."""
    return Outcome("gave_up", reason)


def settle(outcome: Outcome, tries: int, now: datetime) -> tuple[State, datetime]:
    """The state after the ``tries``-th try, and when the next one is due."""
    if outcome.state != "waiting":
        return outcome.state, now
    if tries >= MAX_TRIES:
        return "gave_up", now
    wait = max(_BACKOFF[tries - 1], min(outcome.wait or timedelta(), LONGEST_WAIT))
    return "waiting", now + wait


_ENHANCED = re.compile(r"^\s*[245]\.(\d{1,3})\.(\d{1,3})\b")


def of_smtp(code: int, said: str, *, recipient: bool) -> Outcome:
    """What a mail server's answer means; ``recipient``: it was the answer to the address."""
    if code < 500:
        return again("busy")
    found = _ENHANCED.match(said)
    subject = found[1] if found else None
    if recipient and (subject == "1" or (subject is None and code in (550, 551, 553))):
        return GONE
    if code == 552 or subject in (
        "2",
        "3",
        "4",
    ):  # a full mailbox, a server's or a network's trouble (RFC 3463)
        return again("busy")
    return refused()


def of_push(status: int, retry_after: str | None) -> Outcome:
    """What a push service's answer means (RFC 8030 §5, §7.3)."""
    if 200 <= status < 300:
        return HANDED_OVER
    if status in (404, 410):
        return GONE
    if status == 429 or status >= 500:
        return again("busy", _wait(retry_after))
    if status in (401, 403):  # the key that signs is not the one of the subscription
        return refused("not_let_in")
    return refused()


def _wait(retry_after: str | None) -> timedelta:
    if retry_after is None or re.fullmatch(r"[0-9]+", retry_after) is None:
        return timedelta()
    # No instant is that many seconds away, whatever a service may write.
    return LONGEST_WAIT if len(retry_after) > 9 else min(timedelta(seconds=int(retry_after)), LONGEST_WAIT)


_ADDRESS = re.compile(
    r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def is_address(text: str) -> bool:
    """Whether it looks like an e-mail address. Whether there is one, only a code that comes back can tell.

    Some telephones' addresses have dots that RFC 5321 does not allow (``a..b@``, ``a.@``): they exist, and pass.
    """
    return len(text) <= 254 and text.isascii() and _ADDRESS.fullmatch(text) is not None


def receiver(kind: Kind, address: str) -> str:
    """Who takes a message over: the domain of an address, the host of a push service."""
    if kind == "email":
        return address.rpartition("@")[2].lower()
    return (urlsplit(address).hostname or "").lower()


def may_push_to(endpoint: str, services: Collection[str]) -> bool:
    """Whether an endpoint is one of a push service that is allowed: what a browser names, this service will call.

    ``services`` are host names, ``*.`` for any name below one; an entry with a scheme is an origin, for trying.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None or not host:
        return False
    if f"{parts.scheme}://{parts.netloc}" in services:
        return True
    below = any(each.startswith("*.") and host.endswith(each[1:]) for each in services)
    return parts.scheme == "https" and port in (None, 443) and (host in services or below)


def code_of(key: bytes, channel: UUID, number: int) -> str:
    """The code that is sent to an address the ``number``-th time: six digits, kept nowhere."""
    digest = hmac.digest(key, f"code/{channel}/{number}".encode(), sha256)
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06}"


def stop_token(key: bytes, board: UUID, channel: UUID) -> str:
    """What a mail's link says that takes its address away: nobody can guess another one's (RFC 8058)."""
    whose = board.bytes + channel.bytes
    return urlsafe_b64encode(whose + _signed(key, whose)).decode()


def stopped(key: bytes, token: str) -> tuple[UUID, UUID] | None:
    """The board and the channel of a link; None of one that was not given out here."""
    try:
        raw = urlsafe_b64decode(token)
    except ValueError:
        return None
    whose, signature = raw[:32], raw[32:]
    if len(whose) != 32 or not hmac.compare_digest(signature, _signed(key, whose)):
        return None
    return UUID(bytes=whose[:16]), UUID(bytes=whose[16:])


def _signed(key: bytes, whose: bytes) -> bytes:
    return hmac.digest(key, b"stop/" + whose, sha256)[:16]
