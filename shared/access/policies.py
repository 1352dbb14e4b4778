"""Cedar policies: code that a board can read, parsed once (decisions.md §4, §6).

Each capability keeps its ``policy.cedar`` and the ``policy.cedarschema`` that names its resources and actions. What no
policy permits is denied. One request is one decision; lists use a hand-written SQL predicate that stands beside the
policy, and a property test shows that the two agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cedarpy
import orjson

from shared.access.principal import Holder, uid

BASE_SCHEMA = Path(__file__).parent / "base.cedarschema"


class PolicyError(RuntimeError):
    """A policy does not fit its schema; the service refuses to start."""


class Policies:
    """The policies of a service."""

    def __init__(self, rooms: Iterable[Path]) -> None:
        """``rooms`` are the folders of capabilities that have a policy."""
        folders = list(rooms)
        texts = [(folder / "policy.cedar").read_text(encoding="utf-8") for folder in folders]
        schemas = [BASE_SCHEMA, *(folder / "policy.cedarschema" for folder in folders)]
        schema = cedarpy.Schema.from_str("\n".join(path.read_text(encoding="utf-8") for path in schemas))
        result = cedarpy.validate_policies("\n".join(texts), schema)
        if not result.validation_passed:
            raise PolicyError("; ".join(str(error) for error in result.errors))
        self._policies = cedarpy.PolicySet.from_str("\n".join(texts))

    def allows(self, holder: Holder, action: str, resource: dict[str, Any]) -> bool:
        """Whether ``holder`` may do ``action`` to the entity ``resource``. An error while deciding denies."""
        who = holder.entity()
        entities = [who] if resource["uid"] == who["uid"] else [who, resource]
        decision = cedarpy.is_authorized(
            {
                "principal": who["uid"],
                "action": uid("Action", action),
                "resource": resource["uid"],
                "context": {},
            },
            self._policies,
            orjson.dumps(entities).decode(),
        )
        return bool(decision.allowed) and not decision.diagnostics.errors
