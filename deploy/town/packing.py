"""What changed between two contents, as a delta package says it."""

from __future__ import annotations

from services.registry.oneroster.packing import SUBJECTS, Content, Part, Row


def difference(before: Content, after: Content, stamp: str) -> Content:
    """What a delta package says: rows that are new, other or gone, and all parts about a subject of whom one changed.

    ``stamp`` is the instant of the change (``dateLastModified``).
    """
    rows: dict[str, list[Row]] = {}
    for name, now in after.rows.items():
        old = {row["sourcedId"]: row for row in before.rows[name]}
        found = [
            {**row, "status": "active", "dateLastModified": stamp}
            for row in now
            if old.pop(row["sourcedId"], None) != row
        ]
        found += [{**row, "status": "tobedeleted", "dateLastModified": stamp} for row in old.values()]
        rows[name] = found
    parts: dict[str, list[Part]] = {}
    removed: dict[str, list[str]] = {}
    for name, now_told in after.parts.items():
        once, now_by = _by_subject(name, before.parts[name]), _by_subject(name, now_told)
        parts[name] = [part for subject, told in now_by.items() if once.get(subject) != told for part in told]
        removed[name] = [subject for subject in once if subject not in now_by]
    return Content(rows, parts, removed)


def _by_subject(name: str, parts: list[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(part[SUBJECTS[name]], []).append(part)
    return found
