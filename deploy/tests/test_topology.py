"""The topology says nothing that the contracts do not know, and nothing less."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from deploy.topology import FILE, Topology, TopologyError, check, topology


def changed(change: Callable[[dict[str, Any]], object]) -> Topology:
    """The product's topology with one change."""
    said = tomllib.loads(FILE.read_text(encoding="utf-8"))
    change(said)
    return Topology.model_validate(said)


def test_our_own_agrees() -> None:
    assert set(topology().feeds) == {"lunch-count", "absence-count"}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda said: said["feeds"].pop("lunch-count"), "feeds: lunch-count"),
        (lambda said: said["feeds"].update(snacks=said["feeds"]["lunch-count"]), "feeds: snacks"),
        (lambda said: said["feeds"]["lunch-count"].update(contract="x.y.z"), "feeds: lunch-count"),
        (lambda said: said["topics"].pop("registry.roll"), "topics: registry.roll"),
        (lambda said: said["topics"].update({"registry.x": said["topics"]["registry.roll"]}), "registry.x"),
        (lambda said: said["topics"]["registry.roll"].update(readers=["grades"]), "grades"),
        (lambda said: said["origin"].update(port=8700), "origin"),
    ],
)
def test_what_does_not_meet_is_named(change: Callable[[dict[str, Any]], object], names: str) -> None:
    with pytest.raises(TopologyError, match=names):
        check(changed(change))
