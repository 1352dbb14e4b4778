"""The local authority: what it signs is trusted for the hosts it names, and by nobody else's authority."""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from deploy.local.authority import Authority, Certificate, trust, trust_ends, trusting


def shake(certificate: Certificate, trusted: Path, host: str) -> None:
    """A TLS handshake between a server with ``certificate`` and a client that asks for ``host``."""
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate.chain, certificate.key)
    ours, theirs = socket.socketpair()
    failed: list[Exception] = []

    def serve() -> None:
        try:
            with server_side.wrap_socket(ours, server_side=True) as line:
                line.recv(1)
        except OSError as error:
            failed.append(error)

    server = threading.Thread(target=serve)
    server.start()
    try:
        with (
            theirs,
            ssl.create_default_context(cafile=str(trusted)).wrap_socket(theirs, server_hostname=host) as line,
        ):
            line.send(b"x")
    finally:
        server.join(10)


def test_who_trusts_the_authority_trusts_its_certificate_for_its_hosts(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    certificate = authority.issue("registry", ("localhost", "127.0.0.1"))
    shake(certificate, authority.certificate, "localhost")
    shake(certificate, authority.bundle, "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake(certificate, authority.certificate, "elsewhere")
    other = Authority(tmp_path / "other")
    other.make()
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(certificate, other.certificate, "localhost")


def test_only_the_owner_reads_a_key(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    certificate = authority.issue("registry")
    for key in (certificate.key, tmp_path / "authority" / "authority.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_certificate_stays_until_its_hosts_change(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    first = authority.issue("kafka").chain.read_bytes()
    assert authority.issue("kafka").chain.read_bytes() == first
    assert authority.issue("kafka", ("kafka",)).chain.read_bytes() != first


def test_a_certificate_whose_key_is_another_is_made_anew(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate = authority.issue("kafka")
    before = certificate.chain.read_bytes()
    certificate.key.write_bytes(authority.issue("registry").key.read_bytes())
    assert authority.issue("kafka").chain.read_bytes() != before
    shake(authority.issue("kafka"), authority.certificate, "localhost")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_the_bundle_has_whom_the_machine_trusts_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ours, proxy = Authority(tmp_path / "ours"), Authority(tmp_path / "proxy")
    ours.make()
    certificate = proxy.issue("proxy")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(certificate, ours.bundle, "localhost")
    monkeypatch.setenv(name, str(proxy.certificate))
    ours.make()
    shake(certificate, ours.bundle, "localhost")
    shake(ours.issue("registry"), ours.bundle, "localhost")


def test_a_process_that_trusts_by_the_bundle_leaves_it_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, proxy = Authority(tmp_path / "ours"), Authority(tmp_path / "proxy")
    certificate = proxy.issue("proxy")
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.certificate))
    ours.make()
    for name, value in trusting(ours).items():
        monkeypatch.setenv(name, value)
    ours.make()
    shake(certificate, ours.bundle, "localhost")


def test_trust_can_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "others.pem")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with trust_ends():
        ours = Authority(tmp_path)
        trust(ours)
        assert os.environ["REQUESTS_CA_BUNDLE"] == str(ours.bundle)
    assert os.environ["SSL_CERT_FILE"] == "others.pem"
    assert "REQUESTS_CA_BUNDLE" not in os.environ
