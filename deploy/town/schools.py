"""Schools of a town: how many, how large, with which codes, and which areas they serve."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from deploy.town.law import CLASS_SIZE
from deploy.town.model import ELEMENTARY, JUNIOR_HIGH, Area, School
from deploy.town.names import SCHOOL_WORDS
from services.registry.oneroster.codes import TRAINING_PREFECTURE, school_check_digit

SMALLEST_TOWN = 200
_DIGITS = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九")
PUPILS_OF_AN_ELEMENTARY = 450
PUPILS_OF_A_JUNIOR_HIGH = 400


def plan_schools(rng: Random, town: str, pupils: int, new_id: Callable[[], str]) -> list[School]:
    """Schools for that many pupils in nine even years, the first one with a full 2年1組."""
    if pupils < SMALLEST_TOWN:
        raise ValueError(f"a town has at least {SMALLEST_TOWN} pupils, not {pupils}")
    young = pupils * len(ELEMENTARY) // 9
    counts = (
        max(2, round(young / PUPILS_OF_AN_ELEMENTARY)),
        max(1, round((pupils - young) / PUPILS_OF_A_JUNIOR_HIGH)),
    )
    schools: list[School] = []
    for kind, total, count in (("B1", young, counts[0]), ("C1", pupils - young, counts[1])):
        shares = [1.25, *(rng.uniform(0.8, 1.2) for _ in range(count - 1))]
        for place, size in enumerate(split(total, shares)):
            schools.append(_school(rng, town, kind, place, size, new_id, full_second_year=not schools))
    return schools


def _school(
    rng: Random,
    town: str,
    kind: str,
    place: int,
    size: int,
    new_id: Callable[[], str],
    *,
    full_second_year: bool,
) -> School:
    elementary = kind == "B1"
    name = _elementary_name(place) if elementary else f"第{in_kanji(place + 1)}"
    grades = ELEMENTARY if elementary else JUNIOR_HIGH
    special = dict.fromkeys(grades, 0)
    for _ in range(max(4, size * 3 // 100)):
        special[rng.choice(grades)] += 1
    ordinary = size - sum(special.values())
    sizes: dict[str, int] = {}
    if full_second_year:
        special["P2"] = special["P2"] or 1
        ordinary = size - sum(special.values())
        sizes["P2"] = CLASS_SIZE * (2 if ordinary >= 8 * CLASS_SIZE else 1)
    rest = [grade for grade in grades if grade not in sizes]
    shares = split(ordinary - sum(sizes.values()), [rng.uniform(0.92, 1.08) for _ in rest])
    sizes |= dict(zip(rest, shares, strict=True))
    number = rng.randrange(10**7)
    return School(
        sourced_id=new_id(),
        course_id=new_id(),
        kind="elementary" if elementary else "junior_high",
        name=f"{town}立{name}{'小' if elementary else '中'}学校",
        short_name=f"{name}{'小' if elementary else '中'}",
        code=school_code(kind, number),
        sizes={grade: sizes[grade] + special[grade] for grade in grades},
        special=special,
    )


def school_code(kind: str, number: int) -> str:
    """A 学校コード of a public school in no prefecture."""
    body = f"{kind}{TRAINING_PREFECTURE}2{number:07d}"
    return body + school_check_digit(body)


def areas_of(schools: list[School]) -> list[Area]:
    """An area an elementary school; junior high places are shared out among the areas that feed it."""
    young = [school for school in schools if school.kind == "elementary"]
    older = [school for school in schools if school.kind == "junior_high"]
    feeds = {id(each): older[place * len(older) // len(young)] for place, each in enumerate(young)}
    areas: list[Area] = []
    for each in young:
        places, targets = dict(each.sizes), dict.fromkeys(each.sizes, each)
        junior_high = feeds[id(each)]
        sharing = [other for other in young if feeds[id(other)] is junior_high]
        mine = sharing.index(each)
        for grade, size in junior_high.sizes.items():
            places[grade] = size * (mine + 1) // len(sharing) - size * mine // len(sharing)
            targets[grade] = junior_high
        areas.append(Area(places, targets))
    return areas


def _elementary_name(place: int) -> str:
    again, word = divmod(place, len(SCHOOL_WORDS))
    return SCHOOL_WORDS[word] + (f"第{in_kanji(again + 1)}" if again else "")


def in_kanji(number: int) -> str:
    """1 → 一, 12 → 十二 (up to 99)."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + _DIGITS[ones]


def split(total: int, shares: list[float]) -> list[int]:
    """Whole numbers in proportion to the shares, adding up to the total."""
    scale = total / sum(shares)
    ends = [round(scale * sum(shares[: place + 1])) for place in range(len(shares))]
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]
