"""A certificate authority of one local deployment: made at first use, known to nobody else.

For the platform edition on one machine (`make stack`) and in Compose, where no other authority is at hand. In
Kubernetes cert-manager does this.
"""

import ipaddress
import os
import re
import secrets
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local.state import exclusive, make_folder, write_secret, write_whole

AUTHORITY_LIFE = timedelta(days=3650)
CERTIFICATE_LIFE = timedelta(days=397)
"""The longest that browsers take from anybody's authority."""
RENEW_BEFORE = timedelta(days=30)
CERTIFICATE_BLOCK = re.compile("-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_NAMES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificate:
    """A certificate with its chain, and its key, as PEM files; only their owner reads the key."""

    chain: Path
    key: Path


class Authority:
    """The authority whose files lie in ``home``. Methods may be called from any process, again and again."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.certificate = self.home / "authority.pem"
        """What browsers and clients are told to trust."""
        self.bundle = self.home / "trusted.pem"
        """The same with whom this machine trusts: for processes that also talk to mail and push services, and for the
        downloads of a first start, which reach a school's network through a proxy with an authority of its own.
        """
        self._key = self.home / "authority.key"

    def make(self) -> None:
        """Make the authority unless it is there."""
        with exclusive(make_folder(self.home) / "lock"):
            self._make()

    def issue(self, name: str, hosts: Sequence[str] = LOOPBACK) -> Certificate:
        """The certificate ``name`` for ``hosts`` (names or addresses), made anew when it is missing, soon over, or for
        other hosts. It is good for servers and, with ``name`` as its common name, for clients.
        """
        with exclusive(make_folder(self.home) / "lock"):
            self._make()
            found = Certificate(self.home / f"{name}.pem", self.home / f"{name}.key")
            if not self._good(found, hosts):
                key = _new_key()
                # The key first: a certificate without its key would look whole.
                write_secret(found.key, _pem_of(key))
                write_whole(found.chain, self._sign(name, hosts, key) + self.certificate.read_text("ascii"))
            return found

    def _make(self) -> None:
        if not self.certificate.exists() or not self._key.exists():
            self._create()
        # Each time, for a machine's authorities change while a deployment lives; but a process that was itself told to
        # trust the bundle knows of no others.
        if self.bundle not in (trusted := _trusted_here()) or not self.bundle.exists():
            found = "".join(file.read_text(encoding="utf-8", errors="replace") for file in trusted)
            blocks = CERTIFICATE_BLOCK.findall(self.certificate.read_text("ascii") + found)
            write_whole(self.bundle, "".join(f"{block}\n" for block in dict.fromkeys(blocks)))

    def _create(self) -> None:
        key = _new_key()
        # Each deployment's authority has a name of its own: browsers tell equal names of other keys apart badly.
        name = _name(f"Tsumugi local {secrets.token_hex(4)}")
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        write_secret(self._key, _pem_of(key))
        write_whole(self.certificate, made.public_bytes(serialization.Encoding.PEM).decode())

    def _good(self, found: Certificate, hosts: Sequence[str]) -> bool:
        if not found.chain.exists() or not found.key.exists():
            return False
        certificate = x509.load_pem_x509_certificate(found.chain.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        key = serialization.load_pem_private_key(found.key.read_bytes(), None)
        return (
            set(names) == set(_hosts(hosts))
            and certificate.not_valid_after_utc - RENEW_BEFORE > datetime.now(UTC)
            and certificate.issuer == self._authority().subject
            and certificate.public_key() == key.public_key()
        )

    def _authority(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.read_bytes())

    def _sign(self, name: str, hosts: Sequence[str], key: ec.EllipticCurvePrivateKey) -> str:
        own = serialization.load_pem_private_key(self._key.read_bytes(), None)
        assert isinstance(own, ec.EllipticCurvePrivateKey)
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self._authority().subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + CERTIFICATE_LIFE)
            .add_extension(x509.SubjectAlternativeName(_hosts(hosts)), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(own.public_key()), critical=False
            )
            .sign(own, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM).decode()


def trust(authority: Authority) -> None:
    """Let this process, and those it starts, trust the deployment's certificates beside the public ones."""
    os.environ.update(trusting(authority))


@contextmanager
def trust_ends() -> Iterator[None]:
    """Whomever :func:`trust` lets this process trust meanwhile, it trusts afterwards whom it did before."""
    before = {name: os.environ.get(name) for name in _NAMES}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def trusting(authority: Authority) -> dict[str, str]:
    """The environment by which OpenSSL and httpx, and python-keycloak's requests, learn whom to trust."""
    return {name: str(authority.bundle) for name in _NAMES}


def _trusted_here() -> list[Path]:
    """The files of authorities that this process trusts, by its environment or by default, and the public ones."""
    named = (ssl.get_default_verify_paths().cafile, os.environ.get("REQUESTS_CA_BUNDLE"), certifi.where())
    return [file for name in named if name and (file := Path(name).resolve()).is_file()]


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem_of(key: ec.EllipticCurvePrivateKey) -> str:
    # PKCS #8: what Java's PEM stores read, too.
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _hosts(hosts: Sequence[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
