"""From a snapshot to a run: what it would change is told, what is too much is refused, the rest begins."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from services.registry.imports import store, wire
from services.registry.imports.applying import Applied, apply_run, first_symbols, has_symbols
from services.registry.imports.counting import count_now, protected_among
from services.registry.imports.elsewhere import Elsewhere, elsewhere
from services.registry.imports.losses import limits_on
from services.registry.imports.moves import moves
from services.registry.imports.planning import ask, plan_part
from services.registry.imports.preview import Counts, Preview, Tally
from services.registry.imports.rules import Frame, reduced
from services.registry.imports.store import Run
from services.registry.imports.words import Change
from services.registry.roster import external_ids
from services.registry.roster import store as roster
from services.registry.roster.acting import log_act, once_more
from services.registry.roster.rows import OrganisationRow
from services.registry.roster.settings import TooLarge, travel
from services.registry.roster.snapshot import ExternalKey, RosterSnapshot
from shared.access.log import Seen
from shared.database import Moved, Scope, Units
from shared.ids import new_id


class StillProtected(Exception):
    """The snapshot has a protected child without its mark; ``pupils`` are the source's ids."""

    def __init__(self, pupils: list[str]) -> None:
        super().__init__(f"{len(pupils)} protected")
        self.pupils = pupils


class ProtectedLeave(Exception):
    """The 在籍 of so many protected children whom the snapshot does not name would end, and their families' accounts.

    Whatever leaves protected children out looks the same: an export for others, another system's roster without them. A
    protected child leaves by the hand of somebody who knows it (転出), and by no package's silence.
    """

    def __init__(self, pupils: int) -> None:
        super().__init__(f"{pupils} protected")
        self.pupils = pupils


class Unconfirmed(Exception):
    """So many would leave that somebody must say it is meant."""

    def __init__(self, planned: Planned) -> None:
        super().__init__(f"{len(planned.preview.losses)} schools")
        self.planned = planned


class Unfinished(Exception):
    """A run of another package is not finished: it goes on, or goes back, before another begins."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.number}")
        self.run = run


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a snapshot comes from and who brings it."""

    source: str
    actor: str
    """The service principal that acts (decisions.md §4)."""
    by: str
    """The person at whose word it acts."""
    digest: str = ""
    """SHA-256 of the package."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What the next delta changes, by name."""
    same_files: Mapping[str, str] = field(default_factory=dict)
    """Files that are as the run before left them: name → hash."""
    person: UUID | None = None
    """``by``, when it is somebody who signed in; the service itself then goes on with the run."""
    upload: UUID | None = None
    """What they sent; a run begins from it once."""
    told: Mapping[str, str] = field(default_factory=dict)
    """What its run says of it beside the numbers."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What an import would do, and what is needed to do it."""

    frame: Frame
    new_board: bool
    ids: Mapping[ExternalKey, UUID]
    """Everybody and everything the source names, in our ids."""
    minted: Mapping[ExternalKey, UUID]
    """Those of them that are new."""
    parts: list[tuple[UUID | None, bytes]]
    preview: Preview
    organisations: Mapping[UUID, OrganisationRow]
    events: int
    last_number: int
    unfinished: Run | None

    @property
    def nothing(self) -> bool:
        """Whether everything is so already."""
        return not self.parts

    def class_names(self) -> tuple[str, ...]:
        """Classes whose members change, ``school class``."""
        return tuple(sorted(self.place(each) for each in self.preview.classes))

    def schools(self) -> list[dict[str, Any]]:
        """What happens at each school, with its name; schools of a kind together, by their codes."""

        def place(school: UUID) -> tuple[str, str, str]:
            row = self.organisations.get(school)
            return (row.kind, row.code or "", row.name) if row else ("", "", "")

        counts = self.preview.schools
        return [
            {"school": self.place(school), **asdict(counts[school])} for school in sorted(counts, key=place)
        ]

    def place(self, organisation: UUID | None) -> str:
        """A school, or a class with its school."""
        row = self.organisations.get(organisation) if organisation is not None else None
        if row is None:
            return ""
        school = self.organisations.get(row.school_id) if row.school_id else None
        return row.short_name if school is None or school.id == row.id else f"{school.short_name} {row.name}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, or would change."""

    board: UUID
    counts: Mapping[str, Counts]
    classes: tuple[str, ...]
    """Classes whose members change, ``school class``."""
    events: int
    position: int | None
    """Position of the last event in registry's log; None when nothing changed or in a dry run."""
    run: int | None
    """Its number; None in a dry run."""

    @property
    def nothing(self) -> bool:
        """Whether everything was so already."""
        return self.events == 0


async def plan_snapshot(
    units: Units,
    snapshot: RosterSnapshot,
    source: str,
    *,
    tell: Callable[[Change], None] | None = None,
    school: UUID | None = None,
) -> Planned:
    """What the snapshot would change, of one school alone if one is named; nothing is written.

    Raises :class:`StillProtected`, :class:`Elsewhere`, :class:`ProtectedLeave` and :class:`TooLarge`.
    """
    board = await board_of(units, source, snapshot.board.sourced_id)
    scope = Scope(board or new_id())
    async with units.read(scope) as session:
        last_number = await store.last_number(session, scope.board)
        unfinished = await store.unfinished(session, scope.board)
        asked = await ask(session, scope.board, snapshot, source, units.clock.today(), school)
        tally = Tally(asked.frame, await roster.organisations(session, scope.board), tell)
        settings = await roster.settings(session, scope.board)
        parts: list[tuple[UUID | None, bytes]] = []
        forgotten: set[UUID] = set()
        others: Counter[UUID | None] = Counter()
        gone: set[UUID] = set()
        for part in asked.parts:
            plan = await plan_part(session, asked.frame, part)
            forgotten |= plan.forgotten
            tally.add_by_hand(plan)
            others += elsewhere(asked.frame, plan, tally.organisations)
            gone |= {each.pupil for each in moves(asked.frame, plan) if each.before and each.after is None}
            if plan:
                tally.add(part, plan)
                parts.append((part.school, wire.packed(reduced(part, plan))))
        if forgotten:
            raise StillProtected(sorted(key.sourced_id for key, own in asked.ids.items() if own in forgotten))
        if others:
            raise Elsewhere({tally.place(school): number for school, number in others.items()})
        gone -= {asked.ids[each.key] for each in snapshot.people}
        protected = await protected_among(session, scope.board, gone, units.clock.today())
        if protected:
            raise ProtectedLeave(protected)
        first = bool(parts) and parts[0][0] is None and not has_symbols(settings)
        if first and not travel(scope.board, [*settings, first_symbols()]):
            raise TooLarge
        now = await count_now(session, asked.frame, tally.wearing())
    preview = tally.finished(now, limits_on(settings, units.clock.today()))
    return Planned(
        asked.frame,
        board is None,
        asked.ids,
        asked.minted,
        parts,
        preview,
        tally.organisations,
        tally.events + first,
        last_number,
        unfinished,
    )


async def board_of(units: Units, source: str, district: str) -> UUID | None:
    """The board a source's district is."""
    async with units.read(Scope(UUID(int=0))) as session:
        return await external_ids.board_of(session, source, district)


async def begin_run(
    units: Units, planned: Planned, snapshot: RosterSnapshot, origin: Origin, *, confirmed: bool = False
) -> Run:
    """Give the import its number and keep what it asks for.

    Raises :class:`Unconfirmed`, :class:`Unfinished`, and :class:`Moved` when another run began since it was planned.
    The same package as an unfinished run's is that run.
    """
    if planned.unfinished is not None:
        if planned.unfinished.digest == origin.digest and planned.unfinished.state == "applying":
            return planned.unfinished
        raise Unfinished(planned.unfinished)
    if planned.preview.losses and not confirmed:
        raise Unconfirmed(planned)
    board, id_ = planned.frame.board, new_id()
    hashes, packed = await _pack(origin.files)
    async with units.work(Scope(board), actor=origin.actor) as work:
        await external_ids.lock_import(work.session, origin.source)
        there = await external_ids.board_of(work.session, origin.source, snapshot.board.sourced_id)
        if (there is None) != planned.new_board or await store.last_number(work.session, board) != (
            planned.last_number
        ):
            raise Moved
        if planned.new_board:
            await external_ids.remember_board(work, origin.source, snapshot.board.sourced_id)
        await external_ids.remember_ids(work, origin.source, planned.minted)
        for hash_, content in packed.items():
            await store.keep_file(work, hash_, content)
        number = await store.begin(
            work,
            planned.frame,
            id=id_,
            source=origin.source,
            digest=origin.digest,
            files={**origin.same_files, **hashes},
            by=origin.by,
            counts={**_kept(planned), **origin.told},
            person=origin.person,
            upload=origin.upload,
            confirmed=confirmed and bool(planned.preview.losses),
            parts=planned.parts,
        )
        if planned.parts:
            # Whom it was about stands in the events, which name their actor.
            await log_act(work, Seen("ImportRoster", "board", board, "II"))
        else:
            # Nobody applies what asks for nothing: left open it would keep every later import out.
            await store.finish(work, id_, changed=False)
    async with units.read(Scope(board)) as session:
        run = await store.run(session, board, number)
    assert run is not None
    return run


def _kept(planned: Planned) -> dict[str, Any]:
    preview = planned.preview
    counts = {word: [each.new, each.changed, each.ended] for word, each in preview.counts.items()}
    return {
        "counts": counts,
        "schools": planned.schools(),
        "accounts": list(preview.accounts),
        "parts": preview.parts,
    }


async def _pack(files: Mapping[str, bytes]) -> tuple[dict[str, str], dict[str, bytes]]:
    """Hash of each file, and packed content by hash; one file at a time is in memory unpacked."""
    hashes: dict[str, str] = {}
    packed: dict[str, bytes] = {}
    for name in files:
        content = files[name]
        hashes[name] = hashlib.sha256(content).hexdigest()
        packed[hashes[name]] = await asyncio.to_thread(zlib.compress, content, 1)
    return hashes, packed


async def import_snapshot(
    units: Units,
    snapshot: RosterSnapshot,
    *,
    source: str,
    actor: str,
    dry_run: bool = False,
    confirmed: bool = False,
) -> Imported:
    """Make a snapshot true, in this process. Raises what planning, beginning and applying raise."""
    origin = Origin(source, actor, by=actor)
    if dry_run:
        return dry(await plan_snapshot(units, snapshot, source))
    planned, run = await plan_and_begin(units, snapshot, origin, confirmed=confirmed)
    return done(planned, run, await apply_run(units, run, actor=actor))


async def plan_and_begin(
    units: Units, snapshot: RosterSnapshot, origin: Origin, *, confirmed: bool = False
) -> tuple[Planned, Run]:
    """Plan, and begin what was planned. Planned once more when another run began in between."""

    async def act() -> tuple[Planned, Run]:
        planned = await plan_snapshot(units, snapshot, origin.source)
        return planned, await begin_run(units, planned, snapshot, origin, confirmed=confirmed)

    return await once_more(act)


def dry(planned: Planned) -> Imported:
    """What an import would change."""
    return Imported(
        planned.frame.board, planned.preview.counts, planned.class_names(), planned.events, None, None
    )


def done(planned: Planned, run: Run, applied: Applied) -> Imported:
    """What an import changed."""
    return Imported(
        run.board,
        planned.preview.counts,
        planned.class_names(),
        applied.events,
        applied.position,
        run.number,
    )
