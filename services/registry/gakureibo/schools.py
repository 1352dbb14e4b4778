"""A board's schools, by the ways in which its 学齢簿 writes them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from services.registry.gakureibo.mapping import Mapping
from services.registry.oneroster.cells import Fault, folded
from services.registry.oneroster.codes import SCHOOL_KINDS as KIND_OF_CODE
from services.registry.roster.rows import OrganisationRow


class Schools:
    """A board's schools, by the ways in which they are written."""

    def __init__(self, schools: Iterable[OrganisationRow], mapping: Mapping) -> None:
        self.rows = {each.id: each for each in schools}
        self._told = {folded(word): school for word, school in mapping.schools.items()}
        self._codes = {folded(each.code): each.id for each in self.rows.values() if each.code}
        names: dict[str, set[UUID]] = {}
        for each in self.rows.values():
            for name in {folded(each.name), folded(each.short_name)}:
                names.setdefault(name, set()).add(each.id)
        self._names = names

    def find(self, text: str) -> OrganisationRow | Fault | None:
        """The school; None for one that the mapping says is none of the board's."""
        word = folded(text)
        if word in self._told:
            school = self._told[word]
            if school is None:
                return None
            if school in self.rows:
                return self.rows[school]
            return Fault(
                f"対応づけで「{word}」とした学校が、もうありません", "対応づけの学校を選び直してください"
            )
        if word in self._codes:
            return self.rows[self._codes[word]]
        if word[:2] in KIND_OF_CODE and len(word) == 13:
            return Fault("この学校コードの学校はありません", "名簿の学校コードとくらべてください")
        words = {word, f"{word}学校"} if word[-1:] in ("小", "中") else {word}
        found = set[UUID]().union(*(self._names.get(each, set()) for each in words))
        if not found:  # the board's own name before the school's is often left out
            ends = tuple(each for each in words if each)
            found = {id_ for name, ids in self._names.items() if ends and name.endswith(ends) for id_ in ids}
        if len(found) == 1:
            return self.rows[next(iter(found))]
        if found:
            return Fault(
                f"「{word}」に当たる学校が {len(found)} 校あります",
                "対応づけの「学校の書き方」に加えてください",
            )
        return Fault(
            f"「{word}」という学校がありません", "対応づけの「学校の書き方」に、どの学校かを加えてください"
        )
