"""The checker finds each kind of wrong on its own, so that its silence means something."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from types import SimpleNamespace
from uuid import UUID

import pytest

from tests.histories.checker import Evidence, violations

ONE, OTHER = UUID(int=1), UUID(int=2)
DAY, ANOTHER_DAY = UUID(int=11), UUID(int=12)


def fact(key: UUID, stream: UUID, version: int, position: int, command: str) -> SimpleNamespace:
    return SimpleNamespace(
        key=str(key),
        stream=stream,
        stream_version=version,
        position=position,
        amount=position,
        command=command,
    )


def good() -> Evidence:
    return Evidence(
        acked={"a", "b"},
        unknown={"c", "d"},
        facts=[fact(ONE, DAY, 1, 2, "a"), fact(ONE, DAY, 2, 4, "b"), fact(OTHER, ANOTHER_DAY, 1, 6, "c")],
        states=[
            SimpleNamespace(key=str(ONE), stream_version=2, position=3, amount=4),
            SimpleNamespace(key=str(OTHER), stream_version=1, position=5, amount=6),
        ],
        cards={ONE: (4, 3), OTHER: (6, 5)},
        days={DAY: (4, 2, 4), ANOTHER_DAY: (6, 1, 6)},
        echoed=12,
        whispers=3,
        parked=0,
        topic_facts={str(ONE): [2, 2, 4, 2, 4], str(OTHER): [6]},
        topic_states={str(ONE): 3, str(OTHER): 5},
    )


def test_a_good_history_has_nothing_wrong() -> None:
    assert violations(good()) == []


def swap_versions(evidence: Evidence) -> None:
    evidence.facts[0].stream_version, evidence.facts[1].stream_version = 2, 1


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda e: e.acked.add("z"), "acknowledged and lost"),
        (lambda e: e.unknown.discard("c"), "nobody was told"),
        (lambda e: setattr(e.facts[1], "command", "a"), "done more than once"),
        (swap_versions, "versions are not 1..n"),
        (lambda e: setattr(e.facts[2], "stream_version", 2), "versions are not 1..n"),
        (lambda e: setattr(e.states[0], "stream_version", 3), "states are not"),
        (lambda e: e.cards.pop(ONE), "cards are not the fold"),
        (lambda e: e.days.update({DAY: (2, 1, 2)}), "days are not the fold"),
        (lambda e: setattr(e, "parked", 1), "parked without a reason"),
        (lambda e: setattr(e, "echoed", 14), "missed events or handled some twice"),
        (lambda e: setattr(e, "whispers", 4), "did not publish once"),
        (lambda e: e.topic_facts.update({str(ONE): [4, 2]}), "fact topics do not hold"),
        (lambda e: e.topic_facts.pop(str(OTHER)), "fact topics do not hold"),
        (lambda e: e.topic_states.update({str(ONE): 1}), "last record of a key"),
    ],
)
def test_each_wrong_is_found(spoil: Callable[[Evidence], object], found: str) -> None:
    evidence = deepcopy(good())
    spoil(evidence)
    assert found in "; ".join(violations(evidence))
