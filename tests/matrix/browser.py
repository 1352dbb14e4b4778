"""What is sent to a service and what comes back, byte by byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from http.cookies import SimpleCookie
from typing import Any, cast
from uuid import uuid4

import httpx
import orjson


def make_http() -> httpx.AsyncClient:
    """A client that keeps no cookies: whose they are is each caller's business."""
    nobody = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(cookies=nobody, timeout=20)


@dataclass(frozen=True)
class Answer:
    """An answer; of a stream its first words."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def everything(self) -> bytes:
        """All bytes of it, headers too."""
        lines = [name + b": " + value for name, value in self.headers.raw]
        return b"\n".join([*lines, self.body])

    def json(self) -> Any:
        """The body."""
        return orjson.loads(self.body)

    @property
    def problem(self) -> str:
        """Last word of the problem's type; empty without one. What OneRoster prescribes is told in the same words."""
        if b'"imsx_codeMajor"' in self.body:
            said = self.json()["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"]
            return _ONEROSTER.get(str(said), str(said))
        if self.headers.get("content-type") != "application/problem+json":
            return ""
        return str(self.json()["type"]).rsplit("/", 1)[-1]


_ONEROSTER = {"unauthorisedrequest": "signed-out", "unknownobject": "not-found", "forbidden": "not-allowed"}


@dataclass(frozen=True)
class Call:
    """A request, but for who sends it."""

    method: str
    path: str
    json: Any = None

    @property
    def safe(self) -> bool:
        """Whether it changes nothing."""
        return self.method in ("GET", "HEAD")


@dataclass
class Sender:
    """Sends to one service as one party."""

    http: httpx.AsyncClient
    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    async def send(self, call: Call, *, without: tuple[str, ...] = (), **headers: str) -> Answer:
        """Send ``call`` as a page of the product would, or ``without`` some headers, or with others."""
        given = dict(self.headers)
        if not call.safe:
            given |= {"idempotency-key": str(uuid4()), "x-tsumugi": "1", "origin": self.base}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        given = {name: value for name, value in given.items() if name not in without}
        content = None if call.json is None else orjson.dumps(call.json)
        if content is not None:
            given["content-type"] = "application/json"
        request = self.http.build_request(call.method, self.base + call.path, headers=given, content=content)
        answer = await self.http.send(request, stream=True)
        try:
            body = await self._body(answer)
        finally:
            await answer.aclose()
        self._keep(answer)
        return Answer(answer.status_code, answer.headers, body)

    async def get(self, path: str, **headers: str) -> Answer:
        """A read."""
        return await self.send(Call("GET", path), without=(), **headers)

    @staticmethod
    async def _body(answer: httpx.Response) -> bytes:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return cast("bytes", await anext(aiter(answer.aiter_bytes())))
        return await answer.aread()

    def _keep(self, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
