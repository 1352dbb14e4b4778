"""The running product seen from outside: a process a service over a real Kafka, with a collector and Prometheus.

One trace goes from the browser to the page through all of them; and of what is planted through the API nothing stands
in logs, traces or figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from benchmarks.browser import Browser
from deploy.local.example import import_example, training_day
from deploy.local.instance import Instance
from deploy.local.prepare import prepare_databases
from deploy.local.process import tail
from deploy.local.serve import publishers
from deploy.local.state import ROOT
from deploy.local.status import status
from deploy.local.temporary import free_ports, temporary_home
from deploy.topology import topology
from shared.dates import SystemClock
from shared.telemetry import meters
from tests.histories.product import deployment, environment
from tests.seeing.collector import Collector, collecting
from tests.support.figures import samples
from tests.support.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.xdist_group("seeing")]

TRACE = secrets.token_hex(16)
FAMILY, GIVEN, KANA = "植多", "名無美", "ウエタナナミ"
PHONE = "090-4711-0042"
ADDRESS = "植多町四丁目"
REASON = "おばの家から通うため"
PLANTED = (FAMILY, GIVEN, KANA, PHONE, PHONE.replace("-", ""), ADDRESS, REASON)


@dataclass
class Running:
    """The product, and those who watch it."""

    instance: Instance
    collector: Collector
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    """Secrets that were shown to it."""

    def start(self, role: str, *words: str) -> None:
        """A process with ways out for its figures."""
        self.ports[role] = self.instance.choices.port + 40 + len(self.ports)
        environ = {
            **environment(),
            "TSUMUGI_METRICS": f"localhost:{self.ports[role]}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.collector.address,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_METRIC_EXPORT_INTERVAL": "2000",
        }
        command = [sys.executable, "-m", "deploy.local", *words, "--state", str(self.instance.state)]
        with self.log(role).open("wb") as output:
            self.processes[role] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def log(self, role: str) -> Any:
        return self.instance.state / f"seen-{role}.log"

    def scraped(self, role: str) -> str:
        """What Prometheus would read of a process."""
        return httpx.get(f"http://localhost:{self.ports[role]}/metrics", timeout=10).text

    def end(self) -> None:
        for role, process in self.processes.items():
            process.terminate()
            process.wait(timeout=30)
            print(f"{role}: {tail(self.log(role))}")  # noqa: T201 (shown with a failure)

    def level(self) -> bool:
        """Whether everything answers and every copy has everything."""
        assert [role for role, each in self.processes.items() if each.poll() is not None] == []
        now = asyncio.run(status(self.instance))
        return (
            all(each.ready for each in now.services) and bool(now.feeds) and not any(f.lag for f in now.feeds)
        )

    def wait(self, condition: Any, within: float = 60) -> Any:
        return asyncio.run(eventually(lambda: asyncio.to_thread(condition), within=within, every=0.2))


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.delenv("TSUMUGI_PORT", raising=False)
        home = stack.enter_context(temporary_home())
        instance = deployment(home, free_ports(), "kafka", training_day(SystemClock().today()))

        async def prepare() -> None:
            await prepare_databases(instance)
            await import_example(instance, instance.clock.today(), pupils=300)

        asyncio.run(prepare())
        found = Running(instance, stack.enter_context(collecting()))
        stack.callback(found.end)
        for service in topology().services:
            found.start(service, "serve", service)
        for publisher in publishers():
            found.start(f"relay-{publisher}", "relay", publisher)
        found.wait(found.level, within=120)
        yield found


@pytest.fixture(scope="module")
def teacher(running: Running) -> Iterator[httpx.Client]:
    """A teacher with a class, at a browser."""
    browser = Browser()
    headers = browser.sign_in(running.instance.origin, "担任", "担任")
    running.tokens += [value for value in browser.cookies.values() if len(value) > 20]
    headers |= {"x-tsumugi": "1", "origin": running.instance.origin}
    with httpx.Client(base_url=running.instance.origin, headers=headers, timeout=30) as client:
        yield client


class Stream:
    """The one stream of a browser, line by line."""

    def __init__(self, client: httpx.Client, views: str) -> None:
        self.lines: list[str] = []
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(client, views), daemon=True)
        self._thread.start()
        assert self._opened.wait(20)

    def _listen(self, client: httpx.Client, views: str) -> None:
        with (
            suppress(httpx.HTTPError, httpx.StreamError),  # the end of the test cuts it
            client.stream("GET", f"/api/live?views={views}", timeout=60) as answer,
        ):
            for line in answer.iter_lines():
                self.lines.append(line)
                self._opened.set()

    def cause(self) -> str | None:
        """The traceparent of the first change that was told."""
        told = [line for line in self.lines if line.startswith(": traceparent ") and TRACE in line]
        return told[0].removeprefix(": traceparent ") if told else None


def test_one_trace_goes_from_the_browser_to_the_page(running: Running, teacher: httpx.Client) -> None:
    today = teacher.get("/api/today").json()
    (taken, *_) = today["classes"]
    at = f"/api/classes/{taken['class']['id']}/days/{today['date']}/roll"
    view = f"class-day:{taken['class']['id']}:{today['date']}"
    stream = Stream(teacher, view)
    roll = teacher.get(at).json()
    member = next(each for each in roll["members"] if each)
    body = {"marks": [{"pupil": member["pupil"]["id"], "seen": 0, "code": "absent_sick"}]}
    answer = teacher.post(
        f"/api/registry/v1/classes/{taken['class']['id']}/days/{today['date']}/roll",
        json=body,
        headers={"idempotency-key": str(uuid4()), "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["saved"], "else nothing would travel"
    cause = running.wait(stream.cause)
    assert (
        teacher.get(at, headers={"traceparent": cause, "x-after": answer.json()["after"]}).status_code == 200
    )

    def whole() -> bool:
        found = running.collector.spans_of(TRACE)
        return (
            {
                "POST /api/{service}/v1/{path:path}",
                "fold school_day",
                "tell class-day",
                "GET /api/classes/{class_id}/days/{day}/roll",
            }
            <= found.get("dashboard", set())
            and "POST /v1/classes/{class_id}/days/{on}/roll" in found.get("registry", set())
            and "relay registry" in found.get("relay-registry", set())
        )

    try:
        running.wait(whole, within=30)
    except AssertionError:
        pytest.fail(f"the trace is cut: {running.collector.spans_of(TRACE)}")


def _ask(running: Running, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
    token = subprocess.run(
        [sys.executable, "-m", "deploy.local", "token", "--as", who, "--for", "registry"],
        cwd=ROOT,
        env={**environment(), "TSUMUGI_STATE": str(running.instance.state)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    running.tokens.append(token)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
    return httpx.request(
        method, running.instance.url("registry") + path, json=body, headers=headers, timeout=30
    )


def test_nothing_that_was_planted_is_in_logs_traces_or_figures(
    running: Running, teacher: httpx.Client
) -> None:
    found = _ask(running, "office", "GET", "/v1/people?hat=pupil&rows=20").json()["people"]
    pupil = found[0]["person"]["id"]
    card = _ask(running, "office", "GET", f"/v1/people/{pupil}").json()
    legal = {"family": FAMILY, "given": GIVEN, "family_kana": KANA, "given_kana": KANA}
    rename = {"act": "correct_name", "seen": card["revision"], "legal": legal, "reason": REASON}
    changes = f"/v1/people/{pupil}/changes"
    done = _ask(running, "office", "POST", changes, rename)
    assert done.status_code == 200, done.text
    contact = {
        "act": "change_contact",
        "seen": card["contact"]["period"] if card["contact"] else None,
        "since": str(running.instance.clock.today()),
        "address": ADDRESS,
        "phones": [{"number": PHONE, "kind": "mobile"}],
    }
    statuses = {
        _ask(running, "office", "POST", changes, contact).status_code,
        # Wrong ones, and names in addresses.
        _ask(running, "office", "POST", changes, {"act": FAMILY, PHONE: GIVEN}).status_code,
        _ask(running, "office", "GET", f"/v1/people?q={quote(FAMILY)}").status_code,
        teacher.get(f"/people/{quote(FAMILY)}/{PHONE}").status_code,
        teacher.get(f"/api/registry/v1/{quote(FAMILY)}?q={quote(GIVEN)}").status_code,
        teacher.post("/api/messaging/v1/notices", json={"text": REASON, FAMILY: PHONE}).status_code,
        httpx.get(
            f"{running.instance.url('registry')}/v1/people",
            headers={b"authorization": f"Bearer {PHONE}.x.{GIVEN}".encode()},
        ).status_code,
    }
    assert {200, 401, 422} <= statuses, "right and wrong ones"
    running.wait(running.level)
    before = len(running.collector.metrics)
    running.wait(lambda: len(running.collector.metrics) > before + len(running.processes))

    seen = {role: running.log(role).read_text(encoding="utf-8") for role in running.processes}
    seen |= {f"figures of {role}": running.scraped(role) for role in running.processes}
    seen["collector"] = running.collector.text()
    shown = [word for token in running.tokens for word in (token, token.rsplit(".", 1)[-1])]
    for where, text in seen.items():
        assert text or where.startswith("relay-"), f"{where} says nothing, so nothing is proved"
        for word in (*PLANTED, pupil, *shown):
            for form in _forms(word):
                assert form not in text, f"{where} has {form!r}"


def _forms(word: str) -> set[str]:
    """As a word may stand in text, JSON, an address or protobuf's text."""
    octal = "".join(chr(byte) if byte < 128 else f"\\{byte:03o}" for byte in word.encode())
    return {word, json.dumps(word)[1:-1], quote(word), octal}


def test_every_line_of_a_log_is_json_with_its_service_and_trace(
    running: Running, teacher: httpx.Client
) -> None:
    for role in topology().services:
        lines = [json.loads(line) for line in running.log(role).read_text(encoding="utf-8").splitlines()]
        assert lines, role
        assert {line["service"] for line in lines} == {role}
        requests = [line for line in lines if line["logger"] == "tsumugi.http" and line["event"] == "request"]
        assert requests, role
        assert all(re.fullmatch(r"[0-9a-f]{32}", line["trace"]) for line in requests)


def test_every_figure_is_told_by_some_process(running: Running, teacher: httpx.Client) -> None:
    quiet = {"tsumugi_admission_shed_total", "tsumugi_turned_away_total", "tsumugi_keeper_age_seconds"}
    """Nobody was told to come back or turned away, and a broker without rights has no keeper
    (deploy/kafka/tests/test_marks.py)."""

    def told() -> set[str]:
        names = {name for role in running.processes for name, *_ in samples(running.scraped(role))}
        return {known for known in meters.KNOWN if any(name.startswith(known) for name in names)}

    running.wait(lambda: told() == meters.KNOWN.keys() - quiet, within=20)
    relays = {role: running.scraped(role) for role in running.processes if role.startswith("relay-")}
    for role, text in relays.items():
        ages = [labels for name, labels, _ in samples(text) if name == "tsumugi_relay_age_seconds"]
        assert ages == [{"service": role.removeprefix("relay-")}]
    lags = {
        (labels["service"], labels["copy"], labels["publisher"])
        for service in topology().services
        for name, labels, _ in samples(running.scraped(service))
        if name == "tsumugi_feed_lag_records"
    }
    now = asyncio.run(status(running.instance))
    assert lags == {(feed.service, feed.copy, feed.publisher) for feed in now.feeds}, (
        "as tsumugi status tells"
    )
    assert "tsumugi_request_duration" in running.collector.figures(), "the collector gets the same"


def test_the_chain_of_the_access_log_holds(running: Running, teacher: httpx.Client) -> None:
    def audit(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deploy.local", "audit", *words],
            cwd=ROOT,
            env={**environment(), "TSUMUGI_STATE": str(running.instance.state), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert audit("seal").returncode == 0
    checked = audit("verify", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    reports = json.loads(checked.stdout)
    assert {report["service"] for report in reports if report["entries"]} >= {"registry", "dashboard"}

    async def touch() -> str:
        connection = await running.instance.server.connect("registry")
        try:
            sql = "update access.entry set outcome = 'denied' where id = (select ids[1] from access.batch limit 1)"
            return str(await connection.fetchval(f"{sql} returning id"))
        finally:
            await connection.close()

    touched = asyncio.run(touch())
    checked = audit("verify")
    assert checked.returncode == 1
    assert f"記録 {touched} が書きかえられています" in checked.stdout
    assert os.linesep in checked.stdout
