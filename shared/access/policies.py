"""Cedar policies: code that a board can read, parsed once (decisions.md §4, §6).

Each capability keeps its ``policy.cedar`` and the ``policy.cedarschema`` that names its resources and actions. What no
policy permits is denied. One request is one decision; lists use a hand-written SQL predicate that stands beside the
policy, and a property test shows that the two agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import cedarpy
import orjson

from shared.access.principal import Holder, uid
from shared.telemetry import meters

_REMEMBERED = 4_096
"""Decisions kept: about a kilobyte each, and a morning's teachers fit in."""

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
        # A decision follows from its arguments alone (no clock, no store in a policy), so the same question, every
        # duty and attribute in it, has the same answer for as long as the policies live.
        self._decide = lru_cache(_REMEMBERED)(self._ask)

    def allows(self, holder: Holder, action: str, resource: dict[str, Any]) -> bool:
        """Whether ``holder`` may do ``action`` to the entity ``resource``. An error while deciding denies."""
        return self._decide(action, orjson.dumps(holder.entity()), orjson.dumps(resource))

    def _ask(self, action: str, holder: bytes, resource: bytes) -> bool:
        who, what = orjson.loads(holder)["uid"], orjson.loads(resource)["uid"]
        began = perf_counter()
        entities = b"[" + (holder if who == what else holder + b"," + resource) + b"]"
        decision = cedarpy.is_authorized(
            {"principal": who, "action": uid("Action", action), "resource": what, "context": {}},
            self._policies,
            entities.decode(),
        )
        allowed = bool(decision.allowed) and not decision.diagnostics.errors
        told = {"service": meters.serving.get(), "decision": "allow" if allowed else "deny"}
        meters.POLICY.record(perf_counter() - began, told)
        return allowed
