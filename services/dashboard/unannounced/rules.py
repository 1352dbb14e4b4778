"""What a call to a family may come to, and what that does to the list. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.contracts.registry import RELATION_WORDS

Outcome = Literal["no_answer", "left_word", "left_home"]

OUTCOME_WORDS: dict[Outcome, str] = {
    "no_answer": "つながらない",
    "left_word": "留守番電話に残した",
    "left_home": "「家は出た」とのこと",
}
"""What leaves a child on the list. What takes it off is said where it belongs: a notice, or a mark of the roll."""

KEPT_DAYS = 400
"""How long calls are kept: a school year, and the weeks in which it is closed."""


@dataclass(frozen=True)
class Claim:
    """Who is calling a child's family, since when."""

    by: UUID
    at: datetime


def relation_word(relation: str | None) -> str | None:
    """「母」; one that a source has brought is shown as it came."""
    return relation and RELATION_WORDS.get(relation, relation)


def may_claim(standing: Claim | None, seen: UUID | None, who: UUID) -> bool:
    """Whether ``who`` takes the call on: nobody has it, it is theirs already, or it is with whom they saw it with.

    Somebody who was called away is stood in for; two who press at the same moment do not both call.
    """
    return standing is None or standing.by == who or standing.by == seen


def present_codes(symbols: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
    """The board's marks for 「登校していた」 and 「遅れて来た」; None where its list has none."""
    there = [each for each in symbols if each["presence"] == "present" and not each["early"]]
    here = next((str(each["code"]) for each in there if not each["late"]), None)
    late = next((str(each["code"]) for each in there if each["late"]), None)
    return {"present": here, "late": late}
