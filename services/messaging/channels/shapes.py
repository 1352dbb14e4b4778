"""What guardians send and get about their channels."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.messaging.channels.rules import Kind, Reason, State, What
from services.messaging.notices.shapes import Body

_Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,200}={0,2}$")]
Language = Literal["ja", "ja-x-easy", "en", "zh-Hans", "pt-BR", "es", "vi", "fil", "ne"]


class EmailIn(Body):
    """An address to write to, once it is confirmed."""

    address: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)]
    language: Language = "ja"


class PushIn(Body):
    """A device's subscription, as its browser has made it (W3C Push API)."""

    endpoint: Annotated[str, StringConstraints(max_length=1000)]
    p256dh: _Key
    auth: _Key
    label: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")
    ]
    language: Language = "ja"


class ConfirmIn(Body):
    """The code that was sent to the address."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]


class LastOut(BaseModel):
    """The newest message to it: on its way, handed over, given up."""

    what: What
    state: State
    reason: Reason | None
    at: datetime


class ChannelOut(BaseModel):
    """An address or a device of one's own."""

    channel: UUID
    kind: Kind
    address: str | None
    """Of a mail; a device's is nobody's to read."""
    label: str
    made_at: datetime
    confirmed: bool
    gone: bool
    """Nothing arrives there any more."""
    last: LastOut | None


class ChannelsOut(BaseModel):
    """How a guardian is told, and what this deployment offers."""

    mail: bool
    kept: bool
    """Mails of this town go nowhere: they are read on the machine it runs on."""
    push: bool
    push_key: str | None
    """What a browser subscribes with (VAPID, RFC 8292)."""
    quiet_from: str
    quiet_until: str
    channels: list[ChannelOut] = Field(default_factory=list)


class ChannelSaved(BaseModel):
    """The answer to a command about a channel."""

    channel: UUID


class ConfirmSaved(BaseModel):
    """Whether the code was the one that was sent."""

    channel: UUID
    confirmed: bool
    tries_left: int
