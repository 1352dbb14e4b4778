"""All contracts and topics there are."""

from __future__ import annotations

from shared.contracts import Contract, Topic, dashboard, identity, registry

CONTRACTS: tuple[type[Contract], ...] = (*registry.CONTRACTS, *identity.CONTRACTS, *dashboard.CONTRACTS)

BY_TYPE: dict[str, type[Contract]] = {contract.TYPE: contract for contract in CONTRACTS}

TOPICS: dict[str, Topic] = {contract.TOPIC.name: contract.TOPIC for contract in CONTRACTS}
