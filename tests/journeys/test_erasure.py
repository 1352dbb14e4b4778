"""Somebody is erased: a planted marker that had gone everywhere is found nowhere afterwards."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

from deploy.local.instance import Instance
from deploy.topology import topology
from tests.histories.product import superuser
from tests.journeys.asking import Asking, arrived
from tests.support.product import Product

MARKER = "消紋寺"


async def places(product: Product, marker: str) -> set[str]:
    """Tables of every service, and files of the deployment's own, that hold the marker."""
    found = set()
    for service in topology().services:
        async with superuser(Instance(product.state), service) as database:
            tables = await database.fetch(
                "select table_schema || '.' || table_name as name from information_schema.tables"
                " where table_type = 'BASE TABLE' and table_schema in ('public', 'log', 'feed', 'copy', 'access')"
            )
            for table in tables:
                rows = f"select exists (select from {table['name']} t where t::text like $1)"
                if await database.fetchval(rows, f"%{marker}%"):
                    found.add(f"{service} {table['name']}")
    return found | {path.name for path in logs(product) if marker.encode() in path.read_bytes()}


def logs(product: Product) -> list[Path]:
    """What the services have written down of their work. What a broker keeps goes with its next compaction."""
    written = [
        path for path in product.state.rglob("*.log") if "kafka" not in str(path.relative_to(product.state))
    ]
    assert written, "a deployment writes logs"
    return written


def test_a_marker_is_found_nowhere_afterwards(product: Product) -> None:
    office, board = Asking(product, "office"), Asking(product, "board")
    today = date.fromisoformat(product.status()["training_date"])
    pupils = office.get("/v1/people?hat=pupil&rows=50")["people"]
    cards = (office.get(f"/v1/people/{each['person']['id']}") for each in pupils)
    pupil = next(card["person"]["id"] for card in cards if not card["protected"] and card["may"]["family"])
    rights = {"relation": "grandfather", "notify": True, "read": True, "contact": True}
    new = {"family": MARKER, "given": "太郎"}
    since = {"person": new, "since": str(today - timedelta(days=9))}
    office.post(f"/v1/people/{pupil}/changes", {"act": "add_guardian", **since, **rights})
    asyncio.run(arrived(product))
    before = asyncio.run(places(product, MARKER))
    assert {"registry public.person", "dashboard copy.person_card", "identity copy.person"} <= before

    ties = office.get(f"/v1/people/{pupil}")["guardians"]
    (tie,) = [each for each in ties if each["person"]["family"] == MARKER]
    end = {"act": "end_guardian", "period": tie["period"], "last": str(today - timedelta(days=1))}
    office.post(f"/v1/people/{pupil}/changes", end)
    body = {"ground": "retention_over", "name": f"{MARKER}太郎"}
    board.post(f"/v1/people/{tie['person']['id']}/erasure", body)
    asyncio.run(arrived(product))
    assert asyncio.run(places(product, MARKER)) == set()
    assert [
        each for each in office.get(f"/v1/people/{pupil}")["guardians"] if not each["person"]["family"]
    ] == []
