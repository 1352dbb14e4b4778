"""Watermarks: whoever says that it has seen everything up to a position has, wherever the relay was killed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.kafka_marks import Mark, Place, Seen, Sending, Sent

PARTITIONS = {"a": 2, "b": 3, "c": 1}
Message = tuple[int, Sent | None]
"""A position; of a mark, with what it says."""
Broker = defaultdict[Place, list[Message]]


def sending(start: int) -> Sending:
    made = Sending(start)
    for topic, partitions in PARTITIONS.items():
        made.add(topic, partitions)
    return made


class Relay:
    """One life of a relay; whoever iterates may stop at any message."""

    def __init__(self, log: list[Place], start: int, broker: Broker) -> None:
        self.stored = start
        self._log = log
        self._broker = broker
        self._sending = sending(start)

    def send(self, random: Random) -> Iterator[None]:
        """All of the log, in bits, with marks now and then; everything is marked at the beginning and at the end."""
        at, everywhere = self.stored, True
        while everywhere or at < len(self._log):
            until = min(len(self._log), at + random.randrange(4))
            for position in range(at + 1, until + 1):
                self._broker[self._log[position - 1]].append((position, None))
                self._sending.record(self._log[position - 1], position)
                yield
            at = until
            everywhere = everywhere or at == len(self._log) or random.random() < 0.2
            if everywhere or random.random() < 0.7:
                said = orjson.loads(Mark("x", self._sending.sent).to_bytes())["sent"]
                for place in self._sending.places(everywhere=everywhere):
                    self._broker[place].append((at, said))
                    yield
                if everywhere:
                    self.stored, everywhere = at, False


@given(st.integers(0, 2**32))
def test_what_is_told_has_been_seen(seed: int) -> None:
    random = Random(seed)
    every = [(topic, n) for topic, count in PARTITIONS.items() for n in range(count)]
    log = random.choices(every, k=random.randrange(25))
    broker: Broker = defaultdict(list)
    stored = 0
    for _ in range(random.randrange(4)):
        relay = Relay(log, stored, broker)
        for _ in zip(range(random.randrange(30)), relay.send(random), strict=False):
            pass
        stored = relay.stored
    for _ in Relay(log, stored, broker).send(random):
        pass

    topics = random.choice([("a",), ("a", "c"), ("b",)])
    mine = [place for place in every if place[0] in topics]
    seen, had, offsets = Seen(mine), set[int](), dict.fromkeys(mine, 0)
    while behind := [place for place in mine if offsets[place] < len(broker[place])]:
        place = random.choice(behind)
        position, said = broker[place][offsets[place]]
        offsets[place] += 1
        if said is None:
            had.add(position)
            seen.record(place, position)
        else:
            seen.mark(place, position, said)
        if random.random() < 0.3:  # a checkpoint is stored, and somebody else goes on from it
            seen = Seen(mine, orjson.loads(orjson.dumps(seen.keep())))
        told = seen.reached()
        assert {n for n, where in enumerate(log, 1) if n <= told and where in mine} <= had
    assert seen.reached() == seen.head == len(log)


def test_a_mark_in_one_partition_speaks_for_all() -> None:
    relay, seen = sending(0), Seen([("a", 0), ("a", 1)])
    for place in relay.places(everywhere=True):
        if place[0] == "a":
            seen.mark(place, 0, relay.sent)
    relay.record(("b", 0), 1)
    relay.record(("a", 1), 2)
    assert set(relay.places(everywhere=False)) == {("a", 1), ("b", 0)}
    seen.record(("a", 1), 2)
    assert seen.reached() == 0, "in the other partition there might be something"
    seen.mark(("a", 1), 2, relay.sent)
    assert seen.reached() == 2
    relay.record(("a", 0), 3)
    seen.mark(("a", 1), 4, relay.sent)
    assert seen.reached() == 2, "the mark came before the record"
    seen.record(("a", 0), 3)
    assert seen.reached() == 4


def test_what_was_touched_is_marked_once() -> None:
    relay = sending(0)
    relay.record(("a", 1), 1)
    relay.record(("a", 0), 2)
    assert relay.places(everywhere=False) == [("a", 0)]
    assert relay.places(everywhere=False) == []
    assert len(relay.places(everywhere=True)) == sum(PARTITIONS.values())


def test_a_mark_travels_as_json() -> None:
    mark = Mark("cluster", {"a": [1, 2]})
    assert Mark.from_bytes(mark.to_bytes()) == mark
    for wrong in (None, b"7", b"{}", b"x"):
        with pytest.raises((KeyError, TypeError, ValueError)):
            Mark.from_bytes(wrong)
