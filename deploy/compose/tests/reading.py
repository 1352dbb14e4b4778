"""docker-compose.yml as the tests read it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml

from deploy.local.state import ROOT
from deploy.topology import topology

SERVICES = set(topology().services)
SERVERS = {"postgres", "kafka", "keycloak"}
SEEING = {"collector", "prometheus", "grafana"}
ONCE = {"create", "migrate", "realm", "release"}
KEEPER = "kafka-keep"
HOSTS = ("tsumugi.localhost", "id.tsumugi.localhost")

Part = dict[str, Any]


@cache
def compose() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", text))
    return found


def parts() -> dict[str, Part]:
    found: dict[str, Part] = compose()["services"]
    return found


def mounts(part: Part) -> dict[str, str]:
    """What is mounted, and where."""
    return {
        target: source for source, target, *_ in (volume.split(":") for volume in part.get("volumes", []))
    }
