"""The town's 学齢簿 is one that the product reads: in either style, with the mapping that its headings give."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid5

import pytest

from deploy.town.contacts import contacts
from deploy.town.gakureibo import Style, written
from deploy.town.generate import Order, next_aprils
from services.registry.gakureibo.mapping import Mapping, lacks, suggested
from services.registry.gakureibo.rules import Reader
from services.registry.gakureibo.schools import Schools
from services.registry.gakureibo.sheet import read_sheet
from services.registry.oneroster.problems import Problems
from services.registry.roster.rows import OrganisationRow

ON = date(2026, 11, 20)


@pytest.mark.parametrize("style", ["system", "sheet"])
def test_every_first_grader_is_read_with_their_school(style: Style) -> None:
    order = Order(7, 2026, ON, 300, of_a_city=True)
    (town,) = next_aprils(order)
    schools = [
        OrganisationRow(
            *(
                uuid5(UUID(int=0), each.code),
                each.kind,
                None,
                None,
                each.name,
                each.short_name,
                each.code,
                None,
                None,
            ),
            special_needs=False,
        )
        for each in town.schools
    ]
    problems = Problems()
    sheet = read_sheet("a.csv", written(order, style), problems)
    mapping = Mapping(columns=suggested(sheet.headings))
    assert lacks(mapping) == []
    read = Reader(sheet, mapping, Schools(schools, mapping), problems).read(ON, None)
    assert problems.listed() == ()
    assert read is not None
    there = [pupil for pupil in town.pupils if pupil.grade == "P1"]
    assert len(there) > 10
    assert [(each.name, each.birth_date, each.grade) for each in read.entries] == [
        ((pupil.person.family.written, pupil.person.given.written), pupil.person.birth_date, "P1")
        for pupil in there
    ]
    assert [each.reading.given for each in read.entries] == [pupil.person.given.kana for pupil in there]
    known = {each["person"]: each["address"] for each in contacts(town, "2027-04-01")}
    families = [[tie.guardian for tie in pupil.ties if tie.notify and tie.last is None] for pupil in there]
    assert any(families)
    for each, guardians in zip(read.entries, families, strict=True):
        assert each.address
        for guardian in guardians[:1]:
            assert each.guardian is not None
            assert each.address == each.guardian.address == known[guardian.sourced_id]
    names = {each.id: each.name for each in schools}
    assert [names[each.school] for each in read.entries] == [pupil.school.name for pupil in there]
    assert written(order, style) == written(order, style)
