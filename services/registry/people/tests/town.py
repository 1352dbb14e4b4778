"""A board of three schools with children whose names are hard to find, and everybody who might look for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.registry.imports.importing import import_snapshot
from services.registry.roster.snapshot import (
    Enrolment,
    Guardianship,
    Membership,
    Protection,
    RosterSnapshot,
)
from shared.database import Scope, Units
from tests.support.rosters import YEAR, duty, key, person, unit

TODAY = date(2026, 11, 20)
DEPARTMENTS = ("gakumu", "lunch")

PUPILS: dict[str, tuple[tuple[str, str], tuple[str, str], str, int]] = {
    "hanako": (("髙橋", "花子"), ("タカハシ", "ハナコ"), "first 2年1組", 3),
    "taro": (("高橋", "太郎"), ("たかはし", "たろう"), "first 2年2組", 3),
    "saki": (("宮﨑", "咲"), ("ミヤザキ", "サキ"), "first 2年1組", 5),
    "kamida": (("\ufa19田", "蓮"), ("カミダ", "レン"), "first 2年1組", 7),
    "watanabe": (("渡邉", "湊"), ("ワタナベ", "ミナト"), "second 2年1組", 1),
    "saito": (("齋藤", "葵"), ("サイトウ", "アオイ"), "second 2年1組", 2),
    "hidden": (("隠野", "見守"), ("カクレノ", "ミマモリ"), "first 2年1組", 9),
    "takagi": (("高木", "空"), ("タカギ", "ソラ"), "third 1年1組", 1),
}
"""Word → name, reading, school and class, number."""

STAFF: dict[str, tuple[tuple[str, str, str | None], ...]] = {
    "homeroom": (("homeroom", "first", "first 2年1組"),),
    "neighbour": (("homeroom", "first", "first 2年2組"),),
    "subject": (("subject", "first", "first 2年1組"),),
    "office": (("office", "first", None),),
    "principal": (("principal", "first", None),),
    "nurse": (("nurse", "first", None),),
    "elsewhere": (("office", "second", None), ("homeroom", "second", "second 2年1組")),
    "both": (("subject", "first", None), ("office", "third", None)),
    "kept_from": (("homeroom", "first", "first 2年1組"), ("office", "first", None)),
    "gakumu": (("board_staff", "gakumu", None),),
    "lunch": (("board_staff", "lunch", None),),
    "operator": (("system_operator", "board", None),),
}
GUARDIANS = {"mother": ("髙橋", "恵"), "father": ("隠野", "剛"), "hidden_mother": ("隠野", "母")}


def snapshot() -> RosterSnapshot:
    classes = sorted({where for _, _, where, _ in PUPILS.values()} | {"first 2年2組"})
    return RosterSnapshot(
        school_year=2026,
        board=key("organisation", "board"),
        organisations=(
            unit("board", "board", "紬市教育委員会"),
            unit("gakumu", "department", "学務課", code="gakumu"),
            unit("lunch", "department", "健康給食課", code="kenko-kyushoku"),
            unit("first", "elementary", "第一小学校"),
            unit("second", "elementary", "第二小学校"),
            unit("third", "elementary", "第三小学校"),
            *(unit(each, "class", each.split()[1], each.split()[0]) for each in classes),
        ),
        people=(
            *(
                person(word, name, kana, date(2018, 5, 6), sex="female")
                for word, (name, kana, _, _) in PUPILS.items()
            ),
            *(person(word, ("職員", word), ("ショクイン", "カナ"), date(1980, 1, 2)) for word in STAFF),
            *(person(word, name) for word, name in GUARDIANS.items()),
        ),
        enrolments=tuple(
            Enrolment(
                key("person", word), key("organisation", where.split()[0]), f"P{where.split()[1][0]}", YEAR
            )
            for word, (_, _, where, _) in PUPILS.items()
        ),
        memberships=tuple(
            Membership(key("person", word), key("class", where), "home", number, YEAR)
            for word, (_, _, where, number) in PUPILS.items()
        ),
        duties=tuple(
            duty(word, kind, where, of, YEAR, DEPARTMENTS)
            for word, held in STAFF.items()
            for kind, where, of in held
        ),
        guardianships=tuple(
            Guardianship(key("person", child), key("person", who), relation, True, True, True, YEAR)
            for child, who, relation in (
                ("hanako", "mother", "mother"),
                ("watanabe", "mother", "mother"),
                ("hidden", "father", "father"),
                ("hidden", "hidden_mother", "mother"),
            )
        ),
        protections=(
            Protection(
                key("person", "hidden"),
                YEAR.since,
                None,
                (key("person", "father"), key("person", "kept_from")),
            ),
        ),
        calendars=(),
    )


@dataclass(frozen=True)
class Town:
    """Our ids by word."""

    board: UUID
    ids: dict[str, UUID]

    def __getitem__(self, word: str) -> UUID:
        return self.ids[word]


async def make_town(units: Units, roster: RosterSnapshot | None = None) -> Town:
    """Import it."""
    done = await import_snapshot(units, roster or snapshot(), source="test", actor="importer")
    async with units.read(Scope(done.board)) as session:
        rows = await session.execute(
            text(
                "select kind, sourced_id, id from external_id where board_id = :board order by kind = 'person'"
            ),
            {"board": done.board},
        )
        found = {(row.kind, row.sourced_id): UUID(str(row.id)) for row in rows}
    departments = {f"department {word}": id_ for (kind, word), id_ in found.items() if kind == "department"}
    return Town(done.board, {**departments, **{word: id_ for (_, word), id_ in found.items()}})
