"""A guardian's addresses and devices, written by their own requests alone; and what was handed over, to be read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson
from asyncpg import Record as Row
from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.channels.rights import BEFORE_MARK, GONE, LIVE, MAY
from services.messaging.channels.rules import QUIET_SETTING, Kind, Reason, State, What
from shared.database import Statement, Work


@dataclass(frozen=True)
class Last:
    """The newest message to a channel."""

    what: What
    state: State
    reason: Reason | None
    at: datetime


@dataclass(frozen=True)
class Channel:
    """Where a guardian wants to be told."""

    id: UUID
    kind: Kind
    address: str
    label: str
    made_at: datetime
    confirmed_at: datetime | None
    asked: int
    asked_at: datetime | None
    tried: int
    is_gone: bool
    last: Last | None


_COLUMNS = (
    "c.id, c.kind, c.address, c.label, c.made_at, c.confirmed_at, c.asked, c.asked_at, c.tried,"
    f" {GONE} as is_gone"
)
_OWN = Statement(
    f"""
select {_COLUMNS},
(select json_build_object('what', d.what, 'state', d.state, 'reason', d.reason,
                          'at', coalesce(d.tried_at, d.made_at))
 from delivery d where d.channel_id = c.id and d.reason is distinct from 'no_right'
 -- Whoever may not know of the child any more does not learn either that there was something to be told.
 and (d.state <> 'waiting' or d.notice_id is null
      or exists (select from notice n where n.id = d.notice_id and {MAY}))
 order by d.made_at desc, d.id desc limit 1) as last
from channel c where c.board_id = :board and c.guardian_id = :guardian
order by c.kind, c.made_at, c.id
"""  # noqa: S608 (constants)
)
_ONE = Statement(
    f"select {_COLUMNS}, null as last from channel c where c.board_id = :board"  # noqa: S608
    " and c.guardian_id = :guardian and c.id = :id for update of c"
)
_MANY = Statement("select count(*) as many from channel where board_id = :board and guardian_id = :guardian")
_ADD = Statement(
    "insert into channel (id, board_id, guardian_id, kind, address, keys, label, language, made_at, confirmed_at,"
    " asked, asked_at) values (:id, :board, :guardian, :kind, :address, cast(:keys as jsonb), :label, :language, :at,"
    " :confirmed_at, :asked, :asked_at)"
)
_TAKE_OVER = Statement(
    "delete from channel where board_id = :board and kind = :kind and address = :address"
    " and (kind = 'push' or guardian_id = :guardian)"
)
_CONFIRM = Statement("update channel set confirmed_at = :at where board_id = :board and id = :id")
_WRONG = Statement("update channel set tried = tried + 1 where board_id = :board and id = :id")
_ASK = Statement(
    "update channel set asked = asked + 1, asked_at = :at, tried = 0 where board_id = :board and id = :id"
)
_REMOVE = Statement("delete from channel where board_id = :board and id = :id")
_CODES = Statement(
    "insert into code_count as k (board_id, guardian_id, since, asked) values (:board, :guardian, :at, 1)"
    " on conflict (board_id, guardian_id) do update set"
    " since = case when k.since > :before then k.since else excluded.since end,"
    " asked = case when k.since > :before then k.asked + 1 else 1 end returning asked"
)


_LANGUAGE = Statement("select language from channel where board_id = :board and id = :id and kind = 'email'")
_STOP = Statement(
    "delete from channel where board_id = :board and id = :id and kind = 'email' returning guardian_id, language"
)


def _channel(row: Row) -> Channel:
    last = row["last"]
    return Channel(
        row["id"],
        row["kind"],
        row["address"],
        row["label"],
        row["made_at"],
        row["confirmed_at"],
        row["asked"],
        row["asked_at"],
        row["tried"],
        row["is_gone"],
        last and Last(last["what"], last["state"], last["reason"], datetime.fromisoformat(last["at"])),
    )


async def own(session: AsyncSession, board: UUID, guardian: UUID, today: date) -> list[Channel]:
    """All channels of a guardian."""
    values = {"board": board, "guardian": guardian, "today": today, "today_text": today.isoformat()}
    return [_channel(row) for row in await _OWN.all(session, values)]


async def many(session: AsyncSession, board: UUID, guardian: UUID) -> int:
    """How many channels a guardian has."""
    row = await _MANY.first(session, {"board": board, "guardian": guardian})
    return 0 if row is None else row["many"]


async def lock(session: AsyncSession, board: UUID, guardian: UUID, id: UUID) -> Channel | None:
    """A guardian's own channel without what last became of a message, held until the transaction ends."""
    row = await _ONE.first(session, {"board": board, "guardian": guardian, "id": id})
    return None if row is None else _channel(row)


async def add(
    work: Work,
    id: UUID,
    guardian: UUID,
    kind: Kind,
    address: str,
    *,
    keys: dict[str, str] | None = None,
    label: str = "",
    language: str,
) -> None:
    """Take a channel in the place of the same one before it: an address is to be confirmed, a device is not."""
    values = {"board": work.scope.board, "guardian": guardian, "kind": kind, "address": address}
    await _TAKE_OVER.all(work.session, values)
    email = kind == "email"
    await _ADD.all(
        work.session,
        {
            **values,
            "id": id,
            "keys": None if keys is None else orjson.dumps(keys).decode(),
            "label": label,
            "language": language,
            "at": work.at,
            "confirmed_at": None if email else work.at,
            "asked": int(email),
            "asked_at": work.at if email else None,
        },
    )


async def confirm(work: Work, id: UUID) -> None:
    """The code came back: from now on this is used."""
    await _CONFIRM.all(work.session, {"board": work.scope.board, "id": id, "at": work.at})


async def count_wrong(work: Work, id: UUID) -> None:
    """Another code came back than was sent."""
    await _WRONG.all(work.session, {"board": work.scope.board, "id": id})


async def ask(work: Work, id: UUID) -> None:
    """A new code is to be sent; the one before is worth nothing."""
    await _ASK.all(work.session, {"board": work.scope.board, "id": id, "at": work.at})


async def remove(work: Work, id: UUID) -> None:
    """Nothing is sent there any more; what was on its way finds no address."""
    await _REMOVE.all(work.session, {"board": work.scope.board, "id": id})


async def language(session: AsyncSession, board: UUID, id: UUID) -> str | None:
    """The language of an address; None where it is gone."""
    row = await _LANGUAGE.first(session, {"board": board, "id": id})
    return None if row is None else row["language"]


async def stop(work: Work, id: UUID) -> tuple[UUID, str] | None:
    """Take an address away, whoever asks by its link: its guardian and language; None where it is gone already."""
    row = await _STOP.first(work.session, {"board": work.scope.board, "id": id})
    return None if row is None else (row["guardian_id"], row["language"])


async def count_code(work: Work, guardian: UUID) -> int:
    """Count a code that is asked for; how many of the day it makes, also to addresses that were removed again.

    Holds the guardian's count until the transaction ends: commands that come at once are counted one after the other.
    """
    before = work.at - timedelta(days=1)
    values = {"board": work.scope.board, "guardian": guardian, "at": work.at, "before": before}
    row = await _CODES.first(work.session, values)
    assert row is not None
    asked: int = row["asked"]
    return asked


_QUIET = Statement(
    "select s.value from copy.setting s where s.board_id = :board and s.name = :name and s.since <= :today"
    " order by s.since desc limit 1"
)


async def quiet_setting(session: AsyncSession, board: UUID, today: date) -> object:
    """What the board says of quiet hours today, if anything."""
    row = await _QUIET.first(session, {"board": board, "name": QUIET_SETTING, "today": today})
    return None if row is None else row["value"]


@dataclass(frozen=True)
class Told:
    """That somebody was told of a notice, or is to be: which way and what became of it; never where."""

    notice: UUID
    kind: Kind
    what: What
    about: str
    state: State
    reason: Reason | None
    tries: int
    at: datetime


_TOLD = Statement(
    "select notice_id, kind, what, about, state, reason, tries, coalesce(tried_at, made_at) as at from delivery"
    " where board_id = :board and notice_id = any (cast(:notices as uuid[])) order by made_at, id"
)
_REACH = Statement(
    "select n.id, array_agg(distinct c.kind order by c.kind) as kinds"  # noqa: S608
    " from notice n join channel c on c.board_id = n.board_id and c.guardian_id = n.guardian_id"
    f" where n.board_id = :board and n.id = any (cast(:notices as uuid[])) and {LIVE}"
    f" and not ({BEFORE_MARK} and {MAY}) group by n.id"
)


async def told(session: AsyncSession, board: UUID, notices: Collection[UUID]) -> list[Told]:
    """What was told, or waits to be, of these notices; in its order."""
    rows = await _TOLD.all(session, {"board": board, "notices": sorted(notices)})
    return [
        Told(
            row["notice_id"],
            row["kind"],
            row["what"],
            row["about"],
            row["state"],
            row["reason"],
            row["tries"],
            row["at"],
        )
        for row in rows
    ]


async def reach(
    session: AsyncSession, board: UUID, notices: Collection[UUID], today: date
) -> dict[UUID, tuple[Kind, ...]]:
    """By which ways whoever told these notices can be told; where there is none, it is not among them."""
    values = {"board": board, "notices": sorted(notices), "today": today, "today_text": today.isoformat()}
    return {row["id"]: tuple(row["kinds"]) for row in await _REACH.all(session, values)}
