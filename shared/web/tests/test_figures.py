"""What a service measures: every request by its template and its problem, its pool, its lines, its workers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
from fastapi import APIRouter

from shared.access.log import LogFullError
from shared.database import make_engine
from shared.dates import FixedClock
from shared.events.relay_age import RelayAge
from shared.events.workers import WorkerState
from shared.telemetry.meters import KNOWN
from shared.web import not_found
from shared.web.admission import Admission, Bounds, one_lane
from shared.web.app import ServiceApp, make_app
from tests.support.figures import Figures, samples
from tests.support.fixtures import Toy, catch_up
from tests.support.tokens import Authority
from tests.support.toy import ToyCopy
from tests.support.waiting import eventually

COUNT = "tsumugi_request_duration_seconds_count"


async def ready() -> bool:
    return True


async def test_requests_are_told_apart_by_template_and_problem_and_never_by_id(figures: Figures) -> None:
    router = APIRouter()

    @router.get("/things/{thing}")
    async def thing(thing: UUID) -> str:
        raise not_found()

    @router.post("/things/{thing}")
    async def change(thing: UUID) -> str:
        raise LogFullError

    name = f"toy{uuid4().hex}"
    app = make_app(ServiceApp(name, Authority().verifier("toy"), ready), "toy", [router])
    wanted = str(uuid4())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://toy") as client:
        for _ in range(2):
            await client.get(f"/things/{wanted}")
        await client.post(f"/things/{wanted}")
        await client.get("/things/x")
        await client.get("/health/live")
        await client.get("/nowhere/at/all")
    told = {
        (labels["method"], labels["route"], labels["status"], labels["problem"]): value
        for labels, value in figures.all(COUNT, service=name)
    }
    assert told == {
        ("GET", "/things/{thing}", "404", "not-found"): 2,
        ("GET", "/things/{thing}", "422", "invalid"): 1,
        ("POST", "/things/{thing}", "503", "not-logged"): 1,
        ("GET", "/health/live", "200", "-"): 1,
        ("GET", "-", "404", "not-found"): 1,
    }
    assert wanted not in figures.text()


async def test_a_pool_says_how_many_work_and_how_many_wait(toy: Toy, figures: Figures) -> None:
    engine = make_engine(toy.database.login("toy_app"), pool_size=1)
    held = [await engine.connect(), await engine.connect()]
    waiting = asyncio.ensure_future(engine.connect())
    try:
        assert figures.one("tsumugi_pool_in_use", role="toy_app") >= 2
        assert figures.one("tsumugi_pool_size", role="toy_app") >= 2
        await eventually(lambda: figures.one("tsumugi_pool_waiting", role="toy_app") == 1)
    finally:
        for one in held:
            await one.close()
        await (await waiting).close()
        await engine.dispose()


async def test_who_waits_and_who_is_told_to_come_back(figures: Figures) -> None:
    going_on = asyncio.Event()

    async def slow(scope: object, receive: object, send: object) -> None:
        await going_on.wait()

    name = f"toy{uuid4().hex}"
    admission = Admission(slow, name, one_lane, Bounds(at_work=1, in_line=1))
    transport = httpx.ASGITransport(admission, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
        asked = [asyncio.ensure_future(client.get("/things")) for _ in range(2)]
        await eventually(lambda: figures.all("tsumugi_admission_in_line", service=name) == [
            ({"service": name, "lane": "-"}, 1.0)
        ])  # fmt: skip
        assert figures.one("tsumugi_admission_at_work", service=name) == 1
        assert (await client.get("/things")).status_code == 503
        going_on.set()
        await asyncio.gather(*asked, return_exceptions=True)
    assert figures.one("tsumugi_admission_shed_total", service=name) == 1
    del admission


async def test_a_worker_says_how_far_it_is_behind_and_for_how_long(toy: Toy, figures: Figures) -> None:
    for _ in range(3):
        await toy.change(uuid4(), 1)
    copy = ToyCopy()
    worker = toy.copy_worker(copy, toy.log_feed(topics=copy.topics_of("toy")))
    app = make_app(ServiceApp("toy", Authority().verifier("toy"), ready, states=[worker.state]), "toy", [])
    of = {"copy": copy.name, "publisher": "toy"}
    assert figures.one("tsumugi_feed_active", **of) == 0
    assert figures.all("tsumugi_copy_age_seconds", **of) == [], "who stands by does not know"
    worker.state.active = True
    batch = await worker.feed.read((await worker.where()).cursor, limit=2, wait=0)
    worker.state.head = 6
    worker.state.reached = batch.reached
    assert figures.one("tsumugi_feed_lag_records", **of) == 6 - batch.reached
    await catch_up(worker)
    assert figures.one("tsumugi_feed_lag_records", **of) == 0
    assert figures.one("tsumugi_records_applied_total", **of) == worker.state.applied > 0
    assert figures.one("tsumugi_fold_delay_seconds_count", **of) >= 1
    worker.state.level_at -= 100
    assert figures.one("tsumugi_copy_age_seconds", **of) >= 100
    worker.state.stopped_because = "it does not go on"
    assert figures.one("tsumugi_feed_stopped", **of) == 1
    del app


async def test_a_relay_that_stands_is_as_old_as_what_it_has_not_sent(
    toy: Toy, clock: FixedClock, figures: Figures
) -> None:
    name = f"toy{uuid4().hex}"
    state = WorkerState(name, "relay", name)
    age = RelayAge(toy.database.feed, state, clock)
    await toy.change(uuid4(), 1)
    clock.instant += timedelta(seconds=40)
    await toy.change(uuid4(), 1)
    async with age.measured():
        await eventually(lambda: state.unsent is not None)
    assert figures.one("tsumugi_relay_age_seconds", service=name) == 40


async def test_every_figure_that_is_told_is_known(toy: Toy, figures: Figures) -> None:
    told = {name for name, *_ in samples(figures.text())}
    endings = ("_bucket", "_count", "_sum", "_created")
    plain = {next((name.removesuffix(end) for end in endings if name.endswith(end)), name) for name in told}
    assert plain <= KNOWN.keys()
    for name, labels, _ in samples(figures.text()):
        (known,) = {known for plain, known in KNOWN.items() if name.startswith(plain)}
        assert labels.keys() - {"le"} == set(known.labels), name
