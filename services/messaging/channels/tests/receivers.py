"""Those who take messages over: a real mail server on a port of its own, and a push service that reads what it gets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import orjson
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey


@dataclass
class MailServer:
    """A mail server of ours, and what it was given."""

    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    """What it answers to an address instead of taking it."""
    data: list[str] = field(default_factory=list)
    """What it answers to whole messages, in turn, before it takes one."""
    hang_up: int = 0
    """How many times it hangs up when a message has come."""
    after: Callable[[], object] | None = None
    """Called when a message has been taken, before its sender is told."""
    _server: SMTP | None = None

    async def handle_RCPT(  # noqa: N802 – aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hang_up:
            self.hang_up -= 1
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            return "421 gone"
        if self.data:
            return self.data.pop(0)
        assert isinstance(envelope.content, bytes)
        self.got.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.after is not None:
            self.after()
        return "250 OK"

    def texts(self, to: str) -> list[str]:
        """What came for an address, in its order."""
        return [each.get_content() for each in self.got if each["To"] == to]


@asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[MailServer]:
    """A mail server that listens while the block lasts; ``options`` are aiosmtpd's."""
    made = MailServer()
    loop = asyncio.get_running_loop()
    implicit: ssl.SSLContext | None = options.pop("implicit", None)
    server = await loop.create_server(
        lambda: SMTP(made, hostname="mail.test", loop=loop, enable_SMTPUTF8=True, **options),
        "localhost",
        0,
        ssl=implicit,
    )
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await asyncio.sleep(0)


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Device:
    """A browser's end of a subscription: its keys, and how it reads what came (RFC 8291 §3, RFC 8188)."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = b"sixteen bytes..."

    @property
    def point(self) -> bytes:
        """The public key, uncompressed."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def keys(self) -> dict[str, str]:
        """What the browser gives with its subscription."""
        return {"p256dh": _base64(self.point), "auth": _base64(self.secret)}

    def read(self, body: bytes) -> bytes:
        """Decrypt a message, written from the RFC and without the library that encrypts."""
        salt, length = body[:16], body[20]
        sender, cipher = body[21 : 21 + length], body[21 + length :]
        shared = self.key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        )

        def hkdf(salt: bytes, material: bytes, info: bytes, size: int) -> bytes:
            return hmac.digest(hmac.digest(salt, material, hashlib.sha256), info + b"\x01", hashlib.sha256)[
                :size
            ]

        material = hkdf(self.secret, shared, b"WebPush: info\0" + self.point + sender, 32)
        key = hkdf(salt, material, b"Content-Encoding: aes128gcm\0", 16)
        nonce = hkdf(salt, material, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, cipher, None)
        text, _, padding = plain.rpartition(b"\x02")
        assert padding.strip(b"\0") == b""
        return text


@dataclass
class PushService:
    """A push service: checks who sends (RFC 8292), lets the device read, answers as it is told to."""

    port: int = 0
    device: Device = field(default_factory=Device)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """What it answers before it takes a message, in turn."""
    requests: list[dict[str, str]] = field(default_factory=list)
    got: list[dict[str, str]] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://localhost:{self.port}"

    @property
    def endpoint(self) -> str:
        """The device's subscription."""
        return f"{self.origin}/send/1"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        status, extra = self.answers.pop(0) if self.answers else (201, {})
        self.requests.append(headers)
        if status == 201:
            self._check(headers)
            self.got.append(orjson.loads(self.device.read(body)))
        lines = [f"HTTP/1.1 {status} x", "content-length: 0", "connection: close"]
        lines += [f"{name}: {value}" for name, value in extra.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await writer.drain()
        writer.close()

    def _check(self, headers: dict[str, str]) -> None:
        scheme, _, rest = headers["authorization"].partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid"
        point = _unbase64(parts["k"])
        key = ECKey.import_key(
            {"kty": "EC", "crv": "P-256", "x": _base64(point[1:33]), "y": _base64(point[33:])}
        )
        token = jwt.decode(parts["t"], key, algorithms=["ES256"])
        assert token.claims["aud"] == self.origin
        assert token.claims["sub"].startswith("mailto:")
        assert headers["content-encoding"] == "aes128gcm"
        assert int(headers["ttl"]) > 0
        assert len(headers["topic"]) <= 32


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    """A push service that listens while the block lasts."""
    made = PushService()
    server = await asyncio.start_server(made.take, "localhost", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
