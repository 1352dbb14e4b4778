"""How everybody of a generated town gets in at once, on this machine alone: one password, and one second factor.

Keycloak is given the password's hash, made once: to hash it for each of thousands would take its processors an hour.
The password and the factor's secret are this deployment's own, in a file only its owner reads.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import struct
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from services.identity.invitations.rules import ALPHABET
from services.identity.keycloak.rules import Json
from shared.contracts.identity import AccountKind
from shared.dates import Clock, TrainingClock
from shared.private_files import write_first
from shared.service import only_here

FILE = "training-sign-in.json"
_ROUNDS, _MEMORY_KIB, _LANES, _LENGTH = 5, 7 * 1024, 1, 32
"""Of Argon2id, as Keycloak has them by default. A password in any other form it hashes anew when somebody signs in for
the first time, beside checking it: all that work again, in the minutes in which a town is tried."""
_PERIOD, _DIGITS = 30, 6


class NotForTraining(RuntimeError):
    """This deployment is a real one; the text says so."""


@dataclass(frozen=True)
class Training:
    """The one password, and the secret of the one authenticator app."""

    password: str
    factor: str

    def code(self, now: datetime) -> str:
        """What the authenticator app shows at ``now`` (RFC 6238)."""
        counter = struct.pack(">Q", int(now.timestamp()) // _PERIOD)
        digest = hmac.digest(self.factor.encode(), counter, "sha1")
        (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
        return f"{(number & 0x7FFFFFFF) % 10**_DIGITS:0{_DIGITS}d}"

    def credentials(self, kind: AccountKind) -> list[Json]:
        """What a user proves itself with."""
        return [self._password, self._factor] if kind == "staff" else [self._password]

    @cached_property
    def _password(self) -> Json:
        salt = hashlib.sha256(self.factor.encode()).digest()[:16]
        argon = Argon2id(salt=salt, length=_LENGTH, iterations=_ROUNDS, lanes=_LANES, memory_cost=_MEMORY_KIB)
        hashed = argon.derive(self.password.encode())
        secret = {"value": _base64(hashed), "salt": _base64(salt), "additionalParameters": {}}
        told = {
            "type": "id",
            "version": "1.3",
            "hashLength": str(_LENGTH),
            "memory": str(_MEMORY_KIB),
            "parallelism": str(_LANES),
        }
        data = {
            "hashIterations": _ROUNDS,
            "algorithm": "argon2",
            "additionalParameters": {name: [value] for name, value in told.items()},
        }
        return {"type": "password", "secretData": json.dumps(secret), "credentialData": json.dumps(data)}

    @cached_property
    def _factor(self) -> Json:
        data = {
            "subType": "totp",
            "digits": _DIGITS,
            "counter": 0,
            "period": _PERIOD,
            "algorithm": "HmacSHA1",
        }
        return {
            "type": "otp",
            "userLabel": "れんしゅう",
            "secretData": json.dumps({"value": self.factor}),
            "credentialData": json.dumps(data),
        }


def training(folder: Path, origin: str, clock: Clock) -> Training:
    """The deployment's own, made at first use. Raises :class:`NotForTraining` where anybody else could come."""
    if not isinstance(clock, TrainingClock) or not only_here(origin):
        raise NotForTraining(
            "みんなに同じパスワードがあるのは、この機械だけの、訓練日のあるれんしゅう用です。"
        )
    path = folder / FILE
    if not path.exists():
        made = {"password": _letters(16), "factor": _letters(20)}
        write_first(path, json.dumps(made).encode())
    if path.stat().st_mode & 0o077:
        raise NotForTraining(f"{path} がほかの人にも読めます。持ち主だけが読めるようにしてください。")
    return Training(**json.loads(path.read_bytes()))


def _letters(many: int) -> str:
    return "".join(secrets.choice(ALPHABET.lower()) for _ in range(many))


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
