"""What of 年度更新 is done by processes of their own: dry runs, runs that go on or back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk import locks
from services.registry.bulk.foreman import Job, Trade
from services.registry.bulk.locks import Of
from services.registry.rollover import looks
from shared.database import Work

LOOK, RUN = "rollover-look", "rollover-run"


async def _waiting(session: AsyncSession, board: UUID) -> list[Job]:
    found: list[Job] = []
    for look in await looks.waiting(session, board):
        if not await locks.at_work(session, Of.LOOK, look.id):
            found.append(Job(board, LOOK, str(look.id), ("rollover", "look", str(board), str(look.id))))
    for run in await looks.wished(session, board):
        if not await locks.at_work(session, Of.ROLLOVER, run.id):
            found.append(Job(board, RUN, str(run.number), ("rollover", "work", str(run.number))))
    return found


async def _ended(work: Work, job: Job, words: str | None) -> None:
    if job.kind == RUN:
        await looks.no_longer_wished(work, int(job.id), stopped=words)
    elif words is not None:
        await looks.stop(work, UUID(job.id), words)


ROLLOVERS = Trade("rollover", _waiting, _ended)
