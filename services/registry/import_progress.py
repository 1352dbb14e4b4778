"""How far a run is, in the terminal: a bar that moves by schools, and who is waited for."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Shown:
    """Shows what a working process says of itself, as it says it."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._progress.add_task("取り込んでいます", total=None)

    def begin(self, done: int, parts: int) -> None:
        """From where a run goes on."""
        self._progress.update(self._task, completed=done, total=parts)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, **words: Any) -> None:
        """``part``, ``parts``, ``school`` and ``events``, or ``waiting``."""
        if "part" in words:
            done = escape(words["school"] or "学校と部署")
            self._progress.update(
                self._task, completed=words["part"], total=words["parts"], description=f"{done} を終えました"
            )
        elif words.get("waiting"):
            late = words["waiting"][0]
            told = f"写しを待っています（{escape(late['reader'])} あと {late['records']} 件）"
            self._progress.update(self._task, description=told)
