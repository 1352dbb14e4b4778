"""Somebody who asks registry over HTTP, as a program would."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from deploy.local.instance import Instance
from tests.support.product import Product
from tests.support.waiting import eventually


class Asking:
    """Holds a token of five minutes: one for each stretch of work."""

    def __init__(self, product: Product, who: str) -> None:
        token = product.tsumugi("token", "--as", who, "--for", "registry").strip()
        self._origin = Instance(product.state).url("registry")
        self._headers = {"authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        """The answer to a question; it must be one."""
        return self._told(httpx.get(self._origin + path, headers=self._headers, timeout=30))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a command; it must be carried out."""
        headers = {**self._headers, "idempotency-key": str(uuid4())}
        return self._told(httpx.post(self._origin + path, json=body, headers=headers, timeout=30))

    @staticmethod
    def _told(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


async def arrived(product: Product) -> None:
    """Wait until every copy has everything."""
    await eventually(
        lambda: all(feed["lag"] == 0 for feed in product.status()["feeds"]), within=30, every=0.2
    )
