"""A school's plan of a school year: classes, seats, wishes. Nothing of it is true before a rollover run. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.roster.kana import search_text

SPECIAL_LIMIT = 8
"""特別支援学級 (義務標準法 3)."""
MOST_WISHES = 200
"""Of a kind, and pupils who stay: a school has a handful."""
MOST_NUMBER = 99
NAME_LENGTH = 30
_NAME = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
"""Not blanks alone, nothing that cannot be seen."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlannedClass(_Data):
    """A class of next year."""

    id: UUID
    name: str = Field(min_length=1, max_length=NAME_LENGTH, pattern=_NAME)
    grade: str | None = Field(max_length=2)
    special_needs: bool = False
    homeroom: UUID | None = None


class Seat(_Data):
    """A pupil's class and number."""

    class_id: UUID
    number: int | None = Field(default=None, ge=1, le=MOST_NUMBER)


class Plan(_Data):
    """What a school prepares."""

    classes: list[PlannedClass] = Field(default_factory=list, max_length=120)
    seats: dict[UUID, Seat] = Field(default_factory=dict)
    apart: list[list[UUID]] = Field(default_factory=list, max_length=MOST_WISHES)
    together: list[list[UUID]] = Field(default_factory=list, max_length=MOST_WISHES)
    stay: list[UUID] = Field(default_factory=list, max_length=MOST_WISHES)
    """Pupils who stay in their grade (原級留置)."""


class Candidate(NamedTuple):
    """A pupil the school will have next year, as the one who makes classes must know them."""

    id: UUID
    family: str
    given: str
    kana: str
    sort_key: str
    sex: str
    grade: str
    """Of next year."""
    before: UUID | None
    """Class of this year."""
    before_name: str
    before_number: int | None
    special_needs: bool
    comes_from: str
    """Another school, or empty."""
    birth: str


class Wrong(NamedTuple):
    """What is wrong with a plan or with a row that was pasted."""

    cell: str
    message: str


def wrong_with(plan: Plan, candidates: Mapping[UUID, Candidate]) -> list[Wrong]:
    """What cannot be kept: an unknown class, a grade that does not fit, a number twice."""
    classes = {each.id: each for each in plan.classes}
    found = []
    names = [each.name for each in plan.classes]
    found += [
        Wrong(name, f"「{name}」という学級が二つあります。名前を変えてください。")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    taken: dict[tuple[UUID, int], str] = {}
    for pupil, seat in plan.seats.items():
        child = candidates.get(pupil)
        if child is None:
            found.append(Wrong("―", "来年度この学校にいない子が入っています。画面を読み直してください。"))
            continue
        name, of = f"{child.family} {child.given}", classes.get(seat.class_id)
        if of is None:
            found.append(Wrong(name, f"{name}さんの学級が、来年度の学級にありません。選び直してください。"))
        elif of.grade is not None and of.grade != child.grade:
            found.append(Wrong(name, f"{name}さんは{of.name}の学年ではありません。"))
        elif seat.number is not None:
            other = taken.setdefault((of.id, seat.number), name)
            if other != name:
                found.append(
                    Wrong(
                        name, f"{of.name}の{seat.number}番が、{other}さんと{name}さんの二人になっています。"
                    )
                )
    return found


_HEADS = ("氏名", "名前", "児童氏名", "生徒氏名")
_COLUMNS = {"name": "氏名（A列）", "class": "学級（B列）", "number": "番号（C列）"}


def read_lines(text: str) -> list[list[str]]:
    """Cells of what was pasted, line by line as it stands there (a blank line has none): tab or comma."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [
        [cell.strip().strip('"') for cell in line.split("\t" if "\t" in line else ",")]
        if line.strip()
        else []
        for line in lines
    ]


def read_rows(
    cells: Sequence[Sequence[str]], plan: Plan, candidates: Iterable[Candidate]
) -> tuple[dict[UUID, Seat], list[Wrong]]:
    """Seats from lines 「氏名・学級・番号」; a name may be its reading.

    Nothing is guessed: a name that fits nobody or two, an unknown class, a number that is none, each is told with its
    line and column, all of them at once. Blank lines and a header are passed over. With any fault nothing is to be
    taken.
    """
    reading = _Reading(plan, candidates)
    begun = False
    for line, row in enumerate(cells, 1):
        if not any(cell.strip() for cell in row):
            continue
        if begun or _plain(row[0]) not in _HEADS:
            name, class_name, number = (*row, "", "")[:3]
            reading.take(line, name.strip(), class_name.strip(), number.strip())
        begun = True
    return reading.seats, reading.wrong


class _Reading:
    """What has been read of the lines so far."""

    def __init__(self, plan: Plan, candidates: Iterable[Candidate]) -> None:
        self.seats: dict[UUID, Seat] = {}
        self.wrong: list[Wrong] = []
        self._classes = {_plain(each.name): each for each in plan.classes}
        self._named: dict[str, list[Candidate]] = {}
        for child in candidates:
            for name in {search_text(child.family, child.given), search_text(child.kana)}:
                self._named.setdefault(name, []).append(child)
        self._lines: dict[UUID, int] = {}
        self._taken: dict[tuple[UUID, int], int] = {}

    def take(self, line: int, name: str, class_name: str, number: str) -> None:
        """One line; whatever is wrong with each of its cells is told."""

        def tell(column: str, message: str) -> None:
            self.wrong.append(Wrong(f"{line}行目の{_COLUMNS[column]}", message))

        before = len(self.wrong)
        child = self._child(name, tell)
        of = self._classes.get(_plain(class_name))
        if not class_name:
            tell("class", "学級がありません。「氏名・学級・番号」の順に入れてください。")
        elif of is None:
            tell("class", f"「{class_name}」という学級がありません。先に学級を作ってください。")
        elif child is not None and of.grade is not None and of.grade != child.grade:
            tell("class", f"{name}さんは{of.name}の学年ではありません。ほかの学級にしてください。")
        digits = _plain(number).removesuffix("番")
        seat_number = int(digits) if digits.isdecimal() and len(digits) < 4 else None
        if digits and (seat_number is None or not 1 <= seat_number <= MOST_NUMBER):
            tell("number", f"「{number}」は出席番号にできません。1から{MOST_NUMBER}までの数にしてください。")
        if child is not None and child.id in self._lines:
            tell("name", f"「{name}」は{self._lines[child.id]}行目にもあります。どちらかを消してください。")
        if of is not None and seat_number is not None:
            first = self._taken.setdefault((of.id, seat_number), line)
            if first != line:
                tell(
                    "number",
                    f"{of.name}の{seat_number}番は{first}行目にもあります。どちらかを直してください。",
                )
        if child is not None:
            self._lines.setdefault(child.id, line)
            if of is not None and len(self.wrong) == before:
                self.seats[child.id] = Seat(class_id=of.id, number=seat_number)

    def _child(self, name: str, tell: Callable[[str, str], None]) -> Candidate | None:
        words = search_text(name)
        fitting = self._named.get(words, [])
        if not words:
            tell("name", "氏名がありません。入れてください。")
        elif not fitting:
            tell("name", f"「{name}」という子は、来年度の名簿にいません。")
        elif len(fitting) > 1:
            tell("name", f"「{name}」という子が二人以上います。画面で選んでください。")
        else:
            return fitting[0]
        return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "")


Order = Literal["kana", "birth"]


def numbered(plan: Plan, candidates: Mapping[UUID, Candidate], order: Order) -> dict[UUID, Seat]:
    """Seats with 出席番号 from 1 in every class, by kana or by birth date; from then on they are data."""
    members: dict[UUID, list[UUID]] = {}
    for pupil, seat in plan.seats.items():
        if pupil in candidates:
            members.setdefault(seat.class_id, []).append(pupil)

    def key(pupil: UUID) -> tuple[str, str, str]:
        child = candidates[pupil]
        first = child.sort_key if order == "kana" else child.birth
        return first, child.sort_key, str(pupil)

    return {
        pupil: Seat(class_id=class_id, number=number)
        for class_id, pupils in members.items()
        for number, pupil in enumerate(sorted(pupils, key=key), 1)
    }
