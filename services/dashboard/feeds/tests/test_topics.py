"""The departments' topics: each item once and in order whatever happens, and never more than the purpose allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from aiokafka import ConsumerRecord
from sqlalchemy import text

from deploy.local.kafka import Kafka
from services.dashboard.feeds.rules import LUNCH
from services.dashboard.feeds.topics import FeedTopics
from services.dashboard.service import topics_due
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.town import TODAY, Town
from shared.contracts.dashboard import FeedItemChanged, ItemDelivered, LunchCount, feed_topic
from shared.database import Scope
from shared.dates import FixedClock
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_verify import ask_again, compare
from shared.events.kafka_wire import place_of
from tests.support.secured import Secured
from tests.support.transports import everything
from tests.support.waiting import eventually

pytestmark = pytest.mark.kafka
VALUE = LunchCount(members=30, absent=2, unrecorded=28, taken_at=None)


class Filling:
    """The lunch count's items in dashboard's log, and relays that are started and killed at will."""

    def __init__(self, town: Town, copies: Copies, access: KafkaAccess) -> None:
        self.town = town
        self.copies = copies
        self.access = access
        self.topic = feed_topic(town.board, town.department, LUNCH).name
        self._running: dict[FeedTopics, asyncio.Task[None]] = {}

    async def grant(self, **more: object) -> None:
        """The kitchen's purpose, as dashboard knows it from now on."""
        await self.town.grant(**more)
        await self.copies.catch_up()

    async def give(self, count: int = 1, *, item: UUID | None = None, members: int = 30) -> int:
        """Items of classes nobody has told of, or the next revision of one; returns the log's last position."""
        scope = Scope(self.town.board)
        async with self.copies.units.work(scope, actor="test") as work:
            for _ in range(count):
                key = item or uuid4()
                revision = 1 + (await self._revision(key) if item else 0)
                said = FeedItemChanged(
                    feed=LUNCH,
                    item=key,
                    group=uuid4(),
                    school=uuid4(),
                    on=TODAY,
                    revision=revision,
                    value=VALUE.model_copy(update={"members": members}),
                    frozen_at=None,
                )
                topic = feed_topic(self.town.board, self.town.department, LUNCH)
                work.publish(said, key=key, expected=revision - 1, topic=topic)
        assert work.position
        return work.position

    async def _revision(self, item: UUID) -> int:
        async with self.copies.units.maintain() as session:
            found = text("select stream_version from log.log_state where key = :item")
            return await session.scalar(found, {"item": str(item)}) or 0

    async def as_operator(self, statement: str) -> None:
        """Change what no role of ours may."""
        connection = await self.copies.database.server.connect(self.copies.database.name)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def restore(self, kept: str) -> None:
        """The log as a backup brings it back that had of it what is ``kept``."""
        await self.as_operator(
            f"delete from log.stream where stream in (select stream from log.log_state where not ({kept}));"
            f"delete from log.log_state where not ({kept});"
            "update log.head set position = (select max(position) from log.log_state)"
        )

    def start(self) -> FeedTopics:
        """A relay at work."""
        relay = FeedTopics(self.copies.database.feed, self.copies.units, self.access)
        self._running[relay] = asyncio.create_task(relay.run())
        return relay

    async def kill(self, relay: FeedTopics) -> None:
        """End it wherever it is."""
        task = self._running.pop(relay)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def filled(self, relay: FeedTopics, position: int) -> None:
        """Wait until it has nothing more to tell of what the log has up to ``position``."""
        await eventually(lambda: relay.state.reached >= position)

    async def told(self) -> list[ConsumerRecord]:
        """All that lies on the topic."""
        (found,) = (await everything(self.access, {self.topic: 1})).values()
        return found

    async def close(self) -> None:
        """End everything."""
        for relay in list(self._running):
            await self.kill(relay)
        async with self.access.admin() as admin:
            await admin.delete_topics([self.topic])


@pytest.fixture
async def filling(town: Town, copies: Copies, kafka: Kafka) -> AsyncIterator[Filling]:
    """A board whose kitchen has no purpose yet."""
    made = Filling(town, copies, KafkaAccess(kafka.bootstrap))
    yield made
    await made.close()


def positions(messages: list[ConsumerRecord]) -> list[int]:
    return [place_of(message.headers).position for message in messages]


async def test_an_item_is_the_line_that_http_gives_as_a_cloud_event(filling: Filling) -> None:
    await filling.grant(fields=["members", "absent"])
    position = await filling.give()
    await filling.filled(filling.start(), position)
    (message,) = await filling.told()
    line = orjson.loads(message.value)
    assert line["value"] == {"members": 30, "absent": 2}
    assert (line["position"], line["feed"], line["revision"], line["frozen"]) == (position, LUNCH, 1, None)
    assert b"unrecorded" not in message.value
    ItemDelivered.model_validate(line, strict=False)
    assert message.key.decode() == line["item"]
    headers = {name: value.decode() for name, value in message.headers}
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == "dashboard.feed.item_delivered"
    assert headers["ce_source"] == "tsumugi/dashboard"
    assert headers["ce_board"] == str(filling.town.board)
    assert headers["ce_terms"] == "absent members small-groups"
    assert headers["content-type"] == "application/json"


async def test_whoever_takes_over_at_any_moment_skips_nothing_and_tells_nothing_twice(
    filling: Filling,
) -> None:
    await filling.grant()
    last = await filling.give(1_500)
    relay = filling.start()
    for _ in range(12):
        await eventually(lambda relay=relay: relay.state.applied)  # type: ignore[misc]
        await filling.kill(relay)
        last = await filling.give()
        await filling.as_operator("update feed.relayed set position = 0")  # what it had noted besides
        relay = filling.start()
    await filling.filled(relay, last)
    told = positions(await filling.told())
    assert told == sorted(set(told))
    assert len(told) == 1_512


async def test_behind_an_item_that_cannot_be_told_nothing_is(filling: Filling) -> None:
    await filling.grant()
    before = await filling.give(3)
    monster, _ = before + 1, await filling.give()
    await filling.as_operator(
        "update log.log_state set payload = payload || jsonb_build_object('grade', repeat('P', 1200000))"
        f" where position = {monster}"
    )
    last = await filling.give(3)
    relay = filling.start()
    await eventually(lambda: relay.state.stopped_because)
    assert relay.state.reached < monster
    assert set(positions(await filling.told())) <= set(range(1, before + 1))
    await filling.as_operator(
        f"update log.log_state set payload = payload - 'grade' where position = {monster}"
    )
    await filling.filled(relay, last)
    assert positions(await filling.told()) == list(range(1, last + 1))


async def test_a_small_group_is_told_only_under_a_purpose_that_says_why(filling: Filling) -> None:
    small, large = uuid4(), uuid4()
    await filling.grant(small_groups=True)
    await filling.give(item=small, members=4)
    last = await filling.give(item=large, members=5)
    relay = filling.start()
    await filling.filled(relay, last)
    assert len(await filling.told()) == 2
    await filling.grant(small_groups=False)
    await eventually(lambda: relay.state.applied >= 4)
    first, second, again, still = await filling.told()
    assert [message.key.decode() for message in (again, still)] == [str(small), str(large)]
    assert (again.value, still.value) == (None, second.value)
    assert [place_of(one.headers).generation for one in (first, second, again, still)] == [1, 1, 2, 2]
    assert dict(second.headers)["ce_id"] != dict(still.headers)["ce_id"], "another event"
    last = await filling.give(item=small, members=4)
    await filling.filled(relay, last)
    assert [one.value for one in await filling.told() if one.key.decode() == str(small)][1:] == [None, None]


async def test_a_purpose_that_changes_has_everything_told_under_its_terms(filling: Filling) -> None:
    await filling.grant(fields=["members"])
    last = await filling.give(3)
    relay = filling.start()
    await filling.filled(relay, last)
    await filling.kill(relay)
    await filling.grant(fields=["members", "absent"])
    relay = filling.start()
    await filling.filled(relay, last)
    told = [orjson.loads(message.value)["value"] for message in await filling.told()]
    assert told == [{"members": 30}] * 3 + [{"members": 30, "absent": 2}] * 3


async def test_a_purpose_that_has_ended_fills_nothing_more(filling: Filling, clock: FixedClock) -> None:
    await filling.grant(until=TODAY + timedelta(days=1))
    last = await filling.give(2)
    relay = filling.start()
    await filling.filled(relay, last)
    clock.instant += timedelta(days=1)
    last = await filling.give(2)
    await filling.filled(relay, last)
    assert len(await filling.told()) == 2
    await filling.grant()  # on the same terms: what was missed, and nothing twice
    await eventually(lambda: relay.state.applied == 4)
    assert positions(await filling.told()) == [1, 2, 3, 4]


async def test_before_anybody_is_told_the_broker_is_not_asked_to_let_us_send(
    town: Town, copies: Copies, secured: Secured
) -> None:
    """A broker with access control would refuse: we may write nowhere yet."""
    filling = Filling(town, copies, secured.access("newcomer"))
    relay = filling.start()
    try:
        position = await filling.give()
        await filling.filled(relay, position)
        assert relay.state.stopped_because is None
        await filling.grant()
        said = await eventually(lambda: relay.state.stopped_because)
        assert said == "ClusterAuthorizationFailedError"
    finally:
        await filling.kill(relay)


async def test_a_topic_that_was_made_anew_is_filled(filling: Filling) -> None:
    await filling.grant()
    last = await filling.give(2)
    relay = filling.start()
    await filling.filled(relay, last)
    await filling.kill(relay)
    async with filling.access.admin() as admin:
        await admin.delete_topics([filling.topic])

        async def gone() -> bool:
            return filling.topic not in await admin.list_topics()

        await eventually(gone)
    relay = filling.start()
    await eventually(lambda: relay.state.applied == 2)
    assert positions(await filling.told()) == [1, 2]


async def test_a_log_that_ends_before_what_was_told_stops_it(filling: Filling) -> None:
    await filling.grant()
    last = await filling.give(3)
    relay = filling.start()
    await filling.filled(relay, last)
    await filling.kill(relay)
    await filling.restore("position = 1")
    relay = filling.start()
    reason = await eventually(lambda: relay.state.stopped_because)
    assert "begin-epoch dashboard" in str(reason)
    assert len(await filling.told()) == 3
    await filling.as_operator("update log.head set epoch = epoch + 1")
    await eventually(lambda: relay.state.applied)
    assert [place_of(one.headers).epoch for one in await filling.told()] == [1] * 5 + [2]


async def test_a_restored_log_is_noticed_also_when_it_has_grown_past_what_was_told(filling: Filling) -> None:
    await filling.grant()
    await filling.give(2)
    item = uuid4()
    last = await filling.give(item=item)
    relay = filling.start()
    await filling.filled(relay, last)
    await filling.kill(relay)
    await filling.restore(f"key <> '{item}'")
    await filling.give(3)
    relay = filling.start()
    reason = await eventually(lambda: relay.state.stopped_because)
    assert "begin-epoch dashboard" in str(reason)
    assert len(await filling.told()) == 3


async def test_what_a_restored_log_has_lost_is_erased_however_often_that_is_cut_off(filling: Filling) -> None:
    await filling.grant()
    kept, lost, last_one = uuid4(), uuid4(), uuid4()
    for item in (kept, lost, last_one):
        last = await filling.give(item=item)
    relay = filling.start()
    await filling.filled(relay, last)
    await filling.kill(relay)
    await filling.restore("position = 1")
    await filling.as_operator("update log.head set epoch = epoch + 1")
    relay = filling.start()
    await eventually(lambda: relay.state.applied)
    await filling.filled(relay, 1)
    await filling.kill(relay)
    first, *_, again = told = await filling.told()
    erased = [one for one in told if one.value is None]
    assert {one.key.decode() for one in erased} == {str(lost), str(last_one)}
    assert {place_of(one.headers) for one in erased} == {(1, last, 1)}, "who is cut off begins anew"
    assert len({dict(one.headers)["ce_id"] for one in told}) == len(told) == 6
    assert (again.key, again.value) == (first.key, first.value)
    assert place_of(again.headers) == (2, 1, 2)
    relay = filling.start()
    last = await filling.give(item=lost)
    await filling.filled(relay, last)
    assert [one.value is None for one in (await filling.told())[6:]] == [False]


async def test_all_is_told_once_more_when_it_is_asked_for(filling: Filling) -> None:
    await filling.grant()
    last = await filling.give(300)
    relay = filling.start()
    await filling.filled(relay, last)
    await filling.kill(relay)
    async with filling.copies.units.maintain() as session:
        await ask_again(session)
    relay = filling.start()
    await eventually(lambda: relay.state.applied)
    await filling.kill(relay)  # in the middle of it, perhaps: it was asked for all the same

    async def answered() -> bool:
        async with filling.copies.units.maintain() as session:
            return await session.scalar(text("select cluster is null from feed.relayed")) is True

    relay = filling.start()
    await eventually(answered)
    told = await filling.told()
    assert positions(told)[-300:] == positions(told)[:300]
    generations = [place_of(one.headers).generation for one in told]
    assert (generations[0], len(set(generations[-300:]))) == (1, 1)
    count = len(told)
    await filling.filled(relay, await filling.give())
    assert len(await filling.told()) == count + 1


async def test_log_and_topics_are_held_together(filling: Filling) -> None:
    await filling.grant()
    last = await filling.give(3)
    relay = filling.start()
    await filling.filled(relay, last)
    async with filling.copies.units.maintain() as session:
        topics = dict.fromkeys(await topics_due(session, TODAY), 1)
        assert list(topics) == [filling.topic]
        (one,) = await compare(session, filling.access, topics)
        assert one.agree, one
        assert (one.in_log, one.on_broker, one.reached) == (3, 3, last)
    await filling.kill(relay)
    await filling.give(2)
    await filling.as_operator(f"update feed.relayed set position = {last + 2}")
    async with filling.copies.units.maintain() as session:
        (one,) = await compare(session, filling.access, topics)
    assert one.lacking == [last + 1, last + 2]


async def test_one_is_active_and_the_other_takes_over(filling: Filling) -> None:
    await filling.grant()
    one, other = filling.start(), filling.start()
    await eventually(lambda: one.state.active or other.state.active)
    active, standing_by = (one, other) if one.state.active else (other, one)
    await filling.filled(active, await filling.give())
    assert standing_by.state.applied == 0
    await filling.kill(active)
    await filling.filled(standing_by, await filling.give())
    assert positions(await filling.told()) == [1, 2]
