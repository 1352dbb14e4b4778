"""Tokens that came to their end while work went on, by the identity authority's own record of what it gave to whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import asyncpg

from deploy.local.instance import Instance
from deploy.topology import topology
from tests.histories.product import superuser
from tests.support.between import TOKEN_SECONDS

_GIVEN = "select type, client_id, session_id, event_time / 1000.0 as at from event_entity where error is null"
_PEOPLES = ("CODE_TO_TOKEN", "REFRESH_TOKEN")


@dataclass
class Ends:
    """How many tokens ended."""

    people: Counter[str] = field(default_factory=Counter)
    """In each sign-in; those exchanged for one service are not among them."""
    exchanged: int = 0
    services: Counter[str] = field(default_factory=Counter)
    """Of each service's own: for Kafka, and for others' logs."""

    def least(self, sessions: int) -> int:
        """In that sign-in, or of that service, where it was the fewest; there are so many ``sessions``."""
        people = [*self.people.values(), *[0] * (sessions - len(self.people))]
        return min(*people, *(self.services[name] for name in topology().services))

    def words(self) -> str:
        """For the figures."""
        fewest, most = min(self.people.values(), default=0), max(self.people.values(), default=0)
        return (
            f"tokens of {TOKEN_SECONDS} s ended: {fewest} to {most} in each of {len(self.people)} sign-ins,"
            f" {self.exchanged} exchanged, services' own {dict(sorted(self.services.items()))}"
        )


async def ends(instance: Instance, since: float, until: float) -> Ends:
    """Of all tokens that were given, those that ended within this time (seconds since the epoch)."""
    found = Ends()
    async with superuser(instance, "keycloak") as database:
        rows = await database.fetch(_GIVEN)
    for row in rows:
        if not since <= float(row["at"]) + TOKEN_SECONDS <= until:
            continue
        if row["type"] in _PEOPLES:
            found.people[row["session_id"]] += 1
        elif row["type"] == "TOKEN_EXCHANGE":
            found.exchanged += 1
        elif row["type"] == "CLIENT_LOGIN" and row["client_id"] in topology().services:
            found.services[row["client_id"]] += 1
    return found


async def ended_so_often(instance: Instance, since: float, until: float, sessions: int, often: int) -> bool:
    """Whether it was so often everywhere; not while the database is away."""
    try:
        return (await ends(instance, since, until)).least(sessions) >= often
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
