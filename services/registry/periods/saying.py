"""Which schools have lessons' rolls taken: the dated setting ``attendance_periods``, said on the command line."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.registry.people.office import NotSaid
from services.registry.periods.setting import SETTING, Lessons, Periods
from services.registry.roster import store
from services.registry.roster.acting import log_act, once_more
from services.registry.roster.settings import TooLarge, publish
from shared.access.log import Seen
from shared.database import Scope, Units, Work

_KINDS = text(
    "select distinct kind from organisation where board_id = :board and id = school_id and until is null order by kind"
)
_DROP = text("delete from setting where board_id = :board and name = :name and since = :since")


async def said(units: Units, board: UUID, today: date) -> Periods:
    """What holds today."""
    async with units.read(Scope(board)) as session:
        return _standing(await store.settings(session, board), today)


def _standing(settings: list[tuple[str, date, object]], today: date) -> Periods:
    values = [(since, value) for name, since, value in settings if name == SETTING and since <= today]
    return Periods.model_validate(max(values, key=lambda each: each[0])[1]) if values else Periods()


async def say(
    units: Units, board: UUID, kind: str, lessons: Lessons | None, *, today: date, actor: str
) -> None:
    """From today on schools of ``kind`` have these lessons; None: none is taken. Raises :class:`NotSaid`."""
    await once_more(lambda: _say(units, board, kind, lessons, today, actor))


async def _say(
    units: Units, board: UUID, kind: str, lessons: Lessons | None, today: date, actor: str
) -> None:
    async with units.work(Scope(board), actor=actor) as work:
        await store.lock_roster(work)
        known = [row.kind for row in await work.session.execute(_KINDS, {"board": board})]
        if kind not in known:
            raise NotSaid(f"「{kind}」という種類の学校はありません。種類: {'・'.join(known)}")
        before = _standing(await store.settings(work.session, board), today)
        kinds = {each: of for each, of in before.kinds.items() if each != kind}
        now = before.model_copy(update={"kinds": kinds if lessons is None else {**kinds, kind: lessons}})
        if now != before:
            await _put(work, now, today)


async def _put(work: Work, now: Periods, today: date) -> None:
    await work.session.execute(_DROP, {"board": work.scope.board, "name": SETTING, "since": today})
    await store.put_setting(work, SETTING, today, now.model_dump(mode="json"))
    try:
        await publish(work)
    except TooLarge as error:
        raise NotSaid(str(error)) from None
    await log_act(work, Seen("SayLessons", "setting", None, "IV", []))
