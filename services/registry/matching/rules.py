"""Whether two cards may be of one child. Pure.

Strong keys (a source's own id) are matched by the import. Whatever else two cards have in common is only a reason to
ask somebody: no two cards become one without a person's word (docs/matching.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.registry.roster.kana import search_text
from services.registry.roster.rows import PersonRow

Reason = Literal["hand", "name", "reading", "given", "guardian"]
WORDS: dict[Reason, str] = {
    "hand": "職員がたずねた",
    "name": "氏名が同じ（字の形のちがいを除く）",
    "reading": "よみが同じ（小さい字・にごりのちがいを除く）",
    "given": "名が同じ（氏がちがう）",
    "guardian": "保護者に同じ氏名の人がいる",
}
"""How a reason reads, in the order in which reasons are told. Birth dates are always the same, but for pairs that
somebody has asked about by hand."""

_LARGE = str.maketrans("ぁぃぅぇぉっゃゅょゎゕゖをゐゑ", "あいうえおつやゆよわかけおいえ", "ーゝ")
_PLAIN = str.maketrans(
    "がぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽゔ",
    "かきくけこさしすせそたしすてとはひふへほはひふへほう",
)


@dataclass(frozen=True, slots=True)
class Child:
    """What of a card is compared with another's."""

    board: UUID
    card: PersonRow
    guardians: frozenset[tuple[str, str]] = frozenset()
    """Their family and given names, as written."""

    @property
    def id(self) -> UUID:
        """The person."""
        return self.card.id


def reasons(one: Child, other: Child) -> tuple[Reason, ...]:
    """Why the two may be one child; none: nobody is asked. The same in either order, and never of one card twice.

    Always of one board and with one birth date. Beside that the written names or the readings agree, or else the given
    names and a guardian (a child whose family name has changed). Twins have names of their own.
    """
    if one.id == other.id or one.board != other.board:
        return ()
    if one.card.birth_date is None or one.card.birth_date != other.card.birth_date:
        return ()
    found: set[Reason] = set()
    if _written(one.card) & _written(other.card):
        found.add("name")
    if _readings(one.card) & _readings(other.card):
        found.add("reading")
    if not found:
        if not _givens(one.card) & _givens(other.card) or _contradict(one.card.sex, other.card.sex):
            return ()
        found.add("given")
    if _folded(one.guardians) & _folded(other.guardians):
        found.add("guardian")
    elif "given" in found:
        return ()
    return tuple(each for each in WORDS if each in found)


def plain_reading(*parts: str | None) -> str:
    """A reading in which small letters, voicing and long vowels make no difference: よみ is often heard, not read."""
    return search_text(*parts).translate(_LARGE).translate(_PLAIN)


def _written(card: PersonRow) -> set[str]:
    return {
        search_text(family, given)
        for family, given in (
            (card.legal_family, card.legal_given),
            (card.common_family, card.common_given),
        )
        if given and search_text(family, given)
    }


def _readings(card: PersonRow) -> set[str]:
    return {
        plain
        for family, given in (
            (card.kana_family, card.kana_given),
            (card.legal_kana_family, card.legal_kana_given),
        )
        if family and given and (plain := plain_reading(family, given))
    }


def _givens(card: PersonRow) -> set[str]:
    written = {search_text(each) for each in (card.legal_given, card.common_given) if each}
    readings = {plain_reading(each) for each in (card.kana_given, card.legal_kana_given) if each}
    return (written | readings) - {""}


def _folded(people: frozenset[tuple[str, str]]) -> set[str]:
    return {search_text(*each) for each in people} - {""}


def _contradict(one: str, other: str) -> bool:
    return {one, other} == {"male", "female"}


def in_order(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """A pair as it is stored: the same whichever is named first."""
    return (one, other) if one < other else (other, one)
