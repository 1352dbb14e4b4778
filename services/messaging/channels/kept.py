"""The mails of a town that only tries the product: nothing leaves the machine, `tsumugi mail read` shows them.

A file a mail, 0600, in the service's own folder; the newest few stay. A mail goes with its address: what was removed or
erased is in no file at the reconciler's next look.
"""

from __future__ import annotations

from collections.abc import Collection
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

from shared.private_files import write_over

FOLDER = "mails"
MOST = 100


class MailBox:
    """The kept mails of the deployment whose folder for messaging is ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def put(self, id: UUID, message: EmailMessage) -> None:
        """Keep a mail; one of the same name is the same mail. The oldest makes room."""
        write_over(self._folder / f"{id}.eml", message.as_bytes())
        for path in self._paths()[:-MOST]:
            path.unlink(missing_ok=True)

    def ids(self) -> list[UUID]:
        """The names of what is kept, the oldest first."""
        return [UUID(path.stem) for path in self._paths()]

    def drop(self, ids: Collection[UUID]) -> None:
        """Forget mails."""
        for id in ids:
            (self._folder / f"{id}.eml").unlink(missing_ok=True)

    def read(self) -> list[EmailMessage]:
        """What is kept, the oldest first."""
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in self._paths()]

    def _paths(self) -> list[Path]:
        found = [(path.stat().st_mtime_ns, path.name, path) for path in self._folder.glob("[!.]*.eml")]
        return [path for *_, path in sorted(found)]
