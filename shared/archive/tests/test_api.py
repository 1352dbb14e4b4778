"""The archive's address: the same records as a feed gives, in pages, to the services that may read the topic."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import orjson
import pytest

from shared.archive import api
from shared.archive.tests.archiving import ask, person_token, service_token, serving
from shared.events.records import Record
from tests.support.fixtures import Toy
from tests.support.toy import COUNT, SECRET, THING, ThingChanged
from tests.support.waiting import eventually


@pytest.fixture
async def http(toy: Toy) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(toy) as made:
        yield made


async def lines(answer: httpx.Response) -> list[Record]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [Record.from_json(orjson.loads(line)) for line in answer.text.splitlines()]


@pytest.mark.parametrize("topic", [THING.name, COUNT.name])
async def test_the_records_are_those_of_the_feed_page_by_page(
    toy: Toy, http: httpx.AsyncClient, topic: str
) -> None:
    things = [uuid4() for _ in range(4)]
    for amount in range(9):
        await toy.change(things[amount % 4], amount, label="福")
    async with toy.app.work(toy.scope, actor="teacher") as work:
        work.tombstone(ThingChanged, key=things[0])
    batch = await toy.log_feed(topics=[topic]).read(None, limit=100, wait=0)
    told: list[Record] = []
    after, pages = 0, 0
    while after < (batch.head or 0):
        answer = await ask(http, topic, service_token("toy"), after=after, limit=2)
        page = await lines(answer)
        assert len(page) <= 2
        assert (answer.headers["log-epoch"], answer.headers["log-head"]) == ("1", str(batch.head))
        told += page
        assert int(answer.headers["log-reached"]) > after
        after, pages = int(answer.headers["log-reached"]), pages + 1
    assert told == batch.records
    assert pages >= 2


async def test_a_page_is_bound_in_bytes_and_says_where_it_stopped(
    toy: Toy, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for amount in range(5):
        await toy.change(uuid4(), amount)
    monkeypatch.setattr(api, "PAGE_BYTES", 1_200)
    answer = await ask(http, COUNT.name, service_token("toy"))
    page = await lines(answer)
    assert 0 < len(page) < 5
    assert int(answer.headers["log-reached"]) == page[-1].position
    monkeypatch.setattr(api, "PAGE_BYTES", 1)
    assert len(await lines(await ask(http, COUNT.name, service_token("toy")))) == 1


async def test_beyond_the_head_there_is_nothing(toy: Toy, http: httpx.AsyncClient) -> None:
    position = await toy.change(uuid4(), 1)
    answer = await ask(http, COUNT.name, service_token("toy"), after=position + 5)
    assert (answer.content, answer.headers["log-reached"]) == (b"", str(position + 5))


async def test_nobody_else_reads_it(toy: Toy, http: httpx.AsyncClient) -> None:
    """What is not theirs is not there: another service's topic, a person's token, a department's, no topic at all."""
    await toy.change(uuid4(), 1)
    peer, toys = service_token("peer"), service_token("toy")
    assert (await ask(http, THING.name, peer)).status_code == 200
    refused = {
        "a topic of others": await ask(http, COUNT.name, peer),
        "a topic for nobody else": await ask(http, SECRET.name, peer),
        "an unknown service": await ask(http, THING.name, service_token("stranger")),
        "a teacher": await ask(http, THING.name, person_token(toy.board, uuid4())),
        "a teacher through the BFF": await ask(http, THING.name, person_token(toy.board, uuid4())),
        "a department": await ask(http, THING.name, service_token("toy", kind="department")),
        "no such topic": await ask(http, "toy.nothing", toys),
        "another publisher's topic": await ask(http, "registry.person", toys),
    }
    assert {how: answer.status_code for how, answer in refused.items()} == dict.fromkeys(refused, 404)
    assert all(b"thing" not in answer.content for answer in refused.values())
    assert (await ask(http, THING.name)).status_code == 401
    assert (await ask(http, THING.name, service_token("toy", audience="registry"))).status_code == 401


async def test_what_the_deploying_step_has_not_granted_is_not_read_either(
    toy: Toy, http: httpx.AsyncClient
) -> None:
    """The second wall: settings that say too much open nothing."""
    await toy.change(uuid4(), 1)
    async with toy.engine("toy_owner").begin() as connection:
        await connection.exec_driver_sql("delete from log.reader where consumer = 'peer'")
    answer = await ask(http, THING.name, service_token("peer"))
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("query", [{"after": -1}, {"limit": 0}, {"limit": 2001}, {"after": 2**63}])
async def test_a_bad_number_is_named(http: httpx.AsyncClient, query: dict[str, int]) -> None:
    answer = await ask(http, THING.name, service_token("toy"), **query)
    assert answer.status_code == 422
    assert next(iter(query)) in answer.text


async def test_who_read_it_is_in_the_access_log(toy: Toy, http: httpx.AsyncClient) -> None:
    assert (await ask(http, SECRET.name, service_token("toy"))).status_code == 200

    async def logged() -> bool:
        rows = await toy.rows("select client, action, resource, importance from access.entry")
        return [tuple(row) for row in rows] == [("toy", "ReadLog", "topic", "I")]

    await eventually(logged)
