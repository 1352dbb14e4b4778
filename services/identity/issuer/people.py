"""The list of people to sign in as: who stands under which heading (pure)."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from shared.contracts.identity import AccountKind
from shared.contracts.registry import RELATION_WORDS, Duty, DutyKind

UNKNOWN = "―"
"""A name whose card has not come yet."""

OFFICE, OPERATORS = "教育委員会", "システム管理"

GUIDE = "2年1組"
"""The class that the README's walk goes through; its teacher is suggested where there is one."""

_SCHOOL_GROUPS: tuple[tuple[str, frozenset[DutyKind]], ...] = (
    ("校長・教頭", frozenset({"principal", "vice_principal"})),
    ("担任", frozenset({"homeroom"})),
    ("副担任", frozenset({"assistant"})),
    ("教科・補欠", frozenset({"subject", "substitute"})),
    ("事務", frozenset({"office"})),
    ("養護教諭", frozenset({"nurse"})),
)
_WORDS: dict[DutyKind, str] = {
    "principal": "校長",
    "vice_principal": "教頭",
    "homeroom": "担任",
    "assistant": "副担任",
    "subject": "教科",
    "substitute": "補欠",
    "office": "事務",
    "nurse": "養護教諭",
    "board_staff": "職員",
    "system_operator": "システム管理",
}
_RANK = {kind: rank for rank, kind in enumerate(_WORDS)}


@dataclass(frozen=True)
class Organisation:
    """A unit, as the copy knows it."""

    id: UUID
    kind: str
    name: str
    code: str | None
    grade: str | None


@dataclass(frozen=True)
class Person:
    """An account's person with all duties, whenever they hold."""

    account: UUID
    family: str | None
    given: str | None
    kana: str
    sort_key: str
    duties: Sequence[Duty] = ()

    @property
    def name(self) -> str:
        """Family and given name."""
        return f"{self.family} {self.given}" if self.family is not None else UNKNOWN


@dataclass(frozen=True)
class Tie:
    """Whose guardian somebody is: a child with its place of today, as far as cards have come."""

    pupil: str
    relation: str
    school: str
    class_name: str
    number: int | None

    @property
    def line(self) -> str:
        """As it stands under the guardian's name."""
        number = "" if self.number is None else f"{self.number}番"
        where = " ".join(filter(None, (self.school, self.class_name, number)))
        whose = f"{self.pupil}の{RELATION_WORDS.get(self.relation, self.relation)}"
        return f"{whose}（{where}）" if where else whose


@dataclass(frozen=True)
class Choice:
    """A button of the list: one account in one capacity."""

    account: UUID
    kind: AccountKind
    name: str
    kana: str
    roles: str
    children: Sequence[Tie] = ()
    """Of a guardian: whose they are."""
    class_id: UUID | None = None
    """Of a homeroom teacher: the class."""


@dataclass
class Group:
    """Choices under a small heading."""

    title: str
    choices: list[Choice] = field(default_factory=list)


@dataclass
class Place:
    """A school, or the board's office."""

    title: str
    groups: list[Group]

    @property
    def count(self) -> int:
        """How many choices there are in it."""
        return sum(len(group.choices) for group in self.groups)


def today_duties(person: Person, on: date) -> list[Duty]:
    """Duties that hold on a business date."""
    return [d for d in person.duties if d.since <= on and (d.until is None or on < d.until)]


_VARIANTS = "﨑崎髙高邉辺邊辺濵浜濱浜德徳齋斎齊斉𠮷吉"
"""As names are written, each before the character that a keyboard gives for it."""
FLAT: Mapping[str, str] = {
    **{chr(katakana): chr(katakana - 0x60) for katakana in range(ord("ァ"), ord("ヶ") + 1)},
    **dict(zip(_VARIANTS[::2], _VARIANTS[1::2], strict=True)),
    **{chr(selector): "" for selector in range(0xE0100, 0xE01F0)},
}
"""What one types → what it is compared as, after NFKC: kana of one kind, no variants of a character."""


def folded(text: str) -> str:
    """Text as it is compared in a search: width, case, kana, variants and spaces make no difference."""
    flat = unicodedata.normalize("NFKC", text).casefold()
    return "".join(FLAT.get(c, c) for c in flat if not c.isspace())


def matches(query: str, *texts: str) -> bool:
    """Whether every word of ``query`` is somewhere in ``texts``."""
    haystack = "\n".join(folded(text) for text in texts)
    return all(folded(word) in haystack for word in query.split())


class Directory:
    """The staff of a board on a day, in the order of the list."""

    def __init__(self, people: Iterable[Person], organisations: Iterable[Organisation], on: date) -> None:
        self._organisations = {organisation.id: organisation for organisation in organisations}
        self._at: dict[UUID, list[tuple[Person, list[Duty]]]] = defaultdict(list)
        for person in sorted(people, key=lambda p: (p.sort_key, p.name, p.account)):
            held: Mapping[UUID, list[Duty]] = defaultdict(list)
            for duty in today_duties(person, on):
                held[duty.organisation].append(duty)
            for organisation, duties in held.items():
                self._at[organisation].append((person, sorted(duties, key=self._order)))

    def _order(self, duty: Duty) -> tuple[int, tuple[str, str]]:
        return _RANK[duty.kind], self._class_order(duty.class_id)

    def _class_order(self, class_id: UUID | None) -> tuple[str, str]:
        found = self._organisations.get(class_id) if class_id else None
        return ("", "") if found is None else (found.grade or "~", found.name)

    def _roles(self, duties: Iterable[Duty]) -> str:
        words = []
        for duty in duties:
            found = self._organisations.get(duty.class_id) if duty.class_id else None
            words.append(f"{found.name} {_WORDS[duty.kind]}" if found else _WORDS[duty.kind])
        return "、".join(dict.fromkeys(words))

    def _choice(self, person: Person, duties: Iterable[Duty]) -> Choice:
        held = list(duties)
        of = next((duty.class_id for duty in held if duty.kind == "homeroom"), None)
        return Choice(person.account, "staff", person.name, person.kana, self._roles(held), class_id=of)

    def _school(self, school: Organisation) -> Place:
        groups: list[Group] = []
        rest = list(self._at.get(school.id, ()))
        for title, kinds in _SCHOOL_GROUPS:
            here = [(p, ds) for p, ds in rest if any(d.kind in kinds for d in ds)]
            here.sort(key=lambda item: min(self._order(d) for d in item[1] if d.kind in kinds))
            rest = [item for item in rest if item not in here]
            if here:
                groups.append(Group(title, [self._choice(p, ds) for p, ds in here]))
        return Place(school.name, groups)

    def _office(self) -> Place:
        groups: list[Group] = []
        operators = Group(OPERATORS)
        for unit in sorted(
            self._organisations.values(), key=lambda o: (o.kind != "board", o.code or "", o.name)
        ):
            group = Group(unit.name)
            for person, duties in self._at.get(unit.id, ()):
                if any(d.kind == "board_staff" for d in duties):
                    group.choices.append(self._choice(person, [d for d in duties if d.kind == "board_staff"]))
                if any(d.kind == "system_operator" for d in duties):
                    operators.choices.append(
                        self._choice(person, [d for d in duties if d.kind == "system_operator"])
                    )
            if group.choices:
                groups.append(group)
        return Place(OFFICE, [*groups, *([operators] if operators.choices else [])])

    def places(self, query: str = "") -> list[Place]:
        """Schools by kind and number, then the board's office; only what ``query`` finds."""
        schools = [
            o
            for o in self._organisations.values()
            if any(_is_school(d) for _, ds in self._at.get(o.id, ()) for d in ds)
        ]
        schools.sort(
            key=lambda o: (_KINDS.get(o.kind, len(_KINDS)), o.name.translate(_NUMERALS), o.code or "")
        )
        found = []
        for place in [*(self._school(school) for school in schools), self._office()]:
            groups = [
                Group(
                    g.title,
                    [c for c in g.choices if matches(query, c.name, c.kana, c.roles, g.title, place.title)],
                )
                for g in place.groups
            ]
            kept = Place(place.title, [group for group in groups if group.choices])
            if kept.groups:
                found.append(kept)
        return found


_KINDS = {"elementary": 0, "compulsory": 1, "junior_high": 2, "special_needs_school": 3, "kindergarten": 4}

_NUMERALS = str.maketrans("一二三四五六七八九十", "123456789:")
"""第一, 第二, 第三 in this order, which is not the order of their code points."""


def _is_school(duty: Duty) -> bool:
    return any(duty.kind in kinds for _, kinds in _SCHOOL_GROUPS)


def suggestions(places: Sequence[Place]) -> list[tuple[str, Choice]]:
    """One person of each kind of work, for somebody who only wants to look around: (where, who)."""
    picked: list[tuple[str, Choice]] = []
    *schools, office = places if places and places[-1].title == OFFICE else [*places, Place(OFFICE, [])]
    if schools:
        by_title = {group.title: group for group in schools[0].groups}
        for title in ("担任", "校長・教頭", "事務"):
            here = by_title.get(title, Group(title)).choices
            picked += [(schools[0].title, c) for c in sorted(here, key=lambda c: GUIDE not in c.roles)[:1]]
    departments = [group for group in office.groups if group.title != OPERATORS]
    picked += [(group.title, group.choices[0]) for group in departments[:1]]
    picked += [("", group.choices[0]) for group in office.groups if group.title == OPERATORS]
    return picked


def guardian(person: Person, ties: Sequence[Tie]) -> Choice:
    """A guardian's button: whose they are is said, or a newcomer can only guess."""
    return Choice(person.account, "guardian", person.name, person.kana, "保護者", children=ties)
