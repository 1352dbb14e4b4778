"""Mints a package's ids and user names: the same ones in the same order for the same chance."""

from __future__ import annotations

from datetime import date
from hashlib import blake2b
from random import Random
from typing import Protocol
from uuid import UUID

from deploy.town.model import Person
from deploy.town.names import Named


class Registrar:
    """Mints ids and people of one town, or of one part of a city; ``part`` goes into their user names."""

    def __init__(self, rng: Random, part: str = "") -> None:
        self._rng = rng
        self._part = part
        self._counts: dict[str, int] = {}

    def new_id(self) -> str:
        """A sourcedId: some consumers take none but UUID v4."""
        return _v4(self._rng.getrandbits(128))

    def person(
        self,
        letter: str,
        family: Named,
        given: Named,
        sex: str,
        birth_date: date | None,
        common: tuple[Named, Named] | None = None,
    ) -> Person:
        """Someone new; ``letter`` begins the user name (s pupil, g guardian, t staff)."""
        self._counts[letter] = self._counts.get(letter, 0) + 1
        username = f"{letter}{self._part}{self._counts[letter]:06d}"
        return Person(self.new_id(), self.new_id(), username, family, given, sex, birth_date, common)


class RowIds(Protocol):
    """Gives each row of a relation (who, what, where) its sourcedId: the same one whenever it is asked again."""

    def __call__(self, *key: str) -> str: ...


class DrawnIds:
    """Draws an id for a relation not seen before."""

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar
        self._known: dict[tuple[str, ...], str] = {}

    def __call__(self, *key: str) -> str:
        if key not in self._known:
            self._known[key] = self._registrar.new_id()
        return self._known[key]


class DerivedIds:
    """Makes an id out of the relation itself: nothing is kept, whatever the size of the city."""

    def __init__(self, seed: int, school_year: int) -> None:
        self._seed = f"{seed}/{school_year}/".encode()

    def __call__(self, *key: str) -> str:
        digest = blake2b(self._seed + "/".join(key).encode(), digest_size=16).digest()
        return _v4(int.from_bytes(digest, "big"))


def _v4(bits: int) -> str:
    return str(UUID(int=bits, version=4))
