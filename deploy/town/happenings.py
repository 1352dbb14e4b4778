"""What happens to a town during a school year: families move, names change, teachers go on leave.

What happens is fixed by the seed, day by day: the town of a later day is that of an earlier one and what happened
between. Peaks in late August (domain: records are handed over then), otherwise something every week.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from deploy.town import names
from deploy.town.families import Families
from deploy.town.model import GRADES, Area, ClassRoom, Person, Post, Pupil, School, Stay, Tie, Town
from deploy.town.registrar import Registrar
from deploy.town.staff import Staff

_DAY = timedelta(days=1)
_KINDS = (
    *("move",) * 26,
    *("arrive",) * 22,
    *("leave",) * 22,
    *("call_off",) * 5,
    *("part",) * 6,
    *("spell",) * 6,
    *("stand_in",) * 7,
    *("train",) * 5,
    *("protect",) * 1,
)
_FEWEST = 64
_SHARE = 0.035
"""Happenings a year for each pupil; about seven in ten concern a family that moves."""
_SUMMER_SHARE = 0.2
_TRIES = 12
_TRAINING = timedelta(days=18)
_AHEAD = 14
"""Days before the start by which an office knows who comes."""


class Year:
    """The happenings of one school year of a town. Asked for later and later days, it lets them happen."""

    def __init__(self, rng: Random, town: Town, registrar: Registrar, *, since: date | None = None) -> None:
        """``since``: what was to happen until that day has not; the town stands as it is."""
        self._rng = rng
        self._town = town
        self._families = Families(rng, town, registrar.person, of_a_city=True)
        self._staff = Staff(rng, town, registrar.person, registrar.new_id, names.MANY)
        plan = self._plan()
        self._ahead: list[tuple[date, Callable[[date], object]]] = [
            each for each in plan if since is None or each[0] > since
        ]

    def until(self, day: date) -> None:
        """Everything up to that day has happened."""
        while self._ahead and self._ahead[0][0] <= day:
            on, act = self._ahead.pop(0)
            act(on)

    def _plan(self) -> list[tuple[date, Callable[[date], object]]]:
        rng, days = self._rng, self._town.school_days
        count = max(_FEWEST, round(len(self._town.pupils) * _SHARE))
        last = len(days) - 1
        spread = [days[min(last, int(len(days) * (place + rng.random()) / count))] for place in range(count)]
        back = next(day for day in days if day >= date(self._town.school_year, 8, 20))
        spread += [back - timedelta(days=rng.randrange(7)) for _ in range(round(count * _SUMMER_SHARE))]
        acts = {
            "move": self._move,
            "arrive": self._arrive,
            "leave": self._leave,
            "call_off": self._arrive_and_call_off,
            "part": self._part,
            "spell": self._spell,
            "stand_in": self._stand_in,
            "train": self._train,
            "protect": self._protect,
        }
        return [(day, acts[rng.choice(_KINDS)]) for day in sorted(spread)]

    def _from(self, day: date, later: int) -> date | None:
        """A school day some days later, still of this school year."""
        days = self._town.school_days
        place = bisect_right(days, day + timedelta(days=self._rng.randrange(later)))
        return days[place] if place < len(days) else None

    def _pick(self, day: date) -> Iterator[list[Pupil]]:
        """Families, by chance, that may move: in ordinary classes since before that day, and not protected."""
        for _ in range(_TRIES):
            family = self._rng.choice(self._town.families)
            ordinary = (
                pupil.here
                and not pupil.stays[-1].room.special_needs
                and pupil.school.kind != "special_needs_school"
                and pupil.protected_since is None
                and len(pupil.stays) == 1
                and (pupil.stays[0].first or day) <= day
                for pupil in family
            )
            if family and all(ordinary):
                yield family

    def _rooms(self, area: Area, grades: tuple[str, ...]) -> list[tuple[School, ClassRoom]] | None:
        """A class with room for a child of each grade; None when one of them would find none."""
        found: list[tuple[School, ClassRoom]] = []
        for grade in grades:
            school = area.schools.get(grade)
            rooms = [
                room
                for room in (school.rooms if school else [])
                if grade in room.grades and not room.special_needs and room.has_room()
            ]
            if school is None or not rooms:
                return None
            room = min(rooms, key=lambda room: len(room.pupils))
            if any(other is room for _, other in found):  # a 複式学級 with one place left
                return None
            found.append((school, room))
        return found

    def _move(self, day: date) -> None:
        """A family moves to another area of the town."""
        since = self._from(day, 7)
        for family in self._pick(day):
            grades = tuple(pupil.grade for pupil in family)
            area = self._rng.choice(self._town.areas)
            rooms = None if area is family[0].area else self._rooms(area, grades)
            if (
                since is None
                or rooms is None
                or any(pupil.school is school for pupil, (school, _) in zip(family, rooms, strict=True))
            ):
                continue
            for pupil, (school, room) in zip(family, rooms, strict=True):
                pupil.stays[-1].last = since - _DAY
                self._seat(pupil, room, since)
                pupil.school, pupil.area = school, area
            return

    def _seat(self, pupil: Pupil, room: ClassRoom, since: date) -> None:
        pupil.stays.append(Stay(room, room.next_number(), first=since))
        room.pupils.append(pupil)

    def _arrive(self, day: date) -> list[Pupil]:
        """A family comes from elsewhere; its papers are here before it."""
        since = self._from(day, _AHEAD)
        for _ in range(_TRIES):
            area = self._rng.choice(self._town.areas)
            known = [grade for grade in GRADES if grade in area.schools]
            chosen = self._rng.sample(known, self._rng.choice((1, 1, 2)))
            grades = tuple(sorted(chosen, key=GRADES.index))
            rooms = self._rooms(area, grades)
            if since is None or rooms is None:
                continue
            family = self._families.newcomers(area, grades)
            for pupil, (_, room) in zip(family, rooms, strict=True):
                self._seat(pupil, room, since)
                pupil.moved_in = since
            return family
        return []

    def _arrive_and_call_off(self, day: date) -> None:
        """A family that was to come does not."""
        family = self._arrive(day)
        if family and (starts := family[0].stays[0].first) is not None and starts > day + _DAY:
            self._later(day + timedelta(days=self._rng.randrange(1, (starts - day).days)), family)

    def _later(self, day: date, family: list[Pupil]) -> None:
        def call_off(_: date) -> None:
            self._town.families.remove(family)
            for pupil in family:
                self._town.pupils.remove(pupil)
                pupil.school.pupils.remove(pupil)
                pupil.stays[0].room.pupils.remove(pupil)

        place = bisect_right([on for on, _ in self._ahead], day)
        self._ahead.insert(place, (day, call_off))

    def _leave(self, day: date) -> None:
        """A family goes to another municipality."""
        until = self._from(day, _AHEAD)
        for family in self._pick(day):
            for pupil in family:
                if until is not None:
                    pupil.stays[-1].last = until - _DAY
            return

    def _part(self, day: date) -> None:
        """Parents part: the father's rights end or change, and some children take their mother's former name."""
        rng = self._rng
        for family in self._pick(day):
            if [tie.relation for tie in family[0].ties] != ["mother", "father"] or family[0].ties[1].first:
                continue
            rights = rng.choice(((False, True, False), (False, False, False), (True, True, True)))
            former = rng.choice(names.MANY.families)
            called = rng.random() < 0.5
            if rights != (True, True, True):
                family[0].ties[0].guardian.family = former
            for pupil in family:
                _change_rights(pupil, pupil.ties[1], day, rights)
                if rights != (True, True, True) and pupil.person.common is None:
                    before = pupil.person.family
                    pupil.person.family = former
                    # 旧姓 goes on at school as 通称.
                    pupil.person.common = (before, pupil.person.given) if called else None
            return

    def _protect(self, day: date) -> None:
        """A mother's and her children's whereabouts are protected from now on (DV 等支援措置)."""
        for family in self._pick(day):
            if [tie.relation for tie in family[0].ties] == ["mother", "father"] and not family[0].ties[
                1
            ].first:
                for pupil in family:
                    pupil.protected_since = day
                    _change_rights(pupil, pupil.ties[1], day, (False, False, False))
                return

    def _spell(self, day: date) -> None:
        """A name is corrected to the characters it is registered with."""
        for _ in range(_TRIES * 4):
            family = self._rng.choice(self._town.families)
            spelt = names.SPELLINGS.get(family[0].person.family.written) if family else None
            if spelt is None:
                continue
            written = family[0].person.family.written
            people = {id(each): each for each in _everybody(family)}
            for person in people.values():
                if person.family.written == written:
                    person.family = names.Named(spelt, person.family.kana)
            return

    def _stand_in(self, day: date) -> None:
        """A homeroom teacher goes on leave (産休, 病休), another takes the class over."""
        since = self._from(day, _AHEAD)
        homerooms = [
            post
            for post in self._town.posts
            if post.kind == "homeroom" and post.last is None and not _begun(post, self._town)
        ]
        if since is None or not homerooms:
            return
        post = self._rng.choice(homerooms)
        post.last = since - _DAY
        self._town.posts.append(
            Post(self._staff.someone(), "homeroom", post.school, room=post.room, first=since)
        )

    def _train(self, day: date) -> None:
        """教育実習生: three weeks at a school, without any duty."""
        since = self._from(day, _AHEAD)
        if since is None or (until := since + _TRAINING) > self._town.school_days[-1]:
            return
        school = self._rng.choice([each for each in self._town.schools if each.kind != "kindergarten"])
        self._town.posts.append(
            Post(self._staff.someone(), "student_teacher", school, first=since, last=until)
        )


def _begun(post: Post, town: Town) -> bool:
    return post.first is not None and post.first > date(town.school_year, 4, 1)


def _everybody(family: list[Pupil]) -> list[Person]:
    return [pupil.person for pupil in family] + [tie.guardian for pupil in family for tie in pupil.ties]


def _change_rights(pupil: Pupil, tie: Tie, day: date, rights: tuple[bool, bool, bool]) -> None:
    if (tie.notify, tie.read, tie.contact) != rights:
        notify, read, contact = rights
        pupil.ties.append(replace(tie, notify=notify, read=read, contact=contact, first=day))
        tie.last = day - _DAY
