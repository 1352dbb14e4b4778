"""A year of a roster: imported, changed, moved, merged, rolled over, exported and imported again. Nothing is lost or
doubled, and every copy is what its log makes of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.instance import Instance
from tests.histories.product import superuser
from tests.journeys.asking import Asking, arrived
from tests.support.product import Product, running

COPIES = (
    "registry apps",
    "identity directory",
    "dashboard roster",
    "dashboard school_day",
    "dashboard accounts",
)
BY_HAND = "手で直したまま残す人"
_STAYS = """
select e.subject_id::text as pupil, e.school_id::text as school, e.grade,
    array(select m.school_id::text from membership_period m where m.subject_id = e.subject_id
        and m.voided_at is null and m.kind = 'home' and m.valid @> $1::date) as rooms
from enrolment_period e where e.voided_at is null and e.valid @> $1::date
"""


@pytest.fixture
def year(tmp_path: Path) -> Iterator[Product]:
    """A product of its own: a rollover is no neighbour for other journeys."""
    with running(tmp_path / "state", "log") as product:
        yield product


@dataclass(frozen=True)
class Stay:
    """A pupil on a day: one school, one grade, the class at that school or none yet."""

    school: str
    grade: str
    placed: bool


def on(product: Product, day: date) -> dict[str, Stay]:
    """Everybody who is enrolled on a day; nobody twice, nobody in two classes or in another school's."""

    async def read() -> list[Any]:
        async with superuser(Instance(product.state), "registry") as database:
            return list(await database.fetch(_STAYS, day))

    rows = asyncio.run(read())
    twice = [pupil for pupil, times in Counter(row["pupil"] for row in rows).items() if times > 1]
    assert twice == []
    assert [row["pupil"] for row in rows if any(room != row["school"] for room in row["rooms"])] == []
    assert [row["pupil"] for row in rows if len(row["rooms"]) > 1] == []
    return {row["pupil"]: Stay(row["school"], row["grade"], bool(row["rooms"])) for row in rows}


def told(product: Product, *words: str) -> Any:
    """What a command says to programs."""
    return json.loads(product.tsumugi(*words, "--json"))


def comes_back(product: Product, package: Path) -> Any:
    """Export, and import what was exported: nothing changes and nothing is published. Whose changes by hand stay."""
    product.tsumugi("export", "oneroster", str(package), "--protected")
    head = told(product, "status")["feeds"]
    again = told(product, "import", "oneroster", str(package))
    assert again["outcome"] == "unchanged", again["counts"]
    assert told(product, "status")["feeds"] == head
    return again["counts"].get(BY_HAND)


def test_a_year_loses_nobody_and_doubles_nobody(year: Product, tmp_path: Path) -> None:
    today = date.fromisoformat(year.status()["training_date"])
    before = on(year, today)

    # What the source knows a month later, as what has changed.
    month = today + timedelta(days=30)
    delta = tmp_path / "delta.zip"
    year.tsumugi("town", "write", str(delta), "--date", str(month), "--delta", str(today))
    changed = told(year, "import", "oneroster", str(delta))
    assert changed["outcome"] == "imported"
    came, went = (sum(school[key] for school in changed["schools"]) for key in ("enrolled", "left"))
    assert came
    assert len(on(year, month)) == len(before) + came - went

    # By hand: one moves within the city, one leaves and comes back, with a new card that turns out to be hers.
    known = on(year, month)
    board = Asking(year, "board")
    first, second = board.get("/v1/moves")["accepting"][:2]
    pupils = board.get(f"/v1/people?hat=pupil&rows=50&school={first['id']}")["people"]
    cards = [board.get(f"/v1/people/{each['person']['id']}") for each in pupils[:8]]
    mover, leaver = [card for card in cards if not card["protected"] and not card["pupil"]["next"]][:2]
    within = {"kind": "within", "left_on": str(today), "accepted_on": str(today + timedelta(days=3))}
    movers = [{"pupil": mover["person"]["id"], "to_school": second["id"]}]
    board.post("/v1/moves", {**within, "movers": movers, "reason": "moved_house"})
    elsewhere = {"elsewhere": {"name": "隣の市の小学校"}, "reason": "family"}
    left_on = str(today - timedelta(days=7))
    leavers = [{"pupil": leaver["person"]["id"]}]
    board.post("/v1/moves", {"kind": "leaving", "movers": leavers, "left_on": left_on, **elsewhere})
    legal, stay = leaver["legal"], leaver["pupil"]["enrolment"]
    card = {
        "legal_family": legal["family"],
        "legal_given": legal["given"],
        "kana_family": legal["family_kana"],
        "kana_given": legal["given_kana"],
        "birth_date": leaver["birth_date"],
        "sex": leaver["sex"],
    }
    arrival = {"card": card, "nobody_else": True, "to_school": second["id"], "grade": stay["grade"]}
    came_back = board.post("/v1/arrivals", {**arrival, "accepted_on": str(today), **elsewhere})
    (question,) = board.get("/v1/same-people")["questions"]
    pair = board.get(f"/v1/same-people/{question['id']}")
    answer = {"seen": pair["revision"], "answer": "same"}
    merging = board.post(f"/v1/same-people/{question['id']}/answer", answer)["merging"]
    back = came_back["moves"][0]["pupil"]["id"]
    assert merging["kept"]["id"] == back

    now = on(year, month)
    assert now.keys() - known.keys() == {back}
    assert known.keys() - now.keys() == {leaver["person"]["id"]}
    assert now[mover["person"]["id"]] == Stay(second["id"], known[mover["person"]["id"]].grade, placed=False)
    by_hand = comes_back(year, tmp_path / "now.zip")

    # The new year, prepared, taken back and prepared again. Whoever finishes junior high has nowhere further here.
    for school in (first, second):
        year.tsumugi("rollover", "onward", school["name"], "第一中")
    year.tsumugi("rollover", "propose")
    last, april = date(today.year + 1, 3, 31), date(today.year + 1, 4, 1)
    ended = on(year, last)
    nobody = on(year, april)
    run = told(year, "rollover", "apply")["run"]
    first_time = on(year, april)
    told(year, "rollover", "revert", str(run))
    assert on(year, april) == nobody
    told(year, "rollover", "apply")
    then = on(year, april)
    assert then == first_time
    assert on(year, last) == ended
    assert ended.keys() - then.keys() == {pupil for pupil, stay in ended.items() if stay.grade == "J3"}
    assert not then.keys() - ended.keys() - nobody.keys()
    assert {pupil for pupil, stay in then.items() if not stay.placed} == set()
    assert comes_back(year, tmp_path / "again.zip") == by_hand, "no hand has changed what a rollover wrote"
    # Of one who left during the year next year's roster says nothing: guardians' rights end with it, and no more.
    coming = tmp_path / "next.zip"
    year.tsumugi("export", "oneroster", str(coming), "--protected", "--as-of", str(april))
    counts = told(year, "import", "oneroster", str(coming), "--dry-run")["counts"]
    left = len(before.keys() - ended.keys())
    assert counts["保護者"]["changed"] + counts["保護者"]["ended"] <= left
    changing = {kind for kind, count in counts.items() if any(count.values())}
    assert changing <= {"保護者", BY_HAND}

    asyncio.run(arrived(year))
    for copy in COPIES:
        assert "違う行 0" in year.tsumugi("copy", "rebuild", *copy.split())
