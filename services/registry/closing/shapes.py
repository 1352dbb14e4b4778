"""What goes over HTTP about a closed month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import Named
from services.registry.closing import looking, rules
from services.registry.closing.looking import Look
from services.registry.closing.store import Done
from services.registry.register.rules import ClassYear
from shared.contracts.registry import CORRECTION_WORDS

_REASONS: Mapping[str, str] = dict(CORRECTION_WORDS.items())


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeenIn(_Body):
    """Closing and checking: what stood on the sheet that was seen."""

    seen: str = Field(min_length=1, max_length=64, description="digest of the sheet's closing")


class ReturnIn(_Body):
    """Sending a month back."""

    revision: int = Field(ge=1, description="Of the month, as it was seen.")
    sentence: str = Field(
        min_length=1, max_length=rules.MOST_SENTENCE, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$"
    )


class DoneOut(BaseModel):
    """Somebody's step."""

    by: PersonOut
    at: datetime
    sentence: str | None = None

    @classmethod
    def of(cls, done: Done | None) -> Self | None:
        """A step of the store."""
        if done is None:
            return None
        by = PersonOut(
            id=done.by.id, family=done.by.family, given=done.by.given, family_kana=None, given_kana=None
        )
        return cls(by=by, at=done.at, sentence=done.sentence)


class OpenOut(BaseModel):
    """What keeps the month from being closed."""

    what: Literal["unrecorded", "contradiction", "unplanned", "ahead"]
    pupil: UUID | None
    """A child of the sheet."""
    on: date | None


class CorrectionOut(BaseModel):
    """A correction after the closing: both values."""

    pupil: PersonOut
    on: date
    before: str
    after: str
    reason: str
    reason_text: str | None
    by: PersonOut
    at: datetime


class ChangedOut(BaseModel):
    """Days that came to count as something else without a correction."""

    pupils: list[PersonOut]
    on: date
    before: str
    now: str
    why: str


class ClosingOut(BaseModel):
    """How a month stands."""

    state: Literal["open", "closed", "checked", "returned"]
    revision: int
    digest: str
    closed: DoneOut | None
    checked: DoneOut | None
    current: bool
    """Nothing has changed since the check; false: it must be repeated."""
    returned: DoneOut | None
    open: list[OpenOut]
    unconfirmed: list[date]
    corrections: list[CorrectionOut]
    changed: list[ChangedOut]
    own: bool
    """The asker closed it: somebody else checks."""
    may: list[Literal["close", "check", "return"]]
    """What the asker may do now."""


def closing_out(
    found: Look, of: ClassYear, named: Mapping[UUID, Named], may: frozenset[str], asker: UUID | None
) -> ClosingOut:
    """A month's closing as it goes over HTTP."""

    def person(id_: UUID) -> PersonOut:
        return PersonOut.of(id_, named.get(id_) or Named("", "", None, None))

    state = found.standing.state
    acts: list[Literal["close", "check", "return"]] = []
    if "CloseMonth" in may and rules.why_not("close", state, found.current) is None:
        acts.append("close")
    if "CheckMonth" in may and found.standing.is_closed:
        if rules.why_not("check", state, found.current, own=found.closed_by(asker)) is None:
            acts.append("check")
        acts.append("return")
    groups: dict[tuple[date, str, str, rules.Why], list[UUID]] = {}
    for each in found.changed:
        key = (each.on, looking.told(each.before), looking.told(each.now), each.why)
        groups.setdefault(key, []).append(each.pupil)
    return ClosingOut(
        state=state or "open",
        revision=found.standing.revision,
        digest=found.digest,
        closed=DoneOut.of(found.closed),
        checked=DoneOut.of(found.checked),
        current=found.current,
        returned=DoneOut.of(found.returned),
        open=[OpenOut(what=each.what, pupil=each.pupil, on=each.on) for each in found.open],
        unconfirmed=found.unconfirmed,
        corrections=[
            CorrectionOut(
                pupil=person(each.pupil),
                on=each.on,
                before=looking.word(of, each.on, each.before, beside=each.beside),
                after=looking.word(of, each.on, each.after, beside=each.beside),
                reason=_REASONS.get(each.reason, each.reason),
                reason_text=each.reason_text,
                by=person(each.by),
                at=each.at,
            )
            for each in found.corrections
        ],
        changed=[
            ChangedOut(pupils=list(map(person, pupils)), on=on, before=before, now=now, why=looking.WHY[why])
            for (on, before, now, why), pupils in groups.items()
        ],
        own=found.closed_by(asker),
        may=acts,
    )


class StepOut(BaseModel):
    """The answer to a step."""

    state: Literal["closed", "checked", "returned"]
    revision: int
