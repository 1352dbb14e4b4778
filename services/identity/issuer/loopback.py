"""The issuer without passwords never leaves the machine: bind and Host check (decisions.md §4).

Addresses that are configured are checked before anything starts. Then every request is: its connection must come from
and to this machine whatever the server was bound to, and it must ask for this machine by name, so that a web page
elsewhere that lets its own name point here (DNS rebinding) finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web import Problem

NAMES = frozenset({"localhost", "127.0.0.1"})


class NotLoopback(RuntimeError):
    """The issuer of the embedded edition was to be reachable from elsewhere; it refuses to start."""


def refuse_other_addresses(edition: str, urls: Iterable[str]) -> None:
    """Raise :class:`NotLoopback` unless this is the embedded edition and all ``urls`` are this machine's."""
    if edition != "embedded":
        raise NotLoopback("パスワードのない発行所は、れんしゅう用（embedded）の外では動きません。")
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in NAMES:
            raise NotLoopback(
                f"{url} はこの機械の外から見えます。れんしゅう用では http://localhost:番号 だけが使えます。"
            )


def allowed_host(host: str) -> bool:
    """Whether a Host header names this machine, with or without a port."""
    name, colon, port = host.partition(":")
    return name.lower() in NAMES and (not colon or (port.isascii() and port.isdigit()))


def local_end(end: object) -> bool:
    """Whether one end of a connection, as ASGI tells it, is on this machine; a unix socket and no end at all are."""
    if not isinstance(end, tuple | list) or not end:
        return True
    try:
        return ip_address(str(end[0])).is_loopback
    except ValueError:
        return str(end[0]) in NAMES or str(end[0]).startswith("/")


class LoopbackOnly:
    """ASGI middleware: answers 421 to whatever does not stay on this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        here = local_end(scope.get("client")) and local_end(scope.get("server"))
        if here and len(hosts) == 1 and allowed_host(hosts[0]):
            await self.app(scope, receive, send)
            return
        problem = Problem(
            421,
            "not-loopback",
            "この機械の外からは使えません",
            "れんしゅう用のサインインは、同じ機械のブラウザーで http://localhost を開いて使ってください。",
        )
        await problem.response()(scope, receive, send)
