"""What of imports is done by processes of their own: packages that wait to be looked at, runs that go on or back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk.foreman import ACTOR, Job, Trade
from services.registry.imports import store, uploads
from services.registry.imports.applying import at_work
from shared.database import Work

UPLOAD, RUN = "upload", "import-run"


async def _waiting(session: AsyncSession, board: UUID) -> list[Job]:
    found: list[Job] = []
    for id_ in await uploads.waiting(session, board):
        if not await uploads.at_work(session, id_):
            found.append(Job(board, UPLOAD, str(id_), ("import", "upload", str(board), str(id_))))
    for run in await store.wished(session, board):
        if not await at_work(session, run):
            by = (f"--revert-by={run.wished_by or ACTOR}",) if run.wish == "revert" else ()
            found.append(Job(board, RUN, str(run.number), ("import", "work", *by, str(run.number))))
    return found


async def _ended(work: Work, job: Job, words: str | None) -> None:
    if job.kind == RUN:
        await store.no_longer_wished(work, int(job.id), stopped=words)
    elif words is not None:
        await uploads.stop(work, UUID(job.id), words)


IMPORTS = Trade("import", _waiting, _ended, uploads.forget)
