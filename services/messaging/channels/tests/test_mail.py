"""Handing mail over: TLS, signing in, and what answers mean."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.messaging.channels import mail as mails
from services.messaging.channels.rules import GONE, HANDED_OVER, Outcome, again, of_smtp, refused
from services.messaging.channels.settings import Mail
from services.messaging.channels.tests.receivers import mail_server
from services.messaging.channels.words import LANGUAGES, mail_text, words
from shared.ids import new_id

TO = "haha@example.jp"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for localhost, and that of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, private)
    return server, ssl.create_default_context(cafile=str(chain))


def _check(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    good = isinstance(given, LoginPassword) and given.password == b"correct horse"
    return AuthResult(success=good, handled=False)


async def _send(
    port: int,
    tls: Literal["starttls", "implicit", "none"],
    password: str | None = "correct horse",
    trusted: ssl.SSLContext | None = None,
) -> Outcome:
    mail = Mail(host="localhost", port=port, tls=tls, user="tsumugi", sender="tsumugi@city.example.jp")
    said = words("confirmed", "ja", school="第一小学校")
    message = mails.compose(new_id(), mail, TO, said, said.body, "第一小学校")
    return await mails.hand_over(message, mail, password, trusted=trusted)


async def test_starttls_with_a_password(certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, client = certificate
    options = {"require_starttls": True, "auth_required": True, "authenticator": _check}
    async with mail_server(tls_context=server, **options) as taking:
        assert await _send(taking.port, "starttls", trusted=client) == HANDED_OVER
        assert await _send(taking.port, "starttls", "wrong", trusted=client) == again("not_let_in")
        assert await _send(taking.port, "starttls") == again("not_let_in"), "an unknown certificate"
        assert len(taking.got) == 1


async def test_implicit_tls(certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server, client = certificate
    options = {"authenticator": _check, "auth_require_tls": False}
    async with mail_server(implicit=server, **options) as taking:
        assert await _send(taking.port, "implicit", trusted=client) == HANDED_OVER
        assert await _send(taking.port, "implicit") == again("not_let_in")


async def test_no_password_goes_where_there_is_no_tls(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """A server that offers no STARTTLS is not spoken to in clear when TLS was chosen."""
    async with mail_server(authenticator=_check, auth_require_tls=False) as taking:
        assert await _send(taking.port, "starttls") == again("not_let_in")
        assert taking.got == []


@pytest.mark.parametrize(
    ("code", "said", "recipient", "outcome"),
    [
        (550, "5.1.1 no such user", True, GONE),
        (550, "no such user", True, GONE),
        (553, "5.1.3 bad address", True, GONE),
        (550, "5.7.1 not allowed", True, refused()),
        (552, "5.2.2 mailbox full", True, again("busy")),
        (550, "5.2.2 mailbox full", True, again("busy")),
        (554, "5.7.1 spam", False, refused()),
        (550, "no", False, refused()),
        (450, "4.2.1 later", True, again("busy")),
        (421, "closing", False, again("busy")),
    ],
)
def test_answers(code: int, said: str, recipient: bool, outcome: Outcome) -> None:
    assert of_smtp(code, said, recipient=recipient) == outcome


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_all_of_it(language: str) -> None:
    for what in ("code", "confirmed", "answered"):
        said = words(what, language, school="第一小学校", code="123456")
        assert "{" not in said.title + said.body
        assert ("123456" if what == "code" else "第一小学校") in said.body
        text = mail_text(what, said, language, "https://x/family")
        body, _, foot = text.partition("\n-- \n")
        assert "https://x/family/told" in foot
        links = [line for line in body.splitlines() if line.startswith("https://")]
        assert links == ["https://x/family/told" if what == "code" else "https://x/family"]
    assert words("confirmed", "tlh", school="") == words("confirmed", "ja", school="")
