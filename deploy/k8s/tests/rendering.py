"""The overlays as a cluster would get them: rendered by kustomize, without a cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.local.state import ROOT, cache_dir

OVERLAYS = ("single-node", "city")
FOLDER = ROOT / "deploy" / "k8s"
KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.3"
"""Built with Go where neither kubectl nor kustomize is installed; Go compares it with its public list of checksums."""
BUILD_SECONDS = 600

Resource = dict[str, Any]


class NoRenderer(Exception):
    """Neither kubectl nor kustomize is here, nor Go to build it."""


@dataclass(frozen=True)
class Rendered:
    """Every resource of an overlay."""

    overlay: str
    resources: tuple[Resource, ...]

    def of(self, kind: str) -> dict[str, Resource]:
        """Those of a kind, by name."""
        return {each["metadata"]["name"]: each for each in self.resources if each["kind"] == kind}

    def pods(self) -> Iterator[tuple[str, Resource]]:
        """What starts pods of plain Kubernetes: its name, and the pod's template."""
        for kind in ("Deployment", "StatefulSet", "DaemonSet", "Job"):
            for name, found in self.of(kind).items():
                yield name, found["spec"]["template"]
        for name, found in self.of("CronJob").items():
            yield name, found["spec"]["jobTemplate"]["spec"]["template"]

    def containers(self) -> Iterator[tuple[str, Resource]]:
        """Every container of those, with the name of what starts it."""
        for name, pod in self.pods():
            for each in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]:
                yield f"{name}/{each['name']}", each

    def services(self) -> dict[str, Resource]:
        """The Deployments of our services."""
        return {
            name: found
            for name, found in self.of("Deployment").items()
            if found["metadata"].get("labels", {}).get("app.kubernetes.io/component") == "service"
        }


def demanded() -> bool:
    """In CI nothing is left out."""
    return bool(os.environ.get("CI"))


@cache
def render(overlay: str) -> Rendered:
    """The overlay's resources. Raises NoRenderer."""
    done = subprocess.run(
        [*renderer(), str(FOLDER / "overlays" / overlay)], capture_output=True, check=True, text=True
    )
    return Rendered(overlay, tuple(each for each in yaml.safe_load_all(done.stdout) if each))


@cache
def renderer() -> tuple[str, ...]:
    if found := shutil.which("kustomize"):
        return found, "build"
    if found := shutil.which("kubectl"):
        return found, "kustomize"
    if (go := shutil.which("go")) is None:
        raise NoRenderer(
            "deploy/k8s is not rendered: install kubectl or kustomize (Debian: apt install kubernetes-client), "
            "or Go, with which the tests build kustomize."
        )
    place = cache_dir() / "kustomize" / KUSTOMIZE.rpartition("@")[2]
    if not (place / "kustomize").exists():
        subprocess.run(
            [go, "install", KUSTOMIZE],
            env={**os.environ, "GOBIN": str(place), "GOFLAGS": ""},
            cwd=cache_dir(),
            check=True,
            timeout=BUILD_SECONDS,
        )
    return str(place / "kustomize"), "build"


def sources() -> list[Path]:
    """Every YAML file below deploy/k8s."""
    return sorted(file for file in FOLDER.rglob("*.yaml") if "tests" not in file.parts)
