"""Rows of 新入学 for children who are at one of the board's schools already: they go on by 年度更新.

Every first grader of a junior high school has a row, and most are here under another source's number. A name and a
birth date join no two cards, and make none either: the row is held back, and a person says who it is. A protected
child's row is read like a stranger's: no answer depends on a child that the asker must not know of (decisions/0011).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.gakureibo.entries import Entry, Read
from services.registry.oneroster.problems import Problems
from services.registry.roster.kana import search_text
from shared.database import Statement
from shared.dates import school_year_bounds

# Whole names and readings as search shadows them, from each row by the index of birth dates.
_HERE = Statement(
    """
select n.number from jsonb_to_recordset(cast(:news as jsonb)) as n(number text, born date, names text[])
where exists (
    select from person p where p.board_id = :board and p.birth_date = n.born
    and p.withdrawn_at is null and p.merged_into is null and string_to_array(p.search, chr(10)) && n.names
    and exists (select from enrolment_period e where e.board_id = :board and e.subject_id = p.id
                and e.voided_at is null and e.valid && daterange(:since, :until, '[]'))
    and not exists (select from protection_period k where k.board_id = :board and k.subject_id = p.id
                    and k.voided_at is null and coalesce(upper(k.valid), 'infinity') > cast(:today as date))
)
"""
)


async def held_back(
    session: AsyncSession,
    board: UUID,
    read: Read,
    known: Collection[str],
    today: date,
    told: tuple[str, Problems],
) -> Read:
    """What is read, without those who are here under another number: their lines are told. ``told``: file, notes."""
    new = [each for each in read.entries if not each.arrives and each.number not in known]
    if not new:
        return read
    eve = school_year_bounds(read.year)[0] - timedelta(days=1)
    values = {
        "board": board,
        "today": today,
        "since": min(today, eve),
        "until": max(today, eve),
        "news": orjson.dumps([_asked(each) for each in new]).decode(),
    }
    here = {row["number"] for row in await _HERE.all(session, values)}
    file, problems = told
    if there := [each for each in new if each.number in here]:
        words = (
            "市の学校にいる子と氏名かよみと生年月日が同じなので、読みとばしました（その子は年度更新で進みます。"
            f"べつの子なら、転入として届けてください）: {lines_of(there)}"
        )
        problems.note(file, there[0].line, "", words)
    if marked := [each for each in there if each.protected]:
        words = f"読みとばした子のカードで、支援措置の印を付けてください: {lines_of(marked)}"
        problems.note(file, marked[0].line, "", words)
    return replace(read, entries=tuple(each for each in read.entries if each.number not in here))


def _asked(entry: Entry) -> dict[str, object]:
    forms = (entry.name, entry.reading, entry.common, entry.common_reading)
    names = {search_text(*each) for each in forms if each is not None} - {""}
    return {"number": entry.number, "born": entry.birth_date.isoformat(), "names": sorted(names)}


def lines_of(entries: Collection[Entry]) -> str:
    """Lines of a file, those that follow each other together: 2〜5、8行."""
    runs: list[list[int]] = []
    for line in sorted(each.line for each in entries):
        if runs and runs[-1][1] == line - 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return "、".join(str(a) if a == b else f"{a}〜{b}" for a, b in runs) + "行"
