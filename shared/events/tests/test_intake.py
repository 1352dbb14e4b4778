"""What arrives is folded, dropped or parked: each record exactly one of these, and never over a hole."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from shared.contracts.registry import ERASURE
from shared.events import intake
from shared.events.feed import Batch
from shared.events.intake import (
    BEHIND,
    Checkpoint,
    Displaced,
    Refused,
    Sorted,
    UnknownEpoch,
    Version,
    find_holes,
)
from shared.events.records import Record
from shared.events.tests.made import AT, fact, read, state, thing
from tests.support.fixtures import Toy
from tests.support.waiting import eventually

ZERO = Checkpoint("things", "toy")


def holes(
    *records: Record,
    known: dict[UUID, Version] | None = None,
    zero: bool = True,
    refused: Sequence[Record] = (),
) -> Sorted:
    versions = known or {}
    return find_holes(
        Sorted(arrived=read(*records), refused=[Refused(record, BEHIND) for record in refused]),
        lambda record: versions.get(record.stream),
        began_at_zero=zero,
    )


def positions(sorted_: Sorted) -> list[int]:
    return [arrived.record.position for arrived in sorted_.arrived]


class TestHoles:
    def test_versions_without_a_gap_are_folded(self) -> None:
        sorted_ = holes(fact(1, "a", "d", 1), fact(2, "a", "d", 2), fact(3, "b", "d", 1))
        assert positions(sorted_) == [1, 2, 3]
        assert sorted_.refused == []

    def test_a_missing_version_parks_its_key_and_no_other(self) -> None:
        sorted_ = holes(fact(2, "a", "d", 2), fact(3, "a", "e", 1), state(4, "a", 7), fact(5, "b", "d", 1))
        assert positions(sorted_) == [5]
        assert [(refused.record.position, refused.reason) for refused in sorted_.refused] == [
            (2, f"version 1 of {fact(2, 'a', 'd', 2).stream} is missing"),
            (3, BEHIND),
            (4, BEHIND),
        ]

    def test_what_was_folded_before_is_dropped_and_counted(self) -> None:
        stream = fact(1, "a", "d", 1).stream
        sorted_ = holes(*(fact(n, "a", "d", n) for n in (1, 2, 3)), known={stream: (1, 2)})
        assert positions(sorted_) == [3]
        assert sorted_.dropped == 2

    def test_what_was_folded_before_is_no_news_of_a_key_that_waits(self) -> None:
        """A sender repeats itself: the operator is not to find among what waits what has long been done."""
        one, other = fact(1, "a", "d", 1), fact(2, "a", "e", 1)
        sorted_ = holes(fact(4, "a", "d", 3), one, other, known={one.stream: (1, 1)})
        assert [refused.record.position for refused in sorted_.refused] == [4, 2]
        sorted_ = holes(known={one.stream: (1, 1)}, refused=[one, other, state(3, "a", 1)])
        assert [refused.record.position for refused in sorted_.refused] == [2, 3]
        assert sorted_.dropped == 1

    def test_a_version_of_a_newer_epoch_is_another_fact(self) -> None:
        """The log was restored: its lost end is told anew, with the same positions and versions."""
        stream = fact(1, "a", "d", 1).stream
        again = holes(*(fact(n, "a", "d", n, epoch=2) for n in (1, 2, 3, 3)), known={stream: (1, 3)})
        assert positions(again) == [1, 2, 3]
        assert again.dropped == 1

    def test_a_newer_epoch_follows_on_what_was_known(self) -> None:
        stream = fact(1, "a", "d", 1).stream
        assert positions(holes(fact(9, "a", "d", 4, epoch=2), known={stream: (1, 3)})) == [9]
        assert positions(holes(fact(9, "a", "d", 2, epoch=2), known={stream: (1, 3)})) == [9]
        (refused,) = holes(fact(9, "a", "d", 5, epoch=2), known={stream: (1, 3)}).refused
        assert refused.reason == f"version 4 of {stream} is missing"

    def test_an_older_epoch_comes_too_late(self) -> None:
        stream = fact(1, "a", "d", 1).stream
        sorted_ = holes(fact(9, "a", "d", 4), known={stream: (2, 1)})
        assert (positions(sorted_), sorted_.refused, sorted_.dropped) == ([], [], 1)

    def test_a_record_that_comes_twice_in_a_batch_is_folded_once(self) -> None:
        sorted_ = holes(
            fact(1, "a", "d", 1), fact(2, "a", "d", 2), fact(1, "a", "d", 1), fact(2, "a", "d", 2)
        )
        assert positions(sorted_) == [1, 2]
        assert sorted_.dropped == 2

    def test_a_feed_that_began_later_takes_the_first_version_it_meets(self) -> None:
        assert positions(holes(fact(9, "a", "d", 4), fact(11, "a", "d", 5), zero=False)) == [9, 11]
        later = holes(fact(9, "a", "d", 4), fact(11, "a", "d", 6), zero=False)
        assert positions(later) == [9]
        assert len(later.refused) == 1

    def test_states_have_no_holes(self) -> None:
        """Compaction removes what was superseded."""
        assert positions(holes(state(4, "a", 3), state(9, "a", 8))) == [4, 9]

    def test_an_erased_fact_is_no_hole(self) -> None:
        assert positions(holes(fact(1, "a", "d", 1, payload=None), fact(2, "a", "d", 2))) == [1, 2]

    @given(st.data())
    def test_every_record_has_one_fate(self, data: st.DataObject) -> None:
        lost = data.draw(st.sets(st.integers(1, 30)))
        log = [fact(n, n % 3, n % 2, (n + 5) // 6) for n in range(1, 31)]
        arriving = [record for record in log if record.position not in lost]
        for _ in range(
            data.draw(st.integers(0, 3))
        ):  # a sender repeats itself: a slice comes again in its place
            start = data.draw(st.integers(0, len(arriving)))
            end = data.draw(st.integers(start, len(arriving)))
            arriving[end:end] = arriving[start:end]

        sorted_ = holes(*arriving)

        assert len(sorted_.arrived) + len(sorted_.refused) + sorted_.dropped == len(arriving)
        folded: dict[UUID, list[int]] = defaultdict(list)
        for arrived in sorted_.arrived:
            folded[arrived.record.stream].append(arrived.record.version)
        for versions in folded.values():
            assert versions == list(range(1, len(versions) + 1))
        complete = {record.key for record in log} - {record.key for record in log if record.position in lost}
        assert not complete & {refused.record.key for refused in sorted_.refused}
        for record in log:
            if record.key in complete:
                assert record.position in positions(sorted_)


class TestSortOut:
    async def sort_out(self, toy: Toy, *records: Record) -> Sorted:
        return intake.sort_out(await intake.known(toy.feed, ZERO, records), records)

    async def park(self, toy: Toy, *refused: Refused) -> None:
        async with toy.feed.maintain() as session:
            await intake.park(session, ZERO, refused, AT)

    async def parked(self, toy: Toy) -> list[tuple[str, int]]:
        rows = await toy.rows("select topic, position from feed.parked order by position")
        return [(row.topic, row.position) for row in rows]

    async def test_an_unreadable_record_parks_its_key_from_there_on(self, toy: Toy) -> None:
        sorted_ = await self.sort_out(
            toy, state(1, "a", 1), state(2, "a", 2, payload="{}"), fact(3, "a", "d", 1), state(4, "b", 1)
        )
        assert positions(sorted_) == [1, 4]
        assert [refused.record.position for refused in sorted_.refused] == [2, 3]
        assert sorted_.refused[1].reason == BEHIND

    async def test_a_waiting_key_keeps_waiting_over_all_topics(self, toy: Toy) -> None:
        await self.park(toy, Refused(fact(1, "a", "d", 2), "a hole"))
        sorted_ = await self.sort_out(toy, state(2, "a", 1), state(3, "b", 1))
        assert positions(sorted_) == [3]
        assert [refused.record.position for refused in sorted_.refused] == [2]

    async def test_keys_of_other_copies_and_publishers_do_not_matter(self, toy: Toy) -> None:
        async with toy.feed.maintain() as session:
            for other in (Checkpoint("other", "toy"), Checkpoint("things", "registry")):
                await intake.park(session, other, [Refused(state(1, "a", 1), "poison")], AT)
        assert positions(await self.sort_out(toy, state(2, "a", 2))) == [2]

    async def test_records_about_an_erased_person_are_dropped_but_their_tombstones(self, toy: Toy) -> None:
        async with toy.feed.maintain() as session:
            await session.execute(text("insert into feed.erased values (:person, 1)"), {"person": thing("a")})
        sorted_ = await self.sort_out(
            toy,
            state(2, "a", 2),
            fact(3, "a", "d", 1),
            state(4, "a", 3, payload=None),
            fact(5, "b", "d", 1, subject=thing("a")),
            fact(6, "b", "d", 1),
        )
        assert positions(sorted_) == [4, 6]
        assert sorted_.dropped == 3
        assert sorted_.refused == []

    async def test_an_erasure_counts_for_what_comes_with_it(self, toy: Toy) -> None:
        """On a broker its topic may come before or behind the others."""
        erasure = state(3, "a", 1)._replace(topic=ERASURE.name, payload=None)
        sorted_ = await self.sort_out(
            toy, fact(1, "a", "d", 1), state(2, "a", 1), erasure, fact(4, "b", "d", 1)
        )
        assert positions(sorted_) == [3, 4]
        assert sorted_.dropped == 2

    async def test_a_fact_without_content_says_that_its_person_is_erased(self, toy: Toy) -> None:
        """A reader that was behind meets it before the erasure; it must keep no row that nothing could find again."""
        redacted = fact(1, "a", "d", 1, subject=thing("a"))._replace(payload=None)
        sorted_ = await self.sort_out(toy, redacted, fact(2, "b", "d", 1))
        assert (positions(sorted_), sorted_.dropped) == ([2], 1)

    async def test_what_waits_about_an_erased_person_is_let_go(self, toy: Toy) -> None:
        about = fact(1, "b", "d", 1, subject=thing("a"))
        await self.park(toy, Refused(about, "a hole"), Refused(state(2, "c", 1), "poison"))
        erasure = state(3, "a", 1)._replace(key=str(thing("a")), topic=ERASURE.name)
        async with toy.feed.maintain() as session:
            await intake.forget(session, read(erasure))
        (left,) = await toy.rows("select key from feed.parked")
        assert left.key == state(2, "c", 1).key
        (erased,) = await toy.rows("select person, position from feed.erased")
        assert (erased.person, erased.position) == (thing("a"), 3)

    async def test_what_was_said_before_a_copy_was_free_is_known(self, toy: Toy) -> None:
        """Whoever waits for a copy must know the keys that the one before it has parked, or freed."""
        parked, freed = state(2, "a", 2), state(3, "b", 2)
        await self.park(toy, Refused(state(1, "b", 1), "poison"))

        async def enter() -> intake.Known:
            async with toy.feed.maintain() as session:
                return await intake.enter(session, "things", "copy", publisher="toy", records=[parked, freed])

        async with toy.feed.maintain() as session:
            await intake.enter(session, "things", "copy")
            waiting = asyncio.create_task(enter())
            await eventually(
                lambda: toy.rows("select 1 from pg_locks where locktype = 'advisory' and not granted")
            )
            await intake.park(session, ZERO, [Refused(parked, "poison")], AT)
            await session.execute(text("delete from feed.parked where position = 1"))
        assert (await waiting).waiting == {parked.key}

    async def test_of_states_only_the_newest_waits(self, toy: Toy) -> None:
        await self.park(
            toy,
            Refused(state(5, "a", 5), "poison"),
            Refused(fact(6, "a", "d", 2), BEHIND),
            Refused(state(7, "a", 6), BEHIND),
            Refused(fact(8, "a", "d", 3), BEHIND),
        )
        assert await self.parked(toy) == [("toy.count", 6), ("toy.thing", 7), ("toy.count", 8)]
        await self.park(toy, Refused(state(5, "a", 5), "again"), Refused(fact(6, "a", "d", 2), "again"))
        assert await self.parked(toy) == [("toy.count", 6), ("toy.thing", 7), ("toy.count", 8)]


class TestCheckpoint:
    def batch(self, cursor: int, **changes: object) -> Batch:
        return replace(Batch([], {"position": cursor}, cursor, 1), **changes)  # type: ignore[arg-type]

    async def store(self, toy: Toy, before: Checkpoint, batch: Batch) -> Checkpoint:
        return await intake.move(toy.feed, before, batch)

    async def load(self, toy: Toy) -> Checkpoint:
        async with toy.feed.maintain() as session:
            return await intake.load(session, "things", "toy")

    async def test_what_was_stored_is_loaded(self, toy: Toy) -> None:
        assert await self.load(toy) == ZERO
        first = await self.store(toy, ZERO, self.batch(5))
        assert first == await self.load(toy) == Checkpoint("things", "toy", {"position": 5}, 1, 5, True)
        second = await self.store(toy, first, self.batch(9))
        assert second == await self.load(toy)

    async def test_who_works_from_an_old_checkpoint_is_displaced(self, toy: Toy) -> None:
        first = await self.store(toy, ZERO, self.batch(5))
        await self.store(toy, first, self.batch(9))
        for old in (ZERO, first):
            with pytest.raises(Displaced):
                await self.store(toy, old, self.batch(7))
        assert (await self.load(toy)).reached == 9

    async def test_where_a_feed_began_is_remembered(self, toy: Toy) -> None:
        first = await self.store(toy, ZERO, self.batch(5, whole=False))
        second = await self.store(toy, first, self.batch(9))
        assert not second.began_at_zero
        assert not (await self.load(toy)).began_at_zero

    async def test_reached_never_goes_back(self, toy: Toy) -> None:
        first = await self.store(toy, ZERO, self.batch(5))
        assert (await self.store(toy, first, self.batch(6, reached=3))).reached == 5

    def test_another_epoch_stops_the_feed(self) -> None:
        known = Checkpoint("things", "toy", {"position": 5}, 1, 5)
        intake.check_epoch(known, self.batch(6))
        with pytest.raises(UnknownEpoch, match="1 → 2"):
            intake.check_epoch(known, self.batch(6, epoch=2))
        intake.check_epoch(ZERO, self.batch(6, epoch=2))
