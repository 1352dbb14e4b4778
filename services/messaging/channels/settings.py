"""What the operator has set: whether mail and push go out, and by whom. Files of the service's own folder.

Read anew each time something goes out: switching a channel off or on takes hold at once, without a restart. The
password of the mail server is a file of its own, 0600.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.messaging.channels.rules import Kind, is_address
from shared.dates import Clock, TrainingClock
from shared.private_files import write_first, write_over
from shared.service import ServiceSettings

FILE = "channels.json"
PASSWORD = "mail-password"  # noqa: S105 – a file's name
KEY = "channel-code-key"
PUSH_SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
"""Of the browsers families use; what a browser names beyond these is not called."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mail(_Part):
    """How mail goes out."""

    on: bool = True
    host: str = Field(min_length=1, max_length=255)
    port: int = Field(ge=1, le=65535)
    tls: Literal["starttls", "implicit", "none"]
    user: str | None = None
    sender: str
    per_minute: int = Field(default=60, ge=1, le=6000)
    """Of one receiving domain: telephone companies take a flood for spam."""

    @field_validator("sender")
    @classmethod
    def _an_address(cls, sender: str) -> str:
        if not is_address(sender):
            raise ValueError("no e-mail address")
        return sender


class Push(_Part):
    """How web push goes out."""

    on: bool = True
    contact: str
    """Whom a push service may write to when something is wrong (RFC 8292 ``sub``)."""
    services: tuple[str, ...] = PUSH_SERVICES
    per_minute: int = Field(default=600, ge=1, le=60000)

    @field_validator("contact")
    @classmethod
    def _an_address(cls, contact: str) -> str:
        if not is_address(contact.removeprefix("mailto:")):
            raise ValueError("no e-mail address")
        return "mailto:" + contact.removeprefix("mailto:")


class Channels(_Part):
    """Everything that was set."""

    mail: Mail | None = None
    push: Push | None = None
    kept: bool = Field(default=False, exclude=True)
    """Mails stay on this machine to be read there: nobody has set how they go out, and this town is for trying."""

    def on(self) -> frozenset[Kind]:
        """The kinds that go out."""
        kinds: dict[Kind, Mail | Push | None] = {"email": self.mail, "push": self.push}
        found = {kind for kind, part in kinds.items() if part is not None and part.on}
        return frozenset(found | {"email"} if self.kept else found)


class UnreadableError(RuntimeError):
    """The file cannot be used; the message says which, and what to do."""


TRIAL = Mail(host="localhost", port=25, tls="none", sender="tsumugi@example.jp", per_minute=6000)
"""What a kept mail says of its sender; nothing is sent by it."""


class Settings:
    """The operator's settings in ``folder``; ``keeps``: of a town for trying, whose mails stay where none are set."""

    def __init__(self, folder: Path, *, keeps: bool = False) -> None:
        self.folder = folder
        self.keeps = keeps

    @classmethod
    def of(cls, service: ServiceSettings, clock: Clock) -> Self:
        """A deployment's. One with a training date is for trying, whatever its edition: only a deployment of this
        machine alone may have one (deploy/platform/settings.py)."""
        return cls(service.state, keeps=service.edition == "embedded" or isinstance(clock, TrainingClock))

    def read(self) -> Channels:
        """What holds now; nothing was set where there is no file. Raises :class:`UnreadableError`."""
        path = self.folder / FILE
        try:
            found = Channels.model_validate_json(path.read_bytes())
            return found.model_copy(update={"kept": self.keeps and found.mail is None})
        except FileNotFoundError:
            return Channels(kept=self.keeps)
        except ValidationError as error:
            raise UnreadableError(
                f"{path} が読めません。`tsumugi mail set` か `tsumugi push set` で書き直してください。"
            ) from error

    def write(self, channels: Channels) -> None:
        """Keep it from now on."""
        write_over(self.folder / FILE, channels.model_dump_json(indent=2).encode() + b"\n")

    def password(self) -> str | None:
        """The mail server's password. Raises :class:`UnreadableError`, also when others can read it."""
        path = self.folder / PASSWORD
        if not path.exists():
            return None
        _closed(path)
        try:
            return path.read_text(encoding="utf-8").rstrip("\n")
        except (OSError, ValueError) as error:
            raise UnreadableError(
                f"{path} が読めません。`tsumugi mail set` で書き直してください。"
            ) from error

    def keep_password(self, password: str) -> None:
        """Keep another one."""
        write_over(self.folder / PASSWORD, password.encode())

    def code_key(self) -> bytes:
        """What codes are made with, made at first use."""
        path = self.folder / KEY
        if not path.exists():
            write_first(path, secrets.token_bytes(32))
        _closed(path)
        return path.read_bytes()


def _closed(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise UnreadableError(f"{path} がほかの人にも読めます。`chmod 600` で持ち主だけにしてください。")
