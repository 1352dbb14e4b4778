"""Sealing what is kept outside this process: tokens in the database, the state of a sign-in in a cookie."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_KEY = 32


class OpenKey(RuntimeError):
    """Others can read the key file; what it sealed may be known."""


class Seal:
    """AES-256-GCM with a key of this deployment. ``place`` binds a text to where it belongs: it opens nowhere else."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def of(cls, file: Path) -> Seal:
        """The seal whose key is in ``file``, made at first use, readable by its owner only. Raises :class:`OpenKey`."""
        if not file.exists():
            _make(file)
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise OpenKey(
                f"{file} をほかの利用者が読めます。消して起動し直してください（全員がサインインし直します）。"
            )
        return cls(file.read_bytes())

    def close(self, content: Any, place: str) -> bytes:
        """``content`` (JSON) sealed for ``place``."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, orjson.dumps(content), place.encode())

    def open(self, sealed: bytes, place: str) -> Any:
        """What ``close`` sealed for ``place``; None when it did not come from there."""
        try:
            return orjson.loads(self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode()))
        except (InvalidTag, ValueError):
            return None


def _make(file: Path) -> None:
    """Whole or not at all; of several processes the first wins."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(secrets.token_bytes(_KEY))
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
