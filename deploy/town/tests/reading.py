"""Generated packages, read: rows by id, snapshots, and a delta laid onto what was before."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from deploy.town.generate import Order, package
from services.registry.oneroster.rules import read_roster
from services.registry.roster.snapshot import RosterSnapshot
from shared.dates import school_year

Files = Mapping[str, bytes]
Rows = dict[str, dict[str, dict[str, str]]]
TODAY = date(2026, 11, 20)
MEMBERS = {
    "schools": "school",
    "departments": "id",
    "duties": "staff",
    "guardianships": "pupil",
    "protections": "pupil",
    "exchanges": "pupil",
    "contacts": "person",
    "calendars": "school",
    "birth_dates": "person",
}


def a_city(seed: int = 1, pupils: int = 300, on: date = TODAY, **more: Any) -> Order:
    """A city's package."""
    return Order(seed, school_year(on), on, pupils, of_a_city=True, **more)


@cache
def files_of(order: Order) -> Files:
    """The package; nobody changes it."""
    return package(order)


@cache
def snapshot_of(order: Order) -> RosterSnapshot:
    """What the importer understands, when it finds nothing wrong."""
    reading = read_roster(files_of(order))
    assert reading.problems == ()
    assert reading.snapshot is not None
    return reading.snapshot


def rows_of(files: Files) -> Rows:
    """Rows by file and sourcedId."""
    return {
        name: {row["sourcedId"]: row for row in csv.DictReader(io.StringIO(content.decode(), newline=""))}
        for name, content in files.items()
        if name.endswith(".csv") and name != "manifest.csv"
    }


def companion_of(files: Files) -> dict[str, Any]:
    """companion.json, every member in one order."""
    told = json.loads(files["companion.json"])
    return {
        name: sorted(value, key=json.dumps) if isinstance(value, list) else value
        for name, value in told.items()
    }


def applied(bulk: Files, delta: Files) -> tuple[Rows, dict[str, Any]]:
    """What a delta makes of a bulk package: rows by sourcedId, parts by the subject they are about."""
    rows = rows_of(bulk)
    for name, changed in rows_of(delta).items():
        for key, row in changed.items():
            assert row["dateLastModified"]
            if row["status"] == "tobedeleted":
                del rows[name][key]
            else:
                assert row["status"] == "active"
                rows[name][key] = {**row, "status": "", "dateLastModified": ""}
    told, news = companion_of(bulk), companion_of(delta)
    for member, subject in MEMBERS.items():
        about = {part[subject] for part in news[member]} | set(news.get("removed", {}).get(member, ()))
        told[member] = [part for part in told[member] if part[subject] not in about] + news[member]
        told[member].sort(key=json.dumps)
    return rows, told
