"""What a service is given by whoever composes it, and how its copies and reactions become background work.

``services/<name>/service.py`` has ``build(settings, clock, make_feed) -> FastAPI``; the composition root (deploy/local)
chooses database, transport and identity authority by what it puts into the settings. A service never reads the
environment.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from shared.access.sealer import Sealer
from shared.database import Login, Units
from shared.events.copies import Copy, CopyWorker
from shared.events.feed import Feed
from shared.events.reactions import Reaction, ReactionWorker
from shared.events.workers import WorkerState

Edition = Literal["embedded", "platform"]
MakeFeed = Callable[[str, Sequence[str]], Feed]
"""``make_feed(publisher, topics)``: the transport's feed for this service as consumer."""


def only_here(origin: str) -> bool:
    """Whether browsers of this machine alone come to ``origin``: every name below .localhost is its own (RFC 6761)."""
    host = urlsplit(origin).hostname or ""
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


@dataclass(frozen=True)
class Worker:
    """How a deployment runs a service's bulk work in a process of its own (decisions.md §3 "Bulk yields")."""

    command: Sequence[str]
    """What is to be done is appended."""
    environment: Mapping[str, str] | None = None
    """None: this process's own."""


class _Paths(NamedTuple):
    keys: str
    tokens: str


# Known, not discovered: a service starts, and refuses what it must, while the authority is away.
_AUTHORITY = {
    "embedded": _Paths("/jwks", "/token"),
    "platform": _Paths("/protocol/openid-connect/certs", "/protocol/openid-connect/token"),
}


def keys_url(edition: Edition, issuer: str) -> str:
    """Where the authority of an edition publishes its signing keys."""
    return f"{issuer}{_AUTHORITY[edition].keys}"


def token_url(edition: Edition, issuer: str) -> str:
    """Where the authority of an edition gives tokens."""
    return f"{issuer}{_AUTHORITY[edition].tokens}"


@dataclass(frozen=True)
class ServiceSettings:
    """Everything a service knows of the world outside it."""

    service: str
    edition: Edition
    origin: str
    """Where browsers go, e.g. ``http://localhost:8600``."""
    issuer: str
    """The identity authority's issuer URL."""
    urls: Mapping[str, str]
    """Base URL of each service."""
    app: Login
    feed: Login
    state: Path
    """A folder of its own for keys it makes; only its owner can read it."""
    readers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Topic of this service → the services that may read it."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Client id → client secret, only those it needs."""
    worker: Worker | None = None
    """For a service with bulk work."""
    paper: str = ""
    """Where browsers find identity's page for codes on paper, when not at ``/paper`` of the origin (platform)."""

    @property
    def paper_issuer(self) -> str:
        """The issuer URL of codes on paper, which Keycloak brokers in the platform edition."""
        return self.paper or f"{self.origin}/paper"

    @property
    def jwks_url(self) -> str:
        """Where the issuer publishes its signing keys."""
        return keys_url(self.edition, self.issuer)

    @property
    def token_url(self) -> str:
        """Where the issuer gives tokens."""
        return token_url(self.edition, self.issuer)


@dataclass
class Workers:
    """The copies and reactions of a service, at work on their feeds."""

    states: list[WorkerState]
    jobs: list[Callable[[], Awaitable[None]]]
    feeds: list[Feed]

    async def close(self) -> None:
        """Close the feeds."""
        for feed in self.feeds:
            await feed.close()


def make_workers(
    settings: ServiceSettings,
    units: Units,
    make_feed: MakeFeed,
    copies: Sequence[Copy],
    reactions: Sequence[Reaction],
) -> Workers:
    """One worker for each copy or reaction and publisher, and the access log's sealer.

    ``units`` works as the service's feed role.
    """
    workers = Workers([], [], [])
    for copy in copies:
        for publisher in copy.publishers():
            feed = make_feed(publisher, copy.topics_of(publisher))
            _add(workers, settings, feed, CopyWorker(settings.service, copy, feed, units))
    for reaction in reactions:
        for publisher in reaction.publishers():
            feed = make_feed(publisher, reaction.topics_of(publisher))
            _add(workers, settings, feed, ReactionWorker(settings.service, reaction, feed, units))
    workers.jobs.append(partial(Sealer(settings.service, units).run, settings.feed))
    return workers


def _add(
    workers: Workers, settings: ServiceSettings, feed: Feed, worker: CopyWorker | ReactionWorker
) -> None:
    workers.states.append(worker.state)
    workers.feeds.append(feed)
    workers.jobs.append(lambda: worker.run(settings.feed))


@dataclass(frozen=True)
class ServiceParts:
    """What a service's module declares: for tools that work on its copies without running it."""

    copies: Sequence[Copy]
    reactions: Sequence[Reaction]

    @classmethod
    def of(cls, application: str) -> ServiceParts:
        """The parts of the service whose module is ``application``."""
        module = importlib.import_module(application)
        return cls(module.COPIES, module.REACTIONS)

    def consumers(self) -> list[tuple[str, str]]:
        """(name of its checkpoint, publisher) of every copy and reaction."""
        copies = [(copy.name, publisher) for copy in self.copies for publisher in copy.publishers()]
        return copies + [
            (f"reaction:{reaction.name}", publisher)
            for reaction in self.reactions
            for publisher in reaction.publishers()
        ]
