"""The transport's feeds, as the topology lets a consumer read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import httpx

from deploy.local.state import LocalError
from deploy.topology import topology
from shared.database import Login
from shared.events.feed import Feed
from shared.events.log_feed import LogFeed
from shared.service import MakeFeed, ServiceSettings

if TYPE_CHECKING:
    from shared.events.kafka_access import KafkaAccess


def way_to_broker(settings: ServiceSettings, bootstrap: str, http: httpx.AsyncClient) -> KafkaAccess:
    """The broker as the service of ``settings`` comes to it: where it asks who comes, with a token of its own.

    ``http`` asks for the token, and is closed by whoever gives it.
    """
    from shared.access.own_token import OwnToken
    from shared.events.kafka_access import AUDIENCE, KafkaAccess  # the client is loaded only where it is used

    if settings.edition == "embedded":
        return KafkaAccess(bootstrap)
    own = settings.service
    token = OwnToken(http, settings.token_url, own, settings.secrets[own], AUDIENCE)
    return KafkaAccess.secured(bootstrap, token)


def broker_feeds(settings: ServiceSettings, bootstrap: str) -> MakeFeed:
    """Topics on the broker, with the publishers' archives behind them, for the service of ``settings``."""

    def make(publisher: str, topics: Sequence[str]) -> Feed:
        # The broker's client is loaded only where it is used.
        from shared.access.own_token import OwnToken
        from shared.archive.feed import ArchivedFeed, HttpArchive
        from shared.events.kafka_feed import KafkaFeed

        _refuse_unread(settings.service, publisher, topics)
        http = httpx.AsyncClient()
        own = settings.service
        token = OwnToken(http, settings.token_url, own, settings.secrets[own], publisher)
        archive = HttpArchive(publisher, settings.urls[publisher], http, token)
        return ArchivedFeed(
            KafkaFeed(publisher, way_to_broker(settings, bootstrap, http), topics), archive, topics
        )

    return make


def log_feeds(consumer: str, login: Callable[[str], Login]) -> MakeFeed:
    """The logs themselves as ``consumer`` may read them; ``login`` is its reader role's, of a publisher."""

    def make(publisher: str, topics: Sequence[str]) -> Feed:
        _refuse_unread(consumer, publisher, topics)
        return LogFeed(publisher, login(publisher), topics)

    return make


def _refuse_unread(consumer: str, publisher: str, topics: Sequence[str]) -> None:
    if odd := sorted(set(topics) - set(topology().read_by(consumer, publisher))):
        raise LocalError(f"deploy/topology.toml は {consumer} に {', '.join(odd)} を読ませません。")
