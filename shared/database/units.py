"""The unit of work: one command or message is one transaction, and its last statement appends the events.

    async with units.work(scope, actor=…, command=…) as work:
        …rules decide, stores write through work.session…
        work.publish(DayChanged(…), key=pupil, stream=day, expected=revision - 1)
        work.answer = Saved(…)

Leaving the block flushes, calls ``log.append_events`` and commits. State and events are committed together or not at
all, and the log's positions are in commit order (engineering.md §2.1: three common designs lose events, this does not).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from shared.contracts import Contract, Lane, Topic
from shared.database.statements import Statement
from shared.dates import Clock, business_date, school_year
from shared.events.trace import current_traceparent
from shared.ids import time_ordered_id

MAX_PAYLOAD_BYTES = 500_000
"""Half of what brokers take by default; JSON grows a little on its way through the log."""


@dataclass(frozen=True)
class Scope:
    """The tenant a transaction works in: a board, and which of its schools (None: all)."""

    board: UUID
    schools: frozenset[UUID] | None = None


@dataclass(frozen=True)
class Command:
    """Identity of an unsafe request: the same principal and id are the same command, whatever the network did."""

    principal: str
    id: UUID
    request_hash: str
    actor: str | None = None
    """Who did it, as it stands beside what was done: a person's id where there is a person, else the principal."""


class AlreadyDone(Exception):
    """The command was answered before; here is that answer."""

    def __init__(self, response: Any, position: int | None) -> None:
        super().__init__("command already done")
        self.response = response
        self.position = position


class CommandReused(Exception):
    """The same command id came with another body."""


class Moved(Exception):
    """Another transaction changed the aggregate first; running the unit of work once more may succeed."""


@contextmanager
def new_rows() -> Iterator[None]:
    """Around a statement that adds rows: a row that is there already is :class:`Moved`.

    Another transaction has added it meanwhile: a row that does not exist yet cannot be locked.
    """
    try:
        yield
    except DBAPIError as error:
        if sqlstate(error) != "23505":
            raise
        raise Moved from error


class Busy(Exception):
    """What is to be locked was not free in time; nothing was done, and later it may be."""


@dataclass
class _Claim:
    """That a transaction is the one that does a command."""

    command: Command
    at: datetime
    granted: bool = False


class _ScopedSession(Session):
    """A session whose every transaction starts by saying which tenant it works in."""


_CONTEXT = Statement(
    "select set_config('app.board', :board, true), set_config('app.schools', :schools, true),"
    " set_config('transaction_read_only', :read_only, true)"
)
# The placeholder and the tenant it must belong to, on one way to the server: the row is made from the context's row, so
# row-level security looks at it when the tenant has been said.
_CLAIM = (
    f"with context as materialized ({_CONTEXT.sql})"  # noqa: S608 – our own words
    " insert into log.command_done (board_id, principal, id, request_hash, started_at)"
    " select cast($1 as uuid), $4, $5, $6, $7 from context on conflict do nothing returning true"
)


def _context(scope: Scope, *, read_only: bool) -> dict[str, str]:
    schools = "*" if scope.schools is None else "{" + ",".join(map(str, sorted(scope.schools))) + "}"
    return {"board": str(scope.board), "schools": schools, "read_only": "on" if read_only else "off"}


@event.listens_for(_ScopedSession, "after_begin")
def _say_scope(session: Session, transaction: Any, connection: Any) -> None:
    # after_begin, never before_cursor_execute: there a cancelled task returned its connection to the pool with an open
    # transaction (sqlalchemy #13381).
    if transaction.nested:
        return
    scope: Scope | None = session.info.get("scope")
    if scope is None:
        return
    context = tuple(_context(scope, read_only=session.info["read_only"]).values())
    claim: _Claim | None = session.info.get("claim")
    if claim is None:
        connection.exec_driver_sql(_CONTEXT.sql, context)
        return
    of = claim.command
    values = (*context, of.principal, of.id, of.request_hash, claim.at)
    claim.granted = connection.exec_driver_sql(_CLAIM, values).first() is not None


async def narrow(session: AsyncSession, scope: Scope) -> None:
    """Say, within the transaction under way, that it works in fewer schools from here on."""
    await _CONTEXT.all(session, _context(scope, read_only=session.info["read_only"]))


@event.listens_for(_ScopedSession, "do_orm_execute")
def _nothing_after_append(state: Any) -> None:
    if state.session.info.get("appended"):
        raise RuntimeError("append_events is the last statement of a unit of work")


@event.listens_for(_ScopedSession, "before_flush")
def _no_flush_after_append(session: Session, context: Any, instances: Any) -> None:
    if session.info.get("appended"):
        raise RuntimeError("a row was changed after the events were appended")


@dataclass(frozen=True)
class _NewEvent:
    topic: str
    lane: Lane
    key: str
    stream: UUID
    expected: int | None
    type: str
    subject: UUID | None
    payload: str | None


@dataclass
class Work:
    """One open unit of work."""

    session: AsyncSession
    scope: Scope
    at: datetime
    """The instant of the whole unit; rules and stores take it from here."""
    actor: str
    answer: BaseModel | None = None
    position: int | None = None
    """After the commit: position of the last event, or None when there was none."""
    _events: list[_NewEvent] = field(default_factory=list)

    def publish(
        self,
        payload: Contract,
        *,
        key: UUID,
        stream: UUID | None = None,
        expected: int | None = None,
        subject: UUID | None = None,
        topic: Topic | None = None,
    ) -> None:
        """Append ``payload`` when the unit commits.

        ``stream`` is the aggregate (default: the key), ``expected`` its version before this event (None: any),
        ``subject`` the person it is about, for erasure.
        """
        topic = topic or payload.TOPIC
        self._append(topic, key, stream or key, expected, payload.TYPE, subject, payload.model_dump_json())

    def tells(self, kind: type[Contract], *, key: UUID) -> bool:
        """Whether the unit already appends such an event about ``key``."""
        return any((each.topic, each.key) == (kind.TOPIC.name, str(key)) for each in self._events)

    def tombstone(self, kind: type[Contract], *, key: UUID, subject: UUID | None = None) -> None:
        """Append the erasure of a state-lane key."""
        if kind.TOPIC.lane is not Lane.STATE:
            raise ValueError(f"{kind.TOPIC.name}: only a state lane knows tombstones")
        self._append(kind.TOPIC, key, key, None, kind.TYPE, subject, None)

    def _append(
        self,
        topic: Topic,
        key: UUID,
        stream: UUID,
        expected: int | None,
        kind: str,
        subject: UUID | None,
        payload: str | None,
    ) -> None:
        self._events.append(
            _NewEvent(topic.name, topic.lane, str(key), stream, expected, kind, subject, payload)
        )


_DONE = Statement(
    "select request_hash, response, position from log.command_done where principal = :principal and id = :id"
)
_APPEND = Statement(
    "select log.append_events(:board, :actor, :traceparent, :at, cast(:year as smallint),"
    " cast(cast(:topics as text) as text[]), cast(cast(:lanes as text) as smallint[]),"
    " cast(cast(:keys as text) as text[]), cast(cast(:streams as text) as uuid[]),"
    " cast(cast(:expected as text) as integer[]), cast(cast(:ids as text) as uuid[]),"
    " cast(cast(:types as text) as text[]), cast(cast(:subjects as text) as uuid[]),"
    " cast(:payloads as text[]), :principal, cast(:command as uuid), :response)"
)


def _array(values: Sequence[str | int | UUID | None]) -> str:
    """An array as PostgreSQL writes it: of ids, numbers and names of ours, none of which needs more than quotes.

    The driver looks at every element of a list several times over: 0.2 ms of CPU for the arrays of one class's save.
    """
    # The driver's own UUIDs are a subclass that orjson does not know.
    written = orjson.dumps(values, default=str).decode()
    if "\\" in written:  # an escape of JSON is not PostgreSQL's: it would be stored as another text
        raise ValueError(f"no id, number or name of ours: {written}")
    return "{" + written[1:-1] + "}"


class Units:
    """Opens units of work and reads as one database role of one service."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self._sessions = async_sessionmaker(
            engine,
            class_=AsyncSession,
            sync_session_class=_ScopedSession,
            expire_on_commit=False,
            autoflush=False,
        )

    @asynccontextmanager
    async def read(self, scope: Scope, *, frozen: bool = False) -> AsyncIterator[AsyncSession]:
        """A session for reading; PostgreSQL refuses every write in it.

        ``frozen``: all its statements see what the first one saw, whatever is committed meanwhile.
        """
        async with self._sessions(info={"scope": scope, "read_only": True}) as session:
            level = {"isolation_level": "REPEATABLE READ"} if frozen else {}
            await session.connection(execution_options=level)
            yield session

    @asynccontextmanager
    async def maintain(self) -> AsyncIterator[AsyncSession]:
        """A transaction of a feed role over the tables it maintains, for every board; committed at the end."""
        async with self._sessions() as session, session.begin():
            await session.connection()
            yield session

    @asynccontextmanager
    async def work(self, scope: Scope, *, actor: str, command: Command | None = None) -> AsyncIterator[Work]:
        """One transaction. Raises :class:`AlreadyDone`, :class:`CommandReused`, :class:`Moved` or :class:`Busy`."""
        at = self.clock.now()
        claim = None if command is None else _Claim(command, at)
        async with self._sessions(info={"scope": scope, "read_only": False, "claim": claim}) as session:
            work = Work(session=session, scope=scope, at=at, actor=actor)
            try:
                await session.connection()
                if claim is not None and not claim.granted:
                    await self._answered(session, claim.command)
                yield work
                await session.flush()
                await self._append(work, command)
                await session.commit()
            except DBAPIError as error:
                if sqlstate(error) in {"P0409", "40P01", "40001"}:
                    raise Moved from error
                if sqlstate(error) == "55P03":
                    raise Busy from error
                raise

    async def _answered(self, session: AsyncSession, command: Command) -> NoReturn:
        done = await _DONE.first(session, {"principal": command.principal, "id": command.id})
        # None: the row belongs to another board, so this transaction cannot see it.
        if done is None or done["request_hash"] != command.request_hash:
            raise CommandReused
        raise AlreadyDone(done["response"], done["position"])

    async def _append(self, work: Work, command: Command | None) -> None:
        events = work._events
        if not events and command is None:
            return
        streams = {(e.topic, e.stream) for e in events}
        if len(streams) != len(events):
            raise RuntimeError("a unit of work appends at most one event to a stream: facts are complete")
        if any(e.lane is Lane.STATE and e.key != str(e.stream) for e in events):
            raise RuntimeError("in the state lane the key is the aggregate")
        if any(e.payload is not None and len(e.payload.encode()) > MAX_PAYLOAD_BYTES for e in events):
            raise RuntimeError(
                "an event this large does not travel: a relay would stand still at it for ever"
            )
        result = await _APPEND.all(
            work.session,
            {
                "board": work.scope.board,
                "actor": work.actor,
                "traceparent": current_traceparent(),
                "at": work.at,
                "year": school_year(business_date(work.at)),
                "topics": _array([e.topic for e in events]),
                "lanes": _array([int(e.lane) for e in events]),
                "keys": _array([e.key for e in events]),
                "streams": _array([e.stream for e in events]),
                "expected": _array([e.expected for e in events]),
                "ids": _array([time_ordered_id(work.at) for _ in events]),
                "types": _array([e.type for e in events]),
                "subjects": _array([e.subject for e in events]),
                "payloads": [e.payload for e in events],
                "principal": command.principal if command else None,
                "command": command.id if command else None,
                "response": work.answer.model_dump_json() if command and work.answer is not None else None,
            },
        )
        work.session.info["appended"] = True
        work.position = result[0][0]


def sqlstate(error: DBAPIError) -> str | None:
    """The SQLSTATE of a database error, if it has one."""
    return getattr(error.orig, "sqlstate", None)
