"""Where a relation was read, so that a conflict found later still names its cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from services.registry.oneroster import companion
from services.registry.oneroster.problems import Problems


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
    part: BaseModel

    def place(self) -> str:
        """Where it is, for messages about another place."""
        return f"{companion.FILE} {self.path}"

    def refuse(self, problems: Problems, column: str, rule: str, remedy: str) -> None:
        """Note a problem of one of its values."""
        value = self.part.model_dump(mode="json", by_alias=True).get(column)
        problems.add(
            companion.FILE, None, f"{self.path}/{column}", "" if value is None else str(value), rule, remedy
        )
