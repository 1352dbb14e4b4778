"""A year of a city's roster by command and API: imported, changed, moved, rolled over, exported, imported again.

At every step it is asked who is enrolled, of the database itself and not of the product's pages: nobody is lost, nobody
is doubled. `tests/journeys/test_year.py` plays it with a small city, `python -m benchmarks year` with a large one.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from deploy.local.instance import Instance
from tests.histories.product import superuser
from tests.journeys.asking import Asking, arrived
from tests.support.product import Product

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
    array(select m.school_id::text || ' ' || m.class_id::text from membership_period m where m.subject_id = e.subject_id
        and m.voided_at is null and m.kind = 'home' and m.valid @> $1::date) as rooms
from enrolment_period e where e.voided_at is null and e.valid @> $1::date
"""
_IDS = "select sourced_id, id::text from external_id"

Timed = Callable[[str], AbstractContextManager[None]]
"""Measures what is done within, under a name."""


@dataclass(frozen=True)
class Stay:
    """A pupil on a day: one school, one grade, the class at that school or none yet."""

    school: str
    grade: str
    room: str | None


def stays(product: Product, day: date) -> dict[str, Stay]:
    """Everybody who is enrolled on a day; nobody twice, nobody in two classes or in another school's."""
    rows = _fetched(product, _STAYS, day)
    twice = [pupil for pupil, times in Counter(row["pupil"] for row in rows).items() if times > 1]
    assert twice == []
    places = {row["pupil"]: [room.split() for room in row["rooms"]] for row in rows}
    assert [pupil for pupil, rooms in places.items() if len(rooms) > 1] == []
    assert [row for row in rows if any(at != row["school"] for at, _ in places[row["pupil"]])] == []
    return {
        row["pupil"]: Stay(
            row["school"], row["grade"], next((room for _, room in places[row["pupil"]]), None)
        )
        for row in rows
    }


def _fetched(product: Product, query: str, *values: object) -> list[Any]:
    async def fetch() -> list[Any]:
        async with superuser(Instance(product.state), "registry") as database:
            return list(await database.fetch(query, *values))

    # In a thread of its own: as long as a browser is open, Playwright holds this one's event loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(fetch())).result()


def in_package(product: Product, package: Path, day: date) -> dict[str, Stay]:
    """Whom a whole package has in a class on a day, read without the importer, by the ids they have here."""
    ids = {row["sourced_id"]: row["id"] for row in _fetched(product, _IDS)}
    grades = {row["sourcedId"]: row["grades"] for row in _rows(package, "users.csv")}
    return {
        ids[row["userSourcedId"]]: Stay(
            ids[row["schoolSourcedId"]], grades[row["userSourcedId"]], ids[row["classSourcedId"]]
        )
        for row in _rows(package, "enrollments.csv")
        if row["role"] == "student"
        and (row["beginDate"] or "0") <= str(day)
        and str(day) <= (row["endDate"] or "9")
    }


def _rows(package: Path, name: str) -> list[dict[str, str]]:
    text = _read(package, name).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _read(package: Path, name: str) -> bytes:
    with zipfile.ZipFile(package) as archive:
        return archive.read(name)


def without_a_grade(package: Path, losing: Path, today: date) -> int:
    """The whole package once more, in which 小5 of one school left yesterday; returns how many these are."""
    names = zipfile.ZipFile(package).namelist()
    guests = {each["pupil"] for each in json.loads(_read(package, "companion.json")).get("exchanges", ())}
    fifth = {row["sourcedId"] for row in _rows(package, "users.csv") if row["grades"] == "P5"} - guests
    students = [row for row in _rows(package, "roles.csv") if row["role"] == "student"]
    school = next(row["orgSourcedId"] for row in students if row["userSourcedId"] in fifth)
    leaving = {
        row["userSourcedId"]
        for row in students
        if row["userSourcedId"] in fifth and row["orgSourcedId"] == school and not row["endDate"]
    }
    yesterday = str(today - timedelta(days=1))
    with zipfile.ZipFile(losing, "w") as archive:
        for name in names:
            if name not in ("roles.csv", "enrollments.csv"):
                archive.writestr(name, _read(package, name))
                continue
            rows = _rows(package, name)
            text = io.StringIO(newline="")
            out = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
            out.writeheader()
            for row in rows:
                ends = row["userSourcedId"] in leaving and row["role"] == "student" and not row["endDate"]
                out.writerow({**row, "endDate": yesterday} if ends else row)
            archive.writestr(name, text.getvalue())
    return len(leaving)


def told(product: Product, *words: str) -> Any:
    """What a command says to programs."""
    return json.loads(product.tsumugi(*words, "--json"))


def comes_back(product: Product, package: Path) -> Any:
    """Export, and import what was exported: nothing changes and nothing is published. Whose changes by hand stay."""
    product.tsumugi("export", "oneroster", str(package), "--protected")
    head = _heads(product)
    again = told(product, "import", "oneroster", str(package))
    assert again["outcome"] == "unchanged", again["counts"]
    assert _heads(product) == head
    return again["counts"].get(BY_HAND)


def _heads(product: Product) -> Mapping[str, Any]:
    """The last position of every log that somebody reads."""
    return {f"{feed['service']} {feed['copy']}": feed["head"] for feed in product.status()["feeds"]}


def play(product: Product, folder: Path, pupils: int, timed: Timed = lambda _: nullcontext()) -> None:
    """The whole year of a product that has begun with a city of ``pupils``; packages are written to ``folder``."""
    today = date.fromisoformat(product.status()["training_date"])
    month = today + timedelta(days=30)
    known = _from_the_source(product, folder, str(pupils), today, month)
    by_hand = _by_hand(product, folder, known, today, month, timed)
    _new_year(product, folder, today, by_hand, timed)
    with timed("every copy has it"):
        asyncio.run(arrived(product))
    for copy in COPIES:
        assert "違う行 0" in product.tsumugi("copy", "rebuild", *copy.split())


def _from_the_source(
    product: Product, folder: Path, pupils: str, today: date, month: date
) -> dict[str, Stay]:
    """The city as its source knows it, then what the source knows a month later, as what has changed."""
    whole, delta, later = folder / "whole.zip", folder / "delta.zip", folder / "later.zip"
    city = ("--pupils", pupils)
    product.tsumugi("town", "write", str(whole), *city)
    assert told(product, "import", "oneroster", str(whole))["outcome"] == "unchanged"
    assert stays(product, today) == in_package(product, whole, today)

    product.tsumugi("town", "write", str(delta), *city, "--date", str(month), "--delta", str(today))
    changed = told(product, "import", "oneroster", str(delta))
    assert changed["outcome"] == "imported"
    assert told(product, "import", "oneroster", str(delta))["outcome"] == "unchanged"
    product.tsumugi("town", "write", str(later), *city, "--date", str(month))
    assert told(product, "import", "oneroster", str(later), "--dry-run")["counts"] == {}
    known = stays(product, month)
    assert known == in_package(product, later, month)
    assert known.keys() != stays(product, today).keys(), "nobody came and nobody left: nothing is proved"
    return known


def _by_hand(
    product: Product, folder: Path, known: dict[str, Stay], today: date, month: date, timed: Timed
) -> Any:
    """One moves within the city, one leaves and comes back, with a new card that turns out to be hers."""
    with timed("a move, a leaving, an arrival, two cards made one"):
        board = Asking(product, "board")
        elementary = [each for each in board.get("/v1/moves")["accepting"] if each["name"].endswith("小")]
        first, second = elementary[:2]
        listed = board.get(f"/v1/people?hat=pupil&rows=50&school={first['id']}")["people"]
        cards = [board.get(f"/v1/people/{each['person']['id']}") for each in listed[:8]]
        mover, leaver = [card for card in cards if not card["protected"] and not card["pupil"]["next"]][:2]
        within = {"kind": "within", "left_on": str(today), "accepted_on": str(today + timedelta(days=3))}
        movers = [{"pupil": mover["person"]["id"], "to_school": second["id"]}]
        board.post("/v1/moves", {**within, "movers": movers, "reason": "moved_house"})
        elsewhere = {"elsewhere": {"name": "隣の市の小学校"}, "reason": "family"}
        left_on = str(today - timedelta(days=7))
        leavers = [{"pupil": leaver["person"]["id"]}]
        board.post("/v1/moves", {"kind": "leaving", "movers": leavers, "left_on": left_on, **elsewhere})
        legal = leaver["legal"]
        card = {
            "legal_family": legal["family"],
            "legal_given": legal["given"],
            "kana_family": legal["family_kana"],
            "kana_given": legal["given_kana"],
            "birth_date": leaver["birth_date"],
            "sex": leaver["sex"],
        }
        grade = leaver["pupil"]["enrolment"]["grade"]
        arrival = {"card": card, "nobody_else": True, "to_school": second["id"], "grade": grade}
        came_back = board.post("/v1/arrivals", {**arrival, "accepted_on": str(today), **elsewhere})
        back: str = came_back["moves"][0]["pupil"]["id"]
        questions = board.get("/v1/same-people")["questions"]
        pairs = [board.get(f"/v1/same-people/{question['id']}") for question in questions]
        (pair,) = [pair for pair in pairs if back in json.dumps(pair)]
        answer = {"seen": pair["revision"], "answer": "same"}
        merging = board.post(f"/v1/same-people/{pair['id']}/answer", answer)["merging"]
        assert merging["kept"]["id"] == back

    now, gone = stays(product, month), leaver["person"]["id"]
    assert now.keys() - known.keys() == {back}
    assert known.keys() - now.keys() == {gone}
    moved = mover["person"]["id"]
    assert now[moved] == Stay(second["id"], known[moved].grade, None)
    assert now[back] == Stay(second["id"], known[gone].grade, None)
    others = known.keys() - {moved, gone}
    assert {pupil: now[pupil] for pupil in others} == {pupil: known[pupil] for pupil in others}
    return comes_back(product, folder / "now.zip")


def _new_year(product: Product, folder: Path, today: date, by_hand: Any, timed: Timed) -> None:
    """The new year, prepared, taken back and prepared again. Whoever finishes junior high has nowhere further here."""
    last, april = date(today.year + 1, 3, 31), date(today.year + 1, 4, 1)
    with timed("where each school's graduates go"):
        onward(Asking(product, "board"), april.year)
    product.tsumugi("rollover", "propose")
    ended, nobody = stays(product, last), stays(product, april)
    preview = told(product, "rollover", "preview")["total"]
    run = told(product, "rollover", "apply")["run"]
    first_time = stays(product, april)
    told(product, "rollover", "revert", str(run))
    assert stays(product, april) == nobody
    told(product, "rollover", "apply")
    then = stays(product, april)
    # Classes are made anew by the second run; who sits together is the same.
    assert {pupil: (stay.school, stay.grade) for pupil, stay in then.items()} == {
        pupil: (stay.school, stay.grade) for pupil, stay in first_time.items()
    }
    assert _together(then) == _together(first_time)
    assert stays(product, last) == ended
    assert ended.keys() - then.keys() == {pupil for pupil, stay in ended.items() if stay.grade == "J3"}
    assert not then.keys() - ended.keys() - nobody.keys()
    assert {pupil for pupil, stay in then.items() if stay.room is None} == set()
    assert preview["pupils"] == len(then)
    assert comes_back(product, folder / "again.zip") == by_hand, "no hand has changed what a rollover wrote"
    # Of one who left during the year next year's roster says nothing: guardians' rights end with it, and no more.
    coming = folder / "next.zip"
    product.tsumugi("export", "oneroster", str(coming), "--protected", "--as-of", str(april))
    counts = told(product, "import", "oneroster", str(coming), "--dry-run")["counts"]
    changing = {kind for kind, count in counts.items() if any(count.values())}
    assert changing <= {"保護者", BY_HAND}, counts


def _together(of: Mapping[str, Stay]) -> set[frozenset[str]]:
    rooms: dict[str | None, set[str]] = {}
    for pupil, stay in of.items():
        rooms.setdefault(stay.room, set()).add(pupil)
    return {frozenset(members) for members in rooms.values()}


def onward(board: Asking, year: int) -> None:
    """Graduates of every school are shared among those that begin where it ends, in turn."""
    page = board.get(f"/v1/rollover/{year}/onward")
    seen = {each["school"]: each["next_school"] for each in page["schools"]}
    begin = {"園": "小", "小": "中"}
    told_now = {}
    for turn, each in enumerate(page["schools"]):
        choices = [c for c in each["choices"] if page["names"][c].endswith(begin[each["name"][-1]])]
        told_now[each["school"]] = choices[turn % len(choices)]
    board.post(f"/v1/rollover/{year}/onward", {"seen": seen, "told": told_now})
