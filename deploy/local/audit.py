"""`tsumugi audit`: whether the access log is still what was written, and the seals by which that can be told.

Whoever has the database of one service in their hands can write its chain anew from any place on. Seals lie in
identity's database; `seal` is run every day (deploy/observability, docs/runbooks/access-log.md), and its output may be
kept on paper, which nobody writes anew.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from deploy.deployment import Deployment
from deploy.local import admin
from deploy.local.here import here
from deploy.topology import topology
from shared.access.chain import Fault
from shared.access.sealer import Report, verify
from shared.database import Units

_HEADS = text(
    "select distinct on (board_id) board_id, number, hash from access.batch order by board_id, number desc"
)
_SEAL = text(
    "insert into access.seal (board_id, service, number, hash, sealed_at)"
    " values (:board, :service, :number, :hash, :at) on conflict do nothing"
)
_SEALED = text("select board_id, number, hash from access.seal where service = :service")
KEEPER = "identity"
WORDS = {
    "changed": "書きかえられています",
    "removed": "なくなっています",
    "inserted": "あとから入れられています（どの束にもありません）",
    "chain": "束のつながりが切れています",
    "seal": "封をしたときの束と違います",
}


async def seal(instance: Deployment) -> list[tuple[str, UUID, int, bytes]]:
    """Keep in identity's database how every chain ends now; returns what was kept."""
    heads = []
    for service in topology().services:
        async with admin.feed_units(instance, service) as units, units.maintain() as session:
            rows = (await session.execute(_HEADS)).all()
        heads += [(service, row.board_id, row.number, row.hash) for row in rows]
    async with admin.feed_units(instance, KEEPER) as units, units.maintain() as session:
        for service, board, number, hash in heads:
            values = {"board": board, "service": service, "number": number, "hash": hash}
            await session.execute(_SEAL, values | {"at": units.clock.now()})
    return heads


async def check(instance: Deployment, services: Sequence[str]) -> list[Report]:
    """Verify the chains of ``services``."""
    found = []
    for service in services:
        async with admin.feed_units(instance, KEEPER) as keeper:
            seals = await _seals(keeper, service)
        async with admin.feed_units(instance, service) as units:
            found += await verify(service, units, seals)
    return found


async def _seals(keeper: Units, service: str) -> list[tuple[UUID, int, bytes]]:
    async with keeper.maintain() as session:
        rows = (await session.execute(_SEALED, {"service": service})).all()
    return [(row.board_id, row.number, row.hash) for row in rows]


def told(report: Report) -> dict[str, Any]:
    """A report as JSON."""
    return json.loads(json.dumps(asdict(report), default=str))  # type: ignore[no-any-return]


def said(service: str, fault: Fault) -> str:
    """A fault in words for the operator."""
    place = "" if fault.batch is None else f"束 {fault.batch}"
    entry = "" if fault.entry is None else f"記録 {fault.entry}"
    return f"{service}: {' '.join(filter(None, [place, entry]))} が{WORDS[fault.what]}。"


def add_commands(app: typer.Typer, console: Console) -> None:
    """Add ``audit`` with ``verify`` and ``seal``."""
    audit_app = typer.Typer(no_args_is_help=True, help="アクセスの記録がそのままであること")
    app.add_typer(audit_app, name="audit")

    @audit_app.command("verify")
    def audit_verify(
        service: Annotated[
            str | None, typer.Argument(help="サービス（registry、identity など。なければすべて）")
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="JSON で")] = False,
    ) -> None:
        """書きかえ、抜きとり、入れたしを探し、どの記録かを示します。見つかれば終了コード 1。"""
        if service is not None and service not in topology().services:
            raise typer.BadParameter(f"{service} というサービスはありません。")
        reports = asyncio.run(check(here(), [service] if service else list(topology().services)))
        if as_json:
            sys.stdout.write(json.dumps([told(report) for report in reports], ensure_ascii=False) + "\n")
        else:
            table = Table("サービス", "設置者", "記録", "束", "束を待つ", "おかしいところ", box=None)
            for report in reports:
                numbers = (report.entries, report.batches, report.waiting, len(report.faults))
                table.add_row(report.service, str(report.board), *map(str, numbers))
            console.print(table)
            for report in reports:
                for fault in report.faults:
                    console.print(said(report.service, fault), soft_wrap=True, markup=False)
        raise typer.Exit(1 if any(report.faults for report in reports) else 0)

    @audit_app.command("seal")
    def audit_seal() -> None:
        """いまの束の終わりを identity に残し、紙にも残せるように示します。毎日1回。"""
        for service, board, number, hash in asyncio.run(seal(here())):
            console.print(f"{service} {board} {number} {hash.hex()}", soft_wrap=True)
