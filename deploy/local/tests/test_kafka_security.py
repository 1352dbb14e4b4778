"""The secured broker lets in whoever has a good token for it, over TLS, and nobody else; and only its own nodes."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from joserfc.jwk import RSAKey

from shared.events.kafka_access import KafkaAccess, NoEntry, trusting_context
from shared.events.kafka_topics import look_at
from tests.support.secured import Secured

ANY_TOPIC = "registry.person"


def coming_with(secured: Secured, token: str) -> KafkaAccess:
    """The way of somebody with this token."""

    async def give() -> str:
        return token

    return KafkaAccess(secured.kafka.bootstrap, give, trusting_context(str(secured.authority.certificate)))


NOW = int(time.time())


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "registry"},
        {"aud": None},
        {"iss": "https://localhost:1"},
        {"exp": NOW - 60},
        {"azp": None},
        {"azp": " "},
    ],
    # Not the value of exp: workers that began in different seconds would not know each other's tests.
    ids=["another's", "nobody's", "another issuer", "over", "of no client", "of a client without a name"],
)
async def test_a_token_that_is_not_for_it_is_refused(secured: Secured, claims: dict[str, Any]) -> None:
    with pytest.raises(NoEntry, match="トークンを受け付けません"):
        await look_at(coming_with(secured, secured.issuer.token("registry", **claims)), [ANY_TOPIC])


async def test_a_token_that_another_has_signed_is_refused(secured: Secured) -> None:
    forged = secured.issuer.token("registry", key=RSAKey.generate_key(2048, {"kid": "toy"}))
    with pytest.raises(NoEntry, match="トークンを受け付けません"):
        await look_at(coming_with(secured, forged), [ANY_TOPIC])


async def test_who_somebody_is_says_azp_and_nothing_else(secured: Secured) -> None:
    administrator = secured.issuer.token("kafka-admin", sub="nobody")
    assert (await look_at(coming_with(secured, administrator), [ANY_TOPIC])).cluster
    with pytest.raises(NoEntry):
        await look_at(coming_with(secured, secured.issuer.token("x", sub="kafka-admin")), [ANY_TOPIC])


async def test_it_speaks_tls_alone(secured: Secured) -> None:
    with pytest.raises(KafkaConnectionError):
        await look_at(KafkaAccess(secured.kafka.bootstrap), [ANY_TOPIC])


async def test_a_client_takes_no_certificate_of_another_authority(secured: Secured) -> None:
    async def token() -> str:
        return secured.issuer.token("kafka-admin")

    access = KafkaAccess(secured.kafka.bootstrap, token, trusting_context())
    with pytest.raises(KafkaConnectionError):
        await look_at(access, [ANY_TOPIC])


@pytest.mark.parametrize("which", ["controller", "brokers"])
def test_nodes_among_themselves_ask_for_a_certificate(secured: Secured, which: str) -> None:
    assert secured.kafka.security
    port = secured.kafka.controller_port if which == "controller" else secured.kafka.security.broker_port
    context = ssl.create_default_context(cafile=str(secured.authority.certificate))
    assert not answers(context, port)
    own = secured.authority.issue("kafka")
    context.load_cert_chain(own.chain, own.key)
    assert answers(context, port)


def answers(context: ssl.SSLContext, port: int) -> bool:
    """Whether a node goes on after the handshake (TLS 1.3 refuses a client only then)."""
    with (
        socket.create_connection(("localhost", port), timeout=2) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        try:
            return connection.recv(1) != b""
        except TimeoutError:
            return True  # it waits for us to speak
        except ssl.SSLError:
            return False
