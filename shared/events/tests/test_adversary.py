"""The adversary delivers only what Kafka may deliver, and all of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import Lane
from shared.events.adversary import AdversarialFeed
from shared.events.feed import Batch, Cursor
from shared.events.records import Record
from shared.events.tests.made import fact, state


class Listed:
    """A feed over a list of records in order of position, as a log would give them."""

    publisher = "toy"

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.head = records[-1].position if records else 0

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        after = cursor["position"] if cursor else 0
        records = [record for record in self.records if record.position > after][:limit]
        reached = records[-1].position if len(records) == limit else self.head
        return Batch(records, {"position": reached}, reached, 1, self.head)

    async def close(self) -> None:
        pass


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """A log: facts of some keys and streams, and of each state key the newest record only."""
    records: list[Record] = []
    versions: dict[tuple[int, int], int] = defaultdict(int)
    newest: dict[int, int] = {}
    for position in range(1, draw(st.integers(0, 40)) + 1):
        key, stream = draw(st.integers(0, 4)), draw(st.integers(0, 1))
        versions[key, stream] += 1
        if stream == 0:
            newest[key] = position
            records.append(state(position, key, versions[key, stream]))
        else:
            records.append(fact(position, key, stream, versions[key, stream]))
    return [r for r in records if r.lane is Lane.FACT or r.position in newest.values()]


async def everything(feed: AdversarialFeed, head: int, limit: int) -> list[Batch]:
    """All that the feed gives until it says that it has reached the head."""
    batches: list[Batch] = []
    while not batches or batches[-1].reached < head:
        cursor = batches[-1].cursor if batches else None
        batches.append(await feed.read(cursor, limit=limit, wait=0))
    return batches


def deal(log: list[Record], seed: int, limit: int) -> list[Batch]:
    inner = Listed(log)
    return asyncio.run(everything(AdversarialFeed(inner, seed), inner.head, limit))


@given(logs(), st.integers(0, 2**32), st.integers(1, 50))
def test_the_order_is_legal_and_nothing_is_missing(log: list[Record], seed: int, limit: int) -> None:
    firsts: dict[tuple[str, str], list[int]] = defaultdict(list)
    last: dict[tuple[str, str], int] = {}
    for record in (record for batch in deal(log, seed, limit) for record in batch.records):
        known = firsts[record.topic, record.key]
        if record.position not in known:
            assert all(earlier < record.position for earlier in known), "in order within (topic, key)"
            known.append(record.position)
        last[record.topic, record.key] = record.position
    assert sorted(p for positions in firsts.values() for p in positions) == [r.position for r in log]
    for place, position in last.items():
        assert position == max(firsts[place]), "who repeats goes on to the end again"


@given(logs(), st.integers(0, 2**32), st.integers(1, 50))
def test_reached_is_honest_and_never_goes_back(log: list[Record], seed: int, limit: int) -> None:
    seen: set[int] = set()
    reached = 0
    for batch in deal(log, seed, limit):
        seen |= {record.position for record in batch.records}
        assert {record.position for record in log if record.position <= batch.reached} <= seen
        assert batch.reached >= reached
        reached = batch.reached


def test_it_is_unkind() -> None:
    """Over a few seeds: keys overtake each other, and records come twice."""
    log = [fact(position, position % 5, "day", position // 5) for position in range(5, 45)]
    orders = [
        tuple(record.position for batch in deal(log, seed, 10) for record in batch.records)
        for seed in range(5)
    ]
    assert all(list(order) != sorted(order) for order in orders)
    assert any(len(order) > len(log) for order in orders)
    assert len(set(orders)) == 5
