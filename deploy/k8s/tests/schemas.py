"""Schemas of operators' resources, from their own Go modules: read in Go's cache, never copied here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from deploy.local.state import cache_dir

MODULES = {
    "postgresql.cnpg.io": ("github.com/cloudnative-pg/cloudnative-pg@v1.28.0", "config/crd/bases"),
    "gateway.networking.k8s.io": ("sigs.k8s.io/gateway-api@v1.4.0", "config/crd/standard"),
    "cert-manager.io": ("github.com/cert-manager/cert-manager@v1.21.2", "deploy/crds"),
    "external-secrets.io": ("github.com/external-secrets/external-secrets@v1.3.2", "config/crds/bases"),
    "monitoring.coreos.com": (
        "github.com/prometheus-operator/prometheus-operator@v0.85.0",
        "example/prometheus-operator-crd",
    ),
    "trust.cert-manager.io": ("github.com/cert-manager/trust-manager@v0.25.0", "deploy/crds"),
    "barmancloud.cnpg.io": ("github.com/cloudnative-pg/plugin-barman-cloud@v0.15.0", "config/crd/bases"),
}
"""By API group: module and version, and where its CRDs lie in it."""
NOT_TO_BE_HAD = {"kafka.strimzi.io", "k8s.keycloak.org"}
"""Published in no registry of packages. What we use of them was compared by hand with what their projects publish
(docs/operations.md, 版)."""
SECONDS = 600


def group(resource: dict[str, Any]) -> str:
    """The API group of a resource; empty for the core."""
    return str(resource["apiVersion"]).rpartition("/")[0]


def faults(resource: dict[str, Any]) -> Iterator[str]:
    """What the operator would refuse, and every field that it does not know."""
    found = validator(group(resource), resource["apiVersion"].rpartition("/")[2], resource["kind"])
    for error in found.iter_errors(resource):
        yield f"{resource['kind']}/{resource['metadata']['name']} {error.json_path}: {error.message[:300]}"


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: a lone = (in monitoring.coreos.com) is a word like any other."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: str(node.value))


@cache
def validator(group: str, version: str, kind: str) -> Draft202012Validator:
    for definition in definitions(group, kind):
        if definition["spec"]["names"]["kind"] != kind:
            continue
        for each in definition["spec"]["versions"]:
            if each["name"] == version:
                return Draft202012Validator(closed(each["schema"]["openAPIV3Schema"], top=True))
    raise LookupError(f"{group} knows no {kind} of {version}")


def definitions(group: str, kind: str) -> Iterator[dict[str, Any]]:
    module, folder = MODULES[group]
    start = kind.lower().removesuffix("y")  # files are named by the plural
    for file in sorted((downloaded(module) / folder).glob(f"{group}_{start}*.yaml")):
        for each in yaml.load_all(file.read_text(encoding="utf-8"), _Loader):
            if each and each.get("kind") == "CustomResourceDefinition":
                yield each


@cache
def downloaded(module: str) -> Path:
    go = shutil.which("go")
    assert go is not None
    done = subprocess.run(
        [go, "mod", "download", "-json", module],
        capture_output=True,
        check=True,
        cwd=cache_dir(),
        env={**os.environ, "GOFLAGS": ""},
        timeout=SECONDS,
    )
    return Path(json.loads(done.stdout)["Dir"])


def closed(schema: Any, *, top: bool = False) -> Any:
    """The schema, knowing no field that it does not name: a misspelt one would be dropped without a word."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: value for name, value in schema.items() if name != "format"}
    if "properties" in made:
        made["properties"] = {name: closed(value) for name, value in made["properties"].items()}
    for name in ("items", "additionalProperties"):
        if name in made:
            made[name] = closed(made[name])
    if made.get("x-kubernetes-int-or-string"):
        made.pop("anyOf", None)
        made["type"] = ["integer", "string"]
    if made.pop("nullable", False) and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    free = made.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in made
    if "properties" in made and not free and not top:
        made["additionalProperties"] = False
    if top:
        made["properties"]["metadata"] = {"type": "object"}
    return made
