"""engineering.md §6.1, point by point, on the YAML that a cluster would get."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from deploy.k8s.tests.rendering import Rendered
from deploy.kafka.marks import KEPT, LATE_SECONDS, TURNED
from deploy.kafka.reconcile import LOOK_SECONDS, STUCK_SECONDS
from deploy.local.state import ROOT
from deploy.topology import topology

GRACE_OF_THE_PROCESS = 2 + 5
"""Streams (deploy/local/serve.py) and preStop; the rest is for the last batch."""
CONNECTIONS_OF_A_REPLICA = 2 * 2 * 8 + 10
"""Two pools of 8 that double at need (shared/database/engine.py), and those that hold locks and listen."""
OF_OTHERS = 60 + 20
"""Keycloak's pools, the operator, a release and whoever looks."""


def own(overlay: Rendered) -> list[tuple[str, dict[str, Any]]]:
    """The pods that run our image."""
    return [
        (name, pod)
        for name, pod in overlay.pods()
        if any(each["image"].startswith("tsumugi") for each in pod["spec"]["containers"])
    ]


def number(memory: str) -> int:
    unit = {"Mi": 1, "Gi": 1024}[memory[-2:]]
    return int(memory[:-2]) * unit


# 1. Nothing privileged, anywhere.


def test_the_namespace_takes_only_restricted_pods(overlay: Rendered) -> None:
    labels = overlay.of("Namespace")["tsumugi"]["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {
        "restricted"
    }
    elsewhere = {each["metadata"].get("namespace") for each in overlay.resources} - {"tsumugi", None}
    assert elsewhere == {"cert-manager"}  # the authority's key, which no pod of ours can reach


def test_pods_are_nobody_and_write_nowhere(overlay: Rendered) -> None:
    for name, pod in overlay.pods():
        context = pod["spec"]["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["runAsUser"] > 0, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod["spec"]), name
        assert not any("hostPath" in volume for volume in pod["spec"]["volumes"]), name
    for name, container in overlay.containers():
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert context["readOnlyRootFilesystem"] is True, name


# 2. An account of its own, without a token.


def test_every_pod_has_an_account_of_its_own_and_no_token(overlay: Rendered) -> None:
    accounts = [pod["spec"]["serviceAccountName"] for _, pod in overlay.pods()]
    assert len(set(accounts)) == len(accounts)
    for name, pod in overlay.pods():
        account = overlay.of("ServiceAccount")[pod["spec"]["serviceAccountName"]]
        assert pod["spec"]["automountServiceAccountToken"] is False, name
        assert account["automountServiceAccountToken"] is False, name
        assert pod["spec"]["enableServiceLinks"] is False, name
    assert not {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"} & {
        each["kind"] for each in overlay.resources
    }


def test_a_pod_has_its_own_secrets_alone(overlay: Rendered) -> None:
    for name, pod in own(overlay):
        secrets = {v["secret"]["secretName"] for v in pod["spec"]["volumes"] if "secret" in v}
        whose = "release" if name in ("operator", "audit") else name
        assert all(secret.startswith(f"{whose}-") for secret in secrets), name
        assert all(v["secret"]["defaultMode"] == 0o440 for v in pod["spec"]["volumes"] if "secret" in v)
    text = str([pod for _, pod in overlay.pods()])
    assert "secretKeyRef" not in text  # an environment is seen by every child and every crash report
    assert overlay.of("Secret") == {}


# 3. Default deny: the comparison with the topology is test_topology.py.


def test_nothing_is_allowed_that_is_not_said(overlay: Rendered) -> None:
    deny = overlay.of("NetworkPolicy")["nothing-else"]["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, policy in overlay.of("NetworkPolicy").items():
        for rule in policy["spec"].get("ingress", []):
            assert rule.get("from"), f"{name} lets anybody in"
            assert rule.get("ports"), f"{name} lets somebody in by any port"
            assert {} not in [peer.get("podSelector") for peer in rule["from"]], name


# 4. Three probes, three meanings.


def test_three_probes_ask_three_things(overlay: Rendered) -> None:
    for name, found in overlay.services().items():
        (service,) = found["spec"]["template"]["spec"]["containers"]
        paths = [
            service[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "readiness", "liveness")
        ]
        assert paths == ["/health/started", "/health/ready", "/health/live"], name
        assert {service[f"{probe}Probe"]["httpGet"]["scheme"] for probe in ("startup", "liveness")} == {
            "HTTPS"
        }
        ready, live = service["readinessProbe"], service["livenessProbe"]
        # Whoever is slow is left alone first and started anew only much later.
        assert (
            live["failureThreshold"] * live["periodSeconds"]
            >= 3 * ready["periodSeconds"] * (ready["failureThreshold"])
        )
    assert set(overlay.services()) == set(topology().services)


def test_who_answers_nobody_is_asked_by_the_marks_it_leaves(overlay: Rendered) -> None:
    (keeper,) = overlay.of("Deployment")["kafka-keep"]["spec"]["template"]["spec"]["containers"]
    asked = {
        probe: keeper[f"{probe}Probe"]["exec"]["command"] for probe in ("startup", "readiness", "liveness")
    }
    assert {tuple(command[:3]) for command in asked.values()} == {("python", "-m", "deploy.image.health")}
    marks = {probe: Path(command[3]).name for probe, command in asked.items()}
    assert marks == {"startup": TURNED, "readiness": KEPT, "liveness": TURNED}
    seconds = {probe: float(command[4]) for probe, command in asked.items()}
    assert seconds["readiness"] > LOOK_SECONDS * 2
    assert seconds["liveness"] > LATE_SECONDS > STUCK_SECONDS + LOOK_SECONDS


# 5. Leaving.


def test_a_pod_is_given_time_to_leave(overlay: Rendered) -> None:
    for name, found in overlay.services().items():
        spec = found["spec"]["template"]["spec"]
        assert spec["containers"][0]["lifecycle"]["preStop"] == {"sleep": {"seconds": 5}}, name
        assert spec["terminationGracePeriodSeconds"] >= GRACE_OF_THE_PROCESS + 30, name
        assert found["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}, name


# 6. Machines come and go.


def test_one_at_a_time_may_be_taken_away(overlay: Rendered) -> None:
    budgets = overlay.of("PodDisruptionBudget")
    for name in (*overlay.services(), "collector", "keycloak"):
        assert budgets[name]["spec"]["maxUnavailable"] == 1, name
        labels = budgets[name]["spec"]["selector"]["matchLabels"]
        if name != "keycloak":
            pod = overlay.of("Deployment")[name]["spec"]["template"]
            assert labels.items() <= pod["metadata"]["labels"].items()


def test_replicas_are_spread_over_zones_and_machines(overlay: Rendered) -> None:
    for name, found in overlay.of("Deployment").items():
        if found["spec"].get("replicas") == 0:  # the operator's, who is one
            continue
        pod = found["spec"]["template"]
        spread = pod["spec"]["topologySpreadConstraints"]
        assert {each["topologyKey"] for each in spread} == {
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        }, name
        for each in spread:
            assert each["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items(), name
            told_apart = {*each.get("matchLabelKeys", []), *each["labelSelector"]["matchLabels"]}
            assert "app.kubernetes.io/name" in told_apart, name


def test_in_a_city_nothing_is_there_once(city: Rendered) -> None:
    assert all(each["spec"]["minReplicas"] >= 2 for each in city.of("HorizontalPodAutoscaler").values())
    assert city.of("Deployment")["collector"]["spec"]["replicas"] >= 2
    assert city.of("Cluster")["postgres"]["spec"]["instances"] == 3
    assert city.of("Cluster")["postgres"]["spec"]["postgresql"]["synchronous"] == {
        "method": "any",
        "number": 1,
        "dataDurability": "required",
    }
    assert city.of("Keycloak")["keycloak"]["spec"]["instances"] >= 2
    pools = city.of("KafkaNodePool")
    assert {tuple(p["spec"]["roles"]): p["spec"]["replicas"] for p in pools.values()} == {
        ("controller",): 3,
        ("broker",): 3,
    }


# 7. Memory asked for is memory had; nothing slows a service down by a limit of its processor.


def test_memory_is_reserved_and_the_processor_is_not_limited(overlay: Rendered) -> None:
    for name, container in overlay.containers():
        resources = container["resources"]
        assert resources["requests"]["memory"] == resources["limits"]["memory"], name
        assert "cpu" in resources["requests"], name
        assert "cpu" not in resources["limits"], name


# 8. APIs scale by their processor; copies and relays have one worker, so that nothing scales by lag.


def test_apis_scale_and_workers_do_not(city: Rendered) -> None:
    scalers = city.of("HorizontalPodAutoscaler")
    assert set(scalers) == set(city.services())
    for name, scaler in scalers.items():
        assert scaler["spec"]["scaleTargetRef"] == {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": name,
        }
        (metric,) = scaler["spec"]["metrics"]
        assert metric["resource"]["name"] == "cpu", name
        assert "replicas" not in city.services()[name]["spec"], name  # an upgrade would reset it
    assert not any(each["kind"].startswith("Scaled") for each in city.resources)


def test_the_database_takes_every_connection_that_there_can_be(overlay: Rendered) -> None:
    scalers = overlay.of("HorizontalPodAutoscaler")
    replicas = sum(
        scalers[name]["spec"]["maxReplicas"] + 1 if name in scalers else found["spec"]["replicas"] + 1
        for name, found in overlay.services().items()
    )  # one more of each while an upgrade rolls
    most = int(overlay.of("Cluster")["postgres"]["spec"]["postgresql"]["parameters"]["max_connections"])
    assert replicas * CONNECTIONS_OF_A_REPLICA + OF_OTHERS <= most


# 9. Schemas are a Job's work.


def test_a_release_prepares_in_a_job_and_in_order(overlay: Rendered) -> None:
    spec = overlay.of("Job")["release"]["spec"]["template"]["spec"]
    steps = [each["args"] for each in [*spec["initContainers"], *spec["containers"]]]
    assert steps == [["migrate"], ["realm", "apply"], ["kafka", "apply"]]
    administrators = {
        name for name, container in overlay.containers() if "TSUMUGI_DATABASE_ADMIN" in str(container)
    }
    of_the_job = {"release/migrate", "release/realm", "release/kafka"}
    assert administrators == {*of_the_job, "operator/operator"}
    assert overlay.of("Deployment")["operator"]["spec"]["replicas"] == 0
    for name, found in overlay.services().items():
        (service,) = found["spec"]["template"]["spec"]["containers"]
        assert service["args"] == ["serve", name]


# 10. Images are named so that nobody can change what runs.


def test_no_image_is_whatever_is_newest(overlay: Rendered) -> None:
    for name, container in overlay.containers():
        image = container["image"]
        # Ours gets its digest from `kustomize edit set image` at each release (docs/operations.md).
        assert image == "tsumugi" or re.search(r"@sha256:|:\d+\.\d+\.\d+$", image), name
    assert overlay.of("Keycloak")["keycloak"]["spec"]["image"] == "tsumugi-keycloak"


# 11. Seen from outside.


def test_every_service_is_measured(city: Rendered) -> None:
    monitor = city.of("ServiceMonitor")["services"]["spec"]
    (endpoint,) = monitor["endpoints"]
    for name in city.services():
        service = city.of("Service")[name]
        assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}


# And what secrets and certificates there are.


def test_every_secret_that_is_mounted_is_made_by_somebody(overlay: Rendered) -> None:
    made = {each["spec"]["target"]["name"] for each in overlay.of("ExternalSecret").values()}
    made |= {each["spec"]["secretName"] for each in overlay.of("Certificate").values()}
    asked = {
        v["secret"]["secretName"]
        for _, pod in overlay.pods()
        for v in pod["spec"]["volumes"]
        if "secret" in v
    }
    keycloak = overlay.of("Keycloak")["keycloak"]["spec"]
    asked |= {keycloak["http"]["tlsSecret"], keycloak["db"]["passwordSecret"]["name"]}
    cluster = overlay.of("Cluster")["postgres"]["spec"]
    asked |= {cluster["superuserSecret"]["name"], cluster["certificates"]["serverTLSSecret"]}
    assert asked <= made
    assert all(number(str(c["resources"]["limits"]["memory"])) >= 64 for _, c in overlay.containers())


def test_alarms_are_those_of_the_observability_folder(city: Rendered) -> None:
    folder = ROOT / "deploy" / "observability"
    groups = [
        group
        for name in ("slo.yaml", "alerts.yaml")
        for group in yaml.safe_load((folder / name).read_text(encoding="utf-8"))["groups"]
    ]
    assert city.of("PrometheusRule")["tsumugi"]["spec"]["groups"] == groups
    (dashboards,) = [found for name, found in city.of("ConfigMap").items() if name.startswith("dashboards-")]
    files = {file.name for file in (folder / "grafana" / "dashboards").glob("*.json")}
    assert set(dashboards["data"]) == files


def test_the_collector_is_the_one_that_names_nobody(overlay: Rendered) -> None:
    """deploy/observability/collector.yaml takes addresses and queries off; another one would let them pass."""
    (volume,) = overlay.of("Deployment")["collector"]["spec"]["template"]["spec"]["volumes"]
    settings = overlay.of("ConfigMap")[volume["configMap"]["name"]]["data"]["collector.yaml"]
    assert settings == (ROOT / "deploy/observability/collector.yaml").read_text(encoding="utf-8")
