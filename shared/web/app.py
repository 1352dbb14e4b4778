"""The app factory: problems, health, traces, logs without personal data, and what runs beside the requests."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.access.tokens import TokenVerifier
from shared.events.parked import Parked
from shared.events.trace import context_of, tracer
from shared.events.workers import WorkerState, told
from shared.telemetry import meters, outlets
from shared.telemetry.meters import serving
from shared.web import problems
from shared.web.admission import FILES, MAX_BODY_BYTES, Admission, Bounds, Lane, one_lane
from shared.web.beginning import begin
from shared.web.figures import ServiceFigures

logger = logging.getLogger("tsumugi.http")


@dataclass
class ServiceApp:
    """A running service, reachable by its routes as ``request.app.state.service``."""

    name: str
    verifier: TokenVerifier
    ready: Callable[[], Awaitable[bool]]
    background: Sequence[Callable[[], Awaitable[None]]] = ()
    """Runs beside the requests until shutdown: workers, the access log's writer."""
    start: Callable[[], Awaitable[None]] | None = None
    """Checks that must hold before the first request (schema, unprivileged role)."""
    stop: Callable[[], Awaitable[None]] | None = None
    states: Sequence[WorkerState] = ()
    """Its workers, for the operator's page: names and positions, never a key."""
    files: re.Pattern[str] | None = None
    """Paths by which files come in: their routes say themselves how much they take."""
    lane: Lane = one_lane
    """In which line a request waits when more come than can be served."""
    parked: Callable[[], Awaitable[Mapping[tuple[str, str], Parked]]] | None = None
    """How much waits of each (copy, publisher) of its workers."""
    streams: Callable[[], int] | None = None
    """How many browsers have a stream open."""
    relay: WorkerState | None = None
    """What sends its log to the broker, where this process has it."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


def make_app(service: ServiceApp, title: str, routers: Sequence[APIRouter]) -> FastAPI:
    """The FastAPI application of a service."""

    figures = ServiceFigures(service.name, service.states, service.parked, service.streams)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if service.start is not None:
            await begin(service.name, service.start)
        counting = (figures.count,) if outlets.measured() else ()
        service.tasks = [asyncio.ensure_future(job()) for job in (*service.background, *counting)]
        try:
            yield
        finally:
            for task in service.tasks:
                task.cancel()
            for task in service.tasks:
                with suppress(asyncio.CancelledError):
                    await task
            if service.stop is not None:
                await service.stop()

    app = FastAPI(
        title=title,
        version=version("tsumugi"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        max_body_size=MAX_BODY_BYTES,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # _Observed: its spans name no address
    )
    app.state.service = service
    problems.install(app)
    for router in routers:
        app.include_router(router)

    @app.get("/health/started", include_in_schema=False)
    async def started() -> dict[str, str]:
        # Nothing is answered before `start` has found the schema that this version knows and a login without privilege.
        return {"service": service.name, "version": app.version}

    @app.get("/health/live", include_in_schema=False)
    async def live() -> JSONResponse:
        # That this is answered shows that the loop turns. A worker outlives every error: one that has ended all the
        # same does not come back in this process, so that only another process mends it.
        good = _at_work()
        return JSONResponse({"service": service.name, "version": app.version}, 200 if good else 503)

    def _at_work() -> bool:
        return all(not task.done() for task in service.tasks)

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> JSONResponse:
        good = _at_work() and await service.ready()
        waiting = await service.parked() if service.parked is not None else {}
        feeds = [
            _feed(state, waiting.get((state.copy, state.publisher), Parked()))
            for state in service.states
            if state.active
        ]
        said: dict[str, object] = {"service": service.name, "ready": good}
        if feeds:
            said["feeds"] = feeds
        if service.relay is not None:
            said["relay"] = _relay(service.relay)
        return JSONResponse(said, 200 if good else 503)

    @app.get("/health/reached", include_in_schema=False)
    async def reached() -> list[dict[str, str | int | None]]:
        # What bulk work yields by, many times a second: from memory, because a service that is at work on what bulk
        # work has written is slow to be given a connection.
        return [_place(state) for state in service.states if state.active]

    app.add_middleware(_Observed, service=service.name, files=service.files)
    app.add_middleware(Admission, service=service.name, lane=_lane(service), bounds=Bounds())
    return app


def _lane(service: ServiceApp) -> Lane:
    def lane(path: str) -> str | None:
        if service.files is not None and service.files.fullmatch(path):
            return FILES
        return service.lane(path)

    return lane


def _feed(state: WorkerState, parked: Parked) -> dict[str, str | float | None]:
    return _place(state) | {
        "head": state.head,
        "age_seconds": round(state.age(), 1),
        "looked_at": None if state.looked_at is None else state.looked_at.isoformat(timespec="seconds"),
        "parked_keys": parked.keys,
        "parked_records": parked.records,
    }


def _relay(state: WorkerState) -> dict[str, str | float | None]:
    return _place(state) | {"head": state.head, "active": state.active, "unsent_seconds": state.unsent}


def _place(state: WorkerState) -> dict[str, str | int | None]:
    return {
        "copy": state.copy,
        "publisher": state.publisher,
        "reached": state.reached,
        "stopped_because": state.stopped_because,
    }


class _Observed:
    """One span and one log line a request: route template, never the address with its ids or queries."""

    def __init__(self, app: ASGIApp, service: str, files: re.Pattern[str] | None) -> None:
        self.app = app
        self.service = service
        self.files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        file = self.files is not None and self.files.fullmatch(scope["path"]) is not None
        if not file and int(headers.get(b"content-length", b"0") or 0) > MAX_BODY_BYTES:
            await problems.too_large().response()(scope, receive, send)
            return
        parent = headers.get(b"traceparent", b"").decode("latin-1") or None
        serving.set(self.service)
        began = time.perf_counter()
        status, seconds = 0, 0.0

        async def observe(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                # A stream's answer has begun long before it ends.
                status, seconds = message["status"], time.perf_counter() - began
            await send(message)

        with tracer.start_as_current_span(
            scope["method"], context=context_of(parent), kind=SpanKind.SERVER, record_exception=False
        ) as span:
            try:
                await self.app(scope, receive, observe)
            except Exception as error:  # noqa: BLE001 (whatever it is, it ends here)
                # Here and not further out, where the server would log the error's own text: a database quotes rows.
                frames = "".join(traceback.format_tb(error.__traceback__))
                logger.error("unexpected: %s\n%s", told(error), frames)
                if not status:
                    await problems.unexpected().response()(scope, receive, observe)
            finally:
                route = getattr(scope.get("route"), "path", "-")
                span.update_name(f"{scope['method']} {route}")
                answered = {
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "problem": scope.get(problems.KIND, "-"),
                }
                meters.REQUESTS.record(
                    seconds or time.perf_counter() - began,
                    answered | {"service": self.service, "status": str(status)},
                )
                span.set_attributes({"http.route": route, "http.response.status_code": status})
                answered["ms"] = round((time.perf_counter() - began) * 1000, 1)
                level = logging.DEBUG if route.startswith("/health/") else logging.INFO
                logger.log(level, "request", extra={"fields": answered})
