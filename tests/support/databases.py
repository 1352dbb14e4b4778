"""Databases for tests: a schema is built once a run, every test gets its own copy of it in some 25 ms.

Roles, grants and schema are made by the same code as in production; only the passwords are the tests' own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.postgres import Postgres
from shared.database import Login, Units, make_engine
from shared.database.roles import Server, make_database, make_roles, role_names
from shared.dates import Clock

PASSWORD = "a password for tests"
_numbers = count(1)


@dataclass(frozen=True)
class Template:
    """A service's database in its first state. Nobody connects to it after it was built."""

    service: str
    readers: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Filled(Template):
    """One with a board in it, for tests that begin where much has been done."""

    board: UUID


@dataclass(frozen=True)
class Database:
    """One database of a test."""

    server: Server
    service: str
    name: str

    def login(self, role: str) -> Login:
        """How ``role``, in full (``toy_app``), reaches this database."""
        return Login(self.server.host, self.server.port, self.name, role, PASSWORD)

    @property
    def app(self) -> Login:
        """The login that answers requests."""
        return self.login(role_names(self.service)[1])

    @property
    def feed(self) -> Login:
        """The login of relay, copies and reactions."""
        return self.login(role_names(self.service)[2])

    def reader(self, consumer: str) -> Login:
        """The login with which ``consumer`` reads this service's log."""
        return self.login(role_names(consumer)[3])


class Databases:
    """The databases of one run, on one server."""

    def __init__(self, postgres: Postgres) -> None:
        self.server = Server(str(postgres.host), postgres.port, postgres.superuser, postgres.password)

    async def make_template(
        self, service: str, readers: Sequence[str], build: Callable[[AsyncEngine], Awaitable[None]]
    ) -> Template:
        """Roles of ``service`` and ``readers``, and a database that ``build`` fills as the owner."""
        owner, app, feed, _ = role_names(service)
        roles = [owner, app, feed, *(role_names(reader)[3] for reader in readers)]
        await make_roles(self.server, dict.fromkeys(roles, PASSWORD))
        name = f"{service}_template"
        await make_database(self.server, service, readers, database=name)
        engine = make_engine(Login(self.server.host, self.server.port, name, owner, PASSWORD))
        try:
            await build(engine)
        finally:
            await engine.dispose()
        await self._warm(name)
        return Template(service, tuple(readers), name)

    async def fill(
        self, template: Template, name: str, clock: Clock, fill: Callable[[Units], Awaitable[UUID]]
    ) -> Filled:
        """A template that is ``template`` with what ``fill`` puts into a board of its own, as the app role."""
        await make_database(
            self.server, template.service, template.readers, database=name, template=template.name
        )
        engine = make_engine(Database(self.server, template.service, name).app)
        try:
            board = await fill(Units(engine, clock))
        finally:
            await engine.dispose()
        await self._warm(name)
        return Filled(template.service, template.readers, name, board)

    async def _warm(self, name: str) -> None:
        """Whoever connects first writes down what every connection must know of the catalogue; copies get that too."""
        await (await self.server.connect(name)).close()

    @asynccontextmanager
    async def copy(self, template: Template) -> AsyncIterator[Database]:
        """A database of its own, dropped at the end whoever is still connected."""
        name = f"{template.service}_{next(_numbers)}"
        await make_database(
            self.server, template.service, template.readers, database=name, template=template.name
        )
        try:
            yield Database(self.server, template.service, name)
        finally:
            await self.drop(name)

    async def drop(self, name: str) -> None:
        """Drop a database and its sessions."""
        connection = await self.server.connect()
        try:
            await connection.execute(f'drop database if exists "{name}" with (force)')
        finally:
            await connection.close()
