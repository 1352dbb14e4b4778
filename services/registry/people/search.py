"""Finding people: lists that show exactly whom the policy's ``ReadCard`` and ``ReadFamily`` let the asker see.

Everybody's own children come first, then the school's. One statement a kind of person. Within a school any part of a
name or reading finds; in the whole board (100,000 pupils) the beginning of one does, through four plain indexes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg import Record as Row
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.people.access import Reach, chosen
from services.registry.roster.kana import search_text
from shared.database import Statement
from shared.dates import school_year

CANDIDATES = 400
"""Names looked at for one beginning in the whole board; whoever has more namesakes types one more character."""
_LAST = "\U0010ffff"

_CLASS = re.compile(r"(\d{1,2})(?:年|-|の)(\d{1,2})組?")
_NUMBER = re.compile(r"(\d{1,3})番?")


class Wanted(NamedTuple):
    """What somebody typed: words of a name, a class, a number."""

    words: str
    class_name: str | None
    number: int | None

    @property
    def nothing(self) -> bool:
        """Whether nothing was typed."""
        return not self.words and self.class_name is None and self.number is None


def wanted(typed: str) -> Wanted:
    """``たかは``, ``髙橋 花``, ``2-1 12``, ``2年1組12番``, in any width and order."""
    words: list[str] = []
    class_name: str | None = None
    number: int | None = None
    plain = unicodedata.normalize("NFKC", typed)
    for token in re.sub(r"(組)(\d)", r"\1 \2", plain).split():
        if found := _CLASS.fullmatch(token):
            class_name = f"{int(found[1])}年{int(found[2])}組"
        elif found := _NUMBER.fullmatch(token):
            number = int(found[1])
        else:
            words.append(token)
    return Wanted(search_text(*words), class_name, number)


@dataclass(frozen=True)
class Found:
    """A row of a list."""

    id: UUID
    hat: str
    family: str
    given: str
    family_kana: str | None
    given_kana: str | None
    birth_date: date | None
    school: UUID | None
    school_name: str | None
    class_id: UUID | None
    class_name: str | None
    number: int | None
    grade: str | None
    mine: bool
    """A child of one's own class."""
    of: str | None
    """Of staff the duties, of guardians the children, in words."""


_FROM_TODAY = "{0}.voided_at is null and coalesce(upper({0}.valid), 'infinity') > cast(:today as date)"
_BY_WORD = " union ".join(
    f"(select id from person where board_id = :board and find_{n} >= :words and find_{n} < :words_end"  # noqa: S608
    " limit :candidates)"
    for n in (1, 2, 3, 4)
)
_OF_SCHOOLS = (
    "select e.subject_id as id from enrolment_period e where e.board_id = :board"  # noqa: S608
    f" and e.school_id = any(cast(:among as uuid[])) and {_FROM_TODAY.format('e')}"
)
_OF_CLASS = (
    "select m.subject_id as id from membership_period m where m.board_id = :board"  # noqa: S608
    f" and m.class_id = cast(:class_id as uuid) and {_FROM_TODAY.format('m')}"
)
_KEPT = (
    "select true from protection_period k where k.board_id = :board and k.subject_id = {0} and k.voided_at is null"
    " and k.valid @> cast(:today as date)"
)
_CARD = (
    "p.id, coalesce(p.common_family, p.legal_family) as family, coalesce(p.common_given, p.legal_given) as given,"
    " p.kana_family as family_kana, p.kana_given as given_kana, p.birth_date, p.sort_key"
)
_PEOPLE = (
    "(select distinct id from ({source}) s) f join person p on p.id = f.id and p.board_id = :board"
    " and p.withdrawn_at is null and p.merged_into is null and (:words = '' or strpos(p.search, :words) > 0)"
)

_PUPIL_VISIBLE = f"""
(not exists ({_KEPT.format("{0}")} and cast(:person as uuid) = any (k.confidential_from))
 and (exists (select from enrolment_period v where v.board_id = :board and v.subject_id = {{0}}
              and v.school_id = any(cast(:schools as uuid[])) and {_FROM_TODAY.format("v")})
      or (:whole_board and not exists ({_KEPT.format("{0}")}))
      or (:named and exists ({_KEPT.format("{0}")}))))
"""

_PUPILS = f"""
select {_CARD}, at.school_id, s.short_name as school_name, home.class_id, c.name as class_name, home.number, at.grade,
       coalesce(home.class_id = any(cast(:classes as uuid[])), false) as mine
from {_PEOPLE}
cross join lateral (select e.school_id, e.grade from enrolment_period e where e.board_id = :board
                    and e.subject_id = p.id and {_FROM_TODAY.format("e")} order by e.valid limit 1) at
left join lateral (select m.class_id, m.number from membership_period m where m.board_id = :board
                   and m.subject_id = p.id and m.kind = 'home' and {_FROM_TODAY.format("m")}
                   order by m.valid limit 1) home on true
left join organisation c on c.board_id = :board and c.id = home.class_id
left join organisation s on s.board_id = :board and s.id = at.school_id
where {_PUPIL_VISIBLE.format("p.id")}
  and (cast(:class_name as text) is null or c.name = :class_name)
  and (cast(:number as integer) is null or home.number = :number)
order by {{order}} limit :rows
"""  # noqa: S608 (constants)

_STAFF = f"""
select {_CARD}, null::uuid as school_id, duties.schools as school_name, null::uuid as class_id, null as class_name,
       null::integer as number, null as grade, false as mine, duties.kinds as of
from {_PEOPLE}
cross join lateral (select string_agg(distinct o.short_name, '・') as schools, string_agg(distinct d.kind, ',') as kinds
                    from duty_period d join organisation o on o.board_id = :board and o.id = d.organisation_id
                    where d.board_id = :board and d.subject_id = p.id and {_FROM_TODAY.format("d")}
                    and (:whole_board or d.organisation_id = any(cast(:schools as uuid[])))) duties
where duties.kinds is not null
order by p.sort_key, p.id limit :rows
"""  # noqa: S608 (constants)
_AT_SCHOOLS = (
    "select d.subject_id as id from duty_period d where d.board_id = :board"  # noqa: S608
    f" and d.organisation_id = any(cast(:among as uuid[])) and {_FROM_TODAY.format('d')}"
)

_CHILD_FAMILY = f"""
(not exists ({_KEPT.format("{0}")} and cast(:person as uuid) = any (k.confidential_from))
 and (exists (select from enrolment_period v where v.board_id = :board and v.subject_id = {{0}}
              and v.school_id = any(cast(:families as uuid[])) and {_FROM_TODAY.format("v")})
      or (exists (select from enrolment_period v where v.board_id = :board and v.subject_id = {{0}}
                  and v.school_id = any(cast(:schools as uuid[])) and {_FROM_TODAY.format("v")})
          and exists (select from membership_period w where w.board_id = :board and w.subject_id = {{0}}
                      and w.class_id = any(cast(:classes as uuid[])) and w.voided_at is null
                      and w.valid @> cast(:today as date)))
      or (:whole_board and not exists ({_KEPT.format("{0}")}))
      or (:named and exists ({_KEPT.format("{0}")}))))
"""  # noqa: S608 (constants)
_TIES = (
    f"guardianship_period g where g.board_id = :board and g.guardian_id = p.id and {_FROM_TODAY.format('g')}"
)
_GUARDIANS = f"""
select {_CARD}, null::uuid as school_id, null as school_name, null::uuid as class_id, null as class_name,
       null::integer as number, null as grade, false as mine,
       (select string_agg(distinct coalesce(k.common_family, k.legal_family) || ' '
                          || coalesce(k.common_given, k.legal_given), '・')
        from {_TIES.replace(" where ", " join person k on k.board_id = :board and k.id = g.subject_id where ")}
        and {_PUPIL_VISIBLE.format("g.subject_id")}) as of
from {_PEOPLE}
where exists (select from {_TIES} and {_CHILD_FAMILY.format("g.subject_id")})
  and not exists (select from {_TIES} and exists ({_KEPT.format("g.subject_id")})
                  and not {_PUPIL_VISIBLE.format("g.subject_id")})
order by p.sort_key, p.id limit :rows
"""  # noqa: S608 (constants)
_OF_FAMILIES = (
    "select g.guardian_id as id from guardianship_period g"  # noqa: S608
    f" join enrolment_period e on e.board_id = :board and e.subject_id = g.subject_id and {_FROM_TODAY.format('e')}"
    f" where g.board_id = :board and e.school_id = any(cast(:among as uuid[])) and {_FROM_TODAY.format('g')}"
)

_BEGINS = " or ".join(f"starts_with(coalesce(p.find_{n}, ''), :words)" for n in (1, 2, 3, 4))
_BY_NAME = f"mine desc, ({_BEGINS}) desc, sort_key, p.id"
_BY_SEAT = "at.grade, c.name, home.number nulls last, sort_key, p.id"

_QUERIES = {
    ("pupil", source): Statement(_PUPILS.format(source=sql, order=order))
    for source, sql, order in (
        ("schools", _OF_SCHOOLS, _BY_NAME),
        ("seats", _OF_SCHOOLS, _BY_SEAT),
        ("class", _OF_CLASS, _BY_SEAT),
        ("words", _BY_WORD, _BY_NAME),
    )
} | {
    ("staff", "schools"): Statement(_STAFF.format(source=_AT_SCHOOLS)),
    ("staff", "words"): Statement(_STAFF.format(source=_BY_WORD)),
    ("guardian", "schools"): Statement(_GUARDIANS.format(source=_OF_FAMILIES)),
    ("guardian", "words"): Statement(_GUARDIANS.format(source=_BY_WORD)),
}


async def find(
    session: AsyncSession,
    board: UUID,
    reach: Reach,
    hat: str,
    what: Wanted,
    today: date,
    *,
    school: UUID | None = None,
    class_id: UUID | None = None,
    rows: int,
) -> list[Found]:
    """People of one kind whom the asker may see; one more than ``rows`` when there are more."""
    among = [school] if school is not None else chosen(reach.schools)
    if class_id is not None and hat == "pupil":
        source = "class"
    elif school is not None or (not reach.whole_board and not reach.named):
        source = "seats" if hat == "pupil" and what.nothing else "schools"
    elif what.words:
        source = "words"
    else:
        source, among = "schools", await _schools(session, board)
    values: dict[str, Any] = {
        "board": board,
        "today": today,
        "person": reach.person,
        "schools": chosen(reach.schools),
        "families": chosen(reach.families),
        "classes": chosen(reach.classes),
        "whole_board": reach.whole_board,
        "named": reach.named,
        "among": among,
        "class_id": class_id,
        "class_name": what.class_name,
        "number": what.number,
        "words": what.words,
        "words_end": what.words + _LAST,
        "candidates": CANDIDATES,
        "rows": rows + 1,
    }
    return [_found(hat, row) for row in await _QUERIES[hat, source].all(session, values)]


def _found(hat: str, row: Row) -> Found:
    return Found(
        id=row["id"],
        hat=hat,
        family=row["family"],
        given=row["given"],
        family_kana=row["family_kana"],
        given_kana=row["given_kana"],
        birth_date=row["birth_date"] if hat == "pupil" else None,
        school=row["school_id"],
        school_name=row["school_name"],
        class_id=row["class_id"],
        class_name=row["class_name"],
        number=row["number"],
        grade=row["grade"],
        mine=row["mine"],
        of=row.get("of"),
    )


_HAS_CLASS = Statement(
    "select id from organisation where board_id = :board and kind = 'class' and name = :name and school_year = :year"
    " and until is null and (cast(:school as uuid) is null or school_id = cast(:school as uuid))"
    " and (:whole_board or school_id = any(cast(:schools as uuid[]))) limit 1"
)


async def has_class(
    session: AsyncSession, board: UUID, reach: Reach, name: str, today: date, school: UUID | None
) -> bool:
    """Whether a school whose lists the asker may open (or that one) has a class of that name this year."""
    values = {
        "board": board,
        "name": name,
        "year": school_year(today),
        "school": school,
        "whole_board": reach.whole_board,
        "schools": chosen(reach.schools),
    }
    return bool(await _HAS_CLASS.all(session, values))


_ALL_SCHOOLS = Statement(
    "select id from organisation where board_id = :board and school_id = id and until is null order by id"
)


async def _schools(session: AsyncSession, board: UUID) -> list[UUID]:
    return [row["id"] for row in await _ALL_SCHOOLS.all(session, {"board": board})]


@dataclass(frozen=True)
class Place:
    """A school or class to choose a list by."""

    id: UUID
    name: str
    grade: str | None
    of: UUID
    """Its school."""


_PLACES = Statement(
    "select id, name, grade, school_id from organisation where board_id = :board and until is null and"
    " ((school_id = id and (:whole_board or id = any(cast(:schools as uuid[]))))"
    "  or (kind = 'class' and school_year = :year and school_id = cast(:school as uuid)))"
    " order by kind = 'class', grade nulls last, name, id"
)


async def places(
    session: AsyncSession, board: UUID, reach: Reach, school: UUID | None, today: date
) -> tuple[list[Place], list[Place]]:
    """The schools whose lists the asker may open, and the classes of one of them (the first, if none is named)."""
    values = {
        "board": board,
        "schools": chosen(reach.schools),
        "whole_board": reach.whole_board,
        "year": school_year(today),
        "school": school,
    }
    rows = [
        Place(row["id"], row["name"], row["grade"], row["school_id"])
        for row in await _PLACES.all(session, values)
    ]
    schools = [each for each in rows if each.of == each.id]
    if school is None and schools:
        return await places(session, board, reach, schools[0].id, today)
    mine = {each.id for each in schools}
    return schools, [each for each in rows if each.of != each.id and each.of in mine]
