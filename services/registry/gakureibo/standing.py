"""What a 学齢簿 does not say of somebody who is known stays as it stands. Pure.

A column that is not mapped and an empty cell say nothing. Who was corrected by hand stays so while the register only
repeats what it had said: what it says is then compared with that, not with the correction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.registry.roster.rows import PersonRow
from services.registry.roster.snapshot import ExternalKey, Person


@dataclass(frozen=True, slots=True)
class Stands:
    """A known person's card, and what an import had said last where a hand has changed it since."""

    card: PersonRow
    said: PersonRow | None = None


def with_standing(told: Person, stands: Stands | None) -> Person:
    """What is told of somebody, and of what is not told what stands."""
    if stands is None:
        return told
    if stands.said is not None:
        before = as_told(told.key, stands.said)
        if _filled(told, before) == before:
            return before
    return _filled(told, as_told(told.key, stands.card))


def _filled(told: Person, standing: Person) -> Person:
    found = told
    if told.common_family is None:
        found = replace(
            found,
            common_family=standing.common_family,
            common_given=standing.common_given,
            common_kana_family=standing.common_kana_family,
            common_kana_given=standing.common_kana_given,
        )
    if told.kana_family is None:
        found = replace(found, kana_family=standing.kana_family, kana_given=standing.kana_given)
    if told.sex == "unspecified":
        found = replace(found, sex=standing.sex)
    return found if told.birth_date is not None else replace(found, birth_date=standing.birth_date)


def as_told(key: ExternalKey, row: PersonRow) -> Person:
    """A card as a source would tell it."""
    shown, common = (row.kana_family, row.kana_given), row.common_family is not None
    legal = (row.legal_kana_family, row.legal_kana_given) if common else shown
    return Person(
        key,
        row.legal_family,
        row.legal_given,
        *legal,
        row.common_family,
        row.common_given,
        *(shown if common else (None, None)),
        row.birth_date,
        row.sex,
    )
