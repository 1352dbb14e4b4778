"""The issuer's signing key: RS256, made when the installation is made, kept in a file that only its owner can read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import RSAKey

from shared.access.tokens import ALGORITHM
from shared.private_files import write_first

FILE = "signing-key.json"
BITS = 2048


class KeyOpen(RuntimeError):
    """Others can read the signing key; the service refuses to start."""


@dataclass(frozen=True)
class SigningKey:
    """Signs tokens; its public half is published."""

    key: RSAKey

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint: the same key has the same name after every restart."""
        return self.key.thumbprint()

    def sign(self, typ: str, claims: dict[str, Any]) -> str:
        """``claims`` as a signed token of type ``typ``."""
        return jwt.encode({"alg": ALGORITHM, "typ": typ, "kid": self.kid}, claims, self.key)

    def public(self) -> dict[str, Any]:
        """The key set that verifiers fetch; it holds no private part."""
        shown = self.key.as_dict(private=False)
        return {"keys": [{**shown, "kid": self.kid, "use": "sig", "alg": ALGORITHM}]}


def signing_key(folder: Path) -> SigningKey:
    """The key kept in ``folder``, made at first use. Raises :class:`KeyOpen` when others can read it."""
    path = folder / FILE
    if not path.exists():
        write_first(path, orjson.dumps(RSAKey.generate_key(BITS, auto_kid=True).as_dict(private=True)))
    if path.stat().st_mode & 0o077:
        raise KeyOpen(f"{path} がほかの人にも読めます。消して起動し直すと、新しい鍵を作ります。")
    return SigningKey(RSAKey.import_key(orjson.loads(path.read_bytes())))
