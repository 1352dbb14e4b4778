"""The way of one who alone sends to the broker: nothing is sent without the lock, and every answer is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from shared.events.feed import Stopped
from shared.events.kafka_access import KafkaAccess, closed
from shared.events.kafka_marks import Place
from shared.events.workers import WorkerState

PATIENCE_SECONDS = 3.0
Message = tuple[bytes, bytes | None, list[tuple[str, bytes]]]
"""Key, value and headers."""


class Displaced(Stopped):
    """This relay may no longer be the only one."""


class Restored(Stopped):
    """The log under the relay was restored from a backup."""

    @classmethod
    def without_epoch(cls, service: str) -> Restored:
        """And positions are being given twice."""
        return cls(
            f"{service} のログは、Kafka に送ったところより前で終わっています。復元されたあと、世代が始められて"
            f"いません。`tsumugi feed begin-epoch {service}` を実行してください。"
        )


@dataclass(frozen=True)
class Line:
    """The way to the broker, for as long as whoever has it is the only one."""

    lock: asyncpg.Connection
    producer: AIOKafkaProducer

    def leads(self) -> None:
        """Raise :class:`Displaced` when the lock is gone: another may be sending newer states of the same keys."""
        if self.lock.is_closed():
            raise Displaced("データベースとの接続が切れたため、送るのをやめました。")

    async def put(
        self, place: Place, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> asyncio.Future[RecordMetadata]:
        """Give a record to the client; the future is the broker's answer."""
        self.leads()
        topic, partition = place
        sent: asyncio.Future[RecordMetadata] = await self.producer.send(
            topic, value, key=key, partition=partition, headers=headers
        )
        sent.add_done_callback(_seen)
        return sent

    async def put_whole(
        self, place: Place, records: Iterable[Message]
    ) -> tuple[int, asyncio.Future[RecordMetadata]]:
        """Give as many of ``records`` to the client as go into one batch: they arrive together or not at all.

        Returns how many, and the broker's answer, which names the first one's offset.
        """
        self.leads()
        batch = self.producer.create_batch()
        count = 0
        for key, value, headers in records:
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                break
            count += 1
        topic, partition = place
        sent: asyncio.Future[RecordMetadata] = await self.producer.send_batch(
            batch, topic, partition=partition
        )
        sent.add_done_callback(_seen)
        return count, sent

    async def answers(
        self, sent: Sequence[asyncio.Future[RecordMetadata]], state: WorkerState
    ) -> list[RecordMetadata]:
        """Wait for the broker's. The client asks again by itself, in order; the operator is told meanwhile."""
        waiting = set(sent)
        while waiting:
            self.leads()
            done, waiting = await asyncio.wait(
                waiting, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_EXCEPTION
            )
            for one in done:
                one.result()
            if waiting:
                state.stopped_because = "Kafka が答えません。答えるまで待っています。"
        return [one.result() for one in sent]

    async def close(self) -> None:
        """Give the client back. Without the lock it sends nothing more, not even what it has taken."""
        if self.lock.is_closed():
            await closed(self.producer._sender.close())  # stopping would send it first
            self.producer._message_accumulator.fail_all(Displaced("abandoned"))
        await closed(self.producer.stop())


@asynccontextmanager
async def line_to(access: KafkaAccess, lock: asyncpg.Connection, client: str) -> AsyncIterator[Line]:
    """A line of whoever holds ``lock``."""
    producer = access.producer(client)
    try:
        await producer.start()
    except BaseException:  # its connections are open for all that, and it will be tried again and again
        await closed(producer.stop())
        raise
    line = Line(lock, producer)
    try:
        async with access.kept(producer.client):
            yield line
    finally:
        await line.close()


def _seen(sending: asyncio.Future[RecordMetadata]) -> None:
    """One failure ends the sender's work; the others need not be told too."""
    if not sending.cancelled():
        sending.exception()
