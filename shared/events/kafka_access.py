"""How this process comes to the broker: its address, whom it trusts, in whose name it asks; and its clients.

Every client of the broker is made here, so that no default which could lose, repeat or hide something is left to the
library. On a broker that knows its clients by tokens a connection lives no longer than the token it was opened with,
and the library does not authenticate a live one anew (KIP-368; aio-libs/aiokafka#1015, #1105): ``kept`` replaces
connections in time, in a moment in which nothing is under way on them, so that the broker never needs to cut one.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import AbstractTokenProvider
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError

from shared.access.own_token import NoToken
from shared.events.feed import Stopped
from shared.events.kafka_plans import MAX_RECORD_BYTES

logger = logging.getLogger(__name__)

REQUEST_MS = 10_000
AUDIENCE = "kafka"
"""Whom a token for the broker is for."""
SESSION_SECONDS = 120.0
"""A connection is replaced at this age at the latest. A token has half its life before it when it is given out
(shared/access/own_token.py): 150 seconds of the 300 that our authorities give; the broker asks for more (240)."""
_LOOK = 16
"""How many times within a session a connection's age is looked at: it is replaced after three quarters of it."""
_CLOSE_SECONDS = 3.0


class NoEntry(Stopped):
    """We do not get to the broker: there is no token for us, or a topic is closed to us."""


@dataclass(frozen=True)
class KafkaAccess:
    """A broker and the way to it."""

    bootstrap: str
    token: Callable[[], Awaitable[str]] | None = None
    """Our token for the broker; None: a broker on this machine's loopback that asks nobody who they are."""
    tls: ssl.SSLContext | None = None
    """Whom we trust, unless the authorities of the environment (``SSL_CERT_FILE``)."""
    makes_topics: bool = True
    """Whether services make topics. Where the broker has access control, deploying does (``tsumugi kafka apply``)."""
    replication: int = 1
    session_seconds: float = SESSION_SECONDS

    @classmethod
    def secured(
        cls, bootstrap: str, token: Callable[[], Awaitable[str]], *, tls: ssl.SSLContext | None = None
    ) -> KafkaAccess:
        """A broker that speaks TLS alone and knows its clients by their tokens."""
        return cls(bootstrap, token, tls or trusting_context(), makes_topics=False)

    async def knock(self) -> None:
        """Raise :class:`NoEntry` while there is no token for us: the library itself would not say whose is missing."""
        if self.token is not None:
            try:
                await self.token()
            except NoToken as error:
                raise NoEntry(str(error)) from error

    def consumer(self, client: str, **more: Any) -> AIOKafkaConsumer:
        """A consumer without a group: whoever reads keeps its own place."""
        return AIOKafkaConsumer(
            **self._way(client),
            group_id=None,
            enable_auto_commit=False,
            isolation_level="read_uncommitted",  # nobody here writes transactions
            fetch_min_bytes=1,
            fetch_max_wait_ms=250,
            max_partition_fetch_bytes=MAX_RECORD_BYTES,
            check_crcs=True,
            exclude_internal_topics=True,
            # Never begin elsewhere than asked: that would lose records, or repeat all of them, without a word.
            **{"auto_offset_reset": "none", **more},
        )

    def producer(self, client: str) -> AIOKafkaProducer:
        """A producer whose records arrive once, in order, and on every replica that is in step."""
        return AIOKafkaProducer(
            **self._way(client),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=64 * 1024,
            max_request_size=MAX_RECORD_BYTES,
            compression_type=None,
            transactional_id=None,
        )

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """A client for looking at topics and making them."""
        admin = AIOKafkaAdminClient(**self._way("admin"))
        try:
            await admin.start()
            yield admin
        finally:
            await closed(admin.close())

    @asynccontextmanager
    async def kept(self, client: AIOKafkaClient) -> AsyncIterator[None]:
        """Meanwhile no connection of ``client`` grows older than a session."""
        if self.token is None:
            yield
            return
        replacing = asyncio.create_task(_replace_in_time(client, self.session_seconds))
        try:
            yield
        finally:
            replacing.cancel()
            with suppress(asyncio.CancelledError):
                await replacing

    def _way(self, client: str) -> dict[str, Any]:
        way: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "client_id": client,
            "request_timeout_ms": REQUEST_MS,
            "retry_backoff_ms": 100,
            "metadata_max_age_ms": 60_000,
            "connections_max_idle_ms": 540_000,
        }
        if self.token is None:
            return way | {"security_protocol": "PLAINTEXT"}
        return way | {
            "security_protocol": "SASL_SSL",
            "ssl_context": self.tls,
            "sasl_mechanism": "OAUTHBEARER",
            "sasl_oauth_token_provider": _Token(self.token),
        }


def trusting_context(authorities: str | None = None) -> ssl.SSLContext:
    """TLS 1.3, the server's name verified, by ``authorities`` (a PEM file) or those of the environment."""
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class _Token(AbstractTokenProvider):  # type: ignore[misc]  # the library is not typed
    """Our token as the library asks for it, at every connection."""

    def __init__(self, token: Callable[[], Awaitable[str]]) -> None:
        self._token = token

    async def token(self) -> str:
        try:
            return await self._token()
        except NoToken as error:
            # What the library expects of a connection that does not come about; anything else ends its tasks.
            raise KafkaConnectionError(str(error)) from error


async def _replace_in_time(client: AIOKafkaClient, session: float) -> None:
    opened: WeakKeyDictionary[AIOKafkaConnection, float] = WeakKeyDictionary()
    clock = asyncio.get_running_loop()
    while True:
        for connection in list(client._conns.values()):
            if clock.time() - opened.setdefault(connection, clock.time()) > session * 3 / 4:
                _close_between(connection)
        await asyncio.sleep(session / _LOOK)


def _close_between(connection: AIOKafkaConnection) -> None:
    """Close a connection when nothing is under way on it: now, or as soon as the last answer is there.

    The client then opens another for its next request. Where answers never stop overlapping, the next look tries again.
    """
    under_way: Sequence[tuple[Any, Any, asyncio.Future[Any]]] = list(connection._requests)
    if not under_way:
        connection.close()
        return

    def answered(_: asyncio.Future[Any]) -> None:
        if not connection._requests:
            connection.close()

    under_way[-1][2].add_done_callback(answered)


async def closed(closing: Awaitable[None]) -> None:
    """Close a client that may wait for a broker which is gone."""
    try:
        # As a task: a client awaits tasks of its own that it cancels, and one that has not begun would end us, too.
        async with asyncio.timeout(_CLOSE_SECONDS):
            await asyncio.ensure_future(closing)
    except TimeoutError:
        logger.warning("a client of Kafka did not close in time")
