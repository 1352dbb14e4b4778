"""docker-compose.yml keeps its promises, and says what the topology and deploy/k8s say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from deploy.compose import create
from deploy.compose.tests.reading import (
    HOSTS,
    KEEPER,
    ONCE,
    SEEING,
    SERVERS,
    SERVICES,
    compose,
    mounts,
    parts,
)
from deploy.local.keycloak import BUILD, FIRST_ADMIN, SILENT
from deploy.local.state import ROOT
from deploy.platform.deployed import Deployed
from deploy.platform.settings import PlatformSettings

# What there is.


def test_everything_is_there_once() -> None:
    assert set(parts()) == SERVICES | SERVERS | SEEING | ONCE | {KEEPER}
    for name, part in parts().items():
        assert part["profiles"] == (["full"] if name in SEEING else ["small", "full"]), name


def test_services_are_told_what_kubernetes_tells_them() -> None:
    settings = yaml.safe_load((ROOT / "deploy/k8s/base/settings.yaml").read_text("utf-8"))["data"]
    # Without a gateway before them, identity has an address of its own; and a date is for one machine alone.
    here = {"TSUMUGI_PAPER", "TSUMUGI_TRAINING_DATE"}
    for name in SERVICES:
        told = parts()[name]["environment"]
        pod = {"TSUMUGI_LISTEN", "TSUMUGI_METRICS", "TSUMUGI_TLS_CERTIFICATE", "TSUMUGI_TLS_KEY"}
        assert set(told) - here == set(settings) | pod, name
        assert json.loads(told["TSUMUGI_SERVICES"]) == json.loads(settings["TSUMUGI_SERVICES"])
        assert parts()[name]["command"] == ["serve", name]
    assert parts()["dashboard"]["environment"]["TSUMUGI_ORIGIN"] == f"https://{HOSTS[0]}:8443"


def test_a_release_prepares_in_the_order_of_the_job() -> None:
    (job,) = [
        each
        for each in yaml.safe_load_all((ROOT / "deploy/k8s/base/release.yaml").read_text("utf-8"))
        if each["kind"] == "Job"
    ]
    spec = job["spec"]["template"]["spec"]
    steps = [each["args"] for each in [*spec["initContainers"], *spec["containers"]]]
    assert [parts()[name]["command"] for name in ("migrate", "realm", "release")] == steps
    done = {"condition": "service_completed_successfully"}
    assert parts()["realm"]["depends_on"]["migrate"] == done
    assert parts()["release"]["depends_on"]["realm"] == done
    for name in SERVICES:
        assert parts()[name]["depends_on"] == {"release": done}, name
    assert parts()["postgres"]["depends_on"] == {"create": done}
    # The broker asks for the realm's keys before it starts, and ends when there is no realm yet.
    assert parts()["kafka"]["depends_on"] == {"realm": done}


def test_who_keeps_kafka_does_what_the_pod_does_and_knows_nothing_else(
    made: tuple[Path, dict[str, tuple[int, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (pod,) = [
        each["spec"]["template"]["spec"]["containers"][0]
        for each in yaml.safe_load_all((ROOT / "deploy/k8s/base/kafka-keep.yaml").read_text("utf-8"))
        if each["kind"] == "Deployment"
    ]
    part, (home, _) = parts()[KEEPER], made
    assert part["command"] == pod["args"] == ["kafka", "keep"]
    assert part["depends_on"] == {"release": {"condition": "service_completed_successfully"}}
    assert part["networks"] == ["data", "telemetry"]
    assert part["healthcheck"]["test"][1:4] == pod["livenessProbe"]["exec"]["command"][:3]
    assert mounts(part) == {"/etc/tsumugi": f"{KEEPER}-files"}
    held = {file.name: file.read_text() for file in (home / KEEPER / "secrets").iterdir()}
    assert held == {
        "client-kafka-admin.secret": (home / "release/secrets/client-kafka-admin.secret").read_text()
    }
    for variable, value in part["environment"].items():
        monkeypatch.setenv(variable, str(value).replace("/etc/tsumugi", str(home / KEEPER)))
    deployed = Deployed(PlatformSettings.read())
    assert deployed.broker == "kafka:9093"
    assert deployed.secret("client-kafka-admin")


def test_whoever_is_waited_for_says_when_it_is_ready() -> None:
    for name, part in parts().items():
        for other, how in part.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert parts()[other]["healthcheck"]["test"], (name, other)
            else:
                assert how == {"condition": "service_completed_successfully"}, (name, other)
                assert parts()[other]["restart"] == "no", (name, other)


def test_ready_means_that_it_may_be_asked() -> None:
    """The first start of each takes longest, and then a port or a socket is open long before."""
    postgres = parts()["postgres"]["healthcheck"]["test"]
    assert (
        "--host=localhost" in postgres
    )  # its socket answers while the databases are made, and then goes away
    keycloak = parts()["keycloak"]
    assert "/dev/tcp/localhost/9000" in keycloak["healthcheck"]["test"][-1]
    assert "GET /health/ready " in keycloak["healthcheck"]["test"][-1]
    assert '[ "$$status" = 200 ]' in keycloak["healthcheck"]["test"][-1]
    assert keycloak["environment"]["KC_HTTP_MANAGEMENT_SCHEME"] == "http"  # bash asks without TLS
    (job,) = [
        each
        for each in yaml.safe_load((ROOT / "deploy/observability/prometheus.yaml").read_text("utf-8"))[
            "scrape_configs"
        ]
        if each["job_name"] == "keycloak"
    ]
    assert job.get("scheme", "http") == "http"


# Nothing more than it needs.


def test_nothing_is_privileged_or_writes_where_it_should_not() -> None:
    for name, part in parts().items():
        assert part["read_only"] is True, name
        assert part["cap_drop"] == ["ALL"], name
        assert part["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "pid", "ipc", "devices"} & set(part), name
        assert part["mem_limit"], name
        if name != "create":
            assert int(part["user"].split(":")[0]) > 0, name
            assert "cap_add" not in part, name
    assert parts()["create"]["network_mode"] == "none"
    assert set(parts()["create"]["cap_add"]) == {"CHOWN", "DAC_OVERRIDE", "FOWNER"}


def test_an_import_has_the_memory_that_registry_has() -> None:
    """Operators run it in `migrate`, which has their secrets."""
    assert parts()["migrate"]["mem_limit"] == parts()["registry"]["mem_limit"] == "1536m"


def test_only_what_browsers_and_departments_need_is_published_and_on_loopback() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    published = {name: part["ports"] for name, part in parts().items() if "ports" in part}
    assert published == {
        "dashboard": ["127.0.0.1:8443:8443"],
        "keycloak": ["127.0.0.1:8444:8444"],
        "identity": ["127.0.0.1:8445:8443"],
        "kafka": ["127.0.0.1:8446:9096"],
    }
    assert text.count('ports: ["${TSUMUGI_BIND:-127.0.0.1}:') == 4
    outside = {name for name, part in parts().items() if "outside" in part.get("networks", [])}
    assert outside == {*published, "messaging", "collector"}
    assert {name for name, net in compose()["networks"].items() if (net or {}).get("internal")} == {
        "data",
        "telemetry",
    }


def test_each_part_has_its_own_secrets_alone() -> None:
    for name, part in parts().items():
        if name in SERVICES | SERVERS | {KEEPER}:
            volumes = {source for source in mounts(part).values() if not source.startswith(".")}
            assert volumes <= {f"{name}-files", f"{name}-state", f"{name}-data"}, name
        for volume in part.get("volumes", []):
            source, target, *how = volume.split(":")
            if name != "create" and not source.endswith(("-state", "-data")):
                assert how == ["ro"], (name, target)
    told = str([part.get("environment") for part in parts().values()])
    assert not re.search(r"(?i)(password|secret)'?: '(?!/)", told)  # files, never words
    assert set(compose()["volumes"]) == {
        source for part in parts().values() for source in mounts(part).values() if not source.startswith(".")
    }


def test_images_are_of_one_version_and_of_no_registry_of_somebodys() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for built, file in (("create", "Dockerfile"), ("keycloak", "keycloak.Dockerfile")):
        base = re.search(r"^ARG BASE=(\S+)$", (ROOT / "deploy/image" / file).read_text("utf-8"), re.MULTILINE)
        assert base is not None
        assert parts()[built]["build"]["args"] == {"BASE": base[1]}
    for name, part in parts().items():
        image = part["image"]
        variable = re.findall(rf"image: \$\{{(TSUMUGI_\w*IMAGE):-{re.escape(image)}\}}", text)
        assert len(variable) == 1, f"{name}: no variable by which another image can be named"
        ours = image in ("tsumugi", "tsumugi-keycloak")
        assert ours or re.fullmatch(r"([\w-]+/)?[\w-]+:v?\d+(\.\d+\.\d+)?", image), name
    kafka = yaml.safe_load((ROOT / "deploy/k8s/platform/kafka.yaml").read_text("utf-8").split("\n---\n")[0])
    assert parts()["kafka"]["image"].endswith(f":{kafka['spec']['kafka']['version']}")
    lock = (ROOT / "deploy/local/kafka.lock.toml").read_text(encoding="utf-8")
    assert f'version = "{kafka["spec"]["kafka"]["version"]}"' in lock
    keycloak = (ROOT / "deploy/image/keycloak.Dockerfile").read_text(encoding="utf-8")
    version = re.search(r"^ARG BASE=\S+:(\S+)$", keycloak, re.MULTILINE)
    assert version is not None
    assert f'version = "{version[1]}"' in (ROOT / "deploy/local/keycloak.lock.toml").read_text("utf-8")


def test_keycloak_is_built_as_the_native_one() -> None:
    built = (ROOT / "deploy/image/keycloak.Dockerfile").read_text(encoding="utf-8")
    options = dict(re.findall(r"--([\w-]+)=(\S+)", built))
    assert options == BUILD
    assert create.FIRST_ADMIN == FIRST_ADMIN


def test_no_keycloak_tells_whose_name_was_mistyped() -> None:
    here = parts()["keycloak"]["environment"]["KC_LOG_LEVEL"]
    (cluster,) = [
        option["value"]
        for each in yaml.safe_load_all((ROOT / "deploy/k8s/platform/keycloak.yaml").read_text("utf-8"))
        if each["kind"] == "Keycloak"
        for option in each["spec"]["additionalOptions"]
        if option["name"] == "log-level"
    ]
    assert here == cluster == f"info,{SILENT}"


def test_what_is_mounted_from_here_is_here() -> None:
    for name, part in parts().items():
        for source in mounts(part).values():
            if source.startswith("./"):
                assert (ROOT / source).exists(), (name, source)


def test_the_handbook_restarts_nothing_that_it_does_not_name() -> None:
    """Everything has a profile: without one, and without names, Compose restarts nothing and says so in no word."""
    told = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert "docker compose --profile small up -d --force-recreate" in told
    assert not re.search(r"docker compose (restart|stop|up|down|ps)(?! [a-z])", told)
