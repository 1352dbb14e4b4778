"""Alarms and dashboards name only what is measured, by labels it has; every alarm leads somebody somewhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.topology import ROOT, topology
from services.dashboard.overview.api import router as overview
from services.dashboard.school_day.api import router as school_day
from services.registry.attendance.api import router as attendance
from shared.telemetry import meters

HERE = ROOT / "deploy" / "observability"
RULES = [HERE / "slo.yaml", HERE / "alerts.yaml"]
BOARDS = sorted((HERE / "grafana" / "dashboards").glob("*.json"))
ENDINGS = ("_bucket", "_count", "_sum")
OF_PROMETHEUS = {"up": {"job"}}
"""What Prometheus measures itself."""
_NAME = re.compile(r"\b(tsumugi[_:][\w:]+|up)\b(?:\{([^}]*(?:\{\w+\}[^}]*)*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_BY = re.compile(r"\bby \(([^)]*)\)")


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules() -> Iterator[dict[str, Any]]:
    for path in RULES:
        for group in loaded(path)["groups"]:
            yield from group["rules"]


def asked() -> Iterator[tuple[str, str]]:
    """Where, and what is asked of Prometheus."""
    for rule in rules():
        yield str(rule.get("alert") or rule.get("record")), rule["expr"]
    for path in BOARDS:
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel["targets"]:
                yield f"{path.name} {panel['title']}", target["expr"]


RECORDED = {rule["record"] for rule in rules() if "record" in rule}
ALERTS = [rule for rule in rules() if "alert" in rule]


def plain(name: str) -> str:
    """A figure's name without a histogram's endings."""
    return next((name.removesuffix(end) for end in ENDINGS if name.removesuffix(end) in meters.KNOWN), name)


def labels_of(name: str) -> set[str]:
    return OF_PROMETHEUS.get(name) or set(meters.KNOWN[plain(name)].labels) | {"le"}


@pytest.mark.parametrize(("where", "expression"), list(asked()))
def test_only_what_is_measured_is_asked(where: str, expression: str) -> None:
    found = _NAME.findall(expression)
    assert found, f"{where} asks nothing of ours"
    known: set[str] = set()
    for name, matchers in found:
        if name in RECORDED:
            continue
        assert plain(name) in meters.KNOWN or name in OF_PROMETHEUS, f"{where}: nothing measures {name}"
        used = {label for label, _ in _MATCHER.findall(matchers)}
        assert used <= labels_of(name), f"{where}: {name} has no {used - labels_of(name)}"
        known |= labels_of(name)
    for listed in _BY.findall(expression):
        assert {each.strip() for each in listed.split(",")} <= known, where


def test_everything_that_is_measured_is_shown() -> None:
    shown = {plain(name) for _, expression in asked() for name, _ in _NAME.findall(expression)}
    assert meters.KNOWN.keys() <= shown


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alarm_says_what_it_is_and_leads_to_a_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    runbook = ROOT / rule["annotations"]["runbook"]
    words = runbook.read_text(encoding="utf-8")
    assert runbook.parent == ROOT / "docs" / "runbooks"
    family = re.sub(r"(Fast|Slow)$", "", rule["alert"])
    assert family in words, f"{runbook.name} does not say what {family} means"
    assert "##" in words


def test_a_runbook_leads_only_to_others_that_exist() -> None:
    for page in (ROOT / "docs" / "runbooks").glob("*.md"):
        for linked in re.findall(r"\]\(([\w.-]+\.md)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / linked).exists(), f"{page.name} leads to {linked}"


def test_targets_are_bounds_of_what_is_measured() -> None:
    for where, expression in asked():
        for bound in re.findall(r'le="([\d.]+)"', expression):
            bounds = meters._ON_THE_WAY if "fold_delay" in expression else meters._ANSWERS
            assert float(bound) in bounds, f"{where}: {bound} is read off no bucket"


def test_targets_are_of_routes_that_exist() -> None:
    routes = {
        getattr(route, "path", "") for router in (attendance, school_day, overview) for route in router.routes
    }
    for where, expression in asked():
        for exact in re.findall(r'route="([^"]+)"', expression):
            assert exact in routes, f"{where}: {exact}"
        for pattern in re.findall(r'route=~"([^"]+)"', expression):
            met = {route for route in routes if re.fullmatch(pattern, route)}
            assert {"/api/today", "/api/classes/{class_id}/days/{day}/roll", "/api/board/days/{day}"} <= met


def test_burning_is_measured_over_two_windows_at_the_rates_of_the_targets() -> None:
    budgets = {"save": 0.05, "pages": 0.01, "news": 0.01, "answers": 0.001}
    rates = {
        ("page", "1h", "5m"): 14.4,
        ("page", "6h", "30m"): 6,
        ("ticket", "1d", "2h"): 3,
        ("ticket", "3d", "6h"): 1,
    }
    found = {}
    for rule in ALERTS:
        for name, long, bound, short, again in re.findall(
            r"tsumugi:(\w+)_bad:ratio_rate(\w+) > ([\d.]+) and tsumugi:\w+_bad:ratio_rate(\w+) > ([\d.]+)",
            rule["expr"],
        ):
            assert bound == again
            found[name, rule["labels"]["severity"], long, short] = float(bound)
    assert found == {
        (name, *key): pytest.approx(min(rate * budget, 0.99), rel=1e-3)
        for name, budget in budgets.items()
        for key, rate in rates.items()
    }


def test_every_service_is_asked() -> None:
    jobs = {job["job_name"]: job for job in loaded(HERE / "prometheus.yaml")["scrape_configs"]}
    assert jobs.keys() == topology().services.keys() | {"keycloak", "kafka-keep"}
    assert all(jobs[name].get("honor_labels") for name in topology().services), "service is our label"
    assert loaded(HERE / "prometheus.yaml")["rule_files"] == [path.name for path in RULES]
    (away,) = [rule["expr"] for rule in ALERTS if rule["alert"] == "ServiceAway"]
    assert set(re.findall(r'job=~"([^"]+)"', away)[0].split("|")) == topology().services.keys()


def test_a_cluster_keeps_our_label_service() -> None:
    path = ROOT / "deploy" / "k8s" / "components" / "monitoring" / "monitors.yaml"
    (services,) = [
        each
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if each["kind"] == "ServiceMonitor"
    ]
    assert all(endpoint["honorLabels"] for endpoint in services["spec"]["endpoints"]), (
        "else it is exported_service"
    )


def test_the_collector_sends_on_what_it_takes() -> None:
    collector = loaded(HERE / "collector.yaml")
    for pipeline in collector["service"]["pipelines"].values():
        for kind in ("receivers", "processors", "exporters"):
            assert set(pipeline[kind]) <= collector[kind].keys()
        assert "attributes/nobody" in pipeline["processors"]


def test_prometheus_takes_the_rules() -> None:
    promtool = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here; PROMTOOL names it (Debian: prometheus)")
    done = subprocess.run([promtool, "check", "rules", *RULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
