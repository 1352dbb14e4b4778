"""Birth dates and sexes, from demographics.csv and companion.json; dates on which nobody here was born are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.registry.oneroster import cells, codes
from services.registry.oneroster.companion import Companion
from services.registry.oneroster.origins import Origin, Pointer
from services.registry.oneroster.problems import Problems
from services.registry.oneroster.references import check_references
from services.registry.oneroster.tables import Index, Row, Table

FIRST = date(1900, 1, 1)
"""Nobody alive was born before; what spreadsheets make of an empty date is."""

AGE_AT = {"P": 6, "J": 12, "H": 15, "E": 2}
"""Completed years of age on the day before the first grade of each stage begins: 学校教育法 17条; a kindergarten takes
children on the day they become three, 26条. Children enter later, never earlier."""


@dataclass(slots=True)
class Births:
    """By sourcedId of the person."""

    dates: dict[str, date] = field(default_factory=dict)
    sexes: dict[str, str] = field(default_factory=dict)
    table: Table | None = None
    rows: dict[str, int] = field(default_factory=dict)
    """Where each date of demographics.csv was read."""
    parts: dict[str, Pointer] = field(default_factory=dict)

    def origin(self, person: str) -> tuple[Origin, str]:
        """Where a date was read, and its column there."""
        if person in self.parts:
            return self.parts[person], "birth_date"
        assert self.table is not None
        return Row(self.table, self.rows[person]), "birthDate"


def read_births(table: Table, companion: Companion | None, users: Index, problems: Problems) -> Births:
    """All dates and sexes that could be read."""
    read = Births(table=table)
    check_references(table, "sourcedId", users, problems)
    known: dict[str, date | None] = {"": None}
    columns = zip(table.ids(), table.column("birthDate"), table.column("sex"), strict=True)
    for at, (person, written, sex) in enumerate(columns):
        if person not in users.places:
            continue
        if written not in known:
            known[written] = cells.as_date(written)
        if (born := known[written]) is not None and person not in read.dates:
            read.dates[person] = born
            read.rows[person] = at
        if sex:
            read.sexes.setdefault(person, sex)
    for place, part in enumerate(companion.birth_dates if companion else ()):
        assert companion is not None
        origin = Pointer(companion.at("birth_dates", place), part)
        if part.person not in users:
            if users.table.whole:
                rule = f"users.csv に sourcedId「{part.person}」がありません"
                origin.refuse(problems, "person", rule, "参照を直してください")
        elif (other := read.dates.get(part.person)) not in (None, part.birth_date):
            rule = f"別の生年月日（{other}）がすでにあります"
            origin.refuse(problems, "birth_date", rule, "どちらかを直してください")
        elif other is None:
            read.dates[part.person] = part.birth_date
            read.parts[part.person] = origin
    return read


def check_ages(read: Births, of_pupil: Mapping[str, list[Any]], year: int, problems: Problems) -> None:
    """Refuse dates before anybody's and after the school year's beginning, and pupils too young for their grade."""
    latest = {grade: _latest(grade, year) for grade in codes.GRADES}
    opened = date(year, 4, 1)
    for person, born in read.dates.items():
        placed = of_pupil.get(person)
        grade = placed[0].value.grade if placed else None
        if FIRST <= born < (latest[grade] if grade else opened):
            continue
        rule = (
            f"{codes.grade_in_words(grade)}の児童生徒の生年月日ではありません"
            if grade
            else "ありえない生年月日です"
        )
        origin, column = read.origin(person)
        origin.refuse(problems, column, rule, "生年月日と学年を確かめてください")


def _latest(grade: str, year: int) -> date:
    """The first birthday of those who are too young for a grade: who is born on 1 April is of the older ones."""
    entered = year - (int(grade[1]) - 1)
    return date(entered - AGE_AT[grade[0]], 4, 2)
