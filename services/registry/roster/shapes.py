"""Places as answers of the API write them: the shapes that screens share."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel


class PlaceOut(BaseModel):
    """A school."""

    id: UUID
    name: str


class ClassOut(BaseModel):
    """A class."""

    id: UUID
    name: str
    grade: str | None
    special_needs: bool
