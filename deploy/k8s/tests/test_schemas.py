"""What a cluster would refuse is refused here: each resource against the schema of whoever reads it."""

from __future__ import annotations

import shutil

import kubernetes_validate
import pytest

from deploy.k8s.tests import schemas
from deploy.k8s.tests.rendering import Rendered, demanded

CORE = {"", "apps", "batch", "policy", "autoscaling", "networking.k8s.io", "rbac.authorization.k8s.io"}


def test_plain_resources_are_what_kubernetes_takes(overlay: Rendered) -> None:
    checked = 0
    for resource in overlay.resources:
        if schemas.group(resource) in CORE:
            kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)
            checked += 1
    assert checked >= 30


def test_a_misspelt_field_is_found(overlay: Rendered) -> None:
    found = overlay.services()["registry"]
    spec = {**found["spec"], "replica": 2}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            {**found, "spec": spec}, kubernetes_validate.latest_version(), strict=True
        )


def test_operators_resources_are_what_they_take(overlay: Rendered) -> None:
    if shutil.which("go") is None:
        if demanded():
            pytest.fail("Go is missing: operators' resources cannot be checked")
        pytest.skip("operators' resources are not checked: no Go to fetch their schemas with")
    known = [each for each in overlay.resources if schemas.group(each) in schemas.MODULES]
    assert len(known) >= 20
    assert [fault for each in known for fault in schemas.faults(each)] == []
    cluster = overlay.of("Cluster")["postgres"]
    wrong = {**cluster, "spec": {**cluster["spec"], "instance": 3}}
    assert any("instance" in fault for fault in schemas.faults(wrong))


def test_every_kind_is_checked_or_known_not_to_be(overlay: Rendered) -> None:
    groups = {schemas.group(each) for each in overlay.resources}
    assert groups - CORE - set(schemas.MODULES) <= schemas.NOT_TO_BE_HAD
