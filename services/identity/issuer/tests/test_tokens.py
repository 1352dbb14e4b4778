"""Tokens that were touched, or made for something else, are refused by what every service verifies with."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64encode

from services.identity.issuer.keys import FILE, KeyOpen, SigningKey, signing_key
from services.identity.issuer.rules import Client, Refused, Session, hash_of
from services.identity.issuer.tokens import Mint
from services.identity.tests.town import ISSUER
from shared.access.principal import Principal, Unauthenticated
from shared.access.tokens import KeySource, TokenVerifier

BOARD, PERSON = uuid4(), uuid4()
NOW = datetime.now(UTC)
SESSION = Session(
    uuid4(), BOARD, uuid4(), "staff", "dashboard", 2, NOW - timedelta(minutes=1), NOW + timedelta(hours=12)
)
KEY = SigningKey(RSAKey.generate_key(2048))
MINT = Mint(ISSUER, KEY)
HEADER = {"typ": "at+jwt", "alg": "RS256", "kid": KEY.kid}


def good(now: datetime | None = None) -> str:
    """A token that registry accepts."""
    return MINT.person_token(SESSION, PERSON, "dashboard", "registry", now or datetime.now(UTC))[0]


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, KEY.key, algorithms=["RS256"]).claims


def verify(token: str, audience: str = "registry", issuer: str = ISSUER) -> Principal:
    async def keys() -> dict[str, Any]:
        return KEY.public()

    return asyncio.run(TokenVerifier(issuer, audience, KeySource(keys)).verify(token))


def signed(key: Any = KEY.key, header: dict[str, Any] | None = None, **claims: Any) -> str:
    kept = {name: value for name, value in {**claims_of(good()), **claims}.items() if value is not None}
    made = {name: value for name, value in {**HEADER, **(header or {})}.items() if value is not None}
    return jwt.encode(made, kept, key, algorithms=["RS256", "HS256", "PS256", "RS512"])


def unsigned(**header: Any) -> str:
    parts = [orjson.dumps({**HEADER, **header}), orjson.dumps(claims_of(good()))]
    return ".".join(urlsafe_b64encode(part).decode() for part in parts) + "."


def public_as_hmac_secret() -> str:
    """The classic confusion: HMAC with the public key, which everybody has, as its secret."""
    header, claims, _ = unsigned(alg="HS256").split(".")
    mac = hmac.digest(KEY.key.as_pem(private=False), f"{header}.{claims}".encode(), "sha256")
    return f"{header}.{claims}.{urlsafe_b64encode(mac).decode()}"


def stranger() -> str:
    return signed(RSAKey.generate_key(2048))


def stranger_with_own_key_in_header() -> str:
    key = RSAKey.generate_key(2048)
    return signed(key, {"kid": None})


def test_the_good_one_is_good() -> None:
    who = verify(good())
    assert (who.board, who.person, who.kind, who.acr) == (BOARD, PERSON, "staff", 2)
    assert verify(signed()).subject == who.subject


MUTATIONS: dict[str, Callable[[], str]] = {
    "for another service": lambda: signed(aud="identity"),
    "for two services": lambda: signed(aud=["registry", "identity"]),
    "for nobody": lambda: signed(aud=None),
    "from another issuer": lambda: signed(iss="http://localhost:9999"),
    "from no issuer": lambda: signed(iss=None),
    "too old": lambda: signed(exp=int(time.time()) - 60),
    "without an end": lambda: signed(exp=None),
    "of no board": lambda: signed(board=None),
    "of something that is no board": lambda: signed(board="all"),
    "of no kind": lambda: signed(kind=None),
    "of no client": lambda: signed(azp=None),
    "of nobody": lambda: signed(sub=None),
    "not signed": lambda: unsigned(alg="none"),
    "not signed but claiming to be": unsigned,
    "HMAC with the public key": public_as_hmac_secret,
    "PS256": lambda: signed(header={"alg": "PS256"}),
    "RS512": lambda: signed(header={"alg": "RS512"}),
    "by another key under our name": stranger,
    "by another key without a name": stranger_with_own_key_in_header,
    "by an unknown key": lambda: signed(RSAKey.generate_key(2048), {"kid": "unknown"}),
    "an ID token": lambda: MINT.id_token(SESSION, "n", datetime.now(UTC)),
    "a plain JWT": lambda: signed(header={"typ": "JWT"}),
    "without a type": lambda: signed(header={"typ": None}),
    "nothing": lambda: "",
    "words": lambda: "bearer",
    "five parts": lambda: good() + ".a.b",
}


@pytest.mark.parametrize("make", MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_mutation_is_refused(make: Callable[[], str]) -> None:
    with pytest.raises(Unauthenticated):
        verify(make())


def test_the_same_token_at_another_service_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="aud"):
        verify(good(), audience="identity")
    with pytest.raises(Unauthenticated):
        verify(good(), issuer="http://localhost:9999")


@settings(max_examples=60)
@given(st.integers(0, 2_000), st.sampled_from("AZaz09-_."))
def test_no_letter_can_be_changed(number: int, letter: str) -> None:
    token = good()
    place = number % len(token)
    changed = token[:place] + letter + token[place + 1 :]
    # The last letter of a base64 part carries unused bits: what it decodes to may stay the same.
    last = place + 1 == len(token) or token[place + 1] == "."
    if changed != token and not last:
        with pytest.raises(Unauthenticated):
            verify(changed)


def test_a_department_is_its_client() -> None:
    kitchen = Client("dept-kitchen", "department", hash_of("s"), board=BOARD, department=UUID(int=5))
    token, seconds = MINT.client_token(kitchen, BOARD, "dashboard", datetime.now(UTC))
    who = verify(token, audience="dashboard")
    assert (who.kind, who.client, who.person, who.session) == ("department", "dept-kitchen", None, None)
    assert 0 < seconds <= 300


def test_the_issuer_reads_its_own_tokens_alike() -> None:
    assert MINT.read_subject(good(NOW), NOW).session == SESSION.id
    assert MINT.read_hint(MINT.id_token(SESSION, None, NOW)) == (BOARD, SESSION.id, "dashboard")
    foreign = Mint("http://localhost:9999", KEY)
    for token in (
        MINT.id_token(SESSION, None, NOW),
        foreign.person_token(SESSION, PERSON, "dashboard", "registry", NOW)[0],
        stranger(),
        public_as_hmac_secret(),
        unsigned(alg="none"),
        "x",
        "",
    ):
        with pytest.raises(Refused):
            MINT.read_subject(token, NOW)
    with pytest.raises(Refused):
        MINT.read_subject(good(NOW), NOW + timedelta(minutes=5))
    with pytest.raises(Refused):
        MINT.read_hint(good())


class TestKey:
    def test_it_is_made_once_and_only_its_owner_can_read_it(self, tmp_path: Path) -> None:
        first = signing_key(tmp_path / "new")
        assert (tmp_path / "new" / FILE).stat().st_mode & 0o777 == 0o600
        assert signing_key(tmp_path / "new").kid == first.kid
        assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]

    def test_one_that_others_can_read_stops_the_start(self, tmp_path: Path) -> None:
        signing_key(tmp_path)
        (tmp_path / FILE).chmod(0o640)
        with pytest.raises(KeyOpen, match="鍵"):
            signing_key(tmp_path)

    def test_nothing_private_is_published(self) -> None:
        (shown,) = KEY.public()["keys"]
        assert set(shown) == {"kty", "n", "e", "kid", "use", "alg"}
