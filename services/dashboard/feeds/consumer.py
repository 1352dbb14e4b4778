"""A department's program: receives a feed as it comes, confirms what it has, goes on where it stopped.

What was confirmed is kept by the dashboard as proof of delivery; a program that remembers nothing continues there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from shared.ids import time_ordered_id

logger = logging.getLogger(__name__)

WAIT_SECONDS = 25
RETRY_SECONDS = 2.0
TIMEOUT = httpx.Timeout(WAIT_SECONDS + 10)


class Refused(Exception):
    """The dashboard says no, in a sentence for a person; trying again does not help."""


class Away(Exception):
    """Nobody answers now; trying again may help."""


@dataclass
class Consumer:
    """Follows the feed ``name``. ``token`` gives a fresh token of the department; tokens live five minutes."""

    http: httpx.AsyncClient
    name: str
    token: Callable[[], Awaitable[str]]
    wait: int = WAIT_SECONDS
    _token: str | None = None
    _away: bool = False

    async def batches(self, after: int | None = None) -> AsyncIterator[list[dict[str, Any]]]:
        """Items as they come, for ever; a batch that was taken is confirmed before the next is asked for.

        ``after``: a position to begin after (0: everything there is), None: after what was last confirmed.
        """
        while True:
            try:
                items = await self.receive(after)
                if items:
                    yield items
                    after = int(items[-1]["position"])
                    await self.confirm(after)
            except Away as error:
                await self._wait(error)

    async def _wait(self, error: Away) -> None:
        """Before trying again; said once, until an answer came."""
        if not self._away:
            logger.warning(
                "%s つながるまで待ちます。相手が動いているか、住所が合っているかを確かめてください。", error
            )
        self._away = True
        await asyncio.sleep(RETRY_SECONDS)

    async def receive(self, after: int | None) -> list[dict[str, Any]]:
        """What came after ``after``, waiting for something new; maybe nothing."""
        asked: dict[str, int] = {"wait": self.wait} | ({} if after is None else {"after": after})
        answer = await self._ask("GET", f"/api/feeds/{self.name}/items", params=asked)
        return [orjson.loads(line) for line in answer.text.splitlines()]

    async def confirm(self, position: int) -> None:
        """Say that everything up to ``position`` has come; the same command however often it must be sent."""
        key = str(time_ordered_id(datetime.now(UTC)))
        while True:
            try:
                await self._ask(
                    "POST",
                    f"/api/feeds/{self.name}/acks",
                    json={"position": position},
                    headers={"idempotency-key": key},
                )
                return
            except Away as error:
                await self._wait(error)

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        for last in (False, True):
            if self._token is None:
                self._token = await self.token()
            headers = {**more.pop("headers", {}), "authorization": f"Bearer {self._token}"}
            try:
                answer = await self.http.request(method, path, headers=headers, timeout=TIMEOUT, **more)
            except httpx.TransportError as error:
                raise Away(f"{self.http.base_url} が答えません（{type(error).__name__}）。") from error
            if answer.status_code == 401 and not last:
                self._token = None  # it has run out
                more["headers"] = {n: v for n, v in headers.items() if n != "authorization"}
                continue
            self._away = False
            return _good(answer)
        raise AssertionError("unreachable")


def _good(answer: httpx.Response) -> httpx.Response:
    if answer.status_code == 200:
        return answer
    if answer.status_code >= 500:
        raise Away(f"the dashboard answers {answer.status_code}")
    try:
        raise Refused(str(answer.json()["detail"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"status {answer.status_code}") from error


async def department_token(http: httpx.AsyncClient, issuer: str, client: str, secret: str) -> str:
    """A department's token for the dashboard. Raises :class:`Refused` or :class:`Away`."""
    try:
        found = await http.get(f"{issuer}/.well-known/openid-configuration")
        answer = await http.post(
            str(found.json()["token_endpoint"]),
            # The embedded issuer reads the audience, Keycloak the scope that carries it.
            data={"grant_type": "client_credentials", "audience": "dashboard", "scope": "dashboard"},
            auth=(client, secret),
        )
        body = answer.json()
    except (httpx.TransportError, ValueError, KeyError) as error:
        raise Away(f"{issuer} が答えません（{type(error).__name__}）。") from error
    if answer.status_code != 200:
        raise Refused(f"{client} の鍵を出してもらえません（{body.get('error', answer.status_code)}）。")
    return str(body["access_token"])
