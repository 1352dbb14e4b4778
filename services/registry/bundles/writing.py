"""A school's month in a process of its own: every class as whoever asked may see it, then one document."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from services.registry import attendance, register
from services.registry.bulk import locks
from services.registry.bulk.locks import Of
from services.registry.bundles import store
from services.registry.bundles.store import Bundle
from services.registry.register import printing
from services.registry.register.files import marked
from services.registry.register.layout import Table
from services.registry.register.reading import read
from services.registry.register.showing import month_table
from services.registry.room import Registry
from services.registry.school_calendar.store import school_of
from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.principal import Principal
from shared.access.step_up import TWO_FACTORS
from shared.database import Scope, Units
from shared.dates import school_year
from shared.events.workers import transient
from shared.printing import NoGlyph
from shared.web import Problem

logger = logging.getLogger(__name__)

ACTOR = "register-writer"
NO_GLYPHS = "印刷用の書体にない字が多すぎます。学級ごとにExcelで受け取るか、管理者に知らせてください。"
FAILED = "途中でうまくいかなくなりました。もう一度印刷しても同じときは、システム管理に伝えてください。"
NOBODY = "この月に在籍している子がいません。"


class Busy(Exception):
    """Another process writes it."""


async def work_on(units: Units, board: UUID, id_: UUID, tell: Callable[[int, int], None]) -> None:
    """Write what was asked for; nothing when it waits for nothing. Raises :class:`Busy`.

    ``tell``: how many sheets of how many are read.
    """
    async with units.read(Scope(board)) as alone:
        if not await locks.alone(alone, Of.BUNDLE, id_):
            raise Busy
        async with units.read(Scope(board)) as session:
            asked = await store.bundle(session, board, id_)
        if asked is None or asked.state != "writing":
            return
        try:
            words = await _write(units, asked, tell)
        except NoGlyph:
            words = NO_GLYPHS
        except Problem as error:  # whoever asked has lost the duty meanwhile
            words = error.title
        except Exception as error:  # it would come again at every try, and each reads every child
            if transient(error):
                raise
            logger.exception("register bundle %s", id_)
            words = FAILED
        if words is not None:
            async with units.work(Scope(board), actor=ACTOR) as work:
                await store.end(work, asked.id, asked.school, "stopped", words)


async def _write(units: Units, asked: Bundle, tell: Callable[[int, int], None]) -> str | None:
    """Read the sheets, and keep the file. Returns why there is none, where somebody must know."""
    tables = await _tables(units, asked, tell)
    if tables is None:
        return None
    if not tables:
        return NOBODY
    made = await asyncio.to_thread(printing.book, tables, asked.paper)
    async with units.work(Scope(asked.board), actor=ACTOR) as work:
        await store.ready(work, asked, made, len(tables))
    return None


async def _tables(units: Units, asked: Bundle, tell: Callable[[int, int], None]) -> list[Table] | None:
    """The sheets in the order of the classes; None when nobody wants them any more."""
    rooms = [Path(each.__path__[0]) for each in (attendance, register)]
    log = AccessLog(units)
    room = Registry(units, units.clock, Policies(rooms), log)
    async with units.read(Scope(asked.board)) as session:
        classes = (await school_of(session, asked.board, asked.school, school_year(asked.month))).classes
    found = []
    for n, each in enumerate(classes):
        tell(n, len(classes))
        sheet = await read(room, _as(asked), each.id, f"{asked.month:%Y-%m}", "PrintRegister")
        await log.flush()
        if sheet.sheet.lines:
            found.append(marked(month_table(sheet), room))
        async with units.read(Scope(asked.board)) as session:
            now = await store.bundle(session, asked.board, asked.id)
        if now is None or now.state != "writing":
            return None
    tell(len(classes), len(classes))
    return found


def _as(asked: Bundle) -> Principal:
    """Whoever asked: with two factors then, and with the duties they have now."""
    return Principal(
        subject=str(asked.by_person),
        kind="staff",
        board=asked.board,
        person=asked.by_person,
        client=ACTOR,
        acr=TWO_FACTORS,
        auth_time=None,
        session=None,
        expires_at=asked.made_at + timedelta(days=1),
    )
