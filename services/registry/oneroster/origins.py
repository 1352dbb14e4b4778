"""Where a relation was read, so that a conflict found later still names its cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from services.registry.oneroster import companion
from services.registry.oneroster.problems import Problems

_SPELT = {"from": "first", "to": "last", "class": "class_id"}
"""Members whose name in the file is a word of Python's."""


class Origin(Protocol):
    """A CSV row or a place in companion.json."""

    def place(self) -> str:
        """Where it is, for messages about another place."""
        ...

    def refuse(self, problems: Problems, column: str, rule: str, remedy: str) -> None:
        """Note a problem of one of its values."""
        ...


@dataclass(frozen=True, slots=True)
class Pointer:
    """A part of companion.json; columns are JSON Pointers (RFC 6901)."""

    path: str
    part: Any

    def place(self) -> str:
        """Where it is, for messages about another place."""
        return f"{companion.FILE} {self.path}"

    def refuse(self, problems: Problems, column: str, rule: str, remedy: str) -> None:
        """Note a problem of one of its values."""
        value = getattr(self.part, _SPELT.get(column, column), None)
        problems.add(
            companion.FILE, None, f"{self.path}/{column}", "" if value is None else str(value), rule, remedy
        )
