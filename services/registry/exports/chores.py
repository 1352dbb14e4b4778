"""What of exports is done by processes of their own, and what is deleted after them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk import locks
from services.registry.bulk.foreman import Job, Trade
from services.registry.bulk.locks import Of
from services.registry.exports import packages
from services.registry.exports.writing import delete_folder
from shared.database import Work

EXPORT = "export"


async def _waiting(session: AsyncSession, board: UUID) -> list[Job]:
    return [
        Job(board, EXPORT, str(each.id), ("export", "work", str(board), str(each.id)))
        for each in await packages.under_way(session, board)
        if not await locks.at_work(session, Of.EXPORT, each.id)
    ]


async def _ended(work: Work, job: Job, words: str | None) -> None:
    if words is not None:
        delete_folder(UUID(job.id))  # of a process that could not do so itself
        await packages.stop(work, UUID(job.id), words)


async def _forget(work: Work) -> None:
    for id_ in await packages.old(work.session, work.scope.board, work.at):
        await packages.remove(work, id_)


EXPORTS = Trade("export", _waiting, _ended, _forget, patient=True)
