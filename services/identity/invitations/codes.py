"""What is stored of a code: a hash with a key that the database does not hold.

A code is shorter than a token, so a plain hash of it could be searched by whoever has the database or a backup of it.
The key is a file of its own, 0600. Without it every code that holds is worth nothing, and the school prints anew.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from shared.private_files import write_first

FILE = "paper-code-key"
BYTES = 32


class KeyOpen(RuntimeError):
    """Others can read the key; the service refuses to start."""


@dataclass(frozen=True)
class Codes:
    """Hashes codes, and addresses whose tries are counted."""

    key: bytes

    def hash(self, code: str) -> str:
        """What is stored of ``code``, and what it is found by."""
        return hmac.digest(self.key, b"code\0" + code.encode(), sha256).hex()

    def address(self, address: str) -> str:
        """What is kept of an address for a window."""
        return hmac.digest(self.key, b"address\0" + address.encode(), sha256).hex()


def codes(folder: Path) -> Codes:
    """With the key kept in ``folder``, made at first use. Raises :class:`KeyOpen` when others can read it."""
    path = folder / FILE
    if not path.exists():
        write_first(path, secrets.token_bytes(BYTES))
    if path.stat().st_mode & 0o077:
        raise KeyOpen(
            f"{path} がほかの人にも読めます。消して起動し直すと、新しい鍵を作ります（配った紙は使えなくなります）。"
        )
    return Codes(path.read_bytes())
