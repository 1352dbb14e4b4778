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
        *_commands(evidence),
        *_versions(evidence),
        *_copy(evidence),
        *_reaction(evidence),
        *([] if evidence.topic_facts is None else _topics(evidence, evidence.topic_facts)),
    ]


def _commands(evidence: Evidence) -> Iterable[str]:
    times = Counter(fact.command for fact in evidence.facts)
    if lost := evidence.acked - set(times):
        yield f"acknowledged and lost: {len(lost)} commands"
    if phantom := set(times) - evidence.acked - evidence.unknown:
        yield f"in the log though nobody was told so: {len(phantom)} commands"
    if repeated := [command for command, count in times.items() if count > 1]:
        yield f"done more than once: {len(repeated)} commands"


def _versions(evidence: Evidence) -> Iterable[str]:
    streams: dict[UUID, list[int]] = defaultdict(list)
    changes: Counter[str] = Counter()
    for fact in evidence.facts:
        streams[fact.stream].append(fact.stream_version)
        changes[fact.key] += 1
    if bad := [
        stream for stream, versions in streams.items() if versions != list(range(1, len(versions) + 1))
    ]:
        yield f"versions are not 1..n in the log's order: {len(bad)} streams"
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


def _topics(evidence: Evidence, topic_facts: dict[str, list[int]]) -> Iterable[str]:
    log: dict[str, list[int]] = defaultdict(list)
    for fact in evidence.facts:
        log[fact.key].append(fact.position)
    if {key: list(dict.fromkeys(positions)) for key, positions in topic_facts.items()} != dict(log):
        yield "fact topics do not hold, key by key, what the log holds"
    if evidence.topic_states != {state.key: state.position for state in evidence.states}:
        yield "the last record of a key on a state topic is not the log's"
