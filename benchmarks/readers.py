"""Who looks people up in a city of 20,000 pupils: staff in the search field, a learning app over OneRoster REST."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from urllib.parse import quote, urlencode
from uuid import UUID

import httpx

from benchmarks.deployment import Deployment, deployment
from benchmarks.load import SECONDS, Answer, Connection, Figure, latency, offered, saturated
from deploy.local.process import inherited
from deploy.local.state import ROOT

PUPILS = 20_000
OFFERED = 50.0
"""Searches a second: what 500 people type who each stop to look."""
_OFFICER = (
    "select d.subject_id from duty_period d join organisation o on o.id = d.organisation_id"
    " where d.kind = 'board_staff' and o.code = 'gakumu' and d.voided_at is null order by d.subject_id limit 1"
)
_FAMILIES = "select distinct kana_family from person where kana_family is not null order by 1 limit 400"
_APP = "app-bench"


def measure() -> list[Figure]:
    """Searches by a teacher and by 学務課; pages of 100 and one class for an app."""
    with deployment(pupils=PUPILS) as deployed:
        return asyncio.run(_measure(deployed))


async def _measure(deployed: Deployment) -> list[Figure]:
    superuser = await deployed.instance.server.connect("registry")
    try:
        officer = await superuser.fetchval(_OFFICER)
        kana = [row["kana_family"] for row in await superuser.fetch(_FAMILIES)]
    finally:
        await superuser.close()
    figures = []
    for who, person in (("a teacher", deployed.classes[0].teacher), ("学務課, whole city", officer)):
        figures += await _searches(deployed, who, person, kana)
    return [*figures, *await _pages(deployed)]


async def _searches(deployed: Deployment, who: str, person: UUID, kana: Sequence[str]) -> list[Figure]:
    headers = {"authorization": f"Bearer {deployed.token(person, 'registry')}"}
    url = deployed.instance.url("registry")

    async def act(connection: Connection, number: int) -> bool:
        typed = kana[number % len(kana)][: 1 + number % 3]
        return (await connection.ask("GET", f"/v1/people?q={quote(typed)}", headers)).status == 200

    await saturated(url, act, seconds=2, connections=4)
    steady = await offered(url, act, rate=OFFERED, seconds=SECONDS)
    full = await saturated(url, act, seconds=SECONDS, connections=8)
    return [
        Figure(f"search among {PUPILS:,} pupils by {who}, {OFFERED:.0f}/s offered", latency(steady), "–"),
        Figure(f"search by {who}, saturated", latency(full), "–"),
    ]


async def _pages(deployed: Deployment) -> list[Figure]:
    headers = {"authorization": f"Bearer {await asyncio.to_thread(_app_token, deployed)}"}
    url, base = deployed.instance.url("registry"), "/ims/oneroster/rostering/v1p2"
    figures = []
    for what, paths in (
        (
            "page of 100 students",
            [f"{base}/students?{urlencode({'limit': 100, 'offset': 100 * n})}" for n in range(100)],
        ),
        (
            "students of a class",
            [f"{base}/classes/{one}/students" for one in await _classes(url, base, headers)],
        ),
    ):

        async def act(connection: Connection, number: int, paths: Sequence[str] = paths) -> bool:
            return _full(await connection.ask("GET", paths[number % len(paths)], headers))

        await saturated(url, act, seconds=2, connections=2)
        full = await saturated(url, act, seconds=SECONDS, connections=4)
        figures.append(Figure(f"OneRoster REST, {what}, saturated", latency(full), "–"))
    return figures


def _full(answer: Answer) -> bool:
    return answer.status == 200 and bool(answer.json()["users"])


async def _classes(url: str, base: str, headers: dict[str, str]) -> list[str]:
    connection = Connection(url)
    answer = await connection.ask("GET", f"{base}/classes?limit=100", headers)
    connection.close()
    return [one["sourcedId"] for one in answer.json()["classes"]]


def _app_token(deployed: Deployment) -> str:
    """A token of an app that may read names, kana, grades and numbers."""
    secret = deployed.instance.state / "bench.secret"
    words = [
        "purpose",
        "grant-app",
        "--client",
        _APP,
        "--name",
        "計測",
        "--fields",
        "names,kana,grades,numbers",
    ]
    words += ["--statement", "速さを測るため", "--basis", "計測", "--secret-file", str(secret)]
    subprocess.run(
        [sys.executable, "-m", "deploy.local", *words],
        cwd=ROOT,
        env={**inherited("PATH", "HOME", "LANG"), "TSUMUGI_STATE": str(deployed.instance.state)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    issuer = deployed.instance.url("identity")
    answer = httpx.post(
        f"{issuer}/token",
        data={"grant_type": "client_credentials"},
        auth=(_APP, secret.read_text(encoding="utf-8").strip()),
    )
    if answer.status_code != 200:
        raise RuntimeError(json.dumps(answer.json()))
    return str(answer.json()["access_token"])
