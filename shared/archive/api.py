"""``GET /log/{topic}?after=``: the records of a topic as they lie in the log, for the services that may read it.

Who may is what deploy/topology.toml says of the topic, as it is for roles and for the broker's ACL; no person and no
department has a token for it. Asked twice: of the settings, and by the statement itself of what the deploying step has
granted (``log.reader``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Depends, Path, Query, Response

from shared.access.log import AccessLog, Seen
from shared.access.principal import Principal
from shared.contracts import Importance, Lane
from shared.contracts.catalogue import topic_named
from shared.database import Statement, Units
from shared.events.records import Record
from shared.web import current, not_found

PAGE = 1_000
MOST = 2_000
PAGE_BYTES = 4_000_000
"""A page ends here, however many records were asked for; at least one is in it."""
EPOCH, HEAD, REACHED = "log-epoch", "log-head", "log-reached"
"""Headers of an answer: the log's epoch, its last position, and up to where the page tells everything of the topic."""
_LARGEST = 2**63 - 1

_SQL = """
select head.epoch, head.position as head, rows.*
from log.head left join (
    select ce_id, board_id, position, key, type, stream, stream_version, payload::text as payload, actor, traceparent,
           recorded_at, subject
    from log.{lane} where topic = :topic and position > :after
    and exists (select from log.reader r where r.topic = :topic and r.consumer = :consumer)
    order by position limit :limit
) as rows on true order by rows.position
"""
_READ = {
    Lane.STATE: Statement(_SQL.format(lane="log_state")),
    Lane.FACT: Statement(_SQL.format(lane="log_fact")),
}


@dataclass(frozen=True)
class Archive:
    """A publisher's log. ``units`` works as the feed role; ``readers``: topic → the services that may read it."""

    service: str
    units: Units
    log: AccessLog
    readers: Mapping[str, frozenset[str]]

    def importance(self, who: Principal, topic: str) -> tuple[Lane, Importance]:
        """Lane and class of a topic of ours that ``who`` may read; else there is no such topic."""
        if who.kind != "service" or who.client not in self.readers.get(topic, ()):
            raise not_found()
        contract = topic_named(topic)
        if contract is None or contract.publisher != self.service:
            raise not_found()
        return contract.lane, contract.importance


def router(archive: Callable[[], Archive]) -> APIRouter:
    """The route over ``archive()``."""
    routes = APIRouter(prefix="/log", tags=["記録の保管"])

    @routes.get("/{topic}", summary="記録を、はじめから順に読む", response_class=Response)
    async def read_log(
        topic: Annotated[str, Path(pattern=r"^[a-z]+\.[a-z_]+$", description="トピックの名前")],
        who: Annotated[Principal, Depends(current)],
        after: Annotated[int, Query(ge=0, le=_LARGEST, description="この位置より後から")] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST, description="1回の件数")] = PAGE,
    ) -> Response:
        """Records of a topic after a position, one JSON a line; read on after the header ``log-reached``."""
        of = archive()
        lane, importance = of.importance(who, topic)
        asked = {"topic": topic, "after": after, "limit": limit, "consumer": who.client}
        rows = await _READ[lane].alone(of.units.engine, asked)
        records = [_record(row, topic, lane) for row in rows if row["position"] is not None]
        lines = _page(record.to_json().encode() + b"\n" for record in records)
        # Fewer than asked for: the topic has nothing more up to the head.
        more = len(lines) < len(records) or len(records) == limit
        reached = records[len(lines) - 1].position if more else max(rows[0]["head"], after)
        await of.log.read(who, Seen("ReadLog", "topic", None, importance))
        told = {EPOCH: rows[0]["epoch"], HEAD: rows[0]["head"], REACHED: reached}
        return Response(
            b"".join(lines),
            media_type="application/x-ndjson",
            headers={"cache-control": "no-store", **{name: str(value) for name, value in told.items()}},
        )

    return routes


def _page(lines: Iterable[bytes]) -> list[bytes]:
    kept: list[bytes] = []
    size = 0
    for line in lines:
        size += len(line)
        if kept and size > PAGE_BYTES:
            break
        kept.append(line)
    return kept


def _record(row: asyncpg.Record, topic: str, lane: Lane) -> Record:
    return Record(
        id=row["ce_id"],
        board=row["board_id"],
        epoch=row["epoch"],
        position=row["position"],
        topic=topic,
        lane=lane,
        key=row["key"],
        type=row["type"],
        stream=row["stream"],
        version=row["stream_version"],
        payload=row["payload"],
        actor=row["actor"],
        traceparent=row["traceparent"],
        recorded_at=row["recorded_at"],
        subject=row["subject"],
    )
