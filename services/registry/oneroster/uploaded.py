"""A package that came over the web, in a process of its own: looked at, or made a run of.

What it waits for stands in its state, so that it can be killed at any point and done again. Its files are unpacked into
files without a name, which end with the process however that ends.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack
from typing import IO, Any
from uuid import UUID

from services.registry.gakureibo import importing as gakureibo
from services.registry.gakureibo import store as gakureibo_store
from services.registry.gakureibo.importing import Brought
from services.registry.imports import store, uploads
from services.registry.imports.applying import Busy
from services.registry.imports.found import Changes, guard, listed, preview_as_json
from services.registry.imports.importing import Unconfirmed, Unfinished
from services.registry.imports.uploads import Page, Upload
from services.registry.oneroster.importing import ACTOR, Owner, Prepared, Refused, begin, prepare
from services.registry.oneroster.packages import NotAPackageError, open_files
from services.registry.oneroster.problems import Problem
from shared.database import Moved, Scope, Units

CHANGED = "ほかの人が同時に名簿を変えています。少し待って、もう一度取り込んでください。"


async def work_on(units: Units, board: UUID, id: UUID) -> None:
    """Do what the upload waits for; nothing when it waits for nothing. Raises ``Busy`` when another process does."""
    async with units.read(Scope(board)) as alone:
        if not await uploads.alone(alone, id):
            raise Busy(0)
        async with units.read(Scope(board)) as session:
            upload = await uploads.upload(session, board, id)
            begun = await store.number_of(session, board, id)
        if upload is None or upload.state not in uploads.LOOKED_AT:
            return
        if begun is not None:
            await _begun(units, upload, begun)
            return
        with ExitStack() as files:
            await _look(units, upload, await _unpacked(units, upload, files))


async def _unpacked(units: Units, upload: Upload, stack: ExitStack) -> dict[str, IO[bytes]]:
    found: dict[str, IO[bytes]] = {}
    async with units.read(Scope(upload.board)) as session:
        for file in await uploads.files(session, upload):
            unpacked: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (the stack closes it)
            async for block in uploads.blocks(session, upload, file.name):
                unpacked.write(block)
            found[file.name] = unpacked
    return found


async def _look(units: Units, upload: Upload, files: dict[str, IO[bytes]]) -> None:
    changes = Changes()
    owner = Owner(upload.board, upload.school, upload.by_person, upload.id)
    register: Brought | None = None
    try:
        if upload.mapping is not None:
            register = await _register(units, upload, upload.mapping, files)
            prepared = await gakureibo.prepare(
                units, upload.board, register, by=upload.by_name, owner=owner, tell=changes.tell
            )
        else:
            package = open_files(files)
            prepared = await prepare(units, package, by=upload.by_name, owner=owner, tell=changes.tell)
    except NotAPackageError as error:
        remedy = "OneRoster の CSV の一式か、それを入れた zip を選び直してください"
        whole = Problem(" ".join(sorted(files)), None, "", "", str(error), remedy)
        await _refused(units, upload, Refused((whole,)))
        return
    except Refused as error:
        await _refused(units, upload, error)
        return
    preview = changes.preview(prepared.origin.digest)
    if upload.state == "beginning" and preview == upload.preview and not prepared.planned.nothing:
        await _begin(units, upload, prepared, changes, register)
    else:
        await _shown(units, upload, prepared, changes)


async def _refused(units: Units, upload: Upload, error: Refused) -> None:
    counts: Counter[str] = Counter()
    pages = {"problem": listed(error.problems, counts), "note": listed(error.notes, Counter())}
    found = {"total": error.total, "files": counts, "notes": len(error.notes)}
    async with units.work(Scope(upload.board), actor=ACTOR) as work:
        if await uploads.become(work, upload, "refused", found=found):
            await uploads.put_pages(work, upload.id, pages)


async def _shown(
    units: Units, upload: Upload, prepared: Prepared, changes: Changes, stopped: str | None = None
) -> None:
    """Show what it would do: for the first time, or anew because it is no longer what was shown."""
    notes: list[Page] = listed(prepared.notes, Counter())
    found: dict[str, Any] = {
        **preview_as_json(prepared.planned),
        "nothing": prepared.planned.nothing,
        "changes": changes.counts,
        "notes": len(prepared.notes),
        "guard": guard(prepared.snapshot, prepared.planned),
    }
    preview = changes.preview(prepared.origin.digest)
    anew = upload.preview is not None and upload.preview != preview
    async with units.work(Scope(upload.board), actor=ACTOR) as work:
        shown = await uploads.become(
            work, upload, "ready", found=found, preview=preview, anew=anew, stopped=stopped
        )
        if shown:
            await uploads.put_pages(work, upload.id, {"change": changes.finished(), "note": notes})


async def _register(units: Units, upload: Upload, mapping: UUID, files: dict[str, IO[bytes]]) -> Brought:
    async with units.read(Scope(upload.board)) as session:
        saved = await gakureibo_store.mapping_of(session, upload.board, mapping)
    assert saved is not None  # the upload refers to it
    ((name, file),) = files.items()
    file.seek(0)
    return Brought(name, file.read(), saved, upload.year)


async def _begin(
    units: Units, upload: Upload, prepared: Prepared, changes: Changes, register: Brought | None
) -> None:
    try:
        if register is not None:
            _, run = await gakureibo.begin(
                units, upload.board, register, prepared, confirmed=upload.confirmed
            )
        else:
            _, run = await begin(units, prepared, confirmed=upload.confirmed)
    except Unconfirmed:  # the limits have become narrower since it was shown
        await _shown(units, upload, prepared, changes)
    except Unfinished as error:
        words = f"取り込み {error.run.number} が途中です。終わってから、もう一度取り込んでください。"
        await _shown(units, upload, prepared, changes, words)
    except Moved:
        await _shown(units, upload, prepared, changes, CHANGED)
    else:
        await _begun(units, upload, run.number)


async def _begun(units: Units, upload: Upload, number: int) -> None:
    async with units.work(Scope(upload.board), actor=ACTOR) as work:
        await uploads.become(work, upload, "begun", found={}, preview=upload.preview, run=number)
        await uploads.empty(work, upload.id)
