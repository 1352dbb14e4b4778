"""The product in this process: databases as a deployment makes them, every service on a port, two boards at work.

Nothing stands in for anything: tokens are the issuer's, sessions were signed in, copies came over the feeds.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.instance import Instance
from deploy.local.postgres import Postgres
from deploy.local.prepare import prepare_databases
from deploy.local.state import make_folder, write_secret
from deploy.topology import topology
from services.dashboard.shell import FrontEnd
from services.identity.purposes.grants import grant, grant_app
from services.identity.purposes.rules import Terms
from services.registry.class_lists import store as class_lists
from services.registry.class_lists.rules import members_on, revision
from services.registry.imports.importing import import_snapshot
from services.registry.roster import published, store
from services.registry.roster.snapshot import RosterSnapshot
from services.registry.roster.substitutes import add_substitute
from shared.access.principal import ONEROSTER_SCOPES, Principal
from shared.access.step_up import SETTING
from shared.contracts.identity import ONEROSTER, ROSTER_FIELDS
from shared.database import Scope, Units, make_engine
from shared.database.roles import make_database, role_names
from shared.dates import FixedClock
from shared.service import ServiceParts
from tests.matrix.browser import Call, Sender, make_http
from tests.matrix.importing import bring_some
from tests.matrix.roster import HIDDEN, TODAY, first_board, second_board
from tests.matrix.tokens import Tokens
from tests.support.databases import PASSWORD
from tests.support.waiting import eventually

PLANTED = "_planted"
"""End of the name of a second database of every service, in its first state."""
LUNCH = "lunch-count"
APP = "app-drill"
_NOBODY = UUID(int=0)
_HOST = "127.0.0.1"


@contextmanager
def held_ports(count: int) -> Iterator[list[socket.socket]]:
    """So many ports in a row, held from the moment they are found."""
    for base in range(21_000, 60_000, 100):
        with ExitStack() as stack:
            found = []
            try:
                for port in range(base, base + count):
                    # With the protocol named asyncio sends small answers at once (TCP_NODELAY).
                    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
                    found.append(stack.enter_context(opened))
                    found[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    found[-1].bind((_HOST, port))
            except OSError:
                continue
            yield found
            return
    raise RuntimeError("no free ports")


async def prepare(postgres: Postgres, home: Path, port: int) -> Instance:
    """Databases as the deploying step makes them, and beside each one a copy in its first state."""
    instance = Instance(make_folder(home)).choose(port=port, training_date=TODAY)
    instance.postgres = postgres
    secrets = make_folder(instance.state / "secrets")
    for service in topology().services:
        for role in role_names(service):
            # Roles belong to the whole server: the password that every other test uses, too.
            write_secret(secrets / f"{role}.secret", PASSWORD)
    await prepare_databases(instance)
    for service in topology().services:
        readers = topology().readers_of(service)
        await make_database(instance.server, service, readers, database=service + PLANTED, template=service)
    return instance


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _serving(app: FastAPI, at: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[at]))
    try:
        await eventually(lambda: server.started or task.done(), within=20)
        if task.done():
            task.result()
        yield
    finally:
        server.should_exit = True
        await task


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
    undone: UUID = _NOBODY
    """An act on the numbers of 2-1 that was taken back."""
    _sessions: dict[tuple[UUID, str, int], Sender] = field(default_factory=dict)
    _spare_uploads: list[UUID] = field(default_factory=list)

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
            return self.reading(service, "dashboard")
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
        return self._spare_uploads.pop()

    def roll(self, of: str = "2-1", *, service: str = "registry", **changes: Any) -> Call:
        """The command that saves a class's roll; without marks it changes nothing."""
        path = f"/v1/classes/{self.first.ids[of]}/days/{changes.pop('on', TODAY)}/roll"
        prefix = "" if service == "registry" else "/api/registry"
        return Call("POST", prefix + path, {"marks": [], **changes})


async def _import(units: Units, snapshot: RosterSnapshot, source: str) -> Board:
    done = await import_snapshot(units, snapshot, source=source, actor="importer")
    async with units.read(Scope(done.board)) as session:
        rows = await session.execute(
            text("select sourced_id, id from external_id where board_id = :board and source = :source"),
            {"board": done.board, "source": source},
        )
        return Board(done.board, {row.sourced_id: UUID(str(row.id)) for row in rows})


async def _by_hand(units: Units, board: Board) -> tuple[UUID, str, UUID]:
    """What people of 2-1 act on: the substitute's duty, the list as it is, an act that was taken back."""
    undone, of = uuid4(), board.ids["2-1"]
    async with units.work(Scope(board.id), actor="test") as work:
        row = await class_lists.class_row(work.session, board.id, of)
        assert row is not None
        await class_lists.note(work, undone, row, TODAY, 1, board.ids["office"], "")
        await class_lists.note_undone(work, undone)
    async with units.read(Scope(board.id)) as session:
        duty = await session.scalar(text("select id from duty_period where kind = 'substitute'"))
        standing = await class_lists.standing(session, board.id, of)
    return UUID(str(duty)), revision(members_on(standing, TODAY)), undone


async def _grant_lunch_count(world: World, board: Board, client: str) -> None:
    now = datetime.now(UTC)
    importer = Principal("test", "service", board.id, None, "test", 2, now, None, now)
    unit = "健康給食課" if board is world.first else "隣市学務課"
    terms = Terms(
        LUNCH, ("members", "absent"), "給食の数を決める", "学校給食法", "III", TODAY, small_groups=True
    )
    made = await grant(world.units("identity_app"), importer, unit, terms, now=now, client=client)
    assert made.secret is not None
    board.department, board.secret = made.client_id, made.secret


async def _grant_roster(world: World) -> None:
    now = datetime.now(UTC)
    importer = Principal("test", "service", world.first.id, None, "test", 2, now, None, now)
    terms = Terms(ONEROSTER, tuple(ROSTER_FIELDS), "ドリルを配る", "教育の目的", "II", TODAY)
    await grant_app(world.units("identity_app"), importer, APP, "ドリル", terms, now=now)


@asynccontextmanager
async def living(instance: Instance, ports: list[socket.socket], clock: FixedClock) -> AsyncIterator[World]:
    """Everything at work until the end of the block."""
    async with AsyncExitStack() as stack:
        engines = {}
        for service in topology().services:
            _, app, feed, _ = role_names(service)
            for role in (app, feed):
                engines[role] = make_engine(instance.login(service, role), pool_size=4)
                stack.push_async_callback(engines[role].dispose)
        registry = Units(engines["registry_app"], clock)
        first = await _import(registry, first_board(), "first")
        second = await _import(registry, second_board(), "second")
        await _import(registry, first_board(), "first")
        await add_substitute(
            registry,
            first.id,
            class_id=first.ids["2-1"],
            staff=first.ids["substitute"],
            on=TODAY,
            actor="importer",
        )
        http = await stack.enter_async_context(make_http())
        world = World(instance, clock, http, {}, first, second, engines)
        dist = make_folder(instance.state / "dist")
        (dist / "index.html").write_text("<!doctype html><title>紬</title>", encoding="utf-8")
        for service, at in zip(("dashboard", "registry", "identity"), ports, strict=True):
            assert instance.port(service) == at.getsockname()[1]
            module = importlib.import_module(topology().services[service].application)
            more = {"front_end": FrontEnd(dist)} if service == "dashboard" else {}
            # No processes: they would look for this deployment's own database.
            world.apps[service] = module.build(
                replace(instance.settings(service), worker=None), clock, instance.make_feed(service), **more
            )
            await stack.enter_async_context(_serving(world.apps[service], at))
        stack.callback(world.apps["dashboard"].state.end_streams)
        await world.in_step()
        await _grant_lunch_count(world, first, "dept-kitchen")
        await _grant_lunch_count(world, second, "dept-elsewhere")
        await _grant_roster(world)
        await world.in_step()
        await _take_the_roll(world)
        await _move_some(world)
        world.standing_in, world.list_seen, world.undone = await _by_hand(registry, first)
        ids = world.first.ids
        brought, world._spare_uploads = await bring_some(registry, first.id, ids["board_staff"], ids[HIDDEN])
        first.ids = {**ids, **brought}
        yield world


async def _move_some(world: World) -> None:
    """In a fortnight: one child goes to the second school, the protected one away; a third stays after all."""
    office, ids = world.bearer("registry", "office"), dict(world.first.ids)
    away: dict[str, Any] = {"kind": "leaving", "accepted_on": None, "elsewhere": {"name": "隣市立小学校"}}
    away["movers"] = [{"pupil": str(ids[HIDDEN])}]
    placed = world.move_of("p4")
    placed["movers"][0]["place"] = {"class_id": str(ids["other"]), "number": 9}
    for word, body in (
        ("move", placed),
        ("undone_move", world.move_of("p3")),
        ("hidden_move", world.move_of(HIDDEN, **away)),
    ):
        answer = await office.send(Call("POST", "/v1/moves", body))
        assert answer.status == 200, answer
        ids[word] = UUID(answer.json()["moves"][0]["id"])
    for word in ("move", "hidden_move"):
        asked = {"kind": "enrolment", "issued_on": str(TODAY)}
        answer = await office.send(Call("POST", f"/v1/moves/{ids[word]}/certificates", asked))
        assert answer.status == 200, answer
        ids["certificate" if word == "move" else "hidden_certificate"] = UUID(
            answer.json()["certificates"][0]["id"]
        )
    undone = await office.send(Call("POST", f"/v1/moves/{ids['undone_move']}/undo", {"seen": 1}))
    assert undone.status == 200, undone
    world.first.ids = ids
    await world.in_step()


async def _take_the_roll(world: World) -> None:
    """This morning: the protected child is absent, everybody else of 2年1組 is here."""
    here = [person for word, person in world.first.ids.items() if word in ("pupil", "p2")]
    marks = [{"pupil": str(person), "seen": 0, "code": "present"} for person in here]
    marks.append({"pupil": str(world.person(HIDDEN)), "seen": 0, "code": "absent_sick"})
    homeroom = world.bearer("registry", "homeroom")
    answer = await homeroom.send(world.roll(marks=marks, taken=True))
    assert answer.status == 200, answer
    await world.in_step()
