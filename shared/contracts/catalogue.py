"""All contracts and topics there are."""

from __future__ import annotations

from shared.contracts import Contract, Topic, dashboard, identity, messaging, registry

CONTRACTS: tuple[type[Contract], ...] = (
    *registry.CONTRACTS,
    *messaging.CONTRACTS,
    *identity.CONTRACTS,
    *dashboard.CONTRACTS,
)

BY_TYPE: dict[str, type[Contract]] = {contract.TYPE: contract for contract in CONTRACTS}


def topic_named(name: str) -> Topic | None:
    """The topic of this name that any contract has."""
    return next((contract.TOPIC for contract in BY_TYPE.values() if contract.TOPIC.name == name), None)


TOPICS: dict[str, Topic] = {contract.TOPIC.name: contract.TOPIC for contract in CONTRACTS}
