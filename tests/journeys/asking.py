"""Somebody who asks registry over HTTP, as a program would."""

from __future__ import annotations

import ssl
import subprocess
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx

from deploy.local.instance import Instance
from deploy.local.state import ROOT
from tests.support.at_keycloak import of_town
from tests.support.product import Product
from tests.support.waiting import eventually


def _chosen(product: Product, who: str) -> str:
    """A token of the embedded edition, where nobody proves who they are."""
    return product.tsumugi("token", "--as", who, "--for", "registry").strip()


def _signed_in(product: Product, who: str) -> str:
    """A token of the platform edition: ``who`` opens the address that the command shows, and signs in at Keycloak."""
    with subprocess.Popen(
        product.command("token", "--as", who, "--for", "registry"),
        cwd=ROOT,
        env=product.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stderr is not None
        told = []
        try:
            for line in command.stderr:
                told.append(line)
                if line.startswith("https://"):
                    (name,) = parse_qs(urlsplit(line.strip()).query)["login_hint"]
                    httpx.get(of_town(product.instance, name).go(line.strip()))
            token, _ = command.communicate(timeout=product.patience)
        finally:
            command.kill()  # nothing to do where it has ended
    assert command.returncode == 0, "".join(told)
    return str(token).strip()


class Asking:
    """Holds a token of five minutes: one for each stretch of work."""

    def __init__(self, product: Product, who: str) -> None:
        token = _signed_in(product, who) if product.edition == "platform" else _chosen(product, who)
        instance = Instance(product.state)
        self._origin = instance.url("registry")
        self._headers = {"authorization": f"Bearer {token}"}
        self._trust: ssl.SSLContext | bool = True
        if instance.platform:
            self._trust = ssl.create_default_context(cafile=str(instance.authority.certificate))

    def get(self, path: str) -> Any:
        """The answer to a question; it must be one."""
        return self._told(
            httpx.get(self._origin + path, headers=self._headers, timeout=30, verify=self._trust)
        )

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer to a command; it must be carried out."""
        headers = {**self._headers, "idempotency-key": str(uuid4())}
        return self._told(
            httpx.post(self._origin + path, json=body, headers=headers, timeout=30, verify=self._trust)
        )

    @staticmethod
    def _told(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


def a_family(product: Product, class_name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A child of the class, and a guardian who may tell about it and has a name that nobody else has."""
    office, board = Asking(product, "office"), Asking(product, "board")
    classes = office.get("/v1/classes")
    school = office.get(
        f"/v1/people?hat=pupil&class_id={next(c['id'] for c in classes if c['name'] == class_name)}&rows=50"
    )
    for each in school["people"]:
        card = office.get(f"/v1/people/{each['person']['id']}")
        if card["protected"] or not card["may"]["family"]:
            continue
        for tie in office.get(f"/v1/people/{each['person']['id']}")["guardians"]:
            name = f"{tie['person']['family']} {tie['person']['given']}"
            alone = len(board.get(f"/v1/people?hat=guardian&rows=5&q={name}")["people"]) == 1
            if tie["notify"] and tie["read"] and alone:
                return each["person"], tie["person"]
    raise AssertionError("the class has families, and somebody in them a name of their own")


async def arrived(product: Product) -> None:
    """Wait until every copy has everything."""
    await eventually(
        lambda: all(feed["lag"] == 0 for feed in product.status()["feeds"]), within=30, every=0.2
    )
