"""Children who are protected or kept from somebody, and children with two cards, on a sheet."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import orjson

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.register.tests.sheets import (
    DAYS,
    MONTH,
    address,
    enrol,
    hold,
    line_of,
    month_of,
    protect,
    run,
    take,
)
from services.registry.register.tests.test_printing import cells_of
from shared.database import Units
from shared.dates import TOKYO


async def test_whoever_a_child_is_kept_from_finds_it_in_no_line_and_no_sum(
    client: Client, school: School, units: Units
) -> None:
    await take(client, school, TODAY, n5="absent_sick")
    await run(
        units,
        school,
        "insert into protection_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
        " confidential_from) values (gen_random_uuid(), :board, :pupil, 'protection',"
        " daterange('2026-04-01', null), :at, 'test', array[:from_whom]::uuid[])",
        pupil=school.pupils[4],
        from_whom=school.homeroom,
    )
    seen = await month_of(client, school.homeroom, school.class_id)
    whole = await month_of(client, school.office, school.class_id)
    assert [line["pupil"]["id"] for line in seen["lines"]] == [str(pupil) for pupil in school.pupils[:4]]
    assert (seen["totals"]["sick"], whole["totals"]["sick"]) == (0, 1), "a sum would tell what no line does"
    assert seen["days"][TODAY.day - 1]["counts"]["days"] == 4
    year = (await client.get(address(school.class_id, "year"), school.homeroom)).json()
    assert str(school.pupils[4]) not in orjson.dumps(year).decode()
    assert year["totals"]["sick"] == 0


async def rename(units: Units, school: School, pupil: UUID, family: str, at: datetime) -> None:
    await run(
        units,
        school,
        "update person set legal_family = :family, kana_family = null, recorded_at = :on where id = :pupil",
        family=family,
        on=at,
        pupil=pupil,
    )


async def names_of(client: Client, school: School, pupil: UUID) -> set[str]:
    """The family names by which month, year, spreadsheet and a past day's roll of the class tell of a pupil."""
    roll = await client.get(f"/v1/classes/{school.class_id}/days/{DAYS[-4]}/roll", school.homeroom)
    found = {each["family"] for each in roll.json()["members"] if each["pupil"] == str(pupil)}
    assert len(found) == 1, roll.text
    for what in (f"months/{MONTH}", "year"):
        body = (await client.get(address(school.class_id, what), school.homeroom)).json()
        line = line_of(body, pupil)
        found.add(line["pupil"]["family"])
        sheet = (await client.get(address(school.class_id, f"{what}/xlsx"), school.homeroom)).content
        place = [each["pupil"]["id"] for each in body["lines"]].index(str(pupil))
        found.add(cells_of(sheet)[3 + place][1].split("　")[0])
    return found


async def test_a_protected_child_who_left_has_the_name_of_its_last_day(
    client: Client, school: School, units: Units
) -> None:
    """What it is called now is not for the school that it fled from; the days are, as they were."""
    pupil, left = school.pupils[0], DAYS[-3]
    await take(client, school, DAYS[-4], n1="absent_sick")
    await enrol(units, school, pupil, date(2026, 4, 1), left)
    await hold(units, school, pupil, date(2026, 4, 1), left)
    await enrol(units, school, pupil, left, TODAY + timedelta(days=1), at=uuid4())
    midnight = datetime(left.year, left.month, left.day, tzinfo=TOKYO)
    await rename(units, school, pupil, "昔", datetime(2026, 6, 1, tzinfo=TOKYO))
    await rename(units, school, pupil, "前", midnight - timedelta(minutes=1))
    await rename(units, school, pupil, "新", midnight)
    await rename(units, school, pupil, "今", midnight + timedelta(days=1))
    assert await names_of(client, school, pupil) == {"今"}, "no mark"
    await protect(units, school, pupil, date(2025, 4, 1), TODAY)
    assert await names_of(client, school, pupil) == {"今"}, "a mark that is over"
    await protect(units, school, pupil, TODAY)
    assert await names_of(client, school, pupil) == {"前"}
    line = line_of(await month_of(client, school.homeroom, school.class_id), pupil)
    assert (line["counts"]["sick"], line["notes"]) == (1, ["11/17まで（転出）"])
    await enrol(units, school, pupil, TODAY + timedelta(days=1))
    assert await names_of(client, school, pupil) == {"今"}, "it comes back"


async def test_a_protected_childs_new_card_does_not_name_it_where_the_old_one_was(
    client: Client, school: School, units: Units
) -> None:
    """The next school made a card under the new name; matching made the two one child."""
    gone, kept, left = school.pupils[0], uuid4(), DAYS[-3]
    await run(
        units,
        school,
        "insert into person (id, board_id, legal_family, legal_given, sort_key, search, sex, recorded_at)"
        " values (:kept, :board, '今', '花', '', '', 'unspecified', :at)",
        kept=kept,
    )
    await enrol(units, school, gone, date(2026, 4, 1), left)
    await hold(units, school, gone, date(2026, 4, 1), left)
    await enrol(units, school, kept, left, at=uuid4())
    await run(units, school, "update person set merged_into = :kept where id = :gone", kept=kept, gone=gone)
    await protect(units, school, kept, left)
    assert await names_of(client, school, kept) == {"紬"}


async def test_a_child_with_two_cards_is_one_line(client: Client, school: School, units: Units) -> None:
    """The day that was recorded for the card that is gone is the child's."""
    await take(client, school, DAYS[-2], n2="absent_other")
    await take(client, school, DAYS[-1], n1="late", n2="absent_other")
    kept, gone = school.pupils[:2]
    await run(units, school, "update person set merged_into = :kept where id = :gone", kept=kept, gone=gone)
    await run(
        units,
        school,
        "update membership_period set voided_at = :at, voided_by = 'test' where subject_id = :kept",
        kept=kept,
    )
    body = await month_of(client, school.homeroom, school.class_id)
    assert [line["pupil"]["id"] for line in body["lines"]] == [
        str(each) for each in (kept, *school.pupils[2:])
    ]
    line = line_of(body, kept)
    assert (line["counts"]["late"], line["counts"]["present"]) == (1, 2), "of one day with two, the own one"
    await run(units, school, "update pupil_day set day = day - 200 where pupil_id = :kept", kept=kept)
    assert line_of(await month_of(client, school.homeroom, school.class_id), kept)["counts"]["other"] == 2
