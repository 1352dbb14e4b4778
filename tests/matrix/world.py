"""Two boards at work, and every way in which somebody can ask something of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.instance import Instance
from deploy.topology import topology
from services.registry.roster import published, store
from shared.access.principal import ONEROSTER_SCOPES
from shared.access.step_up import SETTING
from shared.database import Scope, Units
from shared.dates import FixedClock
from shared.service import ServiceParts
from tests.matrix.browser import Call, Sender
from tests.matrix.tokens import Tokens
from tests.support.boards import TODAY
from tests.support.waiting import eventually

PLANTED = "_planted"
"""End of the name of a second database of every service, in its first state."""
LUNCH = "lunch-count"
APP = "app-drill"
_NOBODY = UUID(int=0)


@dataclass
class Board:
    """A municipality as it stands."""

    id: UUID
    ids: Mapping[str, UUID]
    """Word of the roster → our id."""
    department: str = ""
    """Client of the department that receives the lunch count."""
    secret: str = field(default="", repr=False)


@dataclass
class World:
    """Everything a test needs to ask."""

    instance: Instance
    clock: FixedClock
    http: httpx.AsyncClient
    apps: dict[str, FastAPI]
    first: Board
    second: Board
    engines: dict[str, AsyncEngine]
    """Role → engine."""
    standing_in: UUID = _NOBODY
    """The duty of the substitute of 2-1, today."""
    list_seen: str = ""
    """Revision of today's list of 2-1."""
    calendar_seen: str = ""
    """Revision of the first school's year."""
    template_seen: str = ""
    """Revision of the board's plan of that year."""
    calendar_change: UUID = _NOBODY
    """The last act on it by hand."""
    undone: UUID = _NOBODY
    """An act on the numbers of 2-1 that was taken back."""
    _sessions: dict[tuple[UUID, str, int], Sender] = field(default_factory=dict)
    spare_uploads: list[UUID] = field(default_factory=list)

    @property
    def tokens(self) -> Tokens:
        """The issuer's own way of making tokens, and ways of getting them wrong."""
        return Tokens(self.apps["identity"].state.provider.mint)

    def units(self, role: str) -> Units:
        """Rows as ``role`` sees them."""
        return Units(self.engines[role], self.clock)

    def board_of(self, who: str) -> Board:
        """Where somebody belongs."""
        return self.second if who == "stranger" else self.first

    def person(self, who: str) -> UUID:
        """Our id of somebody."""
        return self.board_of(who).ids[who]

    def kind(self, who: str) -> str:
        """In which capacity somebody signs in."""
        guardians = dict.fromkeys(("guardian", "mother", "father"), "guardian")
        return {**guardians, "pupil": "pupil"}.get(who, "staff")

    def client(self, who: str) -> str:
        """The client id of the first board's department or learning app."""
        return APP if who.startswith("app") else self.first.department

    def bearer(self, service: str, who: str, *, acr: int = 2) -> Sender:
        """Somebody with a token for ``service``; ``department`` is the first board's, once under the other board."""
        if who == "reader":
            return self.reading(service, "registry" if service == "messaging" else "dashboard")
        if who.startswith(("department", "app")):
            board = self.second if who.endswith("elsewhere") else self.first
            scopes = ONEROSTER_SCOPES if who.startswith("app") else ()
            token = self.tokens.of_client(service, board.id, self.client(who), scopes)
        else:
            board = self.board_of(who)
            token = self.tokens.of_person(service, board.id, self.person(who), self.kind(who), acr=acr)
        return self.sender(service, token)

    def reading(self, service: str, consumer: str) -> Sender:
        """A service with its own token for another one's log."""
        return self.sender(service, self.tokens.of_service(service, consumer))

    def sender(self, service: str, token: str | None = None) -> Sender:
        """Somebody with this token, or with none."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return Sender(self.http, self.instance.url(service), headers)

    async def session(self, who: str, *, acr: int = 2) -> Sender:
        """Somebody's browser after signing in; the same one every time."""
        key = (self.person(who), self.kind(who), acr)
        if key not in self._sessions:
            self._sessions[key] = await self.sign_in(who, acr=acr)
        return self._sessions[key]

    async def sign_in(self, who: str, *, acr: int = 2) -> Sender:
        """A browser that goes all the way through the issuer, and so has a session of its own."""
        browser = self.sender("dashboard")
        asked = dict(
            parse_qsl(urlsplit((await browser.get("/auth/login?to=/today")).headers["location"]).query)
        )
        board = self.board_of(who)
        form = {**asked, "choice": f"{board.id}.{await self._account(who)}.{self.kind(who)}"}
        if acr == 2:
            form["two_factors"] = "yes"
        chosen = await self.http.post(f"{self.instance.url('identity')}/authorize", data=form)
        assert chosen.status_code == 303, chosen.text
        back = urlsplit(chosen.headers["location"])
        entered = await browser.get(f"{back.path}?{back.query}")
        assert (entered.status, entered.headers["location"]) == (302, "/today"), entered
        return browser

    async def _account(self, who: str) -> UUID:
        async with self.units("identity_feed").maintain() as session:
            found = await session.scalar(
                text("select id from account where person = :person"), {"person": self.person(who)}
            )
        assert found is not None, f"{who} has no account"
        return UUID(str(found))

    async def in_step(self) -> None:
        """Wait until everything that was published has arrived everywhere."""

        async def behind() -> list[str]:
            heads, reached = {}, {}
            for service in topology().services:
                async with self.units(f"{service}_feed").maintain() as session:
                    heads[service] = await session.scalar(text("select position from log.head"))
                    rows = await session.execute(text("select copy, publisher, reached from feed.checkpoint"))
                    reached.update({(service, row.copy, row.publisher): row.reached for row in rows})
            return [
                name
                for service, entry in topology().services.items()
                for name, publisher in ServiceParts.of(entry.application).consumers()
                if reached.get((service, name, publisher), 0) < heads[publisher]
            ]

        async def caught_up() -> bool:
            return not await behind()

        await eventually(caught_up, within=30)

    async def say_step_up(self, *, enforced: bool) -> None:
        """registry publishes the first board's setting, a day newer than the one before."""
        async with self.units("registry_app").work(Scope(self.first.id), actor="test") as work:
            before = [
                since
                for name, since, _ in await store.settings(work.session, self.first.id)
                if name == SETTING
            ]
            since = max(before, default=TODAY - timedelta(days=60)) + timedelta(days=1)
            await store.put_setting(work, SETTING, since, {"enforced": enforced})
            standing = [*await store.settings(work.session, self.first.id)]
            work.publish(published.setting_changed(self.first.id, standing), key=self.first.id)
        await self.in_step()

    def move_of(self, pupil: str, **changes: Any) -> dict[str, Any]:
        """What announces that a pupil of the first school goes to the second, in a fortnight."""
        mover = {"pupil": str(self.first.ids[pupil]), "to_school": str(self.first.ids["second"])}
        days = {"left_on": str(TODAY + timedelta(days=10)), "accepted_on": str(TODAY + timedelta(days=14))}
        return {"kind": "within", "movers": [mover], "reason": "moved_house", **days, **changes}

    def spare_upload(self) -> UUID:
        """A package of which nobody has said anything yet."""
        return self.spare_uploads.pop()

    def arrival(self) -> dict[str, Any]:
        """What announces that the child who arrived when the world began arrives: it is so already."""
        return {
            "pupil": str(self.first.ids["arrived"]) if "arrived" in self.first.ids else None,
            "to_school": str(self.first.ids["first"]),
            "grade": "P2",
            "accepted_on": str(TODAY + timedelta(days=14)),
            "elsewhere": {"name": "隣市立小学校"},
            "reason": "moved_house",
        }

    def roll(self, of: str = "2-1", *, service: str = "registry", **changes: Any) -> Call:
        """The command that saves a class's roll; without marks it changes nothing."""
        path = f"/v1/classes/{self.first.ids[of]}/days/{changes.pop('on', TODAY)}/roll"
        prefix = "" if service == "registry" else "/api/registry"
        return Call("POST", prefix + path, {"marks": [], **changes})
