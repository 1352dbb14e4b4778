"""A municipality from a seed: the same arguments give the same bytes, on any machine and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from deploy.town.classes import move_some, place_pupils
from deploy.town.families import Families
from deploy.town.holidays import school_days
from deploy.town.model import Person, Town
from deploy.town.names import Named
from deploy.town.package import as_files, write_package
from deploy.town.schools import plan_schools
from deploy.town.staff import hire
from services.registry.oneroster.codes import TRAINING_PREFECTURE

TOWN = "紬市"
SEED = 20260401
"""The municipality that `make up` shows; `tsumugi town` writes the same one unless told otherwise."""
_TYPHOON = timedelta(days=162)
"""Days from 1 April to the typhoon that closes the schools."""


class _Registrar:
    """Mints the package's ids and user names."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._counts: dict[str, int] = {}

    def new_id(self) -> str:
        """A sourcedId: some consumers take none but UUID v4."""
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def new_ids(self) -> Iterator[str]:
        """As many as needed."""
        while True:
            yield self.new_id()

    def person(
        self,
        letter: str,
        family: Named,
        given: Named,
        sex: str,
        birth_date: date | None,
        common: tuple[Named, Named] | None,
    ) -> Person:
        """Someone new; ``letter`` begins the user name (s pupil, g guardian, t staff)."""
        self._counts[letter] = self._counts.get(letter, 0) + 1
        username = f"{letter}{self._counts[letter]:06d}"
        return Person(self.new_id(), self.new_id(), username, family, given, sex, birth_date, common)


def generate(*, seed: int, school_year: int, training_date: date, pupils: int = 900) -> dict[str, bytes]:
    """The OneRoster 1.2_JP package and companion of a town, file name → bytes.

    ``pupils`` (at least 200) are those enrolled on ``training_date``; one more has left before. Moves lie before
    ``training_date``, so that the town has a history by then.
    """
    rng = Random(seed)  # noqa: S311 - a town is to be repeatable, not secret
    registrar = _Registrar(rng)
    town = Town(TOWN, school_year, training_date, registrar.new_id(), registrar.new_id())
    board_code = f"{TRAINING_PREFECTURE}{rng.randrange(10_000):04d}"
    town.schools = plan_schools(rng, TOWN, pupils, registrar.new_id)
    families = Families(rng, town, registrar.person)
    families.fill()
    place_pupils(rng, town, registrar.new_id)
    days = school_days(school_year)
    typhoon = next(day for day in days if day >= date(school_year, 4, 1) + _TYPHOON)
    move_some(rng, town, registrar.person, [day for day in days if day < training_date][8::10][-4:])
    hire(rng, town, registrar.person, registrar.new_id, families.teaching_parent)
    closed = typhoon if typhoon < training_date else None
    return as_files(town, registrar.new_ids(), board_code, days, closed)


def write_town(path: Path, *, seed: int, school_year: int, training_date: date, pupils: int = 900) -> None:
    """Writes ``generate(...)`` to a folder or, when the path ends in .zip, to a zip file."""
    files = generate(seed=seed, school_year=school_year, training_date=training_date, pupils=pupils)
    write_package(files, path)
