"""Resolves what companion.json refers to, and says which reference leads nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from services.registry.oneroster import layout
from services.registry.oneroster.companion import Companion, DatedPart
from services.registry.oneroster.origins import Pointer
from services.registry.oneroster.persons import People
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.relations import PlacedMembership
from services.registry.oneroster.structure import Structure
from services.registry.roster.snapshot import ExternalKey, Organisation, Period

MEND_REFERENCE = "参照を直してください"


def period_told(part: DatedPart) -> Period | None:
    """Its period, half open; ``None`` when it ends before it begins."""
    if part.last is not None and part.last < part.first:
        return None
    return _period(part.first, part.last)


@lru_cache(4_096)  # a city's ties begin on few days: equal periods are one object
def _period(first: date, last: date | None) -> Period:
    return Period(first, last + timedelta(days=1) if last else None)


@dataclass(slots=True)
class Resolver:
    """The companion and all that it may refer to."""

    told: Companion
    structure: Structure
    people: People
    memberships: list[PlacedMembership]
    problems: Problems

    def person(
        self, origin: Pointer, column: str, sourced_id: str, hat: set[str], word: str
    ) -> ExternalKey | None:
        """A person who wears the hat (pupils, guardians, staff of ``people``)."""
        if sourced_id not in self.people.rows:
            if self.people.whole:
                self.dangling(origin, column, sourced_id, f"{layout.USERS} に sourcedId")
            return None
        if sourced_id not in hat:
            if self.people.is_no(hat, sourced_id):
                rule = f"「{sourced_id}」は{word}ではありません（roles.csv に役割がありません）"
                origin.refuse(self.problems, column, rule, "参照か roles.csv を直してください")
            return None
        return self.people.keys[sourced_id]

    def school(self, origin: Pointer, sourced_id: str) -> Organisation | None:
        """A school, named in the column ``school``."""
        school, orgs = self.structure.school(sourced_id), self.structure.orgs
        row = self.structure.org_rows.get(sourced_id)
        if school is None and (orgs.whole if row is None else row["type"] == "district"):
            self.dangling(origin, "school", sourced_id, f"{layout.ORGS} に学校の sourcedId")
        return school

    def home_class(self, origin: Pointer, sourced_id: str) -> Organisation | None:
        """A 学級, named in the column ``class``."""
        home, classes = self.structure.home_class(sourced_id), self.structure.classes
        row = self.structure.class_rows.get(sourced_id)
        if home is None and (classes.whole if row is None else row["classType"] == "scheduled"):
            self.dangling(origin, "class", sourced_id, f"{layout.CLASSES} に学級（homeroom）の sourcedId")
        return home

    def dangling(self, origin: Pointer, column: str, sourced_id: str, where: str) -> None:
        """A reference leads nowhere."""
        origin.refuse(self.problems, column, f"{where}「{sourced_id}」がありません", MEND_REFERENCE)

    def twice(self, origin: Pointer, other: Pointer, column: str, rule: str) -> None:
        """Two parts exclude each other: both are named."""
        for one, twin in ((origin, other), (other, origin)):
            one.refuse(self.problems, column, f"{rule}（{twin.place()}）", "どちらかを直してください")

    def period(self, origin: Pointer, part: DatedPart, within: Period | None = None) -> Period | None:
        """Its period; inside ``within`` if given, whose end is then the default."""
        found = period_told(part)
        if found is None:
            origin.refuse(self.problems, "to", "終わりの日が始まりの日より前です", "日付を確かめてください")
        elif within is not None:
            found = Period(found.since, found.until or within.until)
            if not within.covers(found):
                column = "to" if within.holds(found.since) else "from"
                origin.refuse(self.problems, column, "学年度の外の日付です", "年度の中の日にしてください")
                return None
        return found
