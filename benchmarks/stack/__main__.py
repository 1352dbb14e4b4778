"""`make bench-stack`: the platform edition measured in one run, beside the same over the log.

python -m benchmarks.stack                            all
python -m benchmarks.stack commands pages             some parts
python -m benchmarks.stack --seconds 5 --events 10000    a short one

It starts both editions by itself, one after the other, in folders of its own, and ends all that it started.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import uvloop

from benchmarks.cost import machine
from benchmarks.deployment import Deployment, deployment
from benchmarks.load import Figure, report
from benchmarks.pages import sessions
from benchmarks.stack import backlog, loads, people
from benchmarks.stack.edition import Stack, place, start
from benchmarks.stack.outcome import Outcome, ratios
from benchmarks.stack.starting import Starts, figure, memory_figure
from deploy.local import lifecycle

T = TypeVar("T")

PARTS = {
    "start": "start times, the first and again; of each part its memory, and its processor while idle",
    "commands": "command → page at 50, 200, 400 commands a second",
    "pages": "pages a second of a process",
    "catch-up": "copies level again after --events",
    "rebuild": "a copy built anew, from Kafka and from the log",
    "accounts": "users made in Keycloak a second",
    "sign-in": "2,000 sign-ins in five minutes, with password and one-time code",
    "relay": "records that the relay sends a second",
}
BOTH = {"commands", "pages", "catch-up"}
"""What is measured on either transport."""
FIRST_SECONDS, AGAIN_SECONDS = 90.0, 40.0
LOG, KAFKA = "over the log", "over Kafka"
RESULTS = Path("benchmarks-stack-results.md")


class Run:
    """The parts that were asked for, one after the other."""

    def __init__(self, parts: set[str], seconds: float, events: int, storm: float) -> None:
        self.parts, self.seconds, self.events, self.storm = parts, seconds, events, storm
        self.figures: list[Figure] = []

    def say(self, words: str) -> None:
        """Tell how far it is."""
        print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)

    def all(self) -> None:
        """Both editions, the embedded one first: over the log, a process a service."""
        beside: dict[str, float] = {}
        if self.parts & BOTH:
            self.say("the embedded edition, over the log, a process a service")
            with deployment("log", "a process a service") as deployed:
                beside = self._both(deployed, LOG, *sessions(deployed))
        self.say("the platform edition")
        with place() as instance:
            starts, began = Starts(instance), time.perf_counter()
            with starts.watched():
                deployed = start(instance, lambda words: self.say(f"  {starts.heard(words)}"))
            first = time.perf_counter() - began
            instance = deployed.instance
            if "start" in self.parts:
                self._take(
                    Outcome([figure("platform edition ready, first start", first, starts, FIRST_SECONDS)])
                )
                self._again(deployed)
            numbers = self._platform(deployed)
            if beside:
                self._take(Outcome(ratios(numbers, beside)))
            if "start" in self.parts and len(self.parts) > 1:
                self._take(Outcome([memory_figure(instance, "after all this")]))
            if "relay" in self.parts:
                self.say("relay")
                lifecycle.stop_services(instance)
                self._take(_run(backlog.relay(instance)))

    def _again(self, deployed: Stack) -> None:
        lifecycle.down(deployed.instance, say=lambda _: None)
        starts, began = Starts(deployed.instance), time.perf_counter()
        with starts.watched():
            lifecycle.up(
                deployed.instance,
                transport=None,
                training_date=deployed.day,
                say=lambda words: self.say(f"  {starts.heard(words)}"),
            )
        seconds = time.perf_counter() - began
        again = figure("platform edition ready, again", seconds, starts, AGAIN_SECONDS)
        self._take(Outcome([again, memory_figure(deployed.instance, "after that")]))
        self._take(_run(loads.idle(deployed)))

    def _platform(self, deployed: Stack) -> dict[str, float]:
        teacher, principal = _run(deployed.sessions()) if "pages" in self.parts else ({}, {})
        numbers = self._both(deployed, KAFKA, teacher, principal)
        if "rebuild" in self.parts:
            self.say("rebuild")
            self._take(_run(backlog.rebuild(deployed.instance)))
        if self.parts & {"accounts", "sign-in"}:
            self.say("accounts")
            found, names = _run(people.accounts(deployed))
            self._take(found)
            if "sign-in" in self.parts:
                self.say(f"sign-in storm of {self.storm:.0f} s")
                self._take(_run(people.storm(deployed, names, self.storm)))
        return numbers

    def _both(
        self, deployed: Deployment, how: str, teacher: dict[str, str], principal: dict[str, str]
    ) -> dict[str, float]:
        found = Outcome()
        if "commands" in self.parts:
            self.say(f"commands, {how}")
            found.add(self._take(_run(loads.commands(deployed, how, self.seconds))))
        if "pages" in self.parts:
            self.say(f"pages, {how}")
            found.add(self._take(_run(loads.pages(deployed, teacher, principal, how, self.seconds))))
        if "catch-up" in self.parts:
            self.say(f"catch-up, {how}")
            found.add(self._take(_run(backlog.catch_up(deployed, self.events, how, self.say))))
        return found.numbers

    def _take(self, found: Outcome) -> Outcome:
        for each in found.figures:
            self.say(f"  {each.what}: {each.measured} [{each.verdict}]")
        self.figures += found.figures
        return found


def _run(work: Coroutine[Any, Any, T]) -> T:
    """On the loop that services run on: what asks shares two cores with what answers."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _ended(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)  # what stands in `finally` is done


def main() -> None:
    """Run what is asked for, and print what was found even where it was broken off."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.stack")
    parts = ", ".join(f"{name} ({what})" for name, what in PARTS.items())
    asked.add_argument("parts", nargs="*", help=f"some of: {parts}")
    asked.add_argument("--seconds", type=float, default=15.0, help="of each load")
    asked.add_argument("--events", type=int, default=100_000, help="of the catch-up")
    asked.add_argument("--storm", type=float, default=people.STORM_SECONDS, help="seconds of the sign-ins")
    given = asked.parse_args()
    if unknown := sorted(set(given.parts) - set(PARTS)):
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ended)
    run = Run(set(given.parts or PARTS), given.seconds, given.events, given.storm)
    before = machine()
    try:
        run.all()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    finally:
        table = f"Before: {before}\n\n{report(run.figures)}\n\nAfter: {machine()}"
        print(table)
        RESULTS.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
