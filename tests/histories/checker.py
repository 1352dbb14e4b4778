"""What must hold after any history (issue "The spine", proof; engineering.md §4.2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass
class Evidence:
    """What clients were told, and what lies where."""

    acked: set[str]
    """Commands that were answered: done."""
    unknown: set[str]
    """Commands whose answer never came."""
    facts: list[Any]
    """Fact lane of the log, in order: key, stream, stream_version, position, amount, command."""
    states: list[Any]
    """State lane of the log: key, stream_version, position, amount."""
    cards: dict[UUID, tuple[int | None, int]]
    """Copy: thing → amount, position."""
    days: dict[UUID, tuple[int, int, int]]
    """Copy: stream → amount, version, position."""
    echoed: int
    """Sum of the amounts a reaction has handled."""
    whispers: int
    """Events a reaction has published."""
    parked: int
    topic_facts: dict[str, list[int]] | None = None
    """Kafka: key → positions as they lie there, repetitions and all; None where no broker took part."""
    topic_states: dict[str, int] = field(default_factory=dict)
    """Kafka: key → position of the last record."""


def violations(evidence: Evidence) -> list[str]:
    """Everything that does not hold; empty is good."""
    return [
        *commands(evidence.acked, evidence.unknown, [fact.command for fact in evidence.facts]),
        *versions(evidence.facts),
        *_changes(evidence),
        *_copy(evidence),
        *_reaction(evidence),
        *(
            []
            if evidence.topic_facts is None
            else topics(evidence.facts, evidence.states, evidence.topic_facts, evidence.topic_states)
        ),
    ]


def commands(acked: set[str], unknown: set[str], done: Iterable[str]) -> Iterable[str]:
    """``done``: the commands that the log tells of, each as often as it stands there."""
    times = Counter(done)
    if lost := acked - set(times):
        yield f"acknowledged and lost: {len(lost)} commands"
    if phantom := set(times) - acked - unknown:
        yield f"in the log though nobody was told so: {len(phantom)} commands"
    if repeated := [command for command, count in times.items() if count > 1]:
        yield f"done more than once: {len(repeated)} commands"


def versions(facts: Iterable[Any]) -> Iterable[str]:
    """``facts``: in the log's order, with stream and stream_version."""
    streams: dict[UUID, list[int]] = defaultdict(list)
    for fact in facts:
        streams[fact.stream].append(fact.stream_version)
    if bad := [stream for stream, seen in streams.items() if seen != list(range(1, len(seen) + 1))]:
        yield f"versions are not 1..n in the log's order: {len(bad)} streams"


def topics(
    facts: Iterable[Any],
    states: Iterable[Any],
    topic_facts: dict[str, list[int]],
    topic_states: dict[str, int],
) -> Iterable[str]:
    """What lies on the broker against what lies in the log; all with key and position."""
    log: dict[str, list[int]] = defaultdict(list)
    for fact in facts:
        log[fact.key].append(fact.position)
    if {key: list(dict.fromkeys(positions)) for key, positions in topic_facts.items()} != dict(log):
        yield "fact topics do not hold, key by key, what the log holds"
    if topic_states != {state.key: state.position for state in states}:
        yield "the last record of a key on a state topic is not the log's"


def _changes(evidence: Evidence) -> Iterable[str]:
    changes = Counter(fact.key for fact in evidence.facts)
    if {state.key: state.stream_version for state in evidence.states} != dict(changes):
        yield "states are not as many versions old as there were commands"


def _copy(evidence: Evidence) -> Iterable[str]:
    if evidence.cards != {UUID(state.key): (state.amount, state.position) for state in evidence.states}:
        yield "the copy's cards are not the fold of the log"
    days = {fact.stream: (fact.amount, fact.stream_version, fact.position) for fact in evidence.facts}
    if evidence.days != days:
        yield "the copy's days are not the fold of the log"
    if evidence.parked:
        yield f"parked without a reason: {evidence.parked} records"


def _reaction(evidence: Evidence) -> Iterable[str]:
    if evidence.echoed != sum(fact.amount for fact in evidence.facts):
        yield "a reaction missed events or handled some twice"
    if evidence.whispers != len(evidence.facts):
        yield "a reaction did not publish once for each event"
