"""A line of the log is JSON, has service and trace, and repeats nothing that libraries or errors say of somebody."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from shared.telemetry import journal
from shared.telemetry.meters import serving
from tests.support.waiting import eventually

NAME = "髙橋花子"


def line(logger: str, message: object, *arguments: object, **more: Any) -> dict[str, Any]:
    record = logging.getLogger(logger).makeRecord(
        logger, logging.WARNING, "file.py", 1, message, arguments, more.pop("exc_info", None), extra=more
    )
    written = journal.Line("process").format(record)
    assert "\n" not in written, "one event, one line"
    return dict(json.loads(written))


def test_a_line_says_when_who_what_and_in_which_trace() -> None:
    token = serving.set("registry")
    try:
        with TracerProvider().get_tracer("test").start_as_current_span("work") as span:
            written = line("services.registry", "%d rows wait", 3, fields={"route": "/v1/people/{person}"})
    finally:
        serving.reset(token)
    trace = format(span.get_span_context().trace_id, "032x")
    assert written.pop("at").endswith("+00:00")
    assert written == {
        "level": "warning",
        "service": "registry",
        "logger": "services.registry",
        "event": "3 rows wait",
        "trace": trace,
        "route": "/v1/people/{person}",
    }


def test_lines_of_no_request_are_of_the_process() -> None:
    assert line("shared.events", "stopped")["service"] == "process"


def test_what_a_library_fills_in_is_left_out() -> None:
    assert line("somelib", "row %s refused", NAME)["event"] == "row %s refused"
    assert line("asyncio", f"Task exception was never retrieved\nfuture: <{NAME}>")["event"] == (
        "Task exception was never retrieved"
    )


def test_of_an_error_only_its_kind_and_place() -> None:
    try:
        raise ValueError(f"Failing row contains ({NAME})")
    except ValueError:
        written = line("shared.web", "unexpected", exc_info=sys.exc_info())
    assert written["error"] == "ValueError"
    assert written["where"][0].rpartition(":")[0] == __file__
    assert NAME not in str(written)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What a handler with a short memory for spells writes."""
    written: list[str] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(record.getMessage())

    handler = Keeps()
    handler.addFilter(journal.Spells(seconds=0.2))
    loggers = [logging.getLogger(name) for name in ("aiokafka.spells", "shared.spells")]
    for each in loggers:
        each.addHandler(handler)
    yield written
    for each in loggers:
        each.removeHandler(handler)


async def test_what_a_library_repeats_is_two_lines(heard: list[str]) -> None:
    library, ours = logging.getLogger("aiokafka.spells"), logging.getLogger("shared.spells")
    for _ in range(7):
        library.error("no way to node %s", 1)
        ours.warning("relay stands still")
    library.error("no way to node %s", 2)
    assert heard.count("relay stands still") == 7, "our own words are written as often as they are said"
    assert [line for line in heard if "node" in line] == ["no way to node 1", "no way to node 2"]
    await eventually(lambda: "no more since 0 seconds, 7 times in all: no way to node 1" in heard)
    library.error("no way to node %s", 1)
    assert heard[-1] == "no way to node 1", "another time is told anew"
    assert not any("times in all: no way to node 2" in line for line in heard)


def test_without_a_loop_every_line_is_written(heard: list[str]) -> None:
    for _ in range(3):
        logging.getLogger("aiokafka.spells").error("no way")
    assert heard == ["no way"] * 3
