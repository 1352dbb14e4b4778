"""What of a school's files is done by processes of their own, and what is deleted after them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk import locks
from services.registry.bulk.foreman import Job, Trade
from services.registry.bulk.locks import Of
from services.registry.bundles import store
from shared.database import Work

BUNDLE = "register-bundle"


async def _waiting(session: AsyncSession, board: UUID) -> list[Job]:
    return [
        Job(board, BUNDLE, str(each.id), ("register", "work", str(board), str(each.id)))
        for each in await store.under_way(session, board)
        if not await locks.at_work(session, Of.BUNDLE, each.id)
    ]


async def _ended(work: Work, job: Job, words: str | None) -> None:
    if words is not None:
        each = await store.bundle(work.session, job.board, UUID(job.id))
        await store.end(work, UUID(job.id), each.school if each else None, "stopped", words)


async def _forget(work: Work) -> None:
    for id_, school in await store.old(work.session, work.scope.board, work.at):
        await store.end(work, id_, school, "removed")


BUNDLES = Trade("register", _waiting, _ended, _forget, patient=True)
"""A school's month as one file: asked for, written by a process of its own, fetched within the hour, removed."""
