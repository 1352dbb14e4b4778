"""A municipality from a seed: the same arguments give the same bytes, on any machine and day.

Either the town that `make up` shows (two elementary schools and a junior high, every case on its screens), or a city of
any size with every kind of school. Of both: the package of today, what changed since a day, next April's classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from deploy.town import city
from deploy.town.classes import place_pupils
from deploy.town.families import Families
from deploy.town.happenings import Year
from deploy.town.holidays import school_days
from deploy.town.model import Town
from deploy.town.moves import move_some
from deploy.town.next_year import next_year
from deploy.town.packing import difference
from deploy.town.registrar import DerivedIds, DrawnIds, Registrar, RowIds
from deploy.town.rows import content_of
from deploy.town.schools import areas_of, plan_schools
from deploy.town.staff import Staff
from services.registry.oneroster import packing
from services.registry.oneroster.codes import TRAINING_PREFECTURE
from services.registry.oneroster.packing import Content, Label, Mode

TOWN = "紬市"
SEED = 20260401
"""The municipality that `make up` shows; `tsumugi town` writes the same one unless told otherwise."""
PUPILS = 900

Progress = Callable[[int], None]
"""Told how many more pupils are written."""


@dataclass(frozen=True)
class Order:
    """Which package is wanted.

    ``on`` is the day on which it is written: what happened after it is not known yet. Of a city, ``pupils`` (children
    of its kindergartens among them) are enrolled on 1 April; of the town that `make up` shows, on ``on``, and moves lie
    before that day. ``since`` asks for what changed after that day only, ``april`` for the classes of next April.
    """

    seed: int
    school_year: int
    on: date
    pupils: int = PUPILS
    of_a_city: bool = False
    since: date | None = None
    april: bool = False

    @property
    def mode(self) -> Mode:
        """Of the package's files."""
        return "bulk" if self.since is None else "delta"


def generate(*, seed: int, school_year: int, training_date: date, pupils: int = PUPILS) -> dict[str, bytes]:
    """The package of the town that `make up` shows, file name → bytes. ``pupils``: at least 200."""
    return package(Order(seed, school_year, training_date, pupils))


def write_town(path: Path, *, seed: int, school_year: int, training_date: date, pupils: int = PUPILS) -> None:
    """Writes ``generate(...)`` to a folder or, when the path ends in .zip, to a zip file."""
    write_package(path, Order(seed, school_year, training_date, pupils))


def package(order: Order) -> dict[str, bytes]:
    """Any package, file name → bytes: for sizes that fit into memory."""
    return packing.in_memory(contents(order), _label(order))


def write_package(path: Path, order: Order, progress: Progress = lambda _: None) -> None:
    """Writes a package as it is thought out. Raises :class:`packing.NotWritable`."""

    def told() -> Iterator[Content]:
        for size, content in zip(_sizes(order), contents(order), strict=True):
            yield content
            progress(size)

    packing.write(told(), _label(order), path)


def contents(order: Order) -> Iterator[Content]:
    """What the package holds, part of the town by part."""
    for place, size in enumerate(_sizes(order)):
        yield _told(order, *_part(order, place, size), place)


def next_aprils(order: Order) -> Iterator[Town]:
    """The town as it will be next April, part by part."""
    for place, size in enumerate(_sizes(order)):
        town, _, _ = _part(order, place, size)
        yield _april(order, town, place)


def _part(order: Order, place: int, size: int) -> tuple[Town, Year, RowIds]:
    return _part_of_a_city(order, place, size) if order.of_a_city else _small_town(order)


def _sizes(order: Order) -> list[int]:
    return city.sizes(order.pupils) if order.of_a_city else [order.pupils]


def _empty(order: Order, registrar: Registrar, rng: Random) -> Town:
    """The board and its school year: of one seed the same ones, whatever else is ordered."""
    board, session = registrar.new_id(), registrar.new_id()
    code = f"{TRAINING_PREFECTURE}{rng.randrange(10_000):04d}"
    return Town(TOWN, order.school_year, board, session, code)


def _label(order: Order) -> Label:
    return Label(_head(order), ("Tsumugi town", "tsumugi-town"), order.mode)


def _head(order: Order) -> dict[str, Any]:
    rng = Random(order.seed)  # noqa: S311 - a town is to be repeatable, not secret
    town = _empty(order, Registrar(rng), rng)
    return {
        "format": "tsumugi.companion",
        "version": 1,
        **({"mode": "delta"} if order.mode == "delta" else {}),
        "school_year": order.school_year + (1 if order.april else 0),
        "board": {"district": town.board_id, "short_name": town.name},
    }


def _small_town(order: Order) -> tuple[Town, Year, RowIds]:
    known = order.since or order.on
    rng = Random(order.seed)  # noqa: S311
    registrar = Registrar(rng)
    town = _empty(order, registrar, rng)
    town.schools = plan_schools(rng, TOWN, order.pupils, registrar.new_id)
    town.areas = areas_of(town.schools)
    families = Families(rng, town, registrar.person)
    families.fill()
    place_pupils(rng, town, registrar.new_id)
    town.school_days = school_days(order.school_year)
    move_some(rng, town, registrar.person, [day for day in town.school_days if day < known][8::10][-4:])
    Staff(rng, town, registrar.person, registrar.new_id).hire(families.teaching_parent)
    later = Random(f"{order.seed}/year")  # noqa: S311
    year = Year(later, town, Registrar(later, "y"), since=known)
    return town, year, DrawnIds(registrar)


def _part_of_a_city(order: Order, place: int, size: int) -> tuple[Town, Year, RowIds]:
    rng = Random(order.seed)  # noqa: S311
    town = _empty(order, Registrar(rng), rng)
    town.head = place == 0
    part = city.build(place, size, seed=order.seed, town=town)
    part.year.until(order.since or order.on)
    return town, part.year, DerivedIds(order.seed, order.school_year)


def _told(order: Order, town: Town, year: Year, ids: RowIds, place: int) -> Content:
    """The content asked for, of a town as it stands on the first day asked about."""
    if order.april:
        return content_of(_april(order, town, place), DerivedIds(order.seed, order.school_year + 1))
    town.closed = _closed(town, order.since or order.on)
    now = content_of(town, ids)
    if order.since is None:
        return now
    year.until(order.on)
    town.closed = _closed(town, order.on)
    return difference(now, content_of(town, ids), f"{order.on}T07:00:00.000Z")


def _april(order: Order, town: Town, place: int) -> Town:
    chance = Random(f"{order.seed}/{place}/april")  # noqa: S311
    new_ids = DerivedIds(order.seed, order.school_year + 1)
    registrar = Registrar(chance, f"{place:02d}n")
    return next_year(town, new_ids("session"), chance, registrar, of_a_city=order.of_a_city)


_TYPHOON = timedelta(days=162)
"""Days from 1 April to the typhoon that closes the schools."""


def _closed(town: Town, on: date) -> date | None:
    day = next(day for day in town.school_days if day >= date(town.school_year, 4, 1) + _TYPHOON)
    return day if day < on else None
