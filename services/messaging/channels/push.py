"""Handing a message over to a device's push service: RFC 8030, encrypted for the device alone (RFC 8291), signed with
this deployment's key (VAPID, RFC 8292).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import http_ece
import httpx
import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from services.messaging.channels.rules import NEEDED, Outcome, again, of_push, refused
from services.messaging.channels.words import Words
from shared.private_files import write_first

FILE = "vapid-key.json"
TOKEN_HOLDS = timedelta(hours=12)
"""RFC 8292 §2: a day at most."""
PATIENCE_SECONDS = 15.0
MOST_BYTES = 3_000
"""A push service takes 4096 bytes, encrypted."""


class KeyOpen(RuntimeError):
    """Others can read the signing key; the service refuses to start."""


@dataclass(frozen=True)
class Vapid:
    """The key by which push services know this deployment; every subscription is bound to it."""

    key: ECKey

    @property
    def public(self) -> str:
        """The public key as browsers subscribe with it: the uncompressed point, base64url."""
        point = self.key.as_dict(private=False)
        raw = b"\x04" + _unbase64(str(point["x"])) + _unbase64(str(point["y"]))
        return _base64(raw)

    def header(self, endpoint: str, contact: str, now: datetime) -> str:
        """The ``Authorization`` of a request to ``endpoint``."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((now + TOKEN_HOLDS).timestamp()),
            "sub": contact,
        }
        token = jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, self.key)
        return f"vapid t={token}, k={self.public}"


def vapid(folder: Path) -> Vapid:
    """The key kept in ``folder``, made at first use. Raises :class:`KeyOpen` when others can read it."""
    path = folder / FILE
    if not path.exists():
        write_first(path, orjson.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    if path.stat().st_mode & 0o077:
        raise KeyOpen(
            f"{path} がほかの人にも読めます。消して起動し直すと、新しい鍵を作ります"
            "（端末のお知らせは、それぞれの端末で入れ直しになります）。"
        )
    return Vapid(ECKey.import_key(orjson.loads(path.read_bytes())))


def is_subscription(p256dh: str, auth: str) -> bool:
    """Whether a browser's keys are a point of the curve and a secret of 16 bytes."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _unbase64(p256dh))
        return len(_unbase64(auth)) == 16
    except ValueError:
        return False


def encrypt(message: bytes, keys: Mapping[str, str]) -> bytes:
    """``message`` so that the device alone can read it: one ``aes128gcm`` record with a key pair made for it."""
    body: bytes = http_ece.encrypt(
        message,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_unbase64(keys["p256dh"]),
        auth_secret=_unbase64(keys["auth"]),
        version="aes128gcm",
    )
    return body


def compose(id: UUID, said: Words) -> bytes:
    """What the service worker shows; ``id`` is its name, under which a second one takes the first one's place."""
    return orjson.dumps({"id": str(id), "title": said.title, "body": said.body, "open": "/family"})


async def hand_over(
    http: httpx.AsyncClient,
    key: Vapid,
    contact: str,
    *,
    id: UUID,
    endpoint: str,
    keys: Mapping[str, str],
    message: bytes,
    now: datetime,
) -> Outcome:
    """Hand a message over; never raises for what the other side does."""
    if len(message) > MOST_BYTES:
        return refused()
    headers = {
        "authorization": key.header(endpoint, contact, now),
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "ttl": str(int(NEEDED.total_seconds())),
        "urgency": "normal",
        "topic": _base64(id.bytes),  # RFC 8030 §5.4: what waits for the device under this name is replaced
    }
    try:
        async with http.stream(
            "POST",
            endpoint,
            content=encrypt(message, keys),
            headers=headers,
            timeout=PATIENCE_SECONDS,
            follow_redirects=False,
        ) as answer:
            return of_push(answer.status_code, answer.headers.get("retry-after"))
    except httpx.HTTPError:
        return again("unreachable")
    except (httpx.InvalidURL, ValueError, http_ece.ECEException):
        return refused()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
