"""A day of a school's year: what the plan says of it, one thing said upon another, and any of it taken back. Pure.

休業日 and 土曜授業 turn a day. What turned it remembers what the day was before (``under``): taken back, it gives that
back and nothing else, so a day that never was one with lessons does not become one by a line too many. Holidays on a
day stand side by side (夏休み, 山の日); a 土曜授業 puts holidays under itself, and they it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple


class Said(NamedTuple):
    """What a day is called, of which grades."""

    kind: str
    title: str | None
    grades: tuple[str, ...]

    @property
    def shuts(self) -> bool:
        """Whether the whole school has no lessons by it."""
        return self.kind in ("holiday", "moved_holiday") and not self.grades

    @property
    def turns(self) -> bool:
        """Whether it decides if the school has lessons."""
        return self.shuts or self.kind == "saturday_class"

    @property
    def order(self) -> tuple[str, ...]:
        """Where it stands among what is said of its day."""
        return self.kind, str(list(self.grades) or ""), self.title or ""


@dataclass(frozen=True, slots=True)
class Day:
    """What the plan makes of a day; closures at short notice are beside it."""

    meets: bool = False
    said: frozenset[Said] = frozenset()
    under: Day | None = None
    """What it was before that was said which turned it; None: it was the same."""

    @property
    def turning(self) -> frozenset[Said]:
        """All of one sense: holidays, or lessons on a Saturday."""
        return frozenset(each for each in self.said if each.turns)

    @property
    def shut(self) -> bool:
        """Whether a holiday stands on it."""
        return any(each.shuts for each in self.said)

    def with_lessons(self) -> Day:
        """An ordinary day with lessons, whatever it was."""
        return Day(True, self.said - self.turning)

    def without_lessons(self) -> Day:
        """A day off without a name: holidays keep theirs, and have nothing to give back."""
        gone = frozenset() if self.shut else self.turning
        return Day(False, self.said - gone)

    def called(self, new: Said) -> Day:
        """The day with this said last; said again it comes to lie upon what was said since."""
        day = self.without(lambda each: each == new)
        if not new.turns:
            return replace(day, said=day.said | {new})
        turning = day.turning
        if turning and day.meets != new.shuts and all(_beside(new, each) for each in turning):
            return replace(day, said=day.said | {new})
        under = Day(day.meets, turning, day.under)
        return Day(not new.shuts, (day.said - turning) | {new}, under)._settled()

    def without(self, meant: Callable[[Said], bool]) -> Day:
        """The day as if this had never been said."""
        turned = bool(self.turning)
        said = frozenset(each for each in self.said if not meant(each))
        under = None if self.under is None else self.under.without(meant)
        if turned and under is not None and not any(each.turns for each in said):
            return replace(under, said=said | under.said)
        return Day(self.meets, said, under)._settled()

    def _settled(self) -> Day:
        under = self.under
        if under is None:
            return self
        if not under.said and under.meets == self.meets:
            return replace(self, under=None)
        alike = under.said and under.meets == self.meets
        if alike and all(_beside(one, other) for one in self.turning for other in under.said):
            return Day(self.meets, self.said | under.said, under.under)
        return self

    def marks(self, on: str) -> list[dict[str, Any]]:
        """The day's marks as they are kept: the first that turned it has what was under it."""
        found, under = [], self.under
        for each in sorted(self.said, key=lambda each: each.order):
            mark: dict[str, Any] = {
                "on": on,
                "kind": each.kind,
                "title": each.title,
                "grades": list(each.grades),
            }
            if under is not None and each.turns:
                mark["under"] = {"meets": under.meets, "marks": under.marks(on)}
                under = None
            found.append(mark)
        return found

    @classmethod
    def of(cls, meets: bool, marks: Iterable[Mapping[str, Any]]) -> Day:
        """A day as it was kept."""
        marks = list(marks)
        kept = next((mark["under"] for mark in marks if "under" in mark), None)
        said = frozenset(Said(mark["kind"], mark["title"], tuple(mark["grades"])) for mark in marks)
        return cls(meets, said, None if kept is None else cls.of(kept["meets"], kept["marks"]))


def _beside(one: Said, other: Said) -> bool:
    """Whether both turn a day the same way and neither speaks for the other: each says its own words.

    One grade's lessons on a Saturday stand beside another's; lessons of the whole school replace them.
    """
    return (one.shuts and other.shuts) or bool(
        not one.shuts and not other.shuts and one.grades and other.grades
    )
