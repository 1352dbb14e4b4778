"""The platform edition under measurement: started in a folder of its own, ended with everything in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx

from benchmarks.deployment import Deployment, describe, own_folder
from benchmarks.seats import LARGE
from benchmarks.stack import keycloak_pages
from deploy.local import lifecycle
from deploy.local.authority import trust_ends
from deploy.local.instance import Instance
from deploy.local.temporary import free_ports
from services.dashboard.service import CLIENT
from services.dashboard.sessions.issuer import Issuer, Tokens
from services.identity.keycloak.rules import username
from services.identity.keycloak.training import Training, training
from shared.access.tokens import KeySource

AT_ONCE = 4
GOOD_SECONDS = 90.0
"""How old a token may be when a load begins: it lives for five minutes."""
_ACCOUNTS = "select person, id from account where person = any($1::uuid[]) and 'staff' = any(kinds)"
_HEAD = (
    "select subject_id from duty_period where kind = 'principal' and organisation_id = $1 and voided_at is null"
    " and valid @> $2::date"
)
# Users of families and children are made while the town is in use; here they would cost what is measured.
_HOLD = "update keycloak_user set due_at = $1 where done is distinct from wanted"


@dataclass
class Stack(Deployment):
    """A running platform edition. Its tokens are Keycloak's."""

    _signed_in: dict[UUID, Tokens] = field(default_factory=dict)
    _tokens: dict[UUID, str] = field(default_factory=dict)
    _renewed: float = float("-inf")

    @property
    def way(self) -> Training:
        """How everybody of the example gets in."""
        return training(self.instance.settings("identity").state, self.instance.origin, self.instance.clock)

    def token(self, person: UUID, audience: str) -> str:
        """A token for ``registry``, the only one that is asked for here."""
        assert audience == "registry"
        return self._tokens[person]

    async def renew(self) -> None:
        """Tokens of everybody who takes the roll of a large class, by Keycloak's pages the first time."""
        if time.monotonic() - self._renewed < GOOD_SECONDS:
            return
        teachers = list({of.teacher for of in self.classes if len(of.pupils) >= LARGE})
        names = await self.names(teachers)
        settings = self.instance.settings("dashboard")
        back = f"{settings.origin}/auth/callback"
        places = asyncio.Semaphore(AT_ONCE)
        async with httpx.AsyncClient() as http:
            issuer = Issuer(
                settings.issuer, CLIENT, settings.secrets[CLIENT], back, KeySource.of(settings.jwks_url), http
            )

            async def one(person: UUID) -> None:
                async with places:
                    if person in self._signed_in:
                        found, _ = await issuer.refresh(self._signed_in[person], datetime.now(UTC))
                    else:
                        found = await keycloak_pages.tokens(issuer, back, names[person], self.way)
                    self._signed_in[person] = found
                    self._tokens[person], _ = await issuer.exchange(
                        found.access, "registry", datetime.now(UTC)
                    )

            await asyncio.gather(*map(one, teachers))
        self._renewed = time.monotonic()

    async def sessions(self) -> tuple[dict[str, str], dict[str, str]]:
        """The teacher of a large class and the head of its school, signed in: the header that their requests carry."""
        of = self.classes[0]
        registry = await self.instance.server.connect("registry")
        try:
            head = UUID(str(await registry.fetchval(_HEAD, of.school, self.day)))
        finally:
            await registry.close()
        names = await self.names([of.teacher, head])
        origin = self.instance.origin
        return (
            await keycloak_pages.session(origin, names[of.teacher], self.way),
            await keycloak_pages.session(origin, names[head], self.way),
        )

    async def names(self, people: list[UUID]) -> Mapping[UUID, str]:
        """The names with which these staff sign in."""
        identity = await self.instance.server.connect("identity")
        try:
            return {
                row["person"]: username(row["id"], "staff") for row in await identity.fetch(_ACCOUNTS, people)
            }
        finally:
            await identity.close()

    async def hold_users(self) -> None:
        """Make no more users for now but those of new accounts."""
        identity = await self.instance.server.connect("identity")
        try:
            await identity.execute(_HOLD, datetime.now(UTC) + timedelta(days=1))
        finally:
            await identity.close()


@contextmanager
def place() -> Iterator[Instance]:
    """Where a platform edition may be started; everything of it is ended and gone afterwards."""
    with trust_ends(), own_folder() as state:  # `up` lets this process trust it
        yield Instance(state).choose(port=free_ports(), edition="platform", transport="kafka")


def start(instance: Instance, say: Callable[[str], None]) -> Stack:
    """`tsumugi up` with the example; returns when the staff can sign in and every copy is level."""
    lifecycle.up(instance, transport=None, edition="platform", training_date=None, say=say)
    instance = Instance(instance.state)
    deployed = Stack(instance, *asyncio.run(describe(instance)))
    asyncio.run(deployed.hold_users())
    return deployed
