"""From a package to the roster: read whole, told what it would change, refused whole or applied as a numbered run."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from services.registry.imports import importing, store
from services.registry.imports.applying import apply_run
from services.registry.imports.elsewhere import Elsewhere
from services.registry.imports.importing import Imported, Origin, Planned, ProtectedLeave, StillProtected
from services.registry.imports.store import Kept, Run
from services.registry.imports.words import Change
from services.registry.oneroster import companion, layout
from services.registry.oneroster.packages import digest
from services.registry.oneroster.problems import Note, Problem, shown
from services.registry.oneroster.rules import read_roster
from services.registry.oneroster.sources import peek, speaks_for_all
from services.registry.roster import external_ids
from services.registry.roster.acting import once_more
from services.registry.roster.settings import GROWN, SHRINK, TooLarge
from services.registry.roster.snapshot import RosterSnapshot
from shared.database import Scope, Units

SOURCE = "oneroster"
ACTOR = "importer"
"""The service principal an import acts as (decisions.md §4 "Child and paper sign-in")."""


class Refused(Exception):
    """The package is not taken in, and nothing was changed."""

    def __init__(self, problems: tuple[Problem, ...], notes: tuple[Note, ...] = (), total: int = 0) -> None:
        super().__init__(f"{total or len(problems)} problems")
        self.problems = problems
        self.notes = notes
        self.total = max(total, len(problems))


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose roster a package may change, when somebody brought it who signed in."""

    board: UUID
    school: UUID | None
    """One school alone; None: all of the board's."""
    person: UUID
    upload: UUID


@dataclass(frozen=True, slots=True)
class Prepared:
    """A package that is right, and what it would change."""

    snapshot: RosterSnapshot
    planned: Planned
    origin: Origin
    notes: tuple[Note, ...]


async def prepare(
    units: Units,
    files: Mapping[str, bytes],
    *,
    by: str = ACTOR,
    owner: Owner | None = None,
    tell: Callable[[Change], None] | None = None,
) -> Prepared:
    """Read a package given as file name → bytes, and plan it. Nothing is written. Raises :class:`Refused`.

    With an ``owner`` it is refused, too, when it is another board's, or changes another school than theirs.
    """
    hashes, known = await _known(units, files, owner)
    reading = read_roster(files, known)
    if reading.snapshot is None:
        raise Refused(reading.problems, reading.notes, reading.total)
    if owner is not None:
        await _refuse_others(units, reading.snapshot.board.sourced_id, owner)
    kept = [name for name, shape in layout.LAYOUTS.items() if name in files and shape.kept_on]
    origin = Origin(
        SOURCE,
        ACTOR,
        by,
        digest(files),
        _Files(files, [*kept, *((companion.FILE,) if companion.FILE in files else ())], reading.merged),
        {name: hash_ for name, hash_ in hashes.items() if name in reading.absent},
        owner.person if owner is not None else None,
        owner.upload if owner is not None else None,
    )
    school = owner.school if owner is not None else None
    try:
        planned = await importing.plan_snapshot(units, reading.snapshot, SOURCE, tell=tell, school=school)
    except StillProtected as error:
        raise Refused(tuple(_lifted(pupil) for pupil in error.pupils), reading.notes) from None
    except ProtectedLeave as error:
        raise Refused((_would_leave(error.pupils),), reading.notes) from None
    except TooLarge:
        raise Refused((Problem("", None, "", "", GROWN, SHRINK),), reading.notes) from None
    except Elsewhere as error:
        raise Refused(tuple(_of_others(*each) for each in error.places.items()), reading.notes) from None
    return Prepared(reading.snapshot, planned, origin, reading.notes)


async def begin(units: Units, prepared: Prepared, *, confirmed: bool = False) -> tuple[Planned, Run]:
    """Begin what was prepared; planned anew when another run began in between. Raises as ``begin_run`` does."""
    planned: Planned | None = prepared.planned

    async def act() -> tuple[Planned, Run]:
        nonlocal planned
        mine, planned = planned, None
        if mine is None:
            school = prepared.planned.frame.school
            mine = await importing.plan_snapshot(units, prepared.snapshot, SOURCE, school=school)
        return mine, await importing.begin_run(
            units, mine, prepared.snapshot, prepared.origin, confirmed=confirmed
        )

    return await once_more(act)


async def import_package(
    units: Units,
    files: Mapping[str, bytes],
    *,
    dry_run: bool = False,
    by: str = ACTOR,
    confirmed: bool = False,
) -> Imported:
    """Import a package in this process. Raises :class:`Refused`, and what beginning and applying raise."""
    with no_cycles():
        prepared = await prepare(units, files, by=by)
        if dry_run:
            return importing.dry(prepared.planned)
        planned, run = await begin(units, prepared, confirmed=confirmed)
        return importing.done(planned, run, await apply_run(units, run, actor=ACTOR))


async def _known(
    units: Units, files: Mapping[str, bytes], owner: Owner | None
) -> tuple[Mapping[str, str], Mapping[str, bytes]]:
    """What earlier packages left, where this one does not say everything: hashes and contents by name."""
    if speaks_for_all(files):
        return {}, {}
    district, year = peek(files)
    board: UUID | None
    if owner is not None:
        if district is not None:
            await _refuse_others(units, district, owner)
        board = owner.board
    elif district is not None:
        board = await importing.board_of(units, SOURCE, district)
    else:
        boards = await external_ids.boards(units)
        board = boards[0] if len(boards) == 1 else None
    if board is None:
        return {}, {}
    async with units.read(Scope(board)) as session:
        hashes, kept = await store.base(session, board, SOURCE, year, owner.school if owner else None)
    return hashes, kept if len(kept) == len(hashes) else Kept({})


class _Files(Mapping[str, bytes]):
    """The files a run keeps: the package's own, but merged ones where there was a delta."""

    def __init__(self, files: Mapping[str, bytes], names: list[str], merged: Mapping[str, bytes]) -> None:
        self._files = files
        self._names = names
        self._merged = merged

    def __getitem__(self, name: str) -> bytes:
        return self._merged[name] if name in self._merged else self._files[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@contextmanager
def no_cycles() -> Iterator[None]:
    """Without the cyclic garbage collector: it walks hundreds of thousands of values that live to the end anyway.

    Measured on 10,000 pupils: half of the processor time of an import.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


async def _refuse_others(units: Units, district: str, owner: Owner) -> None:
    """Nobody brings another board's roster, nor begins a board's; nothing of another's is read to say so."""
    if await importing.board_of(units, SOURCE, district) != owner.board:
        rule = "この教育委員会（district）の名簿ではありません"
        remedy = (
            "自分の教育委員会の名簿を選んでください。district の sourcedId は、はじめの取り込みと同じにします"
        )
        raise Refused((Problem(layout.ORGS, None, "sourcedId", shown(district), rule, remedy),))


def _of_others(name: str, changes: int) -> Problem:
    if name:
        rule = f"{name}の名簿も変わります（{changes} 件）"
        remedy = (
            "自分の学校の分だけにするか、両方の学校にかかわることとして教育委員会に取り込みを頼んでください"
        )
    else:
        rule = f"どの学校にも属さない人か部署が変わります（{changes} 件）"
        remedy = "自分の学校の分だけにするか、教育委員会に取り込みを頼んでください"
    return Problem(layout.ORGS, None, "", name, rule, remedy)


def _would_leave(pupils: int) -> Problem:
    return Problem(
        layout.USERS,
        None,
        "",
        f"{pupils}人",
        "支援措置の対象で、いま在籍している児童生徒が、この名簿にいません。取り込むと、在籍でなくなります",
        "その子たちも入った名簿を取り込んでください。転出した子は、先に「転出を届ける」で届けてください",
    )


def _lifted(pupil: str) -> Problem:
    return Problem(
        companion.FILE,
        None,
        "/protections",
        pupil,
        "いま保護されている児童生徒の印がありません",
        "印を残すか、終わらせるときは to に最後の日を書いてください",
    )
