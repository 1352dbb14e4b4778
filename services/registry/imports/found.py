"""What looking at a package found, as it is kept and shown: numbers whole, everything else page by page. Pure."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from services.registry.imports.importing import Planned
from services.registry.imports.losses import Loss
from services.registry.imports.uploads import Page
from services.registry.imports.words import Change
from services.registry.roster.snapshot import ExternalKey, RosterSnapshot

PAGE = 100
"""Entries of a page."""
_WIDTH = 32


@dataclass(slots=True)
class Changes:
    """Takes each change as it is told: packs them into pages by kind, and makes one hash of them all."""

    counts: Counter[str] = field(default_factory=Counter)
    pages: list[Page] = field(default_factory=list)
    _open: dict[str, list[list[Any]]] = field(default_factory=dict)
    _sum: int = 0

    def tell(self, change: Change) -> None:
        """One more."""
        words = orjson.dumps(change[:-1])
        # A sum: whoever comes first of people of one school is the database's to say.
        self._sum += int.from_bytes(blake2b(words, digest_size=_WIDTH).digest())
        self.counts[change.kind] += 1
        entries = self._open.setdefault(change.kind, [])
        entries.append([*change[:-1], None if change.person is None else str(change.person)])
        if len(entries) == PAGE:
            self._close(change.kind)

    def _close(self, kind: str) -> None:
        entries = self._open.pop(kind, [])
        if entries:
            ordinal = (self.counts[kind] - 1) // PAGE
            self.pages.append(_page(kind, ordinal, entries))

    def finished(self) -> list[Page]:
        """All pages."""
        for kind in list(self._open):
            self._close(kind)
        return self.pages

    def preview(self, digest: str) -> str:
        """Hash of the package and of all it would change, in words."""
        whole = self._sum % (1 << 8 * _WIDTH)
        return blake2b(digest.encode() + whole.to_bytes(_WIDTH), digest_size=16).hexdigest()


def listed(rows: Iterable[tuple[Any, ...]], counts: Counter[str]) -> list[Page]:
    """Problems or notes as pages by file; how many of each file goes into ``counts``."""
    of_file: dict[str, list[list[Any]]] = {}
    for row in rows:
        of_file.setdefault(str(row[0]), []).append(list(row))
    counts.update({file: len(entries) for file, entries in of_file.items()})
    return [
        _page(file, start // PAGE, entries[start : start + PAGE])
        for file, entries in of_file.items()
        for start in range(0, len(entries), PAGE)
    ]


def _page(part: str, ordinal: int, entries: list[list[Any]]) -> Page:
    return Page(part, ordinal, len(entries), zlib.compress(orjson.dumps(entries), 1))


def entries(page: Page) -> list[list[Any]]:
    """What stands on a page."""
    found: list[list[Any]] = orjson.loads(zlib.decompress(page.content))
    return found


def preview_as_json(planned: Planned) -> dict[str, Any]:
    """A preview's numbers, with names of schools and classes."""
    preview = planned.preview
    return {
        "school_year": planned.frame.school_year,
        "as_of": planned.frame.as_of.isoformat(),
        "counts": {word: asdict(counts) for word, counts in preview.counts.items()},
        "schools": planned.schools(),
        "classes": list(planned.class_names()),
        "accounts": preview.accounts._asdict(),
        "losses": [_loss(planned, each) for each in preview.losses],
        "events": planned.events,
        **({} if preview.resembling is None else {"resembling": preview.resembling._asdict()}),
    }


def _loss(planned: Planned, loss: Loss) -> dict[str, Any]:
    return {
        "school": planned.place(loss.school),
        "pupils": loss.pupils,
        "leaving": loss.leaving,
        "classes": [planned.place(each) for each in loss.classes],
        "closes": loss.closes,
    }


def guard(snapshot: RosterSnapshot, planned: Planned) -> dict[str, list[dict[str, Any]]]:
    """Who of those that the package protects may be known where: child or guardian → for each child that it is about,
    the schools, and from whom it is kept by any of its marks.

    Those who are protected already are looked up when somebody reads.
    """
    ids = planned.ids
    kept_from: dict[ExternalKey, set[str]] = {}
    for mark in snapshot.protections:
        kept_from.setdefault(mark.pupil, set()).update(str(ids[each]) for each in mark.confidential_from)
    schools: dict[ExternalKey, list[str]] = {}
    for stay in snapshot.enrolments if kept_from else ():
        if stay.pupil in kept_from:
            schools.setdefault(stay.pupil, []).append(str(ids[stay.school]))
    hidden = {
        pupil: {"schools": schools.get(pupil, []), "from": sorted(people)}
        for pupil, people in kept_from.items()
    }
    found = {str(ids[pupil]): [where] for pupil, where in hidden.items()}
    for tie in snapshot.guardianships if hidden else ():
        if tie.pupil in hidden:
            found.setdefault(str(ids[tie.guardian]), []).append(hidden[tie.pupil])
    return found


def may_know(
    guards: Iterable[Mapping[str, Any]], person: UUID | None, schools: Iterable[UUID], *, named: bool
) -> bool:
    """Whether somebody with a duty at ``schools``, or named for it, may be shown whoever is guarded so.

    A guardian of several protected children lives where each of them may: all of the guards must allow it.
    """
    here = {str(each) for each in schools}
    return all(
        (named or bool(here & set(each["schools"]))) and str(person) not in each["from"] for each in guards
    )
