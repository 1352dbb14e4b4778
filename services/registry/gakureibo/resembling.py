"""New children of a 学齢簿 who may be children that are here: known before anything is written.

They are those of whom 名寄せ will ask (docs/matching.md), as far as everybody may know who brings a register: one who
resembles a protected child counts like a stranger (docs/decisions/0011).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.gakureibo.entries import Entry
from services.registry.gakureibo.here import lines_of
from services.registry.gakureibo.planning import child_of
from services.registry.imports.preview import Resembling
from services.registry.matching import store as matching
from services.registry.matching.rules import Child, reasons
from services.registry.roster.rules import Translator
from shared.ids import new_id


async def resembling(session: AsyncSession, board: UUID, new: Collection[Entry], today: date) -> Resembling:
    """How many of these new children may be here already, and where the file names them."""
    entries = {new_id(): each for each in new}
    asked = {id_: _compared(board, id_, each) for id_, each in entries.items()}
    pairs = await matching.resembled(session, board, [each.card for each in asked.values()], today)
    known = await matching.children(session, board, {other for _, other in pairs})
    found = {one for one, other in pairs if other in known and reasons(asked[one], known[other])}
    return Resembling(len(found), lines_of([entries[each] for each in found]) if found else "")


def _compared(board: UUID, id_: UUID, entry: Entry) -> Child:
    person, guardian = child_of(entry), entry.guardian
    card = Translator({person.key: id_}, {}).person(person)
    names = set() if guardian is None else {(guardian.name.family, guardian.name.given)}
    return Child(board, card, frozenset(names))
