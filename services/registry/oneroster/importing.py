"""From a package to the roster: read it whole, refuse it whole, or make it true."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from services.registry.oneroster import companion
from services.registry.oneroster.problems import Problem
from services.registry.oneroster.rules import read_roster
from services.registry.roster.imports import Imported, StillProtected, import_snapshot
from shared.database import Units

SOURCE = "oneroster"
ACTOR = "importer"
"""The service principal an import acts as (decisions.md §4 "Child and paper sign-in")."""


class Refused(Exception):
    """The package is not taken in, and nothing was changed."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


async def import_package(units: Units, files: Mapping[str, bytes], *, dry_run: bool = False) -> Imported:
    """Import a package given as file name → bytes. Raises :class:`Refused`."""
    with _no_cycles():
        reading = read_roster(files)
        if reading.snapshot is None:
            raise Refused(reading.problems)
        try:
            return await import_snapshot(units, reading.snapshot, source=SOURCE, actor=ACTOR, dry_run=dry_run)
        except StillProtected as error:
            raise Refused(tuple(_lifted(pupil) for pupil in error.pupils)) from None


@contextmanager
def _no_cycles() -> Iterator[None]:
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


def _lifted(pupil: str) -> Problem:
    return Problem(
        companion.FILE,
        None,
        "/protections",
        pupil,
        "いま保護されている児童生徒の印がありません",
        "印を残すか、終わらせるときは to に最後の日を書いてください",
    )
