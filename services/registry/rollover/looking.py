"""A dry run in a process of its own: looked at, or made a run of.

What it waits for stands in its state, so that it can be killed at any point and done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.registry.bulk import locks
from services.registry.bulk.locks import Of
from services.registry.oneroster.importing import ACTOR
from services.registry.rollover import applying, looks
from services.registry.rollover.applying import Busy, TooLate, Unfinished
from services.registry.rollover.looks import Look
from services.registry.rollover.previewing import Preview, Tell, preview
from services.registry.rollover.rules import Consequences, Year, surprises
from services.registry.rollover.store import School
from shared.database import Moved, Scope, Units

CHANGED = "ほかの人が同時に名簿を変えています。少し待って、もう一度適用してください。"


async def work_on(units: Units, board: UUID, id_: UUID, tell: Tell) -> None:
    """Do what the dry run waits for; nothing when it waits for nothing. Raises :class:`Busy` when another does."""
    async with units.read(Scope(board)) as alone:
        if not await locks.alone(alone, Of.LOOK, id_):
            raise Busy
        async with units.read(Scope(board)) as session:
            look = await looks.look(session, board, id_)
            begun = await looks.number_of(session, board, id_)
        if look is None or look.state not in looks.WORKED_ON:
            return
        if begun is not None:
            await _begun(units, look, begun)
            return
        planned = await preview(units, board, Year(look.year), tell)
        if look.state == "beginning" and planned.mark == look.preview:
            await _begin(units, look, planned)
        else:
            await _shown(units, look, planned)


async def _begin(units: Units, look: Look, planned: Preview) -> None:
    try:
        run = await applying.begin(units, planned, look.board, actor=ACTOR, by=look.by_name, look=look.id)
    except Unfinished as error:
        words = f"年度更新 {error.run.number} が途中です。終わってから、もう一度適用してください。"
        await _shown(units, look, planned, words)
    except TooLate as error:
        await _shown(units, look, planned, str(error))
    except Moved:
        await _shown(units, look, planned, CHANGED)
    else:
        await _begun(units, look, run.number)


async def _shown(units: Units, look: Look, planned: Preview, stopped: str | None = None) -> None:
    """Show what it would do: for the first time, or anew because it is no longer what was shown."""
    anew = look.preview not in (None, planned.mark)
    async with units.work(Scope(look.board), actor=ACTOR) as work:
        await looks.become(
            work, look, "ready", found=told(planned), preview=planned.mark, anew=anew, stopped=stopped
        )


async def _begun(units: Units, look: Look, number: int) -> None:
    async with units.work(Scope(look.board), actor=ACTOR) as work:
        await looks.become(work, look, "begun", run=number)


def told(planned: Preview) -> dict[str, Any]:
    """A dry run in numbers, by school; with what hardly anybody wants, to be confirmed by itself."""
    names = {school.id: school.name for school, _ in planned.schools}
    return {
        "schools": [
            numbers(school, counted, names, planned.city.classes(school.id))
            for school, counted in planned.schools
        ],
        "total": _counts(planned.total()),
        "surprises": [
            {"school": str(school.id), "name": school.name, **each._asdict()}
            for school, counted in planned.schools
            for each in surprises(counted)
        ],
    }


def numbers(
    school: School, counted: Consequences, names: Mapping[UUID, str], classes: int | None
) -> dict[str, Any]:
    """What it does to a school; ``classes``: of its plan, None while it has none."""
    return {
        "school": str(school.id),
        "name": school.name,
        "classes": classes,
        "to": _of_schools(counted.to, names),
        "coming": _of_schools(counted.coming, names),
        **_counts(counted),
    }


def _of_schools(numbers: Mapping[UUID, int], names: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """Of other schools, the largest number first."""
    return [
        {"school": str(each), "name": names.get(each, "―"), "number": number}
        for each, number in sorted(numbers.items(), key=lambda item: (-item[1], str(item[0])))
    ]


def _counts(counted: Consequences) -> dict[str, Any]:
    return {
        "became": dict(counted.became),
        "here": counted.here,
        "pupils": counted.pupils,
        "changed": counted.changed,
        "without_class": counted.without_class,
        "without_teacher": counted.without_teacher,
        "exchange": counted.exchange,
        "nowhere": counted.nowhere,
        "lacking": dict(counted.lacking),
    }
