"""Days of the former school: what a paper can say, who enters it, and that the own sheet stays as it counts."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.attendance.tests.conftest import Client
from services.registry.attendance.tests.school import School
from services.registry.former.rules import Said, Sums, wrong_in
from services.registry.register.rules import Counts
from services.registry.register.tests.sheets import DAYS, address, enrol, hold, line_of, place, take
from shared.database import Units

TODAY = date(2026, 11, 20)
APRIL = date(2026, 4, 1)
PAPER: dict[str, Any] = {
    "school": "隣市立西小学校",
    "source": "record_copy",
    "told_on": "2026-11-16",
    "days": 120,
    "apart": 3,
    "absent": 7,
    "late": 2,
    "early": 1,
}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"apart": 121}, "出席停止・忌引等"),
        ({"absent": 118}, "欠席"),
        ({"late": 111}, "遅刻"),
        ({"early": 111}, "早退"),
        ({"told_on": "2026-11-21"}, "書類の日付"),
        ({"school": "　"}, "前の学校"),
    ],
)
def test_what_no_paper_says_is_named(changes: dict[str, Any], where: str) -> None:
    assert [each.where for each in wrong_in(Said.model_validate({**PAPER, **changes}), TODAY)] == [where]
    assert wrong_in(Said.model_validate(PAPER), TODAY) == []


numbers = st.integers(0, 366)


@given(
    numbers, numbers, numbers, st.integers(0, 200), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)
)
def test_the_arithmetic_holds_of_both_schools_together(
    days: int, apart: int, absent: int, present: int, sick: int, other: int, suspended: int
) -> None:
    said = Said.model_validate(
        {**PAPER, "days": days, "apart": apart, "absent": absent, "late": 0, "early": 0}
    )
    own = Counts(
        days=present + sick + other + suspended, suspended=suspended, sick=sick, other=other, present=present
    )
    both = said.sums.plus(Sums.of(own))
    assert both.days == days + own.days
    assert (both.due, both.absent) == (both.days - both.apart, absent + sick + other)
    if not wrong_in(said, TODAY):
        assert both.present == both.due - both.absent >= 0


async def enter(
    client: Client, person: Any, school: School, seen: int = 0, reason: str = "", **changes: Any
) -> httpx.Response:
    body = {"pupil": str(school.pupils[0]), "seen": seen, "said": {**PAPER, **changes}, "reason": reason}
    return await client.post(address(school.class_id, "year/former"), person, body)


async def year_of(client: Client, school: School, class_id: UUID | None = None) -> dict[str, Any]:
    answer = await client.get(address(class_id or school.class_id, "year"), school.office)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_they_stand_apart_from_the_own_counts_and_added_to_them(
    client: Client, school: School, units: Units
) -> None:
    await hold(units, school, school.pupils[0], DAYS[-3], None)
    await take(client, school, DAYS[-1], n1="absent_sick")
    await take(client, school, DAYS[-2], n1="late")
    before = await year_of(client, school)
    line = line_of(before, school.pupils[0])
    assert (line["came"], line["former"], line["seen"], before["may_former"]) == (True, None, 0, True)
    answer = await enter(client, school.office, school)
    assert answer.status_code == 200, answer.text
    after = await year_of(client, school)
    assert after["totals"] == before["totals"], "the class's own sums are those of its days"
    found = line_of(after, school.pupils[0])
    assert found["counts"] == line["counts"]
    former = found["former"]
    assert (former["school"], former["source_word"], former["by"]["id"]) == (
        "隣市立西小学校",
        "指導要録の写し",
        str(school.office),
    )
    assert (former["sums"]["due"], former["sums"]["present"]) == (117, 110)
    own = line["counts"]
    assert former["together"] == {
        name: former["sums"][name] + own[name]
        for name in ("days", "apart", "due", "absent", "present", "late", "early")
    }
    assert (former["together"]["absent"], former["together"]["late"]) == (8, 3)
    for what in ("year/pdf", "year/xlsx"):
        file = await client.get(address(school.class_id, what), school.office)
        assert file.status_code == 200, what


async def test_a_correction_asks_why_and_of_two_the_later_is_told(
    client: Client, school: School, units: Units
) -> None:
    await hold(units, school, school.pupils[0], DAYS[-3], None)
    assert (await enter(client, school.office, school)).json()["revision"] == 1
    assert (await enter(client, school.office, school, 1)).json()["revision"] == 1, "it says so already"
    unsaid = await enter(client, school.office, school, 1, days=121)
    assert [each["cell"] for each in unsaid.json()["errors"]] == ["直すわけ"]
    late = await enter(client, school.office, school, 0, days=121, reason="読み違い")
    assert late.status_code == 409
    done = await enter(client, school.office, school, 1, days=121, reason="読み違い")
    assert done.json()["revision"] == 2
    body = {"pupil": str(school.pupils[0]), "seen": 2, "said": None, "reason": "別の子の書類"}
    gone = await client.post(address(school.class_id, "year/former"), school.office, body)
    assert gone.json()["revision"] == 3
    line = line_of(await year_of(client, school), school.pupils[0])
    assert (line["former"], line["seen"]) == (None, 3)


async def test_who_enters_them_and_of_whom(client: Client, school: School, units: Units) -> None:
    whole = await enter(client, school.office, school)
    assert "年度のはじめから" in whole.json()["errors"][0]["message"]
    assert line_of(await year_of(client, school), school.pupils[0])["came"] is False
    await hold(units, school, school.pupils[0], DAYS[-3], None)
    answers = {
        who: (await enter(client, getattr(school, who), school)).status_code
        for who in ("stranger", "substitute", "homeroom", "principal", "office")
    }
    assert answers == {"stranger": 404, "substitute": 403, "homeroom": 403, "principal": 403, "office": 200}
    body = {"pupil": str(school.exchange), "seen": 0, "said": PAPER}
    assert (
        await client.post(address(school.class_id, "year/former"), school.office, body)
    ).status_code == 404


async def test_who_only_changed_classes_brings_nothing(client: Client, school: School, units: Units) -> None:
    pupil = school.pupils[0]
    await enrol(units, school, pupil, APRIL)
    await hold(units, school, pupil, APRIL, DAYS[-3])
    await place(units, school, pupil, school.special, DAYS[-3])
    assert line_of(await year_of(client, school, school.special), pupil)["came"] is False
    body = {"pupil": str(pupil), "seen": 0, "said": PAPER}
    refused = await client.post(address(school.special, "year/former"), school.office, body)
    assert "年度のはじめから" in refused.json()["errors"][0]["message"]


async def test_nothing_is_added_up_where_another_class_has_days_of_the_child(
    client: Client, school: School, units: Units
) -> None:
    pupil = school.pupils[0]
    await enrol(units, school, pupil, DAYS[2])
    await hold(units, school, pupil, DAYS[2], DAYS[-3])
    await place(units, school, pupil, school.special, DAYS[-3])
    body = {"pupil": str(pupil), "seen": 0, "said": PAPER}
    saved = await client.post(address(school.special, "year/former"), school.office, body)
    assert saved.status_code == 200, saved.text
    for class_id in (school.class_id, school.special):
        former = line_of(await year_of(client, school, class_id), pupil)["former"]
        assert (former["sums"]["days"], former["together"]) == (120, None)
        for what in ("year/pdf", "year/xlsx"):
            assert (await client.get(address(class_id, what), school.office)).status_code == 200


async def test_who_comes_back_from_another_school_brings_its_days(
    client: Client, school: School, units: Units
) -> None:
    pupil = school.pupils[0]
    await enrol(units, school, pupil, APRIL, DAYS[3])
    await hold(units, school, pupil, APRIL, DAYS[3])
    await enrol(units, school, pupil, DAYS[-3])
    await place(units, school, pupil, school.class_id, DAYS[-3])
    saved = await enter(client, school.office, school)
    assert saved.status_code == 200, saved.text
    assert line_of(await year_of(client, school), pupil)["former"]["together"] is not None
