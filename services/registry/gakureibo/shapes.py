"""What goes over HTTP about the mappings of a 学齢簿."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints

from services.registry.gakureibo.mapping import Does, Heading, Item, Mapping

HEAD = 512 * 1024
"""Bytes of a file's beginning that are enough to tell what its columns are."""
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ItemOut(BaseModel):
    """Something that is taken from a 学齢簿."""

    item: Item
    word: str
    needed: bool


class SchoolOut(BaseModel):
    """A school that a row may name."""

    id: UUID
    name: str


class MappingOut(BaseModel):
    """A mapping as it was saved last."""

    id: UUID
    name: str
    revision: int
    content: Mapping
    saved_at: datetime
    saved_by: str


class MappingsOut(BaseModel):
    """What there is to choose from."""

    items: list[ItemOut]
    schools: list[SchoolOut]
    mappings: list[MappingOut]
    years: list[int]
    """School years of which children may be taken."""


class SaveIn(_Body):
    """A mapping under a name; ``seen`` is the revision it was made from, 0 for a new name."""

    name: Name
    seen: int = Field(ge=0)
    content: Mapping


class RemoveIn(_Body):
    """The revision that was on the screen."""

    seen: int = Field(ge=1)


class RemovedOut(BaseModel):
    """What was removed."""

    id: UUID


class LookIn(_Body):
    """The beginning of a file, and which columns are known of it already."""

    file: str = Field(max_length=120)
    head: Base64Bytes = Field(
        max_length=HEAD * 4 // 3 + 16, description="The file's first bytes, whole lines, base64."
    )
    school: Heading | None = None
    reason: Heading | None = None


class ColumnOut(BaseModel):
    """A column of the file."""

    heading: str
    examples: list[str]
    item: Item | None
    """What it is by its heading."""


class SchoolWord(BaseModel):
    """How the file writes a school, and which one that is; ``school`` null: nobody knows."""

    word: str
    school: UUID | None


class ReasonWord(BaseModel):
    """A reason that the file has, and what is done with it; ``does`` null: nobody has said."""

    word: str
    does: Does | None


class LookOut(BaseModel):
    """What can be told of a file by its beginning."""

    columns: list[ColumnOut]
    schools: list[SchoolWord]
    reasons: list[ReasonWord]
