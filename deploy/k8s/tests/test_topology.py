"""deploy/topology.toml and deploy/k8s say the same: services, addresses, topics, who reaches whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deploy.k8s.tests.rendering import Rendered
from deploy.kafka.plan import wanted
from deploy.local.authority import Authority
from deploy.local.kafka_security import Security
from deploy.topology import topology

HTTPS = {"protocol": "TCP", "port": 8443}
SERVICES = set(topology().services)


def publisher(topic: str) -> str:
    return topic.split(".", 1)[0]


def asked() -> set[tuple[str, str]]:
    """(who asks, who answers) over HTTP, as the product is made."""
    pairs = {
        (consumer, other)  # a reader fetches from the publisher's archive what the broker no longer has
        for consumer in SERVICES
        for other in SERVICES
        if topology().read_by(consumer, other)
    }
    pairs |= {("dashboard", other) for other in SERVICES - {"dashboard"}}  # the browser's way to each service
    return pairs | {("registry", reader) for reader in topology().readers_of("registry")}  # bulk work yields


def peers(rules: list[dict[str, Any]], side: str, port: dict[str, Any]) -> set[str]:
    """The services named by rules about a port."""
    return {
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for rule in rules
        if port in rule.get("ports", [])
        for peer in rule.get(side, [])
        if "app.kubernetes.io/name" in peer.get("podSelector", {}).get("matchLabels", {})
    }


def test_the_services_are_those_of_the_topology(overlay: Rendered) -> None:
    assert set(overlay.services()) == SERVICES
    settings = overlay.of("ConfigMap")["tsumugi-settings"]["data"]
    assert json.loads(settings["TSUMUGI_SERVICES"]) == {name: f"https://{name}:8443" for name in SERVICES}
    for name in SERVICES:
        service = overlay.of("Service")[name]
        pod = overlay.of("Deployment")[name]["spec"]["template"]
        assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
        assert {port["port"] for port in service["spec"]["ports"]} == {8443, 9464}
        assert name in overlay.of("Certificate")[f"{name}-tls"]["spec"]["dnsNames"]


def test_who_asks_may_and_nobody_else(overlay: Rendered) -> None:
    policies = overlay.of("NetworkPolicy")
    out = {
        (name, other)
        for name in SERVICES
        for other in peers(policies[name]["spec"]["egress"], "to", HTTPS)
        if other in SERVICES
    }
    into = {
        (other, name)
        for name in SERVICES
        for other in peers(policies[name]["spec"]["ingress"], "from", HTTPS)
        if other in SERVICES
    }
    assert out == asked()
    assert into == asked()


def test_the_operators_pod_alone_of_a_release_asks_the_services(overlay: Rendered) -> None:
    """It rebuilds copies from archives, and its imports yield to readers: both are asked over HTTP."""
    policies = overlay.of("NetworkPolicy")
    pod = overlay.of("Deployment")["operator"]["spec"]["template"]["metadata"]["labels"]
    let_out = [
        (name, peer["podSelector"]["matchLabels"])
        for name, policy in policies.items()
        if (labels := policy["spec"]["podSelector"].get("matchLabels")) and labels.items() <= pod.items()
        for rule in policy["spec"].get("egress", [])
        if HTTPS in rule["ports"]
        for peer in rule["to"]
    ]
    services = {"app.kubernetes.io/component": "service"}
    assert let_out.count(("operator", services)) == 1
    assert ("release", services) not in let_out, "neither the Job nor the nightly audit asks them"
    for name, service in overlay.services().items():
        assert services.items() <= service["spec"]["template"]["metadata"]["labels"].items(), name
    archives = {other for one in SERVICES for other in SERVICES if topology().read_by(one, other)}
    asked = archives | set(topology().readers_of("registry"))
    assert {
        name for name in SERVICES if "operator" in peers(policies[name]["spec"]["ingress"], "from", HTTPS)
    } == asked


def test_only_the_origin_and_the_authority_are_reached_from_outside(overlay: Rendered) -> None:
    gateway = {"namespaceSelector": {"matchLabels": {"tsumugi/gateway": "true"}}}
    reached = {
        name
        for name, policy in overlay.of("NetworkPolicy").items()
        for rule in policy["spec"].get("ingress", [])
        if gateway in rule["from"]
    }
    assert reached == {"dashboard", "identity", "keycloak"}
    routes = {
        ref["name"]
        for route in overlay.of("HTTPRoute").values()
        for rule in route["spec"]["rules"]
        for ref in rule["backendRefs"]
    }
    assert routes == {"dashboard", "identity", "keycloak-service"}
    verified = {
        ref["name"]
        for policy in overlay.of("BackendTLSPolicy").values()
        for ref in policy["spec"]["targetRefs"]
    }
    assert verified == routes
    assert {each["spec"].get("type", "ClusterIP") for each in overlay.of("Service").values()} == {"ClusterIP"}
    paths = {
        (ref["name"], match["path"]["value"])
        for route in overlay.of("HTTPRoute").values()
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
        for ref in rule["backendRefs"]
    }
    assert paths == {
        ("dashboard", "/"),
        ("identity", "/paper"),
        ("keycloak-service", "/realms/tsumugi"),  # never /admin, never the master realm
        ("keycloak-service", "/resources"),
    }


def test_each_service_reaches_its_servers(overlay: Rendered) -> None:
    servers = {5432: {"cnpg.io/cluster": "postgres"}, 4318: {"app.kubernetes.io/name": "collector"}}
    for name in SERVICES:
        egress = overlay.of("NetworkPolicy")[name]["spec"]["egress"]
        for port, labels in servers.items():
            assert {
                "to": [{"podSelector": {"matchLabels": labels}}],
                "ports": [{"protocol": "TCP", "port": port}],
            } in egress, name
        assert any({"protocol": "TCP", "port": 9093} in rule.get("ports", []) for rule in egress), name
        keycloak = {"podSelector": {"matchLabels": {"app": "keycloak"}}}
        assert any(keycloak in rule.get("to", []) for rule in egress), name
        assert "tsumugi/gateway" not in str(egress), name
        anywhere = [rule for rule in egress if "ipBlock" in str(rule)]
        assert bool(anywhere) == (name == "messaging"), name  # mail and push alone


def test_topics_are_those_of_the_topology(overlay: Rendered) -> None:
    topics = overlay.of("KafkaTopic")
    assert set(topics) == set(topology().topics)
    for name, plan in wanted(topology()).topics.items():
        spec = topics[name]["spec"]
        assert spec["partitions"] == plan.partitions, name
        assert {key: str(value) for key, value in spec["config"].items()} == plan.on(spec["replicas"]), name
        assert topics[name]["metadata"]["labels"]["strimzi.io/cluster"] in overlay.of("Kafka")


def test_copies_of_a_topic_are_as_many_as_the_brokers_bear(overlay: Rendered) -> None:
    brokers = sum(
        pool["spec"]["replicas"]
        for pool in overlay.of("KafkaNodePool").values()
        if "broker" in pool["spec"]["roles"]
    )
    config = overlay.of("Kafka")["kafka"]["spec"]["kafka"]["config"]
    assert {topic["spec"]["replicas"] for topic in overlay.of("KafkaTopic").values()} == {min(3, brokers)}
    for name, value in config.items():
        if name.endswith("replication.factor"):
            assert int(value) <= brokers, name
        if name.endswith((".min.isr", "min.insync.replicas")):
            assert int(value) <= max(1, brokers - 1), name


def test_rights_in_kafka_have_one_writer(overlay: Rendered) -> None:
    """`tsumugi kafka` makes them from topology and grants; an operator beside it would undo what departments got."""
    assert overlay.of("KafkaUser") == {}
    assert set(overlay.of("Kafka")["kafka"]["spec"]["entityOperator"]) == {"topicOperator"}
    steps = overlay.of("Job")["release"]["spec"]["template"]["spec"]["containers"]
    assert ["kafka", "apply"] in [step["args"] for step in steps]
    keeper = overlay.of("Deployment")["kafka-keep"]["spec"]
    assert (keeper["replicas"], keeper["strategy"]) == (1, {"type": "Recreate"})  # never two, of two versions
    (pod,) = keeper["template"]["spec"]["containers"]
    assert pod["args"] == ["kafka", "keep"]
    topics = {topic["spec"]["replicas"] for topic in overlay.of("KafkaTopic").values()}
    told = overlay.of("ConfigMap")["tsumugi-settings"]["data"]
    assert topics == {int(told["TSUMUGI_KAFKA_REPLICATION"])}, "it would call every topic wrong"


def test_who_keeps_kafka_reaches_kafka_and_its_token_alone(overlay: Rendered) -> None:
    policy = overlay.of("NetworkPolicy")["kafka-keep"]["spec"]
    reached = [
        (peer["podSelector"]["matchLabels"], rule["ports"])
        for rule in policy["egress"]
        for peer in rule["to"]
    ]
    brokers = {"strimzi.io/cluster": "kafka", "strimzi.io/broker-role": "true"}
    assert reached == [
        (brokers, [{"protocol": "TCP", "port": 9093}]),
        ({"app": "keycloak"}, [HTTPS]),
    ]
    (asks,) = policy["ingress"]  # for its figures; it answers nobody else
    assert asks["from"] == [{"namespaceSelector": {"matchLabels": {"tsumugi/monitoring": "true"}}}]
    assert asks["ports"] == [{"protocol": "TCP", "port": 9464}]
    keeper = overlay.of("Deployment")["kafka-keep"]["spec"]["template"]
    labels = keeper["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    let_in = {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "keeper"}}}
    (listener,) = overlay.of("Kafka")["kafka"]["spec"]["kafka"]["listeners"]
    assert let_in in listener["networkPolicyPeers"]
    assert let_in in overlay.of("NetworkPolicy")["keycloak"]["spec"]["ingress"][0]["from"]


def test_kafka_takes_tokens_over_tls_and_denies_by_default(overlay: Rendered, tmp_path: Path) -> None:
    kafka = overlay.of("Kafka")["kafka"]["spec"]["kafka"]
    (listener,) = kafka["listeners"]
    settings = listener["authentication"]["listenerConfig"]
    told = overlay.of("ConfigMap")["tsumugi-settings"]["data"]
    assert listener["tls"] is True
    assert settings["sasl.enabled.mechanisms"] == "OAUTHBEARER"
    assert settings["sasl.oauthbearer.expected.audience"] == "kafka"
    assert settings["sasl.oauthbearer.sub.claim.name"] == "azp"
    native = Security(
        Authority(tmp_path), told["TSUMUGI_ISSUER"], settings["sasl.oauthbearer.jwks.endpoint.url"], 1
    )
    for name, value in native.settings(tmp_path, "localhost", 2, 3).items():
        if name.startswith("sasl.oauthbearer.") or name == "connections.max.reauth.ms":
            assert str(settings[name]) == value, name
    assert settings["sasl.oauthbearer.expected.issuer"] == told["TSUMUGI_ISSUER"]
    assert int(settings["connections.max.reauth.ms"]) <= 300_000
    assert kafka["authorization"] == {"type": "simple", "superUsers": ["kafka-admin"]}
    assert "allow.everyone.if.no.acl.found" not in kafka["config"]
    host, _, port = told["TSUMUGI_KAFKA"].partition(":")
    assert host in overlay.of("Certificate")["kafka-tls"]["spec"]["dnsNames"]
    assert int(port) == listener["port"]
    allowed = {each["name"]: each["value"] for each in kafka["jvmOptions"]["javaSystemProperties"]}
    url = settings["sasl.oauthbearer.jwks.endpoint.url"]
    assert allowed["org.apache.kafka.sasl.oauthbearer.allowed.urls"] == url


def test_addresses_meet(overlay: Rendered) -> None:
    """The origin, the issuer, the gateway's names and Keycloak's are changed together or not at all."""
    told = overlay.of("ConfigMap")["tsumugi-settings"]["data"]
    authority, _, realm = told["TSUMUGI_ISSUER"].partition("/realms/")
    assert realm == "tsumugi"
    assert overlay.of("Keycloak")["keycloak"]["spec"]["hostname"]["hostname"] == authority
    listeners = {
        each["name"]: each["hostname"] for each in overlay.of("Gateway")["tsumugi"]["spec"]["listeners"]
    }
    routes = {name: route["spec"]["hostnames"] for name, route in overlay.of("HTTPRoute").items()}
    assert routes == {name: [host] for name, host in listeners.items()}
    assert f"https://{listeners['origin']}" == told["TSUMUGI_ORIGIN"]
    assert f"https://{listeners['identity-authority']}" == authority
    # From inside the same name leads straight to Keycloak, which has to answer to it.
    assert authority.removeprefix("https://") in overlay.of("Certificate")["keycloak-tls"]["spec"]["dnsNames"]
    assert overlay.of("Service")["keycloak-inside"]["spec"]["ports"] == [
        {"name": "https", "port": 443, "targetPort": 8443}
    ]
    host = told["TSUMUGI_DATABASE_HOST"]
    assert host in overlay.of("Certificate")["postgres-tls"]["spec"]["dnsNames"]
    assert not host.startswith("/")  # a name: TLS, verified
