"""Rosters on their way in: what stands of them in the world that everything here asks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from services.registry.gakureibo import store as gakureibo
from services.registry.gakureibo.mapping import Mapping
from services.registry.imports import store, uploads
from services.registry.imports.found import Changes
from services.registry.imports.uploads import Upload
from services.registry.imports.words import Change
from shared.database import Scope, Units, Work
from shared.ids import new_id
from tests.support.boards import HIDDEN_NAME

FILE: tuple[str, dict[str, Any]] = ("companion.json", {"format": "x"})
"""A file that is sent again and again; its package never has all of its files."""
RUN = 3
"""A run of the first board that changed nothing and is about to be taken back."""
_SPARE = 400


async def bring_some(units: Units, board: UUID, by: UUID, hidden: UUID) -> tuple[dict[str, UUID], list[UUID]]:
    """A package that waits for a file, one that would rename the protected child, and many of which nothing is said."""
    ids = {"waiting": new_id(), "upload": new_id()}
    columns = Mapping(columns={"number": "番号", "name": "氏名", "school": "学校"})
    changes = Changes()
    for word in HIDDEN_NAME:
        changes.tell(Change("card", " ".join(HIDDEN_NAME), "名", word, "別名", hidden))
    async with units.work(Scope(board), actor="test") as work:
        saved = await gakureibo.save(work, "去年の", 0, columns, "職員")
        assert saved is not None
        ids["mapping"] = saved[0]
        sizes = {FILE[0]: len(orjson.dumps(FILE[1])), "manifest.csv": 1}
        await uploads.make(work, _upload(work, ids["waiting"], by), sizes)
        spare = [new_id() for _ in range(_SPARE)]
        for id_ in (ids["upload"], *spare):
            upload = _upload(work, id_, by)
            await uploads.make(work, upload, {})
            found = {"changes": changes.counts, "guard": {}}
            assert await uploads.become(work, upload, "ready", found=found, preview="seen")
        await uploads.put_pages(work, ids["upload"], {"change": changes.finished()})
        assert await store.wish(work, RUN, "revert", "職員")
    return ids, spare


def _upload(work: Work, id_: UUID, by: UUID) -> Upload:
    return Upload(
        id_,
        work.scope.board,
        None,
        by,
        "職員",
        "receiving",
        work.at,
        work.at,
        {},
        None,
        False,
        False,
        None,
        None,
    )
