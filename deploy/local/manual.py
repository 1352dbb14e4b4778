"""Help and usage errors of the command line: in Japanese, and whole.

typer's own are English, and its tables cut off what has no spaces to break at, as Japanese has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer.rich_utils
from rich.cells import cell_len
from rich.console import Console
from typer.core import TyperArgument, TyperGroup, TyperOption

VALUES = {
    "<str>": "<文字>",
    "<int>": "<数>",
    "<int range>": "<数>",
    "<path>": "<ファイル>",
    "<UUID>": "<番号>",
    "<%Y-%m-%d>": "<年-月-日>",
}
NAME_WIDTH = 30
"""Cells; what is longer stands on a line of its own."""


def speak_japanese() -> None:
    """Let every command of this process explain itself with this module."""
    # typer offers no other place for this; the tests of this module say when a new version moves it.
    vars(typer.rich_utils)["rich_format_help"] = show_help
    vars(typer.rich_utils)["rich_format_error"] = show_error


def show_help(*, obj: Any, ctx: Any, markup_mode: Any) -> None:
    """Print the help of the command ``obj``."""
    console = Console(highlight=False, markup=False)
    shown = [each for each in obj.get_params(ctx) if not getattr(each, "hidden", False)]
    arguments = [each for each in shown if isinstance(each, TyperArgument)]
    _say(console, _usage(obj, ctx))
    for paragraph in (obj.help or "").split("\n\n"):
        _say(console, "", *wrapped(paragraph, console.width))
    _section(console, "引数", [(_name(each), _meaning(each)) for each in arguments])
    options = [each for each in shown if isinstance(each, TyperOption)]
    _section(console, "指定", [(_option(each, ctx), _meaning(each)) for each in options])
    if isinstance(obj, TyperGroup):
        commands = [obj.commands[name] for name in obj.list_commands(ctx)]
        listed = [(each.name or "", each.help or "") for each in commands if not each.hidden]
        _section(console, "コマンド", listed)


def show_error(error: Any) -> None:
    """Print what is wrong with a command line, and where its help is."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return  # the help has been shown
    console = Console(stderr=True, highlight=False, markup=False)
    console.print(_wrong(error), style="red", soft_wrap=True)
    if error.ctx is not None:
        _say(console, f"使い方: {error.ctx.command_path} --help")


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells: between any two characters, but in no word of ASCII and before no 。or 、.

    A word that is longer than a line alone goes beyond it; nothing is left out.
    """
    lines = [""]
    for part in _PARTS.findall(" ".join(text.split())):
        if lines[-1] and cell_len(lines[-1] + part.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += part
    return lines


_PARTS = re.compile(r"(?:[!-~]+|[^!-~])[。、）」…]*\s*")


def _say(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)


def _usage(command: Any, ctx: Any) -> str:
    parts = [ctx.command_path, "[指定]"]
    parts += [_name(each) for each in command.get_params(ctx) if isinstance(each, TyperArgument)]
    if isinstance(command, TyperGroup):
        parts.append("コマンド …")
    return "使い方: " + " ".join(parts)


def _section(console: Console, title: str, rows: list[tuple[str, str]]) -> None:
    if not rows:
        return
    _say(console, "", title)
    names = max((cell_len(name) for name, _ in rows if cell_len(name) <= NAME_WIDTH), default=0)
    for name, meaning in rows:
        first, *others = wrapped(meaning, console.width - names - 4)
        fits = cell_len(name) <= names
        if not fits:
            _say(console, f"  {name}")
        gap = " " * (names - cell_len(name) if fits else names)
        _say(console, f"  {name if fits else ''}{gap}  {first}")
        _say(console, *(" " * (names + 4) + line for line in others))


def _name(argument: TyperArgument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    return name if argument.required else f"[{name}]"


def _option(option: TyperOption, ctx: Any) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    kind = option.metavar or option.display_type(ctx)
    return names if option.is_flag else f"{names} {VALUES.get(kind, kind)}"


def _meaning(param: Any) -> str:
    if param.name == "help":
        return "この説明を示します"
    return "".join([param.help or "", *_remarks(param)])


def _remarks(param: Any) -> Iterator[str]:
    if param.required and isinstance(param, TyperOption):
        yield "（必須）"
    if isinstance(param.default, str | int) and not isinstance(param.default, bool):
        yield f"（既定: {param.default}）"


def _wrong(error: Any) -> str:
    told = error.message
    param = getattr(error, "param", None)
    name = "" if param is None else _name(param) if isinstance(param, TyperArgument) else param.opts[0]
    match type(error).__name__:
        case "MissingParameter":
            return f"{name} が足りません。"
        case "NoSuchOption":
            near = "、".join(error.possibilities or ())
            return f"{error.option_name} という指定はありません。" + (f"近いもの: {near}" if near else "")
        case "BadOptionUsage":
            return f"{error.option_name} に値が足りないか、余っています。"
        case "BadParameter":
            return f"{name} に使えない値です。{_wanted(param, error)}"
    if found := re.match(r"No such command '(.*?)'", told):
        return f"{found[1]} というコマンドはありません。"
    if found := re.search(r"unexpected extra argument.*?\(([^()]*)\)$", told):
        return f"引数が多すぎます: {found[1]}"
    return f"使い方を確かめてください（{told}）"


def _wanted(param: Any, error: Any) -> str:
    kind = "" if param is None else param.display_type(error.ctx)
    if "|" in kind:
        return f"{kind.strip('<>').replace('|', '、')} のどれかにしてください。"
    given = re.search(r"'([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})'", error.message)
    if kind == "<%Y-%m-%d>" and given:
        return f"{given[1]} という日はありません。月と日を確かめてください。"
    if least := re.search(r"greater than or equal to (\d+)", error.message):
        return f"{least[1]} 以上の数にしてください。"
    return {
        "<int>": "半角の数字で書いてください。",
        "<int range>": "半角の数字で書いてください。",
        "<UUID>": "番号（8桁-4桁-4桁-4桁-12桁）で書いてください。",
        "<%Y-%m-%d>": "2026-11-20 の形で書いてください。",
    }.get(kind, str(error.message))
