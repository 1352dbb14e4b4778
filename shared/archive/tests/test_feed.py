"""A consumer older than what the broker keeps, or new: it reads the archive and joins the topics by position."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.access.own_token import NoToken
from shared.archive.feed import ArchivedFeed, ArchiveTrouble, HttpArchive
from shared.archive.tests.archiving import always, archive_of, serving
from shared.events.intake import UnknownEpoch
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_feed import KafkaFeed
from shared.events.rebuild import rebuild
from shared.events.tests.relays import Relays, sent_up_to
from tests.support.backup import back_up, restore
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import COUNT, ToyCopy
from tests.support.transports import PARTITIONS

pytestmark = pytest.mark.kafka
TOPICS = ["toy.count", "toy.thing"]


class Counting(HttpArchive):
    """An archive that tells how often it was asked."""

    pages = 0

    async def page(self, *arguments: Any) -> Any:
        self.pages += 1
        return await super().page(*arguments)

    async def close(self) -> None:
        """Its connections are the test's."""


class Consumers:
    """Feeds that have the archive behind them."""

    def __init__(self, broker: str, http: httpx.AsyncClient) -> None:
        self._broker = broker
        self._http = http
        self._feeds: list[KafkaFeed] = []
        self.archive = Counting("toy", "http://toy", http, archive_of(http)._token)

    def feed(self) -> ArchivedFeed:
        broker = KafkaFeed("toy", KafkaAccess(self._broker), TOPICS)
        self._feeds.append(broker)
        return ArchivedFeed(broker, self.archive, TOPICS)

    async def close(self) -> None:
        for feed in self._feeds:
            await feed.close()


@pytest.fixture
async def consumers(toy: Toy, broker: str) -> AsyncIterator[Consumers]:
    async with serving(toy) as http:
        made = Consumers(broker, http)
        yield made
        await made.close()


async def forget_facts(broker: str) -> None:
    """What a broker does after 35 days: everything that lies on the fact topic now is gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        places = [TopicPartition(COUNT.name, n) for n in range(PARTITIONS[COUNT.name])]
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in places})
    finally:
        await admin.close()


async def counted(toy: Toy) -> dict[UUID, tuple[int, int]]:
    rows = await toy.rows("select thing, amount, version from copy.count_day")
    return {row.thing: (row.amount, row.version) for row in rows}


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.archive.feed.MOST", 2)


@pytest.mark.usefixtures("small_pages")
async def test_a_new_consumer_starts_at_the_first_fact_there_ever_was(
    toy: Toy, relays: Relays, broker: str, consumers: Consumers
) -> None:
    relays.start()
    one, other = uuid4(), uuid4()
    for amount in range(4):
        position = await toy.change(one, amount)
    await sent_up_to(toy, position)
    await forget_facts(broker)
    position = await toy.change(one, 9)
    position = await toy.change(other, 1)
    await sent_up_to(toy, position)

    worker = toy.copy_worker(ToyCopy(), consumers.feed())
    await catch_up(worker, to=position)
    assert await counted(toy) == {one: (9, 5), other: (1, 1)}
    assert await toy.rows("select 1 from feed.parked") == []
    asked = consumers.archive.pages
    assert asked > 3
    # It has joined the topics: what comes now comes from the broker.
    position = await toy.change(other, 2)
    await catch_up(worker, to=position)
    assert await counted(toy) == {one: (9, 5), other: (2, 2)}
    assert consumers.archive.pages == asked
    # And goes on there after it was ended.
    position = await toy.change(other, 3)
    await catch_up(toy.copy_worker(ToyCopy(), consumers.feed()), to=position)
    assert await counted(toy) == {one: (9, 5), other: (3, 3)}
    assert consumers.archive.pages == asked


async def test_a_new_consumer_of_a_broker_that_has_everything_asks_no_archive(
    toy: Toy, relays: Relays, consumers: Consumers
) -> None:
    relays.start()
    position = await toy.change(uuid4(), 1)
    await sent_up_to(toy, position)
    await catch_up(toy.copy_worker(ToyCopy(), consumers.feed()), to=position)
    assert (len(await counted(toy)), consumers.archive.pages) == (1, 0)


@pytest.mark.usefixtures("small_pages")
async def test_a_consumer_that_stood_still_for_too_long_goes_on_where_it_stood(
    toy: Toy, relays: Relays, broker: str, consumers: Consumers
) -> None:
    relays.start()
    one = uuid4()
    position = await toy.change(one, 1)
    await sent_up_to(toy, position)
    await catch_up(toy.copy_worker(ToyCopy(), consumers.feed()), to=position)
    assert consumers.archive.pages == 0
    for amount in range(2, 6):
        position = await toy.change(one, amount)
    await sent_up_to(toy, position)
    await forget_facts(broker)
    worker = toy.copy_worker(ToyCopy(), consumers.feed())
    await catch_up(worker, to=position)
    assert await counted(toy) == {one: (5, 5)}
    assert consumers.archive.pages > 0
    assert await toy.rows("select 1 from feed.parked") == []
    position = await toy.change(one, 6)
    await catch_up(worker, to=position)
    assert await counted(toy) == {one: (6, 6)}


async def test_it_may_be_ended_on_its_way_and_begin_again_there(
    toy: Toy, relays: Relays, broker: str, consumers: Consumers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.archive.feed.MOST", 1)
    relays.start()
    things = [uuid4() for _ in range(3)]
    for thing in things:
        position = await toy.change(thing, 1)
    await sent_up_to(toy, position)
    await forget_facts(broker)
    for _ in range(30):  # every batch is the last of its process
        worker = toy.copy_worker(ToyCopy(), consumers.feed())
        checkpoint = await worker.where()
        batch = await worker.feed.read(checkpoint.cursor, limit=20, wait=0.3)
        if batch.news(checkpoint.cursor):
            checkpoint = await worker.take(checkpoint, batch)
        if "at" in (checkpoint.cursor or {}) and checkpoint.reached >= position:
            break
    else:
        pytest.fail("never joined the topics")
    assert set(await counted(toy)) == set(things)
    position = await toy.change(things[0], 2)
    await catch_up(toy.copy_worker(ToyCopy(), consumers.feed()), to=position)
    assert (await counted(toy))[things[0]] == (2, 2)


async def test_a_rebuild_has_what_the_broker_no_longer_has(
    toy: Toy, relays: Relays, broker: str, consumers: Consumers
) -> None:
    relays.start()
    one = uuid4()
    for amount in range(4):
        position = await toy.change(one, amount)
    await sent_up_to(toy, position)
    await catch_up(toy.copy_worker(ToyCopy(), consumers.feed()), to=position)
    await forget_facts(broker)
    found = await rebuild(
        "toy", ToyCopy(), toy.feed, lambda *_: consumers.feed(), toy.engine("toy_owner"), swap=True
    )
    assert (found.different, found.parked, found.swapped) == (0, 0, True)
    assert await counted(toy) == {one: (3, 4)}
    position = await toy.change(one, 7)
    await catch_up(toy.copy_worker(ToyCopy(), consumers.feed()), to=position)
    assert await counted(toy) == {one: (7, 5)}


async def test_a_place_in_the_log_itself_is_joined_by_position(
    toy: Toy, relays: Relays, consumers: Consumers
) -> None:
    """A copy that the deploying step has built from the log goes on at the broker, and takes nothing twice."""
    relays.start()
    position = await toy.change(uuid4(), 1)
    await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed(topics=TOPICS)))
    position = await toy.change(uuid4(), 2)
    await sent_up_to(toy, position)
    worker = toy.copy_worker(ToyCopy(), consumers.feed())
    await catch_up(worker, to=position)
    assert len(await counted(toy)) == 2
    assert worker.state.applied == 2
    assert worker.state.dropped == 0


async def test_an_archive_of_another_epoch_stops_it(
    toy: Toy, relays: Relays, broker: str, consumers: Consumers
) -> None:
    relays.start()
    await toy.change(uuid4(), 0)
    await back_up(toy)
    position = await toy.change(uuid4(), 1)
    await sent_up_to(toy, position)
    await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed(topics=TOPICS)))
    await restore(toy)
    with pytest.raises(UnknownEpoch):
        await catch_up(toy.copy_worker(ToyCopy(), consumers.feed()), to=position)


async def test_an_archive_that_refuses_or_is_away_is_told_to_the_operator(toy: Toy) -> None:
    async with serving(toy) as http:
        with pytest.raises(ArchiveTrouble, match="404"):
            await archive_of(http, "peer").page(COUNT.name, 0, 10)
    away = httpx.AsyncClient(base_url="http://localhost:1")
    archive = HttpArchive("toy", "http://localhost:1", away, always("x"))
    with pytest.raises(ArchiveTrouble, match="答えません"):
        await archive.page(COUNT.name, 0, 10)
    await archive.close()


async def test_an_archive_that_gets_no_token_says_whose_is_missing(toy: Toy) -> None:
    async def none() -> str:
        raise NoToken("https://issuer/token が、dashboard に トークンを出しません。")

    async with serving(toy) as http:
        with pytest.raises(ArchiveTrouble, match=r"issuer.*dashboard"):
            await HttpArchive("toy", "http://toy", http, none).page(COUNT.name, 0, 10)
