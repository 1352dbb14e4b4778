"""From a 学齢簿 file to the roster: read with a board's mapping, told what it would change, refused whole or applied as
a numbered run of the imports (docs/gakureibo.md).

The file is kept nowhere: what it says beside the mapped columns is none of the registry's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.gakureibo import store
from services.registry.gakureibo.entries import Read
from services.registry.gakureibo.here import held_back
from services.registry.gakureibo.planning import SOURCE, named, other_spellings, to_snapshot
from services.registry.gakureibo.resembling import resembling
from services.registry.gakureibo.rules import Reader
from services.registry.gakureibo.schools import Schools
from services.registry.gakureibo.sheet import read_sheet
from services.registry.gakureibo.store import Saved
from services.registry.imports import importing
from services.registry.imports.importing import Origin, Planned
from services.registry.imports.store import Run
from services.registry.imports.words import Change
from services.registry.oneroster.importing import ACTOR, Owner, Prepared, Refused
from services.registry.oneroster.problems import Problems
from services.registry.roster.acting import once_more
from shared.database import Scope, Units


@dataclass(frozen=True, slots=True)
class Brought:
    """A 学齢簿 that somebody brings."""

    file: str
    content: bytes
    mapping: Saved
    year: int | None = None
    """The school year whose beginners are taken; None: the only one that the file speaks of."""

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides what it says."""
        told = f"{self.mapping.content.model_dump_json()}\0{self.year}\0".encode()
        return hashlib.sha256(told + hashlib.sha256(self.content).digest()).hexdigest()


async def prepare(
    units: Units,
    board: UUID,
    brought: Brought,
    *,
    by: str = ACTOR,
    owner: Owner | None = None,
    tell: Callable[[Change], None] | None = None,
) -> Prepared:
    """Read a 学齢簿 and plan it. Nothing is written. Raises :class:`Refused` with everything that is wrong."""
    today, problems = units.clock.today(), Problems()
    sheet = read_sheet(brought.file, brought.content, problems)
    async with units.read(Scope(board)) as session:
        itself, schools = await store.places(session, board, today)
        reader = Reader(
            sheet, brought.mapping.content, Schools(schools.values(), brought.mapping.content), problems
        )
        read = reader.read(today, brought.year)
        if read is not None and len(problems) == 0:
            people = await store.numbers(session, board)
            read = await _spelled(session, board, read, people, brought, problems)
            read = await held_back(session, board, read, people, today, (brought.file, problems))
            known = await store.known(session, board, people, {each.number for each in read.entries}, today)
            told = named(read.entries)
            kept_from = {
                one for each in known.values() for mark in each.marks for one in mark.what.confidential_from
            }
            cards = await store.cards(session, board, people, told, kept_from)
            reached = await store.reached(session, board, people, told)
            new = [each for each in read.entries if each.number not in people]
            alike = await resembling(session, board, new, today)
    if read is None or len(problems):
        raise Refused(problems.listed(), problems.notes(), problems.total)
    snapshot = to_snapshot(read, itself, schools, known, today, brought.file, problems, cards, reached)
    origin = Origin(
        SOURCE,
        ACTOR,
        by,
        brought.digest,
        person=owner.person if owner is not None else None,
        upload=owner.upload if owner is not None else None,
        told={"mapping": f"{brought.mapping.name}（{brought.mapping.revision}）"},
    )
    planned = await importing.plan_snapshot(units, snapshot, SOURCE, tell=tell)
    planned = replace(planned, preview=replace(planned.preview, resembling=alike))
    return Prepared(snapshot, planned, origin, problems.notes())


async def _spelled(
    session: AsyncSession,
    board: UUID,
    read: Read,
    people: Mapping[str, UUID],
    brought: Brought,
    problems: Problems,
) -> Read:
    """What is read with the numbers as they are known: a spreadsheet takes zeros from the beginning of a number.

    Lost ones are refused. Where an earlier file had lost them the child of that number and birth date is meant; who was
    born on another day is somebody else.
    """
    others = other_spellings(read.entries, people)
    cards = await store.cards(session, board, people, others.values())
    heading, entries = brought.mapping.content.columns["number"], []
    for entry in read.entries:
        other = others.get(entry.number)
        if other is not None and len(other) > len(entry.number):
            rule = f"番号のはじめの 0 が失われています（前の学齢簿では {other}）"
            remedy = "列の書式を「文字列」にして、書き出し直してください"
            problems.add(brought.file, entry.line, heading, entry.number, rule, remedy)
        elif other in cards and cards[other].card.birth_date == entry.birth_date:
            told = "前の学齢簿で、はじめの 0 が失われていた番号の子として読みました"
            problems.note(brought.file, entry.line, heading, told, entry.number, other)
            entry = replace(entry, number=other)
        entries.append(entry)
    return replace(read, entries=tuple(entries))


async def begin(
    units: Units, board: UUID, brought: Brought, prepared: Prepared, *, confirmed: bool = False
) -> tuple[Planned, Run]:
    """Begin what was prepared; read and planned anew when another run began in between."""
    mine: Prepared | None = prepared

    async def act() -> tuple[Planned, Run]:
        nonlocal mine
        now, mine = mine, None
        if now is None:
            now = await prepare(units, board, brought, by=prepared.origin.by)
        return now.planned, await importing.begin_run(
            units, now.planned, now.snapshot, prepared.origin, confirmed=confirmed
        )

    return await once_more(act)
