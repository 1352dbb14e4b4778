"""The commands that keep a deployment beyond its machine: backup, restore, and letting feeds go on afterwards."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local import backup, epochs
from deploy.local.here import begun, local
from deploy.local.instance import Instance
from deploy.local.state import LocalError
from services.registry.erasure_commands import in_words
from shared.dates import TOKYO

SEVERAL = "SERVICE、COPY、PUBLISHER は3つとも書くか、どれも書かないでください。"
ELSEWHERE = "そこでの控えと復元は docs/operations.md にあります。"


def add_commands(app: typer.Typer, feed_app: typer.Typer, console: Console) -> None:
    """Add ``backup``, ``restore`` and ``feed accept-epoch``."""

    @app.command("backup")
    def make_backup(
        path: Annotated[Path, typer.Argument(help="書き出すファイル（まだないもの）")],
    ) -> None:
        """すべてのデータベース、鍵、秘密を1つのファイルに写します。動かしたままできます。上書きはしません。"""
        backup.backup(local(instead=ELSEWHERE), path, console.print)
        size = path.stat().st_size / 2**20
        console.print(f"{path} に写しました（{size:.1f} MiB、あなただけが読めます）。", soft_wrap=True)
        console.print(
            "中には名簿の全部と、サインインの鍵、接続の秘密が入っています。データベースと同じ重さで扱ってください。",
            soft_wrap=True,
        )

    @app.command("restore")
    def bring_back(
        path: Annotated[Path, typer.Argument(help="`tsumugi backup` のファイル")],
        erased: Annotated[
            Path | None,
            typer.Option(help="`tsumugi erasure list` のファイル: 控えより後に消した人を、もう一度消します"),
        ] = None,
    ) -> None:
        """控えを新しいフォルダー（TSUMUGI_STATE）に戻し、いまの版にします。データがあるフォルダーには戻しません。"""
        instance = local(instead=ELSEWHERE)
        done = backup.restore(instance, path, console.print, erased)
        begin = Instance(instance.state).commands.begin  # the edition is the backup's
        made_at = datetime.fromisoformat(done.made_at).astimezone(TOKYO)
        console.print(
            f"{made_at:%Y-%m-%d %H:%M:%S} の控えを戻しました。それより後のことは入っていません。",
            soft_wrap=True,
        )
        changed = "、".join(f"{name} は {epoch} 代目" for name, epoch in done.epochs.items())
        console.print(f"記録の世代が変わりました（{changed}）。", soft_wrap=True)
        if done.erased_again is not None:
            console.print(in_words(done.erased_again), soft_wrap=True)
            console.print(
                f"次に: `tsumugi feed accept-epoch` で写しからも消してから、`{begin}` で始めます。",
                soft_wrap=True,
            )
            return
        console.print(
            "この控えより後に消去した人が、また入っています。`tsumugi erasure again FILE` でもう一度消してください。",
            soft_wrap=True,
        )
        console.print(
            f"次に: `{begin}` で始め、`tsumugi feed accept-epoch` で確かめて、写しと反応を進めます。",
            soft_wrap=True,
        )

    @feed_app.command("accept-epoch")
    def accept_epoch(
        service: Annotated[
            str | None, typer.Argument(help="読むサービス（既定: 止まっているもの全部）")
        ] = None,
        copy: Annotated[str | None, typer.Argument(help="写しか反応の名前")] = None,
        publisher: Annotated[str | None, typer.Argument(help="もとの記録を出したサービス")] = None,
        yes: Annotated[bool, typer.Option("--yes", help="たずねずに進める")] = False,
    ) -> None:
        """もとの記録が復元されたあと、何が失われたかを確かめたうえで、読みつづけさせます。"""
        if len({service is None, copy is None, publisher is None}) > 1:
            raise LocalError(SEVERAL)
        deployment = begun()
        stopped = [
            one
            for one in asyncio.run(epochs.stopped(deployment))
            if service is None or (one.service, one.copy, one.publisher) == (service, copy, publisher)
        ]
        if not stopped:
            console.print("世代が変わって止まっているものはありません。")
            return
        for one in stopped:
            console.print(
                f"{one.service}/{one.copy}: {one.publisher} の記録が {one.known} 代目から {one.epoch} 代目に。"
                f"{one.seen} まで見ていて、{one.began} までは残っています（失われた記録は多くて {one.lost} 件）。",
                soft_wrap=True,
            )
        console.print(
            "写しは残っている記録からつくり直されます。反応（アカウントなど）が失われた記録からしたことは、そのまま残ります。"
            "失われた記録があるときは、もう一度入力してもらってください。",
            soft_wrap=True,
        )
        try:
            agreed = yes or typer.confirm("読みつづけますか", default=False)
        except typer.Abort:
            raise LocalError(
                "答えがないので、まだ読みつづけていません。端末でないところでは --yes を付けてください。"
            ) from None
        if not agreed:
            raise typer.Exit(1)
        for one in stopped:
            epoch = asyncio.run(epochs.accept(deployment, one.service, one.copy, one.publisher))
            console.print(f"{one.service}/{one.copy}: {one.publisher} の {epoch} 代目の記録を読みます。")
