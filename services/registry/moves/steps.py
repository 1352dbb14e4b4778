"""The steps of a move: what is done, what is next, and whose turn it is. Pure.

What comes after what, and who does it: 在学証明書・教科用図書給与証明書 → 受入日の連絡 → 指導要録の写し・健康診断票
(学校教育法施行規則 24, 指導要録 様式1).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from services.registry.moves.rules import Kind

Side = Literal["leaving", "accepting"]
TICKS: Mapping[Side, str] = {"leaving": "TickLeaving", "accepting": "TickAccepting"}
"""The policy's action for a step of that side: a school says what itself has done, never what the other has."""
Step = Literal[
    "announced",
    "placed",
    "enrolment_certificate",
    "textbook_certificate",
    "acceptance_known",
    "enrolment_certificate_received",
    "textbook_certificate_received",
    "acceptance_told",
    "records_sent",
    "records_received",
]

STEPS: Mapping[Kind, tuple[tuple[Step, Side], ...]] = {
    "within": (
        ("announced", "leaving"),
        ("placed", "accepting"),
        ("records_sent", "leaving"),
        ("records_received", "accepting"),
    ),
    "leaving": (
        ("announced", "leaving"),
        ("enrolment_certificate", "leaving"),
        ("textbook_certificate", "leaving"),
        ("acceptance_known", "leaving"),
        ("records_sent", "leaving"),
    ),
    "arriving": (
        ("announced", "accepting"),
        ("placed", "accepting"),
        ("enrolment_certificate_received", "accepting"),
        ("textbook_certificate_received", "accepting"),
        ("acceptance_told", "accepting"),
        ("records_received", "accepting"),
    ),
}

WORDS: Mapping[Step, str] = {
    "announced": "届け出を受ける",
    "placed": "学級を決める",
    "enrolment_certificate": "在学証明書を渡す",
    "textbook_certificate": "教科用図書給与証明書を渡す",
    "acceptance_known": "受け入れた日の連絡をもらう",
    "enrolment_certificate_received": "在学証明書を受け取る",
    "textbook_certificate_received": "教科用図書給与証明書を受け取る",
    "acceptance_told": "受け入れた日を前の学校に知らせる",
    "records_sent": "指導要録の写し・健康診断票を送る",
    "records_received": "指導要録の写し・健康診断票を受け取る",
}

BY_HAND: frozenset[Step] = frozenset(
    {
        "enrolment_certificate_received",
        "textbook_certificate_received",
        "acceptance_told",
        "records_sent",
        "records_received",
    }
)
"""Steps that somebody ticks; all others follow from what was done."""

PAPERS: frozenset[Step] = frozenset({"enrolment_certificate_received", "textbook_certificate_received"})


class Done(NamedTuple):
    """When a step was done, and by whom."""

    on: date
    by: UUID


class StepIs(NamedTuple):
    """A step of a move as it stands."""

    step: Step
    side: Side
    done: Done | None


def steps_of(kind: Kind, done: Mapping[Step, Done]) -> list[StepIs]:
    """All steps of a move, in order."""
    return [StepIs(step, side, done.get(step)) for step, side in STEPS[kind]]


def side_of(kind: Kind, step: Step) -> Side | None:
    """Who ticks a step of such a move; None when it has no such step, or one that follows from what was done."""
    return next((side for each, side in STEPS[kind] if each == step), None) if step in BY_HAND else None


def turn(steps: Collection[StepIs]) -> StepIs | None:
    """What is next; None when everything is done."""
    return next((each for each in steps if each.done is None), None)


def provisional(steps: Collection[StepIs]) -> bool:
    """Whether the pupil was accepted without the papers of the former school (仮の受け入れ)."""
    return any(each.step in PAPERS and each.done is None for each in steps)
