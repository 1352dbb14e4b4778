"""Policies with something taken out: a whole sentence, or one half of a condition. The matrix must show each."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cedarpy


@dataclass(frozen=True)
class Mutant:
    """The policies of one folder after a loss."""

    folder: Path
    sentence: str
    """``@id`` of the policy that lost something."""
    lost: str
    actions: frozenset[str]
    text: str


def mutants(folder: Path) -> Iterator[Mutant]:
    """Every policy of ``folder`` lost whole, and every half of its conditions lost."""
    whole = json.loads(cedarpy.policies_to_json_str((folder / "policy.cedar").read_text(encoding="utf-8")))
    standing = whole["staticPolicies"]
    for name, policy in standing.items():
        sentence, actions = policy["annotations"]["id"], _actions(policy)
        rest = {other: kept for other, kept in standing.items() if other != name}
        yield Mutant(folder, sentence, "all of it", actions, _text(whole, rest))
        for clause, condition in enumerate(policy["conditions"]):
            for number, (path, left) in enumerate(_halves(condition["body"])):
                conditions = [*policy["conditions"]]
                conditions[clause] = {**condition, "body": _with(condition["body"], path, left)}
                text = _text(whole, {**rest, name: {**policy, "conditions": conditions}})
                yield Mutant(folder, sentence, f"part {number}", actions, text)


def _text(whole: dict[str, Any], policies: dict[str, Any]) -> str:
    return str(cedarpy.policies_from_json_str(json.dumps({**whole, "staticPolicies": policies})))


def _actions(policy: Any) -> frozenset[str]:
    scope = policy["action"]
    return frozenset(entity["id"] for entity in scope.get("entities", [scope.get("entity")]))


def _halves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Places of the conjunctions and alternatives in a condition, with what is left without one half."""
    if not isinstance(node, dict):
        return
    for operator in ("&&", "||"):
        if operator in node:
            yield path, node[operator]["left"]
            yield path, node[operator]["right"]
    for name, value in node.items():
        yield from _halves(value, (*path, name))


def _with(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    made = copy.deepcopy(tree)
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return made
