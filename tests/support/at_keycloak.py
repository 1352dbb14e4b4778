"""Somebody at Keycloak's pages, over HTTP: whoever signed in there stays so for the run, as in one browser."""

from __future__ import annotations

import html
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from deploy.local.instance import Instance
from services.identity.keycloak.training import Training, training
from shared.access.step_up import FRESH

_FORM = re.compile(r'<form[^>]*\baction="([^"]+)"')
_PERIOD = timedelta(seconds=30)
_USED: set[tuple[str, str]] = set()
"""Who has used which code: Keycloak takes each once."""


def fresh_code(way: Training, name: str) -> str:
    """A code of the authenticator app that this person has not used: of now, or of half a minute around it."""
    for offset in (timedelta(), _PERIOD, -_PERIOD):
        code = way.code(datetime.now(UTC) + offset)
        if (name, code) not in _USED:
            _USED.add((name, code))
            return code
    raise AssertionError(f"{name} signs in for the fourth time within a minute: keep the sign-in")


@dataclass
class AtKeycloak:
    """One person's browser as far as Keycloak sees it: its cookies, and what is typed into its pages."""

    issuer: str
    way: Training
    name: str
    trust: ssl.SSLContext | bool = True
    cookies: dict[str, str] = field(default_factory=dict)
    """Those of the realm. There are none until somebody has signed in."""
    filled: int = 0
    """How many pages were filled in, ever."""
    proved: float = 0.0
    """When they last proved who they are, by the clock of `time.monotonic`."""

    @property
    def fresh(self) -> bool:
        """Whether what needs a fresh proof will be done for whoever comes with these cookies, and for a while yet."""
        return bool(self.cookies) and time.monotonic() - self.proved < FRESH.total_seconds() / 2

    def go(self, address: str) -> str:
        """Open ``address``, fill in what is asked; the address outside of Keycloak to which the browser is sent."""
        with httpx.Client(verify=self.trust, timeout=60) as http:
            answer = self._ask(http, "GET", address)
            while not self._leaves(answer):
                if answer.is_redirect:
                    answer = self._ask(http, "GET", answer.headers["location"])
                    continue
                form = _FORM.search(answer.text)
                assert form, f"{answer.status_code} {answer.text[:2000]}"
                self.filled, self.proved = self.filled + 1, time.monotonic()
                typed = self._typed(answer.text)
                answer = self._ask(http, "POST", html.unescape(form[1]), data=typed)
        return str(answer.headers["location"])

    def _typed(self, page: str) -> dict[str, str]:
        if 'name="otp"' in page:
            return {"otp": fresh_code(self.way, self.name)}
        assert 'name="password"' in page, page[:2000]
        return {"username": self.name, "password": self.way.password}

    def _leaves(self, answer: httpx.Response) -> bool:
        return answer.is_redirect and not answer.headers["location"].startswith(self.issuer)

    def _ask(self, http: httpx.Client, method: str, address: str, **more: Any) -> httpx.Response:
        # Browsers send cookies of localhost that are for TLS alone; the library does not.
        told = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        http.cookies.clear()
        answer = http.request(method, address, headers={"cookie": told} if told else {}, **more)
        for line in answer.headers.get_list("set-cookie"):
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        return answer

    @property
    def _path(self) -> str:
        return f"{urlsplit(self.issuer).path}/"

    def keep(self, cookies: Sequence[Mapping[str, Any]]) -> None:
        """This person has signed in with a browser that now has these; the realm's are kept."""
        self.proved = time.monotonic()
        self.cookies = {each["name"]: each["value"] for each in cookies if each["path"] == self._path}

    def for_a_browser(self) -> list[Any]:
        """The cookies as Playwright takes them."""
        of: dict[str, Any] = {"path": self._path, "secure": True, "sameSite": "None"}
        of["domain"] = urlsplit(self.issuer).hostname  # cookies know no ports
        return [{"name": name, "value": value, **of} for name, value in self.cookies.items() if value]


_PEOPLE: dict[tuple[Path, str], AtKeycloak] = {}


def of_town(instance: Instance, name: str) -> AtKeycloak:
    """Whoever has that sign-in name in a town for trying; the same for the whole run."""
    if (instance.state, name) not in _PEOPLE:
        settings = instance.settings("identity")
        way = training(settings.state, instance.origin, instance.clock)
        trust = ssl.create_default_context(cafile=str(instance.authority.certificate))
        _PEOPLE[instance.state, name] = AtKeycloak(settings.issuer, way, name, trust)
    return _PEOPLE[instance.state, name]
