"""Files that only their owner can read: whole or not at all, 0600 from the first byte."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_first(path: Path, content: bytes) -> None:
    """Write ``path`` unless it is there already: of two makers the first wins."""
    draft = _draft(path, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def write_over(path: Path, content: bytes) -> None:
    """Write ``path`` in the place of whatever was there."""
    _draft(path, content).replace(path)


def _draft(path: Path, content: bytes) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return draft
