"""What goes over HTTP about imports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.imports import store, uploads
from services.registry.imports.uploads import File, Upload

MAX_FILES = 40
"""A roster has about a dozen."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FileIn(_Body):
    """A file that will be sent."""

    name: str = Field(max_length=120)
    bytes: int = Field(ge=0)


class UploadIn(_Body):
    """What somebody is about to send: one zip, or the CSV files with companion.json."""

    school: UUID | None = Field(default=None, description="Only this school's roster; null: the board's.")
    mapping: UUID | None = Field(
        default=None,
        description="It is one CSV file, a 学齢簿, to be read with this mapping (the board's alone).",
    )
    school_year: int | None = Field(
        default=None, ge=2000, le=2097, description="Of whom a 学齢簿 is taken; null: of the only year in it."
    )
    files: list[FileIn] = Field(max_length=MAX_FILES)


class ApplyIn(_Body):
    """Make true what was shown."""

    preview: str = Field(max_length=64, description="Of the answer that showed it.")
    confirm_losses: bool = False


class Nothing(_Body):
    """A command without content."""


class ScopeOut(BaseModel):
    """What may be imported: the board's roster (``school`` null), or a school's."""

    school: UUID | None
    name: str


class FileOut(BaseModel):
    """A file of an upload."""

    name: str
    bytes: int
    received: bool


class UploadOut(BaseModel):
    """A package that was brought. ``found`` depends on ``state``."""

    id: UUID
    school: UUID | None
    school_name: str | None
    state: uploads.State
    by: str
    made_at: datetime
    files: list[FileOut]
    found: dict[str, Any]
    preview: str | None
    anew: bool
    stopped: str | None
    run: int | None
    register_: bool = Field(alias="register", description="A 学齢簿, no OneRoster package.")

    @classmethod
    def of(cls, upload: Upload, files: list[File], name: str | None) -> Self:
        """As it is told; who is guarded is not."""
        return cls(
            id=upload.id,
            school=upload.school,
            school_name=name,
            state=upload.state,
            by=upload.by_name,
            made_at=upload.made_at,
            files=[FileOut(**file._asdict()) for file in files],
            found={key: value for key, value in upload.found.items() if key != "guard"},
            preview=upload.preview,
            anew=upload.anew,
            stopped=upload.stopped,
            run=upload.run,
            register=upload.mapping is not None,
        )


class RowsOut(BaseModel):
    """A page of problems, notes or changes; ``next`` asks for the one after it."""

    rows: list[dict[str, Any]]
    hidden: int = 0
    """Changes about protected children that are not shown to the one who asks."""
    next: str | None


def _who(said: str) -> str:
    """Whoever began it, in words: the command line has no name of a person."""
    return {"importer": "管理のコマンド", "tsumugi-cli": "管理のコマンド"}.get(said, said)


class RunOut(BaseModel):
    """A run."""

    run: int
    school: UUID | None
    school_name: str | None
    state: store.State
    working: bool
    """Whether a process works on it, or is about to."""
    stopped: str | None
    mapping: str | None
    """With which mapping a 学齢簿 was read; null: it was a OneRoster package."""
    school_year: int
    as_of: date
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    reverted_by: str | None
    reverted_at: datetime | None
    parts: int
    parts_done: int
    part: str | None
    """What was done last."""
    waiting: str | None
    """Whose copies are waited for."""
    events: int
    counts: dict[str, list[int]]
    schools: list[dict[str, Any]]
    """What happened at each school, as its preview said; in lists of runs left out."""
    confirmed_losses: bool

    @classmethod
    def of(
        cls,
        run: store.Run,
        told: Mapping[str, Any],
        *,
        working: bool,
        name: str | None = None,
        whole: bool = False,
    ) -> Self:
        """As it is told. ``told``: what the process that works on it said last."""
        behind = told.get("waiting") or []
        return cls(
            run=run.number,
            school=run.school,
            school_name=name,
            state=run.state,
            working=working or run.wish is not None,
            stopped=run.stopped,
            mapping=run.counts.get("mapping"),
            school_year=run.school_year,
            as_of=run.as_of,
            started_by=_who(run.started_by),
            started_at=run.started_at,
            finished_at=run.finished_at,
            reverted_by=None if run.reverted_by is None else _who(run.reverted_by),
            reverted_at=run.reverted_at,
            parts=max(run.parts, told.get("parts", 0)) if run.state == "reverting" else run.parts,
            parts_done=told.get("part", 0) if run.state == "reverting" else run.parts_done,
            part=told.get("school"),
            waiting=behind[0]["reader"] if behind else None,
            events=run.events,
            counts=run.counts.get("counts", {}),
            schools=run.counts.get("schools", []) if whole else [],
            confirmed_losses=run.confirmed_losses,
        )


class ImportsOut(BaseModel):
    """Everything about imports that the one who asks may know."""

    scopes: list[ScopeOut]
    uploads: list[UploadOut]
    runs: list[RunOut]
    next: int | None
    """Older runs are before this number."""


class DependentOut(BaseModel):
    """What keeps a run from being taken back."""

    what: str
    number: int


class RevertOut(BaseModel):
    """Whether a run can be taken back, and what that would touch."""

    may: bool
    people: int
    organisations: int
    dependents: list[DependentOut]
    why: str | None


class Done(BaseModel):
    """A command was taken."""

    state: Literal["taken"] = "taken"
