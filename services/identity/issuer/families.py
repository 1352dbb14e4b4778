"""Guardians on the list of people to sign in as, and whose guardians they are.

A child on whom a protection mark runs is on no list (decisions.md §4), and this one has no asker at all: whoever is
only its guardian is found by their own name, and nothing says whose they are.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.issuer.people import FLAT, Choice, Tie, folded, guardian
from services.identity.issuer.store import person_of

_OPEN = """
select g.guardian_id, g.pupil_id, g.relation, g.tells, m.class_id, m.number,
       p.family || ' ' || p.given as pupil, coalesce(p.kana, '') as pupil_kana,
       coalesce(o.name, '') as class_name, coalesce(o.grade, '') as grade, coalesce(s.name, '') as school
from copy.guardian g
join copy.person p on p.id = g.pupil_id and p.family is not null
join copy.family_set f on f.pupil_id = g.pupil_id
left join copy.place e on e.pupil_id = g.pupil_id and e.class_id is null
    and e.since <= :today and (e.until is null or e.until > :today)
left join copy.place m on m.pupil_id = g.pupil_id and m.class_id is not null and m.school_id = e.school_id
    and m.since <= :today and (m.until is null or m.until > :today)
left join copy.organisation o on o.id = m.class_id
left join copy.organisation s on s.id = e.school_id
where g.board_id = :board and g.acts and g.since <= :today and (g.until is null or g.until > :today)
and not exists (select from jsonb_to_recordset(f.protections) as mark(since date, until date)
                where mark.since <= :today and (mark.until is null or mark.until > :today))
"""
_FLAT = "translate(lower(normalize({}, nfkc)), :flat || ' ' || :gone, :as)"
_CHILD = "concat_ws(chr(10), '保護者', t.pupil, t.pupil_kana, t.school, t.class_name, t.number || '番')"
_FOUND = text(
    f"""
with tie as materialized ({_OPEN}),
shown as (  -- all words are about the guardian and one child: not 第一小 of one and 2年1組 of another
    select a.id, a.person, p.family, p.given, p.kana, p.sort_key, t.school, t.grade, t.class_name, t.number,
        {_FLAT.format("concat_ws(chr(10), p.family || p.given, p.kana)")} as own,
        {_FLAT.format(_CHILD)} as of
    from account a join copy.person p on p.id = a.person left join tie t on t.guardian_id = a.person
    where a.board_id = :board and 'guardian' = any (a.kinds) and p.family is not null
), found as (
    select distinct on (s.id) s.*,
        exists (select from unnest(cast(:words as text[])) as word where strpos(s.own, word) = 0) as by_child
    from shown s
    where not exists (select from unnest(cast(:words as text[])) as word
                      where strpos(s.own, word) = 0 and strpos(s.of, word) = 0)
    order by s.id, s.school, s.grade, s.class_name, s.number
)
select f.id, f.family, f.given, f.kana, f.sort_key, null as duties, coalesce((
    select json_agg(json_build_object('pupil', t.pupil, 'relation', t.relation, 'school', t.school,
        'class_name', t.class_name, 'number', t.number) order by t.grade desc, t.class_name, t.number, t.pupil)
    from tie t where t.guardian_id = f.person), '[]') as ties
from found f
order by f.by_child, f.school, f.grade, f.class_name, f.number, f.sort_key, f.id
limit :most
"""  # noqa: S608 (constants)
)
_OF_CLASS = text(
    f"""
with tie as ({_OPEN})
select a.id, p.family, p.given, p.kana, p.sort_key, null as duties,
    json_build_array(json_build_object('pupil', t.pupil, 'relation', t.relation, 'school', '',
        'class_name', t.class_name, 'number', t.number)) as ties
from tie t join account a on a.person = t.guardian_id and a.board_id = :board and 'guardian' = any (a.kinds)
join copy.person p on p.id = t.guardian_id and p.family is not null
where t.class_id = :class and t.tells
order by t.number, t.pupil_id, t.relation <> 'mother', p.sort_key, a.id limit 1
"""  # noqa: S608 (constants)
)
_KEPT = {one: other for one, other in FLAT.items() if other}
_FLATTENING = {
    "flat": "".join(_KEPT),
    "gone": "".join(one for one, other in FLAT.items() if not other),
    "as": "".join(_KEPT.values()),
}
"""The same as :func:`people.folded`, for ``translate``: what has no counterpart goes."""
_TIES = TypeAdapter(list[Tie])


async def guardians(
    session: AsyncSession, board: UUID, query: str, today: date, most: int
) -> list[tuple[UUID, Choice]]:
    """(board, guardian) of whom every word of ``query`` says something: their names, their children's names, schools,
    classes and numbers. Whose own name it is first."""
    words = [folded(word) for word in query.split()]
    values = {"board": board, "words": words, "today": today, "most": most, **_FLATTENING}
    rows = await session.execute(_FOUND, values)
    return [(board, guardian(person_of(row), _TIES.validate_python(row.ties))) for row in rows]


async def of_class(session: AsyncSession, board: UUID, class_id: UUID, today: date) -> Choice | None:
    """A guardian who may tell an absence of the first child of a class."""
    row = (
        await session.execute(_OF_CLASS, {"board": board, "class": class_id, "today": today})
    ).one_or_none()
    return None if row is None else guardian(person_of(row), _TIES.validate_python(row.ties))
