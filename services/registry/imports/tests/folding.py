"""What a log says in the end, in the source's own ids: equal whatever ids were minted and in how many steps."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.registry.roster.tests.reading import log_of, rows
from shared.database import Scope, Units
from tests.support.databases import Database

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
Fold = dict[tuple[str, str], Any]


async def fold_of(database: Database) -> Fold:
    """(topic, key) → payload of everything that is not a tombstone."""
    return {(row.topic, row.key): row.payload for row in await log_of(database) if row.payload is not None}


async def told(units: Units, board: UUID, database: Database) -> Any:
    """The fold, every id of ours as its source names it."""
    async with units.read(Scope(board)) as session:
        known = await session.execute(
            text("select id, kind, sourced_id from external_id where kind <> 'board'")
        )
        names = {str(row.id): f"{row.kind}:{row.sourced_id}" for row in known}
    names[str(board)] = "the board"

    def named(match: re.Match[str]) -> str:
        return names.get(match[0], "an id of ours")

    fold = await fold_of(database)
    lines = [_UUID.sub(named, json.dumps([*key, payload], sort_keys=True)) for key, payload in fold.items()]
    return sorted(json.dumps(_ordered(json.loads(line)), sort_keys=True) for line in lines)


def _ordered(value: Any) -> Any:
    """Lists of people are sorted by our ids in places: their order means nothing here."""
    if isinstance(value, dict):
        return {name: _ordered(each) for name, each in value.items()}
    if isinstance(value, list):
        return sorted((_ordered(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


async def standing(units: Units, board: UUID) -> list[tuple[Any, ...]]:
    """All periods that stand, without their own ids and who recorded them."""
    found: list[tuple[Any, ...]] = []
    for table, columns in (
        ("enrolment_period", "school_id, grade"),
        ("membership_period", "school_id, class_id, kind, number"),
        ("duty_period", "kind, organisation_id, class_id"),
        ("guardianship_period", "guardian_id, relation, may_notify, may_read, may_contact"),
        ("protection_period", "confidential_from"),
    ):
        statement = (
            f"select '{table}', subject_id, slot, lower(valid), upper(valid), {columns} from {table}"
            " where voided_at is null"
        )
        found += [tuple(row) for row in await rows(units, board, statement)]
    return sorted(found, key=str)
